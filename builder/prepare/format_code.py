"""Programs laid out in one style by `ruff format`, with the same syntax tree and comments; no program is run."""

import io
import os
import subprocess
import sys
import tempfile
import tokenize
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from builder.core.errors import SettingError
from builder.core.files import installed_version, temporary_folder
from builder.core.row_store import record_batch
from builder.manim_lint.syntax import parse, same_program

STEP = "format:ruff"
"""Stands in a row's repairs if its program was laid out anew."""
_RUFF = (sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--quiet")
_STYLE = ("--line-length=88", "--target-version=py311")
_SECONDS = 600
_FORMATTED, _NOT_PYTHON = 0, 2


def formatter() -> str:
    """Name and version of what lays programs out, since a new release may do it otherwise.

    Raises:
        SettingError: it is not installed.
    """
    version = installed_version("ruff")
    if not version:
        raise SettingError("--format-code needs ruff: pip install 'manim-combined[format]'")
    return f"ruff-{version}"


def format_programs(codes: Sequence[str]) -> list[str]:
    """Each program in the formatter's style; as it is where it is none, or its tree or comments would change."""
    made = {code: code for code in codes if parse(code).ok}
    made.update((code, _checked(code, new)) for code, new in zip(made, _run(list(made)), strict=True))
    return [made.get(code, code) for code in codes]


def _run(codes: list[str]) -> list[str]:
    """What the formatter makes of programs; if it dies of them, it is asked for each half."""
    if not codes:
        return []
    with tempfile.TemporaryDirectory(prefix="manim-combined-", dir=temporary_folder()) as folder:
        files = [Path(folder, f"{number:06}.py") for number in range(len(codes))]
        for file, code in zip(files, codes, strict=True):
            file.write_bytes(code.encode())
        own = {name: value for name, value in os.environ.items() if not name.startswith("RUFF_")}
        done = subprocess.run((*_RUFF, *_STYLE, folder), capture_output=True, timeout=_SECONDS, env=own, check=False)
        if done.returncode in (_FORMATTED, _NOT_PYTHON):
            return [file.read_bytes().decode() for file in files]
    middle = len(codes) // 2
    return [*_run(codes[:middle]), *_run(codes[middle:])] if middle else codes


def _checked(code: str, new: str) -> str:
    """The new layout if it is the same program, with the same end of its last line."""
    new = new if code.endswith("\n") else new.rstrip("\n")
    before, after = parse(code).tree, parse(new).tree
    same = (
        before is not None and after is not None and same_program(before, after) and _comments(code) == _comments(new)
    )
    return new if same else code


def _comments(code: str) -> list[str] | None:
    """The comments of a program, without the blanks at their start; `None` if this Python cannot tell."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, SyntaxError):
        return None
    return [token.string.lstrip("# \t").rstrip() for token in tokens if token.type == tokenize.COMMENT]


def formatted(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of `PREPARED_SCHEMA` with their programs laid out, but for official test rows; keys and decisions stay."""
    rows: list[dict[str, Any]] = batch.to_pylist()
    for column, repairs in (("code", "code_repairs"), ("community_code", "community_repairs")):
        some = [row for row in rows if row[column] and not row["official"]]
        for row, code in zip(some, format_programs([row[column] for row in some]), strict=True):
            if code != row[column]:
                row.update({column: code, repairs: [*row[repairs], STEP]})
    return record_batch(rows, schema=batch.schema)
