"""Programs in the newest grammar: the same tree and the same findings on every Python that the project supports."""

import ast
import sys
import textwrap
import warnings

import pytest

from builder.manim_lint import check, fix
from builder.manim_lint.newest_grammar import parse_newest
from builder.manim_lint.syntax import compiles, parse
from builder.prepare.clean_code import clean_code
from builder.prepare.keys import canonical_key

TEXTS = {
    'x = f"a {d["n"]} b"; y = 1': "x = f\"a {d['n']} b\"; y = 1",
    "x = f'{d['n']!r:>{w['x']}}'": "x = f\"{d['n']!r:>{w['x']}}\"",
    'x = f"{"-".join(a)}" "b" f"{b}"': "x = f\"{'-'.join(a)}\" 'b' f'{b}'",
    'x = f"{f"{f"{1}"}"}"': "x = f\"{f'''{f'{1}'}'''}\"",
    'x = f"{a[\n    "b"  # a comment\n]}"': "x = f\"{a['b']}\"",
    'x = f"é {d["é"]} {{}}\\n"; t = u.v': "x = f\"é {d['é']} {{}}\\n\"; t = u.v",
    'x = rf"\\d{d["n"]}"': "x = rf\"\\d{d['n']}\"",
    'f"{(lambda q: q["r"])(1, key=s["t"])}"': "f\"{(lambda q: q['r'])(1, key=s['t'])}\"",
}
"""F-strings as Python 3.12 takes them, and the same for 3.11."""


@pytest.mark.parametrize(("new", "old"), TEXTS.items())
def test_an_f_string_of_today_is_the_tree_of_one_of_old(new, old):
    """Whatever Python runs this."""
    tree = parse(new + "\n").tree
    assert tree is not None
    assert ast.dump(tree) == ast.dump(ast.parse(old + "\n"))
    assert compiles(tree)


@pytest.mark.parametrize("new", TEXTS)
def test_the_tree_does_not_hang_on_the_python(new):
    """What is put together from pieces is what a Python makes that takes the text as a whole."""
    if sys.version_info < (3, 12):
        pytest.skip("this Python refuses the text as a whole")
    made = parse_newest(new + "\n", ast.parse, texts=True)
    assert made is None or ast.dump(made) == ast.dump(ast.parse(new + "\n"))


@pytest.mark.parametrize("code", ['x = f"{d["n"}"\n', 'x = f"{a b}"\n', 'f"{d["n"]}" = 1 +\n', "x = f'{d['n']!z}'\n"])
def test_what_no_python_takes_is_refused(code):
    """With the line in the message."""
    parsed = parse(code)
    assert parsed.tree is None
    assert parsed.error.startswith("line 1: ")


SCENE = """
    from manim import *

    type Points = list[tuple[float, float]]

    class Pair[T]:
        def __init__(self, first: T):
            self.first = first

    def doubled[T: (int, float), *Ts](x: T, *more: *Ts) -> T:
        return 2 * x

    class Sums(Scene):
        def construct(self):
            sums = {"n": 2}
            self.play(ShowCreation(Text(f"total {sums["n"]} of {doubled(sums["n"])}"))); self.play(Foo())
"""


def test_the_check_sees_the_whole_program():
    """Types' parameters are names that are set, and what stands beside an f-string keeps its column."""
    code = textwrap.dedent(SCENE).strip() + "\n"
    found = [(problem.reason, problem.name, problem.line, problem.column) for problem in check(code)]
    assert found == [("unknown_name", "ShowCreation", 15, 19), ("unknown_name", "Foo", 15, 96)]


def test_a_fix_keeps_the_text_as_it_is_written():
    """Only what is wrong is changed."""
    code = textwrap.dedent(SCENE).strip().replace("; self.play(Foo())", "") + "\n"
    fixed = fix(code)
    assert fixed.code == code.replace("ShowCreation", "Create")
    assert fixed.problems == ()


def test_the_keys_of_a_row_are_those_of_its_old_spelling():
    """Two programs that differ in the quotes of an f-string alone are one program."""
    new = textwrap.dedent(SCENE)
    old = new.replace('sums["n"]', "sums['n']")
    keys = {canonical_key(code) for code in (new, old)}
    assert len(keys) == 1


def test_nothing_is_warned_of():
    """Escapes that newer Pythons warn of are a program's own affair."""
    code = 'from manim import *\n\n\nclass A(Scene):\n    def construct(self):\n        self.add(MathTex("\\q\\d"))\n'
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fix(clean_code(f"```python\n{code}```")[0])
