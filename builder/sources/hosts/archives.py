"""Zip files and compressed files from outside, unpacked so that nothing is written outside the folder that is given."""

import bz2
import gzip
import lzma
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyarrow as pa

from builder.core.errors import SourceError
from builder.sources.hosts.files import is_archive, is_data_file

MAX_UNPACKED_BYTES = 8 << 30
"""An archive that unpacks to more is refused: a small file can hold a disk full of zeros."""
_CHUNK_BYTES = 1 << 20
_DAMAGED = (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError, ValueError)
_OPENERS: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": lambda path: pa.CompressedInputStream(path.open("rb"), "zstd"),
}


def unpack(archive: Path, folder: Path, ending: str = "") -> list[str]:
    """Write the data files of an archive into a folder; returns their names there, sorted.

    Members with names that lead elsewhere, links, and files that are no data are left out. `ending` says how the
    file is packed, if its name does not.

    Raises:
        SourceError: it is no archive, is damaged, protected by a password, or too large.
    """
    try:
        ending = ending or archive.suffix.lower()
        if ending in _OPENERS:
            name = archive.stem if archive.suffix.lower() == ending else archive.name
            with _OPENERS[ending](archive) as opened:
                _write(opened, folder / name, MAX_UNPACKED_BYTES)
            return [name]
        return _unzip(archive, folder)
    except _DAMAGED as error:
        raise SourceError(f"{archive.name}: cannot be unpacked: {error}") from error
    except OSError as error:
        raise SourceError(f"{archive.name}: cannot be unpacked: {error.strerror or error}") from error


def _unzip(archive: Path, folder: Path) -> list[str]:
    names = []
    left = MAX_UNPACKED_BYTES
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            name = member.filename
            if (
                member.is_dir()
                or stat.S_ISLNK(member.external_attr >> 16)
                or not is_data_file(name)
                or is_archive(name)
            ):
                continue
            target = folder / PurePosixPath(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            with opened.open(member) as content:
                left -= _write(content, target, left)
            names.append(name)
    return sorted(set(names))


def _write(content: IO[bytes], target: Path, limit: int) -> int:
    """Copy up to `limit` bytes; returns how many there were."""
    count = 0
    with target.open("wb") as written:
        while chunk := content.read(_CHUNK_BYTES):
            count += len(chunk)
            if count > limit:
                raise ValueError(f"it holds more than {MAX_UNPACKED_BYTES:,} bytes")
            written.write(chunk)
    return count


def remove_folder(folder: str) -> None:
    """Remove a folder of unpacked files, if it is still there."""
    shutil.rmtree(folder, ignore_errors=True)
