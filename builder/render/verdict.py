"""What came of rendering one program, and under which settings it was rendered."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from builder.config import DEFAULT_TIMEOUT
from builder.core.schema import Outcome
from builder.render.inside.samples import FRAMES_BYTES

__all__ = ["Outcome"]


KINDS = ("text_cut", "shape_cut", "text_overlap", "text_covered", "contrast", "text_height", "invisible", "moving")
"""What the worker measures (`builder/render/inside/facts.py`)."""


class Level(StrEnum):
    """How much of a scene is computed."""

    FAST = "fast"
    """Each animation is taken to its end state, and no frame between is computed."""
    FULL = "full"
    """Every frame is computed, at Manim's low quality."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What was measured of a program's scenes: the worst moment of one kind."""

    kind: str
    """One of `KINDS`."""
    value: float
    """A share from 0 to 1; of `contrast` a ratio from 1 to 21, of `invisible` a number of objects."""
    scene: str = ""
    second: float = 0.0
    """On the scene's clock."""
    objects: tuple[str, ...] = ()


def facts_of(held: Iterable[Mapping[str, Any]]) -> tuple[Fact, ...]:
    """Facts as files and databases hold them."""
    return tuple(Fact(**{**item, "objects": tuple(item["objects"])}) for item in held)


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
    facts: tuple[Fact, ...] | None = ()
    """What was measured of a program that passed; `None` in a cache that an earlier release wrote."""


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


# From what a worker says: each value is checked, and what makes no sense is the program's failure

MESSAGE_CHARACTERS = 300
EXCEPTION_CHARACTERS = 100
OBJECT_CHARACTERS = 80
THUMBNAIL_BYTES = 64 * 1024
_FORMULA_NAME = re.compile(r"[0-9a-f]{32}\.svg")
_SVG_CHARACTERS = 4 * 2**20


def verdict_of(answer: dict[str, Any], program: str, seconds: float, rate: float = 0.0) -> Verdict:
    """The verdict on a program.

    Args:
        answer: What a worker said.
        program: `program_hash` of what it was asked about.
        seconds: Wall clock, measured here.
        rate: Frames a second that it was asked for.
    """
    try:
        outcome = Outcome(answer["outcome"])
    except (KeyError, ValueError, TypeError):
        return Verdict(program, Outcome.FAILED, "NoReport", "the report makes no sense", None, seconds)
    line = answer.get("line")
    return Verdict(
        program=program,
        outcome=outcome,
        exception=_text(answer.get("exception"), EXCEPTION_CHARACTERS),
        message=_text(answer.get("message"), MESSAGE_CHARACTERS),
        line=line if type(line) is int and 0 < line < 1_000_000 else None,
        seconds=seconds,
        thumbnail=_picture(answer.get("thumbnail"), THUMBNAIL_BYTES) if outcome is not Outcome.BLANK else None,
        scenes=_count(answer.get("scenes")),
        animations=_count(answer.get("animations")),
        animated=spent / 1000 if (spent := _count(answer.get("milliseconds"))) else None,
        frames=_picture(answer.get("frames"), FRAMES_BYTES) if rate and outcome is Outcome.PASSED else None,
        rate=rate,
        facts=_facts(answer.get("facts")) if outcome is Outcome.PASSED else (),
    )


def _facts(value: object) -> tuple[Fact, ...]:
    """Facts of known kinds, each once, made anew of bounded numbers and texts; what makes no sense is left out."""
    found: dict[str, Fact] = {}
    for item in value if isinstance(value, list) else ():
        if isinstance(item, list) and len(item) == 5 and isinstance(item[0], str) and item[0] in KINDS:
            kind, number, scene, second, objects = item
            numbers = [one for one in (number, second) if type(one) in (int, float) and 0 <= one < 2**31]
            if len(numbers) == 2 and isinstance(objects, list):
                names = tuple(_text(name, OBJECT_CHARACTERS) for name in objects[:3])
                found[kind] = Fact(kind, float(number), _text(scene, OBJECT_CHARACTERS), float(second), names)
    return tuple(found[kind] for kind in KINDS if kind in found)


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 2**31 else None


def _text(value: object, characters: int) -> str:
    """A text without control characters; nothing of anything else."""
    text = value if isinstance(value, str) else ""
    clean = "".join(one if one.isprintable() or one == "\n" else "�" for one in text[:characters])
    return clean.encode("utf-8", "replace").decode()


def _picture(value: object, most: int) -> bytes | None:
    """A WebP file of so many bytes at the most; nothing of anything else."""
    if not isinstance(value, str) or len(value) > 2 * most:
        return None
    with suppress(ValueError):
        picture = bytes.fromhex(value)
        if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
            return picture
    return None


def formula_in(message: dict[str, Any]) -> tuple[str, str] | None:
    """Name and SVG of a formula; nothing unless both are what they must be."""
    name, svg = message.get("formula"), message.get("svg")
    if not isinstance(name, str) or not isinstance(svg, str) or not _FORMULA_NAME.fullmatch(name):
        return None
    whole = len(svg) <= _SVG_CHARACTERS and svg.startswith("<?xml") and svg.rstrip().endswith("</svg>")
    return (name, svg) if whole else None
