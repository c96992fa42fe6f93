"""Benchmarks of a user's own: prompts and programs of any table, by what its columns hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.core.errors import SettingError, SourceError
from builder.prepare.code_detector import detect_code
from builder.sources.columns.content import look_into
from builder.sources.columns.names import likely_columns, outer_column, with_nested
from builder.sources.file_formats import Table, open_path
from builder.sources.formats.table import utf8
from builder.sources.read_one import MAX_CHARACTERS


@dataclass(frozen=True, slots=True)
class BenchmarkText:
    """A text of a benchmark's row."""

    row: int
    """Counted from 0."""
    text: str
    is_code: bool


def read_benchmark(path: Path, column: str) -> list[BenchmarkText]:
    """The prompts and programs of a benchmark.

    All columns count whose values are mostly prose or mostly programs, those of chats and objects too: a benchmark may
    word its prompts twice. Where no column is either, those with a likely name do. Each text is then
    looked at by itself. Left out are texts that are blank, longer than `MAX_CHARACTERS`, or no UTF-8.

    Args:
        path: JSON Lines, JSON, Parquet or CSV.
        column: the one column to read, `COLUMN.PART` for one inside another; empty for all that count.

    Raises:
        SettingError: the file cannot be read, or holds no such text.
    """
    try:
        table = open_path(path)
        named = [column] if outer_column(column, table.columns) else []
        texts = list(_texts(table, named if column else _of_prompts_and_programs(table)))
    except SourceError as error:
        raise SettingError(f"--decontaminate {error}") from error
    if not texts:
        what = f"the column {column!r} holds no text" if column else "no column holds prompts or programs"
        known = ", ".join(table.columns)
        raise SettingError(f"--decontaminate {path}: {what}. Columns: {known}. Name one with {path}:COLUMN")
    return texts


def _of_prompts_and_programs(table: Table) -> list[str]:
    """The columns that hold prompts or programs, those inside others too; of equal ones the first."""
    columns = look_into(table)
    found = [one.name for one in columns if not one.same_as and (one.may_be_code or one.may_be_description)]
    if found:
        return found
    names = [one.name for one in columns]
    return [*likely_columns("description", names), *likely_columns("code", names)]


def _texts(table: Table, names: Sequence[str]) -> Iterator[BenchmarkText]:
    row = 0
    for batch in with_nested(table).batches(names) if names else ():
        for values in zip(*batch.values(), strict=True):
            for text in dict.fromkeys(value for value in values if isinstance(value, str)):
                if text.strip() and len(text) <= MAX_CHARACTERS and utf8(text) == text:
                    yield BenchmarkText(row, text, detect_code(text).is_code)
            row += 1
