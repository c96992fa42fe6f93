"""Texts: numbers where a text is wanted, texts where an object is, and signs that LaTeX takes for its own."""

import re

import libcst as cst

from builder.prepare.repairs.failure import FailedStep, Failure, Make, text_of
from builder.prepare.repairs.latex_texts import MATH, TEX, Text, backslash, rewritten, value_of
from builder.prepare.repairs.program import called, keyword

_TABLES = frozenset({"Table", "MathTable"})
_LABELS = ("row_labels", "col_labels", "top_left_entry")


def number_as_text(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`Text(5)` as `Text("5")`, and `Text(score)` as `Text(str(score))`."""
    del match
    found = failure.calls(lambda call: called(call) in ("Text", "MarkupText", "Title") and bool(call.args))
    first = [call.args[0] for call in found if call.args[0].keyword is None and not call.args[0].star]
    if len(first) != 1 or isinstance(first[0].value, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString):
        return None
    return failure.changed({first[0].value: _as_text})


def _as_text(node: cst.CSTNode) -> cst.CSTNode:
    if isinstance(node, cst.Integer | cst.Float):
        return cst.SimpleString(f'"{node.value}"')
    return cst.Call(cst.Name("str"), [cst.Arg(cst.ensure_type(node, cst.BaseExpression))])  # type: ignore[type-abstract]


def table_of_numbers(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`Table([[1, 2]])` as `Table([["1", "2"]])`; of a name, `Table([[str(cell) for cell in row] for row in data])`."""
    del match
    found = failure.calls(lambda call: called(call) in _TABLES and bool(call.args))
    first = [call.args[0] for call in found if call.args[0].keyword is None and not call.args[0].star]
    if len(first) != 1 or any(failure.is_own(name) for name in _TABLES):
        return None
    value = first[0].value
    if isinstance(value, cst.Name):
        made = cst.parse_expression(f"[[str(cell) for cell in row] for row in {value.value}]")
        return failure.changed({value: lambda _: made})
    if not isinstance(value, cst.List):
        return None
    rows = [row.value for row in value.elements if isinstance(row.value, cst.List | cst.Tuple)]
    cells = [cell.value for row in rows for cell in row.elements]
    makes: dict[cst.CSTNode, Make] = {cell: _as_text for cell in cells if isinstance(cell, cst.Integer | cst.Float)}
    return failure.changed(makes)


def labels_of_a_table(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`Table(…, row_labels=["a"])` as `row_labels=[Text("a")]`: labels are objects."""
    del match
    found = failure.calls(lambda call: called(call).endswith("Table"))
    given = [arg.value for call in found for name in _LABELS if (arg := keyword(call, name)) is not None]
    lists = [value for value in given if isinstance(value, cst.List | cst.Tuple)]
    makes: dict[cst.CSTNode, Make] = {
        item.value: _as_object for value in lists for item in value.elements if isinstance(item.value, Text)
    }
    return failure.changed(makes) if len(found) == 1 and not failure.is_own("Text") else None


def _as_object(node: cst.CSTNode) -> cst.CSTNode:
    return cst.Call(cst.Name("Text"), [cst.Arg(cst.ensure_type(node, Text))])


def written_text(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`Write("Hello")` as `Write(Text("Hello"))`: what is written is an object."""
    del match
    found = failure.calls(lambda call: called(call) in ("Write", "AddTextLetterByLetter", "FadeIn", "Create"))
    texts = [arg.value for call in found for arg in call.args if arg.keyword is None and isinstance(arg.value, Text)]
    makes: dict[cst.CSTNode, Make] = dict.fromkeys(texts, _as_object)
    return None if failure.is_own("Text") else failure.changed(makes)


_IN_TEXT = {
    "Misplaced alignment tab": (re.compile(r"(?<!\\)&"), "&"),
    "macro parameter character": (re.compile(r"(?<!\\)#"), "#"),
    "does not support converting": (re.compile(r"(?<!\\)%"), "%"),  # Manim's words
    "no picture came of it": (re.compile(r"(?<!\\)%"), "%"),  # the sandbox's words for the same
    "Missing $ inserted": (re.compile(r"(?<=[A-Za-z])(?<!\\)_(?=[A-Za-z]{2})"), "_"),
}
"""Signs by what is said of them: where they stand for themselves, by the words of the message."""
_OF_TABLES = re.compile(r"\\begin|\\\\|\$|\\\(|\\\[|\\newcommand|\\def\b")


def latex_sign(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    r"""`Tex("black & white")` as `Tex(r"black \& white")`: `&`, `#`, `%` and `_` between letters, outside of formulas.

    A comment sign stops LaTeX in formulas too; a text with formulas, tables or definitions is left alone.
    """
    pattern, sign = _IN_TEXT[match.group()]
    names = TEX | MATH if sign == "%" else TEX
    found = failure.calls(lambda call: called(call) in names and not failure.is_own(called(call)))
    if any(keyword(call, "tex_environment") or keyword(call, "tex_template") for call in found):
        return None
    makes: dict[cst.CSTNode, Make] = {}
    for text in (arg.value for call in found for arg in call.args if arg.keyword is None):
        value = value_of(text) if isinstance(text, Text) else None
        if value is None or (sign != "%" and _OF_TABLES.search(value)) or "^" in value.replace("\\^", ""):
            continue
        if pattern.search(value):
            makes[text] = _escaped(pattern, sign)
    return failure.changed(makes)


def _escaped(pattern: re.Pattern[str], sign: str) -> Make:
    def make(node: cst.CSTNode) -> cst.CSTNode:
        text = cst.ensure_type(node, Text)
        return rewritten(text, pattern.sub(lambda _: f"{backslash(text)}{sign}", text.raw_value))

    return make


def area_range(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`axes.get_area(graph, 0, 2)` as `axes.get_area(graph, x_range=[0, 2])`."""
    del match
    found = failure.calls(lambda call: called(call) in ("get_area", "get_riemann_rectangles"))
    found = [call for call in found if isinstance(call.func, cst.Attribute) and text_of(call.func.value) != "self"]
    found = [
        call for call in found if len(call.args) >= 3 and not any(arg.keyword or arg.star for arg in call.args[:3])
    ]

    def make(node: cst.CSTNode) -> cst.CSTNode:
        call = cst.ensure_type(node, cst.Call)
        low, high = (cst.Element(arg.value) for arg in call.args[1:3])
        pair = call.args[2].with_changes(
            keyword=cst.Name("x_range"),
            equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
            value=cst.List([low, high]),
        )
        return call.with_changes(args=[call.args[0], pair, *call.args[3:]])

    return failure.changed({found[0]: make}) if len(found) == 1 else None


STEPS = (
    FailedStep(
        "repair:render_text",
        frozenset({"AttributeError"}),
        re.compile(r"^'(?:int|float|numpy\.float64|numpy\.int64)' object has no attribute 'find'"),
        number_as_text,
    ),
    FailedStep(
        "repair:render_table",
        frozenset({"TypeError"}),
        re.compile(r"^sequence item 0: expected str instance, (?:int|float|numpy\.\w{1,20}) found"),
        table_of_numbers,
    ),
    FailedStep(
        "repair:render_labels",
        frozenset({"TypeError"}),
        re.compile(r"can be added as submobjects of VGroup, but the value '[^']{0,200}' \(at .{1,60} is of type str\."),
        labels_of_a_table,
    ),
    FailedStep(
        "repair:render_written",
        frozenset({"AttributeError", "TypeError"}),
        re.compile(
            r"^'str' object has no attribute 'family_members_with_points'|^Animation only works on Mobjects"
            r"|^Create only works for VMobjects"
        ),
        written_text,
    ),
    FailedStep(
        "repair:render_latex_sign",
        frozenset({"ValueError"}),
        re.compile("|".join(re.escape(words) for words in _IN_TEXT)),
        latex_sign,
    ),
    FailedStep(
        "repair:render_area",
        frozenset({"TypeError"}),
        re.compile(
            r"^cannot unpack non-iterable (?:int|float) object"
            r"|^CoordinateSystem\.get_area\(\) got multiple values for argument 'color'"
        ),
        area_range,
    ),
)
"""For `from_error`."""
