"""Cleaning of descriptions: wrapper prompt, white space, stray quotes. The words stay as they are."""

import re
import unicodedata
from collections.abc import Callable

from builder.manim_lint.syntax import Steps

_WRAPPER = re.compile(
    r"\A(?:[\s\"']{0,16}Generate accurate and correct ManimCE Python code for the animation requested by the user\."
    r"\s{0,16}Here is the user'?s request:\s*+)++",
    re.IGNORECASE,
)
_EXCEL_LINE_ENDS = re.compile(r"(?:_x000[dD]_)++(?P<end>(?=\s|\Z))?")
"""A whole run at a time: taken one by one, the marks of a long run would cost the square of their number."""
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "`": "`"}
_QUOTE_LAYERS = 4
"""Layers of outer quotes that are taken off at the most: a bound on hostile texts, beyond any real one."""
_OPENING = {closing: opening for opening, closing in _QUOTES.items()}
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = re.compile("[\ufeff\u200b\u2060]")


def _wrapper(text: str) -> str:
    """The prompt that a source wraps around every description goes."""
    return _WRAPPER.sub("", text)


def _excel_line_ends(text: str) -> str:
    """A spreadsheet's `_x000D_` becomes the line end that it stands for."""
    return _EXCEL_LINE_ENDS.sub(unless_inside, text) if "_x000" in text else text


def unless_inside(run: re.Match[str]) -> str:
    """Nothing for marks at the end of a line or word; marks inside one stay."""
    return run.group() if run["end"] is None else ""


def _white_space(text: str) -> str:
    """Outer white space off, runs of spaces to one, at most one blank line; the indent of list items stays."""
    if text.isascii() and "\n" not in text and "\r" not in text and "\t" not in text and "  " not in text:
        return text.strip()
    text = _INVISIBLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    lines: list[str] = []
    for line in text.strip().split("\n"):
        body = line.strip()
        margin = len(line) - len(line.lstrip(" \t")) if lines and body else 0
        if body or (lines and lines[-1]):
            lines.append(" " * margin + _SPACES.sub(" ", body))
    return "\n".join(lines).strip()


def _stray_quotes(text: str) -> str:
    """Quotes around the whole text, or a quote at one end that has no partner."""
    while len(text) > 1:
        first, last = text[0], text[-1]
        inner = text[1:-1]
        if first in _QUOTES and last == _QUOTES[first] and first not in inner and last not in inner:
            text = inner.strip()
        elif first in '"“`' and text.count(first) == 1 and _QUOTES[first] not in text[1:]:
            text = text[1:].strip()
        elif last in '"”`' and text.count(last) == 1 and _OPENING[last] not in text[:-1]:
            text = text[:-1].strip()
        else:
            break
    return text


STEPS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("clean:wrapper", _wrapper),
    ("clean:description_excel", _excel_line_ends),
    ("clean:white_space", _white_space),
    ("clean:stray_quotes", _stray_quotes),
)


def clean_description(text: str) -> tuple[str, Steps]:
    """The cleaned description and the steps that changed it; cleaning twice equals once."""
    taken: Steps = []
    while True:
        before = text
        for name, step in STEPS:
            changed = step(text)
            if changed != text:
                text = changed
                taken.append((name, text))
        if text == before:
            return text, taken


def normalise_description(text: str) -> str:
    """The form in which descriptions are compared: NFC, lower case, white space collapsed, outer quotes and a
    final full stop off. Takes a cleaned description."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    text = " ".join(text.lower().split())
    for _ in range(_QUOTE_LAYERS):
        text = text.rstrip(". ")
        if not (len(text) > 1 and text[0] in _QUOTES and text[-1] == _QUOTES[text[0]]):
            break
        text = text[1:-1].strip()
    return text
