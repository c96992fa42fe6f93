"""Parquet files read in batches that fit into memory, however long their rows are."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import pyarrow as pa
import pyarrow.parquet as pq

BATCH_BYTES = 16 << 20
"""Bytes of a batch, about: fewer rows are taken at a time where they are long."""


def batches_of(file: pq.ParquetFile, most_rows: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a file, in order, so many at a time, or fewer where they are long.

    What a row group takes in memory is told by its footer, so texts should be stored without a dictionary, which
    hides what repeats.

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


def without_dictionary(schema: pa.Schema, *texts: str) -> list[str]:
    """The columns of a schema that a Parquet writer may store with a dictionary: all but these."""
    return [name for name in schema.names if name not in texts]
