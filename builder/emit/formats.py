"""What a row looks like: a conversation of system, user and assistant, in the shapes that trainers take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ROLES = ("system", "user", "assistant")
"""Who speaks in every row, in order."""


def fenced(code: str) -> str:
    """A program as the assistant says it."""
    return f"```python\n{code}\n```"


def unfenced(text: str) -> str:
    """The program in an assistant's message."""
    return text.removeprefix("```python\n").removesuffix("\n```")


@dataclass(frozen=True, slots=True)
class Format:
    """One shape of a conversation."""

    columns: Mapping[str, tuple[str, ...]]
    """The keys of a row: for a list of messages the names of speaker and text in each message, for a text nothing."""
    make: Callable[[str, str, str], dict[str, Any]]
    """A row's keys and values, of what system, user and assistant say."""
    read: Callable[[Mapping[str, Any]], list[tuple[str, str]]]
    """Who says what in a row, in order. Raises `KeyError` or `TypeError` for a row of another shape."""


def _chat(columns: Mapping[str, tuple[str, ...]], names: tuple[str, str]) -> Format:
    """A format whose columns are lists of messages; `columns` tells who speaks in each."""
    role, content = names

    def make(*texts: str) -> dict[str, Any]:
        said = dict(zip(ROLES, texts, strict=True))
        return {key: [{role: who, content: said[who]} for who in speakers] for key, speakers in columns.items()}

    def read(row: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [(message[role], message[content]) for key in columns for message in row[key]]

    return Format(dict.fromkeys(columns, names), make, read)


def _alpaca(system: str, user: str, assistant: str) -> dict[str, Any]:
    return {"instruction": user, "input": "", "output": assistant, "system": system}


def _read_alpaca(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    prompt = "\n".join(row[key] for key in ("instruction", "input") if row[key])
    return [("system", row["system"]), ("user", prompt), ("assistant", row["output"])]


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


FORMATS: dict[str, Format] = {
    "sharegpt": _chat({"conversations": ROLES}, ("from", "value")),
    "messages": _chat({"messages": ROLES}, ("role", "content")),
    "prompt-completion": _chat({"prompt": ROLES[:2], "completion": ROLES[2:]}, ("role", "content")),
    "alpaca": Format(dict.fromkeys(("instruction", "input", "output", "system"), ()), _alpaca, _read_alpaca),
}
"""The formats by name."""
