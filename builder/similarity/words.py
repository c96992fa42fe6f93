"""The letters and the words of descriptions, as they are compared.

What single words are (plain, ordinary English or neither), which two may be one with a slip of the finger, and what is
left of a description without the words around it that any request may have.
"""

import re
import unicodedata
from functools import lru_cache

from rapidfuzz.distance import OSA

from builder.similarity.lexicon import TOKENS

_ASCII = bytes(ord(chr(code).lower()) if chr(code).isalnum() and code < 128 else 32 for code in range(256))
"""ASCII letters in lower case and digits as they are; all else a space."""
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
    "\u0900-\u0963\u0966-\u0df3\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ece\u0f18-\u0fbc\u1000-\u1049\u1050-\u109f"
    "\u1780-\u17d3\u200c\u200d\u3099\u309a"
)
"""Ranges of a character class: vowel signs and other marks that are parts of words, though no letters to `re`."""
_OTHER = re.compile(rf"(?:_|[^\w{MARKS}])+")

_SIGNS = str.maketrans({"×": "x", "−": "-", "–": "-", "—": "-", "’": "'", "²": "^2", "³": "^3", "°": " degree "})


def folded(text: str) -> str:
    """Compatible forms of characters, and plain signs for those that are typed in several ways."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)


def normal(text: str) -> str:
    """Letters, their marks and digits alone, in lower case and compatible form, one space between words.

    A text that has none is kept as it is but for case and white space. Never fails, whatever the text.
    """
    return normal_of_folded(folded(text))


def normal_of_folded(text: str) -> str:
    """`normal` of a text that is folded already."""
    if text.isascii():
        words = text.encode().translate(_ASCII).decode().split()
    else:
        words = _OTHER.sub(" ", text.casefold()).split()
    return " ".join(words) if words else " ".join(text.casefold().split())


PLAIN = frozenset(
    """
    a about also am an and animate animation any at be below brief briefly can clip code could create demonstrate depict
    describe detailed display do draw educational explain explanation following for from generate give have
    help here how illustrate illustration in interactive into is it its just let like make manim may me must my need
    next of on onto our please present produce program put python render representation same screen script
    should show showcase simple simply so such tell that the their them then these they this those to us use using
    video visual visualisation visualise visualization visualize visually graphically want was we well what when where
    whether which while whose will with would you your
    """.split()
)
"""Base forms of words that any request may have, and that tell nothing of what is asked for."""
BEYOND = frozenset(
    """
    across against along although among around because beside besides both but by during each either every few he her
    hers herself him himself his if instead itself or ours ourselves per plus she since than themselves though till
    toward towards unless until upon various versus via who whom yours yourself convolutional dataset endpoint gaussian
    multivariable parametric parameterize piecewise pre softmax superposition
    """.split()
)
"""English words that the dictionary does not have: it knows nouns, verbs, adjectives and adverbs."""
_CLASSES = ("VERB", "NOUN", "ADJ", "ADV", "AUX", "PROPN")
_LONGEST = 30
_LEAST, _LEAST_UNKNOWN = 4, 6
"""Letters of a word in which any slip is one, and of a word that no dictionary knows."""


@lru_cache(maxsize=200_000)
def lemma(word: str) -> str:
    """The base form of an English word in lower case ("moving" gives "move"); an empty text for any other word.

    The dictionary of `lemminflect` decides. Of several base forms a verb's goes first, then a noun's.
    """
    if not (word.isascii() and word.isalpha() and 1 < len(word) <= _LONGEST):
        return ""
    if word in PLAIN or word in BEYOND:
        return word
    from lemminflect import getAllLemmas

    found = getAllLemmas(word)
    return next((str(found[kind][0]).lower() for kind in _CLASSES if found.get(kind)), "")


def is_known(word: str) -> bool:
    """Whether a word in lower case is English, or one of the lexicon."""
    return word in TOKENS or bool(lemma(word))


def is_slip(one: str, other: str, english: bool) -> bool:
    """Whether two words in lower case are one word, typed once with a slip of the finger.

    A slip is one letter left out, put in or put for another, or two neighbours that changed places. It is taken for one
    where that is safe:

    - in English, if exactly one of the two is a word, and has four letters or more (three where letters changed places,
      or one was typed twice);
    - in any language of a script with upper and lower case, if neither is an English word, and two neighbours inside a
      word of six letters or more changed places. One letter more or less makes another word too often there ("roja",
      "rojo"), and so it does in names; where the text is English, one that was typed twice is a slip in names too.

    Args:
        one: a word.
        other: another.
        english: whether the texts are.
    """
    one, other = one.partition("'")[0], other.partition("'")[0]
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < _LEAST - 1:
        return False
    if not (one.isalpha() and other.isalpha()) or OSA.distance(one, other, score_cutoff=1) != 1:
        return False
    swapped = len(one) == len(other) and sorted(one) == sorted(other)
    known = is_known(one), is_known(other)
    if english and known[0] != known[1]:
        word, slip = (one, other) if known[0] else (other, one)
        return swapped or len(word) >= _LEAST or _doubled(slip, word)
    inside = one[0] == other[0] and one[-1] == other[-1]
    if any(known) or not inside or min(len(one), len(other)) < _LEAST_UNKNOWN or not _has_case(one + other):
        return False
    return swapped or (english and (_doubled(one, other) or _doubled(other, one)))


def is_slip_to_word(word: str, plain: str) -> bool:
    """Whether a slip in a plain word of four letters or more may have made an English word of it ("form" of "from").

    That is to be asked only where the one stands and the other is missing.
    """
    return len(plain) >= _LEAST and len(word) >= _LEAST - 1 and OSA.distance(word, plain, score_cutoff=1) == 1


def _doubled(slip: str, word: str) -> bool:
    return any(word[: at + 1] + word[at:] == slip for at in range(len(word)))


def _has_case(word: str) -> bool:
    return all(unicodedata.category(letter) == "Ll" for letter in word)


@lru_cache(maxsize=50_000)
def is_slip_of_plain(word: str) -> bool:
    """Whether a word in lower case is a slip of a plain word, in English."""
    return bool(_plain_meant(word))


@lru_cache(maxsize=50_000)
def is_surely_plain(word: str) -> bool:
    """Whether a word in lower case is a slip of a plain word, and can be one of no other word."""
    return bool(_plain_meant(word)) and all(is_plain(other) for other in one_slip_away(word) if is_known(other))


def _plain_meant(word: str) -> set[str]:
    if not (word.isascii() and word.isalpha() and len(word) <= _LONGEST) or is_known(word):
        return set()
    return {other for other in one_slip_away(word) & _plain_forms() if is_slip(word, other, True)}


def is_plain(word: str) -> bool:
    """Whether a word in lower case tells nothing of what is asked for."""
    return word not in TOKENS and lemma(word) in PLAIN


@lru_cache(maxsize=1)
def _plain_forms() -> frozenset[str]:
    """The plain words in all their forms."""
    from lemminflect import getAllInflections

    forms = {form for word in sorted(PLAIN) for found in getAllInflections(word).values() for form in found}
    return frozenset(form for form in forms | PLAIN if form not in TOKENS and lemma(form) in PLAIN)


def one_slip_away(word: str) -> set[str]:
    """All strings of ASCII letters that one slip makes of a word, itself left out."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    letters = "abcdefghijklmnopqrstuvwxyz"
    lost = {left + right[1:] for left, right in cuts if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    other = {left + letter + right[1:] for left, right in cuts if right for letter in letters}
    more = {left + letter + right for left, right in cuts for letter in letters}
    return (lost | swapped | other | more) - {word}


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
_LONG_WORD = 4
"""Letters of a word in which a slip is one."""
_LEAST_LEFT = 10
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
    return left if len(left) >= _LEAST_LEFT else text


def _is_frame(word: str) -> bool:
    return word in _FRAME or (len(word) >= _LONG_WORD and word not in TOKENS and not lemma(word) and word in _slips())


@lru_cache(maxsize=1)
def _slips() -> frozenset[str]:
    """What one slip of the finger makes of the longer of these words."""
    return frozenset().union(*(one_slip_away(word) for word in sorted(_FRAME) if len(word) > _LONG_WORD))
