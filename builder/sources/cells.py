"""Cells and names as hostile files hold them: texts that are no UTF-8, quotes never closed, names that come twice."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa

MAX_ROW_CHARACTERS = 32 << 20
"""A longer row of a CSV file is not held."""
_PIECE_CHARACTERS = 1 << 20
MAX_OPEN_QUOTES = 16
"""So many rows with a quote that is never closed are passed over: after each, lines are read again."""

_KINDS = {
    b"\x1f\x8b": "gzip; unpack it first",
    b"PK\x03\x04": "a ZIP archive; unpack it first",
    b"\x28\xb5\x2f\xfd": "Zstandard; unpack it first",
    b"PAR1": "Parquet; name it .parquet",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8",
}
"""What files that are given as text really are, by their first bytes."""


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """Stands for a row that its file holds but that cannot be read."""

    reason: str


def refuse_other_kinds(file: Path) -> None:
    """Raise `ValueError` if a file that should hold text in UTF-8 plainly holds something else."""
    with file.open("rb") as opened:
        head = opened.read(64)
    for start, kind in _KINDS.items():
        if head.startswith(start):
            raise ValueError(f"the file is {kind}")
    if len(head) > 3 and (not any(head[1::2]) or not any(head[::2])):  # no byte order mark, every other byte zero
        raise ValueError("the file is text in UTF-16; save it as UTF-8")


def unlike_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names of columns, none of them twice: later ones of an equal name become `NAME (2)`, `NAME (3)`."""
    taken = set(names)
    seen: set[str] = set()
    unlike: list[str] = []
    for name in names:
        number, own = 2, name
        while own in seen or (own != name and own in taken):
            own, number = f"{name} ({number})", number + 1
        seen.add(own)
        unlike.append(own)
    return tuple(unlike)


def utf8_name(text: str) -> str:
    """A name with a replacement mark for whatever is no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def plain_values(column: "pa.Array[Any]") -> list[object]:
    """Values of an Arrow column; bytes that are no UTF-8 become lone surrogates, other bad values broken rows."""
    try:
        return column.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):  # one value spoils them all: take them one by one
        return [_plain_value(value) for value in column]


def _plain_value(value: "pa.Scalar[Any]") -> object:
    try:
        return value.as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        inner = value.value if isinstance(value, pa.DictionaryScalar) else value
        if isinstance(inner, pa.StringScalar | pa.LargeStringScalar):
            buffer = inner.as_buffer()
            return buffer.to_pybytes().decode("utf-8", "surrogateescape") if buffer else None
        return BrokenRow(f"a value of type {value.type} that cannot be read")


def csv_head(file: Path) -> list[str]:
    """The names in the first line of a CSV file; empty if it has none.

    Raises:
        ValueError: a quote in it is never closed.
    """
    head = next(csv_rows(file), [])
    if isinstance(head, BrokenRow):
        raise ValueError(head.reason)
    return head


def csv_rows(file: Path) -> Iterator[list[str] | BrokenRow]:
    """The head and the rows of a CSV file as lists of cells, blank lines left out.

    Bytes that are no UTF-8 become lone surrogates. A row with a quote that is never closed is a broken row, and
    reading goes on at the line after its first: it would swallow all others.

    Raises:
        ValueError: more than `MAX_OPEN_QUOTES` rows are broken.
    """
    csv.field_size_limit(2**31 - 1)
    start = 0
    for _ in range(MAX_OPEN_QUOTES + 1):
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
            lines = _Lines(opened, start)
            values: list[str] = []
            with suppress(_TooLongError):
                for values in csv.reader(lines):
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
_PLAIN = re.compile(r'[^",\r\n]+')


class _TooLongError(Exception):
    """A row is too long even without its words: it was opened by a quote that is never closed."""


class _Lines:
    """The lines of a file from a number on, then `_END`; knows where the row began that is being read.

    Of a row with more than `MAX_ROW_CHARACTERS`, the rest is shortened to quotes and commas, which say where it ends.
    """

    def __init__(self, opened: TextIO, start: int) -> None:
        self._opened = opened
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
                piece = _PLAIN.sub("x", piece)
                self._rest += len(piece)
            if self._rest > MAX_ROW_CHARACTERS:
                raise _TooLongError
            yield piece
            if piece[-1] in "\r\n":
                return
            piece = self._opened.readline(_PIECE_CHARACTERS)
            self._characters += len(piece)
