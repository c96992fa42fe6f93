"""Rendering on a Dask cluster: a real scheduler and two workers over TCP; what renders is made up."""

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from builder.core.errors import BuilderError, RenderError, SettingError
from builder.core.events import Silent
from builder.render import cluster
from builder.render import cluster as cluster_stream
from builder.render.cluster import Releases
from builder.render.setup import Setup
from builder.render.verdict import Outcome, Verdict, program_hash
from tests.clusters import Dask
from tests.fake_rendering import (
    RELEASES,
    fake_check,
    fake_check_that_fails,
    fake_releases,
    fake_releases_that_differ,
    fake_render,
)


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    """What a test starts, it need not end."""
    with ExitStack() as stack:
        yield Dask(tmp_path, stack)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers, for tests that kill nothing."""
    with ExitStack() as stack:
        yield Dask(tmp_path_factory.mktemp("dask"), stack).start_all("--nthreads", "1", "--no-nanny")


@pytest.fixture(autouse=True)
def no_manim(monkeypatch: pytest.MonkeyPatch):
    """What a worker is sent, it imports by name."""
    monkeypatch.setattr(cluster, "render_there", fake_render)
    monkeypatch.setattr(cluster, "check_worker", fake_check)


def rendered(programs: Iterable[str], address: str, events: Silent) -> Iterator[Verdict]:
    return cluster.render_on_cluster(Setup(), RELEASES, programs, address, events)


def rendered_here(programs: Iterable[str]) -> list[Verdict]:
    return [fake_render(Setup(), RELEASES, "", code) for code in programs]


def by_program(verdicts: Iterator[Verdict] | list[Verdict]) -> list[Verdict]:
    return sorted(verdicts, key=lambda verdict: verdict.program)


def test_a_worker_that_dies_takes_no_program_with_it(dask: Dask):
    """One of two is killed in mid-run, and each program has the one verdict that it has on this machine alone."""
    address = dask.start_all("--nthreads", "1", "--no-nanny")
    programs = [f"{word} {number}" for number in range(40) for word in ("pass", "slow", "fail")]

    verdicts = []
    for verdict in rendered(programs, address, Silent()):
        verdicts.append(verdict)
        if len(verdicts) == 30:
            dask.kill("worker1")

    assert by_program(verdicts) == by_program(rendered_here(programs))


def test_a_program_that_kills_workers_is_failed_and_blames_no_other(dask: Dask):
    """Those that were held by a dying worker are rendered again, alone, as is the one to blame; it fails there."""
    address = dask.start_all("--nthreads", "2", "--nworkers", "1")
    programs = ["slow 1", "slow 2", "kill", "slow 3", "fail 4", "slow 5", "slow 6"]
    events = Silent()

    verdicts = {verdict.program: verdict for verdict in rendered(programs, address, events)}

    killer = verdicts.pop(program_hash("kill"))
    assert (killer.outcome, killer.exception) == (Outcome.FAILED, "KilledWorker")
    assert killer.message == "3 workers died while it ran alone"
    others = rendered_here(code for code in programs if code != "kill")
    assert by_program(list(verdicts.values())) == by_program(others)
    assert any(program_hash("kill") in warning for warning in events.warnings)
    assert len(events.warnings) > 1  # some that merely were held by the same worker had been given up, too


def test_a_scheduler_that_goes_away_ends_the_run_with_a_clear_error(dask: Dask):
    """What came before is kept by whoever took it; the error names the address, and comes soon."""
    address = dask.start_all("--nthreads", "1", "--no-nanny")
    verdicts = rendered([f"slow {number}" for number in range(500)], address, Silent())
    first = [next(verdicts) for _ in range(5)]
    dask.kill("scheduler")
    started = time.monotonic()

    with pytest.raises(BuilderError, match=rf"{address}: the scheduler went away"):
        list(verdicts)

    assert time.monotonic() - started < 60
    assert {verdict.outcome for verdict in first} == {Outcome.PASSED}


def test_a_cluster_that_loses_all_its_workers_ends_the_run(dask: Dask, monkeypatch: pytest.MonkeyPatch):
    """It waits a while for others to come, then says what to do."""
    monkeypatch.setattr(cluster_stream, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(cluster_stream, "_WORKERLESS_SECONDS", 1.0)
    address = dask.start_all("--nthreads", "1", "--no-nanny")
    verdicts = rendered([f"slow {number}" for number in range(500)], address, Silent())
    next(verdicts)
    dask.kill("worker1")
    dask.kill("worker2")

    with pytest.raises(BuilderError, match="no workers are left"):
        list(verdicts)


def test_few_programs_are_under_way_at_a_time(steady: str):
    """A million programs stream: no more are read than two for each thread of a worker."""
    read = 0

    def programs() -> Iterator[str]:
        nonlocal read
        for number in range(60):
            read += 1
            yield f"slow {number}"

    most = 0
    for got, _ in enumerate(rendered(programs(), steady, Silent())):
        most = max(most, read - got)

    assert read == 60
    assert most <= 4


def test_an_address_where_no_scheduler_answers_is_named(monkeypatch: pytest.MonkeyPatch):
    """Nothing is rendered."""
    monkeypatch.setattr("builder.core.executors._CONNECT_SECONDS", 1)

    with pytest.raises(SettingError, match=r"tcp://127\.0\.0\.1:1: no Dask scheduler answers"):
        list(rendered(["pass 1"], "tcp://127.0.0.1:1", Silent()))


def test_a_worker_that_is_not_fit_is_named_before_anything_is_rendered(steady: str, monkeypatch: pytest.MonkeyPatch):
    """The error says which worker, and what it has."""
    monkeypatch.setattr(cluster, "check_worker", fake_check_that_fails)

    with pytest.raises(SettingError, match=rf"{steady}: worker tcp://127\.0\.0\.1:\d+: has Manim 0\.1"):
        list(rendered(["pass 1"], steady, Silent()))


def test_a_worker_without_this_project_is_named(dask: Dask):
    """It could not even read what it is asked."""
    address = dask.start_all("--nthreads", "1", "--no-nanny", "--preload", str(lacking_this_project(dask.folder)))

    with pytest.raises(SettingError, match=r"worker tcp://\S+ cannot be asked \(.*No module named .*\); install"):
        list(rendered(["pass 1"], address, Silent()))


def lacking_this_project(folder: Path) -> Path:
    """What makes a Python that starts with it find no module of this project."""
    (folder / "lacking.py").write_text("import sys\nsys.modules['tests'] = sys.modules['builder'] = None\n")
    return folder / "lacking.py"


def test_workers_that_differ_are_named(steady: str, monkeypatch: pytest.MonkeyPatch):
    """A machine that renders nothing itself takes the releases that all workers have, if there are such."""
    monkeypatch.setattr(cluster, "releases_here", fake_releases)
    assert cluster.releases_on_cluster(steady) == RELEASES

    monkeypatch.setattr(cluster, "releases_here", fake_releases_that_differ)
    with pytest.raises(SettingError, match=r"workers differ: tcp://\S+ has Manim \d+, no LaTeX, .*, and tcp://\S+ has"):
        cluster.releases_on_cluster(steady)


@pytest.mark.parametrize(
    ("asked", "version", "told"),
    [
        (RELEASES, "other", "another version of this project"),
        (replace(RELEASES, manim="0.21.0"), None, "has Manim 0.22.0, .*, and Manim 0.21.0, .* are asked for"),
        (Releases("0.22.0", "", ""), None, "and Manim 0.22.0, no LaTeX, no dvisvgm are asked for"),
    ],
)
def test_a_worker_with_other_releases_is_not_fit(
    monkeypatch: pytest.MonkeyPatch, asked: Releases, version: str | None, told: str
):
    """Another Manim, another LaTeX or another version of this project would judge otherwise."""
    monkeypatch.undo()
    monkeypatch.setattr(cluster, "find_manim", lambda python: "0.22.0")
    monkeypatch.setattr(cluster, "formula_tools", lambda: (RELEASES.latex, RELEASES.dvisvgm))
    monkeypatch.setattr(cluster, "drawing_tools", lambda python: RELEASES.drawing)

    with pytest.raises(RenderError, match=told):
        cluster.check_worker(Setup(), asked, version or cluster.version_of_rendering())
