"""Rows are decided, their programs rendered, and rows decided anew, until every row that stays has a verdict.

A row whose program failed is dropped before duplicates are decided, so the next of its cluster takes its place, and
is rendered in the next round.

For pairs of answers, programs as they were before our repairs are rendered too. A pair counts only if the program
before fails and the one after passes. Train rows alone are looked at.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from builder.config import BuildConfig
from builder.core.events import Events
from builder.core.ledger import REPAIR, VERDICT_COLUMNS, drop, kept
from builder.core.row_store import PreparedFile, batches_with, texts_by_index
from builder.manim_lint.dialect import COMMUNITY
from builder.manim_lint.syntax import Steps
from builder.pipeline.build import Build, Prepared
from builder.prepare.cache import EDITED
from builder.prepare.format_code import format_programs
from builder.prepare.trace import trace_code
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


FAILS = (Outcome.FAILED, Outcome.NO_SCENE)
"""Verdicts that say that a program is wrong; the others depend on limits, on the machine, or on what it was asked."""
_LAYOUT = "repair:one_line"
_PAIRS = {"index": pl.UInt32, "rejected": pl.String, "error": pl.String, "only_layout": pl.Boolean}
_GONE = {"index": pl.UInt32, "stage": pl.String, "reason": pl.String, "detail": pl.String}


def with_failing(
    prepared: Prepared, ledger: pl.DataFrame, config: BuildConfig, verdicts: Verdicts, events: Events
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keep of the train rows those that `config.format` has a use for: with a failing program beside the passing one.

    `kto` takes passing programs that have none, too.

    Args:
        prepared: the rows as read.
        ledger: open, decided.
        config: the settings.
        verdicts: who is asked for verdicts.
        events: hears the progress.

    Returns:
        The ledger, and for each row that has one its failing program: `index`, `rejected`, `error` (what it raises)
        and `only_layout` (whether line breaks are all that the passing one has beyond it).
    """
    train = kept(ledger).filter(pl.col("split") == "train")
    rows = train.select("index", pl.col("code_repairs").cast(pl.String), code=pl.coalesce("code_index", "index"))
    repaired = rows.filter(pl.col("code_repairs").str.contains(REPAIR) & ~pl.col("code_repairs").str.contains(EDITED))
    before = _before(prepared, config, repaired["code"].unique().sort())
    wanted = {code: text for code, (text, only_layout) in before.items() if config.layout_pairs or not only_layout}
    both = config.format != "kto"
    asked = rows["code"].filter(rows["code"].is_in(list(wanted))) if both else rows["code"]
    after = marks_of(prepared.files, asked, verdicts, events)
    verdicts.ask(wanted.values(), len(wanted), events)
    pairs, gone = [], []
    for index, code in rows.select("index", "code").iter_rows():
        mark = after.get(code)
        text, only_layout = before.get(code, ("", False))
        found = verdicts.verdict_on(text) if code in wanted else None
        if mark is not None and mark.verdict != Outcome.PASSED:
            gone.append((index, "render", mark.verdict or "not_rendered", mark.detail))
        elif found is not None and found.outcome in FAILS:
            pairs.append((index, text, RowMark.of(found).detail, only_layout))
        elif both:
            reason = "not_repaired" if not text else "not_failing" if code in wanted else "only_layout"
            gone.append((index, "filter", reason, f"before repair: {found.outcome}" if found else ""))
    ledger = with_marks(
        ledger, {index: after[code] for index, code in rows["index", "code"].iter_rows() if code in after}
    )
    for (stage,), part in pl.DataFrame(gone, _GONE, orient="row").group_by("stage", maintain_order=True):
        ledger = drop(ledger, part, str(stage), overrules=True)
    return ledger, pl.DataFrame(pairs, _PAIRS, orient="row")


def _before(prepared: Prepared, config: BuildConfig, codes: pl.Series) -> dict[int, tuple[str, bool]]:
    """By index, a program cleaned and on lines, but not repaired; or still on one line, where that is all we changed.

    Beside it, whether that is so.
    """
    published = [
        PreparedFile(source.path, file.first_index, 0)
        for source, file in zip(prepared.sources, prepared.files, strict=True)
    ]
    found = {}
    for index, text in texts_by_index(published, "code", codes).items():
        traced = trace_code(text)
        community = traced.community if config.dialect == COMMUNITY else None
        found[index] = _last_before_repair(text, community[1] if community else traced.steps)
    if config.format_code:
        laid_out = format_programs([text for text, _ in found.values()])
        found = {index: (text, found[index][1]) for index, text in zip(found, laid_out, strict=True)}
    return found


def _last_before_repair(text: str, steps: Steps) -> tuple[str, bool]:
    only_layout = not any(name.startswith(REPAIR) and name != _LAYOUT for name, _ in steps)
    for name, after in steps:
        if name.startswith(REPAIR) and (only_layout or name != _LAYOUT):
            break
        text = after
    return text, only_layout
