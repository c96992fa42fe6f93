"""The funnel as a flow picture: from the sources on the left to the sides and the stages that dropped rows.

Written by hand as SVG, since no library of plots draws flows whose text stays text and whose colours follow the page.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from builder.config import RENDER_FINDINGS
from builder.core.schema import SPLITS
from builder.report.plots import source_variable, variables
from builder.report.shown import rows_address

DROPPED_AS: Mapping[str, tuple[str, ...]] = {
    "not readable": ("read", "clean"),
    "decided": ("decision",),
    "failed a check": ("check",),
    "without its code": ("pair: unpaired",),
    "wrong pair": ("pair", "conflict"),
    "in a benchmark": ("filter: in_benchmark",),
    "left out": ("filter",),
    "duplicate": ("duplicate",),
    "near test or validation": ("leak",),
    "has a finding": tuple(f"render: {name}" for name in RENDER_FINDINGS),
    "did not render": ("render",),
}
"""Where dropped rows go, in this picture and in the card's table: stages, or one reason of a stage, which then does not
count under the stage."""
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_FLOW_HEIGHT = 330.0
"""Pixels for all rows together."""
_BAR = 11.0
_LEAST = 1.5
"""Pixels of the thinnest bar and flow."""
_PITCH = 36.0
"""Pixels from one label to the next, at least."""


@dataclass(slots=True)
class _Node:
    """A bar with its label."""

    name: str
    rows: int
    note: str
    kept: bool = True
    colour: str = "var(--ink)"
    top: float = 0.0
    height: float = 0.0
    used: float = 0.0
    """Pixels of it that flows have taken so far."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Measures of a picture, in pixels."""

    width: float
    left: float
    """Where the bars of sources stand."""
    right: float
    """Where the bars of outcomes stand."""
    gap: float
    """Between two bars, at least."""
    above: bool
    """Whether the labels of sources stand above their bars instead of beside them."""
    links: bool = False
    """Whether a click leads to rows."""


_WIDE = _Shape(780, 158, 604, 14, False)
_NARROW = _Shape(360, 2, 236, 26, True)


def funnel_svg(stats: Mapping[str, Any], *, narrow: bool = False, links: bool = False) -> str:
    """The flow of rows of one config, as an SVG picture that stands alone and follows a light or dark page.

    Args:
        stats: the statistics of a config (`dataset_stats.json`, or `statistics` of a manifest by config).
        narrow: 360 pixels wide, for a phone, instead of 780.
        links: whether a click on a flow or on a bar of the report leads to its rows.
    """
    shape = replace(_NARROW if narrow else _WIDE, links=links)
    lines: Sequence[Mapping[str, Any]] = stats["funnel_by_source"]
    scale = _FLOW_HEIGHT / max(sum(line["read"] for line in lines), 1)
    sources = [
        _Node(line["source"], line["read"], "read", colour=f"var({source_variable(n)})") for n, line in enumerate(lines)
    ]
    dropped = sum((ended_as(line) for line in lines), Counter(dict.fromkeys(DROPPED_AS, 0)))
    ends = {
        **{side: _Node(side, sum(line.get(side, 0) for line in lines), "kept in") for side in SPLITS},
        **{name: _Node(name, rows, "dropped as", kept=False, colour="var(--none)") for name, rows in dropped.items()},
    }
    ends = {name: node for name, node in ends.items() if node.rows or name in ("train", "test")}
    right = _placed(list(ends.values()), scale, shape.gap, 12.0)
    left = _placed(sources, scale, shape.gap, 24.0 if shape.above else 12.0)
    _spread(sources, right - left)
    height = max(left, right)
    flows = [
        part for line, source in zip(lines, sources, strict=True) for part in _flows(line, source, ends, scale, shape)
    ]
    bars = [_linked(_bar(node, shape.left), links, source=node.name) for node in sources]
    bars += [_linked(_bar(node, shape.right), links, **_filters(node)) for node in ends.values()]
    place = (shape.left, "above") if shape.above else (shape.left - 10, "end")
    labels = [_label(node, *place) for node in sources]
    labels += [_label(node, shape.right + _BAR + 8, "start") for node in ends.values()]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="funnel" viewBox="0 0 {shape.width:g} {height:.1f}" '
        f'width="{shape.width:g}" height="{height:.1f}" role="img" aria-label="{escape(_told(lines, ends))}">'
        f"<style>{_style()}</style>{''.join(flows)}{''.join(bars)}{''.join(labels)}</svg>"
    )


def ended_as(line: Mapping[str, Any]) -> Counter[str]:
    """Dropped rows of one source by the names of `DROPPED_AS`; `line` is one of `funnel_by_source`."""
    counts: Counter[str] = Counter()
    for stage, reasons in line["dropped"].items():
        for reason, rows in reasons.items():
            counts[end_of(stage, reason)] += rows
    return counts


def end_of(stage: str, reason: str) -> str:
    """The name of `DROPPED_AS` for a stage and a reason."""
    names = {what: name for name, found in DROPPED_AS.items() for what in found}
    return names.get(f"{stage}: {reason}") or names[stage]


def _filters(node: _Node) -> dict[str, str]:
    return {"outcome": "kept", "split": node.name} if node.kept else {"outcome": node.name}


def _linked(part: str, links: bool, **filters: str) -> str:
    """A part of the picture that leads to the rows that it shows; the table below it does so for the keyboard."""
    return f'<a href="{escape(rows_address(**filters))}" tabindex="-1">{part}</a>' if links else part


def _placed(nodes: Sequence[_Node], scale: float, gap: float, y: float) -> float:
    """Put bars below one another, far enough apart for their labels; returns where they end."""
    for node in nodes:
        node.height = max(node.rows * scale, _LEAST)
        room = max((_PITCH - gap - node.height) / 2, 0.0)
        node.top = y + room
        y = node.top + node.height + room + gap
    return y


def _spread(nodes: Sequence[_Node], free: float) -> None:
    """Share out the height that a column has left."""
    for n, node in enumerate(nodes):
        node.top += max(free, 0.0) * (n + 1) / (len(nodes) + 1)


def _flows(line: Mapping[str, Any], source: _Node, ends: Mapping[str, _Node], scale: float, shape: _Shape) -> list[str]:
    """The flows of one source, in the order of the outcomes."""
    parts = []
    dropped = ended_as(line)
    for name, end in ends.items():
        rows = line.get(name, 0) if end.kept else dropped[name]
        if not rows:
            continue
        thick = rows * scale
        y0, y1 = source.top + source.used + thick / 2, end.top + end.used + thick / 2
        source.used += thick
        end.used += thick
        x0, x1 = shape.left + _BAR, shape.right
        middle = (x0 + x1) / 2
        title = escape(f"{line['source']}, {end.note} {end.name}: {rows:,} rows")
        flow = (
            f'<path class="{"kept" if end.kept else "gone"}" d="M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} '
            f'{middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}" stroke="{source.colour}" '
            f'stroke-width="{max(thick, _LEAST):.2f}"><title>{title}</title></path>'
        )
        parts.append(_linked(flow, shape.links, source=line["source"], **_filters(end)))
    return parts


def _bar(node: _Node, x: float) -> str:
    size = f'width="{_BAR:g}" height="{node.height:.1f}"'
    return f'<rect x="{x:g}" y="{node.top:.1f}" {size} rx="2" fill="{node.colour}"/>'


def _label(node: _Node, x: float, anchor: str) -> str:
    """Name and number of rows: on two lines, or on one above its bar."""
    name, rows, y = escape(node.name), f"{node.rows:,}", node.top + node.height / 2
    if anchor == "above":
        return f'<text class="on" x="{x:g}" y="{node.top - 5:.1f}">{name} <tspan class="n">{rows}</tspan></text>'
    kind = "" if node.kept else ' class="lost"'
    return (
        f'<text x="{x:g}" y="{y - 2:.1f}" text-anchor="{anchor}"{kind}>{name}</text>'
        f'<text x="{x:g}" y="{y + 13:.1f}" text-anchor="{anchor}" class="n">{rows}</text>'
    )


def _told(lines: Sequence[Mapping[str, Any]], ends: Mapping[str, _Node]) -> str:
    """The picture in words, for those who cannot see it."""
    read = ", ".join(f"{line['source']} {line['read']:,}" for line in lines)
    found = ", ".join(f"{node.name} {node.rows:,}" for node in ends.values())
    return f"Rows read: {read}. Where they ended: {found}."


def _style() -> str:
    return (
        f".funnel{{{variables(False)}font:13px {_FONT};max-width:100%;height:auto}}"
        f"@media(prefers-color-scheme:dark){{.funnel{{{variables(True)}}}}}"
        ".funnel text{fill:var(--ink);font-weight:600}.funnel .n,.funnel .lost{fill:var(--muted);font-weight:400}"
        ".funnel .on{paint-order:stroke;stroke:var(--panel);stroke-width:3px;stroke-linejoin:round}"
        ".funnel .n{font-variant-numeric:tabular-nums}.funnel path{fill:none}"
        ".funnel .kept{stroke-opacity:.62}.funnel .gone{stroke-opacity:.2}.funnel path:hover{stroke-opacity:.85}"
    )
