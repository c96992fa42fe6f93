"""Near descriptions: found once for all configs, kept in the cache, and cut at any threshold."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from builder.decide.rank import best_fit_first, repairs_made
from builder.events import Events
from builder.files import code_hash, short_hash, written_aside
from builder.ledger import drop, kept
from builder.likeness import candidates
from builder.likeness.candidates import FLOOR, near_pairs
from builder.likeness.clusters import clusters
from builder.likeness.core import core
from builder.prepared import PreparedFile, columns_of

SCHEMA = {"left": pl.UInt64, "right": pl.UInt64, "score": pl.Float64, "agrees": pl.Boolean}


def near_descriptions(
    rows: pl.DataFrame, files: Sequence[PreparedFile], cache_dir: Path, events: Events
) -> pl.DataFrame:
    """All pairs of near descriptions among the rows read.

    Args:
        rows: one line a row read: `index`, `description_key`, `description_reason` (null if it is sound).
        files: the prepared rows.
        cache_dir: where the pairs are kept, named by what they were made from.
        events: hears what takes long.

    Returns:
        `left` and `right` (description keys, the lower one first), `score` from `FLOOR` to 1, `agrees` (whether what
        counts in full is the same in both).
    """
    made_by = code_hash(*Path(candidates.__file__).parent.glob("*.py"), Path(__file__))
    path = cache_dir / "near" / f"{short_hash([*(file.path.name for file in files), made_by])}.parquet"
    if path.is_file():
        return pl.read_parquet(path)
    wanted = (
        rows.filter(pl.col("description_reason").is_null())
        .drop_nulls("description_key")
        .unique("description_key", keep="first", maintain_order=True)
        .select("index", "description_key")
    )
    events.progress("near descriptions", 0, wanted.height)
    texts = wanted.join(columns_of(files, ("description",), wanted["index"]), on="index", maintain_order="left")
    found = near_pairs([core(text) for text in texts["description"]], FLOOR)
    keys = texts["description_key"]
    one, other = keys.gather(found["left"]), keys.gather(found["right"])
    pairs = pl.DataFrame({"one": one, "other": other, "score": found["score"], "agrees": found["agrees"]}).select(
        pl.min_horizontal("one", "other").alias("left"),
        pl.max_horizontal("one", "other").alias("right"),
        "score",
        "agrees",
    )
    with written_aside(path) as aside:
        pairs.sort("left", "right").write_parquet(aside)
    events.progress("near descriptions", wanted.height, wanted.height)
    return pl.read_parquet(path)


def drop_near_descriptions(ledger: pl.DataFrame, near: pl.DataFrame, threshold: float) -> pl.DataFrame:
    """Of rows whose descriptions are near to one another, keep one: reason `near_duplicate`, score the likeness.

    Near are those whose score reaches the threshold and that agree in what counts in full. An official test row
    stays, or else the row from the best source, then the one whose code fits best (`fit`, where it was judged), then
    the one with the fewest repairs, then the lower row. Clusters are cut where members are not all near one another.
    """
    rows = (
        kept(ledger)
        .drop_nulls("description_key")
        .sort(pl.col("official").not_(), "source", *best_fit_first(ledger), repairs_made(), "index")
        .select("index", "official", "description_key")
    )
    pairs = _between(near.filter((pl.col("score") >= threshold) & pl.col("agrees")), rows, rows)
    told = clusters(pairs, rows["index"].to_list())
    official = rows.filter("official")["index"]
    dropped = told.filter(pl.col("position").is_in(official.implode()).not_()).select(
        pl.col("position").alias("index"),
        pl.col("stays").alias("kept_index"),
        "score",
        pl.lit("near_duplicate").alias("reason"),
    )
    return drop(ledger, dropped, "duplicate")


def _between(near: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Near pairs as pairs of rows: `left`, `right` (indices), `score`."""
    one = left.select(pl.col("description_key").alias("left_key"), pl.col("index").alias("left"))
    other = right.select(pl.col("description_key").alias("right_key"), pl.col("index").alias("right"))
    keyed = near.rename({"left": "left_key", "right": "right_key"})
    return keyed.join(one, on="left_key").join(other, on="right_key").select("left", "right", "score")


def near_test_rows(train: pl.DataFrame, test: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Train rows whose description is near a test row's.

    Args:
        train, test: `index`, `description_key`.
        near: pairs of `near_descriptions` that count.

    Returns:
        `index`, `kept_index` (the test row) and `score`, one line a pair.
    """
    both = pl.concat([near.select("left", "right", "score"), near.select(left="right", right="left", score="score")])
    return _between(both, train, test).rename({"left": "index", "right": "kept_index"})
