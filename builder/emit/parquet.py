"""Parquet files as they are published: without the schema metadata that ties them to one release of `datasets`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 4096
SHARD_BYTES = 500_000_000
"""No file is larger before its footer, unless a single row group is."""


def write_shards(sources: Sequence[Path], folder: Path, split: str) -> list[Path]:
    """Write Parquet files anew, without schema metadata, as `<split>-00000-of-0000N.parquet`. Returns the files.

    Row groups have a fixed number of rows and each file is filled up to `SHARD_BYTES`, so the bytes do not depend on
    how the rows were spread over the sources. `datasets` 4 and later put a description of the features into the
    metadata that 3.x cannot read; without it, both read the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    schema = pq.read_schema(sources[0]).remove_metadata()
    groups = _row_groups(sources, schema)
    waiting: pa.Table | None = next(groups, pa.Table.from_batches([], schema))
    parts: list[Path] = []
    while waiting is not None:
        parts.append(folder / f".{split}-{len(parts):05d}.part")
        with parts[-1].open("wb") as opened, pq.ParquetWriter(opened, schema, compression="zstd") as writer:
            while waiting is not None and (opened.tell() <= _MAGIC_BYTES or _fits(opened.tell(), waiting)):
                writer.write_table(waiting)
                waiting = next(groups, None)
    names = [folder / f"{split}-{number:05d}-of-{len(parts):05d}.parquet" for number in range(len(parts))]
    return [part.replace(name) for part, name in zip(parts, names, strict=True)]


_MAGIC_BYTES = 4
"""What a file holds before its first row group."""


def _fits(written: int, group: pa.Table) -> bool:
    """Whether a row group surely fits: compressed it is not larger than in memory."""
    return written + group.nbytes <= SHARD_BYTES


def _row_groups(sources: Sequence[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    """All rows, in tables of `ROW_GROUP_ROWS` rows; the last one may be smaller."""
    waiting = pa.Table.from_batches([], schema)
    for source in sources:
        with pq.ParquetFile(source) as opened:
            for batch in opened.iter_batches(ROW_GROUP_ROWS):
                table = pa.Table.from_batches([batch]).replace_schema_metadata(None)
                waiting = pa.concat_tables([waiting, table])
                while waiting.num_rows >= ROW_GROUP_ROWS:
                    yield waiting.slice(0, ROW_GROUP_ROWS)
                    waiting = waiting.slice(ROW_GROUP_ROWS)
    if waiting.num_rows:
        yield waiting
