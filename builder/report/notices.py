"""What to look at: what a person should know of a build before using it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from builder.report.facts import Facts

FAR = 0.05
"""Share of the expected rows from which a source is told to be off."""
MOST_GROWN = 8
"""Reasons that grew which are named one by one."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to look at."""

    kind: str
    """What it is about, in a word or two."""
    text: str


def notices(facts: Facts) -> list[Notice]:
    """All there is to look at, in the order in which a row meets it."""
    return [
        *(Notice("source", text) for text in _sources(facts.manifest)),
        *(Notice("pairs", part["message"]) for part in facts.statistics.get("pairing", {}).get("shuffled", ())),
        *(Notice("split", text) for text in facts.statistics.get("split", {}).get("notices", ())),
        *_official(facts.statistics),
        *_synthetic(facts.statistics),
        *_findings(facts.statistics),
        *_grown(facts.statistics, facts.before),
    ]


def _sources(manifest: Mapping[str, Any]) -> Iterator[str]:
    for name, why in manifest.get("skipped_sources", {}).items():
        yield f"{name} was not read: {why}"
    for source in manifest.get("sources", ()):
        rows, expected = source["rows"], source.get("rows_expected")
        if expected and abs(rows - expected) > FAR * expected:
            yield f"{source['name']}: {rows:,} rows read, {expected:,} expected"
        if source.get("mirror_of"):
            yield f"{source['name']} was read from its mirror {source['location']}"


def _official(statistics: Mapping[str, Any]) -> Iterator[Notice]:
    official = statistics.get("official_test_rows", {})
    lost = official.get("read", 0) - official.get("kept", 0)
    if lost:
        yield Notice("official", f"{lost:,} of {official['read']:,} official test rows were dropped")


def _synthetic(statistics: Mapping[str, Any]) -> Iterator[Notice]:
    if written := statistics.get("synthetic_descriptions"):
        yield Notice("synthetic", f"a model described {written['rows']:,} programs; {written['kept']:,} rows are kept")


def _findings(statistics: Mapping[str, Any]) -> Iterator[Notice]:
    counts: Counter[str] = Counter()
    for by_name in statistics.get("findings", {}).values():
        counts.update(by_name)
    if counts:
        said = ", ".join(f"{name} {rows:,}" for name, rows in counts.most_common())
        yield Notice("findings", f"rows read whose program has a finding: {said}; --drop-findings drops them")


def _grown(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[Notice]:
    """Reasons for which more rows of a source were dropped than in the earlier build."""
    if not before:
        return
    earlier = _counts(before)
    more = {key: (rows, rows - earlier.get(key, 0)) for key, rows in _counts(now).items() if rows > earlier.get(key, 0)}
    ranked = sorted(more.items(), key=lambda item: (-item[1][1], item[0]))
    for (source, stage, reason), (rows, by) in ranked[:MOST_GROWN]:
        yield Notice("grew", f"{stage}: {reason} in {source}: {rows:,} rows, {by:,} more than in the earlier build")
    if len(ranked) > MOST_GROWN:
        yield Notice("grew", f"{len(ranked) - MOST_GROWN:,} more reasons grew since the earlier build")


def _counts(statistics: Mapping[str, Any]) -> dict[tuple[str, str, str], int]:
    return {
        (line["source"], stage, reason): rows
        for line in statistics.get("funnel_by_source", ())
        for stage, reasons in line["dropped"].items()
        for reason, rows in reasons.items()
    }
