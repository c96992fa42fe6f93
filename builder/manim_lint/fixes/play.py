"""What a scene plays: methods and moved objects become animations, as `.animate` makes them."""

import ast
import re

from builder.manim_lint.fixes.program import Program, called

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
    edits: dict[tuple[int, int], str] = {}
    for call in filter(plays_a_method, program.plain_calls):
        groups: list[list[ast.expr]] = []
        for arg in call.args:
            if groups and _takes_more(groups[-1], arg):
                groups[-1].append(arg)
            else:
                groups.append([arg])
        if any(isinstance(arg, ast.Starred) for arg in call.args):
            continue
        for first, *others in groups:
            if isinstance(first, ast.Attribute) and _is_method(first):
                values = [f"{'**' if isinstance(arg, ast.Dict) else ''}{program.source(arg)}" for arg in others]
                made = f".animate.{_IN_PLACE.get(first.attr, first.attr)}({', '.join(values)})"
                edits[program.span(first.value)[1], program.span([first, *others][-1])[1]] = made
    return program.edited(edits)


def plays_a_method(call: ast.Call) -> bool:
    """Whether `play` is given a method that is not called."""
    return called(call) == "play" and any(map(_is_method, call.args))


def _is_method(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in _METHODS


def _takes_more(group: list[ast.expr], arg: ast.expr) -> bool:
    """Whether an argument belongs to the method that begins a group: it is no method, and no animation."""
    if not _is_method(group[0]) or _is_method(arg) or isinstance(group[-1], ast.Dict):
        return False
    if isinstance(arg, ast.Call) and isinstance(arg.func, ast.Name):
        return not arg.func.id[:1].isupper() or getattr(group[0], "attr", "") in ("become", "next_to", "move_to")
    return ".animate." not in ast.unparse(arg)


ALL_MOBJECTS = re.compile(r"VGroup\(\s*\*self\.mobjects")


def all_mobjects(program: Program) -> str | None:
    """`VGroup(*self.mobjects)` becomes `Group(*self.mobjects)`: a scene's objects may be images and plain groups."""
    edits: dict[tuple[int, int], str] = {}
    for call in program.plain_calls:
        match call:
            case ast.Call(
                func=ast.Name(id="VGroup") as made,
                args=[ast.Starred(value=ast.Attribute(value=ast.Name(id="self"), attr="mobjects"))],
            ):
                edits[program.span(made)] = "Group"
    return program.edited(edits)


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
