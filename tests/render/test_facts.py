"""What is measured of a scene: texts and shapes as the camera of each moment shows them."""

from dataclasses import replace

import pytest

from builder.render.findings import findings
from builder.render.sandbox import Sandbox
from builder.render.setup import Setup
from builder.render.verdict import Outcome
from tests.render.programs import scene

pytestmark = pytest.mark.render

FAULTS = {
    "a text written over another": ("text_overlap", "self.play(Write(Text('One'))); self.play(Write(Text('two')))"),
    "a text under a shape": (
        "text_overlap",
        "self.add(Text('One'), Square(fill_opacity=1, color=MAROON_E)); self.play(Create(Dot(UP * 3)))",
    ),
    "a line longer than the frame": ("off_frame", "self.play(Write(Text('many words ' * 12)))"),
    "a square at the edge": ("off_frame", "self.play(Create(Square().shift(UP * 4)))"),
    "dark letters on black": ("low_contrast", "self.play(Write(Text('dim', color='#222222')))"),
    "white letters on a white square": (
        "low_contrast",
        "self.add(Square(4, color=WHITE, fill_opacity=1)); self.play(Write(Text('in')))",
    ),
    "letters of three pixels": ("tiny_text", "self.play(Write(Text('small print').scale(0.1)), Create(Square()))"),
    "a text beside the frame": ("invisible", "self.add(Text('far').shift(RIGHT * 20)); self.play(Create(Square()))"),
    "nothing that moves": ("still", "self.add(Square()); self.wait()"),
    "nothing that is played": ("still", "self.add(Square())"),
}


@pytest.mark.parametrize(("finding", "body"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_found_and_no_other(sandbox: Sandbox, finding: str, body: str) -> None:
    """Each program has one."""
    verdict = sandbox.render(scene(body))
    assert (verdict.outcome, verdict.message) == (Outcome.PASSED, "")
    assert list(findings(verdict)) == [finding]


SOUND = {
    "a text that takes another's place": (
        "one = Text('One'); self.play(Write(one)); self.play(ReplacementTransform(one, Text('two')))"
    ),
    "a copy on its text": "self.play(Write(Text('One')), Write(Text('One')))",
    "texts that were taken away": "self.add(Text('One')); self.clear(); self.play(Write(Text('two')))",
    "what has left": "one = Square(); self.add(one); self.play(one.animate.shift(RIGHT * 20))",
    "a text that shrinks to a point": "self.play(ShrinkToCenter(Text('One')))",
    "a plane wider than the frame": "self.play(Create(NumberPlane().add_coordinates()))",
    "black letters, of which a white outline is to be seen": (
        "self.add(Circle(1, color=RED, fill_opacity=1), Tex('P', color=BLACK, font_size=24).set_stroke(WHITE, 4));"
        "self.wait(); self.play(Create(Square(3)))"
    ),
    "a black letter that is larger than the white circle it stands on": (
        "self.add(Circle(0.4, color=WHITE, fill_opacity=1), Text('H', color=BLACK)); self.play(Create(Square(3)))"
    ),
    "a text in a group that becomes one of more parts": (
        "one = VGroup(Circle(), Text('O')); self.add(one); self.wait();"
        "self.play(Transform(VGroup(one), VGroup(Circle(), Square(), Triangle())))"
    ),
    "red on green": (
        "self.add(Square(6, color='#83C167', fill_opacity=1)); self.play(Write(Text('in', color='#FF0000')))"
    ),
}


@pytest.mark.parametrize("body", SOUND.values(), ids=SOUND.keys())
def test_what_is_meant_so_is_no_fault(sandbox: Sandbox, body: str) -> None:
    """Nothing is found."""
    assert findings(sandbox.render(scene(body))) == {}


def test_a_finding_names_scene_second_and_objects(sandbox: Sandbox) -> None:
    """Of the moment at which it is worst."""
    found = findings(sandbox.render(scene("self.wait(2); self.play(Write(Text('One'))); self.play(Write(Tex('two')))")))
    assert found["text_overlap"].startswith('Shown at 4 s: Text "One" and Tex "two" lie on one another')


def test_long_names_and_rare_letters_leave_room_for_the_verdict(setup: Setup) -> None:
    """Of facts that are too long to be said, the last are left out."""
    letters = "".join(chr(number) for number in range(0x4E00, 0x4E00 + 290))
    body = f"""
    for some in ({letters!r}, {letters[::-1]!r}):
        self.add(Text(some, font_size=6))
    for _ in range(2):
        self.add(MathTex(r"{chr(92)}alpha {chr(92)}beta{chr(92)}gamma{chr(92)}delta" * 3))
    self.add(Text("x" * 90))
    self.wait()
    """
    with Sandbox(replace(setup, timeout=20)) as sandbox:
        verdict = sandbox.render(scene(body))
    assert (verdict.outcome, verdict.exception) == (Outcome.PASSED, "")
    assert "text_overlap" in findings(verdict)


def test_a_zoom_leaves_nothing_out(sandbox: Sandbox) -> None:
    """What the camera would show from where it began is not cut, wherever it is now."""
    program = """from manim import *
class Shown(MovingCameraScene):
    def construct(self):
        self.add(Text('On both sides').scale(2), Square(3).shift(RIGHT * 3 + UP * 2))
        self.play(self.camera.frame.animate.scale(0.4).shift(RIGHT))
"""
    assert "off_frame" not in findings(sandbox.render(program))
    assert "off_frame" in findings(sandbox.render(program.replace("RIGHT * 3 + UP * 2", "UP * 4")))


def test_a_text_that_is_fixed_in_the_frame_is_not_turned(sandbox: Sandbox) -> None:
    """In three dimensions it stands where it was put; other texts stand where the camera shows them."""
    program = """from manim import *
class Shown(ThreeDScene):
    def construct(self):
        self.set_camera_orientation(phi=75 * DEGREES, theta=-45 * DEGREES)
        title, other = Text('Title').to_edge(UP), Text('Other').to_edge(UP)
        self.add_fixed_in_frame_mobjects(title)
        self.play(Write(title), Write(other))
"""
    assert "text_overlap" not in findings(sandbox.render(program))
    fixed = program.replace("_mobjects(title)", "_mobjects(title, other.set_color(RED).shift(DOWN * 0.1))")
    assert "text_overlap" in findings(sandbox.render(fixed))


@pytest.mark.parametrize(
    "lie",
    [
        "get_fill_color = get_color = lambda self: WHITE",
        "original_text = property(lambda self: 'bright', lambda self, value: None)",
        "width = height = property(lambda self: 1.0, lambda self, value: None)",
    ],
)
def test_a_class_that_lies_of_itself_is_measured_all_the_same(sandbox: Sandbox, lie: str) -> None:
    """What is drawn counts, not what methods say."""
    program = scene(
        "self.add(Said('dim', color='#222222'), Square()); self.wait(); self.play(Create(Dot(UP)))",
        f"class Said(Text):\n    {lie}",
    )
    verdict = sandbox.render(program)
    assert verdict.outcome is Outcome.PASSED
    assert list(findings(verdict)) == ["low_contrast"]


@pytest.mark.parametrize(
    "patch", ["numpy.minimum = numpy.maximum = numpy.median = None", "Text.__getattribute__ = None"]
)
def test_a_program_that_breaks_what_measures_harms_itself_alone(sandbox: Sandbox, patch: str) -> None:
    """It fails, or is measured, and what comes after it is measured as ever."""
    sandbox.render(scene("self.add(Text('dim', color='#222222')); self.wait()", f"import numpy\n{patch}"))
    assert "low_contrast" in findings(sandbox.render(scene("self.add(Text('dim', color='#222222')); self.wait()")))
