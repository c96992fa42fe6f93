"""The decisions of one config, in order; each marks rows in the ledger and removes none."""

from collections.abc import Sequence

import polars as pl

from builder.config import BuildConfig
from builder.core.ledger import (
    DROP,
    KEEP,
    LICENCE_COLUMNS,
    SYNTHETIC,
    VERDICT_COLUMNS,
    WRONG_MATHEMATICS,
    all_findings,
    drop,
    id_column,
    kept,
    open_ledger,
)
from builder.core.row_store import WORDS, PreparedFile, lazy
from builder.core.schema import Outcome
from builder.decide.claims import drop_contradicting
from builder.decide.decisions import with_notes
from builder.decide.decontaminate import drop_in_benchmarks, drop_leaks
from builder.decide.deduplicate import drop_conflicts, drop_equal_descriptions, drop_near_descriptions
from builder.decide.pairing.mismatched import drop_mismatched, score_fit
from builder.decide.pairing.repair_pairs import repair_pairs
from builder.decide.pairing.shuffled import Part
from builder.decide.subset import draw, drop_long
from builder.manim_lint.dialect import COMMUNITY


def drop_failed(ledger: pl.DataFrame) -> pl.DataFrame:
    """Drop rows whose program has a verdict other than `passed` (reason: the verdict)."""
    verdict = pl.col("verdict").cast(pl.String)
    bad = kept(ledger).filter((verdict != "") & (verdict != Outcome.PASSED))
    return drop(ledger, bad.select("index", verdict.alias("reason"), detail="verdict_detail"), "render", overrules=True)


def drop_findings(ledger: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Drop rows whose program has one of these findings (reason: the finding); official test rows stay."""
    rows = kept(ledger).filter(pl.col("official").not_())
    for name in names:
        detail = all_findings().str.extract(rf"(?m)^{name}: (.*)$")
        found = rows.select("index", pl.lit(name).alias("reason"), detail=detail).drop_nulls("detail")
        ledger = drop(ledger, found, "check" if name == WRONG_MATHEMATICS else "render")
    return ledger


def drop_not_rendered(ledger: pl.DataFrame) -> pl.DataFrame:
    """Drop rows whose program has no verdict (reason `not_rendered`): nothing is said against them, or for them."""
    silent = kept(ledger).filter(pl.col("verdict").cast(pl.String) != Outcome.PASSED)
    return drop(
        ledger,
        silent.select("index", pl.lit("not_rendered").alias("reason"), detail="verdict_detail"),
        "render",
        overrules=True,
    )


PROBLEM_COLUMNS = tuple(f"{part}_{what}" for part in ("description", "code") for what in ("stage", "reason", "detail"))
"""Columns in which `prepare` told what is wrong with a row; the ledger's own take their place."""
API_COLUMNS = ("api_reason", "api_detail", "reported_error")
"""What Manim would not take of a program, and what its authors report of a run."""
CODE_COLUMNS = (
    "program_key",
    "canonical_key",
    "code_repairs",
    *(name for name in PROBLEM_COLUMNS if name.startswith("code_")),
    *API_COLUMNS,
    "dialect",
    "code_licence_problem",
    *VERDICT_COLUMNS,
    WRONG_MATHEMATICS,
)
"""What a row has from its code, and takes from another row when it gets that row's code."""


def decide(
    rows: pl.DataFrame,
    parts: Sequence[Part],
    config: BuildConfig,
    *,
    near: pl.DataFrame,
    listed: pl.DataFrame,
    files: Sequence[PreparedFile],
    pairs: pl.DataFrame | None,
    lengths: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The ledger of a config: what `prepare` found wrong, then pairs, filters, duplicates, conflicts and leaks, a draw.

    Args:
        rows: one line a row read, as `open_ledger` takes them, with `part` and `shuffled` of `find_parts`, `eligible`,
            the keys of `PREPARED_SCHEMA`, `PROBLEM_COLUMNS` and `API_COLUMNS`; what people decided, as
            `DECISION_COLUMNS`, if anything.
        parts: of `find_parts`.
        config: the settings.
        near: of `near_descriptions`.
        listed: of `find_in_benchmarks`.
        files: the prepared rows, for the decisions that need words and texts.
        pairs: of `pairs_of`; the same however often rows are decided. `None` keeps the published pairs.
        lengths: tokens of each row read, as `drop_long` takes them, if they were counted.
    """
    ledger = _drop_measured_on(_drop_decided(open_ledger(rows)))
    ledger = _drop_invalid(ledger, "description", also="code")
    if pairs is not None:
        ledger = _pair(ledger, pairs)
    ledger = _drop_invalid(ledger, "code")
    ledger = _drop_unlicensed(ledger)
    if config.drop_reported_errors:
        ledger = _drop_reported_errors(ledger)
    if config.dialect != "any":
        ledger = _drop_other_dialect(ledger, config.dialect)
    if config.check_api:
        ledger = _drop_api_problems(ledger)
    if config.verify:
        ledger = drop_failed(ledger)
    ledger = drop_findings(ledger, config.drop_findings)
    ledger = ledger.drop(*PROBLEM_COLUMNS, *API_COLUMNS, *LICENCE_COLUMNS)
    if config.drop_long and lengths is not None:
        ledger = drop_long(ledger, lengths, config.max_tokens)
    ledger = drop_in_benchmarks(ledger, listed, config.near_test, files)
    synthetic = ledger["decision"].eq(SYNTHETIC).any()
    if config.check_pairs or synthetic:
        scored = score_fit(ledger, files, config.cache)
        scored = drop_mismatched(scored, parts, config.mismatch_rate, synthetic_only=not config.check_pairs)
        ledger = scored if config.check_pairs else scored.select(ledger.columns)
    if config.check_pairs:
        ledger = drop_contradicting(ledger, files)
    if config.deduplicate:
        ledger = drop_equal_descriptions(ledger)
    if config.deduplicate_programs:
        ledger = drop_conflicts(ledger, files)
    if config.near_duplicates:
        ledger = drop_near_descriptions(ledger, near, config.near_duplicates)
    ledger = _with_survivors(drop_leaks(ledger, near, config.near_test, files))
    if config.limit:
        ledger = draw(ledger, config.limit, config.balance, config.seed, files)
    return with_notes(drop_not_rendered(ledger) if config.verify else ledger)


def _drop_decided(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows that a person decided to drop (reason `decided`; the detail says who and why)."""
    gone = ledger.filter(pl.col("decision") == DROP)
    return drop(ledger, gone.select("index", pl.lit("decided").alias("reason"), detail="decided"), "decision")


def _drop_measured_on(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows that a model described, where their group is one that models are measured on."""
    rows = ledger.filter((pl.col("decision") == SYNTHETIC) & (pl.col("split") != "train"))
    return drop(ledger, rows.select("index", pl.lit("synthetic").alias("reason"), detail="decided"), "filter")


def _drop_unlicensed(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows whose description or code may not be in a build of permissive rows (reason `licence`)."""
    parts = {"description": "licence_problem", "program": "code_licence_problem"}
    stated = [
        pl.when(pl.col(name).cast(pl.String) != "").then(
            pl.concat_str(pl.lit(f"{part}: "), pl.col(name).cast(pl.String))
        )
        for part, name in parts.items()
    ]
    bad = kept(ledger).select(
        "index", pl.lit("licence").alias("reason"), detail=pl.concat_str(stated, separator="; ", ignore_nulls=True)
    )
    return drop(ledger, bad.filter(pl.col("detail") != ""), "filter", overrules=True)


def _with_survivors(ledger: pl.DataFrame) -> pl.DataFrame:
    """Point each dropped row at a row that is kept: the one that displaced it may have been displaced itself."""
    displaced = dict(ledger.drop_nulls("kept_index").select("index", "kept_index").iter_rows())
    moved = {}
    for index, other in displaced.items():
        last = other
        while last in displaced:
            last = displaced[last]
        if last != other:
            moved[index] = last
    if not moved:
        return ledger
    marks = pl.DataFrame(list(moved.items()), schema={"index": pl.UInt32, "last": pl.UInt32}, orient="row")
    found = ledger.select("index").join(marks, on="index", how="left", maintain_order="left")["last"]
    return ledger.with_columns(kept_index=pl.coalesce(found, "kept_index"))


def _drop_invalid(ledger: pl.DataFrame, part: str, also: str = "") -> pl.DataFrame:
    """Rows whose description or code failed a check; the detail names what is wrong with the other one, if asked."""
    bad = ledger.filter(pl.col(f"{part}_reason").is_not_null())
    detail = pl.col(f"{part}_detail").fill_null("")
    if also:
        more = pl.lit(f"; {also}: ") + pl.col(f"{also}_reason").cast(pl.String)
        detail = (detail + more.fill_null("")).str.strip_prefix("; ")
    for (stage,), some in bad.group_by(f"{part}_stage", maintain_order=True):
        dropped = some.select("index", pl.col(f"{part}_reason").alias("reason"), detail.alias("detail"))
        ledger = drop(ledger, dropped, str(stage), overrules=True)
    return ledger


def pairs_of(rows: pl.DataFrame, margin: float, files: Sequence[PreparedFile]) -> pl.DataFrame | None:
    """The code of each row of a shuffled part, as `repair_pairs` gives them; `None` where there is no such row."""
    ledger = _drop_invalid(open_ledger(rows), "description", also="code")
    return None if _mixed(ledger).is_empty() else repair_pairs(ledger, lazy(files, WORDS), margin)


def _mixed(ledger: pl.DataFrame) -> pl.DataFrame:
    """The rows that need another code."""
    return kept(ledger).filter(pl.col("shuffled") & pl.col("official").not_() & (pl.col("decision") != KEEP))


def _pair(ledger: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Rows of shuffled parts get the code that their description belongs to, or are dropped as `unpaired`."""
    found = _mixed(ledger).select("index").join(pairs, on="index", how="left", maintain_order="left")
    unpaired = found.filter(pl.col("code_index").is_null()).select(
        "index", "score", "margin", pl.lit("unpaired").alias("reason")
    )
    ledger = drop(ledger, unpaired, "pair")
    return _with_codes_of(ledger, found.drop_nulls("code_index"))


def _with_codes_of(ledger: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The ledger with the columns of other rows' codes; a row whose code is equal to the one found keeps its own."""
    own = ledger.select("index", pl.col("program_key").alias("own_program_key"))
    codes = ledger.select(pl.col("index").alias("code_index"), *CODE_COLUMNS)
    taken = pairs.join(codes, on="code_index").join(own, on="index")
    others = taken.filter(pl.col("program_key").ne_missing(pl.col("own_program_key"))).drop("own_program_key")
    marks = ledger.select("index").join(others, on="index", how="left", maintain_order="left")
    now = marks["code_index"].is_not_null()
    changed = ("code_index", "score", "margin", *CODE_COLUMNS)
    return ledger.with_columns(
        pl.when(now).then(marks[name].cast(ledger.schema[name])).otherwise(name).alias(name) for name in changed
    )


def code_sources(rows: pl.DataFrame, read: pl.DataFrame) -> pl.DataFrame:
    """Add `code_source` and fill `code_index`: where each row's code is taken from, and the source that gives it.

    A row keeps its own source for a code that stands in that source too.

    Args:
        rows: of the ledger, with `index`, `source`, `code_index` and `program_key`.
        read: all rows read: `source` and `program_key` as they were read.
    """
    own = read.select("source", "program_key").unique().with_columns(pl.lit(True).alias("in_own"))
    giver = read.select(pl.col("index").alias("code_index"), pl.col("source").alias("giver"))
    found = rows.join(own, on=["source", "program_key"], how="left", maintain_order="left").join(
        giver, on="code_index", how="left", maintain_order="left"
    )
    return found.with_columns(
        pl.coalesce("code_index", "index").alias("code_index"),
        pl.when(pl.col("in_own") | pl.col("code_index").is_null())
        .then("source")
        .otherwise("giver")
        .alias("code_source"),
    ).drop("in_own", "giver")


def with_facts(rows: pl.DataFrame, ledger: pl.DataFrame, read: pl.DataFrame) -> pl.DataFrame:
    """Add what the dataset says of each row beside its texts.

    `difficulty` and `verdict`, null where there is none; `findings`, what Manim would not take of its program first,
    and what else was found of it; `duplicates`, how many rows read it stands for; `code_from`, the id of the row whose
    program it has, if that is another one; `synthetic`, whether a model wrote its description; `description_origin` and
    `code_origin`, the sets in which its texts stood first, where they are known.

    Args:
        rows: of `code_sources`, with `verdict` and the columns of `all_findings`.
        ledger: of `decide`, whose duplicates point at the row that stays.
        read: all rows read, with `difficulty`, `api_reason`, `api_detail`, `description_origin` and `code_origin`.
    """
    gone = ledger.filter(pl.col("stage") == "duplicate").select(index="kept_index")
    counts = gone.group_by("index").len("duplicates")
    finding = pl.concat_str(pl.col("api_reason").cast(pl.String), "api_detail", separator=": ", ignore_nulls=True)
    programs = read.select(
        pl.col("index").alias("code_index"),
        id_column().alias("code_from"),
        "code_origin",
        pl.when(pl.col("api_reason").is_not_null()).then(finding).alias("findings"),
    )
    return (
        rows.join(counts, on="index", how="left", maintain_order="left")
        .join(programs, on="code_index", how="left", maintain_order="left")
        .join(read.select("index", "difficulty", "description_origin"), on="index", how="left", maintain_order="left")
        .with_columns(
            pl.col("duplicates").fill_null(0).cast(pl.Int32) + 1,
            pl.when(pl.col("code_index") != pl.col("index")).then("code_from").alias("code_from"),
            pl.concat_str("findings", all_findings().replace("", None), separator="\n", ignore_nulls=True)
            .replace("", None)
            .alias("findings"),
            pl.col("difficulty", "verdict").cast(pl.String).replace("", None),
            synthetic=pl.col("decision") == SYNTHETIC,
        )
    )


def _drop_reported_errors(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows whose authors report that the program failed."""
    failed = kept(ledger).filter(pl.col("reported_error").is_not_null())
    dropped = failed.select("index", pl.lit("reported_error").alias("reason"), detail="reported_error")
    return drop(ledger, dropped, "check")


def _drop_other_dialect(ledger: pl.DataFrame, dialect: str) -> pl.DataFrame:
    """Rows whose program is written for another Manim than the one that is wanted."""
    bad = kept(ledger).filter(pl.col("dialect").cast(pl.String) != dialect)
    reason = "manimgl_dialect" if dialect == COMMUNITY else "ce_dialect"
    said = {"manimgl_dialect": "a program for ManimGL that cannot be brought to Manim Community whole"}
    detail = pl.lit(said.get(reason, "a program for Manim Community"))
    return drop(ledger, bad.select("index", reason=pl.lit(reason), detail=detail), "check")


def _drop_api_problems(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows whose program uses what Manim does not have; of ManimGL, which is another Manim, nothing is said."""
    bad = kept(ledger).filter(pl.col("api_reason").is_not_null() & (pl.col("dialect").cast(pl.String) == COMMUNITY))
    return drop(ledger, bad.select("index", reason="api_reason", detail="api_detail"), "check")
