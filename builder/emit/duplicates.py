"""The account of removed duplicates: totals, where they stood, and every removed row."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from builder.emit.rows import PreparedFile, texts_of

OLDER_RULE = "lower case, white space collapsed, best source stays"


def duplication_report(ledger: pl.DataFrame, rows: pl.DataFrame, priorities: Mapping[str, int]) -> dict[str, Any]:
    """The content of `deduplication_report.json`.

    Args:
        ledger: closed, in the order of `rows`.
        rows: `index`, `legacy_key` and `official` of every row read, best source first.
        priorities: of each source; the higher one wins.
    """
    removed = ledger.filter(pl.col("stage") == "duplicate").with_columns(kept_source=_source_of("kept_id"))
    kept_count = ledger.filter(pl.col("outcome") == "kept").height
    competed = removed.height + kept_count + ledger.filter(pl.col("stage") == "leak").height
    pairs = removed.group_by("source", "kept_source").len().sort("source", "kept_source")
    within = removed.filter(pl.col("source") == pl.col("kept_source")).height
    return {
        "rows_that_competed": competed,
        "removed": removed.height,
        "remaining": competed - removed.height,
        "reduction_percent": round(100 * removed.height / competed, 2) if competed else 0.0,
        "within_sources": within,
        "across_sources": removed.height - within,
        "by_source": {
            name: removed.filter(pl.col("source") == name).height
            for name in ledger["source"].unique(maintain_order=True)
        },
        "removed_from_in_favour_of": [
            {"source": source, "kept_source": kept_source, "rows": count}
            for source, kept_source, count in pairs.iter_rows()
        ],
        "priorities": dict(priorities),
        "departures_from_the_older_rule": _departures(ledger, rows),
    }


def _source_of(column: str) -> pl.Expr:
    return pl.col(column).str.replace(r"/\d+$", "")


def _departures(ledger: pl.DataFrame, rows: pl.DataFrame) -> dict[str, Any]:
    """Rows about which the older rule, applied to all rows read, would have decided otherwise."""
    first = pl.col("index") == pl.col("index").min().over("legacy_key")
    both = pl.concat(
        [ledger.drop("official"), rows.select("index", "legacy_key", "official")], how="horizontal"
    ).with_columns(stays=first)
    kept = pl.col("outcome") == "kept"
    rescued = both.filter(kept & ~pl.col("stays"))
    official = rescued.filter("official").height
    merged = both.filter((pl.col("stage") == "duplicate") & pl.col("stays"))
    return {
        "rule": OLDER_RULE,
        "removed_here_only": {
            "rows": merged.height,
            "why": "the descriptions are equal once wrappers, quotes and a final full stop are off",
        },
        "kept_here_only": {
            "rows": rescued.height,
            "official_test_rows": official,
            "the_copy_it_keeps_is_dropped_here": rescued.height - official,
        },
    }


def write_removed(ledger: pl.DataFrame, files: Sequence[PreparedFile], path: Path) -> int:
    """Write every removed duplicate to a JSON array, in the order of reading; returns their number.

    `ledger` is closed, with the column `index`.
    """
    removed = ledger.filter(pl.col("stage") == "duplicate").with_columns(kept_source=_source_of("kept_id"))
    columns = ("id", "source", "description", "kept_id", "kept_source", "reason")
    count = 0
    with path.open("wb") as opened:
        opened.write(b"[")
        for part in texts_of(files, removed):
            for row in part.sort("index").select(columns).iter_rows(named=True):
                opened.write(b",\n" if count else b"\n")
                opened.write(orjson.dumps(row))
                count += 1
        opened.write(b"\n]\n")
    return count
