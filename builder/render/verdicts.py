"""Who is asked for verdicts: looks them up, has rendered what is missing, and remembers what was asked."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from pathlib import Path

from builder.config import BuildConfig
from builder.core.errors import SettingError
from builder.core.events import Events
from builder.core.executors import processors
from builder.render.cluster import conditions_of, releases_here, releases_on_cluster, render_on_cluster
from builder.render.pool import Pool
from builder.render.setup import Setup
from builder.render.verdict import Conditions, Level, Outcome, Verdict, program_hash
from builder.render.verdict_file import VerdictTable
from builder.render.verdict_store import IN_MEMORY, STORE, VerdictStore

Render = Callable[[Iterable[str]], Iterator[Verdict]]
"""Renders codes, and gives the verdicts as they come, in any order."""


@dataclass(slots=True)
class Verdicts:
    """Answers for programs; each is asked for, looked up and rendered once in a run."""

    conditions: Conditions
    known: VerdictStore | VerdictTable
    """Where verdicts are looked up; a store also keeps each new one, before anything else is done with it."""
    render: Render | None
    """`None`: nothing is rendered."""
    retry: frozenset[Outcome] = frozenset()
    """Programs with such a verdict are rendered again; those with `environment` always are, and those of which
    an earlier release measured nothing."""
    limit: int | None = None
    """Programs that may be rendered in this run, at the most."""
    used: dict[str, Verdict] = field(default_factory=dict)
    """By hash, the verdicts on all programs that were asked for, thumbnails left out."""
    _asked: set[str] = field(default_factory=set)
    rendered: int = 0
    """Programs that were rendered in this run."""
    _started: float = field(default_factory=time.monotonic)

    def ask(self, codes: Iterable[str], total: int, events: Events) -> None:
        """See to it that `verdict_on` knows these programs, as far as they may be rendered."""
        passed = done = 0
        collecting = threading.Lock()  # codes are taken by the threads that render

        def tell(verdict: Verdict) -> None:
            nonlocal passed, done
            with collecting:
                done += 1
                passed += verdict.outcome is Outcome.PASSED
                rate = self.rendered / max(time.monotonic() - self._started, 1e-3) * 60
                events.progress(
                    "render", done, max(total, done), "programs", f"{passed:,} passed, {rate:,.0f} a minute"
                )

        def missing() -> Iterator[str]:
            for code in codes:
                program = program_hash(code)
                if program in self._asked:
                    continue
                self._asked.add(program)
                found = self.known.known(program)
                if found is not None:
                    self.used[program] = found
                if found is not None and not self._is_tried_again(found):
                    tell(found)
                elif self.render is not None and (self.limit is None or self.limit > 0):
                    self.limit = None if self.limit is None else self.limit - 1
                    yield code

        for verdict in (self.render or _nothing)(longest_first(missing())):
            assert isinstance(self.known, VerdictStore)
            self.rendered += 1
            self.known.keep(verdict)
            self.used[verdict.program] = replace(verdict, thumbnail=None, frames=None)
            tell(verdict)

    def verdict_on(self, code: str) -> Verdict | None:
        """The verdict on a program that was asked for; `None` if there is none that says anything about it."""
        found = self.used.get(program_hash(code))
        return None if found is None or found.outcome is Outcome.ENVIRONMENT else found

    def machine_fault(self, code: str) -> Verdict | None:
        """What the machine lacked for a program that has no verdict, if that is why."""
        found = self.used.get(program_hash(code))
        return found if found is not None and found.outcome is Outcome.ENVIRONMENT else None

    def thumbnail(self, code: str) -> bytes | None:
        """The last frame of a program, as WebP, if there is one."""
        program = program_hash(code)
        return self.known.thumbnails([program]).get(program)

    def _is_tried_again(self, found: Verdict) -> bool:
        return found.outcome is Outcome.ENVIRONMENT or found.outcome in self.retry or found.facts is None


def longest_first(codes: Iterator[str], ahead: int = 2048) -> Iterator[str]:
    """Programs, so many at a time, the longest text first: it mostly takes longest, so no worker ends with it alone."""
    while some := list(islice(codes, ahead)):
        yield from sorted(some, key=len, reverse=True)


def _nothing(codes: Iterable[str]) -> Iterator[Verdict]:
    """Looks codes up, and renders none."""
    for _ in codes:
        pass
    return iter(())


@contextmanager
def open_verdicts(
    config: BuildConfig, events: Events, limit: int | None = None, *, look: bool = False
) -> Iterator[Verdicts]:
    """Verdicts on the programs of a config.

    Args:
        config: with `verify`; `verdicts`, or else the settings of rendering.
        events: hears what takes long.
        limit: programs that may be rendered, at the most.
        look: whether nothing is written of them; the fast level is for that alone, and keeps no verdict in the cache.

    Raises:
        RenderError: Manim or the sandbox is missing, or does not start.
        SettingError: the file of verdicts cannot be read, or verdicts of the fast level would be written.
    """
    if config.verdicts:
        table = VerdictTable(Path(config.verdicts).expanduser())
        yield Verdicts(table.conditions, table, render=None)
        return
    if config.level == Level.FAST and not look:
        raise SettingError(
            "--level fast is for a look, since some programs have another verdict there: `verify` takes it, without "
            "--save; a dataset needs --level full"
        )
    if config.no_sandbox:
        events.warn("programs are rendered without a sandbox, as --no-sandbox asks: they can do whatever you can")
    setup = _setup(config)
    if setup.level is Level.FAST:
        events.warn("--level fast is for a first look: of some programs it says otherwise than --level full does")
    releases = releases_on_cluster(config.cluster) if config.cluster else releases_here(setup.python)
    conditions = conditions_of(setup, releases)

    with ExitStack() as opened:
        pool = cache(lambda: opened.enter_context(Pool(setup, config.workers or processors())))  # warm for all rounds

        def render(programs: Iterable[str]) -> Iterator[Verdict]:
            if config.cluster:
                return render_on_cluster(setup, releases, programs, config.cluster, events)
            return pool().render_all(programs)

        where = IN_MEMORY if setup.level is Level.FAST else config.cache / STORE
        store = opened.enter_context(VerdictStore(where, conditions))
        yield Verdicts(conditions, store, render, frozenset(map(Outcome, config.retry)), limit)


def _setup(config: BuildConfig) -> Setup:
    return Setup(
        python=Path(config.manim_python).expanduser() if config.manim_python else None,
        level=Level(config.level),
        timeout=config.timeout,
        sandboxed=not config.no_sandbox,
        tex_cache=config.cache / "formulas",
    )
