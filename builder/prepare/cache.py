"""Sources' rows, prepared in parallel over batches and kept in the cache, named by what went in."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from builder.core.events import Events
from builder.core.executors import Run, open_workers
from builder.core.files import code_hash, sha256_of, short_hash, written_aside
from builder.core.row_store import batches_of, open_writer
from builder.core.schema import PREPARED_SCHEMA, READ_SCHEMA
from builder.prepare.prepare import prepare_batch

EDITED = "repair:edited"
"""Stands in a row's repairs for a text that a person replaced."""
BATCH_ROWS = 512
"""Rows of a batch, fewer where they are long; the same whatever the number of workers."""


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
    rows = {name: pq.read_metadata(path).num_rows for name, path in missing.items()}
    if missing:
        with open_workers(workers, cluster, sum(rows.values()), version_of_preparation) as run:
            prepared = _prepared(run, missing.values())
            for name in missing:
                _write(prepared, paths[name], name, rows[name], events)
    return paths


def with_edits(prepared: Path, read: Path, edits: Mapping[int, tuple[str | None, str | None]], cache_dir: Path) -> Path:
    """Prepared rows of which a person edited some; these go through all that the published row would.

    Args:
        prepared, read: a source's files, as `prepare_files` gives and takes them.
        edits: by number of the row, the description and the code in place of the published ones; `None` leaves one.
        cache_dir: the cache.

    Returns:
        A Parquet file of `PREPARED_SCHEMA`. `content` stays that of the published row; `repairs` say what was edited.
    """
    path = cache_dir / "prepared" / f"{prepared.stem}-{short_hash([repr(sorted(edits.items()))])}.parquet"
    if path.is_file():
        return path
    rows = pq.read_table(read, filters=[("row", "in", list(edits))], schema=READ_SCHEMA).to_pylist()
    for row in rows:
        description, code = edits[row["row"]]
        row.update({name: text for name, text in (("description", description), ("code", code)) if text is not None})
        row["problem"] = None if None not in edits[row["row"]] else row["problem"]
    made = {row["row"]: row for row in prepare_batch(pa.RecordBatch.from_pylist(rows, READ_SCHEMA)).to_pylist()}
    with written_aside(path) as aside, open_writer(aside, PREPARED_SCHEMA) as writer, pq.ParquetFile(prepared) as old:
        for batch in batches_of(old, BATCH_ROWS, PREPARED_SCHEMA.names):
            if made.keys().isdisjoint(batch["row"].to_pylist()):
                writer.write_batch(batch)
            else:
                lines = [_edited(line, made.get(line["row"]), edits) for line in batch.to_pylist()]
                writer.write_batch(pa.RecordBatch.from_pylist(lines, PREPARED_SCHEMA))
    return path


def _edited(
    line: dict[str, Any], made: dict[str, Any] | None, edits: Mapping[int, tuple[str | None, str | None]]
) -> dict[str, Any]:
    if made is None:
        return line
    description, code = edits[line["row"]]
    repairs = {
        f"{name}_repairs": [EDITED, *made[f"{name}_repairs"]]
        for name, text in (("description", description), ("code", code))
        if text is not None
    }
    return {**made, **repairs, "content": line["content"]}


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


def _prepared(run: Run, files: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    """Batches of all files, one file after the other; no batch holds rows of two."""

    def batches() -> Iterator[pa.RecordBatch]:
        for file in files:
            with pq.ParquetFile(file) as opened:
                yield from batches_of(opened, BATCH_ROWS, READ_SCHEMA.names)

    return run(prepare_batch, batches())


def _write(prepared: Iterator[pa.RecordBatch], path: Path, name: str, rows: int, events: Events) -> None:
    """Take a file's rows off the stream of batches."""
    done = 0
    with written_aside(path) as aside, open_writer(aside, PREPARED_SCHEMA) as writer:
        while done < rows:
            batch = next(prepared)
            writer.write_batch(batch)
            done += batch.num_rows
            events.progress(f"prepare {name}", done, rows)
    with written_aside(_record(path)) as aside:
        aside.write_text(sha256_of(path), encoding="ascii")
