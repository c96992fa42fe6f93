"""Names, animations and methods of ManimGL and of old Manim CE under the names that today's Manim has for them."""

import ast
import re
from collections.abc import Mapping, Sequence

import libcst as cst

from builder.manim_lint.fixes.keywords import spans
from builder.manim_lint.fixes.program import (
    Program,
    called,
    change_calls,
    change_nodes,
    changed_nodes,
    is_plain,
    keyword,
    keyword_arg,
    named,
    positional,
    renamed,
    with_args,
)
from builder.manim_lint.release.model import PACKAGES
from builder.manim_lint.release.renames import METHODS, RENAMED
from builder.manim_lint.syntax import parse

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
    modules = program.modules
    unused = set(names)

    def change(call: cst.Call) -> cst.BaseExpression | None:
        name = called(call)
        if name not in names or not is_plain(call, modules):
            return None
        new, old_keyword, new_keyword, turned, default = _SHIFTED[name]
        plain = positional(call)
        given = keyword(call, old_keyword)
        if not plain or len(plain) > 2:
            return None
        argument = plain[1] if len(plain) == 2 else given
        if argument is None and not default:
            return None
        value = cst.parse_expression(default) if argument is None else argument.value
        if turned and argument is not None:
            value = opposite(value)
        rest = [arg for arg in call.args[1:] if arg is not argument]
        unused.discard(name)
        return with_args(
            call.with_changes(func=renamed(call.func, new)), [plain[0], keyword_arg(new_keyword, value), *rest]
        )

    code = change_calls(program, named(names), change)
    imported = {name: _SHIFTED[name][0] for name in sorted(names - unused)}
    return rename_imports(code, imported) if imported else None


def rename_imports(code: str, names: dict[str, str]) -> str | None:
    """Change names in `from manim import …` alone."""
    tree = parse(code).tree
    if tree is None:
        return None
    program = Program(code, tree, ())
    imports = [node for node in program.nodes if isinstance(node, ast.ImportFrom)]
    found = [node for node in imports if any(alias.name in names for alias in node.names)]

    class Imports(cst.CSTTransformer):
        def leave_ImportAlias(  # noqa: N802
            self, original_node: cst.ImportAlias, updated_node: cst.ImportAlias
        ) -> cst.ImportAlias:
            del original_node
            new = names.get(updated_node.evaluated_name)
            return updated_node.with_changes(name=cst.Name(new)) if new else updated_node

    return change_nodes(program, found, Imports()) if found else code


def opposite(vector: cst.BaseExpression) -> cst.BaseExpression:
    """The opposite vector, as a person would write it: `LEFT` for `RIGHT`, `2 * DOWN` for `2 * UP`, else `-(…)`."""
    match vector:
        case cst.Name(value=name) if name in OPPOSITE:
            return vector.with_changes(value=OPPOSITE[name])
        case cst.Attribute(attr=cst.Name(value=name)) if name in OPPOSITE:
            return vector.with_changes(attr=cst.Name(OPPOSITE[name]))
        case cst.UnaryOperation(operator=cst.Minus(), expression=inner):
            return inner
        case cst.BinaryOperation(operator=cst.Multiply(), left=cst.Name(value=name)) if name in OPPOSITE:
            return vector.with_changes(left=cst.Name(OPPOSITE[name]))
        case cst.BinaryOperation(operator=cst.Multiply(), right=cst.Name(value=name)) if name in OPPOSITE:
            return vector.with_changes(right=cst.Name(OPPOSITE[name]))
        case cst.Call() | cst.Name() | cst.Attribute() | cst.Subscript():
            return cst.UnaryOperation(cst.Minus(cst.SimpleWhitespace("")), vector)
    inner = vector if vector.lpar else vector.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.UnaryOperation(cst.Minus(cst.SimpleWhitespace("")), inner)


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
    if "camera_frame" not in program.found("unknown_name"):
        return None

    class Frames(cst.CSTTransformer):
        def leave_Attribute(  # noqa: N802
            self, original_node: cst.Attribute, updated_node: cst.Attribute
        ) -> cst.BaseExpression:
            match original_node:
                case cst.Attribute(value=cst.Name(value="self"), attr=cst.Name(value="camera_frame")):
                    return cst.parse_expression("self.camera.frame")
            return updated_node

    frames = (node for node in program.nodes if isinstance(node, ast.Attribute) and node.attr == "camera_frame")
    return change_nodes(program, frames, Frames())


class NameChanger(cst.CSTTransformer):
    """Replaces names where they stand for a value, and in imports from Manim; not attributes, keywords or targets."""

    def __init__(self, names: Mapping[str, str], modules: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._names = names
        self._modules = modules

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:  # noqa: N802
        """Put the new name, or the expression for it."""
        new = self._names.get(original_node.value)
        return cst.parse_expression(new) if new is not None else updated_node

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:  # noqa: N802
        """Attributes stay, but those of the Manim package are its names too."""
        attr = original_node.attr
        if isinstance(original_node.value, cst.Name) and original_node.value.value in self._modules:
            new = self._names.get(attr.value)
            if new is not None and new.isidentifier():
                attr = attr.with_changes(value=new)
        return updated_node.with_changes(attr=attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:  # noqa: N802
        """Keywords of arguments stay."""
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:  # noqa: N802
        """Names of parameters stay."""
        return updated_node.with_changes(name=original_node.name)

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> cst.ImportFrom:  # noqa: N802
        """Imports stay, but names from Manim are changed where the new one is a name too."""
        if isinstance(original_node.names, cst.ImportStar):
            return original_node
        root = cst.helpers.get_full_name_for_node(original_node.module) if original_node.module else None
        if (root or "").partition(".")[0] not in PACKAGES:
            return original_node
        aliases = []
        for alias in original_node.names:
            new = self._names.get(alias.evaluated_name)
            if new is not None and new.isidentifier():
                aliases.append(alias.with_changes(name=cst.Name(new)))
            elif new is None:
                aliases.append(alias)
        if not aliases:
            return original_node
        if aliases[-1] is not original_node.names[-1]:
            aliases[-1] = aliases[-1].with_changes(comma=original_node.names[-1].comma)
        return updated_node.with_changes(module=original_node.module, names=aliases)

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> cst.Import:  # noqa: N802
        """Imports of modules stay."""
        del updated_node
        return original_node


def rename(program: Program, names: Mapping[str, str]) -> str | None:
    """The text with names (and expressions) for names; `None` if there is nothing to replace."""
    if not names:
        return None
    edits: dict[tuple[int, int], str] = {}
    through: list[ast.expr | ast.stmt] = []
    for node in program.nodes:
        if isinstance(node, ast.Name) and node.id in names:
            if id(node) in program.in_texts:
                through.append(node)
            else:
                edits[program.span(node)] = names[node.id]
        elif (
            isinstance(node, ast.Attribute) and node.attr in names and getattr(node.value, "id", "") in program.modules
        ) or (isinstance(node, ast.ImportFrom) and any(alias.name in names for alias in node.names)):
            through.append(node)
    return program.edited(edits | changed_nodes(program, through, NameChanger(names, program.modules)))
