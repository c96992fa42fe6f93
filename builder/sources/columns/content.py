"""What the columns of a table hold, by a sample of their values: numbers, file names, prose, code."""

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from statistics import median

import orjson

from builder.prepare.code_detector import CodeSigns, detect_code
from builder.sources.columns.chats import turns_of
from builder.sources.columns.names import inner_value, nested_names, outer_column
from builder.sources.file_formats import BrokenRow, Table
from builder.sources.formats.table import lines_as_text

FIRST_ROWS = 4096
"""The sample is taken from so many rows at the beginning of a table."""
SAMPLE_ROWS = 400
"""Rows that are looked at."""
MAX_SAMPLED_CHARACTERS = 30_000
"""A longer text is not looked into: it would take as long as many others. Nor is the rest of it held."""


def sample_values(table: Table) -> dict[str, list[object]]:
    """Values by column, those inside others last: up to `SAMPLE_ROWS` rows, spread evenly over the first ones.

    Raises:
        SourceError: the table cannot be read.
    """
    columns = [name for name in dict.fromkeys(table.columns) if name not in table.unread]
    rows = _spread_rows(table, columns)
    values: dict[str, list[object]] = {name: [row[at] for row in rows] for at, name in enumerate(columns)}
    for outer in columns:
        for name in nested_names(outer, values[outer]):
            path = name[len(outer) + 1 :]
            values.setdefault(name, [_short(inner_value(value, path)) for value in values[outer]])
    return values


def _spread_rows(table: Table, columns: Sequence[str]) -> list[tuple[object, ...]]:
    batches = table.batches(columns) if columns else iter(())
    in_order: Iterator[tuple[object, ...]] = (
        row for batch in batches for row in zip(*(batch[name] for name in columns), strict=True)
    )
    rows: list[tuple[object, ...]] = []
    step = 1
    for number, row in enumerate(islice(in_order, FIRST_ROWS)):
        if number % step == 0:
            rows.append(tuple(map(_short, row)))
        if len(rows) == 2 * SAMPLE_ROWS:  # no more than that is ever held
            rows, step = rows[::2], 2 * step
    chosen = range(min(len(rows), SAMPLE_ROWS))
    return [rows[number * len(rows) // len(chosen)] for number in chosen]


def _short(value: object) -> object:
    return value[: MAX_SAMPLED_CHARACTERS + 1] if isinstance(value, str) else value


CHARACTERS_A_COLUMN = 800_000
"""Texts of a column that are looked into, together; of a column with longer ones, every second, third ... is."""
CHARACTERS_IN_ALL = 3_000_000
"""The same for all columns together, so that a wide table takes no longer."""

PROSE_WORDS = 3
"""A text of fewer words is no description."""
PROSE_LETTERS = 0.6
"""Share of letters among the characters of prose, white space aside."""
FULL_WORDS = 8
"""Prose with so many words (the median) counts in full; titles and labels are shorter, and count less."""
PLAIN_PYTHON = 0.5
"""What a program without any Manim name counts, beside one with Manim: formulas and settings parse too."""
VARIED = 0.5
"""A code column counts in full if this share of its texts differ: one program may stand under several prompts."""
CODE_SHARE = 0.5
"""Share of a column's values that parse or use Manim, from which on it may be the code."""
PROSE_SHARE = 0.5
"""Share of a column's values that are prose, from which on it may be the description."""
DISTINCT_SHARE = 0.1
"""Share of different texts below which a column holds labels or templates, and is neither."""
FEW_PROMPTS = 4
"""With a likely name, a column of so many different texts is one of prompts, however often each is repeated."""

CODE, PROSE = "code", "prose"
_NOT_CODE = CodeSigns(False, False, False)
_NUMBER = re.compile(r"[+-]?[\d.,_ :/-]*\d(?:[.,]?[eE][+-]?\d+)?\s?%?")
_URL = re.compile(r"[a-zA-Z][\w+.-]*://\S+|www\.\S+")
_FILE_NAME = re.compile(
    r"[\w()./\\:~-]{0,200}[\w)]\.[A-Za-z]\w{0,5}"
    r"|[\w()./\\:~ -]{0,200}[\w)]\.(?:py|ipynb|txt|md|json|csv|mp4|mov|svg|png|jpe?g|gif|wav|mp3|pdf)",
    re.IGNORECASE,
)
_LOG = re.compile(
    r"\s*(?:\[?\d{2,4}[-/:.]\d\d[-/:.]\d\d|\[?(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL)\b|Traceback \(most recent)"
)
# A character of a script that is written without spaces counts as a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|(?:(?![\u3040-\u30ff\u3400-\u9fff])[^\W\d_])+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Scripts that are written without spaces: other texts without any are ids and names, whatever hyphens they hold."""
_KINDS_OF_VALUES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "truth values"),
    ((int, float), "numbers"),
    ((list, tuple), "lists"),
    (dict, "objects"),
    ((bytes, bytearray), "bytes"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """What a sample of a column's values shows."""

    name: str
    outer: str
    """The column that a nested one stands in; empty for a column of its own."""
    keys: Sequence[object] = field(repr=False)
    """What its values are compared by; `None` for those that are null, blank or broken."""
    filled: int
    """Values that are neither null nor blank."""
    looked_at: int
    """Of these, the ones that were looked into."""
    kinds: Mapping[str, int]
    """How many of the values that were looked into are of each kind."""
    parses: int
    manim: int
    scenes: int
    distinct: float
    """Share of different values among the filled ones."""
    words: float
    """Median number of words of its prose."""
    same_as: str = ""
    """An earlier column that holds the same values."""

    @property
    def kind(self) -> str:
        """The kind of most of its values; empty where it holds nothing."""
        return max(self.kinds, key=lambda kind: self.kinds[kind], default="")

    @property
    def manim_share(self) -> float:
        """Share of the values that use Manim, 0 to 1."""
        return self.manim / max(self.looked_at, 1)

    @property
    def constant(self) -> bool:
        """It has hardly any different values, though it has several."""
        return self.filled > 1 and (self.distinct <= 1 / self.filled or self.distinct < DISTINCT_SHARE)

    @property
    def repeats(self) -> bool:
        """It is prose of several texts, however often each is repeated: prompts of many samples, or labels."""
        return round(self.distinct * self.filled) >= FEW_PROMPTS and self._share(PROSE) >= PROSE_SHARE

    @property
    def may_be_code(self) -> bool:
        """Most of its values are programs, and not one and the same."""
        return not self.constant and self._share(CODE) >= CODE_SHARE

    @property
    def may_be_description(self) -> bool:
        """Most of its values are prose, and not one and the same."""
        return not self.constant and self._share(PROSE) >= PROSE_SHARE

    @property
    def code_score(self) -> float:
        """How much of a code column it is, 0 to 1; empty values count against it."""
        plain = self.kinds.get(CODE, 0) - self.manim
        code = (self.manim + PLAIN_PYTHON * plain) / max(self.looked_at, 1)
        return self._filled_share * code * min(1.0, self.distinct / VARIED)

    @property
    def prose_score(self) -> float:
        """How much of a description column it is, 0 to 1: prose that varies, long enough to ask for something."""
        return self._filled_share * self._share(PROSE) * self.distinct * min(1.0, self.words / FULL_WORDS)

    @property
    def evidence(self) -> str:
        """One line for a person."""
        if self.same_as:
            return f"`{self.name}`: the same values as `{self.same_as}`"
        if not self.filled:
            return f"`{self.name}`: empty"
        if self._share(CODE) >= CODE_SHARE:
            counts = ((self.parses, "parse"), (self.manim, "use Manim"), (self.scenes, "have a Scene"))
            line = ", ".join(f"{count / self.looked_at:.0%} {what}" for count, what in counts)
        else:
            line = self.kind if self._share(self.kind) > 0.995 else f"{self._share(self.kind):.0%} {self.kind}"
        if self.constant:
            different = round(self.distinct * self.filled)
            line += f", {different} different" if different > 1 else ", all the same"
        elif self.kind == PROSE:
            line += f", {self.distinct:.0%} distinct"
        empty = 1 - self._filled_share
        line += f", {empty:.0%} empty" if empty >= 0.005 else ""
        return f"`{self.name}`: {line}".replace(" %", "%").replace("%", " %")

    @property
    def _filled_share(self) -> float:
        return self.filled / max(len(self.keys), 1)

    def _share(self, kind: str) -> float:
        return self.kinds.get(kind, 0) / max(self.looked_at, 1)


def look_into(table: Table) -> list[Column]:
    """What the columns of a table hold, those that stand inside others too, each by the same sample of rows.

    Raises:
        SourceError: the table cannot be read.
    """
    sample = sample_values(table)
    characters = min(CHARACTERS_A_COLUMN, CHARACTERS_IN_ALL // max(len(sample), 1))
    detect_once = functools.cache(detect_code)
    found: list[Column] = []
    for name, values in sample.items():
        outer = "" if name in table.columns else outer_column(name, table.columns)
        column = _column(name, outer, values, detect_once, characters)
        equal = next((other.name for other in found if column.filled and other.keys == column.keys), "")
        found.append(replace(column, same_as=equal))
    return found


def _column(
    name: str, outer: str, values: Sequence[object], detect: Callable[[str], CodeSigns], characters: int
) -> Column:
    keys = [_key(value) for value in values]
    filled = [value for value, key in zip(values, keys, strict=True) if key is not None]
    total = sum(len(value) for value in filled if isinstance(value, str) and len(value) <= MAX_SAMPLED_CHARACTERS)
    looked_at = filled[:: -(-total // characters) or 1]
    looked = [_kind(value, detect) for value in looked_at]
    words = [_words(str(value)) for value, (kind, _) in zip(looked_at, looked, strict=True) if kind == PROSE]
    return Column(
        name=name,
        outer=outer,
        keys=keys,
        filled=len(filled),
        looked_at=len(looked_at),
        kinds=Counter(kind for kind, _ in looked),
        parses=sum(signs.parses for _, signs in looked),
        manim=sum(signs.manim for _, signs in looked),
        scenes=sum(signs.scene for _, signs in looked),
        distinct=len(set(keys) - {None}) / max(len(filled), 1),
        words=median(words) if words else 0,
    )


def _key(value: object) -> object:
    """A value in a form that can be compared, whatever is nested in it; `None` for one that is null or blank."""
    if value is None or isinstance(value, BrokenRow):
        return None
    if isinstance(text := lines_as_text(value), str):
        return text.strip() or None
    return id(value) if isinstance(value, list | dict) else (type(value).__name__, str(value))


def _kind(value: object, detect: Callable[[str], CodeSigns]) -> tuple[str, CodeSigns]:
    """What a value is, in the plural; only texts that may be code or prose are looked into."""
    if isinstance(value, list) and isinstance(lines := lines_as_text(value), str):
        signs = detect(lines[: MAX_SAMPLED_CHARACTERS + 1])
        return (CODE, signs) if signs.manim else ("lists", _NOT_CODE)
    if not isinstance(value, str):
        kinds = (kind for types, kind in _KINDS_OF_VALUES if isinstance(value, types))
        return next(kinds, "other values"), _NOT_CODE
    if len(value) > MAX_SAMPLED_CHARACTERS:
        return "texts too long to look into", _NOT_CODE
    if kind := "chats" if turns_of(value) is not None else _plain_kind(value.strip()):
        return kind, _NOT_CODE
    signs = detect(value)
    if signs.is_code:
        return CODE, signs
    if _LOG.match(value):
        return "logs", signs
    letters = sum(map(str.isalpha, value))
    prose = _words(value) >= PROSE_WORDS and letters >= PROSE_LETTERS * len("".join(value.split()))
    return PROSE if prose else "other texts", signs


def _plain_kind(text: str) -> str:
    """The kind of a text that need not be looked into; empty if it must be."""
    if _NUMBER.fullmatch(text):
        return "numbers"
    if _URL.fullmatch(text):
        return "URLs"
    if _FILE_NAME.fullmatch(text):
        return "file names"
    if text[0] in "[{":
        with suppress(ValueError):
            orjson.loads(text)
            return "JSON"
    return "" if any(map(str.isspace, text)) or _UNSPACED.search(text) else "single words"


def _words(text: str) -> int:
    return sum(1 for _ in _WORD.finditer(text))
