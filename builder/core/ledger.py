"""The ledger: one line for every row read, with one outcome and one reason.

A decision never removes a line; it marks rows with `drop`. What people see is a question asked of the ledger. While
it is worked on it holds numbers and categories, some eighty bytes a row; `close_ledger` makes the columns that are
written.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from builder.core.schema import SPLITS, TURN

STAGES = ("read", "decision", "clean", "check", "pair", "duplicate", "conflict", "leak", "filter", "render")
"""Where a row may be dropped."""

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,  # <source>/<row number, at least six digits>, with .2, .3, ... for further tasks of a chat
    "content": pl.String,
    "source": pl.String,
    "outcome": pl.String,
    "stage": pl.String,
    "reason": pl.String,
    "detail": pl.String,
    "kept_id": pl.String,
    "score": pl.Float64,
    "margin": pl.Float64,  # of a re-paired row: how far its score is above the next best of either side
    "code_from": pl.String,
    "repairs": pl.List(pl.String),
    "group": pl.String,
    "split": pl.String,
    "official": pl.Boolean,
    "dialect": pl.String,  # of the program as it is written: ce, or manimgl
    "verdict": pl.String,  # on the program as it is written; empty if it was not rendered
    "verdict_before": pl.String,  # empty, and gone with the next release
    "findings": pl.List(pl.String),  # what was found of what it states and how it looks, as `name: what and where`
}
"""Columns of a ledger as written, in order."""

VERDICT_COLUMNS = {"verdict": pl.Categorical(), "verdict_detail": pl.String(), "render_findings": pl.String()}
"""What is known of a row's program from rendering it; the detail is for a person, findings have a line each."""

KEEP, DROP, EDIT = ACTIONS = ("keep", "drop", "edit")
"""What a person may decide of a row."""
SYNTHETIC = "synthetic"
"""In place of what a person decided: a model described the row's program."""
DECISION_COLUMNS = {"decision": pl.Enum(["", *ACTIONS, SYNTHETIC]), "decided": pl.String()}
"""What a person decided of a row, and in words: who, and why."""

WRONG_MATHEMATICS = "wrong_mathematics"
"""A finding, and the column for it: the first result in a program's formulas that is wrong; empty if none is."""

LICENCE_COLUMNS = {"licence_problem": pl.Categorical(), "code_licence_problem": pl.Categorical()}
"""Why the description, or the code, may not be in a build of permissive rows; empty if it may."""

SLICE_ROWS = 65_536
"""Rows that are closed and written at a time."""
REPAIR = "repair:"
"""How the names of repairs start in the ledger's `repairs`; names of cleaning steps start otherwise."""
REPAIRS_SEPARATOR = ","
"""Between the names in `repairs`, while they are one text."""

_STAGE = pl.Enum(["", *STAGES])
_KEPT = pl.col("stage") == ""


def id_column(source: str = "source", row: str = "row") -> pl.Expr:
    """Ids of rows, as read, never reused: from a source's name and a row number; further tasks of a chat count on."""
    # Not `pl.format`: Polars 2.1 panics where a source's name is one constant for all rows of a frame.
    line, turn = pl.col(row).cast(pl.UInt64) % TURN, pl.col(row).cast(pl.UInt64) // TURN
    task = pl.when(turn > 0).then(pl.lit(".") + (turn + 1).cast(pl.String)).otherwise(pl.lit(""))
    return (pl.col(source).cast(pl.String) + "/" + line.cast(pl.String).str.zfill(6) + task).alias("id")


def open_ledger(rows: pl.DataFrame) -> pl.DataFrame:
    """Start a ledger: every row is kept until a decision drops it.

    Args:
        rows: sorted by `index`, which counts from 0; with `source`, `row`, `official`, `content` and `group` (64-bit
            hashes), `description_repairs` and `code_repairs` (names joined by `REPAIRS_SEPARATOR`), `split`; where
            programs were rendered, `VERDICT_COLUMNS`; where people decided of rows, `DECISION_COLUMNS`; where licences
            matter, `LICENCE_COLUMNS`.
    """
    optional = VERDICT_COLUMNS | DECISION_COLUMNS | LICENCE_COLUMNS | {WRONG_MATHEMATICS: pl.String()}
    dialect = [pl.lit("ce", pl.Categorical()).alias("dialect")] if "dialect" not in rows.columns else []
    return rows.with_columns(
        *(pl.lit("", kind).alias(name) for name, kind in optional.items() if name not in rows.columns),
        *dialect,
        stage=pl.lit("", _STAGE),
        reason=pl.lit("", pl.Categorical),
        detail=pl.lit(""),
        kept_index=pl.lit(None, pl.UInt32),
        score=pl.lit(None, pl.Float64),
        margin=pl.lit(None, pl.Float64),
        code_index=pl.lit(None, pl.UInt32),
    )


def kept(ledger: pl.DataFrame) -> pl.DataFrame:
    """The rows that no decision has dropped so far."""
    return ledger.filter(_KEPT)


def drop(ledger: pl.DataFrame, dropped: pl.DataFrame, stage: str, *, overrules: bool = False) -> pl.DataFrame:
    """Mark rows as dropped, unless they are already, or a person decided to keep them.

    `dropped` has `index` and `reason`, and may have `detail`, `kept_index`, `score` and `margin`. With `overrules`, a
    decision to keep a row counts for nothing: its texts are no program, say, or it would leak.
    """
    if stage not in STAGES:
        raise ValueError(f"{stage!r} is no stage of the ledger")
    if dropped.is_empty():
        return ledger
    columns = [name for name in ("reason", "detail", "kept_index", "score", "margin") if name in dropped.columns]
    marked = dropped.select("index", pl.lit(True).alias("now"), *columns)
    # Joined beside the ledger, not into it: its other columns need not be copied.
    marks = ledger.select("index", was="stage").join(marked, on="index", how="left", maintain_order="left")
    now = (marks["now"].fill_null(False)) & (marks["was"] == "")
    if not overrules:
        now &= ledger["decision"] != KEEP
    return ledger.with_columns(
        pl.when(now).then(pl.lit(stage, _STAGE)).otherwise("stage").alias("stage"),
        *(pl.when(now).then(marks[name].cast(ledger.schema[name])).otherwise(name).alias(name) for name in columns),
    )


def close_ledger(ledger: pl.DataFrame, part: slice = slice(None)) -> pl.DataFrame:
    """The lines of a ledger as written: the columns of `SCHEMA`, in the order of reading."""
    rows = ledger[part]
    for name, pointer in (("kept_id", "kept_index"), ("code_from", "code_index")):
        rows = _with_id_of(rows, ledger, name, pointer)
    repairs, found = all_repairs(), all_findings()
    return rows.with_columns(
        id_column(),
        _hex(rows["content"]),
        _hex(rows["group"]),
        outcome=pl.when(_KEPT).then(pl.lit("kept")).otherwise(pl.lit("dropped")),
        detail=pl.col("detail").fill_null(""),
        verdict_before=pl.lit(""),
        findings=pl.when(found == "").then(pl.lit([], pl.List(pl.String))).otherwise(found.str.split("\n")),
        score=pl.col("score").round(6),
        margin=pl.col("margin").round(6),
        repairs=pl.when(repairs == "")
        .then(pl.lit([], pl.List(pl.String)))
        .otherwise(repairs.str.split(REPAIRS_SEPARATOR)),
    ).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _with_id_of(rows: pl.DataFrame, ledger: pl.DataFrame, name: str, pointer: str) -> pl.DataFrame:
    """Add the ids of the rows that the column `pointer` points at; empty where it is null."""
    wanted = rows[pointer].drop_nulls().unique()
    ids = ledger.filter(pl.col("index").is_in(wanted.implode())).select(
        pl.col("index").alias(pointer), id_column().alias(name)
    )
    return rows.join(ids, on=pointer, how="left", maintain_order="left").with_columns(pl.col(name).fill_null(""))


def all_repairs() -> pl.Expr:
    """The steps of a row's description and of the code that it ends with, as one text."""
    parts = (pl.col("description_repairs").cast(pl.String), pl.col("code_repairs").cast(pl.String))
    between = pl.when((parts[0] != "") & (parts[1] != "")).then(pl.lit(REPAIRS_SEPARATOR)).otherwise(pl.lit(""))
    return parts[0] + between + parts[1]


def all_findings() -> pl.Expr:
    """What was found of a row's program, a line each: of what it states, then of its rendering."""
    stated = pl.col(WRONG_MATHEMATICS)
    lines = pl.when(stated != "").then(pl.concat_str(pl.lit(f"{WRONG_MATHEMATICS}: "), stated, pl.lit("\n")))
    return (lines.otherwise(pl.lit("")) + pl.col("render_findings")).str.strip_suffix("\n")


def closed_slices(ledger: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The closed ledger, some rows at a time."""
    for start in range(0, max(ledger.height, 1), SLICE_ROWS):
        yield close_ledger(ledger, slice(start, start + SLICE_ROWS))


def _hex(keys: pl.Series) -> pl.Series:
    return pl.Series(keys.name, [f"{key:016x}" for key in keys], dtype=pl.String)


def check_accounted(ledger: pl.DataFrame, read: Mapping[str, int]) -> None:
    """Assert the promise of the ledger: for each source, rows read = rows kept + rows dropped, ids unique.

    Raises:
        AssertionError: a row vanished, came twice, or was dropped without a stage and a reason; always a bug.
    """
    counts = {str(name): count for name, count in ledger.group_by("source").len().iter_rows()}
    if counts != {name: rows for name, rows in read.items() if rows}:
        raise AssertionError(f"the ledger does not add up: read {dict(read)}, accounted for {counts}")
    if ledger.select("source", "row").is_duplicated().any():
        raise AssertionError("the ledger holds an id twice")
    silent = ledger.filter((pl.col("reason").cast(pl.String) == "") != _KEPT)
    if silent.height:
        ids = silent.head(5).select(id_column())["id"].to_list()
        raise AssertionError(f"the ledger holds outcomes without a stage and a reason: {ids}")


def reasons(ledger: pl.DataFrame) -> list[tuple[str, str, int]]:
    """Stage, reason and number of dropped rows, by stage and reason."""
    gone = ledger.filter(~_KEPT).select(pl.col("stage", "reason").cast(pl.String))
    return [tuple(line) for line in gone.group_by("stage", "reason").len().sort("stage", "reason").iter_rows()]


def funnel(ledger: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows by source: read, dropped by stage and reason, kept on each side; sources in order of reading."""
    lines = []
    for name in ledger["source"].unique(maintain_order=True):
        rows = ledger.filter(pl.col("source") == name)
        by_stage: dict[str, dict[str, int]] = {}
        for stage, reason, count in reasons(rows):
            by_stage.setdefault(stage, {})[reason] = count
        stay = kept(rows)
        lines.append(
            {
                "source": str(name),
                "read": rows.height,
                "dropped": by_stage,
                "kept": stay.height,
                **{side: stay.filter(pl.col("split") == side).height for side in SPLITS},
            }
        )
    return lines
