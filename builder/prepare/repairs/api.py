"""The repair of what the API check finds: steps tried one after the other, each kept only if it helps."""

import ast
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import libcst as cst

from builder.prepare.api.check import ApiProblem, check_api
from builder.prepare.parse import parse
from builder.prepare.repairs.program import Program, Step, calls
from builder.prepare.repairs.steps import STEPS

Check = Callable[[ast.Module], tuple[ApiProblem, ...]]

MAX_CHARACTERS = 60_000
"""Longer programs are left as they are: trees that keep layout cost about a thousand times their text."""
MAX_DEPTH = 120
"""Levels of a syntax tree; deeper ones cost `libcst` seconds, and no person wrote them."""


def repair_api(
    code: str, problems: tuple[ApiProblem, ...], check: Check = check_api
) -> tuple[str, tuple[ApiProblem, ...], tuple[str, ...]]:
    """The repaired program, what the API check still finds, and the names of the repairs made (`repair:…`), in order.

    `problems` are what the check finds in `code`. A step is kept if its result compiles and the check finds less
    than before and nothing new; a step that mends what the check cannot see, if the check finds nothing new. A
    text that does not parse, is very long or very deep comes back as it is.
    """
    tree = parse(code).tree
    if tree is None or len(code) > MAX_CHARACTERS or _deeper_than(tree, MAX_DEPTH):
        return code, problems, ()
    if not any(_is_tried(step, code, tree, problems) for step in STEPS):
        return code, problems, ()
    made: list[str] = []
    try:
        module = cst.parse_module(code)
        for step in STEPS:
            if not _is_tried(step, code, tree, problems):
                continue
            changed = _changed(step, Program(code, tree, module, problems))
            if changed is None or changed.code == code:
                continue
            result = _accepted(changed.code, problems, step.evident, check)
            if result is not None:
                tree, problems = result
                code, module = changed.code, changed
                made.append(step.name)
    except (cst.ParserSyntaxError, RecursionError):
        pass
    return code, problems, tuple(made)


def _is_tried(step: Step, code: str, tree: ast.Module, problems: tuple[ApiProblem, ...]) -> bool:
    if not (step.evident or problems) or step.clue.search(code) is None:
        return False
    return step.sees is None or any(map(step.sees, _calls(tree)))


@lru_cache(maxsize=1)
def _calls(tree: ast.Module) -> list[ast.Call]:
    return list(calls(tree))


def _changed(step: Step, program: Program) -> cst.Module | None:
    try:
        return step.change(program)
    except (cst.CSTValidationError, cst.ParserSyntaxError):  # a change that makes no sense as code
        return None


def _accepted(
    code: str, before: tuple[ApiProblem, ...], evident: bool, check: Check
) -> tuple[ast.Module, tuple[ApiProblem, ...]] | None:
    """The tree of a changed program and what the check finds in it; `None` if the change does not help."""
    tree = parse(code).tree
    if tree is None or not _compiles(code):
        return None
    after = check(tree)
    old, new = Counter(map(_kind, before)), Counter(map(_kind, after))
    better = new <= old if evident else new < old
    return (tree, after) if better else None


def _kind(problem: ApiProblem) -> tuple[str, str, str]:
    """What makes two problems the same, wherever they stand."""
    return problem.reason, problem.name or "", problem.owner or ""


def _compiles(code: str) -> bool:
    """Whether the compiler takes the program too: it finds an `import *` inside a function, say."""
    try:
        compile(code, "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _deeper_than(tree: ast.Module, limit: int) -> bool:
    """Whether a tree has more levels than that; not by recursion."""
    level: list[ast.AST] = [tree]
    for _ in range(limit):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True
