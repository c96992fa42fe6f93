"""A source becomes one local Parquet file of `READ_SCHEMA`, kept in the cache under the hash of what went in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from builder.errors import SourceError
from builder.events import Events
from builder.example import READ_SCHEMA, Judge
from builder.files import code_hash, sha256_of, short_hash, written_aside
from builder.sources.detect import Choice, choose_fields
from builder.sources.fetched import Fetched
from builder.sources.fields import Fields, find_fields
from builder.sources.hub import fetch_hub
from builder.sources.kaggle import fetch_kaggle
from builder.sources.nested import with_nested
from builder.sources.sampling import bytes_columns
from builder.sources.spec import SourceSpec
from builder.sources.tables import Batch, BrokenRow, Table, data_files, open_table

MAX_CHARACTERS = 400_000
"""A longer description or code is not carried on: no prompt or program for fine-tuning comes near."""
EXPECTED_WITHIN = 0.05
"""Share by which a source's rows may differ from the expected number without a warning."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that a source was read from."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ReadSource:
    """A source that was read."""

    spec: SourceSpec
    path: Path
    """Parquet of `READ_SCHEMA`, one line a row, in the order of the source."""
    rows: int
    columns: tuple[str, ...]
    fields: Fields
    files: tuple[SourceFile, ...]
    revision: str
    """Hub commit or Kaggle version; empty for a local file."""


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A source whose files are here and whose rows are not read yet."""

    spec: SourceSpec
    fetched: Fetched
    table: Table


def open_source(spec: SourceSpec, cache_dir: Path) -> OpenedSource:
    """Fetch a source's files, if they are not local, and open them.

    Raises:
        SourceError: the files cannot be had or opened.
    """
    if spec.kind == "huggingface":
        fetched = fetch_hub(spec, cache_dir)
    elif spec.kind == "kaggle":
        fetched = fetch_kaggle(spec, cache_dir)
    else:
        try:
            fetched = Fetched(data_files(Path(spec.location).expanduser()), "")
        except SourceError as error:
            raise SourceError(f"{spec.name}: {error}") from error
    return OpenedSource(spec, fetched, open_table(fetched.files))


def choose(opened: OpenedSource, judge: Judge) -> Choice:
    """The columns of an open source.

    Raises:
        SourceError: a file cannot be read.
        FieldsNotFoundError: the description or code column cannot be told.
    """
    return choose_fields(opened.spec, opened.table, judge, bytes_columns(opened.fetched.files))


def read_source(spec: SourceSpec, cache_dir: Path, events: Events, judge: Judge | None = None) -> ReadSource:
    """Read a source into the cache, or find it there. Without a judge of texts, columns are told by name alone.

    Raises:
        SourceError: the source cannot be had or read.
        FieldsNotFoundError: its description or code column cannot be told.
    """
    opened = open_source(spec, cache_dir)
    fields = _fields(opened, judge, events)
    if spec.split_field and not fields.split:
        events.warn(f"{spec.name}: no column {spec.split_field!r}, so its official test rows cannot be told")
    files = tuple(SourceFile(sha256_of(file), file.stat().st_size) for file in opened.fetched.files)
    here = Path(__file__).parent
    key = short_hash(
        [code_hash(here / "read.py", here / "tables.py", here / "nested.py"), repr(fields), *(f.sha256 for f in files)]
    )
    path = cache_dir / "read" / f"{spec.name}-{key}.parquet"
    if not path.exists():
        _convert(with_nested(opened.table), fields, path, spec.name, events)
    rows = pq.read_metadata(path).num_rows
    if not rows:
        raise SourceError(f"{spec.name}: the source has no rows ({', '.join(str(f) for f in opened.fetched.files)})")
    _compare_with_expected(spec, rows, events)
    return ReadSource(spec, path, rows, opened.table.columns, fields, files, opened.fetched.revision)


def _fields(opened: OpenedSource, judge: Judge | None, events: Events) -> Fields:
    if judge is None:
        return find_fields(opened.spec, opened.table.columns)
    choice = choose(opened, judge)
    if warning := choice.warning(opened.spec, opened.table.columns):
        events.warn(warning)
    return choice.fields


def _compare_with_expected(spec: SourceSpec, rows: int, events: Events) -> None:
    if spec.expected_rows and abs(rows - spec.expected_rows) > EXPECTED_WITHIN * spec.expected_rows:
        share = abs(rows - spec.expected_rows) / spec.expected_rows
        events.warn(f"{spec.name}: {rows:,} rows read, {spec.expected_rows:,} expected ({share:.0%} off)")


def _convert(table: Table, fields: Fields, path: Path, name: str, events: Events) -> None:
    wanted = [fields.description, fields.code, fields.split, fields.error, fields.difficulty]
    done = 0
    schema = READ_SCHEMA.with_metadata({"columns": ", ".join(table.columns)})
    with written_aside(path) as aside, pq.ParquetWriter(aside, schema, compression="zstd") as writer:
        for batch in table.batches(list(dict.fromkeys(filter(None, wanted)))):
            converted = _convert_batch(batch, fields, done)
            writer.write_batch(converted.replace_schema_metadata(schema.metadata))
            done += converted.num_rows
            events.progress(f"read {name}", done, None)


def _convert_batch(batch: Batch, fields: Fields, first_row: int) -> pa.RecordBatch:
    texts: dict[str, list[str | None]] = {}
    count = len(next(iter(batch.values())))
    problems: list[list[str]] = [[] for _ in range(count)]
    for role in ("description", "code", "split", "error", "difficulty"):
        values = batch.get(getattr(fields, role)) if getattr(fields, role) else None
        texts[role] = [None] * count if values is None else list(_texts(values, role, problems))
    rows = list(range(first_row, first_row + count))
    # A row that its file could not give says so once, not once for every column.
    problem = ["; ".join(dict.fromkeys(found)) or None for found in problems]
    return pa.RecordBatch.from_pydict({"row": rows, **texts, "problem": problem}, schema=READ_SCHEMA)


def _texts(values: Sequence[object], role: str, problems: list[list[str]]) -> Iterator[str | None]:
    """Values as text; what is not text becomes null, and for description and code a problem of its row."""
    telling = role in ("description", "code")
    for value, problem in zip(values, problems, strict=True):
        if value is None:
            yield None
        elif isinstance(value, str):
            if telling and len(value) > MAX_CHARACTERS:
                problem.append(f"{role}: {len(value):,} characters, more than {MAX_CHARACTERS:,}")
                yield None
                continue
            if value.isascii() or _encodes(value):
                yield value
                continue
            if telling:
                problem.append(f"{role}: not valid UTF-8")
            yield None
        else:
            if isinstance(value, BrokenRow):
                problem.append(value.reason)
            elif telling:
                problem.append(f"{role}: {type(value).__name__}, not text")
            yield None if telling or isinstance(value, BrokenRow) else str(value)


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
