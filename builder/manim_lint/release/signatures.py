"""Which keywords a function of Manim takes, its `**kwargs` followed to wherever it hands them on.

Part of making the snapshot: it reads functions of the installed Manim. Needs only the standard library.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

_MAX_HANDED_ON = 20
"""Functions through which keywords are followed: far beyond Manim's deepest chain."""


@dataclass
class Keywords:
    """Names taken by keyword; `open` if any name may be."""

    names: set[str] = field(default_factory=set)
    open: bool = False


OPEN = Keywords(open=True)
_LOOKED_AT = ("pop", "get", "setdefault", "update", "copy")
"""Methods of `kwargs` that send it nowhere."""


@dataclass(frozen=True)
class Target:
    """A function to be called."""

    function: Any
    """Followed if it is a plain function."""
    owner: type | None = None
    """The class in whose body it stands."""
    instance: type | None = None
    """The class of `self`, on which `super()` depends."""
    bound: int = 0
    """How many of its parameters, `self`, are filled already."""


@cache
def source_of(function: FunctionType) -> ast.FunctionDef | None:
    """The definition of a function, as a tree; `None` where its source cannot be had."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    node = tree.body[0]
    return node if isinstance(node, ast.FunctionDef) else None


def keywords_of(target: Target, depth: int = 0) -> Keywords:
    """All keywords that a function takes: its own, and those that pass through its `**kwargs` (at most 20 times)."""
    if not isinstance(target.function, FunctionType):
        return OPEN
    parameters = list(inspect.signature(target.function, follow_wrapped=False).parameters.values())
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    if target.owner is not None and parameters:
        named.discard(parameters[0].name)
    rest = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)
    if rest is None:
        return Keywords(named)
    tree = source_of(target.function)
    if tree is None or depth > _MAX_HANDED_ON:
        return OPEN
    return _together([Keywords(named), _handed_on(tree, rest, target, depth)])


def _together(all_taken: Iterable[Keywords]) -> Keywords:
    names: set[str] = set()
    for taken in all_taken:
        if taken.open:
            return OPEN
        names |= taken.names
    return Keywords(names)


def _handed_on(tree: ast.FunctionDef, rest: str, target: Target, depth: int) -> Keywords:
    """What the receivers of `**rest` take; open where `rest` goes anywhere else, or nowhere."""
    receivers: list[Keywords] = []
    popped: set[str] = set()
    followed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            passed = [keyword.value for keyword in node.keywords if keyword.arg is None and _is(keyword.value, rest)]
            if passed:
                receivers.append(_taken_by(node, target, depth))
                followed.update(map(id, passed))
            method = node.func
            if isinstance(method, ast.Attribute) and _is(method.value, rest) and method.attr in _LOOKED_AT:
                followed.add(id(method.value))
                if method.attr == "pop" and isinstance(node.args[0], ast.Constant):
                    popped.add(str(node.args[0].value))
        elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant):
            followed.update(map(id, node.comparators))
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            followed.add(id(node.value))
    if not receivers or any(_is(node, rest) and id(node) not in followed for node in ast.walk(tree)):
        return OPEN
    return _together([Keywords(popped), *receivers])


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _taken_by(call: ast.Call, source: Target, depth: int) -> Keywords:
    """Keywords that the receiver of a call takes beyond those that the call gives itself."""
    return _together(_beyond_given(target, call, depth) for target in _receivers(call, source))


def _receivers(call: ast.Call, source: Target) -> list[Target]:
    """What a call in a function may call."""
    unknown = [Target(None)]
    called = call.func
    if isinstance(called, ast.Name):
        return [_as_target(_value_of(called, source.function))]
    if not isinstance(called, ast.Attribute):
        return unknown
    name, value = called.attr, called.value
    if isinstance(value, ast.Call) and _is(value.func, "super"):
        if source.instance is None or source.owner not in source.instance.__mro__:
            return unknown
        order = source.instance.__mro__
        return [_method_of(order[order.index(source.owner) + 1 :], name, source.instance)]
    if isinstance(value, ast.Name) and value.id in ("self", "cls") and source.instance is not None:
        return [_method_of(cls.__mro__, name, cls) for cls in (source.instance, *all_subclasses(source.instance))]
    base = _value_of(value, source.function)
    if isinstance(base, type):  # Base.__init__(self, ...)
        whole = bool(call.args) and _is(call.args[0], "self")
        method = _method_of(base.__mro__, name, source.instance if whole else base)
        return [Target(method.function, method.owner, method.instance, 0 if whole else 1)]
    if isinstance(base, ModuleType):
        return [_as_target(getattr(base, name, None))]
    if base is None:  # whichever of Manim's classes it is of
        return [Target(vars(cls)[name], cls, cls, 1) for cls in _manim_classes() if name in vars(cls)] or unknown
    return unknown


def _as_target(value: Any) -> Target:
    return _method_of(value.__mro__, "__init__", value) if isinstance(value, type) else Target(value)


def _method_of(order: Iterable[type], name: str, instance: type | None) -> Target:
    for cls in order:
        if name in vars(cls):
            value = vars(cls)[name]
            return Target(value.__func__ if isinstance(value, classmethod | staticmethod) else value, cls, instance, 1)
    return Target(None)


def _beyond_given(target: Target, call: ast.Call, depth: int) -> Keywords:
    """The receiver's keywords less those given by name and those filled by position."""
    taken = keywords_of(target, depth + 1)
    if taken.open:
        return OPEN
    parameters = inspect.signature(target.function, follow_wrapped=False).parameters.values()
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD][target.bound :]
    starred = next((i for i, item in enumerate(call.args) if isinstance(item, ast.Starred)), len(call.args))
    given = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
    return Keywords(taken.names - given - set(positional[:starred]))


@cache
def _manim_classes() -> tuple[type, ...]:
    """Manim's classes, those for OpenGL aside."""
    return tuple(cls for cls in all_subclasses(object) if re.match(r"manim\.(?!.*opengl)", str(cls.__module__)))


def all_subclasses(cls: type) -> list[type]:
    """Every class below a class."""
    found: dict[type, None] = {}
    waiting: list[type] = list(type.__subclasses__(cls))
    while waiting:
        subclass = waiting.pop()
        if subclass not in found:
            found[subclass] = None
            waiting += type.__subclasses__(subclass)
    return list(found)


def _value_of(node: ast.expr, function: FunctionType) -> Any:
    """What a name or dotted name in a function's module stands for."""
    if isinstance(node, ast.Name):
        return function.__globals__.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_value_of(node.value, function), node.attr, None)
    return None
