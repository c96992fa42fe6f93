"""ManimGL's and old Manim CE's names, animations and imports, said as Manim 0.22 says them."""

import ast
import re
from collections import Counter
from collections.abc import Iterable

import libcst as cst

from builder.manim_lint.fixes.keywords import spans
from builder.manim_lint.fixes.program import (
    Program,
    bound_names,
    called,
    called_ast,
    change_calls,
    is_plain,
    keyword,
    keyword_arg,
    manim_modules,
    positional,
    rename,
    renamed,
    with_args,
)
from builder.manim_lint.release.model import known

CLUE = re.compile(r"[A-Za-z]{5}")
_SHORTEST = 5
"""Letters; shorter names are one letter from too many others."""


def typos(program: Program) -> cst.Module | None:
    """`Sqaure` becomes `Square`: the one name of Manim that is that near; not where two are."""
    names = sorted(program.unbound("unknown_name"))
    found = {name: right for name in names if (right := _meant(name, known().star)) is not None}
    return rename(program, found) if found else None


def _meant(name: str, among: Iterable[str]) -> str | None:
    """The one name that differs by case and underscores alone, or else by one letter, a plural's aside.

    Only for names that begin with a capital: `circle` is not `Circle` misspelt, but a variable that was never set.
    """
    if len(name) < _SHORTEST or not name[0].isupper() or any(character.isdigit() for character in name):
        return None
    folded = _folded(name)
    alike = [other for other in among if other[:1] == name[:1] and other not in (f"{name}s", name.removesuffix("s"))]
    same = [other for other in alike if _folded(other) == folded]
    if same:
        return same[0] if len(same) == 1 else None
    close = [other for other in alike if other.isupper() == name.isupper() and near(name, other)]
    return close[0] if len(close) == 1 else None


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def near(one: str, other: str) -> bool:
    """Whether one letter is missing, too many, another one, or two neighbours are swapped; digits are no letters."""
    if abs(len(one) - len(other)) > 1 or (Counter(one) - Counter(other)).total() > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    if any(character.isdigit() or character == "_" for character in (a[:1], b[:1])):
        return False
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])


OLD_IMPORTS = re.compile(r"\b(?:manimlib|manimgl|big_ol_pile_of_manim_imports|manimce)\b")

RENAMED = {
    "ShowCreation": "Create",
    "UnCreate": "Uncreate",
    "UnWrite": "Unwrite",
    "ShowCreationThenDestruction": "ShowPassingFlash",
    "ShowCreationThenFadeAround": "Circumscribe",
    "ShowPassingFlashAround": "Circumscribe",
    "FlashAround": "Circumscribe",
    "CircleIndicate": "Circumscribe",
    "ShowCreationThenDestructionAround": "Circumscribe",
    "WiggleOutThenIn": "Wiggle",
    "Transformation": "Transform",
    "VFadeIn": "FadeIn",
    "VFadeOut": "FadeOut",
    "TexMobject": "MathTex",
    "OldTex": "MathTex",
    "TextMobject": "Tex",
    "TexText": "Tex",
    "OldTexText": "Tex",
    "TexTextMobject": "Tex",
    "ParametricSurface": "Surface",
    "ParametricCurve": "ParametricFunction",
    "SmallDot": "Dot",
    "Point3D": "Dot3D",
    "DashedMobject": "DashedVMobject",
    "VMobjectFromSVGPathstring": "VMobjectFromSVGPath",
    "ThreeDVGroup": "VGroup",
    "get_norm": "np.linalg.norm",
    "FRAME_WIDTH": "config.frame_width",
    "FRAME_HEIGHT": "config.frame_height",
    "FRAME_X_RADIUS": "config.frame_x_radius",
    "FRAME_Y_RADIUS": "config.frame_y_radius",
    "BACKGROUND_COLOR": "config.background_color",
    "TOP": "(config.frame_y_radius * UP)",
    "BOTTOM": "(config.frame_y_radius * DOWN)",
    "LEFT_SIDE": "(config.frame_x_radius * LEFT)",
    "RIGHT_SIDE": "(config.frame_x_radius * RIGHT)",
    "VRIGHT": "RIGHT",
}
RENAMED |= {
    f"ease_{way}_{kind}": f"rate_functions.ease_{way}_{kind}"
    for way in ("in", "out", "in_out")
    for kind in ("sine", "quad", "cubic", "quart", "quint", "expo", "circ", "back", "elastic", "bounce")
}  # these are not among the names that Manim gives to all
"""Names of ManimGL and old Manim CE by their names, or expressions, of today; their arguments are the same."""

RENAMED_CLUE = re.compile("|".join(rf"\b{name}\b" for name in RENAMED))

OPPOSITE = {"UP": "DOWN", "DOWN": "UP", "LEFT": "RIGHT", "RIGHT": "LEFT", "IN": "OUT", "OUT": "IN"} | {
    "UL": "DR",
    "UR": "DL",
    "DL": "UR",
    "DR": "UL",
}
_VECTOR = re.compile(r"[-+*/().\d\s]*\b(?:UP|DOWN|LEFT|RIGHT|IN|OUT|U[LR]|D[LR])\b[-+*/().\d\sA-Z]*")

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


MOVED_CLUE = re.compile(r"\bFade(?:In|Out)(?:From|And|To)")
FADE_CLUE = re.compile(r"\bFade(?:In|Out)\(")


def old_imports(program: Program) -> cst.Module | None:
    """`from manimlib.imports import *` and its kin become `from manim import *`."""

    class Imports(cst.CSTTransformer):
        def leave_ImportFrom(  # noqa: N802
            self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
        ) -> cst.ImportFrom:
            del original_node
            if not isinstance(updated_node.names, cst.ImportStar) or updated_node.module is None:
                return updated_node
            if OLD_IMPORTS.match(cst.Module([]).code_for_node(updated_node.module)):
                return updated_node.with_changes(module=cst.Name("manim"))
            return updated_node

    return program.module.visit(Imports())


def renamed_names(program: Program) -> cst.Module | None:
    """Each old name as today's name, where the arguments are the same."""
    return rename(program, {name: RENAMED[name] for name in sorted(program.unbound()) if name in RENAMED})


def moved_fades(program: Program) -> cst.Module | None:
    """`FadeInFrom(m, LEFT)` becomes `FadeIn(m, shift=RIGHT)`: it starts on the left, and so goes to the right."""
    names = _SHIFTED.keys() & program.unbound()
    modules = manim_modules(program.tree)
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

    module = change_calls(program, change)
    imported = {name: _SHIFTED[name][0] for name in sorted(names - unused)}
    return rename_imports(module, imported) if imported else None


def rename_imports(module: cst.Module, names: dict[str, str]) -> cst.Module:
    """Change names in `from manim import …` alone."""

    class Imports(cst.CSTTransformer):
        def leave_ImportAlias(  # noqa: N802
            self, original_node: cst.ImportAlias, updated_node: cst.ImportAlias
        ) -> cst.ImportAlias:
            del original_node
            new = names.get(updated_node.evaluated_name)
            return updated_node.with_changes(name=cst.Name(new)) if new else updated_node

    return module.visit(Imports())


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


def fades_a_vector(call: ast.Call) -> bool:
    """Whether the second of two things to fade in or out is an expression with a direction in it."""
    if called_ast(call) not in ("FadeIn", "FadeOut") or len(call.args) != 2:
        return False
    names = {node.id for node in ast.walk(call.args[1]) if isinstance(node, ast.Name)}
    return bool(names & OPPOSITE.keys())


def fade_vectors(program: Program) -> cst.Module | None:
    """ManimGL's `FadeIn(m, UP)` becomes `FadeIn(m, shift=UP)`: today every positional argument is an object to fade."""
    modules = manim_modules(program.tree)
    blank = cst.Module([])

    def change(call: cst.Call) -> cst.BaseExpression | None:
        plain = positional(call)
        if called(call) not in ("FadeIn", "FadeOut") or not is_plain(call, modules) or not plain or len(plain) != 2:
            return None
        if keyword(call, "shift") or not _VECTOR.fullmatch(blank.code_for_node(plain[1].value)):
            return None
        return with_args(call, [plain[0], keyword_arg("shift", plain[1].value), *call.args[2:]])

    return change_calls(program, change)


METHODS = {
    "get_graph": "plot",
    "get_line_graph": "plot_line_graph",
    "get_derivative_graph": "plot_derivative_graph",
    "get_implicit_curve": "plot_implicit_curve",
    "get_parametric_curve": "plot_parametric_curve",
    "rotate_in_place": "rotate",
    "scale_in_place": "scale",
}
"""Methods that Manim had and has under other names."""
METHODS_CLUE = re.compile("|".join(rf"\.{name}\(" for name in METHODS))


def renamed_methods(program: Program) -> cst.Module | None:
    """`axes.get_graph(f)` becomes `axes.plot(f)`; not for methods that the program itself defines.

    A scene had `get_graph` too, but a scene of today has no axes: those of `self` stay.
    """
    defined = bound_names(program.tree)

    def change(call: cst.Call) -> cst.BaseExpression | None:
        match call.func:
            case cst.Attribute(value=cst.Name(value="self")):
                return None
            case cst.Attribute(attr=cst.Name(value=name)) if name in METHODS and name not in defined:
                new = call.with_changes(func=renamed(call.func, METHODS[name]))
                return with_args(new, spans(METHODS[name], list(call.args)))
        return None

    return change_calls(program, change)
