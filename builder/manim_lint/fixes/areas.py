"""Areas and tangents of a curve, asked of what has none to give, are asked of axes instead."""

import ast
import re
from collections.abc import Mapping

import libcst as cst

from builder.manim_lint.fixes.program import (
    Program,
    called,
    called_ast,
    change_calls,
    keyword,
    keyword_arg,
    named,
    positional,
    with_args,
)

AREA = re.compile(r"\b(?:Integral|Area|RiemannRectangles|area_between_curves|get_area|get_riemann_rectangles)\(")
_MADE = {
    "Integral": "get_area",
    "Area": "get_area",
    "area_between_curves": "get_area",
    "get_area": "get_area",
    "RiemannRectangles": "get_riemann_rectangles",
    "get_riemann_rectangles": "get_riemann_rectangles",
}
_STYLES: Mapping[str, Mapping[str, str]] = {
    "get_area": {"color": "color", "fill_color": "color", "opacity": "opacity", "fill_opacity": "opacity"},
    "get_riemann_rectangles": {
        name: name for name in ("dx", "color", "stroke_width", "stroke_color", "fill_opacity", "input_sample_type")
    },
}
"""By what is asked for: looks by their names in such calls, and by their names there."""
_AXES = frozenset({"plot", "get_graph"})


def areas(program: Program) -> str | None:
    """`Integral(curve, (0, 2))` of a `FunctionGraph` becomes `NumberPlane().get_area(curve, x_range=(0, 2))`.

    A function's graph lies in the scene's own coordinates, and so does a number plane; for a curve that axes
    plotted, these axes are asked. So are `self.get_area(curve, 0, 2)` and `curve.get_area(x_range=(0, 2))`.
    """
    axes, functions = _curves(program.tree)
    bound = {node.name for node in program.nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}

    def change(call: cst.Call) -> cst.BaseExpression | None:
        name = called(call)
        if name not in _MADE or name in bound:
            return None
        match call.func:
            case cst.Attribute(value=cst.Name(value="self")) | cst.Name():
                curve, args = _first(call)
            case cst.Attribute(value=cst.Name(value=owner)) if owner in axes:
                curve, args = owner, list(call.args)
            case _:
                return None
        curve = functions.get(curve or "", curve)
        if curve not in axes:
            return None
        given = _range(args)
        if given is None:
            return None
        made = _MADE[name]
        func = cst.Attribute(cst.parse_expression(axes[curve]), cst.Name(made))
        return with_args(call.with_changes(func=func), [cst.Arg(cst.Name(curve)), given, *_styles(args, _STYLES[made])])

    return change_calls(program, named(_MADE), change)


def _first(call: cst.Call) -> tuple[str | None, list[cst.Arg]]:
    """The name that is the first argument, and the other arguments."""
    if call.args and call.args[0].keyword is None and isinstance(call.args[0].value, cst.Name):
        return call.args[0].value.value, list(call.args[1:])
    return None, []


def _range(args: list[cst.Arg]) -> cst.Arg | None:
    """`x_range` as the arguments give it: a pair, `(x, a, b)`, two numbers, `x_range`, or `x_min` and `x_max`."""
    call = cst.Call(cst.Name("f"), args)
    low, high, pair = keyword(call, "x_min"), keyword(call, "x_max"), keyword(call, "x_range")
    plain = [arg.value for arg in args if arg.keyword is None and not arg.star]
    if pair is not None and not plain:
        return pair if isinstance(pair.value, cst.Tuple | cst.List) and len(pair.value.elements) == 2 else None
    if low is not None and high is not None and not plain:
        return _pair(low.value, high.value)
    if len(plain) == 1 and isinstance(plain[0], cst.Tuple | cst.List):
        items = [item.value for item in plain[0].elements]
        if len(items) == 3 and isinstance(items[0], cst.Name):
            items.pop(0)  # the variable of the integral
        return _pair(*items) if len(items) == 2 else None
    return _pair(*plain) if len(plain) == 2 else None


def _pair(low: cst.BaseExpression, high: cst.BaseExpression) -> cst.Arg:
    return keyword_arg("x_range", cst.List([cst.Element(low), cst.Element(high)]))


def _styles(args: list[cst.Arg], known: Mapping[str, str]) -> list[cst.Arg]:
    """Arguments of looks that axes take too; one of each."""
    found: dict[str, cst.Arg] = {}
    for arg in args:
        name = known.get(arg.keyword.value) if arg.keyword is not None else None
        if name is not None:
            found.setdefault(name, arg.with_changes(keyword=cst.Name(name)))
    return list(found.values())


def _curves(tree: ast.Module) -> tuple[dict[str, str], dict[str, str]]:
    """By the name of a curve, the code of its axes; by the name of a function, the curve that was made of it.

    Only names that are set once count.
    """
    axes: dict[str, str] = {}
    functions: dict[str, str] = {}
    stores: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stores[node.id] = stores.get(node.id, 0) + 1
        match node:
            case ast.Assign(targets=[ast.Name(id=curve)], value=ast.Call(func=ast.Name(id="FunctionGraph")) as call):
                axes[curve] = "NumberPlane()"
                if call.args and isinstance(call.args[0], ast.Name):
                    functions[call.args[0].id] = curve
            case ast.Assign(
                targets=[ast.Name(id=curve)],
                value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner))) as call,
            ) if owner != "self" and called_ast(call) in _AXES:
                axes[curve] = owner
            case _:
                pass
    return {name: code for name, code in axes.items() if stores.get(name) == 1}, functions


TANGENT = re.compile(r"\.get_tangent_line\(")
_TANGENT = (
    "Line(LEFT, RIGHT).set_length({length}).set_angle({axes}.angle_of_tangent({x}, {graph}))"
    ".move_to({axes}.i2gp({x}, {graph}))"
)


def tangent_lines(program: Program) -> str | None:
    """ManimGL's `axes.get_tangent_line(1, graph, length=3)` becomes a line of that length, turned and moved.

    Only where axes, place and graph are names or numbers, so that nothing is made twice.
    """
    if "get_tangent_line" not in program.found("unknown_name"):
        return None
    blank = cst.Module([])

    def change(call: cst.Call) -> cst.BaseExpression | None:
        plain = positional(call)
        match call.func, plain:
            case cst.Attribute(value=cst.Name(value=axes), attr=cst.Name(value="get_tangent_line")), [place, graph]:
                pass
            case _:
                return None
        if not all(isinstance(arg.value, cst.Name | cst.Integer | cst.Float) for arg in (place, graph)):
            return None
        given = keyword(call, "length")
        x, name = (blank.code_for_node(arg.value) for arg in (place, graph))
        length = "5" if given is None else blank.code_for_node(given.value)
        line = _TANGENT.format(axes=axes, x=x, graph=name, length=length)
        looks = [blank.code_for_node(arg.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for arg in call.args[2:]]
        looks = [look for look, arg in zip(looks, call.args[2:], strict=True) if arg is not given]
        return cst.parse_expression(line.replace("RIGHT", ", ".join(["RIGHT", *looks]), 1))

    return change_calls(program, named({"get_tangent_line"}), change)
