"""What a scene plays: methods and moved objects become animations, as `.animate` makes them."""

import ast
import re

import libcst as cst

from builder.manim_lint.fixes.program import Program, called, called_ast, change_calls, named, positional, with_args

PLAY = re.compile(r"\.play\(")

_METHODS = frozenset(
    """
    shift scale rotate move_to next_to to_edge to_corner set_color set_fill set_stroke set_opacity stretch flip
    align_to set_width set_height scale_to_fit_width scale_to_fit_height scale_in_place rotate_in_place set_value
    increment_value become center arrange apply_function apply_matrix apply_complex_function fade set_x set_y set_z
    match_width match_height set_color_by_gradient put_start_and_end_on match_color
    """.split()
)
_IN_PLACE = {"scale_in_place": "scale", "rotate_in_place": "rotate"}


def played_methods(program: Program) -> str | None:
    """`self.play(m.shift, UP)` becomes `self.play(m.animate.shift(UP))`.

    The method takes what follows it up to the next animation or method, and a dictionary last as keywords.
    """

    def change(call: cst.Call) -> cst.BaseExpression | None:
        plain = positional(call)
        if called(call) != "play" or not plain or not any(_is_method(arg.value) for arg in plain):
            return None
        groups: list[list[cst.Arg]] = []
        for arg in plain:
            if _is_method(arg.value) or not groups or not _takes_more(groups[-1], arg):
                groups.append([arg])
            else:
                groups[-1].append(arg)
        if any(_is_method(group[0].value) and any(arg.keyword or arg.star for arg in group) for group in groups):
            return None
        args = [cst.Arg(_animated(group)) if _is_method(group[0].value) else group[0] for group in groups]
        return with_args(call, [*args, *(arg for arg in call.args if arg.keyword is not None)])

    return change_calls(program, plays_a_method, change)


def plays_a_method(call: ast.Call) -> bool:
    """Whether `play` is given a method that is not called."""
    return called_ast(call) == "play" and any(
        isinstance(arg, ast.Attribute) and arg.attr in _METHODS for arg in call.args
    )


def _is_method(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Attribute) and node.attr.value in _METHODS


def _takes_more(group: list[cst.Arg], arg: cst.Arg) -> bool:
    """Whether an argument belongs to the method that begins a group: it is no animation."""
    if not _is_method(group[0].value) or isinstance(group[-1].value, cst.Dict):
        return False
    value = arg.value
    if isinstance(value, cst.Call) and isinstance(value.func, cst.Name):
        return not value.func.value[:1].isupper() or group[0].value.attr.value in ("become", "next_to", "move_to")  # type: ignore[attr-defined]
    return ".animate." not in cst.Module([]).code_for_node(value)


def _animated(group: list[cst.Arg]) -> cst.Call:
    method = cst.ensure_type(group[0].value, cst.Attribute)
    name = _IN_PLACE.get(method.attr.value, method.attr.value)
    func = cst.Attribute(cst.Attribute(method.value, cst.Name("animate")), cst.Name(name))
    values = [arg.with_changes(comma=cst.MaybeSentinel.DEFAULT) for arg in group[1:]]
    if values and isinstance(values[-1].value, cst.Dict):
        values[-1] = values[-1].with_changes(star="**")
    return cst.Call(func, values)


ALL_MOBJECTS = re.compile(r"VGroup\(\s*\*self\.mobjects")


def all_mobjects(program: Program) -> str | None:
    """`VGroup(*self.mobjects)` becomes `Group(*self.mobjects)`: a scene's objects may be images and plain groups."""

    def change(call: cst.Call) -> cst.BaseExpression | None:
        if called(call) != "VGroup" or len(call.args) != 1 or call.args[0].star != "*":
            return None
        match call.args[0].value, call.func:
            case cst.Attribute(value=cst.Name(value="self"), attr=cst.Name(value="mobjects")), cst.Name():
                return call.with_changes(func=cst.Name("Group"))
        return None

    return change_calls(program, named({"VGroup"}), change)


VGROUP = re.compile(r"=\s*VGroup\(")


def plain_groups(program: Program) -> str | None:
    """`squares = VGroup()` becomes `squares = Group()` where `squares.add(…)` is given a picture or a plain group."""
    lines = {item.line for item in program.problems if item.reason == "bad_value" and item.owner == "VGroup.add"}
    owners = {
        ast.unparse(call.func.value)
        for call in program.calls
        if call.lineno in lines and isinstance(call.func, ast.Attribute) and call.func.attr == "add"
    }
    edits: dict[tuple[int, int], str] = {}
    for node in program.nodes if owners else ():
        match node:
            case ast.Assign(targets=[target], value=ast.Call(func=ast.Name(id="VGroup") as made)):
                if program.source(target) in owners:
                    edits[program.span(made)] = "Group"
    return program.edited(edits)
