"""Excerpts: what they lack of a whole program (an import, a scene, a first value) is put in.

Each fix of a text is a function from a text and its tree to a new text, or
`None` where it does not apply; it is kept only if the result parses and compiles.
"""

import ast
import re
from collections.abc import Callable

from builder.manim_lint.fixes.program import Program, called
from builder.manim_lint.release.model import mobjects
from builder.manim_lint.scenes import outline
from builder.manim_lint.syntax import Parsed, Steps, above_all, compiles, parse

TRANSFORM = re.compile(r"\b(?:Replacement)?Transform\(\s*[a-z_]\w*\s*,\s*[A-Z]")
_WRITTEN = frozenset({"Text", "Tex", "MathTex", "MarkupText", "Title", "Paragraph"})
_TRANSFORMS = frozenset({"Transform", "ReplacementTransform"})


def transformed_from_nothing(program: Program) -> str | None:
    """`self.play(Transform(text, Text("…")))`, where `text` was set before the excerpt began, writes the new text.

    The name is set to the object that it was to become: `text = Text("…")`, then `self.play(Write(text))`. Only
    where the transform is the first use of the name, so that all later ones find what they would have found.
    """
    unset = program.unbound("unknown_name", "unset_name")
    blocks = [node.body for node in program.nodes if isinstance(node, ast.Module | ast.FunctionDef)]
    line_end = "\r\n" if "\r\n" in program.code else "\n"
    edits: dict[tuple[int, int], str] = {}
    for line in (line for block in blocks for line in block):  # not in loops and branches
        match line:
            case ast.Expr(value=ast.Call(args=args) as play) if called(play) == "play":
                transforms = [arg for arg in args if isinstance(arg, ast.Call) and called(arg) in _TRANSFORMS]
            case _:
                continue
        match transforms:
            case [ast.Call(args=[ast.Name(id=name) as source, ast.Call() as target]) as transform] if (
                name in unset and _is_first_use(program, source, line) and _is_alone(program, line)
            ):
                start = program.span(line)[0]
                indent = program.encoded[start - line.col_offset : start].decode()
                edits[start, start] = f"{name} = {program.source(target)}{line_end}{indent}"
                edits[program.span(transform.func)] = "Write" if _root(target) in _WRITTEN else "FadeIn"
                edits[program.span(source)[1], program.span(target)[1]] = ""
    return program.edited(edits) if edits else None


def _is_first_use(program: Program, name: ast.Name, line: ast.stmt) -> bool:
    """Whether a name is used there first, and no more on that line; all its uses are in one function."""
    uses = [node for node in program.nodes if isinstance(node, ast.Name) and node.id == name.id]
    if min(uses, key=lambda node: (node.lineno, node.col_offset)) is not name:
        return False
    if sum(isinstance(node, ast.Name) and node.id == name.id for node in ast.walk(line)) > 1:
        return False
    functions = [node for node in program.nodes if isinstance(node, ast.FunctionDef | ast.Lambda)]
    inside = [{id(node) for node in ast.walk(function)} for function in functions]
    return len({tuple(id(use) in nodes for nodes in inside) for use in uses}) == 1


def _is_alone(program: Program, line: ast.stmt) -> bool:
    """Whether a statement shares its lines with no other."""
    start, end = program.span(line)
    before = program.encoded[program.line_starts[line.lineno - 1] : start]
    after = program.encoded[end : program.line_starts[line.end_lineno or line.lineno]].strip()
    return not before.strip() and (not after or after.startswith(b"#"))


def _root(node: ast.expr) -> str:
    """The class at the root of a chain: `Text` in `Text("a").shift(UP)`."""
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


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
        elif isinstance(function, ast.Name) and function.id in mobjects():
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
    number = above_all(tree)
    return (tree.body[number - 1].end_lineno or 0) if number else 0


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


REPAIRS: tuple[tuple[str, Callable[[str, ast.Module], str | None]], ...] = (
    ("repair:wrap_body", _wrap_body),
    ("repair:manim_import", _manim_import),
)
"""Names and functions, in the order in which they are tried."""


def repair_code(code: str, parsed: Parsed) -> tuple[str, Parsed, Steps]:
    """The completed program, what the parser makes of it, and the steps that were made."""
    made: Steps = []
    for name, repair in REPAIRS:
        if parsed.tree is None:
            break
        changed = repair(code, parsed.tree)
        if changed is None:
            continue
        result = parse(changed)
        if result.tree is not None and compiles(result.tree):
            code, parsed = changed, result
            made.append((name, code))
    return code, parsed, made
