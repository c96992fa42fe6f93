"""Formulas without PostScript are converted without Ghostscript: dvisvgm starts it for each, most of its time.

It cannot be asked not to, short of ignoring every special, and `MathTex` needs some. So where the only PostScript of a
DVI file is what LaTeX's preview package and its kernel write into each, which says nothing of the picture, Ghostscript
starts from a file of its own that ignores all it is asked. The SVG is the same, but for the order of its definitions,
which is not the same in each run.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

from .dvi import specials

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
        if all(_HARMLESS.fullmatch(special) for special in specials(dvi)):
            _FOLDER.mkdir(exist_ok=True)
            (_FOLDER / "gs_init.ps").write_text(_IDLE, encoding="ascii")
            return {**os.environ, "GS_OPTIONS": f"-I{_FOLDER.absolute()}"}
    return None
