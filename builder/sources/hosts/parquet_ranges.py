"""Parquet files on the Hub, of which only the footer and the wanted column chunks are read, by ranges."""

import functools
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.utils import merge_offset_ranges

from builder.core.events import Events
from builder.sources.formats.columnar import counted, holds_bytes
from builder.sources.formats.table import BATCH_ROWS, Batch, plain_values
from builder.sources.hosts.files import RemoteFile
from builder.sources.hosts.hub import ask_hub
from builder.sources.spec import SourceSpec

GAP_BYTES = 16_384
"""Chunks nearer to one another than this are read by one request, with what lies between them."""
PARQUET_ERRORS = (pa.ArrowException, OSError)
"""What reading a file that is no sound Parquet raises."""

ReadRange = Callable[[int, int], bytes]
"""Gives the bytes of a file from a start to an end, the end left out."""


class NoRangesError(Exception):
    """A host gives whole files only."""


class ShortAnswerError(ConnectionError):
    """An answer ended before all that it announced had come."""


def open_ranges(spec: SourceSpec, commit: str, file: RemoteFile, events: Events) -> "RemoteParquet | None":
    """A file of the Hub by ranges; nothing if it is no Parquet, or its host gives whole files only."""
    if not file.name.lower().endswith(".parquet"):
        return None
    read = functools.partial(_read_range, spec, commit, file.name)
    try:
        return RemoteParquet(file.bytes, lambda start, end: ask_hub(spec, lambda: read(start, end), events))
    except (NoRangesError, *PARQUET_ERRORS):
        return None


class RemoteParquet:
    """A Parquet file that is read by ranges. `hashes` is filled by each pass that reads all rows."""

    def __init__(self, size: int, read_range: ReadRange) -> None:
        self._size, self._read_range = size, read_range
        file = _Parts(size, read_range)
        self._metadata = pq.read_metadata(pa.PythonFile(file))
        schema = self._metadata.schema.to_arrow_schema()
        self.columns: tuple[str, ...] = tuple(schema.names)
        if len(set(self.columns)) < len(self.columns) or not self.columns:
            raise pa.ArrowInvalid("its columns are not told apart by their names")
        self.unread = frozenset(item.name for item in schema if holds_bytes(item.type))
        self.rows: int = self._metadata.num_rows
        self.footer_bytes = file.fetched
        self.hashes: dict[str, str] = {}

    def wanted_bytes(self, wanted: Sequence[str]) -> int:
        """How many bytes the chunks of these columns take."""
        groups = range(self._metadata.num_row_groups)
        return sum(end - start for group in groups for start, end, _ in self._chunks(group, wanted))

    def batches(self, wanted: Sequence[str], progress: Callable[[int], None]) -> Iterator[Batch]:
        """The rows, with these columns; a column that the file lacks is all null.

        Args:
            wanted: names of columns.
            progress: told the bytes of each range that was read.
        """
        present = [name for name in wanted if name in self.columns]
        if not present:
            yield from counted(self.rows, wanted)
            return
        digests = {name: hashlib.sha256() for name in present}
        for group in range(self._metadata.num_row_groups):
            file, chunks = _Parts(self._size, self._read_range), self._chunks(group, present)
            starts, ends = [start for start, _, _ in chunks], [end for _, end, _ in chunks]
            _, starts, ends = merge_offset_ranges([""] * len(chunks), starts, ends, GAP_BYTES)
            for start, end in zip(starts, ends, strict=True):
                file.fetch(start, end)
                progress(end - start)
            for start, end, column in chunks:
                digests[column].update(file.between(start, end))
            opened = pq.ParquetFile(pa.PythonFile(file), metadata=self._metadata, pre_buffer=False)
            for batch in opened.iter_batches(BATCH_ROWS, row_groups=[group], columns=present, use_threads=False):
                nulls = [None] * batch.num_rows
                yield {name: plain_values(batch.column(name)) if name in present else nulls for name in wanted}
        self.hashes |= {name: digest.hexdigest() for name, digest in digests.items()}

    def _chunks(self, group: int, wanted: Sequence[str]) -> list[tuple[int, int, str]]:
        """In the file's order, start, end and column of a row group's chunks, those inside lists and objects too."""
        row_group = self._metadata.row_group(group)
        chunks = []
        for number in range(row_group.num_columns):
            leaf = row_group.column(number)
            path = leaf.path_in_schema
            holding = [name for name in wanted if path == name or path.startswith(f"{name}.")]
            if holding:
                start = min(filter(None, (leaf.dictionary_page_offset, leaf.data_page_offset)))
                chunks.append((start, start + leaf.total_compressed_size, max(holding, key=len)))
        return sorted(chunks)


class _Parts(io.RawIOBase):
    """A file at a host: parts that were fetched are at hand, another one is fetched when it is read."""

    def __init__(self, size: int, read_range: ReadRange) -> None:
        super().__init__()
        self._size, self._read_range, self._at = size, read_range, 0
        self._parts: list[tuple[int, bytes]] = []

    @property
    def fetched(self) -> int:
        """Bytes that are at hand."""
        return sum(len(part) for _, part in self._parts)

    def fetch(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`, at hand from now on."""
        self._parts.append((start, self._read_range(start, end)))
        return self._parts[-1][1]

    def between(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`; what of them stands before a part that is at hand is fetched."""
        for first, part in self._parts:
            if first < end <= first + len(part):
                before = self.fetch(start, first) if start < first else b""
                return before + part[max(start - first, 0) : end - first]
        return self.fetch(start, end)

    def read(self, size: int | None = -1) -> bytes:
        end = self._size if size is None or size < 0 else min(self._at + size, self._size)
        found = self.between(self._at, end) if end > self._at else b""
        self._at = end
        return found

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at


def _read_range(spec: SourceSpec, commit: str, name: str, start: int, end: int) -> bytes:
    from huggingface_hub import constants, hf_hub_url
    from huggingface_hub import utils as hub_utils

    utils: Any = hub_utils
    url = hf_hub_url(spec.location, name, repo_type="dataset", revision=commit)
    headers = {**utils.build_hf_headers(), "range": f"bytes={start}-{end - 1}", "accept-encoding": "identity"}
    request: dict[str, Any] = {"headers": headers, "timeout": constants.HF_HUB_DOWNLOAD_TIMEOUT}
    session: Any = utils.get_session()
    if callable(getattr(session, "stream", None)):  # an httpx client; one of requests has a flag of that name
        answering = session.stream("GET", url, **request)
    else:
        answering = session.get(url, stream=True, **request)
    with answering as answer:
        read = getattr(answer, "read", lambda: answer.content)
        if answer.status_code >= 400:
            read()
        utils.hf_raise_for_status(answer)
        if answer.status_code != 206:
            raise NoRangesError  # a whole file is left unread
        body: bytes = read()
    if len(body) != end - start:
        raise ShortAnswerError(f"{len(body)} bytes came of {end - start}")
    return body
