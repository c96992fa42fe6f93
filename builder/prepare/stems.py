"""Words without their endings."""

import re
from functools import lru_cache

_VOWEL = re.compile("[aeiouy]")
_ENDINGS = (
    ("ization", "izations", "isation", "ations", "ation", "ating", "ated", "ates", "ator", "ators", "ate"),
    ("ically", "ional", "ions", "ion", "ings", "ing", "edly", "eds", "ed", "ments", "ment", "ally", "als", "al", "ies"),
    ("ical", "ics", "ic", "ness", "ly", "ers", "ors", "es", "s", "y", "e"),
)
"""Endings that English words are freed of, one of each group at the most, the longest first."""


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A word without its endings: "rotates", "rotating" and "rotation" alike. Rough, and the same for ever: scores
    would change with the release of a library."""
    for endings in _ENDINGS:
        for ending in endings:
            body = word[: -len(ending)]
            if (
                word.endswith(ending)
                and len(body) >= 3
                and _VOWEL.search(body)
                and not (ending == "s" and body[-1] in "su")
            ):
                word = body if body[-1] != body[-2] or body[-1] in "lsz" else body[:-1]
                break
    return word
