"""What the command line shows of rendering: verdicts by source, or what one program raised."""

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from builder.terminal import new_console
from builder.terminal_text import visible

if TYPE_CHECKING:
    from builder.verification import SourceVerdicts, Verification

_SHOWN_EXCEPTIONS = 12


def show_verification(found: "Verification") -> None:
    """Verdicts by source before and after repair, or one by one where rows were named."""
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
        told = row.verdict
        if told is None:
            console.print(Text(f"{row.id}: not rendered"))
            continue
        where = f" (line {told.line})" if told.line else ""
        raised = f": {told.exception}: {told.message}".rstrip(": ") if told.exception else ""
        console.print(Text(visible(f"{row.id}: {told.outcome}{raised}{where}, {told.seconds:.2f} s")))
        if row.line:
            console.print(Text(visible(f"    {row.line}"), "dim"))
    if found.sources:
        console.print(_table(found.sources))


def _table(sources: "tuple[SourceVerdicts, ...]") -> Table:
    table = Table(title="rows by what came of their programs, as they were -> after repair", title_justify="left")
    table.show_edge = False
    table.add_column("")
    for source in sources:
        table.add_column(source.source, justify="right")
    totals: dict[str, int] = {}
    for source in sources:
        for name, rows in source.before.items():
            totals[name] = totals.get(name, 0) + rows
    names = sorted(totals, key=lambda name: (name != "passed", -totals[name], name))
    for name in names[:_SHOWN_EXCEPTIONS]:
        table.add_row(name, *(_cell(source.before.get(name, 0), source.after.get(name, 0)) for source in sources))
    if rest := names[_SHOWN_EXCEPTIONS:]:
        cells = (
            _cell(sum(s.before.get(name, 0) for name in rest), sum(s.after.get(name, 0) for name in rest))
            for s in sources
        )
        table.add_row("other exceptions", *cells)
    if any(source.not_rendered for source in sources):
        table.add_row("not rendered", *(f"{source.not_rendered:,}" for source in sources))
    return table


def _cell(before: int, after: int) -> str:
    return f"{before:,}" if before == after else f"{before:,} -> {after:,}"
