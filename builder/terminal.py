"""What the command line shows: progress while something runs, then tables. Plain and quiet where no one watches."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from builder.hub import Pushed, PushPlan
    from builder.proof.check import Problem
    from builder.proof.diff import Difference

_PLAIN_WIDTH = 140


def new_console() -> Console:
    """What prints to the output: with colours and as wide as the window on a terminal, else plain."""
    terminal = sys.stdout.isatty()
    return Console(width=None if terminal else _PLAIN_WIDTH, highlight=False, soft_wrap=not terminal)


class _Count(ProgressColumn):
    """How far a step has come, in its unit."""

    def render(self, task: Task) -> Text:
        """As `12/40 rows`, or `1.2 MB/4.0 MB`."""
        unit = task.fields["unit"]
        total = "?" if task.total is None else decimal(int(task.total)) if unit == "bytes" else f"{int(task.total):,}"
        if unit == "bytes":
            return Text(f"{decimal(int(task.completed))}/{total}")
        return Text(f"{int(task.completed):,}/{total} {unit}")


class Terminal:
    """Listens to a build: progress bars on a terminal, warnings always, both on the error stream."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn(), _Count(), TimeRemainingColumn())
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
            self._tasks[step] = self._progress.add_task(escape(step), total=total, unit=unit)
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
    console = new_console()
    console.print(table)
    for line in lines:
        if "mirror" in line:
            console.print(f"{line['source']} was read from its mirror {line['mirror']}")
    show_shuffled({name: stats})
    repaired = stats["pairing"]["repaired_pairs"]
    if repaired["rows"]:
        console.print(
            f"given the code that belongs to their description: {repaired['rows']:,} rows, {repaired['kept']:,} kept"
        )
    leaks = stats["leakage"]
    console.print(
        f"across the split: {leaks['equal_prompts_across_the_split']} equal prompts, "
        f"{leaks['equal_programs_across_the_split']} equal programs; official test rows kept: "
        f"{stats['official_test_rows']['kept']} of {stats['official_test_rows']['read']}"
    )
    console.print(_certificate_line(stats["certificate"]))
    if "tokens" in stats:
        console.print(_tokens_line(stats))


def _tokens_line(stats: dict[str, Any]) -> str:
    """How long the rows are, and how many are too long."""
    told = [
        f"{side} {length['median']:,} (median) to {length['longest']:,}"
        for side, counts in stats["splits"].items()
        if (length := counts.get("tokens"))
    ]
    tokens = stats["tokens"]
    over = ", ".join(f"{rows:,} in {side}" for side, rows in tokens.get("rows_over", {}).items())
    return f"tokens a row: {', '.join(told)}" + (f"; over {tokens['max_tokens']:,}: {over}" if over else "")


def _certificate_line(certificate: dict[str, Any]) -> str:
    """How near the sides come, and how many official test rows have a near row in train."""
    description, program = (
        f"{pair['score']:.3f}" if (pair := certificate[f"nearest_{name}"]) else "none"
        for name in ("agreeing", "program")
    )
    return (
        f"nearest across the split: descriptions {description} (limit {certificate['limit']}), "
        f"programs {program} (limit: equal); official test rows near train: "
        f"{certificate['official_test_rows_near_train']} of {certificate['official_test_rows']}\n"
    )


def _add_row(table: Table, label: str, counts: Sequence[int], style: str | None = None) -> None:
    table.add_row(label, *(f"{count:,}" if count else "-" for count in counts), f"{sum(counts):,}", style=style)


def show_shuffled(statistics: dict[str, Any]) -> None:
    """The parts of sources whose descriptions and codes are paired at random, once each; `statistics` by config."""
    parts = [part["message"] for stats in statistics.values() for part in stats["pairing"]["shuffled"]]
    for message in dict.fromkeys(parts):
        new_console().print(escape(message))


def show_sources(sources: Sequence[dict[str, Any]]) -> None:
    """Each source with where it lives, its columns, the fields chosen and why, rows, licence and cache state."""
    console = new_console()
    for source in sources:
        console.print(f"[bold]{escape(source.pop('name'))}[/]")
        for key, value in source.items():
            lines = value if isinstance(value, tuple) else (value,)
            for number, line in enumerate(lines):
                console.print(f"  {'' if number else key:<12} {escape(str(line))}")


def show_push_plan(place: str, plan: "PushPlan") -> None:
    """Every file of a push with its size and what becomes of it, and what else the push does."""
    table = Table(
        title=f"{escape(place)}, branch {escape(plan.options.revision)}", title_justify="left", show_edge=False
    )
    table.add_column("change")
    table.add_column("bytes", justify="right")
    table.add_column("file")
    for change in plan.changes:
        style = "dim" if change.kind == "same" else None
        table.add_row(change.kind, f"{change.size:,}" if change.size else "-", escape(change.path), style=style)
    console = new_console()
    console.print(table)
    kinds = [change.kind for change in plan.changes]
    console.print(", ".join(f"{kinds.count(kind)} to {kind}" for kind in ("add", "change", "delete")), end="; ")
    console.print(f"{kinds.count('same')} the same; {_besides(plan)}")


def _besides(plan: "PushPlan") -> str:
    """What a push does other than change files."""
    remote, options = plan.remote, plan.options
    parts = [] if remote.exists else ["the repository is made"]
    parts += ["the branch is made"] if remote.exists and not remote.branch_exists else []
    parts += ["a pull request is opened"] if options.create_pr and not plan.is_empty else []
    parts += [f"the tag {escape(options.tag)} is set"] if options.tag else []
    parts += ["the repository is opened to everyone"] if options.public and remote.private else []
    return ", ".join([*parts, "public" if plan.public else "private"])


def show_licences(licences: dict[str, str]) -> None:
    """The licence of each source."""
    console = new_console()
    console.print("licences:")
    for name, licence in licences.items():
        console.print(f"  {escape(name)}: {escape(licence)}")


def show_pushed(place: str, pushed: "Pushed") -> None:
    """The address of what was pushed, and what was read back."""
    console = new_console()
    if pushed.made_commit:
        console.print(f"pushed: {escape(pushed.address)}")
    else:
        console.print(f"nothing to push: {escape(place)} holds the same content at {pushed.commit}; no commit was made")
    for name, splits in pushed.rows.items():
        rows = ", ".join(f"{count:,} {split}" for split, count in splits.items())
        console.print(f"read back {name}: {rows}; equal to the local build")


def show_problems(folder: Path, problems: Sequence["Problem"]) -> None:
    """All that is wrong with a folder, one a line."""
    console = new_console()
    for problem in problems:
        console.print(f"{escape(problem.where)}: {escape(problem.what)}")
    console.print(f"{escape(str(folder))}: {f'{len(problems):,} problems' if problems else 'sound'}")


def show_differences(differences: Sequence["Difference"]) -> None:
    """Two builds beside each other, config by config."""
    console = new_console()
    for difference in differences:
        console.print(f"[bold]{escape(difference.config)}[/]")
        for name, (before, after) in difference.settings.items():
            console.print(escape(f"  {name}: {before!r} -> {after!r}"))
        for name, (before, after) in difference.counts.items():
            console.print(f"  {name:<6} {before:>9,} -> {after:>9,}  ({after - before:+,})")
        if difference.changes.is_empty():
            console.print("  every row has the outcome that it had")
            continue
        table = Table("source", "before", "after", show_edge=False)
        table.add_column("rows", justify="right")
        table.add_column("such as")
        for line in difference.changes.iter_rows(named=True):
            cells = (line["source"], line["before"], line["after"], f"{line['rows']:,}", line["example"])
            table.add_row(*map(escape, cells))
        console.print(table)
