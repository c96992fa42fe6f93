"""Sections 2 and 3: why rows were dropped and what was mended, each with examples; duplicates and borderline pairs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from builder.core.ledger import STAGES
from builder.report.differences import Mark, line_changes, prose_changes, word_changes
from builder.report.facts import Facts
from builder.report.rows import EXAMPLES
from builder.similarity.compare import same_meaning

PROMPT_CHARACTERS = 600
CODE_LINES = 24
CHANGED_LINES = 30
"""Of an example; the browser of rows has all of it."""
PAIRS = 8
"""Pairs that are shown of each kind."""
_PAIRED = ("duplicate", "conflict", "leak")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """A row, shortened."""

    id: str
    detail: str
    prompt: str
    code: str
    changes: tuple[tuple[Mark, str], ...]
    """Of its texts by cleaning and repair; empty if nothing was changed, or nothing is known."""
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Rows dropped for one reason, or changed by one step."""

    stage: str
    name: str
    rows: int
    by_source: Mapping[str, int]
    examples: Mapping[str, tuple[Example, ...]]
    """By source."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two rows beside each other."""

    id: str
    outcome: str
    words: tuple[tuple[bool, str], ...]
    """The description in pieces, each with whether the other row lacks it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows beside each other."""

    kind: str
    score: float | None
    sides: tuple[Side, Side]
    differs: tuple[str, ...]
    """Key terms that stand in one of them only."""


def reasons(facts: Facts) -> list[Reason]:
    """Why rows were dropped, in the order of the stages, the most frequent reason first."""
    gone = facts.rows.filter(pl.col("outcome") == "dropped")
    names = gone.filter(pl.col("stage").is_in(STAGES)).select("stage", "reason").unique().sort("stage", "reason")
    found = [_reason(facts, gone.filter(pl.col("reason") == name), stage, name) for stage, name in names.iter_rows()]
    return sorted(found, key=lambda reason: (STAGES.index(reason.stage), -reason.rows, reason.name))


def repairs(facts: Facts) -> list[Reason]:
    """What cleaning and repair changed, in rows kept and dropped, the most frequent step first."""
    stepped = facts.rows.explode("repairs", empty_as_null=True).drop_nulls("repairs")
    found = [
        _reason(facts, stepped.filter(pl.col("repairs") == name), "", name)
        for name in stepped["repairs"].unique().sort()
    ]
    return sorted(found, key=lambda step: (-step.rows, step.name))


def _reason(facts: Facts, rows: pl.DataFrame, stage: str, name: str) -> Reason:
    counts = {source: rows.filter(pl.col("source") == source).height for source in facts.sources}
    first = _first(rows.filter(pl.col("code").is_not_null()))
    names = dict(facts.rows.select("id", "repairs").join(first.select("id"), on="id", how="semi").iter_rows())
    examples: dict[str, tuple[Example, ...]] = {}
    for row in first.iter_rows(named=True):
        shown = _example({**row, "repairs": names[row["id"]]})
        examples[row["source"]] = (*examples.get(row["source"], ()), shown)
    return Reason(stage, name, rows.height, {s: n for s, n in counts.items() if n}, examples)


def _first(rows: pl.DataFrame) -> pl.DataFrame:
    """Few rows of each source: those with the lowest hashes, equal texts once."""
    distinct = rows.sort("content", "id").unique("content", keep="first", maintain_order=True)
    return distinct.group_by("source", maintain_order=True).head(EXAMPLES)


def _example(row: Row) -> Example:
    lines = row["code"].split("\n")
    code = "\n".join(lines[:CODE_LINES])[: CODE_LINES * 120]
    code += "\n…" if len(code) < len(row["code"]) else ""
    prompt = row["description"]
    return Example(
        id=row["id"],
        detail=row["detail"],
        prompt=prompt if len(prompt) <= PROMPT_CHARACTERS else prompt[:PROMPT_CHARACTERS] + " …",
        code=code,
        changes=tuple(shortened(changes_of(row))),
        steps=tuple(row["repairs"]),
    )


def changes_of(row: Row) -> list[tuple[Mark, str]]:
    """What cleaning and repair made of a row's texts, the description's words first."""
    changes: list[tuple[Mark, str]] = []
    for name, compared in (("description", prose_changes), ("code", line_changes)):
        before = row[f"{name}_read"]
        if before is not None and before != row[name]:
            changes += compared(before, row[name])
    return changes


def shortened(changes: Sequence[tuple[Mark, str]]) -> list[tuple[Mark, str]]:
    """The first lines of changes."""
    shown: list[tuple[Mark, str]] = [(mark, text if len(text) <= 300 else text[:300] + " …") for mark, text in changes]
    more = len(shown) - CHANGED_LINES
    return [*shown[:CHANGED_LINES], ("…", f"{more:,} more lines")] if more > 0 else shown


def dropped_pairs(facts: Facts) -> list[tuple[str, int, list[Pair]]]:
    """Rows that went for another one's sake: reason, how many, and some pairs that are not equal, least alike first."""
    gone = facts.rows.filter(pl.col("stage").is_in(_PAIRED) & (pl.col("kept_id") != ""))
    found = []
    for name in gone["reason"].unique().sort():
        rows = gone.filter(pl.col("reason") == name)
        lines = rows.select("id", "kept_id", "score").sort("score", "id", nulls_last=True).rows()
        found.append((name, rows.height, list(_pairs(facts, name, lines))))
    return found


def _pairs(facts: Facts, kind: str, rows: Iterable[tuple[str, str, float | None]]) -> Iterator[Pair]:
    """The first pairs whose descriptions differ, or the first ones if none do."""
    told = dict(
        facts.shown.select("id", pl.struct("id", "outcome", "reason", "split", "description").alias("row")).iter_rows()
    )
    known = [line for line in rows if line[0] in told and line[1] in told]
    unlike = [line for line in known if told[line[0]]["description"] != told[line[1]]["description"]]
    for one, other, score in (unlike or known)[:PAIRS]:
        yield _pair(kind, score, told[one], told[other])


def _pair(kind: str, score: float | None, one: Row, other: Row) -> Pair:
    texts = [row["description"][:PROMPT_CHARACTERS] for row in (one, other)]
    verdict = same_meaning(texts[0], texts[1], 0.0)
    left, right = word_changes(texts[0], texts[1])
    sides = tuple(
        Side(row["id"], row["reason"] or f"kept in {row['split']}", tuple(words))
        for row, words in ((one, left), (other, right))
    )
    return Pair(
        kind=kind,
        score=verdict.score if score is None else score,
        sides=(sides[0], sides[1]),
        differs=(*verdict.only_left, *verdict.only_right),
    )


def borderline_pairs(facts: Facts) -> dict[str, list[Pair]]:
    """Pairs of near descriptions on either side of the threshold: `just_above` and `just_below`."""
    near = facts.numbers.get("near") or {}
    found = {}
    for side in ("just_above", "just_below"):
        lines = [(pair["left_id"], pair["right_id"], pair["score"]) for pair in near.get(side, ())]
        found[side] = list(_pairs(facts, side, lines))
    return found


def overlap(facts: Facts) -> list[list[int]]:
    """For each source, how many of its rows have an equal description or program in each source, its own too."""
    found: Counter[tuple[str, str]] = Counter()
    for _, source, rows, others in facts.found_again.iter_rows():
        found.update({(source, other): rows for other in others})
    return [[found[one, other] for other in facts.sources] for one in facts.sources]
