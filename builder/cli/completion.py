"""The command `completion`."""

import argparse
from typing import TYPE_CHECKING

from builder.cli.command import Answer

if TYPE_CHECKING:
    from builder.cli.console import Terminal

_NAME = "manim-combined"
"""The program that shells complete: `python -m builder` is no word of its own to them."""
SHELLS = ("bash", "zsh", "tcsh")


def add_completion_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `completion` takes."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


def completion(given: argparse.Namespace, terminal: "Terminal") -> Answer:  # noqa: ARG001 - it is done at once
    """Print what makes a shell complete commands, flags and files of `manim-combined`."""
    import shtab

    from builder.cli.commands import COMMANDS
    from builder.cli.parser import make_parser

    parser = make_parser(COMMANDS)
    parser.prog = _NAME
    for each in (parser, *_subparsers(parser)):
        for action in each._actions:
            if str(action.metavar).startswith(("FILE", "DIR", "FOLDER", "PATH", "PREDICTIONS")):
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    script = shtab.complete(parser, shell=given.shell)
    return Answer({"shell": given.shell, "script": script}, lambda: print(script))


def _subparsers(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    found = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return [each for action in found for each in action.choices.values()]
