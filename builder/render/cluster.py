"""Renders on a Dask cluster, through the `concurrent.futures` executor of `distributed`.

Each worker renders with a Manim of its own, in sandboxes of its own, and must have the releases that were asked for:
a verdict by another Manim would be another verdict. Nothing of this machine's paths is sent.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from builder.core.errors import BuilderError, RenderError, SettingError
from builder.core.events import Events
from builder.core.executors import ask, connected
from builder.core.files import code_hash
from builder.render.pool import render_one
from builder.render.sandbox import Sandbox
from builder.render.setup import Setup, drawing_tools, find_manim, formula_tools
from builder.render.verdict import Conditions, Outcome, Verdict, program_hash

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


@dataclass(frozen=True, slots=True)
class Releases:
    """What a verdict depends on besides the program and the setup, as each calls itself; empty for what is missing."""

    manim: str
    latex: str
    dvisvgm: str
    drawing: str = ""


def conditions_of(setup: Setup, releases: Releases) -> Conditions:
    """What verdicts by a setup depend on."""
    return Conditions(releases.manim, releases.latex, setup.level, setup.timeout, setup.sandboxed, releases.drawing)


def releases_here(python: Path | None = None) -> Releases:
    """The releases on this machine.

    Args:
        python: the one that has Manim; by default the one that runs this.

    Raises:
        RenderError: it has no Manim.
    """
    return Releases(find_manim(python), *formula_tools(), drawing_tools(python))


def releases_on_cluster(address: str) -> Releases:
    """The releases that all workers of a cluster have, for machines that render nothing themselves.

    Args:
        address: of the Dask scheduler, as `tcp://host:port`.

    Raises:
        SettingError: no scheduler or no worker answers, a worker has no Manim, or two differ.
    """
    with connected(address) as client:
        known = ask(client, address, releases_here)
    first, releases = next(iter(known.items()))
    for worker, others in known.items():
        if others != releases:
            raise SettingError(
                f"--cluster {address}: workers differ: {worker} has {_in_words(others)}, and {first} has "
                f"{_in_words(releases)}; install the same on all machines"
            )
    return releases


def render_on_cluster(
    setup: Setup, releases: Releases, programs: Iterable[str], address: str, events: Events
) -> Iterator[Verdict]:
    """Verdicts of all programs, in the order in which they come; few programs are under way at a time.

    Args:
        setup: how; its `python` and `tex_cache` are this machine's, and each worker takes its own instead.
        releases: what every worker must have.
        programs: any number; read as places come free.
        address: of the Dask scheduler, as `tcp://host:port`.
        events: hears of programs whose workers died.

    Raises:
        SettingError: no scheduler or no worker answers, or a worker is not fit; the text names it.
        RenderError: a worker that came later is not fit.
        BuilderError: the scheduler went away, or no workers are left.
    """
    setup, version = replace(setup, python=None, tex_cache=None), version_of_rendering()
    with connected(address) as client:
        ask(client, address, partial(check_worker, setup, releases, version))
        yield from stream(Cluster(client, address), partial(render_there, setup, releases, version), programs, events)


@cache
def version_of_rendering() -> str:
    """Tells whether two machines would judge alike: a hash of what is in this package."""
    return code_hash(*Path(__file__).parent.rglob("*.py"))


# On a worker


def render_there(setup: Setup, releases: Releases, version: str, code: str) -> Verdict:
    """The verdict on one program, on a worker that was looked at once.

    Raises:
        RenderError: the worker is not fit; the text names it.
    """
    try:
        check_worker(setup, releases, version)
    except RenderError as error:
        from distributed import get_worker

        raise RenderError(f"worker {get_worker().address}: {error}") from error
    return render_one(setup, code)


@lru_cache(maxsize=4)
def check_worker(setup: Setup, releases: Releases, version: str) -> None:
    """Whether this machine renders as it was asked to, by starting a sandbox once.

    Raises:
        RenderError: it does not; the text says why.
    """
    if version_of_rendering() != version:
        raise RenderError("another version of this project is installed; install the same on all machines")
    own = releases_here(setup.python)
    if own != releases:
        raise RenderError(
            f"has {_in_words(own)}, and {_in_words(releases)} are asked for; install the same on all machines"
        )
    with Sandbox(setup) as sandbox:
        sandbox.start()


def _in_words(releases: Releases) -> str:
    known = f"Manim {releases.manim}", releases.latex or "no LaTeX", releases.dvisvgm or "no dvisvgm", releases.drawing
    return ", ".join(filter(None, known))
