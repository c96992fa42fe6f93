"""Two builds compared: rows matched by their content first, since row numbers move between revisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from builder.core.errors import SettingError
from builder.core.schema import SPLITS
from builder.report.proof.folder import BuiltFolder, fate, open_folder


@dataclass(frozen=True, slots=True)
class Difference:
    """How one config differs between two builds."""

    config: str
    settings: Mapping[str, tuple[Any, Any]]
    """Settings that differ: before and after."""
    counts: Mapping[str, tuple[int, int]]
    """Rows read, kept, and on each side: before and after."""
    changes: pl.DataFrame
    """One line a kind of change: `source`, `before`, `after`, `rows`, `example` (an id of the newer build, or of the
    older one where a row is gone)."""


def diff_folders(older: Path, newer: Path, configs: tuple[str, ...] = ()) -> list[Difference]:
    """What came, went or changed from one built folder to another, by reason.

    Args:
        older: a folder that `build` or `export` wrote.
        newer: another one.
        configs: which to compare; all that both hold, if it is empty.

    Raises:
        OutputError: a folder holds no manifest of this project.
        SettingError: the folders have no config in common, or not the ones named.
    """
    before, after = open_folder(older), open_folder(newer)
    both = [name for name in before.configs if name in after.configs]
    missing = [name for name in configs if name not in both]
    if missing or not both:
        raise SettingError(
            f"{older} holds {', '.join(before.configs)}, {newer} holds {', '.join(after.configs)}: "
            f"{'not both hold ' + missing[0] if missing else 'no config is in both'}"
        )
    return [_difference(before, after, name) for name in both if not configs or name in configs]


def _difference(before: BuiltFolder, after: BuiltFolder, config: str) -> Difference:
    old, new = before.ledger(config), after.ledger(config)
    was, now = (folder.manifest["configs"][config] for folder in (before, after))
    settings = {key: (was.get(key), now.get(key)) for key in sorted({*was, *now}) if was.get(key) != now.get(key)}
    return Difference(config, settings, _counts(old, new), _changes(old, new))


def _counts(old: pl.DataFrame, new: pl.DataFrame) -> dict[str, tuple[int, int]]:
    def count(ledger: pl.DataFrame) -> dict[str, int]:
        kept = ledger.filter(pl.col("outcome") == "kept")
        sides = {side: kept.filter(pl.col("split") == side).height for side in SPLITS}
        return {"read": ledger.height, "kept": kept.height, **sides}

    before, after = count(old), count(new)
    return {name: (before[name], after[name]) for name in before}


def match_rows(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Pairs of ids, one line a row of either ledger; null where the other one does not have it.

    Within a source, rows of equal content are matched, first those with equal ids, then in order.
    """
    keyed = [
        ledger.select("source", "content", "id").with_columns(same=pl.col("id").is_in(other["id"].implode()))
        for ledger, other in ((old, new), (new, old))
    ]
    numbered = [
        frame.sort("source", "content", pl.col("same").not_(), "id").with_columns(
            number=pl.int_range(pl.len()).over("source", "content")
        )
        for frame in keyed
    ]
    first, second = (frame.drop("same") for frame in numbered)
    return first.join(second, on=["source", "content", "number"], how="full", coalesce=True, suffix="_new").select(
        "source", "id", "id_new"
    )


def _changes(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    pairs = match_rows(old, new)
    fates = [ledger.select("id", fate(), "code_from") for ledger in (old, new)]
    joined = pairs.join(fates[0], on="id", how="left").join(fates[1], left_on="id_new", right_on="id", how="left")
    outcomes = joined.select(
        "source",
        pl.col("fate").fill_null("not read").alias("before"),
        pl.col("fate_right").fill_null("not read").alias("after"),
        other_code=(pl.col("code_from") != pl.col("code_from_right")).fill_null(False),
        example=pl.coalesce("id_new", "id"),
    ).with_columns(
        after=pl.when((pl.col("before") == pl.col("after")) & pl.col("other_code"))
        .then(pl.col("after") + pl.lit(", with another code"))
        .otherwise("after")
    )
    changed = outcomes.filter(pl.col("before") != pl.col("after"))
    return (
        changed.group_by("source", "before", "after")
        .agg(pl.len().cast(pl.Int64).alias("rows"), pl.col("example").min())
        .sort("source", pl.col("rows").neg(), "before", "after")
    )
