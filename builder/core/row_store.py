"""Prepared rows on disk: columns of chosen rows, looked up by index, in batches."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from builder.core.files import kept_result

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


def names_of(files: Sequence[PreparedFile]) -> list[str]:
    """The names of prepared files, which hold hashes of what was prepared, by which code."""
    return [file.path.name for file in files]


def frame_hash(rows: pl.DataFrame) -> str:
    """SHA-256 of what a frame holds, in hex, as an input of `kept_result`."""
    return sha256(rows.write_ipc(None).getbuffer()).hexdigest()


def kept_frame(folder: Path, inputs: Iterable[str], make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    """A frame as `kept_result` keeps it."""
    return pl.read_ipc(kept_result(folder, inputs, lambda: make().write_ipc(None).getvalue()))


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


_KEPT_BATCHES = 64
"""Batches that are held decompressed, each about a megabyte at the most."""


class TextStore:
    """Finds prepared texts by the key of what they were made of; they stay on disk, and only keys are in memory."""

    def __init__(self, schema: pa.Schema) -> None:
        """An empty store of rows of a schema whose first column is `key`."""
        self._schema = schema
        self._numbers: dict[bytes, int] = {}
        self._starts: list[int] = []
        self._places: list[tuple[pa.ipc.RecordBatchFileReader, int]] = []
        self._rows = 0
        self._new: list[bytes] = []
        self._batch = lru_cache(maxsize=_KEPT_BATCHES)(self._read)

    def number(self, key: bytes) -> tuple[int, bool]:
        """The number of a text, and whether it is new: new ones are to be added next, in the order of their numbers."""
        number = self._numbers.setdefault(key, self._rows + len(self._new))
        is_new = number == self._rows + len(self._new)
        if is_new:
            self._new.append(key)
        return number, is_new

    @property
    def new(self) -> Sequence[bytes]:
        """Keys of the texts that are to be added."""
        return self._new

    def add(self, path: Path) -> None:
        """Take in the rows of a file that `write_texts` wrote."""
        keys = pa.ipc.open_file(pa.memory_map(str(path)), options=pa.ipc.IpcReadOptions(included_fields=[0]))
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        for place in range(reader.num_record_batches):
            self._starts.append(self._rows)
            self._places.append((reader, place))
            for key in keys.get_batch(place).column(0):
                self._numbers.setdefault(key.as_py(), self._rows)
                self._rows += 1
        self._new.clear()

    def rows(self, numbers: Sequence[int]) -> pa.Table:
        """The prepared texts with these numbers, in this order."""
        places = [bisect_right(self._starts, number) - 1 for number in numbers]
        parts: list[pa.RecordBatch] = []
        before: dict[int, int] = {}
        taken = 0
        for place in sorted(set(places)):
            parts.append(self._batch(place))
            before[place] = taken - self._starts[place]
            taken += parts[-1].num_rows
        table = pa.Table.from_batches(parts, schema=self._schema)
        wanted = (before[place] + number for place, number in zip(places, numbers, strict=True))
        return table.take(pl.Series(wanted, dtype=pl.Int64).to_arrow())

    def _read(self, place: int) -> pa.RecordBatch:
        reader, number = self._places[place]
        return reader.get_batch(number)


def write_texts(batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path) -> None:
    """Write prepared texts as a file that a store takes in."""
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
