"""Prepared texts of one kind (descriptions or codes), each once, kept in the cache by the hash of what was read."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import polars as pl
import pyarrow as pa

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
