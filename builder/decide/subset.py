"""Rows dropped for what a trainer has room for: those that are too long, and those that a drawn subset leaves out."""

from collections.abc import Mapping, Sequence

import polars as pl
from xxhash import xxh3_64_intdigest

from builder.core.ledger import drop, kept
from builder.core.row_store import PreparedFile, lazy

_NAME = 40
"""Characters of a difficulty's name, at the most."""


def drop_long(ledger: pl.DataFrame, lengths: pl.DataFrame, limit: int) -> pl.DataFrame:
    """Drop rows with more tokens than `limit` (reason `too_long`), on both sides; official test rows stay.

    A row is measured with the code that it is written with and its own description, not a variant of it.

    Args:
        ledger: open.
        lengths: tokens of each row read: `index`, `prompt_tokens` (of system message and description) and
            `answer_tokens` (of its own code).
        limit: tokens that a row may have.
    """
    rows = kept(ledger).filter(pl.col("official").not_()).select("index", code=pl.coalesce("code_index", "index"))
    prompts = lengths.select("index", "prompt_tokens")
    answers = lengths.select(pl.col("index").alias("code"), "answer_tokens")
    counted = rows.join(prompts, on="index", maintain_order="left").join(answers, on="code", maintain_order="left")
    tokens = counted.select("index", tokens=pl.col("prompt_tokens") + pl.col("answer_tokens"))
    long = tokens.filter(pl.col("tokens") > limit)
    detail = pl.col("tokens").cast(pl.String) + pl.lit(f" tokens, {limit} are allowed")
    return drop(ledger, long.select("index", pl.lit("too_long").alias("reason"), detail.alias("detail")), "filter")


def draw(ledger: pl.DataFrame, limit: int, balance: str, seed: int, files: Sequence[PreparedFile]) -> pl.DataFrame:
    """Keep `limit` train rows and drop the others (reason `not_drawn`). Test rows are left alone.

    Rows are drawn by a keyed hash of their content, so that a larger subset holds every smaller one. With `balance`,
    each source or difficulty gives as many rows as the others, or all that it has.

    Args:
        ledger: open, with all other decisions made.
        limit: rows to keep.
        balance: `source`, `difficulty`, or empty.
        seed: keys the hash.
        files: the prepared rows, for the difficulty.
    """
    rows = kept(ledger).filter(pl.col("split") == "train").select("index", "content", pl.col("source").cast(pl.String))
    if rows.height <= limit:
        return ledger
    if balance == "difficulty":
        found = lazy(files, ("difficulty",)).join(rows.select("index").lazy(), on="index", how="semi").collect()
        name = pl.col("difficulty").str.strip_chars().str.slice(0, _NAME).replace("", None).fill_null("unknown")
        rows = rows.join(found.select("index", name), on="index", how="left", maintain_order="left")
    part = pl.col(balance) if balance else pl.lit("train")
    ranks = [xxh3_64_intdigest(f"draw/{seed}/{content}".encode()) for content in rows["content"]]
    rank = pl.Series("rank", ranks, dtype=pl.UInt64)
    ranked = rows.select("index", part.alias("part"), rank).sort("part", "rank", "index")
    sizes = {str(name): size for name, size in ranked.group_by("part").len().iter_rows()}
    quotas = shares(sizes, limit)
    details = {name: f"{quotas[name]:,} of {size:,} {name} rows were drawn" for name, size in sizes.items()}
    place = pl.int_range(pl.len()).over("part")
    quota, detail = (pl.col("part").replace_strict(table, default=None) for table in (quotas, details))
    left_out = ranked.filter(place >= quota).sort("index")
    return drop(ledger, left_out.select("index", pl.lit("not_drawn").alias("reason"), detail.alias("detail")), "filter")


def shares(sizes: Mapping[str, int], limit: int) -> dict[str, int]:
    """How many rows each part gives, `limit` in all if there are so many: equally many, or all that it has."""
    left, found = limit, {}
    by_size = sorted(sizes, key=lambda name: (sizes[name], name))
    for number, name in enumerate(by_size):
        found[name] = min(sizes[name], left // (len(by_size) - number))
        left -= found[name]
    return found
