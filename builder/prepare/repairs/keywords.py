"""Keyword arguments that Manim 0.22 knows by other names, or in another form."""

import re
from collections.abc import Mapping

import libcst as cst

from builder.prepare.repairs.program import (
    Program,
    called,
    change_calls,
    is_plain,
    keyword,
    keyword_arg,
    manim_modules,
    positional,
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
}
"""Today's names by callee and old name."""

_LOOKS = frozenset(
    """
    BarChart.label_y_axis BarChart.bar_label_scale_val BarChart.n_ticks BarChart.tick_width
    Code.scale_factor Code.margin Code.indentation_chars Code.generate_html_file Code.display_type Code.stroke_width
    Code.line_no_buff TracedPath.min_distance_to_new_point StreamLines.resolution
    Axes.center_point NumberLine.tick_frequency NumberLine.leftmost_tick
    """.split()
)
"""Arguments that have no place any more, and only touched the looks; they are left out."""

_SPANS: Mapping[str, tuple[str, str, str]] = {
    "x_range": ("x_min", "x_max", "x_step"),
    "y_range": ("y_min", "y_max", "y_step"),
    "z_range": ("z_min", "z_max", "z_step"),
    "t_range": ("t_min", "t_max", "t_step"),
    "u_range": ("u_min", "u_max", "u_step"),
    "v_range": ("v_min", "v_max", "v_step"),
}
_SPANNED = frozenset(
    """
    Axes ThreeDAxes NumberPlane ComplexPlane NumberLine FunctionGraph ParametricFunction Surface plot get_graph
    plot_line_graph get_area get_riemann_rectangles
    """.split()
)
_CODE_BACKGROUND = {
    "background_stroke_width": "stroke_width",
    "background_stroke_color": "stroke_color",
    "corner_radius": "corner_radius",
    "background_color": "fill_color",
}
_CODE_PARAGRAPH = {"font": "font", "font_size": "font_size", "line_spacing": "line_spacing"}

CLUE = re.compile(
    r"\b(?:radians|code|file_name|style|insert_line_no|line_no_from|start|line_color|height|width|number_line_config"
    r"|axes_config|label_y_axis|bar_label_scale_val|max_value|[xyztuv]_min|[xyztuv]_max|size|font"
    r"|font_size|line_spacing|background_stroke_\w+|scale_factor|margin|tick_frequency|[a-z]+[A-Z][a-z]+\w*"
    r"|min_distance_to_new_point|resolution|n_ticks|center_point|end|control[12]|opacity|exclude_zero_label|number_scale_val)\s*="
    r"|exclude_zero_label|number_scale_val"
)


def keywords(program: Program) -> cst.Module | None:
    """Each old keyword in today's form: `radians=PI` of `Rotating` is `angle=PI`, `x_min` and `x_max` are `x_range`."""
    found = program.found("unknown_argument", "manimgl_dialect")
    if not found:
        return None

    def change(call: cst.Call) -> cst.BaseExpression | None:
        names = {arg.keyword.value for arg in call.args if arg.keyword is not None} & found
        if not names:
            return None
        args = [_renamed(called(call), arg, names) for arg in call.args]
        kept = [arg for arg in args if arg is not None]
        return _gathered(call, spans(called(call), _bar_range(called(call), kept)))

    return change_calls(program, change)


def _renamed(callee: str, arg: cst.Arg, names: set[str]) -> cst.Arg | None:
    """An argument under today's name; `None` if it has no place any more."""
    if arg.keyword is None or arg.keyword.value not in names:
        return arg
    old = arg.keyword.value
    if f"{callee}.{old}" in _LOOKS:
        return None
    new = _RENAMED.get((callee, old))
    if new is None and re.search(r"[a-z][A-Z]", old):
        new = re.sub(r"(?<=[a-z])([A-Z])", lambda capital: f"_{capital.group().lower()}", old)
    return arg if new is None else arg.with_changes(keyword=cst.Name(new))


def spans(callee: str, args: list[cst.Arg]) -> list[cst.Arg]:
    """The arguments of a call with `x_range=[0, 2]` for `x_min=0, x_max=2`; both ends must be there."""
    if callee not in _SPANNED:
        return args
    for new, (low, high, step) in _SPANS.items():
        given = {arg.keyword.value: arg for arg in args if arg.keyword is not None}
        if low not in given or high not in given or new in given:
            continue
        parts = [given[name].value for name in (low, high, step) if name in given]
        value = cst.List([cst.Element(part) for part in parts])
        at = args.index(given[low])
        rest = [arg for arg in args if all(arg is not given.get(name) for name in (low, high, step))]
        args = [*rest[:at], keyword_arg(new, value), *rest[at:]]
    return args


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


CODE_CLUE = re.compile(r"\bCode\(")


def code_text(program: Program) -> cst.Module | None:
    """`Code("print(1)")` becomes `Code(code_string="print(1)")`: the first argument is the name of a file."""
    modules = manim_modules(program.tree)

    def change(call: cst.Call) -> cst.BaseExpression | None:
        plain = positional(call)
        if called(call) != "Code" or not is_plain(call, modules) or not plain or len(plain) != 1:
            return None
        text = plain[0].value
        if not isinstance(text, cst.SimpleString) or not re.search(r"[\n(=]|\\n", text.raw_value):
            return None
        return with_args(call, [keyword_arg("code_string", text), *call.args[1:]])

    return change_calls(program, change)
