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
    median,
    minimum,
    sqrt,
    stack,
    unique,
    where,
)

if TYPE_CHECKING:
    from .facts import Facts

CHARACTERS = 40
"""Of the name of an object."""
SEEN = 0.1
"""Opacity from which on something counts as shown."""
_SOLID = 0.85
"""Opacity from which on a shape hides what is behind it."""
_NEAR = 80.0
"""Of 441: so near in red, green and blue, a pixel counts as one of the letter."""
_GONE = 0.9
"""Share of a shape outside the frame, from which on it has left it, as in a move."""
_NUMBERS = ("DecimalNumber", "Integer")
_GRID = (0.1, 0.3, 0.5, 0.7, 0.9)
_TOUCHING = 0.1
"""Share of the smaller of two letters' boxes that lies in the other's, from which on they overlap."""
_SAME = 0.75
"""Pixels by which letters of equal outlines may lie apart and still be one to the eye."""
_APART = 120.0
"""Of 441: by so much in red, green and blue, colours lie apart that stand out as a contrast of 1 does."""
_GAP = 2.0
"""Pixels above and below a letter at which its background is looked at."""


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
        self._facts, self._leaves, self._units = facts, leaves, units
        self._scene, self._second = type(scene).__name__[:CHARACTERS], scene.renderer.time
        self._frame = camera.pixel_array
        self._height, self._width = self._frame.shape[:2]
        self._camera = camera
        self.boxes, self._window = self._placed(camera)
        self.colours = array([leaf.fill for leaf in leaves])
        self._unit = array([leaf.unit for leaf in leaves])
        finite = isfinite(self.boxes).all(axis=1)
        self._shown = finite & (self.colours[:, 3] >= SEEN)

    def _placed(self, camera: Any) -> tuple[Any, Any]:
        """The box of each leaf, and the part of the plane that counts as the frame: also what a zoom left out of it."""
        lengths = array([len(leaf.points) for leaf in self._leaves])
        starts = concatenate(([0], cumsum(lengths)[:-1]))
        points = concatenate([leaf.points for leaf in self._leaves])
        if type(camera) is self._facts.deep:
            points = self._projected(camera, points, starts, lengths)
        center, width, height = camera.frame_center, camera.frame_width, camera.frame_height
        scale = self._width / width
        x = (points[:, 0] - center[0]) * scale + self._width / 2
        y = self._height / 2 - (points[:, 1] - center[1]) * self._height / height
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

        home = config.frame_width * scale, config.frame_height * self._height / height
        middle = self._width / 2 - center[0] * scale, self._height / 2 + center[1] * self._height / height
        low = min(0.0, middle[0] - home[0] / 2), min(0.0, middle[1] - home[1] / 2)
        high = max(self._width, middle[0] + home[0] / 2), max(self._height, middle[1] + home[1] / 2)
        return boxes, array([*low, *high])

    def _projected(self, camera: Any, points: Any, starts: Any, lengths: Any) -> Any:
        made = self._facts.project(camera, points)
        fixed, turned = camera.fixed_in_frame_mobjects, camera.fixed_orientation_mobjects
        for leaf, start, length in zip(self._leaves, starts, lengths, strict=True):
            part = slice(start, start + length)
            if leaf.owner in fixed:
                made[part] = points[part]
            elif leaf.owner in turned:
                middle = points[part].mean(axis=0)[None]
                made[part] = points[part] + (self._facts.project(camera, middle) - middle)
        return made

    def measure(self) -> None:
        """Note what is worse than at the moments before."""
        frame = array([0, 0, self._width, self._height])
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
        self._contrast(on_screen)
        for unit, some in on_screen.items():
            if len(some) >= 3:
                height = (self.boxes[some, 3] - self.boxes[some, 1]).max()
                if height >= 1:  # else it shrank to a point
                    self._note("text_height", height / self._height, unit)

    def _note(self, kind: str, value: float, *units: int) -> None:
        names = tuple(self._units[unit] for unit in units)
        self._facts.note(kind, value, self._scene, self._second, names)

    def _note_seen(self, seen: Any) -> None:
        """Texts of which nothing was on the screen at any moment; those that shrank to a point are none."""
        facts = self._facts
        large = (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1) >= 1
        for leaf, one in zip(self._leaves, seen | ~large, strict=True):
            key = id(leaf.owner)
            if one:
                facts.seen.add(key)
                facts.unseen.pop(key, None)
            elif leaf.unit >= 0 and not self._is_number(leaf.unit) and key not in facts.seen | facts.unseen.keys():
                facts.unseen[key] = (leaf.owner, self._units[leaf.unit], self._scene, self._second)

    def _shapes_cut(self) -> None:
        if type(self._camera) is self._facts.deep:
            return
        for number, leaf in enumerate(self._leaves):
            if leaf.closed and self._shown[number]:
                share = self._outside(self.boxes[number])
                if 0 < share < _GONE and not _holds(self.boxes[number], self._window):
                    self._facts.note("shape_cut", share, self._scene, self._second, (leaf.name,))

    def _texts_cut(self, boxes: dict[int, Any]) -> None:
        for unit, box in boxes.items():
            if 0 < (share := self._outside(box)) < 1 and not self._is_number(unit):
                self._note("text_cut", share, unit)

    def _is_number(self, unit: int) -> bool:
        """Whether a text is a number, of which axes and planes have some at their ends."""
        return self._units[unit].startswith(_NUMBERS)

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
                name = self._units[unit]
                if name == self._units[units[other]] and not name.endswith('""'):
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
            left, right = self._leaves[some[row]], self._leaves[others[column]]
            if len(left.points) == len(right.points) and (abs(one[row] - other[column]) < _SAME).all():
                touching[row, column] = False
        touching &= self._stand_out(some)[:, None] & self._stand_out(others)[None]
        return float(max(touching.any(axis=1).mean(), touching.any(axis=0).mean()))

    def _covered(self, members: dict[int, Any], boxes: dict[int, Any]) -> None:
        """Texts that lie under a shape that was drawn later."""
        solid = [
            n for n, leaf in enumerate(self._leaves) if leaf.unit < 0 and leaf.opacity >= _SOLID and self._shown[n]
        ]
        if not solid:
            return
        covers = self.boxes[solid]
        for unit, some in members.items():
            later = array(solid) > some.max()
            over = covers[later & (_overlap(covers, boxes[unit]) > 0)]
            if len(over):
                hidden = (
                    _overlap(self.boxes[some][:, None], over[None]) >= 0.9 * _area(self.boxes[some])[:, None]
                ).any(axis=1)
                if hidden.any() and (share := (hidden & ~self._stand_out(some)).mean()):
                    self._note("text_covered", share, unit)

    def _stand_out(self, letters: Any) -> Any:
        """Whether pixels of their own colours are to be seen where letters are."""
        boxes = self.boxes[letters]
        steps = array(_GRID)
        x = boxes[:, 0, None] + (boxes[:, 2] - boxes[:, 0])[:, None] * steps
        y = boxes[:, 1, None] + (boxes[:, 3] - boxes[:, 1])[:, None] * steps
        pixels = self._pixels(x[:, None, :], y[:, :, None])
        away = sqrt(((pixels - 255 * self.colours[letters, None, None, :3]) ** 2).sum(axis=-1))
        return away.min(axis=(1, 2)) < _NEAR

    def _pixels(self, x: Any, y: Any) -> Any:
        x, y = broadcast_arrays(x, y)
        column = x.astype(int).clip(0, self._width - 1)
        row = y.astype(int).clip(0, self._height - 1)
        return self._frame[row, column, :3].astype(float)

    def _contrast(self, members: dict[int, Any]) -> None:
        """How texts stand out from what is above and below their letters, as WCAG has it: 1 not at all, 21 at most.

        Colours of equal lightness stand out by how far they are apart.
        """
        for unit, some in members.items():
            boxes = self.boxes[some]
            x = boxes[:, 0, None] + (boxes[:, 2] - boxes[:, 0])[:, None] * array([0.1, 0.5, 0.9])
            y = stack([boxes[:, 1] - _GAP, boxes[:, 3] + _GAP], axis=1)
            behind = median(self._pixels(x[:, None, :], y[:, :, None]).reshape(-1, 3), axis=0) / 255
            colour = median(self.colours[some], axis=0)
            mixed = colour[:3] * colour[3] + behind * (1 - colour[3])
            light, dark = sorted((_luminance(mixed), _luminance(behind)), reverse=True)
            apart = float(sqrt(((mixed - behind) ** 2).sum())) * 255 / _APART
            self._note("contrast", max((light + 0.05) / (dark + 0.05), apart), unit)


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


def _luminance(colour: Any) -> float:
    low = colour / 12.92
    high = ((colour + 0.055) / 1.055) ** 2.4
    return float(where(colour <= 0.03928, low, high) @ array([0.2126, 0.7152, 0.0722]))
