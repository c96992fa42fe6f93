"""What processes use, as the kernel tells it under `/proc`."""

import os
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a family."""

    number: int
    seconds: float
    """Processor time, with that of children that have ended."""


def family(worker: int) -> list[Process]:
    """All descendants of a process."""
    children = defaultdict(list)
    for name in os.listdir(_PROC):  # noqa: PTH208 - names are all that is wanted, many times a second
        if name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                fields = Path(_PROC, name, "stat").read_text(errors="replace").rpartition(")")[2].split()
                process = Process(int(name), sum(map(int, fields[11:15])) / _TICKS)
                children[int(fields[1])].append(process)
    found: list[Process] = []
    open_ends = [worker]
    while open_ends:
        for process in children.pop(open_ends.pop(), ()):
            found.append(process)
            open_ends.append(process.number)
    return found


def memory(processes: list[Process], limit: int) -> int:
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
