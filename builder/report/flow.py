"""The funnel as a flow picture: from the sources on the left to the sides and the stages that dropped rows.

Written by hand as SVG, since no library of plots draws flows whose text stays text and whose colours follow the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from builder.core.ledger import STAGES
from builder.core.schema import SPLITS
from builder.report.plots import source_variable, variables

_DROPPED_AS = {
    "read": "unreadable",
    "decision": "decided",
    "clean": "nothing left",
    "check": "failed a check",
    "pair": "wrong pair",
    "duplicate": "duplicate",
    "conflict": "conflict",
    "leak": "near test",
    "filter": "filtered",
    "render": "not rendered",
}
"""What the stages that drop rows are called in the picture."""
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


_WIDE = _Shape(780, 158, 604, 14, False)
_NARROW = _Shape(360, 2, 236, 26, True)


def funnel_svg(stats: Mapping[str, Any], *, narrow: bool = False) -> str:
    """The flow of rows of one config, as an SVG picture that stands alone and follows a light or dark page.

    Args:
        stats: the statistics of a config (`dataset_stats.json`, or `statistics` of a manifest by config).
        narrow: 360 pixels wide, for a phone, instead of 780.
    """
    shape = _NARROW if narrow else _WIDE
    lines: Sequence[Mapping[str, Any]] = stats["funnel_by_source"]
    scale = _FLOW_HEIGHT / max(sum(line["read"] for line in lines), 1)
    sources = [
        _Node(line["source"], line["read"], "read", colour=f"var({source_variable(n)})") for n, line in enumerate(lines)
    ]
    ends = {
        **{side: _Node(side, sum(line.get(side, 0) for line in lines), "kept in") for side in SPLITS},
        **{
            stage: _Node(_DROPPED_AS[stage], _dropped(lines, stage), "dropped as", kept=False, colour="var(--none)")
            for stage in STAGES
        },
    }
    ends = {name: node for name, node in ends.items() if node.rows or name in ("train", "test")}
    right = _placed(list(ends.values()), scale, shape.gap, 12.0)
    left = _placed(sources, scale, shape.gap, 24.0 if shape.above else 12.0)
    _spread(sources, right - left)
    height = max(left, right)
    flows = [
        part for line, source in zip(lines, sources, strict=True) for part in _flows(line, source, ends, scale, shape)
    ]
    bars = [_bar(node, shape.left) for node in sources] + [_bar(node, shape.right) for node in ends.values()]
    labels = [_label(node, *_source_place(node, shape)) for node in sources]
    labels += [_label(node, shape.right + _BAR + 8, node.top + node.height / 2, "start") for node in ends.values()]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="funnel" viewBox="0 0 {shape.width:g} {height:.1f}" '
        f'width="{shape.width:g}" height="{height:.1f}" role="img" aria-label="{escape(_told(lines, ends))}">'
        f"<style>{_style()}</style>{''.join(flows)}{''.join(bars)}{''.join(labels)}</svg>"
    )


def _dropped(lines: Sequence[Mapping[str, Any]], stage: str) -> int:
    return sum(sum(line["dropped"].get(stage, {}).values()) for line in lines)


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
    for name, end in ends.items():
        rows = line.get(name, 0) if end.kept else sum(line["dropped"].get(name, {}).values())
        if not rows:
            continue
        thick = rows * scale
        y0, y1 = source.top + source.used + thick / 2, end.top + end.used + thick / 2
        source.used += thick
        end.used += thick
        x0, x1 = shape.left + _BAR, shape.right
        middle = (x0 + x1) / 2
        told = escape(f"{line['source']}, {end.note} {end.name}: {rows:,} rows")
        parts.append(
            f'<path class="{"kept" if end.kept else "gone"}" d="M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} '
            f'{middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}" stroke="{source.colour}" '
            f'stroke-width="{max(thick, _LEAST):.2f}"><title>{told}</title></path>'
        )
    return parts


def _bar(node: _Node, x: float) -> str:
    return (
        f'<rect x="{x:g}" y="{node.top:.1f}" width="{_BAR:g}" height="{node.height:.1f}" rx="2" fill="{node.colour}"/>'
    )


def _source_place(node: _Node, shape: _Shape) -> tuple[float, float, str]:
    if shape.above:
        return shape.left, node.top - 13, "above"
    return shape.left - 10, node.top + node.height / 2, "end"


def _label(node: _Node, x: float, y: float, anchor: str) -> str:
    """Name and number of rows: on two lines, or on one above its bar."""
    name, rows = escape(node.name), f"{node.rows:,}"
    if anchor == "above":
        return f'<text class="on" x="{x:g}" y="{y + 8:.1f}">{name} <tspan class="n">{rows}</tspan></text>'
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
