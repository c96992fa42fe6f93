"""What the command line shows: progress while something runs, then tables. Plain and quiet where no one watches."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from builder.cli.command import visible

if TYPE_CHECKING:
    from builder.publish.hub import Pushed, PushPlan
    from builder.report.proof.check import Problem
    from builder.report.proof.diff import Difference


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
    """Listens to what a command does: progress bars on a terminal, warnings always, both on the error stream.

    It may be entered several times, once for each long step.

    Args:
        quiet: no progress, no warnings, no tables.
        verbose: a line for each finished step, with its count and the seconds since the start.
        tables: whether `show` shows anything.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False, tables: bool = True) -> None:
        self.warnings: list[str] = []
        """All so far."""
        self._quiet, self._verbose, self._tables = quiet, verbose, tables and not quiet
        self._started = time.monotonic()
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        note = TextColumn("{task.fields[note]}", markup=False)
        columns = (TextColumn("{task.description}"), BarColumn(), _Count(), note, TimeRemainingColumn())
        self._progress = Progress(
            *columns,
            console=self._console,
            disable=quiet or not self._console.is_terminal,
            transient=True,
            redirect_stdout=False,
        )
        self._tasks: dict[str, TaskID] = {}
        self._unshown: dict[str, tuple[int, str]] = {}
        """Steps whose line was not shown yet: how far they have come, and the unit."""

    def __enter__(self) -> "Terminal":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
        for step in list(self._unshown):
            self._show_step(step)

    def progress(self, step: str, done: int, total: int | None, unit: str = "rows", note: str = "") -> None:
        """Move the bar of a step."""
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(escape(step), total=total, unit=unit, note=note)
            self._unshown[step] = (done, unit)
        self._progress.update(self._tasks[step], completed=done, total=total, note=note)
        if step in self._unshown:
            self._unshown[step] = (done, unit)
            if done == total:
                self._show_step(step)

    def warn(self, message: str) -> None:
        """Say something once, above the bars."""
        self.warnings.append(message)
        if not self._quiet:
            self._console.print(f"[yellow]warning:[/] {escape(visible(message))}")

    def show(self, tables: Callable[[], None]) -> None:
        """Let something be printed, if this is for a person who wants more than the last line."""
        if self._tables:
            tables()

    def _show_step(self, name: str) -> None:
        done, unit = self._unshown.pop(name)
        if self._verbose:
            count = decimal(done) if unit == "bytes" else f"{done:,} {unit}"
            seconds = time.monotonic() - self._started
            self._console.print(f"{seconds:7.1f} s  {escape(name)}: {count}", style="dim")


def show_notices(statistics: Mapping[str, Any]) -> None:
    """What a person should know of configs' pairs and sides, each text once; `statistics` by config.

    Of a part that is paired at random, the first config speaks for those that put its pairs together again too.
    """
    from builder.decide.summary import stats_notices

    spoken: set[str] = set()
    for name, stats in statistics.items():
        pairs = {part["message"]: f"{part['source']} {part['label']}" for part in stats["pairing"]["shuffled"]}
        kept = {part["message"] for part in stats["pairing"]["shuffled"] if part["at_random"]}
        for message in stats_notices(stats):
            subject = message if message in kept else pairs.get(message, message)
            if subject not in spoken:
                spoken.add(subject)
                config = f"{name}: " if message in pairs and len(statistics) > 1 else ""
                new_console().print(escape(visible(config + message)))


def show_sources(sources: Sequence[Mapping[str, Any]]) -> None:
    """Each source with where it lives, its columns, the fields chosen and why, rows, licence and cache state."""
    console = new_console()
    for source in sources:
        console.print(f"[bold]{escape(visible(source['name']))}[/]")
        for key, value in source.items():
            lines = value if isinstance(value, tuple) else (value,)
            for number, line in enumerate(lines if key != "name" else ()):
                console.print(f"  {'' if number else key:<12} {escape(visible(str(line)))}")


def show_push(place: str, plan: "PushPlan") -> None:
    """Every file of a push with its size and what becomes of it, what else the push does, and what to know of it."""
    table = Table(
        title=f"{escape(place)}, branch {escape(plan.options.revision)}", title_justify="left", show_edge=False
    )
    table.add_column("change")
    table.add_column("bytes", justify="right")
    table.add_column("file", overflow="fold")
    for change in plan.changes:
        style = "dim" if change.kind == "same" else None
        table.add_row(change.kind, f"{change.size:,}" if change.size else "-", escape(change.path), style=style)
    console = new_console()
    console.print(table)
    kinds = [change.kind for change in plan.changes]
    if "push" in kinds:
        size = sum(change.size for change in plan.changes)
        console.print(f"{len(kinds)} files, {decimal(size)}; what the repository holds was not asked")
    else:
        console.print(", ".join(f"{kinds.count(kind)} to {kind}" for kind in ("add", "change", "delete")), end="; ")
        console.print(f"{kinds.count('same')} the same; {_besides(plan)}")
    show_notices(plan.contents.manifest["statistics"])
    if plan.public or "push" in kinds:
        console.print("licences:")
        for name, licence in plan.contents.licences.items():
            stops = "  (stops a push with --public, unless --accept-licences is given)" * (name in plan.objections)
            console.print(f"  {escape(name)}: {escape(licence)}{stops}")


def _besides(plan: "PushPlan") -> str:
    """What a push does other than change files."""
    remote, options = plan.remote, plan.options
    parts = [] if remote.exists else ["the repository is made"]
    parts += ["the branch is made"] if remote.exists and not remote.branch_exists else []
    parts += ["a pull request is opened"] if options.create_pr and not plan.is_empty else []
    parts += [f"the tag {escape(options.tag)} is set"] if options.tag else []
    parts += ["the repository is opened to everyone"] if options.public and remote.private else []
    return ", ".join([*parts, "public" if plan.public else "private"])


def show_read_back(pushed: "Pushed") -> None:
    """What was read back from the place that was pushed to."""
    console = new_console()
    for name, splits in pushed.rows.items():
        rows = ", ".join(f"{count:,} {split}" for split, count in splits.items())
        console.print(f"read back {name}: {rows}; equal to the local build")


def show_problems(problems: Sequence["Problem"]) -> None:
    """All that is wrong with a folder, one a line."""
    console = new_console()
    for problem in problems:
        console.print(escape(visible(f"{problem.where}: {problem.what}")))


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
        table = Table(show_edge=False)
        for title in ("source", "before", "after"):
            table.add_column(title, overflow="fold")
        table.add_column("rows", justify="right")
        table.add_column("such as", overflow="fold")
        for line in difference.changes.iter_rows(named=True):
            cells = (line["source"], line["before"], line["after"], f"{line['rows']:,}", line["example"])
            table.add_row(*map(escape, cells))
        console.print(table)
