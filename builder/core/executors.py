"""Where work is done: in this process, in processes of this machine, or on a Dask cluster that runs the same code."""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from builder.core.errors import BuilderError, SettingError

if TYPE_CHECKING:
    from distributed import Client


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_CONNECT_SECONDS = 20

T = TypeVar("T")


@contextmanager
def connected(address: str) -> Iterator["Client"]:
    """A client of the scheduler at an address (`tcp://host:port`), which has workers.

    Raises:
        SettingError: Dask is not installed, no scheduler answers there, or it has no workers.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise SettingError("--cluster needs Dask: pip install 'manim-combined[cluster]'") from error
    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SettingError(f"--cluster {address}: no Dask scheduler answers there ({error})") from error
    with client:
        if not client.ncores():
            raise SettingError(f"--cluster {address}: the scheduler has no workers; start some with `dask worker`")
        yield client


def ask(client: "Client", address: str, question: Callable[[], T]) -> dict[str, T]:
    """The answer of each worker to a function that is called there.

    Raises:
        SettingError: a worker lacks this project, or answers with an error for a person; the text names it.
    """
    answers: dict[str, T] = client.run(question, on_error="return")
    for worker, answer in answers.items():
        if isinstance(answer, BuilderError):
            raise SettingError(f"--cluster {address}: worker {worker}: {answer}")
        if isinstance(answer, Exception) and "No module named" in str(answer):
            raise SettingError(
                f"--cluster {address}: worker {worker} cannot be asked ({answer}); install the same there as here"
            )
        if isinstance(answer, BaseException):
            raise answer
    return answers


def check_versions(address: str, versions: Mapping[str, str], here: str) -> None:
    """Compare what the workers of a cluster run with what this machine runs.

    Raises:
        SettingError: a worker runs another version, and would work otherwise.
    """
    for worker, version in versions.items():
        if version != here:
            raise SettingError(
                f"--cluster {address}: worker {worker} runs another version of Python or of this project "
                f"({version}, here {here}); install the same on all machines"
            )


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
def open_workers(workers: int, cluster: str, rows: int, version: Callable[[], str]) -> Iterator[Run]:
    """What applies a function to batches.

    Args:
        workers: processes; 0 for one a processor.
        cluster: address of a Dask scheduler (`tcp://host:port`); empty for this machine alone.
        rows: how many rows there are; few are not worth a process.
        version: called here and on each worker of a cluster; where it differs, the worker would work otherwise.

    Raises:
        SettingError: the cluster cannot be reached, or its workers run another version of this project.
    """
    if cluster:
        with _dask(cluster, version) as (executor, slots):
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
            unguarded = getattr(sys.modules["__main__"], "__spec__", None) is None
            guard = ', or a script calls this without `if __name__ == "__main__":` around it' if unguarded else ""
            raise BuilderError(
                f"a worker process was killed, perhaps for want of memory{guard}; try again with fewer (--workers 1)"
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


@contextmanager
def _dask(address: str, version: Callable[[], str]) -> Iterator[tuple[Executor, int]]:
    with connected(address) as client:
        check_versions(address, ask(client, address, version), version())
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
