"""A built or exported folder as it stands on the disk: its manifest, ledgers and rows, read without trust."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from builder.core.errors import OutputError
from builder.core.files import sha256_of
from builder.emit.formats import Format, shape_of, split_file

MANIFEST = "manifest.json"
UNFINISHED = "UNFINISHED-BUILD.txt"
"""Stands in a folder while the files of a build are put there one by one."""
_BATCH_ROWS = 1024


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row as a file holds it."""

    where: str
    """File and row, for a person: `train.json, row 17`."""
    prompt: str
    code: str
    """As the assistant says it, the fence included."""
    source: str
    """Empty in lines for a trainer that takes none."""
    id: str | None
    """`None` in JSON Lines, which have no ids."""
    variant: int | None
    roles: tuple[str, ...]
    official: bool
    """A test row of a public benchmark; `False` in JSON Lines, which do not tell."""
    difficulty: str = ""
    """As the source says it; empty where the row does not tell."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an earlier build in this folder; empty if there is none, or another program's.

    Raises:
        OutputError: a build was killed while it put its files there, and the folder is not whole.
    """
    if (folder / UNFINISHED).exists():
        raise OutputError(
            f"{folder}: is not whole, for a build was stopped while it put its files there ({UNFINISHED}): run `build` "
            "or `export` into this folder again"
        )
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    ours = isinstance(manifest, dict) and all(isinstance(manifest.get(key), dict) for key in ("configs", "outputs"))
    return manifest if ours else {}


def holds_sample(manifest: Mapping[str, Any]) -> bool:
    """Whether a folder was made from the sample that ships with the package."""
    return any(settings.get("sample") for settings in manifest.get("configs", {}).values())


def sample_notice(folder: Path) -> str:
    """What a person should know of a folder that holds the sample; empty for any other."""
    manifest = read_manifest(folder)
    if not holds_sample(manifest):
        return ""
    rows = sum(source["rows"] for source in manifest["sources"])
    return f"{folder} holds the bundled sample of {rows:,} rows, not the sources; `python -m builder build` reads those"


@dataclass(frozen=True, slots=True)
class BuiltFolder:
    """A folder with a manifest of ours."""

    path: Path
    manifest: Mapping[str, Any]

    @property
    def configs(self) -> tuple[str, ...]:
        """Names of the configs that it holds."""
        return tuple(self.manifest["configs"])

    def files(self, config: str, split: str) -> list[str]:
        """Files of a split that the manifest names, in order."""
        names: list[str] = sorted(self.manifest["outputs"])
        if self.manifest.get("kind") == "export":
            settings = self.manifest["configs"][config]
            return [name for name in names if name == split_file(split, settings.get("trainer", ""))]
        return [name for name in names if name.startswith(f"data/{config}/{split}-")]

    def ledger(self, config: str) -> pl.DataFrame:
        """The ledger of a config as written."""
        name = "ledger.parquet" if self.manifest.get("kind") == "export" else f"ledger/{config}.parquet"
        return pl.read_parquet(self.path / name)

    def statistics(self, config: str) -> Mapping[str, Any]:
        """The statistics of a config as its build wrote them; empty where there are none."""
        if self.manifest.get("kind") != "export":
            found = self.manifest.get("statistics", {}).get(config)
        else:
            file = self.path / "dataset_stats.json"
            found = orjson.loads(file.read_bytes()) if file.is_file() else None
        return found if isinstance(found, dict) else {}

    def rows(self, config: str, split: str) -> Iterator[WrittenRow]:
        """The rows of a split as written, in order; those of a file that is missing are left out.

        Raises:
            OutputError: a file is not what its name says.
        """
        shape = shape_of(self.manifest["configs"][config], split)
        for name in self.files(config, split):
            if (self.path / name).is_file():
                yield from rows_of(self.path, name, shape)

    def rejected(self, config: str, split: str) -> Iterator[tuple[str, str]]:
        """File and row of each failing program that stands in a split as a wrong answer, and the answer."""
        shape = shape_of(self.manifest["configs"][config], split)
        for name in self.files(config, split):
            for number, row in enumerate(_read(self.path / name)):
                if answer := shape.rejected(row):
                    yield f"{name}, row {number}", answer


def rows_of(folder: Path, name: str, shape: Format) -> Iterator[WrittenRow]:
    """The rows of a file of a folder, written in a shape of `builder.emit.formats`.

    Raises:
        OutputError: it is not what its name says.
    """
    try:
        for number, row in enumerate(_read(folder / name)):
            if messages := shape.read(row):
                said = dict(messages)
                yield WrittenRow(
                    where=f"{name}, row {number}",
                    prompt=said.get("user", ""),
                    code=said.get("assistant", ""),
                    source=row.get("source", ""),
                    id=row.get("id"),
                    variant=row.get("variant"),
                    roles=tuple(role for role, _ in messages),
                    official=bool(row.get("official")),
                    difficulty=row.get("difficulty") or "",
                )
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise OutputError(f"{name}: cannot be read as a split of this project ({error})") from error


def open_folder(path: Path) -> BuiltFolder:
    """A folder that `build` or `export` wrote.

    Raises:
        OutputError: it holds no manifest of this project, or one that names files outside of it.
    """
    manifest = read_manifest(path)
    if not manifest:
        raise OutputError(f"{path}: holds no {MANIFEST} of this project; name a folder that `build` or `export` wrote")
    outside = [name for name in manifest["outputs"] if not is_inside(name)]
    if outside:
        raise OutputError(f"{path / MANIFEST}: names {outside[0]!r}, which is outside of the folder")
    return BuiltFolder(path, manifest)


def recorded(file: Path) -> dict[str, Any]:
    """SHA-256 and size of a file, as a manifest lists it."""
    return {"sha256": sha256_of(file), "bytes": file.stat().st_size}


def fate() -> pl.Expr:
    """What became of a row of a ledger, open or closed, in words: `kept in train`, or `dropped: check, no_scene`."""
    stage, reason, split = (pl.col(name).cast(pl.String) for name in ("stage", "reason", "split"))
    dropped = pl.format("dropped: {}, {}", stage, reason)
    return pl.when(stage != "").then(dropped).otherwise(pl.lit("kept in ") + split).alias("fate")


def is_inside(name: str) -> bool:
    """Whether a file's name stays within the folder that it is joined to."""
    parts = PurePosixPath(name)
    return not parts.is_absolute() and ".." not in parts.parts and "\\" not in name and ":" not in name


def _read(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix == ".parquet":
        with pq.ParquetFile(path) as opened:
            for batch in opened.iter_batches(_BATCH_ROWS):
                yield from batch.to_pylist()
        return
    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)
