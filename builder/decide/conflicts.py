"""One program under several descriptions: the row whose description fits best stays."""

from collections.abc import Sequence

import polars as pl

from builder.decide.rank import repairs_made
from builder.ledger import drop, kept
from builder.likeness.compare import same_meaning
from builder.prepared import PreparedFile, texts_by_index

NEAR = 0.9
"""Likeness from which two descriptions of one program say the same."""


def drop_conflicts(ledger: pl.DataFrame, files: Sequence[PreparedFile]) -> pl.DataFrame:
    """Keep one row for each program, whatever its layout, comments and names of variables.

    Of rows with equal programs the official test row stays, or else the one whose description fits the code best
    (`fit`, where it was judged), then the best source, then the fewest repairs, then the lower row. A row whose
    description says the same as the one that stays is a duplicate (`duplicate_program`, score: likeness of the
    descriptions); one that says something else is in conflict with it (`conflicting_description`, score: its own
    fit). Official test rows are never dropped for likeness, so two of them may share a program.
    """
    pairs = _pairs(kept(ledger))
    if pairs.is_empty():
        return ledger
    wanted = pl.concat([pairs["index"], pairs["kept_index"]]).unique()
    texts = texts_by_index(files, "description", wanted)
    likes = [same_meaning(texts[a], texts[b], NEAR) for a, b in pairs.select("index", "kept_index").iter_rows()]
    judged = pairs.with_columns(
        same=pl.Series([like.near for like in likes], dtype=pl.Boolean),
        score=pl.Series([like.score for like in likes], dtype=pl.Float64),
    )
    same = judged.filter("same").select("index", "kept_index", "score", pl.lit("duplicate_program").alias("reason"))
    fits = pl.col("fit").round(3).cast(pl.String).fill_null("not judged")
    other = judged.filter(~pl.col("same")).select(
        "index",
        "kept_index",
        pl.lit("conflicting_description").alias("reason"),
        pl.col("fit").alias("score"),
        detail=pl.lit("fit ") + fits + pl.lit(", of the row that stays ") + pl.col("kept_fit").round(3).cast(pl.String),
    )
    return drop(drop(ledger, same, "duplicate"), other, "conflict")


def _pairs(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that go, with the row of their program that stays: `index`, `fit`, `kept_index`, `kept_fit`."""
    fit = pl.col("fit") if "fit" in rows.columns else pl.lit(None, pl.Float64)
    ranked = (
        rows.select("index", "official", "source", "canonical_key", fit.alias("fit"), repairs_made().alias("repairs"))
        .drop_nulls("canonical_key")
        .sort("canonical_key", pl.col("official").not_(), -pl.col("fit").fill_null(0.0), "source", "repairs", "index")
    )
    first = pl.col("index").first().over("canonical_key")
    paired = ranked.with_columns(kept_index=first, kept_fit=pl.col("fit").first().over("canonical_key"))
    return paired.filter((pl.col("index") != pl.col("kept_index")) & pl.col("official").not_()).sort("index")
