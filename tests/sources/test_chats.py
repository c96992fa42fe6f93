"""Chats: in any form that files hold, and of several turns, the pairs that belong together come out."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from builder.config import make_config
from builder.core.errors import SettingError
from builder.core.events import Silent
from builder.core.schema import TURN
from builder.pipeline.build import index_of
from builder.pipeline.story import build, prepare
from builder.sources.columns.chats import exchanges, turns_of
from builder.sources.read_one import read_source
from builder.sources.select import select_sources
from builder.sources.spec import SourceSpec
from tests.rows import config_of, scene

ASK = "Draw a blue circle that grows on the screen"
CODE = scene("Circle()")
ANSWER = f"```python\n{CODE}\n```"
PLAIN = [("user", ASK), ("assistant", ANSWER)]


def chat(role: str, content: str, user: str = "user", assistant: str = "assistant") -> list[dict[str, object]]:
    return [{role: user, content: ASK}, {role: assistant, content: ANSWER}]


TEXTS = {
    "JSON": json.dumps(chat("role", "content")),
    "Python": str(chat("role", "content")),
    "ChatML": f"<|im_start|>user\n{ASK}<|im_end|>\n<|im_start|>assistant\n{ANSWER}<|im_end|>\n",
    "Llama 3": f"<|start_header_id|>user<|end_header_id|>\n\n{ASK}<|eot_id|>"
    f"<|start_header_id|>assistant<|end_header_id|>\n\n{ANSWER}<|eot_id|>",
    "Llama 2": f"<s>[INST] {ASK} [/INST] {ANSWER} </s>",
    "Gemma": f"<start_of_turn>user\n{ASK}<end_of_turn>\n<start_of_turn>model\n{ANSWER}<end_of_turn>\n",
    "Phi": f"<|user|>\n{ASK}<|end|>\n<|assistant|>\n{ANSWER}<|end|>",
    "Alpaca": f"Below is an instruction.\n\n### Instruction:\n{ASK}\n\n### Input:\n\n### Response:\n{ANSWER}",
    "Guanaco": f"### Human: {ASK}\n### Assistant: {ANSWER}",
}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(chat("role", "content"), id="role and content"),
        pytest.param(chat("role", "value"), id="role and value"),
        pytest.param(chat("role", "text", assistant="model"), id="role and text"),
        pytest.param(chat("from", "content", "human", "gpt"), id="from and content"),
        pytest.param(chat("from", "value", "Human", "GPT"), id="from and value, in capitals"),
        pytest.param(chat("author", "content"), id="author"),
        pytest.param([{"author": {"role": who}, "content": {"parts": [text]}} for who, text in PLAIN], id="an object"),
        pytest.param([{"role": role, "parts": [{"text": text}]} for role, text in PLAIN], id="Gemini's parts"),
        pytest.param({"from": ["human", "gpt"], "value": [ASK, ANSWER]}, id="two lists"),
        *(pytest.param(text, id=f"{name} as one text") for name, text in TEXTS.items()),
    ],
)
def test_a_chat_in_any_form_is_the_same_turns(value: object) -> None:
    """Roles have one name each; a template's marks are taken off."""
    turns = turns_of(value)
    assert turns is not None
    assert [(role, str(text).strip()) for role, text in turns] == PLAIN


@pytest.mark.parametrize(
    "value",
    [None, 3, "", "text", ASK, CODE, "### Instructions", "[INST] x", "{", "[" * 9000, [{}], [1], {"a": 1}],
)
def test_other_values_are_no_chat(value: object) -> None:
    """Nor does a hostile text fail."""
    assert turns_of(value) is None


def test_the_input_of_an_alpaca_text_is_joined_to_its_instruction() -> None:
    """With a blank line between them."""
    text = f"### Instruction:\n{ASK}\n\n### Input:\nUse a white background\n\n### Response:\n{ANSWER}"
    assert turns_of(text) == [("user", f"{ASK}\n\nUse a white background"), ("assistant", ANSWER)]


OTHER_ASK = "Show a red square that turns around its corner"
OTHER = scene("Square()").replace("Shown", "Turned")
FIXED = scene("Circle(), run_time=2")
BLUE = scene("Circle(color=BLUE)")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        pytest.param(["u:" + ASK, "a:" + CODE], [(ASK, CODE)], id="one task"),
        pytest.param(["a:Hello! What shall I draw?", "u:" + ASK, "a:" + CODE], [(ASK, CODE)], id="a greeting first"),
        pytest.param(["u:Please be short.", "u:" + ASK, "a:" + CODE], [(ASK, CODE)], id="a remark first"),
        pytest.param(
            ["u:" + ASK, "a:Which colour?", "u:Blue.", "a:" + CODE], [(f"{ASK}\n\nBlue.", CODE)], id="a question back"
        ),
        pytest.param(
            ["u:" + ASK, "a:" + CODE, "u:" + OTHER_ASK, "a:" + OTHER], [(ASK, CODE), (OTHER_ASK, OTHER)], id="two tasks"
        ),
        pytest.param(
            ["u:" + ASK, "a:" + CODE, "u:I get a NameError: name 'Circel' is not defined", "a:" + FIXED],
            [(ASK, FIXED)],
            id="a fault reported",
        ),
        pytest.param(
            ["u:" + ASK, "a:" + CODE, "u:It does not run. Fix it!", "a:Change line 3:\n```python\nself.wait()\n```"],
            [(ASK, CODE)],
            id="a fault answered by a piece",
        ),
        pytest.param(["u:" + ASK, "a:" + CODE, "u:Make it blue, please", "a:" + BLUE], [(ASK, CODE)], id="a change"),
        pytest.param(
            ["u:" + ASK, "a:" + CODE, "u:Make it blue", "a:" + BLUE, "u:Now there is an error", "a:" + FIXED],
            [(ASK, CODE)],
            id="a change, then a fault of it",
        ),
        pytest.param(["u:" + ASK, "a:" + CODE, "u:Thank you!", "a:You are welcome."], [(ASK, CODE)], id="thanks"),
        pytest.param(
            ["u:" + ASK, "a:" + CODE, "u:画一个红色的正方形然后让它慢慢旋转", "a:" + OTHER],
            [(ASK, CODE), ("画一个红色的正方形然后让它慢慢旋转", OTHER)],
            id="two tasks, two languages",
        ),
        pytest.param(["u:" + ASK, "a:I cannot do that."], [(ASK, "I cannot do that.")], id="no program"),
        pytest.param(["u:" + ASK], [(ASK, None)], id="no answer"),
        pytest.param(
            ["u:" + OTHER_ASK, "a:I cannot do that.", "u:" + ASK, "a:" + CODE],
            [(OTHER_ASK, "I cannot do that."), (ASK, CODE)],
            id="a request without a program before another",
        ),
        pytest.param(
            ["u:" + ASK, "a:" + CODE, "u:" + OTHER_ASK, "a:I cannot do that."],
            [(ASK, CODE), (OTHER_ASK, "I cannot do that.")],
            id="a request without a program after another",
        ),
        pytest.param(["a:" + CODE], [(None, CODE)], id="no request"),
    ],
)
def test_a_program_is_paired_with_the_request_that_it_answers(
    said: Sequence[str], found: list[tuple[str | None, str | None]]
) -> None:
    """The last complete program of each task that stands on its own, under the request that began the task."""
    names = {"u": "user", "a": "assistant"}
    turns = [(names[text[0]], text[2:]) for text in said]
    assert [(task.request, task.answer) for task in exchanges(turns) if not task.left_out] == found


@pytest.mark.parametrize(
    ("said", "left_out"),
    [
        pytest.param(
            ["u:" + ASK, "a:" + CODE, "u:Make it blue", "a:" + BLUE, "u:Now there is an error", "a:" + FIXED],
            [("Make it blue", BLUE), ("Now there is an error", FIXED)],
            id="a change, and its repair",
        ),
        pytest.param(["u:" + ASK, "a:" + CODE, "u:Thank you!", "a:You are welcome."], [], id="thanks"),
    ],
)
def test_what_leans_on_an_earlier_request_is_left_out_and_said(
    said: Sequence[str], left_out: list[tuple[str, str]]
) -> None:
    """A change answers no request of its own; it is there with a reason."""
    names = {"u": "user", "a": "assistant"}
    turns = [(names[text[0]], text[2:]) for text in said]
    assert [(task.request, task.answer) for task in exchanges(turns) if task.left_out] == left_out


def write(path: Path, rows: Sequence[object]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def read(tmp_path: Path, rows: Sequence[object], **spec: str) -> tuple[list[tuple[str, str]], list[str]]:
    events = Silent()
    source = read_source(
        SourceSpec("made", "file", write(tmp_path / "a.jsonl", rows), **spec),  # type: ignore[arg-type]
        tmp_path / "cache",
        events,
    )
    table = pq.read_table(source.path).to_pydict()
    lines = [row for row in table["row"] if row < TURN]
    assert lines == list(range(len(lines)))
    return list(zip(table["description"], table["code"], strict=True)), events.warnings


def test_each_task_of_a_chat_is_a_row(tmp_path: Path) -> None:
    """Numbered on, and said; columns beside the chat go with each."""
    texts = [("user", ASK), ("assistant", CODE), ("user", OTHER_ASK), ("assistant", OTHER)]
    messages = [{"role": role, "content": text} for role, text in texts]
    rows, warnings = read(tmp_path, [{"id": 1, "messages": messages}, {"id": 2, "messages": messages[:2]}])
    assert rows == [(ASK, CODE), (OTHER_ASK, OTHER), (ASK, CODE)]
    assert any("2 chats hold 1 more tasks; each is a row" in warning for warning in warnings)


def dialogue(*said: str) -> dict[str, object]:
    roles = {"u": "user", "a": "assistant"}
    return {"messages": [{"role": roles[text[0]], "content": text[2:]} for text in said]}


def test_the_ledger_has_all_that_chats_ask_by_line_and_turn(tmp_path: Path) -> None:
    """A second task has its turn in its id; a change and a request without a program have a reason."""
    chats = [
        dialogue("u:" + ASK, "a:" + CODE, "u:" + OTHER_ASK, "a:" + OTHER),
        dialogue("u:Show a dot that moves slowly", "a:" + scene("Dot()"), "u:Make it blue", "a:" + scene("Dot(UP)")),
        dialogue("u:Show how a ring closes", "a:" + scene("Annulus()"), "u:Show what a knot is", "a:I cannot do that."),
    ]
    config = make_config(
        "no_augment",
        local={"mine": write(tmp_path / "chats.jsonl", chats)},
        datasets=["mine"],
        cache_dir=tmp_path / "cache",
        workers=1,
        allow_empty=True,
    )
    prepared = prepare(config)
    ledger = build(prepared, config).ledger
    assert dict(ledger.select("id", "reason").iter_rows()) == {
        "mine/000000": "",
        "mine/000000.2": "",
        "mine/000001": "",
        "mine/000001.2": "follow_up",
        "mine/000002": "",
        "mine/000002.2": "short_code",
    }
    assert [index_of(prepared, row_id) for row_id in ledger["id"]] == list(range(6))


def test_a_dialogue_of_repairs_is_kept_beside_its_row(tmp_path: Path) -> None:
    """The row is the request with the last program; all messages from the request to it stand beside it, as JSON."""
    repaired = dialogue("a:Hello!", "u:" + ASK, "a:" + CODE, "u:I get a NameError", "a:" + FIXED, "u:Thanks", "a:Bye")
    source = read_source(
        SourceSpec("made", "file", write(tmp_path / "a.jsonl", [repaired, dialogue("u:" + OTHER_ASK, "a:" + OTHER)])),
        tmp_path / "cache",
        Silent(),
    )
    first, second = pq.read_table(source.path).select(["description", "code", "dialogue"]).to_pylist()
    assert (first["description"], first["code"]) == (ASK, FIXED)
    assert json.loads(first["dialogue"]) == repaired["messages"][1:5]  # type: ignore[index]
    assert second["dialogue"] is None


def pairs(count: int = 12) -> list[tuple[str, str]]:
    return [(f"Draw a blue circle of radius {n} that grows slowly", scene(f"Circle({n})")) for n in range(count)]


@pytest.mark.parametrize("text", ["ChatML", "Alpaca"])
def test_a_column_of_chats_as_texts_is_read(tmp_path: Path, text: str) -> None:
    """Though each of its texts uses Manim, the column is not the code."""
    rows, _ = read(tmp_path, [{"text": TEXTS[text].replace(ASK, ask).replace(CODE, code)} for ask, code in pairs()])
    assert [(ask, code.replace("```python\n", "").replace("\n```", "")) for ask, code in rows] == pairs()


@pytest.mark.parametrize(
    ("instruction", "given", "description"),
    [
        ("Animate theorem {n} about circles", "It says that angle {n} is right", "{instruction}\n\n{given}"),
        ("Animate theorem {n} about circles", "", "{instruction}"),
        ("Write a Manim program for this", "Show that angle {n} of the circle is right", "{given}"),
    ],
    ids=["both vary", "no input", "the instruction is always the same"],
)
def test_alpaca_instruction_and_input_are_joined(
    tmp_path: Path, instruction: str, given: str, description: str
) -> None:
    """Unless one of them says nothing."""
    rows = []
    for n, (_, code) in enumerate(pairs()):
        rows.append({"instruction": instruction.format(n=n), "input": given.format(n=n), "output": code})
    found, _ = read(tmp_path, rows)
    wanted = [description.format(instruction=row["instruction"], given=row["input"]) for row in rows]
    assert [ask for ask, _ in found] == wanted


def test_a_likely_name_wins_over_prose_that_varies_more(tmp_path: Path) -> None:
    """Also where each prompt has so many samples that hardly any differ; ids with hyphens are no prose."""
    rows = [
        {
            "sample_id": f"blue-circle-grows-slowly-{n}",
            "prompt": f"Draw a blue circle in {['one', 'two', 'three', 'four', 'five'][n % 5]} steps on the screen",
            "reasoning": f"I first thought of {n} steps, then of where the circle should stand, and took plan {n}",
            "completion": scene(f"Circle({n})"),
        }
        for n in range(120)
    ]
    found, _ = read(tmp_path, rows)
    assert [ask for ask, _ in found] == [row["prompt"] for row in rows]


@pytest.mark.parametrize("field", ["description_field", "code_field"])
def test_a_column_that_the_user_named_and_that_is_not_there_is_an_error(tmp_path: Path, field: str) -> None:
    """No other column is read instead; the nearest name is offered."""
    path = write(tmp_path / "a.jsonl", [{"prompt": ask, "code": code} for ask, code in pairs()])
    named = {"made": "promt" if field == "description_field" else "cod"}
    config = config_of(tmp_path, {}, "no_augment", local={"made": path}, datasets=["made"], **{field: named})
    spec = select_sources(config)[0]
    said = rf"no column '{named['made']}', which --{field.replace('_', '-')} names"
    with pytest.raises(SettingError, match=said):
        read_source(spec, tmp_path / "cache", Silent())
