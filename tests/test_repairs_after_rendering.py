"""The benchmark of repairs after rendering counts what passes before and after, in two rounds at most."""

from benchmarks.rendering import Verdict, key_of
from benchmarks.repairs import HALVES
from benchmarks.repairs_after_rendering import measure

HEAD = "from manim import *\n\n\nclass A(Scene):\n    def construct(self):\n        "
SOUND = f"{HEAD}self.add(Dot())"
LOST = f"{HEAD}self.add(electron())"
OLD = f"{HEAD}self.add(Circle(r=1, sides=4))"
ONCE = f"{HEAD}self.add(Circle(radius=1, sides=4))"
TWICE = f"{HEAD}self.wait(run_time=0)"
KEYWORD = "Mobject.__init__() got an unexpected keyword argument "


def verdict(code: str, exception: str | None = None, message: str | None = None) -> tuple[str, Verdict]:
    """What came of a program; it passed if no exception is given."""
    word = "passed" if exception is None else "failed"
    return key_of(code), Verdict(key_of(code), word, exception, message, 6 if exception else None, 0.0, "0.22.0")


def test_rounds_are_counted_and_what_is_missing_is_named() -> None:
    """One passes, one is past help, one fails again, one passes in the second round, and one is not rendered yet."""
    wait, frame = f"{HEAD}self.wait(duration=0)", f"{HEAD}self.wait(duration=1 / config.frame_rate)"
    unseen = f"{HEAD}self.add(Square(r=1, size=2))"
    zero = "A.wait() has a duration of 0 <= 0 seconds which Manim cannot render."
    verdicts = dict(
        [
            verdict(SOUND),
            verdict(LOST, "NameError", "name 'electron' is not defined"),
            verdict(OLD, "TypeError", f"{KEYWORD}'r'"),
            verdict(ONCE, "TypeError", f"{KEYWORD}'sides'"),
            verdict(TWICE, "TypeError", "Scene.wait() got an unexpected keyword argument 'run_time'"),
            verdict(wait, "ValueError", zero),
            verdict(frame),
            verdict(unseen, "TypeError", f"{KEYWORD}'size'"),
        ]
    )
    table, missing = measure(
        [SOUND, SOUND, LOST, OLD, TWICE, unseen, f"{SOUND}; self.wait()", "not a program"], verdicts
    )
    total = {name: sum(table["halves"][half][name] for half in HALVES) for name in table["halves"][HALVES[0]]}
    assert total == {"programs": 5, "before": 1, "failed": 4, "changed": 3, "after": 2, "without_verdict": 1}
    assert table["repairs"] == {
        "repair:render_frame": {"programs": 1, "after": 1},
        "repair:render_keyword": {"programs": 3, "after": 1},
    }
    assert list(missing.values()) == [f"{HEAD}self.add(Square(r=1, side_length=2))"]
