"""Where a text's literal parts and its sentences are: LaTeX, code, quotes and numbers are never read as words."""

import re
from dataclasses import dataclass

MASK = "¤"
"""Stands for every character of a literal part, so that places in the masked text are places in the text."""
MAX_SENTENCE = 4000
"""Characters of a first sentence that is still looked at; a longer one is not a sentence."""

_SHORT = 700
"""Characters in which most first sentences end: the rest of a text is read only if this one does not."""
_MARGIN = 100

_QUOTED = r"""(?=[`$\\h"“'‘(\d−-])(?:
      ```.*?(?:```|\Z)                  # blocks of code; one that is never closed goes on to the end
    | `[^`\n]{1,500}+`
    | \$\$[^$]{1,2000}+\$\$ | \$[^$\n]{1,500}+\$
    | \\\( (?:[^\\]|\\[^)]){0,300}+ \\\)
    | \\\[ (?:[^\\]|\\[^\]]){0,300}+ \\\]
    | https?://\S{1,500}+
    | "[^"\n]{0,500}+" | “[^”\n]{0,500}+”
    | (?<![\w'’])(?:'[^'\n]{1,200}+'|‘[^’\n]{1,200}+’)(?!\w)
    | \([^()\n]{0,500}+\)
    | (?<=\s)(?!\dD\b)[-−]?\d(?:[\w.,/×]{0,40}\w)?
    )"""
_DOTTED = r"\b[\w-]{1,80}+(?:\.\w{1,20}+)++(?!\w)"
"""File names, `animate.shift`, 2.5."""
_LITERAL = re.compile(_QUOTED, re.VERBOSE | re.DOTALL)
_LITERAL_OR_DOTTED = re.compile(f"{_QUOTED}|{_DOTTED}", re.VERBOSE | re.DOTALL)
_HAS_DOTTED = re.compile(r"\.\w")
_STOP = re.compile(r"[.!?]+[)”\"'’]?(?=\s|\Z)|[.!?](?=¤)|\n")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|cf|approx|resp|fig|eq|no|dr|mr|mrs|st|prof)|\b[A-Za-z])\Z", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """The first sentence of a text, or its first line if that ends before."""

    masked: str
    """The sentence with its literal parts masked: as long as the sentence."""
    closed: bool
    """Whether it ends where a sentence can end. An empty one does not."""

    @property
    def end(self) -> int:
        """Where it ends in the text, behind its full stop."""
        return len(self.masked)


def mask_literals(text: str) -> str:
    """The text with every character of a literal part replaced by `MASK`, except stops at the end of a quotation."""
    return (_LITERAL_OR_DOTTED if _HAS_DOTTED.search(text) else _LITERAL).sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    literal = found.group()
    if len(literal) > 2 and literal[-1] in "\"”'’" and literal[-2] in ".!?":
        return MASK * (len(literal) - 2) + literal[-2:]
    return MASK * len(literal)


def first_sentence(text: str) -> Sentence:
    """Find the first sentence of a text. A stop inside a quotation ends a sentence only before a capital letter."""
    start = _first_stop(text, mask_literals(text[:_SHORT]))
    if start is not None and start.end < _SHORT - _MARGIN:
        return start
    masked = mask_literals(text[: MAX_SENTENCE + _MARGIN])
    return _first_stop(text, masked) or Sentence(masked, 0 < len(masked) <= MAX_SENTENCE)


def _first_stop(text: str, masked: str) -> Sentence | None:
    for stop in _STOP.finditer(masked, 0, MAX_SENTENCE):
        found, after = stop.group(), text[stop.end() : stop.end() + 80].lstrip()[:1]
        if found == "\n":
            return Sentence(masked[: stop.start()], stop.start() > 0)
        abbreviated = "." in found and after and _ABBREVIATION.search(masked[max(stop.start() - 8, 0) : stop.start()])
        quoted = len(found) > 1 and found[-1] in "\"”'’"
        if not (abbreviated or after.islower() or (quoted and after and not after.isupper())):
            return Sentence(masked[: stop.end()], True)
    return None
