"""`diff`: two builds compared, rows matched by their content."""

import json

import pytest

from builder.cli.main import DONE, main
from builder.config import make_config
from builder.core.errors import SettingError
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from builder.report.proof.diff import diff_folders
from tests.rows import circles, config_of, scene


def exported(tmp_path, folder, rows, **settings):
    """A folder exported from rows of one source."""
    place = tmp_path / folder
    place.mkdir()
    config = config_of(place, {"thanks_dataset": rows}, test_size=0.01, **settings)
    export(config, place / "out")
    return place / "out"


def changes(older, newer):
    """Lines of (before, after, rows)."""
    (difference,) = diff_folders(older, newer)
    return [tuple(line) for line in difference.changes.select("before", "after", "rows").iter_rows()]


def test_rows_that_moved_to_other_numbers_are_the_same_rows(tmp_path):
    """A revision that put a row first changes every number after it, and nothing else."""
    rows = circles(1, 30)
    older = exported(tmp_path, "older", rows)
    newer = exported(tmp_path, "newer", [("Draw a square", scene("Square()")), *rows])

    assert changes(older, newer) == [("not read", "kept in train", 1)]


def test_a_row_that_is_gone_and_one_that_is_dropped_now_are_told_apart(tmp_path):
    """By what became of them, before and after."""
    loose = {"name": "curated", "check_pairs": False, "deduplicate_programs": False, "near_duplicates": 0.0}
    older = exported(tmp_path, "older", [*circles(1, 30), ("draw a circle of radius 3.", scene("Dot()"))], **loose)
    rows = [*circles(2, 30), ("draw a circle of radius 3.", scene("Dot()"))]
    newer = exported(tmp_path, "newer", rows, **loose, deduplicate=False)
    (difference,) = diff_folders(older, newer)

    assert set(changes(older, newer)) == {
        ("kept in train", "not read", 1),
        ("dropped: duplicate, duplicate_description", "kept in train", 1),
    }
    assert difference.settings["deduplicate"] == (True, False)
    assert difference.counts["read"] == (31, 30)


def test_copies_of_one_row_are_counted_one_by_one(tmp_path):
    """Three copies against two: one is gone."""
    older = exported(tmp_path, "older", [*circles(1, 30), *[("Draw a dot", scene("Dot()"))] * 3])
    newer = exported(tmp_path, "newer", [*circles(1, 30), *[("Draw a dot", scene("Dot()"))] * 2])

    assert changes(older, newer) == [("dropped: duplicate, duplicate_description", "not read", 1)]


def test_configs_of_one_side_are_named(tmp_path, capsys):
    """As is the sample, on whichever side."""
    one, both = tmp_path / "one", tmp_path / "both"
    rows = {"thanks_dataset": circles(1, 30)}
    build_dataset([config_of(tmp_path, rows, "all")], one)
    sample = {"sample": True, "workers": 1, "cache_dir": tmp_path / "cache", "datasets": ["manimbench"]}
    build_dataset([make_config(name, **sample) for name in ("all", "no_augment")], both)

    assert main(["diff", str(one), str(both), "--json"]) == DONE
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["only_older"], found["only_newer"]) == ([], ["no_augment"])
    assert f"{both} holds the bundled sample of 20 rows" in err
    assert main(["diff", str(both), str(one)]) == DONE
    assert f"only in {both}: no_augment" in capsys.readouterr().out.splitlines()[-1]


def test_folders_without_a_config_in_common_are_refused(tmp_path):
    """The message names what each holds."""
    older = exported(tmp_path, "older", circles(1, 30))

    with pytest.raises(SettingError, match="not both hold all"):
        diff_folders(older, older, ("all",))


def test_the_command_shows_both_sides(tmp_path, capsys):
    """Counts, and each kind of change with an example."""
    older = exported(tmp_path, "older", circles(1, 30))
    newer = exported(tmp_path, "newer", circles(1, 29))

    assert main(["diff", str(older), str(newer)]) == DONE
    shown = capsys.readouterr().out
    assert "not read" in shown
    assert "thanks_dataset/000029" in shown
