"""Publication killed at every single file operation: old and new files never stand together where they can be loaded.

A child writes small files through `publishing`, with an audit hook that ends it at its n-th operation on a file.
"""

import json
import os
import runpy
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from builder.config import TRAINERS
from builder.core.errors import OutputError
from builder.publish import atomic
from builder.publish.atomic import finish_interrupted, outputs_of, publishing
from builder.publish.trainers import TRAINER_FILES, write_trainer_file
from builder.report.proof.folder import MANIFEST, UNFINISHED, open_folder, read_manifest
from tests.rows import files_of

OLD = {"train.json": "seed 1: a b c", "test.json": "seed 1: d", "data/all/train.parquet": "1", "removed.json": "1"}
NEW = {"train.json": "seed 2: a d c", "test.json": "seed 2: b", "data/all/train.parquet": "2"}
MINE = {"notes.md": b"mine", "raw/deep/clip.txt": b"mine too", "data/all/mine.txt": b"among theirs"}
CHANGES = set("os.rename os.mkdir os.rmdir os.remove os.link os.chmod os.chown os.utime ctypes.dlsym".split())
"""Audit events of operations that change a folder; that of `ctypes` stands before the exchange."""
WAYS = ("exchanged", "one by one")


def publish(folder: Path, files: dict[str, str]) -> None:
    """Publish files as an export does, with their manifest."""
    with publishing(folder, "export") as staging:
        for name, text in files.items():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            (staging / name).write_text(text, encoding="utf-8")
        manifest = {"kind": "export", "configs": {"all": {}}, "outputs": outputs_of(staging)}
        (staging / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def earlier(folder: Path) -> Path:
    """A folder with an earlier build, and files of a person's own."""
    publish(folder, OLD)
    for name, content in MINE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "link").symlink_to("notes.md")
    (folder / "empty").mkdir()
    return folder


def killed_at(number: int, work: Callable[[], None]) -> bool:
    """Run in a child that ends before its n-th operation on a file; whether it came so far."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork among threads: the child touches files alone
        child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    seen = 0

    def end(event: str, values: tuple[object, ...]) -> None:
        nonlocal seen
        writes = event == "open" and isinstance(values[1], str) and set(values[1]) & set("wxa+")
        if writes or event in CHANGES:
            seen += 1
            if seen == number:
                os._exit(9)

    sys.addaudithook(end)
    try:
        work()
    finally:
        os._exit(0)


def contents(files: dict[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in files.items()}


def data_of(folder: Path) -> dict[str, bytes]:
    """What anyone finds who looks for data there, whatever a manifest says."""
    return {name: content for name, content in files_of(folder).items() if name in OLD}


@pytest.mark.parametrize("way", WAYS)
def test_killed_at_any_operation_no_mix_of_old_and_new_can_be_loaded(tmp_path, monkeypatch, way):
    """What is whole is one build; what is not whole is refused, and holds no file of another build even so; a person's
    files are there at every moment; and the next build first finishes or clears away what was left."""
    if way == "one by one":
        monkeypatch.setattr(atomic, "exchange", lambda *_: False)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # for who loses power, not for who is killed
    before = earlier(tmp_path / "before")
    found: set[str] = set()
    for number in range(1, 400):
        folder = shutil.copytree(before, tmp_path / str(number) / "out", symlinks=True)
        if not killed_at(number, lambda out=folder: publish(out, NEW)):
            break
        data = data_of(folder)
        assert {name: (folder / name).read_bytes() for name in MINE} == MINE
        assert data.items() <= contents(OLD).items() or data.items() <= contents(NEW).items()
        try:
            listed = open_folder(folder).manifest["outputs"]
        except OutputError:
            found.add("refused")
        else:
            found.add("old" if data == contents(OLD) else "new")
            assert data in (contents(OLD), contents(NEW))
            assert set(listed) == set(data)
        finish_interrupted(folder)  # as the next build does first
        assert data_of(folder) in (contents(OLD), contents(NEW))
        assert set(read_manifest(folder)["outputs"]) == set(data_of(folder))
        assert sorted(path.name for path in folder.parent.iterdir()) == ["out"]
        assert {path.name for path in folder.iterdir()} - {"removed.json"} == {
            *("train.json", "test.json", "data", "manifest.json", "notes.md", "raw", "link", "empty")
        }
    else:
        pytest.fail("it never came to its end")
    assert number > 25
    assert found == ({"old", "new"} if way == "exchanged" else {"old", "refused", "new"})


@pytest.mark.parametrize("way", WAYS)
def test_a_persons_files_folders_and_links_are_in_the_new_folder(tmp_path, monkeypatch, way):
    """With their content, rights and times; a file that a person is writing to goes on in the new folder."""
    folder = earlier(tmp_path / "out")
    (folder / "notes.md").chmod(0o600)
    folder.chmod(0o750)
    before = (folder / "notes.md").stat()
    if way == "one by one":
        monkeypatch.setattr(atomic, "exchange", lambda *_: False)

    with (folder / "notes.md").open("a") as writing:
        publish(folder, NEW)
        writing.write(", still")

    assert files_of(folder).items() >= {**contents(NEW), **MINE, "notes.md": b"mine, still"}.items()
    assert (folder / "link").readlink() == Path("notes.md")
    assert (folder / "empty").is_dir()
    assert (folder / "notes.md").stat().st_mode == before.st_mode
    assert folder.stat().st_mode & 0o777 == 0o750


def test_what_a_person_writes_during_the_exchange_is_kept(tmp_path, monkeypatch):
    """A file that comes after the links were made, and one that an editor put in place of another, are carried over."""
    folder = earlier(tmp_path / "out")
    exchange = atomic.exchange

    def meanwhile(one, other):
        (folder / "checkpoint.bin").write_bytes(b"weights")
        (folder / "edited").write_bytes(b"edited")
        (folder / "edited").replace(folder / "notes.md")
        return exchange(one, other)

    monkeypatch.setattr(atomic, "exchange", meanwhile)
    publish(folder, NEW)

    assert (folder / "checkpoint.bin").read_bytes() == b"weights"
    assert (folder / "notes.md").read_bytes() == b"edited"
    assert data_of(folder) == contents(NEW)


def test_a_folder_that_a_process_works_in_is_not_exchanged_under_it(tmp_path, monkeypatch):
    """A trainer that was started in the folder goes on writing there."""
    folder = earlier(tmp_path / "out")
    monkeypatch.chdir(folder / "raw")

    publish(folder, NEW)
    Path("after.txt").write_text("written", encoding="utf-8")

    assert (folder / "raw" / "after.txt").read_text(encoding="utf-8") == "written"
    assert data_of(folder) == contents(NEW)


def test_an_unfinished_folder_is_refused_with_what_to_do(tmp_path):
    """By whatever reads manifests: check, diff, load, push, report."""
    folder = earlier(tmp_path / "out")
    (folder / UNFINISHED).touch()

    with pytest.raises(OutputError, match=r"out: is not whole.*run `build` or `export` into this folder again"):
        read_manifest(folder)


@pytest.mark.parametrize("trainer", ["trl", "unsloth"])
def test_a_trainers_script_refuses_an_unfinished_folder(tmp_path, monkeypatch, trainer):
    """It ends before it loads a row; the libraries that it imports are stand-ins here."""
    write_trainer_file(trainer, tmp_path, {"train": 1, "test": 1}, TRAINERS[trainer][0])
    script = tmp_path / TRAINER_FILES[trainer][0]
    (tmp_path / "train.json").write_text("{}\n", encoding="utf-8")
    (tmp_path / UNFINISHED).touch()
    for library in ("torch", "datasets", "transformers", "trl", "unsloth", "unsloth.chat_templates"):
        monkeypatch.setitem(sys.modules, library, MagicMock())
    monkeypatch.setattr(sys, "argv", [str(script)])

    with pytest.raises(SystemExit, match="is not whole"):
        runpy.run_path(str(script))

    assert not sys.modules["datasets"].load_dataset.called
