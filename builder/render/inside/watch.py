"""Notes each attempt of a program to reach the network, or to write outside its scratch folder.

The sandbox makes such attempts fail in any case; here they are known by Python's audit events, which a program cannot
take back, so that they count even if the program swallows the error. An attempt that is not made through Python, by
C code or another process, fails but is not noted.
"""

import os
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_NETWORK = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.mkdir": 1,
    "os.rmdir": 1,
    "os.remove": 1,
    "os.truncate": 1,
    "os.chmod": 1,
    "os.chown": 1,
    "os.utime": 1,
    "os.rename": 2,
    "os.link": 2,
    "os.symlink": 2,
}
"""By event: how many of its first arguments are paths that it would change; of a link, the second."""
_DEVICES = ("/dev/null", "/dev/tty", "/dev/stdout", "/dev/stderr", "/dev/full", "/dev/shm")


class Watch:
    """An audit hook for the process that it is installed in."""

    def __init__(self, scratch: Path, note: Callable[[str], None]) -> None:
        self._scratch = os.path.realpath(scratch)
        self._note = note
        self._noting = False
        self._noted = False

    def install(self) -> None:
        """Watch from now on; there is no way back."""
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._noting or not (event == "open" or event.startswith(("os.", "socket."))):
            return
        self._noting = True
        try:
            what = self._refused(event, arguments)
            if what and not self._noted:  # the first is enough, and a flood would be cut off
                self._noted = True
                self._note(what[:200])
        finally:
            self._noting = False
        if what:
            raise PermissionError(f"a program may not: {what}")

    def _refused(self, event: str, arguments: tuple[Any, ...]) -> str:
        if event == "open":
            path, _, flags = arguments
            return f"write {_text(path)}" if flags & _WRITING and self._outside(path) else ""
        if event in _CHANGES:
            changed = arguments[: _CHANGES[event]] if event == "os.rename" else arguments[_CHANGES[event] - 1 :][:1]
            outside = [path for path in changed if self._outside(path)]
            if not outside or (event == "os.mkdir" and os.path.lexists(outside[0])):
                return ""
            return f"{event[3:]} {_text(outside[0])}"
        if event == "socket.__new__":  # IPv6 is left out: libraries look for it as they are imported
            return "open a network socket" if arguments[1] == socket.AF_INET else ""
        if event in _NETWORK:
            address = arguments[1] if len(arguments) > 1 else None
            return f"{event} {address[:2]}" if isinstance(address, tuple) else ""  # a text is a local socket
        return f"{event} {arguments[0]!r}" if event in _LOOK_UPS else ""

    def _outside(self, path: Any) -> bool:
        """Whether a path is not the program's own; descriptors are what they were opened as."""
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        real = os.path.realpath(os.fsdecode(path))
        if real == self._scratch or real.startswith(self._scratch + os.sep):
            return False
        return not real.startswith(_DEVICES) or _is_folder_entry(real)


def _is_folder_entry(real: str) -> bool:
    """Whether a path that begins like a device's is another's."""
    try:
        return not real.startswith("/dev/shm") and not stat.S_ISCHR(os.stat(real).st_mode)  # noqa: PTH116
    except OSError:
        return not real.startswith("/dev/shm")


def _text(path: Any) -> str:
    return os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else repr(path)
