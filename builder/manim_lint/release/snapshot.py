"""Makes the snapshot of Manim: `python -m builder.manim_lint.release.snapshot --output FILE`.

Run it with a Python that has the wanted release of Manim; besides that it needs only the standard library. Equal
releases (of Manim, of what it depends on, of Python) give equal bytes.

What is recorded, as JSON, compressed with gzip where the file's name ends in `.gz`:

- `manim`: the release.
- `star`: by name, what `from manim import *` gives, as `class`, `function`, `module:NAME` or `value:TYPE`.
- `modules`: by full name, the names in each module of Manim, and in those of other packages that programs use most.
- `unread`: modules of Manim whose names are not recorded.
- `classes`: by name, `bases` (the classes it inherits from, itself first), `init` (signature of a call), `methods`
  (name to signature, the class's own), `attributes` (all other names that its instances have: the class's own, and
  those set on `self`), `open` (if there may be others), `camera` (of a scene: the class of its camera).
- `functions`: by name, signature.
- `loose`: names of attributes that Manim sets from outside.
- `overridden`: by animation, the mobjects that make it in a way of their own.
- `colours`: names that may be given as strings; `arrays`: attributes of an array; `builtins`: Python's.
- `packages`: top-level modules that come with Manim; `standard`: those of Python itself.

A signature is `[positional, required, rest, named, needed, extra, returns]`: names of parameters that may be given by
position; how many of them must be; whether `*args` takes more; names given by keyword alone; those of them that must
be; other keywords that pass through `**kwargs`, or `true` for any, or `false` for none; the class returned, `Self`,
or nothing.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import gzip
import importlib
import importlib.metadata
import json
import logging
import pkgutil
import re
import sys
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from builder.manim_lint.release.record import Recorder
from builder.manim_lint.release.signatures import all_subclasses

OTHERS = (
    *("numpy", "numpy.linalg", "numpy.random", "numpy.fft", "math", "cmath", "random", "itertools", "functools"),
    *("collections", "copy", "os", "os.path", "sys", "time", "string", "statistics", "operator", "typing"),
    *("colorsys", "fractions", "decimal", "enum", "dataclasses", "pathlib", "json", "re", "datetime", "networkx"),
)
"""Modules of other packages whose names are recorded too."""

_SKIPPED_MODULES = re.compile(
    r"manim\.(__main__|cli\b.*|gui\b.*|utils\.ipython_magic|utils\.docbuild\b.*|utils\.testing\b.*)"
)


def _manim_modules() -> dict[str, types.ModuleType]:
    manim = importlib.import_module("manim")
    found = {"manim": manim}
    for info in pkgutil.walk_packages(manim.__path__, "manim."):
        if not _SKIPPED_MODULES.match(info.name):
            try:
                found[info.name] = importlib.import_module(info.name)
            except Exception as error:  # a part that wants something which is not installed
                logging.warning("left out %s: %s", info.name, error)
    return dict(sorted(found.items()))


def _all_modules() -> set[str]:
    """The full names of all files and folders of Manim."""
    root = Path(importlib.import_module("manim").__file__ or "").parent
    files = {path.relative_to(root.parent).with_suffix("") for path in root.rglob("*.py")}
    parts = {path.parent if path.name == "__init__" else path for path in files}
    return {".".join(path.parts) for part in parts for path in (part, *part.parents) if path.parts}


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


def _loose(modules: Iterable[types.ModuleType]) -> list[str]:
    """Names of attributes that Manim's source sets on anything but `self`, or by `setattr` with a fixed name."""
    found: set[str] = set()
    for module in modules:
        path = getattr(module, "__file__", None)
        if not path or not path.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                if getattr(node.value, "id", "") != "self":
                    found.add(node.attr)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setattr":
                found.update(str(item.value) for item in node.args[1:2] if isinstance(item, ast.Constant))
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
    recorder = Recorder(classes)
    for name in OTHERS:
        importlib.import_module(name)
    kept = {name: [n for n in dir(module) if not n.startswith("__")] for name, module in modules.items()}
    kept |= {name: [n for n in dir(sys.modules[name]) if not n.startswith("__")] for name in OTHERS}
    functions = {name: value for name, value in star.items() if _kind(name, value, classes) == "function"}
    records = {name: recorder.record(cls) for name, cls in classes.items() if not name.startswith("OpenGL")}
    for record in records.values():
        record["bases"] = [base for base in record["bases"] if base in records]
    overrides = _overrides()
    return {
        "manim": importlib.metadata.version("manim"),
        "star": {name: _kind(name, value, classes) for name, value in sorted(star.items())},
        "modules": dict(sorted(kept.items())),
        "unread": sorted(_all_modules() - kept.keys()),
        "classes": records,
        "functions": {name: recorder.function(value) for name, value in sorted(functions.items())},
        "loose": _loose(modules.values()),
        "overridden": overrides,
        "colours": sorted(sys.modules["manim.utils.color"]._all_color_dict),
        "arrays": [name for name in dir(sys.modules["numpy"].ndarray) if not name.startswith("__")],
        "packages": _packages(),
        "standard": sorted(sys.stdlib_module_names),
        "builtins": sorted(dir(builtins)),
    }


def _overrides() -> dict[str, list[str]]:
    """By animation, the mobject classes that bring a construction of their own for it."""
    mobject = importlib.import_module("manim").Mobject

    found: dict[str, set[str]] = {}
    for cls in [mobject, *all_subclasses(mobject)]:
        for animation in getattr(cls, "animation_overrides", {}):
            found.setdefault(animation.__name__, set()).add(cls.__name__)
    return {name: sorted(of) for name, of in sorted(found.items())}


def main() -> None:
    """Write the snapshot."""
    parser = argparse.ArgumentParser(
        prog="python -m builder.manim_lint.release.snapshot", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--output", required=True, type=Path, help="the file to write, .json or .json.gz")
    output = parser.parse_args().output
    data = json.dumps(make_snapshot(), separators=(",", ":"), sort_keys=True).encode()
    output.write_bytes(gzip.compress(data, mtime=0) if output.suffix == ".gz" else data)


if __name__ == "__main__":
    main()
