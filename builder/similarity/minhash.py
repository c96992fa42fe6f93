"""MinHash and locality-sensitive hashing of descriptions, in numpy: texts that share words meet in buckets.

Written here and not taken from a library so that candidates, and with them a build's rows, stay the same on every
machine and with every version: only xxh3, integer sums and products of 32 bits, and sorting are used.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

Hashes: TypeAlias = NDArray[np.uint32]

HASHES = 32
"""Hash functions of a sketch."""
SHORT = 8
"""Words below which a text is cut into runs of letters and not of words: one slip would change most pairs of words."""
_LETTERS = 3
_BATCH = 4_000
_GOLDEN = np.uint32(0x9E3779B1)


def _constants(name: str) -> Hashes:
    drawn = [xxh3_64_intdigest(f"{name}{at}".encode()) & 0xFFFFFFFF for at in range(HASHES)]
    return np.array(drawn, dtype=np.uint32)


_FACTORS, _TERMS = _constants("factor") | np.uint32(1), _constants("term")


class _Words(dict[str, int]):
    """32 bits of hash for each word met so far."""

    def __missing__(self, word: str) -> int:
        digest = self[word] = xxh3_64_intdigest(word.encode("utf-8", "surrogatepass")) & 0xFFFFFFFF
        return digest


def sketches(texts: Sequence[str]) -> Hashes:
    """The lowest hash of each text's shingles under each hash function, shape (texts, `HASHES`).

    Args:
        texts: normalised, one space between words.
    """
    if not texts:
        return np.zeros((0, HASHES), dtype=np.uint32)
    with ThreadPoolExecutor(2) as threads:  # numpy lets the next batch be cut up meanwhile
        return np.concatenate(list(threads.map(lambda batch: _lowest(*batch), _shingles(texts))))


def buckets(sketched: Hashes, rows: int) -> NDArray[np.uint64]:
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


def _shingles(texts: Sequence[str]) -> Iterator[tuple[Hashes, NDArray[np.int64]]]:
    """Hashed shingles of a batch of texts after another, and where each text's begin."""
    known = _Words()
    for start in range(0, len(texts), _BATCH):
        yield _cut(texts[start : start + _BATCH], known)
        if len(known) > 1_000_000:
            known.clear()


def _cut(texts: Sequence[str], known: _Words) -> tuple[Hashes, NDArray[np.int64]]:
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


def _mixed(values: Hashes) -> Hashes:
    """Every bit of the result hangs on every bit of the value (the finaliser of MurmurHash3)."""
    values = (values ^ values >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    values = (values ^ values >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return values ^ values >> np.uint32(16)


def _lowest(shingles: Hashes, starts: NDArray[np.int64]) -> Hashes:
    found = np.empty((len(starts), HASHES), dtype=np.uint32)
    for at, (factor, term) in enumerate(zip(_FACTORS, _TERMS, strict=True)):
        found[:, at] = np.minimum.reduceat(shingles * factor + term, starts)
    return found
