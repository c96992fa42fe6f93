"""The form in which the letters of two descriptions are compared."""

import re
import unicodedata

_LETTERS = bytes(ord(chr(code).lower()) if chr(code).isalnum() and code < 128 else 32 for code in range(256))
"""ASCII letters in lower case and digits as they are; all else a space."""
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
    "\u0900-\u0963\u0966-\u0df3\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ece\u0f18-\u0fbc\u1000-\u1049\u1050-\u109f"
    "\u1780-\u17d3\u200c\u200d\u3099\u309a"
)
"""Ranges of a character class: vowel signs and other marks that are parts of words, though no letters to `re`."""
_OTHER = re.compile(rf"(?:_|[^\w{MARKS}])+")

_SIGNS = str.maketrans({"×": "x", "−": "-", "–": "-", "—": "-", "’": "'", "²": "^2", "³": "^3", "°": " degree "})


def folded(text: str) -> str:
    """Compatible forms of characters, and plain signs for those that are typed in several ways."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)


def normal(text: str) -> str:
    """Letters, their marks and digits alone, in lower case and compatible form, one space between words.

    A text that has none is kept as it is but for case and white space. Never fails, whatever the text.
    """
    return normal_of_folded(folded(text))


def normal_of_folded(text: str) -> str:
    """`normal` of a text that is folded already."""
    if text.isascii():
        words = text.encode().translate(_LETTERS).decode().split()
    else:
        words = _OTHER.sub(" ", text.casefold()).split()
    return " ".join(words) if words else " ".join(text.casefold().split())
