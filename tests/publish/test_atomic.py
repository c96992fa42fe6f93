"""How finished files take the place of an earlier build's, and what is never touched."""

import hashlib
import json

import pytest

import builder.core.executors
import builder.emit.rows
import builder.publish.export
from builder.core.errors import OutputError, SourceError
from builder.publish.export import export
from tests.rows import circles, config_of, files_of

ALWAYS = {"train.json", "test.json", "dataset_stats.json", "ledger.parquet", "report.html", "manifest.json"}
DEDUPLICATING = {"deduplication_report.json", "removed_duplicates.json"}


def export_circles(tmp_path, name="deduplicated", **settings):
    """Export forty circles to `<tmp_path>/out`; gives the folder."""
    export(config_of(tmp_path, {"bespoke_manim": circles(1, 40)}, name, **settings), tmp_path / "out")
    return tmp_path / "out"


def export_nothing(tmp_path):
    """An export to `<tmp_path>/out` that fails, for its source is gone."""
    config = config_of(tmp_path, {"bespoke_manim": circles(1, 40)})
    (tmp_path / "sources" / "bespoke_manim.jsonl").unlink()
    with pytest.raises(SourceError, match=r"bespoke_manim\.jsonl"):
        export(config, tmp_path / "out")


def test_a_build_whose_source_is_gone_leaves_the_earlier_output_whole(tmp_path):
    """Every file stays as it was, and nothing is added."""
    folder = export_circles(tmp_path)
    before = files_of(folder)

    export_nothing(tmp_path)

    assert files_of(folder) == before
    assert {path.name for path in folder.iterdir()} == {name.partition("/")[0] for name in before}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_build_that_fails_at_its_last_file_leaves_the_earlier_output_whole(tmp_path, monkeypatch, error):
    """New files that were written already do not show."""
    folder = export_circles(tmp_path)
    before = files_of(folder)

    def fail(*_):
        raise error

    monkeypatch.setattr(builder.publish.export, "manifest_of", fail)
    with pytest.raises(error):
        export_circles(tmp_path, seed=7)

    assert files_of(folder) == before
    assert {path.name for path in folder.iterdir()} == {name.partition("/")[0] for name in before}


def test_what_a_killed_build_had_not_completed_is_cleared_away(tmp_path):
    """A staging folder without its list of files never becomes output."""
    folder = export_circles(tmp_path)
    before = files_of(folder)
    (folder / ".manim-combined-staging-killed").mkdir()
    (folder / ".manim-combined-staging-killed" / "train.json").write_text("half a line", encoding="utf-8")

    export_nothing(tmp_path)

    assert files_of(folder) == before


@pytest.mark.parametrize("name", ["train.json", "manifest.json"])
def test_a_file_of_a_persons_own_is_never_replaced(tmp_path, name):
    """The error names the file, which stays as it was, alone in its folder."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text('{"mine": true}', encoding="utf-8")

    with pytest.raises(OutputError, match=name):
        export_circles(tmp_path)

    assert files_of(tmp_path / "out") == {name: b'{"mine": true}'}


def test_other_files_in_the_folder_stay_and_stale_files_of_an_earlier_build_go(tmp_path):
    """A build without deduplication takes its predecessor's reports away, and nothing of a person's."""
    folder = export_circles(tmp_path)
    (folder / "notes.md").write_text("mine", encoding="utf-8")
    (folder / "raw").mkdir()
    (folder / "raw" / "train.json").write_text("mine too", encoding="utf-8")

    after = files_of(export_circles(tmp_path, "all"))

    assert set(after) == ALWAYS | {"report/rows.parquet", "report/all.json", "notes.md", "raw/train.json"}
    assert (after["notes.md"], after["raw/train.json"]) == (b"mine", b"mine too")


def test_a_stale_file_that_a_person_changed_stays(tmp_path):
    """Only what is still as a build wrote it is removed."""
    folder = export_circles(tmp_path)
    (folder / "removed_duplicates.json").write_text("checked by hand", encoding="utf-8")

    after = files_of(export_circles(tmp_path, "all"))

    assert after["removed_duplicates.json"] == b"checked by hand"
    assert "deduplication_report.json" not in after


def test_a_manifest_that_points_outside_the_folder_removes_nothing_there(tmp_path):
    """Names of an earlier manifest are followed only below its own folder."""
    outside = tmp_path / "mine.json"
    outside.write_text("mine", encoding="utf-8")
    folder = export_circles(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    recorded = {"sha256": hashlib.sha256(b"mine").hexdigest(), "bytes": 4}
    manifest["outputs"] |= {"../mine.json": recorded, str(outside): recorded}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    export_circles(tmp_path)

    assert outside.read_text(encoding="utf-8") == "mine"


def test_an_output_folder_that_is_a_file_is_an_error_that_names_it(tmp_path):
    """The file stays."""
    (tmp_path / "out").write_text("mine", encoding="utf-8")

    with pytest.raises(OutputError, match=r"out: is a file"):
        export_circles(tmp_path)

    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"
