"""One row's way through cleaning and repair, step by step; `prepare` takes the same way.

Pure: no file, no clock, no network.
"""

from dataclasses import dataclass, replace
from typing import Literal

from builder import manim_lint
from builder.core.schema import Example
from builder.manim_lint.dialect import MANIMGL, STEP, dialect_of
from builder.manim_lint.scenes import Outline, outline
from builder.manim_lint.syntax import Parsed, Steps, names, parse
from builder.prepare.check import CODE_CHECKS, DESCRIPTION_CHECKS, Problem
from builder.prepare.clean_code import clean_code
from builder.prepare.clean_description import clean_description

Part = Literal["description", "code"]


@dataclass(frozen=True, slots=True)
class TraceStep:
    """A cleaning step or repair that changed a text."""

    name: str
    """As in the ledger's `repairs`: `clean:…` or `repair:…`."""
    part: Part
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Check:
    """What a check said."""

    name: str
    """The reason for which it drops rows."""
    part: Part
    passed: bool | None
    """`None` if it was not asked, since an earlier check of the same part failed."""
    detail: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One row from what was read to what is kept of it."""

    cleaned: Example
    """After all steps."""
    parsed: Parsed
    """What the parser makes of the cleaned code."""
    outline: Outline | None
    """Its scenes; `None` if it does not parse."""
    steps: tuple[TraceStep, ...]
    """In order, those of the description first. Each starts from the text that the one before it left."""
    api_found: tuple[manim_lint.Problem, ...]
    """What the API check found before its repairs."""
    api_left: tuple[manim_lint.Problem, ...]
    """What it still finds."""

    def checks(self) -> tuple[Check, ...]:
        """All checks of both parts, in order."""
        text, code = self.cleaned.description, self.cleaned.code
        of_text = [(check.__name__, check(text)) for check in DESCRIPTION_CHECKS]
        of_code = [(check.__name__, check(code, self.parsed, self.outline)) for check in CODE_CHECKS]
        return (*_results("description", of_text), *_results("code", of_code))


def _results(part: Part, results: list[tuple[str, Problem | None]]) -> list[Check]:
    """The results up to the first problem, which is the one that counts; what comes after it was not asked."""
    checks: list[Check] = []
    failed = False
    for function, problem in results:
        detail = problem[1] if problem and not failed else ""
        checks.append(Check(function.removeprefix("_"), part, None if failed else problem is None, detail))
        failed = failed or problem is not None
    return checks


@dataclass(frozen=True, slots=True)
class CodeTrace:
    """A code from what was read to what is kept of it; the fields as in `Trace`."""

    code: str
    parsed: Parsed
    outline: Outline | None
    steps: Steps
    found: tuple[manim_lint.Problem, ...]
    left: tuple[manim_lint.Problem, ...]
    dialect: str
    community: tuple[str, Steps] | None = None
    """A ManimGL program as one of Manim Community, with all steps; `None` if that cannot be done whole."""


def trace_row(original: Example, official: bool = False, community: bool = False) -> Trace:
    """Clean and repair one row (official test rows are not repaired), keeping the text after each step.

    A program for ManimGL is left as it is, unless it is wanted for Manim Community and can be brought there whole.
    """
    description, of_description = clean_description(original.description)
    traced = trace_code(original.code, official)
    if community and traced.community is not None:
        code, steps = traced.community
        parsed = parse(code)
        seen = outline(parsed.tree) if parsed.tree is not None else None
        traced = replace(traced, code=code, parsed=parsed, outline=seen, steps=steps, left=())
    return Trace(
        cleaned=Example(description, traced.code),
        parsed=traced.parsed,
        outline=traced.outline,
        steps=(
            *_steps("description", original.description, of_description),
            *_steps("code", original.code, traced.steps),
        ),
        api_found=traced.found,
        api_left=traced.left,
    )


def trace_code(original: str, official: bool = False) -> CodeTrace:
    """The same of a code alone."""
    code, parsed, steps = clean_code(original)
    fixed = _only_checked(code) if official else manim_lint.fix(code)
    made = [(step.name, step.after) for step in fixed.steps]
    community, left = None, fixed.problems
    if fixed.dialect == MANIMGL:
        community = (fixed.code, [*steps, *made]) if STEP in names(made) else None
        made, left = [step for step in made if step[0] == "repair:one_line"], fixed.found
    if made:
        code, parsed = made[-1][1], parse(made[-1][1])
        steps = [*steps, *made]
    if parsed.tree is None:  # a check of the row says so
        return CodeTrace(code, parsed, None, steps, (), (), fixed.dialect)
    return CodeTrace(code, parsed, outline(parsed.tree), steps, fixed.found, left, fixed.dialect, community)


def _only_checked(code: str) -> manim_lint.Fixed:
    problems = manim_lint.check(code)
    return manim_lint.Fixed(code, (), problems, problems, dialect_of(code))


def _steps(part: Part, text: str, taken: Steps) -> list[TraceStep]:
    befores = [text, *(after for _, after in taken)]
    return [TraceStep(name, part, before, after) for before, (name, after) in zip(befores, taken, strict=False)]
