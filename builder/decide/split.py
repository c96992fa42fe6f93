"""The split, made once, before any config, over all rows read, valid or not.

A group (see `groups`) belongs to the best source among its rows and goes to one side as a whole. Each source's
cut is found among its own rows alone: its groups are ranked by a keyed hash of their content, and the lowest
ranks fill the test share. So another source changes the side of no row, except of rows that join a group of it.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from builder.decide.groups import components

LARGE_SHARE = 0.01
LARGE_ROWS = 20
"""A group with more rows of a source than the larger of these (a share of its rows, rows) goes to train."""


def split_rows(rows: pl.DataFrame, test_size: float, seed: int) -> pl.DataFrame:
    """The side and the group of each row.

    Args:
        rows: `index`, `source`, `official`, `description_key`, `program_key`, sorted by index; sources stand
            best first.
        test_size: share of each source's distinct normalised descriptions, between 0 and 1.
        seed: keys the hash by which groups are ranked.

    Returns:
        `index`, `group` (16 hex digits) and `split` (`train` or `test`), in the order of `rows`.
    """
    members = rows.with_columns(
        pl.Series("member", _member_keys(rows), dtype=pl.UInt64),
        pl.Series("component", components(rows)),
    )
    cuts = {
        name: _cut(own, test_size, seed)
        for (name,), own in members.group_by("source", maintain_order=True)
        if isinstance(name, str)
    }
    limits = {name: max(LARGE_SHARE * count, LARGE_ROWS) for name, count in rows.group_by("source").len().iter_rows()}
    by_source = members.group_by("component", "source").agg(
        pl.len().alias("rows"), pl.col("member").min(), pl.col("official").any(), pl.col("index").min()
    )
    groups = (
        by_source.with_columns(large=pl.col("rows") > pl.col("source").replace_strict(limits, return_dtype=pl.Float64))
        .sort("component", "index")  # the best source's rows come first
        .group_by("component", maintain_order=True)
        .agg(
            pl.col("source").first(),
            pl.col("member").first(),
            pl.col("official").any(),
            pl.col("large").any(),
        )
    )
    ranks = _ranks(groups["member"], seed)
    cut = groups["source"].replace_strict(cuts, return_dtype=pl.UInt64)
    test = groups["official"] | (~groups["large"] & (ranks < cut))
    named = groups.select(
        "component",
        pl.Series("group", [f"{key:016x}" for key in groups["member"]], dtype=pl.String),
        pl.when(test).then(pl.lit("test")).otherwise(pl.lit("train")).alias("split"),
    )
    return (
        members.select("index", "component")
        .join(named, on="component", how="left", maintain_order="left")
        .drop("component")
    )


def _member_keys(rows: pl.DataFrame) -> NDArray[np.uint64]:
    """A 64-bit hash of each row's two keys."""
    pairs = zip(rows["description_key"], rows["program_key"], strict=True)
    return np.fromiter((xxh3_64_intdigest(f"{pair[0]}/{pair[1]}".encode()) for pair in pairs), np.uint64, rows.height)


def _ranks(keys: pl.Series, seed: int) -> pl.Series:
    ranks = [xxh3_64_intdigest(f"{seed}/{key}".encode()) for key in keys]
    return pl.Series("rank", ranks, dtype=pl.UInt64)


def _cut(own: pl.DataFrame, test_size: float, seed: int) -> int:
    """The rank below which a source's groups are test: its share of distinct descriptions, to the nearest group.

    A source with official test rows draws none: they fill its share.
    """
    if own["official"].any():
        return 0
    groups = (
        own.with_columns(pl.Series("component", components(own)))
        .group_by("component")
        .agg(
            pl.col("member").min(),
            pl.len().alias("rows"),
            pl.col("description_key").drop_nulls().n_unique().alias("descriptions"),
        )
    )
    target = test_size * own["description_key"].drop_nulls().n_unique()
    small = groups.filter(pl.col("rows") <= max(LARGE_SHARE * own.height, LARGE_ROWS))
    ranked = small.with_columns(_ranks(small["member"], seed)).sort("rank")
    reached = np.concatenate([[0], ranked["descriptions"].cum_sum().to_numpy()])
    taken = int(np.argmin(np.abs(reached - target)))
    return int(ranked["rank"][taken - 1]) + 1 if taken else 0
