"""Prepared rows on disk: columns of chosen rows, looked up by index, in batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from builder.batches import batches_of

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
