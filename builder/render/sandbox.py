"""A sandbox that renders programs, one after another: the judge's side of a worker inside bubblewrap.

What comes out of it is taken for a claim: each value is checked, a formula is stored only under the name of a hash,
and time is measured here. A worker that dies, hangs or talks nonsense is ended with all it started, and another one
takes the next program.
"""

import json
import os
import select
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from builder.core.errors import BuilderError, RenderError
from builder.core.files import short_hash, written_aside
from builder.render.command import (
    INSIDE,
    SPARE_BYTES,
    ControlGroup,
    bare_command,
    environment,
    sandbox_command,
    user_namespace,
)
from builder.render.setup import Setup, find_manim, formula_tools, make_format, manim_python
from builder.render.verdict import Level, Outcome, Verdict, formula_in, program_hash, verdict_of

START_SECONDS = 120.0
_PIPE = subprocess.PIPE
SPARE_SECONDS = 30.0
"""That a worker may take to answer after a program's time is over, before it is ended itself."""
LINE_BYTES = 10 * 2**20
_ENDED_WELL = (Outcome.PASSED, Outcome.BLANK)


class Sandbox:
    """A worker that is started when needed, and again whenever it has died. For one thread at a time."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._changing = threading.Lock()
        self._stopped = False
        self._process: subprocess.Popen[bytes] | None = None
        self._group: ControlGroup | None = None
        self._buffer = b""
        self._formulas = setup.formulas() / short_hash(formula_tools())
        self._cache = FormulaCache(self._formulas)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the worker, if there is none.

        Raises:
            RenderError: no Manim, no bubblewrap, or it cannot be started here.
        """
        if self._process is not None:
            return
        find_manim(self.setup.python)
        try:
            self._formulas.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RenderError(f"{self._formulas}: cannot be made: {error.strerror}") from error
        self._cache.trim()
        make_format(self._formulas, self._variables())
        self._buffer = b""
        with tempfile.TemporaryFile() as errors, user_namespace() as users:
            command, variables = self._command(users)
            passed = () if users is None else (users,)
            with self._changing:
                if self._stopped:
                    raise RenderError("the sandbox was stopped")
                self._group = ControlGroup.make(self.setup.memory + SPARE_BYTES) if self.setup.sandboxed else None
                command = self._group.around(command) if self._group else command
                self._process = subprocess.Popen(
                    command, stdin=_PIPE, stdout=_PIPE, stderr=errors, env=variables, pass_fds=passed
                )
            ready = self._read(time.monotonic() + START_SECONDS)
            if ready is None or "ready" not in ready:
                self.close()
                errors.seek(0)
                said = errors.read().decode(errors="replace")[-2000:].strip()
                raise RenderError(f"the sandbox did not start: {said or 'no reason given'}{_advice(said)}")

    def _command(self, users: int | None) -> tuple[list[str], dict[str, str]]:
        formulas = self._formulas.absolute()
        if self.setup.sandboxed:
            return sandbox_command(self.setup, formulas, users), {}
        return bare_command(self.setup, formulas), self._variables()

    def _variables(self) -> dict[str, str]:
        """The environment of a worker without a sandbox."""
        return environment(manim_python(self.setup.python), INSIDE.parent, Path(tempfile.gettempdir()))

    def render(self, code: str) -> Verdict:
        """The verdict on one program.

        Raises:
            RenderError: the sandbox cannot be started.
        """
        self.start()
        started, killed, reached = time.monotonic(), *self._shortages()
        answer = self._ask(code)
        seconds = round(time.monotonic() - started, 3)
        killed_since, reached_since = self._shortages()
        short = killed_since > killed  # the kernel has ended a process for want of memory
        over = short and reached_since > reached
        if answer is None:
            self.close()
            answer = {"outcome": "failed", "exception": "WorkerDied", "message": "the program took its worker with it"}
        if over and answer.get("outcome") == "failed":
            answer |= {
                "exception": "MemoryError",
                "message": "more memory than a program may hold, the kernel's part too",
            }
        verdict = verdict_of(answer, program_hash(code), seconds, self.setup.frames)
        self._cache.end_program(verdict.outcome in _ENDED_WELL)
        if verdict.outcome is Outcome.FAILED and short and not over:
            return Verdict(
                verdict.program, Outcome.ENVIRONMENT, "OutOfMemory", "the system had no memory", None, seconds
            )
        return verdict

    def _shortages(self) -> tuple[int, int]:
        """How often the kernel has ended a process for want of memory, and this worker's group has reached its limit.

        Without a group, processes of the whole system count.
        """
        return (self._group.killed(), self._group.reached()) if self._group is not None else (_killed_for_memory(), 0)

    def _ask(self, code: str) -> dict[str, Any] | None:
        """What the worker says of a program; nothing if it has ended, takes too long or makes no sense."""
        setup = self.setup
        request = {"code": code, "seconds": setup.timeout, "wall": setup.wall, "memory": setup.memory}
        deadline = time.monotonic() + setup.wall + SPARE_SECONDS
        try:
            self._write({**request, "fast": setup.level is Level.FAST, "frames": setup.frames})
            while (answer := self._read(deadline)) and "formula" in answer:
                formula = formula_in(answer)
                self._write({"kept": formula is not None and self._cache.keep(*formula)})
        except OSError:
            return None
        return answer

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()

    def _read(self, deadline: float) -> dict[str, Any] | None:
        """One line from the worker; nothing if it ended, the time is over, or it makes no sense."""
        assert self._process is not None
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        parts = [self._buffer]
        while b"\n" not in parts[-1]:
            left = deadline - time.monotonic()
            if left <= 0 or sum(map(len, parts)) > LINE_BYTES or not select.select([descriptor], [], [], left)[0]:
                return None
            parts.append(os.read(descriptor, 1 << 20))
            if not parts[-1]:
                return None
        line, _, self._buffer = b"".join(parts).partition(b"\n")
        with suppress(ValueError, RecursionError):
            answer = json.loads(line)
            return answer if isinstance(answer, dict) else None
        return None

    def stop(self) -> None:
        """From another thread: end what is being rendered, and start nothing more; the sandbox must still be closed."""
        with self._changing:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """End the worker and everything in its sandbox."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # the sandbox dies with bubblewrap, and everything inside with the sandbox
        process.wait()
        if self._group is not None:
            self._group.remove()
            self._group = None
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _advice(said: str) -> str:
    """What to do about bubblewrap's commonest complaint."""
    if "namespace" not in said and "uid map" not in said:
        return ""
    return (
        "; user namespaces seem to be switched off: see the settings kernel.unprivileged_userns_clone,"
        " user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns of sysctl"
    )


def _killed_for_memory() -> int:
    """How often the kernel has killed a process since memory was short."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


PROGRAM_BYTES = 32 * 2**20
"""Of new formulas, for one program: more is taken for an attack on the disk."""
CACHE_BYTES = 2 * 2**30
"""Of all formulas, looked at when a sandbox starts; then the oldest go until half is left."""


class FormulaCache:
    """Formulas in a folder that other sandboxes use, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stored: list[Path] = []
        self._bytes = 0

    def keep(self, name: str, svg: str) -> bool:
        """Store a formula that a program asked for; whether it is there."""
        with suppress(BuilderError, OSError):
            path = self._folder / name
            if path.exists():
                return True
            data = svg.encode("utf-8")
            if self._bytes + len(data) > PROGRAM_BYTES:
                return False
            with written_aside(path) as aside:
                aside.write_bytes(data)
            self._bytes += len(data)
            self._stored.append(path)
            return True
        return False

    def end_program(self, passed: bool) -> None:
        """A program has ended; unless it passed, what was stored for it goes; others make it anew."""
        if not passed:
            for path in self._stored:
                with suppress(OSError):
                    path.unlink()
        self._stored, self._bytes = [], 0

    def trim(self) -> None:
        """Take the oldest formulas away if all together have grown too large."""
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.glob("*.svg"):
            with suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        if total <= CACHE_BYTES:
            return
        for _, size, path in sorted(found):
            if total <= CACHE_BYTES // 2:
                return
            with suppress(OSError):
                path.unlink()
                total -= size
