"""Hashes of a text by which texts near to it are found where the text itself is not at hand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from xxhash import xxh3_64_hexdigest, xxh32_intdigest

from builder.similarity.key_terms import telling
from builder.similarity.lexicon import TOKENS
from builder.similarity.normalize import normal

GRAM = 5
"""Letters of a run that is hashed."""
MOST = 256
"""Hashes of a text at the most: the lowest."""
LOSS = 0.4
"""Similarity lost for all runs of letters lost. Measured between 0.2 (single letters) and 0.6 (whole words)."""
_CUT = 2
"""To be raised whenever `telling` or `normal` cuts texts in another way: old signatures are then refused."""
RULES = xxh3_64_hexdigest(f"{_CUT} {sorted(TOKENS.items())}".encode())
"""What signatures hang on beside the text: the words that count in full, and how a text is cut."""

SCHEMA = {"left": pl.UInt32, "right": pl.UInt32, "score": pl.Float64}


@dataclass(frozen=True, slots=True)
class Signature:
    """What is kept of a text.

    Attributes:
        grams: 32-bit hashes of its runs of `GRAM` letters, the lowest `MOST`, ascending.
        telling: hash of its telling tokens, 64 bits.
        length: characters of its normalised form.
    """

    grams: tuple[int, ...]
    telling: int
    length: int


def signature(text: str) -> Signature:
    """The signature of a text; the same on every machine."""
    letters = f" {normal(text)} "
    runs = {letters[at : at + GRAM] for at in range(max(1, len(letters) - GRAM + 1))}
    grams = sorted({xxh32_intdigest(run.encode("utf-8", "surrogatepass")) for run in runs})
    return Signature(tuple(grams[:MOST]), telling(text).key, len(letters) - 2)


def make_signatures(texts: Iterable[str]) -> list[dict[str, object]]:
    """Signatures as plain values, ready for JSON: `grams`, `telling`, `length`, and the `rules` they were made by.

    They are made anew, from the texts, when the rules change.
    """
    made = map(signature, texts)
    return [{"grams": list(one.grams), "telling": one.telling, "length": one.length, "rules": RULES} for one in made]


def read_signature(plain: Mapping[str, object]) -> Signature:
    """One of `make_signatures` back from plain values.

    Raises:
        ValueError: it is none, or was made by other rules than these.
    """
    match plain:
        case {"grams": list(grams), "telling": int(key), "length": int(length), "rules": str(rules)}:
            if rules != RULES:
                raise ValueError(f"the signature was made by the rules {rules}, these are {RULES}: make it anew")
            return Signature(tuple(map(int, grams)), key, length)
        case _:
            raise ValueError("a signature has the fields grams, telling, length and rules")


def alike(one: Signature, other: Signature) -> float:
    """The similarity of two texts as far as their signatures tell, 0 to 1; 1 for the same signature."""
    if one.grams == other.grams and one.length == other.length:
        return 1.0
    known = min((held.grams[-1] for held in (one, other) if len(held.grams) >= MOST), default=None)
    grams, others = (
        {gram for gram in held.grams if known is None or gram <= known} for held in (one, other)
    )  # beyond the last hash of a signature that was cut, nothing is known
    share = 2 * len(grams & others) / max(len(grams) + len(others), 1)
    longest = 2 * min(one.length, other.length) / max(one.length + other.length, 1)
    return round(min(1 - LOSS * (1 - share), longest), 6) if share else 0.0


def near_signature(text: str, signatures: Sequence[Signature], threshold: float) -> tuple[int, float] | None:
    """The nearest signature, by its place and its score, or `None` if none is near.

    Near means that the telling tokens are the same and that the score reaches the threshold.
    """
    found = near_signatures([text], signatures, threshold)
    best = found.sort("score", "right", descending=[True, False]).head(1)
    return (best["right"].item(), best["score"].item()) if best.height else None


def near_signatures(texts: Iterable[str], signatures: Sequence[Signature], threshold: float) -> pl.DataFrame:
    """All pairs of a text and a signature near to it: `left` (place of the text), `right` (of the signature), `score`.

    A text whose telling tokens are those of no signature costs no more than finding these.
    """
    by_telling: dict[int, list[int]] = {}
    for place, held in enumerate(signatures):
        by_telling.setdefault(held.telling, []).append(place)
    rows = []
    for left, text in enumerate(texts):
        rights = by_telling.get(telling(text).key, [])
        own = signature(text) if rights else None
        rows += [(left, right, alike(own, signatures[right])) for right in rights if own is not None]
    return pl.DataFrame([row for row in rows if row[2] >= threshold], schema=SCHEMA, orient="row")
