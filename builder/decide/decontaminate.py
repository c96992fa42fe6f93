"""Leaks: rows that a row which models are measured on stands for too, in description or in program.

What leaks into test is dropped from validation and train, what leaks into validation from train.
"""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
from rapidfuzz.fuzz import ratio

from builder.core.ledger import drop, kept
from builder.core.row_store import PreparedFile, batches_with, texts_by_index
from builder.decide.deduplicate import first_of_each, near_test_rows
from builder.emit.augment import all_variants
from builder.similarity.compare import Difference, difference, similarity_of_normal
from builder.similarity.fingerprints import RULES, Signature, near_signatures
from builder.similarity.key_terms import key_terms
from builder.similarity.near_pairs import FLOOR, near_pairs
from builder.similarity.words import core, normal

NEAR_PROGRAM = 0.9
"""Similarity from which two programs are near; their descriptions may then be less alike than the threshold."""


def drop_leaks(
    ledger: pl.DataFrame, near: pl.DataFrame, threshold: float, files: Sequence[PreparedFile]
) -> pl.DataFrame:
    """Drop rows that equal or nearly equal a kept row of a side that is measured on (score: the similarity).

    Reason `near_test`: validation and train rows against test rows. Reason `near_validation`: train rows against
    validation rows.

    Leaks are equal descriptions; equal programs, whatever their layout, comments and names of variables; descriptions
    with the same letters and digits, whatever their case and signs; descriptions that are near and have the same key
    terms; and descriptions that are somewhat less near and differ in slips or in ordinary words, with near programs.

    Args:
        ledger: open, with `description_key` and `canonical_key`.
        near: of `near_descriptions`.
        threshold: the least similarity of near descriptions.
        files: the prepared rows.
    """
    for sides in (("validation", "test"), ("train", "test"), ("train", "validation")):
        ledger = _drop_leaks(ledger, sides, near, threshold, files)
    return ledger


def _drop_leaks(
    ledger: pl.DataFrame, sides: tuple[str, str], near: pl.DataFrame, threshold: float, files: Sequence[PreparedFile]
) -> pl.DataFrame:
    """Drop what leaks from the first side into the second one, which is measured on."""
    rows = kept(ledger).select("index", "code_index", "split", "description_key", "canonical_key")
    train, test = (rows.filter(pl.col("split") == side) for side in sides)
    if test.is_empty() or train.is_empty():
        return ledger
    pairs = near_test_rows(train, test, near.filter(may_leak()))
    same_terms = (pl.col("difference") <= Difference.SLIPS) & (pl.col("score") >= threshold)
    alone = same_terms | (pl.col("score") >= 1)  # a leak whatever the programs: they ask for the same in the same terms
    found = {
        "equal description": _equal(train, test, "description_key"),
        "equal program": _equal(train, test, "canonical_key"),
        "same key terms": pairs.filter(alone),
        "near description and near program": _with_near_programs(pairs.filter(~alone), rows, files),
    }
    ranked = [
        part.select("index", "kept_index", "score", detail=pl.lit(what), rank=pl.lit(number))
        for number, (what, part) in enumerate(found.items())
    ]
    first = pl.concat(ranked).sort("index", "rank", -pl.col("score"), "kept_index").unique("index", keep="first")
    return drop(ledger, first.with_columns(reason=pl.lit(f"near_{sides[1]}")), "leak", overrules=True)


def may_leak() -> pl.Expr:
    """Which near pairs of descriptions may be leaks, if their programs are near."""
    return (pl.col("difference") <= Difference.ORDINARY) | (pl.col("score") >= 1)


def _equal(train: pl.DataFrame, test: pl.DataFrame, key: str) -> pl.DataFrame:
    against = test.drop_nulls(key).group_by(key).agg(pl.col("index").min().alias("kept_index"))
    return train.join(against, on=key).with_columns(score=pl.lit(1.0))


def _with_near_programs(pairs: pl.DataFrame, rows: pl.DataFrame, files: Sequence[PreparedFile]) -> pl.DataFrame:
    """The pairs of rows whose programs are near too."""
    where = dict(rows.select("index", pl.coalesce("code_index", "index").alias("code")).iter_rows())
    both = [(where[one], where[other]) for one, other in pairs["index", "kept_index"].iter_rows()]
    codes = texts_by_index(files, "code", pl.Series(sorted({*chain(*both)}), dtype=pl.UInt32))
    near = [_near_programs(codes[one], codes[other]) for one, other in both]
    return pairs.filter(pl.Series(near, dtype=pl.Boolean))


def near_variants(
    rows: pl.DataFrame, near: pl.DataFrame, files: Sequence[PreparedFile], threshold: float
) -> frozenset[tuple[int, int]]:
    """Pairs of a description key and a variant whose prompt would come near a row of test or validation, though the
    description did not.

    A template may change a verb's ending, and so bring two descriptions a little nearer. Only those that are nearly
    near are written out.

    Args:
        rows: `index`, `split` and `description_key` of the kept rows.
        near: of `near_descriptions`.
        files: the prepared rows.
        threshold: the least similarity of near descriptions.
    """
    firsts = rows.drop_nulls("description_key").unique(["split", "description_key"], keep="first", maintain_order=True)
    is_train = pl.col("split") == "train"
    train, test = firsts.filter(is_train), firsts.filter(~is_train)
    possible = near.filter(may_leak())  # a template changes no number, name or other key term
    pairs = near_test_rows(train, test, possible).select("index", "kept_index").sort("index", "kept_index")
    if pairs.is_empty():
        return frozenset()
    keys = dict(train["index", "description_key"].iter_rows())
    texts = texts_by_index(files, "description", pl.concat([pairs["index"], pairs["kept_index"]]).unique())
    cores = {index: core(text) for index, text in texts.items()}
    letters = {index: normal(text) for index, text in cores.items()}

    def is_near(own: str, own_letters: str, other: int) -> bool:
        score = similarity_of_normal(own_letters, letters[other])
        if score < threshold:
            return False
        return score >= 1 or difference(key_terms(own), key_terms(cores[other])) <= Difference.ORDINARY

    found = set()
    for index, others in pairs.group_by("index", maintain_order=True).agg("kept_index").iter_rows():
        for variant, prompt in all_variants(texts[index]):
            own = core(prompt)
            own_letters = normal(own)
            if any(is_near(own, own_letters, other) for other in others):
                found.add((keys[index], variant))
    return frozenset(found)


OFFICIAL = Path(__file__).parent / "manimbench_test.json"
"""The list of ManimBench's official test rows, which ships with the package."""
OTHERS = Path(__file__).parent / "other_benchmarks.json"
"""The list of other public benchmarks, which ships with the package too."""

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "kind": pl.String,
    "key": pl.UInt64,
    "score": pl.Float64,
    "where": pl.String,
    "official": pl.UInt64,
    "codes": pl.List(pl.String),
}
"""What is near a benchmark: `description` or `program`, its key, the similarity, the benchmark's row, of an official
test row the key of its description, and the programs to one of which a row's own must be near, if any."""


@dataclass(frozen=True, slots=True)
class BenchmarkRow:
    """A row of a user's benchmark."""

    where: str
    """File and row, for a person."""
    prompts: tuple[str, ...]
    """Cleaned."""
    programs: tuple[int, ...]
    """Canonical keys: of a program as it stands, and as it is once repaired."""
    codes: tuple[str, ...] = ()
    """The programs that the prompts stand with."""


@dataclass(frozen=True, slots=True)
class OfficialRow:
    """An official test row, or a prompt of another benchmark, of which hashes alone are known."""

    where: str
    description_key: int
    signature: Signature
    programs: tuple[int, ...]


def read_official(probe: int | None, *paths: Path) -> tuple[OfficialRow, ...]:
    """The rows of lists, by default of those that ship.

    Args:
        probe: the key that a fixed program has now; programs of a list with another one would never be found.
        paths: the lists.

    Raises:
        ValueError: a list was made by other rules than these.
    """
    rows: list[OfficialRow] = []
    for path in paths or (OFFICIAL, OTHERS):
        held: Mapping[str, Any] = orjson.loads(path.read_bytes())
        if (held["probe"], held["rules"]) != (probe, RULES):
            raise ValueError(f"{path.name} was made by other rules than these: make it anew, with {held['made_by']}")
        rows += map(_official_row, held["rows"])
    return tuple(rows)


def _official_row(row: Mapping[str, Any]) -> OfficialRow:
    """A row of a list, in which hashes of 32 bits are text: half as long as their numbers."""
    grams, terms = (tuple(np.frombuffer(b64decode(row[name]), "<u4").tolist()) for name in ("grams", "terms"))
    signature = Signature(grams, row["key"], terms, row["length"], row["most"])
    return OfficialRow(row["where"], row["description_key"], signature, tuple(row["programs"]))


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
    found: list[tuple[Any, ...]] = [
        ("program", key, 1.0, row.where, None, ()) for row in benchmark for key in row.programs
    ]
    found += [("program", key, 1.0, row.where, row.description_key, ()) for row in official for key in row.programs]
    keys, texts = _cores(rows, files)
    prompts = [(core(prompt), row) for row in benchmark for prompt in row.prompts]
    near = near_pairs(texts if prompts else (), FLOOR, [text for text, _ in prompts])
    for left, right, score, level in near.drop("agrees").iter_rows():
        row = prompts[right][1]
        alone = score >= 1 or level <= Difference.SLIPS
        if alone or (row.codes and level <= Difference.ORDINARY):
            found.append(("description", keys[left], score, row.where, None, () if alone else row.codes))
    found += [("description", row.description_key, 1.0, row.where, row.description_key, ()) for row in official]
    held = near_signatures(texts, [row.signature for row in official], FLOOR)
    for left, right, score in held.iter_rows():
        listed = official[right]
        found.append(("description", keys[left], score, listed.where, listed.description_key, ()))
    return pl.DataFrame(found, schema=SCHEMA, orient="row")


def _cores(rows: pl.DataFrame, files: Sequence[PreparedFile]) -> tuple[list[int], list[str]]:
    """The keys of all descriptions, once each, and what they ask for."""
    firsts = first_of_each(rows)
    keys = dict(firsts["index", "description_key"].iter_rows())
    batches = batches_with(files, ("description",), firsts["index"])
    found = [(index, core(text)) for batch in batches for index, text in batch["index", "description"].iter_rows()]
    return [keys[index] for index, _ in found], [text for _, text in found]


def drop_in_benchmarks(
    ledger: pl.DataFrame, found: pl.DataFrame, threshold: float, files: Sequence[PreparedFile]
) -> pl.DataFrame:
    """Drop train and validation rows that stand in a benchmark or near it (`in_benchmark`, score: the similarity).

    The detail names the benchmark's row that is nearest, and what is near. Where the benchmark has a program beside a
    prompt that is only near, the row's program must be near it too. Official test rows that are kept here are no matter
    of this step: `drop_leaks` compares them with train, by their texts.

    Args:
        ledger: open, with `description_key` and `canonical_key`.
        found: of `find_in_benchmarks`.
        threshold: the least similarity of near descriptions.
        files: the prepared rows.
    """
    stay = kept(ledger)
    here = stay.filter("official")["description_key"].drop_nulls()
    train = stay.filter(pl.col("split") != "test").select(
        "index", "description_key", "canonical_key", pl.coalesce(pl.col("^code_index$"), "index").alias("code")
    )
    with_codes = pl.col("codes").list.len() > 0
    wanted = found.filter(
        ((pl.col("score") >= threshold) | with_codes)
        & (pl.col("official").is_null() | pl.col("official").is_in(here.implode()).not_())
    )
    near = pl.concat(
        train.join(wanted.filter(pl.col("kind") == kind), left_on=column, right_on="key").select(
            "index", "code", "kind", "score", "where", "codes"
        )
        for kind, column in (("description", "description_key"), ("program", "canonical_key"))
    )
    own = texts_by_index(files, "code", near.filter(with_codes)["code"].unique())
    stand = [
        not codes or any(_near_programs(own[code], other) for other in codes)
        for code, codes in near["code", "codes"].iter_rows()
    ]
    ranked = near.filter(pl.Series(stand, dtype=pl.Boolean)).sort("index", -pl.col("score"), "kind", "where")
    nearest = ranked.unique("index", keep="first", maintain_order=True)
    alike = pl.when(pl.col("score") < 1).then(pl.lit("near ")).otherwise(pl.lit("equal "))
    program = pl.when(with_codes).then(pl.lit(" and near program")).otherwise(pl.lit(""))
    detail = pl.concat_str("where", pl.lit(": "), alike, "kind", program)
    dropped = nearest.select("index", "score", reason=pl.lit("in_benchmark"), detail=detail)
    return drop(ledger, dropped, "filter", overrules=True)


def _near_programs(one: str, other: str) -> bool:
    return ratio(one, other, score_cutoff=100 * NEAR_PROGRAM) > 0
