"""Local files as tables: Parquet, CSV, JSON and JSON Lines, one file or several of one kind, in batches."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from builder.errors import SourceError
from builder.sources.fetched import DATA_ENDINGS as ENDINGS

BATCH_ROWS = 1024

Batch = dict[str, Sequence[object]]
"""Equally long columns of plain values, by name."""


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """Stands for a row that its file holds but that cannot be read."""

    reason: str


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
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise SourceError(f"{path}: no such file or folder")
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS and file.is_file())
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
            tables.append(reader(file))
        except (OSError, ValueError, pa.ArrowException) as error:
            raise SourceError(f"{file}: cannot be read as {file.suffix[1:]}: {error}") from error
    columns = tuple(dict.fromkeys(name for table in tables for name in table.columns))
    if not columns:
        raise SourceError(f"{files[0]}: no rows that can be read ({_first_problem(tables)})")

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        for file, table in zip(files, tables, strict=True):
            try:
                yield from table.batches(wanted)
            except (OSError, ValueError, pa.ArrowException) as error:
                raise SourceError(f"{file}: cannot be read to its end: {error}") from error

    return Table(columns, batches)


def _first_problem(tables: Sequence[Table]) -> str:
    """Why tables without columns have none."""
    batches = (batch for table in tables for batch in table.batches(("",)))
    rows = (row for batch in batches for row in batch[""])
    return next((row.reason for row in rows if isinstance(row, BrokenRow)), "the file is empty")


def _parquet(file: Path) -> Table:
    with pq.ParquetFile(file) as opened:
        columns = tuple(opened.schema_arrow.names)

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        present = [name for name in wanted if name in columns]
        with pq.ParquetFile(file) as opened:
            if not present:  # only the number of rows is known
                for start in range(0, opened.metadata.num_rows, BATCH_ROWS):
                    count = min(BATCH_ROWS, opened.metadata.num_rows - start)
                    yield {name: [None] * count for name in wanted}
                return
            for batch in opened.iter_batches(BATCH_ROWS, columns=present):
                nulls = [None] * batch.num_rows
                yield {name: batch.column(name).to_pylist() if name in present else nulls for name in wanted}

    return Table(columns, batches)


def _csv(file: Path) -> Table:
    csv.field_size_limit(2**31 - 1)
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
        columns = tuple(next(csv.reader(opened), ()))

    def rows() -> Iterator[dict[str, object]]:
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
            reader = csv.reader(opened)
            next(reader, None)
            for values in reader:
                if values:
                    yield dict(zip(columns, values, strict=False))

    return Table(columns, lambda wanted: _batched(rows(), wanted))


def _json_lines(file: Path) -> Table:
    def rows() -> Iterator[dict[str, object] | BrokenRow]:
        with file.open("rb") as opened:
            for number, line in enumerate(opened, start=1):
                if line.strip():
                    yield _json_row(line, f"line {number}")

    columns = tuple(dict.fromkeys(name for row in rows() if isinstance(row, dict) for name in row))
    return Table(columns, lambda wanted: _batched(rows(), wanted))


def _json_row(line: bytes, where: str) -> dict[str, object] | BrokenRow:
    try:
        row = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        try:  # the standard library takes what orjson does not, such as lone surrogates
            row = json.loads(line)
        except (ValueError, RecursionError):
            return BrokenRow(f"{where}: not JSON: {error}")
    return row if isinstance(row, dict) else BrokenRow(f"{where}: {type(row).__name__}, not an object")


def _json(file: Path) -> Table:
    """An array of rows, an object that holds one, or JSON Lines under another name."""
    text = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        whole = orjson.loads(text)
    except ValueError:
        try:  # the standard library takes what orjson does not, such as NaN and lone surrogates
            whole = json.loads(text)
        except (ValueError, RecursionError):
            return _json_lines(file)
    values = whole if isinstance(whole, list) else _rows_within(whole)
    if values is None:
        return _json_lines(file)
    rows = [
        value if isinstance(value, dict) else BrokenRow(f"element {number}: not an object")
        for number, value in enumerate(values)
    ]
    columns = tuple(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    return Table(columns, lambda wanted: _batched(iter(rows), wanted))


def _rows_within(whole: object) -> list[object] | None:
    """The one list of objects among the values of an object."""
    values = whole.values() if isinstance(whole, dict) else ()
    lists = [value for value in values if isinstance(value, list) and value and isinstance(value[0], dict)]
    return lists[0] if len(lists) == 1 else None


def _batched(
    rows: Iterator[dict[str, object]] | Iterator[dict[str, object] | BrokenRow], wanted: Sequence[str]
) -> Iterator[Batch]:
    batch: dict[str, list[object]] = {name: [] for name in wanted}
    count = 0
    for row in rows:
        for name, values in batch.items():
            values.append(row if isinstance(row, BrokenRow) else row.get(name))
        count += 1
        if count == BATCH_ROWS:
            yield {**batch}
            batch, count = {name: [] for name in wanted}, 0
    if count:
        yield {**batch}


_READERS: dict[str, Callable[[Path], Table]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
