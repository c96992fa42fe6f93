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
