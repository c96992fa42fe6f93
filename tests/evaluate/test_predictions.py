"""What a model wrote: shapes of lines, the rows they belong to, and the program in an answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from builder.core.errors import BuilderError
from builder.evaluate.predictions import Reference, program_of, read_predictions

ROWS = [
    Reference("manimbench/000001", "Draw a circle", "circle", "manimbench"),
    Reference("manimbench/000002", "Draw  a square", "square", "manimbench"),
]
OPENAI = {"status_code": 200, "body": {"choices": [{"message": {"role": "assistant", "content": "A"}}]}}
SHAPES = {
    "id and completion": {"id": "manimbench/000001", "completion": "A"},
    "prompt and completion": {"prompt": "Draw a circle", "completion": "A"},
    "prompt with other white space": {"prompt": " Draw a\ncircle ", "response": "A"},
    "messages": {"messages": [{"role": "user", "content": "Draw a circle"}, {"role": "assistant", "content": "A"}]},
    "conversations": {"conversations": [{"from": "human", "value": "Draw a circle"}, {"from": "gpt", "value": "A"}]},
    "prompt and completion as messages": {
        "prompt": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Draw a circle"}],
        "completion": [{"role": "assistant", "content": "A"}],
    },
    "OpenAI batch": {"id": "batch_req_1", "custom_id": "manimbench/000001", "response": OPENAI, "error": None},
    "OpenAI responses": {
        "custom_id": "manimbench/000001",
        "response": {
            "body": {
                "output": [
                    {"type": "reasoning", "summary": []},
                    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "A"}]},
                ]
            }
        },
    },
    "harness log": {"doc_id": 0, "doc": {"id": "manimbench/000001"}, "resps": [["A"]]},
}


def written(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_that_harnesses_write_are_read(shape: str, tmp_path: Path) -> None:
    """Each line is the answer A to the first row."""
    found = read_predictions(written(tmp_path / "p.jsonl", SHAPES[shape]), ROWS)
    assert dict(found.answers) == {"manimbench/000001": ["A"]}
    assert not found.unmatched


@pytest.mark.parametrize("key", ["completion", "completions", "samples", "responses"])
def test_lists_and_repeated_lines_are_samples(key: str, tmp_path: Path) -> None:
    """In the order of the file."""
    chat = [{"role": "assistant", "content": "C"}]
    path = written(tmp_path / "p.jsonl", {"id": ROWS[0].id, key: ["A", "B"]}, {"prompt": "Draw a circle", key: [chat]})
    assert read_predictions(path, ROWS).answers[ROWS[0].id] == ["A", "B", "C"]


def test_lines_that_belong_to_no_row_are_named(tmp_path: Path) -> None:
    """By their id, or by how their prompt starts."""
    lines = [{"id": "other/000009", "completion": "A"}, {"prompt": "Draw a cube", "completion": "B"}]
    found = read_predictions(written(tmp_path / "p.jsonl", *lines), ROWS)
    assert [(each.line, each.name) for each in found.unmatched] == [(1, "other/000009"), (2, "Draw a cube")]
    assert not found.answers


def test_a_request_that_failed_is_an_answer_without_a_program(tmp_path: Path) -> None:
    """It is no missing row, and no error of the file."""
    line = {"custom_id": ROWS[1].id, "response": None, "error": {"message": "too long"}}
    assert read_predictions(written(tmp_path / "p.jsonl", line), ROWS).answers == {ROWS[1].id: [""]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": 1, "completion": "A"}\n{"id": ', "line 2: is not JSON"),
        ('[{"id": 1}]\n', "line 1: one JSON object a line is wanted, this is a list"),
        ('{"id": "manimbench/000001", "score": 3}\n', "line 1: holds no answer; it has the keys id, score"),
        ("\n", "holds no line"),
    ],
)
def test_a_file_of_another_kind_is_an_error_that_names_the_line(text: str, message: str, tmp_path: Path) -> None:
    """And says what is wanted."""
    (tmp_path / "p.jsonl").write_text(text)
    with pytest.raises(BuilderError, match=message):
        read_predictions(tmp_path / "p.jsonl", ROWS)
    with pytest.raises(BuilderError, match="cannot be read"):
        read_predictions(tmp_path / "nothing.jsonl", ROWS)


PROGRAM = "class A(Scene):\n    def construct(self): pass"
FENCED = f"```python\n{PROGRAM}\n```"
ANSWERS = {
    "one block": (FENCED, PROGRAM),
    "the last of several": (f"```python\nx = 1\n```\nBetter:\n{FENCED}\nDone.", PROGRAM),
    "a draft": (f"<think>Maybe\n```python\nx = 1\n```\n</think>\n{FENCED}", PROGRAM),
    "a draft after which no fence stands": (f"<think>{FENCED}</think>{PROGRAM}", PROGRAM),
    "a draft that is not closed": (f"<think>Maybe {FENCED}", ""),
    "tags around the fence": (f"<answer>\n{FENCED}\n</answer>", PROGRAM),
    "a fence in a list": ("1. So:\n\n   ```python\n   x = 1\n   ```\n", "x = 1"),
    "tildes and attributes": ('~~~python title="a.py"\nx = 1\n~~~', "x = 1"),
    "a fence that is not closed": (f"```python\n{PROGRAM}", PROGRAM),
    "no fence": (PROGRAM, PROGRAM),
    "nothing is cleaned": ("```python\n\n  x = 1\t\n\n```", "\n  x = 1\t\n"),
    "nothing": ("  \n", ""),
    "an empty fence": ("```python\n\n```", ""),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_the_program_is_the_last_block_after_any_draft(case: str) -> None:
    """As it stands there."""
    answer, program = ANSWERS[case]
    assert program_of(answer).code == program
