"""ManimGL, the other Manim: which programs are written for it. `fixes/manimgl.py` brings them to Manim Community."""

import ast
import re
from collections.abc import Iterable

from builder.manim_lint.syntax import parse

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
