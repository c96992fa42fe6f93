"""What the command line shows of a machine: each thing that was looked at, and how to get what is missing."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from builder.render.machine.finding import Finding, State, apt_line, install_line
from builder.terminal import new_console

_COLOURS = {State.OK: "green", State.OTHER: "yellow", State.MISSING: "red", State.TOO_OLD: "red", State.BROKEN: "red"}


def show_findings(findings: Sequence[Finding]) -> None:
    """A line for each finding; below, what each fault means and how to mend it, and one line that installs all."""
    console = new_console()
    line = install_line(findings)
    table = Table(show_edge=False, box=None, show_header=False)
    for finding in findings:
        colour = _COLOURS[finding.state] if finding.needed else "dim"
        table.add_row(f"[{colour}]{finding.state}[/]", escape(finding.name), escape(finding.found))
    console.print(table)
    for finding in findings:
        if finding.state is not State.OK:
            console.print(f"\n[bold]{escape(finding.name)}[/]: {_word(finding)}; {escape(finding.meaning)}")
            for step in (_install(finding), finding.advice):
                if step:
                    console.print(f"  {escape(step)}")
    if line:
        console.print(f"\nall Debian packages that are missing:\n  {escape(line)}")


def _install(finding: Finding) -> str:
    return apt_line(finding.packages) if finding.packages else ""


def _word(finding: Finding) -> str:
    """The state, and whether it matters."""
    return f"{finding.state}" if finding.needed or finding.state is State.OK else f"{finding.state}, and seldom needed"
