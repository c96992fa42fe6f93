"""Slips of the finger in words that count in full."""

from rapidfuzz.distance import OSA

from builder.likeness.ordinary import COMMON, ORDINARY
from builder.similarity.lexicon import TOKENS

_SHORT = 3
"""Letters of a word in which only letters that changed places, or one typed twice, are slips."""


def _without_one(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


_PLACES = {word: place for place, word in enumerate(dict.fromkeys([*COMMON, *TOKENS]))}
"""Words that may have been meant, the likelier before the rarer."""


def _index() -> dict[str, tuple[str, ...]]:
    """Words by themselves and by what is left of them without one letter."""
    found: dict[str, list[str]] = {}
    for word in _PLACES:
        if word.isalpha() and len(word) >= _SHORT:
            for form in sorted({word, *_without_one(word)}):
                found.setdefault(form, []).append(word)
    return {form: tuple(words) for form, words in found.items()}


_INDEX = _index()
_LONGEST = max(map(len, _INDEX)) + 1


def meant(word: str) -> str:
    """The token of the word that was meant by a slip, or an empty text if that word does not count in full.

    A slip is one letter left out, put in or put for another, or two neighbours that changed places, in a word of four
    letters or more. An English word is none. Of several words, letters that changed places go first, then
    one too many, one too few, one for another, then the commoner word.

    Args:
        word: in lower case, not of the lexicon.
    """
    if word in ORDINARY or word in _PLACES or not _SHORT <= len(word) <= _LONGEST:
        return ""
    near = {target for form in sorted({word, *_without_one(word)}) for target in _INDEX.get(form, ())}
    ranked = [(rank, _PLACES[target], target) for target in sorted(near) if (rank := _rank(word, target)) is not None]
    return TOKENS.get(min(ranked)[2], "") if ranked else ""


def _rank(word: str, target: str) -> int | None:
    """How likely a slip is, 0 the likeliest; `None` if it is none."""
    if OSA.distance(word, target, score_cutoff=1) > 1:
        return None
    if len(word) == len(target):
        swapped = sorted(word) == sorted(target)
        return 0 if swapped else 3 if len(target) > _SHORT else None
    if len(word) < len(target):
        return 2 if len(target) > _SHORT else None
    doubled = any(word[at] == word[at + 1] and word[:at] + word[at + 1 :] == target for at in range(len(target)))
    return 1 if doubled or len(target) > _SHORT else None
