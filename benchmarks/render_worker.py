"""What runs inside the sandbox, with Manim's own Python: imports Manim once, then forks a child for each program.

Started by `render_sandbox.py` and by nothing else. Speaks JSON Lines: `{"ready": version}` first, then for each
request `{"code", "seconds", "wall", "full"}` one answer `{"verdict", "exception", "message", "line", "seconds"}`. With
`"last": true` in an answer the worker has ended, since a program left processes behind; the whole sandbox dies with it.

The child becomes another user (if the sandbox was started by root), sets its limits, runs the program as Manim's
command line would with `-a`, and reports over a pipe. The report counts only if the child also ends well.
"""

import contextlib
import gc
import json
import os
import resource
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from render_program import MODULE, TIMEOUT, Answer, failure, run_program

SCRATCH = Path("/tmp")
TEX_CACHE = Path("/texcache")
FIRST_USER = 100_000
MEGABYTE = 2**20
ADDRESS_SPACE = 4096 * MEGABYTE
MEMORY = 3072 * MEGABYTE
"""Resident memory of all of a program's processes together."""
FILE_SIZE = 256 * MEGABYTE
PROCESSES = 96
REPORT_BYTES = 60_000
POLL_SECONDS = 0.25


def main() -> None:
    """Answer requests until there are no more, or until a program has left something running."""
    if "RENDER_SANDBOX" not in os.environ:
        sys.exit("render_worker runs programs of strangers: only render_sandbox.py may start it, in a sandbox")
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with Path(os.devnull).open("r+b") as nothing:
        for descriptor in (0, 1, 2):
            os.dup2(nothing.fileno(), descriptor)
    os.umask(0)
    SCRATCH.chmod(0o1777)
    version = _prepare_manim()
    gc.collect()
    gc.freeze()
    _send(answers, {"ready": version})
    user = FIRST_USER + int.from_bytes(os.urandom(3))  # one for each sandbox, so that none uses up another's processes
    for line in requests:
        answer = _judge({**json.loads(line), "user": user}, (requests.fileno(), answers.fileno()))
        answer["last"] = bool(_others())
        _send(answers, answer)
        if answer["last"]:
            return


def _send(answers: Any, answer: Answer) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _prepare_manim() -> str:
    """Import Manim and set it as `manim render --dry_run -ql` would; its version."""
    import manim
    from manim.utils import tex_file_writing

    config = manim.config
    config.quality = "low_quality"
    config.dry_run = True
    config.write_all = True
    config.progress_bar = "none"
    config.verbosity = "CRITICAL"
    config.input_file = f"{MODULE}.py"

    generate = tex_file_writing.generate_tex_file

    def generate_or_copy(*args: Any, **kwargs: Any) -> Path:
        """Manim looks for the SVG beside the TeX file: put one there that was made before."""
        tex_file: Path = generate(*args, **kwargs)
        svg = tex_file.with_suffix(".svg")
        with contextlib.suppress(OSError):
            if not svg.exists():
                shutil.copyfile(TEX_CACHE / svg.name, svg)
        return tex_file

    tex_file_writing.generate_tex_file = generate_or_copy
    return str(manim.__version__)


# What the worker does around a child


def _judge(request: Answer, inherited: tuple[int, ...]) -> Answer:
    """Run one program in a child of its own, and say what came of it."""
    folder = SCRATCH / MODULE
    folder.mkdir()
    (folder / f"{MODULE}.py").write_text(request["code"], encoding="utf-8", errors="surrogatepass")
    report_end, write_end = os.pipe()
    token = os.urandom(8).hex()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        _run_child(folder, request, (*inherited, report_end), write_end, token)
    os.close(write_end)
    cause, status, used = _wait(child, started + request["wall"])
    seconds = round(time.monotonic() - started, 2)
    if cause is None and os.WIFSIGNALED(status) and _out_of_time(os.WTERMSIG(status), used, request["seconds"]):
        cause = TIMEOUT
    answer = _answer(cause, status, _read_report(report_end, token))
    os.close(report_end)
    if cause is None and os.WIFEXITED(status):
        _keep_tex(folder)
    _clear_scratch()
    return {**answer, "seconds": seconds}


def _wait(child: int, deadline: float) -> tuple[str | None, int, float]:
    """Wait for a child's end, or bring it about; why it was killed, its exit status, its seconds of processor time."""
    cause = None
    handle = os.pidfd_open(child)
    try:
        while not select.select([handle], [], [], POLL_SECONDS)[0]:
            if time.monotonic() > deadline:
                cause = TIMEOUT
            elif _resident() > MEMORY:
                cause = "MemoryLimit"
            if cause is not None:
                os.kill(child, signal.SIGKILL)
                break
    finally:
        os.close(handle)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    return cause, status, usage.ru_utime + usage.ru_stime


def _out_of_time(number: int, used: float, seconds: float) -> bool:
    """Whether a signal came from the limit on processor time; one that a program ignores is followed by a kill.

    The kernel keeps that limit by ticks of its clock, which may be far from the seconds that it reports at the end.
    """
    return number == signal.SIGXCPU or (number == signal.SIGKILL and used > seconds / 2)


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _others() -> list[int]:
    """Processes in the sandbox besides this one and the sandbox's first; those that are dying are waited for."""
    own = {1, os.getpid()}
    found: list[int] = []
    for _ in range(20):
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        found = [process for process in _processes() if process not in own]
        if not found:
            break
        time.sleep(0.02)
    return found


def _resident() -> int:
    """Bytes of memory that all processes in the sandbox but the worker hold, shared pages left out."""
    pages = 0
    for process in _processes():
        if process not in (1, os.getpid()):
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = Path(f"/proc/{process}/statm").read_text().split()
                pages += int(fields[1]) - int(fields[2])
    return pages * resource.getpagesize()


def _read_report(report_end: int, token: str) -> Answer | None:
    """What the child said, if it makes sense."""
    os.set_blocking(report_end, False)
    try:
        report = json.loads(os.read(report_end, REPORT_BYTES))
    except (OSError, ValueError):
        return None
    return report if isinstance(report, dict) and report.pop("token", None) == token else None


def _answer(cause: str | None, status: int, report: Answer | None) -> Answer:
    """The verdict by how the child ended; its own report counts only if it ended by itself."""
    if cause == TIMEOUT:
        return failure("Timeout", "time is over", verdict=TIMEOUT)
    if cause is not None:
        return failure(cause, f"more than {MEMORY // MEGABYTE} MB")
    if os.WIFSIGNALED(status):
        return failure("Killed", signal.Signals(os.WTERMSIG(status)).name)
    if report is None or os.WEXITSTATUS(status):
        return failure("NoReport", f"exit status {os.WEXITSTATUS(status)}")
    return report


def _keep_tex(folder: Path) -> None:
    """Keep a program's SVG files of formulas for others that write the same; whole, small and regular ones only."""
    for file in folder.glob("media/**/Tex/*.svg"):
        with contextlib.suppress(OSError):
            if (
                file.is_symlink()
                or not file.is_file()
                or file.stat().st_size > MEGABYTE
                or (TEX_CACHE / file.name).exists()
            ):
                continue
            content = file.read_bytes()
            if content.rstrip().endswith(b"</svg>"):
                aside = TEX_CACHE / f"{file.name}.{os.urandom(4).hex()}"
                aside.write_bytes(content)
                aside.rename(TEX_CACHE / file.name)


def _clear_scratch() -> None:
    for path in SCRATCH.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


# What the child does


def _run_child(folder: Path, request: Answer, inherited: tuple[int, ...], write_end: int, token: str) -> None:
    """Set the limits, run the program, report, end; never returns."""
    status = 1
    try:
        for descriptor in inherited:
            os.close(descriptor)
        os.setsid()
        _limit(folder, request)
        report = {**run_program(folder / f"{MODULE}.py", request["full"]), "token": token}
        os.write(write_end, json.dumps(report).encode())
        status = 0
    finally:
        os._exit(status)


def _limit(folder: Path, request: Answer) -> None:
    seconds = int(request["seconds"])
    os.chdir(folder)
    os.environ.update(HOME=str(folder), TMPDIR=str(folder))
    for name, limit in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_FSIZE, FILE_SIZE),
        (resource.RLIMIT_NPROC, PROCESSES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 512),
    ):
        resource.setrlimit(name, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    if os.environ["RENDER_SANDBOX"] != "user":
        user = request["user"]
        os.chown(folder, user, user)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


if __name__ == "__main__":
    main()
