"""From the rows of an evaluation to its scores: counts, measures by group, and what failed most often."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from builder.config import RENDER_FINDINGS
from builder.evaluate.metrics import Estimate, mean, pass_at, share, share_of

MISSING, NO_PROGRAM = "missing", "no_program"
"""Outcomes of rows that nothing answers, and of answers that hold no program; others are those of verdicts."""
KS = (1, 2, 5, 10, 20, 50, 100)
"""Of pass@k, as far as every prompt has so many samples."""
_MOST_LISTED = 20


def summarise(rows: pl.DataFrame) -> dict[str, Any]:
    """Counts and metrics of rows, in all, by source and by difficulty, and what failed most often."""
    answered = rows.filter(pl.col("outcome") != MISSING)
    outcomes = Counter(rows["outcome"])
    return {
        "counts": {
            "prompts": rows["id"].n_unique(),
            "samples": answered.height,
            "missing": outcomes.get(MISSING, 0),
            "outcomes": dict(sorted(outcomes.items())),
        },
        "metrics": metrics(rows),
        "by_source": {name: metrics(part) for name, part in _groups(rows, "source")},
        "by_difficulty": {name or "unknown": metrics(part) for name, part in _groups(rows, "difficulty")},
        "exceptions": _exceptions(answered),
        "conflicts": _conflicts(answered),
        "missing": rows.filter(pl.col("outcome") == MISSING)["id"].to_list(),
        "references_not_rendered": rows.filter(~pl.col("reference_outcome").is_in(["passed", ""]))["id"]
        .unique(maintain_order=True)
        .to_list(),
    }


def _groups(rows: pl.DataFrame, column: str) -> list[tuple[str, pl.DataFrame]]:
    return [(name, rows.filter(pl.col(column) == name)) for name in sorted(rows[column].unique())]


def metrics(rows: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Each metric with its 95 % interval; rows that nothing answers count as failed."""
    prompts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    wanted = ("id", "outcome", "parses", "conflicts", "findings", "similarity", "clip_similarity", "code_similarity")
    for line in rows.select(wanted).iter_rows(named=True):
        prompts[line["id"]].append(line)
    groups = list(prompts.values())
    found: dict[str, Estimate] = {"parse_rate": share_of([[line["parses"] for line in each] for each in groups])}
    parsed = [[bool(line["conflicts"]) for line in each if line["parses"]] for each in groups]
    found["version_conflicts"] = share_of([each for each in parsed if each])
    for name, word in (
        ("render_success", "passed"),
        ("blank", "blank"),
        ("timeout", "timeout"),
        ("refused", "refused"),
    ):
        found[name] = share_of([[line["outcome"] == word for line in each] for each in groups])
    rendered = [seen for each in groups if (seen := [line["findings"] for line in each if line["outcome"] == "passed"])]
    for name in RENDER_FINDINGS if any(map(any, rendered)) else ():
        found[name] = share_of(
            [[any(one.startswith(f"{name}:") for one in line) for line in each] for each in rendered]
        )
    found |= _pass_at_k(groups)
    for name in ("similarity", "clip_similarity", "code_similarity"):
        values = [[line[name] for line in each if line[name] is not None] for each in groups]
        if any(values):
            key = "visual_similarity" if name == "similarity" else name
            found[key] = mean([sum(each) / len(each) for each in values if each])
            shown = [
                [line[name] for line in each if line[name] is not None and line["outcome"] == "passed"]
                for each in groups
            ]
            found[f"{key}_of_rendered"] = mean([sum(each) / len(each) for each in shown if each])
    return {name: asdict(estimate) for name, estimate in found.items()}


def _pass_at_k(groups: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Estimate]:
    """pass@k for each k that every answered prompt has samples for; a prompt without any counts 0."""
    counted = [
        (len(each), sum(line["outcome"] == "passed" for line in each))
        for each in groups
        if each[0]["outcome"] != MISSING
    ]
    missing = len(groups) - len(counted)
    fewest = min((samples for samples, _ in counted), default=1)
    found = {}
    for k in (k for k in KS if k <= fewest):
        values = [pass_at(k, samples, passed) for samples, passed in counted] + [0.0] * missing
        single = all(samples == 1 for samples, _ in counted)
        found[f"pass@{k}"] = share(int(sum(values)), len(values)) if single else mean(values)
    return found


def _exceptions(rows: pl.DataFrame) -> list[dict[str, Any]]:
    failed = rows.filter(pl.col("exception") != "")
    counted = (
        failed.group_by("exception", "message", maintain_order=True)
        .agg(samples=pl.len(), example=pl.first("id"))
        .sort("samples", "exception", "message", descending=[True, False, False])
    )
    return counted.head(_MOST_LISTED).to_dicts()


def _conflicts(rows: pl.DataFrame) -> list[dict[str, Any]]:
    each = rows.select("id", pl.col("conflicts").list.unique(maintain_order=True)).explode("conflicts").drop_nulls()
    counted = (
        each.group_by(conflict="conflicts", maintain_order=True)
        .agg(samples=pl.len(), example=pl.first("id"))
        .sort("samples", "conflict", descending=[True, False])
    )
    return counted.head(_MOST_LISTED).to_dicts()
