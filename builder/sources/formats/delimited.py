"""Cells between commas, semicolons, tabs or bars: the dialect is the one in which all rows have as many cells."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from builder.sources.formats.table import BrokenRow, Table, table_of_lists

MAX_ROW_CHARACTERS = 32 << 20
"""A longer row of a CSV file is not held."""
_PIECE_CHARACTERS = 1 << 20
MAX_OPEN_QUOTES = 16
"""So many rows with a quote that is never closed are passed over: after each, lines are read again."""
_SAMPLE_CHARACTERS = 1 << 18
"""So much of a file shows its dialect."""
_SAMPLE_ROWS = 64
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SEPARATOR = re.compile(r"sep=(.)\r?\n")
"""The first line in which a spreadsheet says what stands between cells."""
_ESCAPED = re.compile(r'(?<!\\)(?:\\\\)*\\"(?!["\r\n,;\t|]|\Z)')
"""A quote after a backslash, within a cell: where quotes are doubled, another quote or the cell's end follows."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are told apart."""

    delimiter: str = ","
    quote: str = '"'
    escaped: bool = False
    """A quote within a cell stands behind a backslash, not twice."""
    spaced: bool = False
    """A space follows each delimiter, before the quote."""
    first_line: int = 0
    """Lines before the first row."""

    @property
    def note(self) -> str:
        """What a person should know of it; empty for commas and double quotes."""
        found = {
            f"cells are divided by {_NAMES.get(self.delimiter, repr(self.delimiter))}": self.delimiter != ",",
            "quotes are single": self.quote == "'",
            "quotes within cells are escaped": self.escaped,
            "a space follows each of them": self.spaced,
        }
        return ", ".join(text for text, holds in found.items() if holds)

    def reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """The standard library's reader of such lines."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            doublequote=not self.escaped,
            escapechar="\\" if self.escaped else None,
            skipinitialspace=self.spaced,
        )


def read_delimited(file: Path) -> Table:
    """A file of cells as a table; its dialect is found, unless it ends in `.tsv`.

    Raises:
        ValueError: a quote in its first row is never closed.
    """
    dialect = find_dialect(file)
    name = file.suffix.lower()
    said = "" if name == ".tsv" and dialect == Dialect("\t") else dialect.note
    return table_of_lists(lambda: csv_rows(file, dialect), [said] if said else [])


def find_dialect(file: Path) -> Dialect:
    """The dialect of a file: commas and double quotes, unless its first rows fit another one better."""
    csv.field_size_limit(2**31 - 1)
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
        text = opened.read(_SAMPLE_CHARACTERS)
        whole = not opened.read(1)
    if declared := _SEPARATOR.match(text):
        return Dialect(declared.group(1), first_line=1)
    escaped = [True, False] if _ESCAPED.search(text) and not re.search(r'\\[^"\\]', text) else [False]
    usual = Dialect("\t" if file.suffix.lower() == ".tsv" else ",")
    tried = [
        Dialect(delimiter, quote, escape, spaced)
        for escape in escaped
        for quote in ('"', "'")
        for delimiter in dict.fromkeys((usual.delimiter, *_NAMES))
        for spaced in ([False, True] if f"{delimiter} {quote}" in text else [False])
        if delimiter in text and (quote == '"' or (not escape and _opens_cells(quote, delimiter, text)))
    ]
    fits = {dialect: _fit(dialect, text, whole) for dialect in tried}
    best = max(fits, key=lambda dialect: fits[dialect], default=Dialect())
    return best if fits.get(best, 0) > fits.get(usual, 0) else usual


def _opens_cells(quote: str, delimiter: str, text: str) -> bool:
    """Whether some cell begins with this quote."""
    return re.search(rf"(?:^|{re.escape(delimiter)} ?){quote}", text, re.MULTILINE) is not None


def _fit(dialect: Dialect, text: str, whole: bool) -> float:
    """Share of the first rows that have as many cells as most of them do, if that is more than one cell."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(islice(filter(None, dialect.reader(io.StringIO(text, newline=""))), _SAMPLE_ROWS + 1))
    if (len(rows) > _SAMPLE_ROWS or not whole) and len(rows) > 1:
        rows.pop()  # it may be cut
    counts = Counter(map(len, rows))
    cells, often = max(counts.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    if cells < 2 or cells > 1000 or (len(rows) > 1 and len(rows[0]) < 2):
        return 0.0
    return often / len(rows)


def csv_rows(file: Path, dialect: Dialect = Dialect()) -> Iterator[list[str] | BrokenRow]:
    """The head and the rows of a file of cells as lists, blank lines left out.

    Bytes that are no UTF-8 become lone surrogates. A row with a quote that is never closed is a broken row, and
    reading goes on at the line after its first: it would swallow all others.

    Raises:
        ValueError: more than `MAX_OPEN_QUOTES` rows are broken.
    """
    csv.field_size_limit(2**31 - 1)
    start = dialect.first_line
    for _ in range(MAX_OPEN_QUOTES + 1):
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
            lines = _Lines(opened, start, dialect)
            values: list[str] = []
            with suppress(_TooLongError):
                for values in dialect.reader(lines):
                    if lines.ended:
                        break
                    if lines.shortened:
                        yield BrokenRow(
                            f"line {lines.row_start + 1}: a row of more than {MAX_ROW_CHARACTERS:,} characters"
                        )
                    elif values:
                        yield values
                    lines.next_row()
        if values == [_END]:
            return
        start = lines.row_start + 1
        yield BrokenRow(f"line {start}: a quote is never closed")
    raise ValueError(f"line {start}: a quote is never closed, as in {MAX_OPEN_QUOTES} rows before")


_END = "\x00end of file\x00"
"""A last line put after those of a file: it is a row of its own, unless a quote is open."""


class _TooLongError(Exception):
    """A row is too long even without its words: it was opened by a quote that is never closed."""


class _Lines:
    """The lines of a file from a number on, then `_END`; knows where the row began that is being read.

    Of a row with more than `MAX_ROW_CHARACTERS`, the rest is shortened to quotes and delimiters: they show its end.
    """

    def __init__(self, opened: TextIO, start: int, dialect: Dialect) -> None:
        self._opened = opened
        kept = "".join(map(re.escape, dialect.delimiter + dialect.quote))
        self._words = re.compile(rf"[^{kept}\r\n]+")
        self._number = self.row_start = start
        self._characters = self._rest = 0
        self.ended = False
        for _ in range(start):
            while (piece := opened.readline(MAX_ROW_CHARACTERS)) and piece[-1] not in "\r\n":
                pass

    @property
    def shortened(self) -> bool:
        """Whether the row is longer than any that is read."""
        return self._characters > MAX_ROW_CHARACTERS

    def next_row(self) -> None:
        """A row was read; another begins."""
        self.row_start = self._number
        self._characters = self._rest = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self.ended:
            raise StopIteration
        line = self._opened.readline(_PIECE_CHARACTERS)
        self._number += 1
        self._characters += len(line)
        if self._characters > MAX_ROW_CHARACTERS or len(line) == _PIECE_CHARACTERS:
            line = "".join(self._pieces(line))
        self.ended = not line
        return line or _END

    def _pieces(self, first: str) -> Iterator[str]:
        """A long line, or one of a long row, in pieces that memory can hold."""
        piece = first
        while piece:
            if self.shortened:
                piece = self._words.sub("x", piece)
                self._rest += len(piece)
            if self._rest > MAX_ROW_CHARACTERS:
                raise _TooLongError
            yield piece
            if piece[-1] in "\r\n":
                return
            piece = self._opened.readline(_PIECE_CHARACTERS)
            self._characters += len(piece)
