"""Which files a Hub repository's card gives to each split."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_GLOB_PARTS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def card_splits(path: Path) -> dict[str, list[str]]:
    """Each split's file patterns in the card's default config; empty if there are none, or none so plain."""
    from huggingface_hub import metadata_load

    try:
        card: Any = metadata_load(path) or {}
    except Exception:  # a card's YAML is its authors'; whatever is wrong with it, the file names remain
        return {}
    configs = card.get("configs")
    configs = [c for c in configs if isinstance(c, Mapping)] if isinstance(configs, list) else []
    default = [c for c in configs if c.get("default") or c.get("config_name") == "default"] or configs[:1]
    return _splits_of(default[0].get("data_files")) if default else {}


def _splits_of(data_files: object) -> dict[str, list[str]]:
    """`data_files` of a card's config in any of its three forms: paths, split to paths, or a list of both."""
    if isinstance(data_files, str):
        return {"train": [data_files]}
    if isinstance(data_files, list) and all(isinstance(item, str) for item in data_files):
        return {"train": data_files} if data_files else {}
    if isinstance(data_files, list):
        items = [item for item in data_files if isinstance(item, Mapping)]
        data_files = {item.get("split"): item.get("path") for item in items}
    if not isinstance(data_files, Mapping):
        return {}
    listed = {split: [paths] if isinstance(paths, str) else paths for split, paths in data_files.items()}
    return {str(split): [str(p) for p in paths] for split, paths in listed.items() if isinstance(paths, list)}


def matches(name: str, pattern: str) -> bool:
    """Whether a path fits a card's pattern, in which `*` and `?` stay within a folder and `**` does not."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.removeprefix("./"))
    expression = "".join(_GLOB_PARTS.get(piece, re.escape(piece)) for piece in pieces)
    return re.fullmatch(expression, name) is not None
