"""How texts stand out at one moment: their colours, and those of the pixels around and between their letters."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from numpy import array, concatenate, flatnonzero, linspace, median, sqrt, stack, where

if TYPE_CHECKING:
    from .moment import Moment

NEAR = 80.0
"""Of 441: so near in red, green and blue, a pixel counts as one of the letter."""
_WHOLE = 255 * 3**0.5
"""Distance of black and white in red, green and blue: 441."""
_GAP = 2.0
"""Pixels above and below a letter at which its background is looked at."""
_LETTERS = 12
"""Of one text that are looked at, from its first to its last."""
_TINY = 0.012
"""Of the frame's height: texts whose letters are all smaller are not looked at."""
_PIXELS = 32
"""Of a letter that are looked at, across and down."""
_INSIDE = 0.4
"""Share of the pixels within letters' boxes that are none of the letters', from which on these stand out from them."""


def standing_out(moment: "Moment", texts: dict[int, Any], boxes: dict[int, Any]) -> Iterable[tuple[float, int]]:
    """How much each text stands out, 1 to 22, and its number. Of a text and its copy on it, the one that does more.

    The colour of a letter is the one that it has; but of a text that has not changed since the moment before, and of
    whose colour nothing is to be seen, what stands out most there: an outline, or a pale shape over it.

    Args:
        moment: What stands on the screen.
        texts: By number, the letters of a text that are on the screen.
        boxes: By number, the box of a text.
    """
    before, moment.facts.stood = moment.facts.stood, {}
    found: dict[tuple[Any, ...], tuple[float, int]] = {}
    for unit, letters in texts.items():
        if (moment.boxes[letters, 3] - moment.boxes[letters, 1]).max() < _TINY * moment.height:
            continue
        some = letters[linspace(0, len(letters) - 1, min(len(letters), _LETTERS)).astype(int)]
        place, colours = moment.boxes[some], moment.colours[some]
        around = _around(moment, place)
        behind = median(around, axis=1)
        seen = colours[:, :3] * colours[:, 3:] + behind * (1 - colours[:, 3:])
        now = concatenate([place, 255 * colours], axis=1)
        owner = id(moment.leaves[some[0]].owner)
        moment.facts.stood[owner] = moment.second, now
        second, known = before.get(owner, (moment.second, now))
        if second < moment.second and known.shape == now.shape and (abs(known - now) < 1).all():
            for number in flatnonzero(~moment.hidden(some, boxes[unit])):
                pixels = _within(moment, place[number])
                if _apart(pixels, seen[number]).min() > NEAR:
                    seen[number] = pixels[_apart(pixels, behind[number]).argmax()]
        ink = median(seen, axis=0)
        value = _contrast(ink, median(around.reshape(-1, 3), axis=0))
        if value < moment.facts.worst("contrast"):  # else it is not needed: it can only become more
            pixels = concatenate([_within(moment, box) for box in place])
            others = pixels[_apart(pixels, ink) > NEAR]  # a letter may be larger than what it stands on
            if len(others) > _INSIDE * len(pixels):
                value = max(value, _contrast(ink, median(others, axis=0)))
        key = moment.units[unit], *boxes[unit].round()
        found[key] = max(found.get(key, (0.0, unit)), (value, unit))
    return found.values()


def _around(moment: "Moment", boxes: Any) -> Any:
    """Pixels above and below letters, 0 to 1: letters, pixels, colours."""
    x = boxes[:, 0, None] + (boxes[:, 2] - boxes[:, 0])[:, None] * array([0.1, 0.5, 0.9])
    y = stack([boxes[:, 1] - _GAP, boxes[:, 3] + _GAP], axis=1)
    return moment.pixels(x[:, None, :], y[:, :, None]).reshape(len(boxes), -1, 3) / 255


def _within(moment: "Moment", box: Any) -> Any:
    """Pixels within a letter's box, 0 to 1; of a large letter not all."""
    left, top, right, bottom = box.astype(int)
    part = moment.frame[max(top, 0) : bottom + 1, max(left, 0) : right + 1, :3]
    step = -(-max(part.shape) // _PIXELS)
    return part[::step, ::step].reshape(-1, 3) / 255


def _apart(some: Any, colour: Any) -> Any:
    """Distances of colours in red, green and blue, 0 to 441."""
    return 255 * sqrt(((some - colour) ** 2).sum(axis=-1))


def _contrast(ink: Any, behind: Any) -> float:
    """Of two colours: 1 if they are one, 22 for black and white.

    The contrast of WCAG, and the distance of the colours as a share of that of black and white: to the eye, green
    stands out from red of the same lightness.
    """
    light, dark = sorted((_luminance(ink), _luminance(behind)), reverse=True)
    return (light + 0.05) / (dark + 0.05) + float(_apart(ink, behind)) / _WHOLE


def _luminance(colour: Any) -> float:
    low = colour / 12.92
    high = ((colour + 0.055) / 1.055) ** 2.4
    return float(where(colour <= 0.03928, low, high) @ array([0.2126, 0.7152, 0.0722]))
