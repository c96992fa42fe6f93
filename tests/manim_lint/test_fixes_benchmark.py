"""The benchmark of repairs counts what ran before and after, and leaves out what nobody ran."""

from benchmarks.rendering import Verdict, key_of
from benchmarks.repairs import measure, repaired

HEAD = "from manim import *\n\n\nclass A(Scene):\n    def construct(self):\n        "
SOUND = f"{HEAD}self.add(Dot())"
OLD = f"{HEAD}self.play(ShowCreation(Dot()))"
LOST = f"{HEAD}self.add(electron())"
ONE_LINE = "from manim import * class A(Scene): def construct(self): self.add(Dot((1, 2)))"


def verdict(code: str, word: str) -> tuple[str, Verdict]:
    """A verdict on exactly this code."""
    return key_of(code), Verdict(key_of(code), word, None, None, None, 0.0, "0.22.0")


def test_programs_are_counted_before_and_after() -> None:
    """One that ran, one that is mended, one that cannot be, one that did not parse, and one without a verdict."""
    verdicts = dict(
        [
            verdict(SOUND, "passed"),
            verdict(OLD, "failed"),
            verdict(repaired(OLD)[0], "passed"),
            verdict(LOST, "failed"),
            verdict(repaired(ONE_LINE)[0], "passed"),
        ]
    )
    found = measure({"here": [SOUND, SOUND, OLD, LOST, ONE_LINE, f"{SOUND}\n        self.wait()"]}, verdicts)
    assert found["sources"] == {
        "here": {"programs": 4, "before": 1, "after": 3, "changed": 2, "broken": 0, "without_verdict": 1}
    }
    assert found["repairs"] == {
        "repair:one_line": {"programs": 1, "after": 1},
        "repair:points": {"programs": 1, "after": 1},
        "repair:renamed": {"programs": 1, "after": 1},
    }
