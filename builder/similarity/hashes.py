"""Hashes by which texts that may be near meet, in numpy: MinHash of all their words, and hashes of their key terms;
and the pairs of texts that share one.

Written here and not taken from a library so that candidates, and with them a build's rows, stay the same on every
machine and with every version: only xxh3, integer sums and products, and sorting are used.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from builder.similarity.compare import most_slips
from builder.similarity.key_terms import ORDINARY, UNKNOWN
from builder.similarity.lexicon import TOKENS

Sketches = NDArray[np.uint32]

HASHES = 32
"""Hash functions of a sketch."""
SHORT = 8
"""Words below which a text is cut into runs of letters and not of words: one slip would change most pairs of words."""
_LETTERS = 3
_TEXTS = 4_000
_GOLDEN = np.uint32(0x9E3779B1)


def _constants(name: str) -> Sketches:
    drawn = [xxh3_64_intdigest(f"{name}{at}".encode()) & 0xFFFFFFFF for at in range(HASHES)]
    return np.array(drawn, dtype=np.uint32)


_FACTORS, _TERMS = _constants("factor") | np.uint32(1), _constants("term")


class _Words(dict[str, int]):
    """32 bits of hash for each word met so far."""

    def __missing__(self, word: str) -> int:
        digest = self[word] = xxh3_64_intdigest(word.encode("utf-8", "surrogatepass")) & 0xFFFFFFFF
        return digest


def sketches(texts: Sequence[str]) -> Sketches:
    """The lowest hash of each text's shingles under each hash function, shape (texts, `HASHES`).

    Args:
        texts: normalised, one space between words.
    """
    if not texts:
        return np.zeros((0, HASHES), dtype=np.uint32)
    with ThreadPoolExecutor(2) as threads:  # numpy lets the next batch be cut up meanwhile
        return np.concatenate(list(threads.map(lambda batch: _lowest(*batch), _shingles(texts))))


def buckets(sketched: Sketches, rows: int) -> NDArray[np.uint64]:
    """The bucket of each text in each band of so many hashes, shape (texts, `HASHES` / rows).

    Texts that share a part `j` of their shingles (Jaccard) meet in a band with probability `j ** rows`. With 4 rows,
    hence 8 bands, they meet at 0.8 with probability 0.985, at 0.5 with 0.4, at 0.1 with 0.001; with 2 rows and 16
    bands at 0.5 with 0.99, at 0.3 with 0.78, at 0.1 with 0.15.
    """
    found = np.zeros((len(sketched), HASHES // rows), dtype=np.uint64)
    for at in range(HASHES):
        column = found[:, at // rows]
        column *= np.uint64(0x9E3779B97F4A7C15)
        column ^= sketched[:, at] + (column >> np.uint64(29))
    return found


def _shingles(texts: Sequence[str]) -> Iterator[tuple[Sketches, NDArray[np.int64]]]:
    """Hashed shingles of a batch of texts after another, and where each text's begin."""
    known = _Words()
    for start in range(0, len(texts), _TEXTS):
        yield _cut(texts[start : start + _TEXTS], known)
        if len(known) > 1_000_000:
            known.clear()


def _cut(texts: Sequence[str], known: _Words) -> tuple[Sketches, NDArray[np.int64]]:
    pieces = [_letters(text) if text.count(" ") < SHORT - 1 else text.split(" ") for text in texts]
    lengths = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
    total = int(lengths.sum())
    flat: Iterable[int] = map(known.__getitem__, chain.from_iterable(pieces))
    single = np.fromiter(flat, dtype=np.uint32, count=total)
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)[:-1]])
    following = np.append(single[1:], np.uint32(0))
    following[starts[1:] - 1] = 0  # the last piece of a text goes with nothing
    return _mixed(single * _GOLDEN ^ (following << np.uint32(7) | following >> np.uint32(25))), starts


def _letters(text: str) -> list[str]:
    padded = f" {text} "
    return [padded[at : at + _LETTERS] for at in range(max(1, len(padded) - _LETTERS + 1))]


def _mixed(values: Sketches) -> Sketches:
    """Every bit of the result hangs on every bit of the value (the finaliser of MurmurHash3)."""
    values = (values ^ values >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    values = (values ^ values >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return values ^ values >> np.uint32(16)


def _lowest(shingles: Sketches, starts: NDArray[np.int64]) -> Sketches:
    found = np.empty((len(starts), HASHES), dtype=np.uint32)
    for at, (factor, term) in enumerate(zip(_FACTORS, _TERMS, strict=True)):
        found[:, at] = np.minimum.reduceat(shingles * factor + term, starts)
    return found


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


def pairs_of_equal(keys: Hashes, members: Positions, most: int) -> tuple[list[tuple[Positions, Positions]], Positions]:
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


def neighbours(labels: Hashes, members: Positions, most: int) -> Iterator[tuple[Positions, Positions]]:
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
