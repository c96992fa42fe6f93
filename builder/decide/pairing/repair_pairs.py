"""Descriptions of shuffled parts, each put together again with the code that it belongs to, if that is clear.

Self-training is what confident pairs say about the others: descriptions alike belong to codes alike. From the pairs
that are confident already, a code is predicted for each description as a mixture of their codes (kernel ridge
regression on the cosines of the word vectors), and a description for each code. A pair's score grows by how well the
two predict each other. So words learn what they mean in the code of this very data, without a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from builder.decide.pairing.alignment import SAMPLE_ROWS, advantages, curve, learn_alignment
from builder.decide.pairing.assignment import Edges, Matched, candidates, match
from builder.decide.pairing.vectors import (
    WEIGHTS,
    Floats,
    Ints,
    blocks,
    code_vectors,
    description_vectors,
    narrow,
    only_words,
)

ROUNDS = 2
"""Rounds of self-training: the confident pairs of each weigh in the scores of the next."""
MARGIN = 0.75
"""Least margin of a pair that is kept (natural logarithm of a ratio of probabilities)."""


def repair_pairs(rows: pl.DataFrame, words: pl.LazyFrame | pl.DataFrame, margin: float = MARGIN) -> pl.DataFrame:
    """Pair the descriptions of shuffled parts with codes.

    Args:
        rows: one line a row read: `index`, `source`, `shuffled`, `description_key`, `program_key`,
            `canonical_key` (equal programs but for names; where it is null, `program_key` stands for it).
        words: `index`, `description_words`, `code_words` of the same rows; only those of shuffled parts are collected.
        margin: least margin of a pair that is kept, as a natural logarithm; lower keeps more, and more wrong ones.

    Returns:
        For every row of a shuffled part, in the order of `rows`: `index`; `code_index`, the lowest index among the
        rows read with the code that was found for its description, null if none is clear; `score`, from 0 to 1, and
        `margin` of the best pair, also where it was not kept. Where the description also stands in a sound part, the
        code is the one that it has there, and the margin is null.
    """
    code_key = pl.coalesce("canonical_key", "program_key").alias("code_key")
    keyed = rows.select("index", "source", "shuffled", "description_key", code_key).sort("index")
    pool = keyed.filter(pl.col("shuffled") & pl.col("description_key").is_not_null() & pl.col("code_key").is_not_null())
    sound = keyed.filter(pl.col("shuffled").not_()).drop_nulls(["description_key", "code_key"])
    known = sound.group_by("description_key", maintain_order=True).agg(pl.col("index").first().alias("code_index"))
    descriptions = _distinct(pool.join(known, on="description_key", how="anti"), "description_key")
    codes = _distinct(pool.join(sound, on="code_key", how="anti"), "code_key").join(
        _room(pool), on="code_key", how="left"
    )
    codes = codes.sort("code_key")
    paired = _paired(descriptions, codes, words, margin)
    known = known.with_columns(pl.lit(None, pl.Float64).alias("score"), pl.lit(None, pl.Float64).alias("margin"))
    found = pl.concat([paired, known.select(paired.columns)]).unique(
        "description_key", keep="first", maintain_order=True
    )
    wanted = rows.filter(pl.col("shuffled")).select("index", "description_key")
    return wanted.join(found, on="description_key", how="left", maintain_order="left").drop("description_key")


def _room(pool: pl.DataFrame) -> pl.DataFrame:
    """For each code, how many descriptions it may belong to.

    Mixing rows up changes no counts: as many as it stands with in a source whose descriptions stand with one code
    each. Where they stand with several, rows were repeated before they were mixed up, and nothing is known: one.
    """
    pairs = pool.select("source", "description_key", "code_key").unique()
    single = pairs.select(
        "source", "code_key", (pl.len() == pl.col("description_key").n_unique()).over("source").alias("single")
    )
    counted = single.group_by("source", "code_key").agg(
        pl.when(pl.col("single").first()).then(pl.len()).otherwise(1).alias("room")
    )
    return counted.group_by("code_key").agg(pl.col("room").cast(pl.Int64).max())


def _distinct(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """The first row with each key, in the order of the keys."""
    return rows.unique(key, keep="first", maintain_order=True).select("index", key).sort(key)


def _paired(
    descriptions: pl.DataFrame, codes: pl.DataFrame, words: pl.LazyFrame | pl.DataFrame, margin: float
) -> pl.DataFrame:
    """`description_key`, `code_index`, `score` and `margin` of each description."""
    index: pl.DataType = codes["index"].dtype
    schema = pl.Schema(
        {"description_key": pl.UInt64(), "code_index": index, "score": pl.Float64(), "margin": pl.Float64()}
    )
    if descriptions.is_empty() or codes.is_empty():
        return pl.DataFrame(schema=schema)
    texts = _words(words, descriptions, "description_words")
    programs = _words(words, codes, "code_words")
    found, score = assign(texts, programs, codes["room"].to_numpy())
    kept = pl.Series("kept", found.margin >= margin)
    return pl.DataFrame(
        {
            "description_key": descriptions["description_key"].to_numpy()[found.description],
            "code_index": codes["index"].to_numpy()[found.code],
            "score": score,
            "margin": found.margin,
        },
        schema=schema,
    ).with_columns(pl.when(kept).then("code_index").alias("code_index"))


def assign(
    descriptions: pl.Series, codes: pl.Series, room: Ints, weighted: Mapping[str, float] = WEIGHTS
) -> tuple[Matched, Floats]:
    """The best assignment of descriptions to codes, whatever the margins, and the score of each pair from 0 to 1.

    Args:
        descriptions: lists of features, in the order of their keys, which are hashes, so that the first are a fair
            sample.
        codes: the same of codes.
        room: for each code, how many descriptions it may belong to.
        weighted: how much each kind of agreement counts.
    """
    alignment = learn_alignment(descriptions.head(SAMPLE_ROWS), codes.head(SAMPLE_ROWS), weighted)
    left = description_vectors(descriptions, alignment.rarity)
    right = code_vectors(codes, alignment.rarity, weighted)
    usual_left, usual_right = alignment.code.times(left) - alignment.both, alignment.description.times(right)
    edges = candidates(left, right, usual_left, usual_right, room)
    found = match(edges)
    units = _units(left), _units(right)
    for _ in range(ROUNDS):
        found = match(train(edges, *units, found))
    return found, curve(advantages(left[found.description], right[found.code], alignment))


def _words(words: pl.LazyFrame | pl.DataFrame, rows: pl.DataFrame, column: str) -> pl.Series:
    """The lists of features of some rows, in their order."""
    wanted = rows.lazy().select("index")
    found = words.lazy().select("index", column).join(wanted, on="index", how="semi").collect()
    return rows.select("index").join(found, on="index", how="left", maintain_order="left")[column]


CONFIDENT = 1.0
"""Least margin of a confident pair."""
MIN_CONFIDENT = 20
MAX_CONFIDENT = 1_000
_MAX_CELLS = 50_000_000
"""Cells of a matrix of texts and confident pairs."""
RIDGE = 1.0
WEIGHT = 0.5
"""How much each of the two predictions counts, in standard deviations over all pairs; chosen with other weights."""
_SAMPLE = 1_000
_CHUNK = 20_000
"""Pairs that are scored at once."""

Cells = NDArray[np.float32]


def train(edges: Edges, left: scipy.sparse.csr_array, right: scipy.sparse.csr_array, found: Matched) -> Edges:
    """The same pairs with scores that take the confident pairs into account.

    The confident pairs are two halves; each is applied to the other half and to all the rest: no pair confirms itself.

    Args:
        edges: candidate pairs with their scores from words alone.
        left: words of descriptions, as `_units` gives them.
        right: words of codes.
        found: the assignment so far; its pairs from the margin `CONFIDENT` on are used, unless they are too few.
    """
    confident = np.flatnonzero(found.margin >= CONFIDENT)
    most = min(MAX_CONFIDENT, _MAX_CELLS // max(edges.descriptions, edges.codes, 1))
    confident = confident[:: max(1, -(-len(confident) // max(most, 1)))]
    if len(confident) < MIN_CONFIDENT:
        return edges
    score = np.zeros(len(edges.score))
    times = np.zeros(len(edges.score))
    for half in (0, 1):
        chosen = confident[half::2]
        others = np.ones(edges.descriptions, dtype=np.bool_), np.ones(edges.codes, dtype=np.bool_)
        others[0][found.description[chosen]] = False
        others[1][found.code[chosen]] = False
        applies = others[0][edges.description] & others[1][edges.code]
        score += applies * _predictions(edges, left, right, found.description[chosen], found.code[chosen])
        times += applies
    score = edges.score + WEIGHT * score / np.maximum(times, 1.0)
    return replace(edges, score=np.round(score, 6))


def _predictions(
    edges: Edges, left: scipy.sparse.csr_array, right: scipy.sparse.csr_array, description: Ints, code: Ints
) -> Floats:
    """For each pair how well its two sides predict each other, by some confident pairs: in deviations."""
    descriptions, codes = _cosines(left, description), _cosines(right, code)
    # codes predicted from descriptions, then the other way
    score = _deviations(edges, descriptions, _solved(descriptions[description], codes))
    return score + _deviations(edges, _solved(codes[code], descriptions), codes)


def _deviations(edges: Edges, one: Cells, other: Cells) -> Floats:
    """The products of the pairs' rows, in deviations from what random rows have."""
    usual = (one[_spread(edges.descriptions)] @ other[_spread(edges.codes)].T).astype(np.float64)
    return (_products(edges, one, other) - float(usual.mean())) / max(float(usual.std()), 1e-9)


def _products(edges: Edges, one: Cells, other: Cells) -> Floats:
    """The product of a row of one and a row of the other, for each pair."""
    if len(edges.score) == edges.descriptions * edges.codes:
        return np.asarray(one @ other.T, dtype=np.float64).ravel()
    products = np.empty(len(edges.score))
    for here in blocks(len(products), _CHUNK):
        products[here] = np.einsum("ij,ij->i", one[edges.description[here]], other[edges.code[here]])
    return products


def _spread(count: int) -> Ints:
    """Some members, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).astype(np.int64))


def _units(vectors: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """Vectors of words alone, of length one."""
    words = only_words(vectors)
    words = narrow(words, np.unique(words.indices))
    lengths = np.sqrt(np.asarray(words.multiply(words).sum(axis=1), dtype=np.float64).ravel())
    return scipy.sparse.csr_array(scipy.sparse.diags_array(1.0 / (lengths + 1e-9)) @ words)


def _cosines(units: scipy.sparse.csr_array, chosen: Ints) -> Cells:
    """Cosines of all vectors with the chosen ones."""
    with_chosen = units[chosen].T
    return _by_rows(units.shape[0], len(chosen), lambda rows: (units[rows] @ with_chosen).toarray())


def _solved(among: Cells, others: Cells) -> Cells:
    """`others` times the inverse of the confident pairs' own cosines, with the ridge."""
    square = among.astype(np.float64) + RIDGE * np.eye(len(among))
    return _by_rows(
        others.shape[0], others.shape[1], lambda rows: np.linalg.solve(square, others[rows].T.astype(np.float64)).T
    )


def _by_rows(count: int, columns: int, made: Callable[[slice], NDArray[np.floating[Any]]]) -> Cells:
    """Numbers of many rows, worked out in double precision for some rows at a time, which take twice the memory."""
    cells = np.empty((count, columns), dtype=np.float32)
    for rows in blocks(count):
        cells[rows] = made(rows)
    return cells
