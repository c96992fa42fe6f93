"""Words of a description and of a code as numbers, so that rows can be compared without their texts.

A feature is 32 bits: the upper four say where in the text it stood (`Role`), the lower 28 are a hash of what it is. A
description's feature and a code's are the same word if their lower 28 bits are equal. What is hashed starts with the
kind of thing (a word, a number, a pair of words, a formula's run of signs), so that no two kinds meet.
"""

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from itertools import islice, pairwise

from xxhash import xxh3_64_intdigest

from builder.prepare.values import (
    Statement,
    bounds,
    number_of,
    pieces,
    ranges,
    single,
    stated_in_code,
    stated_in_text,
    stem,
    tokens_of,
)
from builder.prepare.vocabulary import COLOURS, EVERYDAY, LATEX, ORDINALS, SIGNS, STOP_WORDS


class Role(IntEnum):
    """Where a feature stands: the upper four bits."""

    WORD = 0  # of a description
    QUOTED = 1  # of a description, in quotes
    TEXT = 2  # of a code, in a string
    NAME = 3  # of a code, in a name
    EVERYDAY = 4  # of a code, said by people for a name
    COMMENT = 5  # of a code, in a comment
    NUMBER = 6
    PAIR = 7  # two words in a row
    WHOLE = 8  # a whole quote, a whole string
    MATH = 9  # three signs of a formula in a row
    COUNT = 10  # a number and the thing that there are so many of
    API = 11  # of a code, a name as it is written
    SEQUENCE = 12  # two numbers, one after the other
    LIMITS = 13  # from one number to another
    SLOT = 14  # what a value is stated for
    VALUE = 15  # a slot with its value


HASH_BITS = 28
MAX_DESCRIPTION = 8_000
MAX_CODE = 24_000
"""Characters that are read of a text: several times the longest of real ones, bounds on hostile ones."""
MAX_FEATURES = 2_000
"""Features of a text, the first ones."""
_MAX_WORD = 40

_SPLIT = re.compile(r"[A-Z]++(?![a-z])|[A-Z]?[^\W\d_A-Z]++|[A-Z]|\d++")
"""Parts of a name: at case, underscores and digits."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:\.\d+)?")
_CODE = re.compile(
    r"""
      (?P<comment>\#[^\n]*+)
    | (?P<string>[rRbBfFuU]{0,2}(?:
        \"\"\"(?:[^"\\]|\\.|"(?!""))*+(?:\"\"\")?
      | '''(?:[^'\\]|\\.|'(?!''))*+(?:''')?
      | "(?:[^"\\\n]|\\.)*+"?
      | '(?:[^'\\\n]|\\.)*+'?
      ))
    | (?P<name>[^\W\d]\w*+)
    | (?P<number>\d[\d_]*+(?:\.\d*+)?|\.\d++)
    | (?P<sign>\*\*|[-+*/=^<>(),:\n])
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTE = re.compile(r"\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”|(?<!\w)['‘`]([^'’`\n]{1,200})['’`](?!\w)")
_SIGN = re.compile("|".join(map(re.escape, SIGNS)))
_COMMAND = re.compile(r"\\([A-Za-z]++)")
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")


@lru_cache(maxsize=200_000)
def _feature(kind: str, what: str, role: int) -> int:
    low = xxh3_64_intdigest(f"{kind}\x00{what}".encode("utf-8", "surrogatepass")) >> (64 - HASH_BITS)
    return (role << HASH_BITS) | low


def description_words(text: str) -> list[int]:
    """Features of a cleaned description: distinct, sorted, 32-bit, `MAX_FEATURES` at the most."""
    text = _SIGN.sub(_plain, text[:MAX_DESCRIPTION])
    found: dict[int, None] = {}
    stems = list(_stems(text))
    _add_words(found, Role.WORD, stems)
    _add_pairs(found, stems)
    for match in _QUOTE.finditer(text):
        quote = match[match.lastindex or 0]
        _add_words(found, Role.QUOTED, _stems(quote))
        _add_whole(found, quote)
    words = _WORD.findall(text)
    numbers = _numbers(words)
    _add_numbers(found, numbers)
    _add_sequences(found, numbers)
    _add_sequences(found, _numbers(word for word in words if word.lower() not in ORDINALS))
    _add_math(found, tokens_of(text))
    _add_counts(found, text)
    _add_limits(found, bounds(text))
    _add_statements(found, single(stated_in_text(text)))
    return _bounded(found)


def code_words(code: str) -> list[int]:
    """Features of a cleaned code, whether it parses or not: distinct, sorted, 32-bit, `MAX_FEATURES` at the most."""
    found: dict[int, None] = {}
    signs: list[str] = []  # the code as one formula
    numbers: list[str] = []
    calls: dict[str, int] = {}
    for match in _CODE.finditer(code[:MAX_CODE]):
        kind, token = match.lastgroup, match.group()
        if kind == "name":
            _add_name(found, token)
            if token[0].isupper():
                calls[token] = calls.get(token, 0) + 1
            signs.append(token)
        elif kind == "string":
            _add_string(found, token.lstrip("rRbBfFuU").strip("\"'"))
        elif kind == "comment":
            stems = list(_stems(token))
            _add_words(found, Role.COMMENT, stems)
            _add_pairs(found, stems)
            _add_statements(found, stated_in_text(token))
        else:
            if kind == "number":
                numbers += _numbers((token,))
            signs.append("^" if token == "**" else token)
    _add_numbers(found, numbers)
    _add_sequences(found, numbers)
    _add_math(found, signs)
    _add_limits(found, ranges(code[:MAX_CODE]))
    _add_statements(found, stated_in_code(code[:MAX_CODE]))
    _add_angles(found, signs)
    for name, times in calls.items():
        for part in _SPLIT.findall(name)[-1:]:
            found[_feature("count", f"{times} {stem(part.lower())}", Role.COUNT)] = None
    return _bounded(found)


def _bounded(found: dict[int, None]) -> list[int]:
    return sorted(islice(found, MAX_FEATURES))


def _plain(sign: re.Match[str]) -> str:
    return SIGNS[sign.group()]


def _stems(text: str) -> Iterator[str]:
    """Stems of words, in order; an empty one for a word that says nothing, so that it parts no pair."""
    for match in _WORD.findall(text):
        for part in _SPLIT.findall(match) if not match.islower() and not match.istitle() else (match,):
            word = part.lower()
            if word.endswith(("'s", "’s")):
                word = word[:-2]
            if word not in STOP_WORDS and len(word) <= _MAX_WORD:
                yield stem(word)


def _add_words(found: dict[int, None], role: Role, stems: Iterable[str]) -> None:
    for word in stems:
        found[_feature("word", word, role)] = None


def _add_pairs(found: dict[int, None], stems: list[str]) -> None:
    for first, second in pairwise(stems):
        found[_feature("pair", f"{first} {second}", Role.PAIR)] = None


def _add_whole(found: dict[int, None], text: str) -> None:
    """A whole quote or string, its letters, digits and signs alone, case aside."""
    whole = "".join(text.lower().split()).strip(".,:;!?")
    if whole:
        found[_feature("whole", whole, Role.WHOLE)] = None


def _numbers(words: Iterable[str]) -> list[str]:
    return [number for word in words if (number := number_of(word))]


def _add_numbers(found: dict[int, None], numbers: Iterable[str]) -> None:
    for number in numbers:
        found[_feature("number", number, Role.NUMBER)] = None


def _add_sequences(found: dict[int, None], numbers: list[str]) -> None:
    for first, second in pairwise(numbers):
        found[_feature("sequence", f"{first} {second}", Role.SEQUENCE)] = None


def _add_math(found: dict[int, None], tokens: Iterable[str]) -> None:
    for piece in pieces(tokens):
        found[_feature("math", piece, Role.MATH)] = None


def _add_limits(found: dict[int, None], limits: Iterable[str]) -> None:
    for pair in limits:
        found[_feature("limits", pair, Role.LIMITS)] = None


def _add_statements(found: dict[int, None], statements: Iterable[Statement]) -> None:
    for slot, value in statements:
        found[_feature("slot", slot, Role.SLOT)] = None
        found[_feature("value", f"{slot}: {value}", Role.VALUE)] = None


def _add_angles(found: dict[int, None], signs: list[str]) -> None:
    """`PI / 2` as 90 degrees."""
    for first, second, third in zip(signs, signs[1:], [*signs[2:], ""], strict=False):
        if first in ("PI", "TAU"):
            half_turn = 180 if first == "PI" else 360
            over = int(third) if second == "/" and third.isdecimal() and len(third) < 3 else 1
            found[_feature("number", f"{half_turn / max(over, 1):g}", Role.NUMBER)] = None


def _add_counts(found: dict[int, None], text: str) -> None:
    """A number and one of the two words after it: "three small circles" is `3 circle`."""
    words = _WORD.findall(text)
    for number, *after in zip(words, words[1:], [*words[2:], ""], strict=False):
        count = number_of(number)
        if count and count.isdigit():
            for word in filter(None, after):
                found[_feature("count", f"{count} {stem(word.lower())}", Role.COUNT)] = None


def _add_name(found: dict[int, None], name: str) -> None:
    found[_feature("name", name, Role.API)] = None
    stems = _name_stems(name)
    _add_words(found, Role.NAME, stems)
    _add_pairs(found, list(stems))
    for word in _everyday(name):
        found[_feature("word", word, Role.EVERYDAY)] = None


@lru_cache(maxsize=100_000)
def _name_stems(name: str) -> tuple[str, ...]:
    parts = (part.lower() for part in _SPLIT.findall(name[:200]))
    return tuple(stem(part) for part in parts if part not in STOP_WORDS and len(part) <= _MAX_WORD)


@lru_cache(maxsize=100_000)
def _everyday(name: str) -> tuple[str, ...]:
    """Stems of what people say for a name, or for a colour's name without its shade (`RED_C`)."""
    base = name.partition("_")[0] if name.isupper() else name
    words = EVERYDAY.get(name) or EVERYDAY.get(base) or ()
    return tuple(stem(part) for word in words for part in word.split("-") if part not in STOP_WORDS)


def _add_string(found: dict[int, None], text: str) -> None:
    colour = _HEX.fullmatch(text)
    if colour:
        found[_feature("word", stem(_nearest_colour(colour.group(1))), Role.EVERYDAY)] = None
        return
    text = _SIGN.sub(_plain, text)
    stems = list(_stems(text.replace("\\n", " ")))
    _add_words(found, Role.TEXT, stems)
    _add_pairs(found, stems)
    _add_whole(found, text)
    numbers = _numbers(_WORD.findall(text))
    _add_numbers(found, numbers)
    _add_sequences(found, numbers)
    _add_limits(found, bounds(text))
    _add_statements(found, stated_in_text(text))
    _add_math(found, tokens_of(text))
    for command in _COMMAND.findall(text):
        for word in LATEX.get(command, ()):
            found[_feature("word", stem(word), Role.EVERYDAY)] = None


@lru_cache(maxsize=10_000)
def _nearest_colour(digits: str) -> str:
    channels = [int(digits[place : place + 2], 16) for place in (0, 2, 4)]

    def distance(name: str) -> int:
        return sum((one - other) ** 2 for one, other in zip(channels, COLOURS[name], strict=True))

    return min(COLOURS, key=distance)
