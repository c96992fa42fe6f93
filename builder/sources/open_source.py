"""Open sources: files that are here or at a host, as one table. Of remote Parquet only what is asked for comes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.core.errors import SourceError
from builder.core.events import Events
from builder.core.files import sha256_of
from builder.sources.columns.detect import with_same_names
from builder.sources.file_formats import Batch, Table, data_files, open_path, open_table
from builder.sources.formats.plain import Scratch, unpack
from builder.sources.formats.table import SPLIT_BY_FILE
from builder.sources.hosts.files import RemoteFile, Resolved, SourceFile, choose_files, is_archive, names_split
from builder.sources.hosts.hub import download_hub, newest_hub, resolve_hub
from builder.sources.hosts.kaggle import newest_kaggle, resolve_kaggle
from builder.sources.hosts.parquet_ranges import PARQUET_ERRORS, RemoteParquet, open_ranges
from builder.sources.spec import SourceSpec

SMALL_BYTES = 1_000_000
"""A file up to this size is read whole: fewer requests, and its hash is checked."""
MOST_OF_IT = 5 / 6
"""From this share of a file's bytes on it is read whole, too."""


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A source whose columns are known and whose rows are not read yet."""

    spec: SourceSpec
    revision: str
    table: Table
    files: Callable[[], tuple[SourceFile, ...]]
    """What was read of which files; complete once the rows are read."""


class Meter:
    """Counts the bytes that come for a source, and tells a listener."""

    def __init__(self, name: str, events: Events) -> None:
        self._step, self._events = f"fetch {name}", events
        self.done = self.total = 0

    def expect(self, count: int) -> None:
        """So many bytes more will come."""
        self.total += count

    def add(self, count: int) -> None:
        """So many bytes came."""
        self.done += count
        self._events.progress(self._step, self.done, max(self.total, self.done), "bytes")


def newest(spec: SourceSpec, events: Events) -> str:
    """The revision that a remote source has now; empty where the client cannot tell without fetching."""
    return newest_hub(spec, events) if spec.kind == "huggingface" else newest_kaggle(spec, events)


def resolve(spec: SourceSpec, cache_dir: Path, revision: str, events: Events, meter: Meter) -> Resolved:
    """The files of a remote source at a revision; those of Kaggle are fetched."""
    if spec.kind == "huggingface":
        return resolve_hub(spec, cache_dir, revision, events)
    return resolve_kaggle(spec, revision if revision.isdigit() else "", events, meter.add)


def open_local(spec: SourceSpec, cache_dir: Path | None = None) -> OpenedSource:
    """Open a source of local files; packed ones are unpacked into a folder of the cache, for the while.

    Raises:
        SourceError: a file is missing or cannot be opened.
    """
    path = Path(spec.location).expanduser()
    try:
        files = data_files(path)
        table = open_path(path, cache_dir)
    except SourceError as error:
        raise SourceError(f"{spec.name}: {error}") from error
    names = [file.name if file == path else file.relative_to(path).as_posix() for file in files]
    hashed = tuple(
        SourceFile(name, file.stat().st_size, sha256_of(file)) for name, file in zip(names, files, strict=True)
    )
    return OpenedSource(spec, "", with_same_names(spec, table), lambda: hashed)


def open_remote(spec: SourceSpec, resolved: Resolved, cache_dir: Path, events: Events, meter: Meter) -> OpenedSource:
    """Open a source at a host; of a large Parquet file its footer is read, other files are fetched.

    Raises:
        SourceError: a file cannot be had or opened.
    """
    parts = [
        _Part(spec, resolved.revision, file, cache_dir=cache_dir, events=events, meter=meter) for file in resolved.files
    ]
    columns = tuple(dict.fromkeys(name for part in parts for name in part.columns))
    if not columns:
        raise SourceError(f"source {spec.name!r}: {spec.location} holds no rows that can be read")

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        for part in parts:
            for batch in part.batches(wanted):
                if SPLIT_BY_FILE in wanted:
                    count = len(next(iter(batch.values())))
                    batch[SPLIT_BY_FILE] = ["test" if names_split(part.name, "test") else "train"] * count
                yield batch

    more = (SPLIT_BY_FILE,) if spec.split_field == SPLIT_BY_FILE else ()
    unread = frozenset(name for part in parts for name in part.unread)
    notes = tuple(note for part in parts for note in part.notes)
    table = Table(columns + more, batches, notes, unread)
    return OpenedSource(spec, resolved.revision, table, lambda: tuple(part.source_file() for part in parts))


class _Part:
    """One file of a remote source: whole and local, or read by ranges until most of it is wanted."""

    def __init__(
        self, spec: SourceSpec, revision: str, file: RemoteFile, *, cache_dir: Path, events: Events, meter: Meter
    ) -> None:
        self.name = file.name
        self._spec, self._revision, self._file = spec, revision, file
        self._cache_dir, self._events, self._meter = cache_dir, events, meter
        self._path = file.path
        self._table: Table | None = None
        self._scratch = Scratch(cache_dir)
        self._remote = self._open_ranges() if self._path is None and file.bytes > SMALL_BYTES else None
        opened = self._remote or self._whole()
        self.columns, self.unread = opened.columns, opened.unread

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how the file is read."""
        return self._table.notes if self._table else ()

    def batches(self, wanted: Sequence[str]) -> Iterator[Batch]:
        """Rows with these columns."""
        remote = self._remote
        if self._table or remote is None:
            yield from self._whole().batches(wanted)
            return
        count = remote.wanted_bytes(wanted)
        if count > MOST_OF_IT * self._file.bytes:
            yield from self._whole().batches(wanted)
            return
        self._meter.expect(count)
        try:
            yield from remote.batches(wanted, self._meter.add)
        except PARQUET_ERRORS as error:
            raise SourceError(f"source {self._spec.name!r}: {self.name} cannot be read to its end: {error}") from error

    def source_file(self) -> SourceFile:
        """What was read of the file."""
        if self._path or self._remote is None:
            return SourceFile(self.name, self._file.bytes, sha256_of(self._local()))
        return SourceFile(self.name, self._file.bytes, self._file.sha256, False, dict(self._remote.hashes))

    def _open_ranges(self) -> RemoteParquet | None:
        """The file by ranges; nothing if it cannot be read so, or its host states no hash of it."""
        remote = open_ranges(self._spec, self._revision, self._file, self._events) if self._file.sha256 else None
        if remote:
            self._meter.expect(remote.footer_bytes)
            self._meter.add(remote.footer_bytes)
        return remote

    def _local(self) -> Path:
        if self._path is None:
            self._meter.expect(self._file.bytes)
            self._path = download_hub(
                self._spec, self._revision, self._file, self._cache_dir, progress=self._meter.add, events=self._events
            )
        return self._path

    def _whole(self) -> Table:
        if self._table is None:
            self._table = open_table(self._unpacked(), self._scratch)
        return self._table

    def _unpacked(self) -> list[Path]:
        """The local file, or what it holds if it is an archive; that goes when this part does."""
        path = self._local()
        if not is_archive(self.name):
            return [path]
        folder = self._scratch.new_folder()
        names = unpack(path, folder)
        return [folder / name for name in choose_files(self._spec, names, self.name)]
