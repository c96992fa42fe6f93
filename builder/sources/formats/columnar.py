"""Parquet, Arrow and Feather: only the columns asked for are read."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather

from builder.core.row_store import batches_of
from builder.sources.formats.table import BATCH_ROWS, Batch, Table, is_bytes, plain_values, unlike_names

TEXT_BYTES = 1 << 16
"""A column of bytes whose values are longer (the mean) is not looked into: it holds pictures or videos."""
_LOOKED_AT = 32


def read_parquet(file: Path) -> Table:
    """A Parquet file as a table.

    Raises:
        pa.ArrowException, OSError: it cannot be read.
    """
    with pq.ParquetFile(file) as opened:
        schema = opened.schema_arrow
        names = schema.names
        of_bytes = (field.name for field in schema if is_bytes(field.type))
        text = {name for name in of_bytes if _small(opened, name) and _holds_text(opened, name)}
    columns = unlike_names(names)
    unread = frozenset(
        column
        for column, field in zip(columns, schema, strict=True)
        if holds_bytes(field.type) and field.name not in text
    )

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        present = [name for name in wanted if name in columns]
        with pq.ParquetFile(file) as opened:
            if not present:  # only the number of rows is known
                yield from counted(opened.metadata.num_rows, wanted)
                return
            # Columns are read by name, all those of an equal name together.
            read = sorted({names[columns.index(name)] for name in present})
            places = [number for asked in read for number, name in enumerate(names) if name == asked]
            for batch in batches_of(opened, BATCH_ROWS, read):
                values = {name: plain_values(batch.column(places.index(columns.index(name)))) for name in present}
                yield {name: values.get(name, [None] * batch.num_rows) for name in wanted}

    return Table(columns, batches, unread=unread)


def read_arrow(file: Path) -> Table:
    """An Arrow file, an Arrow stream (as `save_to_disk` of `datasets` writes), or a Feather file, as a table.

    Raises:
        pa.ArrowException, OSError: it cannot be read.
    """
    opened = _record_batches(file)
    schema, first = next(opened), next(opened, None)
    columns = unlike_names(schema.names)
    unread = frozenset(
        name
        for number, (name, field) in enumerate(zip(columns, schema, strict=True))
        if holds_bytes(field.type) and not (is_bytes(field.type) and first and _is_text(first.column(number)))
    )

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        parts = _record_batches(file)
        next(parts)
        for part in parts:
            for start in range(0, part.num_rows, BATCH_ROWS):
                piece = part.slice(start, BATCH_ROWS)
                yield {
                    name: plain_values(piece.column(columns.index(name))) if name in columns else [None] * len(piece)
                    for name in wanted
                }

    return Table(columns, batches, unread=unread)


def holds_bytes(kind: pa.DataType) -> bool:
    """Whether values of a type are bytes, or hold some."""
    if is_bytes(kind):
        return True
    fields = kind.num_fields if isinstance(kind, pa.StructType) else 0
    if isinstance(kind, pa.ListType | pa.LargeListType):
        return holds_bytes(kind.value_type)
    return any(holds_bytes(kind.field(number).type) for number in range(fields))


def _record_batches(file: Path) -> Iterator[Any]:
    """The schema of a file, then its record batches."""
    with pa.memory_map(str(file)) as source:
        start = source.read(6)
        source.seek(0)
        if start == b"ARROW1":
            reader = pa.ipc.open_file(source)
            yield reader.schema
            for number in range(reader.num_record_batches):
                yield _sound(reader.get_batch(number))
        elif start.startswith(b"FEA1"):
            table = feather.read_table(file)
            yield table.schema
            yield from map(_sound, table.to_batches())
        else:
            stream = pa.ipc.open_stream(source)
            yield stream.schema
            yield from map(_sound, stream)


def _sound(batch: Any) -> Any:
    """A batch whose lengths are checked, so that a damaged file is an error and not a crash."""
    for column in batch.columns:
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            if "UTF8" not in str(error):  # such a value is a problem of its row
                raise
    return batch


def counted(rows: int, wanted: Sequence[str]) -> Iterator[Batch]:
    """Batches of so many rows without a value."""
    for start in range(0, rows, BATCH_ROWS):
        yield {name: [None] * min(BATCH_ROWS, rows - start) for name in wanted}


def _small(opened: pq.ParquetFile, name: str) -> bool:
    """Whether the values of a column take few bytes each, by the file's own account."""
    metadata = opened.metadata
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    sizes = [
        group.column(number).total_uncompressed_size
        for group in groups
        for number in range(group.num_columns)
        if group.column(number).path_in_schema == name
    ]
    return sum(sizes) <= TEXT_BYTES * max(metadata.num_rows, 1)


def _holds_text(opened: pq.ParquetFile, name: str) -> bool:
    first = next(opened.iter_batches(_LOOKED_AT, columns=[name]), None)
    return first is not None and _is_text(first.column(0))


def _is_text(column: Any) -> bool:
    """Whether the first bytes of a column are text in UTF-8, as far as they go."""
    values = [value for value in column.slice(0, _LOOKED_AT).to_pylist() if value]
    try:
        return bool(values) and not any("\0" in value.decode("utf-8") for value in values)
    except UnicodeDecodeError:
        return False
