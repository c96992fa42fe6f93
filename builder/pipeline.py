"""The story, top to bottom: read, prepare, decide, emit."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from builder.config import BuildConfig
from builder.decide.benchmarks import BenchmarkRow, find_in_benchmarks, read_official
from builder.decide.decide import PROBLEM_COLUMNS, code_sources, decide, pairs_of
from builder.decide.leaks import near_variants, with_official_pairs
from builder.decide.near import near_descriptions
from builder.decide.shuffled import find_parts
from builder.decide.split import split_rows
from builder.emit.augment import VARIANTS, clashes, plan_variants, variant_text
from builder.emit.duplicates import duplication_report, near_report, write_removed
from builder.emit.jsonl import write_json, write_json_lines
from builder.emit.pairing import pairing_report
from builder.emit.publish import MANIFEST, outputs_of, publishing
from builder.emit.rows import EmittedRow, order_rows
from builder.emit.stats import Written
from builder.emit.tokens import Tokens, count_tokens, long_variants, with_tokens
from builder.emit.trainers import write_trainer_file
from builder.events import Events, Silent
from builder.ledger import REPAIRS_SEPARATOR, check_accounted, id_column, kept
from builder.manifest import manifest_of
from builder.prepare.benchmark import plain_prompt, probe_key, program_keys
from builder.prepare.cache import prepare_files
from builder.prepare.clean_description import normalise_description
from builder.prepare.judge import judge_text
from builder.prepare.keys import description_key
from builder.prepared import WORDS, PreparedFile, batches_with, lazy
from builder.proof.folder import BuiltFolder
from builder.render.judge import Judge
from builder.render.judging import judging
from builder.render.table import VERDICTS_FILE
from builder.report.keep import keep_for_report
from builder.report.write import put_report
from builder.sources.benchmarks import read_benchmark
from builder.sources.reading import read_sources
from builder.sources.tokenizer import find_tokenizer
from builder.state import Build, Prepared
from builder.verifying import verified, write_used_verdicts
from builder.writing import SPLITS, stats_of, write_ledger

_TEXT_COLUMNS = ("description", "code")
_ERROR_LENGTH = 200
"""Characters of an error that authors report, as far as the ledger tells it."""
_WANTED = (
    "index",
    "code_index",
    "source",
    "code_source",
    "row",
    "content",
    "description_key",
    "official",
    "split",
)


def prepare(config: BuildConfig, events: Events | None = None) -> Prepared:
    """Read the sources, prepare their rows in parallel, and split them.

    Raises:
        SourceError: a source cannot be had or read (unless it may be skipped), or none is left.
        SettingError: a setting has no meaning.
    """
    events = events or Silent()
    benchmark = read_benchmarks(config)
    tokenizer = find_tokenizer(config, events)
    sources, skipped = read_sources(config, events, judge_text)
    files: list[PreparedFile] = []
    frames: list[pl.DataFrame] = []
    first = 0
    read = {source.spec.name: source.path for source in sources}
    prepared = prepare_files(read, config.cache, config.workers, config.cluster, events)
    source = pl.Enum(list(prepared))
    for name, path in prepared.items():
        frames.append(_keys(path).with_columns(source=pl.lit(name, source)))
        files.append(PreparedFile(path, first, _text_bytes(path)))
        first += frames[-1].height
    rows = pl.concat(frames).with_row_index("index")
    rows = rows.hstack(split_rows(rows, config.test_size, config.seed))
    marks, parts = find_parts(rows, lazy(files, WORDS))
    for part in parts:
        if part.shuffled:
            events.warn(part.message)
    rows = rows.drop("style").hstack(marks.drop("index"))
    near = with_official_pairs(near_descriptions(rows, files, config.cache, events), rows, files)
    listed = find_in_benchmarks(rows, files, benchmark, read_official(probe_key()))
    tokens = None
    if tokenizer is not None:
        tokens = count_tokens(tokenizer, files, lambda done: events.progress("count tokens", done, rows.height))
    return Prepared(tuple(sources), tuple(files), rows, parts, near, skipped, listed, config.decontaminate, tokens)


def read_benchmarks(config: BuildConfig) -> list[BenchmarkRow]:
    """The rows of the user's benchmarks, cleaned and keyed; a text that stands twice is there once.

    Raises:
        SettingError: a file is missing, cannot be read, or holds no prompts and no programs.
    """
    found: dict[str | tuple[int, ...], BenchmarkRow] = {}
    for path, column in config.benchmarks:
        for held in read_benchmark(path, column, judge_text):
            where = f"{path.name}, row {held.row}"
            if held.is_code:
                keys = program_keys(held.text)
                found.setdefault(keys, BenchmarkRow(where, (), keys))
            elif prompt := plain_prompt(held.text):
                found.setdefault(prompt, BenchmarkRow(where, (prompt,), ()))
    return list(found.values())


def _keys(path: Path) -> pl.DataFrame:
    """What decisions need of a source's prepared rows: keys as numbers, few words as categories, no text."""
    problems = [
        pl.col(name) if name.endswith("_detail") else pl.col(name).cast(pl.Categorical) for name in PROBLEM_COLUMNS
    ]
    return (
        pl.scan_parquet(path)
        .select(
            pl.col("row").cast(pl.UInt32),
            "official",
            pl.col("content").str.to_integer(base=16, dtype=pl.UInt64),
            "description_key",
            "program_key",
            "canonical_key",
            "legacy_key",
            "style",
            *problems,
            pl.col("api_reason").cast(pl.Categorical),
            "api_detail",
            pl.col("error").str.strip_chars().replace("", None).str.slice(0, _ERROR_LENGTH).alias("reported_error"),
            *(
                pl.col(name).list.join(REPAIRS_SEPARATOR).cast(pl.Categorical)
                for name in ("description_repairs", "code_repairs")
            ),
        )
        .collect()
    )


def _text_bytes(path: Path) -> int:
    metadata = pq.read_metadata(path)
    return sum(
        metadata.row_group(group).column(column).total_uncompressed_size
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
        if metadata.schema.column(column).name in _TEXT_COLUMNS
    )


def build(prepared: Prepared, config: BuildConfig, events: Events | None = None, judge: Judge | None = None) -> Build:
    """Decide one config. The ledger adds up, or this raises.

    Args:
        prepared: the sources as read.
        config: the settings; with `verify`, programs are rendered.
        events: hears the progress of rendering.
        judge: who is asked for verdicts; by default one that lasts as long as this call.

    Raises:
        RenderError: programs are to be rendered, and something that this needs is missing.
    """
    if config.verify and judge is None:
        with judging(config, events or Silent()) as opened:
            return build(prepared, config, events, opened)
    listed, tokens = _listed(prepared, config), prepared.tokens if config.tokenizer else None
    files, parts, near = prepared.files, prepared.parts, prepared.near
    pairs = pairs_of(prepared.rows, config, files)

    def decided(rows: pl.DataFrame, codes: Mapping[int, str]) -> pl.DataFrame:
        lengths = tokens.recounted(codes).with_system(config.system_prompt) if tokens else None
        return decide(rows, parts, config, near=near, listed=listed, files=files, pairs=pairs, lengths=lengths)

    if judge is None:
        ledger = decided(prepared.rows, {})
    else:
        prepared, ledger = verified(prepared, config, decided, judge, events or Silent())
        tokens = tokens and tokens.recounted(
            {index: code for file in prepared.files for index, code in file.codes.items()}
        )
    check_accounted(ledger, {source.spec.name: source.rows for source in prepared.sources})
    return Build(config, prepared, ledger, _plan(prepared, config, ledger, tokens), judge)


def _plan(prepared: Prepared, config: BuildConfig, ledger: pl.DataFrame, tokens: Tokens | None) -> pl.DataFrame:
    """The rows to write, with their variants, in order, as `emitted_rows` takes them."""
    stay = code_sources(kept(ledger), prepared.rows).select(_WANTED)
    train, test = (stay.filter(pl.col("split") == side) for side in SPLITS)
    in_test, in_train = (
        (text for part in batches_with(prepared.files, ("description",), side["index"]) for text in part["description"])
        for side in (test, train)
    )
    forbidden = clashes(in_test, normalise_description, description_key, in_train)
    forbidden |= near_variants(stay, prepared.near, prepared.files, config.near_test, _variants)
    if tokens and config.drop_long and config.augmentation_factor > 1:
        room = config.max_tokens - tokens.of(config.system_prompt)
        forbidden |= long_variants(train, tokens, prepared.files, room)
    variants = plan_variants(train.with_columns(id_column()), config.augmentation_factor, config.seed, forbidden)
    originals = test.select("index", pl.lit(0, pl.UInt16).alias("variant"))
    plan = pl.concat([variants, originals]).join(stay.drop("description_key"), on="index", how="inner")
    if tokens:
        plan = with_tokens(plan, tokens, prepared.files, config.system_prompt)
    return order_rows(plan, config.seed).drop("content").sort("order", "index", "variant")


def _variants(description: str) -> list[str]:
    """All prompts that augmentation makes of a description, but for the description itself."""
    return [variant_text(description, variant) for variant in range(1, VARIANTS + 1)]


def _listed(prepared: Prepared, config: BuildConfig) -> pl.DataFrame:
    """What is near a benchmark of this config, which may be another than that of the config it was prepared for."""
    if config.decontaminate == prepared.decontaminate:
        return prepared.listed
    return find_in_benchmarks(prepared.rows, prepared.files, read_benchmarks(config), read_official(probe_key()))


def export(config: BuildConfig, folder: Path, events: Events | None = None) -> dict[str, Any]:
    """Write one config for offline fine-tuning; returns the content of `dataset_stats.json`.

    Writes `train.json` and `test.json` (JSON Lines), `dataset_stats.json`, `ledger.parquet`, `manifest.json`, and
    when deduplicating `deduplication_report.json` and `removed_duplicates.json`, when pairs are checked
    `pairing_report.json`, and for a trainer the file that it wants (`TRAINER_FILES`).

    Raises:
        SourceError, SettingError: as `prepare`.
        OutputError: the folder cannot be written.
    """
    events = events or Silent()
    with publishing(folder, "export") as staging:
        prepared = prepare(config, events)
        decided = build(prepared, config, events)
        written = {split: Written() for split in SPLITS}
        for split in SPLITS:
            rows = written[split].counted(_shown(decided, split, events), description_key)
            write_json_lines(rows, staging / f"{split}.json", config.format, config.system_prompt)
        stats = stats_of(decided, written, staging, {split: [f"{split}.json"] for split in SPLITS})
        write_json(stats, staging / "dataset_stats.json")
        if config.deduplicate:
            priorities = {source.spec.name: source.spec.priority for source in prepared.sources}
            report = duplication_report(decided.outcomes, priorities)
            report["near_descriptions"] = near_report(decided.outcomes, prepared.near, config.near_duplicates)
            write_json(report, staging / "deduplication_report.json")
            write_removed(decided.outcomes, prepared.files, staging / "removed_duplicates.json")
        if config.repair_pairs or config.check_pairs:
            report = pairing_report(decided.outcomes, stats["pairing"]["shuffled"], config.pair_margin)
            write_json(report, staging / "pairing_report.json")
        if config.trainer:
            write_trainer_file(config.trainer, staging)
        write_ledger(decided.outcomes, staging / "ledger.parquet")
        write_used_verdicts([decided], staging / VERDICTS_FILE)
        keep_for_report([decided], {config.name: stats}, staging)
        manifest = manifest_of("export", [decided], staging)
        put_report(BuiltFolder(staging, manifest), folder)
        write_json({**manifest, "outputs": outputs_of(staging)}, staging / MANIFEST)
    return stats


def _shown(decided: Build, split: str, events: Events) -> Iterator[EmittedRow]:
    total = decided.plan.filter(pl.col("split") == split).height
    for done, row in enumerate(decided.rows(split), start=1):
        if done % 1000 == 0 or done == total:
            events.progress(f"write {split}", done, total)
        yield row
