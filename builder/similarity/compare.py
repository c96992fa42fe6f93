"""How alike two descriptions are, and whether they ask for the same."""

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel, Levenshtein

from builder.similarity.key_terms import ORDINARY, UNKNOWN, KeyTerms, differing, key_terms
from builder.similarity.normalize import normal
from builder.similarity.words import is_slip, is_slip_of_plain, is_slip_to_word

LONG = 20_000
"""Characters of two normalised texts together above which runs of words are compared, not letters: a bound on time."""
_RUN = 2
_MOST_TERMS = 5_000
"""Terms of a text in which slips are looked for, at the most: a bound on memory."""
_TERMS_PER_SLIP = 10

Count = TypeVar("Count", int, NDArray[np.int64])


class Difference(IntEnum):
    """What two descriptions differ in; the higher, the more."""

    NONE = 0
    """In plain words, endings, case and punctuation at the most: the key terms are the same, in the same order."""
    SLIPS = 1
    """In slips of the finger, too."""
    ORDINARY = 2
    """In ordinary English words, too."""
    DECISIVE = 3
    """In a number, a colour, a shape, a direction, a quoted text, a formula, a name, a word of another language …"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two texts are near, and why.

    Attributes:
        near: the score reaches the threshold, and they agree.
        score: similarity, 0 to 1.
        agrees: whether the key terms are the same, in the same order, slips aside.
        difference: what they differ in.
        only_left: words with key terms that the first text has beyond the second; empty if they agree.
        only_right: the other way round; both are empty too where only the order differs.
    """

    near: bool
    score: float
    agrees: bool
    difference: Difference
    only_left: tuple[str, ...] = ()
    only_right: tuple[str, ...] = ()


def similarity(a: str, b: str) -> float:
    """How alike two texts are in their letters, 0 to 1, to six digits; 1 exactly if they are equal once normalised.

    Twice the letters of the longest common subsequence, over the letters of both (the ratio of `rapidfuzz`). Of texts
    beyond `LONG`, the share of pairs of neighbouring words that both have. Symmetric, and never fails.
    """
    return similarity_of_normal(normal(a), normal(b))


def similarity_of_normal(a: str, b: str) -> float:
    """`similarity` of two texts that are normalised already."""
    if a == b:
        return 1.0
    if len(a) + len(b) > LONG:
        return min(round(_shared(a, b), 6), 1 - 1e-6)
    return round(Indel.normalized_similarity(a, b), 6)


def _shared(a: str, b: str) -> float:
    one, other = _runs(a), _runs(b)
    return 2 * (one & other).total() / max(one.total() + other.total(), 1)


def _runs(text: str) -> Counter[tuple[str, ...]]:
    words = text.split()
    return Counter(zip(*(words[at:] for at in range(_RUN)), strict=False)) if len(words) >= _RUN else Counter([(text,)])


def same_meaning(a: str, b: str, threshold: float) -> Verdict:
    """Whether two texts are near: alike in their letters, and the same in their key terms.

    Args:
        a: a description.
        b: another.
        threshold: the least similarity, 0 to 1.
    """
    score = similarity(a, b)
    one, other = key_terms(a), key_terms(b)
    found = difference(one, other)
    agrees = found <= Difference.SLIPS
    only_left, only_right = ((), ()) if agrees else differing(one, other)
    return Verdict(agrees and score >= threshold, score, agrees, found, only_left, only_right)


def most_slips(count: Count) -> Count:
    """How many slips are forgiven in a text of so many key terms; of one count, or of an array of counts."""
    return 1 + count // _TERMS_PER_SLIP


def difference(one: KeyTerms, other: KeyTerms) -> Difference:
    """What two texts differ in, term by term in the order in which they stand. Symmetric."""
    if one.key == other.key:
        return Difference.NONE
    one, other = (one, other) if one.key < other.key else (other, one)  # of several ways from one to the other, one
    ordinary = one.english and other.english
    beyond_slips = Difference.ORDINARY if ordinary and one.decisive_key == other.decisive_key else Difference.DECISIVE
    if max(len(one.terms), len(other.terms)) > _MOST_TERMS:
        return beyond_slips
    surplus = Counter(one.terms)
    surplus.subtract(other.terms)
    here = {term for term, count in surplus.items() if count > 0}
    there = {term for term, count in surplus.items() if count < 0}
    left = _without_slips(one, other, here, there)
    right = _without_slips(other, one, there, here, keep_names=True) if left is not None else None
    if left is None or right is None or left[1] + right[1] > most_slips(min(len(one.terms), len(other.terms))):
        return beyond_slips
    edits = Levenshtein.editops(left[0], right[0])
    if not edits:
        return Difference.SLIPS
    differ = {left[0][edit.src_pos] for edit in edits if edit.tag != "insert"}
    differ |= {right[0][edit.dest_pos] for edit in edits if edit.tag != "delete"}
    return Difference.ORDINARY if ordinary and all(term[0] == ORDINARY for term in differ) else Difference.DECISIVE


def _without_slips(
    one: KeyTerms, other: KeyTerms, here: Set[str], there: Set[str], keep_names: bool = False
) -> tuple[list[str], int] | None:
    """The terms of a text with its slips put right as the other text has it, and how many these are.

    Args:
        one: the text.
        other: the other text.
        here: terms that stand oftener in the text than in the other.
        there: the other way round.
        keep_names: whether unknown words that are slips of one another stay: they are put right on the other side.

    Returns:
        `None` if an unknown word is no slip, and so makes another text of it.
    """
    english = one.english or other.english
    words = [pair for pair in zip(other.terms, other.words, strict=True) if pair[0] in there]
    plain = Counter(other.plain) - Counter(one.plain) if english else Counter[str]()
    meant: dict[str, str] = {}
    for term, word in zip(one.terms, one.words, strict=True):
        if term not in here or term in meant:
            continue
        if term[0] == ORDINARY:
            if any(is_slip_to_word(word, other_word) for other_word in plain):
                meant[term] = ""
        elif term[0] == UNKNOWN:
            found = next((found for found, written in words if is_slip(word, written, english)), None)
            if found is None and not (english and is_slip_of_plain(word)):
                return None
            meant[term] = term if keep_names and found is not None and found[0] == UNKNOWN else found or ""
    slips = sum(term in meant for term in one.terms)
    return [put_right for term in one.terms if (put_right := meant.get(term, term))], slips
