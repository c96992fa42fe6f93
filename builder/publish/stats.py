"""Statistics of a build: questions asked of the ledger, and of the rows as they were written."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from builder.core.ledger import REPAIRS_SEPARATOR, all_repairs, funnel, kept, reasons
from builder.emit.rows import EmittedRow


@dataclass(slots=True)
class Written:
    """What was written to one split, counted while it was written."""

    rows: int = 0
    by_source: Counter[str] = field(default_factory=Counter)
    by_variant: Counter[int] = field(default_factory=Counter)
    prompt_characters: int = 0
    prompt_longest: int = 0
    code_characters: int = 0
    code_longest: int = 0
    prompt_keys: "array[int]" = field(default_factory=lambda: array("Q"))
    """Keys of the prompts as written, variants in their templates."""
    official: int = 0
    tokens: "array[int]" = field(default_factory=lambda: array("I"))
    """Of each row, where they are counted."""

    def counted(self, rows: Iterable[EmittedRow], key_of: Callable[[str], int | None]) -> Iterator[EmittedRow]:
        """Pass rows on, counting them."""
        for row in rows:
            self.rows += 1
            self.by_source[row.source] += 1
            self.by_variant[row.variant] += 1
            self.prompt_characters += len(row.prompt)
            self.prompt_longest = max(self.prompt_longest, len(row.prompt))
            self.code_characters += len(row.code)
            self.code_longest = max(self.code_longest, len(row.code))
            self.official += row.official and row.variant == 0
            if row.tokens is not None:
                self.tokens.append(row.tokens)
            key = key_of(row.prompt)
            if key is not None:
                self.prompt_keys.append(key)
            yield row

    def summary(self) -> dict[str, Any]:
        """Counts, and lengths in characters."""
        count = max(self.rows, 1)
        return {
            "rows": self.rows,
            "by_source": dict(sorted(self.by_source.items())),
            "by_variant": {str(variant): number for variant, number in sorted(self.by_variant.items())},
            "prompt_characters": {"mean": round(self.prompt_characters / count, 1), "longest": self.prompt_longest},
            "code_characters": {"mean": round(self.code_characters / count, 1), "longest": self.code_longest},
            **({"tokens": _lengths(self.tokens)} if self.tokens else {}),
        }


def _lengths(lengths: Iterable[int]) -> dict[str, float | int]:
    """Tokens of a split's rows, for the statistics; of the percentiles, the length of the row that stands there."""
    found = np.sort(np.fromiter(lengths, dtype=np.int64))
    if not len(found):
        return {"total": 0, "mean": 0.0, "median": 0, "percentile_95": 0, "longest": 0}
    median, high = (int(np.quantile(found, share, method="higher")) for share in (0.5, 0.95))
    total = int(found.sum())
    return {
        "total": total,
        "mean": round(total / len(found), 1),
        "median": median,
        "percentile_95": high,
        "longest": int(found[-1]),
    }


def leakage(ledger: pl.DataFrame, train: Written, test: Written) -> dict[str, Any]:
    """How many test rows share a prompt or a program with train: prompts as written, programs whatever
    their layout, comments and names of variables.

    Only equality counts here. `ledger` is open, with `canonical_key`.
    """
    rows = kept(ledger)
    programs = {
        side: rows.filter(pl.col("split") == side)["canonical_key"].drop_nulls().to_numpy()
        for side in ("train", "test")
    }
    shared = len(np.intersect1d(programs["train"], programs["test"]))
    prompts = len(np.intersect1d(np.array(train.prompt_keys), np.array(test.prompt_keys)))
    return {
        "equal_prompts_across_the_split": prompts,
        "equal_programs_across_the_split": shared,
        "highest_equality_across_the_split": 1.0 if prompts or shared else 0.0,
        "train_rows_dropped_as_leaks": ledger.filter(pl.col("stage") == "leak").height,
    }


def build_stats(
    ledger: pl.DataFrame,
    written: dict[str, Written],
    leaks: dict[str, Any],
    augmentation_factor: float,
    *,
    mirrors: Mapping[str, str],
    shuffled: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The content of `dataset_stats.json`.

    `mirrors` tells for a source the mirror that stood in for it, `shuffled` the parts of sources whose descriptions
    and codes are paired at random.
    """
    lines = [
        {**line, **({"mirror": mirrors[line["source"]]} if line["source"] in mirrors else {})}
        for line in funnel(ledger)
    ]
    official = ledger.filter("official")
    return {
        "rows_read": ledger.height,
        "rows_kept": sum(line["kept"] for line in lines),
        "rows_dropped": ledger.height - sum(line["kept"] for line in lines),
        "funnel_by_source": lines,
        "reasons": [{"stage": stage, "reason": reason, "rows": count} for stage, reason, count in reasons(ledger)],
        "cleaning_and_repairs": _steps(ledger),
        "pairing": {"shuffled": [dict(part) for part in shuffled], "repaired_pairs": _repaired_pairs(ledger)},
        "rendering": rendered_by_source(ledger),
        "augmentation": {
            "factor": augmentation_factor,
            "train_rows_before": sum(line["train"] for line in lines),
            "train_rows_after": written["train"].rows,
        },
        "official_test_rows": {"read": official.height, "kept": kept(official).height},
        "splits": {side: counts.summary() for side, counts in written.items()},
        "leakage": leaks,
    }


def rendered_by_source(ledger: pl.DataFrame) -> dict[str, dict[str, int]]:
    """For each source whose programs were rendered: rows by verdict."""
    found: dict[str, dict[str, int]] = {}
    columns = [pl.col(name).cast(pl.String) for name in ("source", "verdict")]
    counts = ledger.select(columns).filter(pl.col("verdict") != "").group_by(pl.all()).len()
    for source, verdict, rows in counts.sort(pl.all()).iter_rows():
        found.setdefault(source, {})[verdict] = rows
    return found


def _steps(ledger: pl.DataFrame) -> dict[str, int]:
    """Rows in which each cleaning step or repair was made, kept or not."""
    counts: Counter[str] = Counter()
    for names, rows in ledger.group_by(all_repairs().alias("repairs")).len().iter_rows():
        counts.update({name: rows for name in names.split(REPAIRS_SEPARATOR) if name})
    return dict(sorted(counts.items()))


def _repaired_pairs(ledger: pl.DataFrame) -> dict[str, int]:
    """Rows that were given another row's code: how many, and how many of them are kept."""
    found = ledger.filter(pl.col("code_index").is_not_null())
    return {"rows": found.height, "kept": kept(found).height}
