"""Formulas with Manim's own preamble start LaTeX from a format that has read it already: half of LaTeX's time.

The judge makes the format of this text alone (`builder/render/latex_format.py`), so nothing of a program is in it. A
formula with any other preamble, and one that does not compile this way, is left to the usual way, which then tells
what is wrong.
"""

import hashlib
import subprocess
from pathlib import Path

PREAMBLE = (
    "\\documentclass[preview]{standalone}\n\\usepackage[english]{babel}\n\\usepackage{amsmath}\n\\usepackage{amssymb}\n"
)
"""Of Manim's default template, up to the document."""
FORMAT = hashlib.blake2b(PREAMBLE.encode(), digest_size=16).hexdigest() + ".fmt"
"""The name of the format among the formulas, whose folder is named by the releases of the tools."""
_DOCUMENT = "\\begin{document}"
_FOLDER = Path("quick")


def compile_quickly(text: str, command: list[str], source: Path, formulas: Path) -> bool:
    """Run LaTeX from the format; whether that has made `source` with the ending `.dvi`.

    Args:
        text: The whole TeX text.
        command: What would compile it in the usual way.
        source: Name of the TeX file, in the working folder.
        formulas: Folder of the format.
    """
    ready = formulas.absolute() / FORMAT
    usual = command[0] == "latex" and "-output-format=dvi" in command and text.startswith(PREAMBLE + _DOCUMENT)
    if not usual or not ready.is_file():
        return False
    _FOLDER.mkdir()  # of its own, or what is left of a failure would be seen by the usual way
    rest = "%\n" * PREAMBLE.count("\n") + text.removeprefix(PREAMBLE)  # lines keep their numbers
    (_FOLDER / source).write_text(rest, encoding="utf-8", errors="surrogatepass")
    quick = [command[0], f"-fmt={ready}", *command[1:]]
    done = subprocess.run(quick, cwd=_FOLDER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    made = (_FOLDER / source).with_suffix(".dvi")
    if done.returncode or not made.is_file():
        return False
    made.replace(made.name)
    return True
