"""The command that starts a worker: bubblewrap, what it may see, and Manim's Python.

Inside there is no network, no variable of the environment, and nothing of the file system but the system's programs
and libraries, the Python with Manim and the formulas, all read-only. The worker has one right, and in its own user
namespace alone: to make the namespaces in which it shuts each program off (`inside/jail.py`).
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from builder.core.errors import RenderError
from builder.render.setup import PROGRAM_PATH, Setup, find_bubblewrap, manim_python

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
    code = "import sys; print(sys.base_prefix)"
    try:
        done = subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        raise RenderError(f"{python}: cannot be run: {error}; name a Python that has Manim") from error
    return Path(done.stdout.strip())


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
