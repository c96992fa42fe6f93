"""The plots, by Matplotlib as SVG: text stays text, colours are the page's own, equal numbers give equal bytes."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

LIGHT: Mapping[str, str] = {
    "page": "#faf9f6",
    "panel": "#ffffff",
    "soft": "#f1efe9",
    "line": "#dedad0",
    "ink": "#1d2230",
    "muted": "#5b6270",
    "accent": "#2f5fb3",
    "good": "#227a50",
    "bad": "#b3402a",
    "none": "#9a9688",
    "hk": "#8a2a7c",  # of programs: keywords, strings, classes, functions, numbers
    "hs": "#226b3c",
    "hc": "#1f5ea8",
    "hf": "#765006",
    "hm": "#a3421c",
}
DARK: Mapping[str, str] = {
    "page": "#10131a",
    "panel": "#181c25",
    "soft": "#212632",
    "line": "#333a49",
    "ink": "#e9ebf1",
    "muted": "#a3abba",
    "accent": "#8db4f5",
    "good": "#74cf9f",
    "bad": "#f0937c",
    "none": "#8a90a0",
    "hk": "#d79be6",
    "hs": "#8fd19e",
    "hc": "#86b8f7",
    "hf": "#e5c07b",
    "hm": "#f0a37e",
}
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
    named = {**(DARK if dark else LIGHT), **{f"s{n}": pair[dark] for n, pair in enumerate(_SOURCES)}}
    return "".join(f"--{name}:{colour};" for name, colour in named.items())


def source_variable(number: int) -> str:
    """The custom property of a source's colour, by its place among the sources."""
    return f"--s{number % SOURCE_COLOURS}"


_POINTS = 72.0
_WIDTH = 4.5
"""Inches of a plot, as it is drawn; the page makes it as wide as there is room."""
_NAMES = {"ink": "#000001", "muted": "#000002", "line": "#000003", "accent": "#000004", "panel": "#000005"}
_SOURCE = "#0001{:02x}"
_MOST_TICKS = 7
_ID = re.compile(r' id="(?![pm][0-9a-f]{10}")[^"]*"')
_HEAD = re.compile(r"\A.*?(?=<svg)|<metadata>.*?</metadata>\s*", re.DOTALL)
_SIZE = re.compile(r'(<svg[^>]*?) width="[^"]*"|(<svg[^>]*?) height="[^"]*"')
_STEPS = 30
"""Of a histogram of lengths, from the shortest to the longest text, by their logarithm."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """One source's line in a plot: numbers in steps, and what to say beside its name."""

    name: str
    counts: Sequence[int]
    note: str
    other: Sequence[int] = ()
    """Numbers to compare with, drawn as an outline."""


@contextmanager
def _style() -> Iterator[None]:
    """Matplotlib as it comes, whatever a person's own settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "manim-combined", "font.size": 9.5})
        yield


def length_steps(shortest: int, longest: int) -> list[float]:
    """Edges of the steps of a histogram of lengths, which are at least 0."""
    first = max(shortest, 1)
    return [float(edge) for edge in np.geomspace(first, max(longest, 2 * first) + 1, _STEPS + 1)]


def counted(lengths: Sequence[int], edges: Sequence[float]) -> list[int]:
    """How many lengths are in each step; those below the first edge count in the first one."""
    counts, _ = np.histogram(np.maximum(np.asarray(lengths, dtype=np.float64), edges[0]), bins=list(edges))
    return [int(count) for count in counts]


def ridges(lines: Sequence[Ridge], edges: Sequence[float], *, label: str, log: bool, told: str) -> Markup:
    """Histograms of several sources above one another, each as high as it can be.

    Args:
        lines: one a source.
        edges: of the steps.
        label: what the axis measures, with its unit.
        log: whether the axis is logarithmic.
        told: the plot in words.
    """
    with _style():
        figure = Figure(figsize=(_WIDTH, 0.62 * len(lines) + 0.62))
        every = figure.subplots(len(lines), 1, sharex=True, squeeze=False)[:, 0]
        for number, (axes, line) in enumerate(zip(every, lines, strict=True)):
            _ridge(axes, line, edges, _SOURCE.format(number % SOURCE_COLOURS))
            if log:
                axes.set_xscale("log")
            axes.set_xlim(edges[0], edges[-1])
        _bottom(every[-1], label, log)
        figure.subplots_adjust(left=0.02, right=0.98, top=0.97, bottom=0.46 / (0.62 * len(lines) + 0.62), hspace=0.35)
        return _svg(figure, told)


def _ridge(axes: Axes, line: Ridge, edges: Sequence[float], colour: str) -> None:
    axes.stairs(line.counts, edges, fill=True, color=colour, alpha=0.72, linewidth=0)
    if any(line.other):
        axes.stairs(line.other, edges, color=_NAMES["ink"], linewidth=1.0, linestyle=(0, (3, 2)))
    axes.set_ylim(0, max((*line.counts, *line.other, 1)) * 1.7)
    axes.text(0.0, 0.99, line.name, transform=axes.transAxes, va="top", color=_NAMES["ink"], fontweight="bold")
    axes.text(1.0, 0.99, line.note, transform=axes.transAxes, va="top", ha="right", color=_NAMES["muted"])
    axes.set_yticks([])
    axes.patch.set_visible(False)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_NAMES["line"])
    axes.tick_params(axis="x", which="both", length=0, labelbottom=False)


def _bottom(axes: Axes, label: str, log: bool) -> None:
    axes.tick_params(
        axis="x", which="major", length=3, labelbottom=True, color=_NAMES["line"], labelcolor=_NAMES["muted"]
    )
    if log:
        low, high = axes.get_xlim()
        ticks = [n * 10**power for power in range(8) for n in (1, 2, 5) if low <= n * 10**power <= high]
        ticks = ticks if len(ticks) <= _MOST_TICKS else [tick for tick in ticks if str(tick).startswith("1")]
        axes.set_xticks(ticks, [f"{n:,}" for n in ticks])
        axes.set_xticks([], minor=True)
    axes.set_xlabel(label, color=_NAMES["muted"])


def bars(values: Sequence[tuple[str, int]], *, told: str) -> Markup:
    """Bars with their names and numbers, one below the other."""
    height = 0.245 * max(len(values), 1) + 0.1
    with _style():
        figure = Figure(figsize=(_WIDTH, height))
        axes = figure.subplots()
        places = np.arange(len(values))
        most = max((number for _, number in values), default=1)
        axes.barh(places, [number for _, number in values], height=0.66, color=_NAMES["accent"], alpha=0.8)
        for place, (_, number) in enumerate(values):
            axes.text(number + most * 0.012, place, f"{number:,}", va="center", color=_NAMES["muted"])
        axes.set_yticks(places, [name for name, _ in values])
        axes.set_ylim(len(values) - 0.4, -0.6)
        axes.set_xlim(0, max(most, 1) * 1.2)
        axes.set_xticks([])
        axes.tick_params(axis="y", length=0, labelcolor=_NAMES["ink"])
        axes.patch.set_visible(False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        figure.subplots_adjust(left=0.36, right=1.0, top=1 - 0.05 / height, bottom=0.05 / height)
        return _svg(figure, told)


@lru_cache(maxsize=1)
def _variables() -> Mapping[str, str]:
    """The custom property that stands for each colour a plot is drawn in."""
    sources = {_SOURCE.format(number): f"var({source_variable(number)})" for number in range(SOURCE_COLOURS)}
    return {**{colour: f"var(--{name})" for name, colour in _NAMES.items()}, **sources}


def _svg(figure: Figure, told: str) -> Markup:
    """A figure as SVG to put into a page."""
    figure.patch.set_visible(False)
    FigureCanvasSVG(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", dpi=_POINTS, metadata={"Date": None})
    text = _ID.sub("", _HEAD.sub("", buffer.getvalue().decode("utf-8")))
    text = _SIZE.sub(lambda found: found[1] or found[2], text)
    for colour, variable in _variables().items():
        text = text.replace(colour, variable)
    head = Markup('<svg class="plot" role="img" aria-label="{}"').format(told)
    return head + Markup(text.removeprefix("<svg"))
