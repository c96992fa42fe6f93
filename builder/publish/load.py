"""Loading a config, building it first if need be."""

import logging
from pathlib import Path
from typing import Any

from builder.config import DEFAULT_CONFIG, make_config
from builder.decide.summary import stats_notices
from builder.publish.build_folder import DEFAULT_FOLDER, build_dataset
from builder.publish.built import is_built
from builder.report.proof.folder import read_manifest, sample_notice

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
