"""Building configs of the dataset into a folder that `load_dataset` reads."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from builder.config import BuildConfig
from builder.core.errors import SettingError
from builder.core.events import Events, Silent
from builder.core.files import write_json
from builder.core.schema import SPLITS
from builder.pipeline.build import Build, Prepared
from builder.pipeline.render_rounds import write_used_verdicts
from builder.pipeline.story import build, prepare
from builder.publish.atomic import files_of, outputs_of, publishing
from builder.publish.card import FRAMES, PICTURES, card_text, frame_of
from builder.publish.manifest import manifest_of
from builder.publish.stats import Written
from builder.publish.write import dataset_rows, refuse_empty, row_schema, stats_of, write_ledger, write_shards
from builder.render.verdict_file import VERDICTS_FILE
from builder.render.verdicts import Verdicts, open_verdicts
from builder.report.browser import is_webp
from builder.report.flow import funnel_svg
from builder.report.proof.folder import MANIFEST, BuiltFolder, holds_sample, read_manifest
from builder.report.write import MAKE_AGAIN, REPORT, keep_for_report, or_warn, put_report

DEFAULT_FOLDER = "manim_combined"
SHARED_SETTINGS = (
    "seed",
    "test_size",
    "sample",
    "local",
    "datasets",
    "with_sources",
    "licences",
    "sources_file",
    "description_field",
    "code_field",
    "tokenizer",
    "no_fences",
)
"""What all configs of a folder have in common: the same rows are read, and each has the same side."""


def build_dataset(configs: Sequence[BuildConfig], folder: Path, events: Events | None = None) -> dict[str, Any]:
    """Build configs and put them into a folder, in one step at the end.

    Writes `data/<config>/<split>-*.parquet`, `ledger/<config>.parquet`, `funnel/<config>.svg`, `report.html` with what
    it is made from (`report/`), `README.md` and `manifest.json`; other files of the folder stay as they are. All
    configs share one reading of the sources, so their settings may differ in what is decided and written only.

    Returns:
        For each config the content of its statistics (as `dataset_stats.json` of an export).

    Raises:
        builder.core.errors.BuilderError: a source cannot be had, or the folder cannot be written.
    """
    events = events or Silent()
    shared = {name: getattr(configs[0], name) for name in SHARED_SETTINGS}
    for config in configs:
        config.check_for_build()
    names = [config.name for config in configs]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise SettingError(f"two of the configs are called {twice!r}, with different settings; build them apart")
    for config in configs[1:]:
        for name, value in shared.items():
            if getattr(config, name) != value:
                raise SettingError(
                    f"configs {configs[0].name!r} and {config.name!r} differ in {name}; build them apart"
                )
    if not configs[0].sample and holds_sample(read_manifest(folder)):
        events.warn(f"{folder} holds the bundled sample, which this build replaces")
    elif configs[0].sample and (old := read_manifest(folder)) and not holds_sample(old):
        events.warn(f"{folder} holds a build of the sources, which the bundled sample replaces")
    with publishing(folder, "dataset") as staging:
        prepared = prepare(configs[0], events)
        builds = _decided(prepared, configs, events)
        for decided in builds:
            refuse_empty(decided)
        stats = {decided.config.name: _write_config(decided, staging, events) for decided in builds}
        write_used_verdicts(builds, staging / VERDICTS_FILE)
        with or_warn(events, "what the report shows of dropped rows", "Run `build` again", staging / "report"):
            keep_for_report(builds, stats, staging)
        manifest = manifest_of("dataset", builds, staging)
        _carry_over(folder, staging, manifest, stats, events)
        manifest |= {"statistics": stats, "outputs": outputs_of(staging)}
        (staging / "README.md").write_text(card_text(manifest), encoding="utf-8", newline="\n")
        with or_warn(events, REPORT, MAKE_AGAIN, staging / REPORT):
            put_report(BuiltFolder(staging, manifest), folder, configs[0].cache)
        write_json({**manifest, "outputs": outputs_of(staging)}, staging / MANIFEST)
    return stats


def _decided(prepared: Prepared, configs: Sequence[BuildConfig], events: Events) -> list[Build]:
    """Each config decided; those that render programs share their verdicts."""
    rendering = next((config for config in configs if config.verify), None)
    if rendering is None:
        return [build(prepared, config, events) for config in configs]
    with open_verdicts(rendering, events) as verdicts:
        return [build(prepared, config, events, verdicts if config.verify else None) for config in configs]


def _write_config(decided: Build, staging: Path, events: Events) -> dict[str, Any]:
    """One config's Parquet and ledger; returns its statistics."""
    config = decided.config
    schema = row_schema(config.format, tokens=bool(config.tokenizer), preview=config.previews)
    written: dict[str, Written] = {}
    files = {}
    for split in SPLITS:
        rows = dataset_rows(decided, split, written, events)
        shards, written[split].arrow_bytes = write_shards(rows, schema, staging / "data" / config.name, split)
        files[split] = [shard.relative_to(staging).as_posix() for shard in shards]
    (staging / "ledger").mkdir(exist_ok=True)
    write_ledger(decided.outcomes, staging / "ledger" / f"{config.name}.parquet")
    stats = stats_of(decided, written, staging, files)
    picture = staging / PICTURES / f"{config.name}.svg"
    with or_warn(events, f"the picture of {config.name} in the card", "Run `build` again", picture):
        write_picture(stats, picture)
    if decided.verdicts is not None:
        with or_warn(events, f"the frames of {config.name} in the card", "Run `build` again", staging / PICTURES):
            write_frames(decided.verdicts, config.name, written["train"].first_codes, staging)
    return stats


def write_picture(stats: Mapping[str, Any], path: Path) -> None:
    """Write the funnel of a config as a picture that can be read on any page: it brings its background."""
    path.parent.mkdir(exist_ok=True)
    picture = funnel_svg(stats).replace("<svg ", '<svg style="background:var(--panel)" ', 1)
    path.write_text(picture + "\n", encoding="utf-8", newline="\n")


def write_frames(verdicts: Verdicts, config: str, codes: Sequence[str], staging: Path) -> None:
    """Write last frames of programs for the card: those in which most is to be seen, by their bytes."""
    pictures = [picture for code in codes if (picture := verdicts.thumbnail(code)) and is_webp(picture)]
    largest = sorted(range(len(pictures)), key=lambda place: (-len(pictures[place]), place))[:FRAMES]
    for number, place in enumerate(sorted(largest), 1):
        (staging / frame_of(config, number)).write_bytes(pictures[place])


def _carry_over(folder: Path, staging: Path, manifest: dict[str, Any], stats: dict[str, Any], events: Events) -> None:
    """Keep the configs that an earlier build made from the same sources; others no longer fit and go."""
    old = read_manifest(folder)
    current = next(iter(manifest["configs"].values()))
    for name, settings in old.get("configs", {}).items():
        if name in stats:
            continue
        files = [*files_of(old, name), *({f"report/{name}.json"} & set(old["outputs"]))]
        same = old.get("sources") == manifest["sources"] and all(
            settings.get(key) == current[key] for key in ("seed", "test_size")
        )
        same = same and not (VERDICTS_FILE in files and (staging / VERDICTS_FILE).exists())
        if not same or not all((folder / path).is_file() for path in files):
            events.warn(f"config {name!r} in {folder} has other sources, splits or verdicts, and goes; build it again")
            continue
        for path in files:
            (staging / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / path, staging / path)
        manifest["configs"][name] = settings
        if VERDICTS_FILE in files:
            manifest["rendering"] = old["rendering"]
        stats[name] = old["statistics"][name]
    for table in (manifest["configs"], stats):
        names = sorted(table)
        table |= {name: table.pop(name) for name in names}
