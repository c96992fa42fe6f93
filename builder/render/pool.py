"""Renders programs: each thread keeps a sandbox warm, since starting Manim takes longer than most scenes."""

import atexit
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Self

from builder.core.errors import RenderError
from builder.render.sandbox import Sandbox
from builder.render.setup import Setup
from builder.render.verdict import Outcome, Verdict, program_hash

_local = threading.local()
_open: list[Sandbox] = []
_changing = threading.Lock()


def render_one(setup: Setup, code: str) -> Verdict:
    """The verdict on one program, in this thread's sandbox; it stays open for the next one (see `close_sandboxes`).

    A sandbox that does not start is no error here but the verdict `environment`, so that one bad machine of many holds
    up no others.
    """
    sandbox = getattr(_local, "sandbox", None)
    if sandbox is None or sandbox.setup != setup:
        if sandbox is not None:
            sandbox.close()
        with _changing:
            _open[:] = (other for other in _open if other is not sandbox)
            sandbox = _local.sandbox = Sandbox(setup)
            _open.append(sandbox)
    try:
        return sandbox.render(code)
    except RenderError as error:
        return Verdict(program_hash(code), Outcome.ENVIRONMENT, "SandboxError", str(error)[-300:])


def close_sandboxes() -> None:
    """End all sandboxes of `render_one` in this process; those that are asked again start anew."""
    with _changing:
        sandboxes = _open[:]
    for sandbox in sandboxes:
        sandbox.close()


atexit.register(close_sandboxes)


class Pool:
    """Sandboxes side by side, one program at a time each, warm until it is closed. Any threads may share it."""

    def __init__(self, setup: Setup, workers: int, keep: Callable[[Verdict], None] | None = None) -> None:
        """Start nothing yet; `keep` is called with each verdict, before anyone else has it."""
        self.workers = workers
        self._keep = keep
        self._sandboxes = [Sandbox(setup) for _ in range(workers)]
        self._idle: queue.LifoQueue[Sandbox] = queue.LifoQueue()  # those that are warm come first
        for sandbox in self._sandboxes:
            self._idle.put(sandbox)
        self._threads = ThreadPoolExecutor(workers, "render")
        self._closed = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, code: str) -> Future[Verdict]:
        """Have a program rendered.

        Raises:
            RenderError: the pool is closed. The future raises it too, or if no sandbox can be started.
        """
        try:
            return self._threads.submit(self._render, code)
        except RuntimeError as error:
            raise RenderError(CLOSED) from error

    def render_all(self, programs: Iterable[str]) -> Iterator[Verdict]:
        """Render programs, taken as fast as they are rendered, and yield verdicts as they come, not in order.

        Raises:
            RenderError: no sandbox can be started.
        """
        remaining = iter(programs)
        waiting: set[Future[Verdict]] = set()
        while True:
            waiting |= {self.submit(code) for code in islice(remaining, self.workers + 1 - len(waiting))}
            if not waiting:
                return
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()

    def _render(self, code: str) -> Verdict:
        sandbox = self._idle.get()
        try:
            verdict = sandbox.render(code)
        except RenderError:
            if not self._closed.is_set():
                raise
        finally:
            self._idle.put(sandbox)
        if self._closed.is_set():  # then the verdict is that of a worker that was ended
            raise RenderError(CLOSED)
        if self._keep is not None:
            self._keep(verdict)
        return verdict

    def close(self) -> None:
        """End what is being rendered and all sandboxes, at any moment, from any thread; may be called again."""
        self._closed.set()
        for sandbox in self._sandboxes:
            sandbox.stop()
        self._threads.shutdown(cancel_futures=True)
        for sandbox in self._sandboxes:
            sandbox.close()


CLOSED = "the renderer was closed"


def render_all(setup: Setup, programs: Iterable[str], workers: int) -> Iterator[Verdict]:
    """As `Pool.render_all`, in so many sandboxes side by side, which are closed at the end."""
    with Pool(setup, workers) as pool:
        yield from pool.render_all(programs)
