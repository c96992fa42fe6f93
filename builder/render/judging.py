"""A judge made from settings: its verdicts come from a file, or from the cache and from rendering."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from builder.config import BuildConfig
from builder.events import Events
from builder.processors import processors
from builder.render.cluster import releases_here, releases_on_cluster, render_on_cluster
from builder.render.judge import Judge
from builder.render.pool import render_all
from builder.render.setup import Setup
from builder.render.store import VerdictStore
from builder.render.table import VerdictTable
from builder.render.verdict import Conditions, Level, Outcome, Verdict

STORE = "verdicts.sqlite"
"""Name of the database in the cache."""


@contextmanager
def judging(config: BuildConfig, events: Events, limit: int | None = None) -> Iterator[Judge]:
    """A judge for the programs of a config.

    Args:
        config: with `verify`; `verdicts`, or else the settings of rendering.
        events: hears what takes long.
        limit: programs that may be rendered, at the most.

    Raises:
        RenderError: Manim or the sandbox is missing, or does not start.
        SettingError: the file of verdicts cannot be read.
    """
    if config.verdicts:
        table = VerdictTable(Path(config.verdicts).expanduser())
        yield Judge(table.conditions, table, keep=_refuse, render=None)
        return
    if config.no_sandbox:
        events.warn("programs are rendered without a sandbox, as --no-sandbox asks: they can do whatever you can")
    setup = _setup(config)
    releases = releases_on_cluster(config.cluster) if config.cluster else releases_here(setup.python)
    conditions = Conditions(releases.manim, releases.latex, setup.level, setup.timeout, setup.sandboxed)

    def render(programs: Iterable[str]) -> Iterator[Verdict]:
        if config.cluster:
            return render_on_cluster(setup, releases, programs, config.cluster, events)
        return render_all(setup, programs, config.workers or processors())

    with VerdictStore(config.cache / STORE, conditions) as store:
        retry = frozenset(Outcome(word) for word in config.retry)
        yield Judge(conditions, store, store.keep, render, retry, limit)


def _setup(config: BuildConfig) -> Setup:
    return Setup(
        python=Path(config.manim_python).expanduser() if config.manim_python else None,
        level=Level(config.level),
        timeout=config.timeout,
        sandboxed=not config.no_sandbox,
        tex_cache=config.cache / "formulas",
    )


def _refuse(verdict: Verdict) -> None:
    raise AssertionError(f"a verdict was reached where nothing is rendered: {replace(verdict, thumbnail=None)}")
