"""A sandbox that renders programs: bubblewrap around a worker with Manim's own Python.

Inside there is no network, no variable of the environment, and nothing of the file system but the system's programs
and libraries, read-only, the Python with Manim, and a scratch folder in memory. Limits on processor time, wall clock,
memory, processes and files are set by the worker (`render_worker.py`). Started by root, each program runs as another
user; started by anyone else, in a user namespace as that user, where a program could end its worker (which is
seen, and costs it a `failed`) or write to the cache of formulas.
"""

import json
import os
import select
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

WORKER = Path(__file__).with_name("render_worker.py")
PROGRAM = Path(__file__).with_name("render_program.py")
WALL_FACTOR = 4
"""Wall clock a program may take, in its seconds of processor time, since the machine may have other work."""
START_SECONDS = 120.0
SCRATCH_BYTES = 512 * 2**20
_SYSTEM = ("/usr", "/etc/fonts", "/etc/texmf", "/etc/alternatives", "/etc/ld.so.cache", "/etc/ssl/openssl.cnf")
_CACHES = ("/var/lib/texmf", "/var/cache/fontconfig", "/var/cache/fonts")
_LINKS = ("/bin", "/lib", "/lib64", "/sbin")
_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one program."""

    key: str
    """16 hex digits of `program_key`."""
    verdict: str
    """`passed`, `failed`, `timeout` or `no_scene`."""
    exception: str | None = None
    """Type of what was raised; `Killed`, `MemoryLimit`, `NoReport` or `Timeout` if the program did not get so far."""
    message: str | None = None
    """First 300 characters of it."""
    line: int | None = None
    """Last line of the program that the error went through, from 1."""
    seconds: float = 0.0
    """Wall clock."""
    manim: str = ""
    """Version of Manim."""


class Sandbox:
    """A worker inside bubblewrap that is started when needed, and again whenever it has died."""

    def __init__(self, python: Path, tex_cache: Path, *, timeout: float, full: bool) -> None:
        self._command = sandbox_command(python, tex_cache)
        self._timeout = timeout
        self._full = full
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._version = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def render(self, key: str, code: str) -> Verdict:
        """The verdict on one program."""
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        wall = self._timeout * WALL_FACTOR
        request = {"code": code, "seconds": self._timeout, "wall": wall, "full": self._full}
        started = time.monotonic()
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._read(wall + 30)
        except OSError:
            answer = None
        if answer is None:
            self._stop()
            seconds = round(time.monotonic() - started, 2)
            return Verdict(key, "failed", "WorkerDied", None, None, seconds, self._version)
        if answer.pop("last"):
            self._stop()
        return Verdict(key, **answer, manim=self._version)

    def _start(self) -> None:
        self._buffer = b""
        with tempfile.TemporaryFile() as errors:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env={}
            )
            ready = self._read(START_SECONDS)
            if ready is None or "ready" not in ready:
                self._stop()
                errors.seek(0)
                raise RuntimeError(f"the sandbox did not start: {errors.read().decode(errors='replace')[-2000:]}")
        self._version = ready["ready"]

    def _read(self, seconds: float) -> dict[str, Any] | None:
        """One line from the worker; nothing if it ended, or if the time is over."""
        assert self._process is not None
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        deadline = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                return None
            chunk = os.read(descriptor, 65536)
            if not chunk:
                return None
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # the sandbox dies with bubblewrap, and everything inside with the sandbox
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue


def sandbox_command(python: Path, tex_cache: Path) -> list[str]:
    """The command that starts a worker: bubblewrap, what it may see, and Manim's Python."""
    prefix = python.absolute().parent.parent
    base = Path(
        subprocess.run(
            [python, "-I", "-c", "import sys; print(sys.base_prefix)"], check=True, capture_output=True, text=True
        ).stdout.strip()
    )
    command = ["bwrap", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    if os.getuid() == 0:
        # Root's worker gives each program to another user, which a user namespace of one user would not allow.
        command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        for capability in _CAPABILITIES:
            command += ["--cap-add", f"CAP_{capability}"]
    else:
        command += ["--unshare-all"]
    shown = [path for path in map(Path, (*_SYSTEM, *_CACHES, str(base), str(prefix))) if path.exists()]
    for parent in sorted({parent for path in shown for parent in path.parents} - {Path("/")}):
        command += ["--perms", "0755", "--dir", str(parent)]  # by default, only the worker could look inside
    for path in shown:
        command += ["--ro-bind", str(path), str(path)]
    for link in map(Path, _LINKS):
        if link.is_symlink():
            command += ["--symlink", str(link.readlink()), str(link)]
        elif link.exists():
            command += ["--ro-bind", str(link), str(link)]
    command += ["--proc", "/proc", "--dev", "/dev", "--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp"]
    command += ["--bind", str(tex_cache.absolute()), "/texcache"]
    for script in (WORKER, PROGRAM):
        command += ["--ro-bind", str(script), f"/worker/{script.name}"]
    for name, value in _environment(prefix).items():
        command += ["--setenv", name, value]
    command += ["--chdir", "/tmp", str(prefix / "bin" / python.name), f"/worker/{WORKER.name}"]
    return command


def _environment(prefix: Path) -> dict[str, str]:
    return {
        "PATH": f"{prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "RENDER_SANDBOX": "root" if os.getuid() == 0 else "user",
    }
