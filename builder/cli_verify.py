"""The command `verify`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from builder.cli_command import Answer
from builder.cli_settings import settings_of
from builder.config import make_config
from builder.errors import SettingError

if TYPE_CHECKING:
    from builder.terminal import Terminal
    from builder.verification import Verification

DEFAULT = "verified"
SETTINGS_WITHOUT_USE = (
    "previews",
    "verdicts",
    "format",
    "trainer",
    "system_prompt",
    "augmentation_factor",
    "limit",
    "balance",
)
"""Settings that change nothing of what is rendered."""


def add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `verify` takes besides settings."""
    add = parser.add_argument
    # not `limit`: that is a setting, which draws a subset
    add(
        "--limit",
        metavar="N",
        type=int,
        dest="most",
        help="render at most so many programs; the next run goes on from there",
    )
    add("--only", metavar="ID", action="append", help="render the program of this row, and show what it raised")
    add("--save", metavar="FILE", help="also write the verdicts to a Parquet file, for --verdicts on another machine")


def verify(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Render what a config would keep, or single rows, and keep the verdicts in the cache.

    Raises:
        builder.errors.BuilderError: a setting is wrong, or something that rendering needs is missing.
    """
    from builder.terminal_verify import show_verification
    from builder.verification import verify as verify_config

    names, settings, _ = settings_of(given)
    if len(names) > 1:
        raise SettingError(f"--config was given {len(names)} times; this command takes one")
    config = make_config(names[0] if names else DEFAULT, **{**settings, "verify": True})
    flags = vars(given)
    if flags.get("most", 0) < 0:
        raise SettingError(f"--limit {given.most}: a whole number from 0 is wanted")
    save = Path(given.save) if "save" in flags else None
    with terminal:
        found = verify_config(config, terminal, limit=flags.get("most"), only=flags.get("only", ()), save=save)
    return Answer(
        {
            "conditions": found.conditions,
            "sources": found.sources,
            "rows": found.rows,
            "rendered": found.rendered,
            "kept": found.kept,
        },
        lambda: show_verification(found),
        _last(found),
    )


def _last(found: "Verification") -> str:
    release = f"Manim {found.conditions.manim}"
    if found.rows:
        return f"{found.rendered:,} of {len(found.rows):,} programs rendered now, by {release}"
    silent = sum(source.not_rendered for source in found.sources)
    more = f"; {silent:,} rows have no verdict yet" if silent else ""
    return f"{found.rendered:,} programs rendered now, by {release}; {found.kept:,} rows would be kept{more}"
