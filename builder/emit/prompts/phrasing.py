"""What kind of text a description is, and the forms in which its first sentence fits into another one.

Nothing is guessed: a text that is not surely an instruction, a request, a question, a statement or a noun phrase is
`Kind.OTHER` and has no form but its own. Looks at the first sentence alone; of what follows it only asks whether
it instructs, too.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from builder.emit.prompts.forms import (
    CREATION,
    INSTRUCTIONS,
    TOKEN,
    Sentence,
    asks_for_code,
    first_sentence,
    in_third_person,
    instruction_of,
    is_base_verb,
    is_noun_too,
    is_product,
    mask_literals,
    naming_manim,
    starts_object,
    with_stop,
)

MAX_LOOK = 20_000
"""Characters of a description that are looked at; in a longer one, whatever follows is taken for instructions."""


class Kind(StrEnum):
    """What a description is."""

    INSTRUCTION = "instruction"
    """"Draw a circle." """
    REQUEST = "request"
    """"Could you draw a circle?", "I would like an animation that …": an instruction in a wrapper; and what comes
    down to one: "The scene shows a circle.", "A circle that grows"."""
    CODE_REQUEST = "code_request"
    """"Write a script that draws a circle", "The code draws a circle": what asks for code."""
    HOW_TO = "how_to"
    """"How can I draw a circle?" """
    QUESTION = "question"
    OTHER = "other"


class Flag(StrEnum):
    """What a template must know of a description."""

    CREATES = "creates"
    """Its verb is "create", or another one that templates use themselves."""
    ANIMATES = "animates"
    """It speaks of animating, so that "an animation that animates" would be said twice."""
    STATIC = "static"
    """It says that nothing moves."""
    CONTINUES = "continues"
    """It is an instruction, and later sentences, or items of a list, instruct as well."""
    TOOL = "tool"
    """It names Manim, or another library or program, as the tool to use."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A description and the forms of it that fit; each form holds the whole description, not the first sentence only.

    A form that does not exist, or is not sure, is `None`.
    """

    text: str
    """The description as it is."""
    kind: Kind
    flags: frozenset[Flag] = frozenset()
    bare: str | None = None
    """After "to": "draw a circle and fade it out."."""
    third: str | None = None
    """After "that": "draws a circle and fades it out."."""
    manim: str | None = None
    """An instruction of its own that names Manim: "Create an educational Manim animation that …"."""


_POLITE = r"(?:(?:please|kindly|possibly|maybe|perhaps|also)\s+)?"
_HELP = r"(?:(?:help\s+(?:me\s+)?)(?:to\s+)?)?"
_I_WOULD_LIKE = r"I\s*(?:['’]d|\s+would)\s+(?:really\s+|also\s+)?(?:like|love)"
_I_WANT = r"I\s+(?:really\s+)?(?:want|need|wish)"
_MANIM = r"manim(?:\s?ce)?(?:\s+community(?:\s+edition)?)?"
_REQUEST_TO = re.compile(
    rf"""(?:
      (?:please\s+)?(?:use\s+{_MANIM}\s+to|using\s+{_MANIM}\s+to|(?:using|in|with)\s+{_MANIM}\s*,)\s+(?:please\s+)?
    |
      (?:can|could|would|will)\s+you\s+{_POLITE}{_HELP}
    | (?:please|kindly),?\s+{_HELP}
    | (?:{_I_WOULD_LIKE}|{_I_WANT})\s+(?:for\s+)?(?:you\s+)?to\s+{_HELP}
    | I\s*(?:['’]m|\s+am)\s+(?:looking|trying|hoping)\s+to\s+
    | (?:is|would)\s+it\s+(?:be\s+)?possible\s+(?:for\s+you\s+)?to\s+
    )(?=[a-z])""",
    re.VERBOSE | re.IGNORECASE,
)
_REQUEST_FOR = re.compile(
    rf"""(?:
      (?:{_I_WOULD_LIKE}|{_I_WANT})\s+(?:to\s+(?:see|have|get|watch)\s+)?
    | I\s*(?:['’]m|\s+am)\s+looking\s+for\s+
    | (?:(?:can|could|would|will)\s+you\s+{_POLITE}|please\s+)(?:show|give|make)\s+me\s+
    )(?=an?\s)""",
    re.VERBOSE | re.IGNORECASE,
)
_HOW_TO = re.compile(
    r"(?:how\s+(?:can|could|do|would|should|might)\s+(?P<who>I|you|one)"
    r"|(?:can|could|would|will)\s+you\s+(?:please\s+)?(?:show|tell|teach)\s+me\s+how\s+(?:to|I\s+can|I\s+could))"
    r"\s+(?=[a-z])",
    re.IGNORECASE,
)
_THOUGHT = frozenset("apply calculate compare compute define derive evaluate explain explore prove solve use".split())
"""What one does to a problem and not to a picture: "How can I prove …?" asks for no animation's code."""
_STATEMENT = re.compile(
    r"(?:The|This)\s+(?:(?:Manim|Python|following|short|simple)\s+){0,2}"
    r"(?:(?P<shown>scene|animation|video|clip|visualization|visualisation)"
    r"|(?P<code>code|program|script|snippet))\s+(?=(?P<verb>[a-z]+s)\b)"
)
_QUESTION_WORDS = frozenset(
    """
    am are can could did do does had has have how in is may might must shall should to under at for on by from was were
    what when where which who whose why will with would if given
    """.split()
)
_ASKED = re.compile(r"\b(?:how|what|which|who|whose|why|when|where)\b", re.IGNORECASE)
_YOU_OR_I = re.compile(r"\b(?:(?:can|could|would|will)\s+you|I|me|my|please)\b", re.IGNORECASE)
_INNER_REQUEST = re.compile(
    r"[,;]\s+(?:and\s+|but\s+)?(?:also\s+)?(?:can|could|would|will)\s+(?:you|we|I|it|the)\b"
    r"|\bI\s*(?:['’]d|['’]m|\s+(?:would|want|need|am))\b|,?\s+please\b|\bthanks?\b|\?",
    re.IGNORECASE,
)
_ASKS_HOW = re.compile(r"[Hh]ow (?:can|could|do|would|should|might) (?:I|we|one)\b")
"""A question behind a request that only its author can ask: "How could I do that?"."""
_TOOL_WORDS = ("manim", "python", "software", "librar", "engine", "tool", "framework", "platform", "program")
_TOOL = re.compile(
    r"\b(?:using|with|in|via|through|by|use|uses|utilizing)\s+(?:\w+\s+){0,3}manim(?:\s?ce)?\b"
    r"|\bmanim(?:\s?ce|gl)?(?:['’]s)?\s+(?:community\b|library|animation|code|scene|script|program|video)"
    r"|\b(?:python|software|librar(?:y|ies)|animation\s+(?:engine|tool|program|framework))\b"
    r"|\busing\s+(?:an?|the)\s+(?:[\w-]+\s+){0,3}(?:program|tool|engine|framework|platform)\b"
)
_STATIC_WORDS = ("without", "no animation", "no motion", "static")
_STATIC = re.compile(r"\b(?:without\s+(?:any\s+)?(?:animation|motion|movement)|no\s+(?:animation|motion)|static)\b")
_AUXILIARY = frozenset(
    "is are was were has have had be been does do did can could will would should must may might".split()
)
_RELATIVE = frozenset(("that", "which", "whose", "where"))
_BETWEEN_NOUNS = frozenset(("of", "with", "on", "inside", "above", "below"))
_LATER = re.compile(
    r"(?:\A[ \t]*|[.!?:;)\"”][ \t]+|\n[ \t]*(?:[-*•+]|\d+[.)]|\w\))?[ \t]*|,[ \t]+|\b(?:then|and|also|please|or)[ \t]+)"
    r"(?:[a-z]{1,20}ly,?[ \t]+)?"
    r"(?=[*_]{0,2}([A-Za-z]+)(?=[\s.,;:*_]|\Z)(?:[ \t]+(\S+))?)",
    re.IGNORECASE,
)
_FIRST_WORD = re.compile(r"[A-Za-z]+(?=[\s.,!?]|\Z)")
_VERBS = {Flag.CREATES: CREATION, Flag.ANIMATES: frozenset(("animate", "render"))}
"""Flags that hang on the verb of an instruction."""


def analyse(description: str) -> Phrase:
    """The phrase of a description: its kind, its flags and the forms that are sure. Takes any text, never raises."""
    first = first_sentence(description)
    flags = _flags(description[:MAX_LOOK])
    for analysis in (_how_to, _request, _question, _instruction, _statement, _noun_phrase):
        found = analysis(description, first, flags) if first.closed else None
        if found is not None:
            return found
    return Phrase(description, Kind.OTHER, flags)


def _flags(text: str) -> frozenset[Flag]:
    lowered = text.lower()
    wanted = (Flag.TOOL, _TOOL_WORDS, _TOOL), (Flag.STATIC, _STATIC_WORDS, _STATIC)
    named = [(flag, pattern) for flag, words, pattern in wanted if any(word in lowered for word in words)]
    return frozenset(flag for flag, pattern in named if pattern.search(lowered))


def _instructs_later(text: str, first: Sentence) -> bool:
    """Whether anything behind the first sentence may be an instruction. Finds too many rather than too few."""
    rest = mask_literals(text[first.end : MAX_LOOK])
    if len(text) > MAX_LOOK:
        return True
    for found in _LATER.finditer(rest):
        word, following = found[1].lower(), (found[2] or "").strip(".,;:").lower()
        if word not in INSTRUCTIONS or not (found[1].islower() or found[1].istitle()):
            continue
        if following in ("", "for") or not is_noun_too(word) or starts_object([following]):
            return True
    return False


# One kind a function: the phrase, or `None` if the description is not surely of that kind.


def _request(text: str, first: Sentence, flags: frozenset[Flag]) -> Phrase | None:
    if found := _REQUEST_FOR.match(text):
        if not is_product(text, first, found.end()):
            return None
        moved = _moved(first, found.end(), "create ")
        return _wrapped(Kind.REQUEST, "create " + text[found.end() :], moved, flags, text)
    if not (found := _REQUEST_TO.match(text)):
        return None
    unwrapped = text[found.end() :]
    verb = _FIRST_WORD.match(unwrapped)
    if not verb or verb.group() not in INSTRUCTIONS or unwrapped[verb.end() :].startswith((" me ", " us ", " how ")):
        return None
    return _wrapped(Kind.REQUEST, unwrapped, _moved(first, found.end()), _flags(unwrapped[:MAX_LOOK]), text)


def _how_to(text: str, first: Sentence, flags: frozenset[Flag]) -> Phrase | None:
    found = _HOW_TO.match(text)
    verb = _FIRST_WORD.match(text, found.end()) if found else None
    if not found or not verb or verb.group() not in INSTRUCTIONS or first.masked[-1] != "?":
        return None
    drawing = (found["who"] or "I").upper() == "I" and verb.group() not in _THOUGHT
    if not (drawing or Flag.TOOL in flags or is_product(text, first, verb.end() + 1)):
        return None
    return _wrapped(Kind.HOW_TO, text[found.end() :], _moved(first, found.end()), flags, text)


def _question(text: str, first: Sentence, flags: frozenset[Flag]) -> Phrase | None:
    if not text.endswith("?"):
        return None
    if _REQUEST_TO.match(text) or _REQUEST_FOR.match(text) or _YOU_OR_I.search(text):
        return None
    word = _FIRST_WORD.match(text)
    asked = re.split(r"[.!?\n]\s", text[-MAX_LOOK:])[-1]
    starts = first.end == len(text) and word is not None and word.group().lower() in _QUESTION_WORDS
    return Phrase(text, Kind.QUESTION, flags) if starts or _ASKED.search(asked) else None


def _instruction(text: str, first: Sentence, flags: frozenset[Flag]) -> Phrase | None:
    word = _FIRST_WORD.match(text)
    if not word or not (word.group().islower() or word.group().istitle()):
        return None
    verb = word.group().lower()
    if verb not in INSTRUCTIONS or first.masked[-1] == "?":
        return None
    following = TOKEN.findall(first.masked, word.end())[:2]
    if is_noun_too(verb) and not starts_object(following):
        return None
    if not following or following[0] in ("of", ",", ".", ":", "is", "are", "me"):
        return None
    if _instructs_later(text, first):
        flags |= {Flag.CONTINUES}
    return _wrapped(Kind.INSTRUCTION, verb + text[word.end() :], first, flags, text)


def _statement(text: str, first: Sentence, flags: frozenset[Flag]) -> Phrase | None:  # noqa: ARG001
    found = _STATEMENT.match(text)
    if not found or not instruction_of(found["verb"]) or _instructs_later(text, first) or first.masked[-1] == "?":
        return None
    put = "write Manim code that " if found["code"] else "create a scene that "
    bare = put + text[found.end() :]
    return _wrapped(Kind.REQUEST, bare, _moved(first, found.end(), put), _flags(bare[:MAX_LOOK]), text)


def _noun_phrase(text: str, first: Sentence, flags: frozenset[Flag]) -> Phrase | None:
    article = re.match(r"(?:An?|Two|Three|Four|Five|Six)\s", text)
    if not article or text[first.end :].strip() or first.masked[-1] in "?!":
        return None
    put = "create " if is_product(text, first, 0) else "show "
    if put == "show ":
        words = [word.lower() for word in TOKEN.findall(first.masked)[2:]]
        relative = next((place for place, word in enumerate(words) if word in _RELATIVE), len(words))
        before = words[:relative]
        if any(word in _AUXILIARY or is_base_verb(word) or instruction_of(word) for word in before):
            return None
        if relative == len(words) and _BETWEEN_NOUNS.isdisjoint(before):
            return None
    return _wrapped(Kind.REQUEST, put + text[0].lower() + text[1:], _moved(first, 0, put), flags, text)


def _wrapped(kind: Kind, bare: str, first: Sentence, flags: frozenset[Flag], text: str) -> Phrase | None:
    """The phrase of an instruction found in a description; `first` belongs to `bare`."""
    sentence, masked = bare[: first.end], first.masked
    if _INNER_REQUEST.search(masked[:-1]) or _ASKS_HOW.search(bare, first.end):
        return None
    if masked.endswith("?"):
        sentence = sentence[:-1].rstrip() + "."
    bare = sentence + bare[first.end :] if first.end < len(bare) else with_stop(sentence)
    verb = masked.split(None, 1)[0].lower()
    flags |= {flag for flag, verbs in _VERBS.items() if verb in verbs}
    if asks_for_code(masked) and not is_product(bare, first, len(verb) + 1):
        return Phrase(text, Kind.CODE_REQUEST, flags, bare=bare) if kind is not Kind.HOW_TO else None
    third = None
    if kind is Kind.INSTRUCTION and Flag.CONTINUES not in flags:
        third = in_third_person(sentence, masked)
        third = None if third is None else third + bare[len(sentence) :]
    manim = naming_manim(bare, masked) if verb in CREATION else None
    return Phrase(text, kind, flags, bare=bare, third=third, manim=manim)


def _moved(first: Sentence, taken: int, put: str = "") -> Sentence:
    """The first sentence of a text from whose start `taken` characters were taken off and `put` there instead."""
    return Sentence(put + first.masked[taken:], first.closed)
