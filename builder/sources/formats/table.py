"""A table: columns with names, and rows in batches; cells and names as hostile files hold them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """Stands for a row that its file holds but that cannot be read."""

    reason: str


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


def utf8(text: str) -> str:
    """A text with a replacement mark for whatever is no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def lines_as_text(value: object) -> object:
    """A program that is a list of its lines, with or without their ends, as a text; other values as they are."""
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return ("" if all(line.endswith("\n") for line in value[:-1]) else "\n").join(value)
    return value


def is_bytes(kind: pa.DataType) -> bool:
    """Whether values of a type are bytes."""
    tests: tuple[Callable[[pa.DataType], bool], ...] = (
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_fixed_size_binary,
        pa.types.is_binary_view,
    )
    return any(test(kind) for test in tests)


def plain_values(column: "pa.Array[Any]") -> list[object]:
    """Values of an Arrow column, bytes as text; no UTF-8 becomes lone surrogates, other bad values broken rows."""
    try:
        values: list[object] = column.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):  # one value spoils them all: take them one by one
        values = [_plain_value(value) for value in column]
    if is_bytes(column.type):
        return [value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value for value in values]
    return values


def _plain_value(value: "pa.Scalar[Any]") -> object:
    try:
        return value.as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        inner = value.value if isinstance(value, pa.DictionaryScalar) else value
        if isinstance(inner, pa.StringScalar | pa.LargeStringScalar):
            buffer = inner.as_buffer()
            return buffer.to_pybytes().decode("utf-8", "surrogateescape") if buffer else None
        return BrokenRow(f"a value of type {value.type} that cannot be read")


BATCH_ROWS = 1024
BATCH_CHARACTERS = 16 << 20
"""A batch ends after so many characters of text too, so that long rows don't add up in memory."""
MAX_COLUMNS = 10_000
"""Names beyond these are let be: objects may have wild keys."""
SPLIT_BY_FILE = "(split told by the file)"
"""Name of the column that says `test` for rows of a file, or of a list, whose name says so."""
MAX_NAME = 80
"""A column's name is no longer, and has one line: a longer first row is a row."""

Batch = dict[str, Sequence[object]]
"""Equally long columns of plain values, by name."""
Row = dict[str, object] | BrokenRow


@dataclass(frozen=True, slots=True)
class Table:
    """A readable table: its columns, and its rows in batches of the columns asked for."""

    columns: tuple[str, ...]
    batches: Callable[[Sequence[str]], Iterator[Batch]]
    notes: tuple[str, ...] = ()
    """What a person should know of how it is read, such as an encoding that was found."""
    unread: frozenset[str] = frozenset()
    """Columns that hold bytes, such as videos: they are never text, and long to read."""
    parts: tuple["Table", ...] = ()
    """The tables that it is made of, one after the other, if its rows come from several files."""


def table_of_rows(rows: Callable[[], Iterable[Row]], notes: Sequence[str] = ()) -> Table:
    """A table of objects; `rows` gives them from the first one on, each time that it is called."""
    return Table(_columns_of(rows()), lambda wanted: batched(iter(rows()), wanted), tuple(notes))


def table_of_lists(rows: Callable[[], Iterable[Sequence[object] | BrokenRow]], notes: Sequence[str] = ()) -> Table:
    """A table of rows of cells. The first row names the columns, unless it is too long for names."""
    first = next(iter(rows()), ())
    if isinstance(first, BrokenRow):
        raise ValueError(first.reason)
    headless = any(not isinstance(cell, str) or len(cell) > MAX_NAME or "\n" in cell.strip() for cell in first)
    if headless:
        columns: tuple[str, ...] = tuple(f"column {number}" for number in range(1, len(first) + 1))
        notes = (*notes, f"no line of names: its columns are called {', '.join(columns[:3])}")
    else:
        columns = unlike_names([utf8(str(cell).strip()) for cell in first])

    def objects() -> Iterator[Row]:
        for number, cells in enumerate(rows()):
            if number or headless:
                yield cells if isinstance(cells, BrokenRow) else dict(zip(columns, cells, strict=False))

    return Table(columns, lambda wanted: batched(objects(), wanted), tuple(notes))


def batched(rows: Iterator[Row], wanted: Sequence[str]) -> Iterator[Batch]:
    """Rows in batches of the columns asked for; what a row lacks is `None`, and a broken row stands in each column."""
    batch: dict[str, list[object]] = {name: [] for name in wanted}
    count = characters = 0
    for row in rows:
        for name, values in batch.items():
            value = row if isinstance(row, BrokenRow) else row.get(name)
            values.append(value)
            characters += len(value) if isinstance(value, str) else 0
        count += 1
        if count == BATCH_ROWS or characters > BATCH_CHARACTERS:
            yield {**batch}
            batch = {name: [] for name in wanted}
            count = characters = 0
    if count:
        yield {**batch}


def _columns_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """The keys of objects, in the order in which they are met; those that are no text are left out."""
    columns: dict[str, None] = {}
    for row in rows:
        if isinstance(row, dict):
            columns |= dict.fromkeys(row)
        if len(columns) > MAX_COLUMNS:
            break
    return tuple(name for name in columns if utf8(name) == name)[:MAX_COLUMNS]
