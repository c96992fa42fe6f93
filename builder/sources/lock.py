"""The lock file: what each remote source resolved to, in TOML, so that the next build reads the same.

A source may stand in it more than once: at its own place, and at a mirror's. Local files are not locked.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from builder.core.errors import SourceError
from builder.core.files import short_hash, temporary_folder, written_aside
from builder.sources.hosts.files import SourceFile
from builder.sources.spec import SourceSpec

EVERY_SOURCE = "*"
"""Stands for all sources in the setting `update_lock`."""
_VERSION = 1
_HEAD = """\
# What every remote source resolved to. Written by a build and kept to by the next one: commit it.
# To move on to what the sources hold now: --update-lock [NAME ...]
"""


@dataclass(frozen=True, slots=True)
class Pin:
    """One source at one place, as locked."""

    name: str
    kind: str
    location: str
    asked: str
    """What the source asks for at that place: revision, file and split; a pin of other wishes does not count."""
    revision: str
    """Hub commit or Kaggle version."""
    rows: int
    files: tuple[SourceFile, ...]


Lock = dict[tuple[str, str, str], Pin]


def asked(spec: SourceSpec) -> str:
    """A source's wishes, as a pin records them."""
    wishes = {"revision": spec.revision, "file": spec.file, "split": spec.split}
    return " ".join(f"{key}={value}" for key, value in wishes.items() if value)


def place_of(spec: SourceSpec | Pin) -> tuple[str, str, str]:
    """What a source's pin is looked up by."""
    return spec.name, spec.kind, spec.location


def read_lock(path: Path) -> Lock:
    """The pins of a lock file; none if there is no such file.

    Raises:
        SourceError: it cannot be read, or is no lock file.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SourceError(f"{path}: not a lock file ({error}); restore it, or delete it to lock anew") from error
    try:
        if content["version"] != _VERSION:
            raise SourceError(f"{path}: its version {content['version']!r} is not known here; update this program")
        pins = [_pin(table) for table in content.get("source", [])]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(f"{path}: not a lock file ({error}); restore it, or delete it to lock anew") from error
    return {place_of(pin): pin for pin in pins}


def write_pins(path: Path, pins: Iterable[Pin]) -> None:
    """Put pins into a lock file, beside those of other sources; an unchanged file is not touched.

    Raises:
        OutputError: it cannot be written.
    """
    guard = temporary_folder() / f"manim-combined-{short_hash([str(path.resolve())])}.lock"
    with FileLock(guard):
        old = read_lock(path)
        new = {**old, **{place_of(pin): pin for pin in pins}}
        if new == old:
            return
        text = _HEAD + f"version = {_VERSION}\n" + "".join(_shown(new[place]) for place in sorted(new))
        with written_aside(path, "--lock-file") as aside:
            aside.write_text(text, encoding="utf-8", newline="\n")


def check_pin(pin: Pin, files: Iterable[SourceFile], path: Path) -> None:
    """Compare what was found with what is locked.

    Raises:
        SourceError: other files, or a file with another hash; the text names both hashes.
    """
    locked = {file.name: file for file in pin.files}
    found = {file.name: file for file in files}
    mend = f"If you trust what is there now: --update-lock {pin.name}"
    if set(locked) != set(found):
        names = ", ".join(sorted(set(locked) ^ set(found)))
        raise SourceError(f"source {pin.name!r}: {path} locks other files than {pin.location} has: {names}. {mend}")
    for name, file in found.items():
        before = locked[name]
        pairs = {"": (before.sha256, file.sha256)} if file.sha256 else {}
        pairs |= {
            column: (before.columns[column], file.columns[column])
            for column in before.columns
            if column in file.columns
        }
        for column, (old, new) in pairs.items():
            if old != new:
                part = f"column {column!r} of {name}" if column else name
                raise SourceError(
                    f"source {pin.name!r}: {path} locks {part} with the SHA-256 {old}, but {pin.location} at "
                    f"{pin.revision} has {new}. {mend}"
                )


def merged(pin: Pin, found: Pin) -> Pin:
    """A pin with what a later reading of the same files adds: more columns, hashes that were verified since."""
    before = {file.name: file for file in pin.files}
    files = tuple(
        replace(
            file,
            columns={**before[file.name].columns, **file.columns},
            verified=file.verified or before[file.name].verified,
        )
        for file in found.files
    )
    return replace(found, files=files)


def _pin(table: Mapping[str, Any]) -> Pin:
    files = tuple(SourceFile(**{**file, "columns": dict(file.get("columns", {}))}) for file in table["file"])
    return Pin(**{key: value for key, value in table.items() if key != "file"}, files=files)


def _shown(pin: Pin) -> str:
    lines = ["", "[[source]]"]
    lines += [f"{key} = {_text(getattr(pin, key))}" for key in ("name", "kind", "location", "asked", "revision")]
    lines.append(f"rows = {pin.rows}")
    for file in pin.files:
        lines += ["", "[[source.file]]", f"name = {_text(file.name)}", f"bytes = {file.bytes}"]
        lines += [f"sha256 = {_text(file.sha256)}", f"verified = {str(file.verified).lower()}"]
        if file.columns:
            lines.append("[source.file.columns]")
            lines += [f"{_text(name)} = {_text(digest)}" for name, digest in sorted(file.columns.items())]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
