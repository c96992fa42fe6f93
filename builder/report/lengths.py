"""Section 4: how long texts are, and how well prompts and programs belong together, by source, as plots with tables."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from markupsafe import Markup

from builder.report.facts import Facts
from builder.report.numbers import STEPS
from builder.report.plots import Ridge, counted, length_steps, ridges

_PERCENTILES = (10, 50, 90)


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot and the table behind it."""

    title: str
    note: str
    svg: Markup
    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


def plots(facts: Facts) -> list[Plot]:
    """The plots of a config; those of which nothing is known are left out."""
    kept = facts.kept.filter(pl.col("code").is_not_null())
    prompts, programs = (kept.select("source", length=pl.col(name).str.len_chars()) for name in ("description", "code"))
    lines = kept.select("source", length=pl.col("code").str.count_matches("\n", literal=True) + 1)
    found = [
        _lengths(facts.sources, prompts, "Prompts", "characters"),
        _lengths(facts.sources, programs, "Programs", "characters"),
        _lengths(facts.sources, lines, "Programs", "lines"),
        _alignment(facts),
    ]
    return [plot for plot in found if plot is not None]


def _lengths(sources: Sequence[str], measured: pl.DataFrame, title: str, unit: str) -> Plot | None:
    """Lengths of the texts of kept rows, `source` and `length`."""
    by_source = {name: measured.filter(pl.col("source") == name)["length"].to_list() for name in sources}
    by_source = {name: values for name, values in by_source.items() if values}
    if not by_source:
        return None
    edges = length_steps(min(map(min, by_source.values())), max(map(max, by_source.values())))
    percentiles = {name: [round(value) for value in np.percentile(v, _PERCENTILES)] for name, v in by_source.items()}
    lines = [Ridge(name, counted(v, edges), f"median {percentiles[name][1]:,}") for name, v in by_source.items()]
    words = "; ".join(f"{name}: half have up to {percentiles[name][1]:,}" for name in by_source)
    return Plot(
        title=f"{title} in {unit}",
        note="rows kept, by source; before augmentation",
        svg=ridges(
            lines,
            edges,
            label=unit,
            log=True,
            words=f"{title} in {unit}. {words}.",
            of={"Prompts": "prompt", "Programs": "program"}[title] if unit == "characters" else "",
        ),
        head=("source", "rows", "shortest", *(f"{p} % up to" for p in _PERCENTILES), "longest"),
        lines=tuple(
            (name, *(f"{n:,}" for n in (len(values), min(values), *percentiles[name], max(values))))
            for name, values in by_source.items()
        ),
    )


def _alignment(facts: Facts) -> Plot | None:
    """Scores of descriptions with their own programs, and with any other row's."""
    found = facts.numbers.get("alignment") or {}
    by_source = {name: found[name] for name in facts.sources if name in found}
    if not by_source:
        return None
    edges = [step / STEPS for step in range(STEPS + 1)]
    half = STEPS // 2
    shares = {
        name: [sum(counts[kind][half:]) / max(sum(counts[kind]), 1) for kind in ("own", "random")]
        for name, counts in by_source.items()
    }
    lines = [
        Ridge(name, counts["own"], f"{shares[name][0]:.0%} above 0.5", counts["random"])
        for name, counts in by_source.items()
    ]
    words = "; ".join(
        f"{name}: {own:.0%} of own and {other:.0%} of random pairs" for name, (own, other) in shares.items()
    )
    return Plot(
        title="Does the program belong to its prompt?",
        note="score by shared words, from 0 to 1: filled, with its own program; dashed, with another row's",
        svg=ridges(lines, edges, label="score", log=False, words=f"Alignment. Above 0.5 are, in {words}."),
        head=("source", "pairs scored", "own pairs above 0.5", "random pairs above 0.5"),
        lines=tuple(
            (name, f"{sum(by_source[name]['own']):,}", *(f"{share:.1%}" for share in both))
            for name, both in shares.items()
        ),
    )
