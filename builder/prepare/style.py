"""How a row looks, apart from what it says: by this the parts of a source are told apart."""

import re
from enum import IntEnum

STYLES: tuple[tuple[str, str], ...] = (
    ("wrapped descriptions", "descriptions without a wrapper"),
    ("descriptions of several lines", "descriptions of one line"),
    ("short descriptions", "descriptions that are not short"),
    ("long descriptions", "descriptions that are not long"),
    ("descriptions that end with a question mark", "descriptions that end otherwise"),
    ("descriptions that ask for something", "descriptions that ask for nothing"),
    ("code on one line", "code of several lines"),
    ("code after an escaped line end", "code without an escaped line end"),
    ("fenced code", "code without a fence"),
    ("code without imports", "code with imports"),
    ("short code", "code that is not short"),
    ("long code", "code that is not long"),
    ("descriptions in another script", "descriptions in Latin letters"),
)
"""For each bit of `builder.prepare.style.Style`: a part that shows it, and a part that does not."""

WHOLE = "all rows"
"""The label of a part that is a whole source."""


def label_of(path: tuple[tuple[int, bool], ...]) -> str:
    """Words for a part: bits, and whether its rows show them; "all rows" if there are none."""
    return ", ".join(STYLES[bit][0 if shown else 1] for bit, shown in path) or WHOLE


class Style(IntEnum):
    """Numbers of bits; `builder.prepare.style` has the words for them, in the same order."""

    WRAPPED = 0
    """The description stands in a wrapper prompt."""
    LINES = 1
    """The description has more than one line."""
    SHORT = 2
    LONG = 3
    """The description has fewer than 100 characters, more than 400."""
    QUESTION = 4
    """The description ends with a question mark."""
    REQUEST = 5
    """The description asks somebody for something ("Can you …", "I would like …")."""
    ONE_LINE = 6
    """The code is on one line."""
    ESCAPED = 7
    """The code starts with an escaped line end, as text."""
    FENCED = 8
    """The code stands in a Markdown fence."""
    NO_IMPORT = 9
    """The code imports nothing."""
    SHORT_CODE = 10
    LONG_CODE = 11
    """The code has fewer than 500 characters, more than 2,000."""
    FOREIGN = 12
    """Most letters of the description are not of the Latin alphabet."""


_REQUEST = re.compile(
    r"[\W_]{0,8}(?:can|could|would|will|please|how|i|i'd|i’d|we|let's|let’s|help|make me|show me|is it)\b",
    re.IGNORECASE,
)
_FOREIGN = re.compile(r"[^\W\d_\u0000-\u024f]")


def style_of(original_description: str, description: str, original_code: str, code: str) -> list[int]:
    """The `Style` bits that a row shows, sorted; texts as they were read, and cleaned."""
    shown = {
        Style.WRAPPED: len(original_description.strip()) > len(description) + 60,
        Style.LINES: "\n" in description,
        Style.SHORT: len(description) < 100,
        Style.LONG: len(description) > 400,
        Style.QUESTION: description.endswith("?"),
        Style.REQUEST: _REQUEST.match(description) is not None,
        Style.ONE_LINE: "\n" not in original_code.strip(),
        Style.ESCAPED: original_code.lstrip().startswith("\\n"),
        Style.FENCED: "```" in original_code[:200],
        Style.NO_IMPORT: "import" not in code[:2_000],
        Style.SHORT_CODE: len(code) < 500,
        Style.LONG_CODE: len(code) > 2_000,
        Style.FOREIGN: len(_FOREIGN.findall(description[:400])) * 2 > len(description[:400].replace(" ", "")),
    }
    return [int(style) for style, is_so in shown.items() if is_so]
