"""The snapshot of Manim: what is read off a function, and what is in the recorded one."""

import gzip
import json

import pytest

from builder.manim_lint.release.model import SNAPSHOT, known, manim_release
from builder.manim_lint.release.record import Recorder
from builder.manim_lint.release.renames import RENAMED, nearest
from builder.manim_lint.release.signatures import Target, keywords_of


class Top:
    def __init__(self, color=None, *, name=""):
        self.color = color
        self.name = name


class Middle(Top):
    def __init__(self, width=1, **kwargs):
        super().__init__(color="red", **kwargs)
        self.width = width


class Side(Top):
    def __init__(self, side=1, **kwargs):
        self.side = side
        super().__init__(**kwargs)


class Both(Middle, Side):
    pass


class Bottom(Middle):
    def __init__(self, label, *labels, **kwargs):
        self.height = kwargs.pop("height", 1)
        if "name" in kwargs:
            kwargs["name"] = "x"
        Middle.__init__(self, 5, **kwargs)

    def scaled(self, factor, **kwargs) -> "Middle":
        return helper(factor, **kwargs)

    def anything(self, **kwargs):
        print(kwargs)


def helper(value, digits=2):
    return value + digits


def keywords(cls: type) -> set[str] | None:
    owner = next(base for base in cls.__mro__ if "__init__" in vars(base))
    taken = keywords_of(Target(vars(owner)["__init__"], owner, cls))
    return None if taken.open else taken.names


@pytest.mark.parametrize(
    ("cls", "expected"),
    [
        (Top, {"color", "name"}),
        (Middle, {"width", "name"}),
        (Both, {"width", "side", "name"}),
        (Bottom, {"label", "height", "name"}),
    ],
)
def test_keywords_are_followed_to_where_they_are_handed_on(cls, expected):
    """Through `super()` of the very class, through named bases, less what is given on the way."""
    assert keywords(cls) == expected


def test_keywords_that_go_elsewhere_leave_the_function_open():
    """A function may be followed; what does something else with its keywords takes any."""
    assert keywords_of(Target(Bottom.scaled, Bottom, Bottom)).names == {"factor", "digits"}
    assert keywords_of(Target(Bottom.anything, Bottom, Bottom)).open


def test_a_class_is_written_down_with_what_its_methods_set():
    """Methods with signatures, attributes of the body and of `self`, the classes above."""
    record = Recorder({"Bottom": Bottom, "Middle": Middle}).record(Bottom)
    assert record["bases"] == ["Bottom", "Middle"]
    assert record["init"] == [["label"], 1, True, [], [], ["height", "name"], ""]
    assert record["methods"]["scaled"] == [["factor"], 1, False, [], [], ["digits"], "Middle"]
    assert "height" in record["attributes"]


def test_the_recorded_snapshot_is_whole():
    """It names its release, and has Manim's classes, their bases and the star import."""
    assert manim_release() == "0.22.0"
    assert set(known().star) > {"Scene", "Create", "UP", "np", "rate_functions", "RED"}
    scene, dot = known().manim_class("MovingCameraScene"), known().manim_class("Dot")
    assert scene is not None
    assert dot is not None
    assert scene.is_a("Scene")
    assert dot.bases == ("Dot", "Circle", "Arc", "TipableVMobject", "VMobject", "Mobject")
    assert {"point", "radius", "fill_opacity", "z_index"} < dot.init.keywords
    assert not dot.init.open


def test_the_recorded_snapshot_is_small_and_in_order():
    """Under 300 kB, keys sorted, without a clock: equal releases give equal bytes."""
    data = SNAPSHOT.read_bytes()
    text = gzip.decompress(data)
    assert len(data) < 300_000
    assert data[4:8] == b"\0\0\0\0"
    assert json.dumps(json.loads(text), separators=(",", ":"), sort_keys=True).encode() == text


def test_every_replacement_is_there():
    """Names that took another's place are in this release; those that they replaced are not in the star import."""
    methods = {
        name for cls in ("Axes", "Line", "MathTex", "ThreeDScene") for name in known().manim_class(cls).attributes
    }
    there = methods | known().star.keys()
    assert [new for new in RENAMED.values() if "." not in new and new not in there] == []
    assert [old for old in RENAMED if old in known().star] == []


@pytest.mark.parametrize(
    ("wrong", "right"), [("ShowCreation", "Create"), ("Vgroup", "VGroup"), ("NumbrePlane", "NumberPlane"), ("Qqq", "")]
)
def test_the_nearest_name(wrong, right):
    """What was renamed, then another case, then few other letters."""
    assert nearest(wrong) == right
