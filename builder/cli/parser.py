"""Arguments of the command line, made from the table of commands; a wrong one is an error in one line."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from builder.cli.command import Answer, Command
from builder.cli.settings import add_settings
from builder.config import nearest
from builder.core.errors import SettingError

if TYPE_CHECKING:
    from builder.cli.console import Terminal


PROGRAM = "python -m builder"
_EPILOG = "exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted"
HELP_ALL = "--help-all"
_TALK = (
    ("--json", "print one JSON document and nothing else; an error is one too, with the key `error`"),
    ("--quiet", "print only what was done or found, in a line or two; no progress, no warnings"),
    ("--verbose", "also show each step with its counts and seconds, full tables, and where an error came from"),
)
"""Flags of every command that decide what it prints. They may also stand before the command."""


def parsed(commands: Sequence[Command], arguments: Sequence[str]) -> tuple[Command | None, argparse.Namespace]:
    """The command and its arguments, all of them known; `None` where no command was named.

    The namespace always has `json`, `quiet` and `verbose`.

    Raises:
        SettingError: an unknown command or flag; the nearest right one is named.
    """
    parser = make_parser(commands, every=HELP_ALL in arguments)
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
    """Raises `SettingError` instead of printing the usage and leaving."""

    def know_flags(self) -> None:
        """Put the flags that it takes into what it parses, as `flags`, for messages about one that it does not."""
        self.set_defaults(flags=[flag for flag in self._option_string_actions if flag.startswith("--")])

    def error(self, message: str) -> NoReturn:
        """Never returns."""
        raise SettingError(f"{message}; see {self.prog} --help")


class _Version(argparse.Action):
    """Prints the package's version; it is looked up only then, since that takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        """Never returns."""
        from importlib.metadata import version

        print(f"manim-combined {version('manim-combined')}")
        parser.exit()


def make_parser(commands: Sequence[Command], *, every: bool = True) -> argparse.ArgumentParser:
    """The parser of all commands; the help shows settings that few need only with `every`."""
    parser = _Parser(
        prog=PROGRAM,
        description="Turns public Manim prompt-and-code data into one fine-tuning set, with an account of every row.",
        epilog=_EPILOG,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    _add_talk(parser)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version of this program")
    parsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in commands:
        _add_command(parsers, command, every)
    parser.know_flags()
    return parser


def _add_command(parsers: Any, command: Command, every: bool) -> None:
    examples = "\n".join(f"  {PROGRAM} {example}" for example in command.examples)
    parser: _Parser = parsers.add_parser(
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
        parser.add_argument(HELP_ALL, action="help", help="show every setting, also those that few need")
        add_settings(
            parser, command.without, command.default, several=command.several, writes=command.writes, every=every
        )
    parser.usage = _usage(command.name, parser)
    parser.know_flags()


def _usage(name: str, parser: argparse.ArgumentParser) -> str:
    """What a command must be given; its flags are listed below it."""
    words = [PROGRAM, name]
    for action in parser._actions:
        if action.required:
            words += [*action.option_strings[:1], str(action.metavar)]
    return " ".join([*words, "[flags]"])


def _add_talk(parser: argparse.ArgumentParser) -> None:
    for flag, text in _TALK:
        parser.add_argument(flag, action="store_true", help=text)


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
