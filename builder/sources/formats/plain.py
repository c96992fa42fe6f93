"""Files as they are packed and encoded: unpacked by their first bytes, and text brought to UTF-8, in a scratch folder.

A name may lie: a file is unpacked, and its encoding found, by what it holds. Nothing is written outside the folder that
is given.
"""

import bz2
import codecs
import gzip
import lzma
import re
import shutil
import stat
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any

import charset_normalizer
import pyarrow as pa

from builder.core.errors import OutputError, SourceError
from builder.core.files import cannot_write, temporary_folder
from builder.sources.hosts.files import is_archive, is_data_file

MAX_LAYERS = 3
"""A file that is packed in another, and that in another, is unpacked so often."""
ENCODINGS = ("cp1252 cp1251 cp932 gb18030 cp949 big5 euc_jp cp1250 koi8_r cp1253 cp1254 cp1255 cp1256").split()
"""Encodings that are looked for, those that are met most first."""
_SAMPLE_BYTES = 1 << 18
"""So many bytes of lines that are not ASCII show the encoding."""
_CHUNK = 1 << 20
_PACKED = {
    b"\x1f\x8b": ".gz",
    b"BZh": ".bz2",
    b"\xfd7zXZ\x00": ".xz",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"PK\x03\x04": ".zip",
}
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


class Scratch:
    """A folder for what is unpacked, made when it is first needed and removed with this object."""

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent
        self._count = 0
        self._folder: Path | None = None

    def new_folder(self) -> Path:
        """An empty folder.

        Raises:
            OutputError: it cannot be made.
        """
        parent = self._parent or temporary_folder()
        try:
            if self._folder is None:
                parent.mkdir(parents=True, exist_ok=True)
                self._folder = Path(tempfile.mkdtemp(prefix="unpacked-", dir=parent))
                weakref.finalize(self, shutil.rmtree, str(self._folder), ignore_errors=True)
            self._count += 1
            folder = self._folder / str(self._count)
            folder.mkdir()
        except OSError as error:
            raise OutputError(cannot_write(parent, error, "--cache-dir")) from error
        return folder


def packed_as(file: Path) -> str:
    """The ending that says how a file is packed, by its first bytes; empty if it is not."""
    with file.open("rb") as opened:
        head = opened.read(8)
    return next((ending for start, ending in _PACKED.items() if head.startswith(start)), "")


def unpacked(file: Path, scratch: Scratch) -> Path:
    """The file that a packed one holds, or a folder with the files of an archive; itself, if it is neither.

    Raises:
        SourceError: it is damaged, protected by a password, or too large.
        OutputError: it cannot be written.
    """
    for _ in range(MAX_LAYERS):
        ending = packed_as(file)
        if not ending:
            break
        folder = scratch.new_folder()
        names = unpack(file, folder, ending)
        if ending == ".zip":
            return folder
        file = folder / names[0]
    return file


def as_utf8(file: Path, scratch: Scratch) -> tuple[Path, str]:
    """A text file, or a copy of it in UTF-8, and the encoding that it was read as; empty for UTF-8.

    Bytes that do not fit the encoding stay what they are: a problem of their row.

    Raises:
        OutputError: the copy cannot be written.
    """
    encoding = encoding_of(file)
    if not encoding:
        return file, ""
    target = scratch.new_folder() / file.name
    with file.open(encoding=encoding, errors="surrogateescape", newline="") as text:
        try:
            with target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as copy:
                shutil.copyfileobj(text, copy, _CHUNK)
        except OSError as error:
            raise OutputError(cannot_write(target.parent, error, "--cache-dir")) from error
    return target, encoding


def encoding_of(file: Path) -> str:
    """The encoding of a text file, empty if it is UTF-8.

    By its byte order mark; by zeros at every other place; else, if it is not UTF-8 and most of it is not, by what
    `charset_normalizer` makes of the lines that are not ASCII.
    """
    with file.open("rb") as opened:
        head = opened.read(64)
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    if len(head) > 3 and head.strip(b"\0"):
        if not any(head[1::2]):
            return "utf-16-le"
        if not any(head[::2]):
            return "utf-16-be"
    if _is_utf8(file):
        return ""
    sample = b"".join(_lines_beyond_ascii(file))
    beyond = len(_BEYOND_ASCII.findall(sample))
    if 2 * sum(map(len, _UTF8.findall(sample))) >= beyond:
        return ""
    found = list(charset_normalizer.from_bytes(sample, cp_isolation=ENCODINGS))
    if not found:
        return ""
    best = min(found, key=lambda match: (match.chaos, -match.coherence, _rank(match)))
    return ENCODINGS[_rank(best)]


def _rank(match: charset_normalizer.CharsetMatch) -> int:
    """The place of a match in `ENCODINGS`; several encodings may give the same text."""
    return min(ENCODINGS.index(name) for name in match.could_be_from_charset if name in ENCODINGS)


def _is_utf8(file: Path) -> bool:
    with suppress(UnicodeDecodeError), file.open(encoding="utf-8", newline="") as opened:
        while opened.read(_CHUNK):
            pass
        return True
    return False


def _lines_beyond_ascii(file: Path) -> Iterator[bytes]:
    left = _SAMPLE_BYTES
    with file.open("rb") as opened:
        while left > 0 and (line := opened.readline(_CHUNK)):
            if not line.isascii():
                yield line[:left]
                left -= len(line)


MAX_UNPACKED_BYTES = 8 << 30
"""An archive that unpacks to more is refused: a small file can hold a disk full of zeros."""
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
                _copy(opened, folder / name, MAX_UNPACKED_BYTES)
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
                left -= _copy(content, target, left)
            names.append(name)
    return sorted(set(names))


def _copy(content: IO[bytes], target: Path, limit: int) -> int:
    """Copy up to `limit` bytes; returns how many there were."""
    count = 0
    with target.open("wb") as written:
        while chunk := content.read(_CHUNK):
            count += len(chunk)
            if count > limit:
                raise ValueError(f"it holds more than {MAX_UNPACKED_BYTES:,} bytes")
            written.write(chunk)
    return count
