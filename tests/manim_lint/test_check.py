"""The API check: what it finds in a program, and what it leaves alone."""

import ast
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.manim_lint.check.check import Problem, check_api, manim_release


def problems(body: str, *, head: str = "from manim import *", scene: str = "Scene") -> tuple[Problem, ...]:
    """What is found in a scene whose `construct` is `body`."""
    inside = textwrap.indent(textwrap.dedent(body).strip("\n"), "        ")
    return check_api(ast.parse(f"{head}\nclass Example({scene}):\n    def construct(self):\n{inside}\n"))


def found(body: str, **around: str) -> list[tuple[str, str]]:
    return [(problem.reason, problem.name) for problem in problems(body, **around)]


def in_program(code: str) -> list[tuple[str, str]]:
    return [(problem.reason, problem.name) for problem in check_api(ast.parse(textwrap.dedent(code)))]


def test_a_problem_says_what_where_and_what_was_meant():
    """A renamed class is named with its line and the name it has today."""
    problem = problems("square = Square()\nself.play(ShowCreation(square))")[0]
    assert problem == Problem("unknown_name", "ShowCreation; did you mean Create?", "ShowCreation", 5, 19)
    assert problem.detail == "ShowCreation (line 5); did you mean Create?"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("curve = Normal(0, 1)", "Normal"),
        ("self.add(OpenGLVGroup(Dot()))", "OpenGLVGroup; did you mean VGroup?"),
        ("self.add(Circel())", "Circel; did you mean Circle?"),
        ("self.add(Text('a', color=BLU))", "BLU; did you mean BLUE?"),
    ],
)
def test_a_name_that_is_meant_is_of_the_same_kind(body, text):
    """What is called is no constant; what groups mobjects does not hold points."""
    assert [problem.text for problem in problems(body)] == [text]


def test_an_argument_names_the_class_it_was_given_to():
    """An unknown argument comes with its owner, at its own line."""
    (problem,) = problems("axes = Axes(\n    x_min=-3,\n)")
    assert (problem.reason, problem.name, problem.owner, problem.line) == ("unknown_argument", "x_min", "Axes", 5)


@pytest.mark.parametrize(
    "body",
    [
        "self.play(Create(Circle(radius=2, color=RED, fill_opacity=0.5, stroke_width=1)), run_time=2)",
        "x = np.linspace(0, 1)\ny = PI * TAU + DEGREES",
        "c = Circle().shift(UP).set_color(BLUE).set_width(3)\nself.play(c.animate(run_time=2).scale(2).shift(LEFT))",
        "axes = Axes(x_range=[0, 1], axis_config={})\ng = axes.plot(lambda x: x**2, color=RED)\naxes.get_area(g)",
        "t = ValueTracker(0)\nd = always_redraw(lambda: Dot(t.get_value() * RIGHT))\nself.add(d)",
        "d = Dot()\nd.label = 3\nprint(d.label, d.get_label())",
        "def f(size=1):\n    return Square(side_length=size)\nself.add(f(), f(2), f(size=3))",
        "g = VGroup(*[Dot() for _ in range(3)])\nfor dot in g:\n    dot.set_color(RED).scale(2)",
        "try:\n    import pandas\nexcept ImportError:\n    pandas = None",
        "self.camera.background_color = WHITE\nself.camera.frame_width = 3",
        "m = Square()\nfor i in range(3):\n    if i:\n        last.shift(UP)\n    last = m.copy()",
        "VDict().add([('a', Square())])\nGroup(Square(), Group())\nself.add(*[Dot()], VGroup([Dot()]))",
        "self.play([Create(Dot())], AnimationGroup([FadeIn(Dot())]))",
        "with open('out.svg', 'w') as f:\n    f.write('<svg/>')\nself.add(SVGMobject('out.svg'))",
        "Square(color='red')\nSquare(color='#FF0000')\nSquare().set_fill('BLUE', opacity=1)",
        "Dot((1, 2, 0))\nAxes().c2p(1, 2)\nAxes().coords_to_point((1, 2))\nVector((1, 1))",
        "x = Circle()\nif self:\n    x = 5\nx.anything()",
        "Create(ManimBanner(), banner_option=1)",
        "dot = Dot()\ndef f():\n    dot.shift(UP)\nf()\ndot = 5",
        "m = Square()\nfor i in range(3):\n    if i:\n        m.append(i)\n    m = []",
        "import os\nif os.path.exists('logo.png'):\n    self.add(ImageMobject('logo.png'))",
        "import os\nlogo = 'logo.svg'\nself.add(SVGMobject(logo) if os.path.isfile(logo) else Dot())",
        "from pathlib import Path\npath = Path('a.svg')\nif path.exists():\n    self.add(SVGMobject(path))",
        "f = lambda x: x\nf(2)\ncurve = FunctionGraph(f)\nsmooth(0.5)\nRED.to_hex()\nbool(PI)",
        "print(Circle().get_radius())\nfor t in VGroup(Text('a')):\n    print(t.original_text)",
    ],
)
def test_what_manim_takes_is_left_alone(body):
    """Right programs, and doubtful ones, have no problem."""
    assert found(body) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Circle(radius=1, cornerRadius=2)", ("unknown_argument", "cornerRadius")),
        ("Square(width=2)", ("unknown_argument", "width")),
        ("Square(2, RED)", ("wrong_arity", "Square")),
        ("Circle(1, radius=2)", ("wrong_arity", "radius")),
        ("CubicBezier(UP)", ("wrong_arity", "start_handle")),
        ("Circle().shift_by(UP)", ("unknown_name", "shift_by")),
        ("Circle().shift(UP).rotate_in_place(2)", ("unknown_name", "rotate_in_place")),
        ("c = Circle()\nself.play(c.animate.grow(2))", ("unknown_name", "grow")),
        ("Axes().get_graph(lambda x: x)", ("unknown_name", "get_graph")),
        ("Axes().plot(lambda x: x, x_min=0)", ("unknown_argument", "x_min")),
        ("d = Dot()\nd.get_label()", ("unknown_name", "get_label")),
        ("self.move_camera(phi=1)", ("unknown_name", "move_camera")),
        ("self.camera.frame.scale(2)", ("unknown_name", "frame")),
        ("self.wait(run_time=2)", ("unknown_argument", "run_time")),
        ("for dot in VGroup(Dot()):\n    dot.frobnicate()", ("unknown_name", "frobnicate")),
        ("np.foo(1)", ("unknown_name", "foo")),
        ("rate_functions.smoth(1)", ("unknown_name", "smoth")),
        ("[Dot(), Dot()].shift(UP)", ("unknown_name", "shift")),
        ("def f(a):\n    return a\nf(1, 2)", ("wrong_arity", "f")),
        ("Dot().add_updater(lambda m: m.go(UP))", ("unknown_name", "go")),
        ("Foo()", ("unknown_name", "Foo")),
        ("foo()", ("unset_name", "foo")),
        ("random.random()", ("unset_name", "random")),
        ("electron = electron().shift(UP)", ("unset_name", "electron")),
        ("print(x)\nx = 1", ("unset_name", "x")),
        ("self.add(SVGMobject('box.svg'))", ("missing_asset", "box.svg")),
        ("ImageMobject(f'{1}.png')", ("missing_asset", "a file")),
        ("self.add_sound('click.wav')", ("missing_asset", "click.wav")),
        ("open('data.csv')", ("missing_asset", "data.csv")),
        ("self.play(Square().shift, UP)", ("manimgl_dialect", "shift")),
        ("Square().fix_in_frame()", ("manimgl_dialect", "fix_in_frame")),
        ("Dot((1, 2))", ("bad_value", "Dot")),
        ("Line([-2, -2], RIGHT)", ("bad_value", "Line")),
        ("Text('a').move_to(np.array([1, 2]))", ("bad_value", "move_to")),
        ("Square(color='cyan')", ("bad_value", "cyan")),
        ("VGroup(Dot(), ImageMobject(np.zeros(3)))", ("bad_value", "VGroup")),
        ("self.play(Circle())", ("bad_value", "play")),
        ("Create([Dot()])", ("bad_value", "Create")),
        ("1.5 * (1, 0, 0)", ("bad_value", "tuple")),
        ("NORMAL(0, 1)", ("bad_value", "NORMAL")),
        ("self.add(UP(2))", ("bad_value", "UP")),
        ("Dot(color=RED(1))", ("bad_value", "RED")),
        ("import os\nif os.path.exists('a.svg'):\n    pass\nself.add(SVGMobject('b.svg'))", ("missing_asset", "b.svg")),
    ],
)
def test_what_fails_is_found(body, expected):
    """Each thing that surely fails is found, and nothing besides."""
    assert found(body) == [expected]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("import manim_ml", ("missing_module", "manim_ml")),
        ("from manim_physics import *", ("missing_module", "manim_physics")),
        ("from utils import helper", ("missing_module", "utils")),
        ("from .shapes import Box", ("missing_module", ".shapes")),
        ("from manimlib import *", ("manimgl_dialect", "manimlib")),
        ("from manim_imports_ext import *", ("manimgl_dialect", "manim_imports_ext")),
        ("from manim import ShowCreation", ("unknown_name", "ShowCreation")),
        ("import manim.mobject.shapes", ("missing_module", "manim.mobject.shapes")),
        ("from math import sine", ("unknown_name", "sine")),
    ],
)
def test_imports_of_what_is_not_there_are_found(line, expected):
    """Modules that do not come with Manim, and names that a module lacks."""
    assert in_program(line) == [expected]


@pytest.mark.parametrize(
    "line",
    [
        "import numpy.linalg, scipy, PIL.Image",
        "from manim.utils.color import RED, XKCD",
        "import manim.cli.render.commands",
    ],
)
def test_what_comes_with_manim_may_be_imported(line):
    """Manim's own modules and those it requires are there."""
    assert in_program(line) == []


def test_names_are_followed_through_aliases():
    """`mn.Circle` and `Ring` are Manim's, with Manim's arguments."""
    code = """
    import manim as mn
    from manim import Circle as Ring
    class A(mn.Scene):
        def construct(self):
            self.add(mn.Square(sides=2), Ring(sides=3), mn.Sqare())
    """
    assert in_program(code) == [("unknown_argument", "sides"), ("unknown_argument", "sides"), ("unknown_name", "Sqare")]


def test_without_an_import_manims_names_are_unset():
    """A program that imports nothing has Manim's names not set, rather than unknown."""
    assert in_program("class A(Scene):\n    pass") == [("unset_name", "Scene")]


def test_the_programs_own_names_hide_manims():
    """A class of the program is not held to the signature of Manim's class of that name."""
    code = """
    from manim import *
    class Circle(Square):
        def __init__(self, sides):
            super().__init__(side_length=sides)
    class A(Scene):
        def construct(self):
            self.add(Circle(sides=3))
    """
    assert in_program(code) == []


def test_a_method_does_not_see_the_names_of_its_class():
    """What a class body sets is not what a bare name in a method stands for."""
    code = """
    from manim import *
    x = []
    class A(Scene):
        x = Dot()
        def construct(self):
            x.append(1)
    """
    assert in_program(code) == []


def test_super_is_held_to_the_class_above():
    """`super().__init__` takes what the class above takes."""
    code = """
    from manim import *
    class Box(Square):
        def __init__(self, **kwargs):
            super().__init__(size=3, **kwargs)
    class A(Scene):
        def construct(self):
            self.add(Box())
    """
    assert in_program(code) == [("unknown_argument", "size")]


def test_attributes_of_self_are_known_by_what_sets_them():
    """An attribute has the type that it is set to; one that is set to two things has none."""
    code = """
    from manim import *
    class A(Scene):
        def setup(self):
            self.dot = Dot()
            self.other = Dot()
        def construct(self):
            self.dot.jump()
            self.other.jump()
            self.other = 5
            self.nothing.jump()
    """
    assert in_program(code) == [("unknown_name", "jump"), ("unknown_name", "nothing")]


def test_classes_below_may_bring_what_self_lacks():
    """A method that only a class below has, or has otherwise, may be called on `self`."""
    code = """
    from manim import *
    class Base(VGroup):
        def draw(self):
            self.part(1)
            self.piece(1)
            self.get_bit(1)
        def piece(self):
            return 1
    class Below(Base):
        def part(self, size):
            return size
        def piece(self, size):
            return size
        def get_bit(self, size):
            return size
    class A(Scene):
        def construct(self):
            Below().draw()
            Base().part(1)
            print(Base().get_size_of())
    """
    assert in_program(code) == [("unknown_name", "part"), ("unknown_name", "get_size_of")]


def test_config_is_manimgls():
    """What `CONFIG` would set in ManimGL is not there."""
    code = """
    from manim import *
    class A(Scene):
        CONFIG = {"size": 3}
        def construct(self):
            self.wait(self.size)
    """
    assert in_program(code) == [("manimgl_dialect", "size")]


@pytest.mark.parametrize(
    "code",
    [
        "from manim import *\ndef unused():\n    Foo()",
        "from manim import *\nif __name__ == '__main__':\n    Foo()",
        "from manim import *\ntry:\n    Foo()\nexcept NameError:\n    Bar()",
        "from manim import *\ndef f():\n    return 1\n    Foo()\nf()",
        "from manim import *\nclass Unused(VGroup):\n    def __init__(self):\n        Foo()",
        "from contextlib import suppress\nwith suppress(ImportError):\n    import pandas",
        "from __future__ import annotations\ndef f(x: Foo) -> Bar:\n    y: Baz = x\nf(1)",
    ],
)
def test_what_need_not_run_is_left_alone(code):
    """Code that nobody calls, that an error is caught for, or that Python does not compute."""
    assert in_program(code) == []


def test_unknown_star_imports_leave_names_open():
    """Any name may come from a module that nobody knows."""
    assert in_program("from manim import *\nfrom helpers import *\nFoo()") == [("missing_module", "helpers")]


def test_the_tree_is_not_changed():
    """Checking twice gives the same, and leaves the tree as it was."""
    tree = ast.parse("from manim import *\nclass A(Scene):\n    def construct(self):\n        Foo(x=Dot((1, 2)))")
    before = ast.dump(tree, include_attributes=True)
    assert check_api(tree) == check_api(tree) != ()
    assert ast.dump(tree, include_attributes=True) == before


def test_the_release_is_recorded():
    """The snapshot knows its release."""
    assert manim_release() == "0.22.0"


@pytest.mark.parametrize(
    "code",
    [
        "x = 1\n" + "x = (x, x)\n" * 200 + "VGroup(x)",
        "".join(f"if a:\n x{i} = 1\nelse:\n x{i} = 2\n" for i in range(3000)),
        "from manim import *\n" + "".join(f"Foo{i}(), Dot().a{i}\n" for i in range(3000)),
        "try:\n x\nexcept E:\n y\n" * 2000,
        "class A(B):\n def f(self): self.x\nclass B(A):\n def f(self): self.x\nA().z",
        "from manim import *\nSVGMobject('\\ud800'), Square(color='\\ud800\\0')",
    ],
)
def test_hostile_programs_end_soon(code):
    """Shapes that would take exponential or quadratic time do not (each is a fraction of a second)."""
    assert len(check_api(ast.parse(code))) <= 500


def test_nesting_beyond_recursion_is_no_problem():
    """A tree too deep to be read has nothing found in it, and does not raise."""
    node: ast.expr = ast.Name("x", ast.Load())
    for _ in range(5000):
        node = ast.Attribute(node, "shift", ast.Load())
    tree = ast.Module([ast.Expr(node)], [])
    assert check_api(tree) == ()


_NAMES = st.sampled_from("self Circle circle x np Scene VGroup foo super Axes Dot manim".split())
_ATTRIBUTES = st.sampled_from("shift animate camera frame play get_x set_y append array __init__ foo".split())
_EXPRESSIONS = st.recursive(
    st.one_of(_NAMES, st.sampled_from(["1", "2.5", "'a'", "[1, 2]", "(1, 2)", "None", "lambda a: a", "*x"])),
    lambda inner: st.one_of(
        st.builds("{}.{}".format, _NAMES, _ATTRIBUTES),
        st.builds("({}).{}({})".format, _NAMES, _ATTRIBUTES, inner),
        st.builds("{}({}, color={})".format, _NAMES, inner, _NAMES),
        st.builds("[{} for x in {}]".format, _NAMES, inner),
        st.builds("({} if {} else {})".format, _NAMES, _NAMES, _NAMES),
        st.builds("{} * {}".format, _NAMES, _NAMES),
    ),
    max_leaves=6,
)
_STATEMENTS = st.one_of(
    st.builds("{} = {}".format, _NAMES, _EXPRESSIONS),
    st.builds("{}.{} = {}".format, _NAMES, _ATTRIBUTES, _EXPRESSIONS),
    st.builds("for {} in {}: {}".format, _NAMES, _EXPRESSIONS, _EXPRESSIONS),
    st.builds("def {}({}=1, **k): return {}".format, _NAMES, _NAMES, _EXPRESSIONS),
    st.builds("class {}({}): {} = {}".format, _NAMES, _NAMES, _NAMES, _EXPRESSIONS),
    st.builds("del {}".format, _NAMES),
    st.sampled_from(["from manim import *", "import manim as x", "from numpy import *", "global x", "import a.b"]),
    _EXPRESSIONS,
)


@given(st.lists(_STATEMENTS, max_size=8))
def test_no_program_raises(lines):
    """Whatever parses is checked to the end."""
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return
    check_api(tree)
