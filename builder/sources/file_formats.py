"""Local files as tables: Parquet, CSV, JSON and JSON Lines, one file or several of one kind, in batches."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from builder.core.errors import SourceError
from builder.core.row_store import batches_of
from builder.sources.cells import (
    BrokenRow,
    csv_head,
    csv_rows,
    plain_values,
    refuse_other_kinds,
    unlike_names,
    utf8_name,
)
from builder.sources.hosts.files import DATA_ENDINGS as ENDINGS

__all__ = ["BATCH_ROWS", "Batch", "BrokenRow", "Table", "data_files", "open_table"]

BATCH_ROWS = 1024
BATCH_CHARACTERS = 16 << 20
"""A batch ends after so many characters of text too, so that long rows don't add up in memory."""
MAX_COLUMNS = 10_000
"""Names beyond these are let be: objects may have wild keys."""

Batch = dict[str, Sequence[object]]
"""Equally long columns of plain values, by name."""


@dataclass(frozen=True, slots=True)
class Table:
    """A readable table: its columns, and its rows in batches of the columns asked for."""

    columns: tuple[str, ...]
    batches: Callable[[Sequence[str]], Iterator[Batch]]


def data_files(path: Path) -> tuple[Path, ...]:
    """The file itself, or the data files of a folder, in order of name.

    Raises:
        SourceError: nothing is there, or the folder holds no data file, or files of several kinds.
    """
    try:
        if path.is_file():
            return (path,)
        if not path.is_dir():
            raise SourceError(f"{path}: no such file or folder")
        found = sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS and file.is_file())
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error
    kinds = sorted({file.suffix.lower() for file in found})
    if not found:
        raise SourceError(f"{path}: no data file in this folder (looked for {', '.join(ENDINGS)})")
    if len(kinds) > 1:
        raise SourceError(f"{path}: files of several kinds ({', '.join(kinds)}); name one file")
    return tuple(found)


def open_table(files: Sequence[Path]) -> Table:
    """One table from files of the same kind, one after the other; its columns are those of all files.

    Raises:
        SourceError: a file is missing, unreadable, or of a kind that is not known.
    """
    tables = []
    for file in files:
        reader = _READERS.get(file.suffix.lower())
        if reader is None:
            raise SourceError(f"{file}: not a kind of file that can be read (use one of {', '.join(ENDINGS)})")
        try:
            if reader is not _parquet:
                refuse_other_kinds(file)
            tables.append(reader(file))
        except _UNREADABLE as error:
            raise SourceError(f"{file}: cannot be read as {file.suffix[1:]}: {_said(error)}") from error
    columns = tuple(dict.fromkeys(name for table in tables for name in table.columns))
    if not columns:
        raise SourceError(f"{files[0]}: no rows that can be read ({_first_problem(tables)})")

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        for file, table in zip(files, tables, strict=True):
            try:
                yield from table.batches(wanted)
            except _UNREADABLE as error:
                raise SourceError(f"{file}: cannot be read to its end: {_said(error)}") from error

    return Table(columns, batches)


def _first_problem(tables: Sequence[Table]) -> str:
    """Why tables without columns have none."""
    batches = (batch for table in tables for batch in table.batches(("",)))
    rows = (row for batch in batches for row in batch[""])
    return next((row.reason for row in rows if isinstance(row, BrokenRow)), "the file is empty")


def _said(error: BaseException) -> str:
    """An error's own words on one line; the system's without its number and the path, which the message has."""
    text = error.strerror if isinstance(error, OSError) and error.errno and error.strerror else str(error)
    return " ".join(text.split()) or type(error).__name__


def _parquet(file: Path) -> Table:
    with pq.ParquetFile(file) as opened:
        names = opened.schema_arrow.names
    columns = unlike_names(names)

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        present = [name for name in wanted if name in columns]
        with pq.ParquetFile(file) as opened:
            if not present:  # only the number of rows is known
                for start in range(0, opened.metadata.num_rows, BATCH_ROWS):
                    count = min(BATCH_ROWS, opened.metadata.num_rows - start)
                    yield {name: [None] * count for name in wanted}
                return
            # Columns are read by name, all those of an equal name together.
            read = sorted({names[columns.index(name)] for name in present})
            places = [number for asked in read for number, name in enumerate(names) if name == asked]
            for batch in batches_of(opened, BATCH_ROWS, read):
                values = {name: plain_values(batch.column(places.index(columns.index(name)))) for name in present}
                yield {name: values.get(name, [None] * batch.num_rows) for name in wanted}

    return Table(columns, batches)


def _csv(file: Path) -> Table:
    columns = unlike_names([utf8_name(name) for name in csv_head(file)])

    def rows() -> Iterator[dict[str, object] | BrokenRow]:
        for values in islice(csv_rows(file), 1, None):
            yield values if isinstance(values, BrokenRow) else dict(zip(columns, values, strict=False))

    return Table(columns, lambda wanted: _batched(rows(), wanted))


def _json_lines(file: Path) -> Table:
    def rows() -> Iterator[dict[str, object] | BrokenRow]:
        with file.open("rb") as opened:
            for number, line in enumerate(opened, start=1):
                if line.strip():
                    yield _json_row(line, f"line {number}")

    return Table(_columns_of(rows()), lambda wanted: _batched(rows(), wanted))


def _columns_of(rows: Iterable[dict[str, object] | BrokenRow]) -> tuple[str, ...]:
    """The keys of objects, in the order in which they are met; those that are no text are left out."""
    columns: dict[str, None] = {}
    for row in rows:
        if isinstance(row, dict):
            columns |= dict.fromkeys(row)
        if len(columns) > MAX_COLUMNS:
            break
    return tuple(name for name in columns if utf8_name(name) == name)[:MAX_COLUMNS]


def _json_row(line: bytes, where: str) -> dict[str, object] | BrokenRow:
    try:
        row = _json_value(line.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        return BrokenRow(f"{where}: not JSON: {error}")
    return row if isinstance(row, dict) else BrokenRow(f"{where}: {type(row).__name__}, not an object")


def _json_value(text: bytes) -> object:
    """A JSON document; bytes that are no UTF-8 become lone surrogates, which are a problem of their value.

    Raises:
        ValueError: it is none, or nested too deep.
    """
    try:
        return orjson.loads(text)
    except ValueError as error:
        try:  # the standard library takes what orjson does not: NaN, lone surrogates, long numbers
            return json.loads(text.decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError):
            raise error from None


def _json(file: Path) -> Table:
    """An array of rows, an object that holds one, or JSON Lines under another name."""
    try:
        whole = _json_value(file.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        return _json_lines(file)
    values = whole if isinstance(whole, list) else _rows_within(whole)
    if values is None:
        return _json_lines(file)
    rows = [
        value if isinstance(value, dict) else BrokenRow(f"element {number}: not an object")
        for number, value in enumerate(values)
    ]
    return Table(_columns_of(rows), lambda wanted: _batched(iter(rows), wanted))


def _rows_within(whole: object) -> list[object] | None:
    """The one list of objects among the values of an object."""
    values = whole.values() if isinstance(whole, dict) else ()
    lists = [value for value in values if isinstance(value, list) and value and isinstance(value[0], dict)]
    return lists[0] if len(lists) == 1 else None


def _batched(rows: Iterator[dict[str, object] | BrokenRow], wanted: Sequence[str]) -> Iterator[Batch]:
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


_UNREADABLE = (OSError, ValueError, OverflowError, pa.ArrowException, csv.Error)
_READERS: dict[str, Callable[[Path], Table]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
