"""The command `report`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from builder.cli.command import Answer
from builder.config import CONFIG_NAMES, named

if TYPE_CHECKING:
    from builder.cli.console import Terminal


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `report` takes."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="what `build` or `export` wrote")
    parser.add_argument("--config", metavar="NAME", default="", help="the config to show (default: the most thorough)")
    parser.add_argument(
        "--before", metavar="DIR", type=Path, default=None, help="an earlier build, to say which reasons grew since"
    )
    parser.add_argument(
        "--output", metavar="FILE", type=Path, default=None, help="where to write (default FOLDER/report.html)"
    )


def report(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Write the report of a folder.

    Raises:
        builder.core.errors.BuilderError: the folder is not one of this project, or the report cannot be written.
    """
    from builder.report.write import report_folder

    with terminal:
        written = report_folder(
            given.folder, config=named(given.config, CONFIG_NAMES), output=given.output, before=given.before
        )
    return Answer({"report": str(written)}, last=f"written to {written}; it opens in any browser, without a network")
