"""The ledger: one line for every row read, with one outcome and one reason.

A decision never removes a line; it marks rows with `drop`. What people see is a question asked of the ledger.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

STAGES = ("read", "clean", "check", "pair", "duplicate", "conflict", "leak", "filter", "render")
"""Where a row may be dropped."""

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,  # <source>/<row number, at least six digits>
    "content": pl.String,
    "source": pl.String,
    "outcome": pl.String,
    "stage": pl.String,
    "reason": pl.String,
    "detail": pl.String,
    "kept_id": pl.String,
    "score": pl.Float64,
    "code_from": pl.String,
    "repairs": pl.List(pl.String),
    "group": pl.String,
    "split": pl.String,
    "official": pl.Boolean,
}
"""Columns of a ledger as written, in order."""

_KEPT = pl.col("stage") == ""


def row_id(source: str, row: int) -> str:
    """The id of a row, as read; never reused."""
    return f"{source}/{row:06d}"


def id_column() -> pl.Expr:
    """Ids from the columns `source` and `row`."""
    return pl.format("{}/{}", pl.col("source"), pl.col("row").cast(pl.String).str.zfill(6)).alias("id")


def open_ledger(rows: pl.DataFrame) -> pl.DataFrame:
    """Start a ledger: every row is kept until a decision drops it. `rows` is sorted by `index`."""
    return rows.with_columns(
        stage=pl.lit(""),
        reason=pl.lit(""),
        detail=pl.lit(""),
        kept_index=pl.lit(None, pl.UInt32),
        score=pl.lit(None, pl.Float64),
        code_from=pl.lit(None, pl.String),
    )


def kept(ledger: pl.DataFrame) -> pl.DataFrame:
    """The rows that no decision has dropped so far."""
    return ledger.filter(_KEPT)


def drop(ledger: pl.DataFrame, dropped: pl.DataFrame, stage: str) -> pl.DataFrame:
    """Mark rows as dropped, unless they are already.

    `dropped` has `index` and `reason`, and may have `detail`, `kept_index` and `score`.
    """
    if stage not in STAGES:
        raise ValueError(f"{stage!r} is no stage of the ledger")
    if dropped.is_empty():
        return ledger
    columns = [name for name in ("reason", "detail", "kept_index", "score") if name in dropped.columns]
    marked = dropped.select("index", pl.lit(True).alias("_now"), *(pl.col(name).alias(f"_{name}") for name in columns))
    joined = ledger.join(marked, on="index", how="left", maintain_order="left")
    now = pl.col("_now").fill_null(False) & _KEPT
    return joined.with_columns(
        pl.when(now).then(pl.lit(stage)).otherwise("stage").alias("stage"),
        *(pl.when(now).then(f"_{name}").otherwise(name).alias(name) for name in columns),
    ).drop("_now", *(f"_{name}" for name in columns))


def close_ledger(ledger: pl.DataFrame) -> pl.DataFrame:
    """The ledger as written: the columns of `SCHEMA`, one line a row, in the order of reading."""
    ids = ledger.select("index", id_column())
    return (
        ledger.join(ids, on="index", how="left", maintain_order="left")
        .join(
            ids.rename({"index": "kept_index", "id": "kept_id"}),
            on="kept_index",
            how="left",
            maintain_order="left",
        )
        .with_columns(
            outcome=pl.when(_KEPT).then(pl.lit("kept")).otherwise(pl.lit("dropped")),
            kept_id=pl.col("kept_id").fill_null(""),
            code_from=pl.col("code_from").fill_null(""),
            detail=pl.col("detail").fill_null(""),
            score=pl.col("score").round(6),
        )
        .select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    )


def check_accounted(closed: pl.DataFrame, read: Mapping[str, int]) -> None:
    """Assert the promise of the ledger: for each source, rows read = rows kept + rows dropped, ids unique.

    Raises:
        AssertionError: a row vanished, came twice, or was dropped without a stage and a reason; always a bug.
    """
    counts = dict(closed.group_by("source").len().iter_rows())
    if counts != {name: rows for name, rows in read.items() if rows}:
        raise AssertionError(f"the ledger does not add up: read {dict(read)}, accounted for {counts}")
    if closed["id"].n_unique() != closed.height:
        raise AssertionError("the ledger holds an id twice")
    dropped = pl.col("outcome") == "dropped"
    silent = closed.filter(dropped != ((pl.col("stage") != "") & (pl.col("reason") != "")))
    if silent.height:
        raise AssertionError(
            f"the ledger holds outcomes without a stage and a reason: {silent['id'].head(5).to_list()}"
        )


def funnel(closed: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows by source: read, dropped by stage and reason, kept in train and test; sources in order of reading."""
    lines = []
    for name in closed["source"].unique(maintain_order=True):
        rows = closed.filter(pl.col("source") == name)
        gone = rows.filter(pl.col("outcome") == "dropped")
        by_stage: dict[str, dict[str, int]] = {}
        for stage, reason, count in gone.group_by("stage", "reason").len().sort("stage", "reason").iter_rows():
            by_stage.setdefault(stage, {})[reason] = count
        stay = rows.filter(pl.col("outcome") == "kept")
        lines.append(
            {
                "source": name,
                "read": rows.height,
                "dropped": by_stage,
                "kept": stay.height,
                "train": stay.filter(pl.col("split") == "train").height,
                "test": stay.filter(pl.col("split") == "test").height,
            }
        )
    return lines
