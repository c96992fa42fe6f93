"""Names, attributes and modules that were not there: renamed, misspelt, or imported and never used."""

import re
from collections.abc import Mapping

import libcst as cst

from builder.prepare.api.known import known
from builder.prepare.api.problem import ApiProblem
from builder.prepare.repairs import colours, dialect, imports, play, scenes, typos
from builder.prepare.repairs.dialect import METHODS
from builder.prepare.repairs.failure import FailedStep, Failure, Make, text_of
from builder.prepare.repairs.keywords import spans
from builder.prepare.repairs.program import Change, Program, bound_names, keyword, positional, rename, with_args
from builder.prepare.repairs.typos import near

_NAMES: tuple[Change, ...] = (
    dialect.moved_fades,
    dialect.renamed_names,
    imports.missing_imports,
    imports.manim_names,
    typos.typos,
    colours.colours,
    play.method_animations,
    colours.colour_class,
)
"""Repairs of unknown names that the API check calls for; the exception calls for them as well."""
EASES = {"ease_in_out": "smooth", "ease": "smooth", "ease_in": "rush_into", "ease_out": "rush_from"}
"""Names of the web for rates, by Manim's own rates that start and end as slowly."""
_RENAMED: Mapping[str, str] = METHODS | {
    "set_start_and_end_attrs": "_set_start_and_end_attrs",
    "get_bounding_box_point": "get_critical_point",
    "background_mobject": "background",
    "get_centre": "get_center",
    "set_colour": "set_color",
}


def unknown_name(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """A name that is not there, mended as if the API check had found it; a rate of the web as Manim's."""
    name = match["name"]
    if name in EASES and name not in bound_names(failure.program.tree):
        return rename(failure.program, {name: EASES[name]})
    problem = ApiProblem("unknown_name", "", name, failure.line)
    program = Program(failure.program.code, failure.program.tree, failure.program.module, (problem,))
    for change in _NAMES:
        if change is imports.manim_names and name not in known().star:
            continue
        changed = change(program)
        if changed is not None and changed.code != failure.program.code:
            return changed
    return None


def unknown_attribute(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`.get_graph` as `.plot` on the line, a name misspelt by one letter, or a scene's base that has the name."""
    owner, name = match["owner"], match["name"]
    cls = failure.manim_class(owner)
    if cls is None:
        return None
    if cls.is_a("Scene") or owner in ("Camera", "ThreeDCamera"):
        return scenes.scene_bases(failure.program)
    if not failure.attributes(name):
        name = f"get_{name}"  # Manim takes any `get_…` for the getter of an attribute
    new = _RENAMED.get(name)
    if new is None and len(name) > 4:
        others = sorted(cls.attributes - {f"{name}s", name.removesuffix("s")})  # one thing and many are not one name
        found = [other for other in others if not other.startswith("_") and near(name, other)]
        new = found[0] if len(found) == 1 else None
    if new is None or new not in cls.attributes:
        return None
    return _called(failure, name, new)


def unknown_getter(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """A method of old on the line, where Manim took it for an attribute's getter or setter."""
    del match
    for name in sorted(_RENAMED):
        if name.startswith(("get_", "set_")) and not failure.is_own(name):
            changed = _called(failure, name, _RENAMED[name])
            if changed is not None:
                return changed
    return None


def _called(failure: Failure, name: str, new: str) -> cst.Module | None:
    """The module with another name for an attribute on the line, and ranges of a call of it in today's form."""
    found = failure.attributes(name)
    if any(text_of(node.value) == "self" for node in found) and failure.is_own(name):
        return None
    makes: dict[cst.CSTNode, Make] = {node: with_attribute(new) for node in found}
    for call in failure.calls(lambda call: any(call.func is node for node in found)):
        makes[call] = _spanned(new)
    return failure.changed(makes)


def with_attribute(new: str) -> Make:
    """Another name for an attribute."""
    return lambda node: cst.ensure_type(node, cst.Attribute).with_changes(attr=cst.Name(new))


def _spanned(new: str) -> Make:
    def make(node: cst.CSTNode) -> cst.CSTNode:
        call = cst.ensure_type(node, cst.Call)
        return with_args(call, spans(new, list(call.args)))

    return make


def of_an_array(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`point.get_center()` as `point`, `point.get_x()` as `point[0]`: it is an array of coordinates already."""
    name = match["name"]
    parts = {"get_x": "0", "get_y": "1", "get_z": "2", "x": "0", "y": "1", "z": "2"}
    attributes = failure.attributes(name)
    if len(attributes) != 1 or name not in parts.keys() | {"get_center"}:
        return None
    if name in ("x", "y", "z"):
        return failure.changed({attributes[0]: lambda node: _part(cst.ensure_type(node, cst.Attribute), parts[name])})
    found = failure.calls(lambda call: call.func is attributes[0] and not call.args)

    def make(node: cst.CSTNode) -> cst.CSTNode:
        func = cst.ensure_type(cst.ensure_type(node, cst.Call).func, cst.Attribute)
        return _part(func, parts[name]) if name in parts else func.value

    return failure.changed(dict.fromkeys(found, make))


def _part(attribute: cst.Attribute, index: str) -> cst.Subscript:
    return cst.Subscript(attribute.value, [cst.SubscriptElement(cst.Index(cst.Integer(index)))])


_TANGENT = (
    "Line(LEFT, RIGHT).set_length({length}).set_angle({axes}.angle_of_tangent({x}, {graph}))"
    ".move_to({axes}.i2gp({x}, {graph}))"
)


def tangent_line(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`axes.get_tangent_line(x, graph, length=5)` said as ManimGL does it: a line of that length, turned and moved.

    Only where the axes are a name, so that nothing is made twice.
    """
    del match
    makes: dict[cst.CSTNode, Make] = {}
    for node in failure.attributes("get_tangent_line"):
        for call in failure.calls(lambda call, node=node: call.func is node):  # type: ignore[misc]
            plain = positional(call)
            simple = isinstance(node.value, cst.Name) and node.value.value != "self"
            if plain and len(plain) == 2 and simple and all(_is_simple(arg.value) for arg in plain):
                makes[call] = _tangent
    return failure.changed(makes)


def _is_simple(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name | cst.Integer | cst.Float) or (
        isinstance(node, cst.UnaryOperation) and _is_simple(node.expression)
    )


def _tangent(node: cst.CSTNode) -> cst.CSTNode:
    call = cst.ensure_type(node, cst.Call)
    length = keyword(call, "length")
    values = {
        "length": text_of(length.value) if length is not None else "5",
        "axes": text_of(cst.ensure_type(call.func, cst.Attribute).value),
        "x": text_of(call.args[0].value),
        "graph": text_of(call.args[1].value),
    }
    made = cst.parse_expression(_TANGENT.format(**values))
    looks = [arg for arg in call.args[2:] if arg is not length]
    first = _first(made)
    return made.deep_replace(first, with_args(first, [*first.args, *looks])) if looks else made


def _first(node: cst.BaseExpression) -> cst.Call:
    """The call at the root of a chain."""
    call = cst.ensure_type(node, cst.Call)
    return _first(call.func.value) if isinstance(call.func, cst.Attribute) else call


def default_coordinates(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`plane.add_coordinates(*plane.get_default_coordinate_values())` without the argument: these are the default."""
    del match

    def wanted(call: cst.Call) -> bool:
        return len(call.args) == 1 and text_of(call.args[0].value).endswith(".get_default_coordinate_values()")

    found = failure.calls(lambda call: wanted(call) and text_of(call.func).endswith(".add_coordinates"))
    return failure.changed({call: lambda node: cst.ensure_type(node, cst.Call).with_changes(args=[]) for call in found})


ATTRIBUTE = r"(?P<name>[^\W\d]\w{0,60})'"
STEPS = (
    FailedStep(
        "repair:render_name",
        frozenset({"NameError"}),
        re.compile(r"^name '(?P<name>[^\W\d]\w{0,60})' is not defined"),
        unknown_name,
    ),
    FailedStep(
        "repair:render_default_coordinates",
        frozenset({"AttributeError"}),
        re.compile(r"has no attribute '(?:get_)?default_coordinate_values'"),
        default_coordinates,
    ),
    FailedStep(
        "repair:render_attribute",
        frozenset({"AttributeError"}),
        re.compile(rf"^'?(?P<owner>[^\W\d]\w{{0,60}})'? object has no attribute '{ATTRIBUTE}"),
        unknown_attribute,
    ),
    FailedStep(
        "repair:render_tangent_line",
        frozenset({"TypeError", "AttributeError"}),
        re.compile(r"^Mobject\.__getattr__\.<locals>\.getter\(\) |has no attribute 'tangent_line'"),
        tangent_line,
    ),
    FailedStep(
        "repair:render_attribute",
        frozenset({"TypeError"}),
        re.compile(r"^Mobject\.__getattr__\.<locals>\.[gs]etter\(\) "),
        unknown_getter,
    ),
    FailedStep(
        "repair:render_coordinates",
        frozenset({"AttributeError"}),
        re.compile(rf"^'numpy\.ndarray' object has no attribute '{ATTRIBUTE}"),
        of_an_array,
    ),
)
"""For `from_error`."""
