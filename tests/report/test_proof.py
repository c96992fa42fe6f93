"""`check`: a folder proved anew, and everything told that is wrong with it."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from builder.cli.main import FAILED, main
from builder.core.errors import OutputError
from builder.core.events import Silent
from builder.core.files import sha256_of
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from builder.report.proof.check import check_folder
from tests.rows import SOURCES, circles, config_of


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with one built config, and an exported one."""
    place = tmp_path_factory.mktemp("proof")
    config = config_of(place, SOURCES, "all")
    build_dataset([config], place / "built")
    export(config, place / "exported")
    return place


@pytest.fixture
def folder(built, tmp_path):
    """A copy of the built folder that a test may spoil."""
    return Path(shutil.copytree(built / "built", tmp_path / "built"))


def signed(folder, name):
    """Put a spoilt file's hash and size into the manifest, as who hides a change would."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["outputs"][name] = {"sha256": sha256_of(folder / name), "bytes": (folder / name).stat().st_size}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def spoil(folder, name, change):
    """Rewrite a Parquet file by a function of its frame, and sign it."""
    change(pl.read_parquet(folder / name)).write_parquet(folder / name)
    signed(folder, name)


def found(folder):
    """What `check` says, a text a problem."""
    return [f"{problem.where}: {problem.what}" for problem in check_folder(folder)]


TRAIN = "data/all/train-00000-of-00001.parquet"
TEST = "data/all/test-00000-of-00001.parquet"
LEDGER = "ledger/all.parquet"


@pytest.mark.parametrize("kind", ["built", "exported"])
def test_what_a_build_wrote_is_sound(built, kind):
    """No problem is told where there is none."""
    assert found(built / kind) == []


def test_a_changed_byte_is_found(folder):
    """The size is the same, one byte is not."""
    content = bytearray((folder / TRAIN).read_bytes())
    content[200] ^= 1
    (folder / TRAIN).write_bytes(content)

    assert f"{TRAIN}: was changed: its SHA-256 is not the one in the manifest" in found(folder)


def test_a_missing_file_is_found_and_the_rest_is_still_checked(folder):
    """All problems are told, not the first."""
    (folder / TEST).unlink()
    (folder / LEDGER).write_bytes((folder / LEDGER).read_bytes() + b"more")
    told = found(folder)

    assert f"{TEST}: is missing" in told
    assert any(line.startswith(f"{LEDGER}: has ") for line in told)


def test_a_file_of_data_that_no_build_wrote_is_found(folder):
    """`load_dataset` would take it for rows."""
    shutil.copy(folder / TEST, folder / "data/all/test-00001-of-00001.parquet")

    assert found(folder) == [
        "data/all/test-00001-of-00001.parquet: is not named in the manifest, and would be loaded as data"
    ]


def test_a_moved_row_is_found_though_the_manifest_was_signed_anew(folder):
    """The order follows from content and seed, so it needs no hash."""
    spoil(folder, TRAIN, lambda rows: pl.concat([rows[1:], rows[:1]]))

    assert [line for line in found(folder) if line.endswith("is out of order")]


def test_a_row_that_is_there_twice_is_found(folder):
    """Id and variant name a row."""
    spoil(folder, TRAIN, lambda rows: pl.concat([rows, rows[-1:]]))

    assert any("is there twice" in line for line in found(folder))


def test_a_row_that_was_taken_out_is_found(folder):
    """Every kept row of the ledger is written."""
    spoil(folder, TEST, lambda rows: rows[1:])

    assert any(line.startswith("all/test: ") and "are kept" in line for line in found(folder))


def test_a_test_row_that_was_copied_into_train_is_found(folder):
    """By its id, if it keeps it."""
    row = pl.read_parquet(folder / TEST)[:1]
    spoil(folder, TRAIN, lambda rows: pl.concat([rows, row]))

    assert any("is not among the kept train rows" in line for line in found(folder))


def test_a_program_that_does_not_parse_is_found(folder):
    """The row is named."""

    def broken(rows):
        messages = rows["conversations"].to_list()
        messages[3][2]["value"] = "```python\nclass Broken(Scene)\n```"
        return rows.with_columns(conversations=pl.Series(messages, dtype=rows.schema["conversations"]))

    spoil(folder, TRAIN, broken)

    assert any(line.startswith(f"{TRAIN}, row 3: its program does not parse") for line in found(folder))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows[1:], "rows stand for"),
        (lambda rows: pl.concat([rows[:1], rows]), "stands there twice"),
        (lambda rows: rows.with_columns(outcome=pl.lit("lost")), "has no outcome"),
        (lambda rows: rows.with_columns(reason=pl.lit("")), "has no outcome, or one without a stage and a reason"),
        (lambda rows: rows.drop("score"), "has other columns"),
    ],
)
def test_a_ledger_that_does_not_add_up_is_found(folder, change, told):
    """Rows read = rows kept + rows dropped, each with a reason."""
    spoil(folder, LEDGER, change)

    assert any(told in line for line in found(folder))


def test_a_manifest_that_names_a_file_outside_of_the_folder_is_refused(folder):
    """Names in a manifest come from outside."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["outputs"]["../secret"] = {"sha256": "0" * 64, "bytes": 1}
    (folder / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(OutputError, match="outside of the folder"):
        check_folder(folder)


def test_the_command_lists_the_problems_and_fails(folder, capsys):
    """Exit code 1, one line a problem."""
    (folder / TEST).unlink()

    assert main(["check", str(folder)]) == FAILED
    assert f"{TEST}: is missing" in capsys.readouterr().out


def test_progress_ends_at_its_totals(tmp_path):
    """Of each step, what was done last is all that there was."""
    ended = {}

    class Ends(Silent):
        def progress(self, step, done, total, unit="rows", note=""):
            ended[step] = (done, total)

    build_dataset([config_of(tmp_path, {"thanks_dataset": circles(1, 40)}, "curated")], tmp_path / "built", Ends())
    check_folder(tmp_path / "built", Ends())
    assert {"read thanks_dataset", "check curated/train", "check leaks of curated"} <= set(ended)
    assert {step: done for step, (done, total) in ended.items() if done != total} == {}
