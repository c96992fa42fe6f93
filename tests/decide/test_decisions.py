"""What people decided of single rows."""

import json

import polars as pl
import pytest

from builder.core.errors import SettingError
from builder.core.schema import SPLITS
from builder.decide.decisions import overruled, read_decisions
from builder.pipeline.story import build, prepare
from builder.publish.export import export
from tests.pairs import mixed, written_pairs
from tests.rows import circles, config_of, ledger_of, read_lines, said, scene

ROWS = circles(1, 20)


def decided(tmp_path, *decisions, rows=ROWS, **settings):
    """A config that reads `thanks_dataset` from rows, with these decisions."""
    file = tmp_path / "decisions.jsonl"
    file.write_text("".join(f"{json.dumps(decision)}\n" for decision in decisions), encoding="utf-8")
    return config_of(tmp_path, {"thanks_dataset": rows}, decisions=[str(file)], **settings)


def row(ledger, number):
    return ledger.row(number, named=True)


def test_a_row_is_dropped_by_its_number_or_by_its_content(tmp_path):
    before = ledger_of(config_of(tmp_path, {"thanks_dataset": ROWS}))
    drops = (
        {"id": "thanks_dataset/000003", "drop": True, "reason": "wrong pair", "by": "ana", "at": "2026-03-01"},
        {"content": before["content"][7].upper(), "drop": True},
    )
    ledger = ledger_of(decided(tmp_path, *drops))

    gone = ledger.filter(reason="decided").select("id", "stage", "detail").rows()
    assert gone == [
        ("thanks_dataset/000003", "decision", "drop by ana: wrong pair"),
        ("thanks_dataset/000007", "decision", "drop"),
    ]
    assert ledger.filter(outcome="kept").height == before.filter(outcome="kept").height - 2


def test_a_row_that_was_renumbered_is_found_by_its_content(tmp_path):
    content = ledger_of(config_of(tmp_path, {"thanks_dataset": ROWS}))["content"][5]
    grown = [("Draw a new ring", scene("Annulus()")), *ROWS]
    ledger = ledger_of(decided(tmp_path, {"id": "thanks_dataset/000005", "content": content, "drop": True}, rows=grown))

    assert ledger.filter(reason="decided")["id"].to_list() == ["thanks_dataset/000006"]


def test_a_decision_on_a_row_that_changed_or_is_gone_is_said_and_not_applied(tmp_path):
    config = decided(
        tmp_path,
        {"id": "thanks_dataset/000002", "content": "00000000deadbeef", "drop": True},
        {"content": "00000000deadbeef", "keep": True},
        {"id": "thanks_dataset/000900", "drop": True},
    )
    export(config, tmp_path / "out")
    stats = json.loads((tmp_path / "out" / "dataset_stats.json").read_text())

    assert stats["decisions"]["rows"] == {"keep": 0, "drop": 0, "edit": 0}
    assert [(item["row"], item["why"]) for item in stats["decisions"]["not_applied"]] == [
        ("thanks_dataset/000002", "the row has changed since"),
        ("content 00000000deadbeef", "no such row was read"),
        ("thanks_dataset/000900", "no such row was read"),
    ]


def test_a_kept_row_passes_filters_and_is_the_one_that_stays_of_its_duplicates(tmp_path):
    missing = ("Show the plan", "from manim import *\nimport gone\n\n" + scene("gone.plan()").split("\n\n\n")[1])
    rows = [*ROWS, missing, ("draw a circle of radius 7", scene("Circle(7.0)"))]
    plain = ledger_of(config_of(tmp_path, {"thanks_dataset": rows}, "curated"))
    assert [row(plain, number)["reason"] for number in (20, 21)] == ["missing_module", "duplicate_description"]

    keeps = ({"id": f"thanks_dataset/0000{number}", "keep": True, "by": "ana"} for number in (20, 21))
    ledger = ledger_of(decided(tmp_path, *keeps, rows=rows, name="curated"))

    assert [(row(ledger, n)["outcome"], row(ledger, n)["detail"]) for n in (20, 21)] == [("kept", "keep by ana")] * 2
    assert row(ledger, 6)["kept_id"] == "thanks_dataset/000021"


def test_no_decision_keeps_what_is_no_program(tmp_path):
    config = decided(
        tmp_path,
        {"id": "thanks_dataset/000020", "keep": True},
        rows=[*ROWS, ("Draw a ring", "class Shown(Scene)\n    no colon")],
    )
    decided_config = build(prepare(config), config)

    assert row(decided_config.ledger, 20)["reason"] == "syntax_error"
    (message,) = overruled(decided_config.outcomes)
    assert message.startswith("thanks_dataset/000020: kept by decision, and dropped all the same as syntax_error")


def test_no_decision_keeps_a_leak(tmp_path):
    """A copy of an official test row's program stays out of train."""
    sources = {
        "manimbench": [("Draw a ring", scene("Annulus()"), "test"), *[(*pair, "train") for pair in ROWS]],
        "thanks_dataset": [("Show us a ring, please", scene("Annulus()  # the same"))],
    }
    file = tmp_path / "decisions.jsonl"
    file.write_text('{"id": "thanks_dataset/000000", "keep": true}\n')
    ledger = ledger_of(config_of(tmp_path, sources, decisions=[str(file)]))
    copy = ledger.filter(source="thanks_dataset").row(0, named=True)

    assert (copy["split"], copy["outcome"]) != ("train", "kept")


def test_an_edit_goes_through_all_checks_and_into_what_is_written(tmp_path):
    edits = (
        {"id": "thanks_dataset/000004", "edit": {"description": "  Draw a huge circle  "}, "reason": "a word"},
        {"id": "thanks_dataset/000005", "edit": {"code": "```python\n" + scene("Square()") + "\n```"}},
        {"id": "thanks_dataset/000006", "edit": {"code": "class Shown(Scene)\n    no colon"}},
    )
    config = decided(tmp_path, *edits, augmentation_factor=1)
    export(config, tmp_path / "out")
    ledger = ledger_of(config)
    files = [tmp_path / "out" / f"{side}.json" for side in SPLITS]
    rows = {said(line, "user"): said(line, "assistant") for f in files if f.exists() for line in read_lines(f)}

    assert "Draw a huge circle" in rows
    assert "Square()" in rows["Draw a circle of radius 6"]
    assert (row(ledger, 6)["reason"], row(ledger, 4)["detail"]) == ("syntax_error", "edit: a word")
    assert "repair:edited" in row(ledger, 4)["repairs"] and "repair:edited" in row(ledger, 5)["repairs"]
    plain = ledger_of(config_of(tmp_path, {"thanks_dataset": ROWS}))
    assert ledger["content"].to_list() == plain["content"].to_list()
    assert row(ledger, 5)["split"] == "train"


def test_a_program_that_a_person_gave_belongs_to_its_row(tmp_path):
    """In a part of a source that is paired at random too: its other rows are paired anew, or dropped."""
    rows = mixed(written_pairs(80))
    edit = {"id": "thanks_dataset/000003", "edit": {"code": scene('Text("by hand")')}}
    ledger = ledger_of(decided(tmp_path, edit, rows=rows, name="curated"))

    assert ledger.filter((pl.col("code_from") != "") | (pl.col("reason") == "unpaired")).height > 70
    assert (row(ledger, 3)["outcome"], row(ledger, 3)["code_from"]) == ("kept", "")


def test_a_note_decides_nothing(tmp_path):
    note = {"id": "thanks_dataset/000001", "note": "look again"}
    assert read_decisions(decided(tmp_path, note).decision_files) == []


def test_official_test_rows_stay_as_they_were_published(tmp_path):
    file = tmp_path / "decisions.jsonl"
    file.write_text('{"id": "manimbench/000000", "drop": true}\n{"id": "manimbench/000001", "drop": true}\n')
    rows = [(*pair, "test" if number == 0 else "train") for number, pair in enumerate(ROWS)]
    config = config_of(tmp_path, {"manimbench": rows}, decisions=[str(file)])

    assert ledger_of(config).filter(reason="decided")["id"].to_list() == ["manimbench/000001"]


def test_the_last_of_several_decisions_counts(tmp_path):
    first, last = ({"id": "thanks_dataset/000001", action: True} for action in ("drop", "keep"))
    assert row(ledger_of(decided(tmp_path, first, last)), 1)["outcome"] == "kept"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: not JSON"),
        ("[]", "line 2: an object is wanted"),
        ('{"id": "a/000001", "drop": true, "why": "x"}', "line 2: unknown: why"),
        ('{"id": "a/000001"}', "line 2: exactly one of keep, drop, edit and note"),
        ('{"id": "a/000001", "keep": true, "drop": true}', "line 2: exactly one of keep, drop, edit and note"),
        ('{"drop": true}', "line 2: name the row"),
        ('{"id": 3, "drop": true}', "are texts"),
        ('{"id": "a/000001", "edit": {"prompt": "x"}}', "line 2: an edit is an object"),
        ('{"id": "a/000001", "edit": {"code": 3}}', "line 2: an edit is an object"),
    ],
)
def test_what_is_no_decision_is_named_by_file_and_line(tmp_path, line, message):
    file = tmp_path / "decisions.jsonl"
    file.write_text(f'{{"id": "a/000001", "drop": true}}\n{line}\n')
    with pytest.raises(SettingError, match=message):
        read_decisions([file])


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(SettingError, match=r"--decisions .*gone\.jsonl"):
        read_decisions([tmp_path / "gone.jsonl"])
