"""Rendering on its own: the programs that a config would keep, or those of chosen rows, and what came of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from builder.config import BuildConfig
from builder.core.errors import SettingError
from builder.core.events import Events, Silent
from builder.core.ledger import kept
from builder.core.row_store import texts_by_index
from builder.pipeline.build import Prepared, index_of
from builder.pipeline.story import build, prepare
from builder.render.verdict import Conditions, Outcome, Verdict
from builder.render.verdict_file import write_verdicts
from builder.render.verdicts import Verdicts, open_verdicts


@dataclass(frozen=True, slots=True)
class SourceVerdicts:
    """What came of the programs of a source's rows. Rows that were dropped before they were rendered do not count."""

    source: str
    verdicts: dict[str, int]
    """Rows by what came of the program: `passed`, another outcome, or for `failed` the type of exception."""
    not_rendered: int
    """Rows without a verdict."""


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What came of one row's program."""

    id: str
    verdict: Verdict | None
    """`None` if it was not rendered."""
    line: str
    """The line of the program that the error went through; empty if there is none."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of rendering."""

    conditions: Conditions
    sources: tuple[SourceVerdicts, ...] = ()
    rows: tuple[RowVerdict, ...] = ()
    rendered: int = 0
    """Programs that were rendered now; the verdicts on the others were known."""
    kept: int = 0
    """Rows that the config keeps."""


def verify(
    config: BuildConfig,
    events: Events | None = None,
    *,
    limit: int | None = None,
    only: Sequence[str] = (),
    save: Path | None = None,
) -> Verification:
    """Render programs and keep the verdicts in the cache, for this machine's builds.

    Args:
        config: with `verify`.
        events: hears the progress.
        limit: programs to render, at the most.
        only: ids of rows; their programs are rendered, and no others.
        save: a file for the verdicts, as `--verdicts` takes it.

    Raises:
        SettingError: no row has such an id, or a setting has no meaning.
        RenderError: something that rendering needs is missing.
        SourceError: as `builder.pipeline.story.prepare`.
    """
    events = events or Silent()
    prepared = prepare(config, events)
    with open_verdicts(config, events, limit, look=save is None) as verdicts:
        if only:
            found = Verification(verdicts.conditions, rows=_of_rows(prepared, only, verdicts, events))
        else:
            outcomes = build(prepared, config, events, verdicts).outcomes
            found = Verification(verdicts.conditions, by_source(outcomes), kept=kept(outcomes).height)
        if save is not None:
            write_verdicts(save, verdicts.used.values(), verdicts.conditions, verdicts.known.thumbnails)
        return Verification(found.conditions, found.sources, found.rows, verdicts.rendered, found.kept)


def by_source(outcomes: pl.DataFrame) -> tuple[SourceVerdicts, ...]:
    """Verdicts by source, from an open ledger."""
    wanted = [pl.col(name).cast(pl.String) for name in ("source", "verdict", "reason")]
    rows = outcomes.select(*wanted, exception=pl.col("verdict_detail").str.extract(r"^(\w+)"))
    found = []
    for source in rows["source"].unique(maintain_order=True):
        counts: Counter[str] = Counter()
        silent = 0
        for _, verdict, reason, exception in rows.filter(pl.col("source") == source).iter_rows():
            silent += reason == "not_rendered"
            if verdict:
                counts[exception if verdict == Outcome.FAILED and exception else verdict] += 1
        if counts or silent:
            found.append(SourceVerdicts(source, _most_first(counts), silent))
    return tuple(found)


def _most_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (item[0] != Outcome.PASSED, -item[1], item[0])))


def _of_rows(prepared: Prepared, ids: Sequence[str], verdicts: Verdicts, events: Events) -> tuple[RowVerdict, ...]:
    indices = {row_id: index_of(prepared, row_id) for row_id in ids}
    for row_id, index in indices.items():
        if index is None:
            raise SettingError(f"--only {row_id}: the id of a row is wanted, as in the ledger: SOURCE/ROW")
    wanted = pl.Series(sorted(index for index in indices.values() if index is not None), dtype=pl.UInt32)
    codes = texts_by_index(prepared.files, "code", wanted)
    verdicts.ask(codes.values(), len(codes), events)
    return tuple(_row_verdict(row_id, codes[index], verdicts) for row_id, index in indices.items() if index is not None)


def _row_verdict(row_id: str, code: str, verdicts: Verdicts) -> RowVerdict:
    found = verdicts.verdict_on(code) or verdicts.machine_fault(code)
    lines = code.split("\n")
    known = found is not None and found.line is not None and 0 < found.line <= len(lines)
    return RowVerdict(row_id, found, lines[found.line - 1].strip() if known and found and found.line else "")
