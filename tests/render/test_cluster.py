"""Real programs on a real Dask cluster, by real Manim."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from builder.core.errors import SettingError
from builder.core.events import Silent
from builder.render.cluster import releases_here, releases_on_cluster, render_on_cluster
from builder.render.pool import render_all
from builder.render.setup import Setup
from builder.render.verdict import Outcome, Verdict
from tests.clusters import Dask
from tests.render.programs import HARMLESS, scene
from tests.render.test_hostile_claims import NESTED

pytestmark = pytest.mark.render
SCENE = "from manim import *\nclass One(Scene):\n    def construct(self):\n        {}\n"
PROGRAMS = [
    *[SCENE.format(f"self.play(Create(Circle({radius})))") for radius in (1, 2, 3)],
    SCENE.format("self.add(MathTex('x^2'))"),
    SCENE.format("self.play(ShowCreation(Circle()))"),
    SCENE.format("pass"),
    "import manim",
    scene(HARMLESS, NESTED),
]


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    with ExitStack() as stack:
        yield Dask(tmp_path, stack)


def alike(verdicts: Iterator[Verdict]) -> list[Verdict]:
    """In one order, without what differs from run to run."""
    return sorted((replace(verdict, seconds=0.0) for verdict in verdicts), key=lambda verdict: verdict.program)


def test_a_cluster_and_this_machine_give_the_same_verdicts(dask: Dask):
    """Two workers with sandboxes of their own; the last frames are the same pictures, too."""
    address = dask.start_all("--nthreads", "1")
    releases = releases_on_cluster(address)
    assert releases == releases_here()

    there = alike(render_on_cluster(Setup(), releases, PROGRAMS, address, Silent()))

    assert there == alike(render_all(Setup(), PROGRAMS, 1))
    assert sorted({verdict.outcome for verdict in there}) == sorted(
        {Outcome.PASSED, Outcome.FAILED, Outcome.BLANK, Outcome.NO_SCENE, Outcome.REFUSED}
    )


def test_a_worker_with_another_manim_is_refused(dask: Dask):
    """Before anything is rendered, and by its name."""
    address = dask.start_all("--nthreads", "1")
    asked = replace(releases_here(), manim="0.1.0")

    with pytest.raises(SettingError, match=r"worker tcp://\S+: has Manim \S+, .*, and Manim 0\.1\.0"):
        list(render_on_cluster(Setup(), asked, PROGRAMS, address, Silent()))
