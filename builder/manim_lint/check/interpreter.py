"""Follows the values of a program from where they are made to where they are used, and looks at each use.

The order of statements is followed; what branches and loops leave in doubt is not known; bodies of functions are read
after all that surrounds them, and see of it only names that never stand for anything else. Only what is sure to fail
is a finding: an unknown value never is.
"""

import ast
from collections.abc import Callable, Iterable
from typing import Any

from builder.manim_lint.check.names import module_names
from builder.manim_lint.check.usage import Uses
from builder.manim_lint.check.values import OwnClass, Scope, Value, item_of, join, of_star, plain
from builder.manim_lint.release.model import known

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


_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Reader(Expressions):
    """One reading of a program: `findings`, and the names it mentions and sets."""

    def __init__(self) -> None:
        super().__init__()
        self.imports: list[ast.Import | ast.ImportFrom] = []

    def read(self, tree: ast.Module) -> None:
        """Read the whole program."""
        scope = Scope()
        self._block(tree.body, scope)
        while self.waiting or self.last:
            waiting, self.waiting = self.waiting, []
            if not waiting:
                waiting, self.last = self.last, []
            for node, outer, owner, first in waiting:
                self._function(node, outer, owner, first)

    def _block(self, statements: Iterable[ast.stmt], scope: Scope) -> bool:
        """Read statements in order; whether the end is never reached."""
        ended = False
        for node in statements:
            handler = _STATEMENTS.get(type(node))
            if handler is None:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.value(child, scope)
            else:
                ended = bool(handler(self, node, scope)) or ended
            ended = ended or isinstance(node, _ENDS)
        return ended

    def _expression(self, node: ast.Expr, scope: Scope) -> None:
        self.value(node.value, scope)

    def _assign(self, node: ast.Assign, scope: Scope) -> None:
        value = self.value(node.value, scope)
        for target in node.targets:
            self.target(target, value, scope)

    def _annotated(self, node: ast.AnnAssign, scope: Scope) -> None:
        self.value(node.annotation, scope)
        if node.value is not None:
            self.target(node.target, self.value(node.value, scope), scope)
        elif isinstance(node.target, ast.Attribute):
            self.attributes_set.add(node.target.attr)

    def _augmented(self, node: ast.AugAssign, scope: Scope) -> None:
        self.value(node.value, scope)
        if isinstance(node.target, ast.Name):
            self.mentioned.add(node.target.id)
        self.target(node.target, None, scope)

    def _return(self, node: ast.Return, scope: Scope) -> None:
        value = self.value(node.value, scope) if node.value is not None else plain("NoneType")
        scope.results.append(value)

    def _if(self, node: ast.If, scope: Scope) -> bool:
        self.value(node.test, scope)
        before = scope.now
        scope.now = scope.branch()
        body_ends = self._block(node.body, scope)
        after_body, scope.now = scope.now, before
        if node.orelse:
            scope.now = scope.branch()
            orelse_ends = self._block(node.orelse, scope)
        else:
            orelse_ends = False
        if body_ends:
            return orelse_ends
        if orelse_ends:
            scope.now = after_body
        else:
            scope.merge(after_body)
        return False

    def _for(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        items = self.value(node.iter, scope)
        self._loop([node.target, *node.body], scope, node.body, node.orelse, (node.target, self.item(items)))

    def _while(self, node: ast.While, scope: Scope) -> None:
        self._forget(node.body, scope)
        self.value(node.test, scope)
        self._loop(node.body, scope, node.body, node.orelse, None)

    def _loop(
        self,
        changed: Iterable[ast.AST],
        scope: Scope,
        body: list[ast.stmt],
        orelse: list[ast.stmt],
        target: tuple[ast.expr, Value | None] | None,
    ) -> None:
        before = scope.branch()
        self._forget(changed, scope)
        if target is not None:
            self.target(target[0], target[1], scope)
        self._block(body, scope)
        scope.merge(before)
        self._block(orelse, scope)

    @staticmethod
    def _forget(nodes: Iterable[ast.AST], scope: Scope) -> None:
        """What a loop sets is not known at the start of a round."""
        for node in nodes:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store) and inner.id in scope.now:
                    scope.now[inner.id] = None

    def _with(self, node: ast.With | ast.AsyncWith, scope: Scope) -> bool:
        for item in node.items:
            self.value(item.context_expr, scope)
            if item.optional_vars is not None:
                self.target(item.optional_vars, None, scope)
        return self._block(node.body, scope)

    def _try(self, node: ast.Try, scope: Scope) -> None:
        before = scope.branch()
        self._block(node.body, scope)
        self._block(node.orelse, scope)
        for handler in node.handlers:
            after, scope.now = scope.now, before if scope.crowded else dict(before)
            if handler.type is not None:
                self.value(handler.type, scope)
            if handler.name:
                scope.set(handler.name, None)
            self._block(handler.body, scope)
            scope.merge(after)
        self._block(node.finalbody, scope)

    def _match(self, node: ast.Match, scope: Scope) -> None:
        self.value(node.subject, scope)
        before = scope.branch()
        for case in node.cases:
            for inner in ast.walk(case.pattern):
                name = getattr(inner, "name", None) or getattr(inner, "rest", None)
                if isinstance(name, str):
                    scope.set(name, None)
                elif isinstance(inner, ast.Name):
                    self.mentioned.add(inner.id)
            if case.guard is not None:
                self.value(case.guard, scope)
            self._block(case.body, scope)
            scope.merge(before)

    def _delete(self, node: ast.Delete, scope: Scope) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                scope.now.pop(target.id, None)
            else:
                self.value(target, scope)

    def _global(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
        outer: Scope | None = scope
        while outer is not None:
            for name in node.names:
                outer.ever[name] = outer.now[name] = None
            outer = outer.outer

    def _import(self, node: ast.Import, scope: Scope) -> None:
        self.imports.append(node)
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            value = Value("module", name) if module_names(name) is not None else None
            scope.set(alias.asname or name, value)

    def _import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        self.imports.append(node)
        module = node.module or ""
        of_manim = not node.level and module.partition(".")[0] == "manim"
        for alias in node.names:
            if alias.name == "*":
                if of_manim:
                    self.star = True
                for name in module_names(module) or () if not of_manim else ():
                    scope.set(name, None)
            else:
                scope.set(alias.asname or alias.name, self._imported(module, alias.name) if not node.level else None)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        for decorator in node.decorator_list:
            self.value(decorator, scope)
        self.parameters(node.args, scope)
        if node.returns is not None:
            self.value(node.returns, scope)
        owner = scope.owner
        scope.set(node.name, Value("own_function", node.name, node=node))
        first: Value | None = None
        if owner is not None:
            owner.names[node.name] = scope.now[node.name]
            kinds = {getattr(decorator, "id", "") for decorator in node.decorator_list}
            if not kinds & {"staticmethod", "classmethod"}:
                first = Value("own_instance", owner.node.name, exact=False, node=owner.node)
        waiting = self.last if node.name == "construct" else self.waiting
        waiting.append((node, scope, owner, first))

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        for decorator in node.decorator_list:
            self.value(decorator, scope)
        bases = [self.value(base, scope) for base in node.bases]
        for keyword in node.keywords:
            self.value(keyword.value, scope)
        own = OwnClass(node, bases, config=_configured(node))
        self.own_classes[node] = own
        body = Scope(outer=scope, owner=own, eager=True)
        self._block(node.body, body)
        own.names |= body.ever
        self.mixins = self.mixins or len(bases) > 1
        for name in body.ever:
            self.own_names[name] = self.own_names.get(name, 0) + 1
        scope.set(node.name, Value("own_class", node.name, node=node))

    def _function(self, node: Function, outer: Scope, owner: OwnClass | None, first: Value | None) -> None:
        scope = Scope(outer=outer, method_of=owner)
        arguments = node.args
        named = [*arguments.posonlyargs, *arguments.args]
        for item in (*named, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
            if item is not None:
                scope.set(item.arg, first if named and item is named[0] else None)
        if isinstance(node, ast.Lambda):
            self.results[node] = self.value(node.body, scope)
            return
        self._block(node.body, scope)
        if scope.results and not scope.yields and isinstance(node, ast.FunctionDef):
            common = scope.results[0]
            for result in scope.results[1:]:
                common = join(common, result)
            self.results[node] = common

    def _imported(self, module: str, name: str) -> Value | None:
        """What `from module import name` gives."""
        full = f"{module}.{name}"
        if module.partition(".")[0] == "manim":
            value = of_star(name)
            if value is not None and (module == "manim" or value.kind != "module"):
                return value
            if known().manim_class(name) is not None:
                return Value("class", name)
        return Value("module", full) if module_names(full) is not None else None


def _configured(node: ast.ClassDef) -> frozenset[str]:
    """The keys of a class's `CONFIG`."""
    found: set[str] = set()
    for item in node.body:
        if isinstance(item, ast.Assign) and getattr(item.targets[0], "id", "") == "CONFIG":
            keys = item.value.keys if isinstance(item.value, ast.Dict) else ()
            found.update(str(key.value) for key in keys if isinstance(key, ast.Constant))
    return frozenset(found)


_STATEMENTS: dict[type, Callable[[Reader, Any, Scope], Any]] = {
    ast.Expr: Reader._expression,
    ast.Assign: Reader._assign,
    ast.AnnAssign: Reader._annotated,
    ast.AugAssign: Reader._augmented,
    ast.Return: Reader._return,
    ast.If: Reader._if,
    ast.For: Reader._for,
    ast.AsyncFor: Reader._for,
    ast.While: Reader._while,
    ast.With: Reader._with,
    ast.AsyncWith: Reader._with,
    ast.Try: Reader._try,
    ast.TryStar: Reader._try,
    ast.Match: Reader._match,
    ast.Delete: Reader._delete,
    ast.Global: Reader._global,
    ast.Nonlocal: Reader._global,
    ast.Import: Reader._import,
    ast.ImportFrom: Reader._import_from,
    ast.FunctionDef: Reader._definition,
    ast.AsyncFunctionDef: Reader._definition,
    ast.ClassDef: Reader._class,
}
