"""The command `sources`, and asking all sources of a build."""

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from builder.cli.command import DONE, FAILED, Answer
from builder.cli.settings import one_config
from builder.config import BuildConfig
from builder.core.errors import SettingError

if TYPE_CHECKING:
    from builder.cli.console import Terminal


def add_sources_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `sources` takes besides settings."""
    parser.add_argument("--inspect", metavar="FILE", help="show any file or folder, and what to type to build from it")
    parser.add_argument("--catalogue", action="store_true", help="list the optional sources, which --with reads")
    parser.add_argument(
        "--check",
        action="store_true",
        help="ask each source: can it be reached, at which revision, with how many rows, how many bytes to fetch",
    )


def sources(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Show what is known of each source, of one file, or of the optional sources; with `--check`, ask them.

    Raises:
        builder.core.errors.BuilderError: a setting is wrong, or a local file cannot be read.
    """
    from builder.sources.inspect import inspect_catalogue, inspect_file, inspect_sources

    config, _ = one_config(given)
    if "catalogue" in given:
        listed = inspect_catalogue()
        return _answer(listed, f"{len(listed):,} optional sources; read one with --with NAME")
    if "check" in given:
        if config.offline:
            raise SettingError("--check asks the sources, which --offline forbids; use one of them")
        return check_all(config, terminal)
    if "inspect" in given:
        return _answer([inspect_file(given.inspect)], "1 file looked into")
    found = inspect_sources(config)
    return _answer(found, f"{len(found):,} sources")


def check_all(config: BuildConfig, terminal: "Terminal") -> Answer:
    """Ask each source of a build what it would give; `FAILED` if one of them cannot be reached."""
    from builder.sources.inspect import check_sources

    with terminal:
        checked = check_sources(config, terminal)
    reached = sum(source.reached for source in checked)
    return _answer(
        [{"name": source.name, **source.lines} for source in checked],
        f"{reached:,} of {len(checked):,} sources reached",
        DONE if reached == len(checked) else FAILED,
    )


def _answer(found: Sequence[Mapping[str, Any]], last: str, code: int = DONE) -> Answer:
    from builder.cli.console import show_sources

    document = [{key.replace(" ", "_"): value for key, value in source.items()} for source in found]
    return Answer({"sources": document}, lambda: show_sources(found), last, code)
