"""Section 5: what of Manim the programs use, and what none of them does."""

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from builder.manim_lint.release.model import known
from builder.manim_lint.syntax import parse

_FEATURES: Mapping[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "3D": (("ThreeDVMobject", "ThreeDScene", "ThreeDAxes"), frozenset({"set_camera_orientation"})),
    "LaTeX": (("SingleStringMathTex", "Title", "Matrix", "MathTable"), frozenset()),
    "text": (("Text", "MarkupText", "Paragraph"), frozenset()),
    "axes and graphs": (("CoordinateSystem",), frozenset()),
    "updaters": (
        ("UpdateFromFunc",),
        frozenset({"add_updater", "always_redraw", "f_always", "always", "always_shift", "always_rotate"}),
    ),
    "camera moves": (
        ("MovingCameraScene", "ZoomedScene"),
        frozenset({"move_camera", "begin_ambient_camera_rotation", "set_camera_orientation"}),
    ),
    "value trackers": (("ValueTracker",), frozenset()),
    "images and files": ((), frozenset({"ImageMobject", "SVGMobject", "add_sound"})),
}
"""For each feature, classes of Manim (those below them count too) and names that a program has if it uses it."""
_OTHER_SCENES = "another base"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What some programs use, in numbers of programs."""

    programs: int
    unread: int
    """Programs that do not parse."""
    classes: tuple[tuple[str, int], ...]
    """Manim's public classes that are used, the most used first."""
    methods: tuple[tuple[str, int], ...]
    unused_classes: tuple[str, ...]
    unused_methods: tuple[tuple[str, tuple[str, ...]], ...]
    """By the class that brings them, methods whose name no program says."""
    scenes: tuple[tuple[str, int], ...]
    """Kinds of scene."""
    features: tuple[tuple[str, int], ...]


def coverage_of(programs: Iterable[str]) -> Coverage:
    """Count what programs use; each is looked at once, however many rows have it."""
    classes, methods, scenes, features = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    read = unread = 0
    of_classes, of_methods = public_classes(), public_methods()
    for code in sorted(set(programs)):
        used = _used(code)
        if used is None:
            unread += 1
            continue
        read += 1
        names, attributes, bases = used
        said = names | attributes
        classes.update(said & of_classes)
        methods.update(attributes & of_methods.keys())
        scenes.update(bases & _below("Scene") or {_OTHER_SCENES})
        features.update(_features(said))
    unused_methods = sorted((owner, name) for name, owner in of_methods.items() if name not in methods)
    return Coverage(
        programs=read,
        unread=unread,
        classes=_ranked(classes),
        methods=_ranked(methods),
        unused_classes=tuple(sorted(of_classes - classes.keys())),
        unused_methods=tuple(
            (owner, tuple(name for _, name in unused)) for owner, unused in groupby(unused_methods, key=itemgetter(0))
        ),
        scenes=_ranked(scenes),
        features=tuple((name, features[name]) for name in ("2D only", *_FEATURES)),
    )


def _used(code: str) -> tuple[set[str], set[str], set[str]] | None:
    """The names, attributes and base classes that a program says; `None` if it does not parse."""
    tree = parse(code).tree
    if tree is None:
        return None
    names, attributes, bases = set[str](), set[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            attributes.add(node.attr)
        elif isinstance(node, ast.ClassDef):
            bases.update(base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases)
    return names, attributes, bases


def _features(said: set[str]) -> set[str]:
    found = {
        name
        for name, (classes, words) in _FEATURES.items()
        if said & words or any(said & _below(base) for base in classes)
    }
    return found if "3D" in found else {*found, "2D only"}


@lru_cache(maxsize=64)
def _below(base: str) -> frozenset[str]:
    return frozenset(cls.name for cls in known().subclasses(base))


@lru_cache(maxsize=1)
def public_classes() -> frozenset[str]:
    """The classes that `from manim import *` brings."""
    return frozenset(name for name, kind in known().star.items() if kind == "class")


@lru_cache(maxsize=1)
def public_methods() -> Mapping[str, str]:
    """The methods of those classes by name, each with the class that brings it: of several, the one highest up."""
    found: dict[str, str] = {}
    classes = [cls for name in public_classes() if (cls := known().manim_class(name)) is not None]
    for cls in sorted(classes, key=lambda cls: (len(cls.bases), cls.name)):
        for method in cls.own_methods:
            if not method.startswith("_"):
                found.setdefault(method, cls.name)
    return found


def _ranked(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
