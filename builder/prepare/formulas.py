"""Formulas, numbers and bounds in any text, brought to one form: typed, in LaTeX, in Python, or read out."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from builder.prepare.vocabulary import SPOKEN_MATH, SPOKEN_NUMBERS

_FRACTION = re.compile(r"\\[dt]?frac\s{0,4}\{([^{}]{1,80})\}\s{0,4}\{([^{}]{1,80})\}")
_AMOUNT = r"(-?\s?\d+(?:\.\d+)?(?!\d)|-?\s?(?:\d\s?)?\\?pi\b(?:\s?(?:/|over)\s?\d+)?|[a-z]{3,8})"
_EQUALS = r"(?:\w{1,6}\s{0,3}(?:=|equals|is)\s{0,3})?"
_LIMITS = (
    re.compile(
        rf"(?:from|between)\s{{1,3}}{_EQUALS}{_AMOUNT}\s{{1,3}}(?:to|and|through|until)\s{{1,3}}{_EQUALS}{_AMOUNT}"
    ),
    re.compile(
        rf"(?:=|equals)\s{{0,3}}{_AMOUNT}\s{{1,3}}(?:to|and)\s{{1,3}}\w{{1,6}}\s{{0,3}}(?:=|equals)\s{{0,3}}{_AMOUNT}"
    ),
    re.compile(rf"_\s?\{{?{_AMOUNT}\s?\}}?\s?\^\s?\{{?{_AMOUNT}"),
)
_RANGE = re.compile(rf"[\[(]\s?{_AMOUNT}\s?,\s?{_AMOUNT}(?=\s?[,)\]])")
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
        text = _BOUNDS.sub(r"\1 ", _FRACTION.sub(r"\1/\2", text))
    for said, sign in _SAID:
        text = said.sub(sign, text)
    return [sign for token in _MATH_TOKEN.findall(text) for sign in SPOKEN_MATH.get(token, (token,))]


def bounds(text: str) -> Iterator[str]:
    """From where to where, as a text says it: "from 2 to 3", `x=2 to x=3`, `_2^3`."""
    for pattern in _LIMITS:
        yield from _both(pattern, text)


def ranges(code: str) -> Iterator[str]:
    """From where to where, as code says it: `[2, 3]`, `(2, 3, 0.5)`."""
    return _both(_RANGE, code)


def _both(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for first, second in pattern.findall(text):
        one, other = _amount(first), _amount(second)
        if one and other:
            yield f"{one} {other}"


@lru_cache(maxsize=20_000)
def _amount(text: str) -> str:
    """A number, or how often pi is taken; empty for another word."""
    bare = "".join(text.split()).replace("\\", "").replace("over", "/")
    sign, bare = ("-", bare[1:]) if bare.startswith("-") else ("", bare)
    if "pi" in bare:
        return sign + bare
    return sign + number if (number := number_of(bare)) else ("infty" if bare.startswith("infin") else "")
