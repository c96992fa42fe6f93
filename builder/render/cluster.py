"""Renders on a Dask cluster, through the `concurrent.futures` executor of `distributed`.

Each worker renders with a Manim of its own, in sandboxes of its own, and must have the releases that were asked for:
a verdict by another Manim would be another verdict. Nothing of this machine's paths is sent.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from pathlib import Path

from builder.cluster import ask, connected
from builder.errors import RenderError, SettingError
from builder.events import Events
from builder.files import code_hash
from builder.render.cluster_stream import Cluster, stream
from builder.render.pool import render_one
from builder.render.sandbox import Sandbox
from builder.render.setup import Setup, find_manim, formula_tools
from builder.render.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Releases:
    """What a verdict depends on besides the program and the setup, as each calls itself; empty for what is missing."""

    manim: str
    latex: str
    dvisvgm: str


def releases_here(python: Path | None = None) -> Releases:
    """The releases on this machine.

    Args:
        python: the one that has Manim; by default the one that runs this.

    Raises:
        RenderError: it has no Manim.
    """
    return Releases(find_manim(python), *formula_tools())


def releases_on_cluster(address: str) -> Releases:
    """The releases that all workers of a cluster have, for machines that render nothing themselves.

    Args:
        address: of the Dask scheduler, as `tcp://host:port`.

    Raises:
        SettingError: no scheduler or no worker answers, a worker has no Manim, or two differ.
    """
    with connected(address) as client:
        told = ask(client, address, releases_here)
    first, releases = next(iter(told.items()))
    for worker, others in told.items():
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
    return ", ".join((f"Manim {releases.manim}", releases.latex or "no LaTeX", releases.dvisvgm or "no dvisvgm"))
