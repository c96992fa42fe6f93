"""Points of two coordinates where Manim wants three: `Dot((1, 2))` becomes `Dot((1, 2, 0))`."""

import ast
import re

import libcst as cst

from builder.manim_lint.fixes.program import Program, called, called_ast, change_calls

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
    if not all(isinstance(item, cst.Element) and _number(item.value) for item in value.elements):
        return value
    first, second = value.elements
    comma = first.comma if isinstance(first.comma, cst.Comma) else cst.Comma(cst.SimpleWhitespace(" "))
    zero = cst.Element(cst.Integer("0"), comma=second.comma)
    return value.with_changes(elements=[first, second.with_changes(comma=comma), zero])


def _number(node: cst.BaseExpression) -> bool:
    """Whether an expression may be a number: no text, no list, no direction."""
    match node:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return not name.isupper() or name in ("PI", "TAU", "DEGREES")
        case cst.UnaryOperation(expression=inner):
            return _number(inner)
        case cst.BinaryOperation(left=left, right=right):
            return _number(left) and _number(right)
        case cst.Call():
            return not called(node)[:1].isupper() and called(node) not in _POINTS
    return isinstance(node, cst.Integer | cst.Float | cst.Subscript)


_POINTS = frozenset("array get_center c2p coords_to_point get_corner get_edge_center n2p point_from_proportion".split())
