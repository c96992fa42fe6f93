"""The prepare pass on a Dask cluster: a real scheduler and two workers over TCP."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from builder.config import BuildConfig, make_config
from builder.core.errors import SettingError
from builder.core.executors import check_versions
from builder.prepare.cache import version_of_preparation
from builder.publish.export import export
from tests.rows import circles, files_of, write_source

_SECONDS = 60


def started(stack: ExitStack, *arguments: str) -> None:
    """Start a part of Dask as a child process, ended with the stack."""
    command = [sys.executable, "-m", *arguments]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(child.wait)
    stack.callback(child.kill)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers of one thread each."""
    file = tmp_path_factory.mktemp("dask") / "scheduler.json"
    with ExitStack() as stack:
        told = ("--scheduler-file", str(file))
        started(
            stack, "distributed.cli.dask_scheduler", "--host", "tcp://127.0.0.1", "--port", "0", "--no-dashboard", *told
        )
        for _ in range(2):
            started(
                stack, "distributed.cli.dask_worker", *told, "--nthreads", "1", "--no-nanny", "--no-dashboard",
                "--host", "tcp://127.0.0.1", "--local-directory", str(file.parent),
            )  # fmt: skip
        yield address_of(file)


def address_of(file: Path) -> str:
    """The scheduler's address, once it has both workers."""
    from distributed import Client

    until = time.monotonic() + _SECONDS
    while not file.exists() or not file.read_text():
        assert time.monotonic() < until, "the scheduler did not start"
        time.sleep(0.05)
    address = str(json.loads(file.read_text())["address"])
    with Client(address) as client:
        client.wait_for_workers(2, timeout=_SECONDS)
    return address


def config_of(tmp_path: Path, cache: str, **settings: object) -> BuildConfig:
    """A source of 2,000 rows, some of which need mending, and a cache of its own."""
    rows = [(text, code.replace("from manim import *", "")) for text, code in circles(1, 1000)]
    path = write_source(tmp_path, "made", [*rows, *circles(500, 1499)])
    return make_config(local={"made": path}, datasets=["made"], cache_dir=tmp_path / cache, **settings)


def test_a_cluster_gives_the_same_bytes_as_one_process(tmp_path: Path, scheduler: str):
    """Every file of an export is equal, whoever prepared the rows."""
    export(config_of(tmp_path, "here", workers=1), tmp_path / "one")
    export(config_of(tmp_path, "there", cluster=scheduler), tmp_path / "two")

    one = files_of(tmp_path / "one")
    assert files_of(tmp_path / "two") == one
    assert len(one) == 10


def test_a_scheduler_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The error says which address was tried, and nothing is written."""
    monkeypatch.setattr("builder.core.executors._CONNECT_SECONDS", 1)

    with pytest.raises(SettingError, match=r"tcp://127\.0\.0\.1:1: no Dask scheduler answers"):
        export(config_of(tmp_path, "cache", cluster="tcp://127.0.0.1:1"), tmp_path / "out")

    assert not list((tmp_path / "out").iterdir())


def test_a_worker_of_another_version_is_refused():
    """Rows prepared by other code would not be the same bytes; the message names the worker."""
    here = version_of_preparation()
    check_versions("tcp://a:1", {"tcp://b:2": here, "tcp://c:3": here}, here)

    with pytest.raises(SettingError, match=r"tcp://a:1: worker tcp://c:3 runs another version of Python or of this"):
        check_versions("tcp://a:1", {"tcp://b:2": here, "tcp://c:3": "3.10/other"}, here)


def test_a_script_without_a_guard_is_told_to_have_one(tmp_path: Path):
    """Each process that it starts imports the script, and would start more of them."""
    script = tmp_path / "script.py"
    called = 'with open_workers(2, "", 1_000_000, str) as run:\n    print(list(run(abs, [-1])))\n'
    for guarded, said in ((False, 'a script calls this without `if __name__ == "__main__":` around it'), (True, "[1]")):
        body = f'if __name__ == "__main__":\n  {called.replace("    ", "   ")}' if guarded else called
        script.write_text(f"from builder.core.executors import open_workers\n{body}", encoding="utf-8")
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
        assert said in (done.stdout if guarded else done.stderr)
        assert done.returncode == (0 if guarded else 1)
