"""Rows as records of other tools, and decisions out of what these export, in the shapes that they write."""

import json

import pytest

from builder.cli.main import DONE, WRONG_USAGE, main
from builder.core.errors import SettingError
from builder.decide.decisions import read_decisions
from builder.report.records import decisions_in
from tests.report_folders import many_rows

CONTENT = "0000000000000000"
SHOWN = {"prompt": "Draw a ring", "program": "x = 1"}


def argilla(row, **answers):
    """A record as `dataset.records.to_json` has it; answers by question, each by user."""
    responses = {
        name: [{"value": value, "user_id": user} for user, value in by_user.items()]
        for name, by_user in answers.items()
    }
    known = {"id": row, "fields": SHOWN, "metadata": {"content": CONTENT}, "suggestions": {}, "vectors": {}}
    return {**known, "responses": responses, "status": "completed", "_server_id": "6"}


def label_studio(row, *annotations):
    """A task as the export in JSON has it."""
    return {"id": 4, "data": {"id": row, "content": CONTENT, **SHOWN}, "annotations": list(annotations)}


def annotated(by, decision, **texts):
    """What one person said of a task."""
    result = [{"from_name": "decision", "type": "choices", "value": {"choices": [decision]}}]
    result += [{"from_name": name, "type": "textarea", "value": {"text": [text]}} for name, text in texts.items()]
    return {"id": 1, "result": result, "completed_by": by, "was_cancelled": False}


def decided(tmp_path, records):
    """The decisions in a file of records."""
    (tmp_path / "export.json").write_text(json.dumps(records))
    return decisions_in(tmp_path / "export.json")


@pytest.mark.parametrize("tool", ["argilla", "label-studio"])
def test_rows_of_a_queue_are_written_for_a_tool(tmp_path, tool):
    """With id, content, prompt and program; a queue or a tool that is none is named."""
    folder = many_rows(tmp_path / "out", 120)
    output = tmp_path / "records.json"
    arguments = ["records", str(folder), "--output", str(output)]

    assert main([*arguments, "--to", tool, "--queue", "random 100"]) == DONE
    records = json.loads(output.read_bytes())
    assert len(records) == 100
    first = records[0] if tool == "argilla" else records[0]["data"]
    assert first["id"].startswith("made/") and len((first.get("metadata") or first)["content"]) == 16
    assert "Draw a circle" in (first.get("fields") or first)["prompt"]
    assert main([*arguments, "--to", tool, "--queue", "all"]) == main([*arguments, "--to", "csv"]) == WRONG_USAGE


def test_what_people_said_in_argilla_becomes_decisions(tmp_path):
    """Of several people the last; a record that nobody answered is none."""
    records = [
        argilla("a/000001", decision={"u1": "keep", "u2": "drop"}, note={"u2": "too dark"}),
        argilla("a/000002", decision={"u1": "edit"}, description={"u1": "Draw a red ring"}, code={"u1": "x = 1"}),
        argilla("a/000003", decision={"u1": "wrong pair"}),
        argilla("a/000004"),
    ]
    assert decided(tmp_path, records) == [
        {"id": "a/000001", "content": CONTENT, "drop": True, "reason": "too dark", "by": "u2"},
        {"id": "a/000002", "content": CONTENT, "edit": {"description": "Draw a red ring"}, "by": "u1"},
        {"id": "a/000003", "content": CONTENT, "drop": True, "reason": "wrong pair", "by": "u1"},
    ]


def test_what_people_said_in_label_studio_becomes_decisions(tmp_path, monkeypatch):
    """By number or by address of the person; what was cancelled counts for nothing. The build reads the file."""
    cancelled = {**annotated(1, "drop"), "was_cancelled": True}
    records = [
        label_studio("a/000001", annotated(7, "drop", note="wrong pair")),
        label_studio("a/000002", annotated({"id": 1, "email": "ana@example.org"}, "edit", code="y = 2"), cancelled),
        label_studio("a/000003", cancelled),
    ]
    assert decided(tmp_path, records) == [
        {"id": "a/000001", "content": CONTENT, "drop": True, "reason": "wrong pair", "by": "7"},
        {"id": "a/000002", "content": CONTENT, "edit": {"code": "y = 2"}, "by": "ana@example.org"},
    ]
    monkeypatch.chdir(tmp_path)
    assert main(["records", "export.json"]) == DONE
    assert [each.action for each in read_decisions([tmp_path / "decisions.jsonl"])] == ["drop", "edit"]


@pytest.mark.parametrize("content", ["{", '{"a": 1}', '[{"data": {}, "annotations": [{"result": [{}]}]}]', "[1]"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    """Its name and what is wanted are said."""
    (tmp_path / "other.json").write_text(content)
    with pytest.raises(SettingError, match=r"other\.json: is no JSON export of Argilla"):
        decisions_in(tmp_path / "other.json")
