"""The commands `build` and `export`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.cli.command import Answer
from builder.cli.settings import one_config, settings_of
from builder.cli.sources import check_all
from builder.config import BUILT_BY_DEFAULT, DECISIONS_FILE, DEFAULT_CONFIG, DEFAULT_EXPORT, make_config

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from builder.cli.console import Terminal


_FLOW = ("read", "decision", "clean", "check", "pair", "filter", "duplicate", "conflict", "leak", "render")
"""Stages in the order in which a build drops rows."""
_LONGEST_BAR, _SHORTEST_BAR = 32, 10
"""In characters; where there is less room, sources have no columns of their own."""
_GAP = 2
"""Blanks between columns."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the funnel: what it counts, by source, and where its bar starts and ends, in rows."""

    label: str
    counts: Sequence[int]
    start: int
    end: int
    style: str
    """Of the bar: one that starts at 0 shows rows that are there, another one those that go or where they are."""
    dropped: bool = False


_COMPARED = ("kept", "train", "validation", "test", "re-paired", "unpaired", "official")
"""Columns of the table of several configs, in rows; `official` are the benchmark's test rows, kept and read."""


def show_comparison(statistics: Mapping[str, dict[str, Any]]) -> None:
    """Several configs in one table, then what a person should know of them; `statistics` by config."""
    from rich.markup import escape

    from builder.cli.console import new_console, show_notices
    from builder.core.schema import SPLITS

    read = max(stats["rows_read"] for stats in statistics.values())
    table = _table(f"{read:,} rows read; train as written, with reworded prompts", _COMPARED)
    table.collapse_padding = True
    for name, stats in statistics.items():
        pairs, official = stats["pairing"]["pairs"], stats["official_test_rows"]
        sides = (stats["splits"][side]["rows"] for side in SPLITS)
        counts = (stats["rows_kept"], *sides, pairs["repaired"], pairs["unpaired"])
        table.add_row(escape(name), *_cells(counts), f"{official['kept']}/{official['read']}")
    console = new_console()
    console.print(table)
    _show_mirrors(console, next(iter(statistics.values())))
    show_notices(statistics)


def _show_mirrors(console: Console, stats: dict[str, Any]) -> None:
    from rich.markup import escape

    for line in stats["funnel_by_source"]:
        if "mirror" in line:
            console.print(escape(f"{line['source']} was read from its mirror {line['mirror']}"))


def show_funnel(name: str, stats: dict[str, Any]) -> None:
    """Rows by source as a table with bars: read, what was dropped by stage and reason, what is on each side."""
    from builder.cli.console import new_console, show_notices

    console = new_console()
    for table in funnel_tables(name, stats, console):
        console.print(table)
    _show_mirrors(console, stats)
    show_notices({name: stats})
    leaks = stats["leakage"]
    console.print(
        f"across the split: {leaks['equal_prompts_across_the_split']} equal prompts, "
        f"{leaks['equal_programs_across_the_split']} equal programs; official test rows kept: "
        f"{stats['official_test_rows']['kept']} of {stats['official_test_rows']['read']}"
    )
    console.print(_certificate_line(stats["certificate"]))
    if "validation_certificate" in stats:
        console.print(_certificate_line(stats["validation_certificate"], "train and validation"))
        console.print(_certificate_line(stats["validation_test_certificate"], "validation and test"))
    if "tokens" in stats:
        console.print(_tokens_line(stats))
    console.print()


def _tokens_line(stats: dict[str, Any]) -> str:
    """How long the rows are, and how many are too long."""
    lengths = [
        f"{side} {length['median']:,} (median) to {length['longest']:,}"
        for side, counts in stats["splits"].items()
        if (length := counts.get("tokens"))
    ]
    tokens = stats["tokens"]
    over = ", ".join(f"{rows:,} in {side}" for side, rows in tokens.get("rows_over", {}).items())
    return f"tokens a row: {', '.join(lengths)}" + (f"; over {tokens['max_tokens']:,}: {over}" if over else "")


def funnel_tables(name: str, stats: dict[str, Any], console: Console) -> list[Table]:
    """The funnel of a config, as wide as the console; where that is narrow, sources have tables of their own below."""
    sources = [line["source"] for line in stats["funnel_by_source"]]
    lines = _lines(stats)
    label_width = max(len(line.label) for line in lines)
    columns = [max(len(source), 6) + _GAP for source in sources]
    room = console.width - label_width - 10 - 2 * _GAP
    wide = room - sum(columns) >= _SHORTEST_BAR
    bar_width = max(_SHORTEST_BAR, min(_LONGEST_BAR, room - (sum(columns) if wide else 0)))
    title = f"{name}: {stats['rows_read']:,} rows read, {stats['rows_kept']:,} kept"
    table = _table(title, sources if wide else ())
    table.add_column("all", justify="right", style="bold")
    table.add_column("what is left", no_wrap=True)
    for line in lines:
        bar = _bar(line, stats["rows_read"], bar_width, ascii_only=not console.encoding.startswith("utf"))
        cells = _cells(line.counts if wide else ())
        table.add_row(line.label, *cells, f"{sum(line.counts):,}", bar, style="dim" if line.dropped else None)
    if wide:
        return [table]
    at_once = max((console.width - label_width) // max(columns), 1)
    return [table, *(_source_table(lines, sources, start, at_once) for start in range(0, len(sources), at_once))]


def _table(title: str, sources: Sequence[str]) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_edge=False)
    table.pad_edge = False
    table.add_column("")
    for source in sources:
        table.add_column(escape(source), justify="right")
    return table


def _cells(counts: Sequence[int]) -> list[str]:
    return [f"{count:,}" if count else "-" for count in counts]


def _source_table(lines: Sequence[_Line], sources: Sequence[str], start: int, at_once: int) -> Table:
    """The counts of some of the sources, for a console in which not all have room."""
    table = _table("", sources[start : start + at_once])
    for line in lines:
        table.add_row(line.label, *_cells(line.counts[start : start + at_once]), style="dim" if line.dropped else None)
    return table


def _lines(stats: dict[str, Any]) -> list[_Line]:
    from builder.core.schema import SPLITS

    sources = stats["funnel_by_source"]
    left = stats["rows_read"]
    lines = [_Line("read", [line["read"] for line in sources], 0, left, "cyan")]
    for reason in sorted(stats["reasons"], key=lambda item: (_FLOW.index(item["stage"]), -item["rows"])):
        counts = [line["dropped"].get(reason["stage"], {}).get(reason["reason"], 0) for line in sources]
        lines.append(
            _Line(f"  {reason['stage']}: {reason['reason']}", counts, left - reason["rows"], left, "red", True)
        )
        left -= reason["rows"]
    start = 0
    for side in SPLITS:
        counts = [line[side] for line in sources]
        if side != "validation" or sum(counts):
            lines.append(_Line(f"kept in {side}", counts, start, start + sum(counts), "green"))
        start += sum(counts)
    if stats["augmentation"]["train_rows_after"] != stats["augmentation"]["train_rows_before"]:
        written = stats["splits"]["train"]["by_source"]
        lines.append(_Line("train, augmented", [written.get(line["source"], 0) for line in sources], 0, 0, ""))
    return lines


def _bar(line: _Line, read: int, width: int, *, ascii_only: bool) -> Text:
    """A bar over all rows read: what was dropped hangs at the end of what is left."""
    from rich.text import Text

    full, light, thin = "#.|" if ascii_only else "█░▏"
    start, end = (round(width * rows / max(read, 1)) for rows in (line.start, line.end))
    piece = full * (end - start) or (thin if line.end > line.start else "")
    if line.dropped:
        return Text.assemble((light * start, "cyan"), (piece, f"not dim {line.style}"))
    return Text.assemble(" " * start, (piece, line.style))


def _certificate_line(certificate: dict[str, Any], sides: str = "") -> str:
    """How near two sides come; of train and test also how many official test rows have a near row in train."""
    description, program = (
        f"{pair['score']:.3f}" if (pair := certificate[f"nearest_{name}"]) else "none"
        for name in ("agreeing", "program")
    )
    nearest = f"descriptions {description} (limit {certificate['limit']}), programs {program} (limit: equal)"
    if sides:
        return f"nearest of {sides}: {nearest}"
    return (
        f"nearest across the split: {nearest}; official test rows near train: "
        f"{certificate['official_test_rows_near_train']} of {certificate['official_test_rows']}"
    )


PACKAGE_FOLDER = "manim_combined"


def add_build_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `build` takes besides settings."""
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="list the files that a build would read, cached or not, with their bytes; write nothing",
    )


def build(given: argparse.Namespace, terminal: Terminal) -> Answer:
    """Build configs into a folder; all but those that render programs, if none is named.

    Raises:
        builder.core.errors.BuilderError: a setting is wrong, a source cannot be had, or the folder cannot be written.
    """
    names, settings, output_dir = settings_of(given, PACKAGE_FOLDER)
    folder = Path(output_dir or PACKAGE_FOLDER)
    if not names:
        names = [DEFAULT_CONFIG] if settings.get("deduplicate") else list(BUILT_BY_DEFAULT)
    configs = list(dict.fromkeys(make_config(name, **settings) for name in names))
    if "dry_run" in given:
        return check_all(configs[0], terminal)
    from builder.publish.build_folder import build_dataset

    with terminal:
        stats = build_dataset(configs, folder, terminal)
    built = [config.name for config in configs]
    shown = DEFAULT_CONFIG if DEFAULT_CONFIG in stats else built[0]

    def show() -> None:
        if len(built) > 1:
            show_comparison({name: stats[name] for name in built})
        for name in built if len(built) == 1 or given.verbose else ():
            show_funnel(name, stats[name])

    return Answer(
        {"folder": str(folder), "configs": {name: stats[name] for name in built}},
        show,
        (f"what became of the rows: {report}\n" if (report := folder / "report.html").is_file() else "")
        + f'written to {folder}; load it with: load_dataset("{folder}", "{shown}")',
    )


def export(given: argparse.Namespace, terminal: Terminal) -> Answer:
    """Write one config as JSON Lines.

    Raises:
        builder.core.errors.BuilderError: as `build`.
    """
    from builder.core.schema import SPLITS
    from builder.emit.formats import split_file
    from builder.publish.export import export as export_config

    config, output_dir = one_config(given, DEFAULT_EXPORT)
    default = "data_formatted_deduplicated" if config.deduplicate else "data_formatted_with_sources"
    folder = Path(output_dir or default)
    if not config.decisions and (decisions := folder / DECISIONS_FILE).is_file():
        config = replace(config, decisions=(str(decisions),))
    with terminal:
        stats = export_config(config, folder, terminal)
    splits = [split for split in SPLITS if split != "validation" or stats["splits"][split]["rows"]]
    data = ", ".join(split_file(split, config.trainer) for split in splits)
    report = ", report.html" if (folder / "report.html").is_file() else ""
    last = f"written to {folder}: {data}, dataset_stats.json, ledger.parquet{report}, manifest.json"
    document: dict[str, Any] = {"folder": str(folder), "configs": {config.name: stats}}
    if config.trainer:
        from builder.publish.trainers import train_command

        document["train_with"] = train_command(config.trainer, shlex.quote(str(folder)), config.format)
        last += f"\ntrain with: {document['train_with']}"
    return Answer(document, lambda: show_funnel(config.name, stats), last)
