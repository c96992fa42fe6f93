"""What to look at: what a person should know of a build before using it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from builder.report.facts import Facts

FAR = 0.05
"""Share of the expected rows from which a source is told to be off."""
MOST_GROWN = 8
"""Reasons that grew which are named one by one."""


def notices(facts: Facts) -> Iterator[tuple[str, str]]:
    """All there is to look at, in the order in which a row meets it: what it is about, in a word or two, and what."""
    manifest, statistics = facts.manifest, facts.statistics
    for name, why in manifest.get("skipped_sources", {}).items():
        yield "source", f"{name} was not read: {why}"
    for source in manifest.get("sources", ()):
        rows, expected = source["rows"], source.get("rows_expected")
        if expected and abs(rows - expected) > FAR * expected:
            yield "source", f"{source['name']}: {rows:,} rows read, {expected:,} expected"
        if source.get("mirror_of"):
            yield "source", f"{source['name']} was read from its mirror {source['location']}"
    for part in statistics.get("pairing", {}).get("shuffled", ()):
        yield "pairs", part["message"]
    for text in statistics.get("split", {}).get("notices", ()):
        yield "split", text
    official = statistics.get("official_test_rows", {})
    if lost := official.get("read", 0) - official.get("kept", 0):
        yield "official", f"{lost:,} of {official['read']:,} official test rows were dropped"
    if written := statistics.get("synthetic_descriptions"):
        yield "synthetic", f"a model described {written['rows']:,} programs; {written['kept']:,} rows are kept"
    counts: Counter[str] = Counter()
    for by_name in statistics.get("findings", {}).values():
        counts.update(by_name)
    if counts:
        said = ", ".join(f"{name} {rows:,}" for name, rows in counts.most_common())
        yield "findings", f"rows read whose program has a finding: {said}; --drop-findings drops them"
    for text in _grown(statistics, facts.before):
        yield "grew", text


def _grown(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    """Reasons for which more rows of a source were dropped than in the earlier build."""
    if not before:
        return
    earlier = _counts(before)
    more = {key: (rows, rows - earlier.get(key, 0)) for key, rows in _counts(now).items() if rows > earlier.get(key, 0)}
    ranked = sorted(more.items(), key=lambda item: (-item[1][1], item[0]))
    for (source, stage, reason), (rows, by) in ranked[:MOST_GROWN]:
        yield f"{stage}: {reason} in {source}: {rows:,} rows, {by:,} more than in the earlier build"
    if len(ranked) > MOST_GROWN:
        yield f"{len(ranked) - MOST_GROWN:,} more reasons grew since the earlier build"


def _counts(statistics: Mapping[str, Any]) -> dict[tuple[str, str, str], int]:
    return {
        (line["source"], stage, reason): rows
        for line in statistics.get("funnel_by_source", ())
        for stage, reasons in line["dropped"].items()
        for reason, rows in reasons.items()
    }
