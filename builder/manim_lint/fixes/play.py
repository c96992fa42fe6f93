"""What a scene plays: methods and moved objects become animations, as `.animate` makes them."""

import ast
import re

import libcst as cst

from builder.manim_lint.fixes.program import Program, called, called_ast, change_calls, positional, renamed, with_args

CLUE = re.compile(r"\.play\(")

_METHODS = frozenset(
    """
    shift scale rotate move_to next_to to_edge to_corner set_color set_fill set_stroke set_opacity stretch flip
    align_to set_width set_height scale_to_fit_width scale_to_fit_height scale_in_place rotate_in_place set_value
    increment_value become center arrange apply_function apply_matrix apply_complex_function fade set_x set_y set_z
    match_width match_height set_color_by_gradient put_start_and_end_on match_color
    """.split()
)
_IN_PLACE = {"scale_in_place": "scale", "rotate_in_place": "rotate"}


def played_methods(program: Program) -> cst.Module | None:
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

    return change_calls(program, change)


def plays_a_method(call: ast.Call) -> bool:
    """Whether `play` is given a method that is not called."""
    return called_ast(call) == "play" and any(
        isinstance(arg, ast.Attribute) and arg.attr in _METHODS for arg in call.args
    )


def plays_a_move(call: ast.Call) -> bool:
    """Whether `play` may be given an object that was just moved."""
    return called_ast(call) == "play" and any(
        isinstance(arg, ast.Call)
        and isinstance(arg.func, ast.Attribute)
        and arg.func.attr in _METHODS
        and not any(isinstance(node, ast.Attribute) and node.attr == "animate" for node in ast.walk(arg.func))
        for arg in call.args
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


def played_moves(program: Program) -> cst.Module | None:
    """`self.play(m.shift(UP))` becomes `self.play(m.animate.shift(UP))`.

    A scene plays animations alone; a moved object is none. Only for methods of every object, called on a name, an
    attribute or an item.
    """

    def change(call: cst.Call) -> cst.BaseExpression | None:
        if called(call) != "play" or not any(_is_move(arg) for arg in call.args):
            return None
        args = [arg.with_changes(value=_moved(arg.value)) if _is_move(arg) else arg for arg in call.args]
        return call.with_changes(args=args)

    return change_calls(program, change)


def _is_move(arg: cst.Arg) -> bool:
    if arg.keyword is not None or arg.star or not isinstance(arg.value, cst.Call):
        return False
    if not isinstance(arg.value.func, cst.Attribute):
        return False
    chain = _chain(arg.value)
    return bool(chain) and all(name in _METHODS for name in chain)


def _chain(node: cst.BaseExpression) -> list[str]:
    """Names of the methods called one after the other on a name, an attribute or an item; none if it is not that."""
    names = []
    while isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        names.append(node.func.attr.value)
        node = node.func.value
    while isinstance(node, cst.Attribute | cst.Subscript):
        if isinstance(node, cst.Attribute) and node.attr.value == "animate":
            return []
        node = node.value
    return names if isinstance(node, cst.Name) and node.value[:1].islower() else []


def _moved(node: cst.BaseExpression) -> cst.BaseExpression:
    """`.animate` before the first method of a chain."""
    call = cst.ensure_type(node, cst.Call)
    func = cst.ensure_type(call.func, cst.Attribute)
    inner = func.value
    inner = _moved(inner) if isinstance(inner, cst.Call) else cst.Attribute(inner, cst.Name("animate"))
    return call.with_changes(func=func.with_changes(value=inner))


GROUP_CLUE = re.compile(r"VGroup\(\s*\*self\.mobjects")


def all_mobjects(program: Program) -> cst.Module | None:
    """`VGroup(*self.mobjects)` becomes `Group(*self.mobjects)`: a scene's objects may be images and plain groups."""

    def change(call: cst.Call) -> cst.BaseExpression | None:
        if called(call) != "VGroup" or len(call.args) != 1 or call.args[0].star != "*":
            return None
        match call.args[0].value, call.func:
            case cst.Attribute(value=cst.Name(value="self"), attr=cst.Name(value="mobjects")), cst.Name():
                return call.with_changes(func=cst.Name("Group"))
        return None

    return change_calls(program, change)


_ANIMATIONS = {
    "Scale": "scale",
    "Shift": "shift",
    "Move": "move_to",
    "MoveTo": "move_to",
    "SetColor": "set_color",
    "ChangeColor": "set_color",
    "SetOpacity": "set_opacity",
    "SetFill": "set_fill",
    "SetStroke": "set_stroke",
    "NextTo": "next_to",
    "ToEdge": "to_edge",
}
"""Animations that Manim never had, by the methods that they are named after."""
METHOD_CLUE = re.compile("|".join(rf"\b{name}\(" for name in _ANIMATIONS))
_OPTIONS = frozenset({"run_time", "rate_func", "lag_ratio", "path_arc"})


def method_animations(program: Program) -> cst.Module | None:
    """`Scale(square, 2, run_time=3)` becomes `square.animate(run_time=3).scale(2)`."""
    names = _ANIMATIONS.keys() & program.unbound("unknown_name", "manimgl_dialect")

    def change(call: cst.Call) -> cst.BaseExpression | None:
        name = called(call)
        plain = positional(call)
        if name not in names or not isinstance(call.func, cst.Name) or not plain or len(plain) < 2:
            return None
        if not isinstance(plain[0].value, cst.Name | cst.Attribute | cst.Subscript):
            return None
        options = [arg for arg in call.args if arg.keyword is not None and arg.keyword.value in _OPTIONS]
        rest = [arg for arg in call.args[1:] if not any(arg is option for option in options)]
        animate: cst.BaseExpression = cst.Attribute(plain[0].value, cst.Name("animate"))
        if options:
            animate = with_args(cst.Call(animate), options)
        return with_args(call.with_changes(func=cst.Attribute(animate, cst.Name(_ANIMATIONS[name]))), rest)

    return change_calls(program, change) if names else None


LIST_CLUE = re.compile(r"(?:FadeIn|FadeOut|self\.add|self\.remove)\(\s*\[")


def unpacked_lists(program: Program) -> cst.Module | None:
    """`FadeIn([a, b])` becomes `FadeIn(*[a, b])`, and so do `self.add` and `self.remove`: they take no list."""

    def change(call: cst.Call) -> cst.BaseExpression | None:
        match call.func:
            case cst.Name(value="FadeIn" | "FadeOut"):
                pass
            case cst.Attribute(value=cst.Name(value="self"), attr=cst.Name(value="add" | "remove")):
                pass
            case _:
                return None
        if not call.args or call.args[0].keyword is not None or call.args[0].star:
            return None
        if not isinstance(call.args[0].value, cst.List | cst.ListComp):
            return None
        return call.with_changes(args=[call.args[0].with_changes(star="*"), *call.args[1:]])

    return change_calls(program, change)


UPDATE_CLUE = re.compile(r"\bUpdateFromFunc\(")


def alpha_updates(program: Program) -> cst.Module | None:
    """`UpdateFromFunc(m, f)` of a function that wants two arguments becomes `UpdateFromAlphaFunc(m, f)`."""
    wants_two = {node.name for node in ast.walk(program.tree) if isinstance(node, ast.FunctionDef) and _two(node.args)}

    def change(call: cst.Call) -> cst.BaseExpression | None:
        plain = positional(call)
        if called(call) != "UpdateFromFunc" or not plain or len(plain) != 2:
            return None
        match plain[1].value:
            case cst.Name(value=name) if name in wants_two:
                return call.with_changes(func=renamed(call.func, "UpdateFromAlphaFunc"))
        return None

    return change_calls(program, change) if wants_two else None


def _two(args: ast.arguments) -> bool:
    plain = [*args.posonlyargs, *args.args]
    return len(plain) == 2 and plain[0].arg != "self" and not args.defaults and not args.vararg and not args.kwonlyargs
