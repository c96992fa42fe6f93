"""One row's way through cleaning and repair, step by step; `prepare_row` takes the same way.

Pure: no file, no clock, no network.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from builder.core.schema import Example
from builder.manim_lint.check.check import ApiProblem, check_api
from builder.manim_lint.fixes.engine import repair_api
from builder.manim_lint.fixes.excerpts import repair_code
from builder.manim_lint.scenes import Outline, outline
from builder.manim_lint.steps import Steps
from builder.manim_lint.syntax import Parsed, parse
from builder.manim_lint.unflatten.unflatten import unflatten
from builder.prepare.check import CODE_CHECKS, DESCRIPTION_CHECKS, Problem
from builder.prepare.clean_code import clean_code
from builder.prepare.clean_description import clean_description

Part = Literal["description", "code"]
_KEPT_REPAIRS = 1024
"""Programs whose repair is remembered: it costs far more than all else, and a program stands in several rows."""


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

    original: Example
    cleaned: Example
    """After all steps."""
    parsed: Parsed
    """What the parser makes of the cleaned code."""
    outline: Outline | None
    """Its scenes; `None` if it does not parse."""
    steps: tuple[TraceStep, ...]
    """In order, those of the description first. Each starts from the text that the one before it left."""
    api_found: tuple[ApiProblem, ...]
    """What the API check found before its repairs."""
    api_left: tuple[ApiProblem, ...]
    """What it still finds."""

    def names(self, part: Part) -> tuple[str, ...]:
        """Names of the steps that changed a part, each once, in order."""
        return tuple(dict.fromkeys(step.name for step in self.steps if step.part == part))

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
        name = function.removeprefix("_")
        if failed:
            checks.append(Check(name, part, None, ""))
        elif problem is None:
            checks.append(Check(name, part, True, ""))
        else:
            failed = True
            checks.append(Check(problem[0], part, False, problem[1]))
    return checks


def trace_row(original: Example, official: bool = False) -> Trace:
    """Clean and repair one row (official test rows are not repaired), keeping the text after each step."""
    description, of_description = clean_description(original.description)
    code, parsed, of_code = clean_code(original.code)
    if not official:
        code, parsed, more = _repaired(code, parsed)
        of_code = [*of_code, *more]
    found = left = check_api(parsed.tree) if parsed.tree is not None else ()
    if parsed.tree is not None and not official:
        code, left, more = _held_against_manim(code, found)
        if more:
            parsed = parse(code)
            of_code = [*of_code, *more]
    return Trace(
        original=original,
        cleaned=Example(description, code),
        parsed=parsed,
        outline=outline(parsed.tree) if parsed.tree is not None else None,
        steps=(*_steps("description", original.description, of_description), *_steps("code", original.code, of_code)),
        api_found=found,
        api_left=left,
    )


@lru_cache(maxsize=_KEPT_REPAIRS)
def _held_against_manim(code: str, found: tuple[ApiProblem, ...]) -> tuple[str, tuple[ApiProblem, ...], Steps]:
    """The repairs of what Manim would not take, and of what the check cannot see; sources repeat programs."""
    return repair_api(code, found)


def _steps(part: Part, text: str, taken: Steps) -> list[TraceStep]:
    befores = [text, *(after for _, after in taken)]
    return [TraceStep(name, part, before, after) for before, (name, after) in zip(befores, taken, strict=False)]


def _repaired(code: str, parsed: Parsed) -> tuple[str, Parsed, Steps]:
    """The program on lines again, in a scene, with Manim's import, where it lacks these."""
    made: Steps = []
    if parsed.tree is None:
        lines = unflatten(code)
        if lines is not None:
            code, parsed, made = lines, parse(lines), [("repair:one_line", lines)]
    if parsed.tree is None or _is_sound(parsed):
        return code, parsed, made
    code, parsed, more = repair_code(code, parsed)
    return code, parsed, [*made, *more]


def _is_sound(parsed: Parsed) -> bool:
    """Whether a program imports Manim and has a scene."""
    seen = outline(parsed.tree) if parsed.tree is not None else None
    return seen is not None and seen.imports_manim and bool(seen.scenes)
