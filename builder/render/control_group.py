"""A control group around a worker, where this user may make one: it counts what the kernel holds for processes, too.

Limits of processes do not: buffers of sockets and pipes belong to none. With version 1 of control groups the new one is
made within this process's own; with version 2 within its own or the one around it, whichever hands memory on.
"""

import itertools
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SPARE_BYTES = 2**30
"""What a worker may hold beside its program: Manim, LaTeX, frames."""
_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_ENTER = 'echo $$ >"$0"; exec "$@"'
_NUMBERS = itertools.count()
_PATIENCE = 200
"""Hundredths of a second until processes that were killed are gone."""


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """A group with a limit of memory."""

    folder: Path
    events: str
    """The file that counts processes of the group which the kernel ended for want of memory."""
    hits: str
    """The file that counts how often the limit was reached."""

    @classmethod
    def make(cls, limit: int, own: Path = _OWN, root: Path = _ROOT) -> Self | None:
        """A new group whose processes hold so many bytes together at the most; `None` if it cannot be made here.

        Args:
            limit: bytes, those of the kernel among them.
            own: the file that names the groups of this process.
            root: where control groups are mounted.
        """
        with suppress(OSError):
            for around, limits, events, hits in _places(own, root):
                _clear(around)
                made = cls(around / f"manim-{os.getpid()}-{next(_NUMBERS)}", events, hits)
                with suppress(OSError):
                    made.folder.mkdir()
                    try:
                        (made.folder / limits).write_text(str(limit))
                    except OSError:
                        made.folder.rmdir()
                        raise
                    return made
        return None

    def around(self, command: Sequence[str]) -> list[str]:
        """The command in this group, with all that it starts."""
        return ["/bin/sh", "-c", _ENTER, str(self.folder / "cgroup.procs"), *command]

    def killed(self) -> int:
        """How many of its processes the kernel has ended for want of memory, here or in the whole system."""
        return self._count(self.events, "oom_kill")

    def reached(self) -> int:
        """How often the limit was reached."""
        return self._count(self.hits, "max")

    def _count(self, name: str, key: str) -> int:
        """The number that stands alone in a file, or behind a key."""
        with suppress(OSError, ValueError):
            for words in map(str.split, (self.folder / name).read_text().splitlines()):
                if len(words) == 1 or words[0] == key:
                    return int(words[-1])
        return 0

    def remove(self) -> None:
        """Take the group away, as soon as the last of its processes is gone: they have been killed."""
        for _ in range(_PATIENCE):
            with suppress(OSError):
                self.folder.rmdir()
                break
            time.sleep(0.01)


def _clear(around: Path) -> None:
    """Take groups away that a killed process of this project left."""
    for left in around.glob("manim-*-*"):
        if not Path("/proc", left.name.split("-")[1]).exists():
            with suppress(OSError):
                left.rmdir()


def _places(own: Path, root: Path) -> Iterator[tuple[Path, str, str, str]]:
    """Where a group may be made; the names of the files of its limit, of what was ended, and of hits of the limit."""
    for line in own.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            yield root / "memory" / path.lstrip("/"), "memory.limit_in_bytes", "memory.oom_control", "memory.failcnt"
        elif not controllers:
            group = root / path.lstrip("/")
            for around in (group, group.parent):
                handed_on = around / "cgroup.subtree_control"
                if around.is_relative_to(root) and handed_on.is_file() and "memory" in handed_on.read_text().split():
                    yield around, "memory.max", "memory.events", "memory.events"
