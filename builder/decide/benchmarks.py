"""Decontamination: train rows that are near a row of a benchmark are dropped, whatever the benchmark.

ManimBench's official test split is always one of them, also where ManimBench is not among the sources: as hashes that
ship with the package (`manimbench_test.json`), made by `benchmarks/official_test.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from builder.decide.leaks import counts
from builder.ledger import drop, kept
from builder.likeness.candidates import FLOOR, near_pairs
from builder.likeness.core import core
from builder.likeness.signatures import Signature, near_signatures, read_signature
from builder.prepared import PreparedFile, batches_with

OFFICIAL = Path(__file__).parent / "manimbench_test.json"
"""The list that ships with the package."""

SCHEMA = {"kind": pl.String, "key": pl.UInt64, "score": pl.Float64, "where": pl.String, "official": pl.UInt64}
"""What is near a benchmark: `description` or `program`, its key, the likeness, the benchmark's row, and of an official
test row the key of its description."""


_Found = tuple[str, int, float, str, int | None]


@dataclass(frozen=True, slots=True)
class BenchmarkRow:
    """A row of a user's benchmark."""

    where: str
    """File and row, for a person."""
    prompts: tuple[str, ...]
    """Cleaned."""
    programs: tuple[int, ...]
    """Canonical keys: of a program as it stands, and as it is once repaired."""


@dataclass(frozen=True, slots=True)
class OfficialRow:
    """An official test row of which hashes alone are known."""

    where: str
    description_key: int
    signature: Signature
    programs: tuple[int, ...]


def read_official(probe: int | None, path: Path = OFFICIAL) -> tuple[OfficialRow, ...]:
    """The official test rows of a list.

    Args:
        probe: the key that a fixed program has now; programs of a list with another one would never be found.
        path: the list.

    Raises:
        ValueError: the list was made by other rules than these.
    """
    held: Mapping[str, Any] = orjson.loads(path.read_bytes())
    if held["probe"] != probe:
        raise ValueError(f"{path.name} was made by other rules for programs: make it anew, with {held['made_by']}")
    return tuple(
        OfficialRow(
            where=row["where"],
            description_key=row["description_key"],
            signature=read_signature(
                {name: row[name] for name in ("grams", "telling", "length")} | {"rules": held["rules"]}
            ),
            programs=tuple(row["programs"]),
        )
        for row in held["rows"]
    )


def find_in_benchmarks(
    rows: pl.DataFrame,
    files: Sequence[PreparedFile],
    benchmark: Sequence[BenchmarkRow],
    official: Sequence[OfficialRow],
) -> pl.DataFrame:
    """Descriptions and programs that stand in a benchmark or near it, as `SCHEMA`; by content, once for all configs.

    Args:
        rows: one line a row read: `index`, `description_key`.
        files: the prepared rows.
        benchmark: the rows of the user's benchmarks.
        official: of `read_official`.
    """
    programs: list[_Found] = [("program", key, 1.0, row.where, None) for row in benchmark for key in row.programs]
    programs += [("program", key, 1.0, row.where, row.description_key) for row in official for key in row.programs]
    keys, texts = _cores(rows, files)
    prompts = [(core(prompt), row.where) for row in benchmark for prompt in row.prompts]
    near = near_pairs(texts, FLOOR, [text for text, _ in prompts]).filter(counts()) if prompts else None
    found: list[_Found] = [
        ("description", keys[left], score, prompts[right][1], None)
        for left, right, score in (near.select("left", "right", "score").iter_rows() if near is not None else ())
    ]
    found += [("description", row.description_key, 1.0, row.where, row.description_key) for row in official]
    held = near_signatures(texts, [row.signature for row in official], FLOOR)
    found += [
        ("description", keys[left], score, official[right].where, official[right].description_key)
        for left, right, score in held.iter_rows()
    ]
    return pl.DataFrame([*programs, *found], schema=SCHEMA, orient="row")


def _cores(rows: pl.DataFrame, files: Sequence[PreparedFile]) -> tuple[list[int], list[str]]:
    """The keys of all descriptions, once each, and what they ask for."""
    firsts = rows.drop_nulls("description_key").unique("description_key", keep="first", maintain_order=True)
    keys = dict(firsts.select("index", "description_key").iter_rows())
    found = [
        (keys[index], core(text))
        for batch in batches_with(files, ("description",), firsts["index"])
        for index, text in batch.select("index", "description").iter_rows()
    ]
    return [key for key, _ in found], [text for _, text in found]


def drop_in_benchmarks(ledger: pl.DataFrame, found: pl.DataFrame, threshold: float) -> pl.DataFrame:
    """Drop train rows that stand in a benchmark or near it: reason `in_benchmark`, score: the likeness.

    The detail names the benchmark's row that is nearest, and what is near. Official test rows that are kept here are
    no matter of this step: `drop_leaks` compares them with train, by their texts.

    Args:
        ledger: open, with `description_key` and `canonical_key`.
        found: of `find_in_benchmarks`.
        threshold: the least likeness of near descriptions.
    """
    stay = kept(ledger)
    here = stay.filter("official")["description_key"].drop_nulls()
    train = stay.filter(pl.col("split") == "train").select("index", "description_key", "canonical_key")
    wanted = found.filter(
        (pl.col("score") >= threshold)
        & (pl.col("official").is_null() | pl.col("official").is_in(here.implode()).not_())
    )
    parts = [
        train.join(wanted.filter(pl.col("kind") == kind), left_on=column, right_on="key")
        for kind, column in (("description", "description_key"), ("program", "canonical_key"))
    ]
    columns = ("index", "kind", "score", "where")
    nearest = (
        pl.concat([part.select(columns) for part in parts])
        .sort("index", -pl.col("score"), "kind", "where")
        .unique("index", keep="first", maintain_order=True)
    )
    alike = pl.when(pl.col("score") < 1).then(pl.lit("near ")).otherwise(pl.lit("equal "))
    told = pl.concat_str("where", pl.lit(": "), alike, "kind")
    return drop(ledger, nearest.select("index", "score", reason=pl.lit("in_benchmark"), detail=told), "filter")


def official_list(rows: Iterable[Mapping[str, object]], probe: int | None, rules: str, made_by: str) -> bytes:
    """The content of a list as `read_official` takes it; `rows` have the fields of its rows."""
    held = {"made_by": made_by, "rules": rules, "probe": probe}
    lines = b",\n".join(orjson.dumps(dict(row)) for row in rows)
    return orjson.dumps(held)[:-1] + b',"rows":[\n' + lines + b"\n]}\n"
