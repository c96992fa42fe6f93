"""LaTeX: its programs, the packages of it that Manim's templates load, and a formula made with them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from builder.render.machine.probe import EXTRA_PACKAGES, Finding, State, check_program, read_packages, run_command

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
LATEX_FILES = {
    "texlive-latex-base": "babel.sty english.ldf amsmath.sty amssymb.sty textcomp.sty",
    "texlive-latex-recommended": "mathrsfs.sty microtype.sty ragged2e.sty setspace.sty xcolor.sty",
    "texlive-latex-extra": "standalone.cls relsize.sty calligra.sty mathastext.sty",
    "texlive-fonts-recommended": "wasysym.sty",
    "texlive-science": "physics.sty",
    "texlive-pictures": "tikz.sty",
    "texlive-fonts-extra": "dsfont.sty",
    "texlive-lang-chinese": "ctex.sty",
    "lmodern": "lmodern.sty",
    "cm-super": "type1ec.sty",
    "tipa": "tipa.sty",
}
"""By Debian package, what Manim's own templates load of it."""
_REINSTALL = "reinstall what LaTeX consists of; `fmtutil-sys --all` makes its formats anew"


def check_latex() -> Iterator[Finding]:
    """The programs, then what they can do; what a missing program would do is not looked at."""
    programs = [
        check_program("latex", "texlive-latex-base", "compiles Tex and MathTex"),
        check_program("xelatex", "texlive-xetex", "compiles templates that use fonts of the system"),
        check_program("dvisvgm", "dvisvgm", "turns formulas into curves", LEAST_DVISVGM),
    ]
    yield from programs
    yield from _latex_files()
    if all(program.state is State.OK for program in programs if program.name != "xelatex"):
        yield _formula()


def _latex_files() -> Iterator[Finding]:
    """One finding for what must be there, and one for what few programs use."""
    package_of = {file: package for package, files in LATEX_FILES.items() for file in files.split()}
    answer = run_command(["kpsewhich", *package_of])
    there = {Path(line).name for line in answer.output.splitlines()}
    extra = set(read_packages(EXTRA_PACKAGES))
    for name, meaning, needed in (
        ("LaTeX packages", "Manim's default template, and what programs add to it", True),
        ("more LaTeX packages", "a few templates of TexFontTemplates and TexTemplateLibrary", False),
    ):
        wanted = [file for file, package in package_of.items() if (package in extra) is not needed]
        missing = [file for file in wanted if file not in there]
        packages = tuple(dict.fromkeys(package_of[file] for file in missing))
        state = State.MISSING if missing else State.OK
        found = f"without {', '.join(missing)}" if missing else f"all {len(wanted)} files"
        yield Finding(name, state, found, meaning, packages, needed=needed)


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
