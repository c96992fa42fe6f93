"""What the command line shows of a build: the funnel from rows read to rows kept, and what the proof found."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from builder.terminal import new_console, show_shuffled


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
    over = [f"over {tokens['max_tokens']:,}: {rows:,} in {side}" for side, rows in tokens.get("rows_over", {}).items()]
    return f"tokens a row: {', '.join([*told, *over])}"


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
