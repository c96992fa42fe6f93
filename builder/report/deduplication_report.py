"""The account of removed duplicates: totals, where they stood, and every removed row."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from builder.core.ledger import id_column, kept
from builder.core.row_store import PreparedFile, batches_with, texts_by_index

SHOWN = 20
"""Pairs on either side of a threshold that are listed, nearest first."""
STEP = 0.02
"""Width of a step of a histogram of similarity."""
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
        .select("index", "source", "row", "reason", "score", "kept_index")
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
    """Write every removed duplicate to a JSON array, in the order of reading; returns their number.

    Where the descriptions are not equal, `differs` has the words that only one of the two rows has.
    """
    removed = _removed(ledger)
    columns = ("id", "source", "description", "kept_id", "kept_source", "reason", "score")
    unlike = removed.filter(pl.col("reason") != "duplicate_description")
    stay = texts_by_index(files, "description", unlike["kept_index"].unique())
    count = 0
    with path.open("wb") as opened:
        opened.write(b"[")
        for texts in batches_with(files, ("description",), removed["index"]):
            part = removed.join(texts, on="index", how="inner")
            lines = part.sort("index").with_columns(id_column(), id_column("kept_source", "kept_row").alias("kept_id"))
            for row in lines.select(*columns, "kept_index").iter_rows(named=True):
                other = stay.get(row.pop("kept_index"))
                if other is not None and row["reason"] != "duplicate_description":
                    row["differs"] = _differences(row["description"], other)
                opened.write(b",\n" if count else b"\n")
                opened.write(orjson.dumps(row))
                count += 1
        opened.write(b"\n]\n")
    return count


def _differences(here: str, other: str) -> dict[str, list[str]]:
    """The words that only one of two descriptions has, in the order in which they stand."""
    left, right = here.split(), other.split()
    only_here, only_kept = Counter(left) - Counter(right), Counter(right) - Counter(left)
    return {"only_here": list(only_here), "only_kept": list(only_kept)}


def near_report(ledger: pl.DataFrame, near: pl.DataFrame, threshold: float) -> dict[str, Any]:
    """How near descriptions are to one another, and the pairs by which a threshold can be judged.

    Args:
        ledger: open, with `description_key`.
        near: pairs of description keys: `left`, `right`, `score`, `agrees` (the same key terms, slips aside).
        threshold: similarity from which one of two rows goes; 0 if none does.

    Returns:
        `scores`: pairs by similarity, in steps of `STEP`, that agree and that differ in their key terms;
        `just_above` and `just_below`: agreeing pairs next to the threshold, by the first row with each description.
    """
    firsts = ledger.drop_nulls("description_key").group_by("description_key").agg(pl.col("index").min())
    ids = firsts.join(ledger.select("index", id_column()), on="index").select("description_key", "id")
    agreeing = near.filter("agrees")
    for side in ("left", "right"):
        agreeing = agreeing.join(ids.rename({"description_key": side, "id": f"{side}_id"}), on=side)
    distance = (pl.col("score") - threshold).abs()
    ranked = agreeing.sort(distance, "left_id", "right_id").select("left_id", "right_id", "score")
    return {
        "threshold": threshold,
        "scores": {
            name: _histogram(near.filter(which)["score"])
            for name, which in (("agree", pl.col("agrees")), ("differ", ~pl.col("agrees")))
        },
        "just_above": ranked.filter(pl.col("score") >= threshold).head(SHOWN).to_dicts(),
        "just_below": ranked.filter(pl.col("score") < threshold).head(SHOWN).to_dicts(),
    }


def _histogram(scores: pl.Series) -> dict[str, int]:
    """Numbers of scores by step, the lower end of each as its name."""
    steps = Counter(int(score / STEP + 1e-9) for score in scores)
    return {f"{step * STEP:.2f}": steps[step] for step in sorted(steps)}
