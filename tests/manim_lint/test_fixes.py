"""Repairs of what the API check finds: each step fixes its own fault, keeps the layout, and leaves the rest alone."""

import ast
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.manim_lint.check.check import Problem, check_api, check_code
from builder.manim_lint.fixes.engine import MAX_CHARACTERS, STEPS, repair_api
from builder.manim_lint.fixes.program import Program
from builder.manim_lint.syntax import names, parse

pytestmark = pytest.mark.filterwarnings("ignore:invalid escape sequence")


def scene(*lines: str, base: str = "Scene", head: str = "from manim import *") -> str:
    """A program of one scene with these lines in its `construct`."""
    body = "\n".join(f"        {line}" for line in lines)
    return f"{head}\n\n\nclass A({base}):\n    def construct(self):\n{body}\n"


def repaired(code: str) -> tuple[str, tuple[str, ...]]:
    """The repaired program, which must compile and of which the check must not find more, and the repairs made."""
    before = check_api(ast.parse(code))
    text, after, steps = repair_api(code, before)
    made = names(steps)
    compile(text, "repaired", "exec")
    assert len(after) <= len(before)
    assert after == check_api(ast.parse(text))
    assert all(name.startswith("repair:") for name in made)
    return text, tuple(name.removeprefix("repair:") for name in made)


def lines(code: str) -> list[str]:
    """The lines of `construct`, without their indent."""
    return [line[8:] for line in code.split("construct(self):\n", 1)[1].splitlines()]


ONE_LINE = {
    "renamed": ("self.play(ShowCreation(Circle()))", "self.play(Create(Circle()))"),
    "renamed tex": ('self.add(TexMobject("x"))', 'self.add(MathTex("x"))'),
    "fade from": ("self.play(FadeInFrom(Dot(), LEFT))", "self.play(FadeIn(Dot(), shift=RIGHT))"),
    "fade from twice": ("self.play(FadeInFrom(Dot(), 2 * UP))", "self.play(FadeIn(Dot(), shift=2 * DOWN))"),
    "fade from sum": ("self.play(FadeInFrom(Dot(), UP + LEFT))", "self.play(FadeIn(Dot(), shift=-(UP + LEFT)))"),
    "fade from below": ("self.play(FadeInFromDown(Dot()))", "self.play(FadeIn(Dot(), shift=UP))"),
    "fade from large": (
        "self.play(FadeInFromLarge(Dot(), scale_factor=3, run_time=2))",
        "self.play(FadeIn(Dot(), scale=3, run_time=2))",
    ),
    "fade out and shift": (
        "self.play(FadeOutAndShift(Dot(), direction=UP))",
        "self.play(FadeOut(Dot(), shift=UP))",
    ),
    "played method": (
        "self.play(dot.shift, UP, dot.scale, 2, run_time=2)",
        "self.play(dot.animate.shift(UP), dot.animate.scale(2), run_time=2)",
    ),
    "played method, options": (
        'self.play(dot.move_to, UP, {"path_arc": 1}, FadeIn(Dot()))',
        'self.play(dot.animate.move_to(UP, **{"path_arc": 1}), FadeIn(Dot()))',
    ),
    "all objects": ("self.play(FadeOut(VGroup(*self.mobjects)))", "self.play(FadeOut(Group(*self.mobjects)))"),
    "web colour": ("self.add(Dot(color=CYAN))", 'self.add(Dot(color=ManimColor("#00FFFF")))'),
    "shade": ("self.add(Dot(color=DARK_RED))", 'self.add(Dot(color=ManimColor("#8B0000")))'),
    "point": ("self.add(Dot((1, -2.5)))", "self.add(Dot((1, -2.5, 0)))"),
    "points": (
        "self.add(Line(start=[0, 1], end=np.array([2, 3])))",
        "self.add(Line(start=[0, 1, 0], end=np.array([2, 3, 0])))",
    ),
    "moved to a pair": ("dot.move_to((2, 1)).shift([1, 0])", "dot.move_to((2, 1, 0)).shift([1, 0, 0])"),
    "corners": (
        "VMobject().set_points_as_corners([(0, 0), (1, 1)])",
        "VMobject().set_points_as_corners([(0, 0, 0), (1, 1, 0)])",
    ),
    "tangent": (
        "self.add(ax.get_tangent_line(1, graph, length=3, color=RED))",
        "self.add(Line(LEFT, RIGHT, color=RED).set_length(3).set_angle(ax.angle_of_tangent(1, graph))"
        ".move_to(ax.i2gp(1, graph)))",
    ),
    "coordinates": (
        "plane.add_coordinates(*plane.get_default_coordinate_values())",
        "plane.add_coordinates()",
    ),
    "end of a range": (
        "self.add(ParametricFunction(f, t_max=TAU, color=RED))",
        "self.add(ParametricFunction(f, t_range=[0, TAU], color=RED))",
    ),
    "settings of stream lines": (
        'self.add(StreamLines(f, resolution=(1, 1), stream_line_config={"stroke_width": 3}))',
        "self.add(StreamLines(f, stroke_width=3))",
    ),
    "dashes of a stroke": ("dot.set_stroke(width=3, dash_length=0.2)", "dot.set_stroke(width=3)"),
    "plot": ("Axes().get_graph(lambda x: x)", "Axes().plot(lambda x: x)"),
    "keyword": ("self.play(Rotating(Dot(), radians=PI))", "self.play(Rotating(Dot(), angle=PI))"),
    "range": ("self.add(Axes(x_min=-1, x_max=5))", "self.add(Axes(x_range=[-1, 5]))"),
    "bars": ("self.add(BarChart([1, 2], max_value=3))", "self.add(BarChart([1, 2], y_range=[0, 3]))"),
    "capitals": (
        "self.add(RoundedRectangle(cornerRadius=0.1))",
        "self.add(RoundedRectangle(corner_radius=0.1))",
    ),
    "code": (
        'self.add(Code(code="x = 1", style="vim", insert_line_no=False))',
        'self.add(Code(code_string="x = 1", formatter_style="vim", add_line_numbers=False))',
    ),
    "eaten backslash": (r'self.add(MathTex("\frac{1}{2}\pi"))', r'self.add(MathTex(r"\frac{1}{2}\pi"))'),
    "formula": ('self.add(Tex("a^2 + b^2"))', 'self.add(MathTex("a^2 + b^2"))'),
    "formula in a sentence": (
        'self.add(Tex("The area is x^2.", font_size=24))',
        'self.add(Tex("The area is $x^2$.", font_size=24))',
    ),
    "easing": (
        "self.play(Create(Dot(), rate_func=ease_in_sine))",
        "self.play(Create(Dot(), rate_func=rate_functions.ease_in_sine))",
    ),
    "colour class": ('self.add(Dot(color=Color("red")))', 'self.add(Dot(color=ManimColor("red")))'),
    "colour parts": (
        "self.add(Dot(color=Color(hue=0.1, saturation=1, luminance=0.5)))",
        "self.add(Dot(color=ManimColor.from_hsl((0.1, 1, 0.5))))",
    ),
    "size of a text": ('self.add(Text("a", size=0.5))', 'self.add(Text("a", font_size=24))'),
    "formula of an f-string": ('self.add(Tex(f"x^{dot}"))', 'self.add(MathTex(f"x^{dot}"))'),
}


GIVEN = [
    "dot = Dot()  # a dot",
    "plane, ax, f = ComplexPlane(), Axes(), abs",
    "graph = ax.plot(f)",
]


@pytest.mark.parametrize(("before", "after"), ONE_LINE.values(), ids=ONE_LINE)
def test_a_line_is_fixed(before: str, after: str) -> None:
    """One fault, one fix; comments and blanks around it stay."""
    head = [*GIVEN, ""]
    code = scene(*head, f"{before}  # kept")
    text, made = repaired(code)
    assert lines(text) == [*head, f"{after}  # kept"]
    assert len(made) == 1
    assert repaired(text) == (text, ())


SOUND = [
    "self.play(Create(Circle()), dot.animate.shift(UP))",
    "self.play(FadeIn(dot, shift=UP), FadeOut(dot))",
    "self.play(FadeIn(dot, Circle()))",
    'self.add(MathTex(r"\\frac{1}{2}", "a^2"), Tex("$a^2$", " is 50\\\\% of it"))',
    'self.add(MathTex(r"x &= 1 \\\\ y &= 2", r"\\text{for $x$}"))',
    'self.add(Tex(r"True\\quad", r"and\\qquad both"))',
    'self.add(Tex(r"a \\\\ b"), Tex(r"\\begin{tabular}{c} a & b \\end{tabular}"))',
    'self.add(Text("a^2 & 50%"), Text("a_b"))',
    "self.add(Axes(x_range=[0, 1]).plot(lambda x: x))",
    "self.add(Axes(x_range=(0, 1), y_range=(0, 1)))",
    "self.add(Dot((1, 2, 0)), Line((0, 0, 0), (x, y, 0)))",
    "self.add(Axes().plot_line_graph([0, 1], [2, 3]))",
    "self.play(Succession(Create(dot), FadeOut(dot)))",
    'self.add(Code(code_string="a = (1)"))',
    'self.add(Tex("π", tex_template=TexTemplateLibrary.ctex))',
    "self.add(Dot(2 * np.array((1, 2, 0))), Dot(2 * UP))",
]


@pytest.mark.parametrize("line", SOUND)
def test_a_sound_line_is_left_alone(line: str) -> None:
    """Nothing is changed that today's Manim takes."""
    code = scene("dot, x, y = Dot(), 1, 2", line)
    assert repaired(code) == (code, ())


UNSURE = [
    "self.play(electron())",
    "self.play(FadeInFrom(*things))",
    'self.add(SVGMobject("nowhere"))',
    "self.add(SkeletonMobject())",
    "self.add(Dot((UP, a)))",
    'self.add(Dot(color="CYAN_SOMETHING"))',
    "self.play(Circle().shift(UP))",
    'self.add(Tex("$a", "^2$"))',
]


@pytest.mark.parametrize("line", UNSURE)
def test_what_is_not_sure_is_left_alone(line: str) -> None:
    """A name of nobody's, a hidden argument, a pair that may be anything: no guess."""
    code = scene("a, b, things = 1, 2, []", line)
    assert repaired(code) == (code, ())


def test_a_transform_from_what_an_excerpt_had_before_writes_the_new_text() -> None:
    """`text` was set before the excerpt began: it is set to what it was to become."""
    code = scene(
        "# first",
        'self.play(Transform(text, Text("Flash").shift(UP)), run_time=0.5)',
        "self.play(FadeOut(text))",
    )
    text, made = repaired(code)
    assert lines(text) == [
        "# first",
        'text = Text("Flash").shift(UP)',
        "self.play(Write(text), run_time=0.5)",
        "self.play(FadeOut(text))",
    ]
    assert made == ("transform_from_unset",)


def test_a_transform_in_a_loop_stays() -> None:
    """Each round's text would be written over the last one's."""
    code = scene("for number in range(3):", "    self.play(Transform(text, Text(str(number))))")
    assert repaired(code) == (code, ())


@pytest.mark.parametrize("use", ["self.add(text)", "for letter in text: print(letter)", "late = lambda: text"])
def test_a_name_that_is_used_before_its_transform_stays_unset(use: str) -> None:
    """What `text` was before matters then, and nobody knows."""
    code = scene(use, 'self.play(Transform(text, Text("Flash")))')
    assert repaired(code) == (code, ())


@pytest.mark.parametrize(
    ("used", "line"),
    [
        ("math.pi", "import math"),
        ("List[int]", "from typing import List"),
        ("list(itertools.count())", "import itertools"),
        ("Path()", "from pathlib import Path"),
        ("sqrt(2)", "from math import sqrt"),
    ],
)
def test_a_missing_import_goes_below_those_that_there_are(used: str, line: str) -> None:
    """A module that a program uses by its usual name is imported."""
    text, made = repaired(scene(f"self.x = {used}", "self.add(Dot())"))
    assert text == scene(f"self.x = {used}", "self.add(Dot())", head=f"from manim import *\n{line}")
    assert made == ("missing_imports",)


def test_an_import_of_nothing_that_is_used_goes() -> None:
    """There is no `utils`, and the program does without; `Wobble` may come from one, so that one stays."""
    text, made = repaired(scene("self.add(Circle())", head="from manim import *\nfrom utils import *"))
    assert text == scene("self.add(Circle())")
    assert made == ("unused_imports",)
    for head in ("from utils import *", "from utils import Wobble", "from utils import Wobble as Wobble"):
        code = scene("self.add(Wobble())", head=f"from manim import *\n{head}")
        assert repaired(code) == (code, ())


def test_a_group_of_plain_groups_is_a_plain_group() -> None:
    """A `VGroup` takes drawn objects alone."""
    body = ["pairs.add(Group(Dot()))", "dots.add(Dot())"]
    text, made = repaired(scene("dots = VGroup()", "pairs = VGroup()", *body))
    assert lines(text) == ["dots = VGroup()", "pairs = Group()", *body]
    assert made == ("plain_groups",)


def test_the_frame_of_a_camera_that_moves_is_the_cameras() -> None:
    """`self.camera_frame` is of old; a scene's own attribute of that name stays."""
    text, made = repaired(scene("self.play(self.camera_frame.animate.scale(2))", base="MovingCameraScene"))
    assert lines(text) == ["self.play(self.camera.frame.animate.scale(2))"]
    assert made == ("camera_frames",)
    own = scene("self.camera_frame = Square()", "self.add(self.camera_frame)", base="MovingCameraScene")
    assert repaired(own) == (own, ())


def test_names_of_manim_that_are_not_imported_come_with_all_of_it() -> None:
    """`from manim import Scene` becomes `from manim import *` where `Circle` is used."""
    text, made = repaired(scene("self.add(Circle())", head="from manim import Scene  # no more"))
    assert text == scene("self.add(Circle())", head="from manim import *  # no more")
    assert made == ("manim_names",)


def test_an_import_of_an_old_name_is_renamed() -> None:
    """`from manim import ShowCreation` imports `Create`; `mn.ShowCreation` is `mn.Create`."""
    head = "from manim import Scene, ShowCreation, Circle"
    text, _ = repaired(scene("self.play(ShowCreation(Circle()))", head=head))
    assert text == scene("self.play(Create(Circle()))", head="from manim import Scene, Create, Circle")
    text, _ = repaired(scene("self.play(mn.ShowCreation(mn.Circle()))", base="mn.Scene", head="import manim as mn"))
    assert lines(text) == ["self.play(mn.Create(mn.Circle()))"]


def test_an_area_under_a_function_graph_is_asked_of_a_plane() -> None:
    """A class that there is not, a scene and a curve have no areas; a plane in the scene's coordinates has."""
    curve = "curve = FunctionGraph(lambda x: x, x_range=[0, 2])"
    area = "area = NumberPlane().get_area(curve, x_range=[0, 2])"
    for asked in ("Integral(curve, (0, 2))", "Integral(curve, (x, 0, 2))", "self.get_area(curve, 0, 2)"):
        text, made = repaired(scene(curve, f"area = {asked}", "self.add(area)"))
        assert lines(text) == [curve, area, "self.add(area)"]
        assert made == ("areas",)


LATEX_IN_TEXT = {
    r'Text("All \(\\theta\)", font_size=24)': r'Tex(r"All \(\theta\)", font_size=24)',
    r'Text("All \(\frac{1}{2}\)")': r'Tex(r"All \(\frac{1}{2}\)")',
    r'Text("e^x, of radius \(\infty\).")': r'Tex(r"$e^x$, of radius \(\infty\).")',
    r'Text(r"where $f(x)=0$", color=RED)': r'Tex(r"where $f(x)=0$", color=RED)',
}


@pytest.mark.parametrize(("before", "after"), LATEX_IN_TEXT.items())
def test_a_text_that_holds_latex_is_set_by_latex(before: str, after: str) -> None:
    """As Python reads it, or as it was meant where Python takes a backslash."""
    text, made = repaired(scene(f"self.add({before})"))
    assert lines(text) == [f"self.add({after})"]
    assert made == ("text_latex",)


@pytest.mark.parametrize(
    "line",
    [
        r'self.add(Text(r"5 % of \(x\)"))',  # a comment, for LaTeX
        r'self.add(Text(r"Größe \(x\)"))',
        r'self.add(Text(r"\(x\)", font="Arial"))',
        r'a = Text(r"\(x\)"); self.play(Write(a[2:]))',
        'self.add(Text("costs $5, or $6"))',
        'self.add(Text("{braces} and a_b"))',
    ],
)
def test_a_text_that_latex_may_not_take_stays(line: str) -> None:
    """Signs of LaTeX's own, letters that its default lacks, looks and letters of a `Text`."""
    assert repaired(scene(line)) == (scene(line), ())


RAW_STRINGS = {
    r'"\pi"': r'r"\pi"',
    r"'\\frac \Big|'": r"'\\frac \\Big|'",
    r'"x \cdot" "y \n \cdot"': r'r"x \cdot" "y \n \\cdot"',
}


@pytest.mark.parametrize(("before", "after"), RAW_STRINGS.items())
def test_a_text_that_python_warns_of_keeps_its_value(before: str, after: str) -> None:
    """It becomes raw, or its backslash is doubled where an escape beside it is meant as such."""
    text, made = repaired(scene(f"name = {before}"))
    assert lines(text) == [f"name = {after}"]
    assert made == ("raw_strings",)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert ast.literal_eval(before) == ast.literal_eval(after)


@pytest.mark.parametrize("text", [r'r"\pi"', r'"\\pi"', r'"\n"', r'"\x41\u0041\101"', r'b"\pi"'])
def test_a_text_that_python_takes_stays(text: str) -> None:
    """Raw strings, valid escapes, bytes."""
    assert repaired(scene(f"name = {text}"))[1] == ()


def test_a_body_that_stands_too_far_right_is_moved_but_not_its_texts() -> None:
    """Comments and continued lines move too; the inner lines of a text are its value."""
    body = ["# all", "text = Code(", '    """', "a", '        b""",', ")", "if text:", "    self.add(text)"]
    before = scene(*[line if line in ("a",) else "    " + line for line in body]).replace("        a\n", "a\n")
    text, made = repaired(before)
    assert made == ("indentation",)
    assert lines(text)[:3] == ["# all", "text = Code(", '    """']
    assert '"""\na\n                    b""",\n        )' in text


def test_two_equal_targets_become_one() -> None:
    """`a = b = …` has two, and `a = a == b` has one."""
    text, made = repaired(scene("area = area = Circle()", "a = b = 1", "a = a == b"))
    assert lines(text) == ["area = Circle()", "a = b = 1", "a = a == b"]
    assert made == ("repeated_targets",)


PLACES = {
    "after letters of several bytes": ('self.add(Text("Kreis – größer"), TexMobject("x"))', "TexMobject", "MathTex"),
    "a call over lines": (
        "self.play(\n    ShowCreation(  # first\n        Circle()\n    )\n)",
        "ShowCreation",
        "Create",
    ),
    "a method on a line of its own": ("graph = (Axes()\n    .get_graph(abs))", "get_graph", "plot"),
    "a method in another's argument": ("Axes().get_graph(Axes().get_graph(abs))", "get_graph", "plot"),
}


@pytest.mark.parametrize(("line", "old", "new"), PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_all_but_the_name_stays_to_the_byte(line: str, old: str, new: str, line_end: str) -> None:
    """Letters of several bytes, comments, line ends and what is left of an expression over lines."""
    code = scene(*line.split("\n")).replace("\n", line_end)

    assert repaired(code)[0] == code.replace(old, new)


def test_a_name_of_the_programs_own_is_never_renamed() -> None:
    """`ShowCreation` may be a function of the file."""
    code = scene(
        "self.play(ShowCreation(Circle()))", head="from manim import *\n\ndef ShowCreation(m): return Create(m)"
    )
    assert repaired(code) == (code, ())


def test_a_change_inside_of_another_is_left_out() -> None:
    """A text that is put in whole has no places for others."""
    program = Program("one + two", ast.parse("one + two"), ())
    assert program.edited({(0, 3): "1", (1, 2): "?", (6, 9): "2"}) == "1 + 2"


def test_a_step_that_brings_something_new_is_not_kept() -> None:
    """The check has the last word."""

    def never_pleased(tree: ast.Module) -> tuple[Problem, ...]:
        del tree
        return (Problem("unknown_name", "", "ShowCreation", 1, 1), Problem("unknown_name", "", "New", 1, 1))

    code = scene("self.play(ShowCreation(Circle()))")
    problems = (Problem("unknown_name", "", "ShowCreation", 1, 1),)
    assert repair_api(code, problems, never_pleased) == (code, problems, [])


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("class A(Scene", id="no program"),
        pytest.param("x = " + " + ".join(["ShowCreation"] * 500), id="deep"),
        pytest.param("x = ShowCreation" + "()" * 400, id="deep calls"),
        pytest.param("ShowCreation(1)\n" * (MAX_CHARACTERS // 10), id="long"),
        pytest.param('self.play(Tex("\\ud800^2"))', id="surrogate"),
        pytest.param("def f(): return*ShowCreation", id="only Python takes it"),
        pytest.param("\ufeffself.play(FadeIn(a, UP))", id="byte order mark"),
    ],
)
def test_a_hostile_text_comes_back(code: str) -> None:
    """No crash, and no long work."""
    tree = parse(code).tree
    problems = (Problem("unknown_name", "", "ShowCreation", 1, 1),)
    if tree is None:
        assert repair_api(code, problems) == (code, problems, [])
    else:
        repair_api(code, problems)


def test_a_long_program_is_fixed_like_others() -> None:
    """Beyond the length of any prompt and program of today's sets."""
    body = "".join(f"        self.wait({n})  # a pause\n" for n in range(1_200))
    code = scene("self.play(ShowCreation(Dot()))") + body
    assert len(code) > 30_000
    fixed, left, steps = repair_api(code, check_code(code))
    assert (fixed, left, [name for name, _ in steps]) == (
        code.replace("ShowCreation", "Create"),
        (),
        ["repair:renamed"],
    )


def test_steps_have_names_of_their_own() -> None:
    """The ledger tells steps apart by name."""
    names = [step.name for step in STEPS]
    assert len(set(names)) == len(names)
    assert all(name.startswith("repair:") for name in names)


def test_steps_that_only_help_together_are_kept_together() -> None:
    """`ParametricSurface` is `Surface` today, which has no `u_min`; only with both fixed is less found."""
    text, made = repaired(
        scene("self.add(ParametricSurface(f, u_min=0, u_max=1))", head="from manim import *\nf = abs")
    )
    assert lines(text) == ["self.add(Surface(f, u_range=[0, 1]))"]
    assert made == ("renamed", "keywords")


@given(
    st.lists(
        st.sampled_from(
            [
                *(before for before, _ in ONE_LINE.values()),
                *SOUND,
                *UNSURE,
                "self.play(Transform(text, Text('a')))",
                "for item in dot: self.play(item.shift, UP)",
                "def f(ShowCreation): return ShowCreation",
                "import manim as mn; self.add(mn.ShowCreation(mn.Dot((1, 2))))",
                'self.add(Tex("é_ñ\\t%$", f"{dot}^2"))',
                "self.play(*[FadeInFrom(one, UP) for one in dot], **{})",
            ]
        ),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=60, deadline=None)
def test_repairs_end_and_come_out_the_same_again(statements: list[str]) -> None:
    """Whatever stands together: the result compiles, nothing new is found, and a second run changes nothing."""
    text, _ = repaired(scene("dot, x, y, a, b, things = Dot(), 1, 2, 3, 4, []", *statements))
    assert repaired(text) == (text, ())


@given(st.text(alphabet="abTex()[]{}$%^_\\\"'frn \n.,=+-*UP12:", max_size=80))
@settings(max_examples=150, deadline=None)
def test_wild_texts_never_crash(text: str) -> None:
    """What parses is repaired or left; what does not parse comes back."""
    code = f"from manim import *\nMathTex({text})\n"
    try:
        tree = parse(code).tree
    except ValueError:
        return
    problems = check_api(tree) if tree is not None else ()
    result, _, _ = repair_api(code, problems)
    assert tree is not None or result == code
