"""Programs in files of Python, Markdown and JSON Lines: each is given to a function and what it gives is put back."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from builder.core.errors import BuilderError

STANDARD_INPUT = "-"
KINDS = {"python": (".py", ".pyi"), "markdown": (".md", ".markdown"), "jsonl": (".jsonl", ".ndjson")}
"""Kinds of files, and how their names end."""

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<language>[\w+-]*)[^`\r\n]*[\r\n]*")
_PYTHON = frozenset({"python", "python3", "py", "manim"})
_MANIM = re.compile(r"\b(?:from|import)\s+manim\w*\b|\bclass\s+\w+\s*\([^)]{0,200}Scene\b|\bself\.play\(")
_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
_MAX_DEPTH = 6
"""Of lists and objects within a row of JSON Lines."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program and where it stands in its file."""

    code: str
    line: int = 1
    """The line of the file on which it begins, from 1."""
    indent: int = 0
    """Characters before each of its lines."""
    row: int = 0
    """In JSON Lines, the line of its row, from 1; else 0. Lines and columns of its problems are then its own."""


Change = Callable[[Program], str]
"""Gives the program that is to stand in the place of one."""


def read_text(name: str) -> str:
    """What a file or the standard input holds; a byte order mark stays in front.

    Raises:
        BuilderError: it cannot be read, or is not UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
        return data.decode("utf-8")
    except OSError as error:
        raise BuilderError(f"{name}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BuilderError(f"{name}: is not UTF-8 (byte {error.start + 1:,}); save it as UTF-8") from error


def kind_of(name: str) -> str:
    """The kind of a file by the end of its name: Python where it says nothing else."""
    return next((kind for kind, endings in KINDS.items() if name.lower().endswith(endings)), "python")


def change_programs(text: str, kind: str, change: Change, name: str) -> str:
    """The text of a file with each of its programs through `change`; equal where no program changes.

    Args:
        text: all of the file.
        kind: one of `KINDS`.
        change: called for each program in order.
        name: of the file, for messages.

    Raises:
        BuilderError: a line of JSON Lines is not JSON.
    """
    if kind == "markdown":
        return _change_blocks(text, change, _PYTHON)
    if kind == "jsonl":
        lines = text.split("\n")
        return "\n".join(_change_row(line, row, change, name) for row, line in enumerate(lines, 1))
    return change(Program(text))


def _change_blocks(text: str, change: Change, languages: frozenset[str]) -> str:
    """The text with the fenced blocks of these languages through `change`; an open block ends with the text."""
    lines = _LINE_END.split(text)
    out: list[str] = []
    position = 0
    while position < len(lines):
        opened = _FENCE.fullmatch(lines[position])
        out.append(lines[position])
        position += 1
        if opened is None:
            continue
        end = next((at for at in range(position, len(lines)) if _closes(lines[at], opened["mark"])), len(lines))
        block = lines[position:end]
        if opened["language"].lower() in languages:
            block = [_change_block(block, opened["indent"], position + 1, change)]
        out += block
        position = end
        if end < len(lines):
            out.append(lines[end])
            position += 1
    return "".join(out)


def _closes(line: str, mark: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(mark) and not bare.strip(mark[0])


def _change_block(lines: list[str], indent: str, line: int, change: Change) -> str:
    before = "".join(lines)
    shifted = bool(indent) and all(each.startswith(indent) or not each.strip() for each in lines)
    code = "".join(each[len(indent) :] if each.strip() else each for each in lines) if shifted else before
    after = change(Program(code, line, len(indent) if shifted else 0))
    if after == code:
        return before
    after += "" if after.endswith("\n") else "\n"
    inside = _LINE_END.split(after)
    return "".join(indent + each if shifted and each.strip() else each for each in inside)


def _change_row(line: str, row: int, change: Change, name: str) -> str:
    """A row of JSON Lines with its program through `change`; the rest of it is written as JSON again if it changes."""
    if not line.strip():
        return line
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BuilderError(f"{name}:{row}: is not JSON: {error}; choose another kind of file with --as") from error
    path = _path_of_program(value)
    if path is None:
        return line
    holder = value
    for step in path[:-1]:
        holder = holder[step]
    before = holder[path[-1]]

    def in_row(program: Program) -> str:
        return change(replace(program, row=row))

    fenced = "```" in before or "~~~" in before
    after = _change_blocks(before, in_row, _PYTHON | {""}) if fenced else in_row(Program(before))
    if after == before:
        return line
    holder[path[-1]] = after
    return json.dumps(value, ensure_ascii=line.isascii() or "\\u" in line) + ("\r" if line.endswith("\r") else "")


def _path_of_program(value: Any) -> list[Any] | None:
    """Keys and numbers that lead to a row's program: a text with Manim's code, under a likely name if there is one.

    The last such text counts, as an answer follows its question. Without one, a text whose key speaks of code.
    """
    texts = list(_texts(value, []))
    manim = [path for path, text in texts if _MANIM.search(text)]
    from builder.sources.columns.names import CODE_NAMES  # brings Arrow, which only JSON Lines need

    named = [path for path in manim if _key(path) in CODE_NAMES or "code" in _key(path)]
    other = [path for path, _ in texts if "code" in _key(path)]
    return next((paths[-1] for paths in (named, manim, other) if paths), None)


def _key(path: list[Any]) -> str:
    return next((step.lower() for step in reversed(path) if isinstance(step, str)), "")


def _texts(value: Any, path: list[Any]) -> Iterator[tuple[list[Any], str]]:
    if isinstance(value, str) and path:
        yield path, value
    elif isinstance(value, dict | list) and len(path) < _MAX_DEPTH:
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, [*path, step])
