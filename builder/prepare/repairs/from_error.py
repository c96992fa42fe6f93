"""The repair of a program whose rendering failed: what the exception says is mended where it says so, or nothing is.

A pure function of texts: it renders nothing, and whether the changed program passes is for the caller to find out. A
step acts on the very thing that the message names, at the line that the traceback names, and keeps what the animation
shows. Not mended: modules, pictures and fonts that are not there, helpers that another program defines, classes that
never existed, mistakes of thought (an index out of range, a division by zero), time and memory that run out.
"""

import re

import libcst as cst

from builder.prepare.parse import parse
from builder.prepare.repairs import (
    failed_groups,
    failed_keywords,
    failed_modules,
    failed_names,
    failed_play,
    failed_texts,
    failed_values,
)
from builder.prepare.repairs.api import MAX_CHARACTERS, MAX_DEPTH, compiles, deeper_than
from builder.prepare.repairs.failure import FailedStep, Failure

MAX_MESSAGE = 2_000
"""Characters of a message that are read; what it names stands at its start or is cut off anyway."""

FAILED_STEPS: tuple[FailedStep, ...] = (
    *failed_keywords.STEPS,
    *failed_names.STEPS,
    *failed_modules.STEPS,
    *failed_texts.STEPS,
    *failed_groups.STEPS,
    *failed_play.STEPS,
    *failed_values.STEPS,
)
"""Steps in the order in which they are tried; the first that changes the program is taken."""


def repair_failed(code: str, exception: str, message: str, line: int | None) -> tuple[str, tuple[str, ...]] | None:
    """The changed program and the names of the repairs made (`repair:render_…`); `None` if nothing is known to help.

    `exception` is the type of what was raised, `message` its text (or the start of it), and `line` the last line of
    the program that it went through, from 1. The result compiles and differs from `code`. Programs that do not parse,
    or are very long or deep, are left alone, whatever the message; nothing is raised.
    """
    message = message[:MAX_MESSAGE]
    found = [(step, step.message.search(message)) for step in FAILED_STEPS if exception in step.exceptions]
    steps = [(step, match) for step, match in found if match is not None]
    if not steps or len(code) > MAX_CHARACTERS:
        return None
    tree = parse(code).tree
    if tree is None or deeper_than(tree, MAX_DEPTH):
        return None
    try:
        failure = Failure.of(code, tree, exception, message, line)
        for step, match in steps:
            changed = _changed(step, failure, match)
            if changed is not None:
                return changed, (step.name,)
    except (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError):  # Python takes more than `libcst` does
        return None
    return None


def _changed(step: FailedStep, failure: Failure, match: re.Match[str]) -> str | None:
    """The program after a step; `None` if the step changes nothing or leaves no program."""
    try:
        module = step.change(failure, match)
    except (cst.CSTValidationError, cst.ParserSyntaxError):  # a change that makes no sense as code
        return None
    if module is None or module.code == failure.program.code:
        return None
    return module.code if parse(module.code).ok and compiles(module.code) else None
