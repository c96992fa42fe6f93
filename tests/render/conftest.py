"""Sandboxes with real Manim: `MANIM_PYTHON` names the Python that has it, or else it is the one that runs the tests."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from builder.render.sandbox import Sandbox
from builder.render.setup import Setup
from builder.render.verdict import Outcome, Verdict
from tests.render.programs import BAD, GOOD

MANIM = Path(os.environ["MANIM_PYTHON"]) if os.environ.get("MANIM_PYTHON") else None
SECRET = "hf_only_for_this_test"


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever names no folder, on a cluster's workers too, keeps its formulas in one of the tests, not the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MANIM_DATASETS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Setup:
    """Programs get 4 seconds and 600 MB."""
    formulas = tmp_path_factory.mktemp("formulas")
    return Setup(python=MANIM, timeout=4, memory=600 * 2**20, tex_cache=formulas)


@pytest.fixture(scope="session")
def sandbox(setup: Setup) -> Iterator[Sandbox]:
    """One sandbox for all tests, started with a secret in the environment."""
    os.environ["HF_TOKEN"] = SECRET
    with Sandbox(setup) as opened:
        opened.start()
        yield opened
    del os.environ["HF_TOKEN"]


@pytest.fixture(scope="session")
def neighbour(setup: Setup) -> Iterator[Sandbox]:
    """Another sandbox, for what is rendered beside."""
    with Sandbox(setup) as opened:
        opened.start()
        yield opened


def processes() -> set[int]:
    """All that run below this process."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


def same(one: Verdict, other: Verdict) -> bool:
    """Whether verdicts differ in time at most."""
    return replace(one, seconds=0) == replace(other, seconds=0)


@pytest.fixture
def judge(sandbox: Sandbox, neighbour: Sandbox) -> Iterator["Judge"]:
    """Renders a hostile program, checks that others beside and after it are judged as before, and nothing is left."""
    good, bad = sandbox.render(GOOD), neighbour.render(BAD)
    assert (good.outcome, bad.outcome) == (Outcome.PASSED, Outcome.FAILED)
    before = processes()
    judge = Judge(sandbox, neighbour)
    yield judge
    assert judge.beside, "no hostile program was rendered"
    assert all(same(one, good) or same(one, bad) for one in judge.beside)
    started = time.monotonic()
    assert same(sandbox.render(GOOD), good)
    assert same(sandbox.render(BAD), bad)
    assert time.monotonic() - started < 10
    assert processes() == before, "something is left running, or the worker had to be replaced"


class Judge:
    """Renders hostile programs, and others beside them."""

    def __init__(self, sandbox: Sandbox, neighbour: Sandbox) -> None:
        self._sandbox = sandbox
        self._neighbour = neighbour
        self.beside: list[Verdict] = []

    def __call__(self, code: str) -> Verdict:
        """The verdict on a program; meanwhile, the neighbour renders others."""
        with ThreadPoolExecutor(1) as pool:
            verdict = pool.submit(self._sandbox.render, code)
            while not verdict.done() or len(self.beside) < 2:
                self.beside += [self._neighbour.render(GOOD), self._neighbour.render(BAD)]
            return verdict.result()
