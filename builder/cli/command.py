"""What a command is, and what it answers. Light: `--help` loads this and nothing heavy."""

import argparse
import unicodedata
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
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda _: None
    """Adds what it takes besides settings. Options that were not given are missing from the namespace."""
    takes_settings: bool = False
    """Whether it takes the settings of a build: `--config`, and a flag for each field of `BuildConfig`."""
    without: tuple[str, ...] = ()
    """Settings of which it makes no use, and for which it takes no flag."""
    default: str = "deduplicated"
    """What is built if no config is named, in words."""
    several: bool = False
    """Whether `--config` takes several names."""
    writes: bool = False
    """Whether it takes `--output-dir` and `--no-augmentation`."""


_SHOWN_CHARACTERS = 2_000
"""Of a line."""


def visible(line: str, ends: bool = False) -> str:
    """A line as a terminal may be given it: signs that steer it or cannot be seen become such as can.

    `ends` says that blanks at the end count. Lines beyond a length are cut.
    """
    cut = line[:_SHOWN_CHARACTERS]
    if ends:
        bare = cut.rstrip(" ")
        cut = bare + "␠" * (len(cut) - len(bare))
    more = f" … {len(line) - _SHOWN_CHARACTERS:,} more characters" if len(line) > _SHOWN_CHARACTERS else ""
    return ("".join(map(_sign, cut)) if not cut.isprintable() else cut) + more


def _sign(sign: str) -> str:
    if sign.isprintable():
        return sign
    if ord(sign) < 0x20:
        return chr(0x2400 + ord(sign))
    name = unicodedata.name(sign, "")
    return f"<U+{ord(sign):04X}{f' {name}' if name else ''}>"
