"""Rows whose program was rendered: those that failed go before duplicates are decided, those without a verdict last."""

import polars as pl

from builder.ledger import drop, kept

PASSED = "passed"
"""The one verdict with which a row stays."""


def drop_failed(ledger: pl.DataFrame) -> pl.DataFrame:
    """Drop rows whose program has a verdict other than `passed` (reason: the verdict)."""
    verdict = pl.col("verdict").cast(pl.String)
    bad = kept(ledger).filter((verdict != "") & (verdict != PASSED))
    return drop(ledger, bad.select("index", verdict.alias("reason"), detail="verdict_detail"), "render")


def drop_not_rendered(ledger: pl.DataFrame) -> pl.DataFrame:
    """Drop rows whose program has no verdict (reason `not_rendered`): nothing is said against them, or for them."""
    silent = kept(ledger).filter(pl.col("verdict").cast(pl.String) != PASSED)
    return drop(
        ledger, silent.select("index", pl.lit("not_rendered").alias("reason"), detail="verdict_detail"), "render"
    )
