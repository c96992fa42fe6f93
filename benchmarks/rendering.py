"""Which programs run: `python -m benchmarks.rendering --programs FILE --verdicts FILE --manim-python PYTHON`.

Renders programs with real Manim, every animation of every scene computed and nothing written, and says what came of
it. Programs are strangers' code. They run inside bubblewrap: without a network, without the environment, on a
read-only file system with nothing of the user's in it, with limits on memory, processes, files and time.

`--programs` is JSON Lines of `{"key": ..., "code": ...}`; a missing key is computed. Verdicts are appended to
`--verdicts` in the order in which they come; a key that stands there already is skipped, so a run can be broken off
and taken up again. `--summary FILE` writes them without anything of the programs' text, sorted by key, and counts them.

What a passed program is: its import and the `render()` of each scene class that it defines raise nothing, with Manim's
low quality at a coarse resolution. Not covered: OpenGL, looks, sound as heard, anything that wants a screen.
"""

import argparse
import json
import os
import queue
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from builder.prepare.keys import program_key

WORKER = Path(__file__).with_name("render_worker.py")
SECONDS = 60.0
"""Processor time for one program. Wall clock is four times that, since the machine may have other work."""
WALL_FACTOR = 4
START_SECONDS = 120.0
SCRATCH_BYTES = 512 * 2**20
MODES = ("coarse", "full", "skip")
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


def key_of(code: str) -> str:
    """The key of exactly this code, 16 hex digits."""
    return f"{program_key(code) or 0:016x}"


def render(
    programs: Iterable[tuple[str, str]],
    *,
    python: str | Path,
    workers: int = 2,
    timeout: float = SECONDS,
    mode: str = "coarse",
    tex_cache: str | Path | None = None,
) -> Iterator[Verdict]:
    """Render (key, code) pairs and yield verdicts as they come, not in order.

    Args:
        programs: Keys and codes; taken as fast as they are rendered.
        python: A Python that has Manim; its folder and its base are all the sandbox sees besides the system's.
        workers: Sandboxes side by side, one program at a time each.
        timeout: Seconds of processor time for one program; wall clock is four times that.
        mode: `coarse` computes every frame with few pixels, `full` is `--dry_run -ql` to the letter, `skip` computes
            only the last frame of each animation.
        tex_cache: Folder in which formulas are kept as SVG files between runs; by default one in the user's cache.
    """
    cache = Path(tex_cache) if tex_cache else Path.home() / ".cache" / "manim-combined-render" / "tex"
    cache.mkdir(parents=True, exist_ok=True)
    waiting = iter(programs)
    taking = threading.Lock()
    done: queue.Queue[Verdict | BaseException | None] = queue.Queue()
    stopped = threading.Event()

    def work() -> None:
        try:
            with Sandbox(Path(python), cache, timeout=timeout, mode=mode) as sandbox:
                while not stopped.is_set():
                    with taking:
                        program = next(waiting, None)
                    if program is None:
                        break
                    done.put(sandbox.render(*program))
            done.put(None)
        except BaseException as error:  # handed over: it belongs to whoever asked for the verdicts
            done.put(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        running = len(threads)
        while running:
            item = done.get()
            if isinstance(item, Verdict):
                yield item
            elif item is None:
                running -= 1
            else:
                raise item
    finally:
        stopped.set()


class Sandbox:
    """A worker inside bubblewrap that is started when needed, and again whenever it has died."""

    def __init__(self, python: Path, tex_cache: Path, *, timeout: float, mode: str) -> None:
        self._command = sandbox_command(python, tex_cache)
        self._timeout = timeout
        self._mode = mode
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
        request = {"code": code, "seconds": self._timeout, "wall": wall, "mode": self._mode}
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
    command += ["--ro-bind", str(WORKER), "/render_worker.py", "--bind", str(tex_cache.absolute()), "/texcache"]
    for name, value in _environment(prefix).items():
        command += ["--setenv", name, value]
    command += ["--chdir", "/tmp", str(prefix / "bin" / python.name), "-P", "/render_worker.py"]
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


# Files


def read_programs(path: Path) -> Iterator[tuple[str, str]]:
    """Keys and codes of a file of programs."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            program = json.loads(line)
            yield program.get("key") or key_of(program["code"]), program["code"]


def read_verdicts(path: Path) -> dict[str, Verdict]:
    """The verdicts of a file by key, the last one of each; nothing if there is no file. Takes summaries, too."""
    if not path.exists():
        return {}
    known = {field.name for field in fields(Verdict)}
    verdicts = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            values = json.loads(line)
        except ValueError:
            continue  # the last line of a run that was broken off
        verdicts[values["key"]] = Verdict(**{name: value for name, value in values.items() if name in known})
    return verdicts


def summary(verdicts: Iterable[Verdict]) -> list[dict[str, str | None]]:
    """Key, verdict and type of exception, sorted by key: no text of any program, fit to be kept."""
    rows = ({"key": one.key, "verdict": one.verdict, "exception": one.exception} for one in verdicts)
    return sorted(rows, key=lambda row: str(row["key"]))


def _render_file(arguments: argparse.Namespace) -> None:
    known = set(read_verdicts(arguments.verdicts))
    programs = {key: code for key, code in read_programs(arguments.programs) if key not in known}
    arguments.verdicts.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    count: Counter[str] = Counter()
    results = render(
        programs.items(),
        python=arguments.manim_python,
        workers=arguments.workers,
        timeout=arguments.timeout,
        mode=arguments.mode,
        tex_cache=arguments.tex_cache,
    )
    with arguments.verdicts.open("a", encoding="utf-8") as out:
        for verdict in results:
            out.write(json.dumps(asdict(verdict), ensure_ascii=False) + "\n")
            out.flush()
            count[verdict.verdict] += 1
            if count.total() % 25 == 0 or count.total() == len(programs):
                pace = count.total() / (time.monotonic() - started) * 60
                print(f"{count.total()} of {len(programs)}, {pace:.0f} a minute: {dict(count)}", flush=True)


def _print_counts(verdicts: Iterable[Verdict]) -> None:
    count = Counter((one.verdict, one.exception or "") for one in verdicts)
    for (verdict, exception), number in sorted(count.items(), key=lambda item: (-item[1], item[0])):
        print(f"{number:6} {verdict} {exception}")


def main() -> None:
    """Read the arguments, render what has no verdict yet, and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, help="JSON Lines of key and code; left out, nothing is rendered")
    parser.add_argument("--verdicts", type=Path, required=True, help="JSON Lines to append to")
    parser.add_argument("--manim-python", type=Path, help="a Python that has Manim")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=SECONDS, help="seconds of processor time for one program")
    parser.add_argument("--mode", choices=MODES, default=MODES[0])
    parser.add_argument("--tex-cache", type=Path, help="folder for formulas as SVG files")
    parser.add_argument("--summary", type=Path, help="write keys, verdicts and exception types here, and count them")
    arguments = parser.parse_args()
    if arguments.programs:
        if arguments.manim_python is None:
            parser.error("--programs needs --manim-python")
        _render_file(arguments)
    if arguments.summary:
        rows = summary(read_verdicts(arguments.verdicts).values())
        arguments.summary.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    _print_counts(read_verdicts(arguments.verdicts).values())


if __name__ == "__main__":
    sys.exit(main())
