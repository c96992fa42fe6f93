"""Parquet files at a host, of which only the footer and the wanted column chunks are read, by ranges."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from builder.sources.formats.columnar import holds_bytes
from builder.sources.formats.table import BATCH_ROWS, Batch, plain_values

FOOTER_GUESS_BYTES = 65_536
"""So much of a file's end is asked for first; most footers are shorter."""
GAP_BYTES = 16_384
"""Chunks nearer to one another than this are read by one request, with what lies between them."""
_MAGIC = b"PAR1"
_TAIL_BYTES = 8

ReadRange = Callable[[int, int], bytes]
"""Gives the bytes of a file from a start to an end, the end left out."""


class NotParquetError(ValueError):
    """A file that is no Parquet, or none that can be read in parts."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where a column's values of one row group lie in the file."""

    column: str
    start: int
    end: int


class RemoteParquet:
    """A Parquet file that is read by ranges. `hashes` is filled by each pass that reads all rows."""

    def __init__(self, size: int, read_range: ReadRange) -> None:
        self._size, self._read_range = size, read_range
        start, tail = _read_footer(size, read_range)
        self._footer = (start, tail)
        self._metadata = pq.read_metadata(pa.PythonFile(_Parts(size, [self._footer])))
        self._schema = self._metadata.schema.to_arrow_schema()
        self.columns: tuple[str, ...] = tuple(self._schema.names)
        if len(set(self.columns)) < len(self.columns) or not self.columns:
            raise NotParquetError("its columns are not told apart by their names")
        self.bytes_columns = frozenset(item.name for item in self._schema if holds_bytes(item.type))
        self.rows: int = self._metadata.num_rows
        self.footer_bytes = len(tail)
        self.hashes: dict[str, str] = {}

    def wanted_bytes(self, wanted: Sequence[str]) -> int:
        """How many bytes the chunks of these columns take."""
        groups = range(self._metadata.num_row_groups)
        return sum(chunk.end - chunk.start for group in groups for chunk in self._chunks(group, wanted))

    def batches(self, wanted: Sequence[str], progress: Callable[[int], None]) -> Iterator[Batch]:
        """The rows, with these columns; a column that the file lacks is all null.

        Args:
            wanted: names of columns.
            progress: told the bytes of each range that was read.
        """
        present = [name for name in wanted if name in self.columns]
        digests = {name: hashlib.sha256() for name in present}
        for group in range(self._metadata.num_row_groups):
            parts = [self._footer]
            chunks = self._chunks(group, present)
            for start, end in _joined(chunks):
                parts.append((start, self._read_range(start, end)))
                progress(end - start)
            whole = _Parts(self._size, parts)
            for chunk in chunks:
                digests[chunk.column].update(whole.between(chunk.start, chunk.end))
            yield from self._decode(whole, group, present, wanted)
        self.hashes |= {name: digest.hexdigest() for name, digest in digests.items()}

    def _decode(self, file: "_Parts", group: int, present: Sequence[str], wanted: Sequence[str]) -> Iterator[Batch]:
        count = self._metadata.row_group(group).num_rows
        if not present:
            for start in range(0, count, BATCH_ROWS):
                yield {name: [None] * min(BATCH_ROWS, count - start) for name in wanted}
            return
        opened = pq.ParquetFile(pa.PythonFile(file), metadata=self._metadata, pre_buffer=False)
        for batch in opened.iter_batches(BATCH_ROWS, row_groups=[group], columns=list(present), use_threads=False):
            nulls = [None] * batch.num_rows
            yield {name: plain_values(batch.column(name)) if name in present else nulls for name in wanted}

    def _chunks(self, group: int, wanted: Sequence[str]) -> list[Chunk]:
        """The chunks of these columns in a row group, those inside lists and objects too, in the file's order."""
        row_group = self._metadata.row_group(group)
        chunks = []
        for number in range(row_group.num_columns):
            leaf = row_group.column(number)
            path = leaf.path_in_schema
            holding = [name for name in wanted if path == name or path.startswith(f"{name}.")]
            if holding:
                dictionary = leaf.dictionary_page_offset
                start = min(filter(None, (dictionary, leaf.data_page_offset)))
                chunks.append(Chunk(max(holding, key=len), start, start + leaf.total_compressed_size))
        return sorted(chunks, key=lambda chunk: chunk.start)


def _read_footer(size: int, read_range: ReadRange) -> tuple[int, bytes]:
    """Where a file's footer starts, and its bytes up to the file's end."""
    start = max(size - FOOTER_GUESS_BYTES, 0)
    tail = read_range(start, size)
    length = int.from_bytes(tail[-_TAIL_BYTES:-4], "little") + _TAIL_BYTES
    if tail[-4:] != _MAGIC or length > size:
        raise NotParquetError("it does not end as Parquet does")
    first = size - length
    if first < start:
        tail = read_range(first, start) + tail
        start = first
    return start, tail


def _joined(chunks: Sequence[Chunk]) -> Iterator[tuple[int, int]]:
    """Ranges that cover chunks, those that lie close together as one."""
    waiting: tuple[int, int] | None = None
    for chunk in chunks:
        if waiting and chunk.start - waiting[1] <= GAP_BYTES:
            waiting = (waiting[0], max(waiting[1], chunk.end))
            continue
        if waiting:
            yield waiting
        waiting = (chunk.start, chunk.end)
    if waiting:
        yield waiting


class _Parts(io.RawIOBase):
    """A file of which some parts are at hand; reading another is a bug."""

    def __init__(self, size: int, parts: Sequence[tuple[int, bytes]]) -> None:
        super().__init__()
        self._size, self._parts, self._at = size, parts, 0

    def between(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`, which lie in one part."""
        for first, part in self._parts:
            if first <= start and end <= first + len(part):
                return part[start - first : end - first]
        raise AssertionError(f"bytes {start} to {end} of {self._size} were not fetched")

    def read(self, size: int | None = -1) -> bytes:
        end = self._size if size is None or size < 0 else min(self._at + size, self._size)
        found = self.between(self._at, end) if end > self._at else b""
        self._at = end
        return found

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


PARQUET_ERRORS = (NotParquetError, pa.ArrowException)
"""What reading a file that is no sound Parquet raises."""
