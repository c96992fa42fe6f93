"""What the command line shows: progress while something runs, then tables. Plain and quiet where no one watches."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.syntax import Syntax
from rich.table import Table

_PLAIN_WIDTH = 140


def _console() -> Console:
    terminal = sys.stdout.isatty()
    return Console(width=None if terminal else _PLAIN_WIDTH, highlight=False, soft_wrap=not terminal)


class Terminal:
    """Listens to a build: progress bars on a terminal, warnings always, both on the error stream."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(
            *columns, console=self._console, disable=not self._console.is_terminal, transient=True
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Terminal":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def progress(self, step: str, done: int, total: int | None, unit: str = "rows") -> None:
        """Move the bar of a step."""
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(escape(f"{step} ({unit})"), total=total)
        self._progress.update(self._tasks[step], completed=done, total=total)

    def warn(self, message: str) -> None:
        """Say something once, above the bars."""
        self._console.print(f"[yellow]warning:[/] {escape(message)}")


def show_funnel(name: str, stats: dict[str, Any]) -> None:
    """Rows by source: read, what was dropped by stage and reason, what is in train and test."""
    lines: list[dict[str, Any]] = stats["funnel_by_source"]
    table = Table(title=f"{name}: rows by source", title_justify="left", show_edge=False)
    table.add_column("")
    for line in lines:
        table.add_column(line["source"], justify="right")
    table.add_column("all", justify="right", style="bold")
    _add_row(table, "read", [line["read"] for line in lines])
    for reason in stats["reasons"]:
        counts = [line["dropped"].get(reason["stage"], {}).get(reason["reason"], 0) for line in lines]
        _add_row(table, f"  {reason['stage']}: {reason['reason']}", counts, "dim")
    _add_row(table, "kept in train", [line["train"] for line in lines])
    _add_row(table, "kept in test", [line["test"] for line in lines])
    if stats["augmentation"]["train_rows_after"] != stats["augmentation"]["train_rows_before"]:
        by_source = stats["splits"]["train"]["by_source"]
        _add_row(table, "train, augmented", [by_source.get(line["source"], 0) for line in lines])
    console = _console()
    console.print(table)
    leaks = stats["leakage"]
    console.print(
        f"across the split: {leaks['equal_prompts_across_the_split']} equal prompts, "
        f"{leaks['equal_programs_across_the_split']} equal programs; official test rows kept: "
        f"{stats['official_test_rows']['kept']} of {stats['official_test_rows']['read']}\n"
    )


def _add_row(table: Table, label: str, counts: Sequence[int], style: str | None = None) -> None:
    table.add_row(label, *(f"{count:,}" if count else "-" for count in counts), f"{sum(counts):,}", style=style)


def show_sources(sources: Sequence[dict[str, Any]]) -> None:
    """Each source with where it lives, its columns, the fields chosen and why, rows, licence and cache state."""
    console = _console()
    for source in sources:
        console.print(f"[bold]{escape(source.pop('name'))}[/]")
        for key, value in source.items():
            lines = value if isinstance(value, tuple) else (value,)
            for number, line in enumerate(lines):
                console.print(f"  {'' if number else key:<12} {escape(str(line))}")


def show_explanation(explanation: dict[str, Any]) -> None:
    """A row's line in the ledger, and its texts before and after."""
    console = _console()
    for key, value in explanation["ledger"].items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        if shown not in (None, ""):
            console.print(f"{key:<10} {escape(str(shown))}")
    for title, text, language in explanation["texts"]:
        console.print(f"\n[bold]{title}[/]")
        if text is None:
            console.print("(none)")
        elif console.is_terminal and language:
            console.print(Syntax(text, language, background_color="default"))
        else:
            console.print(escape(text))
