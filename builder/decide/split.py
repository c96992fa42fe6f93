"""The split, made once, before any config, over all rows read, valid or not.

A group (see `components`) goes to one side as a whole. Groups are ranked by a keyed hash of their content. Test and
validation rows are what models are measured on, so a group may be drawn for them only if one of its rows is as its
authors made it (see `eligible_rows`); all other groups go to train.

Each source has a cut, found among its own rows alone: the lowest ranks of its own eligible groups that make its test
share. Above the cut is a width: the ranks that make its validation share. A group of one source is test if its rank is
below that source's cut; a group of several, if it is below the mean of their cuts, in which a small source counts more,
since there one group is a larger share. Likewise for validation. So another source changes the side of no row, except
of rows that join a group of it, and sources that overlap still get their share.

When a source grows, its cut moves a little. Then groups with ranks between the old and the new cut change sides, all in
one direction. Besides these, only groups move that a new row joins, or that the limit for large groups passes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from builder.core.ledger import REPAIR, REPAIRS_SEPARATOR
from builder.core.schema import SPLITS

SAME_TOKENS = ("repair:one_line", "repair:manim_import", "repair:missing_imports", "repair:indentation")
"""Repairs that leave every token of a program as it was: line ends, indents, and import lines that were missing."""


def eligible_rows() -> pl.Expr:
    """Whether a row is as its authors made it: a sound pair whose program has the tokens that they wrote.

    Takes `shuffled`, `description_reason`, `code_reason` and `code_repairs`. Of the repairs, those of `SAME_TOKENS`
    change nothing that counts.
    """
    names = pl.col("code_repairs").cast(pl.String).fill_null("").str.split(REPAIRS_SEPARATOR)
    changed = names.list.eval(pl.element().str.starts_with(REPAIR) & pl.element().is_in(SAME_TOKENS).not_()).list.any()
    sound = pl.col("description_reason").is_null() & pl.col("code_reason").is_null()
    return (sound & pl.col("shuffled").not_() & changed.not_()).alias("eligible")


def components(rows: pl.DataFrame) -> NDArray[np.int32]:
    """A label for each row, equal where rows are linked by `description_key` or `program_key`, directly or by others.

    Empty keys link nothing. Labels are numbered from 0 in no promised order.
    """
    keys = ("description_key", "program_key")
    first = (
        pl.when(pl.col(key).is_not_null()).then(pl.col("here").min().over(key)).otherwise("here").alias(key)
        for key in keys
    )
    linked = rows.select(keys).with_row_index("here").select("here", *first)
    start, end = np.tile(linked["here"].to_numpy(), 2), np.concatenate([linked[key].to_numpy() for key in keys])
    graph = scipy.sparse.coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=2 * (rows.height,))
    _, labels = scipy.sparse.csgraph.connected_components(graph, directed=False)
    return np.asarray(labels, dtype=np.int32)


SPLIT = pl.Enum(SPLITS)
MOST_DRAWN = 0.25
"""Share of a source's eligible descriptions that test takes at the most, and validation of those that are left, unless
a larger share is asked for."""
LARGE_SHARE = 0.01
LARGE_ROWS = 20
"""A group with more rows of one source than the larger of these (a share of its rows, rows) goes to train."""
_PROGRAM, _CONTENT = (pl.lit(mark, pl.UInt64) for mark in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F))
"""Mixed into keys of groups without a description, so that no two kinds of keys meet."""
_RANK_BITS = 53
"""Ranks are whole numbers below 2**53, so that 64-bit floats hold them exactly."""
_SIDES = {"official": "test", "drawn": "test", "drawn_for_validation": "validation"}
"""Sides by reason; all other groups are train."""


@dataclass(frozen=True, slots=True)
class SplitReason:
    """Why a group is on its side."""

    side: str
    """`train`, `validation` or `test`."""
    why: str
    """`official` (it holds an official test row), `not_eligible` (no row of it is as its authors made it), `large` (too
    many rows of one source), `drawn` (its rank is below the cut), `drawn_for_validation` (its rank is the next above),
    `official_source` (a source of it has official test rows, and draws no more) or `not_drawn`."""
    rows: Mapping[str, int]
    """Rows of the group, by source."""
    rank: float
    """Of the group, by a keyed hash of its content, from 0 to 1."""
    cut: float
    """The rank below which groups of these sources go to test, from 0 to 1."""
    validation_cut: float
    """The rank below which those that are left go to validation, from 0 to 1; not below `cut`."""


def split_rows(rows: pl.DataFrame, test_size: float, seed: int, validation_size: float = 0.0) -> pl.DataFrame:
    """The side and the group of each row.

    Args:
        rows: `source`, `official`, `eligible`, `content`, `description_key`, `program_key`.
        test_size: share of each source's distinct normalised descriptions, between 0 and 1.
        seed: keys the hash by which groups are ranked.
        validation_size: as `test_size`, for validation. A larger share holds every smaller one, and moves no test row.

    Returns:
        `group` (a 64-bit number that all its rows share) and `split` (one of `SPLITS`), in the order of `rows`.
    """
    members, groups = _ranked_groups(rows, test_size, seed, validation_size)
    side = pl.col("why").replace_strict(_SIDES, default="train", return_dtype=pl.String)
    named = groups.select("component", pl.col("key").alias("group"), side.cast(SPLIT).alias("split"))
    return members.select("component").join(named, on="component", how="left", maintain_order="left").drop("component")


def split_reason(
    rows: pl.DataFrame, place: int, test_size: float, seed: int, validation_size: float = 0.0
) -> SplitReason:
    """Why the row at a place of `rows` has the side that `split_rows`, given the same, put it on."""
    members, groups = _ranked_groups(rows, test_size, seed, validation_size)
    component = members["component"][place]
    group = groups.filter(pl.col("component") == component).row(0, named=True)
    by_source = members.filter(pl.col("component") == component).group_by("source", maintain_order=True).len()
    scale = 2**_RANK_BITS
    return SplitReason(
        side=_SIDES.get(group["why"], "train"),
        why=group["why"],
        rows={str(name): count for name, count in by_source.iter_rows()},
        rank=group["rank"] / scale,
        cut=group["cut"] / scale,
        validation_cut=(group["cut"] + group["width"]) / scale,
    )


def _ranked_groups(
    rows: pl.DataFrame, test_size: float, seed: int, validation_size: float
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with their `component`, and the groups with `rank`, `cut`, `width` and `why` (as in `SplitReason`)."""
    keys = rows.select("source", "official", "eligible", "content", "description_key", "program_key")
    members = keys.with_columns(pl.Series("component", components(keys)))
    sources = _sources(members, test_size, seed, validation_size)

    def mean(name: str) -> pl.Expr:
        return (pl.col(name) / pl.col("size")).sum() / (1 / pl.col("size")).sum()

    shares = (
        members.group_by("component", "source")
        .agg(pl.len().alias("rows"))
        .join(sources, on="source")
        .group_by("component")
        .agg(
            pl.when(pl.col("has_official").any()).then(0.0).otherwise(mean("cut")).alias("cut"),
            mean("width").alias("width"),
            pl.col("has_official").any(),
            (pl.col("rows") > pl.col("limit")).any().alias("large"),
        )
    )
    reasons = {
        "official": pl.col("official"),
        "not_eligible": pl.col("eligible").not_(),
        "large": pl.col("large"),
        "drawn": pl.col("rank") < pl.col("cut"),
        "drawn_for_validation": pl.col("rank") < pl.col("cut") + pl.col("width"),
        "official_source": pl.col("has_official"),
    }
    why = pl.coalesce(*(pl.when(holds).then(pl.lit(reason)) for reason, holds in reasons.items()), pl.lit("not_drawn"))
    groups = _ranked(members, seed).join(shares, on="component").sort("component")
    return members, groups.with_columns(why=why)


def _sources(members: pl.DataFrame, test_size: float, seed: int, validation_size: float) -> pl.DataFrame:
    """For each source: its cut and width, its number of distinct descriptions, its limit for large groups.

    A source with official test rows draws no group for test: they fill its share.
    """
    found = []
    for (name,), own in members.group_by("source", maintain_order=True):
        official = bool(own["official"].any())
        size = own["description_key"].drop_nulls().n_unique()
        limit = max(LARGE_SHARE * own.height, LARGE_ROWS)
        ranked = _ranked(own.with_columns(pl.Series("component", components(own))), seed)
        ranked = ranked.filter(pl.col("eligible") & pl.col("official").not_() & (pl.col("rows") <= limit))
        ranked = ranked.sort("rank", "key")
        cut = 0 if official else _cut(ranked, test_size, size)
        left = ranked.filter(pl.col("rank") >= cut)
        width = max(_cut(left, validation_size, size) - cut, 0)
        found.append((name, float(cut), float(width), float(max(size, 1)), limit, official))
    numbers = dict.fromkeys(("cut", "width", "size", "limit"), pl.Float64())
    columns = pl.Schema({"source": members.schema["source"], **numbers, "has_official": pl.Boolean()})
    return pl.DataFrame(found, schema=columns, orient="row")


def _cut(ranked: pl.DataFrame, share: float, size: int) -> int:
    """The rank below which groups make a share of a source's distinct descriptions, to the nearest group; 0 for none.

    Args:
        ranked: the groups that may be drawn, by rank.
        share: of `size`; up to `MOST_DRAWN` it takes no more than that of these groups' descriptions, above it means
            a share of these alone.
        size: distinct descriptions of the source.
    """
    reached = np.concatenate([[0], ranked["descriptions"].cum_sum().to_numpy()])
    few = share <= MOST_DRAWN
    allowed = reached[reached <= MOST_DRAWN * reached[-1]] if few else reached
    taken = int(np.argmin(np.abs(allowed - share * (size if few else reached[-1]))))
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
        pl.col("eligible").any(),
    )
    ranks = [xxh3_64_intdigest(f"{seed}/{key}".encode()) >> (64 - _RANK_BITS) for key in groups["key"]]
    return groups.with_columns(pl.Series("rank", ranks, dtype=pl.UInt64))
