"""The command line: `python -m builder COMMAND`. Errors are caught here, once; only this package prints.

Heavy libraries are imported by the command that needs them, so that `--help` answers at once.
"""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

from builder.cli.command import DONE, FAILED, INTERRUPTED, WRONG_USAGE, Command, visible
from builder.cli.commands import COMMANDS
from builder.cli.parser import make_parser, parsed
from builder.core.errors import BuilderError, SettingError

__all__ = ["DONE", "FAILED", "INTERRUPTED", "WRONG_USAGE", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code.

    With `--json`, the output is one JSON document: what the command answers, with its name as `command` and its
    `warnings`; or, if it fails, an object with `error`, `kind` and `exit_code`. A bug is a traceback in any case.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    _write_any_sign()
    try:
        command, given = parsed(COMMANDS, words)
        if command is None:
            if given.json:
                raise SettingError(f"no command was given; there are: {', '.join(each.name for each in COMMANDS)}")
            make_parser(COMMANDS).print_help()
            return WRONG_USAGE
        code = _run(command, given)
        sys.stdout.flush()
        return code
    except BuilderError as error:
        wrong = isinstance(error, SettingError)
        return _failed(words, error, "wrong setting" if wrong else "failed", WRONG_USAGE if wrong else FAILED)
    except MemoryError as error:
        text = "out of memory; use fewer --workers, or fewer --datasets at a time"
        return _failed(words, error, "failed", FAILED, text)
    except BrokenPipeError:  # who reads this went away (`| head`): the rest has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt as error:
        return _failed(words, error, "interrupted", INTERRUPTED, "the earlier output is as it was")


def _run(command: Command, given: argparse.Namespace) -> int:
    """Run a command and show its answer as it was asked for."""
    from builder.cli.console import Terminal

    terminal = Terminal(quiet=given.quiet, verbose=given.verbose, tables=not (given.json or given.quiet))
    answer = command.run(given, terminal)
    if given.json:
        _print_json({"command": command.name, **answer.document, "warnings": terminal.warnings})
        return answer.code
    terminal.show(answer.show)
    for line in answer.last.splitlines():
        print(visible(line))
    return answer.code


def _failed(words: Sequence[str], error: BaseException, kind: str, code: int, text: str = "") -> int:
    """Say in one line what went wrong; with `--json` as a document too, with `--verbose` where it came from."""
    line = "; ".join(part.strip() for part in (text or str(error)).splitlines() if part.strip())
    if "--verbose" in words:
        traceback.print_exception(error)
    print(f"{kind}: {visible(line)}", file=sys.stderr)
    if "--json" in words:
        _print_json({"error": line, "kind": kind, "exit_code": code})
        sys.stdout.flush()
    return code


def _print_json(document: Any) -> None:
    print(json.dumps(document, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    """What JSON has no word for, as something it has."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def _write_any_sign() -> None:
    """Let signs that a terminal's encoding lacks be written as escapes; they would end the program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
