"""What each kind of expression stands for, its uses looked at on the way."""

import ast
from collections.abc import Callable
from typing import Any

from builder.prepare.api.scopes import OwnClass, Scope
from builder.prepare.api.uses import Uses
from builder.prepare.api.values import Value, item_of, join, of_star, plain

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_MAX_PARTS = 100
"""Items of a list that are remembered."""


class Expressions(Uses):
    """Reads expressions; bodies of functions wait."""

    def __init__(self) -> None:
        super().__init__()
        self.star = False
        """Whether the names of Manim's star import are there."""
        self.waiting: list[tuple[Function, Scope, OwnClass | None, Value | None]] = []
        """Functions to be read later: where they stand, the class whose method it is, the first argument."""
        self.last: list[tuple[Function, Scope, OwnClass | None, Value | None]] = []
        """Those to be read after all others."""

    def value(self, node: ast.expr, scope: Scope) -> Value | None:
        """Read an expression; what it stands for, or `None`."""
        handler = _EXPRESSIONS.get(type(node))
        if handler is not None:
            return handler(self, node, scope)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child, scope)
        return None

    def _name(self, node: ast.Name, scope: Scope) -> Value | None:
        name = node.id
        self.mentioned.add(name)
        found, value = scope.look_up(name)
        if found:
            return value
        return of_star(name) if self.star else None

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Value | None:
        value = self.value(node.value, scope)
        self.mentioned.add(node.attr)
        return None if value is None else self.attribute(value, node)

    def _constant(self, node: ast.Constant, _scope: Scope) -> Value | None:
        value = node.value
        if isinstance(value, str):
            return Value("plain", "str", text=value)
        return Value("plain", type(value).__name__) if isinstance(value, int | float | None) else None

    def _text(self, node: ast.JoinedStr, scope: Scope) -> Value | None:
        for part in node.values:
            self.value(part, scope)
        return plain("str")

    def _items(self, node: ast.List | ast.Tuple, scope: Scope) -> Value | None:
        parts = [self.value(item, scope) for item in node.elts]
        starred = any(isinstance(item, ast.Starred) for item in node.elts)
        kept = None if starred or len(parts) > _MAX_PARTS else tuple(parts)
        return Value("plain", "list" if isinstance(node, ast.List) else "tuple", parts=kept)

    def _dict(self, node: ast.Dict, scope: Scope) -> Value | None:
        for item in (*node.keys, *node.values):
            if item is not None:
                self.value(item, scope)
        return plain("dict")

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Value | None:
        self.parameters(node.args, scope)
        self.waiting.append((node, scope, None, None))
        return Value("own_function", "lambda", node=node)

    def _named(self, node: ast.NamedExpr, scope: Scope) -> Value | None:
        value = self.value(node.value, scope)
        inner = scope
        while inner.comprehension and inner.outer is not None:
            inner = inner.outer
        inner.set(node.target.id, value)
        return value

    def _either(self, node: ast.IfExp, scope: Scope) -> Value | None:
        self.value(node.test, scope)
        return join(self.value(node.body, scope), self.value(node.orelse, scope))

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope
    ) -> Value | None:
        inner = Scope(outer=scope, eager=not isinstance(node, ast.GeneratorExp), comprehension=True)
        for generator in node.generators:
            items = self.value(generator.iter, inner)
            self.target(generator.target, self.item(items), inner)
            for condition in generator.ifs:
                self.value(condition, inner)
        if isinstance(node, ast.DictComp):
            self.value(node.key, inner)
            self.value(node.value, inner)
            return plain("dict")
        self.value(node.elt, inner)
        kind = {ast.ListComp: "list", ast.SetComp: "set"}.get(type(node))
        return plain(kind) if kind else None

    def _operation(self, node: ast.BinOp, scope: Scope) -> Value | None:
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        if left is None or right is None:
            return None
        self.operation(node, left, right)
        kinds = {left.kind, right.kind}
        numbers = {side.name for side in (left, right) if side.kind == "plain"} <= {"int", "float"}
        if "array" in kinds and kinds <= {"array", "plain"} and numbers:
            return Value("array", "ndarray", through=left.through | right.through)
        return plain("float") if kinds == {"plain"} and numbers else None

    def _sign(self, node: ast.UnaryOp, scope: Scope) -> Value | None:
        value = self.value(node.operand, scope)
        return value if value is not None and value.kind in ("array", "plain") and value.name != "str" else None

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Value | None:
        value = self.value(node.value, scope)
        self.value(node.slice, scope)
        if value is None or value.kind != "instance" or isinstance(node.slice, ast.Slice | ast.Tuple):
            return None
        return item_of(value)

    def _yield(self, node: ast.Yield | ast.YieldFrom, scope: Scope) -> Value | None:
        scope.yields = True
        if node.value is not None:
            self.value(node.value, scope)
        return None

    def _call(self, node: ast.Call, scope: Scope) -> Value | None:
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            self.mentioned.add("super")
            owner = scope.enclosing_class()
            return Value("own_super", owner.node.name, node=owner.node) if owner is not None else None
        function = self.value(node.func, scope)
        if function is not None and function.kind == "method" and function.name.endswith(".add_updater") and node.args:
            first = node.args[0]
            if isinstance(first, ast.Lambda):
                self.parameters(first.args, scope)
                self.waiting.append((first, scope, None, function.receiver))
                return function.receiver
        arguments = [self.value(item, scope) for item in node.args]
        named = {keyword.arg or "": self.value(keyword.value, scope) for keyword in node.keywords}
        return self.call(node, function, arguments, named)

    def target(self, target: ast.expr, value: Value | None, scope: Scope) -> None:
        """Something is set."""
        if isinstance(target, ast.Name):
            if value is not None and value.name == "list" and value.parts is not None:
                value = plain("list")  # it may grow
            scope.set(target.id, value)
        elif isinstance(target, ast.Attribute):
            self.set_attribute(self.value(target.value, scope), target.attr, value)
        elif isinstance(target, ast.Tuple | ast.List):
            parts = value.parts if value is not None else None
            fits = parts is not None and len(parts) == len(target.elts)
            for i, item in enumerate(target.elts):
                starred = isinstance(item, ast.Starred)
                self.target(
                    item.value if isinstance(item, ast.Starred) else item,
                    parts[i] if parts is not None and fits and not starred else None,
                    scope,
                )
        else:
            self.value(target, scope)

    @staticmethod
    def item(items: Value | None) -> Value | None:
        """What the items of a list or tuple that is written out have in common."""
        if items is not None and items.kind == "instance":
            return item_of(items)
        if items is None or not items.parts:
            return None
        common = items.parts[0]
        for part in items.parts[1:]:
            common = join(common, part)
        return common

    def parameters(self, arguments: ast.arguments, scope: Scope) -> None:
        """Read defaults and annotations."""
        for default in (*arguments.defaults, *arguments.kw_defaults):
            if default is not None:
                self.value(default, scope)
        for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
            if item is not None and item.annotation is not None:
                self.value(item.annotation, scope)


_EXPRESSIONS: dict[type, Callable[[Expressions, Any, Scope], Value | None]] = {
    ast.Name: Expressions._name,
    ast.Attribute: Expressions._attribute,
    ast.Call: Expressions._call,
    ast.Constant: Expressions._constant,
    ast.JoinedStr: Expressions._text,
    ast.List: Expressions._items,
    ast.Tuple: Expressions._items,
    ast.Dict: Expressions._dict,
    ast.Lambda: Expressions._lambda,
    ast.NamedExpr: Expressions._named,
    ast.IfExp: Expressions._either,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
    ast.BinOp: Expressions._operation,
    ast.UnaryOp: Expressions._sign,
    ast.Subscript: Expressions._subscript,
    ast.Yield: Expressions._yield,
    ast.YieldFrom: Expressions._yield,
}
