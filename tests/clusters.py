"""Real Dask clusters on this machine, over TCP."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.core.test_executors import address_of

ROOT = Path(__file__).parent.parent


@dataclass
class Dask:
    """A scheduler and its workers, each a process of its own."""

    folder: Path
    stack: ExitStack
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str, **variables: str) -> None:
        """Start one, in a group of its own that ends with the test."""
        command = [sys.executable, "-m", f"distributed.cli.dask_{name.rstrip('12')}", "--no-dashboard"]
        self.processes[name] = subprocess.Popen(
            [*command, "--host", "tcp://127.0.0.1", *arguments, "--scheduler-file", str(self.folder / "file.json")],
            cwd=ROOT, env=os.environ | variables, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.stack.callback(self.processes[name].wait)
        self.stack.callback(self.kill, name)

    def start_all(self, *of_workers: str) -> str:
        """Start a scheduler that gives up a task at its worker's first death, and two workers; its address."""
        self.start("scheduler", "--port", "0", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
        for name in ("worker1", "worker2"):
            self.start(name, *of_workers, "--local-directory", str(self.folder))
        return address_of(self.folder / "file.json")

    def kill(self, name: str) -> None:
        """End one and all that it started."""
        if self.processes[name].poll() is None:
            os.killpg(self.processes[name].pid, signal.SIGKILL)
