"""Parquet files written and read in parts that fit into memory, however long their rows are."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

BATCH_BYTES = 16 << 20
"""Bytes of a batch, about: fewer rows are taken at a time where they are long."""
_TEXTS = ("description", "code")
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
