"""What texts and programs state a value for: bounds of a variable, the order of integration, how many of a thing.

Formulas, numbers and words are brought to one form: typed, in LaTeX, in Python, or read out.

A statement is a slot ("bounds of x") and a value ("0 3"). A description and a program that both fill a slot, with
different values, contradict each other.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from builder.prepare.vocabulary import ORDINALS, SPOKEN_MATH, SPOKEN_NUMBERS, STOP_WORDS

_VOWEL = re.compile("[aeiouy]")
_ENDINGS = (
    ("ization", "izations", "isation", "ations", "ation", "ating", "ated", "ates", "ator", "ators", "ate"),
    ("ically", "ional", "ions", "ion", "ings", "ing", "edly", "eds", "ed", "ments", "ment", "ally", "als", "al", "ies"),
    ("ical", "ics", "ic", "ness", "ly", "ers", "ors", "es", "s", "y", "e"),
)
"""Endings that English words are freed of, one of each group at the most, the longest first."""


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A word without its endings: "rotates", "rotating" and "rotation" alike. Rough, and the same for ever: scores
    would change with the release of a library."""
    for endings in _ENDINGS:
        for ending in endings:
            body = word[: -len(ending)]
            at_end = word.endswith(ending) and body[-1:] + ending not in ("ss", "us")
            if at_end and len(body) >= 3 and _VOWEL.search(body):
                word = body if body[-1] != body[-2] or body[-1] in "lsz" else body[:-1]
                break
    return word


_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s{0,4}\{([^{}]{1,80})\}\s{0,4}\{([^{}]{1,80})\}")
_SIZE = r"(-?\s?\d+(?:\.\d+)?(?!\d)|-?\s?(?:\d\s?)?\\?pi\b(?:\s?(?:/|over)\s?\d+)?|[a-z]{3,8})"
_EQUALS = r"(?:\w{1,6}\s{0,3}(?:=|equals|is)\s{0,3})?"
_LIMITS = (
    re.compile(rf"(?:from|between)\s{{1,3}}{_EQUALS}{_SIZE}\s{{1,3}}(?:to|and|through|until)\s{{1,3}}{_EQUALS}{_SIZE}"),
    re.compile(
        rf"(?:=|equals)\s{{0,3}}{_SIZE}\s{{1,3}}(?:to|and)\s{{1,3}}\w{{1,6}}\s{{0,3}}(?:=|equals)\s{{0,3}}{_SIZE}"
    ),
    re.compile(rf"_\s?\{{?{_SIZE}\s?\}}?\s?\^\s?\{{?{_SIZE}"),
)
_CODE_RANGE = re.compile(rf"[\[(]\s?{_SIZE}\s?,\s?{_SIZE}(?=\s?[,)\]])")
"""How texts and formulas say from where to where, and how code does."""
_MATH_TOKEN = re.compile(r"\\?[A-Za-z]++|\d++(?:\.\d++)?|\*\*|[-+*/=^_<>()|!',;:?\n]|\.")
_BOUNDS = re.compile(
    r"(\\i{0,2}(?:int|sum|prod|lim)(?![A-Za-z]))\s?(?:_(?:\{[^{}]{0,40}\}|\w))?\s?(?:\^(?:\{[^{}]{0,40}\}|\w))?"
)
_SAID = ((re.compile(r"(?:raised )?to the (?:power of|power)|raised to"), "^"), (re.compile("square root of"), "sqrt"))
"""What is said for signs of a formula in several words."""
_SILENT = frozenset("left right mathrm big bigg Big Bigg displaystyle quad cdot of the ( ) np math numpy".split())
"""Tokens without which a formula is the same."""
_FUNCTIONS = frozenset("sin cos tan exp log ln sqrt int iint iiint sum lim prod partial nabla".split())
_FORMULA = frozenset(
    "pi theta phi rho alpha beta gamma delta omega lambda mu sigma infty dx dy dz dr dt dA xy xyz".split()
)
_SIGNS = frozenset("^ = + - * / _ < > | ! '".split())
"""A formula is a run of these, of numbers and of single letters; of code and texts too."""
_ACTING = _SIGNS | _FUNCTIONS


@lru_cache(maxsize=20_000)
def number_of(word: str) -> str:
    """A number as it is compared: `2.50`, `2.5` and `2_.5` alike; empty if it is none."""
    spoken = SPOKEN_NUMBERS.get(word.lower())
    if spoken:
        return spoken
    if (not word[0].isdigit() and word[0] != ".") or len(word) > 15:
        return ""
    try:
        return f"{float(word.replace('_', '')):g}"
    except ValueError:
        return ""


def pieces(tokens: Iterable[str]) -> Iterator[str]:
    """Runs of three and of five tokens of each formula, signs or functions among them."""
    run: list[str] = []
    for token in tokens:
        bare = _formula_token(token)
        if bare:
            run.append(bare)
        elif bare is None:
            if len(run) > 2:
                yield from _runs(run)
            run = []
    yield from _runs(run)


@lru_cache(maxsize=50_000)
def _formula_token(token: str) -> str | None:
    """A token as it stands in a formula: empty if it says nothing there, `None` if it ends one."""
    bare = "^" if token == "**" else token.lstrip("\\")
    if bare in _SIGNS or bare in _FUNCTIONS or bare in _FORMULA or (len(bare) == 1 and bare.isalnum()):
        return bare
    return bare if bare[:1].isdigit() else "" if bare in _SILENT else None


def _runs(formula: list[str]) -> Iterator[str]:
    for width in (3, 5):
        for run in zip(*(formula[at:] for at in range(width)), strict=False):
            if not _ACTING.isdisjoint(run) and any(map(str.isalpha, run)):
                yield " ".join(run)


def tokens_of(text: str) -> list[str]:
    """Tokens of a text as of a formula: fractions as they are typed (`1/2`), bounds of integrals left out, what is said
    in words ("x squared") as signs."""
    if "\\" in text:
        text = _BOUNDS.sub(r"\1 ", _LATEX_FRACTION.sub(r"\1/\2", text))
    for said, sign in _SAID:
        text = said.sub(sign, text)
    return [sign for token in _MATH_TOKEN.findall(text) for sign in SPOKEN_MATH.get(token, (token,))]


def bounds(text: str) -> Iterator[str]:
    """From where to where, as a text says it: "from 2 to 3", `x=2 to x=3`, `_2^3`."""
    for pattern in _LIMITS:
        yield from _both(pattern, text)


def ranges(code: str) -> Iterator[str]:
    """From where to where, as code says it: `[2, 3]`, `(2, 3, 0.5)`."""
    return _both(_CODE_RANGE, code)


def _both(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for first, second in pattern.findall(text):
        one, other = _size(first), _size(second)
        if one and other:
            yield f"{one} {other}"


@lru_cache(maxsize=20_000)
def _size(text: str) -> str:
    """A number, or how often pi is taken; empty for another word."""
    bare = "".join(text.split()).replace("\\", "").replace("over", "/")
    sign, bare = ("-", bare[1:]) if bare.startswith("-") else ("", bare)
    if "pi" in bare:
        return sign + bare
    return sign + number if (number := number_of(bare)) else ("infty" if bare.startswith("infin") else "")


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
