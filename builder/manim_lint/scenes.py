"""Which classes of a program are scenes, and whether they do anything.

A class is a scene if it inherits from a Manim scene class, directly or through other classes of the same
file. Aliases count: `import manim as mn` with `mn.Scene`, `from manim import Scene as S`, and scene classes
that a `manim_*` plugin brings. Classes made at run time (`type(...)`) are not followed.
"""

import ast
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from builder.manim_lint.release.model import PACKAGES
from builder.manim_lint.release.model import scenes as scene_classes

_MAX_ANCESTORS = 100
"""Classes through which a `construct` is looked for: a bound on hostile files, beyond any real one."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The top level of a program, as far as scenes are concerned."""

    imports_manim: bool
    classes: tuple[str, ...]
    scenes: tuple[str, ...]
    with_construct: tuple[str, ...]
    """Scenes that have a `construct`, their own or inherited within the file."""
    with_body: tuple[str, ...]
    """Scenes whose `construct` does something."""


def outline(tree: ast.Module) -> Outline:
    """Read imports and classes from the module's level, inside its `if`, `try` and `with` blocks too."""
    modules: set[str] = set()  # names that stand for a Manim module
    scene_names: set[str] = set()  # names that stand for a scene class by import
    plugin_star = False  # `from manim_physics import *`
    imports_manim = False
    classes: dict[str, ast.ClassDef] = {}
    for node in _statements(tree.body):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                imports_manim = imports_manim or root in PACKAGES
                if _is_manim(root):
                    modules.add(alias.asname or root)
        elif isinstance(node, ast.ImportFrom):
            root = (node.module or "").partition(".")[0]
            imports_manim = imports_manim or root in PACKAGES
            for alias in node.names:
                plugin_scene = root.startswith("manim_") and alias.name.endswith(("Scene", "Slide"))
                plugin_star = plugin_star or (root.startswith("manim_") and alias.name == "*")
                if _is_manim(root) and (alias.name in scene_classes() or plugin_scene):
                    scene_names.add(alias.asname or alias.name)
        elif isinstance(node, ast.ClassDef):
            classes[node.name] = node
    if plugin_star:
        bases = [base.id for node in classes.values() for base in node.bases if isinstance(base, ast.Name)]
        scene_names.update(name for name in bases if name.endswith(("Scene", "Slide")))
    scenes = _scenes(classes, scene_names, modules)
    own = {name: _own_construct(node) for name, node in classes.items()}
    inherited = {name: _bases_within(node, classes) for name, node in classes.items()}
    constructs = {name: _construct(own, inherited, name) for name in scenes}
    return Outline(
        imports_manim=imports_manim,
        classes=tuple(classes),
        scenes=tuple(scenes),
        with_construct=tuple(name for name, found in constructs.items() if found is not None),
        with_body=tuple(name for name, found in constructs.items() if found is not None and not _empty(found)),
    )


def _is_manim(root: str) -> bool:
    return root in PACKAGES or root.startswith("manim_")


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of the module's own level, blocks opened; not by recursion, which a long `elif` chain would break."""
    waiting = [*body][::-1]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            inner = [item for field in ("body", "orelse", "finalbody") for item in getattr(node, field, ())]
            inner += [item for handler in getattr(node, "handlers", ()) for item in handler.body]
            waiting += reversed(inner)


def _scenes(classes: dict[str, ast.ClassDef], imported: set[str], modules: set[str]) -> list[str]:
    """Names of scene classes in file order; a class of the file hides a Manim class of its name."""
    subclasses: dict[str, list[str]] = {}  # by class of the file, the classes that name it as a base
    for name, node in classes.items():
        for base in _bases_within(node, classes):
            if base != name:
                subclasses.setdefault(base, []).append(name)

    def is_scene(base: ast.expr, own: str) -> bool:
        if isinstance(base, ast.Name):
            hidden = base.id in classes and base.id != own
            return not hidden and (base.id in scene_classes() or base.id in imported)
        root = base
        while isinstance(root, ast.Attribute):
            root = root.value
        if not (isinstance(base, ast.Attribute) and isinstance(root, ast.Name) and root.id in modules):
            return False
        return base.attr in scene_classes() or base.attr.endswith(("Scene", "Slide"))

    waiting = [name for name, node in classes.items() if any(is_scene(base, name) for base in node.bases)]
    found = set(waiting)
    while waiting:
        more = [subclass for subclass in subclasses.get(waiting.pop(), ()) if subclass not in found]
        found.update(more)
        waiting += more
    return [name for name in classes if name in found]


def _bases_within(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> list[str]:
    names = (base.id for base in node.bases if isinstance(base, ast.Name))
    return [name for name in dict.fromkeys(names) if name in classes]


def _own_construct(node: ast.ClassDef) -> ast.FunctionDef | None:
    return next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "construct"), None)


def _construct(
    own: dict[str, ast.FunctionDef | None], bases: dict[str, list[str]], name: str
) -> ast.FunctionDef | None:
    """The `construct` that a class has, its own or the nearest that it inherits within the file."""
    seen: set[str] = set()
    queue = deque([name])
    while queue and len(seen) < _MAX_ANCESTORS:
        current = queue.popleft()
        if current in seen:
            continue
        seen.add(current)
        construct = own[current]
        if construct is not None:
            return construct
        queue += bases[current]
    return None


def _empty(function: ast.FunctionDef) -> bool:
    return all(
        isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )
