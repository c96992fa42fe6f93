"""The account of pairs: what was shuffled, what was put together again, what did not fit, and the borderline."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from builder.core.ledger import id_column, kept

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
