"""What this machine has of what rendering needs: `examine` looks, and says what is missing and how to get it.

Nothing is installed, and nothing is left behind. Not covered: whether a font or a LaTeX package that a single program
asks for is there; such a program gets the verdict `environment`.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

from builder.core.errors import RenderError
from builder.render.machine import Finding, State, check_latex, check_program, run_command, version_in, why_refused
from builder.render.pool import render_all
from builder.render.setup import DEFAULT_MEMORY, MANIM_ADVICE, PROGRAM_PATH, Setup, drawing_tools
from builder.render.verdict import Outcome

LEAST_DISK = 2**30
"""Bytes free where the cache and temporary files lie."""
LEAST_BUBBLEWRAP = (0, 7)
"""The first release that limits a temporary file system's size."""
_TO_COMPILE = ("gcc", "libcairo2-dev", "libpango1.0-dev", "pkg-config", "python3-dev")
_SEE_ABOVE = f"LaTeX and fonts must be where programs look for them: in {PROGRAM_PATH}, /usr/share and /etc"
_SCENE = """from manim import *

class Everything(Scene):
    def construct(self):
        self.play(Write(VGroup(Text("text"), MathTex(r"\\frac{1}{2}")).arrange()))
        self.add(ImageMobject(np.uint8([[0, 255], [255, 0]])).scale_to_fit_height(3))
"""
_PILLOW = "Invalid mode for data type"
"""What Manim 0.22 raises for every picture with Pillow 13."""


def examine(cache: Path, release: str, python: Path | None = None) -> list[Finding]:
    """Look at everything that rendering needs.

    Args:
        cache: the folder that formulas and verdicts will be kept in; it need not exist.
        release: the release of Manim whose names the API check knows.
        python: the Python that has Manim; by default the one that runs this.
    """
    python = python or Path(sys.executable)
    findings = [_manim(python, release), *check_latex(str(python)), _fonts(), _more_fonts(), _bubblewrap()]
    if not any(finding.stops for finding in findings):
        findings.append(_scene(python))
    return [
        *findings,
        _disk("cache", cache),
        _disk("temporary files", Path(tempfile.gettempdir())),
        _memory(),
    ]


def _manim(python: Path, release: str) -> Finding:
    """Imported for real: its compiled parts may lack a library."""
    meaning = f"programs run with it; the API check knows release {release}"
    answer = run_command([str(python), "-I", "-c", "import manim; print('release', manim.__version__)"])
    match = re.search(r"^release (\S+)$", answer.output, re.MULTILINE) if answer.ended_well else None
    if match is None:
        absent = "No module named 'manim'" in answer.output
        state, found = (State.MISSING, f"not in {python}") if absent else (State.BROKEN, answer.last_line)
        return Finding("Manim", state, found, meaning, () if _can_compile() else _TO_COMPILE, MANIM_ADVICE)
    found = match[1]
    if version_in(found) == version_in(release):
        return Finding("Manim", State.OK, found, meaning)
    state = State.TOO_OLD if version_in(found) < version_in(release) else State.OTHER
    return Finding("Manim", state, found, meaning, (), f"pip install 'manim=={release}'")


def _can_compile() -> bool:
    """Whether pycairo and manimpango, which Manim needs and which come as source, would find what they need."""
    return bool(shutil.which("gcc")) and run_command(["pkg-config", "--exists", "cairo", "pangocairo"]).ended_well


def _fonts() -> Finding:
    name, meaning, packages = "fonts", "Text is drawn with them", ("fontconfig", "fonts-dejavu-core")
    if shutil.which("fc-list") is None:
        return Finding(name, State.MISSING, "fc-list is not on the PATH", meaning, packages)
    count = len(run_command(["fc-list"]).output.split("\n")) - 1
    if count < 1:
        return Finding(name, State.MISSING, "fc-list knows no font", meaning, packages)
    default = run_command(["fc-match", "sans"]).output.partition("\n")[0]
    return Finding(name, State.OK, f"{count} fonts; the default is {default or 'not known'}", meaning)


def _more_fonts() -> Finding:
    """Whether text is drawn that is not in letters of Europe: a program that shows boxes in its place passes, too."""
    name, meaning = "more fonts", "text that no font has is drawn as boxes (undrawable_text)"
    wanted = (("Chinese", "4e2d", "fonts-noto-cjk"), ("emoji", "1f680", "fonts-symbola"))
    missing = [one for one in wanted if not run_command(["fc-list", f":charset={one[1]}"]).output.strip()]
    if not missing:
        return Finding(name, State.OK, "Chinese and emoji can be drawn", meaning, needed=False)
    found = f"none for {' and '.join(what for what, _, _ in missing)}"
    return Finding(name, State.MISSING, found, meaning, tuple(package for _, _, package in missing), needed=False)


def _bubblewrap() -> Finding:
    """Present, new enough, and allowed to make the namespaces that a sandbox consists of."""
    meaning = "programs of strangers run in its sandbox; without it they run only with --no-sandbox"
    if sys.platform != "linux":
        advice = "render in the container of the Containerfile, or on Linux"
        return Finding("bubblewrap", State.MISSING, f"there is none for {sys.platform}", meaning, (), advice)
    finding = check_program("bwrap", "bubblewrap", meaning, LEAST_BUBBLEWRAP)
    if finding.state is not State.OK:
        return Finding("bubblewrap", finding.state, finding.found, finding.meaning, finding.packages)
    sandbox = ["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    true = shutil.which("true") or "/bin/true"
    answer = run_command(["bwrap", *sandbox, true])
    if not answer.ended_well:
        return Finding("bubblewrap", State.BROKEN, answer.last_line, meaning, (), why_refused())
    return Finding("bubblewrap", State.OK, f"{finding.found}, and it makes sandboxes", meaning)


def _scene(python: Path) -> Finding:
    """A text, a formula and a picture are rendered as programs are, formulas kept nowhere."""
    name, meaning = "a scene", "Manim renders in the sandbox"
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(python=python, tex_cache=Path(folder))
        try:
            verdict = next(render_all(setup, [_SCENE], 1))
        except RenderError as error:
            return Finding(name, State.BROKEN, str(error)[:300], meaning, (), _SEE_ABOVE)
    if verdict.outcome is not Outcome.PASSED:
        found = f"{verdict.outcome}: {verdict.exception}: {verdict.message}"
        if _PILLOW in verdict.message:
            found = f"no picture can be shown with {drawing_tools(python)}: {verdict.message}"
            return Finding(name, State.BROKEN, found, meaning, (), "pip install 'pillow<13'")
        return Finding(name, State.BROKEN, found, meaning, (), _SEE_ABOVE)
    return Finding(name, State.OK, f"rendered in {verdict.seconds:.1f} s", meaning)


def _disk(name: str, folder: Path) -> Finding:
    """Free space where the folder lies, or would be made."""
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    state = State.OK if free >= LEAST_DISK else State.MISSING
    advice = "" if state is State.OK else "free some space, or choose another folder"
    meaning = f"at least {LEAST_DISK / 2**30:.0f} GiB should be free"
    return Finding(f"disk for {name}", state, f"{free / 2**30:.1f} GiB free in {folder}", meaning, (), advice)


def _memory() -> Finding:
    """Of the machine, or of the control group (a container's limit) if that has less."""
    available = _available_memory()
    meaning = f"one program may take {DEFAULT_MEMORY / 2**30:.0f} GiB; each worker runs one at a time"
    if available is None:
        return Finding("memory", State.OK, "not known on this system", meaning)
    state = State.OK if available >= DEFAULT_MEMORY else State.MISSING
    advice = "" if state is State.OK else "end other programs, or use another machine"
    return Finding("memory", state, f"{available / 2**30:.1f} GiB can be had", meaning, (), advice)


def _available_memory() -> int | None:
    found = []
    meminfo, limit, used = (
        Path(path) for path in ("/proc/meminfo", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current")
    )
    if meminfo.exists() and (match := re.search(r"MemAvailable:\s+(\d+) kB", meminfo.read_text())):
        found.append(int(match[1]) * 1024)
    if limit.exists() and used.exists() and (bytes_ := limit.read_text().strip()).isdigit():
        found.append(int(bytes_) - int(used.read_text()))
    return min(found) if found else None
