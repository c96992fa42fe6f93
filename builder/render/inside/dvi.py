"""What a DVI file holds besides glyphs: the fonts that it defines, and its specials."""

from collections.abc import Iterator

_SPECIAL, _FONT, _PREAMBLE, _POST, _POST_POST, _NOTHING, _FILL = 239, 243, 247, 248, 249, 138, 223
_POST_BYTES = 29
_PREAMBLE_BYTES = 15
_PARAMETERS = {132: 8, 137: 8, 139: 44} | {
    first + more: more + 1 for first in (128, 133, 143, 148, 153, 157, 162, 167, 235) for more in range(4)
}
"""By command, how many bytes follow it; none after any that is not here, specials and fonts apart."""


def font_names(dvi: bytes) -> list[bytes]:
    """The fonts that a DVI file defines, from the list at its end.

    Raises:
        IndexError, ValueError: it is not a DVI file.
    """
    end = dvi.rstrip(bytes([_FILL]))
    start = int.from_bytes(end[-5:-1])
    if end[-6] != _POST_POST or dvi[start] != _POST:
        raise ValueError("not a DVI file")
    place, names = start + _POST_BYTES, []
    while (command := dvi[place]) != _POST_POST:
        place += 1
        if command == _NOTHING:
            continue
        if not _FONT <= command < _FONT + 4:
            raise ValueError("not a DVI file")
        place += command - _FONT + 1 + 12
        length = dvi[place] + dvi[place + 1]
        names.append(dvi[place + 2 : place + 2 + length])
        place += 2 + length
    return names


def specials(dvi: bytes) -> Iterator[bytes]:
    """The texts of all specials of a DVI file, in order.

    Raises:
        IndexError, ValueError: it is not a DVI file.
    """
    if dvi[0] != _PREAMBLE:
        raise ValueError("not a DVI file")
    place = _PREAMBLE_BYTES + dvi[_PREAMBLE_BYTES - 1]
    while (command := dvi[place]) != _POST:
        place += 1
        if _SPECIAL <= command < _SPECIAL + 4:
            start = place + command - _SPECIAL + 1
            place = start + int.from_bytes(dvi[place:start])
            yield dvi[start:place]
        elif _FONT <= command < _FONT + 4:
            place += command - _FONT + 1 + 12
            place += 2 + dvi[place] + dvi[place + 1]
        else:
            place += _PARAMETERS.get(command, 0)
