"""Arguments that the class called does not take, where another class, method or form does."""

import ast
import re
from functools import partial

import libcst as cst

from builder.prepare.repairs.keywords import todays
from builder.prepare.repairs.program import (
    Program,
    called,
    called_ast,
    change_calls,
    is_plain,
    keyword,
    keyword_arg,
    manim_modules,
    positional,
    renamed,
    with_args,
)

_AXIS_CONFIGS = frozenset({"axis_config", "x_axis_config", "y_axis_config", "z_axis_config", "number_line_config"})
_AXIS_LOOKS = frozenset({"exclude_zero_label", "tick_frequency", "leftmost_tick", "number_scale_val", "center_point"})
CONFIG_CLUE = re.compile("|".join(sorted({*_AXIS_LOOKS, "numbers_to_show"})))


def configures_axes(call: ast.Call) -> bool:
    """Whether a call takes a dictionary of settings for axes."""
    return any(item.arg in _AXIS_CONFIGS and isinstance(item.value, ast.Dict) for item in call.keywords)


def axis_configs(program: Program) -> cst.Module | None:
    """Settings in `axis_config={…}` that a number line has no more are left out; `numbers_to_show` has a new name."""

    def change(call: cst.Call) -> cst.BaseExpression | None:
        args = [
            arg.with_changes(value=_settings(arg.value))
            if arg.keyword is not None and arg.keyword.value in _AXIS_CONFIGS and isinstance(arg.value, cst.Dict)
            else arg
            for arg in call.args
        ]
        return call.with_changes(args=args)

    return change_calls(program, change)


def _settings(entries: cst.Dict) -> cst.Dict:
    kept = []
    for entry in entries.elements:
        key = _text_key(entry)
        if key in _AXIS_LOOKS:
            continue
        if key == "numbers_to_show":
            entry = entry.with_changes(key=cst.SimpleString('"numbers_to_include"'))  # noqa: PLW2901
        kept.append(entry)
    if kept and len(kept) < len(entries.elements):
        kept[-1] = kept[-1].with_changes(comma=entries.elements[-1].comma)
    return entries.with_changes(elements=kept)


def _text_key(entry: cst.BaseDictElement) -> object:
    if isinstance(entry, cst.DictElement) and isinstance(entry.key, cst.SimpleString):
        return entry.key.evaluated_value
    return None


CLASS_CLUE = re.compile(r"\b(?:corner_radius|dashed|outer_radius|inner_radius|align|alignment)\s*=")


def wants_another(call: ast.Call) -> bool:
    """Whether an argument belongs to a class near the one that is called, or has another name there."""
    given = {item.arg for item in call.keywords}
    match called_ast(call):
        case "Rectangle":
            return "corner_radius" in given
        case "Line":
            return "dashed" in given
        case "Sector":
            return bool(given & {"outer_radius", "inner_radius"})
        case "arrange":
            return bool(given & {"align", "alignment"})
    return False


def other_classes(program: Program) -> cst.Module | None:
    """`Rectangle(corner_radius=0.1)` becomes a `RoundedRectangle`, `Line(dashed=True)` a `DashedLine`.

    A `Sector` is the whole sector of a circle: with an `inner_radius` it is an `AnnularSector`, and an
    `outer_radius` alone is its `radius`. None of these arguments is taken by the class that was called; nor does
    `arrange` take an `alignment`.
    """
    modules = manim_modules(program.tree)
    own = {node.name for node in ast.walk(program.tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}

    def change(call: cst.Call) -> cst.BaseExpression | None:
        name = called(call)
        if name == "arrange" and name not in own:
            return call.with_changes(args=[arg for arg in map(partial(todays, name), call.args) if arg is not None])
        if not is_plain(call, modules) or name in own:
            return None
        given = {arg.keyword.value: arg for arg in call.args if arg.keyword is not None}
        if name == "Rectangle" and "corner_radius" in given:
            return call.with_changes(func=renamed(call.func, "RoundedRectangle"))
        dashed = given.get("dashed")
        if name == "Line" and dashed is not None and isinstance(dashed.value, cst.Name):
            rest = with_args(call, [arg for arg in call.args if arg is not dashed])
            func = renamed(call.func, "DashedLine") if dashed.value.value == "True" else call.func
            return rest.with_changes(func=func)
        if name == "Sector" and "inner_radius" in given and not positional(call):
            return call.with_changes(func=renamed(call.func, "AnnularSector"))
        if name == "Sector" and "outer_radius" in given and not positional(call):
            args = [
                arg.with_changes(keyword=cst.Name("radius")) if arg is given["outer_radius"] else arg
                for arg in call.args
            ]
            return call.with_changes(args=args)
        return None

    return change_calls(program, change)


CODE_CLUE = re.compile(r"\bCode\(")


def code_text(program: Program) -> cst.Module | None:
    """`Code("print(1)")` becomes `Code(code_string="print(1)")`: the first argument is the name of a file."""
    modules = manim_modules(program.tree)

    def change(call: cst.Call) -> cst.BaseExpression | None:
        plain = positional(call)
        if called(call) != "Code" or not is_plain(call, modules) or not plain or len(plain) != 1:
            return None
        text = plain[0].value
        if not isinstance(text, cst.SimpleString) or not re.search(r"[\n(=]|\\n", text.raw_value):
            return None
        return with_args(call, [keyword_arg("code_string", text), *call.args[1:]])

    return change_calls(program, change)


BRACE_CLUE = re.compile(r"\.get_te(?:xt|x)\(")


def brace_colours(program: Program) -> cst.Module | None:
    """`brace.get_text("a", color=RED)` becomes `brace.get_text("a").set_color(RED)`: it is only placed."""
    if "color" not in program.found("unknown_argument"):
        return None

    def change(call: cst.Call) -> cst.BaseExpression | None:
        colour = keyword(call, "color")
        if called(call) not in ("get_text", "get_tex") or colour is None or isinstance(call.func, cst.Name):
            return None
        plain = with_args(call, [arg for arg in call.args if arg is not colour])
        value = colour.with_changes(keyword=None, equal=cst.MaybeSentinel.DEFAULT, comma=cst.MaybeSentinel.DEFAULT)
        return cst.Call(cst.Attribute(plain, cst.Name("set_color")), [value])

    return change_calls(program, change)
