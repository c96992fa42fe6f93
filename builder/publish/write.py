"""A decided config as it is written: rows, ledger and statistics.

Parquet files have a fixed number of rows a group, and no metadata of any library.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from builder.core.errors import OutputError
from builder.core.events import Events, Silent
from builder.core.files import kept_result, sha256_of
from builder.core.ledger import closed_slices, kept
from builder.core.schema import SPLITS
from builder.decide.summary import empty_sides, without_kept_rows
from builder.emit.formats import FORMATS, Content, Format, answer_of, row_columns, shape_of
from builder.emit.rows import EmittedRow
from builder.emit.tokens import token_stats
from builder.pipeline.build import Build
from builder.publish.stats import Written, build_stats
from builder.render.verdicts import Verdicts
from builder.report.proof.certificate import certify_sides
from builder.report.proof.folder import WrittenRow, rows_of


def refuse_empty(decided: Build) -> None:
    """Refuse a config of which train or test has no row, unless its settings allow that.

    Raises:
        OutputError: it has none; the text says what to do.
    """
    config = decided.config
    ledger = decided.outcomes
    rows = dict(kept(ledger).group_by(pl.col("split").cast(pl.String)).len().iter_rows())
    if config.allow_empty or (rows.get("train") and rows.get("test")):
        return
    why = "; ".join([*without_kept_rows(ledger), *empty_sides(ledger, config.validation_size)])
    raise OutputError(f"config {config.name!r} would be written without rows: {why}. To write it so: --allow-empty")


def emitted(decided: Build, split: str, events: Events) -> Iterator[EmittedRow]:
    """The rows of a split, in their order; `events` hears how many are done."""
    total = decided.plan.filter(pl.col("split") == split).height
    for done, row in enumerate(decided.rows(split), start=1):
        if done % 1000 == 0 or done == total:
            events.progress(f"write {decided.config.name}/{split}", done, total)
        yield row


def dataset_rows(
    decided: Build, split: str, written: dict[str, Written], events: Events | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of a split as the dataset has them, each a plain dictionary; counts them into `written[split]`."""
    make, columns = FORMATS[decided.config.format].make, row_columns(decided.config.format)
    written[split] = Written()
    for row in written[split].counted(emitted(decided, split, events or Silent())):
        preview = {"preview": _image(row, decided.verdicts)} if decided.config.previews else {}
        values = {**{name: getattr(row, name, None) for name in columns}, "license": row.licence}
        yield {
            **make(_content(decided, row))[0],
            **values,
            **preview,
            **({"tokens": row.tokens} if decided.config.tokenizer else {}),
        }


def _image(row: EmittedRow, verdicts: Verdicts | None) -> dict[str, Any] | None:
    """The last frame of a row's program, as `datasets` holds an image."""
    image = verdicts.thumbnail(row.code) if verdicts is not None else None
    return None if image is None else {"bytes": image, "path": None}


def stats_of(
    decided: Build, written: dict[str, Written], staging: Path, files: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Statistics of a config whose rows were written, with the certificate that nothing leaks.

    Args:
        decided: the config.
        written: by split, what was counted while it was written.
        staging: the folder that it was written to.
        files: by split, the files there.

    Raises:
        OutputError: a row is near one that models are measured on: a bug in the step that should have dropped it.
    """
    config = decided.config

    def rows(split: str) -> Iterator[WrittenRow]:
        return (row for name in files.get(split, ()) for row in rows_of(staging, name, shape_of(asdict(config), split)))

    official = decided.plan.filter(pl.col("split") == "test")["official"].to_list()
    validation = bool(written["validation"].rows)

    def certified() -> bytes:
        certificates = certify_sides(rows, official, config.near_test, validation=validation)
        for certificate in certificates.values():
            certificate.check()
        return orjson.dumps(certificates)

    hashes = [f"{split} {name} {sha256_of(staging / name)}" for split in SPLITS for name in files.get(split, ())]
    inputs = [*hashes, config.format, f"{config.near_test} {validation} {official}"]
    certificates = orjson.loads(kept_result(config.cache / "certificates", inputs, certified))
    stats = build_stats(decided, written)
    if tokens := decided.prepared.tokens if config.tokenizer else None:
        lengths = {side: counts.tokens for side, counts in written.items() if counts.rows or side != "validation"}
        stats["tokens"] = token_stats(tokens, config.system_prompt, config.max_tokens, lengths)
    return {**stats, **certificates}


def write_ledger(ledger: pl.DataFrame, path: Path) -> None:
    """Close a ledger and write it as Parquet, some rows at a time."""
    slices = (part.to_arrow(compat_level=pl.CompatLevel.oldest()) for part in closed_slices(ledger))
    first = next(slices)
    with pq.ParquetWriter(path, first.schema, **OPTIONS) as writer:
        writer.write_table(first)
        for part in slices:
            writer.write_table(part)


def write_lines(decided: Build, rows: Iterable[EmittedRow], path: Path, shape: Format) -> None:
    """Write what rows say: the keys of their shape and `source`, no other; as Parquet or, else, JSON Lines.

    OpenAI's description of a line knows no source, so none is written for it.
    """

    def lines() -> Iterator[dict[str, Any]]:
        for row in rows:
            for line in shape.make(_content(decided, row)):
                yield line if decided.config.trainer == "openai" else {**line, "source": row.source}

    if path.suffix == ".parquet":
        example = {**shape.make(Content("system", "user", "assistant"))[0], "source": ""}
        schema = pa.Table.from_pylist([example]).schema
        with pq.ParquetWriter(path, schema, **OPTIONS) as writer:
            for group in _row_groups(lines(), schema):
                writer.write_table(group)
        return
    with path.open("wb") as opened:
        for line in lines():
            opened.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def _content(decided: Build, row: EmittedRow) -> Content:
    fence = not decided.config.no_fences
    return Content(
        system=decided.config.system_prompt,
        user=row.prompt,
        assistant=answer_of(row.code, fence=fence),
        code=row.code,
        difficulty=row.difficulty or "",
        source=row.source,
        rejected=answer_of(row.rejected, fence=fence) if row.rejected else "",
        error=row.error or "",
        only_layout=row.only_layout,
    )


ROW_GROUP_ROWS = 4096
SHARD_BYTES = 500_000_000
"""No file is larger before its footer, unless a single row group is: compressed, none is larger than in memory."""
_TYPES: Mapping[str, pa.DataType] = {"string": pa.string(), "int32": pa.int32(), "bool": pa.bool_()}
OPTIONS: dict[str, Any] = {"compression": "zstd", "write_page_index": True, "use_content_defined_chunking": True}
"""Pages are cut where the content says so: a store of chunks, such as the Hub's Xet, finds again what did not change.
The page index lets readers fetch the pages that they want alone."""


def row_schema(format_name: str, *, tokens: bool = False, preview: bool = False) -> pa.Schema:
    """The columns of a published row, with its count of tokens or the last frame of its program if asked."""
    text = pa.string()
    return pa.schema(
        {
            **{
                key: pa.list_(pa.struct([(name, text) for name in names])) if names else text
                for key, names in FORMATS[format_name].columns.items()
            },
            **{name: _TYPES[kind] for name, kind in row_columns(format_name).items()},
            **({"tokens": pa.int32()} if tokens else {}),
            **({"preview": pa.struct([("bytes", pa.binary()), ("path", text)])} if preview else {}),
        }
    )


def write_shards(
    rows: Iterable[Mapping[str, Any]], schema: pa.Schema, folder: Path, split: str
) -> tuple[list[Path], int]:
    """Write rows as `<split>-00000-of-0000N.parquet`, each file filled up to `SHARD_BYTES`.

    The schema carries no metadata: `datasets` 4 and later put a description of the features there that 3.x cannot
    read; without it, both read the file. No rows give no file: `datasets` cannot read a split without rows.

    Returns:
        The files, and the size of their rows in memory, as Arrow, in bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    groups = _row_groups(rows, schema)
    waiting = next(groups, None)
    parts: list[Path] = []
    size = 0
    while waiting is not None:
        parts.append(folder / f".{split}-{len(parts):05d}.part")
        with parts[-1].open("wb") as opened, pq.ParquetWriter(opened, schema, **OPTIONS) as writer:
            while waiting is not None and (
                opened.tell() <= _MAGIC_BYTES or opened.tell() + waiting.nbytes <= SHARD_BYTES
            ):
                writer.write_table(waiting)
                size += waiting.nbytes
                waiting = next(groups, None)
    names = [folder / f"{split}-{number:05d}-of-{len(parts):05d}.parquet" for number in range(len(parts))]
    return [part.replace(name) for part, name in zip(parts, names, strict=True)], size


_MAGIC_BYTES = 4
"""What a file holds before its first row group."""


def _row_groups(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> Iterator[pa.Table]:
    """All rows, in tables of `ROW_GROUP_ROWS` rows; the last one may be smaller."""
    left = iter(rows)
    while group := list(islice(left, ROW_GROUP_ROWS)):
        yield pa.Table.from_pylist(group, schema)
