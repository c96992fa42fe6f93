"""A sample of the values of a table: few rows, spread evenly, the same ones every time."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from builder.sources.nested import inner_value, nested_names
from builder.sources.tables import Table

FIRST_ROWS = 4096
"""The sample is taken from so many rows at the beginning of a table."""
SAMPLE_ROWS = 400
"""Rows that are looked at."""
MAX_JUDGED_CHARACTERS = 30_000
"""A longer text is not judged: it would take as long as many others. Nor is the rest of it held."""


def bytes_columns(files: Sequence[Path]) -> frozenset[str]:
    """Columns of Parquet files that hold bytes, such as videos: they are never text, and long to read."""
    schemas = [pq.read_schema(file) for file in files if file.suffix.lower() == ".parquet"]
    return frozenset(column.name for schema in schemas for column in schema if holds_bytes(column.type))


def holds_bytes(kind: pa.DataType) -> bool:
    """Whether values of a type are bytes, or hold some."""
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return True
    fields = kind.num_fields if isinstance(kind, pa.StructType) else 0
    if isinstance(kind, pa.ListType | pa.LargeListType):
        return holds_bytes(kind.value_type)
    return any(holds_bytes(kind.field(number).type) for number in range(fields))


def sample_values(table: Table, unread: Collection[str] = ()) -> dict[str, list[object]]:
    """Values by column, those inside others last: up to `SAMPLE_ROWS` rows, spread evenly over the first ones.

    Raises:
        SourceError: the table cannot be read.
    """
    columns = [name for name in dict.fromkeys(table.columns) if name not in unread]
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
    return value[: MAX_JUDGED_CHARACTERS + 1] if isinstance(value, str) else value
