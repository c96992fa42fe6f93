"""Leaks: train rows that equal a kept test row, in description or in program, are dropped from train."""

import polars as pl

from builder.ledger import drop, kept


def drop_leaks(ledger: pl.DataFrame) -> pl.DataFrame:
    """Drop train rows whose `description_key` or `canonical_key` is that of a kept test row (reason `near_test`)."""
    rows = kept(ledger).select("index", "split", "description_key", "canonical_key")
    test = rows.filter(pl.col("split") == "test")
    train = rows.filter(pl.col("split") == "train")
    found = []
    for key, what in (("description_key", "equal description"), ("canonical_key", "equal program")):
        against = test.drop_nulls(key).group_by(key).agg(pl.col("index").min().alias("kept_index"))
        found.append(
            train.join(against, on=key, how="inner").select(
                "index",
                "kept_index",
                pl.lit("near_test").alias("reason"),
                pl.lit(what).alias("detail"),
                pl.lit(1.0).alias("score"),
            )
        )
    dropped = pl.concat(found).unique("index", keep="first", maintain_order=True).sort("index")
    return drop(ledger, dropped, "leak")
