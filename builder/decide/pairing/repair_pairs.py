"""Descriptions of shuffled parts, each put together again with the code that it belongs to, if that is clear."""

from collections.abc import Mapping

import polars as pl

from builder.decide.pairing.alignment import SAMPLE_ROWS, advantages, curve, learn_alignment
from builder.decide.pairing.assignment import Matched, candidates, match
from builder.decide.pairing.self_training import train
from builder.decide.pairing.vectors import WEIGHTS, Floats, Ints, code_vectors, description_vectors

ROUNDS = 2
"""Rounds of self-training: the confident pairs of each weigh in the scores of the next."""
MARGIN = 0.75
"""Least margin of a pair that is kept (natural logarithm of a ratio of probabilities)."""


def repair_pairs(rows: pl.DataFrame, words: pl.LazyFrame | pl.DataFrame, margin: float = MARGIN) -> pl.DataFrame:
    """Pair the descriptions of shuffled parts with codes.

    Args:
        rows: one line a row read: `index`, `source`, `shuffled`, `description_key`, `program_key`,
            `canonical_key` (equal programs but for names; where it is null, `program_key` stands for it).
        words: `index`, `description_words`, `code_words` of the same rows; only those of shuffled parts are collected.
        margin: least margin of a pair that is kept, as a natural logarithm; lower keeps more, and more wrong ones.

    Returns:
        For every row of a shuffled part, in the order of `rows`: `index`; `code_index`, the lowest index among the
        rows read with the code that was found for its description, null if none is clear; `score`, from 0 to 1, and
        `margin` of the best pair, also where it was not kept. Where the description also stands in a sound part, the
        code is the one that it has there, and the margin is null.
    """
    keyed = rows.select("index", "source", "shuffled", "description_key", _code_key().alias("code_key")).sort("index")
    pool = keyed.filter(pl.col("shuffled") & pl.col("description_key").is_not_null() & pl.col("code_key").is_not_null())
    sound = keyed.filter(pl.col("shuffled").not_()).drop_nulls(["description_key", "code_key"])
    known = sound.group_by("description_key", maintain_order=True).agg(pl.col("index").first().alias("code_index"))
    descriptions = _distinct(pool.join(known, on="description_key", how="anti"), "description_key")
    codes = _distinct(pool.join(sound, on="code_key", how="anti"), "code_key").join(
        _room(pool), on="code_key", how="left"
    )
    codes = codes.sort("code_key")
    paired = _paired(descriptions, codes, words, margin)
    known = known.with_columns(pl.lit(None, pl.Float64).alias("score"), pl.lit(None, pl.Float64).alias("margin"))
    found = pl.concat([paired, known.select(paired.columns)]).unique(
        "description_key", keep="first", maintain_order=True
    )
    wanted = rows.filter(pl.col("shuffled")).select("index", "description_key")
    return wanted.join(found, on="description_key", how="left", maintain_order="left").drop("description_key")


def _code_key() -> pl.Expr:
    return pl.coalesce("canonical_key", "program_key")


def _room(pool: pl.DataFrame) -> pl.DataFrame:
    """For each code, how many descriptions it may belong to.

    Mixing rows up changes no counts: as many as it stands with in a source whose descriptions stand with one code
    each. Where they stand with several, rows were repeated before they were mixed up, and nothing is known: one.
    """
    pairs = pool.select("source", "description_key", "code_key").unique()
    single = pairs.select(
        "source", "code_key", (pl.len() == pl.col("description_key").n_unique()).over("source").alias("single")
    )
    counted = single.group_by("source", "code_key").agg(
        pl.when(pl.col("single").first()).then(pl.len()).otherwise(1).alias("room")
    )
    return counted.group_by("code_key").agg(pl.col("room").cast(pl.Int64).max())


def _distinct(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """The first row with each key, in the order of the keys."""
    return rows.unique(key, keep="first", maintain_order=True).select("index", key).sort(key)


def _paired(
    descriptions: pl.DataFrame, codes: pl.DataFrame, words: pl.LazyFrame | pl.DataFrame, margin: float
) -> pl.DataFrame:
    """`description_key`, `code_index`, `score` and `margin` of each description."""
    index: pl.DataType = codes["index"].dtype
    schema = pl.Schema(
        {"description_key": pl.UInt64(), "code_index": index, "score": pl.Float64(), "margin": pl.Float64()}
    )
    if descriptions.is_empty() or codes.is_empty():
        return pl.DataFrame(schema=schema)
    texts = _words(words, descriptions, "description_words")
    programs = _words(words, codes, "code_words")
    found, score = assign(texts, programs, codes["room"].to_numpy())
    kept = pl.Series("kept", found.margin >= margin)
    return pl.DataFrame(
        {
            "description_key": descriptions["description_key"].to_numpy()[found.description],
            "code_index": codes["index"].to_numpy()[found.code],
            "score": score,
            "margin": found.margin,
        },
        schema=schema,
    ).with_columns(pl.when(kept).then("code_index").alias("code_index"))


def assign(
    descriptions: pl.Series, codes: pl.Series, room: Ints, weighted: Mapping[str, float] = WEIGHTS
) -> tuple[Matched, Floats]:
    """The best assignment of descriptions to codes, whatever the margins, and the score of each pair from 0 to 1.

    Args:
        descriptions: lists of features, in the order of their keys, which are hashes, so that the first are a fair
            sample.
        codes: the same of codes.
        room: for each code, how many descriptions it may belong to.
        weighted: how much each kind of agreement counts.
    """
    alignment = learn_alignment(descriptions.head(SAMPLE_ROWS), codes.head(SAMPLE_ROWS), weighted)
    left = description_vectors(descriptions, alignment.rarity)
    right = code_vectors(codes, alignment.rarity, weighted)
    usual_left, usual_right = alignment.code.times(left) - alignment.both, alignment.description.times(right)
    edges = candidates(left, right, usual_left, usual_right, room)
    found = match(edges)
    for _ in range(ROUNDS):
        found = match(train(edges, left, right, found))
    return found, curve(advantages(left[found.description], right[found.code], alignment))


def _words(words: pl.LazyFrame | pl.DataFrame, rows: pl.DataFrame, column: str) -> pl.Series:
    """The lists of features of some rows, in their order."""
    wanted = rows.lazy().select("index")
    found = words.lazy().select("index", column).join(wanted, on="index", how="semi").collect()
    return rows.select("index").join(found, on="index", how="left", maintain_order="left")[column]
