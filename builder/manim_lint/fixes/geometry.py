"""Points of two coordinates where Manim wants three; areas and tangents, asked of what has none, are asked of axes."""

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

POINT = re.compile(
    r"\b(?:Dot|Line|Arrow|DoubleArrow|DashedLine|Polygon|ArcBetweenPoints|CurvedArrow|CurvedDoubleArrow|CubicBezier"
    r"|LabeledDot|AnnotationDot|BraceBetweenPoints|move_to|shift|next_to|point|start|end|arc_center|about_point"
    r"|set_points_as_corners|put_start_and_end_on|set_points|add_line_to|move_arc_center_to)\s*[(=]"
)

_ALL = -1
FIRST: dict[str, int] = {
    "Dot": 1, "AnnotationDot": 1, "LabeledDot": 0, "Line": 2, "Arrow": 2, "DoubleArrow": 2, "DashedLine": 2,
    "Polygon": _ALL, "ArcBetweenPoints": 2, "CurvedArrow": 2, "CurvedDoubleArrow": 2, "CubicBezier": 4,
    "BraceBetweenPoints": 2, "move_to": 1, "shift": _ALL, "next_to": 1, "put_start_and_end_on": 2,
    "move_arc_center_to": 1, "add_line_to": 1, "Arc": 0, "Circle": 0, "Sector": 0, "AnnularSector": 0, "Annulus": 0,
    "rotate": 0, "scale": 0, "Rotate": 0, "Rotating": 0, "set_points_as_corners": 0,
}  # fmt: skip
"""How many of the first positional arguments of a call are points."""
_KEYWORDS = frozenset("point start end arc_center about_point target_position point_or_mobject".split())
_LISTS = frozenset({"set_points_as_corners", "add_points_as_corners"})


def points(program: Program) -> str | None:
    """A third coordinate for pairs that stand where a point of three is wanted; no pair is taken there."""

    def change(call: cst.Call) -> cst.BaseExpression | None:
        name = called(call)
        if name not in FIRST and name not in _LISTS:
            return None
        count = FIRST.get(name, 0)
        args = [arg.with_changes(value=_point(arg, name, count, number)) for number, arg in enumerate(call.args)]
        return call.with_changes(args=args)

    return change_calls(program, holds_a_pair, change)


def holds_a_pair(call: ast.Call) -> bool:
    """Whether a call that wants points is given a pair, or a list of pairs."""
    name = called_ast(call)
    if name not in FIRST and name not in _LISTS:
        return False
    values = [*call.args, *(item.value for item in call.keywords)]
    values = [item.value if isinstance(item, ast.Starred) else item for item in values]
    values += [arg for item in values if isinstance(item, ast.Call) for arg in item.args]
    values += [part for item in values if isinstance(item, ast.List | ast.Tuple) for part in item.elts]
    values += [item.elt for item in values if isinstance(item, ast.ListComp | ast.GeneratorExp)]
    return any(isinstance(item, ast.List | ast.Tuple) and len(item.elts) == 2 for item in values)


def _point(arg: cst.Arg, name: str, count: int, number: int) -> cst.BaseExpression:
    if arg.keyword is not None:
        return third(arg.value) if arg.keyword.value in _KEYWORDS else arg.value
    if (
        arg.star == "*"
        and name == "Polygon"
        and isinstance(arg.value, cst.List | cst.Tuple | cst.ListComp | cst.GeneratorExp)
    ):
        return each_third(arg.value)
    if arg.star:
        return arg.value
    if name in _LISTS and number == 0:
        return each_third(arg.value)
    return third(arg.value) if count == _ALL or number < count else arg.value


def each_third(value: cst.BaseExpression) -> cst.BaseExpression:
    """A third coordinate for each point of a list."""
    if isinstance(value, cst.ListComp | cst.GeneratorExp):
        return value.with_changes(elt=third(value.elt))
    if not isinstance(value, cst.List | cst.Tuple) or not value.elements:
        return value
    elements = [item.with_changes(value=third(item.value)) for item in value.elements]
    return value.with_changes(elements=elements)


def third(value: cst.BaseExpression) -> cst.BaseExpression:
    """`(1, 2)` with a third coordinate of 0, `np.array([1, 2])` too; anything else as it is."""
    if isinstance(value, cst.Call) and called(value) == "array" and len(value.args) == 1:
        inner = third(value.args[0].value)
        return value.with_changes(args=[value.args[0].with_changes(value=inner)])
    if not isinstance(value, cst.List | cst.Tuple) or len(value.elements) != 2:
        return value
    if not all(isinstance(item, cst.Element) and _is_number(item.value) for item in value.elements):
        return value
    first, second = value.elements
    comma = first.comma if isinstance(first.comma, cst.Comma) else cst.Comma(cst.SimpleWhitespace(" "))
    zero = cst.Element(cst.Integer("0"), comma=second.comma)
    return value.with_changes(elements=[first, second.with_changes(comma=comma), zero])


def _is_number(node: cst.BaseExpression) -> bool:
    """Whether an expression may be a number: no text, no list, no direction."""
    match node:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return not name.isupper() or name in ("PI", "TAU", "DEGREES")
        case cst.UnaryOperation(expression=inner):
            return _is_number(inner)
        case cst.BinaryOperation(left=left, right=right):
            return _is_number(left) and _is_number(right)
        case cst.Call():
            return not called(node)[:1].isupper() and called(node) not in _POINTS
    return isinstance(node, cst.Integer | cst.Float | cst.Subscript)


_POINTS = frozenset("array get_center c2p coords_to_point get_corner get_edge_center n2p point_from_proportion".split())


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
