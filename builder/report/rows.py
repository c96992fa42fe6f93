"""What a build keeps for the report: the texts of the rows it read, since the ledger has none, as they were and are."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from builder.core.ledger import id_column
from builder.core.row_store import PreparedFile, batches_with

ROWS = "report/rows.parquet"
"""Where a folder holds them."""
MOST_ROWS = 30_000
"""Of larger builds a sample is kept, with examples of every reason."""
EXAMPLES = 3
"""Rows of each reason of each source that are never left out."""
GROUP_ROWS = 512
"""Rows of a row group."""
TEXT_CHARACTERS = 20_000
"""Of one text; longer ones are cut, and say so."""
_TEXTS = ("description", "code")
SCHEMA = {
    "id": pl.String,
    "difficulty": pl.String,
    **{f"{name}{at}": pl.String for name in _TEXTS for at in ("", "_read")},
}
"""Columns: texts as cleaned and repaired, and as read where that is another text."""


def kept_texts(folder: Path) -> pl.DataFrame:
    """The texts that a build kept in its folder; none where it holds none."""
    path = folder / ROWS
    return pl.read_parquet(path) if path.is_file() else pl.DataFrame(schema=SCHEMA)


def write_rows(
    rows: pl.DataFrame, read: Sequence[Path], files: Sequence[PreparedFile], ledgers: Sequence[pl.DataFrame], path: Path
) -> None:
    """Write the texts of rows as Parquet, in the order of reading.

    Args:
        rows: all rows read: `index`, `source`, `row`, `content`.
        read: the rows of each source as read.
        files: the same rows prepared.
        ledgers: open, of all configs, for their reasons.
        path: the file to write.
    """
    wanted = _chosen(rows, ledgers)
    path.parent.mkdir(exist_ok=True)
    schema = pl.DataFrame(schema=SCHEMA).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for part in _in_groups(_parts(rows, read, files, wanted)):
            writer.write_table(part.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _in_groups(parts: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows, so many at a time whatever the parts, so that the file's bytes do not depend on these."""
    waiting = pl.DataFrame(schema=SCHEMA)
    for part in parts:
        waiting = pl.concat([waiting, part])
        while waiting.height >= GROUP_ROWS:
            yield waiting.head(GROUP_ROWS)
            waiting = waiting.slice(GROUP_ROWS)
    if waiting.height:
        yield waiting


def _chosen(rows: pl.DataFrame, ledgers: Sequence[pl.DataFrame]) -> pl.Series:
    """Indices of the rows to tell: all, or those with the lowest hashes and some of each reason."""
    if rows.height <= MOST_ROWS:
        return rows["index"]
    reasons = [
        ledger.sort("content", "index")
        .group_by("source", "stage", "reason", maintain_order=True)
        .agg(pl.col("index").head(EXAMPLES))
        .explode("index")["index"]
        for ledger in ledgers
    ]
    lowest = rows.sort("content", "index").head(MOST_ROWS)["index"]
    return pl.concat([lowest, *reasons]).unique().sort()


def _parts(
    rows: pl.DataFrame, read: Sequence[Path], files: Sequence[PreparedFile], wanted: pl.Series
) -> Iterator[pl.DataFrame]:
    ids = rows.select("index", id_column())
    for path, file in zip(read, files, strict=True):
        originals = (
            pl.scan_parquet(path)
            .select(*(pl.col(name).fill_null("").alias(f"{name}_read") for name in _TEXTS))
            .with_row_index("index", offset=file.first_index)
        )
        for part in batches_with([file], ("difficulty", *_TEXTS), wanted):
            if part.is_empty():
                continue
            here = originals.filter(pl.col("index").is_between(part["index"][0], part["index"][-1])).collect()
            marked = part.join(here, on="index", how="left", maintain_order="left")
            marked = marked.join(ids, on="index", how="left", maintain_order="left")
            same = [
                pl.when(pl.col(f"{name}_read") != pl.col(name)).then(f"{name}_read").alias(f"{name}_read")
                for name in _TEXTS
            ]
            yield (
                marked.with_columns(same)
                .with_columns(map(_cut, (f"{name}{at}" for name in _TEXTS for at in ("", "_read"))))
                .select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
            )


def _cut(name: str) -> pl.Expr:
    text, length = pl.col(name), pl.col(name).str.len_chars()
    mark = pl.lit("\n[… ") + length.cast(pl.String) + pl.lit(" characters in all]")
    return pl.when(length > TEXT_CHARACTERS).then(text.str.slice(0, TEXT_CHARACTERS) + mark).otherwise(text).alias(name)
