"""Rows are decided, their programs rendered, and rows decided anew, until every row that stays has a verdict.

A program that fails is repaired by what its exception says, at most `ROUNDS` times; a repair counts only if the
program then passes. A row whose program failed is dropped before duplicates are decided, so the next of its cluster
takes its place, and is rendered in the next round.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from builder.config import BuildConfig
from builder.events import Events
from builder.ledger import REPAIRS_SEPARATOR, VERDICT_COLUMNS, kept
from builder.prepare.canonical import canonical_key
from builder.prepare.keys import program_key
from builder.prepare.parse import parse
from builder.prepare.repairs.from_error import repair_failed
from builder.prepared import PreparedFile, batches_with
from builder.render.judge import Judge
from builder.render.table import write_verdicts
from builder.render.verdict import Outcome, Verdict
from builder.state import Build, Prepared

ROUNDS = 2
"""How often a program is repaired for what its exception says."""

Decide = Callable[[pl.DataFrame, Mapping[int, str]], pl.DataFrame]
"""Gives the ledger for rows as `builder.decide.decide` takes them, and by index the codes that were repaired."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """What is known of the program of one row."""

    verdict: str = ""
    before: str = ""
    detail: str = ""
    """What the program as it was raised, also if it was repaired."""
    code: str | None = None
    """The repaired program, if it was repaired and then passed."""
    repairs: tuple[str, ...] = ()


def verified(
    prepared: Prepared, config: BuildConfig, decide: Decide, judge: Judge, events: Events
) -> tuple[Prepared, pl.DataFrame]:
    """The prepared rows with repaired programs in their place, and the ledger of a config whose programs are rendered.

    Args:
        prepared: the rows as read.
        config: with `verify`.
        decide: the decisions of this config.
        judge: who is asked for verdicts.
        events: hears the progress.
    """
    marks: dict[int, _Mark] = {}
    while True:
        codes = {index: mark.code for index, mark in sorted(marks.items()) if mark.code is not None}
        ledger = decide(_marked(prepared.rows, marks), codes)
        rendered = _may_stay(ledger)
        asked = rendered.filter(pl.col("code").is_in(list(marks)).not_())
        if asked.is_empty():
            return replace(prepared, files=_with_codes(prepared.files, codes)), ledger
        marks |= _judged(prepared.files, asked, judge, config.keep_repaired_in_test, events)


def _may_stay(ledger: pl.DataFrame) -> pl.DataFrame:
    """Rows that stay if their program passes: `code`, the index whose code they have, `official` and `split`."""
    silent = (pl.col("stage") == "render") & (pl.col("reason").cast(pl.String) == "not_rendered")
    rows = pl.concat([kept(ledger), ledger.filter(silent)])
    return rows.select("official", "split", code=pl.coalesce("code_index", "index")).sort("code")


def _judged(
    files: Sequence[PreparedFile], asked: pl.DataFrame, judge: Judge, keep_repaired_in_test: bool, events: Events
) -> dict[int, _Mark]:
    """A mark for each code that is asked for, with or without a verdict."""
    wanted = asked["code"].unique().sort()

    def codes() -> Iterator[str]:
        for batch in batches_with(files, ("code",), wanted):
            yield from batch["code"]

    judge.ask(codes(), wanted.len(), events)
    marks: dict[int, _Mark] = {}
    failed: dict[int, str] = {}
    for batch in batches_with(files, ("code",), wanted):
        for index, code in batch.select("index", "code").iter_rows():
            found = judge.verdict_on(code)
            marks[index] = _Mark(detail=_unjudged(judge, code)) if found is None else _mark(found)
            if found is not None and found.outcome is Outcome.FAILED:
                failed[index] = code
    fixed = set(asked.filter("official")["code"])
    if not keep_repaired_in_test:  # such a row would be dropped for the repair
        fixed |= set(asked.filter(pl.col("split") == "test")["code"])
    open_to_repair = {index: code for index, code in failed.items() if index not in fixed}
    for index, repaired in _repaired(open_to_repair, judge, events).items():
        marks[index] = replace(repaired, detail=marks[index].detail)
    return marks


def _repaired(failed: Mapping[int, str], judge: Judge, events: Events) -> dict[int, _Mark]:
    """Marks of those programs that pass once they are repaired."""
    marks: dict[int, _Mark] = {}
    made: dict[int, tuple[str, ...]] = dict.fromkeys(failed, ())
    now = dict(failed)
    for _ in range(ROUNDS):
        changed: dict[int, str] = {}
        for index, code in sorted(now.items()):
            found = judge.verdict_on(code)
            repair = repair_failed(code, found.exception, found.message, found.line) if found is not None else None
            if repair is not None:
                changed[index], names = repair
                made[index] += names
        judge.ask(changed.values(), len(changed), events)
        now = {}
        for index, code in changed.items():
            after = judge.verdict_on(code)
            if after is None:
                continue
            if after.outcome is Outcome.PASSED:
                marks[index] = _Mark(after.outcome, Outcome.FAILED, "", code, tuple(dict.fromkeys(made[index])))
            elif after.outcome is Outcome.FAILED:
                now[index] = code
    return marks


def _mark(found: Verdict) -> _Mark:
    if found.outcome is Outcome.PASSED:
        return _Mark(found.outcome)
    where = f" (line {found.line})" if found.line else ""
    return _Mark(found.outcome, "", f"{found.exception}: {found.message}".strip(": ") + where)


def _unjudged(judge: Judge, code: str) -> str:
    """Why there is no verdict, as far as it is known."""
    found = judge.machine_fault(code)
    return "" if found is None else f"{found.exception}: {found.message}"


def _marked(rows: pl.DataFrame, marks: Mapping[int, _Mark]) -> pl.DataFrame:
    """The rows with what is known of their programs: verdicts, and the keys and repairs of repaired ones."""
    found = pl.DataFrame(
        [
            (
                index,
                mark.verdict,
                mark.before,
                mark.detail,
                None if mark.code is None else program_key(mark.code),
                None if mark.code is None else canonical_key(parse(mark.code).tree, mark.code),
                REPAIRS_SEPARATOR.join(mark.repairs),
            )
            for index, mark in marks.items()
        ],
        schema={
            "index": pl.UInt32,
            **dict.fromkeys(VERDICT_COLUMNS, pl.String),
            "new_program_key": pl.UInt64,
            "new_canonical_key": pl.UInt64,
            "more_repairs": pl.String,
        },
        orient="row",
    )
    joined = rows.select("index").join(found, on="index", how="left", maintain_order="left")
    repairs = pl.col("code_repairs").cast(pl.String).fill_null("")
    more = joined["more_repairs"].fill_null("")
    between = pl.when((repairs != "") & (more != "")).then(pl.lit(REPAIRS_SEPARATOR)).otherwise(pl.lit(""))
    return rows.with_columns(
        *(joined[name].fill_null("").cast(kind) for name, kind in VERDICT_COLUMNS.items()),
        *(pl.coalesce(joined[f"new_{key}"], key).alias(key) for key in ("program_key", "canonical_key")),
        (repairs + between + more).cast(rows.schema["code_repairs"]).alias("code_repairs"),
    )


def _with_codes(files: Sequence[PreparedFile], codes: Mapping[int, str]) -> tuple[PreparedFile, ...]:
    """The files with repaired programs in their place."""
    ends = [file.first_index for file in files[1:]] + [2**32]
    return tuple(
        replace(file, codes={index: code for index, code in codes.items() if file.first_index <= index < end})
        for file, end in zip(files, ends, strict=True)
    )


def write_used_verdicts(builds: Sequence[Build], path: Path) -> None:
    """Write the verdicts that builds asked for, with thumbnails; nothing if they asked for none."""
    judges = {id(decided.judge): decided.judge for decided in builds if decided.judge is not None}
    for judge in judges.values():  # one: the builds of a folder share it
        write_verdicts(path, judge.used.values(), judge.conditions, judge.known.thumbnails)
