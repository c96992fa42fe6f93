"""What came of rendering one program, and under which settings it was rendered."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from builder.config import DEFAULT_TIMEOUT
from builder.core.schema import Outcome

__all__ = ["Outcome"]


class Level(StrEnum):
    """How much of a scene is computed."""

    FAST = "fast"
    """Each animation is taken to its end state, and no frame between is computed."""
    FULL = "full"
    """Every frame is computed, at Manim's low quality."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one program."""

    program: str
    """`program_hash` of the code that was rendered."""
    outcome: Outcome
    exception: str = ""
    """Type of what was raised; `Killed`, `MemoryLimit`, `NoReport`, `Timeout` … if the program did not get so far."""
    message: str = ""
    """The first 300 characters of it."""
    line: int | None = None
    """Last line of the program that the error went through, from 1."""
    seconds: float = 0.0
    """Wall clock."""
    thumbnail: bytes | None = None
    """The last frame as WebP, about 10 kB; not for programs that drew nothing."""
    scenes: int | None = None
    """Scenes that were rendered to their end; `None` where nobody counted."""
    animations: int | None = None
    """What these scenes played or waited."""
    animated: float | None = None
    """Seconds of animation in these scenes; `None` at the fast level."""
    frames: bytes | None = None
    """Samples of all frames at `rate`, 256 pixels wide, as animated WebP; only if asked for, if it passed."""
    rate: float = 0.0
    """Samples a second of animation; 0 if none were taken."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a verdict depends on besides the program; under others, a program is rendered anew."""

    manim: str
    """Release of Manim."""
    latex: str
    """Release of LaTeX; empty if there is none."""
    level: Level = Level.FULL
    timeout: float = DEFAULT_TIMEOUT
    """Seconds of processor time for one program."""
    sandboxed: bool = True
    drawing: str = ""
    """Releases of what draws: Pillow, cairo, Pango."""


def program_hash(code: str) -> str:
    """32 hex digits for exactly this text of a program."""
    return hashlib.blake2b(code.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
