"""Loading a config, building it first if need be: whether a folder holds what is wanted, and what it does not hold."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from builder.config import BUILT_BY_DEFAULT, CONFIG_NAMES, DEFAULT_CONFIG, BuildConfig, make_config
from builder.core.events import Events
from builder.decide.summary import stats_notices
from builder.publish.build_folder import DEFAULT_FOLDER, build_dataset
from builder.report.proof.folder import read_manifest, sample_notice
from builder.sources.select import select_sources

_log = logging.getLogger(__name__)


def load(
    config: str = DEFAULT_CONFIG, *, folder: str | Path = DEFAULT_FOLDER, streaming: bool = False, **settings: Any
) -> Any:
    """Load a config as a `datasets.DatasetDict` (an `IterableDatasetDict` if `streaming`).

    Builds it into `folder` first, unless the folder holds it already with the same settings.

    Args:
        config: a preset, such as `deduplicated`.
        folder: where built data is, or goes; by default `manim_combined` in the current folder.
        streaming: read rows as they are asked for.
        settings: settings of `builder.config.BuildConfig` that differ from the preset.

    Raises:
        builder.core.errors.BuilderError: the config cannot be built.
    """
    from datasets import load_dataset

    wanted = make_config(config, **settings)
    folder = Path(folder)
    if not is_built(wanted, folder):
        build_dataset([wanted], folder)
    if notice := sample_notice(folder):
        _log.warning(notice)
    for message in stats_notices(read_manifest(folder)["statistics"][wanted.name]):
        _log.warning(message)
    return load_dataset(str(folder.resolve()), wanted.name, streaming=streaming)


def build_missing(names: Sequence[str], settings: Mapping[str, Any], folder: Path, events: Events) -> bool:
    """See to it that a folder holds these configs. Returns whether anything had to be built.

    Without settings that decide what is written, what the folder holds is taken as it is, and a missing config is
    built from the same sources, with the same split. If one is missing, all are built: they share one reading.

    Raises:
        builder.core.errors.BuilderError: a config cannot be built.
    """
    manifest = read_manifest(folder)
    held = manifest.get("configs", {})
    inherited: dict[str, Any] = {}
    decisive = [item.name for item in fields(BuildConfig) if item.name in settings and not item.metadata["same_bytes"]]
    if held and not decisive:
        recorded = next(iter(held.values()))
        inherited = {name: recorded[name] for name in ("seed", "test_size", "sample") if name in recorded}
        inherited["datasets"] = [source["name"] for source in manifest["sources"]]
    configs = [make_config(name, **{**inherited, **settings}) for name in names]
    if all(is_built(config, folder) if decisive else config.name in held for config in configs):
        return False
    build_dataset(configs, folder, events)
    return True


def names_to_push(folder: Path) -> list[str]:
    """Configs that are pushed where none is named: those built by default, and what else the folder holds."""
    held = read_manifest(folder).get("configs", {})
    return [name for name in CONFIG_NAMES if name in BUILT_BY_DEFAULT or name in held]


def is_built(wanted: BuildConfig, folder: Path) -> bool:
    """Whether a folder holds a config, made with these settings from these sources; local files are read anew."""
    manifest = read_manifest(folder)
    if wanted.local or wanted.sources_file or manifest.get("configs", {}).get(wanted.name) != wanted.recorded():
        return False
    sources = {source["name"] for source in manifest["sources"]}
    files = [name for name in manifest["outputs"] if name.startswith(f"data/{wanted.name}/")]
    return sources == {spec.name for spec in select_sources(wanted)} and all(
        (folder / name).is_file() for name in files
    )
