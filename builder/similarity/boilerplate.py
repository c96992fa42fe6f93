"""What a description asks for, without the words around it that any request may have."""

import re
from functools import lru_cache

from builder.similarity.lexicon import TOKENS
from builder.similarity.words import lemma, one_slip_away

_FRAME = frozenset(
    """
    a about above am an and animate animated animates animating animation animations answer answers answering are
    asked asking assignment be below build builds built by can class code community complete could create created
    creates creating demonstrate demonstrates describes description design develop develops display displays do does
    draw draws edition example examples explain explains explores following for from full fully generate generated
    generates give gives have help here how i illustrates implement implements in into is it its job know learn
    library like made make makes making manim matches me my need needs of on one out please prints produce produces
    program project prompt provide provides python question question: render renders request requests result scene
    scenes script sequence should show showing shown shows simple snippet source stands task teach tell that the
    their them then there this through to turn turns use used uses using video visualise visualises visualize
    visualizes visually want what where which will with would write writes written you your
    """.split()
)
_WORD = re.compile(r"[\s\"'“”‘’:,.!?]*([^\W\d_]+(?:'[^\W\d_]+)?)(?=[\s\"'“”‘’:,.!?]|\Z)")
_MOST_WORDS = 40
_LONG = 4
"""Letters of a word in which a slip is one."""
_LEAST = 10
"""Characters that must be left; a text that is all frame is its own core."""


def core(text: str) -> str:
    """A description from the first word that tells something: a template around it, or a polite opening, is taken off.

    "Write Manim code for this request: Show a red circle" and "I need a scene with a red circle" both come down to
    "red circle". Words that tell a shape, a colour, a number or a direction are never taken off.
    """
    at = 0
    for _ in range(_MOST_WORDS):
        found = _WORD.match(text, at)
        if found is None or not _is_frame(found[1].lower()):
            break
        at = found.end()
    left = text[at:].lstrip(" \t\r\n\"'“”‘’:,.!?")
    return left if len(left) >= _LEAST else text


def _is_frame(word: str) -> bool:
    return word in _FRAME or (len(word) >= _LONG and word not in TOKENS and not lemma(word) and word in _slips())


@lru_cache(maxsize=1)
def _slips() -> frozenset[str]:
    """What one slip of the finger makes of the longer of these words."""
    return frozenset().union(*(one_slip_away(word) for word in sorted(_FRAME) if len(word) > _LONG))
