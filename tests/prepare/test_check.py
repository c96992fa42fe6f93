"""Checks: each names what is wrong with a description or a code, and finds nothing in sound ones."""

from typing import Any

import pytest

from builder.manim_lint.scenes import outline
from builder.manim_lint.syntax import parse
from builder.prepare.check import check_code, check_description
from builder.prepare.prepare import prepare_code, prepare_description

BODY = "    def construct(self):\n        self.play(Create(Circle()))"


def problem_of(code: str) -> tuple[str, str] | None:
    parsed = parse(code)
    return check_code(code, parsed, outline(parsed.tree) if parsed.tree is not None else None)


def reason_of(code: str) -> str:
    problem = problem_of(code)
    return problem[0] if problem else ""


def scenes_of(code: str) -> tuple[str, ...]:
    tree = parse(code).tree
    assert tree is not None
    return outline(tree).scenes


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("", "empty_description"),
        ("scene_01.py", "description_is_filename"),
        ("Circle.PY", "description_is_filename"),
        ("src/scenes/my-circle(2).py", "description_is_filename"),
        ("a.py", "description_is_filename"),
        ("Dots", "short_description"),
        ("x", "short_description"),
        ("Arrow", ""),
        ("Draw scene.py", ""),
        ("Draw a circle. Then e.g. a square.", ""),
        ("https://example.org/how.html", ""),
        ("Draw y=x.", ""),
    ],
)
def test_a_description_is_judged_by_the_first_check_that_fails(description: str, reason: str) -> None:
    """Empty, a file name, under 5 characters; anything else passes."""
    problem = check_description(description)
    assert (problem[0] if problem else "") == reason


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param("", "short_code", id="empty"),
        pytest.param("self.add(Circle())#", "short_code", id="19 characters"),
        pytest.param("self.add(Circle())##", "no_scene", id="20 characters"),
        pytest.param("x = (", "short_code", id="short before broken"),
        pytest.param(f"class A(Scene:\n{BODY}", "syntax_error", id="broken"),
        pytest.param("print('no animation here')", "no_scene", id="no class"),
        pytest.param(f"class A:\n{BODY}", "no_scene", id="a class that inherits nothing"),
        pytest.param(f"class A(VGroup):\n{BODY}", "no_scene", id="a class that is no scene"),
        pytest.param("class A(Scene):\n    def setup(self):\n        self.add(Circle())", "no_construct", id="setup"),
        pytest.param(f"class A(Scene):\n    pass\n\nclass B:\n{BODY}", "no_construct", id="another class's construct"),
        pytest.param(f"class A(Scene):\n{BODY}", "", id="sound"),
    ],
)
def test_a_code_is_judged_by_the_first_check_that_fails(code: str, reason: str) -> None:
    """Under 20 characters, broken, without a scene, without a construct; anything else passes."""
    assert reason_of(code) == reason


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        '"""Draw a circle."""',
        "...",
        '"""Draw a circle."""\n        pass',
        "pass\n        ...",
        "# todo\n        pass",
    ],
)
def test_a_construct_that_does_nothing_is_empty(body: str) -> None:
    """`pass`, a docstring, `...` and comments are no animation."""
    assert reason_of(f"class A(Scene):\n    def construct(self):\n        {body}") == "empty_construct"


@pytest.mark.parametrize("body", ["self.wait()", '"""Draw."""\n        self.wait()', "super().construct()"])
def test_a_construct_that_does_something_passes(body: str) -> None:
    """One statement is enough."""
    assert reason_of(f"class A(Scene):\n    def construct(self):\n        {body}") == ""


def test_one_scene_that_does_something_is_enough() -> None:
    """An empty scene beside a sound one does no harm."""
    assert reason_of(f"class A(Scene):\n    def construct(self):\n        pass\n\nclass B(Scene):\n{BODY}") == ""


def test_a_syntax_error_says_line_and_message() -> None:
    """The detail is the parser's own."""
    assert problem_of("from manim import *\n\nx = = 1\n") == ("syntax_error", "line 3: invalid syntax")


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("print('no animation here')", "no class"),
        ("class Ball(VGroup):\n    pass\n", "classes: Ball"),
    ],
)
def test_no_scene_says_which_classes_there_are(code: str, detail: str) -> None:
    """The detail helps a person to see why none of them counts."""
    assert problem_of(code) == ("no_scene", detail)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("from manim import *\nclass A(Scene): ...", id="star"),
        pytest.param("class A(Scene): ...", id="no import"),
        pytest.param("class A(ThreeDScene): ...", id="another scene class"),
        pytest.param("import manim as mn\nclass A(mn.Scene): ...", id="module alias"),
        pytest.param("import manim\nclass A(manim.MovingCameraScene): ...", id="module"),
        pytest.param("import manim.scene.scene\nclass A(manim.scene.scene.Scene): ...", id="module path"),
        pytest.param("from manim import Scene as S\nclass A(S): ...", id="class alias"),
        pytest.param("from manim.scene.scene import Scene as S\nclass A(S): ...", id="class alias from a module path"),
        pytest.param("from manimlib.imports import *\nclass A(GraphScene): ...", id="an older Manim"),
        pytest.param("from manim_slides import Slide\nclass A(Slide): ...", id="plugin"),
        pytest.param("from manim_voiceover import VoiceoverScene as V\nclass A(V): ...", id="plugin alias"),
        pytest.param("import manim_slides as ms\nclass A(ms.ThreeDSlide): ...", id="plugin module"),
        pytest.param("from manim_physics import *\nclass A(SpaceScene): ...", id="plugin star"),
        pytest.param("class A(Mixin, Scene): ...", id="second base"),
        pytest.param(
            "try:\n    from manim import Scene as S\nexcept ImportError:\n    pass\nclass A(S): ...", id="try"
        ),
        pytest.param("if True:\n    class A(Scene): ...", id="class in a block"),
        pytest.param("class Scene(Scene): ...\nclass A(Scene): ...", id="a class that extends its own name"),
    ],
)
def test_a_class_below_a_manim_scene_class_is_a_scene(code: str) -> None:
    """Directly, by alias, by module, by plugin."""
    assert "A" in scenes_of(code)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import numpy as np\nclass A(np.Scene): ...", id="another module"),
        pytest.param("import manim as mn\nclass A(mn.VGroup): ...", id="another class of Manim"),
        pytest.param("from manim import VGroup as S\nclass A(S): ...", id="an alias of another class"),
        pytest.param("from manim import *\nclass A(SpaceScene): ...", id="a name that no plugin brought"),
        pytest.param("class Scene: ...\nclass A(Scene): ...", id="a class of the file hides Manim's"),
        pytest.param("class Scene(VGroup): ...\nclass B(Scene): ...\nclass A(B): ...", id="hidden, one further"),
        pytest.param("class A(B): ...\nclass B(A): ...", id="a ring"),
        pytest.param("def f():\n    class A(Scene): ...", id="a class in a function"),
    ],
)
def test_other_classes_are_no_scenes(code: str) -> None:
    """A name that only looks like a scene's does not make one."""
    assert scenes_of(code) == ()


def test_scenes_inherit_through_classes_of_the_same_file() -> None:
    """However long the chain and whatever the order in the file; the names come in file order."""
    code = "class C(B): ...\nclass B(A): ...\nclass A(Scene): ...\nclass D(VGroup): ..."
    assert scenes_of(code) == ("C", "B", "A")


def test_construct_may_be_inherited_within_the_file() -> None:
    """A scene without a `construct` of its own has that of its base, also if the base is no scene."""
    assert reason_of(f"class Base(Scene):\n{BODY}\n\nclass A(Base):\n    pass") == ""
    assert reason_of(f"class Mixin:\n{BODY}\n\nclass A(Mixin, Scene):\n    pass") == ""


def test_an_empty_construct_hides_the_inherited_one() -> None:
    """The nearest `construct` counts: here, neither scene does anything."""
    code = "class Base(Scene):\n    def construct(self):\n        pass\n\nclass A(Base):\n    pass"
    assert reason_of(code) == "empty_construct"
    hidden = f"class Mixin:\n{BODY}\n\nclass A(Mixin, Scene):\n    def construct(self):\n        pass"
    assert reason_of(hidden) == "empty_construct"


def said_of(prepared: dict[str, Any]) -> tuple[str | None, ...]:
    """Stage, reason and detail of what is wrong with a prepared description or code."""
    kind = "code" if "code" in prepared else "description"
    return tuple(prepared[f"{kind}_{part}"] for part in ("stage", "reason", "detail"))


SOUND = (None, None, None)


def test_description_and_code_are_judged_apart() -> None:
    """A row may have a problem with either, both or neither."""
    assert said_of(prepare_description("Draw a circle")) == SOUND
    assert said_of(prepare_description("circle.py")) == ("check", "description_is_filename", "circle.py")
    assert said_of(prepare_code(f"from manim import *\n\n\nclass A(Scene):\n{BODY}")) == SOUND
    assert said_of(prepare_code("print('nothing to see')")) == ("check", "no_scene", "no class")


def test_a_row_is_checked_after_cleaning() -> None:
    """What cleaning mends is no reason to drop a row; what it leaves empty is."""
    spaced = prepare_description("  Draw a circle ")
    assert (said_of(spaced), spaced["description_repairs"]) == (SOUND, ("clean:white_space",))
    fenced = prepare_code(f"```python\nfrom manim import *\nclass A(Scene):\n{BODY}\n```")
    assert (said_of(fenced), fenced["code_repairs"]) == (SOUND, ("clean:fences", "clean:outer_blanks"))
    assert said_of(prepare_description(' "" ')) == ("check", "empty_description", "")
    assert prepare_code("```python\n```")["code_reason"] == "short_code"
