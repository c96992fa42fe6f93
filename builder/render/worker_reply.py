"""From what a worker says to a verdict: each value is checked, and what makes no sense is the program's failure."""

import re
from contextlib import suppress
from typing import Any

from builder.render.inside.samples import FRAMES_BYTES
from builder.render.verdict import Outcome, Verdict

MESSAGE_CHARACTERS = 300
EXCEPTION_CHARACTERS = 100
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
        animated=None if not (spent := _count(answer.get("milliseconds"))) else spent / 1000,
        frames=_picture(answer.get("frames"), FRAMES_BYTES) if rate and outcome is Outcome.PASSED else None,
        rate=rate,
    )


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
