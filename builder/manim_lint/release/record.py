"""How one function or class of the installed Manim is written down in the snapshot.

Part of making the snapshot: needs only the standard library.
"""

from __future__ import annotations

import ast
import enum
import inspect
import re
import types
from typing import Any

from builder.manim_lint.release.signatures import OPEN, Target, keywords_of, source_of

_ARRAYS = frozenset(
    "np.ndarray Point3D Vector3D Point2D Point3D_Array Point2D_Array Vector3D_Array FloatRGBA_Array MatrixMN".split()
)


class Recorder:
    """Writes down functions and classes."""

    def __init__(self, classes: dict[str, type]) -> None:
        self.classes = classes
        self.names = {cls: name for name, cls in classes.items()}

    def function(
        self, function: Any, owner: type | None = None, instance: type | None = None, bound: bool = False
    ) -> list[Any]:
        """The signature of a function; of a method, without `self`."""
        if not isinstance(function, types.FunctionType):
            return [[], 0, True, [], [], True, ""]
        wrapped = inspect.unwrap(function)
        parameters = list(inspect.signature(function, follow_wrapped=True).parameters.values())[int(bound) :]
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        named = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
        rest = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        extra: list[str] | bool = False
        if any(p.kind is p.VAR_KEYWORD for p in parameters):
            taken = keywords_of(Target(wrapped, owner, instance)) if wrapped is function else OPEN
            own = {p.name for p in parameters}
            extra = True if taken.open else sorted(taken.names - own)
        return [
            [p.name for p in positional],
            sum(p.default is p.empty for p in positional),
            rest,
            sorted(p.name for p in named),
            sorted(p.name for p in named if p.default is p.empty),
            extra,
            self._returned(wrapped),
        ]

    def _returned(self, function: types.FunctionType) -> str:
        note = function.__annotations__.get("return", "")
        text = note if isinstance(note, str) else getattr(note, "__name__", "None" if note is None else "")
        if text in _ARRAYS:
            return "ndarray"
        last = text.rpartition(".")[2]
        if last in ("Self", "None", "str", "dict", "list", "tuple") or last in self.classes:
            return last
        container = re.match(r"(list|tuple|dict)\[[^|]*\]$", text)
        return container[1] if container else ""

    def init(self, cls: type) -> list[Any]:
        """How a class is called."""
        if issubclass(cls, (BaseException, dict, list, tuple, str, int, types.SimpleNamespace)) or not _plain_call(cls):
            return self.function(None)
        owner = next(base for base in cls.__mro__ if "__init__" in vars(base))
        signature = self.function(vars(owner)["__init__"], owner, cls, bound=True) if owner is not object else None
        if signature is None:
            return [[], 0, False, [], [], False, ""]
        return [*signature[:6], ""]

    def record(self, cls: type) -> dict[str, Any]:
        """All about one class."""
        attributes: set[str] = set()
        methods: dict[str, list[Any]] = {}
        unknown = False
        for base in cls.__mro__:
            if base not in self.names and base is not object:
                attributes |= {name for name in dir(base) if not name.startswith("__")}
        for name, value in vars(cls).items():
            if name.startswith("__") and name not in ("__init__", "__call__"):
                unknown = unknown or (name in ("__getattr__", "__getattribute__") and cls.__name__ != "Mobject")
                continue
            if name == "__init__":
                attributes |= _set_on_self(value)
                continue
            if name.startswith("_"):
                attributes.add(name)
                attributes |= _set_on_self(value)
                continue
            plain = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
            if isinstance(plain, types.FunctionType):
                methods[name] = self.function(plain, cls, cls, bound=not isinstance(value, staticmethod))
                attributes |= _set_on_self(plain)
            else:
                attributes.add(name)
                for part in (getattr(value, "fget", None), getattr(value, "fset", None)):
                    attributes |= _set_on_self(part)
        attributes |= set(getattr(cls, "__annotations__", ()))
        record: dict[str, Any] = {
            "bases": [self.names[base] for base in cls.__mro__ if base in self.names],
            "init": self.init(cls),
            "methods": dict(sorted(methods.items())),
            "attributes": sorted(attributes - set(methods)),
        }
        if unknown:
            record["open"] = True
        camera = _camera_of(cls)
        if camera:
            record["camera"] = camera
        return record


def _plain_call(cls: type) -> bool:
    """Whether calling a class calls its `__init__` and nothing else that looks at the arguments."""
    if issubclass(cls, enum.Enum) or (inspect.isabstract(cls) and getattr(cls, "_is_protocol", False)):
        return False
    own_new = next((base for base in cls.__mro__ if "__new__" in vars(base)), object)
    return own_new is object or own_new.__name__ in ("Animation", "Generic")


def _set_on_self(function: Any) -> set[str]:
    """Names of attributes that a method sets on its first argument."""
    tree = source_of(inspect.unwrap(function)) if isinstance(function, types.FunctionType) else None
    if tree is None or not tree.args.args:
        return set()
    own = tree.args.args[0].arg
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == own
    }


def _camera_of(cls: type) -> str:
    """Of a scene class, the class of the camera that it makes."""
    init = cls.__dict__.get("__init__")
    if not isinstance(init, types.FunctionType):
        return ""
    default = inspect.signature(init).parameters.get("camera_class")
    return default.default.__name__ if default is not None and isinstance(default.default, type) else ""
