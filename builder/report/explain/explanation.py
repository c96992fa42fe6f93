"""What is known of a row: plain data, to be shown or written as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from builder.decide.split import SplitReason
from builder.manim_lint import Problem
from builder.manim_lint.fixes import engine, excerpts
from builder.prepare import clean_code, clean_description
from builder.prepare.cache import DESCRIBED, EDITED
from builder.prepare.trace import Check, TraceStep

LISTED = 20
"""Rows that are named one by one, where there are more."""
SPLIT_REASONS: Mapping[str, str] = {
    "recorded": "recorded by the build; the ranks that decided it take all rows: name the sources to see them",
    "official": "its group holds an official test row",
    "official_source": "its group has rows of a source with official test rows, which draws no others for test",
    "not_eligible": "no row of its group has a pair and a program as their authors made them, so it may not be drawn",
    "large": "its group holds too many rows of one source to be drawn",
    "drawn": "its group was drawn: its rank {rank:.4f} is among the lowest, which go to test (up to {cut:.4f})",
    "drawn_for_validation": "its group was drawn: its rank {rank:.4f} is among the next, which go to validation (from "
    "{cut:.4f} up to {validation_cut:.4f})",
    "not_drawn": "its group was not drawn: its rank {rank:.4f} is above the lowest, which go to test or validation (up "
    "to {validation_cut:.4f})",
}
"""For each `why` of a `SplitReason`, what it means."""
REASONS: Mapping[str, str] = {
    "not_text": "its description or its code is no text",
    "follow_up": "a chat's later request, which needs the earlier ones to be understood",
    "decided": "a person decided so",
    "empty_description": "it has no description",
    "description_is_filename": "its description is the name of a file",
    "placeholder_description": "its description says nothing of what is drawn",
    "short_description": "its description is too short to say anything",
    "short_code": "its code is too short to be a program",
    "syntax_error": "its code is no Python program",
    "no_scene": "its program has no scene",
    "no_construct": "no scene of its program has a `construct`",
    "empty_construct": "the `construct` of its scenes does nothing",
    "unknown_name": "its program uses a name, method or attribute that Manim does not have",
    "unset_name": "its program uses a name that is never set, or only later",
    "unknown_argument": "its program gives an argument that a class, function or method does not take",
    "wrong_arity": "its program gives too few or too many arguments, or one twice",
    "bad_value": "its program gives a value that is sure to fail",
    "missing_module": "its program imports a module that does not come with Manim",
    "missing_asset": "its program reads a file that is not there",
    "manimgl_dialect": "its program is written for ManimGL",
    "unpaired": "no code fits its description clearly better than any other",
    "mismatched": "its code does not fit its description",
    "contradicts_prompt": "its code does otherwise than its description says",
    "duplicate_description": "a row with the same description stayed",
    "duplicate_program": "a row with the same program, and a description that says the same, stayed",
    "conflicting_description": "a row with the same program, and a description that fits it better, stayed",
    "near_duplicate": "a row with a near description stayed",
    "near_test": "it stands too near to a row that is kept in test",
    "near_validation": "it stands too near to a row that is kept in validation",
    "in_benchmark": "it stands in a benchmark, or near it",
    "failed": "its program raised an error when it was rendered",
    "timeout": "its program took too long to render",
    "blank": "its program shows nothing but background",
    "refused": "its program tried to use the network, or to write where it may not",
    "not_rendered": "its program was not rendered",
    "reported_error": "its authors report that the program failed",
    "licence": "its licence does not let anyone pass it on",
    "too_long": "it has more tokens than a row may have",
    "synthetic": "a model described its program, and its group is one that models are measured on",
    "not_repaired": "its program stands as it was read, so nothing that fails can stand beside it",
    "not_failing": "its program did not fail before it was repaired, as far as is known",
    "only_layout": "its program was only put on lines again, which --layout-pairs takes too",
    "not_drawn": "the subset that was drawn leaves it out",
}
"""What a reason for dropping a row means."""


def gloss(name: str) -> str:
    """A reason or a step of cleaning and repair in a line; empty for one of another release."""
    return REASONS.get(name) or _steps().get(name, "")


@lru_cache(maxsize=1)
def _steps() -> dict[str, str]:
    """What each step does: the first line of its docstring."""
    tables = (*clean_description.STEPS, *clean_code.STEPS, *excerpts.REPAIRS)
    made = {name: step.__doc__ or "" for name, step in (*tables, *((step.name, step.change) for step in engine.STEPS))}
    others = {
        "repair:one_line": "Code that stood on one line is put on lines again.",
        "repair:manimgl": "A program for ManimGL is brought to Manim Community.",
        EDITED: "A person edited the text.",
        DESCRIBED: "A model described the program, whose description is missing or another one's.",
    }
    return {name: " ".join(text.split("\n\n")[0].split()) for name, text in (made | others).items()}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A row that has something in common with the one explained."""

    id: str
    score: float
    """Similarity of the two descriptions, 0 to 1."""
    agrees: bool
    """Whether the key terms are the same in both, slips of the finger aside."""
    only_here: tuple[str, ...]
    """Of the key terms, what the row explained has beyond this one."""
    only_there: tuple[str, ...]
    """The other way round."""
    fit: float | None
    """How well its code fits its description, 0 to 1; `None` if the config did not judge it."""
    repairs: int
    """Repairs of its code."""
    outcome: str
    """`kept in <split>`, or `dropped: <stage>, <reason>`."""
    description: str
    """Cleaned, in full."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Rows of one kind of similarity: how many there are, and the first of them, best score first."""

    total: int
    rows: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """A prompt as written."""

    number: int
    """0 is the description itself."""
    opening: str
    """Of the template: what stands before the description; empty if nothing does."""
    form: str
    """Of the template: how the description is worded (see `builder.emit.prompts`); "text" if it stays as it is."""
    prompt: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of a row under one config. Plain data: numbers, texts, and tuples of them."""

    config: str
    id: str
    outcome: str
    """As a neighbour's."""
    fit: float | None
    """As a neighbour's."""
    ledger: dict[str, Any]
    """Its line, as written."""
    stood_against: Neighbour | None
    """The row that stayed in its place, or the test row that it is too near to."""
    description: str | None
    """As read; `None` if it is no text."""
    code: str | None
    not_text: str
    """Why a value was not read as text; empty if both were."""
    reported_error: str
    """What the authors report of a run; empty if nothing."""
    steps: tuple[TraceStep, ...]
    checks: tuple[Check, ...]
    api_found: tuple[Problem, ...]
    """What the API check found before repairs."""
    api_left: tuple[Problem, ...]
    """What it found after them."""
    equal_descriptions: Neighbours
    equal_programs: Neighbours
    near_descriptions: Neighbours
    """Without the equal ones."""
    near_duplicates: float
    """The setting: the similarity from which one of two rows goes; 0 for none."""
    near_test: float
    """The setting: the similarity from which a train row goes that stands near a test row."""
    split: SplitReason
    code_used_by: tuple[str, ...]
    """Ids of re-paired rows that have this row's code, at most `LISTED`."""
    final_description: str
    """Cleaned."""
    final_code: str
    """Cleaned and repaired; the other row's, if the row was paired anew."""
    variants: tuple[Variant, ...]
    """Empty if the row was dropped."""
    also: tuple[str, ...]
    """Ids of other rows with this description, if it was looked for by a piece of it; at most `LISTED`."""
    folder: str = ""
    """The folder that answered; empty if the sources did."""


@dataclass(frozen=True, slots=True)
class Match:
    """A description that holds the text asked for."""

    id: str
    """Of the first row that has it."""
    description: str
    rows: int
    """How many rows have it."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Several descriptions hold the text asked for."""

    text: str
    total: int
    """Different descriptions."""
    matches: tuple[Match, ...]
    """The first `LISTED`, in the order of reading."""
