"""Statistics of a build: questions asked of the ledger, and of the rows as they were written."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from builder.core.ledger import REPAIRS_SEPARATOR, SYNTHETIC, all_findings, all_repairs, funnel, kept, reasons
from builder.core.schema import SPLITS
from builder.decide.summary import empty_sides, pair_counts, shuffled_parts, source_splits, without_eligible_rows
from builder.emit.rows import EmittedRow
from builder.pipeline.build import Build
from builder.prepare.keys import description_key

_EXAMPLE_PROMPT, _EXAMPLE_LINES = 300, 24
"""Characters of a prompt, and lines of a program, that are shown whole."""
_FIRST = 64
"""Rows of which some are chosen."""


@dataclass(slots=True)
class Written:
    """What was written to one split, counted while it was written."""

    rows: int = 0
    by_source: Counter[str] = field(default_factory=Counter)
    by_variant: Counter[int] = field(default_factory=Counter)
    by_licence: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Source, its licence, and that of the sets in which a row's texts stood first, or an empty text."""
    prompt_characters: int = 0
    prompt_longest: int = 0
    code_characters: int = 0
    code_longest: int = 0
    prompt_keys: "array[int]" = field(default_factory=lambda: array("Q"))
    """Keys of the prompts as written, variants in their templates."""
    tokens: "array[int]" = field(default_factory=lambda: array("I"))
    """Of each row, where they are counted."""
    example: dict[str, str] = field(default_factory=dict)
    """The first row that is short enough to be shown: `id`, `prompt`, `code`."""
    first_codes: list[str] = field(default_factory=list)
    """Of the first rows, whose last frames may be shown."""
    arrow_bytes: int = 0
    """Size of the rows in memory, as Arrow; 0 where they are written as JSON Lines."""

    def counted(self, rows: Iterable[EmittedRow]) -> Iterator[EmittedRow]:
        """Pass rows on, counting them."""
        for row in rows:
            self.rows += 1
            self.by_source[row.source] += 1
            self.by_variant[row.variant] += 1
            self.by_licence[row.source, row.licence, row.license_upstream or ""] += 1
            self.prompt_characters += len(row.prompt)
            self.prompt_longest = max(self.prompt_longest, len(row.prompt))
            self.code_characters += len(row.code)
            self.code_longest = max(self.code_longest, len(row.code))
            if row.variant == 0 and len(self.first_codes) < _FIRST:
                self.first_codes.append(row.code)
            if not self.example and row.variant == 0 and is_short(row.prompt, row.code):
                self.example = {"id": row.id, "prompt": row.prompt, "code": row.code}
            if row.tokens is not None:
                self.tokens.append(row.tokens)
            key = description_key(row.prompt)
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
            **({"example": self.example} if self.example else {}),
            **({"tokens": _lengths(self.tokens)} if self.tokens else {}),
            **({"arrow_bytes": self.arrow_bytes} if self.arrow_bytes else {}),
        }


def is_short(prompt: str, code: str) -> bool:
    """Whether a row can stand in the card: a prompt of a sentence or two, without markup, and a program of a page."""
    lines = code.splitlines()
    short = len(prompt) <= _EXAMPLE_PROMPT and len(lines) <= _EXAMPLE_LINES and max(map(len, lines), default=0) <= 100
    plain = prompt.isprintable() and not any(sign in prompt for sign in ("<", "](", "://", "|"))
    return short and plain and "```" not in code and all(map(str.isprintable, lines))


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


def leakage(ledger: pl.DataFrame, written: Mapping[str, Written]) -> dict[str, Any]:
    """How many prompts and programs stand on two sides: prompts as written, programs whatever their layout, comments
    and names of variables.

    Only equality counts here. `ledger` is open, with `canonical_key`; `written` is by split.
    """
    rows = kept(ledger)
    programs = [
        rows.filter(pl.col("split") == side)["canonical_key"].drop_nulls().unique().to_numpy() for side in SPLITS
    ]
    shared = _on_two_sides(programs)
    leaks = ledger.filter(pl.col("stage") == "leak")
    prompts = _on_two_sides([np.unique(np.array(written[side].prompt_keys)) for side in SPLITS])
    return {
        "equal_prompts_across_the_split": prompts,
        "equal_programs_across_the_split": shared,
        "highest_equality_across_the_split": 1.0 if prompts or shared else 0.0,
        **{
            f"{side}_rows_dropped_as_leaks": leaks.filter(pl.col("split") == side).height
            for side in ("train", "validation")
        },
    }


def _on_two_sides(sides: Sequence[NDArray[np.uint64]]) -> int:
    """How many keys stand on more than one of some sides, each of which has a key once."""
    _, times = np.unique(np.concatenate(sides), return_counts=True)
    return int((times > 1).sum())


def build_stats(decided: Build, written: Mapping[str, Written]) -> dict[str, Any]:
    """The content of `dataset_stats.json`, of what was written by split."""
    ledger, config, prepared = decided.outcomes, decided.config, decided.prepared
    decisions = prepared.decisions.summary()
    mirrors = {source.spec.name: source.spec.location for source in prepared.sources if source.mirror_of}
    lines = [
        {**line, **({"mirror": mirrors[line["source"]]} if line["source"] in mirrors else {})}
        for line in funnel(ledger)
    ]
    official, repaired = ledger.filter("official"), ledger.filter(pl.col("code_index").is_not_null())
    return {
        "rows_read": ledger.height,
        "rows_kept": sum(line["kept"] for line in lines),
        "rows_dropped": ledger.height - sum(line["kept"] for line in lines),
        "funnel_by_source": lines,
        "reasons": [{"stage": stage, "reason": reason, "rows": count} for stage, reason, count in reasons(ledger)],
        "cleaning_and_repairs": _steps(ledger),
        "pairing": {
            "shuffled": shuffled_parts(ledger, prepared.parts, config.pairs),
            "repaired_pairs": {"rows": repaired.height, "kept": kept(repaired).height},
            "pairs": pair_counts(ledger, config.pairs),
        },
        "split": _split(ledger, config.test_size, config.validation_size),
        **({"decisions": decisions} if decisions else {}),
        **_synthetic(ledger),
        "rendering": _rendered(ledger),
        **({"findings": found} if (found := _findings(ledger)) else {}),
        "augmentation": {
            "factor": config.augmentation_factor,
            "train_rows_before": sum(line["train"] for line in lines),
            "train_rows_after": written["train"].rows,
        },
        "licences": _licences(written.values()),
        "official_test_rows": {"read": official.height, "kept": kept(official).height},
        "splits": {side: counts.summary() for side, counts in written.items()},
        "leakage": leakage(ledger, written),
    }


def _licences(written: Iterable[Written]) -> list[dict[str, str | int]]:
    """Rows written by source and licence: as its repository states it, and as the sets do that its texts come from."""
    counts = sum((side.by_licence for side in written), Counter[tuple[str, str, str]]())
    return [
        {"source": source, "licence": licence, "upstream": upstream, "rows": rows}
        for (source, licence, upstream), rows in sorted(counts.items())
    ]


def _split(ledger: pl.DataFrame, test_size: float, validation_size: float) -> dict[str, Any]:
    """How the rows read lie on the sides, by source, with why; the shares of the rows kept; what is to be known."""
    stay = kept(ledger)
    shares = {side: stay.filter(pl.col("split") == side).height / max(stay.height, 1) for side in SPLITS}
    return {
        "by_source": [asdict(line) for line in source_splits(ledger, test_size)],
        "shares_of_kept_rows": {side: round(share, 4) for side, share in shares.items()},
        "notices": [*without_eligible_rows(ledger), *empty_sides(ledger, validation_size)],
    }


def _synthetic(ledger: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Rows whose programs a model described, and how many of them are kept; empty where there is none."""
    rows = ledger.filter(pl.col("decision") == SYNTHETIC)
    return {"synthetic_descriptions": {"rows": rows.height, "kept": kept(rows).height}} if rows.height else {}


def _rendered(ledger: pl.DataFrame) -> dict[str, dict[str, int]]:
    """For each source whose programs were rendered: rows by verdict."""
    return _by_source(ledger.filter(pl.col("verdict") != "").select("source", "verdict"))


def _findings(ledger: pl.DataFrame) -> dict[str, dict[str, int]]:
    """For each source: rows by what was found of their programs, in what these state and how they look."""
    found = ledger.filter(all_findings() != "").select("source", name=all_findings().str.extract_all(r"(?m)^\w+"))
    return _by_source(found.explode("name"))


def _by_source(rows: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Rows of two columns, the source and a name, counted."""
    found: dict[str, dict[str, int]] = {}
    counts = rows.select(pl.all().cast(pl.String)).group_by(pl.all()).len()
    for source, name, count in counts.sort(pl.all()).iter_rows():
        found.setdefault(source, {})[name] = count
    return found


def _steps(ledger: pl.DataFrame) -> dict[str, int]:
    """Rows in which each cleaning step or repair was made, kept or not."""
    counts: Counter[str] = Counter()
    for names, rows in ledger.group_by(all_repairs().alias("repairs")).len().iter_rows():
        counts.update({name: rows for name in names.split(REPAIRS_SEPARATOR) if name})
    return dict(sorted(counts.items()))
