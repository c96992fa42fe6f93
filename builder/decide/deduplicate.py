"""Duplicates: of rows with equal normalised descriptions, the one from the best source stays."""

from collections.abc import Iterator, Sequence

import polars as pl

from builder.core.events import Events
from builder.core.ledger import KEEP, REPAIR, drop, kept
from builder.core.row_store import PreparedFile, batches_with, columns_of, texts_by_index
from builder.similarity.compare import Difference, clusters, same_meaning
from builder.similarity.key_terms import key_terms
from builder.similarity.near_pairs import FLOOR, near_pairs
from builder.similarity.near_pairs import SCHEMA as POSITIONS
from builder.similarity.words import core, normal


def _ranked(ledger: pl.DataFrame, key: str, *by: str) -> pl.DataFrame:
    """The kept rows that have a key, those that are to stay first.

    Official test rows, then rows that a person keeps, then test and validation rows that are as their authors made
    them; then in the order that is asked for, of `source` (the best first), `misfit` (those whose code fits best first,
    where `fit` was judged) and `repairs` (the fewest first); then the lower rows.
    """
    fit = pl.col("fit") if "fit" in ledger.columns else pl.lit(None, pl.Float64).alias("fit")
    rows = kept(ledger).drop_nulls(key).with_columns(fit)
    columns = ("index", "official", "decision", "eligible", "split", "source", key, "fit")
    repairs = pl.col("code_repairs").cast(pl.String).str.count_matches(REPAIR)
    return rows.select(*columns, repairs=repairs, misfit=-pl.col("fit").fill_null(0.0)).sort(
        pl.col("official").not_(),
        pl.col("decision") != KEEP,
        (pl.col("eligible") & (pl.col("split") != "train")).not_(),
        *by,
        "index",
    )


def _others(ranked: pl.DataFrame, key: str) -> pl.DataFrame:
    """Of rows with equal keys all but the first, with `kept_index` and `kept_fit` of that one; official rows stay."""
    first = {f"kept_{name}": pl.col(name).first().over(key) for name in ("index", "fit")}
    return ranked.with_columns(**first).filter((pl.col("index") != pl.col("kept_index")) & pl.col("official").not_())


SCHEMA = {**POSITIONS, "left": pl.UInt64, "right": pl.UInt64}
"""Columns of pairs of near descriptions, by their keys."""


def first_of_each(rows: pl.DataFrame) -> pl.DataFrame:
    """The first row with each description."""
    return rows.drop_nulls("description_key").unique("description_key", keep="first", maintain_order=True)


def near_descriptions(rows: pl.DataFrame, files: Sequence[PreparedFile], events: Events) -> pl.DataFrame:
    """All pairs of near descriptions among the rows read.

    Those that official test rows are part of are looked for once more: among very many descriptions few neighbours
    alone are compared, and a leak of these rows costs most.

    Args:
        rows: one line a row read: `index`, `official`, `description_key`, `description_reason` (null if it is sound).
        files: the prepared rows.
        events: hears what takes long.

    Returns:
        `left` and `right` (description keys, the lower one first), `score` from `FLOOR` to 1, `agrees` (whether the key
        terms are the same in both, slips aside), `difference` (a `builder.similarity.compare.Difference`).
    """
    wanted = first_of_each(rows.filter(pl.col("description_reason").is_null())).select("index", "description_key")
    events.progress("near descriptions", 0, wanted.height)
    texts = wanted.join(columns_of(files, ("description",), wanted["index"]), on="index", maintain_order="left")
    found = near_pairs([core(text) for text in texts["description"]], FLOOR)
    keys = texts["description_key"]
    near = _keyed(found, keys.gather(found["left"]), keys.gather(found["right"]))
    pairs = pl.concat([near, *_pairs_of_official(rows, files)])
    events.progress("near descriptions", wanted.height, wanted.height)
    return pairs.unique(["left", "right"], keep="first", maintain_order=True).sort("left", "right")


def _pairs_of_official(rows: pl.DataFrame, files: Sequence[PreparedFile]) -> Iterator[pl.DataFrame]:
    """Pairs of near descriptions, one of which is that of an official test row."""
    firsts = first_of_each(rows)
    official = rows.filter("official")["description_key"].drop_nulls().unique()
    if official.is_empty():
        return
    tests = firsts.filter(pl.col("description_key").is_in(official.implode()))
    texts = texts_by_index(files, "description", tests["index"])
    alike: dict[tuple[str, int], list[tuple[int, str]]] = {}  # of copies, `near_pairs` gives the first alone
    for index, key in tests["index", "description_key"].iter_rows():
        asked = core(texts[index])
        alike.setdefault((normal(asked), key_terms(asked).key), []).append((key, asked))
    copies = pl.Series([[key for key, _ in same] for same in alike.values()], dtype=pl.List(pl.UInt64))
    against = [same[0][1] for same in alike.values()]
    for batch in batches_with(files, ("description",), firsts["index"]):
        found = near_pairs([core(text) for text in batch["description"]], FLOOR, against)
        keys = batch.select("index").join(firsts, on="index", maintain_order="left")["description_key"]
        pairs = found.with_columns(one=keys.gather(found["left"]), other=copies.gather(found["right"])).explode("other")
        yield _keyed(pairs, pairs["one"], pairs["other"]).filter(pl.col("left") != pl.col("right"))


def _keyed(found: pl.DataFrame, one: pl.Series, other: pl.Series) -> pl.DataFrame:
    """Pairs of `near_pairs` as pairs of description keys, the lower one first."""
    left, right = pl.min_horizontal(one, other), pl.max_horizontal(one, other)
    return found.with_columns(left.alias("left"), right.alias("right")).select(*SCHEMA)


def drop_near_descriptions(ledger: pl.DataFrame, near: pl.DataFrame, threshold: float) -> pl.DataFrame:
    """Of rows whose descriptions are near to one another, keep one: reason `near_duplicate`, score the similarity.

    Near are those whose score reaches the threshold and whose key terms are the same, slips aside. The first one by
    source, fit and repairs stays (see `_ranked`). Clusters are cut where members are not all near one another.
    """
    rows = _ranked(ledger, "description_key", "source", "misfit", "repairs")
    pairs = _between(near.filter((pl.col("score") >= threshold) & pl.col("agrees")), rows, rows)
    gone = clusters(pairs, rows["index"].to_list())
    official = rows.filter("official")["index"]
    dropped = gone.filter(pl.col("position").is_in(official.implode()).not_()).select(
        pl.col("position").alias("index"),
        pl.col("stays").alias("kept_index"),
        "score",
        pl.lit("near_duplicate").alias("reason"),
    )
    return drop(ledger, dropped, "duplicate")


def _between(near: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Near pairs as pairs of rows: `left`, `right` (indices), `score`, `difference`."""
    one = left.select(pl.col("description_key").alias("left_key"), pl.col("index").alias("left"))
    other = right.select(pl.col("description_key").alias("right_key"), pl.col("index").alias("right"))
    keyed = near.rename({"left": "left_key", "right": "right_key"})
    return keyed.join(one, on="left_key").join(other, on="right_key").select("left", "right", "score", "difference")


def near_test_rows(train: pl.DataFrame, test: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Train rows whose description is near a test row's.

    Args:
        train, test: `index`, `description_key`.
        near: pairs of `near_descriptions` that count.

    Returns:
        `index`, `kept_index` (the test row), `score` and `difference`, one line a pair.
    """
    both = pl.concat(
        [
            near.select("left", "right", "score", "difference"),
            near.select(left="right", right="left", score="score", difference="difference"),
        ]
    )
    return _between(both, train, test).rename({"left": "index", "right": "kept_index"})


def drop_equal_descriptions(ledger: pl.DataFrame) -> pl.DataFrame:
    """Keep one row for each `description_key`: the first by source and fit (see `_ranked`).

    Only rows kept so far compete, so an invalid copy never displaces a valid one. Official test rows are never
    dropped for similarity, so two of them may share a description.
    """
    others = _others(_ranked(ledger, "description_key", "source", "misfit"), "description_key")
    dropped = others.select("index", "kept_index", reason=pl.lit("duplicate_description"), score=pl.lit(1.0))
    return drop(ledger, dropped, "duplicate")


NEAR = 0.9
"""Similarity from which two descriptions of one program say the same."""


def drop_conflicts(ledger: pl.DataFrame, files: Sequence[PreparedFile]) -> pl.DataFrame:
    """Keep one row for each program, whatever its layout, comments and names of variables.

    Of rows with equal programs the first by fit, source and repairs stays (see `_ranked`). A row whose description is
    as alike as `NEAR`, and differs in ordinary words at the most, is a duplicate (`duplicate_program`, score:
    similarity of the descriptions); one that says something else is in conflict with it (`conflicting_description`,
    score: its own fit). Official test rows are never dropped for similarity, so two of them may share a program.
    """
    pairs = _others(_ranked(ledger, "canonical_key", "misfit", "source", "repairs"), "canonical_key")
    if pairs.is_empty():
        return ledger
    texts = texts_by_index(files, "description", pl.concat([pairs["index"], pairs["kept_index"]]).unique())
    verdicts = [same_meaning(texts[a], texts[b], NEAR) for a, b in pairs["index", "kept_index"].iter_rows()]
    same = [one.score >= NEAR and one.difference <= Difference.ORDINARY for one in verdicts]
    compared = pairs.with_columns(same=pl.Series(same), score=pl.Series([one.score for one in verdicts]))
    duplicate = compared.filter("same").select(
        "index", "kept_index", "score", pl.lit("duplicate_program").alias("reason")
    )
    fits = pl.col("fit").round(3).cast(pl.String).fill_null("not judged")
    other = compared.filter(~pl.col("same")).select(
        "index",
        "kept_index",
        pl.lit("conflicting_description").alias("reason"),
        pl.col("fit").alias("score"),
        detail=pl.lit("fit ") + fits + pl.lit(", of the row that stays ") + pl.col("kept_fit").round(3).cast(pl.String),
    )
    return drop(drop(ledger, duplicate, "duplicate"), other, "conflict")
