"""A source becomes one local Parquet file of `READ_SCHEMA`, kept in the cache under the hash of what went in."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import cast

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from builder.core.errors import SourceError
from builder.core.events import Events
from builder.core.files import code_hash, short_hash, written_aside
from builder.core.row_store import open_writer, record_batch, rows_of_a_group
from builder.core.schema import FOLLOW_UP, READ_SCHEMA, TURN
from builder.prepare.cache import version_of_preparation
from builder.sources.columns.chats import Exchange
from builder.sources.columns.detect import choose_fields
from builder.sources.columns.names import TASKS, Fields, with_nested
from builder.sources.file_formats import Batch, BrokenRow, Table
from builder.sources.formats.table import lines_as_text, utf8
from builder.sources.hosts.files import SourceFile, card_licence, read_card
from builder.sources.lock import Pin, check_pin
from builder.sources.open_source import Meter, OpenedSource, newest, open_local, open_remote, resolve
from builder.sources.read_cache import Kept, alone, find_kept, keep
from builder.sources.spec import UNKNOWN, SourceSpec

MAX_CHARACTERS = 400_000
"""A longer description or code is not carried on: no prompt or program for fine-tuning comes near."""
EXPECTED_WITHIN = 0.05
"""Share by which a source's rows may differ from the expected number without a warning."""
_READERS = ("columns/*", "formats/*", "hosts/*", "read_one*", "open_source*", "file_formats*", "read_cache*")
"""Files of this package that read: they name the cache of what was read."""


@dataclass(frozen=True, slots=True)
class ReadSource:
    """A source that was read."""

    spec: SourceSpec
    """As it was read: of a mirror, with the mirror's place; with the licence of its card, if no other was known."""
    path: Path
    """Parquet of `READ_SCHEMA`, one line a row, in the order of the source."""
    rows: int
    columns: tuple[str, ...]
    fields: Fields
    files: tuple[SourceFile, ...]
    revision: str
    """Hub commit or Kaggle version; empty for a local file."""
    mirror_of: str = ""
    """Where the source itself lives, if it was read from a mirror."""


def read_source(
    spec: SourceSpec,
    cache_dir: Path,
    events: Events,
    *,
    pin: Pin | None = None,
    lock_file: Path = Path(),
    offline: bool = False,
) -> ReadSource:
    """Read a source into the cache, or find it there.

    Args:
        spec: the source.
        cache_dir: the cache.
        events: hears warnings and progress.
        pin: what is locked of a remote source; it is read at that revision.
        lock_file: where the pin stands, for messages.
        offline: make no request; only what is in the cache is used.

    Raises:
        SourceError: the source cannot be had or read, or is not what is locked.
        FieldsNotFoundError: its description or code column cannot be found.
    """
    task = _Task(spec, cache_dir, events, pin, lock_file, offline)
    path, kept = _local(task) if spec.kind == "file" else _remote(task)
    for warning in kept.warnings:
        events.warn(warning)
    if not kept.rows:
        raise SourceError(f"{spec.name}: the source has no rows ({spec.location})")
    _compare_with_expected(spec, kept.rows, events)
    if spec.licence == UNKNOWN:
        spec = replace(spec, licence=kept.licence or _of_snapshot(spec) or UNKNOWN)
    return ReadSource(spec, path, kept.rows, kept.columns, kept.fields, kept.files, kept.revision)


def kept_of(spec: SourceSpec, cache_dir: Path, revision: str, events: Events) -> Kept | None:
    """What the cache holds of a remote source at a revision."""
    return find_kept(_path(spec, cache_dir, [spec.location, revision]), spec.name, events)


def _of_snapshot(spec: SourceSpec) -> str:
    """The licence that the card in a local folder states, such as in a copy of a repository; empty if there is none."""
    card = Path(spec.location).expanduser() / "README.md"
    return card_licence(read_card(card)) if spec.kind == "file" and card.is_file() else ""


@dataclass(frozen=True, slots=True)
class _Task:
    """What `read_source` was asked for."""

    spec: SourceSpec
    cache_dir: Path
    events: Events
    pin: Pin | None
    lock_file: Path
    offline: bool


def _local(task: _Task) -> tuple[Path, Kept]:
    opened = open_local(task.spec, task.cache_dir)
    path = _path(task.spec, task.cache_dir, [file.sha256 for file in opened.files()])
    with alone(path):
        return path, find_kept(path, task.spec.name, task.events) or _read(opened, path, task)


def _remote(task: _Task) -> tuple[Path, Kept]:
    spec, pin = task.spec, task.pin
    revision = pin.revision if pin else newest(spec, task.events)
    path = _path(spec, task.cache_dir, [spec.location, revision])
    with alone(path):
        kept = (find_kept(path, spec.name, task.events) if revision else None) or _fetch(revision, path, task)
    if pin:
        check_pin(pin, kept.files, task.lock_file)
    return path, kept


def _path(spec: SourceSpec, cache_dir: Path, content: Sequence[str]) -> Path:
    """Where a source's rows are kept: named by its content, its wishes, and the code that reads it."""
    here = Path(__file__).parent
    code = code_hash(*(file for pattern in _READERS for file in here.glob(f"{pattern}.py")))
    values = {item.name: getattr(spec, item.name) for item in fields(spec)}
    wishes = [f"{key}={values[key]}" for key in sorted(values) if key.endswith(("kind", "_field", "file", "split"))]
    wishes.append(f"asked={sorted(spec.asked)}")
    wishes.append(version_of_preparation())  # which part of a chat is the program is for the cleaning to say
    return cache_dir / "read" / f"{spec.name}-{short_hash([code, *wishes, *content])}.parquet"


def _fetch(revision: str, path: Path, task: _Task) -> Kept:
    spec = task.spec
    if task.offline:
        raise SourceError(
            f"{spec.name}: revision {revision} of {spec.location} is not in the cache {task.cache_dir}, and "
            "--offline forbids to fetch it: build once without --offline"
        )
    meter = Meter(spec.name, task.events)
    resolved = resolve(spec, task.cache_dir, revision, task.events, meter)
    if task.pin:
        stated = (SourceFile(file.name, file.bytes, file.sha256) for file in resolved.files)
        check_pin(task.pin, stated, task.lock_file)
    opened = open_remote(spec, resolved, task.cache_dir, task.events, meter)
    return _read(opened, path, task, resolved.licence)


def _read(opened: OpenedSource, path: Path, task: _Task, licence: str = "") -> Kept:
    spec, table = opened.spec, opened.table
    choice = choose_fields(spec, table)
    chosen, warning = choice.fields, choice.warning(spec, table.columns)
    warnings = [f"{spec.name}: {note}" for note in table.notes] + ([warning] if warning else [])
    if spec.split_field and not chosen.split:
        warnings.append(f"{spec.name}: no column {spec.split_field!r}, so its official test rows are not known")
    tally: Counter[str] = Counter()
    _convert(with_nested(table, tally), chosen, path, spec.name, task.events)
    if tally["tasks"]:
        warnings.append(f"{spec.name}: {tally['rows']:,} chats hold {tally['tasks']:,} more tasks; each is a row")
    if tally["left out"]:
        warnings.append(
            f"{spec.name}: {tally['left out']:,} requests lean on what was said before in their chat; the ledger has "
            "them as 'follow_up'"
        )
    rows = pq.read_metadata(path).num_rows
    kept = Kept(opened.revision, rows, table.columns, chosen, opened.files(), tuple(warnings), licence)
    if task.pin:
        check_pin(task.pin, kept.files, task.lock_file)
    keep(path, kept)
    return kept


def _compare_with_expected(spec: SourceSpec, rows: int, events: Events) -> None:
    if spec.expected_rows and abs(rows - spec.expected_rows) > EXPECTED_WITHIN * spec.expected_rows:
        share = abs(rows - spec.expected_rows) / spec.expected_rows
        events.warn(f"{spec.name}: {rows:,} rows read, {spec.expected_rows:,} expected ({share:.0%} off)")


def _convert(table: Table, fields: Fields, path: Path, name: str, events: Events) -> None:
    wanted = [fields.description, fields.code, fields.split, fields.error, fields.difficulty]
    done = 0
    schema = READ_SCHEMA.with_metadata({"columns": ", ".join(table.columns)})
    with written_aside(path) as aside, open_writer(aside, schema) as writer:
        for batch in table.batches(list(dict.fromkeys(filter(None, wanted)))):
            converted = _convert_batch(batch, fields, done)
            writer.write_batch(converted.replace_schema_metadata(schema.metadata), rows_of_a_group(converted))
            done += sum(row is not None and row < TURN for row in converted.column("row").to_pylist())
            events.progress(f"read {name}", done, None)
    events.progress(f"read {name}", done, done)


def _convert_batch(batch: Batch, fields: Fields, first_row: int) -> pa.RecordBatch:
    texts: dict[str, list[str | None]] = {}
    count = len(next(iter(batch.values())))
    problems: list[list[str]] = [[] for _ in range(count)]
    for role in ("description", "code", "split", "error", "difficulty"):
        values = batch.get(getattr(fields, role)) if getattr(fields, role) else None
        texts[role] = [None] * count if values is None else list(_texts(values, role, problems))
    tasks = cast(list[tuple[int, Exchange | None]], batch.get(TASKS, [(0, None)] * count))
    rows, line = [], first_row - 1
    for turn, task in tasks:
        line += turn == 0
        rows.append(line + turn * TURN)
        if task is not None and task.left_out:
            problems[len(rows) - 1].insert(0, f"{FOLLOW_UP}: {task.left_out}")
    # A row that its file could not give says so once, not once for every column.
    problem = ["; ".join(dict.fromkeys(found)) or None for found in problems]
    dialogues = [_as_json(task.dialogue) if task is not None else None for _, task in tasks]
    columns = {"row": rows, **texts, "problem": problem, "dialogue": dialogues}
    return record_batch(columns, READ_SCHEMA)


def _as_json(dialogue: Sequence[tuple[str, str]]) -> str | None:
    """The messages of a chat, for who makes data of repairs; `None` if there are none."""
    told = [{"role": role, "content": utf8(text)} for role, text in dialogue]
    return orjson.dumps(told).decode() if told else None


def _texts(values: Sequence[object], role: str, problems: list[list[str]]) -> Iterator[str | None]:
    """Values as text; what is not text becomes null, and for description and code a problem of its row."""
    telling = role in ("description", "code")
    for cell, problem in zip(values, problems, strict=True):
        value = lines_as_text(cell) if role == "code" else cell
        if value is None:
            yield None
        elif isinstance(value, str):
            if telling and len(value) > MAX_CHARACTERS:
                problem.append(f"{role}: {len(value):,} characters, more than {MAX_CHARACTERS:,}")
                yield None
                continue
            if utf8(value) == value:
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
            yield None if telling or isinstance(value, BrokenRow) else utf8(str(value))
