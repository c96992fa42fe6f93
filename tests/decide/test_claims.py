"""Claims of a description that its program contradicts."""

import pytest

from builder.decide.claims import contradiction


def scene(*lines: str) -> str:
    body = "\n".join(f"        {line}" for line in lines)
    return f"from manim import *\n\nclass Shape(Scene):\n    def construct(self):\n{body}\n"


TURN = "Rotate the square by 90 degrees clockwise over 2 seconds."


@pytest.mark.parametrize(
    ("description", "line"),
    [
        (TURN, "self.play(square.animate.rotate(90 * DEGREES))"),
        (TURN, "self.play(Rotate(square, PI / 2))"),
        (TURN, "self.play(Rotate(square, angle=-PI / 2, axis=IN))"),
        ("Spin it 45° counter-clockwise.", "self.play(Rotating(it, radians=-PI / 4))"),
        ("Turn the line anticlockwise by 60 degrees.", "self.play(line.animate.rotate(-TAU / 6))"),
    ],
)
def test_a_rotation_that_goes_the_other_way(description, line):
    found = contradiction(description, scene(line))
    assert found is not None and "turns the other way" in str(found) and found.claim in description


@pytest.mark.parametrize(
    ("description", "lines"),
    [
        (TURN, ["self.play(square.animate.rotate(-90 * DEGREES))"]),
        (TURN, ["angle = -PI / 2", "self.play(Rotate(square, angle))"]),
        (TURN, ["self.play(Rotate(square, PI / 2, axis=IN))"]),
        # what cannot be decided is no contradiction
        (TURN, ["self.play(Rotate(square, angle))"]),
        (TURN, ["self.play(Rotate(square, PI / 2, axis=UP))"]),
        (TURN, ["self.play(Rotate(square, PI / 2 if clockwise else -PI / 2))"]),
        (TURN, ["self.play(Rotate(square, *turn))"]),
        (TURN, ["square.rotate(30 * DEGREES)"]),
        (TURN, ["square.rotate(90 * DEGREES)", "square.flip()"]),
        ("Rotate it 90 degrees clockwise, then turn it 90 degrees counterclockwise.", ["it.rotate(PI / 2)"]),
        ("Rotate it by 90 degrees; a dot runs clockwise along the circle.", ["it.rotate(PI / 2)"]),
        ("Rotate it by 90 degrees.", ["it.rotate(-PI / 2)"]),
    ],
)
def test_a_rotation_as_described_or_undecided(description, lines):
    assert contradiction(description, scene(*lines)) is None


@pytest.mark.parametrize(
    ("description", "line", "side"),
    [
        ("Create a regular pentagon with side length 2.", "p = RegularPolygon(n=5, radius=2, color=RED)", "2.35"),
        ("Draw a regular polygon with 12 sides, side length 2.", "p = RegularPolygon(12, radius=2)", "1.04"),
        ("Create an equilateral triangle with side length 3.", "t = Triangle(radius=3)", "5.2"),
        ("Show a square of side length 3.", "s = Square()", "2"),
    ],
)
def test_sides_of_another_length(description, line, side):
    found = contradiction(description, scene(line))
    assert found is not None and f"are {side} long" in str(found)


@pytest.mark.parametrize(
    ("description", "lines"),
    [
        ("Create a regular hexagon with side length 2.", ["h = RegularPolygon(n=6, radius=2)"]),
        ("Create a regular pentagon with side length 2.", ["p = RegularPolygon(n=5, radius=1 / np.sin(PI / 5))"]),
        ("Create a regular pentagon with side length 2.", ["p = RegularPolygon(n=5).scale(1.7)"]),
        ("Create a regular pentagon with side length 2.", ["p = Polygon(*corners)"]),
        ("Create a square with side length 4.", ["side = 4", "s = Square(side)"]),
        ("Create a square with side length 4.", ["for side in (2, 4):", "    s = Square(side)"]),
        ("Create a square with side length 4.", ["small, big = Square(1), Square(side_length=4.0)"]),
        ("Create a square with side length 4.", ["s = Square(**style)"]),
        ("Create a square with side length 10% of the frame.", ["s = Square(side_length=1)"]),
    ],
)
def test_sides_as_described_or_undecided(description, lines):
    assert contradiction(description, scene(*lines)) is None


SIDES = "Create a triangle with side lengths 3, 4, and 5."


def test_a_triangle_of_other_sides():
    found = contradiction(SIDES, scene("t = Polygon((-1.5, -2, 0), (1.5, -2, 0), (0, 2, 0), color=YELLOW)"))
    assert found is not None and "are 4.27, 3, 4.27 long" in str(found)


@pytest.mark.parametrize(
    "lines",
    [
        ["t = Polygon([0, 0, 0], [4, 0, 0], np.array([0, 3, 0]))"],
        # what cannot be decided is no contradiction
        ["t = Polygon(a, b, c)"],
        ["t = Polygon(*corners)"],
        ["t = Polygon((0, 0), (1, 0, 0), (0, 1, 0))"],
        ["t = Polygon((0, 0, 0), (1, 0, 0), (0, 1, 0)).scale(3)"],
        ["t = Polygon((0, 0, 0), (1, 0, 0), (0, 1, 0))", "u = Polygon(a, b, c)"],
    ],
)
def test_a_triangle_as_described_or_undecided(lines):
    assert contradiction(SIDES, scene(*lines)) is None


@pytest.mark.parametrize(
    ("line", "contradicts"),
    [
        ("t = Polygon((-2.5, -2, 0), (2.5, -2, 0), (3, 2, 0), (-3, 2, 0))", True),
        ("t = Polygon((-2.5, -2, 0), (2.5, -2, 0), (1.5, 2, 0), (-1.5, 2, 0))", False),
    ],
)
def test_the_parallel_sides_of_a_trapezoid(line, contradicts):
    found = contradiction("Create a trapezoid with base lengths 3 and 5, and height 4.", scene(line))
    assert (found is not None) == contradicts


ARC = "Create an arc with radius 2.5, angle of 180 degrees, and centered at (1, -1)."


def test_an_arc_of_which_the_outline_is_centred():
    found = contradiction(ARC, scene("arc = Arc(radius=2.5, angle=PI)", "arc.move_to((1, -1, 0))"))
    assert found is not None and "`arc.move_to((1, -1, 0))` puts the middle of its outline there" in str(found)


@pytest.mark.parametrize(
    "lines",
    [
        ["arc = Arc(radius=2.5, angle=PI, arc_center=(1, -1, 0))", "Dot().move_to((1, -1, 0))"],
        ["arc = Arc(radius=2.5, angle=PI).move_arc_center_to((1, -1, 0))", "Dot().move_to((1, -1, 0))"],
        ["arc = Arc(radius=2.5, angle=PI).shift((1, -1, 0))", "Dot().move_to((1, -1, 0))"],
        ["arc = Arc(radius=2.5, angle=PI)", "arc.move_to(somewhere)"],
        ["arcs = Arc(), Arc()", "arcs[0].move_to((1, -1, 0))"],
    ],
)
def test_an_arc_about_its_centre_or_undecided(lines):
    assert contradiction(ARC, scene(*lines)) is None


def test_a_still_of_what_takes_seconds():
    found = contradiction(TURN, scene("group.rotate(-90 * DEGREES)", "self.add(group)"))
    assert found is not None and str(found) == '"over 2 seconds", but nothing is played'


@pytest.mark.parametrize(
    ("description", "lines"),
    [
        (TURN, ["group.add_updater(turn)", "self.add(group)", "self.wait(2)"]),
        ("Move it over 2 seconds.", ["self.add(it)", "super().construct()"]),
        ("Draw a line over 2 circles.", ["self.add(line)"]),
    ],
)
def test_what_takes_seconds_or_states_none(description, lines):
    assert contradiction(description, scene(*lines)) is None


RISES = 'A text saying "animate.shift" appears and moves upwards, then a square moves to the right.'


@pytest.mark.parametrize(
    ("description", "lines"),
    [
        (RISES, ['text = Text("animate.shift").shift(UP * 2.5)', "self.play(Write(text), run_time=0.5)"]),
        (RISES, ['self.play(Write(Text("animate.shift").to_edge(UP)))', "self.play(square.animate.shift(RIGHT))"]),
        ("The word 'Flash' moves to the top.", ['word = Text("Flash")', "self.add(word)", "self.play(Flash(word))"]),
        ("Move the title up, then fade it out.", ['a = Tex("A", color=RED)', "self.add(a)", "self.play(FadeOut(a))"]),
    ],
)
def test_a_text_that_stays_though_it_is_to_move_up(description, lines):
    found = contradiction(description, scene(*lines))
    assert found is not None and "stays where it is shown" in str(found) and found.claim in description


@pytest.mark.parametrize(
    ("description", "lines"),
    [
        (RISES, ['text = Text("animate.shift")', "self.play(Write(text))", "self.play(text.animate.shift(UP))"]),
        (RISES, ['self.play(Text("animate.shift").animate.shift(UP))']),
        (RISES, ['text = Text("animate.shift")', "self.play(FadeIn(text, shift=UP))"]),
        (RISES, ['text = Text("animate.shift")', 'self.play(Transform(text, Text("B").to_edge(UP)))']),
        (RISES, ['text = Text("animate.shift")', "group = VGroup(text)", "self.play(group.animate.to_edge(UP))"]),
        (RISES, ['self.add(Text("animate.shift"))', "self.play(*(m.animate.shift(UP) for m in self.mobjects))"]),
        (RISES, ['self.add(Text("animate.shift"))', "self.play(self.camera.frame.animate.shift(DOWN))"]),
        (RISES, ["self.play(square.animate.shift(RIGHT))"]),
        ("Show a text at the top. A square moves up.", ['self.add(Text("A").to_edge(UP))']),
    ],
)
def test_a_text_that_moves_or_may_move(description, lines):
    assert contradiction(description, scene(*lines)) is None


def test_a_program_that_does_not_parse_contradicts_nothing():
    assert contradiction(TURN, "self.play(square.animate.rotate(90 * DEGREES)") is None
