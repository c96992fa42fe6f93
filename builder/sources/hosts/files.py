"""What a download gives, and what all hosts share: which files hold data, by name or by a card, how a failure reads."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from builder.core.errors import OutputError, SourceError
from builder.core.files import DISK_ERRORS
from builder.core.retry import causes, status_of
from builder.sources.spec import SourceSpec

DATA_ENDINGS = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".arrow", ".feather")
"""Endings of the files that can be read, the preferred one first."""

PACKED_ENDINGS = (".gz", ".bz2", ".xz", ".zst")
"""Endings of files that hold one other file, compressed."""

ARCHIVE_ENDINGS = (".zip", *PACKED_ENDINGS)
"""Endings of files that are unpacked, where a place holds no others."""

_SPLIT_WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
SPLIT_NAMES = frozenset(word for words in _SPLIT_WORDS.values() for word in words)
_METADATA = re.compile(
    r"(^|.*[_\-.])(infos?|stats?|statistics|metadata|config|schema|state|dataset_dict|croissant)\.json$"
)
_NAMES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that a source was read from."""

    name: str
    """Its path at the host; its file name if it is local."""
    bytes: int
    sha256: str
    """Of the whole file, in hex; what the host states where only a part was read."""
    verified: bool = True
    """The hash was computed from the whole file, not only stated by the host."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """For a file of which a part was read: SHA-256 of the stored bytes of each column read, by its name."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as its host lists it."""

    name: str
    bytes: int
    sha256: str = ""
    """What the host states; empty if it states none."""
    path: Path | None = None
    """Where a whole local copy is, if there is one already."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A source pinned: its revision, and the data files that it has there."""

    revision: str
    files: tuple[RemoteFile, ...]
    licence: str = ""
    """As its page states it; empty if that is not known."""


def is_safe_name(name: str) -> bool:
    """Whether a file name from outside stays inside the folder that it is put into."""
    parts = re.split(r"[/\\]", name)
    return not any(part in ("", ".", "..") or ":" in part or "\0" in part for part in parts)


def is_data_file(name: str) -> bool:
    """Whether a file's ending is one that can be read, and its name not one of metadata or a hidden or unsafe file."""
    path = PurePosixPath(name.lower())
    hidden = any(part.startswith((".", "__")) for part in path.parts)
    return path.suffix in DATA_ENDINGS and not hidden and is_safe_name(name) and not _METADATA.match(path.name)


def is_archive(name: str) -> bool:
    """Whether a file is one that is unpacked: a zip file, or a data file that is compressed by itself."""
    path = PurePosixPath(name.lower())
    hidden = any(part.startswith((".", "__")) for part in path.parts)
    fits = path.suffix == ".zip" or (path.suffix in PACKED_ENDINGS and is_data_file(path.stem))
    return fits and not hidden and is_safe_name(name)


def choose_files(spec: SourceSpec, names: Iterable[str], place: str) -> list[str]:
    """The data files of the spec's split among a host's file names, all with one ending, sorted.

    Files whose path holds the split as a word; if no path names a split, or the spec asks for none, all.
    Where the same split comes in several endings, those of the most common one: the others repeat it.
    Raises `SourceError` if there is none, with the names that there are.
    """
    listed = sorted(names)
    data = [name for name in listed if is_data_file(name)] or [name for name in listed if is_archive(name)]
    if not data:
        endings = ", ".join(DATA_ENDINGS)
        raise SourceError(
            f"source {spec.name!r}: {place} holds no data file ({endings}); it holds: {shown(listed)}. "
            "Choose another source, or ask its owners"
        )
    named = {split for name in data for split in (*_SPLIT_WORDS, spec.split) if names_split(name, split)}
    if spec.split and named:
        data = [name for name in data if names_split(name, spec.split)]
    if not data:
        raise SourceError(
            f"source {spec.name!r}: {place} has no file of the split {spec.split!r}, only of "
            f"{', '.join(sorted(named))}. Set the source's `split` to one of them, or `file` to one of: "
            f"{shown(listed)}"
        )
    return _most_common_ending(data)


def shown(names: list[str]) -> str:
    """A list of file names, cut to a length that a message can hold."""
    rest = len(names) - _NAMES_SHOWN
    return (", ".join(names[:_NAMES_SHOWN]) or "nothing") + (f" and {rest} more" if rest > 0 else "")


def network_reason(error: BaseException) -> str:
    """Why no answer came, in the system's words: a client's own may quote a header, and a token with it."""
    system = [link for link in causes(error) if isinstance(link, OSError) and link.strerror]
    return str(system[-1].strerror) if system else type(error).__name__


def disk_problem(error: BaseException) -> str:
    """What the disk refused, with the path if it is known; empty if the disk is not at fault."""
    for link in causes(error):
        if isinstance(link, OSError) and link.strerror and (link.filename or link.errno in DISK_ERRORS):
            return f"{link.strerror}: {link.filename}" if link.filename else str(link.strerror)
    return ""


def failure_of(error: BaseException) -> type[SourceError | OutputError]:
    """What a failed call is raised as: a full or locked disk is no fault of the source, which must not be skipped."""
    return OutputError if status_of(error) is None and disk_problem(error) else SourceError


def silent_bar(progress: Callable[[int], None]) -> type:
    """A progress bar for a client that draws nothing and passes on how many bytes came."""
    from tqdm.auto import tqdm

    class Bar(tqdm):  # type: ignore[misc,type-arg,unused-ignore]
        def __init__(self, *values: Any, **named: Any) -> None:
            named.pop("name", None)
            super().__init__(*values, **{**named, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            progress(int(n or 0))
            return None

        def update_transfer(self, n: float | None = 1) -> None:
            """Xet tells of bytes twice, as sent and as put together; only these count."""

        def set_transfer_postfix_str(self, *values: Any, **named: Any) -> None:
            """Comes with `update_transfer`."""

    return Bar


def names_split(name: str, split: str) -> bool:
    """Whether a path holds a split as a whole word."""
    words = "|".join(map(re.escape, _SPLIT_WORDS.get(split, (split,))))
    return bool(split) and re.search(rf"(?<![a-z])({words})(?![a-z])", name, re.IGNORECASE) is not None


def _most_common_ending(names: list[str]) -> list[str]:
    endings = Counter(PurePosixPath(name).suffix.lower() for name in names)
    best = max((*DATA_ENDINGS, *ARCHIVE_ENDINGS), key=lambda ending: endings[ending])  # of equals the preferred one
    return [name for name in names if name.lower().endswith(best)]


_GLOB_PARTS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+ -]{0,60}", re.ASCII)


def read_card(path: Path) -> Mapping[str, Any]:
    """The head of a card; empty where it has none."""
    from huggingface_hub import metadata_load

    try:
        return metadata_load(path) or {}
    except Exception:  # a card's YAML is its authors'; whatever is wrong with it, the file names remain
        return {}


def card_licence(card: Mapping[str, Any]) -> str:
    """The licence that a card's head states, in lower case; several joined by ` AND `; empty if it states none."""
    stated = card.get("license")
    names = stated if isinstance(stated, list) else [stated]
    names = [card.get("license_name") if name == "other" else name for name in names]
    found = sorted({name.strip().lower() for name in names if isinstance(name, str)})
    return " AND ".join(found) if found and all(_LICENCE.fullmatch(name) for name in found) else ""


def card_splits(card: Mapping[str, Any]) -> dict[str, list[str]]:
    """Each split's file patterns in the card's default config; empty if there are none, or none so plain."""
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
