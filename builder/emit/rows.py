"""The rows that are written, in their final order, with the texts taken from the prepared Parquet in batches.

The order is that of a hash, so texts are wanted from all over the files: rows are first spread over buckets by
their place in the order, then each bucket is sorted on its own. Memory holds one bucket, not the data.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from xxhash import xxh3_64_intdigest

from builder.batches import batches_of
from builder.emit.augment import variant_text
from builder.ledger import id_column

BUCKET_BYTES = 48 << 20
"""Text bytes of one bucket, about; the number of buckets changes no byte of the output."""
_BATCH_ROWS = 2048
_TEXTS = ("description", "code")


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """A source's prepared rows: its Parquet file, and the index of its first row among all rows of a build."""

    path: Path
    first_index: int
    text_bytes: int


@dataclass(frozen=True, slots=True)
class EmittedRow:
    """One row as written."""

    id: str
    source: str
    variant: int
    prompt: str
    code: str
    licence: str
    official: bool


def order_rows(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add the column `order`, a hash of a row's content and variant. `rows` has `content` and `variant`."""
    pairs = rows.select("content", "variant").iter_rows()
    order = [xxh3_64_intdigest(f"{seed}/{content}/{variant}".encode()) for content, variant in pairs]
    return rows.with_columns(pl.Series("order", order, dtype=pl.UInt64))


def emitted_rows(
    files: Sequence[PreparedFile], wanted: pl.DataFrame, licences: Mapping[str, str]
) -> Iterator[EmittedRow]:
    """The rows of one split in their order.

    Args:
        files: the prepared rows of each source.
        wanted: one line a row to write: `index`, `source`, `row`, `variant`, `order`, `official`.
        licences: of each source.
    """
    total = sum(file.text_bytes for file in files)
    copies = wanted.height / max(wanted["index"].n_unique(), 1)
    buckets = max(1, int(total * copies // BUCKET_BYTES))
    width = 2**64 // buckets + 1
    placed = wanted.with_columns(bucket=(pl.col("order") // width).cast(pl.UInt32))
    if buckets == 1:
        parts = [part for _, part in _with_texts(files, placed)]
        yield from _sorted_rows(pl.concat(parts), licences) if parts else ()
        return
    with tempfile.TemporaryDirectory(prefix="manim-combined-") as folder:
        writers: dict[int, pa.ipc.RecordBatchStreamWriter] = {}
        sinks = []
        for bucket, part in _with_texts(files, placed, by_bucket=True):
            table = part.to_arrow(compat_level=pl.CompatLevel.oldest())
            if bucket not in writers:
                sinks.append(pa.OSFile(str(Path(folder) / f"{bucket}.arrow"), "wb"))
                writers[bucket] = pa.ipc.new_stream(sinks[-1], table.schema)
            writers[bucket].write_table(table)
        for bucket in sorted(writers):
            writers[bucket].close()
        for sink in sinks:
            sink.close()
        for bucket in sorted(writers):
            with pa.OSFile(str(Path(folder) / f"{bucket}.arrow"), "rb") as source, pa.ipc.open_stream(source) as stream:
                yield from _sorted_rows(_frame(stream.read_all()), licences)


def texts_of(files: Sequence[PreparedFile], wanted: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The lines of `wanted` with their texts, batch by batch, in the order of the files; `wanted` has `index`."""
    for _, part in _with_texts(files, wanted):
        yield part


def _with_texts(
    files: Sequence[PreparedFile], wanted: pl.DataFrame, by_bucket: bool = False
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Parts of `wanted` with their texts; one part a batch of a file, or one a batch and bucket."""
    for file in files:
        with pq.ParquetFile(file.path) as opened:
            first = file.first_index
            rows = opened.metadata.num_rows
            here = wanted.filter(pl.col("index").is_between(first, first + rows, closed="left"))
            if here.is_empty():
                continue
            for batch in batches_of(opened, _BATCH_ROWS, _TEXTS):
                indices = pl.int_range(first, first + batch.num_rows, dtype=pl.UInt32, eager=True)
                texts = _frame(pa.Table.from_batches([batch])).with_columns(indices.alias("index"))
                first += batch.num_rows
                part = here.join(texts, on="index", how="inner", maintain_order="left")
                if not by_bucket:
                    yield 0, part
                else:
                    for (bucket,), some in part.group_by("bucket", maintain_order=True):
                        yield int(str(bucket)), some


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _sorted_rows(rows: pl.DataFrame, licences: Mapping[str, str]) -> Iterator[EmittedRow]:
    columns = (id_column(), "source", "variant", "description", "code", "official")
    for row in rows.sort("order", "index", "variant").select(columns).iter_rows():
        row_id, source, variant, description, code, official = row
        prompt = variant_text(description, variant)
        yield EmittedRow(row_id, source, variant, prompt, code, licences[source], official)
