"""Repairs of failed programs: each acts on what the exception names, at its line, and keeps what is shown."""

import ast
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.prepare.repairs.api import MAX_CHARACTERS
from builder.prepare.repairs.from_error import FAILED_STEPS, repair_failed

HEAD = "from manim import *\n\n\nclass A(Scene):\n    def construct(self):\n"
FIRST = 6
"""The line of a scene's first statement."""


def scene(text: str) -> str:
    """A program of one scene with these lines in its `construct`."""
    return HEAD + "".join(f"        {line}\n" for line in text.splitlines())


KEYWORD = "TypeError: Mobject.__init__() got an unexpected keyword argument "
NOT_IN_GROUP = "Only values of type VMobject can be added as submobjects of VGroup, but the value "

MENDED = {
    # what: (lines, type and text of the exception, the line of `construct` that it names, lines after, step)
    "a renamed keyword": (
        "self.add(Circle(r=2))",
        f"{KEYWORD}'r'",
        1,
        "self.add(Circle(radius=2))",
        "keyword",
    ),
    "a misspelt keyword": (
        "self.add(Circle(raduis=2))",
        f"{KEYWORD}'raduis'",
        1,
        "self.add(Circle(radius=2))",
        "keyword",
    ),
    "a keyword that a method says": (
        'self.add(Code(code_string="a = 1", opacity=0.5))',
        "TypeError: Code.__init__() got an unexpected keyword argument 'opacity'",
        1,
        'self.add(Code(code_string="a = 1").set_opacity(0.5))',
        "keyword",
    ),
    "a place given by keyword": (
        "dot = Dot()\nbox = Square(\n    position=2 * UP,\n    color=RED\n)\nself.add(dot, box)",
        f"{KEYWORD}'position'",
        2,
        "dot = Dot()\nbox = Square(\n    color=RED\n).move_to(2 * UP)\nself.add(dot, box)",
        "keyword",
    ),
    "looks of an animation": (
        "self.play(Create(Dot(), stroke_width=2))",
        "TypeError: Animation.__init__() got an unexpected keyword argument 'stroke_width'",
        1,
        "self.play(Create(Dot()))",
        "keyword",
    ),
    "the time of one animation": (
        "dot = Dot()\nself.play(dot.animate.shift(UP).scale(2, run_time=3))",
        "TypeError: VMobject.scale() got an unexpected keyword argument 'run_time'",
        2,
        "dot = Dot()\nself.play(dot.animate(run_time=3).shift(UP).scale(2))",
        "keyword",
    ),
    "the time of a wait": (
        "self.wait(run_time=2)",
        "TypeError: Scene.wait() got an unexpected keyword argument 'run_time'",
        1,
        "self.wait(duration=2)",
        "keyword",
    ),
    "one end of a range": (
        "self.add(ParametricFunction(lambda t: (t, t, 0), t_max=TAU))",
        f"{KEYWORD}'t_max'",
        1,
        "self.add(ParametricFunction(lambda t: (t, t, 0), t_range=[0, TAU]))",
        "keyword",
    ),
    "settings in a dictionary of their own": (
        'self.add(StreamLines(lambda p: p, stream_line_config={"stroke_width": 3}))',
        f"{KEYWORD}'stream_line_config'",
        1,
        "self.add(StreamLines(lambda p: p, stroke_width=3))",
        "keyword",
    ),
    "a setting that axes lack": (
        'self.add(Axes(axis_config={"tick_color": RED, "include_numbers": False}))',
        f"{KEYWORD}'tick_color'",
        1,
        'self.add(Axes(axis_config={"include_numbers": False}))',
        "keyword",
    ),
    "one animation of many objects": (
        "a, b, c, d = Dot(), Dot(), Dot(), Dot()\nself.play(Create(a, b, c, d, run_time=2))",
        "TypeError: Create.__init__() takes from 2 to 4 positional arguments but 5 were given",
        2,
        "a, b, c, d = Dot(), Dot(), Dot(), Dot()\nself.play(AnimationGroup("
        "Create(a, run_time=2), Create(b, run_time=2), Create(c, run_time=2), Create(d, run_time=2)))",
        "one_each",
    ),
    "a name of old": (
        "self.play(ShowCreation(Dot()))",
        "NameError: name 'ShowCreation' is not defined",
        1,
        "self.play(Create(Dot()))",
        "name",
    ),
    "a rate of the web": (
        "self.play(Create(Dot()), rate_func=ease_in_out)",
        "NameError: name 'ease_in_out' is not defined",
        1,
        "self.play(Create(Dot()), rate_func=smooth)",
        "name",
    ),
    "a method misspelt": (
        "dot = Dot()\ndot.shfit(UP)\nself.add(dot)",
        "AttributeError: Dot object has no attribute 'shfit'",
        2,
        "dot = Dot()\ndot.shift(UP)\nself.add(dot)",
        "attribute",
    ),
    "a getter in British": (
        "self.add(Dot(Square().get_centre()))",
        "AttributeError: Square object has no attribute 'centre'",
        1,
        "self.add(Dot(Square().get_center()))",
        "attribute",
    ),
    "a graph of old": (
        "axes = Axes()\nself.add(axes.get_graph(lambda x: x, color=RED))",
        "TypeError: Mobject.__getattr__.<locals>.getter() got an unexpected keyword argument 'color'",
        2,
        "axes = Axes()\nself.add(axes.plot(lambda x: x, color=RED))",
        "attribute",
    ),
    "a scene with a camera that moves": (
        "self.play(self.camera.frame.animate.scale(2))",
        "AttributeError: 'Camera' object has no attribute 'frame'",
        1,
        None,
        "attribute",
    ),
    "a tangent of ManimGL": (
        "axes = Axes()\nf = axes.plot(lambda x: x)\nself.add(axes.get_tangent_line(1, f, length=3, color=RED))",
        "TypeError: Mobject.__getattr__.<locals>.getter() got an unexpected keyword argument 'length'",
        3,
        "axes = Axes()\nf = axes.plot(lambda x: x)\nself.add(Line(LEFT, RIGHT, color=RED).set_length(3)"
        ".set_angle(axes.angle_of_tangent(1, f)).move_to(axes.i2gp(1, f)))",
        "tangent_line",
    ),
    "numbers of a plane": (
        "plane = ComplexPlane()\nself.add(plane.add_coordinates(*plane.get_default_coordinate_values()))",
        "AttributeError: ComplexPlane object has no attribute 'default_coordinate_values'",
        2,
        "plane = ComplexPlane()\nself.add(plane.add_coordinates())",
        "default_coordinates",
    ),
    "the centre of a point": (
        "self.add(Dot(ORIGIN.get_center()))",
        "AttributeError: 'numpy.ndarray' object has no attribute 'get_center'",
        1,
        "self.add(Dot(ORIGIN))",
        "coordinates",
    ),
    "a coordinate of a point": (
        "self.add(Dot(RIGHT * UR.get_x()))",
        "AttributeError: 'numpy.ndarray' object has no attribute 'get_x'",
        1,
        "self.add(Dot(RIGHT * UR[0]))",
        "coordinates",
    ),
    "NumPy of old": (
        "self.add(Dot(np.array([1, 0, 0], dtype=np.float)))",
        "AttributeError: module 'numpy' has no attribute 'float'.\n`np.float` was a deprecated alias",
        1,
        "self.add(Dot(np.array([1, 0, 0], dtype=float)))",
        "module_name",
    ),
    "a rate of the module": (
        "self.play(Create(Dot()), rate_func=rate_functions.ease_in_out)",
        "AttributeError: module 'manim.utils.rate_functions' has no attribute 'ease_in_out'",
        1,
        "self.play(Create(Dot()), rate_func=rate_functions.smooth)",
        "module_name",
    ),
    "a plain group in a group": (
        "both = VGroup()\nboth.add(Group(Dot()))\nself.add(both)",
        f"TypeError: {NOT_IN_GROUP}Group (at index 0 of parameter 0) is of type Group. You can try adding this value",
        2,
        "both = Group()\nboth.add(Group(Dot()))\nself.add(both)",
        "group",
    ),
    "a picture in a group": (
        "photo = ImageMobject(np.uint8([[0, 255]]))\nself.add(VGroup(photo, Dot()).arrange())",
        f"TypeError: {NOT_IN_GROUP}ImageMobject (at index 0 of parameter 0) is of type ImageMobject. You can try",
        2,
        "photo = ImageMobject(np.uint8([[0, 255]]))\nself.add(Group(photo, Dot()).arrange())",
        "group",
    ),
    "animations in a group": (
        "self.play(VGroup(Create(Dot()), Create(Square())))",
        f"TypeError: {NOT_IN_GROUP}Create(Dot) (at index 0 of parameter 0) is of type Create.",
        1,
        "self.play(AnimationGroup(Create(Dot()), Create(Square())))",
        "group",
    ),
    "animations gathered in a group": (
        "moves = VGroup()\nfor at in range(3):\n    moves.add(Create(Dot()))\nself.play(LaggedStart(*moves))",
        f"TypeError: {NOT_IN_GROUP}Create(Dot) (at index 0 of parameter 0) is of type Create.",
        3,
        "moves = []\nfor at in range(3):\n    moves.append(Create(Dot()))\nself.play(LaggedStart(*moves))",
        "group",
    ),
    "a picture that is drawn": (
        "photo = ImageMobject(np.uint8([[0, 255]]))\nself.play(Create(photo, run_time=2))",
        "TypeError: Create only works for VMobjects.",
        2,
        "photo = ImageMobject(np.uint8([[0, 255]]))\nself.play(FadeIn(photo, run_time=2))",
        "fade",
    ),
    "an object that is changed and played": (
        "dot = Dot()\nself.play(dot.set_z_index(2).shift(UP))",
        "TypeError: Unexpected argument Dot passed to Scene.play().",
        2,
        "dot = Dot()\nself.play(dot.animate.set_z_index(2).shift(UP))",
        "animate",
    ),
    "a wait that is played": (
        "self.play(self.wait(2))",
        "TypeError: Unexpected argument None passed to Scene.play().",
        1,
        "self.wait(2)",
        "animate",
    ),
    "nothing that is played": (
        "self.play(run_time=2)",
        "ValueError: Called Scene.play with no animations",
        1,
        "self.wait(2)",
        "wait",
    ),
    "arrows that grow": (
        "both = VGroup(Arrow(LEFT, RIGHT), Arrow(DOWN, UP))\nself.play(GrowArrow(both, run_time=2))",
        "ValueError: Cannot call VGroup.get_start because VGroup(Arrow, Arrow) has no points.",
        2,
        "both = VGroup(Arrow(LEFT, RIGHT), Arrow(DOWN, UP))\n"
        "self.play(AnimationGroup(*[GrowArrow(arrow, run_time=2) for arrow in both]))",
        "grow_each",
    ),
    "a wait of no time": (
        "self.wait(0)",
        "ValueError: A.wait() has a duration of 0 <= 0 seconds which Manim cannot render. The duration must be",
        1,
        "self.wait(1 / config.frame_rate)",
        "frame",
    ),
    "a time that comes out as zero": (
        "for number in range(2):\n    self.play(Create(Dot()), run_time=number)",
        "ValueError: A.play() has a total run_time of 0 <= 0 seconds which Manim cannot render. The total run_time",
        2,
        "for number in range(2):\n    self.play(Create(Dot()), run_time=max(number, 1 / config.frame_rate))",
        "frame",
    ),
    "a rate by its name": (
        'self.play(Create(Dot()), rate_func="linear")',
        "TypeError: 'str' object is not callable",
        1,
        "self.play(Create(Dot()), rate_func=linear)",
        "rate",
    ),
    "an object drawn anew": (
        "self.add(always_redraw(Line(LEFT, RIGHT)))",
        "TypeError: 'Line' object is not callable",
        1,
        "self.add(always_redraw(lambda: Line(LEFT, RIGHT)))",
        "redraw",
    ),
    "a list as a group": (
        "dots = [Dot(), Dot(UP)]\nself.play(dots.animate.shift(UP))",
        "AttributeError: 'list' object has no attribute 'animate'",
        2,
        "dots = [Dot(), Dot(UP)]\nself.play(VGroup(*dots).animate.shift(UP))",
        "list_group",
    ),
    "the difference of tuples": (
        "start, end = (1, 0, 0), (2, 0, 0)\nself.add(Dot(end - start))",
        "TypeError: unsupported operand type(s) for -: 'tuple' and 'tuple'",
        2,
        "start, end = (1, 0, 0), (2, 0, 0)\nself.add(Dot(np.array(end) - start))",
        "array",
    ),
    "a part of a list": (
        "end = [2, 0, 0]\nself.add(Dot(0.5 * end))",
        "TypeError: can't multiply sequence by non-int of type 'float'",
        2,
        "end = [2, 0, 0]\nself.add(Dot(0.5 * np.array(end)))",
        "array",
    ),
    "a flat point": (
        "dot = Dot()\nself.add(dot.move_to(RIGHT + (1, 2)))",
        "ValueError: operands could not be broadcast together with shapes (3,) (2,) ",
        2,
        "dot = Dot()\nself.add(dot.move_to(RIGHT + (1, 2, 0)))",
        "points",
    ),
    "flat points in a list": (
        "corners = [(1, 2), (2, 3)]\nfor corner in corners:\n    self.add(Dot().shift(corner))",
        "ValueError: operands could not be broadcast together with shapes (32,3) (2,) (32,3) ",
        3,
        "corners = [(1, 2, 0), (2, 3, 0)]\nfor corner in corners:\n    self.add(Dot().shift(corner))",
        "points",
    ),
    "a colour in a list": (
        'for name in ["cyan", "RED"]:\n    self.add(Text("cyan", color=name))',
        "ValueError: Color cyan not found",
        2,
        'for name in ["#00FFFF", "RED"]:\n    self.add(Text("cyan", color=name))',
        "colour",
    ),
    "a bold text": (
        'self.add(Text("a", bold=True, font_size=20))',
        "TypeError: Mobject.__init__() got an unexpected keyword argument 'bold'",
        1,
        'self.add(Text("a", weight=BOLD, font_size=20))',
        "keyword",
    ),
    "a colour with more than a colour": (
        "self.add(Dot().set_color(RED, opacity=0.5))",
        "TypeError: VMobject.set_color() got an unexpected keyword argument 'opacity'",
        1,
        "self.add(Dot().set_color(RED).set_opacity(0.5))",
        "keyword",
    ),
    "the time of an animation by another word": (
        "self.play(Create(Dot(), duration=2))",
        "TypeError: Animation.__init__() got an unexpected keyword argument 'duration'",
        1,
        "self.play(Create(Dot(), run_time=2))",
        "keyword",
    ),
    "one animation of two objects": (
        "a = Dot()\nself.play(Create(a, Square()))",
        "TypeError: unsupported operand type(s) for *: 'int' and 'Square'",
        2,
        "a = Dot()\nself.play(AnimationGroup(Create(a), Create(Square())))",
        "one_each",
    ),
    "two texts written at once": (
        'self.play(Write(Text("a"), Text("b")))',
        "TypeError: 'Text' object is not callable",
        1,
        'self.play(AnimationGroup(Write(Text("a")), Write(Text("b"))))',
        "one_each",
    ),
    "a list that fades in": (
        "dots = [Dot(), Dot(UP)]\nself.play(FadeIn(dots))",
        "TypeError: Animation only works on Mobjects",
        2,
        "dots = [Dot(), Dot(UP)]\nself.play(FadeIn(*dots))",
        "unpacked",
    ),
    "a list that is drawn": (
        "self.play(Create([Dot(at * UP) for at in range(3)]))",
        "TypeError: Create only works for VMobjects.",
        1,
        "self.play(Create(VGroup(*[Dot(at * UP) for at in range(3)])))",
        "unpacked",
    ),
    "a list that is added": (
        "dots = [Dot(), Dot(UP)]\nself.add(dots)",
        "AttributeError: 'list' object has no attribute '_iter_family'",
        2,
        "dots = [Dot(), Dot(UP)]\nself.add(*dots)",
        "unpacked",
    ),
    "a fade of an empty scene": (
        "self.play(FadeOut(*self.mobjects), run_time=2)",
        "ValueError: At least one mobject must be passed.",
        1,
        "self.wait(2)",
        "wait",
    ),
    "a number as a text": (
        "score = 5\nself.add(Text(score))",
        "AttributeError: 'int' object has no attribute 'find'",
        2,
        "score = 5\nself.add(Text(str(score)))",
        "text",
    ),
    "a table of numbers": (
        "self.add(Table([[1, 2.5]]))",
        "TypeError: sequence item 0: expected str instance, int found",
        1,
        'self.add(Table([["1", "2.5"]]))',
        "table",
    ),
    "a table of data": (
        "data = [[1, 2.5]]\nself.add(Table(data))",
        "TypeError: sequence item 0: expected str instance, int found",
        2,
        "data = [[1, 2.5]]\nself.add(Table([[str(cell) for cell in row] for row in data]))",
        "table",
    ),
    "labels of a table": (
        'self.add(Table([["a"]], row_labels=["x"]))',
        f"TypeError: {NOT_IN_GROUP}'x' (at index 0 of parameter 0) is of type str.",
        1,
        'self.add(Table([["a"]], row_labels=[Text("x")]))',
        "labels",
    ),
    "a text that is written": (
        'self.play(Write("abc"))',
        "AttributeError: 'str' object has no attribute 'family_members_with_points'",
        1,
        'self.play(Write(Text("abc")))',
        "written",
    ),
    "an ampersand": (
        'self.add(Tex("a & b"))',
        "ValueError: latex error converting to dvi. [! Misplaced alignment tab character &.]",
        1,
        'self.add(Tex("a \\\\& b"))',
        "latex_sign",
    ),
    "a per cent sign": (
        'self.add(Tex(r"half is 50%"))',
        "ValueError: Your installation does not support converting .dvi files to SVG. Consider updating",
        1,
        'self.add(Tex(r"half is 50\\%"))',
        "latex_sign",
    ),
    "a per cent sign, in the sandbox's words": (
        'self.add(MathTex("50%"))',
        "ValueError: dvisvgm error converting to dvi. See log output above or the log file: [no picture came of it]",
        1,
        'self.add(MathTex("50\\\\%"))',
        "latex_sign",
    ),
    "an underscore in a word": (
        'self.add(Tex("my_name"))',
        "ValueError: latex error converting to dvi. [! Missing $ inserted.]",
        1,
        'self.add(Tex("my\\\\_name"))',
        "latex_sign",
    ),
    "an area by two numbers": (
        "axes = Axes()\nself.add(axes.get_area(axes.plot(lambda x: x), 0, 2, color=RED))",
        "TypeError: CoordinateSystem.get_area() got multiple values for argument 'color'",
        2,
        "axes = Axes()\nself.add(axes.get_area(axes.plot(lambda x: x), x_range=[0, 2], color=RED))",
        "area",
    ),
    "a tracker for its value": (
        "at = ValueTracker(1)\nself.add(Dot([at, 0, 0]), DecimalNumber(at.get_value()))",
        "ValueError: setting an array element with a sequence.",
        2,
        "at = ValueTracker(1)\nself.add(Dot([at.get_value(), 0, 0]), DecimalNumber(at.get_value()))",
        "tracker",
    ),
    "a tracker in a text": (
        'at = ValueTracker(1)\nself.add(Text(f"{at:.1f}"))',
        "TypeError: unsupported format string passed to ValueTracker.__format__",
        2,
        'at = ValueTracker(1)\nself.add(Text(f"{at.get_value():.1f}"))',
        "tracker",
    ),
    "an object for its place": (
        "dot = Dot()\nself.add(Line(dot + UP, LEFT))",
        "NotImplementedError: ",
        2,
        "dot = Dot()\nself.add(Line(dot.get_center() + UP, LEFT))",
        "place",
    ),
}


def failed(lines: str, error: str, line: int | None) -> tuple[str, tuple[str, ...]] | None:
    """What becomes of a scene with these lines; the line is counted in `construct`."""
    exception, _, message = error.partition(": ")
    return repair_failed(scene(lines), exception, message, None if line is None else line + FIRST - 1)


@pytest.mark.parametrize("what", MENDED)
def test_what_the_exception_names_is_mended(what: str) -> None:
    """The program is changed where the exception says, and nowhere else; the repair has its name."""
    before, error, line, after, step = MENDED[what]
    found = failed(before, error, line)
    wanted = scene(before).replace("(Scene)", "(MovingCameraScene)") if after is None else scene(after)
    assert found == (wanted, (f"repair:render_{step}",))


@pytest.mark.parametrize("what", MENDED)
def test_another_exception_mends_nothing(what: str) -> None:
    """The same program is left alone if it was something else that failed, or elsewhere."""
    before, error, _, _, step = MENDED[what]
    assert failed(before, "ZeroDivisionError: division by zero", 1) is None
    if step not in ("name", "rate", "colour") and what != "a scene with a camera that moves":
        assert failed(before, error, 90) is None
        assert failed(before, error, None) is None


LEFT = {
    # what: (lines, type and text of the exception, the line of `construct` that it names)
    "a keyword that says what is shown": ("self.add(Circle(sides=5))", f"{KEYWORD}'sides'", 1),
    "a keyword of two callees": ("self.add(Dot(size=2), Circle(size=2))", f"{KEYWORD}'size'", 1),
    "a keyword out of a dictionary": ('look = {"r": 2}\nself.add(Circle(**look))', f"{KEYWORD}'r'", 2),
    "a keyword of the program's own class": (
        "class Disc(Circle):\n    pass\n\nself.add(Disc(sides=5))",
        f"{KEYWORD}'sides'",
        4,
    ),
    "a keyword that is given twice then": ("self.add(Circle(r=1, radius=2))", f"{KEYWORD}'r'", 1),
    "a moved start that could be meant two ways": (
        "self.play(FadeIn(Dot(), direction=UP))",
        "TypeError: Animation.__init__() got an unexpected keyword argument 'direction'",
        1,
    ),
    "numbers after an object": (
        "self.play(Create(Dot(), 1, 2, 3))",
        "TypeError: Create.__init__() takes from 2 to 4 positional arguments but 5 were given",
        1,
    ),
    "a class that never was": ("self.add(Pendulum())", "NameError: name 'Pendulum' is not defined", 1),
    "a helper of another program": ("self.add(electron())", "NameError: name 'electron' is not defined", 1),
    "a method that never was": ("Dot().explode()", "AttributeError: Dot object has no attribute 'explode'", 1),
    "one point for many": ("Dot().point()", "AttributeError: Dot object has no attribute 'point'", 1),
    "a method of an array that means more": (
        "ORIGIN.shift(UP)",
        "AttributeError: 'numpy.ndarray' object has no attribute 'shift'",
        1,
    ),
    "a name that NumPy never had": (
        "np.point(1)",
        "AttributeError: module 'numpy' has no attribute 'point'",
        1,
    ),
    "a list that grows": (
        "dots = []\ndots.add(Dot())",
        "AttributeError: 'list' object has no attribute 'add'",
        2,
    ),
    "a group of its own making": (
        "dots = make()\ndots.add(Group(Dot()))",
        f"TypeError: {NOT_IN_GROUP}Group (at index 0 of parameter 0) is of type Group. You can try",
        2,
    ),
    "a list of animations that is arranged": (
        "moves = VGroup()\nmoves.add(Create(Dot()))\nmoves.arrange()",
        f"TypeError: {NOT_IN_GROUP}Create(Dot) (at index 0 of parameter 0) is of type Create.",
        2,
    ),
    "a message cut off": (
        "both = VGroup()\nboth.add(Group(Dot()))",
        f"TypeError: {NOT_IN_GROUP}Group(Dot, Dot, Dot, Dot",
        2,
    ),
    "a graph that is played": (
        "axes = Axes()\nself.play(axes.plot(lambda x: x))",
        "TypeError: Unexpected argument ParametricFunction passed to Scene.play().",
        2,
    ),
    "an object that is played": (
        "dot = Dot()\nself.play(dot)",
        "TypeError: Unexpected argument Dot passed to Scene.play().",
        2,
    ),
    "a drawing with settings of its own": (
        "photo = ImageMobject(data)\nself.play(Create(photo, lag_ratio=0.5))",
        "TypeError: Create only works for VMobjects.",
        2,
    ),
    "two differences on a line": (
        "a = b = (1, 0, 0)\nself.add(Line(a - b, b - a))",
        "TypeError: unsupported operand type(s) for -: 'tuple' and 'tuple'",
        2,
    ),
    "a product of two names": (
        "a, b = 0.5, [1, 0, 0]\nself.add(Dot(a * b))",
        "TypeError: can't multiply sequence by non-int of type 'float'",
        2,
    ),
    "a range that is a pair": (
        "self.add(Axes(x_range=(0, 2)).shift(RIGHT * 2))",
        "ValueError: operands could not be broadcast together with shapes (3,) (2,) ",
        1,
    ),
    "a colour that nobody knows": (
        'self.add(Dot(color="sunset"))',
        "ValueError: Color sunset not found",
        1,
    ),
    "a sign in a formula": (
        'self.add(Tex("$a$ & b"))',
        "ValueError: latex error converting to dvi. [! Misplaced alignment tab character &.]",
        1,
    ),
    "a tracker that is set twice": (
        "at = ValueTracker(1)\nat = ValueTracker(2)\nself.add(Dot([at, 0, 0]))",
        "ValueError: setting an array element with a sequence.",
        3,
    ),
    "a picture that is not there": (
        'self.add(ImageMobject("cat.png"))',
        "OSError: From: /tmp, could not find cat.png at either of these locations",
        1,
    ),
    "an index too far": ('self.add(Text("a")[5])', "IndexError: range object index out of range", 1),
    "the machine": ("self.add(Dot())", "MemoryError: ", 1),
}


@pytest.mark.parametrize("what", LEFT)
def test_what_is_not_sure_stays(what: str) -> None:
    """Where the exception does not say what would be right, or the program does not show it, nothing is changed."""
    assert failed(*LEFT[what]) is None


@pytest.mark.parametrize(
    "line",
    ["import manim_ml", "from manim_ml.layers import FeedForward", "from manim_ml import *", "import manim_ml as ml"],
)
def test_an_import_of_nothing_used_is_left_out(line: str) -> None:
    """A module that is not there is not missed by a program that uses nothing of it."""
    program = scene("self.add(Dot())")
    code = program.replace("import *\n", f"import *\n{line}\n", 1)
    found = repair_failed(code, "ModuleNotFoundError", "No module named 'manim_ml'", 2)
    assert found == (program, ("repair:render_unused_import",))


@pytest.mark.parametrize(
    ("line", "use"),
    [
        ("import manim_ml", "manim_ml.draw()"),
        ("from manim_ml import Layer", "self.add(Layer())"),
        ("from manim_ml import *", "self.add(Layer())"),
        ("import manim_ml as ml", "ml.draw()"),
    ],
)
def test_an_import_that_is_used_stays(line: str, use: str) -> None:
    """Without the module the program would fail later, and not say why."""
    code = scene(use).replace("import *\n", f"import *\n{line}\n", 1)
    assert repair_failed(code, "ModuleNotFoundError", "No module named 'manim_ml'", 2) is None


def test_layout_and_comments_stay() -> None:
    """Only the argument changes."""
    before = "ring = Circle(  # a ring\n    r=2,  # wide\n    color=RED,\n)\n\n# shown\nself.add(ring)"
    found = failed(before, f"{KEYWORD}'r'", 1)
    assert found is not None
    assert found[0] == scene(before).replace("r=2", "radius=2")


MESSAGES = [error.partition(": ")[2] for _, error, *_ in MENDED.values()]
EXCEPTIONS = sorted({name for step in FAILED_STEPS for name in step.exceptions})
PROGRAMS = [scene(before) for before, *_ in MENDED.values()]
AT = st.none() | st.integers(-5, 20) | st.sampled_from([2**63, -(2**63)])


@settings(max_examples=150, deadline=2_000)
@given(st.sampled_from(PROGRAMS), st.sampled_from(EXCEPTIONS), st.sampled_from(MESSAGES), AT)
def test_any_message_on_any_program(code: str, exception: str, message: str, line: int | None) -> None:
    """Whatever was raised wherever, the result is a program, and another one than before."""
    found = repair_failed(code, exception, message, line)
    if found is not None:
        assert found[0] != code
        assert found[1]
        assert all(name.startswith("repair:render_") for name in found[1])
        compile(found[0], "repaired", "exec")
        assert ast.parse(found[0])


@settings(max_examples=150, deadline=2_000)
@given(st.text(), st.sampled_from(EXCEPTIONS), st.text() | st.sampled_from(MESSAGES), AT)
def test_any_text(code: str, exception: str, message: str, line: int | None) -> None:
    """Texts that are no programs, and messages that say nothing, are answered without an exception."""
    found = repair_failed(code, exception, message, line)
    assert found is None or ast.parse(found[0])


@settings(max_examples=60, deadline=2_000)
@given(st.sampled_from(MESSAGES), st.text(max_size=30), st.integers(0, 200), st.sampled_from(EXCEPTIONS))
def test_a_message_with_anything_in_it(message: str, text: str, at: int, exception: str) -> None:
    """What a program raises itself may look like one of Manim's messages, with anything in it."""
    code = scene("self.add(Circle(r=2), Dot(ORIGIN.get_center()))")
    found = repair_failed(code, exception, message[:at] + text + message[at:], FIRST)
    assert found is None or ast.parse(found[0])


HOSTILE = {
    "deep": "self.add(" + "(" * 90 + "1" + ")" * 90 + ")",
    "deep calls": "self.add(" + "Dot(" * 60 + ")" * 60 + ")",
    "a long chain": "self.add(Dot()" + ".shift(UP)" * 200 + ")",
    "wide": "self.add(" + ", ".join(["Circle(r=2)"] * 500) + ")",
    "many statements": "\n".join(["dot = Dot() + UP - [1, 2]"] * 300),
    "many names": "\n".join(f"n{at} = ValueTracker({at})" for at in range(300)),
}
SLOW = ["a " * 200_000, "but the value " * 50_000, "'" * 300_000, "got an unexpected keyword argument '" * 20_000]


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_programs_cost_little(what: str) -> None:
    """Deep, wide and long programs are answered soon, whatever is said to have been raised."""
    code = scene(HOSTILE[what])
    for error in {step: error for _, error, _, _, step in MENDED.values()}.values():
        exception, _, message = error.partition(": ")
        start = time.process_time()
        repair_failed(code, exception, message, FIRST)
        assert time.process_time() - start < 3


@pytest.mark.parametrize("message", SLOW, ids=range(len(SLOW)))
def test_hostile_messages_cost_little(message: str) -> None:
    """A huge message is read from its start only."""
    start = time.process_time()
    for exception in EXCEPTIONS:
        assert repair_failed(scene("self.add(Dot())"), exception, message, FIRST) is None
    assert time.process_time() - start < 2


def test_a_very_long_program_stays() -> None:
    """Its tree with layout would cost seconds."""
    lines = "self.add(Circle(r=2))\n" + "self.wait()\n" * (MAX_CHARACTERS // 10)
    assert failed(lines, f"{KEYWORD}'r'", 1) is None
