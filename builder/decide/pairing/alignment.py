"""How well a description and a code belong together, from 0 to 1, by their words alone.

The product of their vectors (see `vectors`) is compared with what each of the two reaches with anything: a text that
shares words with everything gains nothing by it. What is left is brought to a probability: 0.5 where an own pair and
a random pair are equally likely.

Not covered: meaning without shared words, such as a prompt in another language than the texts of its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy

from builder.decide.pairing.vectors import (
    WEIGHTS,
    Floats,
    Ints,
    Rarity,
    code_vectors,
    description_vectors,
    look_up,
    rarity_of,
)

SAMPLE_ROWS = 20_000
"""Rows from which rarity is learned at the most: those with the lowest keys, which are hashes."""
SLOPE, MIDDLE = 0.67, 7.83
"""Of the logistic curve that makes a score from 0 to 1 of an advantage (fitted: `benchmarks.pairing`, `fit_curve`)."""


@dataclass(frozen=True, slots=True, eq=False)
class Mean:
    """The mean of some vectors: columns, sorted, and values."""

    columns: Ints
    values: Floats

    def times(self, vectors: scipy.sparse.csr_array) -> Floats:
        """The mean's product with each vector."""
        products = look_up(self.columns, self.values, vectors.indices, 0.0) * vectors.data
        rows = np.repeat(np.arange(vectors.shape[0]), np.diff(vectors.indptr))
        return np.asarray(np.bincount(rows, weights=products, minlength=vectors.shape[0]), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """What scores are made with: learned from the rows of a build."""

    rarity: Rarity
    description: Mean
    code: Mean
    both: float
    """The product of the two means."""


def learn_alignment(descriptions: pl.Series, codes: pl.Series, weighted: Mapping[str, float] = WEIGHTS) -> Alignment:
    """Learn how rare words are, and what a random pair reaches.

    Args:
        descriptions, codes: lists of 32-bit features, repeats left out; `sample_of` chooses rows where there are many.
        weighted: how much each kind of agreement counts.
    """
    rarity = rarity_of(descriptions, codes)
    description = mean_of(description_vectors(descriptions, rarity))
    code = mean_of(code_vectors(codes, rarity, weighted))
    both = float(description.values @ look_up(code.columns, code.values, description.columns, 0.0))
    return Alignment(rarity, description, code, both)


def sample_of(rows: pl.DataFrame, count: int = SAMPLE_ROWS) -> pl.DataFrame:
    """Of all distinct pairs those with the lowest keys: chosen by content, whatever the order and names of sources.

    Args:
        rows: `index`, `description_key`, `program_key`, and any other columns.
        count: rows at the most.
    """
    mixed = pl.col("description_key") ^ (pl.col("program_key") * 0x9E3779B97F4A7C15)
    keyed = rows.drop_nulls(["description_key", "program_key"]).with_columns(mixed.alias("_mixed"))
    first = keyed.sort("_mixed", "index").unique("_mixed", keep="first", maintain_order=True)
    return first.head(count).drop("_mixed").sort("index")


def mean_of(vectors: scipy.sparse.csr_array) -> Mean:
    """The mean of vectors."""
    columns, which = np.unique(vectors.indices, return_inverse=True)
    sums = np.bincount(which, weights=vectors.data, minlength=len(columns))
    return Mean(columns.astype(np.int64), sums / max(vectors.shape[0], 1))


def score_pairs(words: pl.DataFrame, alignment: Alignment) -> Floats:
    """The score of each row's description with its code, from 0 to 1, in steps of a millionth.

    Args:
        words: `description_words` and `code_words`; an empty or missing list scores as nothing in common.
        alignment: from `learn_alignment`; rows may be scored in batches with the same one.
    """
    left = description_vectors(words["description_words"], alignment.rarity)
    right = code_vectors(words["code_words"], alignment.rarity)
    return curve(advantages(left, right, alignment))


def advantages(left: scipy.sparse.csr_array, right: scipy.sparse.csr_array, alignment: Alignment) -> Floats:
    """Each left row's product with the right row of its number, less what the two reach with anything."""
    own = np.asarray(left.multiply(right).sum(axis=1), dtype=np.float64).ravel()
    return own - alignment.code.times(left) - alignment.description.times(right) + alignment.both


def curve(advantage: Floats) -> Floats:
    """Advantages as scores from 0 to 1."""
    return np.round(1.0 / (1.0 + np.exp(-SLOPE * (advantage - MIDDLE))), 6)
