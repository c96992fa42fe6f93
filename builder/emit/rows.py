"""The rows that are written, in their final order, with the texts taken from the prepared Parquet in batches.

The order is that of a hash, so texts are wanted from all over the files: they are first spread over buckets by the
place of their rows in the order, then each bucket is sorted on its own. Memory holds one bucket, not the data.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import polars as pl
import pyarrow as pa
from xxhash import xxh3_64_intdigest

from builder.core.files import temporary_folder
from builder.core.ledger import id_column
from builder.core.row_store import PreparedFile, batches_with, frame
from builder.emit.augment import variant_text

BUCKET_BYTES = 48 << 20
"""Text bytes of one bucket, about; the number of buckets changes no byte of the output."""
_POINTERS = {"description": "index", "code": "code_index"}
"""For each text, the column that tells which row it is taken from."""

_OPTIONAL = {"tokens": pl.UInt32, "rejected": pl.String, "error": pl.String, "only_layout": pl.Boolean}
"""Columns of a plan that are there where a config wants them."""


@dataclass(frozen=True, slots=True)
class EmittedRow:
    """One row as written."""

    id: str
    source: str
    variant: int
    prompt: str
    code: str
    licence: str
    """As the repository of its source states it; of both, where prompt and program come from two."""
    license_upstream: str | None
    """As the sets state it in which its texts stood first, where one is known."""
    license_evidence: str | None
    """Which text stood in which set."""
    official: bool
    difficulty: str | None
    """As the source says it."""
    description_source: str
    """`published`, `template` for a prompt in other words, or `synthetic` where a model wrote what it says."""
    verdict: str | None
    """On the program, where it was rendered."""
    findings: str | None
    """The first thing in the program that Manim, as the snapshot knows it, would not take."""
    duplicates: int
    """How many rows read it stands for: itself, and those dropped as its duplicates."""
    code_from: str | None
    """Id of the row whose program it has, if that is another one."""
    dialect: str
    """What the program is written for: `ce` or `manimgl`."""
    tokens: int | None
    """Of the whole conversation, where they are counted."""
    rejected: str | None
    """The program as it was before repair and failed, where the format has such programs."""
    error: str | None
    """What that one raised."""
    only_layout: bool | None
    """Whether the two differ in line breaks alone."""


@dataclass(frozen=True, slots=True)
class Licences:
    """What is known of licences."""

    stated: Mapping[str, str]
    """By source."""
    upstream: Mapping[str, tuple[str, str]]
    """By the name of a set from which sources took rows: its place, and its licence."""

    def of(self, *sources: str) -> str:
        """Of a row whose texts come from these sources."""
        return " AND ".join(sorted({self.stated[source] for source in sources}))

    def upstream_of(self, description_origin: str | None, code_origin: str | None) -> tuple[str | None, str | None]:
        """The licence of the sets in which the texts stood first, and the evidence."""
        known = {"prompt": description_origin, "program": code_origin}
        found = {part: self.upstream[name] for part, name in known.items() if name}
        licence = " AND ".join(sorted({licence for _, licence in found.values()}))
        return licence or None, "; ".join(f"{part} in {place}" for part, (place, _) in found.items()) or None


def order_rows(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add the column `order`, a hash of a row's content and variant. `rows` has `content` and `variant`."""
    order = [row_order(seed, *pair) for pair in rows.select("content", "variant").iter_rows()]
    return rows.with_columns(pl.Series("order", order, dtype=pl.UInt64))


def row_order(seed: int, content: int | str, variant: int) -> int:
    """The place of one row among all, a 64-bit number; `content` as a number, or in hex as a ledger holds it."""
    number = int(content, 16) if isinstance(content, str) else content
    return xxh3_64_intdigest(f"{seed}/{number}/{variant}".encode())


def emitted_rows(files: Sequence[PreparedFile], wanted: pl.DataFrame, licences: Licences) -> Iterator[EmittedRow]:
    """The rows of one split in their order.

    Args:
        files: the prepared rows of each source.
        wanted: one line a row to write: `index`, `code_index` (the row whose code is written), `source`,
            `code_source`, `row`, `variant`, `order`, `official`, `dialect`, what `with_facts` adds, `tokens` where they
            were counted, and what `with_failing` gives, where the format has that.
        licences: of sources, and of the sets from which they took rows.
    """
    total = sum(file.text_bytes for file in files)
    copies = wanted.height / max(wanted["index"].n_unique(), 1)
    buckets = max(1, int(total * copies // BUCKET_BYTES))
    place = pl.col("order") // (2**64 // buckets + 1) if buckets > 1 else pl.lit(0)
    placed = wanted.with_columns(bucket=place.cast(pl.UInt32))
    if buckets == 1:
        texts: dict[str, list[pl.DataFrame]] = {name: [] for name in _POINTERS}
        for _, name, part in _texts_by_bucket(files, placed):
            texts[name].append(part)
        if wanted.height:
            yield from _sorted_rows(placed, {name: pl.concat(parts) for name, parts in texts.items()}, licences)
        return
    with tempfile.TemporaryDirectory(prefix="manim-combined-", dir=temporary_folder()) as folder:
        spilled = _spill(_texts_by_bucket(files, placed), Path(folder))
        for bucket in sorted({bucket for bucket, _ in spilled}):
            read = {name: _read(spilled[bucket, name]) for name in _POINTERS}
            yield from _sorted_rows(placed.filter(pl.col("bucket") == bucket), read, licences)


def _texts_by_bucket(files: Sequence[PreparedFile], placed: pl.DataFrame) -> Iterator[tuple[int, str, pl.DataFrame]]:
    """Each text once for each bucket that wants it: bucket, name of the text, and a part with pointer and text."""
    places = {name: placed.select("bucket", pointer).unique() for name, pointer in _POINTERS.items()}
    for name, pointer in _POINTERS.items():
        for batch in batches_with(files, (name,), places[name][pointer].unique()):
            here = batch.rename({"index": pointer}).join(places[name], on=pointer, how="inner")
            for (bucket,), part in here.group_by("bucket", maintain_order=True):
                yield int(str(bucket)), name, part.drop("bucket")


def _spill(parts: Iterator[tuple[int, str, pl.DataFrame]], folder: Path) -> dict[tuple[int, str], Path]:
    """Write parts to a file for each bucket and text."""
    writers: dict[tuple[int, str], tuple[pa.OSFile, pa.ipc.RecordBatchStreamWriter]] = {}
    paths = {}
    for bucket, name, part in parts:
        table = part.to_arrow(compat_level=pl.CompatLevel.oldest())
        key = (bucket, name)
        if key not in writers:
            paths[key] = folder / f"{bucket}-{name}.arrow"
            sink = pa.OSFile(str(paths[key]), "wb")
            writers[key] = (sink, pa.ipc.new_stream(sink, table.schema))
        writers[key][1].write_table(table)
    for sink, writer in writers.values():
        writer.close()
        sink.close()
    return paths


def _read(path: Path) -> pl.DataFrame:
    with pa.OSFile(str(path), "rb") as source, pa.ipc.open_stream(source) as stream:
        return frame(stream.read_all())


def _sorted_rows(rows: pl.DataFrame, texts: Mapping[str, pl.DataFrame], licences: Licences) -> Iterator[EmittedRow]:
    for name, pointer in _POINTERS.items():
        rows = rows.join(texts[name], on=pointer, how="inner")
    rows = rows.with_columns(
        id_column(),
        *(pl.lit(None, kind).alias(name) for name, kind in _OPTIONAL.items() if name not in rows.columns),
    )
    taken = [field.name for field in fields(EmittedRow) if field.name in rows.columns]
    beside = ("code_source", "description", "synthetic", "description_origin", "code_origin")
    for row in rows.sort("order", "index", "variant").select(*taken, *beside).iter_rows(named=True):
        code_source, description, synthetic, *origins = (row.pop(name) for name in beside)
        upstream, evidence = licences.upstream_of(*origins)
        yield EmittedRow(
            **row,
            prompt=variant_text(description, row["variant"]),
            licence=licences.of(row["source"], code_source),
            license_upstream=upstream,
            license_evidence=evidence,
            description_source="synthetic" if synthetic else "template" if row["variant"] else "published",
        )
