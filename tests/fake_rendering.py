"""Stands in for rendering where there is no Manim: a program is one word that says what comes of it."""

import os
import signal
import time

from builder.render.verdict import Outcome, Verdict, program_hash


def fake_render(setup: object, code: str) -> Verdict:
    """`pass N`, `fail N`; `slow N` takes a twentieth of a second; `kill` ends the process that renders it."""
    word = code.split(maxsplit=1)[0]
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "slow":
        time.sleep(0.05)
    if word == "fail":
        return Verdict(program_hash(code), Outcome.FAILED, "ValueError", code, 1)
    return Verdict(program_hash(code), Outcome.PASSED)
