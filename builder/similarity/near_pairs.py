"""Pairs of near descriptions, found without comparing all with all."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cpdist

from builder.similarity.compare import LONG, Difference, difference, similarity_of_normal
from builder.similarity.key_terms import KeyTerms, cut, key_of, key_terms
from builder.similarity.minhash import buckets, sketches
from builder.similarity.normalize import folded, normal_of_folded
from builder.similarity.term_hashes import TermHashes, TermNumbers, may_be_slips, one_term_apart

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

SCHEMA = {
    "left": pl.UInt32,
    "right": pl.UInt32,
    "score": pl.Float64,
    "agrees": pl.Boolean,
    "difference": pl.UInt8,
}

_Positions = NDArray[np.int64]


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
        lefts: positions of each among `texts`, ascending.
        rights: positions of each among `against`, ascending; the same as `lefts` if there is none.
        two_sided: whether there is an `against`.
    """

    normals: list[str]
    texts: list[str]
    keys: NDArray[np.uint64]
    decisive: NDArray[np.uint64]
    terms: TermHashes
    lengths: _Positions
    lefts: list[list[int]]
    rights: list[list[int]]
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
    spread = _two_sided(pool, one, other) if pool.two_sided else _one_sided(pool, one, other)
    left, right, source = spread
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
    places: dict[tuple[str, int], tuple[list[int], list[int]]] = {}
    made: dict[tuple[str, int], tuple[int, bytes]] = {}
    numbers = TermNumbers()
    for side, members in enumerate((texts, against or ())):
        for position, text in enumerate(members):
            plain = folded(text)
            found = cut(plain)
            entry = normal_of_folded(plain), key_of(found.terms)
            if entry not in places:
                places[entry] = ([], [])
                decisive_key = entry[1] if found.decisive is found.terms else key_of(found.decisive)
                made[entry] = decisive_key, numbers.numbered(found.terms)
            places[entry][side].append(position)
    ordered = sorted(places)
    firsts = [(places[entry], entry) for entry in ordered]
    return _Pool(
        [text for text, _ in ordered],
        [texts[here[0]] if here else (against or ())[there[0]] for (here, there), _ in firsts],
        np.array([key for _, key in ordered], dtype=np.uint64),
        np.array([made[entry][0] for entry in ordered], dtype=np.uint64),
        numbers.hashed([made[entry][1] for entry in ordered]),
        np.array([len(text) for text, _ in ordered], dtype=np.int64),
        [places[entry][0] for entry in ordered],
        [places[entry][0 if against is None else 1] for entry in ordered],
        against is not None,
    )


def _candidates(pool: _Pool, threshold: float) -> tuple[_Positions, _Positions]:
    """Pairs to compare, without repeats, the smaller first: of equal terms, of one term apart, and of equal buckets."""
    count = len(pool.normals)
    crossing = _crossing(pool)
    if _possible(pool) <= ALL_PAIRS:
        return _reaching(pool, [crossing(*_all_pairs(pool))], threshold)
    blocks, large = _blocks(pool.decisive, np.arange(count), BLOCK_PAIRS)
    short, _ = _blocks(pool.decisive, large[pool.lengths[large] <= SHORT], SHORT_PAIRS)
    found = [crossing(*pair) for pair in blocks + short]
    sketched = sketches(pool.normals)
    most = NEIGHBOURS_AGAINST if pool.two_sided else NEIGHBOURS
    for labels in buckets(sketched, ROWS).T:
        for step, pair in enumerate(_neighbours(labels, np.arange(count), max(most, NEIGHBOURS_SLIPPED))):
            slipped = may_be_slips(pool.terms, *pair) if step >= most else slice(None)
            found.append(crossing(pair[0][slipped], pair[1][slipped]))
    for labels in buckets(sketched[large], ROWS_AGREEING).T:
        mixed = labels ^ pool.decisive[large] * np.uint64(0x9E3779B97F4A7C15)
        found += [crossing(*pair) for pair in _neighbours(mixed, large, NEIGHBOURS_AGREEING)]
    for labels, members in one_term_apart(pool.terms):
        found += [crossing(*pair) for pair in _neighbours(labels, members, NEIGHBOURS_AGREEING)]
    return _reaching(pool, found, threshold)


def _differences(pool: _Pool, one: _Positions, other: _Positions) -> NDArray[np.uint8]:
    """The `Difference` of each pair, worked out term by term only where slips alone may make it."""
    found = np.full(len(one), Difference.DECISIVE, dtype=np.uint8)
    found[pool.decisive[one] == pool.decisive[other]] = Difference.ORDINARY
    equal = pool.keys[one] == pool.keys[other]
    found[equal] = Difference.NONE
    terms: dict[int, KeyTerms] = {}
    for at in np.flatnonzero(~equal & may_be_slips(pool.terms, one, other)).tolist():
        if len(terms) > _KEPT_TERMS:
            terms.clear()
        for place in (int(one[at]), int(other[at])):
            if place not in terms:
                terms[place] = key_terms(pool.texts[place])
        found[at] = difference(terms[int(one[at])], terms[int(other[at])])
    return found


def _possible(pool: _Pool) -> int:
    """How many pairs of two texts there are."""
    lefts, rights = (sum(map(bool, positions)) for positions in (pool.lefts, pool.rights))
    return lefts * rights if pool.two_sided else lefts * (lefts - 1) // 2


def _all_pairs(pool: _Pool) -> tuple[_Positions, _Positions]:
    if not pool.two_sided:
        return np.triu_indices(len(pool.normals), 1)
    lefts, rights = (
        np.array([at for at, positions in enumerate(side) if positions], dtype=np.int64)
        for side in (pool.lefts, pool.rights)
    )
    one, other = np.repeat(lefts, len(rights)), np.tile(rights, len(lefts))
    return one[one != other], other[one != other]


def _reaching(pool: _Pool, numbered: list[_Positions], threshold: float) -> tuple[_Positions, _Positions]:
    """Pairs without repeats whose lengths allow the score: at best the shorter text is a part of the longer one."""
    pairs = np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *numbered]))
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]  # `np.unique` takes five times as long
    one, other = np.divmod(pairs, max(len(pool.normals), 1))
    shorter = np.minimum(pool.lengths[one], pool.lengths[other])
    kept = 2 * shorter >= (threshold - 1e-6) * (pool.lengths[one] + pool.lengths[other])
    return one[kept], other[kept]


def _crossing(pool: _Pool) -> Callable[[_Positions, _Positions], _Positions]:
    """What makes of pairs one number each, the smaller place first, and drops pairs of the same side."""
    count = len(pool.normals)
    is_left = np.array([bool(positions) for positions in pool.lefts], dtype=np.bool_)
    is_right = np.array([bool(positions) for positions in pool.rights], dtype=np.bool_)

    def numbered(one: _Positions, other: _Positions) -> _Positions:
        if pool.two_sided:
            kept = (is_left[one] & is_right[other]) | (is_right[one] & is_left[other])
            one, other = one[kept], other[kept]
        return np.minimum(one, other) * count + np.maximum(one, other)

    return numbered


def _blocks(
    keys: NDArray[np.uint64], members: _Positions, most: int
) -> tuple[list[tuple[_Positions, _Positions]], _Positions]:
    """All pairs within each block of members with equal keys, and the members of blocks too large for that."""
    order = members[np.argsort(keys[members], kind="stable")]
    starts = np.flatnonzero(np.diff(keys[order], prepend=~keys[order[:1]]))
    sizes = np.diff(starts, append=len(order))
    pairs, large = [], [np.zeros(0, dtype=np.int64)]
    for size in np.unique(sizes[sizes > 1]).tolist():  # blocks of one size at a time: few steps, however many blocks
        blocks = order[starts[sizes == size][:, None] + np.arange(size)]
        if size * (size - 1) // 2 > most:
            large.append(blocks.ravel())
        else:
            one, other = np.triu_indices(size, 1)
            pairs.append((blocks[:, one].ravel(), blocks[:, other].ravel()))
    return pairs, np.sort(np.concatenate(large))


def _neighbours(labels: NDArray[np.uint64], members: _Positions, most: int) -> Iterator[tuple[_Positions, _Positions]]:
    """Each member with the next few of the same label, in the order of the members: first with the next one."""
    order = np.argsort(labels, kind="stable")
    sorted_labels, sorted_members = labels[order], members[order]
    alike = np.arange(len(order))
    for step in range(1, most + 1):
        alike = alike[: np.searchsorted(alike, len(order) - step)]
        alike = alike[sorted_labels[alike] == sorted_labels[alike + step]]
        if not len(alike):
            break
        yield sorted_members[alike], sorted_members[alike + step]


def _scored(pool: _Pool, one: _Positions, other: _Positions, threshold: float) -> NDArray[np.float64]:
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


def _one_sided(pool: _Pool, one: _Positions, other: _Positions) -> tuple[_Positions, _Positions, _Positions]:
    """Positions of the first copies, the smaller on the left."""
    first = np.array([positions[0] for positions in pool.lefts], dtype=np.int64)
    return np.minimum(first[one], first[other]), np.maximum(first[one], first[other]), np.arange(len(one))


def _two_sided(pool: _Pool, one: _Positions, other: _Positions) -> tuple[_Positions, _Positions, _Positions]:
    """Every copy on the left with the first copy on the right, and by which pair."""
    rows = [
        (left, pool.rights[there][0], source)
        for source, pair in enumerate(zip(one.tolist(), other.tolist(), strict=True))
        for here, there in (pair, pair[::-1])
        if pool.rights[there]
        for left in pool.lefts[here]
    ]
    found = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return found[:, 0], found[:, 1], found[:, 2]


def _copies(pool: _Pool) -> pl.DataFrame:
    pairs = list(_equal(pool))
    return pl.DataFrame(
        {
            "left": [left for left, _ in pairs],
            "right": [right for _, right in pairs],
            "score": [1.0] * len(pairs),
            "agrees": [True] * len(pairs),
            "difference": [Difference.NONE] * len(pairs),
        },
        schema=SCHEMA,
    )


def _equal(pool: _Pool) -> Iterator[tuple[int, int]]:
    for lefts, rights in zip(pool.lefts, pool.rights, strict=True):
        others: Iterable[int] = lefts if pool.two_sided else lefts[1:]
        if rights:
            yield from ((left, rights[0]) if pool.two_sided else (rights[0], left) for left in others)
