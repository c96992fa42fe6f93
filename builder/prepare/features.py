"""Words of a description and of a code as numbers, so that rows can be compared without their texts.

A feature is 32 bits: the upper four say where in the text it stood (`Role`), the lower 28 are a hash of what it is. A
description's feature and a code's are the same word if their lower 28 bits are equal. What is hashed starts with the
kind of thing (a word, a number, a pair of words, a formula's run of signs), so that no two kinds meet.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
def _feature(role: Role, what: str) -> int:
    kind = "word" if role <= Role.COMMENT else "name" if role is Role.API else role.name.lower()
    low = xxh3_64_intdigest(f"{kind}\x00{what}".encode("utf-8", "surrogatepass")) >> (64 - HASH_BITS)
    return (role << HASH_BITS) | low


Found = dict[int, None]
"""Features in the order in which they were found."""


def _add(found: Found, role: Role, things: Iterable[str]) -> None:
    for what in things:
        found[_feature(role, what)] = None


def description_words(text: str) -> list[int]:
    """Features of a cleaned description: distinct, sorted, 32-bit, `MAX_FEATURES` at the most."""
    text = _SIGN.sub(_plain, text[:MAX_DESCRIPTION])
    found: Found = {}
    _add_words(found, Role.WORD, list(_stems(text)))
    for match in _QUOTE.finditer(text):
        quote = match[match.lastindex or 0]
        _add(found, Role.QUOTED, _stems(quote))
        _add(found, Role.WHOLE, _whole(quote))
    words = _WORD.findall(text)
    _add_numbers(found, _numbers(words))
    _add(found, Role.SEQUENCE, _pairs(_numbers(word for word in words if word.lower() not in ORDINALS)))
    _add(found, Role.MATH, pieces(tokens_of(text)))
    _add(found, Role.COUNT, _counts(words))
    _add(found, Role.LIMITS, bounds(text))
    _add_statements(found, single(stated_in_text(text)))
    return _bounded(found)


def code_words(code: str) -> list[int]:
    """Features of a cleaned code, whether it parses or not: distinct, sorted, 32-bit, `MAX_FEATURES` at the most."""
    found: Found = {}
    signs: list[str] = []  # the code as one formula
    numbers: list[str] = []
    calls: Counter[str] = Counter()
    for match in _CODE.finditer(code[:MAX_CODE]):
        kind, token = match.lastgroup, match.group()
        if kind == "name":
            _add_name(found, token)
            if token[0].isupper():
                calls[token] += 1
            signs.append(token)
        elif kind == "string":
            _add_string(found, token.lstrip("rRbBfFuU").strip("\"'"))
        elif kind == "comment":
            _add_words(found, Role.COMMENT, list(_stems(token)))
            _add_statements(found, stated_in_text(token))
        else:
            if kind == "number":
                numbers += _numbers((token,))
            signs.append("^" if token == "**" else token)
    _add_numbers(found, numbers)
    _add(found, Role.MATH, pieces(signs))
    _add(found, Role.LIMITS, ranges(code[:MAX_CODE]))
    _add_statements(found, stated_in_code(code[:MAX_CODE]))
    _add(found, Role.NUMBER, _angles(signs))
    last_parts = ((times, _SPLIT.findall(name)[-1:]) for name, times in calls.items())
    _add(found, Role.COUNT, (f"{times} {stem(part.lower())}" for times, parts in last_parts for part in parts))
    return _bounded(found)


def _bounded(found: Found) -> list[int]:
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


def _pairs(things: Sequence[str]) -> Iterator[str]:
    return map(" ".join, pairwise(things))


def _add_words(found: Found, role: Role, stems: Sequence[str]) -> None:
    _add(found, role, stems)
    _add(found, Role.PAIR, _pairs(stems))


def _whole(text: str) -> list[str]:
    """A whole quote or string, its letters, digits and signs alone, case aside; nothing, if it has none."""
    whole = "".join(text.lower().split()).strip(".,:;!?")
    return [whole] if whole else []


def _numbers(words: Iterable[str]) -> list[str]:
    return [number for word in words if (number := number_of(word))]


def _add_numbers(found: Found, numbers: Sequence[str]) -> None:
    _add(found, Role.NUMBER, numbers)
    _add(found, Role.SEQUENCE, _pairs(numbers))


def _add_statements(found: Found, statements: Iterable[Statement]) -> None:
    for slot, value in statements:
        found[_feature(Role.SLOT, slot)] = None
        found[_feature(Role.VALUE, f"{slot}: {value}")] = None


def _angles(signs: list[str]) -> Iterator[str]:
    """`PI / 2` as 90 degrees."""
    for first, second, third in zip(signs, signs[1:], [*signs[2:], ""], strict=False):
        if first in ("PI", "TAU"):
            half_turn = 180 if first == "PI" else 360
            over = int(third) if second == "/" and third.isdecimal() and len(third) < 3 else 1
            yield f"{half_turn / max(over, 1):g}"


def _counts(words: list[str]) -> Iterator[str]:
    """A number and one of the two words after it: "three small circles" is `3 circle`."""
    for number, *after in zip(words, words[1:], [*words[2:], ""], strict=False):
        count = number_of(number)
        if count and count.isdigit():
            yield from (f"{count} {stem(word.lower())}" for word in after if word)


def _add_name(found: Found, name: str) -> None:
    _add(found, Role.API, (name,))
    _add_words(found, Role.NAME, _name_stems(name))
    _add(found, Role.EVERYDAY, _everyday(name))


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


def _add_string(found: Found, text: str) -> None:
    colour = _HEX.fullmatch(text)
    if colour:
        _add(found, Role.EVERYDAY, (stem(_nearest_colour(colour.group(1))),))
        return
    text = _SIGN.sub(_plain, text)
    _add_words(found, Role.TEXT, list(_stems(text.replace("\\n", " "))))
    _add(found, Role.WHOLE, _whole(text))
    _add_numbers(found, _numbers(_WORD.findall(text)))
    _add(found, Role.LIMITS, bounds(text))
    _add_statements(found, stated_in_text(text))
    _add(found, Role.MATH, pieces(tokens_of(text)))
    words = (word for command in _COMMAND.findall(text) for word in LATEX.get(command, ()))
    _add(found, Role.EVERYDAY, map(stem, words))


@lru_cache(maxsize=10_000)
def _nearest_colour(digits: str) -> str:
    channels = [int(digits[place : place + 2], 16) for place in (0, 2, 4)]

    def distance(name: str) -> int:
        return sum((one - other) ** 2 for one, other in zip(channels, COLOURS[name], strict=True))

    return min(COLOURS, key=distance)
