"""Formulas come out the same whether LaTeX starts from the format of Manim's preamble or reads it."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from builder.render import setup as formats
from builder.render.inside.tex import FORMAT, PREAMBLE
from builder.render.sandbox import Sandbox
from builder.render.setup import Setup, manim_python
from builder.render.verdict import Outcome, Verdict
from tests.render.programs import scene

pytestmark = pytest.mark.render

FORMULAS = [
    r"MathTex(r'\int_0^1 x^2\,dx = \frac{1}{3}')",
    r"MathTex(r'\mathbb{R} \to \mathcal{C}, \mathfrak{g}, \boldsymbol{B}, \mathsf{x}, \mathtt{y}')",
    r"MathTex(r'a &= \text{so } \textbf{b} \\ &= \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}')",
    r"MathTex(r'\hat a \tilde b \vec v \overline{xyz}', r'\sqrt[3]{x}', color=RED)",
    r"MathTex(r'x \xrightarrow{abc} y', tex_environment='gather*')",
    r"MathTex(r'\text{\fontencoding{T1}\selectfont Grü\ss e}')",
    r"MathTex(r'\special{color push rgb 1 0 0}x\special{color pop}')",
    r"Tex('Hello \\textbf{bold} \\emph{e} \\LaTeX', ' \\~n ünïcödé “curly” --- €')",
    r"Tex('\\begin{itemize}\\item a\\item b\\end{itemize}')",
    r"Tex('\\begin{tabular}{c|c}a&b\\\\\\hline c&d\\end{tabular} \\verb|a_b| \\jobname')",
    "BulletedList('one', 'two')",
]
WRONG = [
    r"MathTex(r'\nosuch')",
    r"MathTex(r'x^2^3')",
    r"MathTex('∑')",
    r"MathTex(r'\text{你好}')",
    r"MathTex(r'\input{/etc/passwd}')",
    r"Tex('\\begin{flushleft}a\\end{flushright}')",
    r"Tex('a_b')",
    r"Tex('\\usepackage{tikz}')",
    r"Tex('\\immediate\\openout5=../x.tex')",
]


def in_folder(setup: Setup, folder: Path, quick: bool) -> tuple[list[Verdict], dict[str, str]]:
    """The verdicts on all formulas with an empty cache, and the formulas that it has then."""
    with Sandbox(replace(setup, tex_cache=folder, timeout=30)) as sandbox:
        sandbox.start()
        (made,) = folder.rglob(FORMAT)
        if not quick:
            made.write_text("not a format")
        programs = [scene("".join(f"self.add({formula})\n" for formula in FORMULAS))]
        programs += [scene(f"self.add({formula})") for formula in WRONG]
        verdicts = [replace(sandbox.render(program), seconds=0) for program in programs]
    return verdicts, {path.name: path.read_text() for path in folder.rglob("*.svg")}


def test_formulas_are_the_same_with_a_format_and_without(setup: Setup, tmp_path: Path) -> None:
    """The bytes of each SVG and the complaints; and a format that LaTeX cannot use changes nothing."""
    quick, quick_formulas = in_folder(setup, tmp_path / "quick", True)
    usual, usual_formulas = in_folder(setup, tmp_path / "usual", False)
    assert quick[0].outcome is Outcome.PASSED, quick[0].message
    assert {verdict.outcome for verdict in quick[1:]} == {Outcome.FAILED}
    assert quick == usual
    assert "ended by" in quick[6].message
    assert "line 7" in quick[6].message
    assert len(quick_formulas) >= len(FORMULAS)
    assert quick_formulas == usual_formulas


def test_formulas_in_the_sandbox_start_from_the_format(
    setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that holds a command more lets a formula use it."""
    monkeypatch.setattr(formats, "PREAMBLE", PREAMBLE + "\\newcommand{\\onlythere}{x}\n")
    with Sandbox(replace(setup, tex_cache=tmp_path)) as sandbox:
        verdict = sandbox.render(scene(r"self.add(MathTex(r'\onlythere'))"))
        own = sandbox.render(scene(r"self.add(MathTex(r'\onlythere', tex_template=TexTemplate(preamble='%')))"))
    assert (verdict.outcome, own.outcome) == (Outcome.PASSED, Outcome.FAILED)


def test_the_preamble_is_that_of_manim(setup: Setup) -> None:
    """Byte for byte; with another one, no formula would be quick."""
    code = "from manim import TexTemplate; print(TexTemplate().body.partition('\\\\begin{document}')[0], end='')"
    python = manim_python(setup.python)
    assert subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout == PREAMBLE


def test_a_program_cannot_change_the_format(setup: Setup, sandbox: Sandbox) -> None:
    """It sees the folder, and cannot write there."""
    (made,) = setup.formulas().rglob(FORMAT)
    before = made.read_bytes()
    body = f"import os\nos.open('/formulas/{FORMAT}', os.O_WRONLY)"
    assert sandbox.render(scene(body)).outcome in (Outcome.FAILED, Outcome.REFUSED)
    assert made.read_bytes() == before
