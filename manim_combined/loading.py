"""Loading a config, building it first if need be."""

import json
from pathlib import Path
from typing import Any

from builder.config import DEFAULT_CONFIG, BuildConfig, make_config
from builder.emit.publish import read_manifest
from builder.sources.select import select_sources
from manim_combined.building import DEFAULT_FOLDER, build_dataset


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
        builder.errors.BuilderError: the config cannot be built.
    """
    from datasets import load_dataset

    wanted = make_config(config, **settings)
    folder = Path(folder)
    if not _is_built(wanted, folder):
        build_dataset([wanted], folder)
    return load_dataset(str(folder.resolve()), config, streaming=streaming)


def _is_built(wanted: BuildConfig, folder: Path) -> bool:
    """Whether a folder holds a config, made with these settings from these sources; local files are read anew."""
    manifest = read_manifest(folder)
    recorded = json.loads(json.dumps(wanted.recorded()))  # as the manifest holds it: lists for tuples
    if wanted.local or wanted.sources_file or manifest.get("configs", {}).get(wanted.name) != recorded:
        return False
    sources = {source["name"] for source in manifest["sources"]}
    files = [name for name in manifest["outputs"] if name.startswith(f"data/{wanted.name}/")]
    return sources == {spec.name for spec in select_sources(wanted)} and all(
        (folder / name).is_file() for name in files
    )
