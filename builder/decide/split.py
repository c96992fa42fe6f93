"""The split, made once, before any config, over all rows read, valid or not.

A group (see `groups`) goes to one side as a whole. Groups are ranked by a keyed hash of their content. Each source
has a cut, found among its own rows alone: the lowest ranks that make its test share. A group of one source is test
if its rank is below that source's cut; a group of several, if it is below the mean of their cuts, in which a small
source counts more, since there one group is a larger share. So another source changes the side of no row, except of
rows that join a group of it, and sources that overlap still get their share.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest


def components(rows: pl.DataFrame) -> NDArray[np.int32]:
    """A label for each row, equal where rows are linked by `description_key` or `program_key`, directly or by others.

    Empty keys link nothing. Labels are numbered from 0 in no promised order.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = rows.height
    numbered = rows.select("description_key", "program_key").with_row_index("here")
    linked = numbered.select(
        "here",
        *(
            pl.when(pl.col(key).is_not_null()).then(pl.col("here").min().over(key)).otherwise("here").alias(key)
            for key in ("description_key", "program_key")
        ),
    )
    here = linked["here"].to_numpy()
    start = np.concatenate([here, here])
    end = np.concatenate([linked["description_key"].to_numpy(), linked["program_key"].to_numpy()])
    graph = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels, dtype=np.int32)


SPLIT = pl.Enum(["train", "test"])
LARGE_SHARE = 0.01
LARGE_ROWS = 20
"""A group with more rows of one source than the larger of these (a share of its rows, rows) goes to train."""
_PROGRAM, _CONTENT = (pl.lit(mark, pl.UInt64) for mark in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F))
"""Mixed into keys of groups without a description, so that no two kinds of keys meet."""
_RANK_BITS = 53
"""Ranks are whole numbers below 2**53, so that 64-bit floats hold them exactly."""


@dataclass(frozen=True, slots=True)
class SplitReason:
    """Why a group is on its side."""

    side: str
    """`train` or `test`."""
    why: str
    """`official` (it holds an official test row), `official_source` (a source of it has official test rows, and draws
    no more), `large` (too many rows of one source), `drawn` (its rank is below the cut) or `not_drawn`."""
    rows: Mapping[str, int]
    """Rows of the group, by source."""
    rank: float
    """Of the group, by a keyed hash of its content, from 0 to 1."""
    cut: float
    """The rank below which groups of these sources go to test, from 0 to 1."""


def split_rows(rows: pl.DataFrame, test_size: float, seed: int) -> pl.DataFrame:
    """The side and the group of each row.

    Args:
        rows: `source`, `official`, `content`, `description_key`, `program_key`.
        test_size: share of each source's distinct normalised descriptions, between 0 and 1.
        seed: keys the hash by which groups are ranked.

    Returns:
        `group` (a 64-bit number that all its rows share) and `split` (`train` or `test`), in the order of `rows`.
    """
    members, groups = _judged(rows, test_size, seed)
    side = pl.when(pl.col("why").is_in(["official", "drawn"])).then(pl.lit("test")).otherwise(pl.lit("train"))
    named = groups.select("component", pl.col("key").alias("group"), side.cast(SPLIT).alias("split"))
    return members.select("component").join(named, on="component", how="left", maintain_order="left").drop("component")


def split_reason(rows: pl.DataFrame, place: int, test_size: float, seed: int) -> SplitReason:
    """Why the row at a place of `rows` has the side that `split_rows`, given the same, put it on."""
    members, groups = _judged(rows, test_size, seed)
    component = members["component"][place]
    group = groups.filter(pl.col("component") == component).row(0, named=True)
    by_source = members.filter(pl.col("component") == component).group_by("source", maintain_order=True).len()
    scale = 2**_RANK_BITS
    return SplitReason(
        side="test" if group["why"] in ("official", "drawn") else "train",
        why=group["why"],
        rows={str(name): count for name, count in by_source.iter_rows()},
        rank=group["rank"] / scale,
        cut=group["cut"] / scale,
    )


def _judged(rows: pl.DataFrame, test_size: float, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with their `component`, and the groups with `rank`, `cut` and `why` (as `SplitReason` has it)."""
    keys = rows.select("source", "official", "content", "description_key", "program_key")
    members = keys.with_columns(pl.Series("component", components(keys)))
    sources = _sources(members, test_size, seed)
    shares = (
        members.group_by("component", "source")
        .agg(pl.len().alias("rows"))
        .join(sources, on="source")
        .group_by("component")
        .agg(
            (pl.col("cut") / pl.col("size")).sum() / (1 / pl.col("size")).sum(),
            pl.col("has_official").any(),
            (pl.col("rows") > pl.col("limit")).any().alias("large"),
        )
    )
    why = (
        pl.when("official")
        .then(pl.lit("official"))
        .when("has_official")
        .then(pl.lit("official_source"))
        .when("large")
        .then(pl.lit("large"))
        .when(pl.col("rank") < pl.col("cut"))
        .then(pl.lit("drawn"))
        .otherwise(pl.lit("not_drawn"))
    )
    groups = _ranked(members, seed).join(shares, on="component").sort("component")
    return members, groups.with_columns(why=why)


def _sources(members: pl.DataFrame, test_size: float, seed: int) -> pl.DataFrame:
    """For each source: its cut, its number of distinct descriptions, its limit for large groups.

    A source with official test rows draws no group: they fill its share.
    """
    told = []
    for (name,), own in members.group_by("source", maintain_order=True):
        official = bool(own["official"].any())
        size = own["description_key"].drop_nulls().n_unique()
        limit = max(LARGE_SHARE * own.height, LARGE_ROWS)
        cut = 0 if official else _cut(own.with_columns(pl.Series("component", components(own))), test_size, seed, limit)
        told.append((name, float(cut), float(max(size, 1)), limit, official))
    columns: dict[str, pl.DataType | type[pl.DataType]] = {
        "source": members.schema["source"],
        "cut": pl.Float64,
        "size": pl.Float64,
        "limit": pl.Float64,
        "has_official": pl.Boolean,
    }
    return pl.DataFrame(told, schema=columns, orient="row")


def _cut(own: pl.DataFrame, test_size: float, seed: int, limit: float) -> int:
    """The rank below which a source's groups make its test share of distinct descriptions, to the nearest group."""
    ranked = _ranked(own, seed).filter(pl.col("rows") <= limit).sort("rank", "key")
    target = test_size * own["description_key"].drop_nulls().n_unique()
    reached = np.concatenate([[0], ranked["descriptions"].cum_sum().to_numpy()])
    taken = int(np.argmin(np.abs(reached - target)))
    return int(ranked["rank"][taken - 1]) + 1 if taken else 0


def _ranked(members: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Groups with their key, rank and counts.

    The key is the lowest key of a description in the group; where there is none, of a program; where there is
    none either, of the content.
    """
    program = pl.col("program_key").min() ^ _PROGRAM
    content = pl.col("content").min() ^ _CONTENT
    groups = members.group_by("component").agg(
        pl.coalesce(pl.col("description_key").min(), program, content).alias("key"),
        pl.len().alias("rows"),
        pl.col("description_key").drop_nulls().n_unique().alias("descriptions"),
        pl.col("official").any(),
    )
    ranks = [xxh3_64_intdigest(f"{seed}/{key}".encode()) >> (64 - _RANK_BITS) for key in groups["key"]]
    return groups.with_columns(pl.Series("rank", ranks, dtype=pl.UInt64))
