"""One moment of a scene: what of it is cut, lies on something else, or hardly stands out."""

from typing import TYPE_CHECKING, Any, NamedTuple

from numpy import (
    argsort,
    argwhere,
    array,
    broadcast_arrays,
    concatenate,
    cumsum,
    flatnonzero,
    isfinite,
    maximum,
    minimum,
    sqrt,
    stack,
    unique,
)

from .contrast import NEAR, standing_out

if TYPE_CHECKING:
    from .facts import Facts

CHARACTERS = 40
"""Of the name of an object."""
SEEN = 0.1
"""Opacity from which on something counts as shown."""
_SOLID = 0.85
"""Opacity from which on a shape hides what is behind it."""
_GONE = 0.9
"""Share of a shape outside the frame, from which on it has left it, as in a move."""
_NUMBERS = ("DecimalNumber", "Integer")
_GRID = (0.1, 0.3, 0.5, 0.7, 0.9)
_TOUCHING = 0.1
"""Share of the smaller of two letters' boxes that lies in the other's, from which on they overlap."""
_SAME = 0.75
"""Pixels by which letters of equal outlines may lie apart and still be one to the eye."""


class Leaf(NamedTuple):
    """Something with an outline: a letter, or a shape."""

    points: Any
    fill: Any
    """Red, green, blue and opacity, 0 to 1, of what is seen of it: of its filling, else of its line."""
    opacity: float
    """Of its filling."""
    unit: int
    """Number of the text that it is a letter of; -1 for a shape."""
    name: str
    closed: bool
    owner: Any
    """The text, or the shape itself."""
    level: float


class Moment:
    """Lengths are in pixels of its frame, from the upper left corner."""

    def __init__(self, facts: "Facts", scene: Any, camera: Any, leaves: list[Leaf], units: list[str]) -> None:
        self.facts, self.leaves, self.units = facts, leaves, units
        self._scene, self.second = type(scene).__name__[:CHARACTERS], scene.renderer.time
        self.frame = camera.pixel_array
        self.height, self._width = self.frame.shape[:2]
        self._camera = camera
        self.boxes, self._window = self._placed(camera)
        self.colours = array([leaf.fill for leaf in leaves])
        self._unit = array([leaf.unit for leaf in leaves])
        finite = isfinite(self.boxes).all(axis=1)
        self._shown = finite & (self.colours[:, 3] >= SEEN)
        opaque = array([leaf.unit < 0 and leaf.opacity >= _SOLID for leaf in leaves])
        self._solid = flatnonzero(opaque & self._shown)

    def _placed(self, camera: Any) -> tuple[Any, Any]:
        """The box of each leaf, and the part of the plane that counts as the frame: also what a zoom left out of it."""
        lengths = array([len(leaf.points) for leaf in self.leaves])
        starts = concatenate(([0], cumsum(lengths)[:-1]))
        points = concatenate([leaf.points for leaf in self.leaves])
        if type(camera) is self.facts.deep:
            points = self._projected(camera, points, starts, lengths)
        center, width, height = camera.frame_center, camera.frame_width, camera.frame_height
        scale = self._width / width
        x = (points[:, 0] - center[0]) * scale + self._width / 2
        y = self.height / 2 - (points[:, 1] - center[1]) * self.height / height
        boxes = stack(
            [
                minimum.reduceat(x, starts),
                minimum.reduceat(y, starts),
                maximum.reduceat(x, starts),
                maximum.reduceat(y, starts),
            ],
            axis=1,
        )
        from manim import config

        home = config.frame_width * scale, config.frame_height * self.height / height
        middle = self._width / 2 - center[0] * scale, self.height / 2 + center[1] * self.height / height
        low = min(0.0, middle[0] - home[0] / 2), min(0.0, middle[1] - home[1] / 2)
        high = max(self._width, middle[0] + home[0] / 2), max(self.height, middle[1] + home[1] / 2)
        return boxes, array([*low, *high])

    def _projected(self, camera: Any, points: Any, starts: Any, lengths: Any) -> Any:
        made = self.facts.project(camera, points)
        fixed, turned = camera.fixed_in_frame_mobjects, camera.fixed_orientation_mobjects
        for leaf, start, length in zip(self.leaves, starts, lengths, strict=True):
            part = slice(start, start + length)
            if leaf.owner in fixed:
                made[part] = points[part]
            elif leaf.owner in turned:
                middle = points[part].mean(axis=0)[None]
                made[part] = points[part] + (self.facts.project(camera, middle) - middle)
        return made

    def measure(self) -> None:
        """Note what is worse than at the moments before."""
        frame = array([0, 0, self._width, self.height])
        inside = (self.boxes[:, :2] < frame[2:]).all(axis=1) & (self.boxes[:, 2:] > 0).all(axis=1)
        self._note_seen(self._shown & inside)
        self._shapes_cut()
        letters = flatnonzero(self._shown & (self._unit >= 0))
        if not len(letters):
            return
        order = letters[argsort(self._unit[letters], kind="stable")]
        units, starts = unique(self._unit[order], return_index=True)
        ends = [*starts[1:], len(order)]
        members = {int(unit): order[start:end] for unit, start, end in zip(units, starts, ends, strict=True)}
        boxes = {unit: _around(self.boxes[some]) for unit, some in members.items()}
        self._texts_cut(boxes)
        on_screen = {unit: some[inside[some]] for unit, some in members.items() if inside[some].any()}
        self._overlaps(on_screen, boxes)
        self._covered(on_screen, boxes)
        for value, unit in standing_out(self, on_screen, boxes):
            self._note("contrast", value, unit)
        for unit, some in on_screen.items():
            if len(some) >= 3:
                height = (self.boxes[some, 3] - self.boxes[some, 1]).max()
                if height >= 1:  # else it shrank to a point
                    self._note("text_height", height / self.height, unit)

    def _note(self, kind: str, value: float, *units: int) -> None:
        names = tuple(self.units[unit] for unit in units)
        self.facts.note(kind, value, self._scene, self.second, names)

    def _note_seen(self, seen: Any) -> None:
        """Texts of which nothing was on the screen at any moment; those that shrank to a point are none.

        Nor are copies: a `Transform` makes some that are never shown, for as many parts as its target has.
        """
        facts = self.facts
        large = (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1) >= 1
        for leaf, one in zip(self.leaves, seen | ~large, strict=True):
            key = id(leaf.owner)
            if one:
                facts.seen.add(key)
                if leaf.unit >= 0 and (name := self.units[leaf.unit]).endswith('"'):
                    facts.read.add(name)
                facts.unseen.pop(key, None)
            elif leaf.unit >= 0 and not self._is_number(leaf.unit) and key not in facts.seen | facts.unseen.keys():
                facts.unseen[key] = (leaf.owner, self.units[leaf.unit], self._scene, self.second)

    def _shapes_cut(self) -> None:
        if type(self._camera) is self.facts.deep:
            return
        for number, leaf in enumerate(self.leaves):
            if leaf.closed and self._shown[number]:
                share = self._outside(self.boxes[number])
                if 0 < share < _GONE and not _holds(self.boxes[number], self._window):
                    self.facts.note("shape_cut", share, self._scene, self.second, (leaf.name,))

    def _texts_cut(self, boxes: dict[int, Any]) -> None:
        for unit, box in boxes.items():
            if 0 < (share := self._outside(box)) < 1 and not self._is_number(unit):
                self._note("text_cut", share, unit)

    def _is_number(self, unit: int) -> bool:
        """Whether a text is a number, of which axes and planes have some at their ends."""
        return self.units[unit].startswith(_NUMBERS)

    def _outside(self, box: Any) -> float:
        """Share of a box that the frame does not show."""
        end = maximum(box[2:], box[:2] + 1)
        size = (end[0] - box[0]) * (end[1] - box[1])
        low, high = maximum(box[:2], self._window[:2]), minimum(end, self._window[2:])
        part = max(high[0] - low[0], 0) * max(high[1] - low[1], 0)
        return 1 - min(part / size, 1) if size > part + 1 else 0.0

    def _overlaps(self, members: dict[int, Any], boxes: dict[int, Any]) -> None:
        units = list(members)
        around = array([boxes[unit] for unit in units])
        for place, unit in enumerate(units[:-1]):
            for other in flatnonzero(_overlap(around[place + 1 :], around[place]) > 0) + place + 1:
                name = self.units[unit]
                if name == self.units[units[other]] and not name.endswith('""'):
                    continue  # a text and its copy, as for a glow
                share = self._overlap_of(members[unit], members[units[other]])
                if share:
                    self._note("text_overlap", share, unit, units[other])

    def _overlap_of(self, some: Any, others: Any) -> float:
        """Of two texts, the larger share of letters that lie on letters of the other."""
        one, other = self.boxes[some], self.boxes[others]
        common = _overlap(one[:, None], other[None])
        least = minimum(_area(one)[:, None], _area(other)[None])
        touching = common > _TOUCHING * maximum(least, 1.0)
        if not touching.any():
            return 0.0
        for row, column in argwhere(touching):
            left, right = self.leaves[some[row]], self.leaves[others[column]]
            if len(left.points) == len(right.points) and (abs(one[row] - other[column]) < _SAME).all():
                touching[row, column] = False
        touching &= self._stand_out(some)[:, None] & self._stand_out(others)[None]
        return float(max(touching.any(axis=1).mean(), touching.any(axis=0).mean()))

    def _covered(self, members: dict[int, Any], boxes: dict[int, Any]) -> None:
        """Texts that lie under a shape that was drawn later."""
        for unit, some in members.items():
            hidden = self.hidden(some, boxes[unit])
            if hidden.any() and (share := (hidden & ~self._stand_out(some)).mean()):
                self._note("text_covered", share, unit)

    def hidden(self, some: Any, around: Any) -> Any:
        """Which letters of a text lie under the box of an opaque shape that was drawn later."""
        over = self._solid[self._solid > some.max()]
        covers = self.boxes[over[_overlap(self.boxes[over], around) > 0]]
        area = _area(self.boxes[some])[:, None]
        return (_overlap(self.boxes[some][:, None], covers[None]) >= 0.9 * area).any(axis=1)

    def _stand_out(self, letters: Any) -> Any:
        """Whether pixels of their own colours are to be seen where letters are."""
        boxes = self.boxes[letters]
        steps = array(_GRID)
        x = boxes[:, 0, None] + (boxes[:, 2] - boxes[:, 0])[:, None] * steps
        y = boxes[:, 1, None] + (boxes[:, 3] - boxes[:, 1])[:, None] * steps
        pixels = self.pixels(x[:, None, :], y[:, :, None])
        away = sqrt(((pixels - 255 * self.colours[letters, None, None, :3]) ** 2).sum(axis=-1))
        return away.min(axis=(1, 2)) < NEAR

    def pixels(self, x: Any, y: Any) -> Any:
        """Red, green and blue, 0 to 255, at places of the frame, or at its edge."""
        x, y = broadcast_arrays(x, y)
        column = x.astype(int).clip(0, self._width - 1)
        row = y.astype(int).clip(0, self.height - 1)
        return self.frame[row, column, :3].astype(float)


def _around(boxes: Any) -> Any:
    return concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _area(boxes: Any) -> Any:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _overlap(one: Any, other: Any) -> Any:
    """Area that boxes have in common."""
    low = maximum(one[..., :2], other[..., :2])
    size = (minimum(one[..., 2:], other[..., 2:]) - low).clip(0)
    return size[..., 0] * size[..., 1]


def _holds(box: Any, window: Any) -> bool:
    return bool((box[:2] <= window[:2] + 1).all() and (box[2:] >= window[2:] - 1).all())
