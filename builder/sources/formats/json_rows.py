"""JSON as rows: Lines, arrays, and objects that hold rows as lists, as columns, by their ids, or by their split."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from builder.sources.formats.table import SPLIT_BY_FILE, BrokenRow, Table, table_of_lists, table_of_rows
from builder.sources.hosts.files import SPLIT_NAMES, names_split

MAX_WHOLE_BYTES = 1 << 30
"""A larger file is read line by line, whatever it holds: all of it would have to be held at once."""
MAX_DEPTH = 4
"""Levels of an object in which rows are looked for."""
_COLUMN_NAMES = frozenset(
    "description instruction prompt question query input code output answer response completion messages "
    "conversations text".split()
)
"""Names by which an object of objects is told to hold columns, not rows."""
_ROLE_KEYS = frozenset(("role", "from", "author"))
_WORDS_OF_A_PROMPT = 3
_MARK = b"\xef\xbb\xbf"


def read_json(file: Path) -> Table:
    """JSON Lines, or one JSON document, whatever the file is called.

    Raises:
        ValueError: it is JSON in which no rows are found; the text says what it holds.
    """
    first, more = _first_lines(file)
    value, sound = _parsed(first)
    if sound and more:
        return _json_lines(file, lists=isinstance(value, list))
    if not sound and file.stat().st_size <= MAX_WHOLE_BYTES:
        value, sound = _parsed(file.read_bytes())
        if not sound and (documents := _documents(file)):
            value, sound = documents, True
    if not sound:
        return _json_lines(file)
    rows = rows_within(value)
    if rows is None:
        raise ValueError(f"it is JSON, but no rows are found in it: {_shape(value)}")
    if rows and all(isinstance(row, list) for row in rows):
        lists = [row for row in rows if isinstance(row, list)]
        return table_of_lists(lambda: iter(lists))
    objects = [
        row if isinstance(row, dict | BrokenRow) else BrokenRow(f"element {number}: not an object")
        for number, row in enumerate(rows)
    ]
    return table_of_rows(lambda: iter(objects))


def rows_within(value: object, depth: int = MAX_DEPTH) -> Sequence[object] | None:
    """The rows that a JSON value holds; `None` where it holds none."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or not depth:
        return None
    if not any(isinstance(item, list | dict) for item in value.values()):
        return _pairs(value) or [value]
    known = (_pandas_split, _splits, _columns, _objects)
    found = next((rows for shape in known if (rows := shape(value)) is not None), None)
    if found is not None:
        return found
    inner = [rows for item in value.values() if _may_hold_rows(item) and (rows := rows_within(item, depth - 1))]
    if len(inner) == 1:
        return inner[0]
    one_row = _COLUMN_NAMES & value.keys() or any(not isinstance(item, list | dict) for item in value.values())
    return [value] if not inner and one_row else None


def _may_hold_rows(value: object) -> bool:
    """Whether a value is an object, or a list of objects or lists that is not a chat."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return not _ROLE_KEYS & value[0].keys()
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], list))


def _pandas_split(value: Mapping[str, object]) -> Sequence[object] | None:
    """`{"columns": [...], "data": [[...], ...]}`, as pandas writes with `orient="split"`."""
    columns, data = value.get("columns"), value.get("data")
    if not isinstance(columns, list) or not isinstance(data, list) or not all(isinstance(row, list) for row in data):
        return None
    return [dict(zip(map(str, columns), row, strict=False)) for row in data]


def _splits(value: Mapping[str, object]) -> Sequence[object] | None:
    """`{"train": ..., "test": ...}`: rows of each, with their split; lists of rows under other names, one by one."""
    if all(name.lower() in SPLIT_NAMES for name in value):
        parts = [("test" if names_split(name, "test") else "train", rows_within(item)) for name, item in value.items()]
        both = len({split for split, rows in parts if rows}) > 1
        return [
            {**row, SPLIT_BY_FILE: split} if both and isinstance(row, dict) else row
            for split, rows in parts
            for row in rows or ()
        ]
    lists = [item for item in value.values() if isinstance(item, list) and item and _may_hold_rows(item)]
    if len(lists) < 2 or any(not isinstance(row, dict) for rows in lists for row in rows):
        return None
    shared = set.intersection(*(set(rows[0]) for rows in lists))
    return [row for rows in lists for row in rows] if shared else None


def _columns(value: Mapping[str, object]) -> Sequence[object] | None:
    """`{"prompt": [...], "code": [...]}`, or the same with objects for lists, as pandas writes by default."""
    lists = [item for item in value.values() if isinstance(item, list)]
    if len(lists) == len(value) > 1 and lists[0] and len({len(item) for item in lists}) == 1:
        texts = any(isinstance(item[0], str) for item in lists)
        return [dict(zip(value, cells, strict=True)) for cells in zip(*lists, strict=True)] if texts else None
    objects = _all_objects(value)
    if not objects or len({frozenset(item) for item in objects}) != 1:
        return None
    numbered = all(key.isdecimal() for key in objects[0]) and not all(key.isdecimal() for key in value)
    if not numbered and not _COLUMN_NAMES & {name.lower() for name in value}:
        return None
    return [{name: item[key] for name, item in zip(value, objects, strict=True)} for key in objects[0]]


def _objects(value: Mapping[str, object]) -> Sequence[object] | None:
    """`{"a1": {...}, "a2": {...}}`: rows by their ids."""
    objects = _all_objects(value)
    if len(objects) < 2 or not set.intersection(*map(set, objects)):
        return None
    return objects


def _pairs(value: Mapping[str, object]) -> Sequence[object]:
    """`{"Draw a circle": "from manim ...", ...}`: programs by their prompts; nothing, if keys are names."""
    prompts = sum(len(key.split()) >= _WORDS_OF_A_PROMPT for key in value)
    if 2 * prompts <= len(value) or not all(isinstance(item, str) for item in value.values()):
        return []
    return [{"key": key, "value": item} for key, item in value.items()]


def _all_objects(value: Mapping[str, object]) -> list[dict[str, object]]:
    """The values, if all of them are objects that are not empty."""
    objects = [item for item in value.values() if isinstance(item, dict) and item]
    return objects if len(objects) == len(value) else []


def _shape(value: object) -> str:
    """What a JSON value is, in a few words."""
    if isinstance(value, dict):
        kinds = [f"{name[:40]!r} ({type(item).__name__})" for name, item in list(value.items())[:6]]
        return f"an object with {', '.join(kinds)}" if kinds else "an empty object"
    return f"one value of type {type(value).__name__}"


def _json_lines(file: Path, lists: bool = False) -> Table:
    def values(kind: type, named: str) -> Iterator[Any]:
        with file.open("rb") as opened:
            for number, line in enumerate(opened, start=1):
                if line.strip():
                    value = _value_or_broken(line, number)
                    odd = not isinstance(value, kind | BrokenRow)
                    yield BrokenRow(f"line {number}: {type(value).__name__}, not an {named}") if odd else value

    return table_of_lists(lambda: values(list, "array")) if lists else table_of_rows(lambda: values(dict, "object"))


def _value_or_broken(line: bytes, number: int) -> object:
    try:
        return json_value(line.removeprefix(_MARK))
    except ValueError as error:
        value, sound = _parsed(line.strip().rstrip(b","))  # a line of an array that is cut short
        return value if sound else BrokenRow(f"line {number}: not JSON: {error}")


def _first_lines(file: Path) -> tuple[bytes, bool]:
    """The first line that is not blank, and whether another follows."""
    with file.open("rb") as opened:
        filled: Iterator[bytes] = (line for line in opened if line.removeprefix(_MARK).strip())
        return next(filled, b""), next(filled, None) is not None


def _parsed(text: bytes) -> tuple[object, bool]:
    """A JSON document, and whether the text is one."""
    try:
        return json_value(text.removeprefix(_MARK)), True
    except ValueError:
        return None, False


def _documents(file: Path) -> list[object]:
    """Objects one after the other, each over several lines; none unless the whole file is such."""
    text = file.read_bytes().removeprefix(_MARK).decode("utf-8", "surrogateescape").strip()
    decode: Callable[[str, int], tuple[object, int]] = json.JSONDecoder().raw_decode
    found: list[object] = []
    position = 0
    while position < len(text) and text[position] == "{":
        try:
            value, end = decode(text, position)
        except (ValueError, RecursionError):
            return []
        found.append(value)
        rest = len(text) - end
        position = end + rest - len(text[end : end + 4096].lstrip(" \t\r\n,") + text[end + 4096 :])
    return found if position >= len(text) else []


def json_value(text: bytes) -> object:
    """A JSON document; bytes that are no UTF-8 become lone surrogates, which are a problem of their value.

    Raises:
        ValueError: it is none, or nested too deep.
    """
    try:
        return orjson.loads(text)
    except ValueError as error:
        try:  # the standard library takes what orjson does not: NaN, lone surrogates, long numbers
            return json.loads(text.decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError):
            raise error from None
