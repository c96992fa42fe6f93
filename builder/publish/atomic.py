"""Finished files take the place of an earlier build's in one step, or behind a mark that says they are not whole yet.

Files are written into a work folder inside the output folder. Where the system can (`renameat2` of Linux), the output
folder is then exchanged whole for one that holds the new files and hard links to a person's own: what is there is the
earlier build or the new one at every moment. Elsewhere the file `UNFINISHED` marks the folder, all files of the earlier
build go, and the new ones come, the manifest last: what is there is never of two builds, and `read_manifest` and the
trainers' scripts refuse it. That way is also taken for a mount point, a folder that a process works in (it would be
left in a removed one), and a disk without hard links. Who was killed meanwhile is finished by the next build.
"""

import ctypes
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from builder.core.errors import BuilderError, OutputError
from builder.core.files import cannot_write, disk_error, sha256_of, short_hash, temporary_folder
from builder.report.proof.folder import MANIFEST, UNFINISHED, is_inside, read_manifest, recorded

_WORK = ".manim-combined-staging-"
_NEW = "new"
"""What the work folder holds: the new files, and once they are whole, `_COMPLETE`."""
_COMPLETE = "COMPLETE.json"
_LOCK_SECONDS = 1.0
_UNFINISHED_TEXT = (
    "A build was stopped while it put its files here, so this folder holds no whole data set.\n"
    "Run a build or export into this folder again: it finishes this one first.\n"
)
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


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
    folder = folder.resolve()
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
        work: Path | None = None
        try:
            finish_interrupted(folder)
            _check_kind(folder, kind)
            work = Path(tempfile.mkdtemp(prefix=_WORK, dir=folder))
            (work / _NEW).mkdir()
            yield work / _NEW
            _publish(work, folder)
        except BuilderError:
            raise
        except Exception as error:
            if problem := disk_error(error):
                raise OutputError(cannot_write(folder, problem, "--output-dir")) from error
            raise
        finally:
            for place in (work, work and _beside(work, folder)):
                if place and not (place / _COMPLETE).exists():
                    shutil.rmtree(place, ignore_errors=True)
    finally:
        lock.release()


def files_of(manifest: Mapping[str, Any], config: str) -> list[str]:
    """Files of a config in a built folder: data, ledger, picture, and the verdicts on its programs if it has any."""
    own = (
        f"ledger/{config}.parquet",
        f"funnel/{config}.svg",
        *(("verdicts.parquet",) if manifest["configs"][config].get("verify") else ()),
    )
    folders = (f"data/{config}/", f"funnel/{config}-frame-")
    return [name for name in manifest["outputs"] if name.startswith(folders) or name in own]


def _check_kind(folder: Path, kind: str) -> None:
    found = read_manifest(folder).get("kind", kind)
    if found != kind:
        raise OutputError(f"{folder}: holds the outputs of `{found}`; name another folder with --output-dir")


def outputs_of(staging: Path) -> dict[str, dict[str, Any]]:
    """SHA-256 and size of every file below a folder, by its path from there; the manifest itself left out."""
    return {name: recorded(staging / name) for name in _names(staging) if name != MANIFEST}


def finish_interrupted(folder: Path) -> None:
    """Carry out what a killed build had completed, and clear away what it had not."""
    places = [*folder.glob(f"{_WORK}*"), *folder.parent.glob(f".{folder.name}{_WORK}*")]
    for work in sorted(places):
        if (work / _COMPLETE).exists():
            _carry_out(work, folder)
        shutil.rmtree(work, ignore_errors=True)
    (folder / UNFINISHED).unlink(missing_ok=True)


def _lock_file(folder: Path) -> Path:
    """A lock for a folder that leaves nothing in it."""
    user = os.getuid() if hasattr(os, "getuid") else ""
    return temporary_folder() / f"manim-combined-{user}-{short_hash([str(folder)])}.lock"


def _beside(work: Path, folder: Path) -> Path:
    """Where a work folder stands while its content is exchanged with the output folder."""
    return folder.parent / f".{folder.name}{work.name}"


def _publish(work: Path, folder: Path) -> None:
    new = _names(work / _NEW)
    manifest = read_manifest(folder)
    old = manifest.get("outputs", {})
    for name in new:
        mine = name in old or (name == MANIFEST and manifest)
        _check_free(folder, name, bool(mine))
    stale = [name for name in old if name not in new and _unchanged(folder, name, old[name])]
    for name in new:
        _sync(work / _NEW / name)
    listed = {"files": [name for name in new if name != MANIFEST] + [MANIFEST], "stale": stale}
    work = _exchanged(work, folder, {*new, *stale}) or _listed(_returned(work, folder), listed)
    _carry_out(work, folder)
    shutil.rmtree(work)


def _listed(work: Path, content: Mapping[str, Any]) -> Path:
    """Say that the new files are whole, and what is to be done with them; from here on it will be done."""
    aside = work / f"{_COMPLETE}.part"
    aside.write_text(json.dumps(content), encoding="utf-8")
    _sync(aside)
    aside.rename(work / _COMPLETE)
    return work


def _exchanged(work: Path, folder: Path, ours: Set[str]) -> Path | None:
    """Exchange the folder whole for the new files and a person's own, and say where the earlier one is now.

    `None` where that cannot be done; then nothing has changed.
    """
    if _someone_works_in(folder):
        return None
    try:
        work = work.rename(_beside(work, folder))
        new, owner = work / _NEW, folder.stat()
        _link_others(folder, new, ours)
        shutil.copystat(folder, new)
        if (owner.st_uid, owner.st_gid) != (new.stat().st_uid, new.stat().st_gid):
            os.chown(new, owner.st_uid, owner.st_gid)
        _listed(work, {"exchanged_for": new.stat().st_ino, "ours": sorted(ours)})
        return work if exchange(new, folder) else None
    except OSError:
        return None


def _returned(work: Path, folder: Path) -> Path:
    """The work folder where it was made, without what an exchange that cannot be done had put there."""
    beside = _beside(work, folder)
    if beside.exists():
        (beside / _COMPLETE).unlink(missing_ok=True)
        beside.rename(work)
    return work


def _carry_out(work: Path, folder: Path) -> None:
    """Do what is listed, or the rest of it."""
    listed = json.loads((work / _COMPLETE).read_text(encoding="utf-8"))
    if "files" in listed:
        _move(work / _NEW, folder, listed["files"], listed["stale"])
    elif listed["exchanged_for"] == folder.stat().st_ino:  # else it was killed before the exchange
        _link_others(work / _NEW, folder, set(listed["ours"]), replace=True)


def _move(new: Path, folder: Path, files: list[str], stale: list[str]) -> None:
    """Mark the folder, take the earlier build's files away, the manifest first, and put the new ones there."""
    mark = folder / UNFINISHED
    mark.write_text(_UNFINISHED_TEXT, encoding="utf-8")
    _sync(mark)
    left = [name for name in files if (new / name).exists()]  # others were moved before the build was killed
    for name in [*reversed(left), *stale]:
        (folder / name).unlink(missing_ok=True)
        with suppress(OSError):
            (folder / name).parent.rmdir()  # only if empty
    for name in left:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).replace(folder / name)
    mark.unlink()


def _link_others(source: Path, target: Path, ours: Set[str], *, replace: bool = False) -> None:
    """Link every file of `source` that is not ours into `target`, with its folders, empty ones too.

    With `replace`, move what is newer than what stands there: a person wrote it while the folder was exchanged.
    """
    for parent, folders, files in os.walk(source):
        here = Path(parent).relative_to(source)
        names = [*files, *(name for name in folders if (Path(parent) / name).is_symlink())]
        others = [here / name for name in names if (here / name).as_posix() not in (*ours, UNFINISHED)]
        if (others or not names + folders) and not (target / here).is_dir():
            (target / here).mkdir(parents=True)
            shutil.copystat(source / here, target / here)
        for name in others:
            if not replace:
                os.link(source / name, target / name, follow_symlinks=False)
            elif (
                not os.path.lexists(target / name)
                or (target / name).lstat().st_mtime_ns < (source / name).lstat().st_mtime_ns
            ):
                (source / name).replace(target / name)


def _someone_works_in(folder: Path) -> bool:
    """Whether a process has its current folder there: exchanged, it would be gone for that process."""
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):  # the process ended, or is another user's
            if entry.readlink().is_relative_to(folder):
                return True
    return False


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places, in one step; `False` where the system or the disk cannot, and nothing changed."""
    if sys.platform != "linux":
        return False
    try:
        call = ctypes.CDLL(None).renameat2
    except AttributeError:  # an older C library
        return False
    done: int = call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return done == 0


def _check_free(folder: Path, name: str, mine: bool) -> None:
    """Nothing that no build wrote may stand where a file goes, or where its folder goes."""
    target = folder / name
    blocking = [parent for parent in target.parents if parent.is_relative_to(folder) and parent.is_file()]
    if target.is_dir() or (target.exists() and not mine):
        blocking.append(target)
    if blocking:
        raise OutputError(f"{blocking[0]}: exists, and no build wrote it; move it away or use another --output-dir")


def _names(staging: Path) -> list[str]:
    return sorted(path.relative_to(staging).as_posix() for path in staging.rglob("*") if path.is_file())


def _unchanged(folder: Path, name: str, listed: object) -> bool:
    """Whether a file is still as a manifest says; a name that leads out of the folder is never followed."""
    if not is_inside(name) or not isinstance(listed, dict):
        return False
    return (folder / name).is_file() and listed.get("sha256") == sha256_of(folder / name)


def _sync(path: Path) -> None:
    with path.open("rb") as opened:
        os.fsync(opened.fileno())
