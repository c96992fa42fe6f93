"""Reads expressions: what each stands for, as far as that is known. Bodies of functions wait."""

import ast
from collections.abc import Callable
from functools import reduce
from typing import Any

from builder.manim_lint.check.calls import check_operation, value_of_call
from builder.manim_lint.check.reading import Reading
from builder.manim_lint.check.usage import attribute_of
from builder.manim_lint.check.values import Scope, Value, item_of, join, of_star, plain

_MAX_PARTS = 100
"""Items of a list that are remembered."""


def value_of(reading: Reading, node: ast.expr, scope: Scope) -> Value | None:
    """Read an expression; what it stands for, or `None`."""
    handler = _EXPRESSIONS.get(type(node))
    if handler is not None:
        return handler(reading, node, scope)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            value_of(reading, child, scope)
    return None


def _name(reading: Reading, node: ast.Name, scope: Scope) -> Value | None:
    name = node.id
    reading.mentioned.add(name)
    found, value = scope.look_up(name)
    if found:
        return value
    return of_star(name) if reading.star else None


def _attribute(reading: Reading, node: ast.Attribute, scope: Scope) -> Value | None:
    value = value_of(reading, node.value, scope)
    reading.mentioned.add(node.attr)
    return None if value is None else attribute_of(reading, value, node)


def _constant(_reading: Reading, node: ast.Constant, _scope: Scope) -> Value | None:
    value = node.value
    if isinstance(value, str):
        return Value("plain", "str", text=value)
    return Value("plain", type(value).__name__) if isinstance(value, int | float | None) else None


def _text(reading: Reading, node: ast.JoinedStr, scope: Scope) -> Value | None:
    for part in node.values:
        value_of(reading, part, scope)
    return plain("str")


def _items(reading: Reading, node: ast.List | ast.Tuple, scope: Scope) -> Value | None:
    parts = [value_of(reading, item, scope) for item in node.elts]
    starred = any(isinstance(item, ast.Starred) for item in node.elts)
    kept = None if starred or len(parts) > _MAX_PARTS else tuple(parts)
    return Value("plain", "list" if isinstance(node, ast.List) else "tuple", parts=kept)


def _dict(reading: Reading, node: ast.Dict, scope: Scope) -> Value | None:
    for item in (*node.keys, *node.values):
        if item is not None:
            value_of(reading, item, scope)
    return plain("dict")


def _lambda(reading: Reading, node: ast.Lambda, scope: Scope) -> Value | None:
    read_parameters(reading, node.args, scope)
    reading.waiting.append((node, scope, None, None))
    return Value("own_function", "lambda", node=node)


def _named(reading: Reading, node: ast.NamedExpr, scope: Scope) -> Value | None:
    value = value_of(reading, node.value, scope)
    inner = scope
    while inner.comprehension and inner.outer is not None:
        inner = inner.outer
    inner.set(node.target.id, value)
    return value


def _either(reading: Reading, node: ast.IfExp, scope: Scope) -> Value | None:
    value_of(reading, node.test, scope)
    return join(value_of(reading, node.body, scope), value_of(reading, node.orelse, scope))


def _comprehension(
    reading: Reading, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope
) -> Value | None:
    inner = Scope(outer=scope, eager=not isinstance(node, ast.GeneratorExp), comprehension=True)
    for generator in node.generators:
        items = value_of(reading, generator.iter, inner)
        set_target(reading, generator.target, common_item(items), inner)
        for condition in generator.ifs:
            value_of(reading, condition, inner)
    if isinstance(node, ast.DictComp):
        value_of(reading, node.key, inner)
        value_of(reading, node.value, inner)
        return plain("dict")
    value_of(reading, node.elt, inner)
    kind = {ast.ListComp: "list", ast.SetComp: "set"}.get(type(node))
    return plain(kind) if kind else None


def _operation(reading: Reading, node: ast.BinOp, scope: Scope) -> Value | None:
    left, right = value_of(reading, node.left, scope), value_of(reading, node.right, scope)
    if left is None or right is None:
        return None
    check_operation(reading, node, left, right)
    kinds = {left.kind, right.kind}
    numbers = {side.name for side in (left, right) if side.kind == "plain"} <= {"int", "float"}
    if "array" in kinds and kinds <= {"array", "plain"} and numbers:
        return Value("array", "ndarray", through=left.through | right.through)
    return plain("float") if kinds == {"plain"} and numbers else None


def _sign(reading: Reading, node: ast.UnaryOp, scope: Scope) -> Value | None:
    value = value_of(reading, node.operand, scope)
    return value if value is not None and value.kind in ("array", "plain") and value.name != "str" else None


def _subscript(reading: Reading, node: ast.Subscript, scope: Scope) -> Value | None:
    value = value_of(reading, node.value, scope)
    value_of(reading, node.slice, scope)
    if value is None or value.kind != "instance" or isinstance(node.slice, ast.Slice | ast.Tuple):
        return None
    return item_of(value)


def _yield(reading: Reading, node: ast.Yield | ast.YieldFrom, scope: Scope) -> Value | None:
    scope.yields = True
    if node.value is not None:
        value_of(reading, node.value, scope)
    return None


def _call(reading: Reading, node: ast.Call, scope: Scope) -> Value | None:
    if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
        reading.mentioned.add("super")
        owner = scope.enclosing_class()
        return Value("own_super", owner.node.name, node=owner.node) if owner is not None else None
    function = value_of(reading, node.func, scope)
    if function is not None and function.kind == "method" and function.name.endswith(".add_updater") and node.args:
        first = node.args[0]
        if isinstance(first, ast.Lambda):
            read_parameters(reading, first.args, scope)
            reading.waiting.append((first, scope, None, function.receiver))
            return function.receiver
    arguments = [value_of(reading, item, scope) for item in node.args]
    named = {keyword.arg or "": value_of(reading, keyword.value, scope) for keyword in node.keywords}
    return value_of_call(reading, node, function, arguments, named)


def set_target(reading: Reading, target: ast.expr, value: Value | None, scope: Scope) -> None:
    """Something is set."""
    if isinstance(target, ast.Name):
        if value is not None and value.name == "list" and value.parts is not None:
            value = plain("list")  # it may grow
        scope.set(target.id, value)
    elif isinstance(target, ast.Attribute):
        reading.set_attribute(value_of(reading, target.value, scope), target.attr, value)
    elif isinstance(target, ast.Tuple | ast.List):
        parts = value.parts if value is not None else None
        if parts is None or len(parts) != len(target.elts):
            parts = (None,) * len(target.elts)
        for item, part in zip(target.elts, parts, strict=True):
            set_target(reading, item, part, scope)
    elif isinstance(target, ast.Starred):
        set_target(reading, target.value, None, scope)
    else:
        value_of(reading, target, scope)


def common_item(items: Value | None) -> Value | None:
    """What the items of a list or tuple that is written out have in common."""
    if items is not None and items.kind == "instance":
        return item_of(items)
    return reduce(join, items.parts) if items is not None and items.parts else None


def read_parameters(reading: Reading, arguments: ast.arguments, scope: Scope) -> None:
    """Read defaults and annotations."""
    for default in (*arguments.defaults, *arguments.kw_defaults):
        if default is not None:
            value_of(reading, default, scope)
    for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
        if item is not None and item.annotation is not None:
            value_of(reading, item.annotation, scope)


_EXPRESSIONS: dict[type, Callable[[Reading, Any, Scope], Value | None]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Constant: _constant,
    ast.JoinedStr: _text,
    ast.List: _items,
    ast.Tuple: _items,
    ast.Dict: _dict,
    ast.Lambda: _lambda,
    ast.NamedExpr: _named,
    ast.IfExp: _either,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.BinOp: _operation,
    ast.UnaryOp: _sign,
    ast.Subscript: _subscript,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
}
