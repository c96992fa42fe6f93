"""Makes the snapshot of Manim: `python -m builder.prepare.api.snapshot --output FILE`.

Run it with a Python that has the wanted release of Manim; besides that it needs only the standard library. Equal
releases (of Manim, of what it depends on, of Python) give equal bytes.

What is recorded, as JSON, compressed with gzip where the file's name ends in `.gz`:

- `manim`: the release.
- `star`: by name, what `from manim import *` gives, as `class`, `function`, `module:NAME` or `value:TYPE`.
- `modules`: by full name, the names in each module of Manim, and in those of other packages that programs use most.
- `classes`: by name, `bases` (the classes it inherits from, itself first), `init` (signature of a call), `methods` (name
  to signature, the class's own), `attributes` (all other names that its instances have: the class's own, and those set
  on `self`), `open` (attributes that cannot be known), `default` (of a scene: the class of its camera).
- `functions`: by name, signature.
- `loose`: names of attributes that Manim sets from outside.
- `packages`: top-level modules that come with Manim; `standard`: those of Python itself.

A signature is `[positional, required, rest, named, needed, extra, returns]`: names of parameters that may be given by
position; how many of them must be; whether `*args` takes more; names given by keyword alone; those of them that must
be; other keywords that pass through `**kwargs`, or `true` for any, or `false` for none; the class returned, `Self`, or "".
"""

from __future__ import annotations

import argparse
import ast
import builtins
import gzip
import importlib
import importlib.metadata
import inspect
import json
import pkgutil
import re
import sys
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from builder.prepare.api.keywords import OPEN, all_heirs, keywords_of, source_of

OTHERS = (
    *("numpy", "numpy.linalg", "numpy.random", "numpy.fft", "math", "cmath", "random", "itertools", "functools"),
    *("collections", "copy", "os", "os.path", "sys", "time", "string", "statistics", "operator", "typing"),
    *("colorsys", "fractions", "decimal", "enum", "dataclasses", "pathlib", "json", "re", "datetime", "networkx"),
)
"""Modules of other packages whose names are recorded too."""

_ARRAYS = frozenset(
    "np.ndarray Point3D Vector3D Point2D Point3D_Array Point2D_Array Vector3D_Array FloatRGBA_Array MatrixMN".split()
)
_SKIPPED_MODULES = re.compile(
    r"manim\.(__main__|cli\b.*|gui\b.*|utils\.ipython_magic|utils\.docbuild\b.*|utils\.testing\b.*)"
)


def _manim_modules() -> dict[str, types.ModuleType]:
    import manim

    found = {"manim": manim}
    for info in pkgutil.walk_packages(manim.__path__, "manim."):
        if not _SKIPPED_MODULES.match(info.name):
            try:
                found[info.name] = importlib.import_module(info.name)
            except Exception as error:  # a part that wants something which is not installed
                print(f"left out {info.name}: {error}", file=sys.stderr)
    return dict(sorted(found.items()))


def _classes(modules: dict[str, types.ModuleType], star: dict[str, Any]) -> dict[str, type]:
    """Manim's classes by name. Of several with one name, the one that the star import gives, else none."""
    found: dict[str, type] = {}
    doubtful: set[str] = set()
    for module in modules.values():
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__.startswith("manim"):
                name = value.__name__
                if found.setdefault(name, value) is not value:
                    doubtful.add(name)
    for name in doubtful:
        del found[name]
    found |= {name: value for name, value in star.items() if isinstance(value, type) and value.__name__ == name}
    return dict(sorted(found.items()))


class _Recorder:
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
            taken = keywords_of(wrapped, owner, instance) if wrapped is function else OPEN
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
    import enum

    if issubclass(cls, enum.Enum) or (inspect.isabstract(cls) and getattr(cls, "_is_protocol", False)):
        return False
    own_new = next((base for base in cls.__mro__ if "__new__" in vars(base)), object)
    return own_new is object or own_new.__name__ == "Animation" or own_new.__name__ == "Generic"


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


def _loose(modules: Iterable[types.ModuleType]) -> list[str]:
    """Names of attributes that Manim's source sets on anything but `self`, or by `setattr` with a fixed name."""
    found: set[str] = set()
    for module in modules:
        path = getattr(module, "__file__", None)
        if not path or not path.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                if not (isinstance(node.value, ast.Name) and node.value.id == "self"):
                    found.add(node.attr)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
                if len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
                    found.add(str(node.args[1].value))
    return sorted(found)


def _packages() -> list[str]:
    """Top-level modules that installing Manim brings: its own, and those of all that it requires."""
    by_package: dict[str, list[str]] = {}
    for module, packages in importlib.metadata.packages_distributions().items():
        for package in packages:
            by_package.setdefault(_canonical(package), []).append(module)
    waiting, seen = ["manim"], {"manim"}
    while waiting:
        try:
            required = importlib.metadata.requires(waiting.pop()) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for line in required:
            name = _canonical(re.split(r"[ ;<>=!~\[(]", line, maxsplit=1)[0])
            if "extra ==" not in line and name not in seen and name in by_package:
                seen.add(name)
                waiting.append(name)
    return sorted({module for name in seen for module in by_package[name] if module.isidentifier()})


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _kind(name: str, value: Any, classes: dict[str, type]) -> str:
    if isinstance(value, types.ModuleType):
        return f"module:{value.__name__}"
    if isinstance(value, type):
        return "class" if classes.get(name) is value else "value:"
    if isinstance(value, types.FunctionType) or hasattr(value, "__wrapped__"):
        return "function"
    return f"value:{type(value).__name__}"


def make_snapshot() -> dict[str, Any]:
    """The snapshot of the Manim that is installed."""
    star: dict[str, Any] = {}
    exec("from manim import *", star)
    star = {name: value for name, value in star.items() if name != "__builtins__"}
    modules = _manim_modules()
    classes = _classes(modules, star)
    recorder = _Recorder(classes)
    for name in OTHERS:
        importlib.import_module(name)
    kept = {name: [n for n in dir(module) if not n.startswith("__")] for name, module in modules.items()}
    kept |= {name: [n for n in dir(sys.modules[name]) if not n.startswith("__")] for name in OTHERS}
    functions = {name: value for name, value in star.items() if _kind(name, value, classes) == "function"}
    records = {name: recorder.record(cls) for name, cls in classes.items() if not name.startswith("OpenGL")}
    for record in records.values():
        record["bases"] = [base for base in record["bases"] if base in records]
    overrides = _overrides(classes, recorder)
    return {
        "manim": importlib.metadata.version("manim"),
        "star": {name: _kind(name, value, classes) for name, value in sorted(star.items())},
        "modules": dict(sorted(kept.items())),
        "classes": records,
        "functions": {name: recorder.function(value) for name, value in sorted(functions.items())},
        "loose": _loose(modules.values()),
        "overridden": overrides,
        "colours": sorted(sys.modules["manim.utils.color"]._all_color_dict),
        "arrays": [name for name in dir(sys.modules["numpy"].ndarray) if not name.startswith("__")],
        "packages": _packages(),
        "standard": sorted(name for name in sys.stdlib_module_names if not name.startswith("_")),
        "builtins": sorted(dir(builtins)),
    }


def _overrides(classes: dict[str, type], recorder: _Recorder) -> dict[str, list[str]]:
    """By animation, the mobject classes that bring a construction of their own for it."""
    from manim import Mobject

    found: dict[str, set[str]] = {}
    for cls in [Mobject, *all_heirs(Mobject)]:
        for animation in getattr(cls, "animation_overrides", {}):
            found.setdefault(animation.__name__, set()).add(cls.__name__)
    return {name: sorted(of) for name, of in sorted(found.items())}


def main() -> None:
    """Write the snapshot."""
    parser = argparse.ArgumentParser(prog="python -m builder.prepare.api.snapshot", description=__doc__.split("\n")[0])
    parser.add_argument("--output", required=True, type=Path, help="the file to write, .json or .json.gz")
    output = parser.parse_args().output
    data = json.dumps(make_snapshot(), separators=(",", ":"), sort_keys=True).encode()
    output.write_bytes(gzip.compress(data, mtime=0) if output.suffix == ".gz" else data)


if __name__ == "__main__":
    main()
