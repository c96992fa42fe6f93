"""The hook that a program cannot take out of its process: it sees what is attempted, and says how the program ended.

Python's audit events show what a program attempts: to reach the network, to write outside its scratch folder, to look
at the interpreter's own frames and objects or at raw memory. The sandbox makes the first two fail in any case. What the
hook says goes to the worker under a secret that only the hook holds, made before the program begins, so that nothing
that a program writes to any descriptor is believed. That a program ended well is said by the hook alone, and only for
the frame that started the program.

Not seen: what C code or another process attempts, code under the name of a library's file, and memory that is read in
ways of which Python has no event, such as NumPy's views beyond the end of an array.
"""

import contextlib
import os
import posix
import socket
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

ENDED = "builder.render.ended"
"""The event by which whoever started the program says what came of it."""
REFUSED = "builder.render.refused"
"""The event by which anyone says that the program did what it may not."""
LINE_BYTES = 4000
"""Of one message: so many bytes are written to a pipe at once, whoever else writes to it."""
_NETWORK = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_UNREACHABLE = 101
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.rename": slice(2), "os.link": slice(1, 2), "os.symlink": slice(1, 2)} | dict.fromkeys(
    ("os.mkdir", "os.rmdir", "os.remove", "os.truncate", "os.chmod", "os.chown", "os.utime"), slice(1)
)
"""By event: which of its arguments are paths that it would change."""
_DEVICES = ("/dev/null", "/dev/tty", "/dev/stdout", "/dev/stderr", "/dev/full", "/dev/shm")
_LOOKS = frozenset({"gc.get_objects", "gc.get_referrers", "gc.get_referents", "sys._current_frames"})
_LOOKS |= {"sys._current_exceptions", "sys.settrace", "sys.setprofile"}
"""Looks into the interpreter that no animation needs, whoever makes them."""
_FRAMES = frozenset({"tb_frame", "gi_frame", "cr_frame", "ag_frame"})
_RAW = ("ctypes", "_ctypes", "cffi", "_cffi_backend")
_PASSED_ON = ("inspect.py", "ctypes/__init__.py", "_bootstrap>", "_bootstrap_external>")
"""Ends of the names of files that look into the interpreter for whoever calls them."""
_PROGRAMS = ("<string>", "<stdin>")
"""The files of code that a program makes, besides its own."""

Say = Callable[[str, str], None]
"""Sends the worker a word, and what it is about."""


def speak_through(report: int) -> Say:
    """What speaks to the worker; the secret goes first, and is then held by nothing else.

    Args:
        report: The pipe to the worker.
    """
    write = os.write
    secret = os.urandom(16).hex().encode() + b" "
    write(report, secret + b"\n")

    def say(word: str, what: str) -> None:  # calls nothing that a program could have replaced
        line = f"{word} {what}".encode("utf-8", "replace").replace(b"\n", b" ")
        write(report, secret + line[:LINE_BYTES] + b"\n")

    return say


def watch(scratch: Path, program: str, driver: FrameType, say: Say) -> None:
    """Watch this process from now on; there is no way back.

    Args:
        scratch: The folder in which the program may write.
        program: The file of the program.
        driver: The frame from which `ENDED` is believed.
        say: What `speak_through` returned.
    """
    own = os.path.realpath(scratch)
    get_frame, thread = sys._getframe, threading.get_ident
    looking: set[int] = set()
    judging: set[int] = set()
    noted: set[str] = set()

    def note(word: str, what: str) -> None:
        if word not in noted:  # the first is enough, and a flood would be cut off
            noted.add(word)
            say(word, what[:200])

    def refuse(what: str) -> None:
        note("refused", what)
        raise PermissionError(f"a program may not {what}")

    def caller() -> FrameType | None:
        looking.add(thread())  # of this itself comes an event, too
        try:
            return get_frame(2)
        finally:
            looking.discard(thread())

    def is_programs(frame: FrameType | None) -> bool:
        while frame is not None and frame.f_code.co_filename.endswith(_PASSED_ON):
            frame = frame.f_back
        return frame is not None and frame.f_code.co_filename in (program, *_PROGRAMS)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if thread() in looking:
            return
        if event in _LOOKS:
            refuse(f"use {event}")
        elif event == ENDED:
            if caller() is not driver:
                refuse("say itself what came of it")
            say("ended", arguments[0])
        elif event == REFUSED:
            refuse(arguments[0] if type(arguments[0]) is str else "say that it is refused")
        elif what := _looks_inside(event, arguments):
            if is_programs(caller()):
                refuse(what)
        elif thread() not in judging and (event == "open" or event.startswith(("os.", "socket."))):
            judging.add(thread())
            try:
                reach(event, arguments)
            finally:
                judging.discard(thread())

    def reach(event: str, arguments: tuple[Any, ...]) -> None:
        if what := _change(event, arguments, own):
            refuse(what)
        if what := _network(event, arguments):
            note("network", what)
            raise _unreachable(event, what)

    sys.addaudithook(hook)


def hide_worker(packages: str) -> None:
    """Take from sight what the worker consists of, and see to it that ending at once is noted.

    Args:
        packages: The package of the worker's modules.
    """
    for name in [name for name in sys.modules if name == packages or name.startswith(f"{packages}.")]:
        del sys.modules[name]
    for name in _RAW:
        sys.modules.pop(name, None)  # so that it is an event if a program imports it
    sys.modules["__main__"] = ModuleType("__main__")
    program, leave, number, audit = os.getpid(), os._exit, os.getpid, sys.audit

    def _exit(status: int) -> None:
        if number() == program:  # what it started itself may end as it likes
            audit(REFUSED, "use os._exit")
        leave(status)

    os._exit = posix._exit = _exit  # type: ignore[assignment]


def _looks_inside(event: str, arguments: tuple[Any, ...]) -> str:
    """How an event looks at what libraries may look at, and a program may not; empty if it does not."""
    if event == "sys._getframe" or (event == "object.__getattr__" and arguments[1] in _FRAMES):
        return "look at frames of the interpreter"
    if event.startswith("ctypes.") or (event == "import" and arguments[0] in _RAW):
        return f"use {_RAW[0]}"
    return ""


def _unreachable(event: str, what: str) -> OSError:
    """As it is where there is no network: a program may know what to do."""
    if event in _LOOK_UPS:
        return socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return OSError(_UNREACHABLE, f"Network is unreachable: {what}")


def _network(event: str, arguments: tuple[Any, ...]) -> str:
    """How an event would reach the network; empty if it would not."""
    if event == "socket.__new__":  # IPv6 is left out: libraries look for it as they are imported
        return "open a network socket" if arguments[1] == socket.AF_INET else ""
    if event in _NETWORK:
        address = arguments[1] if len(arguments) > 1 else None
        return f"{event} {address[:2]}" if isinstance(address, tuple) else ""  # a text is a local socket
    return f"{event} {arguments[0]!r}" if event in _LOOK_UPS else ""


def _change(event: str, arguments: tuple[Any, ...], scratch: str) -> str:
    """How an event would change what is not the program's; empty if it would not."""
    if event == "open":
        path, _, flags = arguments
        return f"write {_text(path)}" if flags & _WRITING and _is_outside(path, scratch) else ""
    outside = [path for path in arguments[_CHANGES.get(event, slice(0))] if _is_outside(path, scratch)]
    if not outside or (event == "os.mkdir" and os.path.lexists(outside[0])):
        return ""
    return f"{event[3:]} {_text(outside[0])}"


def _is_outside(path: Any, scratch: str) -> bool:
    """Whether a path is not the program's own; descriptors are what they were opened as."""
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    real = os.path.realpath(os.fsdecode(path))
    if real == scratch or real.startswith(scratch + os.sep):
        return False
    return not real.startswith(_DEVICES) or _is_folder_entry(real)


def _is_folder_entry(real: str) -> bool:
    """Whether a path that begins like a device's is another's."""
    if real.startswith("/dev/shm"):
        return False
    with contextlib.suppress(OSError):
        return not stat.S_ISCHR(os.stat(real).st_mode)  # noqa: PTH116
    return True


def _text(path: Any) -> str:
    return os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else repr(path)
