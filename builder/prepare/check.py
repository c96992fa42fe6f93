"""Checks: a table of small functions, each of which names what is wrong with a row, or `None`.

Description and code are judged apart, so that a good description with a useless code can still find its own.
"""

import re
from collections.abc import Callable

from builder.manim_lint.scenes import Outline
from builder.manim_lint.syntax import Parsed
from builder.prepare.placeholders import is_placeholder

MIN_DESCRIPTION = 5
"""Characters; a shorter description says nothing."""
MIN_CODE = 20
"""Characters; a shorter code is no program."""

_FILENAME = re.compile(r"[\w()./\\ -]{0,120}[\w)]\.(?:py|ipynb|txt|md|mp4|svg|png)", re.IGNORECASE)

Problem = tuple[str, str]
"""A fixed reason and free text for a person."""


def _empty_description(text: str) -> Problem | None:
    return None if text else ("empty_description", "")


def _description_is_filename(text: str) -> Problem | None:
    if _FILENAME.fullmatch(text) and " " not in text.strip():
        return "description_is_filename", text
    return None


def _placeholder_description(text: str) -> Problem | None:
    return ("placeholder_description", text[:200]) if is_placeholder(text) else None


def _short_description(text: str) -> Problem | None:
    return ("short_description", f"{len(text)} characters: {text}") if len(text) < MIN_DESCRIPTION else None


DESCRIPTION_CHECKS: tuple[Callable[[str], Problem | None], ...] = (
    _empty_description,
    _description_is_filename,
    _placeholder_description,
    _short_description,
)


def check_description(text: str) -> Problem | None:
    """The first thing wrong with a cleaned description."""
    return next((problem for check in DESCRIPTION_CHECKS if (problem := check(text))), None)


def _short_code(code: str, _parsed: Parsed, _outline: Outline | None) -> Problem | None:
    return ("short_code", f"{len(code)} characters") if len(code) < MIN_CODE else None


def _syntax_error(_code: str, parsed: Parsed, _outline: Outline | None) -> Problem | None:
    return None if parsed.ok else ("syntax_error", parsed.error)


def _no_scene(_code: str, _parsed: Parsed, outline: Outline | None) -> Problem | None:
    if outline is None or outline.scenes:
        return None
    seen = f"classes: {', '.join(outline.classes[:8])}" if outline.classes else "no class"
    return "no_scene", seen


def _no_construct(_code: str, _parsed: Parsed, outline: Outline | None) -> Problem | None:
    if outline is None or outline.with_construct:
        return None
    return "no_construct", f"scenes: {', '.join(outline.scenes[:8])}"


def _empty_construct(_code: str, _parsed: Parsed, outline: Outline | None) -> Problem | None:
    if outline is None or outline.with_body:
        return None
    return "empty_construct", f"scenes: {', '.join(outline.with_construct[:8])}"


CODE_CHECKS: tuple[Callable[[str, Parsed, Outline | None], Problem | None], ...] = (
    _short_code,
    _syntax_error,
    _no_scene,
    _no_construct,
    _empty_construct,
)


def check_code(code: str, parsed: Parsed, outline: Outline | None) -> Problem | None:
    """The first thing wrong with a cleaned and repaired code; `outline` is `None` where it does not parse."""
    return next((problem for check in CODE_CHECKS if (problem := check(code, parsed, outline))), None)
