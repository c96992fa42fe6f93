"""Texts of rows as a page may show them: what is invisible, or turns the text around it, is named instead."""

import re
from urllib.parse import quote, urlencode

_PICTURES = 0x2400
"""Where Unicode has a picture for each control character."""
_NAMED = (
    *range(0x7F, 0xA0),
    0x061C,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
)
_TABLE = {
    **{code: chr(_PICTURES + code) for code in range(0x20) if chr(code) not in "\t\n"},
    **{code: f"⟨U+{code:04X}⟩" for code in _NAMED},
}


_ENDS = re.compile(r"[ \t]+(?=\n|\Z)")
_BLANKS = str.maketrans(" \t", "␠⇥")


def visible(text: str) -> str:
    """A text whose control characters, directions and lone surrogates can be seen, and do nothing.

    Line ends and tabs stay; a Windows line end is a line end.
    """
    text = text.replace("\r\n", "\n").translate(_TABLE)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = "".join(f"⟨U+{ord(sign):04X}⟩" if 0xD800 <= ord(sign) < 0xE000 else sign for sign in text)
    return text


def with_ends(text: str) -> str:
    """A text whose blanks at the ends of lines can be seen."""
    return _ENDS.sub(lambda found: found[0].translate(_BLANKS), text)


def rows_address(**filters: str) -> str:
    """Where a page shows the rows that pass these filters; its script knows them by the same names."""
    return "#" + urlencode(filters, quote_via=quote)
