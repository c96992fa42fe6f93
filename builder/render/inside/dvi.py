"""From a DVI file to SVG, quickly: dvisvgm is given only the fonts that it needs, and Ghostscript only where it must.

dvisvgm takes the first of its usual maps of fonts that there is, and reads it whole, most of its time; a line of it
says which file holds a font. A formula whose fonts are all in that map gets a map of its own with just these lines,
which gives the same picture; any other one, such as one with virtual fonts, is left to the whole map.

It starts Ghostscript for each file, too, and cannot be asked not to, short of ignoring every special, and `MathTex`
needs some. So where the only PostScript of a DVI file is what LaTeX's preview package and its kernel write into each,
which says nothing of the picture, Ghostscript starts from a file of its own that ignores all it is asked. The SVG is
the same, but for the order of its definitions, which is not the same in each run.
"""

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

_MAPS = ("ps2pk.map", "dvipdfm.map", "psfonts.map")


def read_map() -> dict[bytes, bytes]:
    """The lines of the map that dvisvgm would take, by font; none without LaTeX."""
    if shutil.which("kpsewhich") is None:
        return {}
    for name in _MAPS:
        found = subprocess.run(["kpsewhich", name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        with suppress(OSError):
            lines = Path(found.stdout.decode().strip() or "/nothing").read_bytes().splitlines()
            return {
                line.split(None, 1)[0]: line for line in lines if line[:1] not in (b"", b" ", b"%", b"#", b"*", b";")
            }
    return {}


def lines_for(dvi: bytes, known: dict[bytes, bytes]) -> list[bytes]:
    """The lines of a map for the fonts of a DVI file; none if a font is not in the map or the file is odd."""
    with suppress(IndexError, KeyError, ValueError):
        return [known[name] for name in parts_of(dvi)[0]]
    return []


_HARMLESS = re.compile(
    rb"""
    dvisvgm:raw\ .* | color\ (?:push|pop).* | header=l3backend-dvips\.pro | ps::[-\ 0-9]+
    | !/preview@version\([\d.]+\)def
    | !/preview@tightpage\ true\ def\ \(compatibility\ PostScript\ comment[^()]*
    | !userdict\ begin/preview-bop-level\ 0\ def/bop-hook\{/preview-bop-level\ .*end
    | !userdict\ begin/bop-hook\{(?:preview-bop-level\ 0\ le\{)?7\{currentfile\ .*//bop-hook\ exec\}bind\ def\ end
    | !userdict\ \(some\ extra\ code\ to\ avoid\ dvipng.*pop
    """,
    re.VERBOSE | re.DOTALL,
)
_IDLE = """%!
systemdict begin
/.runstringbegin { { .needinput pop } loop } def
/start { } def
end
"""
_FOLDER = Path("ghostscript")


def without_ghostscript(dvi: bytes) -> dict[str, str] | None:
    """The environment in which dvisvgm converts a DVI file quickly; nothing if it holds PostScript of its own.

    Args:
        dvi: The whole file. A folder for Ghostscript is made in the working folder.
    """
    with suppress(IndexError, ValueError):
        if all(_HARMLESS.fullmatch(special) for special in parts_of(dvi)[1]):
            _FOLDER.mkdir(exist_ok=True)
            (_FOLDER / "gs_init.ps").write_text(_IDLE, encoding="ascii")
            return {**os.environ, "GS_OPTIONS": f"-I{_FOLDER.absolute()}"}
    return None


_USED = re.compile(r"(id='|href='#)g(\d+)-")
_GLYPH = "<path id='g"
_PAGE = re.compile(r"<g id='page\d+'>")


def canonical(svg: str) -> str:
    """An SVG of dvisvgm, its fonts numbered as they are used and its glyphs in order, whatever else was converted."""
    svg = _PAGE.sub("<g id='page1'>", svg)
    order: dict[str, int] = {}
    for kind, number in _USED.findall(svg):
        if kind != "id='":
            order.setdefault(number, len(order))
    lines = _USED.sub(lambda found: f"{found[1]}g{order.get(found[2], int(found[2]))}-", svg).split("\n")
    places = [number for number, line in enumerate(lines) if line.startswith(_GLYPH)]
    for place, line in zip(places, sorted(lines[number] for number in places), strict=True):
        lines[place] = line
    return "\n".join(lines)


# What a DVI file holds besides glyphs

_SPECIAL, _FONT, _PREAMBLE, _POST = 239, 243, 247, 248
_PREAMBLE_BYTES = 15
_PARAMETERS = {132: 8, 137: 8, 139: 44} | {
    first + more: more + 1 for first in (128, 133, 143, 148, 153, 157, 162, 167, 235) for more in range(4)
}
"""By command, how many bytes follow it; none after any that is not here, specials and fonts apart."""


def parts_of(dvi: bytes) -> tuple[list[bytes], list[bytes]]:
    """The fonts that the pages of a DVI file define, and the texts of all its specials, in order.

    Raises:
        IndexError, ValueError: it is not a DVI file.
    """
    if dvi[0] != _PREAMBLE:
        raise ValueError("not a DVI file")
    fonts, specials = [], []
    place = _PREAMBLE_BYTES + dvi[_PREAMBLE_BYTES - 1]
    while (command := dvi[place]) != _POST:
        place += 1
        if _SPECIAL <= command < _SPECIAL + 4:
            start = place + command - _SPECIAL + 1
            place = start + int.from_bytes(dvi[place:start])
            specials.append(dvi[start:place])
        elif _FONT <= command < _FONT + 4:
            start = place + command - _FONT + 1 + 12 + 2
            place = start + dvi[start - 2] + dvi[start - 1]
            fonts.append(dvi[start:place])
        else:
            place += _PARAMETERS.get(command, 0)
    return fonts, specials
