"""Which keywords a function of Manim takes, its `**kwargs` followed to wherever it hands them on.

Part of making the snapshot: it reads functions of the installed Manim. Needs only the standard library.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from types import FunctionType
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


@cache
def source_of(function: FunctionType) -> ast.FunctionDef | None:
    """The definition of a function, as a tree; `None` where its source cannot be had."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    node = tree.body[0]
    return node if isinstance(node, ast.FunctionDef) else None


def keywords_of(function: FunctionType, owner: type | None, instance: type | None, depth: int = 0) -> Keywords:
    """All keywords that a function takes: its own, and those that pass through its `**kwargs`.

    Args:
        function: A plain function.
        owner: The class in whose body it stands, `None` for a function of a module.
        instance: The class of `self`, on which `super()` depends.
        depth: Functions passed through so far.
    """
    parameters = inspect.signature(function, follow_wrapped=False).parameters.values()
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    if owner is not None and parameters:
        named.discard(next(iter(parameters)).name)
    rest = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)
    if rest is None:
        return Keywords(named)
    tree = source_of(function)
    if tree is None or depth > _MAX_HANDED_ON:
        return OPEN
    passed = _handed_on(tree, rest, function, owner, instance, depth)
    return OPEN if passed.open else Keywords(named | passed.names)


def _handed_on(
    tree: ast.FunctionDef, rest: str, function: FunctionType, owner: type | None, instance: type | None, depth: int
) -> Keywords:
    """What the receivers of `**rest` take; open where `rest` goes anywhere else, or nowhere."""
    names: set[str] = set()
    followed: set[int] = set()
    receivers = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg is None and isinstance(keyword.value, ast.Name) and keyword.value.id == rest:
                    taken = _taken_by(node, function, owner, instance, depth)
                    if taken.open:
                        return OPEN
                    names |= taken.names
                    followed.add(id(keyword.value))
                    receivers += 1
            method = node.func
            if (
                isinstance(method, ast.Attribute)
                and isinstance(method.value, ast.Name)
                and method.value.id == rest
                and method.attr in _LOOKED_AT
            ):
                followed.add(id(method.value))
                if method.attr == "pop" and isinstance(node.args[0], ast.Constant):
                    names.add(str(node.args[0].value))
        elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant):
            followed |= {id(other) for other in node.comparators if isinstance(other, ast.Name)}
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            followed.add(id(node.value))
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == rest]
    if not receivers or any(id(node) not in followed for node in uses):
        return OPEN
    return Keywords(names)


def _taken_by(
    call: ast.Call, function: FunctionType, owner: type | None, instance: type | None, depth: int
) -> Keywords:
    """Keywords that the receiver of a call takes beyond those that the call gives itself."""
    target = call.func
    given = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
    found: tuple[Callable[..., Any], type | None, type | None, int] | None = None  # function, owner, instance, skipped
    if isinstance(target, ast.Attribute):
        value = target.value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "super":
            found = _method_after(owner, instance, target.attr)
        elif isinstance(value, ast.Name) and value.id in ("self", "cls") and instance is not None:
            return _taken_by_any(instance, target.attr, call, given, depth)
        else:
            base = _value_of(value, function)
            if isinstance(base, type):
                method = _method_of(base.__mro__, target.attr)
                if method is not None:  # Base.__init__(self, ...): `self` is the first argument
                    first = bool(call.args) and isinstance(call.args[0], ast.Name) and call.args[0].id == "self"
                    found = (method[0], method[1], instance if first else base, 0 if first else 1)
            elif inspect.ismodule(base):
                return _taken_by_value(getattr(base, target.attr, None), call, given, depth)
            elif base is None:
                return _taken_by_namesakes(target.attr, call, given, depth)
    elif isinstance(target, ast.Name):
        return _taken_by_value(_value_of(target, function), call, given, depth)
    if found is None:
        return OPEN
    receiver, new_owner, new_instance, skipped = found
    return _beyond_given(receiver, new_owner, new_instance, call, given, skipped, depth)


def _taken_by_value(value: Any, call: ast.Call, given: set[str], depth: int) -> Keywords:
    if isinstance(value, type):
        method = _method_of(value.__mro__, "__init__")
        return OPEN if method is None else _beyond_given(method[0], method[1], value, call, given, 1, depth)
    if isinstance(value, FunctionType):
        return _beyond_given(value, None, None, call, given, 0, depth)
    return OPEN


def _taken_by_any(instance: type, name: str, call: ast.Call, given: set[str], depth: int) -> Keywords:
    """What `self.name(...)` takes, in the class itself or in any class below it."""
    names: set[str] = set()
    for heir in [instance, *all_heirs(instance)]:
        method = _method_of(heir.__mro__, name)
        taken = OPEN if method is None else _beyond_given(method[0], method[1], heir, call, given, 1, depth)
        if taken.open:
            return OPEN
        names |= taken.names
    return Keywords(names)


def _taken_by_namesakes(name: str, call: ast.Call, given: set[str], depth: int) -> Keywords:
    """What `something.name(...)` takes, whichever of Manim's classes the thing is of."""
    names: set[str] = set()
    owners = [cls for cls in _manim_classes() if name in vars(cls)]
    for cls in owners:
        taken = _beyond_given(vars(cls)[name], cls, cls, call, given, 1, depth)
        if taken.open:
            return OPEN
        names |= taken.names
    return Keywords(names) if owners else OPEN


@cache
def _manim_classes() -> tuple[type, ...]:
    """Manim's classes, those for OpenGL aside."""
    return tuple(cls for cls in all_heirs(object) if re.match(r"manim\.(?!.*opengl)", str(cls.__module__)))


def _beyond_given(
    receiver: Any, owner: type | None, instance: type | None, call: ast.Call, given: set[str], skipped: int, depth: int
) -> Keywords:
    """The receiver's keywords less those given by name and those filled by position."""
    if not isinstance(receiver, FunctionType):
        return OPEN
    taken = keywords_of(receiver, owner, instance, depth + 1)
    if taken.open:
        return OPEN
    parameters = inspect.signature(receiver, follow_wrapped=False).parameters.values()
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD][skipped:]
    starred = next((i for i, item in enumerate(call.args) if isinstance(item, ast.Starred)), len(call.args))
    return Keywords(taken.names - given - set(positional[:starred]))


def all_heirs(cls: type) -> list[type]:
    """Every class below a class."""
    found: dict[type, None] = {}
    waiting: list[type] = list(type.__subclasses__(cls))
    while waiting:
        heir = waiting.pop()
        if heir not in found:
            found[heir] = None
            waiting += type.__subclasses__(heir)
    return list(found)


def _method_after(
    owner: type | None, instance: type | None, name: str
) -> tuple[Callable[..., Any], type, type, int] | None:
    """What `super().name` is in a method of `owner` on an `instance`."""
    if owner is None or instance is None or owner not in instance.__mro__:
        return None
    after = instance.__mro__[instance.__mro__.index(owner) + 1 :]
    method = _method_of(after, name)
    return None if method is None else (method[0], method[1], instance, 1)


def _method_of(order: Iterable[type], name: str) -> tuple[Callable[..., Any], type] | None:
    for cls in order:
        if name in vars(cls):
            value = vars(cls)[name]
            value = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            return value, cls
    return None


def _value_of(node: ast.expr, function: FunctionType) -> Any:
    """What a name or dotted name in a function's module stands for."""
    if isinstance(node, ast.Name):
        return function.__globals__.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_value_of(node.value, function), node.attr, None)
    return None
