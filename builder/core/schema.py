"""Example, one description with its code, and the columns in which rows travel from step to step."""

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

SPLITS = ("train", "validation", "test")
"""The sides of a build, as files and ledgers name them; a config may have no validation."""


@dataclass(frozen=True, slots=True)
class Example:
    """One description (a prompt in plain words) with its code (a Manim program), as text."""

    description: str
    code: str


TURN = 1 << 32
"""In the number of a row, what each further task of a chat adds to the number of its line: ids name both."""
FOLLOW_UP = "follow_up"
"""The reason of a request that leans on what was said before in its chat; `problem` then starts with it."""

_READ: dict[str, pa.DataType] = {
    "row": pa.int64(),  # from 0, in the order of the source; of a chat's further tasks, with their `TURN`
    "description": pa.string(),
    "code": pa.string(),
    "split": pa.string(),  # the official split, where the source has one
    "error": pa.string(),  # what the authors report of a run of the code
    "difficulty": pa.string(),
    "problem": pa.string(),  # why a value is not text (the value is then null), or why the row is none by itself
    "dialogue": pa.string(),  # JSON: all messages of a chat in which the program was repaired, as role and content
}
READ_SCHEMA = pa.schema(_READ)
"""Rows as read: what `sources` writes and `prepare` takes."""

_PREPARED: dict[str, pa.DataType] = {
    "row": pa.int64(),
    "official": pa.bool_(),
    "difficulty": pa.string(),
    "error": pa.string(),
    "description": pa.string(),  # cleaned
    "code": pa.string(),  # cleaned and repaired
    "content": pa.string(),  # 16 hex digits of the original description and code
    "description_key": pa.uint64(),
    "program_key": pa.uint64(),  # of its tokens
    "canonical_key": pa.uint64(),  # of the program with canonical names; null if it does not parse
    "description_stage": pa.string(),  # stage, reason and detail of what is wrong; null if nothing is
    "description_reason": pa.string(),
    "description_detail": pa.string(),
    "code_stage": pa.string(),
    "code_reason": pa.string(),
    "code_detail": pa.string(),
    "api_reason": pa.string(),  # the first thing that Manim, as the snapshot knows it, would not take
    "api_detail": pa.string(),
    "wrong_mathematics": pa.string(),  # the first result in its formulas that is wrong; null if none is
    "description_repairs": pa.list_(pa.string()),  # cleaning steps, in order
    "code_repairs": pa.list_(pa.string()),  # cleaning steps and repairs, in order
    "description_words": pa.list_(pa.uint32()),  # hashed, for telling which description belongs to which code
    "code_words": pa.list_(pa.uint32()),
    "style": pa.list_(pa.uint8()),  # how the row looks, which tells what other rows it came with
    "dialect": pa.string(),  # what the program was written for: `ce` or `manimgl`
    "community_code": pa.string(),  # a ManimGL program brought to Manim Community whole; null if it was not
    "community_repairs": pa.list_(pa.string()),
    "legacy_key": pa.uint64(),  # key of the description by an earlier pipeline's rule
}
PREPARED_SCHEMA = pa.schema(_PREPARED)
"""Rows as prepared: what `prepare` writes, `decide` reads without the texts, and `emit` with them."""


class Outcome(StrEnum):
    """The word of a verdict."""

    PASSED = "passed"
    FAILED = "failed"
    """The program raised, or was ended for using more memory, processes or files than it may."""
    TIMEOUT = "timeout"
    NO_SCENE = "no_scene"
    BLANK = "blank"
    """Nothing but background in every sampled frame."""
    ENVIRONMENT = "environment"
    """The machine's fault: no LaTeX, no font, no memory. Tried again later, and never held against the row."""
    REFUSED = "refused"
    """Tried to use the network, or to write where it may not."""
