"""Children of the worker, each shut off from it: namespaces, limits, and the end of everything that they started.

Every child is the first process of a namespace of its own: it sees, signals and traces none but its own, and when it
ends, so does all that it started, whatever that did to get away. It has a scratch folder of its own, no `/proc`, no
capability. Without a sandbox (`jailed=False`) only the limits hold, and its descendants are killed one by one.
"""

import os
import resource
import shutil
import signal
import tempfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from . import calls

WORKER_USER = 1000
MEGABYTE = 2**20
SCRATCH_MEGABYTES = 256
SCRATCH_FILES = 20_000
FILE_BYTES = 128 * MEGABYTE
PROCESSES = 48
OPEN_FILES = 64
"""Both bound what a program can make the kernel hold for it, too: a pair of sockets holds half a megabyte, and so all
that so many processes can open holds less than a program may use itself."""
SPARE_SECONDS = 5
"""Of processor time, from the first signal to the kill."""
_leave = os._exit  # programs cannot call that one
FAILED_TO_START = 71
"""Exit status of a child that could not be shut off, and so has run nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use."""

    seconds: float
    """Processor time, of each process; the worker minds that of all together."""
    address_space: int
    """Bytes, of each process."""


class Jail:
    """Starts children and clears up after them."""

    def __init__(self, jailed: bool) -> None:
        """Make the worker itself unreachable; from here on it must start no threads."""
        self._jailed = jailed
        self.scratch = Path("/scratch")
        if jailed:
            self._own_processes = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
            if os.getuid() == 0:
                calls.become(WORKER_USER)
            calls.hide_memory(True)
        else:
            self.scratch = Path(tempfile.mkdtemp(prefix="render-"))
            calls.adopt_orphans()

    def start(self, run: Callable[[], None], limits: Limits, keep: tuple[int, ...]) -> int:
        """Fork a child that runs a function in the scratch folder and ends with status 0 if it returns.

        Args:
            run: Called in the child.
            limits: What the child may use.
            keep: Descriptors that stay open in it; `/dev/null` is its input and output.

        Returns:
            The child's number.
        """
        if self._jailed:
            calls.enter_processes(self._own_processes)
            calls.unshare(calls.NEW_PROCESSES)
        child = os.fork()
        if child == 0:
            self._become(run, limits, keep)
        return child

    def _become(self, run: Callable[[], None], limits: Limits, keep: tuple[int, ...]) -> NoReturn:
        status = FAILED_TO_START
        try:
            _close_all_but({0, 1, 2, *keep})
            os.setsid()
            if self._jailed:
                self._shut_off()
            else:
                calls.die_with_parent()
            self._enter_scratch()
            _limit(limits)
            if self._jailed:
                resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))  # of the sandbox's user
                calls.give_up_rights()
            status = 1
            run()
            status = 0
        finally:
            _leave(status)

    def _shut_off(self) -> None:
        calls.hide_memory(False)  # else the next file would be root's
        Path("/proc/self/oom_score_adj").write_text("1000")  # the first to go when memory is short
        calls.unshare(calls.NEW_NAMESPACES)
        calls.mount_memory(str(self.scratch), f"size={SCRATCH_MEGABYTES}m,nr_inodes={SCRATCH_FILES},mode=0755")
        calls.mount_memory("/dev/shm", "size=64m,nr_inodes=1000,mode=1777")
        calls.mount_memory("/proc", "size=4k,nr_inodes=2", read_only=True)

    def _enter_scratch(self) -> None:
        folder = self._folder(os.getpid())
        folder.mkdir(exist_ok=True)
        os.chdir(folder)
        os.environ.update(HOME=str(folder), TMPDIR=str(folder))

    def _folder(self, child: int) -> Path:
        return self.scratch if self._jailed else self.scratch / str(child)

    def end(self, child: int) -> tuple[int, float]:
        """End a child and all that it started; its exit status and its seconds of processor time."""
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        return self.ended(child)

    def ended(self, child: int) -> tuple[int, float]:
        """As `end`, for a child that has ended or is about to."""
        if not self._jailed:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)
        _, status, used = os.wait4(child, 0)
        if not self._jailed:
            shutil.rmtree(self._folder(child), ignore_errors=True)
        return status, used.ru_utime + used.ru_stime

    def sweep(self) -> None:
        """Without namespaces: kill what children left behind."""
        while not self._jailed and (left := family(os.getpid())):
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(process.number, signal.SIGKILL)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass

    def close(self) -> None:
        """Take away what outlives the worker."""
        if not self._jailed:
            shutil.rmtree(self.scratch, ignore_errors=True)


def _limit(limits: Limits) -> None:
    seconds = max(1, round(limits.seconds))
    for name, soft, hard in (
        (resource.RLIMIT_AS, limits.address_space, limits.address_space),
        (resource.RLIMIT_FSIZE, FILE_BYTES, FILE_BYTES),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
        (resource.RLIMIT_CPU, seconds, seconds + SPARE_SECONDS),
    ):
        resource.setrlimit(name, (soft, hard))


def _close_all_but(kept: set[int]) -> None:
    edges = sorted(kept)
    for low, high in zip(edges, [*edges[1:], 1024], strict=True):
        os.closerange(low + 1, high)


# What processes use, as the kernel shows it under `/proc`

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a family."""

    number: int
    seconds: float
    """Processor time, with that of children that have ended."""
    asleep: bool
    """Whether it waits for something."""


def family(worker: int) -> list[Process]:
    """All descendants of a process."""
    children = defaultdict(list)
    for name in os.listdir(_PROC):  # noqa: PTH208 - names are all that is wanted, many times a second
        if name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                fields = Path(_PROC, name, "stat").read_text(errors="replace").rpartition(")")[2].split()
                process = Process(int(name), sum(map(int, fields[11:15])) / _TICKS, fields[0] in "SZ")
                children[int(fields[1])].append(process)
    found: list[Process] = []
    open_ends = [worker]
    while open_ends:
        for process in children.pop(open_ends.pop(), ()):
            found.append(process)
            open_ends.append(process.number)
    return found


def memory_of(processes: list[Process], limit: int) -> int:
    """Bytes that processes hold, in memory of their own or shared between them; exact only above a limit.

    Below it, a page counts for each process that has it, which is quickly told; above, it is shared out among them.
    """
    total = sum(_held(process, "status", ("RssAnon:", "RssShmem:")) or 0 for process in processes)
    if total <= limit:
        return total
    shares = ((process, _held(process, "smaps_rollup", ("Pss_Anon:", "Pss_Shmem:"))) for process in processes)
    return sum(
        _held(process, "status", ("RssAnon:", "RssShmem:")) or 0 if share is None else share
        for process, share in shares
    )


def _held(process: Process, table: str, lines: tuple[str, ...]) -> int | None:
    """The sum of some lines of a table about a process; nothing if it has ended or hides."""
    with suppress(OSError, ValueError, IndexError):
        text = Path(_PROC, str(process.number), table).read_text(errors="replace")
        return sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(lines))
    return None
