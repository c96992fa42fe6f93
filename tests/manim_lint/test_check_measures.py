"""The benchmark of the API check: what it counts."""

import pytest

from benchmarks.api_check import kind_of_failure, measure
from benchmarks.rendering import Verdict

RIGHT = "from manim import *\nclass A(Scene):\n    def construct(self):\n        self.add(Dot())\n"
WRONG = RIGHT.replace("Dot()", "Dt()")


def test_condemned_and_found_are_counted_by_half():
    """A program counts in its half; one that passes and is condemned lowers the first share, not the second."""
    programs = [("00", RIGHT), ("02", WRONG), ("04", WRONG), ("06", RIGHT), ("01", WRONG), ("03", RIGHT), ("05", "(")]
    verdicts = {
        "00": Verdict("00", "passed"),
        "02": Verdict("02", "failed", "NameError"),
        "04": Verdict("04", "passed"),
        "06": Verdict("06", "failed", "AttributeError"),
        "01": Verdict("01", "no_scene"),
        "05": Verdict("05", "failed", "SyntaxError"),
    }
    halves = measure(programs, verdicts)["halves"]
    counted = {name: value for name, value in halves["development"].items() if isinstance(value, int)}
    assert counted == {
        "programs": 4,
        "left_out": 0,
        "condemned": 2,
        "condemned_failing": 1,
        "failing": 2,
        "failing_for_these": 2,
        "found": 1,
    }
    assert halves["development"]["kinds"] == {
        "attribute": {"failing": 1, "found": 0},
        "name": {"failing": 1, "found": 1},
    }
    assert halves["development"]["reasons"] == {"unknown_name": {"condemned": 2, "failing": 1}}
    assert (halves["held-out"]["programs"], halves["held-out"]["left_out"]) == (0, 3)


@pytest.mark.parametrize(
    ("exception", "message", "kind"),
    [
        ("UnboundLocalError", "", "name"),
        ("TypeError", "f() got an unexpected keyword argument 'x'", "argument"),
        ("TypeError", "can't multiply sequence by non-int of type 'float'", "other"),
        ("TypeError", "Passing Mobject methods to Scene.play is no longer supported.", "dialect"),
        ("OSError", "From: /, could not find a.svg at either of these locations", "asset"),
        ("OSError", "disk full", "other"),
        ("ValueError", "operands could not be broadcast together", "flat_point"),
        ("TypeError", None, "argument"),
    ],
)
def test_failures_are_told_apart_by_what_was_raised(exception, message, kind):
    """By the exception's type, and where that says too little by its message."""
    assert kind_of_failure(Verdict("00", "failed", exception, message)) == kind
