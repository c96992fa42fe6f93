"""The command `doctor`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from builder.cli.command import DONE, FAILED, Answer
from builder.config import CACHE_VARIABLE, default_cache_dir
from builder.render.machine import Finding, State, apt_line, install_line

if TYPE_CHECKING:
    from builder.cli.console import Terminal


_COLOURS = {State.OK: "green", State.OTHER: "yellow", State.MISSING: "red", State.TOO_OLD: "red", State.BROKEN: "red"}


def show_findings(findings: Sequence[Finding]) -> None:
    """A line for each finding; below, what each fault means and how to mend it, and one line that installs all."""
    from rich.markup import escape
    from rich.table import Table

    from builder.cli.console import new_console

    console = new_console()
    line = install_line(findings)
    table = Table(show_edge=False, box=None, show_header=False)
    for finding in findings:
        colour = _COLOURS[finding.state] if finding.needed else "dim"
        table.add_row(f"[{colour}]{finding.state}[/]", escape(finding.name), escape(finding.found))
    console.print(table)
    for finding in findings:
        if finding.state is not State.OK:
            console.print(f"\n[bold]{escape(finding.name)}[/]: {_word(finding)}; {escape(finding.meaning)}")
            for step in (finding.packages and apt_line(finding.packages), finding.advice):
                if step:
                    console.print(f"  {escape(step)}")
    if line:
        console.print(f"\nall Debian packages that are missing:\n  {escape(line)}")


def _word(finding: Finding) -> str:
    """The state, and whether it matters."""
    return f"{finding.state}" if finding.needed or finding.state is State.OK else f"{finding.state}, and seldom needed"


def add_doctor_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `doctor` takes."""
    add = parser.add_argument
    add(
        "--cache-dir",
        metavar="DIR",
        type=Path,
        default=Path(default_cache_dir()),
        help=f"the folder whose disk is looked at (also ${CACHE_VARIABLE}; default {default_cache_dir()})",
    )
    add(
        "--manim-python",
        metavar="FILE",
        type=Path,
        default=Path(sys.executable),
        help="the Python that has Manim (default: this one)",
    )


def doctor(given: argparse.Namespace, terminal: Terminal) -> Answer:  # noqa: ARG001 - it is done at once
    """Look at what rendering needs on this machine."""
    from builder.manim_lint.release.model import manim_release
    from builder.render.doctor import examine

    findings = examine(given.cache_dir.expanduser(), manim_release(), given.manim_python)
    ready = not any(finding.stops for finding in findings)
    return Answer(
        {
            "ready": ready,
            "install": install_line(findings),
            "findings": [
                {**asdict(finding), "install": apt_line(finding.packages) if finding.packages else ""}
                for finding in findings
            ],
        },
        lambda: show_findings(findings),
        "ready to render" if ready else "not ready to render",
        DONE if ready else FAILED,
    )
