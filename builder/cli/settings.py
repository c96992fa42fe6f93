"""Flags for the settings of a build, and settings out of flags."""

import argparse
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from builder.config import (
    CONFIG_HELP,
    CONFIGS,
    DEFAULT_CONFIG,
    BuildConfig,
    default_cache_dir,
    make_config,
    nearest,
    read_toml,
    setting_names,
)
from builder.core.errors import SettingError

_FLAGS = {"with_sources": "--with"}
"""Flags that are not their setting's name."""
DECISIONS_FILE = "decisions.jsonl"
"""Taken where it stands beside the file of settings, or in the output folder, and no other is named."""
_OWN_FLAGS = {"deduplicate": "as --config deduplicated"}


def add_settings(parser: argparse.ArgumentParser, without: Sequence[str] = ()) -> None:
    """Add a flag for each setting but some, and those that choose among them."""
    configs = "; ".join(f"{config}: {text}" for config, text in CONFIG_HELP.items()).replace("%", "%%")
    parser.add_argument(
        "--config", metavar="NAME", action="append", help=f"a preset (default {DEFAULT_CONFIG}); {configs}"
    )
    parser.add_argument("--config-file", metavar="FILE", help="a TOML file with any of these settings; flags win")
    parser.add_argument("--output-dir", metavar="DIR", help="where to write")
    parser.add_argument("--no-augmentation", action="store_true", help="as --augmentation-factor 1")
    for setting in fields(BuildConfig):
        if setting.name not in ("name", *without):
            _add_setting(parser, setting.name, setting.default, setting.metadata)


def one_config(given: argparse.Namespace) -> tuple[BuildConfig, str]:
    """The one config that was asked for, and the output folder, empty if none was named.

    Raises:
        SettingError: a setting is wrong, or several configs were named.
    """
    names, settings, output_dir = settings_of(given)
    if len(names) > 1:
        raise SettingError(f"--config was given {len(names)} times; this command takes one")
    return make_config(names[0] if names else DEFAULT_CONFIG, **settings), output_dir


def settings_of(given: argparse.Namespace) -> tuple[list[str], dict[str, Any], str]:
    """Names of configs, settings and the output folder: the file of `--config-file` first, then the flags.

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
    if "decisions" not in values:
        folders = [Path(flags["config_file"]).parent] if "config_file" in flags else []
        folders += [Path(values["output_dir"])] if values.get("output_dir") else []
        values["decisions"] = [str(file) for folder in folders if (file := folder / DECISIONS_FILE).is_file()]
    names = values.pop("config", [])
    output_dir = values.pop("output_dir", "")
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SettingError(f"config = {names!r}: a name or a list of names is wanted")
    if not isinstance(output_dir, str):
        raise SettingError(f"output_dir = {output_dir!r}: a text is wanted")
    return names, values, output_dir


def _from_file(path: Path) -> dict[str, Any]:
    values = read_toml(path, "--config-file")
    known = (*setting_names(), "config", "output_dir")
    for key in values:
        if key not in known:
            raise SettingError(f"--config-file {path}: no setting is named {key!r}{nearest(key, known)}")
    return values


def _add_setting(parser: argparse.ArgumentParser, name: str, default: Any, metadata: Any) -> None:
    flag = _FLAGS.get(name, "--" + name.replace("_", "-"))
    text = _OWN_FLAGS.get(name, metadata["help"]).replace("%", "%%")
    metavar = metadata["metavar"]
    if isinstance(default, bool):
        presets = {getattr(config, name) for config in CONFIGS.values()}
        action = argparse.BooleanOptionalAction if len(presets) > 1 else "store_true"
        parser.add_argument(flag, action=action, help=text)
    elif name == "update_lock":
        parser.add_argument(flag, nargs="*", metavar=metavar, help=text)
    elif name in ("datasets", "decontaminate", "decisions", "with_sources"):
        parser.add_argument(flag, dest=name, nargs="+", metavar=metavar, help=text)
    elif isinstance(default, tuple):
        parser.add_argument(flag, action="append", metavar=metavar, help=text)
    else:
        shown = default_cache_dir() if name == "cache_dir" else default
        told = "" if name == "system_prompt" or shown == "" else f" (default {shown})"
        parser.add_argument(flag, type=type(default), metavar=metavar, help=text + told)
