"""Files written aside and renamed, hashes of files, and what a disk's refusal means."""

import errno
import hashlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import orjson

from builder.core.errors import BuilderError, OutputError

_ABANDONED_SECONDS = 24 * 60 * 60
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
DISK_ERRORS = _FULL | {errno.EROFS, errno.EIO}
"""Errors that mean the disk, whatever library passes them on."""
_OS_ERROR = re.compile(r"\(os error (\d+)\)")


@contextmanager
def written_aside(path: Path, flag: str = "--cache-dir") -> Iterator[Path]:
    """A temporary path beside `path`, renamed to it if the block ends well, removed otherwise.

    Args:
        path: the file to write.
        flag: what a person can choose another place with.

    Raises:
        OutputError: the folder cannot be made or written, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(path)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise OutputError(cannot_write(path, error, flag)) from error
    aside = Path(name)
    try:
        yield aside
        aside.chmod(0o644)
        aside.replace(path)
    except BuilderError:
        raise
    except Exception as error:
        if problem := disk_error(error):
            raise OutputError(cannot_write(path, problem, flag)) from error
        raise
    finally:
        aside.unlink(missing_ok=True)


def _clear_abandoned(path: Path) -> None:
    """Remove what killed builds wrote of this file; what a build under way writes is younger."""
    for aside in path.parent.glob(".*.part"):
        with suppress(OSError):
            if aside.name.startswith(f".{path.name}.") and time.time() - aside.stat().st_mtime > _ABANDONED_SECONDS:
                aside.unlink()


def disk_error(error: BaseException) -> OSError | None:
    """What the system refused, if that is why an exception was raised; libraries wrap it, or put it into words."""
    if isinstance(error, OSError) and error.errno:
        return error
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, OSError) and link.errno in DISK_ERRORS:
            return link
        found = _OS_ERROR.search(str(link))  # as Polars tells it
        if found and int(found[1]) in DISK_ERRORS:
            return OSError(int(found[1]), os.strerror(int(found[1])))
        link = link.__cause__ or link.__context__
    return None


def cannot_write(path: Path, error: OSError, flag: str) -> str:
    """A message for a person: what, where and what to do."""
    other = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else path
    ours = other.is_relative_to(path) or path.is_relative_to(other) or other.parent == path.parent
    where, flag = (path, flag) if ours else (other, "the variable TMPDIR")
    advice = "free some space" if error.errno in _FULL else "make it writable"
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{where}: cannot be written: {reason}; {advice}, or choose another place with {flag}"


def temporary_folder() -> Path:
    """The system's folder for temporary files.

    Raises:
        OutputError: there is none that can be written.
    """
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:
        raise OutputError(
            f"no usable folder for temporary files ({error.strerror}): free some space there, or set the variable "
            "TMPDIR to a folder that can be written"
        ) from error


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def short_hash(parts: Iterable[str]) -> str:
    """24 hex digits for a list of texts, used in names of cache files."""
    digest = hashlib.blake2b(digest_size=12)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass"))
        digest.update(b"\x00")
    return digest.hexdigest()


def code_hash(*files: Path) -> str:
    """A hash of source files of this project and the data beside them, so that no cache outlives what filled it."""
    texts = (file.read_text(encoding="utf-8") if file.suffix == ".py" else sha256_of(file) for file in sorted(files))
    return short_hash(texts)


@lru_cache(maxsize=1)
def version_of_builder() -> str:
    """A hash of all of this package, of Python's version and of the libraries that compare and draw."""
    package = Path(__file__).parents[1]
    kinds = (".py", ".gz", ".js", ".css", ".jinja", ".json")
    files = (file for file in package.rglob("*") if file.suffix in kinds)
    return short_hash([sys.version, *map(installed_version, _LIBRARIES), *(sha256_of(file) for file in sorted(files))])


_LIBRARIES = ("jinja2", "lemminflect", "numpy", "orjson", "polars", "pyarrow", "rapidfuzz", "scipy")


def installed_version(library: str) -> str:
    """The release of a library; empty if it is not installed."""
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


_MOST_KEPT = 16
"""Results of one kind that are kept, the newest."""


def kept_result(folder: Path, inputs: Iterable[str], make: Callable[[], bytes]) -> bytes:
    """What `make` gives, or gave before for the same inputs with the same code.

    Args:
        folder: where results of this kind are kept, the newest ones.
        inputs: all that the result depends on: hashes of files, settings.
        make: works the result out.

    Raises:
        OutputError: the result cannot be kept.
    """
    path = folder / short_hash([version_of_builder(), *inputs])
    with suppress(OSError):
        recorded, _, result = path.read_bytes().partition(b"\n")
        if hashlib.sha256(result).hexdigest().encode() == recorded:
            os.utime(path)
            return result
    result = make()
    with written_aside(path) as aside:
        aside.write_bytes(hashlib.sha256(result).hexdigest().encode() + b"\n" + result)
    with suppress(OSError):  # another build may clear away the same files
        for old in sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)[:-_MOST_KEPT]:
            old.unlink()
    return result


def write_json(value: object, path: Path) -> None:
    """Write one readable JSON document."""
    path.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
