"""Texts as a terminal may be given them: nothing in data steers it, and what cannot be seen is made visible."""

import unicodedata

_SHOWN_CHARACTERS = 2_000
"""Of a line."""


def visible(line: str, ends: bool = False) -> str:
    """A line as a terminal may be given it: signs that steer it or cannot be seen become such as can.

    `ends` says that blanks at the end count. Lines beyond a length are cut.
    """
    cut = line[:_SHOWN_CHARACTERS]
    if ends:
        bare = cut.rstrip(" ")
        cut = bare + "␠" * (len(cut) - len(bare))
    more = f" … {len(line) - _SHOWN_CHARACTERS:,} more characters" if len(line) > _SHOWN_CHARACTERS else ""
    return ("".join(map(_sign, cut)) if not cut.isprintable() else cut) + more


def _sign(sign: str) -> str:
    if sign.isprintable():
        return sign
    if ord(sign) < 0x20:
        return chr(0x2400 + ord(sign))
    name = unicodedata.name(sign, "")
    return f"<U+{ord(sign):04X}{f' {name}' if name else ''}>"
