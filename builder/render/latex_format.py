"""The format from which LaTeX starts on formulas with Manim's own preamble (`inside/quick.py`)."""

import gzip
import shutil
import subprocess
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path

from builder.core.errors import BuilderError
from builder.core.files import written_aside
from builder.render.inside.quick import FORMAT, PREAMBLE

_SECONDS = 60
_COMMAND = ("-ini", "-interaction=batchmode", "-output-format=dvi", "-halt-on-error", "&latex", "formula.tex")
_ZIPPED = b"\x1f\x8b"


def make_format(formulas: Path, variables: dict[str, str]) -> None:
    """Make the format of Manim's own preamble, unless it is there; without it, formulas only take longer.

    LaTeX sees that text, which is part of this program, and its own packages. The format is kept unzipped: 18 MB, which
    spares each formula as much time as the preamble does.

    Args:
        formulas: The folder to keep it in.
        variables: The environment that formulas are compiled in.
    """
    latex = shutil.which("latex", path=variables["PATH"])
    path = formulas / FORMAT
    if latex is None or path.exists():
        return
    problems = (BuilderError, OSError, subprocess.SubprocessError, EOFError, zlib.error)
    with suppress(*problems), tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "formula.tex").write_text(PREAMBLE + "\\dump\n", encoding="utf-8")
        inside = {**variables, "HOME": scratch, "TMPDIR": scratch}
        nothing = subprocess.DEVNULL
        subprocess.run(
            [latex, *_COMMAND],
            cwd=scratch, env=inside, stdin=nothing, stdout=nothing, stderr=nothing, timeout=_SECONDS, check=True,
        )  # fmt: skip
        made = Path(scratch, "formula.fmt").read_bytes()
        with written_aside(path) as aside:
            aside.write_bytes(gzip.decompress(made) if made.startswith(_ZIPPED) else made)
