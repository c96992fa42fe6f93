"""Formulas of one program are made together, where that cannot change what any of them looks like."""

from dataclasses import replace
from pathlib import Path

import pytest

from builder.render.inside.ahead import formulas_in, is_safe
from builder.render.inside.dvi import canonical, parts_of, without_ghostscript
from builder.render.inside.tex import PREAMBLE, Formula, formulas_of
from builder.render.sandbox import Sandbox
from builder.render.setup import Setup
from builder.render.verdict import Outcome
from tests.render.programs import scene

SAFE = [
    r"\begin{align*}\frac{a}{b} = \left(\sum_{i=1}^n x_i\right)^2,\ \text{if } 5\% \to \infty\end{align*}",
    r"\begin{align*}\special{dvisvgm:raw <g id='unique000'>}a\special{dvisvgm:raw </g>}\end{align*}",
    r"\begin{center}Gr\"u\ss e, \textbf{bold} $x$ \& \{y\}\end{center}".replace(r"\ss ", ""),
]
UNSAFE = [
    r"\def\frac#1#2{x}",
    r"\gdef\alpha{x}",
    r"\newcommand{\a}{x}",
    r"\global\let\pi\mu",
    r"\catcode`\$=12",
    r"\csname gdef\endcsname",
    "^^5cgdef^^5cpi{x}",
    r"\endpreview\preview",
    r"\special{dvisvgm:raw <path d='M0 0'/>}",
    r"\special{ps: showpage}",
    r"\begin{document}",
    r"\end {preview}",
    r"\begin\csname x\endcsname",
    r"\setcounter{page}{9}",
    r"\label{a}",
    r"\input{x}",
    r"a % \end{align*}",
    r"\begin{equation}x\end{equation}",
    r"\everymath{x}",
    r"\font\x=cmr10",
]


@pytest.mark.parametrize("body", SAFE)
def test_signs_and_symbols_may_share_a_run(body: str) -> None:
    """And the groups by which Manim finds the parts of a formula again."""
    assert is_safe(body)


@pytest.mark.parametrize("body", UNSAFE)
def test_what_could_leave_something_behind_is_made_alone(body: str) -> None:
    """Whatever defines, counts, writes, ends a page or is not known."""
    assert not is_safe(body)
    whole = Formula(f"{PREAMBLE}\\begin{{document}}\n{body}\n\\end{{document}}\n", ("latex",), ".dvi")
    assert whole.body() is None


def test_only_what_may_share_a_run_is_asked_for_together() -> None:
    """The worker looks for itself, whatever a program says."""
    import json

    safe, unsafe = (
        Formula(f"{PREAMBLE}\\begin{{document}}\n{body}\n\\end{{document}}\n", ("latex",), ".dvi")
        for body in (SAFE[0], UNSAFE[0])
    )
    assert formulas_of(json.dumps([safe, safe]).encode()) == [safe, safe]
    assert formulas_of(json.dumps([unsafe]).encode()) == [unsafe]
    assert formulas_of(json.dumps([safe, unsafe]).encode()) == []
    assert formulas_of(json.dumps([safe, replace_preamble(safe)]).encode()) == []
    assert formulas_of(b"[[1, 2, 3]]") == formulas_of(b"{}") == formulas_of(b"[" * 9999) == []


def replace_preamble(formula: Formula) -> Formula:
    return formula._replace(text=formula.text.replace("amssymb", "physics"))


def test_the_text_of_a_program_says_what_it_will_ask_for() -> None:
    """Texts that stand there in full, and the keywords that matter; no other call."""
    found: list[object] = []
    code = """
MathTex("a", "b", substrings_to_isolate=["a"], color=RED)
Tex("c", tex_environment="flushleft").shift(UP)
MathTex("d", tex_to_color_map={"d": RED})
MathTex(name); MathTex(f"{x}"); MathTex("e", tex_template=mine); MathTex("f", **more); Text("g"); MathTex(1)
"""
    formulas_in(code, lambda *made: found.append(made))
    assert sorted(found, key=str) == [
        ("MathTex", ("a", "b"), {"substrings_to_isolate": ["a"]}),
        ("MathTex", ("d",), {"tex_to_color_map": {"d": "#FFFFFF"}}),
        ("Tex", ("c",), {"tex_environment": "flushleft"}),
    ]
    formulas_in("MathTex(", lambda *made: found.append(made))
    formulas_in("MathTex(" + "(" * 5000, lambda *made: found.append(made))
    assert len(found) == 3


# What stands in DVI files


def dvi(*commands: bytes, fonts: tuple[bytes, ...] = ()) -> bytes:
    """A DVI file of one page, with these commands on it."""
    preamble = bytes([247, 2]) + bytes(12) + bytes([4]) + b"made"
    defined = b"".join(
        bytes([243, number]) + bytes(12) + bytes([0, len(name)]) + name for number, name in enumerate(fonts)
    )
    page = bytes([139]) + bytes(44) + defined + b"".join(commands) + bytes([140])
    post = bytes([248]) + bytes(28) + defined
    start = len(preamble + page)
    return preamble + page + post + bytes([249]) + start.to_bytes(4) + bytes([2]) + bytes([223] * 4)


def special(text: bytes, size: int = 1) -> bytes:
    return bytes([238 + size]) + len(text).to_bytes(size) + text


def test_fonts_and_specials_of_a_dvi_file_are_found() -> None:
    """Whatever stands between: letters, rules, moves, and numbers that look like commands."""
    between = bytes([65, 128, 239, 132]) + bytes([239] * 8) + bytes([146, 0, 0, 239, 141, 142, 171])
    made = dvi(special(b"one"), between, special(b"two" * 99, 2), fonts=(b"cmr10", b"msbm10"))
    assert parts_of(made) == ([b"cmr10", b"msbm10"], [b"one", b"two" * 99])
    assert parts_of(dvi()) == ([], [])


@pytest.mark.parametrize("wrong", [b"", b"%PDF-1.5 and more", bytes(200), dvi()[:40], dvi(special(b"x"))[:-40]])
def test_what_is_no_dvi_file_is_an_error(wrong: bytes) -> None:
    """Which whoever asks takes for a file that is left to dvisvgm."""
    with pytest.raises((IndexError, ValueError)):
        parts_of(wrong)


@pytest.mark.parametrize(
    ("text", "quick"),
    [
        (b"dvisvgm:raw <g id='unique000'>", True),
        (b"color push rgb 1 0 0", True),
        (b"color pop", True),
        (b"header=l3backend-dvips.pro", True),
        (b"ps::-1 0 2", True),
        (b"ps: gsave currentpoint 9 0 rlineto stroke", False),
        (b'"\n/x 1 def', False),
        (b"!/preview@version(1)def showpage", False),
        (b"psfile=picture.eps", False),
        (b"papersize=1in,1in", False),
    ],
)
def test_only_files_with_postscript_of_their_own_need_ghostscript(
    text: bytes, quick: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not known to be harmless is given to it."""
    monkeypatch.chdir(tmp_path)
    variables = without_ghostscript(dvi(special(text)))
    assert (variables is not None) is quick
    if variables is not None:
        assert variables["GS_OPTIONS"] == f"-I{tmp_path / 'ghostscript'}"
        assert (tmp_path / "ghostscript" / "gs_init.ps").exists()
    assert without_ghostscript(b"no DVI") is None


def test_an_svg_is_the_same_whatever_else_was_converted() -> None:
    """Numbers of fonts and pages, and the order of glyphs, depend on that; what is drawn does not."""
    one = "<defs>\n<path id='g3-9' d='A'/>\n<path id='g1-5' d='B'/>\n</defs>\n<g id='page2'>\n<use xlink:href='#g1-5'/>"
    one += "<use xlink:href='#g3-9'/>\n</g>"
    other = one.replace("g1-", "g0-").replace("g3-", "g1-").replace("page2", "page1")
    assert canonical(one) == canonical(other) == canonical(canonical(one))
    assert canonical(one).index("'B'") < canonical(one).index("'A'")


# In the sandbox

TOGETHER = [
    r"MathTex(r'\int_0^1 x^2\,dx = \frac{1}{3}')",
    r"MathTex('a^2', '+', 'b^2', substrings_to_isolate=['b'])",
    r"MathTex(r'\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}', tex_to_color_map={'1': RED})",
    r"Tex('Hello \\textbf{bold} $x$')",
]


@pytest.mark.render
def test_formulas_made_together_are_those_made_alone(setup: Setup, tmp_path: Path) -> None:
    """The bytes of each; and one that fails leaves the others as they are."""
    made: list[dict[str, str]] = []
    for folder, programs in (
        ("together", [scene("".join(f"self.add({formula})\n" for formula in TOGETHER))]),
        ("alone", [scene(f"self.add({formula})") for formula in TOGETHER]),
    ):
        with Sandbox(replace(setup, tex_cache=tmp_path / folder, timeout=20)) as sandbox:
            assert {sandbox.render(program).outcome for program in programs} == {Outcome.PASSED}
            made.append({path.name: path.read_text() for path in (tmp_path / folder).rglob("*.svg")})
            failing = scene("self.add(MathTex('x^2^2'))\nself.add(MathTex('y'))")
            assert "Double superscript" in sandbox.render(failing).message
    assert len(made[0]) == len(TOGETHER)
    assert made[0] == made[1]


@pytest.mark.render
def test_all_digits_are_made_once_a_program_shows_numbers(setup: Setup, tmp_path: Path) -> None:
    """The next program finds them there, whichever it shows."""
    with Sandbox(replace(setup, tex_cache=tmp_path, timeout=20)) as sandbox:
        assert sandbox.render(scene("self.add(DecimalNumber(0.5))")).outcome is Outcome.PASSED
        made = set(tmp_path.rglob("*.svg"))
        assert len(made) == len("0123456789-.,")
        assert sandbox.render(scene("self.add(Integer(-1234), NumberLine().add_numbers())")).outcome is Outcome.PASSED
        assert set(tmp_path.rglob("*.svg")) == made


@pytest.mark.render
def test_a_program_cannot_spoil_anothers_formula(setup: Setup, tmp_path: Path) -> None:
    """A formula that would change another one on the next page is never made with it."""
    with Sandbox(replace(setup, tex_cache=tmp_path / "spoilt", timeout=20)) as sandbox:
        spoiling = scene(r"self.add(MathTex(r'\gdef\pi{3}\pi'), MathTex(r'\pi'), MathTex(r'2 \pi'))")
        assert sandbox.render(spoiling).outcome is Outcome.PASSED
    with Sandbox(replace(setup, tex_cache=tmp_path / "clean", timeout=20)) as sandbox:
        assert sandbox.render(scene(r"self.add(MathTex(r'\pi'))")).outcome is Outcome.PASSED
        (clean,) = (tmp_path / "clean").rglob("*.svg")
    assert clean.read_text() in {path.read_text() for path in (tmp_path / "spoilt").rglob(clean.name)}
