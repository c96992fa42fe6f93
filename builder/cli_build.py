"""The commands `build` and `export`."""

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.cli_command import Answer
from builder.cli_settings import one_config, settings_of
from builder.cli_sources import check_all
from builder.config import BUILT_BY_DEFAULT, DEFAULT_CONFIG, make_config

if TYPE_CHECKING:
    from builder.terminal import Terminal

PACKAGE_FOLDER = "manim_combined"


def add_build_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `build` takes besides settings."""
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="list the files that a build would read, cached or not, with their bytes; write nothing",
    )


def build(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Build configs into a folder; all but those that render programs, if none is named.

    Raises:
        builder.errors.BuilderError: a setting is wrong, a source cannot be had, or the folder cannot be written.
    """
    names, settings, output_dir = settings_of(given)
    folder = Path(output_dir or PACKAGE_FOLDER)
    configs = [make_config(name, **settings) for name in names or BUILT_BY_DEFAULT]
    if "dry_run" in given:
        return check_all(configs[0], terminal)
    from builder.terminal_funnel import show_funnel
    from manim_combined.building import build_dataset

    with terminal:
        stats = build_dataset(configs, folder, terminal)
    built = [config.name for config in configs]
    shown = DEFAULT_CONFIG if DEFAULT_CONFIG in stats else built[0]

    def show() -> None:
        for name in built:
            show_funnel(name, stats[name])

    return Answer(
        {"folder": str(folder), "configs": {name: stats[name] for name in built}},
        show,
        f"what became of the rows: {folder / 'report.html'}\n"
        f'written to {folder}; load it with: load_dataset("{folder}", "{shown}")',
    )


def export(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Write one config as JSON Lines.

    Raises:
        builder.errors.BuilderError: as `build`.
    """
    from builder.export import export as export_config
    from builder.terminal_funnel import show_funnel

    config, output_dir = one_config(given)
    default = "data_formatted_deduplicated" if config.deduplicate else "data_formatted_with_sources"
    folder = Path(output_dir or default)
    with terminal:
        stats = export_config(config, folder, terminal)
    last = f"written to {folder}: train.json, test.json, dataset_stats.json, ledger.parquet, report.html, manifest.json"
    document: dict[str, Any] = {"folder": str(folder), "configs": {config.name: stats}}
    if config.trainer:
        from builder.emit.trainers import TRAINER_COMMANDS

        document["train_with"] = TRAINER_COMMANDS[config.trainer].format(folder=shlex.quote(str(folder)))
        last += f"\ntrain with: {document['train_with']}"
    return Answer(document, lambda: show_funnel(config.name, stats), last)
