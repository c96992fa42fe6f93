"""A build that is killed at any moment: the earlier output or the new one is whole, and the next build goes through."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from builder.cli.main import main
from tests.rows import circles, files_of, write_source

ROOT = Path(__file__).parents[2]
ROWS = 1_600
"""Enough for two processes."""
COMMANDS = ("export", "build")


@dataclass(frozen=True)
class Case:
    """What a command wrote at two seeds, and what it takes to write it again."""

    command: str
    source: Path
    cache: Path
    earlier: Path
    wanted: dict[str, bytes]
    seconds: float
    """How long a run from an empty cache takes."""

    def flags(self, folder: Path, cache: Path, *more: str) -> list[str]:
        """Arguments of a run with the second seed."""
        return arguments(self.command, self.source, folder, cache, "2", *more)


def arguments(command: str, source: Path, folder: Path, cache: Path, seed: str, *more: str) -> list[str]:
    paths = ["--local", f"made={source}", "--datasets", "made", "--output-dir", str(folder), "--cache-dir", str(cache)]
    return [command, *paths, "--config", "deduplicated", "--seed", seed, *more]


@pytest.fixture(scope="module", params=COMMANDS)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """An earlier output, and the bytes of an undisturbed run with another seed."""
    base = tmp_path_factory.mktemp(request.param)
    source = write_source(base, "rows", circles(1, ROWS))
    start = time.perf_counter()
    child = subprocess.run(
        [sys.executable, "-m", "builder", *arguments(request.param, source, base / "new", base / "cache", "2")],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    assert child.returncode == 0
    seconds = time.perf_counter() - start
    assert main(arguments(request.param, source, base / "earlier", base / "cache", "1")) == 0
    return Case(request.param, source, base / "cache", base / "earlier", files_of(base / "new"), seconds)


def assert_whole(folder: Path, case: Case) -> None:
    """Each file that the manifest names is as it says, and is of one of the two builds."""
    outputs = json.loads((folder / "manifest.json").read_bytes())["outputs"]
    found = {name: content for name, content in files_of(folder).items() if not name.startswith(".")}
    assert found in (files_of(case.earlier), case.wanted)
    for name, recorded in outputs.items():
        assert hashlib.sha256(found[name]).hexdigest() == recorded["sha256"]


def assert_next_build_is_undisturbed(folder: Path, cache: Path, case: Case) -> None:
    """It succeeds, gives the bytes that it would have given, and leaves nothing else in the folder."""
    assert main(case.flags(folder, cache, "--workers", "1")) == 0
    assert files_of(folder) == case.wanted
    assert not list(folder.rglob(".*"))


def moments(seed: int) -> list[float]:
    """Parts of a run after which it is killed."""
    drawn = random.Random(seed)
    return [round(drawn.uniform(0.2, 1.0), 2) for _ in range(2)]


@pytest.mark.parametrize("moment", moments(seed=7))
def test_a_build_killed_at_any_moment_leaves_whole_outputs(tmp_path: Path, case: Case, moment: float) -> None:
    """The whole process group dies at once, whether it reads, prepares in two processes, or writes."""
    folder, cache = tmp_path / "out", tmp_path / "cache"
    shutil.copytree(case.earlier, folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "builder", *case.flags(folder, cache, "--workers", "2")],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(moment * case.seconds)
    with suppress(ProcessLookupError):  # it was done already
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    assert_whole(folder, case)
    assert_next_build_is_undisturbed(folder, cache, case)


def test_workers_of_a_killed_parent_end_too(tmp_path: Path) -> None:
    """Who kills the parent alone, as a system without memory does, leaves no process behind."""
    slow = [("Draw nothing", "x;" * 100_000)] * 4  # keep one worker busy while the other waits
    source = write_source(tmp_path, "rows", [*slow, *circles(1, ROWS)])
    flags = arguments("export", source, tmp_path / "out", tmp_path / "cache", "1", "--workers", "2")
    process = subprocess.Popen(
        [sys.executable, "-m", "builder", *flags], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    children: list[psutil.Process] = []
    while process.poll() is None and len(children) < 3:  # two workers, and what cleans up after them
        children = psutil.Process(process.pid).children(recursive=True)
        time.sleep(0.01)
    time.sleep(1.5)
    process.kill()
    process.wait()

    assert len(children) == 3
    assert not psutil.wait_procs(children, timeout=10)[1]
