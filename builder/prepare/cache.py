"""Sources' rows, prepared in parallel and kept in the cache, named by what went in.

Each distinct description and each distinct code is prepared once, whatever rows and sources it stands in, and is kept
too: a source that changed has only its new texts prepared. Rows are then put together from their texts.
"""

import sys
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from xxhash import xxh3_128_digest

from builder.core.events import Events
from builder.core.executors import Run, open_workers
from builder.core.files import code_hash, sha256_of, short_hash, written_aside
from builder.core.row_store import (
    PreparedFile,
    TextStore,
    batches_of,
    columns_of,
    open_writer,
    record_batch,
    write_texts,
)
from builder.core.schema import PREPARED_SCHEMA, READ_SCHEMA
from builder.prepare.format_code import formatted, formatter
from builder.prepare.prepare import (
    CODE_SCHEMA,
    DESCRIPTION_SCHEMA,
    TEXT_SCHEMA,
    in_community,
    is_official,
    prepare_codes,
    prepare_descriptions,
    put_together,
)

EDITED, DESCRIBED = "repair:edited", "repair:described"
"""Stands in a row's repairs for a text that a person replaced."""
BATCH_ROWS = 512
"""Rows of a batch, fewer where they are long; the same whatever the number of workers."""
_BATCH_TEXTS = 128
"""Distinct texts of a batch: few, so that all workers are busy to the end."""
_BATCH_CHARACTERS = 1 << 19
"""Fewer texts make a batch where they are long."""


@dataclass
class _Texts:
    """One of the two kinds of texts that rows have."""

    column: str
    schema: pa.Schema
    prepare: Callable[[pa.RecordBatch], pa.RecordBatch]
    store: TextStore = field(init=False)
    numbers: dict[str, "array[int]"] = field(default_factory=dict)
    """By source, the number in the store of each row's text."""
    new: dict[str, "array[int]"] = field(default_factory=dict)
    """By source, the rows whose texts are to be prepared."""

    def __post_init__(self) -> None:
        self.store = TextStore(self.schema)


def prepare_files(
    read: Mapping[str, Path], cache_dir: Path, workers: int, cluster: str, events: Events
) -> dict[str, Path]:
    """Prepare the rows of sources, or find them in the cache.

    Args:
        read: for each source a Parquet file of `READ_SCHEMA`, whose name holds the hash of what it was read from.
        cache_dir: the cache.
        workers: processes; 0 for one a processor. The result is the same for any number.
        cluster: address of a Dask scheduler; empty for this machine alone.
        events: hears the progress.

    Returns:
        For each source a Parquet file of `PREPARED_SCHEMA` with the same rows in the same order.
    """
    code = version_of_preparation()
    keys = {name: short_hash([path.name, code]) for name, path in read.items()}
    paths = {name: cache_dir / "prepared" / f"{name}-{key}.parquet" for name, key in keys.items()}
    missing = {name: path for name, path in read.items() if not _is_whole(paths[name], name, events)}
    if missing:
        kinds = (
            _Texts("description", DESCRIPTION_SCHEMA, prepare_descriptions),
            _Texts("code", CODE_SCHEMA, prepare_codes),
        )
        folder = cache_dir / "prepared" / f"texts-{short_hash([code])}"
        for kind in kinds:
            _take_in_kept(kind, folder, events)
            for name, path in missing.items():
                _number(kind, name, path)
        texts = sum(len(kind.store.new) for kind in kinds)
        with open_workers(workers, cluster, texts, version_of_preparation) as run:
            for kind in kinds:
                if kind.store.new:
                    _prepare_new(kind, missing, folder, run, events)
        for name, path in missing.items():
            _write(name, path, paths[name], kinds, events)
    return paths


def with_edits(
    prepared: Path, read: Path, edits: Mapping[int, tuple[str | None, str | None, str]], cache_dir: Path
) -> Path:
    """Prepared rows of which a person edited some; these go through all that the published row would.

    Args:
        prepared, read: a source's files, as `prepare_files` gives and takes them.
        edits: by place of the row in the file, from 0, the description and the code in place of the published ones
            (`None` leaves one), and the name that `repairs` have for it.
        cache_dir: the cache.

    Returns:
        A Parquet file of `PREPARED_SCHEMA`. `content` stays that of the published row; `repairs` say what was edited.
    """
    path = cache_dir / "prepared" / f"{prepared.stem}-{short_hash([repr(sorted(edits.items()))])}.parquet"
    if path.is_file():
        return path
    wanted = pl.Series(list(edits), dtype=pl.UInt32)
    rows = columns_of([PreparedFile(read, 0, 0)], READ_SCHEMA.names, wanted).to_dicts()
    edits = {row["row"]: edits[row.pop("index")] for row in rows}
    for row in rows:
        description, code, _ = edits[row["row"]]
        row.update({name: text for name, text in (("description", description), ("code", code)) if text is not None})
        row["problem"] = None if None not in edits[row["row"]] else row["problem"]
    made = {row["row"]: row for row in _prepare_few(rows)}
    with written_aside(path) as aside, open_writer(aside, PREPARED_SCHEMA) as writer, pq.ParquetFile(prepared) as old:
        for batch in batches_of(old, BATCH_ROWS, PREPARED_SCHEMA.names):
            if made.keys().isdisjoint(batch["row"].to_pylist()):
                writer.write_batch(batch)
            else:
                lines = [_edited(line, made.get(line["row"]), edits) for line in batch.to_pylist()]
                writer.write_batch(record_batch(lines, PREPARED_SCHEMA))
    return path


def _prepare_few(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Prepare some rows of `READ_SCHEMA` here and now."""

    def texts(column: str) -> pa.RecordBatch:
        lines = [{"key": bytes(16), "text": row[column] or "", "official": False} for row in rows]
        return record_batch(lines, TEXT_SCHEMA)

    descriptions, codes = prepare_descriptions(texts("description")), prepare_codes(texts("code"))
    read = record_batch(rows, READ_SCHEMA)
    return put_together(read, pa.Table.from_batches([descriptions]), pa.Table.from_batches([codes])).to_pylist()


def _edited(
    line: dict[str, Any], made: dict[str, Any] | None, edits: Mapping[int, tuple[str | None, str | None, str]]
) -> dict[str, Any]:
    if made is None:
        return line
    description, code, step = edits[line["row"]]
    repairs = {
        f"{name}_repairs": [step, *made[f"{name}_repairs"]]
        for name, text in (("description", description), ("code", code))
        if text is not None
    }
    return {**made, **repairs, "content": line["content"]}


def in_community_dialect(path: Path, events: Events) -> Path:
    """A prepared file with its ManimGL programs as they are in Manim Community, as far as they could be brought there.

    It is kept beside the file, and made if it is not there.
    """
    return _changed(path, ".ce.parquet", in_community, events)


def formatted_programs(path: Path, events: Events) -> Path:
    """A prepared file with its programs laid out in one style; kept beside it like the other."""
    return _changed(path, f".{formatter()}.parquet", formatted, events)


def _changed(path: Path, suffix: str, change: Callable[[pa.RecordBatch], pa.RecordBatch], events: Events) -> Path:
    made = path.with_suffix(suffix)
    if not _is_whole(made, made.name, events):
        with pq.ParquetFile(path) as old, written_aside(made) as aside, open_writer(aside, PREPARED_SCHEMA) as writer:
            for batch in batches_of(old, BATCH_ROWS, PREPARED_SCHEMA.names):
                writer.write_batch(change(batch))
        _record_whole(made)
    return made


def version_of_preparation() -> str:
    """Tells whether two machines would prepare rows alike: Python's minor version and a hash of the code that does."""
    builder = Path(__file__).parents[1]
    packages = (builder / "prepare", builder / "manim_lint")
    files = (file for package in packages for kind in ("*.py", "*.gz") for file in package.rglob(kind))
    return f"{sys.version_info.major}.{sys.version_info.minor}/{code_hash(*files, builder / 'core' / 'schema.py')}"


def _is_whole(path: Path, name: str, events: Events) -> bool:
    """Whether a file is in the cache as it was written; one that was cut short or changed is said."""
    try:
        recorded = _record(path).read_text(encoding="ascii")
        whole = sha256_of(path) == recorded
    except FileNotFoundError:
        return False  # never made, or its build was killed
    except (OSError, ValueError):
        whole = False
    if not whole:
        events.warn(f"{name}: {path} was cut short or changed; it is made anew")
    return whole


def _record(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _take_in_kept(kind: _Texts, folder: Path, events: Events) -> None:
    """Take in the texts that earlier builds prepared with the same code."""
    for path in sorted(folder.glob(f"{kind.column}-*.arrow")):
        if _is_whole(path, "texts", events):
            kind.store.add(path)


def _number(kind: _Texts, name: str, path: Path) -> None:
    """Find each row's text in the store; new ones wait to be prepared."""
    numbers, new = kind.numbers[name], kind.new[name] = array("I"), array("I")
    for text, official in _texts(kind, path):
        number, is_new = kind.store.number(_key(text, official))
        if is_new:
            new.append(len(numbers))
        numbers.append(number)


def _texts(kind: _Texts, path: Path) -> Iterator[tuple[str, bool]]:
    """The texts of a file, and whether they are codes of official test rows, which are not repaired."""
    columns = (kind.column, "split")
    with pq.ParquetFile(path) as opened:
        for batch in batches_of(opened, BATCH_ROWS, columns):
            texts, splits = (batch.column(name).to_pylist() for name in columns)
            for text, split in zip(texts, splits, strict=True):
                yield text or "", kind.column == "code" and is_official(split)


def _key(text: str, official: bool) -> bytes:
    return xxh3_128_digest(text.encode("utf-8", "surrogatepass"), seed=int(official))


def _prepare_new(kind: _Texts, read: Mapping[str, Path], folder: Path, run: Run, events: Events) -> None:
    """Prepare the texts that the store lacks, and add them to it and to the cache."""
    total, done = len(kind.store.new), 0

    def prepared() -> Iterator[pa.RecordBatch]:
        nonlocal done
        for batch in run(kind.prepare, _batches(kind, read)):
            done += batch.num_rows
            events.progress(f"prepare {kind.column}s", done, total)
            yield batch

    path = folder / f"{kind.column}-{short_hash(key.hex() for key in kind.store.new)}.arrow"
    with written_aside(path) as aside:
        write_texts(prepared(), kind.schema, aside)
    _record_whole(path)
    kind.store.add(path)


def _batches(kind: _Texts, read: Mapping[str, Path]) -> Iterator[pa.RecordBatch]:
    """New texts, in the order of their numbers, so many at a time."""
    rows: list[dict[str, object]] = []
    characters = 0
    for name, path in read.items():
        wanted = iter(kind.new[name])
        next_row = next(wanted, None)
        if next_row is None:
            continue
        for row, (text, official) in enumerate(_texts(kind, path)):
            if row != next_row:
                continue
            rows.append({"key": _key(text, official), "text": text, "official": official})
            characters += len(text)
            if len(rows) == _BATCH_TEXTS or characters >= _BATCH_CHARACTERS:
                yield record_batch(rows, schema=TEXT_SCHEMA)
                rows, characters = [], 0
            next_row = next(wanted, None)
            if next_row is None:
                break
    if rows:
        yield record_batch(rows, schema=TEXT_SCHEMA)


def _write(name: str, read: Path, path: Path, kinds: tuple[_Texts, _Texts], events: Events) -> None:
    """Put a source's rows together from their texts."""
    done = 0
    with pq.ParquetFile(read) as opened, written_aside(path) as aside, open_writer(aside, PREPARED_SCHEMA) as writer:
        for batch in batches_of(opened, BATCH_ROWS, READ_SCHEMA.names):
            until = done + batch.num_rows
            descriptions, codes = (kind.store.rows(kind.numbers[name][done:until]) for kind in kinds)
            writer.write_batch(put_together(batch, descriptions, codes))
            done = until
            events.progress(f"prepare {name}", done, opened.metadata.num_rows)
    _record_whole(path)


def _record_whole(path: Path) -> None:
    with written_aside(_record(path)) as aside:
        aside.write_text(sha256_of(path), encoding="ascii")
