"""The table of fixes, and the repair of what the API check finds: steps tried in order, each kept only if it helps."""

import ast
from collections import Counter
from collections.abc import Callable, Sequence

import libcst as cst

from builder.manim_lint.check.check import Problem, check_api
from builder.manim_lint.fixes import colours, excerpts, geometry, imports, keywords, latex, play, renamed, style
from builder.manim_lint.fixes.program import Program, Step
from builder.manim_lint.syntax import Steps, compiles, parse

STEPS: tuple[Step, ...] = (
    Step("repair:unused_imports", imports.IMPORT, imports.unused_imports),
    Step("repair:moved_fades", renamed.FADES, renamed.moved_fades),
    Step("repair:renamed", renamed.NAMES, renamed.renamed_names),
    Step("repair:transform_from_unset", excerpts.TRANSFORM, excerpts.transformed_from_nothing),
    Step("repair:missing_imports", imports.USED, imports.missing_imports),
    Step("repair:manim_names", imports.FROM_MANIM, imports.manim_names),
    Step("repair:colours", colours.COLOUR, colours.colours),
    Step("repair:colour_class", colours.COLOUR_CLASS, colours.colour_class),
    Step("repair:renamed_methods", renamed.METHOD, renamed.renamed_methods, unchecked=True),
    Step("repair:camera_frames", renamed.CAMERA_FRAME, renamed.camera_frames),
    Step("repair:areas", geometry.AREA, geometry.areas),
    Step("repair:tangent_lines", geometry.TANGENT, geometry.tangent_lines),
    Step("repair:keywords", keywords.KEYWORD, keywords.keywords),
    Step("repair:played_methods", play.PLAY, play.played_methods, play.plays_a_method, unchecked=True),
    Step("repair:all_mobjects", play.ALL_MOBJECTS, play.all_mobjects, unchecked=True),
    Step("repair:plain_groups", play.VGROUP, play.plain_groups),
    Step("repair:points", geometry.POINT, geometry.points, geometry.holds_a_pair, unchecked=True),
    Step("repair:raw_latex", latex.ESCAPE, latex.raw_latex, latex.lost_backslash, unchecked=True),
    Step("repair:tex_math", latex.TEX_CALL, latex.tex_math, latex.lacks_dollars, unchecked=True),
    Step("repair:text_latex", latex.TEXT_CALL, latex.text_latex, latex.prints_latex, unchecked=True),
    Step("repair:raw_strings", style.INVALID_ESCAPE, style.raw_strings, unchecked=True),
    Step("repair:repeated_targets", style.TWO_TARGETS, style.repeated_targets, unchecked=True),
    Step("repair:indentation", style.DOUBLED, style.indentation, unchecked=True),
)
"""Steps that take one program to the next; a later step sees what the earlier ones made."""


Check = Callable[[ast.Module], tuple[Problem, ...]]

MAX_CHARACTERS = 150_000
"""Longer programs are left as they are: with all kinds of fixes, one of this length takes 20 seconds."""
MAX_PROBLEMS = 200
"""A program with more is past repair, and each try would cost another check of all of them."""
MAX_CHAIN = 2
"""Steps that only let the check see further, one after the other; each more multiplies the tries."""
MAX_DEPTH = 120
"""Levels of a syntax tree; deeper ones cost `libcst` seconds, and no person wrote them."""


def repair_api(
    code: str, problems: tuple[Problem, ...], check: Check = check_api
) -> tuple[str, tuple[Problem, ...], Steps]:
    """The fixed program, what the API check still finds, and the steps that were kept.

    `problems` are what the check finds in `code`. A step is kept if its result compiles and the check finds less
    than before and nothing new; a step that fixes what the check cannot see, if the check finds nothing new. Where
    one step only lets the check see further (today's class has no such argument either), it is kept together with
    the later steps that fix what is then found. A text that does not parse, is very long or deep, or has very many
    problems, comes back as it is.
    """
    tree = parse(code).tree
    if tree is None or len(code) > MAX_CHARACTERS or len(problems) > MAX_PROBLEMS:
        return code, problems, []
    program = Program(code, tree, problems)
    if not any(_is_tried(step, program) for step in STEPS) or deeper_than(tree, MAX_DEPTH):
        return code, problems, []
    try:
        program, made = _repaired(program, STEPS, check)
    except RecursionError:
        return code, problems, []
    return program.code, program.problems, made


def _repaired(program: Program, steps: Sequence[Step], check: Check, depth: int = 0) -> tuple[Program, Steps]:
    """The program after those steps that are kept, and these steps.

    A step that brings new problems is followed by the later ones, and all of them are kept if together they help.
    """
    made: Steps = []
    for number, step in enumerate(steps):
        changed = _changed(step, program, check)
        if changed is None:
            continue
        if _is_kept(step, program, changed):
            program = changed
            made.append((step.name, changed.code))
        elif not step.unchecked and depth < MAX_CHAIN and not _kinds(changed) <= _kinds(program):
            further, more = _repaired(changed, steps[number + 1 :], check, depth + 1)
            if _kinds(further) < _kinds(program):
                return further, [*made, (step.name, changed.code), *more]
    return program, made


def _changed(step: Step, program: Program, check: Check) -> Program | None:
    """The program after a step; `None` if the step is not called for, changes nothing, or leaves no program."""
    if not _is_tried(step, program):
        return None
    try:
        code = step.change(program)
    except (cst.CSTValidationError, cst.ParserSyntaxError):  # a change that makes no sense as code
        return None
    if code is None or code == program.code:
        return None
    tree = parse(code).tree
    if tree is None or not compiles(tree):
        return None
    return Program(code, tree, check(tree))


def _is_tried(step: Step, program: Program) -> bool:
    if not (step.unchecked or program.problems) or step.pattern.search(program.code) is None:
        return False
    return step.sees is None or any(map(step.sees, program.calls))


def _is_kept(step: Step, before: Program, after: Program) -> bool:
    old, new = _kinds(before), _kinds(after)
    return new <= old if step.unchecked else new < old


def _kinds(program: Program) -> Counter[tuple[str, str, str]]:
    """How often each problem is found, wherever it stands."""
    return Counter((item.reason, item.name or "", item.owner or "") for item in program.problems)


def deeper_than(tree: ast.Module, limit: int) -> bool:
    """Whether a tree has more levels than that; not by recursion."""
    level: list[ast.AST] = [tree]
    for _ in range(limit):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True
