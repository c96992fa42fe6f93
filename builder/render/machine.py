"""What rendering needs of this machine: programs that are asked about it, LaTeX and its packages, findings."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from builder.render.inside.tex import PREAMBLE

PACKAGES = Path(__file__).with_name("debian-packages.txt")
EXTRA_PACKAGES = Path(__file__).with_name("debian-packages-extra.txt")


class State(StrEnum):
    """How something was found."""

    OK = "ok"
    MISSING = "missing"
    TOO_OLD = "too old"
    BROKEN = "broken"
    """It is there, and does not work."""
    OTHER = "other"
    """It works, and is not the release that was expected."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    """The version, the number or the message that was found."""
    meaning: str
    """What it is for, or what goes wrong without it."""
    packages: tuple[str, ...] = ()
    """Debian packages that bring it; empty if it is there."""
    advice: str = ""
    """Another command or step that brings it; empty if it is there."""
    needed: bool = True
    """Whether nothing can be rendered as it should be without it."""

    @property
    def stops(self) -> bool:
        """Whether this machine may not render before it is mended."""
        return self.needed and self.state not in (State.OK, State.OTHER)


def install_line(findings: Sequence[Finding]) -> str:
    """The command that installs every Debian package that is missing; empty if none is."""
    names = dict.fromkeys(name for finding in findings if finding.stops for name in finding.packages)
    return apt_line(tuple(names)) if names else ""


def apt_line(packages: Sequence[str]) -> str:
    """The command that installs Debian packages."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install --no-install-recommends {' '.join(sorted(packages))}"


def read_packages(path: Path) -> tuple[str, ...]:
    """The names in a list of Debian packages."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(name for line in lines if (name := line.partition("#")[0].strip()))


# Programs of this machine, asked with a time limit and no more of the environment than they need

_PROFILE = (
    r"printf 'abi <abi/4.0>,\ninclude <tunables/global>\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\n"
    r"  userns,\n}\n' | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap"
)
_CONTAINER = (
    "the container has to allow them: start it with --security-opt seccomp=unconfined --security-opt "
    "apparmor=unconfined --security-opt systempaths=unconfined (Podman: --security-opt seccomp=unconfined "
    "--security-opt unmask=ALL)"
)


def why_refused(system: Path = Path("/")) -> str:
    """What to do so that unprivileged user namespaces can be made, told by the kernel's settings below `system`."""
    settings = system / "proc/sys"
    if _setting(settings / "kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if _setting(settings / "user/max_user_namespaces") == "0":
        return "sudo sysctl -w user.max_user_namespaces=15000"
    if any((system / mark).exists() for mark in (".dockerenv", "run/.containerenv")):
        return _CONTAINER
    if _setting(settings / "kernel/apparmor_restrict_unprivileged_userns") == "1":
        return f"AppArmor allows user namespaces to named programs only; name bubblewrap: {_PROFILE}"
    return f"the kernel, or a container or a chroot around this, allows no user namespaces; if {_CONTAINER}"


def _setting(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and whether it ended well."""

    output: str
    ended_well: bool

    @property
    def last_line(self) -> str:
        """The end of what it printed, which mostly says what is wrong."""
        lines = self.output.strip().splitlines()
        return lines[-1][:200] if lines else "it printed nothing"


def run_command(command: Sequence[str], folder: str | None = None) -> Answer:
    """Run a command in a folder; one that cannot be started, or does not end, is an answer too."""
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(f"no answer within {_SECONDS} seconds", False)
    except OSError as error:
        return Answer(error.strerror or str(error), False)
    return Answer(ended.stdout.decode("utf-8", "replace"), ended.returncode == 0)


def version_in(text: str) -> tuple[int, ...]:
    """The first version number in a text, for comparing."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(map(int, match[0].split("."))) if match else ()


def check_program(name: str, package: str, meaning: str, least: tuple[int, ...] = ()) -> Finding:
    """Whether a program is on the PATH, answers, and is new enough."""
    if shutil.which(name) is None:
        return Finding(name, State.MISSING, "not on the PATH", meaning, (package,))
    answer = run_command([name, "--version"])
    if not answer.ended_well:
        return Finding(name, State.BROKEN, answer.last_line, meaning, (package,))
    first = answer.output.strip().partition("\n")[0]
    if least and version_in(first) < least:
        wanted = ".".join(map(str, least))
        return Finding(name, State.TOO_OLD, first, f"{meaning}; {wanted} or newer is needed", (package,))
    return Finding(name, State.OK, first, meaning)


LEAST_DVISVGM = (2, 4)
"""What Manim asks for."""
_FORMULA = PREAMBLE + r"\begin{document}\begin{align*}\int_0^1 x^2\,dx = \tfrac{1}{3}\end{align*}\end{document}"
_LOADS = r"\\(documentclass|usepackage|RequirePackage)\s*(?:\[[^\]]*\])?\{([^}]*)\}"
_TEMPLATES = f"""
import re
from manim import TexFontTemplates, TexTemplate, TexTemplateLibrary
for library in TexTemplateLibrary, TexFontTemplates:
    for name, template in vars(library).items():
        if isinstance(template, TexTemplate):
            print("template", name, *("=".join(found) for found in re.findall(r"{_LOADS}", template.body)))
"""
"""Prints what each of Manim's own templates loads: its name, then how and what."""
_REINSTALL = "reinstall what LaTeX consists of; `fmtutil-sys --all` makes its formats anew"


def check_latex(python: str) -> Iterator[Finding]:
    """The programs, then what they can do; what a missing program would do is not looked at.

    Args:
        python: The one that has Manim, which is asked what its templates load.
    """
    programs = [
        check_program("latex", "texlive-latex-base", "compiles Tex and MathTex"),
        check_program("xelatex", "texlive-xetex", "compiles templates that use fonts of the system"),
        check_program("dvisvgm", "dvisvgm", "turns formulas into curves", LEAST_DVISVGM),
    ]
    yield from programs
    yield from _latex_files(python)
    if all(program.state is State.OK for program in programs if program.name != "xelatex"):
        yield _formula()


def _latex_files(python: str) -> Iterator[Finding]:
    """One finding for what every formula needs, and one for Manim's other templates."""
    needed = _files(re.findall(_LOADS, PREAMBLE))
    answer = run_command([python, "-I", "-c", _TEMPLATES]).output.splitlines()
    templates = {
        words[1]: _files(word.split("=", 1) for word in words[2:] if "=" in word)
        for words in map(str.split, answer)
        if words[:1] == ["template"]
    }
    loaded = dict.fromkeys(file for files in templates.values() for file in files)
    found = run_command(["kpsewhich", *needed, *loaded]).output.splitlines()
    there = {Path(line).name for line in found}

    missing = [file for file in needed if file not in there]
    meaning = "every formula is compiled with them"
    yield _of_files(Finding("LaTeX packages", State.OK, f"all {len(needed)} files", meaning), missing, PACKAGES)
    missing = [file for file in loaded if file not in there]
    lacking = sum(not set(files).isdisjoint(missing) for files in templates.values())
    meaning = f"{lacking} of the {len(templates)} templates in TexFontTemplates and TexTemplateLibrary lack them"
    meaning = meaning if missing else "the templates in TexFontTemplates and TexTemplateLibrary"
    found_all = Finding("more LaTeX packages", State.OK, f"all {len(loaded)} files", meaning, needed=False)
    yield _of_files(found_all, missing, EXTRA_PACKAGES)


def _files(loads: Iterable[Sequence[str]]) -> list[str]:
    """The files that commands of LaTeX load, each once."""
    endings = ((names, "cls" if command == "documentclass" else "sty") for command, names in loads)
    return list(dict.fromkeys(f"{name.strip()}.{ending}" for names, ending in endings for name in names.split(",")))


def _of_files(all_there: Finding, missing: Sequence[str], usual: Path) -> Finding:
    """The finding if nothing is missing, or what it is otherwise."""
    if not missing:
        return all_there
    packages = _debian_packages(missing)
    advice = "" if packages else "`apt-file search /NAME` says which Debian package has a file"
    packages = packages or tuple(one for one in read_packages(usual) if one.startswith("texlive"))
    found = f"without {', '.join(missing)}"
    return replace(all_there, state=State.MISSING, found=found, packages=packages, advice=advice)


def _debian_packages(files: Sequence[str]) -> tuple[str, ...]:
    """The packages that have files, by Debian's own table of contents; none where it is not kept."""
    if shutil.which("apt-file") is None:
        return ()
    wanted = "/(" + "|".join(re.escape(file) for file in files) + ")$"
    answer = run_command(["apt-file", "--package-only", "search", "--regexp", wanted])
    return tuple(line.strip() for line in answer.output.splitlines()) if answer.ended_well else ()


def _formula() -> Finding:
    """A formula goes the way that Manim's go: to DVI, then to SVG."""
    name, meaning = "a formula", "Tex and MathTex work from end to end"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "formula.tex"
        source.write_text(_FORMULA, encoding="utf-8")
        options = ["-no-shell-escape", "-interaction=batchmode", "-halt-on-error"]
        for command in (
            ["latex", *options, source.name],
            ["dvisvgm", "--no-fonts", "--verbosity=0", "--output=formula.svg", "formula.dvi"],
        ):
            answer = run_command(command, folder)
            if not answer.ended_well:
                return Finding(name, State.BROKEN, f"{command[0]}: {answer.last_line}", meaning, (), _REINSTALL)
        drawing = Path(folder) / "formula.svg"
        drawn = drawing.is_file() and "<path" in drawing.read_text(encoding="utf-8", errors="replace")
    if not drawn:
        return Finding(name, State.BROKEN, "dvisvgm wrote no curves", meaning, ("cm-super",), _REINSTALL)
    return Finding(name, State.OK, "compiled, and turned into curves", meaning)
