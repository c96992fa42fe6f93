"""Keys that do not depend on the names that a program gives."""

import ast
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.manim_lint.syntax import Parsed
from builder.prepare.keys import canonical_key as key

ONE = """
from manim import *
class Hello(Scene):
    def construct(self):
        circle = Circle(radius=2)  # a circle
        self.show(circle)
    def show(self, thing):
        self.last = thing
        self.play(Create(self.last), run_time=2)
"""
SAME = """
from manim import *

class Main(Scene):
    def construct(self):
        c = Circle(
            radius=2,
        )
        self.put(c)

    def put(self, it):
        self.it = it
        self.play(Create(self.it), run_time=2)
"""


def test_names_layout_and_comments_make_no_difference() -> None:
    assert key(ONE) == key(SAME)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("radius=2", "radius=3"),  # a literal
        ("radius=2", "radius=2.0"),  # of another kind
        ("radius=2", "width=2"),  # a keyword
        ("Circle(", "Square("),  # a name of Manim's
        ("Create(", "Write("),
        ("self.play", "self.add"),  # a method of Manim's
        ("(Scene)", "(ThreeDScene)"),
        ("construct", "setup"),  # a method that Manim calls
        ("from manim", "from manimlib"),
    ],
)
def test_what_a_program_does_counts_in_full(old: str, new: str) -> None:
    assert key(ONE) != key(ONE.replace(old, new))


def test_colours_in_strings_stay_apart() -> None:
    assert key("x = '#FF0000'") != key("x = '#00FF00'")


def test_two_names_are_not_one() -> None:
    assert key("a = 1\nb = 2\nprint(a)") != key("a = 1\nb = 2\nprint(b)")
    assert key("a = 1\nb = 2\nprint(a)") == key("b = 1\na = 2\nprint(b)")


def test_parameters_that_are_given_by_keyword_keep_their_names() -> None:
    assert key("def f(a, b): return a - b\nf(a=1, b=2)") != key("def f(b, a): return b - a\nf(a=1, b=2)")
    one = "def f(a, b):\n a = a or 1\n b = b or 1\n return a - b\nf(a=1, b=2)"
    other = "def f(b, a):\n b = b or 1\n a = a or 1\n return b - a\nf(a=1, b=2)"
    assert key(one) != key(other)


def test_a_text_that_does_not_parse_has_a_key_of_its_tokens() -> None:
    assert key("class A(Scene): def construct(self): c = Circle()") == key(
        "class B(Scene):  def construct(self): d = Circle()"
    )
    assert key("class A(Scene): def construct(self): c = Circle()") != key(
        "class A(Scene): def construct(self): c = Square()"
    )
    assert key("") is None or isinstance(key(""), int)


def test_a_deep_tree_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "x = " + "-" * 3000 + "1"
    assert isinstance(key(code), int)
    tree = ast.Module([ast.Expr(_deep(20_000))], [])
    monkeypatch.setattr("builder.prepare.keys.parse", lambda _: Parsed(tree))
    assert isinstance(key(code), int)


def _deep(levels: int) -> ast.expr:
    node: ast.expr = ast.Constant(1)
    for _ in range(levels):
        node = ast.UnaryOp(ast.USub(), node)
    return node


def test_huge_numbers_are_no_trouble() -> None:
    assert sys.get_int_max_str_digits() < 10_000
    assert key("x = 0x" + "f" * 10_000) != key("x = 0x" + "f" * 9_999)


@given(st.text(alphabet="ab =()[]:\n\"'.1,#@", max_size=60))
def test_any_text_has_a_key_or_none(text: str) -> None:
    assert key(text) == key(text)
