"""Hashes of a text by which texts near to it are found where the text itself is not at hand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

import polars as pl
from xxhash import xxh3_64_hexdigest, xxh32_intdigest

from builder.similarity.key_terms import UNKNOWN, KeyTerms, key_of, key_terms
from builder.similarity.lexicon import TOKENS
from builder.similarity.words import BEYOND, PLAIN, is_known, normal, one_slip_away

GRAM = 5
"""Letters of a run that is hashed."""
MOST = 256
"""Hashes of a text at the most, where nothing else is asked for: the lowest."""
LOSS = 0.4
"""Similarity lost for all runs of letters lost. Measured between 0.2 (single letters) and 0.6 (whole words)."""
_CUT = 2
"""To be raised whenever `key_terms` or `normal` cuts texts in another way: signatures of before are then refused."""
RULES = xxh3_64_hexdigest(f"{_CUT} {sorted(TOKENS.items())} {sorted(PLAIN)} {sorted(BEYOND)}".encode())
"""What signatures hang on beside the text: the words that count, and how a text is cut. The dictionary of base forms is
left out: were one of its entries to change, texts with that word alone would be found less well."""
_MOST_READINGS = 64
"""Ways to read a text with slips that are tried."""

SCHEMA = {"left": pl.UInt32, "right": pl.UInt32, "score": pl.Float64}


@dataclass(frozen=True, slots=True)
class Signature:
    """What is kept of a text.

    Attributes:
        grams: 32-bit hashes of its runs of `GRAM` letters, the lowest `MOST`, ascending.
        key: hash of its key terms, 64 bits.
        terms: 32-bit hashes of the single terms, without repeats, ascending: by these, slips are put right.
        length: characters of its normalised form.
        most: how many of the hashes of runs are kept at the most.
    """

    grams: tuple[int, ...]
    key: int
    terms: tuple[int, ...]
    length: int
    most: int = MOST


def signature(text: str, most: int = MOST) -> Signature:
    """The signature of a text; the same on every machine. Fewer hashes make it smaller, and similarities rougher."""
    letters = f" {normal(text)} "
    runs = {letters[at : at + GRAM] for at in range(max(1, len(letters) - GRAM + 1))}
    terms = key_terms(text)
    return Signature(
        tuple(sorted(map(_hash, runs))[:most]),
        terms.key,
        tuple(sorted(map(_hash, {*terms.terms}))),
        len(letters) - 2,
        most,
    )


def _hash(text: str) -> int:
    return xxh32_intdigest(text.encode("utf-8", "surrogatepass"))


def alike(one: Signature, other: Signature) -> float:
    """The similarity of two texts as far as their signatures tell, 0 to 1; 1 for the same signature."""
    if one.grams == other.grams and one.length == other.length:
        return 1.0
    known = min((held.grams[-1] for held in (one, other) if len(held.grams) >= held.most), default=None)
    grams, others = (
        {gram for gram in held.grams if known is None or gram <= known} for held in (one, other)
    )  # beyond the last hash of a signature that was cut, nothing is known
    share = 2 * len(grams & others) / max(len(grams) + len(others), 1)
    longest = 2 * min(one.length, other.length) / max(one.length + other.length, 1)
    return round(min(1 - LOSS * (1 - share), longest), 6) if share else 0.0


def near_signatures(texts: Iterable[str], signatures: Sequence[Signature], threshold: float) -> pl.DataFrame:
    """All pairs of a text and a signature near to it: `left` (place of the text), `right` (of the signature), `score`.

    Near means that the key terms are the same, slips in the text aside, and that the score reaches the threshold.
    A text whose key terms are those of no signature costs no more than finding these. A slip is found where the text
    at hand has it; where the text behind the signature had one, the two are not near.
    """
    by_key: dict[int, list[int]] = {}
    for place, held in enumerate(signatures):
        by_key.setdefault(held.key, []).append(place)
    meant = _Meant({term for held in signatures for term in held.terms})
    rows = []
    for left, text in enumerate(texts):
        terms = key_terms(text)
        keys = {terms.key, *(_read_otherwise(terms, meant) if terms.english else ())}
        rights = sorted(right for key in keys for right in by_key.get(key, ()))
        own = signature(text) if rights else None
        rows += [(left, right, alike(own, signatures[right])) for right in rights if own is not None]
    return pl.DataFrame([row for row in rows if row[2] >= threshold], schema=SCHEMA, orient="row")


class _Meant(dict[str, tuple[str, ...]]):
    """The terms that may have been meant by an unknown word, of those that stand in any signature; plain words' too."""

    def __init__(self, known: set[int]) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, word: str) -> tuple[str, ...]:
        own = UNKNOWN + word
        found = {own} if _hash(own) in self._known else set()
        if word.isascii() and word.isalpha() and not found:
            for other in sorted(one_slip_away(word)):
                if is_known(other):
                    found |= {
                        term for term in (key_terms(other).terms or ("",)) if not term or _hash(term) in self._known
                    }
        made = self[word] = tuple(sorted(found))
        return made


def _read_otherwise(terms: KeyTerms, meant: _Meant) -> Iterator[int]:
    """The keys that a text would have without its slips; none if it has a term that no signature has."""
    if not any(term[0] == UNKNOWN for term in terms.terms):
        return
    readings = [meant[term[1:]] if term[0] == UNKNOWN else (term,) for term in terms.terms]
    for reading in islice(product(*readings), _MOST_READINGS):
        yield key_of(term for term in reading if term)
