"""Zip and gzip files from outside, unpacked so that nothing is written outside the folder that is given."""

import gzip
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from builder.core.errors import SourceError
from builder.sources.hosts.files import is_archive, is_data_file

MAX_UNPACKED_BYTES = 8 << 30
"""An archive that unpacks to more is refused: a small file can hold a disk full of zeros."""
_CHUNK_BYTES = 1 << 20


def unpack(archive: Path, folder: Path) -> list[str]:
    """Write the data files of an archive into a folder; returns their names there, sorted.

    Members with names that lead elsewhere, links, and files that are no data are left out.

    Raises:
        SourceError: it is no archive, is damaged, protected by a password, or too large.
    """
    try:
        if archive.suffix.lower() == ".gz":
            name = archive.stem
            with gzip.open(archive) as opened:
                _write(opened, folder / name, MAX_UNPACKED_BYTES)
            return [name]
        return _unzip(archive, folder)
    except (zipfile.BadZipFile, EOFError, zlib.error, RuntimeError, NotImplementedError, ValueError) as error:
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


def _write(content: IO[bytes] | gzip.GzipFile, target: Path, limit: int) -> int:
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
