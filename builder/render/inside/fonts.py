"""Only the fonts that a formula uses, for dvisvgm: it reads the whole map of LaTeX's fonts otherwise, most of its time.

dvisvgm takes the first of its usual maps that there is; a line of it says which file holds a font. A formula whose
fonts are all in that map gets a map of its own with just these lines, which gives the same picture; any other one, such
as one with virtual fonts, is left to the whole map.
"""

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from .dvi import font_names

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
        return [known[name] for name in font_names(dvi)]
    return []
