"""What was read of a source, kept in the cache: small Parquet, and beside it a record with its hash."""

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from builder.core.errors import OutputError
from builder.core.events import Events
from builder.core.files import cannot_write, sha256_of, written_aside
from builder.sources.columns.names import Fields
from builder.sources.hosts.files import SourceFile


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a source that was read."""

    revision: str
    rows: int
    columns: tuple[str, ...]
    fields: Fields
    files: tuple[SourceFile, ...]
    warnings: tuple[str, ...]
    """What its first reading had to say; said again whenever it is used."""
    licence: str = ""
    """As its page states it; empty if that is not known."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """No other build reads the same source into the cache while the block lasts.

    A cache that cannot be written and holds the source needs no such care.

    Raises:
        OutputError: the cache cannot be written, and does not hold it.
    """
    lock: AbstractContextManager[object] = nullcontext()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_suffix(".lock")).acquire()
    except OSError as error:
        if not path.is_file():
            raise OutputError(cannot_write(path.parent, error, "--cache-dir")) from error
    with lock:
        yield


def keep(path: Path, kept: Kept) -> None:
    """Record what was read into `path`, which is then whole.

    Raises:
        OutputError: the cache cannot be written.
    """
    content = {"sha256": sha256_of(path), **asdict(kept)}
    with written_aside(_record(path)) as aside:
        aside.write_text(json.dumps(content), encoding="utf-8")


def find_kept(path: Path, name: str, events: Events) -> Kept | None:
    """What was read into `path`, or nothing; a file that is not as it was recorded is said and not used."""
    try:
        content = json.loads(_record(path).read_bytes())
        found = _kept(content)
        same = sha256_of(path) == content["sha256"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        same = False
    if not same:
        events.warn(f"{name}: {path} was cut short or changed; it is made anew")
        return None
    return found


def _kept(content: Mapping[str, Any]) -> Kept:
    return Kept(
        content["revision"],
        content["rows"],
        tuple(content["columns"]),
        Fields(**content["fields"]),
        tuple(SourceFile(**file) for file in content["files"]),
        tuple(content["warnings"]),
        content["licence"],
    )


def _record(path: Path) -> Path:
    return path.with_suffix(".json")
