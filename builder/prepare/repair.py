"""Repairs: what a sound program lacks is put in. Unlike cleaning, a repair changes what the authors wrote.

Official test rows are never repaired. Each repair is a function from a text and its tree to a new text, or
`None` where it does not apply; it is kept only if the result parses and compiles.
"""

import ast
import re
from collections.abc import Callable

from builder.prepare.manim_names import MOBJECTS
from builder.prepare.parse import Parsed, parse
from builder.prepare.scenes import outline

IMPORT = "from manim import *"
WRAPPER_NAME = "MainScene"
_IMPORT_LINE = re.compile(r"(?:from|import)\b")


def _wrap_body(code: str, tree: ast.Module) -> str | None:
    """A bare animation body becomes the `construct` of a scene; imports and definitions stay above it."""
    if any(isinstance(node, ast.ClassDef) for node in tree.body):
        return None
    head = _head(tree)
    body = [node for node in tree.body if node.lineno > head]
    if not any(map(_animates, body)) or _body_starts_on(tree, head) or _text_over_lines(tree, head):
        return None
    lines = code.split("\n")
    inside = [f"        {line}" if line.strip() else "" for line in lines[head:]]
    while inside and not inside[0]:
        inside.pop(0)
    start = [*lines[:head], "", ""] if head else []
    return "\n".join([*start, f"class {WRAPPER_NAME}(Scene):", "    def construct(self):", *inside])


def _head(tree: ast.Module) -> int:
    """Lines of the head, which stays at the file's level: up to the last import or definition before the animation.

    A docstring and settings (`config.frame_rate = 30`) among them stay there too.
    """
    head = 0
    for node in tree.body:
        if isinstance(node, _DEFINITIONS):
            head = node.end_lineno or head
        elif _animates(node):
            break
    return max(head, _lines_that_stay_above(tree))


_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _animates(node: ast.stmt) -> bool:
    """Whether a statement calls `self.play` or `self.add`, or builds a Manim object."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call):
            continue
        function = call.func
        if isinstance(function, ast.Attribute):
            on_self = isinstance(function.value, ast.Name) and function.value.id == "self"
            if on_self and function.attr in ("play", "add"):
                return True
        elif isinstance(function, ast.Name) and function.id in MOBJECTS:
            return True
    return False


def _body_starts_on(tree: ast.Module, line: int) -> bool:
    """Whether a statement of the body shares the last line of the head (`import x; y()`)."""
    return any(node.lineno <= line and _animates(node) and not isinstance(node, _DEFINITIONS) for node in tree.body)


def _text_over_lines(tree: ast.Module, head: int) -> bool:
    """Whether the body holds a text over several lines, which an indent would change."""
    return any(
        isinstance(node, ast.Constant | ast.JoinedStr)
        and _is_text(node)
        and node.lineno > head
        and node.end_lineno != node.lineno
        for node in ast.walk(tree)
    )


def _manim_import(code: str, tree: ast.Module) -> str | None:
    """`from manim import *` is put above a program that has a scene and imports no Manim."""
    found = outline(tree)
    if found.imports_manim or not found.scenes:
        return None
    lines = code.split("\n")
    line = _lines_that_stay_above(tree)
    rest = lines[line:]
    while rest and not rest[0].strip():
        rest.pop(0)
    gap = [] if rest and _IMPORT_LINE.match(rest[0]) else ["", ""]
    above = [*lines[:line], ""] if line else []
    return "\n".join([*above, IMPORT, *gap, *rest])


def _lines_that_stay_above(tree: ast.Module) -> int:
    """Lines of the docstring and of imports from `__future__`, which must come first."""
    line = 0
    for number, node in enumerate(tree.body):
        docstring = number == 0 and isinstance(node, ast.Expr) and _is_text(node.value)
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (docstring or future):
            break
        line = node.end_lineno or line
    return line


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


REPAIRS: tuple[tuple[str, Callable[[str, ast.Module], str | None]], ...] = (
    ("repair:wrap_body", _wrap_body),
    ("repair:manim_import", _manim_import),
)
"""Names and functions, in the order in which they are tried."""


def _compiles(code: str) -> bool:
    """Whether the compiler takes the program too: it finds an `import *` inside a function, say."""
    try:
        compile(code, "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def repair_code(code: str, parsed: Parsed) -> tuple[str, Parsed, tuple[str, ...]]:
    """The repaired program, what the parser makes of it, and the names of the repairs made, in order."""
    code, parsed, made = repair_code_by_steps(code, parsed)
    return code, parsed, tuple(name for name, _ in made)


def repair_code_by_steps(code: str, parsed: Parsed) -> tuple[str, Parsed, list[tuple[str, str]]]:
    """As `repair_code`, with the text after each repair that was made."""
    made: list[tuple[str, str]] = []
    for name, repair in REPAIRS:
        if parsed.tree is None:
            break
        changed = repair(code, parsed.tree)
        if changed is None:
            continue
        result = parse(changed)
        if result.ok and _compiles(changed):
            code, parsed = changed, result
            made.append((name, code))
    return code, parsed, made
