"""Programs out to a Dask cluster, verdicts back as they come; what becomes of those whose workers die.

Dask runs a task again when its worker dies, and gives it up with `KilledWorker` after its scheduler's
`allowed-failures`; but it counts each death against all tasks that the worker held. So a program that was given up is
only suspected here: it is rendered again when nothing else is under way, and blamed for deaths in that time alone.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from itertools import islice
from typing import TYPE_CHECKING

from builder.errors import BuilderError
from builder.events import Events
from builder.render.verdict import Outcome, Verdict, program_hash

if TYPE_CHECKING:
    from distributed import Client

DEATHS = 3
"""A program that kills so many workers, alone, is `failed`."""
_IN_FLIGHT = 2
"""Programs under way for each thread of a worker: one that runs, one that is there when it ends."""
_LOOK_SECONDS = 5.0
"""How often workers are counted anew; some may have come or gone."""
_WORKERLESS_SECONDS = 120.0
"""How long a cluster may be without any worker: nannies start dead ones again within seconds."""

Render = Callable[[str], Verdict]


class Cluster:
    """A cluster's workers, seen through their scheduler."""

    def __init__(self, client: "Client", address: str) -> None:
        self._client = client
        self._address = address
        self._executor: Executor = client.get_executor(pure=False)
        self._looked = self._alive = 0.0
        self._threads = 0

    def submit(self, render: Render, code: str) -> Future[Verdict]:
        """Send a program out."""
        return self._executor.submit(render, code)

    def result(self, future: Future[Verdict]) -> Verdict:
        """What came back.

        Raises:
            BuilderError: the scheduler went away.
        """
        try:
            return future.result()
        except CancelledError as error:
            raise self._gone() from error

    def threads(self) -> int:
        """Threads of all workers; as many programs can run at once.

        Raises:
            BuilderError: the scheduler went away, or had no workers for too long.
        """
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return self._threads
        try:
            self._threads = sum(self._client.ncores().values())
        except (OSError, TimeoutError) as error:
            raise self._gone() from error
        self._looked = now
        if self._threads or not self._alive:
            self._alive = now
        if now - self._alive > _WORKERLESS_SECONDS:
            raise BuilderError(
                f"--cluster {self._address}: no workers are left; start some with `dask worker` and try again: "
                "what was rendered is kept"
            )
        return self._threads

    def first_of(self, waiting: Iterable[Future[Verdict]]) -> set[Future[Verdict]]:
        """The futures that are done; waits for one, and looks after the workers meanwhile."""
        while True:
            done = wait(waiting, _LOOK_SECONDS, FIRST_COMPLETED).done
            if done:
                return done
            self.threads()

    def _gone(self) -> BuilderError:
        return BuilderError(
            f"--cluster {self._address}: the scheduler went away; start it and its workers, and try again: what was "
            "rendered is kept"
        )


def stream(cluster: Cluster, render: Render, programs: Iterable[str], events: Events) -> Iterator[Verdict]:
    """Verdicts of all programs, in the order in which they come; few programs are under way at a time.

    Args:
        cluster: where they are rendered.
        render: what a worker does with a program.
        programs: any number; read as places come free.
        events: hears of programs whose workers died.

    Raises:
        BuilderError: the scheduler went away, or no workers are left.
    """
    from distributed import KilledWorker

    remaining = iter(programs)
    waiting: dict[Future[Verdict], str] = {}
    suspected: list[str] = []
    try:
        while True:
            free = max(1, cluster.threads()) * _IN_FLIGHT - len(waiting)
            for code in islice(remaining, max(0, free)):
                waiting[cluster.submit(render, code)] = code
            if not waiting:
                break
            for future in cluster.first_of(waiting):
                code = waiting.pop(future)
                try:
                    verdict = cluster.result(future)
                except KilledWorker:
                    suspected.append(code)
                else:
                    yield verdict
        for code in suspected:
            yield _alone(cluster, render, code, events)
    finally:
        for future in waiting:
            future.cancel()


def _alone(cluster: Cluster, render: Render, code: str, events: Events) -> Verdict:
    """A suspected program's verdict, rendered with nothing else under way."""
    from distributed import KilledWorker

    program, deaths = program_hash(code), 0
    events.warn(f"program {program}: its workers died; it is rendered again, alone")
    while deaths < DEATHS:
        future = cluster.submit(render, code)
        try:
            cluster.first_of([future])
            return cluster.result(future)
        except KilledWorker as error:
            deaths += error.allowed_failures + 1
        finally:
            future.cancel()
    return Verdict(program, Outcome.FAILED, "KilledWorker", f"{deaths} workers died while it ran alone")
