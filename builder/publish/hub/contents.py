"""What a push puts into a repository: a built folder's files, and the card with what a person added to it.

It is read back from there, as its users will, and compared.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from builder.config import BY_UPSTREAM, PERMISSIVE
from builder.core.errors import OutputError
from builder.core.files import sha256_of, temporary_folder
from builder.core.retry import passes, retried, status_of
from builder.publish.atomic import files_of
from builder.publish.card import card_text
from builder.publish.hub.client import Hub
from builder.report.proof.folder import MANIFEST, read_manifest

CARD = "README.md"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to push: where it is, or what it holds."""

    path: str
    """In the repository."""
    source: Path | bytes
    size: int
    """In bytes."""
    sha256: str

    def blob_id(self) -> str:
        """The id that git gives the content: what the Hub states for files outside large-file storage."""
        from huggingface_hub.utils.sha import git_hash

        return git_hash(self.source if isinstance(self.source, bytes) else self.source.read_bytes())


@dataclass(frozen=True, slots=True)
class Contents:
    """A built folder, cut to the configs that are pushed."""

    manifest: Mapping[str, Any]
    card: str
    """The card as the tool writes it."""
    files: tuple[LocalFile, ...]
    """Data, ledgers and pictures; not the card and the manifest."""

    @property
    def licences(self) -> dict[str, str]:
        """The licence of every source, best source first.

        Where all configs went by the sets upstream: of the rows that they hold, as those state it.
        """
        stated = {source["name"]: source["licence"] for source in self.manifest["sources"]}
        bases = [
            (made["licences"], made["licence_basis"])
            for made in self.manifest["configs"].values()
            if "licence_basis" in made
        ]
        if bases != [(PERMISSIVE, BY_UPSTREAM)] * len(self.manifest["configs"]):
            return stated
        counted: dict[str, set[str]] = {name: set() for name in stated}
        for line in (line for stats in self.manifest["statistics"].values() for line in stats["licences"]):
            counted[line["source"]].add(line["upstream"] or line["licence"])
        return {name: " AND ".join(sorted(found)) for name, found in counted.items() if found}

    def all_files(self, card: str) -> tuple[LocalFile, ...]:
        """Everything to push, with this card, by path."""
        manifest = orjson.dumps(self.manifest, option=orjson.OPT_INDENT_2) + b"\n"
        made = (_in_memory(CARD, card.encode()), _in_memory(MANIFEST, manifest))
        return tuple(sorted((*self.files, *made), key=lambda file: file.path))


def read_contents(
    folder: Path, names: Sequence[str], repo: str, evaluations: Sequence[Mapping[str, Any]] = ()
) -> Contents:
    """The files of some configs of a built folder, for a repository.

    The card shows `evaluations`. The manifest that is pushed lists those configs alone, and not the card, which people
    may edit at the Hub.

    Raises:
        OutputError: the folder does not hold the configs, or a file is not as it was built.
    """
    manifest = read_manifest(folder)
    missing = [name for name in names if name not in manifest.get("configs", {})]
    if missing or manifest.get("kind") != "dataset":
        raise OutputError(f"{folder}: holds no built config {', '.join(missing) or 'at all'}; run `build` first")
    pushed = {path for name in names for path in files_of(manifest, name)}
    outputs = {path: recorded for path, recorded in manifest["outputs"].items() if path in pushed}
    cut = {
        **manifest,
        "configs": {name: manifest["configs"][name] for name in sorted(names)},
        "statistics": {name: manifest["statistics"][name] for name in sorted(names)},
        "outputs": outputs,
    }
    files = tuple(_checked(folder, path, recorded) for path, recorded in outputs.items())
    return Contents(cut, card_text(cut, repo, evaluations), files)


def _checked(folder: Path, path: str, recorded: Mapping[str, Any]) -> LocalFile:
    file = folder / path
    if not file.is_file():
        raise OutputError(f"{file}: is missing; run `build` again")
    if sha256_of(file) != recorded["sha256"]:
        raise OutputError(f"{file}: was changed after it was built; run `build` again")
    return LocalFile(path, file, file.stat().st_size, recorded["sha256"])


def _in_memory(path: str, content: bytes) -> LocalFile:
    return LocalFile(path, content, len(content), hashlib.sha256(content).hexdigest())


_BATCH_ROWS = 1024


def read_back(hub: Hub, contents: Contents, commit: str) -> dict[str, dict[str, int]]:
    """Load every config from the Hub at a commit, into a fresh cache. Returns rows by config and split.

    Raises:
        OutputError: a config cannot be loaded, or holds other rows than the local build.
    """
    local = local_digests(contents)
    rows: dict[str, dict[str, int]] = {}
    for done, (name, expected) in enumerate(local.items(), start=1):
        found = _remote_digests(hub, name, commit)
        for split in sorted({*expected, *found}):
            there, here = found.get(split, (0, "")), expected.get(split, (0, ""))
            if there != here:
                what = f"{there[0]:,} rows instead of {here[0]:,}" if there[0] != here[0] else "other content"
                raise OutputError(
                    f"{hub.place} at {commit}: read back, split {split!r} of config {name!r} holds {what}; what is "
                    "there is not the local build. Remove what does not belong to it from the repository (files in "
                    f"data/{name}/, lines of the card that name data), then run the same command again"
                )
        rows[name] = {split: count for split, (count, _) in found.items()}
        hub.events.progress("read back", done, len(local), "configs")
    return rows


def digest_of(batches: Iterable[pa.RecordBatch | pa.Table]) -> tuple[int, str]:
    """Number of rows, and a hash of every column of every row, in order."""
    digest, rows = xxhash.xxh3_128(), 0
    for batch in batches:
        for row in batch.to_pylist():
            digest.update(orjson.dumps(row, option=orjson.OPT_SORT_KEYS))
            digest.update(b"\n")
        rows += batch.num_rows
    return rows, digest.hexdigest()


def local_digests(contents: Contents) -> dict[str, dict[str, tuple[int, str]]]:
    """By config and split, rows and hash of the local Parquet files."""
    shards: dict[str, dict[str, list[Path]]] = {name: {} for name in contents.manifest["configs"]}
    for file in sorted(contents.files, key=lambda file: file.path):
        folder, _, rest = file.path.partition("/")
        if folder == "data" and isinstance(file.source, Path):
            name, _, shard = rest.partition("/")
            shards[name].setdefault(shard.partition("-")[0], []).append(file.source)
    return {
        name: {split: digest_of(_local_batches(paths)) for split, paths in splits.items()}
        for name, splits in shards.items()
    }


def _local_batches(paths: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    for path in paths:
        with pq.ParquetFile(path) as opened:
            yield from opened.iter_batches(_BATCH_ROWS)


def _remote_digests(hub: Hub, name: str, commit: str) -> dict[str, tuple[int, str]]:
    import datasets

    def load(cache: str) -> Any:
        return datasets.load_dataset(hub.repo, name, revision=commit, cache_dir=cache, download_mode="force_redownload")

    with tempfile.TemporaryDirectory(
        prefix="manim-combined-", dir=temporary_folder(), ignore_cleanup_errors=True
    ) as private:
        try:
            with _fresh_cache(private):
                loaded = retried(lambda: load(f"{private}/datasets"), f"{hub.host}: read back {name!r}", hub.events)
        except Exception as error:  # whatever `datasets` met, a person must know that the check did not succeed
            known = passes(error) or status_of(error) is not None
            why = hub.explained(error) if known else f"load_dataset failed with {type(error).__name__}"
            raise OutputError(
                f"{hub.place} at {commit}: config {name!r} was pushed but can't be read back ({why}): run the same "
                "command again, or look at the repository"
            ) from None
        digests = {
            split: digest_of(data.with_format("arrow").iter(batch_size=_BATCH_ROWS)) for split, data in loaded.items()
        }
        del loaded
    return digests


@contextmanager
def _fresh_cache(folder: str) -> Iterator[None]:
    """Downloads go into a folder of their own: a file of the user's cache would prove nothing.

    `load_dataset` takes no folder for them, so the client's default is moved while it runs.
    """
    import datasets
    from huggingface_hub import constants

    shown, before = not datasets.are_progress_bars_disabled(), constants.HF_HUB_CACHE
    datasets.disable_progress_bars()
    constants.HF_HUB_CACHE = f"{folder}/hub"
    try:
        yield
    finally:
        constants.HF_HUB_CACHE = before
        if shown:
            datasets.enable_progress_bars()
