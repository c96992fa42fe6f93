"""Excerpts: what they lack of a whole program (an import, a scene, a first value) is put in.

Each fix of a text is a function from a text and its tree to a new text, or
`None` where it does not apply; it is kept only if the result parses and compiles.
"""

import ast
import re
from collections.abc import Callable

import libcst as cst

from builder.manim_lint.fixes.program import Program, called, called_ast, positional
from builder.manim_lint.release.model import mobjects
from builder.manim_lint.scenes import outline
from builder.manim_lint.syntax import Parsed, Steps, compiles, parse

_MOST_NAMES = 20
"""Each costs a walk over the whole program."""
TRANSFORM = re.compile(r"\b(?:Replacement)?Transform\(\s*[a-z_]\w*\s*,\s*[A-Z]")
_WRITTEN = frozenset({"Text", "Tex", "MathTex", "MarkupText", "Title", "Paragraph"})
_TRANSFORMS = frozenset({"Transform", "ReplacementTransform"})


def transformed_from_nothing(program: Program) -> str | None:
    """`self.play(Transform(text, Text("…")))`, where `text` was set before the excerpt began, writes the new text.

    The name is set to the object that it was to become: `text = Text("…")`, then `self.play(Write(text))`. Only
    where the transform is the first use of the name, so that all later ones find what they would have found.
    """
    names = program.unbound("unknown_name", "unset_name")
    if len(names) > _MOST_NAMES:
        return None
    played = _played_sources(program)
    found = {name: line for name in sorted(names) if (line := _first_use_in(program, name, played)) is not None}
    edits = {program.span(line): _written_first(program, line, set(found)) for line in found.values()}
    return program.edited(edits) if edits else None


def _first_use_in(program: Program, name: str, played: list[tuple[ast.expr, ast.Expr]]) -> ast.Expr | None:
    """The line in which a name is first used, as what a played transform starts from; all its uses in one function."""
    uses = [node for node in program.nodes if isinstance(node, ast.Name) and node.id == name]
    first = min(uses, key=lambda node: (node.lineno, node.col_offset), default=None)
    line = next((line for source, line in played if source is first), None)
    if line is None or not _is_alone(program, line):
        return None
    functions = [node for node in program.nodes if isinstance(node, ast.FunctionDef | ast.Lambda)]
    inside = [{id(node) for node in ast.walk(function)} for function in functions]
    return line if len({tuple(id(use) in nodes for nodes in inside) for use in uses}) == 1 else None


def _played_sources(program: Program) -> list[tuple[ast.expr, ast.Expr]]:
    """First arguments of the transforms in statements `self.play(Transform(a, b))`; not in loops and branches."""
    blocks = [node.body for node in program.nodes if isinstance(node, ast.Module | ast.FunctionDef)]
    lines = [node for block in blocks for node in block if isinstance(node, ast.Expr)]
    transforms = [
        (arg, line)
        for line in lines
        if isinstance(line.value, ast.Call) and called_ast(line.value) == "play"
        for arg in line.value.args
        if isinstance(arg, ast.Call)
    ]
    return [(item.args[0], line) for item, line in transforms if called_ast(item) in _TRANSFORMS and item.args]


def _is_alone(program: Program, line: ast.Expr) -> bool:
    """Whether a statement shares its lines with no other."""
    start, end = program.span(line)
    before = program.encoded[program.line_starts[line.lineno - 1] : start]
    after = program.encoded[end : program.line_starts[line.end_lineno or line.lineno]].strip()
    return not before.strip() and (not after or after.startswith(b"#"))


def _written_first(program: Program, line: ast.Expr, names: set[str]) -> str:
    """The statement with an assignment before it; as it is, where it does not fit."""
    text = program.source(line)
    lines = cst.Module([cst.ensure_type(cst.parse_statement(text), cst.SimpleStatementLine)])
    changed = lines.visit(_FirstTransform(names))
    start = program.line_starts[line.lineno - 1]
    indent = program.encoded[start : start + line.col_offset].decode()
    line_end = "\r\n" if "\r\n" in program.code else "\n"
    blank = cst.Module([], default_newline=line_end)
    return f"{line_end}{indent}".join(blank.code_for_node(item).rstrip("\r\n") for item in changed.body)


class _FirstTransform(cst.CSTTransformer):
    """Sets each name at its first use, if that is a `Transform` from it in a statement `self.play(…)`."""

    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self._open = set(names)

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> bool:  # noqa: N802
        del node
        return False  # statements are taken apart below

    def leave_SimpleStatementLine(  # noqa: N802
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]:
        """Put an assignment before the statement."""
        if not self._open:
            return updated_node
        found, unset = _played_transform(updated_node), set(self._open)
        self._open -= {name for name in unset if _mentions(original_node, name)}
        if found is None or found[1] not in unset or _mentions(found[2], found[1]):
            return updated_node
        transform, name, target = found
        written = isinstance(target, cst.Call) and _root(target) in _WRITTEN
        shown = cst.Call(cst.Name("Write" if written else "FadeIn"), [cst.Arg(cst.Name(name)), *transform.args[2:]])
        play = cst.ensure_type(updated_node.deep_replace(transform, shown), cst.SimpleStatementLine)
        assign = cst.SimpleStatementLine(
            [cst.Assign([cst.AssignTarget(cst.Name(name))], target)], leading_lines=updated_node.leading_lines
        )
        return cst.FlattenSentinel([assign, play.with_changes(leading_lines=[])])


def _played_transform(line: cst.SimpleStatementLine) -> tuple[cst.Call, str, cst.BaseExpression] | None:
    """The one transform, of a name into a call, that a statement `self.play(…)` has; its name and its target."""
    if len(line.body) != 1 or not isinstance(line.body[0], cst.Expr) or not isinstance(line.body[0].value, cst.Call):
        return None
    play = line.body[0].value
    if called(play) != "play":
        return None
    transforms = [
        arg.value for arg in play.args if isinstance(arg.value, cst.Call) and called(arg.value) in _TRANSFORMS
    ]
    if len(transforms) != 1:
        return None
    plain = positional(transforms[0])
    if not plain or len(plain) != 2:
        return None
    name, target = plain[0].value, plain[1].value
    if not isinstance(name, cst.Name) or not isinstance(target, cst.Call) or _count(line, name.value) != 1:
        return None
    return transforms[0], name.value, target


def _root(call: cst.Call) -> str:
    """The class at the root of a chain: `Text` in `Text("a").shift(UP)`."""
    node: cst.BaseExpression = call
    while True:
        if isinstance(node, cst.Call):
            node = node.func
        elif isinstance(node, cst.Attribute):
            node = node.value
        else:
            return node.value if isinstance(node, cst.Name) else ""


class _Counter(cst.CSTVisitor):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.count = 0

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802
        self.count += node.value == self._name

    def visit_Attribute_attr(self, node: cst.Attribute) -> None:  # noqa: N802
        self.count -= node.attr.value == self._name

    def visit_Arg_keyword(self, node: cst.Arg) -> None:  # noqa: N802
        self.count -= node.keyword is not None and node.keyword.value == self._name


def _count(node: cst.CSTNode, name: str) -> int:
    counter = _Counter(name)
    node.visit(counter)
    return counter.count


def _mentions(node: cst.CSTNode, name: str) -> bool:
    return _count(node, name) > 0


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
