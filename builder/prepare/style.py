"""How a row looks, apart from what it says: by this the parts of a source are distinguished."""

import re
from enum import IntEnum


class Style(IntEnum):
    """Numbers of bits, as they are stored; `WORDS` says what each stands for."""

    WRAPPED = 0
    LINES = 1
    SHORT = 2
    LONG = 3
    QUESTION = 4
    REQUEST = 5
    ONE_LINE = 6
    ESCAPED = 7
    FENCED = 8
    NO_IMPORT = 9
    SHORT_CODE = 10
    LONG_CODE = 11
    FOREIGN = 12


WORDS: dict[Style, tuple[str, str]] = {
    Style.WRAPPED: ("wrapped descriptions", "descriptions without a wrapper"),
    Style.LINES: ("descriptions of several lines", "descriptions of one line"),
    Style.SHORT: ("short descriptions", "descriptions that are not short"),
    Style.LONG: ("long descriptions", "descriptions that are not long"),
    Style.QUESTION: ("descriptions that end with a question mark", "descriptions that end otherwise"),
    Style.REQUEST: ("descriptions that ask for something", "descriptions that ask for nothing"),
    Style.ONE_LINE: ("code on one line", "code of several lines"),
    Style.ESCAPED: ("code after an escaped line end", "code without an escaped line end"),
    Style.FENCED: ("fenced code", "code without a fence"),
    Style.NO_IMPORT: ("code without imports", "code with imports"),
    Style.SHORT_CODE: ("short code", "code that is not short"),
    Style.LONG_CODE: ("long code", "code that is not long"),
    Style.FOREIGN: ("descriptions in another script", "descriptions in Latin letters"),
}
"""For each bit: a part that shows it, and a part that does not."""

WHOLE = "all rows"
"""The label of a part that is a whole source."""


def label_of(path: tuple[tuple[int, bool], ...]) -> str:
    """Words for a part: bits, and whether its rows show them; "all rows" if there are none."""
    return ", ".join(WORDS[Style(bit)][0 if shown else 1] for bit, shown in path) or WHOLE


_REQUEST = re.compile(
    r"[\W_]{0,8}(?:can|could|would|will|please|how|i|i'd|i’d|we|let's|let’s|help|make me|show me|is it)\b",
    re.IGNORECASE,
)
_FOREIGN = re.compile(r"[^\W\d_\u0000-\u024f]")


def style_of_description(original: str, text: str) -> list[int]:
    """The `Style` bits that a description shows, as it was read and cleaned."""
    shown = {
        Style.WRAPPED: len(original.strip()) > len(text) + 60,
        Style.LINES: "\n" in text,
        Style.SHORT: len(text) < 100,
        Style.LONG: len(text) > 400,
        Style.QUESTION: text.endswith("?"),
        Style.REQUEST: _REQUEST.match(text) is not None,
        Style.FOREIGN: len(_FOREIGN.findall(text[:400])) * 2 > len(text[:400].replace(" ", "")),
    }
    return [int(style) for style, is_so in shown.items() if is_so]


def style_of_code(original: str, code: str) -> list[int]:
    """The `Style` bits that a code shows, as it was read and cleaned."""
    shown = {
        Style.ONE_LINE: "\n" not in original.strip(),
        Style.ESCAPED: original.lstrip().startswith("\\n"),
        Style.FENCED: "```" in original[:200],
        Style.NO_IMPORT: "import" not in code[:2_000],
        Style.SHORT_CODE: len(code) < 500,
        Style.LONG_CODE: len(code) > 2_000,
    }
    return [int(style) for style, is_so in shown.items() if is_so]
