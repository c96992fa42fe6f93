"""What counts in full in a description: one such token apart, two descriptions are two, however like their letters."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from xxhash import xxh3_64_intdigest

from builder.similarity.lexicon import TOKENS
from builder.similarity.normalize import folded

_SPAN = 2_000
"""Characters of a quoted text or a formula at the most: a mark that is never closed costs no more than this."""
_OPENERS = re.compile(r"""```|\\[(\[]|\$\$?|[`"“‘]|'(?<![^\W_]')""")
_CLOSERS = {"“": ("”", '"'), "‘": ("’", "'"), "\\(": ("\\)",), "\\[": ("\\]",)}
_FORMULAE = frozenset({"\\(", "\\[", "$", "$$"})
_TOKEN = re.compile(
    r"""
    [^\W\d]\w{0,64}+(?:\.[^\W\d]\w{0,64}+){1,8}+(?=\()                  # self.play( (numbers bound cost)
  | [^\W\d]\w{0,64}+(?=\(\)|=(?=.))                                     # Circle(), radius=
  | \w{0,64}_\w{1,64}+
  | \w{1,64}+\.(?:py|svg|png|jpe?g|gif|mp[34]|wav|csv|json|tex)\b
  | [^\W\d_]+(?:'[^\W\d_]+)?
  | \#[0-9a-f]{3,8}\b
  | \d+(?:st|nd|rd|th)\b | \d+(?:\.\d+)*+ | (?<!\w)\.\d+
  | (?<![\w)])-(?=[\d(.\\]|[^\W\d_]\b)                                  # a sign: "-2", "-x"
  | (?<=[^\W_])(?<![^\W\d_]{2})-(?=\d|[^\W\d_]\b)                       # a difference: "3x-2"; not "45-degree"
  | [+*/^=<>%√∑∫∂∇∈≤≥≠≈±]
  | \\[a-z]+
    """,
    re.VERBOSE,
)
_FIGURE = re.compile(r"[a-z]{3}(?:gon|gram|hedron)s?\Z")
"""Names of figures beyond those of the lexicon: "pentadecagon"."""
_SPACED_MINUS = re.compile(r"(?<=[^\W_])(?<![^\W\d_]{2})\s-\s(?=\d|[^\W\d_]\b)")
_MOST_CHUNKS, _LONG_CHUNK = 200_000, 64
_MOST_APOSTROPHES = 8
_QUOTE = '"'


@dataclass(frozen=True, slots=True)
class Telling:
    """The telling tokens of a text, in the order in which they stand.

    Two compare equal exactly if their tokens do.

    Attributes:
        tokens: words of the lexicon by their common spelling, numbers, signs, single letters, names and code as they
            are; a quoted text begins with `"`, a formula with `$`.
        key: a 64-bit hash of the tokens, the same on every machine.
    """

    tokens: tuple[str, ...]
    key: int = field(compare=False, repr=False)


class _Memo(dict[str, tuple[str, ...]]):
    """The tokens of each chunk of text between white space met so far, in lower case."""

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        bare = chunk.strip(".,;:!?")
        words = [bare] if bare.isalpha() else _TOKEN.findall(chunk)
        tokens = tuple(token for word in words if (token := _token(word)))
        if len(chunk) <= _LONG_CHUNK:
            if len(self) >= _MOST_CHUNKS:
                self.clear()
            self[chunk] = tokens
        return tokens


def _token(word: str) -> str:
    """The token of one word as `_TOKEN` cuts it, or an empty text if it does not count in full."""
    if word in TOKENS:
        return TOKENS[word]
    if word.endswith("n't"):
        return "not"
    word = word.partition("'")[0]
    if word in TOKENS:
        return TOKENS[word]
    if not word.isalpha():
        return _number(word) if word[0].isdigit() or word[0] == "." else word
    if len(word) == 1:
        return "" if word in {"a", "i"} else word
    return word.rstrip("s") if _FIGURE.search(word) else ""


def _number(text: str) -> str:
    """`3.0` is `3`, `.50` is `0.5`; a version such as `0.18.1` stays."""
    if text.count(".") == 1:
        text = text.rstrip("0").rstrip(".")
    text = text.lstrip("0") or "0"
    return f"0{text}" if text[0] == "." else text


_MEMO = _Memo()


def telling(text: str) -> Telling:
    """The tokens that count in full, in order.

    These are numbers and signs, colours, shapes, directions, opposites and mathematical terms of the lexicon, single
    letters, Manim's names, quoted text, LaTeX, code, and file names. Case counts in LaTeX alone; plurals do not count.

    Not covered: misspelt words, ordinary words ("cat" and "car"), names of people and of theorems.
    """
    tokens = tokens_of(folded(text))
    return Telling(tuple(tokens), key_of(tokens))


def key_of(tokens: list[str]) -> int:
    """A 64-bit hash of telling tokens."""
    return xxh3_64_intdigest("\x00".join(tokens).encode("utf-8", "surrogatepass"))


def tokens_of(text: str) -> list[str]:
    """The telling tokens of a folded text, in order."""
    if _OPENERS.search(text) is None:
        return _plain(text)
    tokens: list[str] = []
    for kind, piece in _pieces(text):
        if kind == "":
            tokens += _plain(piece)
        elif kind == "$":
            tokens.append("$" + "".join(piece.split()))
        else:
            tokens.append(_QUOTE + " ".join(piece.casefold().split()).rstrip(".,"))
    return tokens


def _plain(text: str) -> list[str]:
    text = text.lower()
    if " - " in text:
        text = _SPACED_MINUS.sub("-", text)
    return [token for chunk in text.split() for token in _MEMO[chunk]]


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """The text in order, cut into plain pieces (``), formulae (`$`) and quoted texts or code (`"`)."""
    start = at = 0
    while (opener := _OPENERS.search(text, at)) is not None:
        mark = opener.group()
        at = opener.end()
        end, after = _closed(text, mark, at)
        if end <= at:
            continue
        if opener.start() > start:
            yield "", text[start : opener.start()]
        yield ("$" if mark in _FORMULAE else _QUOTE), text[at:end]
        start = at = after
    if start < len(text):
        yield "", text[start:]


def _closed(text: str, mark: str, start: int) -> tuple[int, int]:
    """Where what opens with a mark ends, and where the text goes on; -1 if it is never closed."""
    found = [
        (end, end + len(closer))
        for closer in _CLOSERS.get(mark, (mark,))
        if (end := _find(text, closer, start)) > start and _holds(mark, text[start:end], text[end + 1 : end + 2])
    ]
    return min(found, default=(-1, -1))


def _find(text: str, closer: str, start: int) -> int:
    end = text.find(closer, start, start + _SPAN)
    if closer == "'":
        for _ in range(_MOST_APOSTROPHES):
            if end < 0 or not text[end + 1 : end + 2].isalnum():
                break
            end = text.find(closer, end + 1, start + _SPAN)  # that was an apostrophe inside a word
    return end


def _holds(mark: str, inner: str, behind: str) -> bool:
    """Whether a span is a formula or a quoted text, and not two marks by chance (as in "$5 and $10")."""
    if mark == "$":
        return not inner[0].isspace() and not inner[-1].isspace() and not behind.isdigit()
    return mark in _FORMULAE or mark == "```" or "\n" not in inner


def differing(one: Telling, other: Telling) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tokens that each of two has beyond the other, in order; both empty if they differ in order alone, or not."""
    return _beyond(one, other), _beyond(other, one)


def _beyond(one: Telling, other: Telling) -> tuple[str, ...]:
    spare = Counter(other.tokens)
    beyond = []
    for token in one.tokens:
        if spare[token] > 0:
            spare[token] -= 1
        else:
            beyond.append(token)
    return tuple(beyond)
