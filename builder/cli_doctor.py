"""The command `doctor`: what it takes, and what it does in order."""

import argparse
import sys
from pathlib import Path

from builder.config import CACHE_VARIABLE, default_cache_dir


def add_doctor_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `doctor` takes."""
    add = parser.add_argument
    add("--json", action="store_true", default=False, help="print it as JSON")
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


def doctor(given: argparse.Namespace) -> bool:
    """Look at what rendering needs, and show it. Returns whether all that is needed is there."""
    from builder.prepare.api.known import manim_release
    from builder.render.doctor import examine
    from builder.terminal_doctor import show_findings

    findings = examine(given.cache_dir.expanduser(), manim_release(), given.manim_python)
    show_findings(findings, given.json)
    return not any(finding.stops for finding in findings)
