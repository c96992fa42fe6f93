"""One row, and a batch of rows, through cleaning, repair, checks and keys. Pure: no file, no clock, no network."""

import gc
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from xxhash import xxh3_64_intdigest

from builder.core.schema import PREPARED_SCHEMA, Example
from builder.manim_lint import Problem
from builder.manim_lint.syntax import parse
from builder.prepare.canonical import canonical_key
from builder.prepare.check import check_code, check_description
from builder.prepare.clean_description import clean_description
from builder.prepare.features import code_words, description_words
from builder.prepare.keys import content_key, description_key, program_key
from builder.prepare.style import style_of
from builder.prepare.trace import trace_row

OFFICIAL_SPLIT = "test"


@dataclass(frozen=True, slots=True)
class PreparedRow:
    """A row after cleaning, repair and checks."""

    example: Example
    content: str
    description_problem: tuple[str, str, str] | None
    """Stage, reason, detail; `None` if nothing is wrong."""
    code_problem: tuple[str, str, str] | None
    api_problem: Problem | None
    """The first thing that Manim would not take."""
    description_key: int | None
    program_key: int | None
    canonical_key: int | None
    description_repairs: tuple[str, ...]
    code_repairs: tuple[str, ...]


def prepare_row(original: Example, official: bool = False) -> PreparedRow:
    """Clean, repair (unless the row is an official test row), check and key one row."""
    trace = trace_row(original, official)
    description, code = trace.cleaned.description, trace.cleaned.code
    description_problem = check_description(description)
    code_problem = check_code(code, trace.parsed, trace.outline)
    return PreparedRow(
        example=trace.cleaned,
        content=content_key(original.description, original.code),
        description_problem=("check", *description_problem) if description_problem else None,
        code_problem=("check", *code_problem) if code_problem else None,
        api_problem=trace.api_left[0] if trace.api_left else None,
        description_key=description_key(description),
        program_key=program_key(code),
        canonical_key=canonical_key(trace.parsed.tree, code),
        description_repairs=trace.names("description"),
        code_repairs=trace.names("code"),
    )


def prepare_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Prepare rows of `READ_SCHEMA`; gives the same rows, in order, in `PREPARED_SCHEMA`."""
    collecting = gc.isenabled()
    gc.disable()  # syntax trees are large and hold no cycles: collecting costs a third of the time
    try:
        rows = [_prepare(row) for row in batch.to_pylist()]
    finally:
        if collecting:
            gc.enable()
    return pa.RecordBatch.from_pylist(rows, schema=PREPARED_SCHEMA)


def _prepare(row: Mapping[str, object]) -> dict[str, object]:
    description, code, problem = row["description"], row["code"], row["problem"]
    official = str(row["split"] or "").strip().lower() == OFFICIAL_SPLIT
    original = Example(description if isinstance(description, str) else "", code if isinstance(code, str) else "")
    prepared = prepare_row(original, official)
    cleaned = prepared.example
    unread = ("read", "not_text", str(problem)) if problem else None
    description_problem = unread or prepared.description_problem or (None, None, None)
    code_problem = unread or prepared.code_problem or (None, None, None)
    return {
        "row": row["row"],
        "official": official,
        "difficulty": row["difficulty"],
        "error": row["error"],
        "description": cleaned.description,
        "code": cleaned.code,
        "content": prepared.content,
        "description_key": prepared.description_key,
        "program_key": prepared.program_key,
        "canonical_key": prepared.canonical_key,
        "description_stage": description_problem[0],
        "description_reason": description_problem[1],
        "description_detail": description_problem[2],
        "code_stage": code_problem[0],
        "code_reason": code_problem[1],
        "code_detail": code_problem[2],
        "api_reason": prepared.api_problem.reason if prepared.api_problem else None,
        "api_detail": prepared.api_problem.detail if prepared.api_problem else None,
        "description_repairs": list(prepared.description_repairs),
        "code_repairs": list(prepared.code_repairs),
        "description_words": description_words(cleaned.description),
        "code_words": code_words(cleaned.code),
        "style": style_of(original.description, cleaned.description, original.code, cleaned.code),
        "legacy_key": legacy_key(original.description),
    }


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
    found = [prepare_row(Example("", code), official).canonical_key for official in (True, False)]
    return tuple(dict.fromkeys(key for key in found if key is not None))


def plain_prompt(text: str) -> str:
    """A benchmark's prompt, cleaned as descriptions are."""
    return clean_description(text)[0]


def probe_key() -> int | None:
    """The canonical key of a fixed program: as long as it stays, keys that were kept are those of today."""
    return canonical_key(parse(_PROBE).tree, _PROBE)
