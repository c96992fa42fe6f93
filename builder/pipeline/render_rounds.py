"""Rows are decided, their programs rendered, and rows decided anew, until every row that stays has a verdict.

A row whose program failed is dropped before duplicates are decided, so the next of its cluster takes its place, and
is rendered in the next round.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from builder.core.events import Events
from builder.core.ledger import VERDICT_COLUMNS, kept
from builder.core.row_store import PreparedFile, batches_with
from builder.pipeline.build import Build, Prepared
from builder.render.findings import findings
from builder.render.verdict import Outcome, Verdict
from builder.render.verdict_file import write_verdicts
from builder.render.verdicts import Verdicts

Decide = Callable[[pl.DataFrame], pl.DataFrame]
"""Gives the ledger for rows as `builder.decide.decide` takes them."""


@dataclass(frozen=True, slots=True)
class RowMark:
    """What is known of the program of one row."""

    verdict: str = ""
    detail: str = ""
    """What the program raised."""
    findings: str = ""
    """What was found of how it looks, a line each."""

    @classmethod
    def of(cls, found: Verdict) -> "RowMark":
        """What a verdict says."""
        if found.outcome is Outcome.PASSED:
            lines = (f"{name}: {told}".replace("\n", " ") for name, told in findings(found).items())
            return cls(found.outcome, findings="\n".join(lines))
        where = f" (line {found.line})" if found.line else ""
        return cls(found.outcome, f"{found.exception}: {found.message}".strip(": ") + where)


def verified(prepared: Prepared, decide: Decide, verdicts: Verdicts, events: Events) -> pl.DataFrame:
    """The ledger of a config whose programs are rendered.

    Args:
        prepared: the rows as read.
        decide: the decisions of this config.
        verdicts: who is asked for verdicts.
        events: hears the progress.
    """
    marks: dict[int, RowMark] = {}
    while True:
        ledger = decide(with_marks(prepared.rows, marks))
        rendered = _may_stay(ledger)
        asked = rendered.filter(rendered.is_in(list(marks)).not_())
        if asked.is_empty():
            return ledger
        marks |= marks_of(prepared.files, asked, verdicts, events)


def _may_stay(ledger: pl.DataFrame) -> pl.Series:
    """Indices of the codes of rows that stay if their program passes."""
    silent = (pl.col("stage") == "render") & (pl.col("reason").cast(pl.String) == "not_rendered")
    rows = pl.concat([kept(ledger), ledger.filter(silent)])
    return rows.select(code=pl.coalesce("code_index", "index"))["code"].sort()


def marks_of(files: Sequence[PreparedFile], asked: pl.Series, verdicts: Verdicts, events: Events) -> dict[int, RowMark]:
    """A mark for each code that is asked for, by its index, with or without a verdict."""
    wanted = asked.unique().sort()

    def codes() -> Iterator[str]:
        for batch in batches_with(files, ("code",), wanted):
            yield from batch["code"]

    verdicts.ask(codes(), wanted.len(), events)
    marks: dict[int, RowMark] = {}
    for batch in batches_with(files, ("code",), wanted):
        for index, code in batch.select("index", "code").iter_rows():
            found = verdicts.verdict_on(code)
            marks[index] = RowMark(detail=_machine_fault(verdicts, code)) if found is None else RowMark.of(found)
    return marks


def _machine_fault(verdicts: Verdicts, code: str) -> str:
    """Why there is no verdict, as far as it is known."""
    found = verdicts.machine_fault(code)
    return "" if found is None else f"{found.exception}: {found.message}"


def with_marks(rows: pl.DataFrame, marks: Mapping[int, RowMark]) -> pl.DataFrame:
    """The rows with what is known of their programs; what they say already stays where nothing is."""
    found = pl.DataFrame(
        [(index, mark.verdict, mark.detail, mark.findings) for index, mark in marks.items()],
        schema={"index": pl.UInt32, **dict.fromkeys(VERDICT_COLUMNS, pl.String)},
        orient="row",
    )
    joined = rows.select("index").join(found, on="index", how="left", maintain_order="left")
    return rows.with_columns(
        pl.coalesce(joined[name].cast(kind), pl.col(f"^{name}$"), pl.lit("", kind)).alias(name)
        for name, kind in VERDICT_COLUMNS.items()
    )


def write_used_verdicts(builds: Sequence[Build], path: Path) -> None:
    """Write the verdicts that builds asked for, with thumbnails; nothing if they asked for none."""
    distinct = {id(decided.verdicts): decided.verdicts for decided in builds if decided.verdicts is not None}
    for verdicts in distinct.values():  # one: the builds of a folder share them
        write_verdicts(path, verdicts.used.values(), verdicts.conditions, verdicts.known.thumbnails)
