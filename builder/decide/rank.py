"""What decides which of several rows stays, beside their source: the steps that drop rows for likeness share it."""

import polars as pl


def best_fit_first(ledger: pl.DataFrame) -> list[pl.Expr]:
    """Sorts the row whose code fits its description best to the front; nothing where `fit` was not judged."""
    return [-pl.col("fit").fill_null(0.0)] if "fit" in ledger.columns else []


def repairs_made() -> pl.Expr:
    """How many repairs a row's code has had."""
    return pl.col("code_repairs").cast(pl.String).str.count_matches("repair:")
