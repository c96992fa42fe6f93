"""Texts that stand where a description was to be written, and say nothing of an animation."""

import re
import unicodedata

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
    if all(character.isascii() and not character.isalnum() for character in signs) or _only_punctuation(signs):
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


def _only_punctuation(signs: str) -> bool:
    return all(unicodedata.category(character)[0] in "PZC" for character in signs)
