"""The command `verify`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from builder.cli.command import Answer, visible
from builder.cli.settings import settings_of
from builder.config import make_config
from builder.core.errors import SettingError

if TYPE_CHECKING:
    from rich.table import Table

    from builder.cli.console import Terminal
    from builder.pipeline.verify import SourceVerdicts, Verification


_SHOWN_EXCEPTIONS = 12


def show_verification(found: Verification) -> None:
    """Verdicts by source, or one by one where rows were named."""
    from rich.text import Text

    from builder.cli.console import new_console

    console = new_console()
    conditions = found.conditions
    sandbox = "" if conditions.sandboxed else ", without a sandbox"
    console.print(
        Text(
            f"Manim {conditions.manim}; {conditions.latex or 'no LaTeX'}; level {conditions.level}, "
            f"{conditions.timeout:g} s a program{sandbox}"
        )
    )
    for row in found.rows:
        verdict = row.verdict
        if verdict is None:
            console.print(Text(f"{row.id}: not rendered"))
            continue
        where = f" (line {verdict.line})" if verdict.line else ""
        raised = f": {verdict.exception}: {verdict.message}".rstrip(": ") if verdict.exception else ""
        console.print(Text(visible(f"{row.id}: {verdict.outcome}{raised}{where}, {verdict.seconds:.2f} s")))
        if row.line:
            console.print(Text(visible(f"    {row.line}"), "dim"))
    if found.sources:
        console.print(_table(found.sources))


def _table(sources: tuple[SourceVerdicts, ...]) -> Table:
    from rich.table import Table

    from builder.core.schema import Outcome  # with Arrow, which `--help` does without

    table = Table(title="rows by what came of their programs", title_justify="left")
    table.show_edge = False
    table.add_column("")
    for source in sources:
        table.add_column(source.source, justify="right")
    totals: dict[str, int] = {}
    for source in sources:
        for name, rows in source.verdicts.items():
            totals[name] = totals.get(name, 0) + rows
    names = sorted(totals, key=lambda name: (name != Outcome.PASSED, -totals[name], name))
    for name in names[:_SHOWN_EXCEPTIONS]:
        table.add_row(name, *(f"{source.verdicts.get(name, 0):,}" for source in sources))
    if rest := names[_SHOWN_EXCEPTIONS:]:
        cells = (f"{sum(source.verdicts.get(name, 0) for name in rest):,}" for source in sources)
        table.add_row("other exceptions", *cells)
    if any(source.not_rendered for source in sources):
        table.add_row("not rendered", *(f"{source.not_rendered:,}" for source in sources))
    return table


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


def verify(given: argparse.Namespace, terminal: Terminal) -> Answer:
    """Render what a config would keep, or single rows, and keep the verdicts in the cache.

    Raises:
        builder.core.errors.BuilderError: a setting is wrong, or something that rendering needs is missing.
    """
    from builder.pipeline.verify import verify as verify_config

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


def _last(found: Verification) -> str:
    release = f"Manim {found.conditions.manim}"
    if found.rows:
        return f"{found.rendered:,} of {len(found.rows):,} programs rendered now, by {release}"
    silent = sum(source.not_rendered for source in found.sources)
    more = f"; {silent:,} rows have no verdict yet" if silent else ""
    return f"{found.rendered:,} programs rendered now, by {release}; {found.kept:,} rows would be kept{more}"
