"""The command `orphans`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from builder.cli.command import Answer
from builder.config import CONFIG_NAMES, named

if TYPE_CHECKING:
    from builder.cli.console import Terminal


def add_orphans_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `orphans` takes."""
    add = parser.add_argument
    add("folder", metavar="FOLDER", type=Path, help="what `build` or `export` wrote")
    add("--config", metavar="NAME", default="", help="whose rows count (default: the most thorough)")
    add("--model", metavar="NAME", required=True, help="the model that the requests name")
    add("--output", metavar="FILE", type=Path, default=Path("requests.jsonl"), help="default requests.jsonl")


def orphans(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Write requests for descriptions of programs that stand in no row for want of one. No model is called.

    Raises:
        builder.core.errors.BuilderError: the folder is not one of this project, or the file cannot be written.
    """
    from builder.report.orphans import orphans as find
    from builder.report.orphans import write_requests
    from builder.report.proof.folder import open_folder

    with terminal:
        found = find(open_folder(given.folder), named(given.config, CONFIG_NAMES))
        write_requests(found, given.model, given.output)
    rendered = sum(orphan.verdict != "" for orphan in found)
    return Answer(
        {"requests": str(given.output), "programs": len(found), "rendered": rendered},
        last=f"{len(found):,} programs have no description ({rendered:,} of them were rendered); requests in "
        f"{given.output}\nwhat a model answers goes into a build with --descriptions FILE",
    )
