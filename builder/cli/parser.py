"""Arguments of the command line: made from the table of commands, all of them known, wrong ones told in one line."""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from builder.cli.command import Command
from builder.cli.settings import add_settings
from builder.config import nearest
from builder.core.errors import SettingError

PROGRAM = "python -m builder"
_EPILOG = "exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted"
_TALK = (
    ("--json", "print one JSON document and nothing else; an error is one too, with the key `error`"),
    ("--quiet", "print only what was done or found, in a line or two; no progress, no warnings"),
    ("--verbose", "also tell each step with its counts and seconds, and where an error came from"),
)
"""Flags of every command that decide what it prints. They may also stand before the command."""


def parsed(commands: Sequence[Command], arguments: Sequence[str]) -> tuple[Command | None, argparse.Namespace]:
    """The command and its arguments, all of them known; `None` where no command was named.

    The namespace always has `json`, `quiet` and `verbose`.

    Raises:
        SettingError: an unknown command or flag; the nearest right one is named.
    """
    parser = make_parser(commands)
    name = next((word for word in arguments if not word.startswith("-")), None)
    command = next((command for command in commands if command.name == name), None)
    if name is not None and command is None:
        raise SettingError(f"no command is named {name!r}{nearest(name, [command.name for command in commands])}")
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        flag = unknown[0].partition("=")[0]
        if not flag.startswith("-"):
            raise SettingError(f"{flag!r} stands where no value is wanted; see {PROGRAM} {name} --help")
        raise SettingError(f"no flag is named {flag!r}{nearest(flag, given.flags)}")
    for flag, _ in _TALK:
        setattr(given, flag[2:], flag[2:] in given)
    if given.quiet and given.verbose:
        raise SettingError("--quiet and --verbose: use one of them")
    return command, given


class _Parser(argparse.ArgumentParser):
    """Knows its flags, and raises `SettingError` instead of printing the usage and leaving."""

    def __init__(self, **settings: Any) -> None:
        self.flags: list[str] = []
        super().__init__(**settings)
        self.set_defaults(flags=self.flags)

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """As `argparse` does."""
        self.flags += [name for name in names if name.startswith("--")]
        return super().add_argument(*names, **settings)

    def error(self, message: str) -> NoReturn:
        """Never returns."""
        raise SettingError(f"{message}; see {self.prog} --help")


def make_parser(commands: Sequence[Command]) -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = _Parser(
        prog=PROGRAM,
        description="Turns public Manim prompt-and-code data into one fine-tuning set, with an account of every row.",
        epilog=_EPILOG,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    _add_talk(parser)
    parsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in commands:
        _add_command(parsers, command)
    return parser


def _add_command(parsers: Any, command: Command) -> None:
    examples = "\n".join(f"  {PROGRAM} {example}" for example in command.examples)
    parser: argparse.ArgumentParser = parsers.add_parser(
        command.name,
        help=command.help,
        description=command.help[0].upper() + command.help[1:] + ".",
        epilog=f"example:\n{examples}\n\n{_EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    _add_talk(parser)
    if command.takes_settings:
        add_settings(parser, command.without)


def _add_talk(parser: argparse.ArgumentParser) -> None:
    for flag, text in _TALK:
        parser.add_argument(flag, action="store_true", help=text)
