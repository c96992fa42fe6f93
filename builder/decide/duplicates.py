"""Duplicates: of rows with equal normalised descriptions, the one from the best source stays."""

import polars as pl

from builder.decide.rank import best_fit_first
from builder.ledger import drop, kept


def drop_equal_descriptions(ledger: pl.DataFrame) -> pl.DataFrame:
    """Keep one row for each `description_key`: an official test row, then the best source, then the best fitting
    code (where `fit` was judged), then the lower row.

    Only rows kept so far compete, so an invalid copy never displaces a valid one. Official test rows are never
    dropped for likeness, so two of them may share a description.
    """
    rows = kept(ledger).sort("description_key", pl.col("official").not_(), "source", *best_fit_first(ledger), "index")
    first = rows.select("index", "official", "description_key", best=pl.col("index").first().over("description_key"))
    losers = first.filter((pl.col("index") != pl.col("best")) & pl.col("official").not_())
    dropped = losers.select(
        "index",
        pl.lit("duplicate_description").alias("reason"),
        pl.col("best").alias("kept_index"),
        pl.lit(1.0).alias("score"),
    )
    return drop(ledger, dropped, "duplicate")
