"""Where batches are worked on: in this process, in a pool of processes, or on a Dask cluster.

All three are `concurrent.futures` executors, and give the same results in the same order.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from builder.cluster import ask, check_versions, connected
from builder.errors import BuilderError
from builder.files import code_hash
from builder.processors import processors

_IN_FLIGHT = 3
"""Batches under way for each worker: enough to keep it busy, few enough to bound memory."""
_ROWS_FOR_A_PROCESS = 1500
"""Below this many rows a process costs more to start than it saves."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Run(Protocol):
    """Applies a function to items; the results come in the order of the items."""

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """The results, as they come."""


@contextmanager
def open_workers(workers: int, cluster: str, rows: int) -> Iterator[Run]:
    """What applies a function to batches.

    Args:
        workers: processes; 0 for one a processor.
        cluster: address of a Dask scheduler (`tcp://host:port`); empty for this machine alone.
        rows: how many rows there are; few are not worth a process.

    Raises:
        SettingError: the cluster cannot be reached, or its workers run another version of this project.
    """
    if cluster:
        with _dask(cluster) as (executor, slots):
            yield _in_order(executor, slots * _IN_FLIGHT)
        return
    processes = min(workers or processors(), rows // _ROWS_FOR_A_PROCESS)
    if processes < 2:
        yield _here
        return
    # Not `fork`: the parent runs threads (Arrow, Polars), which a fork would cut off holding their locks.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_start_worker) as executor:
        try:
            yield _in_order(executor, processes * _IN_FLIGHT)
        except BrokenProcessPool as error:
            raise BuilderError(
                "a worker process was killed, perhaps for want of memory; try again with fewer (--workers 1)"
            ) from error
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


def _start_worker() -> None:
    """A worker ends with its parent, however that ends, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def version_of_this() -> str:
    """Tells whether two machines would prepare rows alike: Python's minor version and a hash of this package."""
    here = Path(__file__).parent
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    files = (*here.rglob("*.py"), *here.rglob("*.gz"), here.parent / "example.py")
    return f"{python}/{code_hash(*files)}"


@contextmanager
def _dask(address: str) -> Iterator[tuple[Executor, int]]:
    with connected(address) as client:
        check_versions(address, ask(client, address, version_of_this), version_of_this())
        yield client.get_executor(pure=False), sum(client.ncores().values())


def _here(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    return map(function, items)


def _in_order(executor: Executor, in_flight: int) -> Run:
    """As `executor.map`, but with no more than `in_flight` items under way, so that memory stays flat."""

    def run(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
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

    return run
