"""What a person should know of a config: whose pairs are whose, how rows were split and why so, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from builder.config import AS_PUBLISHED
from builder.core.ledger import kept
from builder.decide.pairing.shuffled import Part
from builder.decide.split import MOST_DRAWN

_UNPAIRED = pl.col("reason").cast(pl.String) == "unpaired"


@dataclass(frozen=True, slots=True)
class SourceSplit:
    """How a source's distinct descriptions, of all its rows read, lie on the sides."""

    source: str
    descriptions: int
    eligible: int
    """Descriptions in groups that may be drawn: one of their rows is as its authors made it."""
    official: int
    """Official test rows."""
    test: int
    validation: int
    why: str
    """Why the shares are not those that were asked for; empty if they are, but for a group."""


def source_splits(rows: pl.DataFrame, test_size: float) -> list[SourceSplit]:
    """One a source, in the order of reading.

    Args:
        rows: all rows read: `source`, `official`, `eligible`, `group`, `split`, `description_key`.
        test_size: the share that was asked for.
    """
    marked = rows.with_columns(
        drawable=pl.col("eligible").any().over("group"), taken=pl.col("official").any().over("group")
    )
    found = []
    for (source,), own in marked.group_by("source", maintain_order=True):
        named = own.drop_nulls("description_key")
        total = named["description_key"].n_unique()
        eligible = _descriptions(named, pl.col("drawable") & pl.col("taken").not_())
        official = own.filter("official").height
        test, validation = (_descriptions(named, pl.col("split") == side) for side in ("test", "validation"))
        why = _why(total, eligible, official, test_size)
        found.append(SourceSplit(str(source), total, eligible, official, test, validation, why))
    return found


def _descriptions(rows: pl.DataFrame, which: pl.Expr) -> int:
    return rows.filter(which)["description_key"].n_unique()


def _why(total: int, eligible: int, official: int, test_size: float) -> str:
    if official:
        return f"{official:,} official test rows fill its test share"
    if not eligible:
        return "none of its rows has a pair and a program as their authors made them, so all go to train"
    most = max(MOST_DRAWN, test_size)
    if test_size * total > most * eligible:
        return (
            f"{eligible:,} of its {total:,} descriptions may be drawn for test, since a row of their group is as its "
            f"authors made it, and at most {percent(most)} of these are"
        )
    return ""


def without_eligible_rows(rows: pl.DataFrame) -> list[str]:
    """A message for each source that has no test row, since none of its rows is as its authors made it."""
    counts = rows.group_by("source", maintain_order=True).agg(pl.col("eligible", "official").any(), pl.len())
    return [
        f"{source}: none of its {count:,} rows has a pair and a program as their authors made them, so none is drawn "
        "for test"
        for source, eligible, official, count in counts.iter_rows()
        if not eligible and not official
    ]


def without_kept_rows(ledger: pl.DataFrame) -> list[str]:
    """A message for each source of which no row is kept, with the reason of most."""
    reason = pl.col("reason").cast(pl.String)
    counts = ledger.group_by("source", maintain_order=True).agg(
        pl.len(), any_kept=(reason == "").any(), most=reason.filter(reason != "").mode().sort().first()
    )
    return [
        f"{source}: none of its {rows:,} rows is kept, most for {reason}; `explain {source}/000000` shows one"
        for source, rows, any_kept, reason in counts.iter_rows()
        if not any_kept
    ]


def empty_sides(ledger: pl.DataFrame, validation_size: float) -> list[str]:
    """A message for each side that was asked for and has no row."""
    counts = dict(kept(ledger).group_by(pl.col("split").cast(pl.String)).len().iter_rows())
    notices = []
    if not counts.get("train"):
        notices.append("no row is left in train: see `report.html` or the ledger for why rows were dropped")
    if not counts.get("test"):
        notices.append(
            "the test side is empty: no row that was drawn for it is left. Add a source whose authors paired its rows, "
            "raise --test-size, or measure with rows of your own"
        )
    if validation_size and not counts.get("validation"):
        notices.append("the validation side is empty: raise --validation-size, or train without evaluation")
    return notices


def shuffled_parts(ledger: pl.DataFrame, parts: Sequence[Part], pairs: str) -> list[dict[str, Any]]:
    """The parts whose descriptions and codes are paired at random, with what became of their rows in a config.

    Each has the fields of `Part`; `repaired`, its kept rows with the code that was found for them; `at_random`, those
    with the published one; `unpaired`, the rows that were dropped since no code is clearly theirs; and `message`, all
    of it in words.
    """
    stay = kept(ledger)
    notices = []
    for number, part in enumerate(parts):
        if not part.shuffled:
            continue
        here = pl.col("part") == number
        own = stay.filter(here)
        random = _at_random(own, pairs).height
        repaired = own.height - random
        unpaired = ledger.filter(here & _UNPAIRED).height
        if pairs == AS_PUBLISHED:
            sides = [f"{percent(_share(stay, here, side))} of {side}" for side in ("train", "test")]
            more = f"they make {' and '.join(sides)}; type `--pairs repaired` to have the right pairs put together"
        else:
            more = (
                f"{repaired:,} are kept with the code of their description "
                f"({percent(repaired / max(stay.height, 1))} of the config), {unpaired:,} dropped, since no code is "
                "clearly theirs; `--pairs as-published` keeps the published pairs"
            )
        notices.append(
            {
                **asdict(part),
                "repaired": repaired,
                "at_random": random,
                "unpaired": unpaired,
                "message": f"{part.message}: {more}",
            }
        )
    return notices


def _at_random(rows: pl.DataFrame, pairs: str) -> pl.DataFrame:
    """The rows of shuffled parts that keep whatever code they were published with."""
    return rows.filter(pl.lit(pairs == AS_PUBLISHED) & pl.col("shuffled") & pl.col("official").not_())


def _share(stay: pl.DataFrame, which: pl.Expr, side: str) -> float:
    rows = stay.filter(pl.col("split") == side)
    return rows.filter(which).height / max(rows.height, 1)


def pair_counts(ledger: pl.DataFrame, pairs: str) -> dict[str, int]:
    """Kept rows by whose code they have, and those that were dropped for want of one.

    `as_published` have the published code, in a part whose pairs are right, or since it is the one that was found
    for them; `at_random` have it in a part that is paired at random; `repaired` have another row's; `unpaired` were
    dropped.
    """
    stay = kept(ledger)
    own = stay.filter(pl.col("code_index").is_null())
    random = _at_random(own, pairs).height
    return {
        "as_published": own.height - random,
        "at_random": random,
        "repaired": stay.height - own.height,
        "unpaired": ledger.filter(_UNPAIRED).height,
    }


def stats_notices(stats: Mapping[str, Any]) -> list[str]:
    """What the statistics of a config say that a person should know: of its pairs, then of its sides."""
    return [
        *(part["message"] for part in stats.get("pairing", {}).get("shuffled", ())),
        *stats.get("split", {}).get("notices", ()),
    ]


def percent(share: float) -> str:
    """A share as a person reads it."""
    return f"{100 * share:.0f} %"
