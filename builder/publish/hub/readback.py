"""Reads a pushed commit back, as its users will, and compares it with the local build."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from builder.core.errors import OutputError
from builder.core.files import temporary_folder
from builder.core.retry import passes, retried, status_of
from builder.publish.hub.client import Hub
from builder.publish.hub.contents import Contents

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
