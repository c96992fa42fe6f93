"""What a row looks like: a conversation of system, user and assistant, or what else trainers take, in their shapes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from builder.config import PAIR_FORMATS

ROLES = ("system", "user", "assistant")
"""Who speaks in every row, in order."""


def fenced(code: str) -> str:
    """A program as the assistant says it."""
    return f"```python\n{code}\n```"


def answer_of(code: str, *, fence: bool = True) -> str:
    """A program as the assistant says it, in a fence or not."""
    return fenced(code) if fence else code


def unfenced(text: str) -> str:
    """The program in an assistant's message."""
    return text.removeprefix("```python\n").removesuffix("\n```")


@dataclass(frozen=True, slots=True)
class Content:
    """What a row says."""

    system: str
    """Empty: nobody speaks as the system."""
    user: str
    assistant: str
    """The answer: the program, in a fence or not."""
    code: str = ""
    """The program alone."""
    difficulty: str = ""
    source: str = ""
    rejected: str = ""
    """An answer whose program fails; empty if there is none."""
    error: str = ""
    """What it raises."""
    only_layout: bool | None = None
    """Whether the answers differ in line breaks alone; `None` if no such rows are written."""


Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Format:
    """One shape of a row."""

    columns: Mapping[str, tuple[str, ...]]
    """The keys of a row: for a list of messages the names of speaker and text in each message, for a text nothing."""
    make: Callable[[Content], list[Row]]
    """The lines of a row, keys and values: one, but of `kto` one for each answer."""
    read: Callable[[Mapping[str, Any]], list[tuple[str, str]]]
    """Who says what in a line, in order, up to the right answer; nothing if the line holds a wrong one alone.

    Raises `KeyError` or `TypeError` for a line of another shape."""
    rejected: Callable[[Mapping[str, Any]], str] = lambda row: ""  # noqa: ARG005
    """The wrong answer in a line; empty if there is none."""


def _messages(content: Content, speakers: Iterable[str], names: tuple[str, str] = ("role", "content")) -> list[Row]:
    """What some say, without an empty system message."""
    said = [(who, getattr(content, who)) for who in speakers]
    return [dict(zip(names, pair, strict=True)) for pair in said if pair != ("system", "")]


def _answer(text: str) -> Row:
    return {"role": "assistant", "content": text}


def _said(messages: Iterable[Mapping[str, Any]], names: tuple[str, str] = ("role", "content")) -> list[tuple[str, str]]:
    return [(message[names[0]], message[names[1]]) for message in messages]


def _chat(columns: Mapping[str, tuple[str, ...]], names: tuple[str, str]) -> Format:
    """A format whose columns are lists of messages; `columns` tells who speaks in each."""

    def make(content: Content) -> list[Row]:
        return [{key: _messages(content, speakers, names) for key, speakers in columns.items()}]

    def read(row: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [pair for key in columns for pair in _said(row[key], names)]

    return Format(dict.fromkeys(columns, names), make, read)


def _alpaca(content: Content) -> list[Row]:
    return [{"instruction": content.user, "input": "", "output": content.assistant, "system": content.system}]


def _read_alpaca(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    prompt = "\n".join(row[key] for key in ("instruction", "input") if row[key])
    system = [("system", row["system"])] if row["system"] else []
    return [*system, ("user", prompt), ("assistant", row["output"])]


ROW_COLUMNS: Mapping[str, str] = {
    "source": "string",
    "id": "string",
    "variant": "int32",
    "license": "string",
    "license_upstream": "string",
    "license_evidence": "string",
    "official": "bool",
    "prompt": "string",
    "code": "string",
    "difficulty": "string",
    "description_source": "string",
    "verdict": "string",
    "findings": "string",
    "duplicates": "int32",
    "code_from": "string",
    "dialect": "string",
}
"""Columns of a row of the dataset beside its conversation, with their types as `datasets` and Arrow name them."""


def row_columns(format_name: str) -> dict[str, str]:
    """`ROW_COLUMNS` without those whose names the format's own columns have."""
    return {name: kind for name, kind in ROW_COLUMNS.items() if name not in FORMATS[format_name].columns}


_COMPLETION = _chat({"prompt": ROLES[:2], "completion": ROLES[2:]}, ("role", "content"))
_CONVERSATION = _chat({"conversations": ROLES}, ("from", "value"))
_WHOLE = _chat({"completion": ROLES}, ("role", "content"))
FORMATS: dict[str, Format] = {
    "sharegpt": _CONVERSATION,
    "messages": _chat({"messages": ROLES}, ("role", "content")),
    "prompt-completion": _COMPLETION,
    "alpaca": Format(dict.fromkeys(("instruction", "input", "output", "system"), ()), _alpaca, _read_alpaca),
}
"""The formats of conversations by name."""


def _prompt_only(content: Content) -> list[Row]:
    reference = {"reference": content.code, "difficulty": content.difficulty}
    return [{"prompt": _messages(content, ROLES[:2]), **reference}]


def _read_prompt_only(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [*_said(row["prompt"]), ("assistant", row["reference"])]


def _verl(content: Content) -> list[Row]:
    row = {"data_source": "manim", "prompt": _messages(content, ROLES[:2]), "ability": "code"}
    about = {"difficulty": content.difficulty, "source": content.source}
    return [{**row, "reward_model": {"style": "rule", "ground_truth": content.code}, "extra_info": about}]


def _read_verl(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [*_said(row["prompt"]), ("assistant", row["reward_model"]["ground_truth"])]


def _marked(content: Content, row: Row) -> Row:
    return row if content.only_layout is None else {**row, "only_layout": content.only_layout}


def _preference(content: Content) -> list[Row]:
    answers = {"chosen": [_answer(content.assistant)], "rejected": [_answer(content.rejected)]}
    return [_marked(content, {"prompt": _messages(content, ROLES[:2]), **answers})]


def _ranking(content: Content) -> list[Row]:
    """As LLaMA-Factory takes preferences: single messages for the answers."""
    names = ("from", "value")
    texts = {"chosen": content.assistant, "rejected": content.rejected}
    answers = {key: dict(zip(names, ("assistant", text), strict=True)) for key, text in texts.items()}
    return [_marked(content, {"conversations": _messages(content, ROLES[:2], names), **answers})]


def _read_ranking(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    return _said([*row["conversations"], row["chosen"]], ("from", "value"))


def _kto(line: Callable[[Content], Row], messages: Callable[[Mapping[str, Any]], list[tuple[str, str]]]) -> Format:
    """Lines with one answer and a label: whether it is right."""

    def make(content: Content) -> list[Row]:
        wrong = [replace(content, assistant=content.rejected)] if content.rejected else []
        labels = [(content, True), *((each, False) for each in wrong)]
        return [_marked(content, {**line(each), "label": label}) for each, label in labels]

    def read(row: Mapping[str, Any]) -> list[tuple[str, str]]:
        return messages(row) if row["label"] else []

    return Format({}, make, read, lambda row: "" if row["label"] else messages(row)[-1][1])


def _repair(content: Content) -> list[Row]:
    error = content.error or "It has no scene that could be rendered."
    asked = f"This program fails:\n\n{error}\n\nWrite the whole program again, corrected."
    tried = [_answer(content.rejected), {"role": "user", "content": asked}]
    prompt = [*_messages(content, ROLES[:2]), *tried]
    return [_marked(content, {"prompt": prompt, "completion": [_answer(content.assistant)]})]


def _read_repair(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    *asked, _, _ = _said(row["prompt"])
    return [*asked, *_said(row["completion"])]


_PROMPT_ONLY = Format({}, _prompt_only, _read_prompt_only)
_FOR_EXPORT: dict[tuple[str, str], Format] = {
    ("prompt-only", ""): _PROMPT_ONLY,
    ("prompt-only", "verl"): Format({}, _verl, _read_verl),
    ("preference", ""): Format(
        {},
        _preference,
        lambda row: _said([*row["prompt"], *row["chosen"]]),
        lambda row: str(row["rejected"][0]["content"]),
    ),
    ("preference", "llama-factory"): Format({}, _ranking, _read_ranking, lambda row: str(row["rejected"]["value"])),
    ("kto", ""): _kto(lambda content: _COMPLETION.make(content)[0], _COMPLETION.read),
    ("kto", "llama-factory"): _kto(lambda content: _CONVERSATION.make(content)[0], _CONVERSATION.read),
    ("kto", "axolotl"): _kto(lambda content: _WHOLE.make(content)[0], _WHOLE.read),
    ("repair", ""): Format({}, _repair, _read_repair, lambda row: str(row["prompt"][-2]["content"])),
}
"""What an export may hold beside conversations, by format and trainer; the trainer is empty for TRL and all others."""
_ENDINGS = {"mlx-lm": "jsonl", "openai": "jsonl", "verl": "parquet"}


def shape_of(settings: Mapping[str, Any], split: str = "train") -> Format:
    """The shape of a split's rows, by the settings `format` and `trainer`.

    Of formats that hold failing programs, train alone has these; the other sides are prompts with references.
    """
    name = settings.get("format", "sharegpt")
    if name in FORMATS:
        return FORMATS[name]
    if name in PAIR_FORMATS and split != "train":
        return _PROMPT_ONLY
    return _FOR_EXPORT.get((name, settings.get("trainer", "")), _FOR_EXPORT[name, ""])


def split_file(split: str, trainer: str) -> str:
    """What the file of a split is called in an export for a trainer; empty for none."""
    name = "valid" if trainer == "mlx-lm" and split == "validation" else split
    return f"{name}.{_ENDINGS.get(trainer, 'json')}"
