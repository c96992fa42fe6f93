"""Parquet files as they are published: without the schema metadata that ties them to one release of `datasets`."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 4096


def without_metadata(sources: Sequence[Path], target: Path) -> int:
    """Write Parquet files as one, without schema metadata, in row groups of a fixed size. Returns its rows.

    `datasets` 4 and later put a description of the features into the metadata that 3.x cannot read; without it,
    both read the file.
    """
    schema = pq.read_schema(sources[0]).remove_metadata()
    waiting = pa.Table.from_batches([], schema)
    rows = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for source in sources:
            with pq.ParquetFile(source) as opened:
                for batch in opened.iter_batches(ROW_GROUP_ROWS):
                    table = pa.Table.from_batches([batch]).replace_schema_metadata(None)
                    waiting = pa.concat_tables([waiting, table])
                    if waiting.num_rows >= ROW_GROUP_ROWS:
                        writer.write_table(waiting.slice(0, ROW_GROUP_ROWS))
                        waiting = waiting.slice(ROW_GROUP_ROWS)
                    rows += batch.num_rows
        if waiting.num_rows or not rows:
            writer.write_table(waiting)
    return rows
