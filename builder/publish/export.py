"""One config written for offline fine-tuning: JSON Lines with statistics, reports and the manifest."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from builder.config import BuildConfig
from builder.core.events import Events, Silent
from builder.core.files import write_json
from builder.core.schema import SPLITS
from builder.emit.formats import shape_of, split_file
from builder.pipeline.build import Build
from builder.pipeline.render_rounds import write_used_verdicts
from builder.pipeline.story import build, prepare
from builder.publish.atomic import outputs_of, publishing
from builder.publish.manifest import manifest_of
from builder.publish.stats import Written
from builder.publish.trainers import write_trainer_file
from builder.publish.write import emitted, refuse_empty, stats_of, write_ledger, write_lines
from builder.render.verdict_file import VERDICTS_FILE
from builder.report.numbers import duplication_report, near_report, pairing_report, write_removed
from builder.report.proof.folder import MANIFEST, BuiltFolder
from builder.report.write import MAKE_AGAIN, REPORT, keep_for_report, or_warn, put_report


def export(config: BuildConfig, folder: Path, events: Events | None = None) -> dict[str, Any]:
    """Write one config for offline fine-tuning; returns the content of `dataset_stats.json`.

    Writes `train.json` and `test.json` (JSON Lines; under other names for some trainers, see `split_file`),
    `validation.json` if it has rows, `dataset_stats.json`,
    `ledger.parquet`, `manifest.json`, and when deduplicating `deduplication_report.json` and
    `removed_duplicates.json`, where pairs were put together again or checked `pairing_report.json`, and for a trainer
    the file that it wants (`TRAINER_FILES`).

    Raises:
        SourceError, SettingError: as `prepare`.
        OutputError: the folder cannot be written.
    """
    events = events or Silent()
    with publishing(folder, "export") as staging:
        prepared = prepare(config, events)
        decided = build(prepared, config, events)
        refuse_empty(decided)
        written = {split: Written() for split in SPLITS}
        names = {split: split_file(split, config.trainer) for split in SPLITS}
        for split in SPLITS:
            rows = written[split].counted(emitted(decided, split, events))
            write_lines(decided, rows, staging / names[split], shape_of(asdict(config), split))
        if not written["validation"].rows:
            (staging / names["validation"]).unlink()
        files = {split: [name] for split, name in names.items() if (staging / name).exists()}
        stats = stats_of(decided, written, staging, files)
        write_json(stats, staging / "dataset_stats.json")
        _write_reports(decided, stats, staging, events)
        if config.trainer:
            counts = {split: written[split].rows for split in SPLITS if written[split].rows}
            write_trainer_file(config.trainer, staging, counts, config.format)
        write_ledger(decided.outcomes, staging / "ledger.parquet")
        write_used_verdicts([decided], staging / VERDICTS_FILE)
        with or_warn(events, "what the report shows of dropped rows", "Run `export` again", staging / "report"):
            keep_for_report([decided], {config.name: stats}, staging)
        manifest = manifest_of("export", [decided], staging)
        with or_warn(events, REPORT, MAKE_AGAIN, staging / REPORT):
            put_report(BuiltFolder(staging, manifest), folder, config.cache)
        write_json({**manifest, "outputs": outputs_of(staging)}, staging / MANIFEST)
    return stats


def _write_reports(decided: Build, stats: Mapping[str, Any], staging: Path, events: Events) -> None:
    """Write what was found among duplicates and pairs, where the config looks for them."""
    config, prepared, again = decided.config, decided.prepared, "Run `export` again"
    if config.deduplicate:
        path = staging / "deduplication_report.json"
        with or_warn(events, path.name, again, path):
            priorities = {source.spec.name: source.spec.priority for source in prepared.sources}
            report = duplication_report(decided.outcomes, priorities)
            report["near_descriptions"] = near_report(decided.outcomes, prepared.near, config.near_duplicates)
            write_json(report, path)
        path = staging / "removed_duplicates.json"
        with or_warn(events, path.name, again, path):
            write_removed(decided.outcomes, prepared.files, path)
    if stats["pairing"]["shuffled"] or config.check_pairs:
        path = staging / "pairing_report.json"
        with or_warn(events, path.name, again, path):
            write_json(pairing_report(decided.outcomes, stats["pairing"]["shuffled"], config.pair_margin), path)
