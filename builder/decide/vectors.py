"""Words as sparse vectors: the product of a description's and a code's is how much their words agree.

Rows come as lists of 32-bit features (see `builder.prepare.words`): the upper four bits are the role, the lower 28 the
word. A vector's columns are words; a second block of them holds words in quotes, which count once more against the
strings of a code.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Ints = NDArray[np.signedinteger[Any]]

HASH_BITS = 28
WORD, QUOTED, TEXT, NAME, EVERYDAY, COMMENT, NUMBER, PAIR, WHOLE, MATH, COUNT, API, SEQUENCE = range(13)
"""Roles, as `builder.prepare.words.Role` numbers them."""

_WORD_MASK = (1 << HASH_BITS) - 1
_QUOTED_BLOCK = 1 << HASH_BITS
_WIDTH = 2 << HASH_BITS

CHANNELS: dict[int, float] = {
    NUMBER: 7.01, PAIR: 2.88, WHOLE: 3.63, MATH: 0.81, COUNT: 4.03, SEQUENCE: 6.54,
}  # fmt: skip
"""Weights of what stands alike in descriptions and codes."""
WORDS_OF_CODE: dict[int, float] = {TEXT: 2.11, NAME: 9.71, EVERYDAY: 8.16, COMMENT: 1.79}
"""Weights of a description's word by where the code has it."""
ANYWHERE = 12.01
"""Weight of a description's word that the code has anywhere, times the best of `_PLACES`."""
QUOTED_IN_TEXT = 2.46
"""Weight of a quoted word that stands in a string of the code.

All these weights are fitted: they make own pairs of ManimBench, Edoh and Bespoke likeliest among all pairs of their
set (`benchmarks.pairing`, `fit_weights`)."""
_PLACES: dict[int, float] = {TEXT: 1.0, NAME: 0.8, EVERYDAY: 0.5, COMMENT: 0.7}
_SCALE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Rarity:
    """How much a word counts: the logarithm of how few texts have it."""

    words: Ints
    """Words, sorted."""
    weights: Floats
    unseen: float
    """What a word counts that is not among them."""

    def of(self, words: Ints) -> Floats:
        """Weights of words."""
        return look_up(self.words, self.weights, words, self.unseen)


def look_up(keys: Ints, values: Floats, wanted: Ints, missing: float) -> Floats:
    """For each wanted key its value; `keys` are sorted."""
    if not len(keys):
        return np.full(len(wanted), missing)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], missing)


def rarity_of(descriptions: pl.Series, codes: pl.Series) -> Rarity:
    """Rarity of words among some descriptions and codes, each text counted once for a word."""
    counted = [
        np.unique(rows << HASH_BITS | words) & _WORD_MASK for rows, _, words in (_flat(descriptions), _flat(codes))
    ]
    words, texts = np.unique(np.concatenate(counted), return_counts=True)
    every = len(descriptions) + len(codes) + 1.0
    return Rarity(words, np.log(every / (texts + 1.0)), float(np.log(every / 2.0)))


def _flat(lists: pl.Series) -> tuple[Ints, Ints, Ints]:
    """Row, role and word of each feature."""
    lengths = lists.list.len().fill_null(0).to_numpy().astype(np.int64)
    features = lists.filter(lists.list.len() > 0).explode().to_numpy().astype(np.int64)
    rows = np.repeat(np.arange(len(lists), dtype=np.int64), lengths)
    return rows, features >> HASH_BITS, features & _WORD_MASK


def description_vectors(lists: pl.Series, rarity: Rarity) -> csr_array:
    """Vectors of descriptions, one a row."""
    rows, roles, words = _flat(lists)
    weights = rarity.of(words)
    parts = [_channel(rows, words, weights, roles == role, len(lists)) for role in (WORD, *CHANNELS)]
    row, word, value = _channel(rows, words, weights, roles == QUOTED, len(lists))
    return _matrix([*parts, (row, word + _QUOTED_BLOCK, value)], len(lists))


def code_vectors(lists: pl.Series, rarity: Rarity) -> csr_array:
    """Vectors of codes, one a row."""
    rows, roles, words = _flat(lists)
    weights = rarity.of(words)
    parts = []
    for role, factor in (CHANNELS | WORDS_OF_CODE).items():
        row, word, value = _channel(rows, words, weights, roles == role, len(lists))
        parts.append((row, word, value * factor * _SCALE))
        if role == TEXT:
            parts.append((row, word + _QUOTED_BLOCK, value * QUOTED_IN_TEXT * _SCALE))
    row, word, value = _anywhere(rows, roles, words, rarity, len(lists))
    return _matrix([*parts, (row, word, value * ANYWHERE * _SCALE)], len(lists))


def _channel(
    rows: Ints, words: Ints, weights: Floats, chosen: NDArray[np.bool_], count: int
) -> tuple[Ints, Ints, Floats]:
    """Features of one role, divided by the root of the vector's length: long texts count more, not as much more."""
    row, weight = rows[chosen], weights[chosen]
    length = np.sqrt(np.bincount(row, weights=weight * weight, minlength=count))
    return row, words[chosen], weight / np.sqrt(length[row] + 1e-9)


def _anywhere(rows: Ints, roles: Ints, words: Ints, rarity: Rarity, count: int) -> tuple[Ints, Ints, Floats]:
    """Words that a code has in any place, by the best of the places."""
    place = np.zeros(roles.max(initial=SEQUENCE) + 1)
    for role, value in _PLACES.items():
        place[role] = value
    chosen = place[roles] > 0
    pairs, which = np.unique(rows[chosen] << HASH_BITS | words[chosen], return_inverse=True)
    best = np.zeros(len(pairs))
    np.maximum.at(best, which, place[roles[chosen]])
    row, word = pairs >> HASH_BITS, pairs & _WORD_MASK
    return _channel(row, word, rarity.of(word) * best, np.ones(len(pairs), dtype=np.bool_), count)


def _matrix(parts: list[tuple[Ints, Ints, Floats]], count: int) -> csr_array:
    row = np.concatenate([part[0] for part in parts])
    column = np.concatenate([part[1] for part in parts])
    value = np.concatenate([part[2] for part in parts])
    keys, which = np.unique(row * _WIDTH + column, return_inverse=True)
    pointers = np.searchsorted(keys // _WIDTH, np.arange(count + 1))
    data = np.bincount(which, weights=value, minlength=len(keys)).astype(np.float64)
    return csr_array((data, keys % _WIDTH, pointers), shape=(count, _WIDTH))


def narrow(matrix: csr_array, columns: Ints) -> csr_array:
    """The matrix with these columns alone; they are sorted."""
    if not len(columns):
        return csr_array((matrix.shape[0], 0))
    place = np.minimum(np.searchsorted(columns, matrix.indices), len(columns) - 1)
    kept = columns[place] == matrix.indices
    pointers = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return csr_array((matrix.data[kept], place[kept], pointers), shape=(matrix.shape[0], len(columns)))
