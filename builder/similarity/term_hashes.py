"""Hashes of single key terms, in numpy: which texts are one term apart, and which may differ in slips alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from builder.similarity.compare import most_slips
from builder.similarity.key_terms import ORDINARY, UNKNOWN
from builder.similarity.lexicon import TOKENS

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]

_ENDS = 2
"""Letters at either end of a word of which one slip leaves one end as it is."""
_LEAST = 3
_BATCH = 200_000
_WORDS = 4
"""64-bit words of a text's parities."""
_SPELLED = frozenset(TOKENS.values())
"""Terms that words stand for, numbers among them."""


@dataclass(frozen=True, slots=True)
class TermHashes:
    """The terms of texts, one text's after another's, by numbers for which the hashes are looked up.

    Attributes:
        numbers: of each term.
        owners: the text of each term.
        hashes: of each number.
        ends: hashes of the first letters of each number's word and of the last ones; 0 where it is no word.
        unknown: whether each number's word is unknown.
        counts: terms of each text.
        unknown_counts: unknown ones of each text.
        sums: the sum of the hashes of each text, whatever the order.
        unknown_sums: the same of those that are unknown.
        decisive_sums: the same of those that are not ordinary.
        fixed_sums: the same of those that are no words, and in which nothing is a slip.
        parities: for each of 256 classes of terms whether a text has an odd number of them, shape (texts, `_WORDS`).
    """

    numbers: NDArray[np.int32]
    owners: NDArray[np.int32]
    hashes: Hashes
    ends: tuple[Hashes, Hashes]
    unknown: Flags
    counts: Positions
    unknown_counts: Positions
    sums: Hashes
    unknown_sums: Hashes
    decisive_sums: Hashes
    fixed_sums: Hashes
    parities: Hashes


class TermNumbers(dict[str, int]):
    """A number for each term met so far; which number it is changes nothing."""

    def __missing__(self, term: str) -> int:
        number = self[term] = len(self)
        return number

    def hashed(self, terms: NDArray[np.int32], sizes: Positions, order: Positions) -> TermHashes:
        """The hashes of the terms of texts.

        Args:
            terms: numbers of the terms, one text's after another's.
            sizes: how many are of each text.
            order: the texts in the order that is wanted.
        """
        counts = sizes[order]
        owners = np.repeat(np.arange(len(order), dtype=np.int32), counts)
        starts = (np.cumsum(sizes) - sizes)[order] - (np.cumsum(counts) - counts)
        numbers = terms[np.arange(len(terms)) + np.repeat(starts, counts)]
        words = ["" if term[0] in _NO_WORDS else term.lstrip(ORDINARY + UNKNOWN) for term in self]
        words = [word if word.isalpha() and len(word) >= _LEAST else "" for word in words]
        hashes = _hashes(self)
        unknown = np.array([term[0] == UNKNOWN for term in self], dtype=np.bool_)
        ordinary = np.array([term[0] == ORDINARY for term in self], dtype=np.bool_)
        fixed = np.array([not word and term not in _SPELLED for term, word in zip(self, words, strict=True)], np.bool_)

        def summed(values: Hashes) -> Hashes:
            sums = np.zeros(len(order), dtype=np.uint64)
            np.add.at(sums, owners, values[numbers])
            return sums

        parities = np.zeros((len(order), _WORDS), dtype=np.uint64)
        classes = ((hashes >> np.uint64(6)) % np.uint64(_WORDS)).astype(np.int32)
        np.bitwise_xor.at(parities, (owners, classes[numbers]), (np.uint64(1) << (hashes & np.uint64(63)))[numbers])
        return TermHashes(
            numbers=numbers,
            owners=owners,
            hashes=hashes,
            ends=(_hashes([word and "<" + word[:_ENDS] for word in words]), _hashes([word[-_ENDS:] for word in words])),
            unknown=unknown,
            counts=counts,
            unknown_counts=summed(unknown.astype(np.uint64)).astype(np.int64),
            sums=summed(hashes),
            unknown_sums=summed(np.where(unknown, hashes, 0).astype(np.uint64)),
            decisive_sums=summed(np.where(ordinary, 0, hashes).astype(np.uint64)),
            fixed_sums=summed(np.where(fixed, hashes, 0).astype(np.uint64)),
            parities=parities,
        )


_NO_WORDS = frozenset('"$')


def _hashes(texts: Sequence[str] | TermNumbers) -> Hashes:
    return np.array(
        [xxh3_64_intdigest(text.encode("utf-8", "surrogatepass")) if text else 0 for text in texts], dtype=np.uint64
    )


def one_term_apart(held: TermHashes) -> Iterator[tuple[Hashes, Positions]]:
    """Labels that texts share if one has a slip of a term in the place of that term, with the texts that have each.

    The two begin or end alike, as a word does with one slip in it; or the term is a number, and the slip is unknown; or
    it is missing, since it is a slip of a plain word.
    """
    without = held.sums[held.owners] - held.hashes[held.numbers]
    unknown = held.unknown[held.numbers]
    for ends in held.ends:
        end = ends[held.numbers]
        yield _sharing(without + end, held.owners, unknown & (end > 0), end > 0)
    everyone = np.arange(len(held.sums), dtype=np.int32)
    labels = np.concatenate([held.sums, without])
    full = np.arange(len(labels)) < len(everyone)
    yield _sharing(labels, np.concatenate([everyone, held.owners]), full, ~full)
    spelled = held.ends[0][held.numbers] == 0
    yield _sharing(without, held.owners, unknown, spelled)


def _sharing(labels: Hashes, members: NDArray[np.int32], some: Flags, others: Flags) -> tuple[Hashes, Positions]:
    """The entries of some and those of others that share a label with one of these."""
    wanted, kept = np.unique(labels[some]), some.copy()
    for start in range(0, len(labels) if len(wanted) else 0, _BATCH):
        part = slice(start, start + _BATCH)
        places = np.searchsorted(wanted, labels[part])
        kept[part] |= others[part] & (wanted[np.minimum(places, len(wanted) - 1)] == labels[part])
    return labels[kept], members[kept].astype(np.int64)


def may_be_slips(held: TermHashes, one: Positions, other: Positions) -> Flags:
    """Whether two texts may differ in slips alone, for each pair: in few words, some of them unknown or ordinary."""
    counts = held.counts[one], held.counts[other]
    slips, more = most_slips(np.minimum(*counts)), np.abs(counts[0] - counts[1])
    likely: Flags = (more <= slips) & (held.fixed_sums[one] == held.fixed_sums[other])
    unknown = held.unknown_sums[one] != held.unknown_sums[other]
    decisive = held.decisive_sums[one] != held.decisive_sums[other]
    likely &= unknown | ((more > 0) & ~decisive)
    found = np.flatnonzero(likely)
    odd = held.parities[one[found]] ^ held.parities[other[found]]
    changed = np.minimum(slips[found], held.unknown_counts[one[found]] + held.unknown_counts[other[found]])
    limit = np.where(unknown[found], 2 * changed + more[found], more[found])
    likely[found] = np.unpackbits(odd.view(np.uint8), axis=1).sum(axis=1) <= limit
    return likely
