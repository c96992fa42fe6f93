"""System calls that Python has no functions for, and which of them a program may not make.

Linux only. A call that fails raises OSError.
"""

import ctypes
import os
import platform
import struct

NEW_NAMESPACES = 0x00020000 | 0x08000000
"""Flags of `unshare`: mounts and System V IPC."""
NEW_PROCESSES = 0x20000000
_ANY_NAMESPACE = 0x7E020000
_SYS_ADMIN = 1 << 21
_CAPABILITY_VERSION = 0x20080522
_PARENT_SIGNAL = 1
_SET_DUMPABLE, _KEEP_CAPABILITIES, _SET_SECCOMP, _SUBREAPER, _NO_NEW_PRIVILEGES = 4, 8, 22, 36, 38
_NO_SUID, _NO_DEVICES, _NO_EXECUTION, _READ_ONLY = 2, 4, 8, 1

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: int | bytes | ctypes.c_char_p) -> None:
    if getattr(_libc, name)(*(ctypes.c_ulong(one) if isinstance(one, int) else one for one in arguments)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave namespaces for new ones; for processes, it is the next child that does."""
    _call("unshare", flags)


def enter_processes(namespace: int) -> None:
    """Let the next child start in a namespace of processes, by a descriptor of it."""
    _call("setns", namespace, NEW_PROCESSES)


def mount_memory(path: str, options: str, read_only: bool = False) -> None:
    """Lay a file system in memory over a folder."""
    flags = _NO_SUID | _NO_DEVICES | (_READ_ONLY | _NO_EXECUTION if read_only else 0)
    _call("mount", b"tmpfs", path.encode(), b"tmpfs", flags, options.encode())


def become(user: int) -> None:
    """From root of a user namespace to another user of it who keeps the right to make namespaces."""
    os.setgroups([])
    os.setresgid(user, user, user)
    _call("prctl", _KEEP_CAPABILITIES, 1, 0, 0, 0)
    os.setresuid(user, user, user)
    _set_capabilities(_SYS_ADMIN)


def hide_memory(hidden: bool) -> None:
    """Whether no other process of the same user may trace this one or read its memory."""
    _call("prctl", _SET_DUMPABLE, int(not hidden), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own has ended."""
    _call("prctl", _SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Be killed when the parent ends."""
    _call("prctl", _PARENT_SIGNAL, 9, 0, 0, 0)


def give_up_rights() -> None:
    """No capability, now or ever, and none of the calls in `_denied`."""
    _set_capabilities(0)
    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _filter_calls()


def _set_capabilities(low: int) -> None:
    header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
    _call("capset", header, struct.pack("6I", low, low, 0, 0, 0, 0))


# The filter: a few instructions for the kernel, which run at each call

_EPERM, _ENOSYS = 1, 38
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _EQUAL, _GREATER_EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_OLD_INTERFACE = 0x40000000
"""Numbers from here on are x86's interface for 32-bit pointers, a second door to the same calls."""
_NEW_CALLS = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 447)
"""io_uring, the new calls to mount, pidfd_getfd and memfd_secret: the same numbers on all machines."""
_MACHINES = {
    "x86_64": (
        (0xC000003E, 56),
        (29, 68, 101, 155, 161, 165, 166, 167, 169, 175, 176, 240, 246, 248, 249, 250, 272, 298),
        (308, 310, 311, 313, 319, 321, 323),
    ),
    "aarch64": (
        (0xC00000B7, 220),
        (39, 40, 41, 51, 97, 104, 105, 106, 117, 142, 180, 186, 194, 217, 218, 219, 224, 241),
        (268, 270, 271, 273, 279, 280, 282),
    ),
}
"""By machine: its name to the kernel and `clone`, then what is denied: tracing, other processes' memory, namespaces,
mounts, kernel modules, keys, BPF, perf, and memory that no process need hold (memfd_create, shmget, message queues)."""
_CLONE3 = 435
_SOCKETS = {"x86_64": (41, 53), "aarch64": (198, 199)}
"""`socket` and `socketpair`, which may make local ones only: no network, no netlink, no virtual machine's host."""
_LOCAL = 1
_NO_SUCH_FAMILY = 97


def _filter_calls() -> None:
    known = _MACHINES.get(platform.machine())
    if known is None:
        return  # namespaces, limits and capabilities hold there, too
    (machine, clone), *denied = known
    numbers = (number for group in (*denied, _NEW_CALLS) for number in group)
    steps: list[tuple[int, int, int, int]] = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, machine), (_RETURN, 0, 0, _KILL)]
    steps += [(_LOAD, 0, 0, 0), (_GREATER_EQUAL, 0, 1, _OLD_INTERFACE), (_RETURN, 0, 0, _ERROR | _EPERM)]
    steps += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERROR | _ENOSYS)]  # the C library then takes clone
    for number in numbers:
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERROR | _EPERM)]
    for number in _SOCKETS[platform.machine()]:
        steps += [(_EQUAL, 0, 4, number), (_LOAD, 0, 0, 16), (_EQUAL, 1, 0, _LOCAL)]
        steps += [(_RETURN, 0, 0, _ERROR | _NO_SUCH_FAMILY), (_RETURN, 0, 0, _ALLOW)]
    steps += [(_EQUAL, 0, 3, clone), (_LOAD, 0, 0, 16), (_ANY_BIT, 0, 1, _ANY_NAMESPACE)]
    steps += [(_RETURN, 0, 0, _ERROR | _EPERM), (_RETURN, 0, 0, _ALLOW)]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    held = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(held))
    _call("prctl", _SET_SECCOMP, 2, ctypes.c_char_p(program), 0, 0)
