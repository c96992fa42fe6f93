"""The command `doctor`."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from builder.cli_command import DONE, FAILED, Answer
from builder.config import CACHE_VARIABLE, default_cache_dir

if TYPE_CHECKING:
    from builder.terminal import Terminal


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


def doctor(given: argparse.Namespace, terminal: "Terminal") -> Answer:  # noqa: ARG001 - it is done at once
    """Look at what rendering needs on this machine."""
    from builder.prepare.api.known import manim_release
    from builder.render.doctor import examine
    from builder.render.machine.finding import apt_line, install_line
    from builder.terminal_doctor import show_findings

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
