"""What was found of one thing that rendering needs, and programs of this machine that are asked about it."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

PACKAGES = Path(__file__).parent.with_name("debian-packages.txt")
EXTRA_PACKAGES = Path(__file__).parent.with_name("debian-packages-extra.txt")


class State(StrEnum):
    """How something was found."""

    OK = "ok"
    MISSING = "missing"
    TOO_OLD = "too old"
    BROKEN = "broken"
    """It is there, and does not work."""
    OTHER = "other"
    """It works, and is not the release that was expected."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    """The version, the number or the message that was found."""
    meaning: str
    """What it is for, or what goes wrong without it."""
    packages: tuple[str, ...] = ()
    """Debian packages that bring it; empty if it is there."""
    advice: str = ""
    """Another command or step that brings it; empty if it is there."""
    needed: bool = True
    """Whether nothing can be rendered as it should be without it."""

    @property
    def stops(self) -> bool:
        """Whether this machine may not render before it is mended."""
        return self.needed and self.state not in (State.OK, State.OTHER)


def install_line(findings: Sequence[Finding]) -> str:
    """The command that installs every Debian package that is missing; empty if none is."""
    names = dict.fromkeys(name for finding in findings if finding.stops for name in finding.packages)
    return apt_line(tuple(names)) if names else ""


def apt_line(packages: Sequence[str]) -> str:
    """The command that installs Debian packages."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install --no-install-recommends {' '.join(sorted(packages))}"


def read_packages(path: Path) -> tuple[str, ...]:
    """The names in a list of Debian packages."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(name for line in lines if (name := line.partition("#")[0].strip()))


# Programs of this machine, asked with a time limit and no more of the environment than they need

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
