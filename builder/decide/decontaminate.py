"""Leaks: rows that a row which models are measured on stands for too, in description or in program.

What leaks into test is dropped from validation and train, what leaks into validation from train.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
from rapidfuzz.fuzz import ratio

from builder.core.ledger import drop, kept
from builder.core.row_store import PreparedFile, batches_with, texts_by_index
from builder.decide.deduplicate import keyed_pairs, near_test_rows
from builder.emit.augment import all_variants
from builder.similarity.compare import Difference, difference, similarity_of_normal
from builder.similarity.fingerprints import Signature, near_signatures, read_signature
from builder.similarity.key_terms import key_terms
from builder.similarity.near_pairs import FLOOR, near_pairs
from builder.similarity.words import core, normal

NEAR_PROGRAM = 0.9
"""Similarity from which two programs are near; their descriptions may then be less alike than the threshold."""
_COLUMNS = ("index", "kept_index", "reason", "detail", "score")


def with_official_pairs(near: pl.DataFrame, rows: pl.DataFrame, files: Sequence[PreparedFile]) -> pl.DataFrame:
    """Near pairs with all those added that official test rows are part of, which are looked for once more.

    Among very many descriptions `near_descriptions` compares few neighbours alone, and a leak of these rows costs most.

    Args:
        near: of `near_descriptions`.
        rows: one line a row read: `index`, `official`, `description_key`.
        files: the prepared rows.
    """
    firsts = rows.drop_nulls("description_key").unique("description_key", keep="first", maintain_order=True)
    official = rows.filter("official")["description_key"].drop_nulls().unique()
    if official.is_empty():
        return near
    tests = firsts.filter(pl.col("description_key").is_in(official.implode()))
    texts = texts_by_index(files, "description", tests["index"])
    alike: dict[tuple[str, int], list[tuple[int, str]]] = {}  # of copies, `near_pairs` gives the first alone
    for index, key in tests.select("index", "description_key").iter_rows():
        asked = core(texts[index])
        alike.setdefault((normal(asked), key_terms(asked).key), []).append((key, asked))
    copies = pl.Series([[key for key, _ in same] for same in alike.values()], dtype=pl.List(pl.UInt64))
    against = [same[0][1] for same in alike.values()]
    parts = [near]
    for batch in batches_with(files, ("description",), firsts["index"]):
        found = near_pairs([core(text) for text in batch["description"]], FLOOR, against)
        keys = batch.select("index").join(firsts, on="index", maintain_order="left")["description_key"]
        pairs = found.with_columns(one=keys.gather(found["left"]), other=copies.gather(found["right"])).explode("other")
        parts.append(keyed_pairs(pairs, pairs["one"], pairs["other"]).filter(pl.col("left") != pl.col("right")))
    return pl.concat(parts).unique(["left", "right"], keep="first", maintain_order=True).sort("left", "right")


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
        near: of `near_descriptions`, with `with_official_pairs`.
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
    side, measured_on = sides
    rows = kept(ledger).select("index", "code_index", "split", "description_key", "canonical_key")
    test = rows.filter(pl.col("split") == measured_on)
    train = rows.filter(pl.col("split") == side)
    if test.is_empty() or train.is_empty():
        return ledger
    reason = pl.lit(f"near_{measured_on}").alias("reason")
    found = [
        _equal(train, test, "description_key", "equal description", reason),
        _equal(train, test, "canonical_key", "equal program", reason),
    ]
    pairs = near_test_rows(train, test, near.filter(may_leak()))
    alone = leaks_alone(threshold)
    found.append(pairs.filter(alone).with_columns(reason, detail=pl.lit("same key terms")).select(_COLUMNS))
    alike = _with_near_programs(pairs.filter(~alone), rows, files)
    found.append(alike.with_columns(reason, detail=pl.lit("near description and near program")).select(_COLUMNS))
    ranked = [part.with_columns(rank=pl.lit(number)) for number, part in enumerate(found)]
    first = pl.concat(ranked).sort("index", "rank", -pl.col("score"), "kept_index").unique("index", keep="first")
    return drop(ledger, first.select(_COLUMNS).sort("index"), "leak", overrules=True)


def may_leak() -> pl.Expr:
    """Which near pairs of descriptions may be leaks, if their programs are near."""
    return (pl.col("difference") <= Difference.ORDINARY) | (pl.col("score") >= 1)


def leaks_alone(threshold: float) -> pl.Expr:
    """Which near pairs of descriptions are leaks whatever their programs: they ask for the same in the same terms."""
    return ((pl.col("difference") <= Difference.SLIPS) & (pl.col("score") >= threshold)) | (pl.col("score") >= 1)


def _equal(train: pl.DataFrame, test: pl.DataFrame, key: str, what: str, reason: pl.Expr) -> pl.DataFrame:
    against = test.drop_nulls(key).group_by(key).agg(pl.col("index").min().alias("kept_index"))
    return train.join(against, on=key).with_columns(reason, detail=pl.lit(what), score=pl.lit(1.0)).select(_COLUMNS)


def _with_near_programs(pairs: pl.DataFrame, rows: pl.DataFrame, files: Sequence[PreparedFile]) -> pl.DataFrame:
    """The pairs of rows whose programs are near too."""
    if pairs.is_empty():
        return pairs
    where = dict(rows.select("index", pl.coalesce("code_index", "index").alias("code")).iter_rows())
    wanted = pl.Series(
        sorted({where[index] for pair in pairs.select("index", "kept_index").iter_rows() for index in pair})
    )
    codes = texts_by_index(files, "code", wanted.cast(pl.UInt32))
    near = [
        _near_programs(codes[where[one]], codes[where[other]])
        for one, other in pairs.select("index", "kept_index").iter_rows()
    ]
    return pairs.filter(pl.Series(near, dtype=pl.Boolean))


def near_variants(
    rows: pl.DataFrame,
    near: pl.DataFrame,
    files: Sequence[PreparedFile],
    threshold: float,
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
    keys = dict(train.select("index", "description_key").iter_rows())
    wanted = pl.concat([pairs["index"], pairs["kept_index"]]).unique()
    texts = texts_by_index(files, "description", wanted)
    cores = {index: core(text) for index, text in texts.items()}
    letters = {index: normal(text) for index, text in cores.items()}
    others: dict[int, list[int]] = {}
    for index, other in pairs.iter_rows():
        others.setdefault(index, []).append(other)

    def comes_near(prompt: str, against: Sequence[int]) -> bool:
        own = core(prompt)
        own_letters = normal(own)
        scores = ((similarity_of_normal(own_letters, letters[other]), other) for other in against)
        return any(
            score >= 1 or difference(key_terms(own), key_terms(cores[other])) <= Difference.ORDINARY
            for score, other in scores
            if score >= threshold
        )

    return frozenset(
        (keys[index], variant)
        for index, against in others.items()
        for variant, prompt in all_variants(texts[index])
        if comes_near(prompt, against)
    )


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


_Found = tuple[str, int, float, str, int | None, Sequence[str]]


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
        if held["probe"] != probe:
            raise ValueError(f"{path.name} was made by other rules for programs: make it anew, with {held['made_by']}")
        rows += (
            OfficialRow(
                where=row["where"],
                description_key=row["description_key"],
                signature=read_signature(
                    {**row, **{name: _unpacked(row[name]) for name in _PACKED}, "rules": held["rules"]}
                ),
                programs=tuple(row["programs"]),
            )
            for row in held["rows"]
        )
    return tuple(rows)


_PACKED = ("grams", "terms")
"""Hashes of 32 bits, which a list holds as text: half as long as their numbers."""


def _unpacked(text: str) -> list[int]:
    numbers: list[int] = np.frombuffer(b64decode(text), "<u4").tolist()
    return numbers


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
    found: list[_Found] = [("program", key, 1.0, row.where, None, ()) for row in benchmark for key in row.programs]
    found += [("program", key, 1.0, row.where, row.description_key, ()) for row in official for key in row.programs]
    keys, texts = _cores(rows, files)
    prompts = [(core(prompt), row) for row in benchmark for prompt in row.prompts]
    near = near_pairs(texts, FLOOR, [text for text, _ in prompts]) if prompts else None
    for left, right, score, level in near.drop("agrees").iter_rows() if near is not None else ():
        row = prompts[right][1]
        alone = score >= 1 or level <= Difference.SLIPS or not row.codes
        if level <= (Difference.SLIPS if alone else Difference.ORDINARY) or score >= 1:
            found.append(("description", keys[left], score, row.where, None, () if alone else row.codes))
    found += [("description", row.description_key, 1.0, row.where, row.description_key, ()) for row in official]
    held = near_signatures(texts, [row.signature for row in official], FLOOR)
    found += [
        ("description", keys[left], score, official[right].where, official[right].description_key, ())
        for left, right, score in held.iter_rows()
    ]
    return pl.DataFrame(found, schema=SCHEMA, orient="row")


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
    parts = [
        train.join(wanted.filter(pl.col("kind") == kind), left_on=column, right_on="key")
        for kind, column in (("description", "description_key"), ("program", "canonical_key"))
    ]
    columns = ("index", "code", "kind", "score", "where", "codes")
    near = pl.concat([part.select(columns) for part in parts])
    nearest = (
        pl.concat([near.filter(~with_codes), _with_near_code(near.filter(with_codes), files)])
        .sort("index", -pl.col("score"), "kind", "where")
        .unique("index", keep="first", maintain_order=True)
    )
    alike = pl.when(pl.col("score") < 1).then(pl.lit("near ")).otherwise(pl.lit("equal "))
    program = pl.when(with_codes).then(pl.lit(" and near program")).otherwise(pl.lit(""))
    detail = pl.concat_str("where", pl.lit(": "), alike, "kind", program)
    return drop(
        ledger,
        nearest.select("index", "score", reason=pl.lit("in_benchmark"), detail=detail),
        "filter",
        overrules=True,
    )


def _with_near_code(rows: pl.DataFrame, files: Sequence[PreparedFile]) -> pl.DataFrame:
    """The rows whose own program is near one of their `codes`."""
    if rows.is_empty():
        return rows
    own = texts_by_index(files, "code", rows["code"].unique())
    near = [
        any(_near_programs(own[code], other) for other in codes) for code, codes in rows["code", "codes"].iter_rows()
    ]
    return rows.filter(pl.Series(near, dtype=pl.Boolean))


def _near_programs(one: str, other: str) -> bool:
    return ratio(one, other, score_cutoff=100 * NEAR_PROGRAM) > 0


def official_list(rows: Iterable[Mapping[str, object]], probe: int | None, rules: str, made_by: str) -> bytes:
    """The content of a list as `read_official` takes it; `rows` have the fields of its rows."""
    held = {"made_by": made_by, "rules": rules, "probe": probe}
    packed = (
        {**row, **{name: b64encode(np.array(row[name], "<u4").tobytes()).decode() for name in _PACKED}} for row in rows
    )
    lines = b",\n".join(orjson.dumps(row) for row in packed)
    return orjson.dumps(held)[:-1] + b',"rows":[\n' + lines + b"\n]}\n"
