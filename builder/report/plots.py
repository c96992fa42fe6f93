"""The plots, as SVG: text stays text, colours are the page's own, equal numbers give equal bytes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from builder.report.shown import rows_address

_COLOURS = {
    "page": ("#faf9f6", "#10131a"),
    "panel": ("#ffffff", "#181c25"),
    "soft": ("#f1efe9", "#212632"),
    "line": ("#dedad0", "#333a49"),
    "ink": ("#1d2230", "#e9ebf1"),
    "muted": ("#5b6270", "#a3abba"),
    "accent": ("#2f5fb3", "#8db4f5"),
    "good": ("#227a50", "#74cf9f"),
    "bad": ("#b3402a", "#f0937c"),
    "none": ("#9a9688", "#8a90a0"),
    "hk": ("#8a2a7c", "#d79be6"),  # of programs: keywords, strings, classes, functions, numbers
    "hs": ("#226b3c", "#8fd19e"),
    "hc": ("#1f5ea8", "#86b8f7"),
    "hf": ("#765006", "#e5c07b"),
    "hm": ("#a3421c", "#f0a37e"),
}
"""On a light page, and on a dark one."""
_SOURCES = (
    ("#4557a6", "#8f9fea"),
    ("#dd7458", "#f09a7e"),
    ("#3f9b82", "#74cdb2"),
    ("#d0992b", "#ecc161"),
    ("#8d5a97", "#c795d1"),
    ("#5b86ad", "#9cc2e3"),
    ("#7d8f3c", "#b9cb79"),
    ("#a8585f", "#e19aa0"),
)
"""Told apart by people who see few colours too; more sources than these share them."""
SOURCE_COLOURS = len(_SOURCES)


def variables(dark: bool) -> str:
    """The colours as CSS custom properties: `--ink`, `--s0` and so on."""
    named = _COLOURS | {f"s{n}": pair for n, pair in enumerate(_SOURCES)}
    return "".join(f"--{name}:{pair[dark]};" for name, pair in named.items())


def source_variable(number: int) -> str:
    """The custom property of a source's colour, by its place among the sources."""
    return f"--s{number % SOURCE_COLOURS}"


_WIDTH = 324
"""Units of a plot's width; the page makes it as wide as there is room. A letter is 9.5 units high."""
_MARGIN = 6
_RIDGE_HEIGHT = 34
_RIDGE_GAP = 11
_AXIS_HEIGHT = 34
_BAR_STEP = 17.6
_LETTER = 5.4
"""Units of a letter's width, about."""
_MOST_TICKS = 7
_STEPS = 30
"""Of a histogram of lengths, from the shortest to the longest text, by their logarithm."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """One source's line in a plot: numbers in steps, and what to say beside its name."""

    name: str
    counts: Sequence[int]
    note: str
    other: Sequence[int] = ()
    """Numbers to compare with, shown as an outline."""


def length_steps(shortest: int, longest: int) -> list[float]:
    """Edges of the steps of a histogram of lengths, which are at least 0."""
    first = max(shortest, 1)
    return [float(edge) for edge in np.geomspace(first, max(longest, 2 * first) + 1, _STEPS + 1)]


def counted(lengths: Sequence[int], edges: Sequence[float]) -> list[int]:
    """How many lengths are in each step; those below the first edge count in the first one."""
    counts, _ = np.histogram(np.maximum(np.asarray(lengths, dtype=np.float64), edges[0]), bins=list(edges))
    return [int(count) for count in counts]


def ridges(
    lines: Sequence[Ridge], edges: Sequence[float], *, label: str, log: bool, words: str, of: str = ""
) -> Markup:
    """Histograms of several sources above one another, each as high as it can be.

    Args:
        lines: one a source.
        edges: of the steps.
        label: what the axis measures, with its unit.
        log: whether the axis is logarithmic.
        words: what the plot shows, for those who do not see it.
        of: the filter of the rows that a click on a step sets to its range; empty for none.
    """
    places = _places(edges, edges, log)
    bottom = len(lines) * (_RIDGE_HEIGHT + _RIDGE_GAP)
    parts = [
        part
        for number, line in enumerate(lines)
        for part in _ridge(line, places, (number + 1) * (_RIDGE_HEIGHT + _RIDGE_GAP), f"var({source_variable(number)})")
    ]
    parts += (
        [part for number, line in enumerate(lines) for part in _steps(line, edges, places, number, of)] if of else []
    )
    ticks = _log_ticks(edges) if log else list(np.linspace(edges[0], edges[-1], 6))
    for tick, place in zip(ticks, _places(ticks, edges, log), strict=True):
        parts.append(f'<path d="M{_n(place)} {bottom}v3" stroke="var(--line)"/>')
        text = f"{tick:,.10g}"
        room = _LETTER * len(text) / 2  # a label at the end of the axis stays within the plot
        parts.append(_text(min(place, _WIDTH - room), bottom + 14, text, "muted", anchor="middle"))
    parts.append(_text(_WIDTH / 2, bottom + 28, label, "muted", anchor="middle"))
    return _svg(parts, bottom + _AXIS_HEIGHT, words)


def _ridge(line: Ridge, places: Sequence[float], bottom: float, colour: str) -> Iterator[str]:
    scale = _RIDGE_HEIGHT / max(*line.counts, *line.other, 1)
    yield f'<path d="{_stairs(line.counts, places, bottom, scale)}z" fill="{colour}" fill-opacity=".72"/>'
    if any(line.other):
        outline = _stairs(line.other, places, bottom, scale)
        yield f'<path d="{outline}" fill="none" stroke="var(--ink)" stroke-dasharray="3 2"/>'
    yield f'<path d="M{_MARGIN} {_n(bottom)}H{_WIDTH - _MARGIN}" stroke="var(--line)"/>'
    top = bottom - _RIDGE_HEIGHT
    yield _text(_MARGIN, top, line.name, "ink", weight="bold")
    if line.note:
        yield _text(_WIDTH - _MARGIN, top, line.note, "muted", anchor="end")


def _steps(line: Ridge, edges: Sequence[float], places: Sequence[float], number: int, of: str) -> Iterator[Markup]:
    """Invisible areas over the steps of a histogram that hold something, each leading to its rows."""
    top = number * (_RIDGE_HEIGHT + _RIDGE_GAP) + _RIDGE_GAP
    for step, count in enumerate(line.counts):
        first, last = math.ceil(edges[step]), math.ceil(edges[step + 1]) - 1
        if count:
            reach = f"{first if step else 0}-{last if step + 1 < len(line.counts) else ''}"
            address = rows_address(source=line.name, outcome="kept", **{of: reach})
            x, width = _n(places[step]), _n(places[step + 1] - places[step])
            said = f"{line.name}, {first:,} to {last:,}: {count:,} rows"
            area = '<a href="{}" tabindex="-1"><rect x="{}" y="{}" width="{}" height="{}" fill="transparent"><title>{}'
            yield Markup(area + "</title></rect></a>").format(address, x, _n(top), width, _RIDGE_HEIGHT, said)


def _stairs(counts: Sequence[int], places: Sequence[float], bottom: float, scale: float) -> str:
    """A path along the tops of a histogram's steps, from the baseline and back to it."""
    steps = "".join(
        f"V{_n(bottom - count * scale)}H{_n(right)}" for count, right in zip(counts, places[1:], strict=True)
    )
    return f"M{_n(places[0])} {_n(bottom)}{steps}V{_n(bottom)}"


def _places(values: Sequence[float], edges: Sequence[float], log: bool) -> list[float]:
    """Where values stand on an axis that runs over the edges."""
    first, last = (math.log(edge) if log else edge for edge in (edges[0], edges[-1]))
    width = _WIDTH - 2 * _MARGIN
    return [_MARGIN + width * ((math.log(value) if log else value) - first) / (last - first) for value in values]


def _log_ticks(edges: Sequence[float]) -> list[float]:
    ticks = [n * 10.0**power for power in range(8) for n in (1, 2, 5) if edges[0] <= n * 10**power <= edges[-1]]
    return ticks if len(ticks) <= _MOST_TICKS else [tick for tick in ticks if f"{tick:g}".startswith("1")]


def bars(values: Sequence[tuple[str, int]], *, words: str, search: str = "") -> Markup:
    """Bars with their names and numbers, one below the other.

    Args:
        values: names with their numbers.
        words: what they show, for those who do not see it.
        search: what a click on a bar looks for in the rows, with `{}` for its name; empty for nothing.
    """
    most = max((number for _, number in values), default=1)
    left = _LETTER * max((len(name) for name, _ in values), default=0) + 8
    room = (_WIDTH - left) / 1.2
    parts: list[str] = []
    for place, (name, number) in enumerate(values):
        top, width = place * _BAR_STEP + 6, room * number / max(most, 1)
        if search:
            address = rows_address(q=search.format(name), outcome="kept")
            parts.append(Markup('<a href="{}" tabindex="-1">').format(address))
        parts.append(_text(left - 5, top + 9, name, "ink", anchor="end"))
        parts.append(
            f'<rect x="{left}" y="{_n(top)}" width="{_n(width)}" height="11.6" fill="var(--accent)" fill-opacity=".8"/>'
        )
        parts.append(_text(left + width + 3, top + 9, f"{number:,}", "muted"))
        parts += ["</a>"] * bool(search)
    return _svg(parts, max(len(values), 1) * _BAR_STEP + 8, words)


def _text(x: float, y: float, text: str, colour: str, *, anchor: str = "start", weight: str = "normal") -> str:
    style = f'fill="var(--{colour})" text-anchor="{anchor}" font-weight="{weight}"'
    return Markup(f'<text x="{_n(x)}" y="{_n(y)}" {style}>{{}}</text>').format(text)


def _n(value: float) -> str:
    """A coordinate, rounded to a hundredth."""
    return f"{round(value, 2):g}"


def _svg(parts: Sequence[str], height: float, words: str) -> Markup:
    """A plot to put into a page."""
    head = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" aria-label="{}" viewBox="0 0 {} {}" '
        'font-size="9.5" font-family="sans-serif">'
    )
    return head.format(words, _WIDTH, _n(height)) + Markup("".join(parts)) + Markup("</svg>")
