"""Pairs of near descriptions, found without comparing all with all."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cpdist

from builder.similarity.compare import LONG, Difference, difference, similarity_of_normal
from builder.similarity.hashes import (
    Flags,
    Hashes,
    Positions,
    TermHashes,
    TermNumbers,
    buckets,
    may_be_slips,
    neighbours,
    one_term_apart,
    pairs_of_equal,
    sketches,
)
from builder.similarity.key_terms import cut, key_of, key_terms
from builder.similarity.words import folded, normal_of_folded

FLOOR = 0.7
"""The least score worth keeping: whatever threshold is asked for later, pairs found at this floor are only filtered."""
ALL_PAIRS = 500_000
"""Pairs of texts that are all compared, if there are no more; else those of equal terms or in one bucket."""
BLOCK_PAIRS = 100_000
"""Pairs of texts with the same decisive terms that are all compared; beyond, only those that share a bucket."""
SHORT, SHORT_PAIRS = 64, 4_000_000
"""Characters of texts of which more pairs are compared: they cost little, and share buckets by luck alone."""
ROWS, ROWS_AGREEING = 4, 2
"""Hashes of a bucket: of any texts, of texts with the same decisive terms."""
NEIGHBOURS, NEIGHBOURS_SLIPPED, NEIGHBOURS_AGAINST, NEIGHBOURS_AGREEING = 4, 16, 100, 200
"""With how many of those that follow it in a bucket a text is compared, at the most: of any texts, of texts that may
differ in slips alone, of any texts on the other side, of texts with the same decisive terms, or one term apart."""
_BATCH = 200_000
_KEPT_TERMS = 8_000

SCHEMA = {"left": pl.UInt32, "right": pl.UInt32, "score": pl.Float64, "agrees": pl.Boolean, "difference": pl.UInt8}


@dataclass(frozen=True, slots=True)
class _Side:
    """Which of the texts of one side each text of a pool stands for: numbers in arrays, since there may be millions.

    Attributes:
        positions: of the side's texts, those of the pool's first text first, each ascending.
        starts: where those of each text of the pool start, and where the last ones end.
        held: whether the side has each of the pool's texts.
    """

    positions: Positions
    starts: Positions
    held: Flags

    def first(self, places: Positions) -> Positions:
        """The first position of some of the pool's texts, which the side has."""
        return self.positions[self.starts[places]]

    def copies(self, places: Positions) -> tuple[Positions, Positions]:
        """All positions of some of the pool's texts, and for each position which of these places it is of."""
        sizes = self.starts[places + 1] - self.starts[places]
        which = np.repeat(np.arange(len(places)), sizes)
        steps = np.arange(len(which)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return self.positions[self.starts[places][which] + steps], which


@dataclass(frozen=True, slots=True)
class _Pool:
    """Distinct texts in an order of their own content, so that the order of input changes nothing.

    Attributes:
        normals: normalised texts, without repeats but for those whose key terms differ.
        texts: a text of each as it was given.
        keys: hash of the key terms of each.
        decisive: hash of the decisive ones.
        terms: hashes of the single terms.
        lengths: characters of each normalised text.
        left: where each stands among `texts`.
        right: where each stands among `against`; the same as `left` if there is none.
        two_sided: whether there is an `against`.
    """

    normals: list[str]
    texts: list[str]
    keys: Hashes
    decisive: Hashes
    terms: TermHashes
    lengths: Positions
    left: _Side
    right: _Side
    two_sided: bool


def near_pairs(texts: Sequence[str], threshold: float, against: Sequence[str] | None = None) -> pl.DataFrame:
    """Pairs of texts whose similarity is at least a threshold.

    Of texts with the same decisive terms every pair is compared, and of those that are one term apart, so the pairs
    that count are nearly all found, however short the texts are (of more than `BLOCK_PAIRS` such pairs, those that
    share a bucket). Pairs that differ in decisive terms are there to be looked at: beyond `ALL_PAIRS` they come from
    MinHash buckets, and some are missed, as are some with several slips. Copies (equal in normalised text and in key
    terms) are paired with the first of them only, and only the first is paired with others; with `against`, every copy
    on the left is paired with the first on the right.

    Args:
        texts: descriptions.
        threshold: the least similarity, above 0 to 1. Pairs found at a low one may be filtered by a higher one.
        against: other descriptions; if given, pairs go from `texts` to these.

    Returns:
        `left` and `right` (positions in `texts`; or `right` in `against`), `score`, `agrees` (the key terms are the
        same, slips aside), `difference` (a `Difference`), sorted by positions; without `against`, `left` is the
        smaller.
    """
    pool = _pooled(texts, against)
    one, other = _candidates(pool, threshold)
    scores = _scored(pool, one, other, threshold)
    near = scores >= threshold
    one, other, scores = one[near], other[near], scores[near]
    differences = _differences(pool, one, other)
    left, right, source = _positions(pool, one, other)
    found = pl.DataFrame(
        {
            "left": left,
            "right": right,
            "score": scores[source],
            "agrees": differences[source] <= Difference.SLIPS,
            "difference": differences[source],
        },
        schema_overrides=SCHEMA,
    )
    return pl.concat([found, _copies(pool)]).sort("left", "right")


def _pooled(texts: Sequence[str], against: Sequence[str] | None) -> _Pool:
    entries: dict[tuple[str, int], int] = {}
    decisive, sizes, terms = array("Q"), array("q"), array("i")
    numbers = TermNumbers()
    firsts: list[str] = []
    met = array("q"), array("q")
    for members, of in zip((texts, against or ()), met, strict=True):
        for text in members:
            plain = folded(text)
            found = cut(plain)
            entry = normal_of_folded(plain), key_of(found.terms)
            of.append(entries.setdefault(entry, len(entries)))
            if len(entries) > len(firsts):
                firsts.append(text)
                decisive.append(entry[1] if found.decisive is found.terms else key_of(found.decisive))
                sizes.append(len(found.terms))
                terms.extend(map(numbers.__getitem__, found.terms))
    ordered = sorted(entries)
    order = np.fromiter(map(entries.__getitem__, ordered), dtype=np.int64, count=len(ordered))
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    left, right = (_side(places[np.array(of, dtype=np.int64)], len(order)) for of in met)
    return _Pool(
        [text for text, _ in ordered],
        [firsts[number] for number in order.tolist()],
        np.fromiter((key for _, key in ordered), dtype=np.uint64, count=len(ordered)),
        np.array(decisive, dtype=np.uint64)[order],
        numbers.hashed(np.array(terms, dtype=np.int32), np.array(sizes, dtype=np.int64), order),
        np.fromiter((len(text) for text, _ in ordered), dtype=np.int64, count=len(ordered)),
        left,
        left if against is None else right,
        against is not None,
    )


def _side(places: Positions, count: int) -> _Side:
    sizes = np.bincount(places, minlength=count)
    return _Side(np.argsort(places, kind="stable"), np.concatenate([[0], np.cumsum(sizes)]), sizes > 0)


def _candidates(pool: _Pool, threshold: float) -> tuple[Positions, Positions]:
    """Pairs to compare, without repeats, the smaller first: of equal terms, of one term apart, and of equal buckets."""
    count = len(pool.normals)
    lefts, rights = int(pool.left.held.sum()), int(pool.right.held.sum())
    if (lefts * rights if pool.two_sided else lefts * (lefts - 1) // 2) <= ALL_PAIRS:
        return _reaching(pool, [_crossing(pool, *_all_pairs(pool))], threshold)
    blocks, large = pairs_of_equal(pool.decisive, np.arange(count), BLOCK_PAIRS)
    short, _ = pairs_of_equal(pool.decisive, large[pool.lengths[large] <= SHORT], SHORT_PAIRS)
    found = [_crossing(pool, *pair) for pair in blocks + short]
    sketched = sketches(pool.normals)
    most = NEIGHBOURS_AGAINST if pool.two_sided else NEIGHBOURS
    for labels in buckets(sketched, ROWS).T:
        for step, pair in enumerate(neighbours(labels, np.arange(count), max(most, NEIGHBOURS_SLIPPED))):
            slipped = may_be_slips(pool.terms, *pair) if step >= most else slice(None)
            found.append(_crossing(pool, pair[0][slipped], pair[1][slipped]))
    for labels in buckets(sketched[large], ROWS_AGREEING).T:
        mixed = labels ^ pool.decisive[large] * np.uint64(0x9E3779B97F4A7C15)
        found += [_crossing(pool, *pair) for pair in neighbours(mixed, large, NEIGHBOURS_AGREEING)]
    for labels, members in one_term_apart(pool.terms):
        found += [_crossing(pool, *pair) for pair in neighbours(labels, members, NEIGHBOURS_AGREEING)]
    return _reaching(pool, found, threshold)


def _differences(pool: _Pool, one: Positions, other: Positions) -> NDArray[np.uint8]:
    """The `Difference` of each pair, worked out term by term only where slips alone may make it."""
    found = np.full(len(one), Difference.DECISIVE, dtype=np.uint8)
    found[pool.decisive[one] == pool.decisive[other]] = Difference.ORDINARY
    equal = pool.keys[one] == pool.keys[other]
    found[equal] = Difference.NONE
    terms = lru_cache(maxsize=_KEPT_TERMS)(lambda place: key_terms(pool.texts[place]))
    for at in np.flatnonzero(~equal & may_be_slips(pool.terms, one, other)).tolist():
        found[at] = difference(terms(int(one[at])), terms(int(other[at])))
    return found


def _all_pairs(pool: _Pool) -> tuple[Positions, Positions]:
    if not pool.two_sided:
        return np.triu_indices(len(pool.normals), 1)
    lefts, rights = np.flatnonzero(pool.left.held), np.flatnonzero(pool.right.held)
    one, other = np.repeat(lefts, len(rights)), np.tile(rights, len(lefts))
    return one[one != other], other[one != other]


def _reaching(pool: _Pool, numbered: list[Positions], threshold: float) -> tuple[Positions, Positions]:
    """Pairs without repeats whose lengths allow the score: at best the shorter text is a part of the longer one."""
    pairs = np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *numbered]))
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]  # `np.unique` takes five times as long
    one, other = np.divmod(pairs, max(len(pool.normals), 1))
    shorter = np.minimum(pool.lengths[one], pool.lengths[other])
    kept = 2 * shorter >= (threshold - 1e-6) * (pool.lengths[one] + pool.lengths[other])
    return one[kept], other[kept]


def _crossing(pool: _Pool, one: Positions, other: Positions) -> Positions:
    """Pairs as one number each, the smaller place first, without pairs of the same side."""
    if pool.two_sided:
        is_left, is_right = pool.left.held, pool.right.held
        kept = (is_left[one] & is_right[other]) | (is_right[one] & is_left[other])
        one, other = one[kept], other[kept]
    return np.minimum(one, other) * len(pool.normals) + np.maximum(one, other)


def _scored(pool: _Pool, one: Positions, other: Positions, threshold: float) -> NDArray[np.float64]:
    """The similarity of each pair, to six digits, or 0 where it is below the threshold."""
    scores = np.zeros(len(one))
    for start in range(0, len(one), _BATCH):
        lefts, rights = one[start : start + _BATCH], other[start : start + _BATCH]
        long = pool.lengths[lefts] + pool.lengths[rights] > LONG
        short = np.flatnonzero(~long)
        found = cpdist(
            [pool.normals[at] for at in lefts[short].tolist()],
            [pool.normals[at] for at in rights[short].tolist()],
            scorer=Indel.normalized_similarity,
            score_cutoff=max(threshold - 1e-6, 0.0),
            dtype=np.float64,
            workers=-1,
        )
        scores[start + short] = np.round(found, 6)
        for at in np.flatnonzero(long).tolist():
            scores[start + at] = similarity_of_normal(pool.normals[int(lefts[at])], pool.normals[int(rights[at])])
    return scores


def _positions(pool: _Pool, one: Positions, other: Positions) -> tuple[Positions, Positions, Positions]:
    """Positions on the left and on the right, and by which pair.

    Of one side, those of the first copies, the smaller on the left; else every copy on the left with the first copy on
    the right.
    """
    if not pool.two_sided:
        first, second = pool.left.first(one), pool.left.first(other)
        return np.minimum(first, second), np.maximum(first, second), np.arange(len(one))
    here, there = np.concatenate([one, other]), np.concatenate([other, one])
    source = np.tile(np.arange(len(one)), 2)
    crossing = pool.right.held[there]
    left, which = pool.left.copies(here[crossing])
    return left, pool.right.first(there[crossing])[which], source[crossing][which]


def _copies(pool: _Pool) -> pl.DataFrame:
    both = np.flatnonzero(pool.left.held & pool.right.held)
    left, which = pool.left.copies(both)
    right = pool.right.first(both)[which]
    if not pool.two_sided:
        left, right = right[left != right], left[left != right]
    certain = {"score": 1.0, "agrees": True, "difference": Difference.NONE}
    return pl.DataFrame({"left": left, "right": right, **certain}, schema_overrides=SCHEMA)
