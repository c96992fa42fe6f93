"""What was found of one thing that rendering needs, and the Debian packages that bring what is missing."""

import os
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
