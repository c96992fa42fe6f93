"""Conversations as JSON Lines."""

from collections.abc import Iterable
from pathlib import Path

import orjson

from builder.emit.formats import FORMATS, fenced
from builder.emit.rows import EmittedRow


def write_json_lines(rows: Iterable[EmittedRow], path: Path, format_name: str, system_prompt: str) -> int:
    """Write one conversation a line: the keys of its format and `source`, no other. Returns the number of lines."""
    make = FORMATS[format_name].make
    count = 0
    with path.open("wb") as opened:
        for row in rows:
            line = {**make(system_prompt, row.prompt, fenced(row.code)), "source": row.source}
            opened.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count


def write_json(value: object, path: Path) -> None:
    """Write one readable JSON document."""
    path.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
