"""Parquet files as they are published: a fixed number of rows a group, no metadata of any library."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from builder.emit.formats import FORMATS, row_columns

ROW_GROUP_ROWS = 4096
SHARD_BYTES = 500_000_000
"""No file is larger before its footer, unless a single row group is."""
_TYPES: Mapping[str, pa.DataType] = {"string": pa.string(), "int32": pa.int32(), "bool": pa.bool_()}
OPTIONS: dict[str, Any] = {"compression": "zstd", "write_page_index": True, "use_content_defined_chunking": True}
"""Pages are cut where the content says so: a store of chunks, such as the Hub's Xet, finds again what did not change.
The page index lets readers fetch the pages that they want alone."""


def row_schema(format_name: str, *, tokens: bool = False, preview: bool = False) -> pa.Schema:
    """The columns of a published row, with its count of tokens or the last frame of its program if asked."""
    text = pa.string()
    return pa.schema(
        {
            **{
                key: pa.list_(pa.struct([(name, text) for name in names])) if names else text
                for key, names in FORMATS[format_name].columns.items()
            },
            **{name: _TYPES[kind] for name, kind in row_columns(format_name).items()},
            **({"tokens": pa.int32()} if tokens else {}),
            **({"preview": pa.struct([("bytes", pa.binary()), ("path", text)])} if preview else {}),
        }
    )


def write_shards(
    rows: Iterable[Mapping[str, Any]], schema: pa.Schema, folder: Path, split: str
) -> tuple[list[Path], int]:
    """Write rows as `<split>-00000-of-0000N.parquet`, each file filled up to `SHARD_BYTES`.

    The schema carries no metadata: `datasets` 4 and later put a description of the features there that 3.x cannot
    read; without it, both read the file. No rows give no file: `datasets` cannot read a split without rows.

    Returns:
        The files, and the size of their rows in memory, as Arrow, in bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    groups = _row_groups(rows, schema)
    waiting = next(groups, None)
    parts: list[Path] = []
    size = 0
    while waiting is not None:
        parts.append(folder / f".{split}-{len(parts):05d}.part")
        with parts[-1].open("wb") as opened, pq.ParquetWriter(opened, schema, **OPTIONS) as writer:
            while waiting is not None and (opened.tell() <= _MAGIC_BYTES or _fits(opened.tell(), waiting)):
                writer.write_table(waiting)
                size += waiting.nbytes
                waiting = next(groups, None)
    names = [folder / f"{split}-{number:05d}-of-{len(parts):05d}.parquet" for number in range(len(parts))]
    return [part.replace(name) for part, name in zip(parts, names, strict=True)], size


_MAGIC_BYTES = 4
"""What a file holds before its first row group."""


def _fits(written: int, group: pa.Table) -> bool:
    """Whether a row group surely fits: compressed it is not larger than in memory."""
    return written + group.nbytes <= SHARD_BYTES


def _row_groups(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> Iterator[pa.Table]:
    """All rows, in tables of `ROW_GROUP_ROWS` rows; the last one may be smaller."""
    left = iter(rows)
    while group := list(islice(left, ROW_GROUP_ROWS)):
        yield pa.Table.from_pylist(group, schema)
