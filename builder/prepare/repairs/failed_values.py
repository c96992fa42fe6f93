"""Values of the wrong kind: lists where Manim wants groups or arrays, points of two coordinates, names of colours."""

import re

import libcst as cst

from builder.prepare.repairs.colours import hex_of
from builder.prepare.repairs.failure import FailedStep, Failure, Make, makes_mobject, text_of
from builder.prepare.repairs.points import each_third, third
from builder.prepare.repairs.program import called

_BY_SIGN: dict[str, type[cst.BaseBinaryOp]] = {
    "-": cst.Subtract,
    "+": cst.Add,
    "*": cst.Multiply,
    "/": cst.Divide,
}


def operands(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`start - (1, 0, 0)` as `start - np.array((1, 0, 0))`, where the exception speaks of lists or tuples.

    The operation must be the only one of its sign on the line.
    """
    sign, left, right = match["sign"], match["left"], match["right"]
    found = [node for node in _operations(failure, sign) if not _is_number(node.left) or not _is_number(node.right)]
    if len(found) != 1 or not failure.has_arrays():
        return None
    node = found[0]
    side = "left" if left in ("list", "tuple") else "right" if right in ("list", "tuple") else ""
    return failure.changed({node: _as_array(side)}) if side else None


def multiplied(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`0.5 * corner` as `0.5 * np.array(corner)`, where `corner` is a list or tuple."""
    del match
    found = _operations(failure, "*")
    if len(found) != 1 or not failure.has_arrays():
        return None
    sides = [side for side in ("left", "right") if not _is_scalar(getattr(found[0], side))]
    return failure.changed({found[0]: _as_array(sides[0])}) if len(sides) == 1 else None


def _operations(failure: Failure, sign: str) -> list[cst.BinaryOperation]:
    found = [node for node in failure.nodes(cst.BinaryOperation) if isinstance(node.operator, _BY_SIGN[sign])]
    return [node for node in found if failure.starts(node) == failure.line]


def _is_number(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Integer | cst.Float)


def _is_scalar(node: cst.BaseExpression) -> bool:
    """Whether an expression is a number, or a call or calculation that may be one rather than a sequence."""
    if isinstance(node, cst.UnaryOperation):
        return _is_scalar(node.expression)
    return not isinstance(node, cst.Name | cst.Attribute | cst.Subscript | cst.List | cst.Tuple) or text_of(node) in (
        "PI",
        "TAU",
        "DEGREES",
    )


def _as_array(side: str) -> Make:
    def make(node: cst.CSTNode) -> cst.CSTNode:
        value = getattr(node, side)
        return node.with_changes(**{side: cst.Call(cst.parse_expression("np.array"), [cst.Arg(value)])})

    return make


def flat_points(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """A third coordinate of 0 for the pairs of numbers on the line, or for those that a name on it stands for.

    Ranges and sizes stay pairs. A name counts if it is set once.
    """
    del match
    around = failure.statement()
    if around is None:
        return None
    found = [node for node in _pairs(failure, around) if third(node) is not node and not _in_range(failure, node)]
    return failure.changed(dict.fromkeys(found, _third)) or _named_pairs(failure, around)


def _pairs(failure: Failure, around: cst.CSTNode) -> list[cst.BaseExpression]:
    values: list[cst.List | cst.Tuple] = [*failure.nodes(cst.List), *failure.nodes(cst.Tuple)]
    return [node for node in values if len(node.elements) == 2 and failure.inside(around, node)]


def _in_range(failure: Failure, pair: cst.BaseExpression) -> bool:
    """Whether a pair is given by keyword as a range or size, or is the target or the source of several names."""
    for arg in failure.nodes(cst.Arg):
        if arg.keyword is None or not failure.inside(arg.value, pair):
            continue
        if not re.search(r"point|start|end|center|shift|position", arg.keyword.value):
            return True
    return any(failure.inside(target, pair) for target in failure.nodes(cst.AssignTarget)) or any(
        failure.inside(part, pair) for part in failure.nodes(cst.CompFor)
    )


def _third(node: cst.CSTNode) -> cst.CSTNode:
    return third(node) if isinstance(node, cst.BaseExpression) else node


def _each_third(node: cst.CSTNode) -> cst.CSTNode:
    return each_third(node) if isinstance(node, cst.BaseExpression) else node


def _named_pairs(failure: Failure, around: cst.CSTNode) -> cst.Module | None:
    """Third coordinates for the one pair, or the one list of pairs, that a name in a statement stands for."""
    names = {node.value for node in failure.nodes(cst.Name) if failure.inside(around, node)}
    loops: list[cst.CompFor | cst.For] = [*failure.nodes(cst.CompFor), *failure.nodes(cst.For)]
    for target in loops:
        if isinstance(target.target, cst.Name) and target.target.value in names and isinstance(target.iter, cst.Name):
            names.add(target.iter.value)  # `for point in corners`
    sets: dict[str, list[cst.BaseExpression]] = {}
    for node in failure.nodes(cst.Assign):
        for item in node.targets:
            sets.setdefault(text_of(item.target), []).append(node.value)
    once = [values[0] for name, values in sorted(sets.items()) if name in names and len(values) == 1]
    pairs = [value for value in once if third(value) is not value]
    lists = [value for value in once if _is_pairs(value)]
    if len(pairs) + len(lists) != 1:
        return None
    makes: dict[cst.CSTNode, Make] = dict.fromkeys(pairs, _third)
    return failure.changed(makes | dict.fromkeys(lists, _each_third))


def _is_pairs(value: cst.BaseExpression) -> bool:
    if not isinstance(value, cst.List | cst.Tuple) or not value.elements:
        return False
    return all(third(item.value) is not item.value for item in value.elements)


_SHOWS_TEXT = frozenset({"Text", "MarkupText", "Tex", "MathTex", "Paragraph", "Title", "BulletedList", "Code"})


def colour_text(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`"cyan"` as `"#00FFFF"`, wherever the program gives that name as a text of its own; not in what is written."""
    wanted = match["name"].upper()
    found = hex_of(wanted.replace(" ", "_"))
    if found is None:
        return None
    written = [
        arg.value
        for call in failure.nodes(cst.Call)
        if called(call) in _SHOWS_TEXT
        for arg in call.args
        if arg.keyword is None
    ]
    texts = [node for node in failure.nodes(cst.SimpleString) if str(node.evaluated_value).upper() == wanted]
    texts = [node for node in texts if not any(failure.inside(item, node) for item in written)]
    keys = {entry.key for entry in failure.nodes(cst.DictElement)}
    compared = {node for item in failure.nodes(cst.Comparison) for node in _operands(item)}
    texts = [node for node in texts if node not in keys and node not in compared]

    def make(node: cst.CSTNode) -> cst.CSTNode:
        text = cst.ensure_type(node, cst.SimpleString)
        return text.with_changes(value=f"{text.quote}{found}{text.quote}")

    return failure.changed(dict.fromkeys(texts, make))


def _operands(node: cst.Comparison) -> list[cst.BaseExpression]:
    return [node.left, *(item.comparator for item in node.comparisons)]


def tracked(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`DecimalNumber(speed)` of a `ValueTracker` as `DecimalNumber(speed.get_value())`, on the line.

    Only names that are set once, to a `ValueTracker`; not where something is asked of them, nor in what is animated.
    """
    del match
    around = failure.statement()
    if around is None or failure.is_own("ValueTracker"):
        return None
    names = [node for node in failure.nodes(cst.Name) if failure.starts(node) == failure.line]
    asked = {node.value for node in failure.nodes(cst.Attribute)}
    found = [node for node in names if node not in asked and _is_made_by(failure, node, "ValueTracker")]
    targets = {target.target for target in failure.nodes(cst.AssignTarget)}
    keywords = {arg.keyword for arg in failure.nodes(cst.Arg)} | {item.name for item in failure.nodes(cst.Param)}
    found = [node for node in found if node not in targets and node not in keywords]
    return failure.changed(dict.fromkeys(found, _asked("get_value")))


def _is_made_by(failure: Failure, node: cst.BaseExpression, name: str) -> bool:
    value = failure.value_of(text_of(node))
    return isinstance(value, cst.Call) and called(value) == name


def _asked(method: str) -> Make:
    def make(node: cst.CSTNode) -> cst.CSTNode:
        return cst.Call(cst.Attribute(cst.ensure_type(node, cst.Name), cst.Name(method)))

    return make


_DIRECTIONS = re.compile(r"\b(?:UP|DOWN|LEFT|RIGHT|IN|OUT|U[LR]|D[LR]|ORIGIN)\b|\bnp\.array\(")


def place_of(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`dot + UP` as `dot.get_center() + UP`: a direction is added to where an object is.

    Only of names that are set once, to an object of Manim.
    """
    del match
    found: list[cst.BaseExpression] = []
    for node in [*_operations(failure, "+"), *_operations(failure, "-")]:
        for one, other in ((node.left, node.right), (node.right, node.left)):
            value = failure.value_of(text_of(one)) if isinstance(one, cst.Name) else None
            made = makes_mobject(failure, value) if isinstance(value, cst.Call) else None
            if made is not None and not made.is_a("ValueTracker") and _DIRECTIONS.search(text_of(other)):
                found.append(one)
    return failure.changed(dict.fromkeys(found, _asked("get_center")))


STEPS = (
    FailedStep(
        "repair:render_array",
        frozenset({"TypeError"}),
        re.compile(
            r"^unsupported operand type\(s\) for (?P<sign>[-+*/]): '(?P<left>[\w.]{1,60})' and '(?P<right>[\w.]{1,60})'"
        ),
        operands,
    ),
    FailedStep(
        "repair:render_array",
        frozenset({"TypeError"}),
        re.compile(r"^can't multiply sequence by non-int of type '(?:numpy\.)?float"),
        multiplied,
    ),
    FailedStep(
        "repair:render_points",
        frozenset({"ValueError"}),
        re.compile(
            r"^operands could not be broadcast together with shapes \((?:\d+,)?[23],?\) ?\((?:\d+,)?[23],?\)"
            r"|^could not broadcast input array from shape \((?:\d+,)?2,?\) into shape \((?:\d+,)?3,?\)"
        ),
        flat_points,
    ),
    FailedStep(
        "repair:render_colour",
        frozenset({"ValueError"}),
        re.compile(r"^Color (?P<name>[A-Za-z][\w ]{2,30}) not found"),
        colour_text,
    ),
    FailedStep(
        "repair:render_tracker",
        frozenset({"TypeError", "ValueError"}),
        re.compile(
            r"^unsupported format string passed to ValueTracker\.__format__|^setting an array element with a sequence"
            r"|^unsupported operand type\(s\) for .{1,40}'ValueTracker'"
        ),
        tracked,
    ),
    FailedStep(
        "repair:render_place",
        frozenset({"NotImplementedError", "ValueError", "TypeError"}),
        re.compile(r"^\Z|^setting an array element with a sequence|^unsupported operand type\(s\) for [-+]: "),
        place_of,
    ),
)
"""For `from_error`."""
