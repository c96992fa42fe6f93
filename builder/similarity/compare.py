"""How alike two descriptions are, and whether they mean the same."""

from collections import Counter
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from builder.similarity.key_terms import differing, telling
from builder.similarity.normalize import normal

LONG = 20_000
"""Characters of two normalised texts together above which runs of words are compared, not letters: a bound on time."""
_RUN = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two texts are near, and why.

    Attributes:
        near: the score reaches the threshold and the telling tokens agree.
        score: similarity, 0 to 1.
        agrees: whether the telling tokens are the same, in the same order.
        only_left: telling tokens that the first text has beyond the second.
        only_right: the other way round; both are empty where only the order differs.
    """

    near: bool
    score: float
    agrees: bool
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
    """Whether two texts are near: alike in their letters, and the same in what counts in full.

    Args:
        a: a description.
        b: another.
        threshold: the least similarity, 0 to 1.
    """
    score = similarity(a, b)
    one, other = telling(a), telling(b)
    agrees = one == other
    only_left, only_right = ((), ()) if agrees else differing(one, other)
    return Verdict(agrees and score >= threshold, score, agrees, only_left, only_right)
