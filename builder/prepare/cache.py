"""A source's rows, prepared in parallel over batches and kept in the cache, named by what went in."""

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from builder.events import Events
from builder.example import PREPARED_SCHEMA
from builder.files import code_hash, short_hash, written_aside
from builder.prepare.rows import prepare_batch

BATCH_ROWS = 512
"""Rows of a batch; the same whatever the number of workers."""
_IN_FLIGHT = 3
"""Batches under way for each worker: enough to keep it busy, few enough to bound memory."""
_ROWS_FOR_A_PROCESS = 1500
"""Below this many rows a process costs more to start than it saves."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def prepare_file(read: Path, name: str, cache_dir: Path, workers: int, events: Events) -> Path:
    """Prepare the rows of a Parquet file of `READ_SCHEMA`, or find them in the cache.

    Args:
        read: the file; its name holds the hash of what it was read from.
        name: the source, for the cache file's name and for progress.
        cache_dir: the cache.
        workers: processes; 0 for one a processor. The result is the same for any number.
        events: hears the progress.

    Returns:
        A Parquet file of `PREPARED_SCHEMA` with the same rows in the same order.
    """
    here = Path(__file__).parent
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = short_hash([read.name, python, code_hash(*here.glob("*.py"), here.parent / "example.py")])
    path = cache_dir / "prepared" / f"{name}-{key}.parquet"
    if path.exists():
        return path
    with pq.ParquetFile(read) as opened, written_aside(path) as aside:
        rows, done = opened.metadata.num_rows, 0
        batches = opened.iter_batches(BATCH_ROWS)
        with pq.ParquetWriter(aside, PREPARED_SCHEMA, compression="zstd") as writer:
            for prepared in _run(prepare_batch, batches, workers or _processors(), rows):
                writer.write_batch(prepared)
                done += prepared.num_rows
                events.progress(f"prepare {name}", done, rows)
    return path


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _run(
    function: Callable[[pa.RecordBatch], pa.RecordBatch], batches: Iterable[pa.RecordBatch], workers: int, rows: int
) -> Iterator[pa.RecordBatch]:
    processes = min(workers, rows // _ROWS_FOR_A_PROCESS)
    if processes < 2:
        yield from map(function, batches)
        return
    # Not `fork`: the parent runs threads (Arrow, Polars), which a fork would cut off holding their locks.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as executor:
        yield from map_in_order(executor, function, batches, processes * _IN_FLIGHT)


def map_in_order(
    executor: Executor, function: Callable[[Item], Result], items: Iterable[Item], in_flight: int
) -> Iterator[Result]:
    """As `executor.map`, but with no more than `in_flight` items under way, so that memory stays flat."""
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(executor.submit(function, item))
            if len(waiting) >= in_flight:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
