"""Stands in for rendering where there is no Manim: the first word of a program says what comes of it.

Workers of a cluster import it by its name.
"""

import os
import signal
import time

from builder.core.errors import RenderError
from builder.render.cluster import Releases
from builder.render.verdict import Outcome, Verdict, program_hash

RELEASES = Releases("0.22.0", "pdfTeX 3.14 (TeX Live 2022/Debian)", "dvisvgm 3.0.3", "Pillow 12")


def fake_releases(python: object = None) -> Releases:
    """The same everywhere."""
    return RELEASES


def fake_releases_that_differ(python: object = None) -> Releases:
    """Of each process, its own."""
    return Releases(str(os.getpid()), "", "")


def fake_check(*asked: object) -> None:
    """Every worker is fit."""


def fake_check_that_fails(*asked: object) -> None:
    """No worker is fit."""
    raise RenderError("has Manim 0.1")


def fake_render(setup: object, releases: object, version: str, code: str) -> Verdict:
    """`pass N`, `fail N`; `slow N` takes a twentieth of a second; `kill` ends the process that renders it."""
    word = code.split(maxsplit=1)[0]
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "slow":
        time.sleep(0.05)
    if word == "fail":
        return Verdict(program_hash(code), Outcome.FAILED, "ValueError", code, 1)
    return Verdict(program_hash(code), Outcome.PASSED)
