"""The command `explain`."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from builder.cli_command import Answer
from builder.cli_settings import one_config

if TYPE_CHECKING:
    from builder.terminal import Terminal


def add_explain_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `explain` takes besides settings."""
    parser.add_argument("id", metavar="ID", help="the row, as in the ledger: SOURCE/ROW; or a piece of its prompt")


def explain(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Tell one row's life, or the rows among which a piece of a prompt does not decide.

    Raises:
        builder.errors.BuilderError: a setting is wrong, or there is no such row.
    """
    from builder.explain import Matches
    from builder.explain import explain as explain_row
    from builder.terminal_explain import show_explanation, show_matches

    config, _ = one_config(given)
    with terminal:
        told = explain_row(config, given.id, terminal)
    if isinstance(told, Matches):
        return Answer(asdict(told), lambda: show_matches(told), f"{told.total:,} descriptions hold it")
    return Answer(asdict(told), lambda: show_explanation(told), f"{told.id}: {told.outcome}")
