"""What stands where on the screen, measured at the end of each animation and wait, in the program's process.

Numbers, not pictures: of texts, how much of them is cut by the frame's edge, lies on another text or under a shape, how
they stand out from what is behind them, how large they are. They are read from Manim's own data of each mobject, never
by a method that a program could have replaced, and as the camera of that moment shows it. Of each kind the worst moment
is kept, with its scene, its second on the scene's clock and its objects.

Not measured: cameras of a program's own, the OpenGL renderer, single letters that a program takes out of a text.
"""

import json
from math import inf
from typing import Any, NamedTuple

from numpy import ndarray

from .moment import CHARACTERS, SEEN, Leaf, Moment

KINDS = ("text_cut", "shape_cut", "text_overlap", "text_covered", "contrast", "text_height", "invisible", "moving")
_SMALL_IS_WORSE = frozenset({"contrast", "text_height"})
_BYTES = 1500
"""Of what is said of facts, as a text within a text."""
_LEAVES = 4000
"""Of one moment; a moment with more is not measured."""
_MOST = 60_000
"""Leaves that are measured in one program; what comes later is not."""


class Fact(NamedTuple):
    """The worst moment of one kind."""

    kind: str
    value: float
    scene: str
    second: float
    objects: tuple[str, ...]


class Facts:
    """Measures the moments of a program's scenes."""

    def __init__(self) -> None:
        from manim import (
            ArrowTip,
            Camera,
            Circle,
            DecimalNumber,
            Dot,
            Line,
            MarkupText,
            MovingCamera,
            MultiCamera,
            Paragraph,
            Polygram,
            SingleStringMathTex,
            Text,
            ThreeDCamera,
            Typst,
        )

        self._texts = (Text, MarkupText, SingleStringMathTex, DecimalNumber, Paragraph, Typst)
        self._closed = (Polygram, Circle)
        self._line, self._small = Line, (ArrowTip, Dot)
        self._flat = (Camera, MovingCamera, MultiCamera)
        self.deep = ThreeDCamera
        self.project = ThreeDCamera.project_points
        self._left = _MOST
        self._worst: dict[str, Fact] = {}
        self.unseen: dict[int, tuple[Any, str, str, float]] = {}
        self.seen: set[int] = set()
        self.read: set[str] = set()
        """Names of texts that were on the screen."""
        self.stood: dict[int, tuple[float, Any]] = {}
        """Of the texts of the moment before: its second, where their letters stood, and in which colours."""
        self._moving = self._whole = 0.0

    def found(self) -> list[Fact]:
        """The worst of each kind, in the order of `KINDS`."""
        self.note("moving", self._moving / self._whole if self._whole else 0.0, "", 0.0, ())
        unseen = [one for one in self.unseen.values() if one[1] not in self.read]
        if unseen:
            _, _, scene, second = unseen[0]
            self.note("invisible", len(unseen), scene, second, tuple(dict.fromkeys(one[1] for one in unseen))[:3])
        return [self._worst[kind] for kind in KINDS if kind in self._worst]

    def as_json(self) -> str:
        """The same, as far as it has room: what is said of a program has to fit into one line."""
        facts = self.found()
        while len(json.dumps(said := json.dumps(facts))) > _BYTES:
            facts.pop()
        return said

    def played(self, scene: Any, seconds: float) -> None:
        """Count the time of an animation or a wait that has come to its end, and measure what stands there."""
        self._whole += seconds
        if not all(getattr(animation, "is_static_wait", False) for animation in scene.animations or ()):
            self._moving += seconds
        self.moment(scene)

    def moment(self, scene: Any) -> None:
        """Measure what stands on the screen."""
        camera = scene.renderer.camera
        if type(camera) not in (*self._flat, self.deep) or self._left <= 0:
            return
        leaves, units = self._gather(scene)
        self._left -= len(leaves)
        if leaves and len(leaves) <= _LEAVES:
            Moment(self, scene, camera, leaves, units).measure()

    def note(self, kind: str, value: float, scene: str, second: float, objects: tuple[str, ...]) -> None:
        """Keep what is worse than at the moments before."""
        if value < self.worst(kind) if kind in _SMALL_IS_WORSE else value > self.worst(kind):
            self._worst[kind] = Fact(kind, round(float(value), 4), scene, round(float(second), 2), objects)

    def worst(self, kind: str) -> float:
        """The worst value so far; before there is any, what any is worse than."""
        if kind in self._worst:
            return self._worst[kind].value
        return inf if kind in _SMALL_IS_WORSE else -inf

    def _gather(self, scene: Any) -> tuple[list[Leaf], list[str]]:
        """All that has an outline, in the order in which it is drawn, and the names of the texts among it."""
        leaves: list[Leaf] = []
        units: list[str] = []
        known: set[int] = set()
        own = object.__getattribute__(scene, "__dict__")
        left = [(one, -1, None) for one in reversed([*own["mobjects"], *own["foreground_mobjects"]])]
        while left and len(leaves) <= _LEAVES:
            mobject, unit, owner = left.pop()
            if id(mobject) in known:
                continue
            known.add(id(mobject))
            held = object.__getattribute__(mobject, "__dict__")
            kind = type(mobject)
            if unit < 0 and issubclass(kind, self._texts):
                unit, owner = len(units), mobject
                units.append(_name(mobject, held))
            points = held.get("points")
            if type(points) is ndarray and len(points) > 1 and not (unit >= 0 and issubclass(kind, self._line)):
                colour, opacity = _colour(held)
                if colour is not None:
                    name = "" if unit >= 0 else kind.__name__
                    closed = unit < 0 and issubclass(kind, self._closed) and not issubclass(kind, self._small)
                    level = float(held.get("z_index", 0) or 0)
                    leaves.append(Leaf(points, colour, opacity, unit, name, closed, owner or mobject, level))
            left += [(one, unit, owner) for one in reversed(held.get("submobjects", ()))]
        if any(leaf.level for leaf in leaves):
            leaves.sort(key=lambda leaf: leaf.level)
        return leaves, units


def _colour(held: dict[str, Any]) -> tuple[Any, float]:
    """The colour by which something is seen, and how opaque its filling is; nothing for what has no colours."""
    fill, line = held.get("fill_rgbas"), held.get("stroke_rgbas")
    if type(fill) is not ndarray or type(line) is not ndarray or not len(fill) or not len(line):
        return None, 0.0
    inner, outer = fill[0], line[0]
    if inner[3] >= SEEN or not held.get("stroke_width"):
        return inner[:4], float(inner[3])
    return outer[:4], float(inner[3])


def _name(mobject: Any, held: dict[str, Any]) -> str:
    """A text's class and what it says."""
    for key in ("original_text", "text", "tex_string", "number"):
        if isinstance(said := held.get(key), str | int | float):
            said = " ".join(str(said).split())
            return f'{type(mobject).__name__} "{said[:CHARACTERS]}"'[: 2 * CHARACTERS]
    return type(mobject).__name__[:CHARACTERS]
