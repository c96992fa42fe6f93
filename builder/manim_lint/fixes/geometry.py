"""Points of two coordinates where Manim wants three; areas and tangents, asked of what has none, are asked of axes."""

import ast
import re
from collections.abc import Iterator, Mapping

import libcst as cst

from builder.manim_lint.check.arguments import (
    LISTS_OF_POINTS,
    POINT_KEYWORDS,
    POINT_METHOD_KEYWORDS,
    POINTS_OF_CLASS,
    POINTS_OF_METHOD,
)
from builder.manim_lint.fixes.program import (
    Program,
    called,
    change_calls,
    keyword,
    keyword_arg,
    named,
    with_args,
)

_FIRST = POINTS_OF_CLASS | POINTS_OF_METHOD | {"AnnotationDot": 1, "move_arc_center_to": 1}
"""How many of the first positional arguments of a call are points."""
_KEYWORDS = POINT_KEYWORDS | POINT_METHOD_KEYWORDS | {"target_position"}
_LISTS = LISTS_OF_POINTS | {"add_points_as_corners"}
_BY_NAME = frozenset("LabeledDot Arc Circle Sector AnnularSector Annulus rotate scale Rotate Rotating".split())
"""What takes points by name alone."""
POINT = re.compile(rf"\b(?:{'|'.join(sorted({*_FIRST, *_KEYWORDS, *_LISTS}))})\s*[(=]")
_COMPREHENSIONS = ast.ListComp | ast.GeneratorExp


def points(program: Program) -> str | None:
    """A third coordinate for pairs that stand where a point of three is wanted; no pair is taken there."""
    edits: dict[tuple[int, int], str] = {}
    for call in program.plain_calls:
        for pair in _pairs(call):
            start, end = program.span(pair)
            last = start + len(program.encoded[start : end - 1].rstrip().rstrip(b","))
            edits[last, last] = ", 0"
    return program.edited(edits)


def holds_a_pair(call: ast.Call) -> bool:
    """Whether a call that wants points is given a pair, or a list of pairs."""
    return any(True for _ in _pairs(call))


def _pairs(call: ast.Call) -> Iterator[ast.expr]:
    """The pairs that stand where a point of three is wanted: `(1, 2)`, `np.array([1, 2])` too."""
    name = called(call)
    if name not in _FIRST and name not in _LISTS and name not in _BY_NAME:
        return
    wanted = [*call.args[: _FIRST.get(name, 0)], *(item.value for item in call.keywords if item.arg in _KEYWORDS)]
    lists = [item.value for item in call.args if isinstance(item, ast.Starred)] if name == "Polygon" else []
    for group in [*lists, *(call.args[:1] if name in _LISTS else ())]:
        if isinstance(group, _COMPREHENSIONS):
            wanted.append(group.elt)
        elif isinstance(group, ast.List | ast.Tuple):
            wanted += group.elts
    for pair in map(_inside_array, wanted):
        if isinstance(pair, ast.List | ast.Tuple) and len(pair.elts) == 2 and all(map(_is_number, pair.elts)):
            yield pair


def _inside_array(value: ast.expr) -> ast.expr:
    match value:
        case ast.Call(args=[inner], keywords=[]) if called(value) == "array":
            return inner
    return value


def _is_number(node: ast.expr) -> bool:
    """Whether an expression may be a number: no text, no list, no direction."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return not name.isupper() or name in ("PI", "TAU", "DEGREES")
        case ast.UnaryOp(operand=inner):
            return _is_number(inner)
        case ast.BinOp(left=left, right=right):
            return _is_number(left) and _is_number(right)
        case ast.Call():
            return not called(node)[:1].isupper() and called(node) not in _POINTS
        case ast.Constant(value=value):
            return isinstance(value, int | float)
    return isinstance(node, ast.Subscript)


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
            ) if owner != "self" and called(call) in _AXES:
                axes[curve] = owner
            case _:
                pass
    return {name: code for name, code in axes.items() if stores.get(name) == 1}, functions


TANGENT = re.compile(r"\.get_tangent_line\(")
_TANGENT = (
    "Line({ends}).set_length({length}).set_angle({axes}.angle_of_tangent({x}, {graph}))"
    ".move_to({axes}.i2gp({x}, {graph}))"
)


def tangent_lines(program: Program) -> str | None:
    """ManimGL's `axes.get_tangent_line(1, graph, length=3)` becomes a line of that length, turned and moved.

    Only where axes, place and graph are names or numbers, so that nothing is made twice.
    """
    edits: dict[tuple[int, int], str] = {}
    for call in program.plain_calls if "get_tangent_line" in program.found("unknown_name") else ():
        match call:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=axes), attr="get_tangent_line"),
                args=[ast.Name() | ast.Constant() as place, ast.Name(id=graph)],
            ):
                looks = {item.arg: program.source(item.value) for item in call.keywords}
                length, x = looks.pop("length", "5"), program.source(place)
                ends = ", ".join(["LEFT, RIGHT", *(f"{name}={value}" for name, value in looks.items())])
                edits[program.span(call)] = _TANGENT.format(ends=ends, axes=axes, x=x, graph=graph, length=length)
    return program.edited(edits)
