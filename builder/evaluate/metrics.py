"""Scores of an evaluation: shares and means with 95 % intervals, pass@k, two runs in pairs, what failed most often."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import comb
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binomtest

from builder.config import RENDER_FINDINGS

RESAMPLES = 2_000
SEED = 0

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share or a mean with its 95 % interval."""

    value: float
    low: float
    high: float
    count: int
    """Of what the interval is over: samples for `wilson`, prompts for `bootstrap`."""
    method: str


def share(hits: int, count: int) -> Estimate:
    """A share of independent cases, with Wilson's interval (Wilson 1927).

    >>> share(96, 98)
    Estimate(value=0.979592, low=0.928618, high=0.994385, count=98, method='wilson')
    """
    if not count:
        return Estimate(0.0, 0.0, 1.0, 0, "wilson")
    interval = binomtest(hits, count).proportion_ci(method="wilson")
    return Estimate(_round(hits / count), _round(interval.low), _round(interval.high), count, "wilson")


def mean(values: Sequence[float]) -> Estimate:
    """A mean over prompts, with the percentiles of a bootstrap over prompts (2,000 resamples, one seed)."""
    if not len(values):
        return Estimate(0.0, 0.0, 1.0, 0, "bootstrap")
    low, high = np.percentile(_resampled(np.asarray(values, dtype=np.float64)), [2.5, 97.5])
    return Estimate(_round(float(np.mean(values))), _round(low), _round(high), len(values), "bootstrap")


def share_of(hits: Sequence[Sequence[bool]]) -> Estimate:
    """A share of samples, by prompt: the mean over prompts of each one's share.

    Wilson's interval where each prompt has one sample; else a bootstrap over prompts, since samples of one are alike.
    """
    if all(len(each) == 1 for each in hits):
        return share(sum(each[0] for each in hits), len(hits))
    return mean([sum(each) / len(each) for each in hits])


def pass_at(k: int, samples: int, passed: int) -> float:
    """The chance that one of k samples passes, of so many drawn of which some passed (Chen et al. 2021, unbiased).

    >>> round(pass_at(2, 4, 1), 3)
    0.5
    """
    if not 1 <= k <= samples:
        raise ValueError(f"pass@{k} needs {k} samples, there are {samples}")
    return 1.0 - comb(samples - passed, k) / comb(samples, k)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs on the same prompts, the second less the first."""

    first: float
    second: float
    difference: float
    low: float
    high: float
    """95 % interval of the difference, by a bootstrap over prompts."""
    p_value: float
    """Of a difference as large where there is none."""
    method: str
    only_first: int
    """Prompts on which the first run is better."""
    only_second: int
    prompts: int

    @property
    def could_be_chance(self) -> bool:
        """Whether a difference as large comes by chance in one of twenty comparisons, or more often."""
        return self.p_value >= 0.05


def compare(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Two runs, paired by prompt.

    Where every value is 0 or 1, McNemar's exact test: of the prompts that only one run solved, whether as many may be
    the one's by chance. Else a permutation test that swaps the runs of a prompt (10,000 draws, one seed).
    """
    left, right = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if left.shape != right.shape or not left.size:
        raise ValueError("two runs on the same prompts are wanted")
    differences = right - left
    low, high = np.percentile(_resampled(differences), [2.5, 97.5])
    worse, better = int((differences < 0).sum()), int((differences > 0).sum())
    if set(np.unique(np.concatenate([left, right]))) <= {0.0, 1.0}:
        p_value = float(binomtest(worse, worse + better).pvalue) if worse + better else 1.0
        method = "McNemar, exact"
    else:
        p_value, method = _by_swapping(differences), "permutation, paired"
    return Comparison(
        _round(left.mean()), _round(right.mean()), _round(differences.mean()), _round(low), _round(high),
        _round(p_value), method, worse, better, int(left.size),
    )  # fmt: skip


def _resampled(values: Numbers) -> Numbers:
    """Means of resamples, few at a time, so that memory does not grow with the prompts."""
    draw = np.random.default_rng(SEED)
    means = [values[draw.integers(0, values.size, (100, values.size))].mean(axis=1) for _ in range(RESAMPLES // 100)]
    return np.concatenate(means)


def _by_swapping(differences: Numbers) -> float:
    draw, seen, draws = np.random.default_rng(SEED), abs(differences.mean()) - 1e-12, 10_000
    as_large = 0
    for _ in range(draws // 100):
        signs = draw.integers(0, 2, (100, differences.size)) * 2 - 1
        as_large += int((abs((signs * differences).mean(axis=1)) >= seen).sum())
    return (as_large + 1) / (draws + 1)


def _round(value: float) -> float:
    return round(float(value), 6)


MISSING, NO_PROGRAM = "missing", "no_program"
"""Outcomes of rows that nothing answers, and of answers that hold no program; others are those of verdicts."""
KS = (1, 2, 5, 10, 20, 50, 100)
"""Of pass@k, as far as every prompt has so many samples."""
_MOST_LISTED = 20


def summarise(rows: pl.DataFrame) -> dict[str, Any]:
    """Counts and metrics of rows, in all, by source and by difficulty, and what failed most often."""
    answered = rows.filter(pl.col("outcome") != MISSING)
    outcomes = Counter(rows["outcome"])
    conflicts = answered.select("id", conflict=pl.col("conflicts").list.unique(maintain_order=True)).explode("conflict")
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
        "exceptions": _commonest(answered.filter(pl.col("exception") != ""), "exception", "message"),
        "conflicts": _commonest(conflicts.drop_nulls(), "conflict"),
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
    named = {"render_success": "passed", "blank": "blank", "timeout": "timeout", "refused": "refused"}
    for name, word in named.items():
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
            shown = [[line[name] for line in each if line["outcome"] == "passed"] for each in groups]
            shown = [[value for value in each if value is not None] for each in shown]
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


def _commonest(rows: pl.DataFrame, *what: str) -> list[dict[str, Any]]:
    """What stands in most rows: how many samples, and the id of one."""
    counted = rows.group_by(*what, maintain_order=True).agg(samples=pl.len(), example=pl.first("id"))
    return counted.sort("samples", *what, descending=[True, *(False for _ in what)]).head(_MOST_LISTED).to_dicts()
