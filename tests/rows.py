"""Sources written as JSON Lines from rows that a reader of a test can see."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from builder.config import BuildConfig, make_config
from builder.pipeline.story import build, prepare

Row = tuple[str | None, str | None] | tuple[str | None, str | None, str]
"""A description and a code, and for `manimbench` an official split."""


def scene(shown: str) -> str:
    """A small valid program that shows one object."""
    return f"from manim import *\n\n\nclass Shown(Scene):\n    def construct(self):\n        self.add({shown})"


def circles(first: int, last: int) -> list[Row]:
    """Valid rows that share nothing: one for each radius from `first` to `last`."""
    return [(f"Draw a circle of radius {n}", scene(f"Circle(radius={n})")) for n in range(first, last + 1)]


SOURCES = {
    "manimbench": [(*row, "test" if n < 4 else "train") for n, row in enumerate(circles(1, 30))],
    "bespoke_manim": [*circles(21, 60), ("Draw a ring", "x = 1"), ("Draw a ring", scene("Annulus()"))],
    "thanks_dataset": [*circles(41, 100), ("Draw a rectangle", "class Shown(Scene)\n    no colon"), ("", "")],
    "manim_codegen": [("draw a RING.", scene("Annulus()  # as above")), *circles(95, 120)],
}
"""Four sources that overlap, with official rows and invalid rows."""


def write_source(folder: Path, name: str, rows: Iterable[Row]) -> Path:
    """Write a source's rows to `<folder>/<name>.jsonl`, in columns that every source is read by."""
    path = folder / f"{name}.jsonl"
    lines = (json.dumps(dict(zip(("description", "code", "Split"), row, strict=False))) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def config_of(
    tmp_path: Path, sources: Mapping[str, Iterable[Row]], name: str = "deduplicated", **settings: Any
) -> BuildConfig:
    """Write sources; gives a config that reads them alone, with its cache beside them, and whose sides may be empty."""
    folder = tmp_path / "sources"
    folder.mkdir(exist_ok=True)
    local = {source: str(write_source(folder, source, rows)) for source, rows in sources.items()}
    own = {
        "local": local,
        "datasets": list(sources),
        "cache_dir": tmp_path / "cache",
        "workers": 1,
        "allow_empty": True,
    }
    return make_config(name, **{**own, **settings})


def ledger_of(config: BuildConfig) -> pl.DataFrame:
    """The closed ledger of a config."""
    return build(prepare(config), config).ledger


def outcomes(config: BuildConfig) -> dict[str, str]:
    """For each row read, by id: `kept`, or the reason why it was dropped."""
    return {row["id"]: row["reason"] or row["outcome"] for row in ledger_of(config).iter_rows(named=True)}


def read_lines(path: Path) -> list[Any]:
    """The rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def said(row: Mapping[str, Any], speaker: str) -> str:
    """What `system`, `user` or `assistant` says in a row of the default format."""
    return next(message["value"] for message in row["conversations"] if message["from"] == speaker)


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path from there."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
