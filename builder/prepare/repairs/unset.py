"""Names that an excerpt uses and never sets, where what they stand for can be told."""

import ast
import re

import libcst as cst

from builder.prepare.repairs.program import Program, called, called_ast, positional

_MOST_NAMES = 20
"""Each costs a walk over the whole program."""
CLUE = re.compile(r"\b(?:Replacement)?Transform\(\s*[a-z_]\w*\s*,\s*[A-Z]")
_WRITTEN = frozenset({"Text", "Tex", "MathTex", "MarkupText", "Title", "Paragraph"})
_TRANSFORMS = frozenset({"Transform", "ReplacementTransform"})


def transformed_from_nothing(program: Program) -> cst.Module | None:
    """`self.play(Transform(text, Text("…")))`, where `text` was set before the excerpt began, writes the new text.

    The name is set to the object that it was to become: `text = Text("…")`, then `self.play(Write(text))`. Only
    where the transform is the first use of the name, so that all later ones find what they would have found.
    """
    names = program.unbound("unknown_name", "unset_name")
    if len(names) > _MOST_NAMES:
        return None
    played = {name for name in names if _first_use_is_played(program.tree, name)}
    return program.module.visit(_FirstTransform(played)) if played else None


def _first_use_is_played(tree: ast.Module, name: str) -> bool:
    """Whether a name is first used as what a played transform starts from, and all its uses lie in one function."""
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    inside = [{id(node) for node in ast.walk(function)} for function in functions]
    if len({tuple(id(use) in nodes for nodes in inside) for use in uses}) != 1:
        return False
    first = min(uses, key=lambda node: (node.lineno, node.col_offset))
    return any(first is source for source in _played_sources(tree))


def _played_sources(tree: ast.Module) -> list[ast.expr]:
    """First arguments of the transforms in statements `self.play(Transform(a, b))`; not in loops and branches."""
    blocks = [node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.FunctionDef)]
    values = [node.value for block in blocks for node in block if isinstance(node, ast.Expr)]
    plays = [value for value in values if isinstance(value, ast.Call)]
    transforms = [arg for play in plays if called_ast(play) == "play" for arg in play.args if isinstance(arg, ast.Call)]
    return [item.args[0] for item in transforms if called_ast(item) in _TRANSFORMS and item.args]


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
        found = _played_transform(updated_node)
        used = {name for name in self._open if _mentions(original_node, name)}
        if found is None:
            self._open -= used
            return updated_node
        transform, name, target = found
        if name not in self._open or _mentions(target, name):
            self._open -= used
            return updated_node
        self._open -= used
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
