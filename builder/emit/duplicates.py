"""The account of removed duplicates: totals, where they stood, and every removed row."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from builder.ledger import id_column, kept
from builder.prepared import PreparedFile, batches_with

OLDER_RULE = "lower case, white space collapsed, best source stays"


def duplication_report(ledger: pl.DataFrame, priorities: Mapping[str, int]) -> dict[str, Any]:
    """The content of `deduplication_report.json`.

    Args:
        ledger: open, with `legacy_key`.
        priorities: of each source; the higher one wins.
    """
    removed = _removed(ledger)
    competed = removed.height + kept(ledger).height + ledger.filter(pl.col("stage") == "leak").height
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
        "departures_from_the_older_rule": _departures(ledger),
    }


def _removed(ledger: pl.DataFrame) -> pl.DataFrame:
    """The rows removed as duplicates: `index`, `source`, `row`, `reason`, and the row that stayed."""
    stayed = ledger.select(pl.col("index").alias("kept_index"), kept_source="source", kept_row="row")
    return (
        ledger.filter(pl.col("stage") == "duplicate")
        .select("index", "source", "row", "reason", "kept_index")
        .join(stayed, on="kept_index", how="left", maintain_order="left")
        .with_columns(pl.col("source", "kept_source", "reason").cast(pl.String))
    )


def _departures(ledger: pl.DataFrame) -> dict[str, Any]:
    """Rows about which the older rule, applied to all rows read, would have decided otherwise."""
    stays = pl.col("index") == pl.col("index").min().over("legacy_key")
    both = ledger.select("index", "official", "stage", stays.alias("stays"))
    rescued = kept(both).filter(~pl.col("stays"))
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
    """Write every removed duplicate to a JSON array, in the order of reading; returns their number."""
    removed = _removed(ledger)
    columns = ("id", "source", "description", "kept_id", "kept_source", "reason")
    count = 0
    with path.open("wb") as opened:
        opened.write(b"[")
        for texts in batches_with(files, ("description",), removed["index"]):
            part = removed.join(texts, on="index", how="inner")
            told = part.sort("index").with_columns(id_column(), id_column("kept_source", "kept_row").alias("kept_id"))
            for row in told.select(columns).iter_rows(named=True):
                opened.write(b",\n" if count else b"\n")
                opened.write(orjson.dumps(row))
                count += 1
        opened.write(b"\n]\n")
    return count
