"""Asks programs of this machine, with a time limit and no more of the environment than they need."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.render.machine.finding import Finding, State

_PROFILE = (
    r"printf 'abi <abi/4.0>,\ninclude <tunables/global>\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\n"
    r"  userns,\n}\n' | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap"
)
_CONTAINER = (
    "the container has to allow them: start it with --security-opt seccomp=unconfined --security-opt "
    "apparmor=unconfined --security-opt systempaths=unconfined (Podman: --security-opt seccomp=unconfined "
    "--security-opt unmask=ALL)"
)


def why_refused(system: Path = Path("/")) -> str:
    """What to do so that unprivileged user namespaces can be made, told by the kernel's settings below `system`."""
    settings = system / "proc/sys"
    if _setting(settings / "kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if _setting(settings / "user/max_user_namespaces") == "0":
        return "sudo sysctl -w user.max_user_namespaces=15000"
    if any((system / mark).exists() for mark in (".dockerenv", "run/.containerenv")):
        return _CONTAINER
    if _setting(settings / "kernel/apparmor_restrict_unprivileged_userns") == "1":
        return f"AppArmor allows user namespaces to named programs only; name bubblewrap: {_PROFILE}"
    return f"the kernel, or a container or a chroot around this, allows no user namespaces; if {_CONTAINER}"


def _setting(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and whether it ended well."""

    output: str
    ended_well: bool

    @property
    def last_line(self) -> str:
        """The end of what it printed, which mostly says what is wrong."""
        lines = self.output.strip().splitlines()
        return lines[-1][:200] if lines else "it printed nothing"


def run_command(command: Sequence[str], folder: str | None = None) -> Answer:
    """Run a command in a folder; one that cannot be started, or does not end, is an answer too."""
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(f"no answer within {_SECONDS} seconds", False)
    except OSError as error:
        return Answer(error.strerror or str(error), False)
    return Answer(ended.stdout.decode("utf-8", "replace"), ended.returncode == 0)


def version_in(text: str) -> tuple[int, ...]:
    """The first version number in a text, for comparing."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(map(int, match[0].split("."))) if match else ()


def check_program(name: str, package: str, meaning: str, least: tuple[int, ...] = ()) -> Finding:
    """Whether a program is on the PATH, answers, and is new enough."""
    if shutil.which(name) is None:
        return Finding(name, State.MISSING, "not on the PATH", meaning, (package,))
    answer = run_command([name, "--version"])
    if not answer.ended_well:
        return Finding(name, State.BROKEN, answer.last_line, meaning, (package,))
    first = answer.output.strip().partition("\n")[0]
    if least and version_in(first) < least:
        wanted = ".".join(map(str, least))
        return Finding(name, State.TOO_OLD, first, f"{meaning}; {wanted} or newer is needed", (package,))
    return Finding(name, State.OK, first, meaning)
