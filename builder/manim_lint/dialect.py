"""ManimGL, the other Manim: which programs are written for it, and which of them can be brought to Manim Community.

A program is brought over whole, so that the API check finds nothing, or not at all: half of it would run nowhere.
"""

import ast
import re
from collections.abc import Iterable

from builder.manim_lint.syntax import Steps, parse

COMMUNITY, MANIMGL = "ce", "manimgl"
"""The dialects, as the column `dialect` names them."""
MODULES = frozenset({"manimlib", "manimgl", "manim_imports_ext", "big_ol_pile_of_manim_imports"})
"""Modules of ManimGL, of the Manim before it, and of its author's own programs."""
STEP = "repair:manimgl"
"""The step that changes what the two dialects write differently; the other fixes follow."""

_IMPORT = re.compile(rf"\b(?:from|import)\b[^\n#]*\b(?:{'|'.join(sorted(MODULES))})\b")


def dialect_of(code: str) -> str:
    """The dialect of a program: `manimgl` if it imports ManimGL, also inside `try`, and Manim Community at most where
    that fails; else `ce`.
    """
    tree = parse(code).tree if _IMPORT.search(code) else None
    if tree is None or not _roots(ast.walk(tree)) & MODULES:
        return COMMUNITY
    handlers = (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler))
    instead = {inner for handler in handlers for inner in ast.walk(handler)}
    return COMMUNITY if "manim" in _roots(node for node in ast.walk(tree) if node not in instead) else MANIMGL


def _roots(nodes: Iterable[ast.AST]) -> set[str]:
    """The packages that import statements name."""
    names: list[str] = []
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level:
            names.append(node.module or "")
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return {name.partition(".")[0] for name in names}


def to_community(code: str) -> tuple[str, Steps] | None:
    """A ManimGL program as one of Manim Community, with the steps; `None` if that cannot be done whole.

    Whole means that the API check finds nothing. A class with a `CONFIG` is never brought over: it would go unread.
    """
    import libcst as cst

    from builder.manim_lint.check.check import check_api
    from builder.manim_lint.fixes.engine import repair_api
    from builder.manim_lint.fixes.manimgl import as_community

    tree = parse(code).tree
    if tree is None or _has_config(tree):
        return None
    try:
        module = as_community(code, tree)
    except (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError):
        return None
    changed = parse(module.code).tree if module is not None else None
    if module is None or changed is None:
        return None
    fixed, left, steps = repair_api(module.code, check_api(changed))
    return None if left else (fixed, [(STEP, module.code), *steps])


def _has_config(tree: ast.Module) -> bool:
    """Whether a class holds its settings in `CONFIG`, as ManimGL once read them."""
    targets = [
        target
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for item in node.body
        if isinstance(item, ast.Assign | ast.AnnAssign)
        for target in (item.targets if isinstance(item, ast.Assign) else [item.target])
    ]
    return any(isinstance(target, ast.Name) and target.id == "CONFIG" for target in targets)
