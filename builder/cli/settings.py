"""Flags for the settings of a build, and settings out of flags."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from builder.config import (
    CONFIG_HELP,
    CONFIG_NAMES,
    CONFIGS,
    DECISIONS_FILE,
    DEFAULT_CONFIG,
    BuildConfig,
    default_cache_dir,
    make_config,
    named,
    nearest,
    read_toml,
    setting_names,
)
from builder.core.errors import SettingError

GROUPS: dict[str, tuple[str, str]] = {
    "reading": (
        "datasets with_sources local description_field code_field sample licences licence_basis cache_dir offline",
        "sources_file strict skip_unavailable lock_file update_lock locked no_mirrors workers cluster",
    ),
    "cleaning": (
        "pairs check_pairs check_api dialect decisions descriptions",
        "pair_margin mismatch_rate drop_reported_errors",
    ),
    "deduplication": ("deduplicate deduplicate_programs near_duplicates", ""),
    "split": ("test_size validation_size seed", "near_test decontaminate"),
    "rendering": (
        "verify verdicts",
        "drop_findings level timeout retry no_sandbox manim_python previews",
    ),
    "output": (
        "augmentation_factor format trainer no_fences format_code tokenizer max_tokens drop_long limit",
        "layout_pairs balance system_prompt allow_empty",
    ),
}
"""What people do, with the settings that `--help` shows there, and those that only `--help-all` shows."""
FLAGS = {"with_sources": "--with"}
"""Flags that are not their setting's name."""
READING = tuple(name for names in GROUPS["reading"] for name in names.split())
_OWN_FLAGS = {"deduplicate": "one row for each normalised description: as --config deduplicated, if no config is named"}


def add_settings(
    parser: argparse.ArgumentParser, without: Sequence[str], default: str, *, several: bool, writes: bool, every: bool
) -> None:
    """Add a flag for each setting but some, in groups, and those that choose among them.

    Args:
        parser: takes them.
        without: settings of which the command makes no use.
        default: what is built if no config is named, in words.
        several: whether the command takes several configs.
        writes: whether it writes what was built.
        every: whether the help shows all of them, and not only those that most people use.
    """
    configs = "; ".join(f"{config}: {text}" for config, text in CONFIG_HELP.items()).replace("%", "%%")
    chosen = parser.add_argument_group("what to build")
    many: dict[str, Any] = {"nargs": "+", "action": "extend"} if several else {"action": "append"}
    chosen.add_argument("--config", metavar="NAME", help=f"a preset (default: {default}); {configs}", **many)
    chosen.add_argument("--config-file", metavar="FILE", help="a TOML file with any of these settings; flags win")
    known = {setting.name: setting for setting in fields(BuildConfig)}
    for title, (common, rare) in GROUPS.items():
        group = parser.add_argument_group(title)
        if title == "output" and writes:
            group.add_argument("--output-dir", metavar="DIR", help="where to write")
            group.add_argument("--no-augmentation", action="store_true", help="as --augmentation-factor 1")
            group.add_argument("--no-system", action="store_true", help="leave the system message out")
        for name in (*common.split(), *rare.split()):
            if name not in without:
                shown = every or name in common.split()
                _add_setting(group, name, known[name].default, known[name].metadata, shown=shown)


def one_config(given: argparse.Namespace, default: str = DEFAULT_CONFIG, **fixed: Any) -> tuple[BuildConfig, str]:
    """The one config that was asked for, with settings that the command fixes, and the output folder, if one was named.

    Raises:
        SettingError: a setting is wrong, or several configs were named.
    """
    names, settings, output_dir = settings_of(given)
    if len(names) > 1:
        raise SettingError(f"--config was given {len(names)} times; this command takes one")
    return make_config(names[0] if names else default, **{**settings, **fixed}), output_dir


def settings_of(given: argparse.Namespace, folder: str = "") -> tuple[list[str], dict[str, Any], str]:
    """Names of configs, settings and the output folder: the file of `--config-file` first, then the flags.

    `folder` is the output folder where none is named; its decisions are taken, as those of a named one are.

    Raises:
        SettingError: the file cannot be read, or holds what no setting is.
    """
    flags = vars(given)
    values = _from_file(Path(flags["config_file"])) if "config_file" in flags else {}
    values |= {name: flags[name] for name in (*setting_names(), "config", "output_dir") if name in flags}
    if flags.get("update_lock") == []:
        values["update_lock"] = ["*"]
    if flags.get("no_augmentation"):
        values["augmentation_factor"] = 1.0
    if flags.get("no_system"):
        values["system_prompt"] = ""
    if "decisions" not in values:
        folders = [Path(flags["config_file"]).parent] if "config_file" in flags else []
        folders += [Path(str(values.get("output_dir") or folder))] if values.get("output_dir") or folder else []
        if files := [str(file) for folder in folders if (file := folder / DECISIONS_FILE).is_file()]:
            values["decisions"] = files
    names = values.pop("config", [])
    output_dir = values.pop("output_dir", "")
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SettingError(f"config = {names!r}: a name or a list of names is wanted")
    if not isinstance(output_dir, str):
        raise SettingError(f"output_dir = {output_dir!r}: a text is wanted")
    return [named(name, CONFIG_NAMES) for name in names], values, output_dir


def _from_file(path: Path) -> dict[str, Any]:
    values = read_toml(path, "--config-file")
    known = (*setting_names(), "config", "output_dir")
    for key in values:
        if key not in known:
            raise SettingError(f"--config-file {path}: no setting is named {key!r}{nearest(key, known)}")
    return values


def _add_setting(
    parser: argparse._ArgumentGroup, name: str, default: Any, metadata: Mapping[str, Any], *, shown: bool
) -> None:
    flag = FLAGS.get(name, "--" + name.replace("_", "-"))
    text = _OWN_FLAGS.get(name, metadata["help"]).replace("%", "%%")
    metavar = metadata["metavar"]
    if isinstance(default, bool):
        presets = {getattr(config, name) for config in CONFIGS.values()}
        action = argparse.BooleanOptionalAction if len(presets) > 1 else "store_true"
        kind: dict[str, Any] = {"action": action}
    elif name == "update_lock":
        kind = {"nargs": "*", "metavar": metavar}
    elif name in ("datasets", "decontaminate", "decisions", "descriptions", "with_sources"):
        kind = {"nargs": "+", "metavar": metavar}
    elif name == "drop_findings":
        kind = {
            "action": "extend",
            "type": lambda words: [] if words == "none" else words.split(","),
            "metavar": metavar,
        }
    elif isinstance(default, tuple):
        kind = {"action": "append", "metavar": metavar}
    else:
        value = default_cache_dir() if name == "cache_dir" else default
        text += "" if name == "system_prompt" or value == "" else f" (default {value})".replace("%", "%%")
        kind = {"type": type(default), "metavar": metavar}
    parser.add_argument(flag, dest=name, help=text if shown else argparse.SUPPRESS, **kind)
