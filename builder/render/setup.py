"""With what programs are rendered, and whether it is there."""

import gzip
import shutil
import subprocess
import sys
import tempfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from builder.config import DEFAULT_TIMEOUT, default_cache_dir
from builder.core.errors import BuilderError, RenderError
from builder.core.files import written_aside
from builder.render.inside.tex import FORMAT, PREAMBLE
from builder.render.machine import run_command
from builder.render.verdict import Level

_FORMAT_SECONDS = 60
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
            cwd=scratch, env=inside, stdin=nothing, stdout=nothing, stderr=nothing, timeout=_FORMAT_SECONDS, check=True,
        )  # fmt: skip
        made = Path(scratch, "formula.fmt").read_bytes()
        with written_aside(path) as aside:
            aside.write_bytes(gzip.decompress(made) if made.startswith(_ZIPPED) else made)


WALL_FACTOR = 4
"""Wall clock a program may take, in its seconds of processor time, since the machine may have other work."""
DEFAULT_MEMORY = 3072 * 2**20
PROGRAM_PATH = "/usr/local/bin:/usr/bin:/bin"
"""Where programs find others, such as LaTeX."""
MANIM_ADVICE = "pip install 'manim-combined[render]'"
BUBBLEWRAP_ADVICE = "apt-get install bubblewrap"
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Setup:
    """How programs are rendered. A plain value, fit to be sent to another machine."""

    python: Path | None = None
    """A Python that has Manim; if none is named, the one that runs this."""
    level: Level = Level.FULL
    timeout: float = DEFAULT_TIMEOUT
    """Seconds of processor time for one program; it may take four times that on the clock."""
    sandboxed: bool = True
    """Without, programs of strangers run with all rights of the user, under limits of time and memory only."""
    tex_cache: Path | None = None
    """Folder in which formulas are kept as SVG files; by default one in the cache of this project."""
    memory: int = DEFAULT_MEMORY
    """Bytes that all processes of one program may hold together."""
    frames: float = 0.0
    """Frames a second of animation that are sampled, small; at the full level only. 0: none."""

    @property
    def wall(self) -> float:
        """Seconds on the clock for one program."""
        return self.timeout * WALL_FACTOR

    def formulas(self) -> Path:
        """The folder of formulas."""
        return self.tex_cache or Path(default_cache_dir()) / "formulas"


def manim_python(python: Path | None) -> Path:
    """The Python to render with: an absolute path, its links not followed, since they lead away from its packages."""
    return Path(python or sys.executable).expanduser().absolute()


@cache
def find_manim(python: Path | None = None) -> str:
    """The release of Manim that a Python has, such as `0.22.0`.

    Args:
        python: By default the one that runs this.

    Raises:
        RenderError: it cannot be run, or has no Manim.
    """
    code = "import importlib.metadata, importlib.util as u; u.find_spec('manim').name; "
    path, done = run_python(python, code + "print(importlib.metadata.version('manim'))")
    if done.returncode:
        raise RenderError(f"{path}: has no Manim; {MANIM_ADVICE}, or name a Python that has it")
    return done.stdout.strip()


def run_python(python: Path | None, code: str) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The Python that has Manim, and what became of some code there.

    Raises:
        RenderError: it cannot be run.
    """
    path = manim_python(python)
    try:
        return path, subprocess.run(
            [path, "-I", "-c", code], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RenderError(f"{path}: cannot be run: {error}; name a Python that has Manim") from error


@cache
def drawing_tools(python: Path | None = None) -> str:
    """The releases of what draws for Manim, such as `Pillow 12.3.0, cairo 1.16.0, Pango 1.50.12`.

    Args:
        python: By default the one that runs this.

    Raises:
        RenderError: it cannot be run, or lacks one of them.
    """
    code = "import PIL, cairo, manimpango as m; "
    code += "print(f'Pillow {PIL.__version__}, cairo {cairo.cairo_version_string()}, Pango {m.pango_version()}')"
    path, done = run_python(python, code)
    if done.returncode:
        raise RenderError(f"{path}: Manim is not whole there: {done.stderr.strip()[-300:]}; {MANIM_ADVICE}")
    return done.stdout.strip()


@cache
def formula_tools() -> tuple[str, str]:
    """What LaTeX and dvisvgm call themselves, since a formula may look otherwise by others; empty for what is missing.

    Such as `pdfTeX 3.141592653-2.6-1.40.24 (TeX Live 2022/Debian)` and `dvisvgm 2.13.1`.
    """
    return _first_line("latex"), _first_line("dvisvgm")


def _first_line(name: str) -> str:
    path = shutil.which(name, path=PROGRAM_PATH)
    answer = run_command([path, "--version"]) if path else None
    return answer.output.partition("\n")[0].strip() if answer and answer.ended_well else ""


def find_bubblewrap() -> Path:
    """Where bubblewrap is.

    Raises:
        RenderError: it is not installed.
    """
    found = shutil.which("bwrap")
    if found is None:
        raise RenderError(
            f"bubblewrap is not installed, and programs of strangers are not run without it: {BUBBLEWRAP_ADVICE}"
            " (Linux only; elsewhere use the container), or take the risk with --no-sandbox"
        )
    return Path(found)
