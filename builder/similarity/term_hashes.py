"""Hashes of single key terms, in numpy: which texts are one term apart, and which may differ in slips alone."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from builder.similarity.compare import most_slips
from builder.similarity.key_terms import ORDINARY, UNKNOWN

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]

_ENDS = 2
"""Letters at either end of a word of which one slip leaves one end as it is."""
_LEAST = 3
_WORDS = 4
"""64-bit words of a text's parities."""


@dataclass(frozen=True, slots=True)
class TermHashes:
    """The terms of texts, one text's after another's.

    Attributes:
        terms: hash of each term.
        heads: hash of the first letters of each, 0 where it is no word.
        tails: hash of the last letters.
        unknown: whether it is a word that is unknown.
        owners: the text of each term.
        sums: the sum of the hashes of each text, whatever the order.
        counts: terms of each text.
        unknown_sums: the same of those that are unknown.
        fixed_sums: the same of those that are no words, and in which nothing is a slip.
        parities: for each of 256 classes of terms whether a text has an odd number of them, shape (texts, `_WORDS`).
    """

    terms: Hashes
    heads: Hashes
    tails: Hashes
    unknown: NDArray[np.bool_]
    owners: Positions
    sums: Hashes
    counts: Positions
    unknown_sums: Hashes
    fixed_sums: Hashes
    parities: Hashes


class TermNumbers(dict[str, int]):
    """A number for each term met so far, and what is hashed of it."""

    def __init__(self) -> None:
        super().__init__()
        self._known: list[tuple[int, int, int, bool]] = []

    def __missing__(self, term: str) -> int:
        word = term[1:] if term[:1] in (ORDINARY, UNKNOWN) else term
        is_word = word.isalpha() and len(word) >= _LEAST
        head, tail = (_hash("<" + word[:_ENDS]), _hash(">" + word[-_ENDS:])) if is_word else (0, 0)
        self._known.append((_hash(term), head, tail, term[:1] == UNKNOWN))
        number = self[term] = len(self)
        return number

    def numbered(self, terms: Sequence[str]) -> bytes:
        """The numbers of a text's terms, 32 bits each."""
        return array("i", map(self.__getitem__, terms)).tobytes()

    def hashed(self, texts: Sequence[bytes]) -> TermHashes:
        """The hashes of the terms of texts, each as `numbered` gives it; the numbers themselves change nothing."""
        counts = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) // 4
        flat = np.frombuffer(b"".join(texts), dtype=np.int32)
        terms, heads, tails = (np.array([one[at] for one in self._known], dtype=np.uint64)[flat] for at in range(3))
        unknown = np.array([one[3] for one in self._known], dtype=np.bool_)[flat]
        owners = np.repeat(np.arange(len(texts)), counts)
        parities = np.zeros((len(texts), _WORDS), dtype=np.uint64)
        bits = np.uint64(1) << (terms & np.uint64(63))
        np.bitwise_xor.at(parities, (owners, ((terms >> np.uint64(6)) % np.uint64(_WORDS)).astype(np.int64)), bits)

        def summed(which: NDArray[np.bool_] | slice) -> Hashes:
            sums = np.zeros(len(texts), dtype=np.uint64)
            np.add.at(sums, owners[which], terms[which])
            return sums

        return TermHashes(
            terms=terms,
            heads=heads,
            tails=tails,
            unknown=unknown,
            owners=owners,
            sums=summed(slice(None)),
            counts=counts,
            unknown_sums=summed(unknown),
            fixed_sums=summed(heads == 0),
            parities=parities,
        )


def one_term_apart(held: TermHashes) -> Iterator[tuple[Hashes, Positions]]:
    """Labels that texts share if one has another term in the place of one, with the texts that have each label.

    The two terms must begin or end alike, as a word does with one slip in it; or the term is unknown, and the other
    text has none in its place.
    """
    without = held.sums[held.owners] - held.terms
    for ends in (held.heads, held.tails):
        words = ends > 0
        yield without[words] + ends[words], held.owners[words]
    yield (
        np.concatenate([held.sums, without[held.unknown]]),
        np.concatenate([np.arange(len(held.sums)), held.owners[held.unknown]]),
    )


def may_be_slips(held: TermHashes, one: Positions, other: Positions) -> NDArray[np.bool_]:
    """Whether two texts may differ in slips alone, for each pair: in few words, some of them unknown."""
    slips = most_slips(np.minimum(held.counts[one], held.counts[other]))
    likely = np.abs(held.counts[one] - held.counts[other]) <= slips
    likely &= held.unknown_sums[one] != held.unknown_sums[other]
    likely &= held.fixed_sums[one] == held.fixed_sums[other]
    found = np.flatnonzero(likely)
    odd = held.parities[one[found]] ^ held.parities[other[found]]
    likely[found] = np.unpackbits(odd.view(np.uint8), axis=1).sum(axis=1) <= 2 * slips[found]
    return likely


def _hash(text: str) -> int:
    return xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
