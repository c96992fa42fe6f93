"""Self-training: what confident pairs say about the others. Descriptions alike belong to codes alike.

From the pairs that are confident already, a code is predicted for each description as a mixture of their codes (kernel
ridge regression on the cosines of the word vectors), and a description for each code. A pair's score grows by how well
the two predict each other. So words learn what they mean in the code of this very data, without a table.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy
from numpy.typing import NDArray

from builder.decide.pairing.assignment import Edges, Matched
from builder.decide.pairing.vectors import Floats, Ints, narrow, only_words

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
        left: vectors of descriptions.
        right: vectors of codes.
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
    forth = _solved(descriptions[description], codes)  # codes predicted from descriptions
    back = _solved(codes[code], descriptions)
    some, others = _spread(edges.descriptions), _spread(edges.codes)
    score = np.zeros(len(edges.score))
    for one, other in ((descriptions, forth), (back, codes)):
        usual = (one[some] @ other[others].T).astype(np.float64)
        score += (_products(edges, one, other) - float(usual.mean())) / max(float(usual.std()), 1e-9)
    return score


def _products(edges: Edges, one: Cells, other: Cells) -> Floats:
    """The product of a row of one and a row of the other, for each pair."""
    if len(edges.score) == edges.descriptions * edges.codes:
        return np.asarray(one @ other.T, dtype=np.float64).ravel()
    products = np.empty(len(edges.score))
    for at in range(0, len(products), _CHUNK):
        here = slice(at, at + _CHUNK)
        products[here] = np.einsum("ij,ij->i", one[edges.description[here]], other[edges.code[here]])
    return products


def _spread(count: int) -> Ints:
    """Some members, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).astype(np.int64))


def _cosines(vectors: scipy.sparse.csr_array, chosen: Ints) -> Cells:
    """Cosines of all vectors with the chosen ones, words alone."""
    words = only_words(vectors)
    words = narrow(words, np.unique(words.indices))
    lengths = np.sqrt(np.asarray(words.multiply(words).sum(axis=1), dtype=np.float64).ravel())
    unit = scipy.sparse.diags_array(1.0 / (lengths + 1e-9)) @ words
    return np.asarray((unit @ unit[chosen].T).toarray(), dtype=np.float32)


def _solved(among: Cells, others: Cells) -> Cells:
    """`others` times the inverse of the confident pairs' own cosines, with the ridge."""
    square = among.astype(np.float64) + RIDGE * np.eye(len(among))
    return np.asarray(np.linalg.solve(square, others.T.astype(np.float64)).T, dtype=np.float32)
