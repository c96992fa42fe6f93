"""Results that programs state in their formulas."""

import ast
import math
from dataclasses import replace
from pathlib import Path

import pytest

from builder.core.errors import SettingError
from builder.pipeline.story import build, prepare
from builder.prepare.mathematics import value_of, wrong_result
from tests.rows import config_of, scene


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (r"2^3 - \frac{1}{2} \cdot -4", 10),
        (r"\int_2^3 x^2 \,dx", 19 / 3),
        (r"\int_1^3 3x^2 - 2x + 1 \, dx", 20),
        (r"2 \int_{0}^{2\pi} \int_0^1 r \sin^2\theta \,dr\,d\theta", math.pi),
        (r"\int_0^1 \int_0^{1-x} xy \,dy\,dx", 1 / 24),
        (r"\int_0^1 \left[ \frac{1}{2} x y^2 \right]_0^{\sqrt{x}} dx", 1 / 6),
        (r"\left. \frac{x^{2+1}}{3} \right|_1^3", 26 / 3),
        (r"\frac{1}{3} x^3 \Big|_0^2", 8 / 3),
        (r"\left|-3\right| + e^{0}", 4),
        (r"\cos 2\pi + [x \int_0^1 y \,dy]_0^1", 1.5),
    ],
)
def test_a_formula_without_unknowns_is_a_number(formula: str, value: float) -> None:
    """Also with an integral in an integral, whose bounds the outer letter may stand in."""
    assert value_of(formula) == pytest.approx(value)


@pytest.mark.parametrize(
    "formula",
    [
        r"x^2",
        r"\int x^2 \,dx",
        r"\int_0^1 xy \,dx",
        r"\int_0^1 \frac{1}{\sqrt{x}} dx",
        r"[xy]_0^1",
        r"1 + x^2 \Big|_0^1",
        r"\int_0^1 \int_0^x x \,dx \,dx",
        r"1/2\pi",
        r"2\frac{2}{3}",
        r"2^12",
        r"\sin \pi x",
        r"\sin(30)",
        r"cos(0)",
        r"1 + \frac{1}{2} + \cdots",
        r"\frac{1}{0}",
        r"1 000",
        "2²",
        r"(2",
        r"__import__('os')",
        "(" * 10_000,
    ],
)
def test_what_may_be_read_in_two_ways_or_not_at_all_is_none(formula: str) -> None:
    assert value_of(formula) is None


def stated(*lines: str) -> str | None:
    body = "".join(f"        self.add({line})\n" for line in lines)
    code = f"class Shown(Scene):\n    def construct(self):\n{body}"
    return wrong_result(code, ast.parse(code))


def test_a_wrong_result_is_told_with_both_values() -> None:
    assert stated(r'MathTex(r"\int_2^3 x^2 \,dx = 6")') == r"\int_2^3 x^2 \,dx = 6: 19/3 on the left, 6 on the right"
    assert stated(r'MathTex(r"\int_0^{\pi} 2 dx", "=", "2")') == (
        r"\int_0^{\pi} 2 dx = 2: 2 pi on the left, 2 on the right"
    )
    assert stated(r'Tex(r"$1 + 1 = 3$")') == "1 + 1 = 3: 2 on the left, 3 on the right"


def test_a_formula_that_begins_or_ends_with_an_equals_sign_is_part_of_its_neighbour() -> None:
    r"""Steps between that are not understood are passed over."""
    steps = (r'MathTex(r"\int_0^2 x^3 dx")', r'MathTex(r"= \frac{x^{3+1}}{4}")', 'Text("so")')
    assert stated(*steps, 'MathTex("= 5")') == r"\int_0^2 x^3 dx = 5: 4 on the left, 5 on the right"
    assert stated(*steps, 'MathTex("= 4")') is None
    assert stated('VGroup(MathTex("2 + 2"))', 'MathTex("= 5")') == "2 + 2 = 5: 4 on the left, 5 on the right"
    assert stated('MathTex("2 + 2 =")', 'MathTex("5")') == "2 + 2 = 5: 4 on the left, 5 on the right"


@pytest.mark.parametrize(
    "lines",
    [
        ('MathTex("2 + 2")', 'MathTex("5 = 5")'),
        ('MathTex("2")', 'MathTex("= 1", "+")', 'MathTex("1")', 'MathTex("= 2")'),
        (r'MathTex(r"\frac{19}{3}")', 'MathTex("= 9")', r'MathTex(r"-\frac{8}{3}")'),
        ('MathTex("= 9")', r'MathTex(r"-\frac{8}{3}")', r'MathTex(r"= \frac{19}{3}")'),
        ('MathTex("2 + 2")', "MathTex(label)", 'MathTex("= 5")'),
        (r'MathTex(r"\frac{1}{3} = 0.33")',),
        (r'MathTex(r"\pi \approx 3 = 3")',),
        (r'MathTex(r"17 = 5 \pmod{12}")',),
        (r'MathTex(r"\sum_{n=1}^{3} n = 7")',),
        (r'MathTex(r"x = 2, y = 3")',),
        ('Tex("In 2 steps, 1 = 2")',),
        ('Text("1 = 2")',),
        ('MathTex("2 + 2")', 'MathTex("4 + 4")', 'MathTex("= 4")', 'MathTex("= 8")'),
    ],
)
def test_what_is_cut_rounded_or_no_equation_is_no_finding(lines: tuple[str, ...]) -> None:
    assert stated(*lines) is None


def test_formulas_of_two_functions_are_not_one_chain() -> None:
    code = 'def one():\n    MathTex("2 + 2")\ndef other():\n    MathTex("= 5")\n'
    assert wrong_result(code, ast.parse(code)) is None


def test_a_row_is_marked_and_dropped_if_asked(tmp_path: Path) -> None:
    """Without rendering; a row that takes the program takes the mark, and official test rows stay."""
    wrong = scene('MathTex("1 + 1 = 3")')
    rows = [("Add numbers", wrong, "train"), ("Add up", wrong, "test"), ("Draw a dot", scene("Dot()"), "train")]
    marked = build(prepare(config := config_of(tmp_path, {"manimbench": rows}, "all")), config)
    said = "1 + 1 = 3: 2 on the left, 3 on the right"
    assert marked.ledger["findings"].to_list() == [[f"wrong_mathematics: {said}"]] * 2 + [[]]
    assert sorted(row.findings or "" for row in marked.rows("test")) == [f"wrong_mathematics: {said}"] * 2
    dropping = replace(config, drop_findings=("wrong_mathematics",))
    ledger = build(prepare(dropping), dropping).ledger
    assert ledger["reason"].to_list() == ["wrong_mathematics", "", ""]
    assert ledger.row(0, named=True)["detail"] == said
    with pytest.raises(SettingError, match="add --verify"):
        replace(config, drop_findings=("still",))
