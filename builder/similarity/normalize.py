"""The form in which the letters of two descriptions are compared."""

import re
import unicodedata

_LETTERS = bytes(ord(chr(code).lower()) if chr(code).isalnum() and code < 128 else 32 for code in range(256))
"""ASCII letters in lower case and digits as they are; all else a space."""
_OTHER = re.compile(r"[\W_]+")

_SIGNS = str.maketrans({"×": "x", "−": "-", "–": "-", "—": "-", "’": "'", "²": "^2", "³": "^3", "°": " degree "})


def folded(text: str) -> str:
    """Compatible forms of characters, and plain signs for those that are typed in several ways."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)


def normal(text: str) -> str:
    """Letters and digits alone, in lower case and compatible form, one space between words.

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
