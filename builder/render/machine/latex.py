"""LaTeX: its programs, the packages of it that Manim's templates load, and a formula made with them."""

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from builder.render.inside.tex import PREAMBLE
from builder.render.machine.probe import (
    EXTRA_PACKAGES,
    PACKAGES,
    Finding,
    State,
    check_program,
    read_packages,
    run_command,
)

LEAST_DVISVGM = (2, 4)
"""What Manim asks for."""
_FORMULA = r"""\documentclass[preview]{standalone}
\usepackage[english]{babel}
\usepackage{amsmath}
\usepackage{amssymb}
\begin{document}
\begin{align*}\int_0^1 x^2\,dx = \tfrac{1}{3}\end{align*}
\end{document}
"""
"""With Manim's default preamble."""
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
