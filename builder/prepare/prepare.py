"""One row, its description and its code, through cleaning, repair, checks and keys. Pure: no file, clock or network."""

import gc
from collections.abc import Callable
from typing import Any

import polars as pl
import pyarrow as pa
from xxhash import xxh3_64_intdigest

from builder.core.row_store import as_batch, record_batch
from builder.core.schema import FOLLOW_UP, PREPARED_SCHEMA
from builder.manim_lint.dialect import COMMUNITY
from builder.manim_lint.syntax import names
from builder.prepare.check import Problem, check_code, check_description
from builder.prepare.clean_description import clean_description
from builder.prepare.features import code_words, description_words
from builder.prepare.keys import canonical_key, content_key, description_key, program_key
from builder.prepare.mathematics import wrong_result
from builder.prepare.style import style_of_code, style_of_description
from builder.prepare.trace import trace_code

OFFICIAL_SPLIT = "test"


_DESCRIPTION_COLUMNS = (
    "description", "description_key", "description_stage", "description_reason", "description_detail",
    "description_repairs", "description_words", "legacy_key", "style",
)  # fmt: skip
_CODE_COLUMNS = (
    "code", "program_key", "canonical_key", "code_stage", "code_reason", "code_detail", "api_reason", "api_detail",
    "wrong_mathematics", "code_repairs", "code_words", "style", "dialect", "community_code", "community_repairs",
)  # fmt: skip


def _schema(columns: tuple[str, ...]) -> pa.Schema:
    return pa.schema([pa.field("key", pa.binary(16)), *(PREPARED_SCHEMA.field(name) for name in columns)])


_TEXT: dict[str, pa.DataType] = {"key": pa.binary(16), "text": pa.string(), "official": pa.bool_()}
TEXT_SCHEMA = pa.schema(_TEXT)
"""Distinct texts as they were read, with their keys; only codes of official test rows are `official`."""
DESCRIPTION_SCHEMA = _schema(_DESCRIPTION_COLUMNS)
"""What is prepared of a description; its `style` is the description's part of a row's."""
CODE_SCHEMA = _schema(_CODE_COLUMNS)
"""The same of a code."""


def prepare_descriptions(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Prepare texts of `TEXT_SCHEMA`; gives them, in order, in `DESCRIPTION_SCHEMA`."""
    return _each(lambda text, _official: prepare_description(text), batch, DESCRIPTION_SCHEMA)


def prepare_codes(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Prepare texts of `TEXT_SCHEMA`; gives them, in order, in `CODE_SCHEMA`."""
    return _each(prepare_code, batch, CODE_SCHEMA)


def _each(function: Callable[[str, bool], dict[str, Any]], batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    collecting = gc.isenabled()
    gc.disable()  # syntax trees are large and hold no cycles: collecting costs a third of the time
    try:
        rows = [{"key": row["key"], **function(row["text"], row["official"])} for row in batch.to_pylist()]
    finally:
        if collecting:
            gc.enable()
    return record_batch(rows, schema=schema)


def prepare_description(original: str) -> dict[str, Any]:
    """Clean, check and key one description; gives what `DESCRIPTION_SCHEMA` has of it, but for its key."""
    text, steps = clean_description(original)
    return {
        "description": text,
        "description_key": description_key(text),
        **_problem("description", check_description(text)),
        "description_repairs": names(steps),
        "description_words": description_words(text),
        "legacy_key": legacy_key(original),
        "style": style_of_description(original, text),
    }


def prepare_code(original: str, official: bool = False) -> dict[str, Any]:
    """Clean, repair (unless it is an official test row's), check and key one code; gives what `CODE_SCHEMA` has of it.

    A ManimGL program stands beside it as one of Manim Community, with the names of all steps, if it can be done whole.
    """
    trace = trace_code(original, official)
    tree, wrong = trace.parsed.tree, trace.left[0] if trace.left else None
    return {
        **_keyed(trace.code),
        **_problem("code", check_code(trace.code, trace.parsed, trace.outline)),
        "api_reason": wrong.reason if wrong else None,
        "api_detail": wrong.detail if wrong else None,
        "wrong_mathematics": wrong_result(trace.code, tree) if tree is not None else None,
        "code_repairs": names(trace.steps),
        "style": style_of_code(original, trace.code),
        "dialect": trace.dialect,
        "community_code": trace.community[0] if trace.community else None,
        "community_repairs": names(trace.community[1]) if trace.community else None,
    }


def _keyed(code: str) -> dict[str, Any]:
    return {
        "code": code,
        "program_key": program_key(code),
        "canonical_key": canonical_key(code),
        "code_words": code_words(code),
    }


def _problem(kind: str, problem: Problem | None) -> dict[str, str | None]:
    stage, reason, detail = ("check", *problem) if problem else (None, None, None)
    return {f"{kind}_stage": stage, f"{kind}_reason": reason, f"{kind}_detail": detail}


def in_community(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of `PREPARED_SCHEMA`, ManimGL programs as they are in Manim Community where they could be brought there."""
    rows: list[dict[str, Any]] = batch.to_pylist()
    for row in rows:
        if (code := row["community_code"]) is not None:
            brought = {"api_reason": None, "api_detail": None, "code_repairs": row["community_repairs"]}
            row.update(_keyed(code), dialect=COMMUNITY, **brought)
    return record_batch(rows, schema=batch.schema)


def put_together(read: pa.RecordBatch, descriptions: pa.Table, codes: pa.Table) -> pa.RecordBatch:
    """Rows of `PREPARED_SCHEMA` from rows of `READ_SCHEMA` and what was prepared of their texts, in the same order."""
    rows, of_description, of_code = pl.DataFrame(read), pl.DataFrame(descriptions), pl.DataFrame(codes)
    official = [is_official(split) for split in rows["split"]]
    texts = zip(rows["description"], rows["code"], strict=True)
    content = [content_key(description or "", code or "") for description, code in texts]
    styles = zip(of_description["style"].to_list(), of_code["style"].to_list(), strict=True)
    unread = pl.col("problem")
    problem = {
        "stage": pl.lit("read"),
        "reason": pl.when(unread.str.starts_with(FOLLOW_UP)).then(pl.lit(FOLLOW_UP)).otherwise(pl.lit("not_text")),
        "detail": unread.str.replace_all(f"{FOLLOW_UP}: ", "", literal=True),
    }
    prepared = (
        rows.select("row", "difficulty", "error", "problem")
        .with_columns(
            official=pl.Series(official, dtype=pl.Boolean),
            content=pl.Series(content, dtype=pl.String),
            style=pl.Series([sorted(one + other) for one, other in styles], dtype=pl.List(pl.UInt8)),
        )
        .hstack(of_description.drop("key", "style"))
        .hstack(of_code.drop("key", "style"))
        .with_columns(
            pl.when(unread.is_not_null()).then(value).otherwise(pl.col(f"{kind}_{column}")).alias(f"{kind}_{column}")
            for kind in ("description", "code")
            for column, value in problem.items()
        )
    )
    return as_batch(prepared, PREPARED_SCHEMA)


def is_official(split: str | None) -> bool:
    """Whether a row's official split, as its source writes it, is the test side."""
    return (split or "").strip().lower() == OFFICIAL_SPLIT


def legacy_key(description: str) -> int:
    """The key of an earlier pipeline's rule for duplicates: lower case, white space collapsed, nothing cleaned."""
    return xxh3_64_intdigest(" ".join(description.lower().split()).encode("utf-8", "surrogatepass"))


_PROBE = """
from manim import *
class Probe(Scene):
    def construct(self):
        self.ring = Circle(radius=0.5, color="#FF0000")
        for step in range(3):
            shown = self.turned(step, by=90 * DEGREES)
            self.play(Rotate(self.ring, angle=shown), run_time=1.0)
        self.add(Tex(f"{step:02d} turns", r"$\\\\alpha$"), *[Dot(x * RIGHT) for x in (-1, 1j)])
    def turned(self, step, by):
        return lambda other=step: other * by if other else None
"""
"""A program that has something of all that keys are made of."""


def program_keys(code: str) -> tuple[int, ...]:
    """Canonical keys of a benchmark's program: as it stands once cleaned, and as it is once repaired.

    Rows of train are repaired, so a copy of the program may be there in either form. Empty where there is no program.
    """
    found = [prepare_code(code, official)["canonical_key"] for official in (True, False)]
    return tuple(dict.fromkeys(key for key in found if key is not None))


def plain_prompt(text: str) -> str:
    """A benchmark's prompt, cleaned as descriptions are."""
    return clean_description(text)[0]


def probe_key() -> int | None:
    """The canonical key of a fixed program: as long as it stays, keys that were kept are those of today."""
    return canonical_key(_PROBE)
