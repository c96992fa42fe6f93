"""What a description asks for, as terms: one that differs, and two descriptions are two, however like their letters."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter

from xxhash import xxh3_64_intdigest

from builder.similarity.lexicon import TOKENS
from builder.similarity.words import MARKS, PLAIN, folded, is_surely_plain, lemma

_SPAN = 2_000
"""Characters of a quoted text or a formula at the most: a mark that is never closed costs no more than this."""
_OPENERS = re.compile(r"""```|\\[(\[]|\$\$?|[`"“‘]|'(?<![^\W_]')""")
_CLOSERS = {"“": ("”", '"'), "‘": ("’", "'"), "\\(": ("\\)",), "\\[": ("\\]",)}
_FORMULAE = frozenset({"\\(", "\\[", "$", "$$"})
_NO_SPACES = "\u3005\u3007\u3040-\u30fa\u30fc-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Letters of scripts that put no spaces between words: Chinese and Japanese."""
_TOKEN = re.compile(
    r"""
    [<solid>]
  | [^\W\d]\w{0,64}+(?:\.[^\W\d]\w{0,64}+){1,8}+(?=\()                  # self.play( (numbers bound cost)
  | [^\W\d]\w{0,64}+(?=\(\)|=(?=.))                                     # Circle(), radius=
  | \w{0,64}_\w{1,64}+
  | \w{1,64}+\.(?:py|svg|png|jpe?g|gif|mp[34]|wav|csv|json|tex)\b
  | (?:[^\W\d_<solid>]|[<marks>])+(?:'[^\W\d_]+)?
  | \#[0-9a-f]{3,8}\b
  | \d+(?:st|nd|rd|th)\b | \d+(?:\.\d+)*+ | (?<!\w)\.\d+
  | (?<![\w)])-(?=[\d(.\\]|[^\W\d_]\b)                                  # a sign: "-2", "-x"
  | (?<=[^\W_])(?<![^\W\d_]{2})-(?=\d|[^\W\d_]\b)                       # a difference: "3x-2"; not "45-degree"
  | [+*/^=<>%√∑∫∂∇∈≤≥≠≈±]
  | \\[a-z]+
    """.replace("<solid>", _NO_SPACES).replace("<marks>", MARKS),
    re.VERBOSE,
)
_SPACED_MINUS = re.compile(r"(?<=[^\W_])(?<![^\W\d_]{2})\s-\s(?=\d|[^\W\d_]\b)")
_MOST_CHUNKS, _LONG_CHUNK = 200_000, 64
_MOST_APOSTROPHES = 8
_QUOTE = '"'


ORDINARY, UNKNOWN = "~", "?"
"""What the term of an ordinary English word begins with, and that of a word of another language or a name."""
_MARKED = frozenset((ORDINARY, UNKNOWN))
_MOST_UNKNOWN = 3
"""A text is English if at most one in so many of its words is unknown."""


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """The key terms of a text, in the order in which they stand.

    Two compare equal exactly if their terms do.

    Attributes:
        terms: words of the lexicon by their common spelling, numbers, signs, single letters, names and code as they
            are; a quoted text begins with `"`, a formula with `$`, the base form of an ordinary English word with `~`,
            a word of any other language with `?`. Plain words (`builder.similarity.words`) have none.
        words: each as it stands in the text, in lower case.
        plain: the plain words.
        english: whether the text is English, as far as its words tell.
        key: a 64-bit hash of the terms, the same on every machine.
        decisive_key: a 64-bit hash of those that are decisive: of an English text all but the ordinary words.
    """

    terms: tuple[str, ...]
    words: tuple[str, ...] = field(compare=False)
    plain: tuple[str, ...] = field(compare=False, repr=False)
    english: bool = field(compare=False)
    key: int = field(compare=False, repr=False)
    decisive_key: int = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cut:
    """A text cut into terms.

    Attributes:
        terms: in order, plain words left out.
        decisive: those in which two texts must agree; the same list where that is all of them.
        english: whether the text is English.
    """

    terms: list[str]
    decisive: list[str]
    english: bool


_Chunk = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], int, int]
"""The terms of a piece of text, their words, its plain words, how many words are unknown, and how many there are."""


class _Memo(dict[str, _Chunk]):
    """Each chunk of text between white space met so far, in lower case."""

    def __missing__(self, chunk: str) -> _Chunk:
        pairs = [(_term(word), word) for word in _words(chunk)]
        kept = tuple(term for term, _ in pairs if term)
        unknown = sum(term[0] == UNKNOWN for term in kept)
        words = len(pairs) - sum(term[0] not in _MARKED and not term.isalpha() for term in kept)
        written, plain = (tuple(word for term, word in pairs if bool(term) is kind) for kind in (True, False))
        made = kept, written, plain, unknown, words
        if len(chunk) <= _LONG_CHUNK:
            if len(self) >= _MOST_CHUNKS:
                self.clear()
            self[chunk] = made
        return made


def _words(chunk: str) -> list[str]:
    bare = chunk.strip(".,;:!?")
    return [bare] if bare.isascii() and bare.isalpha() else _TOKEN.findall(chunk)


def _term(word: str) -> str:
    """The term of one word as `_TOKEN` cuts it, or an empty text if it is plain."""
    if word in TOKENS:
        return TOKENS[word]
    if word.endswith("n't"):
        return "not"
    word = word.partition("'")[0]
    if word in TOKENS:
        return TOKENS[word]
    if word[:1].isdigit() or word[:1] == ".":
        return _number(word)
    if len(word) == 1 and word.isascii():
        return "" if word in {"a", "i"} else word
    if base := lemma(word):
        return "" if base in PLAIN else ORDINARY + base
    return UNKNOWN + word if len(word) == 1 or not _CODE.search(word) else word


_CODE = re.compile(r"[\\#_.+*/^=<>%√∑∫∂∇∈≤≥≠≈±-]")


def _number(text: str) -> str:
    """`3.0` is `3`, `.50` is `0.5`; a version such as `0.18.1` stays."""
    if text.count(".") == 1:
        text = text.rstrip("0").rstrip(".")
    text = text.lstrip("0") or "0"
    return f"0{text}" if text[0] == "." else text


_MEMO = _Memo()


def key_terms(text: str) -> KeyTerms:
    """The key terms of a text, in order: every word but those that any request may have, numbers, quotes, formulas.

    Letters of any script are words; Chinese and Japanese, which put no spaces between words, are cut into characters.
    English words count by their base form, so "moves" is "moving"; case counts in LaTeX alone.
    """
    chunks = _chunks(folded(text))
    made = _cut(chunks)
    words = [
        word
        for terms, written, *_ in chunks
        for term, word in zip(terms, written, strict=True)
        if not (made.english and _is_plain_slip(term))
    ]
    plain = tuple(chain.from_iterable(map(_PLAIN_OF, chunks)))
    key = key_of(made.terms)
    decisive_key = key if made.decisive is made.terms else key_of(made.decisive)
    return KeyTerms(tuple(made.terms), tuple(words), plain, made.english, key, decisive_key)


def cut(text: str) -> Cut:
    """A folded text cut into terms.

    In English, what can only be a slip of a plain word is plain. Ordinary words are decisive wherever the text is not
    English: there, an English word is one by chance.
    """
    return _cut(_chunks(text))


def _cut(chunks: list[_Chunk]) -> Cut:
    terms = list(chain.from_iterable(map(_TERMS_OF, chunks)))
    unknown = sum(map(_UNKNOWN_OF, chunks))
    if unknown * _MOST_UNKNOWN > sum(map(_WORDS_OF, chunks)):
        return Cut(terms, terms, False)
    if unknown:
        terms = [term for term in terms if not _is_plain_slip(term)]
    return Cut(terms, [term for term in terms if term[0] != ORDINARY], True)


_TERMS_OF, _PLAIN_OF, _UNKNOWN_OF, _WORDS_OF = itemgetter(0), itemgetter(2), itemgetter(3), itemgetter(4)


def _is_plain_slip(term: str) -> bool:
    return term[0] == UNKNOWN and is_surely_plain(term[1:])


def key_of(terms: Iterable[str]) -> int:
    """A 64-bit hash of terms."""
    return xxh3_64_intdigest("\x00".join(terms).encode("utf-8", "surrogatepass"))


def _chunks(text: str) -> list[_Chunk]:
    """A folded text in pieces: what stands between white space, formulas, quoted texts."""
    if _OPENERS.search(text) is None:
        return _plain_chunks(text)
    chunks: list[_Chunk] = []
    for kind, piece in _pieces(text):
        if kind == "":
            chunks += _plain_chunks(piece)
        else:
            inner = "".join(piece.split()) if kind == "$" else " ".join(piece.casefold().split()).rstrip(".,")
            chunks.append(((kind + inner,), (kind + inner,), (), 0, 0))
    return chunks


def _plain_chunks(text: str) -> list[_Chunk]:
    text = text.lower()
    if " - " in text:
        text = _SPACED_MINUS.sub("-", text)
    return list(map(_MEMO.__getitem__, text.split()))


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


def differing(one: KeyTerms, other: KeyTerms) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of the terms that each of two has beyond the other, in order; both empty if only the order differs."""
    return _beyond(one, other), _beyond(other, one)


def _beyond(one: KeyTerms, other: KeyTerms) -> tuple[str, ...]:
    spare = Counter(other.terms)
    beyond = []
    for term, word in zip(one.terms, one.words, strict=True):
        if spare[term] > 0:
            spare[term] -= 1
        else:
            beyond.append(word)
    return tuple(beyond)
