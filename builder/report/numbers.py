"""What a build keeps as JSON beside the ledger: scores, the account of pairs, and the account of removed duplicates."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from builder.core.files import kept_result
from builder.core.ledger import id_column, kept
from builder.core.row_store import WORDS, PreparedFile, batches_with, frame_hash, names_of, texts_by_index
from builder.decide.pairing.alignment import learn_alignment, sample_of, score_pairs
from builder.decide.pairing.mismatched import words_of
from builder.pipeline.build import Build

SCORED_ROWS = 2_000
"""Kept rows whose scores are told at the most, the same share of each source."""
STEPS = 20
"""Of a histogram of scores from 0 to 1."""


def config_numbers(decided: Build, shuffled: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The content of `report/<config>.json`.

    Args:
        decided: the config.
        shuffled: the parts of sources that are paired at random, as in the statistics.

    Returns:
        `alignment`: by source, how many kept rows have which score, their description with their own code (`own`) and
        with another row's (`random`), in `STEPS` steps from 0 to 1; `near`: as `near_report`, where one of near rows
        goes; `pairing`: as `pairing_report`, where pairs are checked.
    """
    ledger, config, prepared = decided.outcomes, decided.config, decided.prepared
    numbers: dict[str, Any] = {"alignment": _alignment(ledger, prepared.files, config.cache)}
    if config.near_duplicates:
        numbers["near"] = near_report(ledger, prepared.near, config.near_duplicates)
    if shuffled or config.check_pairs:
        numbers["pairing"] = pairing_report(ledger, shuffled, config.pair_margin)
    return numbers


def _alignment(ledger: pl.DataFrame, files: Sequence[PreparedFile], cache: Path) -> dict[str, Any]:
    rows = kept(ledger).select("index", "source", "code_index", "description_key", "program_key")
    sample = sample_of(rows, SCORED_ROWS)
    if sample.height < 2:
        return {}
    inputs = [*names_of(files), frame_hash(sample)]
    numbers: dict[str, Any] = orjson.loads(
        kept_result(cache / "alignment", inputs, lambda: orjson.dumps(_scores(sample, files)))
    )
    return numbers


def _scores(sample: pl.DataFrame, files: Sequence[PreparedFile]) -> dict[str, Any]:
    # By key, which is a hash: the next row's code is any code.
    words = words_of(sample, files).join(sample.select("index", "source", "description_key"), on="index")
    words = words.sort("description_key", "index")
    alignment = learn_alignment(words["description_words"], words["code_words"])
    own = score_pairs(words, alignment)
    codes = pl.concat([words["code_words"][1:], words["code_words"][:1]])
    random = score_pairs(words.with_columns(codes.alias(WORDS[1])), alignment)
    source = words["source"].cast(pl.String).to_numpy()
    return {
        name: {
            kind: np.histogram(scores[source == name], bins=STEPS, range=(0.0, 1.0))[0].tolist()
            for kind, scores in (("own", own), ("random", random))
        }
        for name in sorted(set(source))
    }


SHOWN = 20
"""Pairs on either side of a threshold that are listed, nearest first."""


def pairing_report(ledger: pl.DataFrame, shuffled: Sequence[Mapping[str, Any]], margin: float) -> dict[str, Any]:
    """The content of `pairing_report.json`.

    Args:
        ledger: open; with `fit` and `fit_limit` where pairs were checked.
        shuffled: the parts of sources that are paired at random.
        margin: least margin of a pair that was put together again.
    """
    found = ledger.filter(pl.col("code_index").is_not_null())
    unpaired = ledger.filter(pl.col("reason").cast(pl.String) == "unpaired")
    distance = pl.col("margin") - margin
    report: dict[str, Any] = {
        "shuffled": [dict(part) for part in shuffled],
        "put_together_again": {
            "rows": found.height,
            "kept": kept(found).height,
            "unpaired": unpaired.height,
            "least_margin": margin,
            "just_above": _nearest(found, distance, ("score", "margin")),
            "just_below": _nearest(unpaired, distance, ("score", "margin")),
        },
    }
    if "fit_limit" in ledger.columns:
        judged = ledger.drop_nulls("fit_limit")
        gone = pl.col("reason").cast(pl.String) == "mismatched"
        distance = pl.col("fit") - pl.col("fit_limit")
        report["mismatched"] = {
            "rows": judged.filter(gone).height,
            "just_above": _nearest(judged.filter(~gone), distance, ("fit", "fit_limit")),
            "just_below": _nearest(judged.filter(gone), distance, ("fit", "fit_limit")),
        }
    return report


def _nearest(rows: pl.DataFrame, distance: pl.Expr, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The rows nearest to a threshold, by id, with some numbers."""
    nearest = rows.with_columns(distance.abs().alias("distance")).drop_nulls("distance").sort("distance", "index")
    return nearest.head(SHOWN).select(id_column(), *(pl.col(name).round(6) for name in columns)).to_dicts()


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
                    row["differs"] = _words_apart(row["description"], other)
                opened.write(b",\n" if count else b"\n")
                opened.write(orjson.dumps(row))
                count += 1
        opened.write(b"\n]\n")
    return count


def _words_apart(here: str, other: str) -> dict[str, list[str]]:
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
            name: _similarity_steps(near.filter(which)["score"])
            for name, which in (("agree", pl.col("agrees")), ("differ", ~pl.col("agrees")))
        },
        "just_above": ranked.filter(pl.col("score") >= threshold).head(SHOWN).to_dicts(),
        "just_below": ranked.filter(pl.col("score") < threshold).head(SHOWN).to_dicts(),
    }


def _similarity_steps(scores: pl.Series) -> dict[str, int]:
    """Numbers of scores by step, the lower end of each as its name."""
    steps = Counter(int(score / STEP + 1e-9) for score in scores)
    return {f"{step * STEP:.2f}": steps[step] for step in sorted(steps)}
