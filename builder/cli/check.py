"""The commands `check` and `diff`."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.cli.command import DONE, FAILED, Answer
from builder.config import CONFIG_NAMES, named

if TYPE_CHECKING:
    from builder.cli.console import Terminal


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `check` takes."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="what `build` or `export` wrote")
    parser.add_argument(
        "--semantic-model",
        metavar="PATH",
        type=Path,
        default=None,
        help="also show test prompts that mean nearly the same as one of train, by the model in this folder",
    )
    parser.add_argument("--semantic-limit", metavar="S", type=float, default=0.9, help="from which similarity (0.9)")


def add_diff_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `diff` takes."""
    parser.add_argument("older", metavar="A", type=Path, help="a folder that `build` or `export` wrote")
    parser.add_argument("newer", metavar="B", type=Path, help="another one")
    parser.add_argument("--config", metavar="NAME", action="append", default=[], help="compare this config only")


def check(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Prove a folder anew and show all that is wrong with it.

    Raises:
        builder.core.errors.BuilderError: the folder is not one of this project.
    """
    from builder.cli.console import show_problems
    from builder.report.proof.check import Problem, check_folder
    from builder.report.proof.folder import open_folder
    from builder.report.proof.semantic import semantic_pairs

    document: dict[str, Any] = {}
    lines: list[Problem] = []
    with terminal:
        problems = check_folder(given.folder, terminal)
        if given.semantic_model:
            pairs = semantic_pairs(open_folder(given.folder), given.semantic_model, given.semantic_limit)
            document = {"semantic_pairs": [asdict(pair) for pair in pairs]}
            lines = [Problem("near in meaning", str(pair)) for pair in pairs]
    note = f"; {len(lines):,} prompts near one of train in meaning" if given.semantic_model else ""
    return Answer(
        {"folder": str(given.folder), "sound": not problems, "problems": problems, **document},
        lambda: show_problems([*problems, *lines]),
        f"{given.folder}: {f'{len(problems):,} problems' if problems else 'sound'}{note}",
        FAILED if problems else DONE,
    )


def diff(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Show what differs between two built folders.

    Raises:
        builder.core.errors.BuilderError: a folder is not one of this project, or they have no config in common.
    """
    from builder.cli.console import show_differences
    from builder.report.proof.diff import diff_folders
    from builder.report.proof.folder import open_folder, sample_notice

    with terminal:
        differences = diff_folders(given.older, given.newer, tuple(named(name, CONFIG_NAMES) for name in given.config))
    for notice in filter(None, map(sample_notice, dict.fromkeys((given.older, given.newer)))):
        terminal.warn(notice)
    sides = {folder: open_folder(folder).configs for folder in (given.older, given.newer)}
    alone = {
        side: [name for name in sides[folder] if name not in sides[other]]
        for side, folder, other in (
            ("only_older", given.older, given.newer),
            ("only_newer", given.newer, given.older),
        )
    }
    changed = {difference.config: sum(difference.changes["rows"]) for difference in differences}
    document = [
        {
            "config": difference.config,
            "settings": difference.settings,
            "counts": difference.counts,
            "changes": difference.changes.to_dicts(),
        }
        for difference in differences
    ]
    return Answer(
        {"older": str(given.older), "newer": str(given.newer), "differences": document, **alone},
        lambda: show_differences(differences),
        "; ".join(
            [
                *(f"{config}: {rows:,} rows have another outcome" for config, rows in changed.items()),
                *(
                    f"only in {folder}: {', '.join(names)}"
                    for folder, names in zip((given.older, given.newer), alone.values(), strict=True)
                    if names
                ),
            ]
        ),
    )
