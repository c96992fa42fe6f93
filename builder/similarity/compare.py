"""How alike two descriptions are, whether they ask for the same, and which of a cluster of near ones stay."""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz.distance import Indel, Levenshtein

from builder.similarity.key_terms import ORDINARY, UNKNOWN, KeyTerms, differing, key_terms
from builder.similarity.words import is_slip, is_slip_of_plain, is_slip_to_word, normal

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


SCHEMA = {"position": pl.UInt32, "stays": pl.UInt32, "score": pl.Float64, "cluster": pl.UInt32, "size": pl.UInt32}


def clusters(pairs: pl.DataFrame, order: Sequence[int]) -> pl.DataFrame:
    """For each position that goes, the one that stays for it.

    Complete linkage: the nearest pairs are joined first, and two clusters become one only if every member of one is
    near every member of the other. So a chain of small steps is cut, and no row goes for one that it is not near to.
    Two that stay may be near each other where joining them would have made a chain. Of each cluster one stays, the
    first in the order. Only pairs and order decide, not how the pairs are sorted.

    Args:
        pairs: `left`, `right`, `score` of positions that count as near (filtered by threshold and by `agrees`). Pairs
            of score 1 are copies: they need not be complete.
        order: positions, the first to stay first; must hold every position of the pairs.

    Returns:
        A row for each position that goes, sorted: `position`, `stays`, `score` (between the two), `cluster` (a number
        for each cluster, in the order of those that stay), `size` (members, the one that stays included).
    """
    place = {position: at for at, position in enumerate(order)}
    edges = [
        (score, *sorted((place[left], place[right])))
        for left, right, score in pairs.select("left", "right", "score").iter_rows()
    ]
    first = _firsts_of_copies(edges)
    scores: dict[tuple[int, int], float] = {}
    for score, *ends in edges:
        left, right = sorted(first.get(end, end) for end in ends)
        if left != right:
            scores[left, right] = max(score, scores.get((left, right), 0.0))
    copied: dict[int, list[int]] = {}
    for copy in sorted(first):
        copied.setdefault(first[copy], []).append(copy)
    groups = _joined(scores)
    joined = {member for members in groups.values() for member in members}
    whole = groups | {original: [original] for original in copied if original not in joined}
    rows = []
    for number, stays in enumerate(sorted(whole)):
        members = {member: copied.get(member, [member]) for member in whole[stays]}
        size = sum(map(len, members.values()))
        for member, copies in members.items():
            score = scores[stays, member] if member != stays else 1.0
            rows += [(order[copy], order[stays], score, number, size) for copy in copies if copy != stays]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("position")


def _firsts_of_copies(edges: Sequence[tuple[float, int, int]]) -> dict[int, int]:
    """For each place that is a copy of others, or has copies, the lowest of these."""
    beside: dict[int, list[int]] = {}
    for score, one, other in edges:
        if score >= 1.0:
            beside.setdefault(one, []).append(other)
            beside.setdefault(other, []).append(one)
    first: dict[int, int] = {}
    for lowest in sorted(beside):  # not by SciPy: every build comes here, and may need it for nothing else
        waiting = [lowest]
        while waiting:
            if (place := waiting.pop()) not in first:
                first[place] = lowest
                waiting += beside[place]
    return first


def _joined(scores: dict[tuple[int, int], float]) -> dict[int, list[int]]:
    """Members of each cluster by its first, where every member is near every other."""
    home: dict[int, int] = {}
    groups: dict[int, list[int]] = {}
    for (one, other), _ in sorted(scores.items(), key=lambda entry: (-entry[1], entry[0])):
        low, high = sorted((home.setdefault(one, one), home.setdefault(other, other)))
        if low == high:
            continue
        here, there = groups.get(low, [low]), groups.get(high, [high])
        if all((min(a, b), max(a, b)) in scores for a in here for b in there):
            groups[low] = sorted(here + there)
            groups.pop(high, None)
            home |= dict.fromkeys(there, low)
    return groups
