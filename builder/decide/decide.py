"""The decisions of one config, in order; each marks rows in the ledger and removes none."""

import polars as pl

from builder.config import BuildConfig
from builder.decide.duplicates import drop_equal_descriptions
from builder.decide.leaks import drop_leaks
from builder.ledger import REPAIRS_SEPARATOR, drop, kept, open_ledger

REPAIR = "repair:"
"""How the names of repairs start in the ledger's `repairs`; names of cleaning steps start otherwise."""


PROBLEM_COLUMNS = tuple(f"{part}_{what}" for part in ("description", "code") for what in ("stage", "reason", "detail"))
"""Columns in which `prepare` told what is wrong with a row; the ledger's own take their place."""


def decide(rows: pl.DataFrame, config: BuildConfig) -> pl.DataFrame:
    """The ledger of a config: what `prepare` found wrong, then filters, duplicates and leaks.

    Args:
        rows: one line a row read, as `open_ledger` takes them, with the keys of `PREPARED_SCHEMA` and
            `PROBLEM_COLUMNS`.
        config: the settings.
    """
    ledger = _drop_invalid(open_ledger(rows))
    if not config.keep_repaired_in_test:
        ledger = _drop_repaired_in_test(ledger)
    if config.deduplicate:
        ledger = drop_equal_descriptions(ledger)
    return drop_leaks(ledger)


def _drop_invalid(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows whose description or code failed a check; where both did, the description's reason leads."""
    for part, other in (("description", "code"), ("code", None)):
        bad = ledger.filter(pl.col(f"{part}_reason").is_not_null())
        detail = pl.col(f"{part}_detail").fill_null("")
        if other:
            also = pl.lit(f"; {other}: ") + pl.col(f"{other}_reason").cast(pl.String)
            detail = (detail + also.fill_null("")).str.strip_prefix("; ")
        for (stage,), some in bad.group_by(f"{part}_stage", maintain_order=True):
            dropped = some.select("index", pl.col(f"{part}_reason").alias("reason"), detail.alias("detail"))
            ledger = drop(ledger, dropped, str(stage))
    return ledger.drop(*PROBLEM_COLUMNS)


def _drop_repaired_in_test(ledger: pl.DataFrame) -> pl.DataFrame:
    """Repaired rows on the test side: what models are measured on is what its authors wrote."""
    test = kept(ledger).filter((pl.col("split") == "test") & pl.col("official").not_())
    names = pl.col("repairs").cast(pl.String).str.split(REPAIRS_SEPARATOR)
    made = test.select(
        "index",
        pl.lit("repaired_in_test").alias("reason"),
        names.list.eval(pl.element().filter(pl.element().str.starts_with(REPAIR))).list.join(", ").alias("detail"),
    )
    return drop(ledger, made.filter(pl.col("detail") != ""), "filter")
