"""A renderer for anyone: programs in, verdicts out, from sandboxes that stay warm and a cache that builds share."""

import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Self

from builder.config import DEFAULT_TIMEOUT, default_cache_dir, did_you_mean
from builder.core.errors import RenderError, SettingError
from builder.core.events import Events, Silent
from builder.core.executors import processors
from builder.render.cluster import conditions_of, releases_here, releases_on_cluster, render_on_cluster
from builder.render.pool import CLOSED, Pool
from builder.render.setup import Setup
from builder.render.verdict import Level, Outcome, Verdict, program_hash
from builder.render.verdict_file import VerdictTable, write_verdicts
from builder.render.verdict_store import STORE, VerdictStore

_AHEAD = 4
"""Programs that are looked up or rendered ahead of the one whose verdict is asked for, for each worker."""
_MOST_FRAMES = 15.0
"""A second: that is all that Manim's low quality has."""


class Renderer:
    """Renders Manim programs in sandboxes. A context manager; threads may share it.

    Nothing is rendered twice: verdicts are kept in the cache that builds use, and a program that several callers ask
    for at once is rendered for all of them. What a program does stays in its sandbox.

        with Renderer(workers=2) as renderer:
            for verdict in renderer.render(programs):
                print(verdict.outcome, verdict.exception, verdict.scenes, verdict.animated)
    """

    def __init__(
        self,
        *,
        workers: int = 0,
        level: str = "full",
        timeout: float = DEFAULT_TIMEOUT,
        previews: bool = True,
        frames: float = 0.0,
        retry: Iterable[str] = (),
        cache_dir: str | Path = "",
        manim_python: str | Path = "",
        cluster: str = "",
        verdicts: str | Path = "",
        no_sandbox: bool = False,
        events: Events | None = None,
    ) -> None:
        """Set up; nothing is started before the first program that has no verdict yet.

        Args:
            workers: programs that are rendered side by side; 0 for one a processor.
            level: `full` computes every moment that matters, `fast` takes each animation to its end.
            timeout: seconds of processor time for one program; it may take four times that on the clock.
            previews: whether verdicts have the last frame as `thumbnail`.
            frames: samples of all frames wanted for each second of animation, as `frames`; 0 for none, at most 15.
            retry: programs with such an outcome in the cache are rendered again; those with `environment` always are.
            cache_dir: the cache; by default the one of builds.
            manim_python: a Python that has Manim; by default the one that runs this.
            cluster: address of a Dask scheduler, to render on its workers.
            verdicts: a file of verdicts to take instead of rendering; what it lacks is `environment`, `NotRendered`.
            no_sandbox: run programs with all rights of the user. Only for programs that you wrote.
            events: hears of workers of a cluster that died.

        Raises:
            SettingError: a setting has no meaning.
            RenderError: there is no Manim.
        """
        levels = [each.value for each in Level]
        if level not in levels:
            raise SettingError(f"level {level!r}: use full or fast{did_you_mean(level, levels)}")
        if not 0 <= frames <= _MOST_FRAMES or (frames and level == Level.FAST):
            raise SettingError(f"frames {frames:g}: use 0 to {_MOST_FRAMES:g} a second, and level full")
        if timeout <= 0 or workers < 0:
            raise SettingError(f"timeout {timeout:g}, workers {workers}: use a positive number")
        cache = Path(cache_dir or default_cache_dir()).expanduser()
        self._previews, self._cluster, self._events = previews, cluster, events or Silent()
        self._setup = Setup(
            python=Path(manim_python).expanduser() if manim_python else None,
            level=Level(level),
            timeout=timeout,
            sandboxed=not no_sandbox,
            tex_cache=cache / "formulas",
            frames=frames,
        )
        self._retry = {Outcome.ENVIRONMENT, *map(Outcome, retry)}
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[Verdict]] = {}
        self._closing = ExitStack()
        self._closed = False
        self._pool: Pool | None = None
        self.rendered = 0
        """Programs that were rendered, not looked up."""
        if verdicts:
            self._known: VerdictTable | VerdictStore = VerdictTable(Path(verdicts).expanduser())
            self.conditions = self._known.conditions
            return
        self._releases = releases_on_cluster(cluster) if cluster else releases_here(self._setup.python)
        self.conditions = conditions_of(self._setup, self._releases)
        self._known = self._closing.enter_context(VerdictStore(cache / STORE, self.conditions))
        if not cluster:
            self._pool = Pool(self._setup, workers or processors(), self._keep)
            self._closing.callback(self._pool.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything, at any moment, from any thread. Whoever waits for a verdict gets a `RenderError`."""
        self._closed = True
        self._closing.close()

    def render_one(self, program: str) -> Verdict:
        """The verdict on one program.

        Raises:
            RenderError: no sandbox can be started, or the renderer was closed.
        """
        return next(self.render([program]))

    def render(self, programs: Iterable[str], *, ordered: bool = True) -> Iterator[Verdict]:
        """A verdict for each program, equal ones included.

        Args:
            programs: texts; taken little by little, so they may be endless.
            ordered: verdicts in the order of the programs; else as they come, and `verdict.program` says whose one is.

        Raises:
            RenderError: no sandbox can be started, or the renderer was closed. A program's failure is a verdict.
        """
        if self._cluster:
            yield from self._on_cluster(programs, ordered)
            return
        waiting: deque[Future[Verdict]] = deque()
        remaining = iter(programs)
        most = _AHEAD * (self._pool.workers if self._pool else 1)
        try:
            while True:
                while len(waiting) < most and (program := next(remaining, None)) is not None:
                    waiting.append(self._ask(program))
                if not waiting:
                    return
                if ordered:
                    future = waiting.popleft()
                else:
                    future = next(iter(wait(waiting, return_when=FIRST_COMPLETED).done))
                    waiting.remove(future)
                yield self._result(future)
        finally:
            for future in waiting:
                future.cancel()

    def save(self, path: Path, verdicts: Iterable[Verdict]) -> None:
        """Write verdicts of this renderer as Parquet with their pictures, for `verdicts` of one without Manim."""
        thumbnails = self._known.thumbnails if self._previews else lambda programs: {}  # noqa: ARG005
        write_verdicts(path, verdicts, self.conditions, thumbnails, self._known.frames)

    def pictures(self, program: str) -> tuple[bytes | None, bytes | None]:
        """The sampled frames and the last frame that are known of a program, by its hash."""
        return self._known.frames([program]).get(program), self._known.thumbnails([program]).get(program)

    def _result(self, future: Future[Verdict]) -> Verdict:
        try:
            verdict = future.result()
        except CancelledError as error:
            raise RenderError(CLOSED) from error
        return verdict if self._previews else replace(verdict, thumbnail=None)

    def _ask(self, code: str) -> Future[Verdict]:
        """A verdict to come, looked up or rendered; one for all who ask at once."""
        if self._closed:
            raise RenderError(CLOSED)
        program = program_hash(code)
        with self._lock:
            future = self._under_way.get(program)
            if future is not None and not future.cancelled():
                return _follow(future)
            found = self._look_up(program)
            if found is not None or self._pool is None:
                future = Future()
                nothing = "there is no verdict, and nothing is rendered"
                future.set_result(found or Verdict(program, Outcome.ENVIRONMENT, "NotRendered", nothing))
                return future
            future = self._under_way[program] = self._pool.submit(code)
        future.add_done_callback(lambda done: self._forget(program, done))
        return _follow(future)

    def _look_up(self, program: str) -> Verdict | None:
        """What is known of a program, with its pictures; nothing if it is to be rendered again."""
        found = self._known.known(program)
        if found is None:
            return None
        stale = found.outcome is Outcome.PASSED and found.rate != self._setup.frames and self._setup.frames
        if not isinstance(self._known, VerdictTable) and (stale or found.facts is None or found.outcome in self._retry):
            return None
        pictures = self._known.thumbnails([program]) if self._previews else {}
        frames = self._known.frames([program]) if self._setup.frames else {}
        return replace(found, thumbnail=pictures.get(program), frames=frames.get(program))

    def _keep(self, verdict: Verdict) -> None:
        assert isinstance(self._known, VerdictStore)
        self._known.keep(verdict)
        with self._lock:
            self.rendered += 1

    def _forget(self, program: str, done: Future[Verdict]) -> None:
        with self._lock:
            if self._under_way.get(program) is done:
                del self._under_way[program]

    def _on_cluster(self, programs: Iterable[str], ordered: bool) -> Iterator[Verdict]:
        """As `render`, but all programs are taken at once."""
        asked = list(programs)
        order = deque(map(program_hash, asked))
        texts = dict(zip(order, asked, strict=True))
        counts = Counter(order)
        known = {program: verdict for program in texts if (verdict := self._look_up(program)) is not None}
        missing = [code for program, code in texts.items() if program not in known]
        found: dict[str, Verdict] = {}
        for verdict in chain(known.values(), self._by_cluster(missing)):
            found[verdict.program] = verdict if self._previews else replace(verdict, thumbnail=None)
            if not ordered:
                yield from [found[verdict.program]] * counts[verdict.program]
            while ordered and order and order[0] in found:
                yield found[order.popleft()]

    def _by_cluster(self, codes: list[str]) -> Iterator[Verdict]:
        for verdict in render_on_cluster(self._setup, self._releases, codes, self._cluster, self._events):
            self._keep(verdict)
            yield verdict


def _follow(future: Future[Verdict]) -> Future[Verdict]:
    """A future that one of several callers may cancel without taking the verdict from the others."""
    own: Future[Verdict] = Future()

    def done(other: Future[Verdict]) -> None:
        if not own.set_running_or_notify_cancel():
            return
        if other.cancelled():
            own.set_exception(RenderError(CLOSED))
        elif (error := other.exception()) is not None:
            own.set_exception(error)
        else:
            own.set_result(other.result())

    future.add_done_callback(done)
    return own
