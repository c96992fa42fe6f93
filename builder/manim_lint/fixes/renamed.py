"""Names, animations and methods of ManimGL and of old Manim CE under the names that today's Manim has for them."""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence

import libcst as cst

from builder.manim_lint.fixes.keywords import spans
from builder.manim_lint.fixes.program import (
    Program,
    called,
    change_calls,
    is_plain,
    is_starred,
    named,
    renamed,
    with_args,
)
from builder.manim_lint.release.model import PACKAGES
from builder.manim_lint.release.renames import METHODS, RENAMED

NAMES = re.compile("|".join(rf"\b{name}\b" for name in RENAMED))

OPPOSITE = {"UP": "DOWN", "DOWN": "UP", "LEFT": "RIGHT", "RIGHT": "LEFT", "IN": "OUT", "OUT": "IN"} | {
    "UL": "DR",
    "UR": "DL",
    "DL": "UR",
    "DR": "UL",
}

_SHIFTED = {
    # name: today's name, the argument's old names, today's keyword, whether it is turned round, what it was left out
    "FadeInFrom": ("FadeIn", "direction", "shift", True, "UP"),
    "FadeInFromDown": ("FadeIn", "direction", "shift", True, "UP"),
    "FadeOutAndShift": ("FadeOut", "direction", "shift", False, "DOWN"),
    "FadeOutAndShiftDown": ("FadeOut", "direction", "shift", False, "DOWN"),
    "FadeInFromLarge": ("FadeIn", "scale_factor", "scale", False, "2"),
    "FadeInFromPoint": ("FadeIn", "point", "target_position", False, ""),
    "FadeOutToPoint": ("FadeOut", "point", "target_position", False, ""),
}


FADES = re.compile(r"\bFade(?:In|Out)(?:From|And|To)")


def renamed_names(program: Program) -> str | None:
    """Each old name as today's name, where the arguments are the same."""
    return rename(program, {name: RENAMED[name] for name in sorted(program.unbound()) if name in RENAMED})


def moved_fades(program: Program) -> str | None:
    """`FadeInFrom(m, LEFT)` becomes `FadeIn(m, shift=RIGHT)`: it starts on the left, and so goes to the right."""
    names = _SHIFTED.keys() & program.unbound()
    moved: dict[str, str] = {}
    edits: dict[tuple[int, int], str] = {}
    for call in program.plain_calls:
        name = called(call)
        if name not in names or not is_plain(call, program.modules):
            continue
        new, old_keyword, new_keyword, turned, default = _SHIFTED[name]
        given = next((item for item in call.keywords if item.arg == old_keyword), None)
        if not 1 <= len(call.args) <= 2 or is_starred(call):
            continue
        place = call.args[1] if len(call.args) == 2 else given
        if place is not None:
            argument = place.value if isinstance(place, ast.keyword) else place
            value = opposite(program, argument) if turned else program.source(argument)
            (start, end), bracket = program.span(place), program.span(call)[1] - 1
            end = end if program.encoded[end:bracket].strip() else bracket
            edits[start, end] = f"{new_keyword}={value}"
        elif default:
            end = program.span(call.args[0])[1]
            edits[end, end] = f", {new_keyword}={default}"
        else:
            continue
        edits[program.last(call.func, name)] = moved[name] = new
    imports = [node for node in program.nodes if isinstance(node, ast.ImportFrom)] if moved else []
    return program.edited(edits | renamed_imports(program, imports, moved)) if moved else None


def opposite(program: Program, vector: ast.expr) -> str:
    """The opposite vector, as a person would write it: `LEFT` for `RIGHT`, `2 * DOWN` for `2 * UP`, else `-(…)`."""
    text = program.source(vector)
    match vector:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.BinOp(op=ast.Mult(), right=ast.Name(id=name)) if (
            name in OPPOSITE
        ):
            return text.removesuffix(name) + OPPOSITE[name]
        case ast.BinOp(op=ast.Mult(), left=ast.Name(id=name)) if name in OPPOSITE:
            return OPPOSITE[name] + text.removeprefix(name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return program.source(inner)
        case ast.Call() | ast.Name() | ast.Attribute() | ast.Subscript():
            return f"-{text}"
    return f"-({text})"


METHOD = re.compile("|".join(rf"\.{name}\(" for name in (*METHODS, "get_default_coordinate_values")))


def renamed_methods(program: Program) -> str | None:
    """`axes.get_graph(f)` becomes `axes.plot(f)`; not for methods that the program itself defines.

    A scene had `get_graph` too, but a scene of today has no axes: those of `self` stay.
    """
    defined = program.bound

    def change(call: cst.Call) -> cst.BaseExpression | None:
        match call.func:
            case cst.Attribute(value=cst.Name(value="self")):
                return None
            case cst.Attribute(attr=cst.Name(value="add_coordinates")) if _are_default(call.args):
                return call.with_changes(args=[])
            case cst.Attribute(attr=cst.Name(value=name)) if name in METHODS and name not in defined:
                new = call.with_changes(func=renamed(call.func, METHODS[name]))
                return with_args(new, spans(METHODS[name], list(call.args)))
        return None

    return change_calls(program, named({*METHODS, "add_coordinates"}), change)


def _are_default(args: Sequence[cst.Arg]) -> bool:
    """Whether ManimGL's `*plane.get_default_coordinate_values()` is given alone; today they are what is not given."""
    match args:
        case [cst.Arg(star="*", value=cst.Call() as value)]:
            return called(value) == "get_default_coordinate_values"
    return False


CAMERA_FRAME = re.compile(r"\bself\.camera_frame\b")


def camera_frames(program: Program) -> str | None:
    """`self.camera_frame` of a scene whose camera moves becomes `self.camera.frame`."""
    edits: dict[tuple[int, int], str] = {}
    for node in program.nodes if "camera_frame" in program.found("unknown_name") else ():
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr="camera_frame") if id(node) not in program.in_texts:
                edits[program.last(node, "camera_frame")] = "camera.frame"
    return program.edited(edits)


def rename(program: Program, names: Mapping[str, str]) -> str | None:
    """The text with names (and expressions) for names; `None` if there is nothing to replace."""
    return program.edited(renames(program, names)) if names else None


def renames(program: Program, names: Mapping[str, str]) -> dict[tuple[int, int], str]:
    """The same as edits: of names that are values, attributes of Manim, or imported from it; not in f-strings."""
    edits: dict[tuple[int, int], str] = {}
    for node in program.nodes:
        match node:
            case ast.Name(id=name) if name in names and id(node) not in program.in_texts:
                edits[program.span(node)] = names[name]
            case ast.Attribute(value=ast.Name(id=root), attr=name) if root in program.modules and name in names:
                if names[name].isidentifier() and id(node) not in program.in_texts:
                    edits[program.last(node, name)] = names[name]
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in PACKAGES:
                edits |= renamed_imports(program, [node], names)
            case _:
                pass
    return edits


def renamed_imports(
    program: Program, imports: Iterable[ast.ImportFrom], names: Mapping[str, str]
) -> dict[tuple[int, int], str]:
    """Names that statements import, where the new one is a name too."""
    edits = {}
    for alias in (alias for node in imports for alias in node.names):
        if (new := names.get(alias.name, "")).isidentifier():
            start = program.span(alias)[0]
            edits[start, start + len(alias.name)] = new
    return edits
