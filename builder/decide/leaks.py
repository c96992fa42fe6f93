"""Leaks: train rows that a test row stands for too, in description or in program, are dropped from train."""

from collections.abc import Callable, Iterable, Sequence

import polars as pl
from rapidfuzz.fuzz import ratio

from builder.decide.near import near_test_rows
from builder.ledger import drop, kept
from builder.likeness.candidates import FLOOR
from builder.likeness.compare import likeness, same_meaning
from builder.likeness.core import core
from builder.likeness.normal import normal
from builder.likeness.telling import telling
from builder.prepared import PreparedFile, batches_with, texts_by_index

NEAR_PROGRAM = 0.9
"""Likeness from which two programs are near; their descriptions may then be less alike than the threshold."""
_COLUMNS = ("index", "kept_index", "reason", "detail", "score")


def with_official_pairs(near: pl.DataFrame, rows: pl.DataFrame, files: Sequence[PreparedFile]) -> pl.DataFrame:
    """Near pairs with all those added that official test rows are part of: each is compared with every other row.

    Among very many descriptions `near_descriptions` compares candidates alone, and a leak of these rows costs most.

    Args:
        near: of `near_descriptions`.
        rows: one line a row read: `index`, `official`, `description_key`.
        files: the prepared rows.
    """
    firsts = rows.drop_nulls("description_key").unique("description_key", keep="first", maintain_order=True)
    official = rows.filter("official")["description_key"].drop_nulls().unique()
    if official.is_empty():
        return near
    keys = dict(firsts.select("index", "description_key").iter_rows())
    tests = firsts.filter(pl.col("description_key").is_in(official.implode()))["index"]
    alike: dict[int | str, list[tuple[int, str]]] = {}
    for index, text in texts_by_index(files, "description", tests).items():
        for what in (telling(core(text)).key, normal(core(text))):
            alike.setdefault(what, []).append((keys[index], core(text)))
    found = [
        (*sorted((key, keys[index])), likeness(other, asked), isinstance(what, int))
        for batch in batches_with(files, ("description",), firsts["index"])
        for index, text in batch.select("index", "description").iter_rows()
        for asked in (core(text),)
        for what in (telling(asked).key, normal(asked))
        for key, other in alike.get(what, ())
        if key != keys[index]
    ]
    more = pl.DataFrame(found, schema=near.schema, orient="row").filter(pl.col("score") >= FLOOR)
    return pl.concat([near, more]).unique(["left", "right"], keep="first", maintain_order=True).sort("left", "right")


def drop_leaks(
    ledger: pl.DataFrame, near: pl.DataFrame, threshold: float, files: Sequence[PreparedFile]
) -> pl.DataFrame:
    """Drop train rows that equal or nearly equal a kept test row (reason `near_test`, score: the likeness).

    Leaks are equal descriptions; equal programs, whatever their layout, comments and names of variables; descriptions
    with the same letters and digits, whatever their case and signs; and descriptions that agree in what counts in full
    and are near, or somewhat less near with near programs.

    Args:
        ledger: open, with `description_key` and `canonical_key`.
        near: of `near_descriptions`, with `with_official_pairs`.
        threshold: the least likeness of near descriptions.
        files: the prepared rows.
    """
    rows = kept(ledger).select("index", "code_index", "split", "description_key", "canonical_key")
    test = rows.filter(pl.col("split") == "test")
    train = rows.filter(pl.col("split") == "train")
    found = [
        _equal(train, test, "description_key", "equal description"),
        _equal(train, test, "canonical_key", "equal program"),
    ]
    pairs = near_test_rows(train, test, near.filter(counts()))
    told = pl.lit("near_test").alias("reason")
    close = pl.col("score") >= threshold
    found.append(pairs.filter(close).with_columns(told, detail=pl.lit("near description")).select(_COLUMNS))
    alike = _with_near_programs(pairs.filter(~close), rows, files)
    found.append(alike.with_columns(told, detail=pl.lit("near description and near program")).select(_COLUMNS))
    ranked = [part.with_columns(rank=pl.lit(number)) for number, part in enumerate(found)]
    first = pl.concat(ranked).sort("index", "rank", -pl.col("score"), "kept_index").unique("index", keep="first")
    return drop(ledger, first.select(_COLUMNS).sort("index"), "leak")


def counts() -> pl.Expr:
    """Which near pairs of descriptions count for leaks: those that agree in what counts in full, or in all letters."""
    return pl.col("agrees") | (pl.col("score") >= 1)


def _equal(train: pl.DataFrame, test: pl.DataFrame, key: str, what: str) -> pl.DataFrame:
    against = test.drop_nulls(key).group_by(key).agg(pl.col("index").min().alias("kept_index"))
    reason, detail = pl.lit("near_test").alias("reason"), pl.lit(what).alias("detail")
    return train.join(against, on=key).with_columns(reason, detail, score=pl.lit(1.0)).select(_COLUMNS)


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
        ratio(codes[where[one]], codes[where[other]], score_cutoff=100 * NEAR_PROGRAM) > 0
        for one, other in pairs.select("index", "kept_index").iter_rows()
    ]
    return pairs.filter(pl.Series(near, dtype=pl.Boolean))


def near_variants(
    rows: pl.DataFrame,
    near: pl.DataFrame,
    files: Sequence[PreparedFile],
    threshold: float,
    prompts_of: Callable[[str], Iterable[str]],
) -> frozenset[tuple[int, int]]:
    """Pairs of a description key and a variant whose prompt would come near a test row, though the description did not.

    A template may change a verb's ending, and so bring two descriptions a little nearer. Only those that are nearly
    near are written out.

    Args:
        rows: `index`, `split` and `description_key` of the kept rows.
        near: of `near_descriptions`.
        files: the prepared rows.
        threshold: the least likeness of near descriptions.
        prompts_of: the prompts of a description's variants, from 1.
    """
    firsts = rows.drop_nulls("description_key").unique(["split", "description_key"], keep="first", maintain_order=True)
    train, test = (firsts.filter(pl.col("split") == side) for side in ("train", "test"))
    pairs = near_test_rows(train, test, near).select("index", "kept_index").sort("index", "kept_index")
    if pairs.is_empty():
        return frozenset()
    keys = dict(train.select("index", "description_key").iter_rows())
    wanted = pl.concat([pairs["index"], pairs["kept_index"]]).unique()
    texts = texts_by_index(files, "description", wanted)
    others: dict[int, list[str]] = {}
    for index, other in pairs.iter_rows():
        others.setdefault(index, []).append(core(texts[other]))
    return frozenset(
        (keys[index], variant)
        for index, against in others.items()
        for variant, prompt in enumerate(prompts_of(texts[index]), start=1)
        for verdict in (same_meaning(core(prompt), other, threshold) for other in against)
        if verdict.near or verdict.score >= 1
    )
