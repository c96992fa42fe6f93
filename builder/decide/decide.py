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
        ledger = _drop_failed(ledger)
    ledger = _drop_findings(ledger, config.drop_findings)
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
    return with_notes(_drop_not_rendered(ledger) if config.verify else ledger)


def _drop_where(
    ledger: pl.DataFrame, holds: pl.Expr, stage: str, reason: str | pl.Expr, detail: str | pl.Expr, **how: bool
) -> pl.DataFrame:
    """The ledger without the rows of which something holds; reason and detail are columns or the like."""
    return drop(ledger, ledger.filter(holds).select("index", reason=reason, detail=detail), stage, **how)


def _drop_decided(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows that a person decided to drop (reason `decided`; the detail says who and why)."""
    return _drop_where(ledger, pl.col("decision") == DROP, "decision", pl.lit("decided"), "decided")


def _drop_measured_on(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows that a model described, where their group is one that models are measured on."""
    described = (pl.col("decision") == SYNTHETIC) & (pl.col("split") != "train")
    return _drop_where(ledger, described, "filter", pl.lit("synthetic"), "decided")


def _drop_reported_errors(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows whose authors report that the program failed."""
    failed = pl.col("reported_error").is_not_null()
    return _drop_where(ledger, failed, "check", pl.lit("reported_error"), "reported_error")


def _drop_other_dialect(ledger: pl.DataFrame, dialect: str) -> pl.DataFrame:
    """Rows whose program is written for another Manim than the one that is wanted."""
    reason, detail = "ce_dialect", "a program for Manim Community"
    if dialect == COMMUNITY:
        reason, detail = "manimgl_dialect", "a program for ManimGL that cannot be brought to Manim Community whole"
    other = pl.col("dialect").cast(pl.String) != dialect
    return _drop_where(ledger, other, "check", pl.lit(reason), pl.lit(detail))


def _drop_api_problems(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows whose program uses what Manim does not have; of ManimGL, which is another Manim, nothing is said."""
    bad = pl.col("api_reason").is_not_null() & (pl.col("dialect").cast(pl.String) == COMMUNITY)
    return _drop_where(ledger, bad, "check", "api_reason", "api_detail")


_VERDICT = pl.col("verdict").cast(pl.String)


def _drop_failed(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows whose program has a verdict other than `passed` (reason: the verdict)."""
    failed = _VERDICT.is_in(["", Outcome.PASSED]).not_()
    return _drop_where(ledger, failed, "render", _VERDICT, "verdict_detail", overrules=True)


def _drop_not_rendered(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows whose program has no verdict (reason `not_rendered`): nothing is said against them, or for them."""
    silent = _VERDICT != Outcome.PASSED
    return _drop_where(ledger, silent, "render", pl.lit("not_rendered"), "verdict_detail", overrules=True)


def _drop_findings(ledger: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Rows whose program has one of these findings (reason: the finding); official test rows stay."""
    for name in names:
        detail = all_findings().str.extract(rf"(?m)^{name}: (.*)$")
        found = detail.is_not_null() & pl.col("official").not_()
        stage = "check" if name == WRONG_MATHEMATICS else "render"
        ledger = _drop_where(ledger, found, stage, pl.lit(name), detail)
    return ledger


def _drop_unlicensed(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows whose description or code may not be in a build of permissive rows (reason `licence`)."""
    parts = {"description": "licence_problem", "program": "code_licence_problem"}
    stated = [
        pl.when(pl.col(name).cast(pl.String) != "").then(pl.lit(f"{part}: ") + pl.col(name).cast(pl.String))
        for part, name in parts.items()
    ]
    detail = pl.concat_str(stated, separator="; ", ignore_nulls=True)
    return _drop_where(ledger, detail != "", "filter", pl.lit("licence"), detail, overrules=True)


def _with_survivors(ledger: pl.DataFrame) -> pl.DataFrame:
    """Point each dropped row at a row that is kept: the one that displaced it may have been displaced itself."""
    displaced = dict(ledger.drop_nulls("kept_index").select("index", "kept_index").iter_rows())

    def survivor(row: int) -> int:
        while row in displaced:
            row = displaced[row]
        return row

    moved = {row: survivor(row) for row in displaced.values() if row in displaced}
    return ledger.with_columns(pl.col("kept_index").replace(moved))


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


def with_facts(ledger: pl.DataFrame, read: pl.DataFrame) -> pl.DataFrame:
    """The kept rows, with what the dataset says of each beside its texts.

    `code_index`, filled where a row has its own program, and `code_source`, the source that gives the program: the
    row's own for one that stands in that source too; `difficulty` and `verdict`, null where there is none; `findings`,
    what Manim would not take of its program first, and what else was found of it; `duplicates`, how many rows read it
    stands for; `code_from`, the id of the row whose program it has, if that is another one; `synthetic`, whether a
    model wrote its description; `description_origin` and `code_origin`, the sets in which its texts stood first, where
    they are known.

    Args:
        ledger: of `decide`, whose duplicates point at the row that stays, with `difficulty` and both origins.
        read: all rows read, with what belongs to their programs as they were read: `program_key`, `api_reason`,
            `api_detail`, `code_origin`.
    """
    gone = ledger.filter(pl.col("stage") == "duplicate").select(index="kept_index")
    counts = gone.group_by("index").len("duplicates")
    own = read.select("source", "program_key").unique().with_columns(in_own=True)
    finding = pl.concat_str(pl.col("api_reason").cast(pl.String), "api_detail", separator=": ", ignore_nulls=True)
    programs = read.select(
        pl.col("index").alias("code_index"),
        pl.col("source").alias("giver"),
        id_column().alias("code_from"),
        "code_origin",
        pl.when(pl.col("api_reason").is_not_null()).then(finding).alias("findings"),
    )
    another = pl.col("code_index") != pl.col("index")
    return (
        kept(ledger)
        .drop("code_origin")
        .with_columns(pl.coalesce("code_index", "index").alias("code_index"))
        .join(own, on=["source", "program_key"], how="left", maintain_order="left")
        .join(counts, on="index", how="left", maintain_order="left")
        .join(programs, on="code_index", how="left", maintain_order="left")
        .with_columns(
            pl.when("in_own").then("source").otherwise("giver").alias("code_source"),
            pl.col("duplicates").fill_null(0).cast(pl.Int32) + 1,
            pl.when(another).then("code_from").alias("code_from"),
            pl.concat_str("findings", all_findings().replace("", None), separator="\n", ignore_nulls=True)
            .replace("", None)
            .alias("findings"),
            pl.col("difficulty", "verdict").cast(pl.String).replace("", None),
            synthetic=pl.col("decision") == SYNTHETIC,
        )
    )
