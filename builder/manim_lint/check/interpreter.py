"""The interpreter: walks a program statement by statement, and knows what its names stand for.

The order of statements is followed; what branches and loops leave in doubt is not known; bodies of functions are read
after all that surrounds them, and see of it only names that never stand for anything else. Each attribute and call is
looked at on the way (`usage.py`, `calls.py`, `arguments.py`). Only what is sure to fail is a finding: an unknown value
never is.
"""

import ast
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

from builder.manim_lint.check.expressions import common_item, read_parameters, set_target, value_of
from builder.manim_lint.check.names import module_names
from builder.manim_lint.check.reading import Function, Reading
from builder.manim_lint.check.values import OwnClass, Scope, Value, config_keys, join, of_star, plain
from builder.manim_lint.release.model import known

_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def read_program(tree: ast.Module) -> Reading:
    """Read a whole program: findings, the names it mentions and sets, its imports and its classes."""
    reading = Reading()
    _block(reading, tree.body, Scope())
    while reading.waiting or reading.last:
        waiting, reading.waiting = reading.waiting, []
        if not waiting:
            waiting, reading.last = reading.last, []
        for node, outer, owner, first in waiting:
            _function(reading, node, outer, owner, first)
    return reading


def _block(reading: Reading, statements: Iterable[ast.stmt], scope: Scope) -> bool:
    """Read statements in order; whether the end is never reached."""
    ended = False
    for node in statements:
        handler = _STATEMENTS.get(type(node))
        if handler is None:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    value_of(reading, child, scope)
        else:
            ended = bool(handler(reading, node, scope)) or ended
        ended = ended or isinstance(node, _ENDS)
    return ended


def _assign(reading: Reading, node: ast.Assign, scope: Scope) -> None:
    value = value_of(reading, node.value, scope)
    for target in node.targets:
        set_target(reading, target, value, scope)


def _annotated(reading: Reading, node: ast.AnnAssign, scope: Scope) -> None:
    value_of(reading, node.annotation, scope)
    if node.value is not None:
        set_target(reading, node.target, value_of(reading, node.value, scope), scope)
    elif isinstance(node.target, ast.Attribute):
        reading.attributes_set.add(node.target.attr)


def _augmented(reading: Reading, node: ast.AugAssign, scope: Scope) -> None:
    value_of(reading, node.value, scope)
    if isinstance(node.target, ast.Name):
        reading.mentioned.add(node.target.id)
    set_target(reading, node.target, None, scope)


def _return(reading: Reading, node: ast.Return, scope: Scope) -> None:
    value = value_of(reading, node.value, scope) if node.value is not None else plain("NoneType")
    scope.results.append(value)


def _if(reading: Reading, node: ast.If, scope: Scope) -> bool:
    value_of(reading, node.test, scope)
    before = scope.now
    scope.now = scope.branch()
    body_ends = _block(reading, node.body, scope)
    after_body, scope.now = scope.now, before
    if node.orelse:
        scope.now = scope.branch()
        orelse_ends = _block(reading, node.orelse, scope)
    else:
        orelse_ends = False
    if body_ends:
        return orelse_ends
    if orelse_ends:
        scope.now = after_body
    else:
        scope.merge(after_body)
    return False


def _for(reading: Reading, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
    items = value_of(reading, node.iter, scope)
    before = scope.branch()
    _forget([node.target, *node.body], scope)
    set_target(reading, node.target, common_item(items), scope)
    _end_loop(reading, node, scope, before)


def _while(reading: Reading, node: ast.While, scope: Scope) -> None:
    _forget(node.body, scope)
    value_of(reading, node.test, scope)
    before = scope.branch()
    _end_loop(reading, node, scope, before)


def _end_loop(
    reading: Reading, node: ast.For | ast.AsyncFor | ast.While, scope: Scope, before: dict[str, Value | None]
) -> None:
    _block(reading, node.body, scope)
    scope.merge(before)
    _block(reading, node.orelse, scope)


def _forget(nodes: Iterable[ast.AST], scope: Scope) -> None:
    """What a loop sets is not known at the start of a round."""
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store) and inner.id in scope.now:
                scope.now[inner.id] = None


def _with(reading: Reading, node: ast.With | ast.AsyncWith, scope: Scope) -> bool:
    for item in node.items:
        value_of(reading, item.context_expr, scope)
        if item.optional_vars is not None:
            set_target(reading, item.optional_vars, None, scope)
    return _block(reading, node.body, scope)


def _try(reading: Reading, node: ast.Try, scope: Scope) -> None:
    before = scope.branch()
    _block(reading, node.body, scope)
    _block(reading, node.orelse, scope)
    for handler in node.handlers:
        after, scope.now = scope.now, before if scope.crowded else dict(before)
        if handler.type is not None:
            value_of(reading, handler.type, scope)
        if handler.name:
            scope.set(handler.name, None)
        _block(reading, handler.body, scope)
        scope.merge(after)
    _block(reading, node.finalbody, scope)


def _match(reading: Reading, node: ast.Match, scope: Scope) -> None:
    value_of(reading, node.subject, scope)
    before = scope.branch()
    for case in node.cases:
        for inner in ast.walk(case.pattern):
            name = getattr(inner, "name", None) or getattr(inner, "rest", None)
            if isinstance(name, str):
                scope.set(name, None)
            elif isinstance(inner, ast.Name):
                reading.mentioned.add(inner.id)
        if case.guard is not None:
            value_of(reading, case.guard, scope)
        _block(reading, case.body, scope)
        scope.merge(before)


def _delete(reading: Reading, node: ast.Delete, scope: Scope) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            scope.now.pop(target.id, None)
        else:
            value_of(reading, target, scope)


def _global(_reading: Reading, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
    outer: Scope | None = scope
    while outer is not None:
        for name in node.names:
            outer.ever[name] = outer.now[name] = None
        outer = outer.outer


def _import(reading: Reading, node: ast.Import, scope: Scope) -> None:
    reading.imports.append(node)
    for alias in node.names:
        name = alias.name if alias.asname else alias.name.partition(".")[0]
        value = Value("module", name) if module_names(name) is not None else None
        scope.set(alias.asname or name, value)


def _import_from(reading: Reading, node: ast.ImportFrom, scope: Scope) -> None:
    reading.imports.append(node)
    module = node.module or ""
    of_manim = not node.level and module.partition(".")[0] == "manim"
    for alias in node.names:
        if alias.name == "*":
            if of_manim:
                reading.star = True
            for name in module_names(module) or () if not of_manim else ():
                scope.set(name, None)
        else:
            scope.set(alias.asname or alias.name, _imported(module, alias.name) if not node.level else None)


def _definition(reading: Reading, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
    for decorator in node.decorator_list:
        value_of(reading, decorator, scope)
    read_parameters(reading, node.args, scope)
    if node.returns is not None:
        value_of(reading, node.returns, scope)
    owner = scope.owner
    scope.set(node.name, Value("own_function", node.name, node=node))
    first: Value | None = None
    if owner is not None:
        owner.names[node.name] = scope.now[node.name]
        kinds = {getattr(decorator, "id", "") for decorator in node.decorator_list}
        if not kinds & {"staticmethod", "classmethod"}:
            first = Value("own_instance", owner.node.name, exact=False, node=owner.node)
    waiting = reading.last if node.name == "construct" else reading.waiting
    waiting.append((node, scope, owner, first))


def _class(reading: Reading, node: ast.ClassDef, scope: Scope) -> None:
    for decorator in node.decorator_list:
        value_of(reading, decorator, scope)
    bases = [value_of(reading, base, scope) for base in node.bases]
    for keyword in node.keywords:
        value_of(reading, keyword.value, scope)
    own = OwnClass(node, bases, config=config_keys(node))
    reading.own_classes[node] = own
    body = Scope(outer=scope, owner=own, eager=True)
    _block(reading, node.body, body)
    own.names |= body.ever
    reading.mixins = reading.mixins or len(bases) > 1
    for name in body.ever:
        reading.own_names[name] = reading.own_names.get(name, 0) + 1
    scope.set(node.name, Value("own_class", node.name, node=node))


def _function(reading: Reading, node: Function, outer: Scope, owner: OwnClass | None, first: Value | None) -> None:
    scope = Scope(outer=outer, method_of=owner)
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args]
    for item in (*named, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
        if item is not None:
            scope.set(item.arg, first if named and item is named[0] else None)
    if isinstance(node, ast.Lambda):
        reading.results[node] = value_of(reading, node.body, scope)
        return
    _block(reading, node.body, scope)
    if scope.results and not scope.yields and isinstance(node, ast.FunctionDef):
        reading.results[node] = reduce(join, scope.results)


def _imported(module: str, name: str) -> Value | None:
    """What `from module import name` gives."""
    full = f"{module}.{name}"
    if module.partition(".")[0] == "manim":
        value = of_star(name)
        if value is not None and (module == "manim" or value.kind != "module"):
            return value
        if known().manim_class(name) is not None:
            return Value("class", name)
    return Value("module", full) if module_names(full) is not None else None


_STATEMENTS: dict[type, Callable[[Reading, Any, Scope], Any]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Return: _return,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
    ast.Delete: _delete,
    ast.Global: _global,
    ast.Nonlocal: _global,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.FunctionDef: _definition,
    ast.AsyncFunctionDef: _definition,
    ast.ClassDef: _class,
}
