"""Keyword arguments that Manim 0.22 knows by other names, or in another form."""

import re
from collections.abc import Mapping

import libcst as cst

from builder.manim_lint.fixes.program import (
    Program,
    called,
    change_calls,
    keyword,
    keyword_arg,
    with_args,
)

_RENAMED: Mapping[tuple[str, str], str] = {
    ("Rotating", "radians"): "angle",
    ("Rotate", "radians"): "angle",
    ("Code", "code"): "code_string",
    ("Code", "file_name"): "code_file",
    ("Code", "style"): "formatter_style",
    ("Code", "insert_line_no"): "add_line_numbers",
    ("Code", "line_no_from"): "line_numbers_from",
    ("GrowFromPoint", "start"): "point",
    ("CubicBezier", "start"): "start_anchor",
    ("CubicBezier", "end"): "end_anchor",
    ("CubicBezier", "control1"): "start_handle",
    ("CubicBezier", "control2"): "end_handle",
    ("get_riemann_rectangles", "opacity"): "fill_opacity",
    ("TangentLine", "line_color"): "color",
    ("BarChart", "height"): "y_length",
    ("BarChart", "width"): "x_length",
    ("Axes", "number_line_config"): "axis_config",
    ("Axes", "axes_config"): "axis_config",
    ("NumberPlane", "axes_config"): "axis_config",
    ("Square", "size"): "side_length",
    ("Circle", "r"): "radius",
    ("RegularPolygon", "sides"): "n",
    ("RegularPolygon", "num_sides"): "n",
    ("RegularPolygon", "n_sides"): "n",
    ("Arrow", "thickness"): "stroke_width",
    ("Line", "thickness"): "stroke_width",
    ("Text", "line_height"): "line_spacing",
    ("Text", "text_color"): "color",
    ("arrange", "alignment"): "aligned_edge",
    ("arrange", "align"): "aligned_edge",
    ("next_to", "alignment"): "aligned_edge",
    ("next_to", "align"): "aligned_edge",
}
"""Today's names by callee and old name."""

_LOOKS = frozenset(
    """
    BarChart.label_y_axis BarChart.bar_label_scale_val BarChart.n_ticks BarChart.tick_width
    Code.scale_factor Code.margin Code.indentation_chars Code.generate_html_file Code.display_type Code.stroke_width
    Code.line_no_buff TracedPath.min_distance_to_new_point
    Axes.center_point NumberLine.tick_frequency NumberLine.leftmost_tick NumberLine.exclude_zero_label
    Text.alignment Text.align Text.text_align Text.text_alignment Rotate.in_place
    StreamLines.resolution set_stroke.dash_length
    """.split()
)
"""Arguments that have no place any more, and only touched the looks; they are left out."""

_SPANS = {f"{name}_range": (f"{name}_min", f"{name}_max", f"{name}_step") for name in "xyztuv"}
_SPANNED = frozenset(
    """
    Axes ThreeDAxes NumberPlane ComplexPlane NumberLine FunctionGraph ParametricFunction Surface plot get_graph
    plot_line_graph get_area get_riemann_rectangles
    """.split()
)
_LARGEST_SHARE = 5
"""A larger size of a text is meant in points."""
_CODE_BACKGROUND = {
    "background_stroke_width": "stroke_width",
    "background_stroke_color": "stroke_color",
    "corner_radius": "corner_radius",
    "background_color": "fill_color",
}
_CODE_PARAGRAPH = {"font": "font", "font_size": "font_size", "line_spacing": "line_spacing"}

KEYWORD = re.compile(r"\w\s*=")


def keywords(program: Program) -> str | None:
    """Each old keyword in today's form: `radians=PI` of `Rotating` is `angle=PI`, `x_min` and `x_max` are `x_range`."""
    found = program.found("unknown_argument", "manimgl_dialect")
    if not found:
        return None

    def change(call: cst.Call) -> cst.BaseExpression | None:
        if not any(arg.keyword is not None and arg.keyword.value in found for arg in call.args):
            return None  # the check names the first wrong argument of a call; the others are fixed with it
        args = [todays(called(call), arg) for arg in call.args]
        kept = [_font_size(called(call), arg) for arg in args if arg is not None]
        return _gathered(call, spans(called(call), _bar_range(called(call), _spread(kept))))

    return change_calls(program, lambda call: any(item.arg in found for item in call.keywords), change)


def todays(callee: str, arg: cst.Arg) -> cst.Arg | None:
    """An argument under today's name; `None` if it has no place any more."""
    if arg.keyword is None:
        return arg
    old = arg.keyword.value
    if f"{callee}.{old}" in _LOOKS:
        return None
    new = _RENAMED.get((callee, old))
    if new is None and re.search(r"[a-z][A-Z]", old):
        new = re.sub(r"(?<=[a-z])([A-Z])", lambda capital: f"_{capital.group().lower()}", old)
    return arg if new is None else arg.with_changes(keyword=cst.Name(new))


def _font_size(callee: str, arg: cst.Arg) -> cst.Arg:
    """`size=0.5` of a text, a share of the usual size of 48, as `font_size=24`."""
    if callee not in ("Text", "MarkupText", "Paragraph") or arg.keyword is None or arg.keyword.value != "size":
        return arg
    if not isinstance(arg.value, cst.Integer | cst.Float):
        return arg
    size = arg.value.evaluated_value
    points = round(48 * size if size <= _LARGEST_SHARE else size)
    return arg.with_changes(keyword=cst.Name("font_size"), value=cst.Integer(str(points)))


def spans(callee: str, args: list[cst.Arg]) -> list[cst.Arg]:
    """The arguments of a call with `x_range=[0, 2]` for `x_min=0, x_max=2`; both ends must be there."""
    if callee not in _SPANNED:
        return args
    for new, (low, high, step) in _SPANS.items():
        given = {arg.keyword.value: arg for arg in args if arg.keyword is not None}
        from_zero = callee == "ParametricFunction" and high in given  # where old releases began
        if not (low in given or from_zero) or high not in given or new in given:
            continue
        parts = [given[name].value for name in (low, high, step) if name in given]
        if low not in given:
            parts.insert(0, cst.Integer("0"))
        value = cst.List([cst.Element(part) for part in parts])
        at = args.index(given.get(low, given[high]))
        rest = [arg for arg in args if all(arg is not given.get(name) for name in (low, high, step))]
        args = [*rest[:at], keyword_arg(new, value), *rest[at:]]
    return args


def _spread(args: list[cst.Arg]) -> list[cst.Arg]:
    """`stream_line_config={"stroke_width": 3}` as `stroke_width=3`."""
    out: list[cst.Arg] = []
    for arg in args:
        match arg:
            case cst.Arg(keyword=cst.Name(value="stream_line_config"), value=cst.Dict(elements=entries)) if all(
                isinstance(entry, cst.DictElement) and isinstance(entry.key, cst.SimpleString) for entry in entries
            ):
                keys = [
                    str(cst.ensure_type(cst.ensure_type(e, cst.DictElement).key, cst.SimpleString).evaluated_value)
                    for e in entries
                ]
                out += [keyword_arg(key, entry.value) for key, entry in zip(keys, entries, strict=True)]
            case _:
                out.append(arg)
    return out


def _bar_range(callee: str, args: list[cst.Arg]) -> list[cst.Arg]:
    """`max_value=10` of a bar chart as `y_range=[0, 10]`."""
    if callee != "BarChart":
        return args
    return [
        keyword_arg("y_range", cst.List([cst.Element(cst.Integer("0")), cst.Element(arg.value)]))
        if arg.keyword is not None and arg.keyword.value == "max_value"
        else arg
        for arg in args
    ]


def _gathered(call: cst.Call, args: list[cst.Arg]) -> cst.Call:
    """Looks of `Code` that are now in `background_config` and `paragraph_config`."""
    if called(call) != "Code":
        return with_args(call, args)
    for new, table in (("background_config", _CODE_BACKGROUND), ("paragraph_config", _CODE_PARAGRAPH)):
        moved = [arg for arg in args if arg.keyword is not None and arg.keyword.value in table]
        if not moved or keyword(call, new) is not None:
            continue
        items = [
            cst.DictElement(cst.SimpleString(f'"{table[arg.keyword.value]}"'), arg.value)
            for arg in moved
            if arg.keyword is not None
        ]
        args = [arg for arg in args if not any(arg is item for item in moved)]
        args.append(keyword_arg(new, cst.Dict(items)))
    return with_args(call, args)
