"""The commands `check` and `diff`: what they take, and what they do in order."""

import argparse
from pathlib import Path


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `check` takes."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="what `build` or `export` wrote")


def add_diff_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `diff` takes."""
    parser.add_argument("older", metavar="A", type=Path, help="a folder that `build` or `export` wrote")
    parser.add_argument("newer", metavar="B", type=Path, help="another one")
    parser.add_argument("--config", metavar="NAME", action="append", default=[], help="compare this config only")


def check(given: argparse.Namespace) -> bool:
    """Prove a folder anew and show what is wrong. Returns whether it is sound.

    Raises:
        builder.errors.BuilderError: the folder is not one of this project.
    """
    from builder.proof.check import check_folder
    from builder.terminal import Terminal, show_problems

    with Terminal() as terminal:
        problems = check_folder(given.folder, terminal)
    show_problems(given.folder, problems)
    return not problems


def diff(given: argparse.Namespace) -> None:
    """Show what differs between two built folders.

    Raises:
        builder.errors.BuilderError: a folder is not one of this project, or they have no config in common.
    """
    from builder.proof.diff import diff_folders
    from builder.terminal import show_differences

    show_differences(diff_folders(given.older, given.newer, tuple(given.config)))
