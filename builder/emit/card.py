"""The dataset's card: `dataset_card.md` filled with the numbers of a build."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from builder.config import CONFIG_HELP, DEFAULT_CONFIG
from builder.errors import OutputError

_PLACES = (Path(__file__).parent / "dataset_card.md", Path(__file__).parents[2] / "dataset_card.md")
"""In an installed package; in a clone of the project."""
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_KNOWN_LICENCES = ("cc-by-nc-sa-4.0", "apache-2.0", "mit", "cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0")


def write_card(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write the card of a built folder; `manifest` holds `sources`, `statistics` by config and `outputs`."""
    from huggingface_hub import DatasetCard, DatasetCardData

    template = next((place for place in _PLACES if place.is_file()), None)
    if template is None:
        raise OutputError("dataset_card.md, the template of the card, is missing from this installation")
    statistics: Mapping[str, Any] = manifest["statistics"]
    names = [name for name in CONFIG_HELP if name in statistics]
    rows = sum(statistics[name]["splits"][split]["rows"] for name in names for split in ("train", "test"))
    licences = sorted({source["licence"] for source in manifest["sources"]})
    data = DatasetCardData(
        language="en",
        license=[licence if licence in _KNOWN_LICENCES else "unknown" for licence in licences],
        size_categories=[next((label for limit, label in _SIZES if rows < limit), "1M<n<10M")],
        task_categories=["text-generation"],
        pretty_name="Manim Combined",
        tags=["manim", "code", "text-to-animation", "sft"],
        configs=[_config(name, names, statistics[name]) for name in names],
        dataset_info=[_info(name, statistics[name], manifest["outputs"]) for name in names],
    )
    card = DatasetCard.from_template(
        data,
        template_path=str(template),
        configs=[{"name": name, "help": CONFIG_HELP[name], "stats": statistics[name]} for name in names],
        example=DEFAULT_CONFIG if DEFAULT_CONFIG in names else names[0],
        sources=manifest["sources"],
        skipped=manifest["skipped_sources"],
    )
    path.write_text(str(card), encoding="utf-8", newline="\n")


def _splits(stats: Mapping[str, Any]) -> list[str]:
    """The splits that have rows: `datasets` cannot read one without."""
    return [split for split in ("train", "test") if stats["splits"][split]["rows"]]


def _config(name: str, names: list[str], stats: Mapping[str, Any]) -> dict[str, Any]:
    files = [{"split": split, "path": f"data/{name}/{split}-*.parquet"} for split in _splits(stats)]
    is_default = name == DEFAULT_CONFIG or names == [name]
    default = {"default": True} if is_default else {}
    return {"config_name": name, "data_files": files, **default}


def _info(name: str, stats: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Sizes of a config, as `datasets` records them."""
    bytes_of = {
        split: sum(file["bytes"] for path, file in outputs.items() if path.startswith(f"data/{name}/{split}-"))
        for split in _splits(stats)
    }
    splits = [
        {"name": split, "num_bytes": bytes_of[split], "num_examples": stats["splits"][split]["rows"]}
        for split in _splits(stats)
    ]
    total = sum(bytes_of.values())
    return {"config_name": name, "splits": splits, "download_size": total, "dataset_size": total}
