"""Finished files take the place of an earlier build's, all of them, the manifest last.

Files are written into a staging folder inside the output folder. When all are there, a list of them makes the
staging complete, and they are renamed into place one by one. A build that fails before that point leaves the
output as it was; one that is killed after it is finished by the next build, or by whoever opens the folder
through this module.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from builder.core.errors import BuilderError, OutputError
from builder.core.files import cannot_write, disk_error, sha256_of, short_hash
from builder.report.proof.folder import MANIFEST, read_manifest

_STAGING = ".manim-combined-staging"
_COMPLETE = "COMPLETE.json"
_LOCK_SECONDS = 1.0


@contextmanager
def publishing(folder: Path, kind: str) -> Iterator[Path]:
    """A private folder for new files; they go into `folder` if the block ends well, and nowhere otherwise.

    The block writes `manifest.json` too, whose `kind` is the one given, and whose `outputs` names every file that
    the build wrote. Files that an earlier manifest names and the new one does not are removed, unless a person
    changed them; no other file is ever removed or replaced.

    Raises:
        OutputError: the folder cannot be written, holds a file of a person's own where one is to be written,
            holds outputs of another kind, or another build is writing into it.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder}: is a file; name a folder with --output-dir")
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(_lock_file(folder), timeout=_LOCK_SECONDS)
        lock.acquire()
    except Timeout as error:
        raise OutputError(f"{folder}: another build is writing into it; wait for it, or use another folder") from error
    except OSError as error:
        raise OutputError(cannot_write(folder, error, "--output-dir")) from error
    try:
        staging: Path | None = None
        try:
            finish_interrupted(folder)
            _check_kind(folder, kind)
            staging = Path(tempfile.mkdtemp(prefix=f"{_STAGING}-", dir=folder))
            yield staging
            _publish(staging, folder)
        except BuilderError:
            raise
        except Exception as error:
            if problem := disk_error(error):
                raise OutputError(cannot_write(folder, problem, "--output-dir")) from error
            raise
        finally:
            if staging and not (staging / _COMPLETE).exists():
                shutil.rmtree(staging, ignore_errors=True)
    finally:
        lock.release()


def files_of(manifest: Mapping[str, Any], config: str) -> list[str]:
    """Files of a config in a built folder: data, ledger, picture, and the verdicts on its programs if it has any."""
    own = (
        f"ledger/{config}.parquet",
        f"funnel/{config}.svg",
        *(("verdicts.parquet",) if manifest["configs"][config].get("verify") else ()),
    )
    return [name for name in manifest["outputs"] if name.startswith(f"data/{config}/") or name in own]


def _check_kind(folder: Path, kind: str) -> None:
    found = read_manifest(folder).get("kind", kind)
    if found != kind:
        raise OutputError(f"{folder}: holds the outputs of `{found}`; name another folder with --output-dir")


def outputs_of(staging: Path) -> dict[str, dict[str, Any]]:
    """SHA-256 and size of every file below a folder, by its path from there; the manifest itself left out."""
    names = sorted(path.relative_to(staging).as_posix() for path in staging.rglob("*") if path.is_file())
    return {
        name: {"sha256": sha256_of(staging / name), "bytes": (staging / name).stat().st_size}
        for name in names
        if name != MANIFEST
    }


def finish_interrupted(folder: Path) -> None:
    """Carry out what a killed build had completed, and clear away what it had not."""
    for staging in sorted(folder.glob(f"{_STAGING}-*")):
        if (staging / _COMPLETE).exists():
            _move(staging, folder)
        shutil.rmtree(staging, ignore_errors=True)


def _lock_file(folder: Path) -> Path:
    """A lock for a folder that leaves nothing in it."""
    user = os.getuid() if hasattr(os, "getuid") else ""
    return Path(tempfile.gettempdir()) / f"manim-combined-{user}-{short_hash([str(folder.resolve())])}.lock"


def _publish(staging: Path, folder: Path) -> None:
    new = _names(staging)
    manifest = read_manifest(folder)
    old = manifest.get("outputs", {})
    for name in new:
        mine = name in old or (name == MANIFEST and manifest)
        _check_free(folder, name, bool(mine))
    stale = [name for name in old if name not in new and _unchanged(folder, name, old[name])]
    listed = {"files": [name for name in new if name != MANIFEST] + [MANIFEST], "stale": stale}
    for name in new:
        _sync(staging / name)
    aside = staging / f"{_COMPLETE}.part"
    aside.write_text(json.dumps(listed), encoding="utf-8")
    _sync(aside)
    aside.rename(staging / _COMPLETE)
    _move(staging, folder)
    shutil.rmtree(staging)


def _check_free(folder: Path, name: str, mine: bool) -> None:
    """Nothing that no build wrote may stand where a file goes, or where its folder goes."""
    target = folder / name
    blocking = [parent for parent in target.parents if parent.is_relative_to(folder) and parent.is_file()]
    if target.is_dir() or (target.exists() and not mine):
        blocking.append(target)
    if blocking:
        raise OutputError(f"{blocking[0]}: exists, and no build wrote it; move it away or use another --output-dir")


def _move(staging: Path, folder: Path) -> None:
    listed = json.loads((staging / _COMPLETE).read_text(encoding="utf-8"))
    for name in listed["files"]:
        if (staging / name).exists():  # else it was moved before the build was killed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (staging / name).replace(folder / name)
    for name in listed["stale"]:
        (folder / name).unlink(missing_ok=True)
        with suppress(OSError):
            (folder / name).parent.rmdir()  # only if empty


def _names(staging: Path) -> list[str]:
    return sorted(path.relative_to(staging).as_posix() for path in staging.rglob("*") if path.is_file())


def _unchanged(folder: Path, name: str, recorded: object) -> bool:
    """Whether a file is still as a manifest says; a name that leads out of the folder is never followed."""
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or not isinstance(recorded, dict):
        return False
    return (folder / name).is_file() and recorded.get("sha256") == sha256_of(folder / name)


def _sync(path: Path) -> None:
    with path.open("rb") as opened:
        os.fsync(opened.fileno())
