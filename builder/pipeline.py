"""The story, top to bottom: read, prepare, decide, emit."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from builder.config import BuildConfig
from builder.decide.decide import decide
from builder.decide.split import split_rows
from builder.emit.augment import clashes, plan_variants
from builder.emit.duplicates import duplication_report, write_removed
from builder.emit.formats import FORMATS, fenced
from builder.emit.jsonl import write_json, write_json_lines
from builder.emit.publish import MANIFEST, outputs_of, publishing
from builder.emit.rows import EmittedRow, PreparedFile, emitted_rows, order_rows, texts_of
from builder.emit.stats import Written, build_stats, leakage
from builder.errors import FieldsNotFoundError, SettingError, SourceError
from builder.events import Events, Silent
from builder.example import PREPARED_SCHEMA
from builder.ledger import check_accounted, close_ledger, id_column
from builder.prepare.cache import prepare_files
from builder.prepare.clean_description import normalise_description
from builder.prepare.keys import description_key
from builder.sources.read import ReadSource, read_source
from builder.sources.select import select_sources

SPLITS = ("train", "test")
_TEXT_COLUMNS = ("description", "code")
_LIBRARIES = ("datasets", "huggingface_hub", "kagglehub", "numpy", "orjson", "polars", "pyarrow", "scipy", "xxhash")


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that holds for all configs: the sources as read and prepared, and the split."""

    sources: tuple[ReadSource, ...]
    files: tuple[PreparedFile, ...]
    rows: pl.DataFrame
    """One line a row read: the columns of `PREPARED_SCHEMA` but the texts, and `index`, `source`, `group`, `split`."""
    skipped: Mapping[str, str]
    """Sources that were not read, with the reason in a few words that hold no path."""


@dataclass(frozen=True, slots=True)
class Build:
    """One config decided: its ledger, and the rows to write."""

    config: BuildConfig
    prepared: Prepared
    ledger: pl.DataFrame
    """Closed; one line for every row read."""
    plan: pl.DataFrame
    """One line for every row to write: `index`, `id`, `source`, `split`, `variant`, `order`, `licence`, `official`."""

    def rows(self, split: str) -> Iterator[EmittedRow]:
        """The rows of a split, in their order."""
        return emitted_rows(self.prepared.files, self.plan.filter(pl.col("split") == split))


def prepare(config: BuildConfig, events: Events | None = None) -> Prepared:
    """Read the sources, prepare their rows in parallel, and split them.

    Raises:
        SourceError: a source cannot be had or read (unless it may be skipped), or none is left.
        SettingError: a setting has no meaning.
    """
    events = events or Silent()
    sources, skipped = _read(config, events)
    files: list[PreparedFile] = []
    frames: list[pl.DataFrame] = []
    first = 0
    read = {source.spec.name: source.path for source in sources}
    prepared = prepare_files(read, config.cache, config.workers, config.cluster, events)
    for name, path in prepared.items():
        keys = pl.read_parquet(path, columns=[name for name in PREPARED_SCHEMA.names if name not in _TEXT_COLUMNS])
        frames.append(keys.with_columns(source=pl.lit(name)))
        files.append(PreparedFile(path, first, _text_bytes(path)))
        first += keys.height
    rows = pl.concat(frames).with_row_index("index")
    keyed = rows.select("index", "source", "official", "content", "description_key", "program_key")
    split = split_rows(keyed, config.test_size, config.seed)
    return Prepared(tuple(sources), tuple(files), rows.join(split, on="index", maintain_order="left"), skipped)


def _read(config: BuildConfig, events: Events) -> tuple[list[ReadSource], dict[str, str]]:
    sources: list[ReadSource] = []
    skipped: dict[str, str] = {}
    for spec in select_sources(config):
        try:
            sources.append(read_source(spec, config.cache, events))
        except FieldsNotFoundError as error:
            if config.strict:
                raise
            skipped[spec.name] = "its columns could not be told"
            events.warn(f"skipped {error}")
        except SourceError as error:
            if not config.skip_unavailable:
                raise SourceError(f"{error}\nTo build without it: --skip-unavailable, or --datasets") from error
            skipped[spec.name] = "it could not be had"
            events.warn(f"skipped {error}")
    if not sources:
        raise SourceError("no source could be read; the warnings above say why")
    return sources, skipped


def _text_bytes(path: Path) -> int:
    metadata = pq.read_metadata(path)
    return sum(
        metadata.row_group(group).column(column).total_uncompressed_size
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
        if metadata.schema.column(column).name in _TEXT_COLUMNS
    )


def build(prepared: Prepared, config: BuildConfig) -> Build:
    """Decide one config. The ledger adds up, or this raises."""
    ledger = close_ledger(decide(prepared.rows, config))
    check_accounted(ledger, {source.spec.name: source.rows for source in prepared.sources})
    kept = prepared.rows.select("index", "source", "row", "content", "description_key", "official", "split").filter(
        ledger["outcome"] == "kept"
    )
    kept = kept.with_columns(id_column(), licence=_licences(prepared))
    train = kept.filter(pl.col("split") == "train")
    forbidden = clashes(_test_descriptions(prepared, kept), normalise_description, description_key)
    variants = plan_variants(train, config.augmentation_factor, config.seed, forbidden)
    test = kept.filter(pl.col("split") == "test").select("index", pl.lit(0, pl.UInt16).alias("variant"))
    plan = pl.concat([variants, test]).join(kept, on="index", how="inner", maintain_order="left")
    return Build(config, prepared, ledger, order_rows(plan, config.seed).sort("order", "index", "variant"))


def _licences(prepared: Prepared) -> pl.Expr:
    licences = {source.spec.name: source.spec.licence for source in prepared.sources}
    return pl.col("source").replace_strict(licences, return_dtype=pl.String)


def _test_descriptions(prepared: Prepared, kept: pl.DataFrame) -> Iterator[str]:
    wanted = kept.filter(pl.col("split") == "test").select("index")
    for part in texts_of(prepared.files, wanted):
        yield from part["description"]


def export(config: BuildConfig, folder: Path, events: Events | None = None) -> dict[str, Any]:
    """Write one config for offline fine-tuning; returns the content of `dataset_stats.json`.

    Writes `train.json` and `test.json` (JSON Lines), `dataset_stats.json`, `ledger.parquet`, `manifest.json`, and
    when deduplicating `deduplication_report.json` and `removed_duplicates.json`.

    Raises:
        SourceError, SettingError: as `prepare`.
        OutputError: the folder cannot be written.
    """
    events = events or Silent()
    with publishing(folder, "export") as staging:
        prepared = prepare(config, events)
        decided = build(prepared, config)
        written = {split: Written() for split in SPLITS}
        for split in SPLITS:
            rows = written[split].counted(_shown(decided, split, events), description_key)
            write_json_lines(rows, staging / f"{split}.json", config.format, config.system_prompt)
        stats = stats_of(decided, written)
        write_json(stats, staging / "dataset_stats.json")
        if config.deduplicate:
            priorities = {source.spec.name: source.spec.priority for source in prepared.sources}
            report = duplication_report(decided.ledger, prepared.rows, priorities)
            write_json(report, staging / "deduplication_report.json")
            write_removed(decided.ledger.with_row_index("index"), prepared.files, staging / "removed_duplicates.json")
        write_ledger(decided.ledger, staging / "ledger.parquet")
        write_json(manifest_of("export", [decided], staging), staging / MANIFEST)
    return stats


def _shown(decided: Build, split: str, events: Events) -> Iterator[EmittedRow]:
    total = decided.plan.filter(pl.col("split") == split).height
    for done, row in enumerate(decided.rows(split), start=1):
        if done % 1000 == 0 or done == total:
            events.progress(f"write {split}", done, total)
        yield row


def dataset_rows(decided: Build, split: str, written: dict[str, Written]) -> Iterator[dict[str, Any]]:
    """Rows of a split as the dataset has them, each a plain dictionary; counts them into `written[split]`."""
    key, messages = FORMATS[decided.config.format]
    written[split] = Written()
    for row in written[split].counted(decided.rows(split), description_key):
        yield {
            key: messages(decided.config.system_prompt, row.prompt, fenced(row.code)),
            "source": row.source,
            "id": row.id,
            "variant": row.variant,
            "license": row.licence,
            "official": row.official,
        }


def explain(config: BuildConfig, row_id: str, events: Events | None = None) -> dict[str, Any]:
    """What a config's ledger knows of a row (`ledger`), and its texts before and after (`texts`).

    `texts` holds a title, the text or `None`, and the language if it is code.

    Raises:
        SettingError: no row has that id.
    """
    prepared = prepare(config, events)
    name, _, number = row_id.rpartition("/")
    source = next((source for source in prepared.sources if source.spec.name == name), None)
    if source is None or not number.isdigit() or int(number) >= source.rows:
        known = ", ".join(f"{item.spec.name}/000000 to {item.rows - 1:06d}" for item in prepared.sources)
        raise SettingError(f"no row has the id {row_id!r}; there are {known}")
    file = prepared.files[prepared.sources.index(source)]
    index = file.first_index + int(number)
    before = pl.scan_parquet(source.path).slice(int(number), 1).collect().row(0, named=True)
    after = pl.scan_parquet(file.path).slice(int(number), 1).collect().row(0, named=True)
    return {
        "ledger": build(prepared, config).ledger.row(index, named=True),
        "texts": [
            ("description, as read", before["description"], ""),
            ("description, cleaned", after["description"], ""),
            ("code, as read", before["code"], "python"),
            ("code, cleaned and repaired", after["code"], "python"),
        ],
    }


def stats_of(decided: Build, written: dict[str, Written]) -> dict[str, Any]:
    """Statistics of a config whose rows were written."""
    kept = decided.prepared.rows.select("index", "split", "program_key").filter(decided.ledger["outcome"] == "kept")
    leaks = leakage(decided.ledger, kept, written["train"], written["test"])
    return build_stats(decided.ledger, written, leaks, decided.config.augmentation_factor)


def write_ledger(ledger: pl.DataFrame, path: Path) -> None:
    """Write a closed ledger as Parquet."""
    ledger.write_parquet(path, compression="zstd", row_group_size=65_536)


def manifest_of(kind: str, builds: list[Build], staging: Path) -> dict[str, Any]:
    """What went in and what came out: settings, sources with SHA-256, library versions, outputs. No clock, no path."""
    prepared = builds[0].prepared
    return {
        "kind": kind,
        "configs": {decided.config.name: decided.config.recorded() for decided in builds},
        "sources": [
            {
                "name": source.spec.name,
                "kind": source.spec.kind,
                "location": source.spec.location if source.spec.kind != "file" else "",
                "revision": source.revision,
                "licence": source.spec.licence,
                "priority": source.spec.priority,
                "rows": source.rows,
                "rows_expected": source.spec.expected_rows,
                "fields": {"description": source.fields.description, "code": source.fields.code},
                "files": [{"sha256": file.sha256, "bytes": file.bytes} for file in source.files],
            }
            for source in prepared.sources
        ],
        "skipped_sources": dict(prepared.skipped),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "libraries": {name: _version(name) for name in ("manim-combined", *_LIBRARIES)},
        "outputs": outputs_of(staging),
    }


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"
