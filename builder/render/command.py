"""What a worker is started with: the command (bubblewrap, what it may see, Manim's Python) and its control group.

Inside there is no network, no variable of the environment, and nothing of the file system but the system's programs
and libraries, the Python with Manim and the formulas, all read-only. The worker has one right, and in its own user
namespace alone: to make the namespaces in which it shuts each program off (`inside/jail.py`).

A control group, where this user may make one, counts what the kernel holds for processes, too. Limits of processes do
not: buffers of sockets and pipes belong to none. With version 1 of control groups the new one is made within this
process's own; with version 2 within its own or the one around it, whichever hands memory on.
"""

import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from builder.render.setup import PROGRAM_PATH, Setup, find_bubblewrap, manim_python, run_python

INSIDE = Path(__file__).with_name("inside")
WORKER_USER = 1000
_FIRST_USER = 200_000
"""Of the numbers that root's sandboxes run under, one each; no user of the machine has so high a number."""
_SYSTEM = ("/usr", "/etc/fonts", "/etc/texmf", "/etc/alternatives", "/etc/ld.so.cache", "/etc/ssl/openssl.cnf")
_CACHES = ("/var/lib/texmf", "/var/cache/fontconfig", "/var/cache/fonts")
_LINKS = ("/bin", "/lib", "/lib32", "/lib64", "/sbin")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_CACHE_INSIDE = "/formulas"
_SCRATCH = "/scratch"
_PYTHON = "/python"
_TEMPORARY = Path("/tmp")
_WORKER_BYTES = 16 * 2**20
"""Of the folders that the worker itself could write to; each program has its own."""


def bare_command(setup: Setup, formulas: Path) -> list[str]:
    """The command of a worker without a sandbox."""
    return [str(manim_python(setup.python)), "-m", "inside.worker", "bare", str(formulas)]


def sandbox_command(setup: Setup, formulas: Path, users: int | None) -> list[str]:
    """The command of a worker in its sandbox.

    Args:
        setup: How programs are rendered.
        formulas: The cache of formulas.
        users: Descriptor of a user namespace made by `user_namespace`; without, bubblewrap makes one.
    """
    python = manim_python(setup.python)
    command = [str(find_bubblewrap()), "--die-with-parent", "--new-session", "--clearenv", "--unshare-ipc"]
    command += ["--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL"]
    rights = ["SYS_ADMIN"] if users is None else ["SYS_ADMIN", "SETUID", "SETGID"]
    for right in rights:
        command += ["--cap-add", f"CAP_{right}"]
    user = str(WORKER_USER if users is None else 0)
    command += ["--unshare-user"] if users is None else ["--userns", str(users)]
    command += ["--uid", user, "--gid", user, "--hostname", "sandbox"]
    command += _folders(python)
    command += ["--proc", "/proc", "--size", str(_WORKER_BYTES), "--tmpfs", "/dev"]
    for device in _DEVICES:
        command += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    command += ["--dir", "/dev/shm", "--remount-ro", "/dev", "--size", str(_WORKER_BYTES), "--perms", "1777"]
    command += ["--tmpfs", _SCRATCH, "--ro-bind", str(formulas), _CACHE_INSIDE, "--ro-bind", str(INSIDE)]
    command += ["/worker/inside", "--remount-ro", "/"]
    inside = _place_of(python.parent.parent) / python.parent.name / python.name
    for name, value in environment(inside, Path("/worker"), Path(_SCRATCH)).items():
        command += ["--setenv", name, value]
    return [*command, "--chdir", _SCRATCH, str(inside), "-m", "inside.worker", "jailed", _CACHE_INSIDE]


def _place_of(folder: Path) -> Path:
    """Where a folder is seen: a virtual environment below `/tmp` elsewhere, since that is each program's own."""
    is_environment = (folder / "pyvenv.cfg").exists()
    return Path(_PYTHON) if is_environment and folder.is_relative_to(_TEMPORARY) else folder


def _folders(python: Path) -> list[str]:
    """What of the file system is shown, read-only, nearly all at its own place."""
    command: list[str] = []
    wanted = dict.fromkeys((*map(Path, (*_SYSTEM, *_CACHES)), _base(python), python.parent.parent))
    shown = {path: _place_of(path) for path in wanted if path.exists()}
    for parent in sorted({parent for path in shown.values() for parent in path.parents} - {Path("/")}):
        command += ["--perms", "0755", "--dir", str(parent)]  # by default, only the worker could look inside
    for path, place in shown.items():
        command += ["--ro-bind", str(path), str(place)]
    if not any(path.is_relative_to(_TEMPORARY) for path in shown.values()):
        command += ["--symlink", _SCRATCH, str(_TEMPORARY)]
    for link in map(Path, _LINKS):
        if link.is_symlink():
            command += ["--symlink", str(link.readlink()), str(link)]
        elif link.exists():
            command += ["--ro-bind", str(link), str(link)]
    return command


@cache
def _base(python: Path) -> Path:
    """The installation that a virtual environment was made from; `python` itself if it is none."""
    return Path(run_python(python, "import sys; print(sys.base_prefix)")[1].stdout.strip())


def environment(python: Path, worker: Path, home: Path) -> dict[str, str]:
    """All variables that the worker and the programs have.

    Those of TeX: no shell, and no file by an absolute path, above its folder, or with a leading dot.
    """
    return {
        "PATH": f"{python.parent}:{PROGRAM_PATH}",
        "PYTHONPATH": str(worker),
        "HOME": str(home),
        "LOGNAME": "renderer",  # the sandbox knows no names of users
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_MMAP_THRESHOLD_": "67108864",  # frames are taken from memory that is there, not asked of the kernel
        "MALLOC_TRIM_THRESHOLD_": "268435456",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "shell_escape": "f",
        "openin_any": "p",
        "openout_any": "p",
    }


@contextmanager
def user_namespace() -> Iterator[int | None]:
    """For root: a user namespace whose root is root, and whose user 1000 is nobody else on the machine.

    Root may read what the worker is made of; then the worker becomes that user. Limits on processes hold for it, and
    not for root. Nothing where it cannot be made, as in some containers, or for other users, who need none.
    """
    unshare = shutil.which("unshare")
    if os.getuid() != 0 or unshare is None:
        yield None
        return
    user = _FIRST_USER + int.from_bytes(os.urandom(3))
    with subprocess.Popen([unshare, "--user", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        descriptor = None
        try:
            with suppress(OSError):
                assert holder.stdin is not None
                assert holder.stdout is not None
                holder.stdin.write(b"there?\n")
                holder.stdin.flush()
                if holder.stdout.readline():  # `cat` answers, so `unshare` has done its work
                    for kind in ("uid", "gid"):
                        Path(f"/proc/{holder.pid}/{kind}_map").write_text(f"0 0 1\n{WORKER_USER} {user} 1\n")
                    descriptor = os.open(f"/proc/{holder.pid}/ns/user", os.O_RDONLY)
            yield descriptor
        finally:
            if descriptor is not None:
                os.close(descriptor)
            holder.kill()


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
