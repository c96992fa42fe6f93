"""A benchmark's programs and prompts as rows are compared by: programs by key, prompts cleaned."""

from builder.core.schema import Example
from builder.manim_lint.syntax import parse
from builder.prepare.canonical import canonical_key
from builder.prepare.clean_description import clean_description
from builder.prepare.prepare import prepare_row

_PROBE = """
from manim import *
class Probe(Scene):
    def construct(self):
        self.ring = Circle(radius=0.5, color="#FF0000")
        for step in range(3):
            shown = self.turned(step, by=90 * DEGREES)
            self.play(Rotate(self.ring, angle=shown), run_time=1.0)
        self.add(Tex(f"{step:02d} turns", r"$\\\\alpha$"), *[Dot(x * RIGHT) for x in (-1, 1j)])
    def turned(self, step, by):
        return lambda other=step: other * by if other else None
"""
"""A program that has something of all that keys are made of."""


def program_keys(code: str) -> tuple[int, ...]:
    """Canonical keys of a benchmark's program: as it stands once cleaned, and as it is once repaired.

    Rows of train are repaired, so a copy of the program may be there in either form. Empty where there is no program.
    """
    found = [prepare_row(Example("", code), official).canonical_key for official in (True, False)]
    return tuple(dict.fromkeys(key for key in found if key is not None))


def plain_prompt(text: str) -> str:
    """A benchmark's prompt, cleaned as descriptions are."""
    return clean_description(text)[0]


def probe_key() -> int | None:
    """The canonical key of a fixed program: as long as it stays, keys that were kept are those of today."""
    return canonical_key(parse(_PROBE).tree, _PROBE)
