"""Where a text's literal parts and sentences are, and the forms in which an instruction fits into another sentence."""

import re
from dataclasses import dataclass
from functools import lru_cache

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


INSTRUCTIONS = frozenset(
    """
    add adjust align animate annotate apply arrange attach begin bounce bring build calculate center centre change
    circle circumscribe clear color colour combine compare compose compute conclude connect construct convert craft
    create decrease define demonstrate depict derive design develop dissolve display divide draw duplicate emphasize
    end enlarge erase evaluate examine expand explain explore extend fade fill flash flip focus follow generate give
    graph group grow hide highlight illustrate implement include increase indicate insert introduce join keep label
    leave loop make map mark merge model morph move multiply outline overlay pan paint pause place play plot portray
    position present produce program project prove provide put recolor recreate reduce reflect remove render repeat
    replace represent reveal rotate scale scatter set shade shift show showcase shrink shuffle simulate sketch slide
    solve spin split stack start stretch surround swap switch trace transform transition translate turn uncreate
    underline unwrite use visualise visualize wait wiggle write zoom
    """.split()
)
CREATION = frozenset("create make produce generate build design develop construct craft compose recreate".split())
"""Verbs that a template must not put behind a creation verb of its own: "Create a scene that creates …"."""


@lru_cache(maxsize=8192)
def parts_of_speech(word: str) -> frozenset[str]:
    """What a word in lower case can be, inflected or not: "VERB", "NOUN", "ADJ" …; empty if no dictionary has it."""
    from lemminflect import getAllLemmas

    return frozenset(getAllLemmas(word))


@lru_cache(maxsize=8192)
def is_base_verb(word: str) -> bool:
    """Whether a word in lower case can be a verb's base form, as in an instruction."""
    if word in INSTRUCTIONS:
        return True
    if not (word.isascii() and word.isalpha() and len(word) < 30):
        return False
    from lemminflect import getAllLemmas

    return word in getAllLemmas(word, upos="VERB").get("VERB", ())


def is_noun_too(verb: str) -> bool:
    """Whether a verb can be a noun as well: "plot", but not "create"."""
    return "NOUN" in parts_of_speech(verb)


@lru_cache(maxsize=1024)
def third_person(verb: str) -> str:
    """The form after "it": "draws", "has", "fades"."""
    from lemminflect import getInflection

    return str(getInflection(verb, "VBZ")[0])


@lru_cache(maxsize=8192)
def instruction_of(form: str) -> str | None:
    """The instruction of which a word is the third person: "shows" gives "show"; `None` if it is none."""
    from lemminflect import getLemma

    if not (form.isascii() and form.isalpha() and form.endswith("s") and len(form) < 30):
        return None
    found = getLemma(form, "VERB")
    return found[0] if found and found[0] in INSTRUCTIONS and third_person(found[0]) == form else None


_ARTICLE_OBJECT = re.compile(
    r"(?P<article>[Aa]n?)\s+(?P<modifiers>(?:[\w-]+,?\s+){0,5}?)"
    r"(?P<head>animation|video|visualization|visualisation|scene|clip|movie|film|sequence|presentation|demonstration"
    r"|explanation|representation|tutorial|illustration|simulation|lesson|demo|example|explainer)\b"
)
_ADJECTIVE = re.compile(
    r"(?:simple|short|detailed|custom|step-by-step|clear|vertical|looping|basic|complex|brief|quick|nice|new|complete|full"
    r"|smooth|engaging|2D|3D|\w+(?:al|ed|ive|ful|ic)),?\Z"
)
_NOUN_ADJUNCTS = frozenset(("math", "mathematics", "maths", "physics", "chemistry", "geometry", "video"))
_CODE_OBJECT = re.compile(
    r"\s+(?:me\s+)?(?:(?:an?|the|some)\s+)?(?:[\w-]+\s+){0,4}?(?:code|script|program|class|function|snippet|module)"
    r"(?=[.,:!?]|\s+(?:that|which|to|for|in|using|with|of|called|named)\b|\Z)"
)
_CODE_VERBS = CREATION | {"write", "implement", "provide", "give", "program"}
_STRONG = frozenset("a an the it them each its their this these those every both".split())
_OBJECT_START = _STRONG | frozenset(
    """
    all some several many multiple various one two three four five six seven eight nine ten eleven twelve how that his
    her your our any another different
    """.split()
)
_PARTICLES = frozenset("in out up down away off over apart together".split())
_SUBORDINATE = frozenset(
    """
    that which who whom whose where when while as so if because after before until whether how why what since can could
    will would should must may might let make makes have help helps
    """.split()
)
_ADVERBS = frozenset(
    "then also finally next afterwards afterward subsequently lastly thereafter first once again".split()
)
TOKEN = re.compile(rf"[A-Za-z]+(?:[-'’][A-Za-z]+)*|{MASK}+|[^\sA-Za-z{MASK}]")
_AFTER_A_NOUN = frozenset("of . , and or in on with at is are )".split()) | {""}

_Token = tuple[str, int, int]
"""A word, sign or literal part, and where it starts and ends in the sentence."""


def is_product(text: str, first: Sentence, start: int) -> bool:
    """Whether an animation, a video or the like starts here, and not only what is to be seen in it."""
    found = _ARTICLE_OBJECT.match(first.masked, start)
    return found is not None and _plain_modifiers(found["modifiers"]) and not text[found.end() :].startswith("-")


def asks_for_code(masked: str) -> bool:
    """Whether the object of an instruction is code: "write a script that …"."""
    verb = masked.split(None, 1)[0].lower()
    return verb in _CODE_VERBS and _CODE_OBJECT.match(masked, len(verb)) is not None


def _plain_modifiers(modifiers: str) -> bool:
    return all(_ADJECTIVE.match(word) or word in _NOUN_ADJUNCTS or "-" in word for word in modifiers.split())


def naming_manim(bare: str, masked: str) -> str | None:
    """ "create an educational animation …" with "Manim" before its noun, as a sentence; `None` if that is not sure."""
    space = len(masked.split(None, 1)[0]) + 1
    found = _ARTICLE_OBJECT.match(masked, space)
    if not found:
        return None
    modifiers = found["modifiers"].split()
    adjectives = [word for word in modifiers if _ADJECTIVE.match(word)]
    others = modifiers[len(adjectives) :]
    if modifiers[: len(adjectives)] != adjectives or any(word not in _NOUN_ADJUNCTS for word in others):
        return None
    article = found["article"] if adjectives else "a"
    middle = " ".join([article, *adjectives, "Manim", *others, found["head"]])
    return bare[0].upper() + bare[1:space] + middle + bare[found.end() :]


def with_stop(text: str) -> str:
    """The text with a full stop, if it is one line that ends in a plain word."""
    last = text[-80:].rsplit(None, 1)[-1] if text.strip() else ""
    plain = last.rstrip(")").replace("-", "").isalnum() and "(" not in last
    return f"{text}." if plain and "\n" not in text and len(last) < 80 else text


def in_third_person(sentence: str, masked: str) -> str | None:
    """The sentence of an instruction with all its verbs inflected; `None` if it is not sure which words are its verbs.

    A word behind "and", "then" or a comma is one if an object follows ("and fade it"), and none if no verb is written
    so. Behind "that", "which", "to" or the like a verb may belong to that part, which is never sure.
    """
    tokens = [(found.group(), found.start(), found.end()) for found in TOKEN.finditer(masked)]
    places = [tokens[0]]
    governed = False
    for place, (word, _, _) in enumerate(tokens[1:], start=1):
        lower = word.lower()
        if lower in _SUBORDINATE or (lower == "to" and is_base_verb(_word(tokens, place + 1))):
            governed = True
        if lower not in ("and", "or", "but", ",", ";", ":", "—", "–", "then"):
            continue
        target = place + 1
        while _word(tokens, target) in _ADVERBS or _word(tokens, target).endswith("ly"):
            target += 1
        verdict = _coordinated(tokens, place, target)
        if verdict is None or (verdict and governed):
            return None
        if verdict and tokens[target] not in places:
            places.append(tokens[target])
    parts, done = [], 0
    for word, start, end in places:
        parts += [sentence[done:start], third_person(word.lower())]
        done = end
    return "".join([*parts, sentence[done:]])


def _coordinated(tokens: list[_Token], place: int, target: int) -> bool | None:
    """Whether the word behind a coordinator is another verb of the instruction; `None` if that is not sure."""
    word, following = _word(tokens, target), _word(tokens, target + 1)
    if not word.isalpha() or word in ("and", "or", "but", "then") or not is_base_verb(word):
        return False
    if tokens[target][0] != word:
        return None
    object_follows = following in _STRONG or (following in _PARTICLES and _word(tokens, target + 2) in _STRONG)
    if object_follows:
        return True if word in INSTRUCTIONS else None
    then = "then" in [_word(tokens, earlier) for earlier in range(place, target)]
    if then or tokens[place][0] in ";:—–":
        return None
    if word not in INSTRUCTIONS:
        return False
    noun = is_noun_too(word) and following in _AFTER_A_NOUN
    return False if noun else None


def _word(tokens: list[_Token], place: int) -> str:
    return tokens[place][0].lower() if 0 <= place < len(tokens) else ""


def starts_object(following: list[str]) -> bool:
    """Whether these tokens start the object of a verb: "a circle", "four", "the", a literal; never "of" or a noun."""
    if not following:
        return False
    first = following[0].lower()
    return (
        first in _OBJECT_START
        or first[0] in f"23{MASK}"
        or (first in _PARTICLES and len(following) > 1 and following[1] in _STRONG)
    )
