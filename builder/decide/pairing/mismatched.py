"""Single rows whose description does not fit their code: far below what right pairs reach."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from builder.core.ledger import SYNTHETIC, drop, kept
from builder.core.row_store import WORDS, PreparedFile, batches_with, columns_of, frame_hash, kept_frame, names_of
from builder.decide.pairing.alignment import Alignment, learn_alignment, sample_of, score_pairs
from builder.decide.pairing.shuffled import Part

SOUND_AUC = 0.97
"""From this area under the curve on, nearly all pairs of a part are right, and its own scores show what is usual."""
MOST = 0.5
"""Score up to which a pair can be called mismatched: there, own and random pairs are equally likely."""

SURE = 0.05
"""Score below which a published pair must be, too. Of the real rows in sound parts 2 of 1,104 are below, of random
pairs 82 to 100 %; of the 7 rows between here and what all but a hundredth reach, 6 were right."""


def score_fit(ledger: pl.DataFrame, files: Sequence[PreparedFile], cache: Path) -> pl.DataFrame:
    """Add `fit` to kept rows: the score of the description with the code that the row has now, from 0 to 1.

    Scores are learned from what people described, and kept in the cache by the rows that are scored.
    """
    rows = kept(ledger).select("index", "code_index", "description_key", "program_key", "decision")
    if rows.is_empty():
        return ledger.with_columns(fit=pl.lit(None, pl.Float64))
    fits = kept_frame(cache / "fits", [*names_of(files), frame_hash(rows)], lambda: _fits(rows, files))
    return ledger.join(fits, on="index", how="left", maintain_order="left")


def _fits(rows: pl.DataFrame, files: Sequence[PreparedFile]) -> pl.DataFrame:
    sample = sample_of(rows.filter(pl.col("decision") != SYNTHETIC))
    own = rows.filter(pl.col("code_index").is_null())
    words = words_of(sample, files)
    alignment = learn_alignment(words["description_words"], words["code_words"])
    parts = [_scored(batch, alignment) for batch in batches_with(files, WORDS, own["index"])]
    others = rows.drop_nulls("code_index")
    if others.height:
        parts.append(_scored(words_of(others, files), alignment))
    return pl.concat(parts)


def words_of(rows: pl.DataFrame, files: Sequence[PreparedFile]) -> pl.DataFrame:
    """The words of rows' descriptions and of the codes that they have now: `index` and `WORDS`."""
    pointed = rows.select("index", code_index=pl.coalesce("code_index", "index"))
    left = columns_of(files, (WORDS[0],), pointed["index"])
    right = columns_of(files, (WORDS[1],), pointed["code_index"].unique()).rename({"index": "code_index"})
    return pointed.join(left, on="index", maintain_order="left").join(right, on="code_index", maintain_order="left")


def _scored(words: pl.DataFrame, alignment: Alignment) -> pl.DataFrame:
    return words.select("index", pl.Series("fit", score_pairs(words, alignment), dtype=pl.Float64))


def drop_mismatched(
    ledger: pl.DataFrame, parts: Sequence[Part], rate: float, *, synthetic_only: bool = False
) -> pl.DataFrame:
    """Drop rows whose `fit` is far below what is usual (reason `mismatched`, score: the fit); adds `fit_limit`.

    In a part whose pairs are nearly all right, that is the score which no more than the share `rate` of its rows is
    below; elsewhere, that of all such parts together. It is never above `SURE`. A part about which nothing is known
    loses no row. What a model described is held against all parts that are right, or against `MOST`. Re-paired rows
    were scored when they were paired, and official test rows are never dropped for similarity.
    """
    rows = kept(ledger).filter(pl.col("code_index").is_null() & pl.col("official").not_())
    sound = [number for number, part in enumerate(parts) if part.verdict == "paired" and part.auc >= SOUND_AUC]
    usual = _limit(rows.filter(pl.col("part").is_in(sound))["fit"], rate)
    limits = {
        number: min(_limit(rows.filter(pl.col("part") == number)["fit"], rate) if number in sound else usual, SURE)
        for number, part in enumerate(parts)
        if part.verdict != "unknown"
    }
    synthetic = pl.col("decision") == SYNTHETIC
    others = 0.0 if synthetic_only else pl.col("part").replace_strict(limits, return_dtype=pl.Float64, default=0.0)
    limit = pl.when(synthetic).then(pl.lit(usual or MOST)).otherwise(others)
    limits_by_row = rows.select("index", limit.alias("fit_limit"))
    ledger = ledger.join(limits_by_row, on="index", how="left", maintain_order="left")
    dropped = ledger.filter(pl.col("fit") < pl.col("fit_limit"))
    detail = pl.lit("fit ") + _shown("fit") + pl.lit(", usual is at least ") + _shown("fit_limit")
    return drop(
        ledger,
        dropped.select("index", pl.lit("mismatched").alias("reason"), detail.alias("detail"), score="fit"),
        "pair",
    )


def _limit(fits: pl.Series, rate: float) -> float:
    """The score that no more than a share of rows is below."""
    found = np.sort(fits.drop_nulls().to_numpy())
    return min(float(found[int(rate * len(found))]), MOST) if len(found) else 0.0


def _shown(name: str) -> pl.Expr:
    return pl.col(name).round(3).cast(pl.String)
