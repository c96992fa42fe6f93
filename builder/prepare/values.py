"""What texts and programs state a value for: bounds of a variable, the order of integration, how many of a thing.

A statement is a slot ("bounds of x") and a value ("0 3"). A description and a program that both fill a slot, with
different values, contradict each other.
"""

import re
from collections.abc import Iterable, Iterator

from builder.prepare.formulas import number_of
from builder.prepare.stems import stem
from builder.prepare.vocabulary import ORDINALS, SPOKEN_NUMBERS, STOP_WORDS

Statement = tuple[str, str]
"""A slot and its value."""

_NAME = r"(?:(?:var)?(?:theta|phi|rho)|[b-hj-z])"
_V = rf"(?<!\w)({_NAME})(?!\w)"
_PI = r"pi\b(?:\s?/\s?\d)?"
_A = rf"(-?\s?(?:\d{{1,9}}(?:\.\d{{1,9}})?\s?(?:{_PI}|(?!\.?\d))|{_PI}|infty|(?<!\w)[a-z](?!\w|\s?=)))"
_VERB = r"(?:(?:is|goes|going|ranges|ranging|varies|varying|runs|running)\s)?"
_FRACTION = re.compile(r"\\[dt]?frac\s?\{([^{}]{1,20})\}\s?\{([^{}]{1,20})\}")
_LAYOUT = re.compile(r"\\(?:[,;:! ]|left(?![a-z])|right(?![a-z])|q?quad)|\$")
_WORDS = ((re.compile(r"\binfinity\b"), "infty"), (re.compile(r"\b(?:negative|minus)\s(?=\d|pi|infty)"), "-"))
_NAMED = (
    re.compile(rf"(?P<low>{_A})\s?(?:leq?|<=?)\s?(?P<name>{_V})\s?(?:leq?|<=?)\s?(?P<high>{_A})"),
    re.compile(
        rf"(?P<name>{_V})\s?(?:{_VERB}(?:from|between|in)|=|:)\s?(?:\w=\s?)?[\[(]?(?P<low>{_A})\s?"
        rf"(?:to|and|,)\s?(?:{_NAME}\s?=\s?)?(?P<high>{_A})"
    ),
    re.compile(
        rf"(?<![=\w.])(?<!=\s)(?P<low>{_A})\sto\s(?P<high>{_A})\s(?:in|for|with respect to|along)\s(?:the\s)?"
        rf"(?P<name>{_V})"
    ),
    re.compile(rf"sum\s?_\s?\{{\s?(?P<name>{_V})\s?=\s?(?P<low>{_A})\s?\}}\s?\^\s?\{{?\s?(?P<high>{_A})"),
)
"""Bounds of a variable: `0 <= x <= 3`, "x from 0 to 3", "0 to 3 for x", a sum's."""
_UNNAMED = re.compile(rf"(?:from|between)\s(?:{_NAME}\s?=\s?)?{_A}\s(?:to|and)\s(?:{_NAME}\s?=\s?)?{_A}")
_INTEGRAL = re.compile(rf"int\s?_\s?\{{?\s?{_A}\s?\}}?\s?\^\s?\{{?\s?{_A}\s?\}}?")
_INTEGRALS = re.compile(rf"(?:{_INTEGRAL.pattern}\s?)+")
_EACH_SLOT, _UNLIKE = "bounds of each", "unlike"
_DIFFERENTIALS = re.compile(rf"(?<![a-z])((?:d{_NAME}\s?)+)(?![a-z])")
_DIFFERENTIAL = re.compile(rf"d({_NAME})")
_MUCH = 120
"""Characters after an integral sign within which its differentials stand."""
_STEP = re.compile(r"then|next|followed|finally|lastly|last\b|first|in that order")
_FILL = rf"(?:\s|the|integrat\w+|with respect to|by|from\s{_A}\sto\s{_A}|,|and|{_STEP.pattern}){{0,12}}?"
_BETWEEN = rf"{_FILL}(?:,|\band\b|{_STEP.pattern}){_FILL}"
_ORDER = re.compile(rf"{_V}{_BETWEEN}{_V}(?:{_BETWEEN}{_V})?(?:,?\s(?:{_STEP.pattern}))?")
_EACH = re.compile(r"\b(?:cube|square|each|all|every)\b|\bx, y,? and z\b")
_PAIR = re.compile(rf"(?:{_A}\s(?:to|and)|\[\s?{_A}\s?,)\s{_A}")
_AXIS = re.compile(rf"(?<!\w)([xyz])[- ]axis[^.;\n]{{0,40}}?\b(?:from|between)\s{_A}\s(?:to|and)\s{_A}")
_RANGE = re.compile(rf"(?<!\w)([xyz])_(?:range\s?=\s?[\[(]|min\s?=)\s?{_A}\s?,\s?(?:[xyz]_max\s?=\s?)?{_A}")
_CARDINAL = "|".join(word for word, number in SPOKEN_NUMBERS.items() if word not in ORDINALS)
_COUNT = re.compile(rf"(?<![\w.^-])(\d{{1,3}}|{_CARDINAL})\s([a-z]{{3,30}})(?:\s([a-z]{{3,30}}))?")
_NO_THINGS = STOP_WORDS | {"leq", "plus", "minus", "times", "after", "pi", "infty"}
_REPEATED = re.compile(
    r"(?<!\w)(\w{1,60})\([^()\n]{0,80}\)(?:\.\w{1,60}\([^()\n]{0,80}\)){0,4}[ \n]{1,40}for \w+ in range\((\d{1,3})\)"
)
_NUMBERED = re.compile(r"\b(?:num|n|number_of)_([a-z_]{3,30})\s?=\s?(\d{1,4})\b")
_PART = re.compile(r"[A-Z]?[a-z]+")


def stated_in_text(text: str) -> Iterator[Statement]:
    """Statements of a description, a comment or a string of a program, its special signs already in words."""
    text = _plain(text)
    named = set()
    if any(map(str.isdigit, text)) or "infty" in text or "pi" in text:
        for pattern in _NAMED:
            for match in pattern.finditer(text):
                pair = f"{_amount(match['low'])} {_amount(match['high'])}"
                named.add(pair)
                yield f"bounds of {_variable(match['name'])}", pair
        for match in _AXIS.finditer(text):
            yield f"range of {match[1]}", f"{_amount(match[2])} {_amount(match[3])}"
        if "int" in text:
            for match in _UNNAMED.finditer(text):
                yield "bounds", f"{_amount(match[1])} {_amount(match[2])}"
            yield from _integrals(text)
    for match in _DIFFERENTIALS.finditer(text):
        names = [_variable(name) for name in _DIFFERENTIAL.findall(match[1])]
        if len(names) > 1:
            yield f"order of {len(names)}", " ".join(names)
    if "triple" in text:
        yield from _alike(text, named)
    if "integra" in text:
        for match in _ORDER.finditer(text):
            names = [_variable(name) for name in match.group(1, 6, 11) if name]
            if len(set(names)) == len(names) and _STEP.search(match[0]):
                yield f"order of {len(names)}", " ".join(names)
    yield from _counts(text)


def stated_in_code(code: str) -> Iterator[Statement]:
    """Statements of a program outside its strings and comments."""
    for match in _RANGE.finditer(code):
        yield f"range of {match[1]}", f"{_amount(match[2])} {_amount(match[3])}"
    for match in _REPEATED.finditer(code):
        for part in _PART.findall(match[1]):
            yield f"number of {stem(part.lower())}", number_of(match[2])
    for match in _NUMBERED.finditer(code):
        for part in match[1].split("_"):
            yield f"number of {stem(part)}", number_of(match[2])


def single(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Statements of slots that have one value only: with several it is unclear which of them a program must have."""
    values: dict[str, str] = {}
    for slot, value in statements:
        values[slot] = value if values.get(slot, value) == value else ""
    return ((slot, value) for slot, value in values.items() if value)


def _plain(text: str) -> str:
    """The text in lower case, LaTeX as it would be typed."""
    if "\\" in text or "$" in text:
        text = _LAYOUT.sub(" ", _FRACTION.sub(r"\1/\2", text)).replace("\\", "")
    text = text.lower()
    for pattern, plain in _WORDS:
        text = pattern.sub(plain, text)
    return " ".join(text.split())


def _integrals(text: str) -> Iterator[Statement]:
    """Bounds of integrals, by their variables where the differentials are there: the inner integral has the first."""
    for match in _INTEGRALS.finditer(text):
        bounds = [f"{_amount(low)} {_amount(high)}" for low, high in _INTEGRAL.findall(match[0])]
        for pair in bounds:
            yield "bounds", pair
        ends = _DIFFERENTIALS.search(text[match.end() : match.end() + _MUCH].partition("=")[0])
        names = [_variable(name) for name in _DIFFERENTIAL.findall(ends[1])] if ends else []
        if len(bounds) > 2:
            yield _EACH_SLOT, bounds[0] if len(set(bounds)) == 1 else _UNLIKE
        if len(names) == len(bounds):
            for name, pair in zip(names, reversed(bounds), strict=True):
                yield f"bounds of {name}", pair


def _alike(text: str, named: set[str]) -> Iterator[Statement]:
    """Whether all variables of a text's triple integral have the same bounds, where it says so."""
    found = named | {f"{_amount(low or other)} {_amount(high)}" for low, other, high in _PAIR.findall(text)}
    if len(found) > 1:
        yield _EACH_SLOT, _UNLIKE
    elif "unit cube" in text or (found and _EACH.search(text)):
        yield _EACH_SLOT, min(found, default="0 1")


def _counts(text: str) -> Iterator[Statement]:
    """ "two small circles": the number of small and of circles. Ordinals are no counts."""
    for match in _COUNT.finditer(text):
        count = number_of(match[1])
        for word in match.group(2, 3):
            if not word or word in _NO_THINGS:
                break
            yield f"number of {stem(word)}", count


def _variable(name: str) -> str:
    return name.removeprefix("var")


def _amount(text: str) -> str:
    bare = "".join(text.split())
    sign, bare = ("-", bare[1:]) if bare.startswith("-") else ("", bare)
    return sign + (number_of(bare) or bare)
