"""Prepared rows on disk: columns of chosen rows, looked up by index, in batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

BATCH_BYTES = 16 << 20
"""Bytes of a batch, about: fewer rows are taken at a time where they are long."""
_TEXTS = ("description", "code", "community_code")
"""Written without a dictionary: it would hide from the footer what texts that repeat take in memory."""


def batches_of(file: pq.ParquetFile, most_rows: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a file, in order, so many at a time, or fewer where they are long.

    What a row group takes in memory is told by its footer.

    Args:
        file: an open Parquet file.
        most_rows: rows of a batch at the most.
        columns: names of the columns to read.
    """
    metadata = file.metadata
    wanted = [
        number
        for number in range(metadata.num_columns)
        if metadata.schema.column(number).path.partition(".")[0] in columns
    ]

    def fitting(number: int) -> int:
        group = metadata.row_group(number)
        size = sum(group.column(column).total_uncompressed_size for column in wanted)
        return max(1, min(most_rows, BATCH_BYTES * group.num_rows // max(size, 1)))

    for rows, groups in groupby(range(metadata.num_row_groups), fitting):
        yield from file.iter_batches(rows, row_groups=list(groups), columns=list(columns))


def rows_of_a_group(batch: pa.RecordBatch) -> int:
    """How many of a batch's rows a row group should hold: all, unless they take far more than a batch may."""
    if batch.nbytes <= 2 * BATCH_BYTES:
        return max(1, batch.num_rows)
    return max(1, BATCH_BYTES * batch.num_rows // batch.nbytes)


def open_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer of rows with a description and a code, whose footer tells what these take in memory."""
    coded: Any = [name for name in schema.names if name not in _TEXTS]
    return pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=coded)


def record_batch(values: Sequence[Mapping[str, Any]] | Mapping[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    """Rows, or columns by name, as Arrow.

    Polars converts them: pyarrow would load pandas for it, which takes 0.2 seconds and 50 MB in each process.
    """
    return as_batch(pl.DataFrame(values, schema=pl.Schema(schema)), schema)


def as_batch(rows: pl.DataFrame, schema: pa.Schema) -> pa.RecordBatch:
    """The columns of a schema as Arrow."""
    table = rows.select(schema.names).to_arrow().cast(schema)
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], schema=schema)


WORDS = ("description_words", "code_words")
"""Columns that tell which description belongs to which code."""
_BATCH_ROWS = 2048


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """A source's prepared rows: its Parquet file, and the index of its first row among all rows of a build."""

    path: Path
    first_index: int
    text_bytes: int
    """Of all descriptions and codes, uncompressed."""


def batches_with(
    files: Sequence[PreparedFile], columns: Sequence[str], wanted: pl.Series | None = None
) -> Iterator[pl.DataFrame]:
    """Columns of prepared rows with their `index`, batch by batch, in the order of the files.

    Args:
        files: the prepared rows of each source.
        columns: names of columns of `PREPARED_SCHEMA`.
        wanted: indices of the rows to give; all, if it is `None`.
    """
    for file in files:
        with pq.ParquetFile(file.path) as opened:
            first, rows = file.first_index, opened.metadata.num_rows
            here = None if wanted is None else wanted.filter(wanted.is_between(first, first + rows, closed="left"))
            if here is not None and here.is_empty():
                continue
            for batch in batches_of(opened, _BATCH_ROWS, columns):
                indices = pl.int_range(first, first + batch.num_rows, dtype=pl.UInt32, eager=True)
                part = frame(pa.Table.from_batches([batch])).with_columns(indices.alias("index"))
                first += batch.num_rows
                yield part if here is None else part.filter(part["index"].is_in(here.implode()))


def columns_of(files: Sequence[PreparedFile], columns: Sequence[str], wanted: pl.Series) -> pl.DataFrame:
    """Columns of few rows, with their `index`, all at once."""
    parts = list(batches_with(files, columns, wanted))
    return pl.concat(parts) if parts else pl.DataFrame(schema={"index": pl.UInt32, **dict.fromkeys(columns, pl.Null)})


def texts_by_index(files: Sequence[PreparedFile], column: str, wanted: pl.Series) -> dict[int, str]:
    """One text column of few rows, by index."""
    return dict(columns_of(files, (column,), wanted).select("index", column).iter_rows())


def lazy(files: Sequence[PreparedFile], columns: Sequence[str]) -> pl.LazyFrame:
    """Columns of all prepared rows with their `index`, not read yet."""
    return pl.concat(
        [pl.scan_parquet(file.path).select(columns).with_row_index("index", offset=file.first_index) for file in files]
    )


def frame(table: pa.Table) -> pl.DataFrame:
    """An Arrow table as a Polars frame."""
    made = pl.from_arrow(table)
    assert isinstance(made, pl.DataFrame)
    return made
