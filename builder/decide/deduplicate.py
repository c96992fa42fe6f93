"""Duplicates: of rows with equal normalised descriptions, the one from the best source stays."""

from collections.abc import Sequence

import polars as pl

from builder.core.events import Events
from builder.core.ledger import KEEP, REPAIR, drop, kept
from builder.core.row_store import PreparedFile, columns_of, texts_by_index
from builder.similarity.compare import Difference, clusters, same_meaning
from builder.similarity.near_pairs import FLOOR, near_pairs
from builder.similarity.words import core


def best_fit_first(ledger: pl.DataFrame) -> list[pl.Expr]:
    """Sorts the row whose code fits its description best to the front; nothing where `fit` was not judged."""
    return [-pl.col("fit").fill_null(0.0)] if "fit" in ledger.columns else []


def settled_first() -> tuple[pl.Expr, pl.Expr]:
    """Sorts to the front the rows that stay in any case: official test rows, then those that a person keeps."""
    return pl.col("official").not_(), pl.col("decision") != KEEP


def eligible_first() -> pl.Expr:
    """Sorts test and validation rows that are as their authors made them to the front."""
    return (pl.col("eligible") & (pl.col("split").cast(pl.String) != "train")).not_()


def repairs_made() -> pl.Expr:
    """How many repairs a row's code has had."""
    return pl.col("code_repairs").cast(pl.String).str.count_matches(REPAIR)


SCHEMA = {
    "left": pl.UInt64,
    "right": pl.UInt64,
    "score": pl.Float64,
    "agrees": pl.Boolean,
    "difference": pl.UInt8,
}


def near_descriptions(rows: pl.DataFrame, files: Sequence[PreparedFile], events: Events) -> pl.DataFrame:
    """All pairs of near descriptions among the rows read.

    Args:
        rows: one line a row read: `index`, `description_key`, `description_reason` (null if it is sound).
        files: the prepared rows.
        events: hears what takes long.

    Returns:
        `left` and `right` (description keys, the lower one first), `score` from `FLOOR` to 1, `agrees` (whether the key
        terms are the same in both, slips aside), `difference` (a `builder.similarity.compare.Difference`).
    """
    wanted = (
        rows.filter(pl.col("description_reason").is_null())
        .drop_nulls("description_key")
        .unique("description_key", keep="first", maintain_order=True)
        .select("index", "description_key")
    )
    events.progress("near descriptions", 0, wanted.height)
    texts = wanted.join(columns_of(files, ("description",), wanted["index"]), on="index", maintain_order="left")
    found = near_pairs([core(text) for text in texts["description"]], FLOOR)
    keys = texts["description_key"]
    events.progress("near descriptions", wanted.height, wanted.height)
    return keyed_pairs(found, keys.gather(found["left"]), keys.gather(found["right"])).sort("left", "right")


def keyed_pairs(found: pl.DataFrame, one: pl.Series, other: pl.Series) -> pl.DataFrame:
    """Pairs of `near_pairs` as pairs of description keys, the lower one first, as `SCHEMA`."""
    return found.select(
        pl.min_horizontal(one, other).alias("left"),
        pl.max_horizontal(one, other).alias("right"),
        "score",
        "agrees",
        "difference",
    )


def drop_near_descriptions(ledger: pl.DataFrame, near: pl.DataFrame, threshold: float) -> pl.DataFrame:
    """Of rows whose descriptions are near to one another, keep one: reason `near_duplicate`, score the similarity.

    Near are those whose score reaches the threshold and whose key terms are the same, slips aside. An official test row
    stays, or else a test or validation row as its authors made it, then the row from the best source, then the one
    whose code fits best (`fit`, where it was judged), then the one with the fewest repairs, then the lower row.
    Clusters are cut where members are not all near one another.
    """
    rows = (
        kept(ledger)
        .drop_nulls("description_key")
        .sort(*settled_first(), eligible_first(), "source", *best_fit_first(ledger), repairs_made(), "index")
        .select("index", "official", "description_key")
    )
    pairs = _between(near.filter((pl.col("score") >= threshold) & pl.col("agrees")), rows, rows)
    gone = clusters(pairs, rows["index"].to_list())
    official = rows.filter("official")["index"]
    dropped = gone.filter(pl.col("position").is_in(official.implode()).not_()).select(
        pl.col("position").alias("index"),
        pl.col("stays").alias("kept_index"),
        "score",
        pl.lit("near_duplicate").alias("reason"),
    )
    return drop(ledger, dropped, "duplicate")


def _between(near: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Near pairs as pairs of rows: `left`, `right` (indices), `score`, `difference`."""
    one = left.select(pl.col("description_key").alias("left_key"), pl.col("index").alias("left"))
    other = right.select(pl.col("description_key").alias("right_key"), pl.col("index").alias("right"))
    keyed = near.rename({"left": "left_key", "right": "right_key"})
    return keyed.join(one, on="left_key").join(other, on="right_key").select("left", "right", "score", "difference")


def near_test_rows(train: pl.DataFrame, test: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Train rows whose description is near a test row's.

    Args:
        train, test: `index`, `description_key`.
        near: pairs of `near_descriptions` that count.

    Returns:
        `index`, `kept_index` (the test row), `score` and `difference`, one line a pair.
    """
    both = pl.concat(
        [
            near.select("left", "right", "score", "difference"),
            near.select(left="right", right="left", score="score", difference="difference"),
        ]
    )
    return _between(both, train, test).rename({"left": "index", "right": "kept_index"})


def drop_equal_descriptions(ledger: pl.DataFrame) -> pl.DataFrame:
    """Keep one row for each `description_key`: an official test row, then a test or validation row as its authors made
    it, then the best source, then the best fitting code (where `fit` was judged), then the lower row.

    Only rows kept so far compete, so an invalid copy never displaces a valid one. Official test rows are never
    dropped for similarity, so two of them may share a description.
    """
    order = (*settled_first(), eligible_first(), pl.col("source"), *best_fit_first(ledger), pl.col("index"))
    rows = kept(ledger).sort("description_key", *order)
    first = rows.select("index", "official", "description_key", best=pl.col("index").first().over("description_key"))
    losers = first.filter((pl.col("index") != pl.col("best")) & pl.col("official").not_())
    dropped = losers.select(
        "index",
        pl.lit("duplicate_description").alias("reason"),
        pl.col("best").alias("kept_index"),
        pl.lit(1.0).alias("score"),
    )
    return drop(ledger, dropped, "duplicate")


NEAR = 0.9
"""Similarity from which two descriptions of one program say the same."""


def drop_conflicts(ledger: pl.DataFrame, files: Sequence[PreparedFile]) -> pl.DataFrame:
    """Keep one row for each program, whatever its layout, comments and names of variables.

    Of rows with equal programs the official test row stays, or else a test or validation row as its authors made it,
    then the one whose description fits the code best (`fit`, where it was judged), then the best source, then the
    fewest repairs, then the lower row. A row whose description is as alike as `NEAR`, and differs in ordinary words at
    the most, is a duplicate (`duplicate_program`, score: similarity of the descriptions); one that says something else
    is in conflict with it (`conflicting_description`, score: its own fit). Official test rows are never dropped for
    similarity, so two of them may share a program.
    """
    pairs = _pairs(kept(ledger))
    if pairs.is_empty():
        return ledger
    wanted = pl.concat([pairs["index"], pairs["kept_index"]]).unique()
    texts = texts_by_index(files, "description", wanted)
    verdicts = [same_meaning(texts[a], texts[b], NEAR) for a, b in pairs.select("index", "kept_index").iter_rows()]
    same = [one.score >= NEAR and one.difference <= Difference.ORDINARY for one in verdicts]
    compared = pairs.with_columns(
        same=pl.Series(same, dtype=pl.Boolean),
        score=pl.Series([one.score for one in verdicts], dtype=pl.Float64),
    )
    duplicate = compared.filter("same").select(
        "index", "kept_index", "score", pl.lit("duplicate_program").alias("reason")
    )
    fits = pl.col("fit").round(3).cast(pl.String).fill_null("not judged")
    other = compared.filter(~pl.col("same")).select(
        "index",
        "kept_index",
        pl.lit("conflicting_description").alias("reason"),
        pl.col("fit").alias("score"),
        detail=pl.lit("fit ") + fits + pl.lit(", of the row that stays ") + pl.col("kept_fit").round(3).cast(pl.String),
    )
    return drop(drop(ledger, duplicate, "duplicate"), other, "conflict")


def _pairs(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that go, with the row of their program that stays: `index`, `fit`, `kept_index`, `kept_fit`."""
    fit = pl.col("fit") if "fit" in rows.columns else pl.lit(None, pl.Float64)
    ranked = (
        rows.with_columns(fit.alias("fit"), repairs_made().alias("repairs"), eligible_first().alias("other"))
        .select("index", "official", "decision", "other", "source", "canonical_key", "fit", "repairs")
        .drop_nulls("canonical_key")
        .sort(
            "canonical_key",
            *settled_first(),
            "other",
            -pl.col("fit").fill_null(0.0),
            "source",
            "repairs",
            "index",
        )
    )
    first = pl.col("index").first().over("canonical_key")
    paired = ranked.with_columns(kept_index=first, kept_fit=pl.col("fit").first().over("canonical_key"))
    return paired.filter((pl.col("index") != pl.col("kept_index")) & pl.col("official").not_()).sort("index")
