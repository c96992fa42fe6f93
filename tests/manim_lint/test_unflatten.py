"""Programs flattened to one line: put on lines again, where the flattened text tells how."""

import ast
import time
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.manim_lint.unflatten.unflatten import unflatten
from builder.prepare.keys import program_tokens


def flattened(program: str) -> str:
    """The lines of a program, stripped and joined by a blank."""
    return " ".join(line.strip() for line in program.splitlines() if line.strip())


def comes_back(program: str) -> bool:
    """Whether the flattened program has its syntax tree again."""
    again = unflatten(flattened(program))
    return again is not None and ast.dump(ast.parse(again)) == ast.dump(ast.parse(program))


SCENE = """\
from manim import *


class MyScene(Scene):
    def construct(self):
        line = Line((-2, -2), (2, 2), color=GREEN)
        self.add(line)"""


def test_a_scene_on_one_line_is_put_on_lines() -> None:
    """Imports, the class, its method and the statements each get their line, as formatters write them."""
    assert unflatten(flattened(SCENE)) == SCENE


def test_calls_over_several_lines_are_one_statement() -> None:
    """A long call is opened again at its commas; a short one goes on one line."""
    flat = (
        "class A(Scene): def construct(self): self.play( Create(circle) ) "
        "self.play( Transform(first_formula, second_formula), FadeOut(explanation_of_the_formula), run_time=2 )"
    )
    assert unflatten(flat) == (
        "class A(Scene):\n"
        "    def construct(self):\n"
        "        self.play(Create(circle))\n"
        "        self.play(\n"
        "            Transform(first_formula, second_formula),\n"
        "            FadeOut(explanation_of_the_formula),\n"
        "            run_time=2,\n"
        "        )"
    )


BODIES = {
    "loop's variable": "for x in range(3):\n    dot = Dot(x * RIGHT)\n    self.add(dot)\nself.wait()",
    "list that a loop fills": "dots = VGroup()\nfor x in range(3):\n    dots.add(Dot(x * UP))\nself.play(Create(dots))",
    "loop that plays": "for x in a:\n    self.play(Create(x))\n    self.play(FadeOut(x))\nself.play(FadeIn(title))",
    "loop in a loop": "for x in a:\n    for y in b:\n        self.add(Dot([x, y, 0]))\nself.wait(2)",
    "else": "if a:\n    b = 1\nelse:\n    b = 2\nself.add(Text(str(b)))",
    "elif": "for a in s:\n    if a > 1:\n        b = a\n    elif a > 2:\n        b = 0\n    else:\n        b = 3",
    "conditional expression": "a = 1 if b else 2\nif a:\n    self.wait()\nelse:\n    self.add(a)",
    "conditional expression, called": "x = f(a) if b else g(a)\nself.add(x)",
    "try": "try:\n    a = Tex('x')\nexcept ValueError as error:\n    print(error)\nfinally:\n    self.clear()",
    "inner function": "def move(mob, dt):\n    mob.shift(dt * UP)\ndot.add_updater(move)\nself.wait()",
    "inner function that returns": "def f(x):\n    y = x**2\n    return y\ngraph = axes.plot(f)",
    "lambda": "f = lambda x, y=2: x if x > 0 else -x\ng = f\nself.add(g)",
    "with": "with self.voiceover(text='Hi.') as tracker:\n    self.play(Create(a), run_time=tracker.duration)",
    "text like code": "t = Text('for x in y: z = 1 # no comment')\nself.add(t)",
    "f-string": "t = Text(f'{a:.2f} if {b!r}')\nself.add(t)",
    "semicolons": "a = 1; b = 2\nself.add(a); self.wait()",
    "joined line": "a = b + \\\n    c\nself.add(a)",
    "chained calls": "a = (Circle()\n    .shift(UP)\n    .scale(2))\nself.add(a)",
    "targets in brackets": "a = Circle()\n(b, c) = a.get_start(), a.get_end()\nself.add(b)",
    "comprehension as a statement": "a = Circle()\n[self.add(b) for b in a]\nself.wait()",
    "return in a branch": "for x in y:\n    if x:\n        continue\n    self.add(x)",
    "return before else": "def f(x):\n    if x:\n        return 1\n    else:\n        return 2\ng = f(1)",
    "comment": "# Create a circle\ncircle = Circle()\n# Let's show it, then wait.\nself.add(circle)\nself.wait()",
    "comment that ends in a word for code": "# Fade in\nself.play(FadeIn(a))",
    "comment at a line's end": "a = Circle(radius=2)  # twice as big\nself.add(a)",
    "comment in brackets": "a = Axes(\n    x_range=[0, 1],  # from zero to one\n    tips=False,\n)\nself.add(a)",
    "commented-out line": "self.add(a)\n# self.play(Create(a))\nself.wait()",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_gets_its_blocks_back(body: str) -> None:
    """What a flattened body must have looked like is found from its words and names."""
    inside = body.replace("\n", "\n        ")
    assert comes_back(f"from manim import *\nclass A(Scene):\n    def construct(self):\n        {inside}\n")


def test_methods_stand_in_their_class_and_functions_beside_it() -> None:
    """Two classes, several methods, decorators, a helper and a `__main__` part."""
    assert comes_back(
        "from manim import *\nimport numpy as np\nSIZE = 3\n"
        "def helper(x):\n    return x * SIZE\n"
        "class Base(VGroup):\n    def __init__(self, **kwargs):\n        super().__init__(**kwargs)\n"
        "    @property\n    def size(self):\n        return helper(2)\n"
        "    @staticmethod\n    def make(n):\n        return Circle(n)\n"
        "class A(Scene):\n    def construct(self):\n        self.add(Base())\n"
        "if __name__ == '__main__':\n    scene = A()\n    scene.render()\n"
    )


def test_a_comment_that_hides_the_whole_scene_ends_where_code_begins() -> None:
    """The text parses, as a comment and nothing more; that is not what was meant."""
    assert unflatten("# The imports from manim import * class A(Scene): def construct(self): self.wait()") == (
        "# The imports\nfrom manim import *\n\n\nclass A(Scene):\n    def construct(self):\n        self.wait()"
    )


@pytest.mark.parametrize(
    "code",
    [
        "",
        SCENE,
        "from manim import *",
        "a = 1; b = 2",
        "a = 1 # b = 2",
        "class A(Scene): pass",
        "Create a circle and move it to the left",
        "for each circle: show it",
        "from manim import * class A(Scene):",
        "class A(Scene): def construct(self): x = 'no end",
        "class A(Scene): def construct(self): f(1))",
        "class A(Scene):\ndef construct(self): x = 1 y = 2",
    ],
)
def test_other_texts_are_left_alone(code: str) -> None:
    """Lines, a program that parses, prose, and what no layout makes a program."""
    assert unflatten(code) is None


NAMES = st.sampled_from(["circle", "dot", "label", "group", "axes"])
CALLS = st.sampled_from(["Circle()", "Dot(UP)", "Text('a b')", "VGroup(*[Dot() for _ in range(3)])", "1 if a else 2"])
SIMPLE = st.one_of(
    st.builds("{} = {}".format, NAMES, CALLS),
    st.builds("self.play(Create({}), run_time=2)".format, NAMES),
    st.builds("{}.shift(LEFT)".format, NAMES),
    st.just("self.wait()"),
)


@given(st.lists(SIMPLE, min_size=1, max_size=8))
def test_simple_scenes_come_back(body: list[str]) -> None:
    """A scene without blocks is not ambiguous: it always has its syntax tree again."""
    inside = "".join(f"        {line}\n" for line in body)
    assert comes_back(f"from manim import *\nclass A(Scene):\n    def construct(self):\n{inside}")


PIECES = [
    "class A:",
    "def f(self):",
    "if a:",
    "else:",
    "for x in y:",
    "return",
    "try:",
    "except:",
    "a = 1",
    "f(x)",
    "#",
]
PIECES += ["lambda:", "'", '"""', "(", ")", "[", "]", "{", "}", "@", "\\", ";", "a", "in", "\0"]


@settings(max_examples=300)
@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)))
def test_no_text_is_too_odd(text: str) -> None:
    """Any text gets an answer; a program that comes back is sound and has the tokens that were there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of backslashes in texts
        found = unflatten(text)
        if found is None:
            return
        ast.parse(found)
    if "#" not in text:
        assert words(found) == words(text)


def words(code: str) -> list[str]:
    """Tokens without layout, commas and semicolons."""
    return [token for token in program_tokens(code) if token not in ("\x01", "\x02", "\x03", ",", ";", "\\")]


@pytest.mark.parametrize(
    "text",
    ["# " + "in " * 16_000, "a if " * 10_000, "x = f( " + "# a " * 12_000, '# \\"' * 12_000, "a = 1 " * 8_000],
)
def test_hostile_texts_cost_little(text: str) -> None:
    """No long text takes more than some seconds."""
    started = time.process_time()
    assert unflatten(text) is None
    assert time.process_time() - started < 5
