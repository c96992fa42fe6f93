"""Renders programs: each thread keeps a sandbox warm, since starting Manim takes longer than most scenes."""

import atexit
import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress

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
            _close(sandbox)
        sandbox = _local.sandbox = Sandbox(setup)
        with _changing:
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


def _close(sandbox: Sandbox) -> None:
    sandbox.close()
    with _changing, suppress(ValueError):
        _open.remove(sandbox)


atexit.register(close_sandboxes)


def render_all(setup: Setup, programs: Iterable[str], workers: int) -> Iterator[Verdict]:
    """Render programs and yield verdicts as they come, not in order; all sandboxes are closed at the end.

    Args:
        setup: How.
        programs: Texts; taken as fast as they are rendered.
        workers: Sandboxes side by side, one program at a time each.

    Raises:
        RenderError: no sandbox can be started.
    """
    waiting = iter(programs)
    taking, stopped = threading.Lock(), threading.Event()
    done: queue.Queue[Verdict | BaseException | None] = queue.Queue()
    sandboxes = [Sandbox(setup) for _ in range(workers)]

    def work(sandbox: Sandbox) -> None:
        try:
            while not stopped.is_set():
                with taking:
                    code = next(waiting, None)
                if code is None:
                    break
                done.put(sandbox.render(code))
            done.put(None)
        except BaseException as error:  # handed over: it belongs to whoever asked for the verdicts
            done.put(error)
        finally:
            sandbox.close()

    threads = [threading.Thread(target=work, args=(sandbox,), daemon=True) for sandbox in sandboxes]
    try:
        for thread in threads:
            thread.start()
        running = len(threads)
        while running:
            item = done.get()
            if isinstance(item, Verdict):
                yield item
            elif item is None:
                running -= 1
            else:
                raise item
    finally:
        stopped.set()
        for sandbox in sandboxes:
            sandbox.stop()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
