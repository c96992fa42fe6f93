"""What a command is, and what it answers. Light: `--help` loads this and nothing heavy."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from builder.cli.console import Terminal

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found or did, for machines and for people."""

    document: Mapping[str, Any]
    """What `--json` prints: dictionaries, sequences, dataclasses, texts and numbers, with names in snake case."""
    show: Callable[[], None] = lambda: None
    """Prints tables for a person; left out by `--quiet`."""
    last: str = ""
    """The line, or few lines, that end what a person sees; all that `--quiet` prints."""
    code: int = DONE
    """The exit code: `FAILED` where what was asked about is not sound."""


def no_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the command line: an entry of the table `builder.cli.commands.COMMANDS`."""

    name: str
    help: str
    """One line without a full stop."""
    examples: tuple[str, ...]
    """What follows `python -m builder`."""
    run: Callable[[argparse.Namespace, "Terminal"], Answer]
    """Does it; listens with the terminal while it works, and imports heavy libraries itself."""
    add_arguments: Callable[[argparse.ArgumentParser], None] = no_arguments
    """Adds what it takes besides settings. Options that were not given are missing from the namespace."""
    takes_settings: bool = True
    """Whether it takes the settings of a build: `--config`, and a flag for each field of `BuildConfig`."""
    without: tuple[str, ...] = ()
    """Settings for which it takes no flag."""
