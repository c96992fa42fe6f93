"""Checks: a table of small functions, each of which names what is wrong with a row, or `None`.

Description and code are judged apart, so that a good description with a useless code can still find its own.
"""

import re
import unicodedata
from collections.abc import Callable

from builder.manim_lint.scenes import Outline
from builder.manim_lint.syntax import Parsed

_MAX_CHARACTERS = 80
"""A longer text is no placeholder, but for one that only repeats a sign."""
_NOUN = r"(?:prompts?|descriptions?|instructions?|queries|query|questions?|captions?|requests?|inputs?|texts?|titles?)"
_MISSING = r"(?:pending|missing|todo|tbd|placeholder|empty|none|null|redacted|removed|deleted|unknown|n/?a)"
_PATTERNS = (
    r"lorem ipsum\b.*",
    rf"(?:todo|tbd|tba|fixme|wip|placeholder|{_MISSING})",
    r"(?:todo|tbd|fixme|placeholder)\s*[:\-\u2013\u2014\u2026.].*",
    r"(?:n/?a|none|null|nil|nan|undefined)\b(?: (?:for|to|at|in|of|this|that|one|the|given|yet|available|provided"
    r"|needed|specified|here|so|far|moment|row|example|animation))*",
    rf"no (?:\w+ )?{_NOUN}(?: (?:was|is|were|has|have|been|given|yet|available|provided|found|here|for|this|one))*",
    rf"(?:the |this )?{_NOUN} (?:is |was )?(?:not |un)(?:given|yet|available|provided|found|specified|written)",
    rf"(?:(?:the|an?|my|your|some|sample|example|test|user|animation) )*{_NOUN}\W*\d*(?: (?:goes |comes )?here)?",
    rf"(?:please )?(?:insert|enter|add|write|put|paste|type|fill in) (?:\w+ ){{0,2}}{_NOUN}(?: (?:goes )?here| below)",
    r"untitled(?: (?:animation|scene|video|document|project|prompt))?\W*\d*",
    r"(?:please )?(?:see|refer to|check) (?:the )?(?:attached |following )?(?:code|program|script|file|video)"
    r"(?: (?:below|above|attached))?",
    r"(?:to be|will be) (?:added|written|determined|done|defined|described|announced)(?: later| soon)?",
    r"coming soon",
)
_PLACEHOLDER = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.IGNORECASE)
_UPPER = re.compile(r"(?:TODO|TBD|FIXME|PENDING)\b.*")
_BRACKETED = re.compile(r"(?:\[([^\[\]]*)\]|\{+([^{}]*)\}+|<+([^<>]*)>+|\$\{?([A-Za-z_]\w*)\}?|%\(?(\w+)\)?s)[.\s]*")
_SLOT = re.compile(
    rf"[A-Z0-9]+(?:_[A-Z0-9]+)+|.*\b(?:{_NOUN}|{_MISSING}|insert|your|here)\b.*", re.IGNORECASE | re.DOTALL
)
_NAME = re.compile(r"[A-Za-z_]\w*")


def is_placeholder(text: str) -> bool:
    """Whether a cleaned description is none: only punctuation, one sign repeated, an empty slot, a note to fill it."""
    signs = "".join(text.split())
    if not signs:
        return False
    only_punctuation = all(unicodedata.category(character)[0] in "PZC" for character in signs)
    if only_punctuation or all(character.isascii() and not character.isalnum() for character in signs):
        return True
    if len(signs) > 4 and len(set(signs.lower())) == 1:
        return True
    if len(text) > _MAX_CHARACTERS or "\n" in text:
        return False
    if (slot := _BRACKETED.fullmatch(text)) is not None:
        square, curly, angle, *named = slot.groups()
        inner = next((part for part in (square, curly, angle) if part is not None), "").strip()
        return any(named) or (curly is not None and bool(_NAME.fullmatch(inner))) or bool(_SLOT.fullmatch(inner))
    bare = text.strip(" \t-\u2013\u2014_*.:;!?\u2026()[]{}<>#\"'`")
    return _PLACEHOLDER.fullmatch(bare) is not None or _UPPER.fullmatch(bare) is not None


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
