"""Words as sparse vectors: the product of a description's and a code's is how much their words agree.

Rows come as lists of 32-bit features (see `builder.prepare.features`): the upper four bits are the role, the lower 28
the word. A vector's columns are words; a second block of them holds words in quotes, which count once more against the
strings of a code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from builder.prepare.features import HASH_BITS, Role

Floats = NDArray[np.float64]
Ints = NDArray[np.signedinteger[Any]]

_WORD_MASK = (1 << HASH_BITS) - 1
_QUOTED_BLOCK = 1 << HASH_BITS
_SIZE_BLOCK = 2 << HASH_BITS
_STATED_BLOCK = 3 << HASH_BITS
_WIDTH = 4 << HASH_BITS
_ROWS = 16_384
"""Rows of which vectors are made at once."""

WEIGHTS: dict[str, float] = {
    "number": 11.26, "pair": 6.5, "whole": 6.5, "math": 12.0, "count": 10.18, "sequence": 8.35, "limits": 12.0,
    "text": 1.55, "name": 10.46, "everyday": 14.92, "comment": 4.2, "anywhere": 16.97, "quoted": 1.72,
    "numbers": 4.94, "formulas": 1.5, "quotes": 1.77, "words and formulas": 1.82, "words and comments": 3.05,
    "contradiction": 30.0,
}  # fmt: skip
"""How much each kind of agreement counts: what stands alike in both; a word of the description by where the code has
it, or anywhere in it; a quoted word in a string; and how many of something each of the two has.

The weights are fitted: they make the own pairs of ManimBench, Edoh and Bespoke likeliest among all pairs of their set
(`fit_weights` in `benchmarks.pairing`; `BY_HAND` there names those that are not fitted, and says why)."""

_ALIKE = {
    "number": Role.NUMBER,
    "pair": Role.PAIR,
    "whole": Role.WHOLE,
    "math": Role.MATH,
    "count": Role.COUNT,
    "sequence": Role.SEQUENCE,
    "limits": Role.LIMITS,
}
_PLACES = {"text": Role.TEXT, "name": Role.NAME, "everyday": Role.EVERYDAY, "comment": Role.COMMENT}
_BEST_PLACE = {Role.TEXT: 1.0, Role.NAME: 0.8, Role.EVERYDAY: 0.5, Role.COMMENT: 0.7}
"""How good a place is for a word that may stand anywhere."""
_SIZES = {
    "numbers": (Role.NUMBER, Role.NUMBER),
    "formulas": (Role.MATH, Role.MATH),
    "quotes": (Role.WHOLE, Role.WHOLE),
    "words and formulas": (Role.WORD, Role.MATH),
    "words and comments": (Role.WORD, Role.COMMENT),
}
"""Role of a description, role of a code: how many features there are of each, as logarithms."""
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


def description_vectors(lists: pl.Series, rarity: Rarity) -> scipy.sparse.csr_array:
    """Vectors of descriptions, one a row."""
    if len(lists) > _ROWS:
        return _joined(lists, lambda some: description_vectors(some, rarity))
    rows, roles, words = _flat(lists)
    weights, count = rarity.of(words), len(lists)
    parts = [_channel(rows, words, weights, roles == role, count) for role in (Role.WORD, *_ALIKE.values())]
    row, word, value = _channel(rows, words, weights, roles == Role.QUOTED, count)
    parts.append((row, word + _QUOTED_BLOCK, value))
    for number, (role, _) in enumerate(_SIZES.values()):
        parts.append(_size(rows[roles == role], number, count))
    parts += [_stated(rows, words, roles == role, 1.0) for role in (Role.SLOT, Role.VALUE)]
    return _matrix(parts, count)


def code_vectors(lists: pl.Series, rarity: Rarity, weighted: Mapping[str, float] = WEIGHTS) -> scipy.sparse.csr_array:
    """Vectors of codes, one a row.

    Args:
        lists: features of codes.
        rarity: how much words count.
        weighted: how much each kind of agreement counts, by the names in `WEIGHTS`; others count nothing.
    """
    if len(lists) > _ROWS:
        return _joined(lists, lambda some: code_vectors(some, rarity, weighted))
    rows, roles, words = _flat(lists)
    weights, count = rarity.of(words), len(lists)
    parts = []

    def add(kind: str, part: tuple[Ints, Ints, Floats], block: int = 0) -> None:
        if weighted.get(kind):
            parts.append((part[0], part[1] + block, part[2] * (weighted[kind] * _SCALE)))

    for kind, role in (_ALIKE | _PLACES).items():
        add(kind, _channel(rows, words, weights, roles == role, count))
    add("quoted", _channel(rows, words, weights, roles == Role.TEXT, count), _QUOTED_BLOCK)
    for role, sign in ((Role.SLOT, -1.0), (Role.VALUE, 1.0)):
        add("contradiction", _stated(rows, words, roles == role, sign))
    add("anywhere", _anywhere(rows, roles, words, rarity, count))
    for number, (kind, (_, role)) in enumerate(_SIZES.items()):
        add(kind, _size(rows[roles == role], number, count))
    return _matrix(parts, count)


def _joined(lists: pl.Series, made: Callable[[pl.Series], scipy.sparse.csr_array]) -> scipy.sparse.csr_array:
    """The vectors of many rows, made of some rows at a time: the keys of all would take several times their memory."""
    parts = [made(lists[rows]) for rows in blocks(len(lists))]
    return scipy.sparse.csr_array(scipy.sparse.vstack(parts, format="csr"))


def blocks(count: int, size: int = _ROWS) -> Iterator[slice]:
    """The rows of a table, so many at a time."""
    return (slice(start, start + size) for start in range(0, count, size))


def _size(rows: Ints, number: int, count: int) -> tuple[Ints, Ints, Floats]:
    """The logarithm of how many features a row has, in a column of its own."""
    sizes = np.log1p(np.bincount(rows, minlength=count))
    return np.arange(count, dtype=np.int64), np.full(count, _SIZE_BLOCK + number, dtype=np.int64), sizes


def _stated(rows: Ints, words: Ints, chosen: NDArray[np.bool_], sign: float) -> tuple[Ints, Ints, Floats]:
    """Slots and values, all of equal weight: a slot that both texts fill costs what an equal value gives back."""
    row = rows[chosen]
    return row, words[chosen] + _STATED_BLOCK, np.full(len(row), sign)


def only_words(vectors: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """Vectors without their sizes and without the second block of quoted words."""
    kept = vectors.indices < _QUOTED_BLOCK
    pointers = np.concatenate([[0], np.cumsum(kept)])[vectors.indptr]
    return scipy.sparse.csr_array((vectors.data[kept], vectors.indices[kept], pointers), shape=vectors.shape)


def words_only(columns: Ints) -> NDArray[np.bool_]:
    """Which columns stand for words, not for how many there are."""
    return columns < _SIZE_BLOCK


def _channel(
    rows: Ints, words: Ints, weights: Floats, chosen: NDArray[np.bool_], count: int
) -> tuple[Ints, Ints, Floats]:
    """Features of one role, divided by the root of the vector's length: long texts count more, not as much more."""
    row, weight = rows[chosen], weights[chosen]
    length = np.sqrt(np.bincount(row, weights=weight * weight, minlength=count))
    return row, words[chosen], weight / np.sqrt(length[row] + 1e-9)


def _anywhere(rows: Ints, roles: Ints, words: Ints, rarity: Rarity, count: int) -> tuple[Ints, Ints, Floats]:
    """Words that a code has in any place, by the best of the places."""
    place = np.zeros(roles.max(initial=Role.LIMITS) + 1)
    for role, value in _BEST_PLACE.items():
        place[role] = value
    chosen = place[roles] > 0
    pairs, which = np.unique(rows[chosen] << HASH_BITS | words[chosen], return_inverse=True)
    best = np.zeros(len(pairs))
    np.maximum.at(best, which, place[roles[chosen]])
    row, word = pairs >> HASH_BITS, pairs & _WORD_MASK
    return _channel(row, word, rarity.of(word) * best, np.ones(len(pairs), dtype=np.bool_), count)


def _matrix(parts: list[tuple[Ints, Ints, Floats]], count: int) -> scipy.sparse.csr_array:
    row = np.concatenate([part[0] for part in parts])
    column = np.concatenate([part[1] for part in parts])
    value = np.concatenate([part[2] for part in parts])
    keys, which = np.unique(row * _WIDTH + column, return_inverse=True)
    pointers = np.searchsorted(keys // _WIDTH, np.arange(count + 1))
    data = np.bincount(which, weights=value, minlength=len(keys)).astype(np.float64)
    return scipy.sparse.csr_array((data, keys % _WIDTH, pointers), shape=(count, _WIDTH))


def narrow(matrix: scipy.sparse.csr_array, columns: Ints) -> scipy.sparse.csr_array:
    """The matrix with these columns alone; they are sorted."""
    if not len(columns):
        return scipy.sparse.csr_array((matrix.shape[0], 0))
    place = np.minimum(np.searchsorted(columns, matrix.indices), len(columns) - 1)
    kept = columns[place] == matrix.indices
    pointers = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return scipy.sparse.csr_array((matrix.data[kept], place[kept], pointers), shape=(matrix.shape[0], len(columns)))
