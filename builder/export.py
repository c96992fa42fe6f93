"""One config written for offline fine-tuning: JSON Lines with statistics, reports and the manifest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from builder.config import BuildConfig
from builder.emit.duplicates import duplication_report, near_report, write_removed
from builder.emit.jsonl import write_json, write_json_lines
from builder.emit.pairing import pairing_report
from builder.emit.publish import outputs_of, publishing
from builder.emit.rows import EmittedRow
from builder.emit.stats import Written
from builder.emit.trainers import write_trainer_file
from builder.events import Events, Silent
from builder.example import SPLITS
from builder.manifest import manifest_of
from builder.pipeline import build, prepare
from builder.prepare.keys import description_key
from builder.proof.folder import MANIFEST, BuiltFolder
from builder.render.table import VERDICTS_FILE
from builder.report.keep import keep_for_report
from builder.report.write import put_report
from builder.state import Build
from builder.verifying import write_used_verdicts
from builder.writing import stats_of, write_ledger


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
