"""The group around a worker: made where it can be, counted, and gone afterwards."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from builder.render import sandbox as module
from builder.render.command import ControlGroup
from builder.render.sandbox import Sandbox
from builder.render.setup import Setup
from builder.render.verdict import Outcome
from tests.render.programs import GOOD, scene

FILL = """
import os, socket
held = []
while True:
    held.extend(socket.socketpair())
    for one in held[-2:]:
        one.setblocking(False)
        try:
            while True: one.send(bytes(65536))
        except OSError: pass
"""


@pytest.mark.parametrize(
    ("groups", "handed_on", "place"),
    [
        ("4:memory:/ours\n0::/other\n", "", "memory/ours/{}"),
        ("0::/user/app/own\n", "user/app", "user/app/{}"),
        ("0::/user/own\n", "", ""),
        ("3:cpu:/\n", "", ""),
    ],
    ids=["version 1", "version 2, handed on", "version 2, not handed on", "none for memory"],
)
def test_a_group_is_made_where_memory_is_handed_on(tmp_path: Path, groups: str, handed_on: str, place: str) -> None:
    """Files stand for the kernel's."""
    (tmp_path / "own").write_text(groups)
    for folder in ("memory/ours", "user/app/own", "user/own", "other"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "cgroup.subtree_control").write_text("cpu\n")
    if handed_on:
        (tmp_path / handed_on / "cgroup.subtree_control").write_text("cpu memory\n")

    made = ControlGroup.make(7, tmp_path / "own", tmp_path)

    if not place:
        assert made is None
        return
    assert made is not None
    assert made.folder == tmp_path / place.format(made.folder.name)
    assert [path.read_text() for path in made.folder.iterdir()] == ["7"]
    (made.folder / made.hits).write_text("5\n")
    (made.folder / made.events).write_text("low 0\nmax 5\noom_kill 3\n")
    assert (made.killed(), made.reached()) == (3, 5)


@pytest.fixture
def group() -> Iterator[ControlGroup]:
    """A real one of 64 MB; the test is skipped where this user may make none."""
    made = ControlGroup.make(64 * 2**20)
    if made is None:
        pytest.skip("no control group for memory can be made here")
    yield made
    made.remove()
    assert not made.folder.exists()


@pytest.mark.render
def test_buffers_of_sockets_count(group: ControlGroup) -> None:
    """What the kernel holds for a process is bounded, and the process that wants more is ended."""
    done = subprocess.run(
        group.around(["/bin/sh", "-c", f"ulimit -n 4096; exec {sys.executable} -c '{FILL}'"]), check=False
    )
    assert done.returncode == -9
    assert group.killed() == 1
    assert group.reached() > 0


@pytest.mark.render
def test_a_program_over_the_limit_is_failed_and_the_next_one_is_rendered(
    setup: Setup, group: ControlGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the program's fault, not the machine's, and no group is left behind."""
    del group
    monkeypatch.setattr(module, "SPARE_BYTES", -100 * 2**20)  # less than the program may hold
    greedy = scene("held = bytearray(550 * 2**20)\nself.add(Circle())")
    with Sandbox(replace(setup, timeout=20)) as sandbox:
        verdict = sandbox.render(greedy)
        made = sandbox._group
        assert (verdict.outcome, verdict.exception) == (Outcome.FAILED, "MemoryError")
        assert sandbox.render(GOOD).outcome is Outcome.PASSED
    assert made is None or not made.folder.exists()
