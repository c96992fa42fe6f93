"""What ManimGL writes otherwise than Manim Community: imports, formulas, fades. The table of fixes does the rest.

A program is brought over whole, so that the API check finds nothing, or not at all: half of it would run nowhere.
"""

import ast
import re

from builder.manim_lint.check.check import check_api
from builder.manim_lint.dialect import MODULES, STEP
from builder.manim_lint.fixes.engine import repair_api
from builder.manim_lint.fixes.program import Program, called, is_plain, is_starred
from builder.manim_lint.fixes.renamed import renames
from builder.manim_lint.syntax import Steps, parse

_NAMES = {"InteractiveScene": "Scene", "Tex": "MathTex", "TexText": "Tex"}
"""Names that the two have for different things: ManimGL's `Tex` is a formula."""
_FADES = {"FadeIn": ("shift", "scale"), "FadeOut": ("shift",)}
"""What ManimGL takes by position behind the mobject, and Manim Community by name."""
_FROM = re.compile(rb"from\s+[\w.]+")


def to_community(code: str) -> tuple[str, Steps] | None:
    """A ManimGL program as one of Manim Community, with the steps; `None` if that cannot be done whole.

    Whole means that the API check finds nothing. A class with a `CONFIG` is never brought over: it would go unread.
    """
    tree = parse(code).tree
    if tree is None or _has_config(tree):
        return None
    changed = _as_community(Program(code, tree, ()))
    tree = parse(changed).tree if changed is not None else None
    if changed is None or tree is None:
        return None
    fixed, left, steps = repair_api(changed, check_api(tree))
    return None if left else (fixed, [(STEP, changed), *steps])


def _as_community(program: Program) -> str | None:
    """The program under `from manim import *`; `None` if an import, or a fade, has no counterpart."""
    edits = renames(program, {old: new for old, new in _NAMES.items() if old not in program.bound})
    for node in program.nodes:
        match node:
            case ast.ImportFrom(module=str(module), level=0) if module.partition(".")[0] in MODULES:
                start = program.span(node)[0]
                module_end = _FROM.match(program.encoded, start)
                if module_end is None:
                    return None
                edits[start, module_end.end()] = "from manim"
            case ast.Import(names=aliases):
                for alias in (alias for alias in aliases if alias.name.partition(".")[0] in MODULES):
                    if alias.asname is None or "." in alias.name:
                        return None
                    start = program.span(alias)[0]
                    edits[start, start + len(alias.name)] = "manim"
            case _:
                pass
    for call in program.plain_calls:
        names = _FADES.get(called(call), ())
        if names and called(call) not in program.bound and is_plain(call, program.modules) and not is_starred(call):
            if len(call.args) - 1 > len(names):
                return None
            for name, arg in zip(names, call.args[1:], strict=False):
                start = program.span(arg)[0]
                edits[start, start] = f"{name}="
    return program.edited(edits)


def _has_config(tree: ast.Module) -> bool:
    """Whether a class holds its settings in `CONFIG`, as ManimGL once read them."""
    items = (item for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for item in node.body)
    targets = (target for item in items for target in getattr(item, "targets", [getattr(item, "target", None)]))
    return any(isinstance(target, ast.Name) and target.id == "CONFIG" for target in targets)
