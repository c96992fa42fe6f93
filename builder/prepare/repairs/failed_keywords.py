"""Arguments that a call did not take: under today's name, said as a method, moved, or left out if only looks go."""

import re
from collections.abc import Mapping

import libcst as cst

from builder.prepare.api.known import ManimClass, Signature, known
from builder.prepare.repairs.failure import FailedStep, Failure, Make, makers_of, makes_mobject, text_of, without
from builder.prepare.repairs.keywords import spans, todays
from builder.prepare.repairs.program import called, keyword, keyword_arg, positional, with_args
from builder.prepare.repairs.typos import near

_OF_ANIMATIONS = frozenset({"run_time", "rate_func", "lag_ratio", "path_arc"})
_NAMED = {
    ("wait", "run_time"): "duration",
    ("wait", "time"): "duration",
    ("SurroundingRectangle", "padding"): "buff",
    ("next_to", "padding"): "buff",
    ("next_to", "spacing"): "buff",
    ("arrange", "spacing"): "buff",
    ("arrange", "padding"): "buff",
    ("Text", "font_family"): "font",
    ("set_fill", "alpha"): "opacity",
    ("set_stroke", "alpha"): "opacity",
    ("rotate", "about"): "about_point",
    ("Rotate", "about"): "about_point",
    ("FadeIn", "scale_factor"): "scale",
    ("FadeOut", "scale_factor"): "scale",
    ("Indicate", "scale"): "scale_factor",
    ("Flash", "radius"): "flash_radius",
    ("GrowFromEdge", "direction"): "edge",
    ("NumberLine", "numbers"): "include_numbers",
    ("Square", "side"): "side_length",
}
"""Today's names, besides those that the API check's repairs know."""
_NAMED_OF_ANIMATIONS = {
    "duration": "run_time",
    "runtime": "run_time",
    "rate_function": "rate_func",
    "easing": "rate_func",
}
"""The same, of every animation."""
_STYLES = {"bold": ("weight", "BOLD"), "italic": ("slant", "ITALIC")}
"""What is `True` for a text, by what Manim takes for it."""
_STARTS: Mapping[str, tuple[str, str, str, str]] = {
    "ParametricFunction": ("t_range", "t_min", "t_max", "01"),
    "ParametricCurve": ("t_range", "t_min", "t_max", "01"),
}
"""Ends of a range that old releases filled in when one of the two was left out."""
_SAID: Mapping[str, tuple[str, str]] = {
    "color": ("set_color", ""),
    "colour": ("set_color", ""),
    "opacity": ("set_opacity", ""),
    "fill_color": ("set_fill", ""),
    "fill_opacity": ("set_fill", "opacity"),
    "stroke_color": ("set_stroke", ""),
    "stroke_width": ("set_stroke", "width"),
    "stroke_opacity": ("set_stroke", "opacity"),
    "scale": ("scale", ""),
    "scale_factor": ("scale", ""),
    "position": ("move_to", ""),
    "center": ("move_to", ""),
    "z_index": ("set_z_index", ""),
}
"""Arguments that say what a method of every object says: the method, and the name of its argument."""
_LOOKS = re.compile(
    r"(?:\w+_)?colou?rs?|(?:\w+_)?opacity|(?:stroke|fill|sheen|font|tip|dash|tick|gradient)_\w+|font|weight|slant|gloss"
    r"|shadow|resolution|line_spacing|corner_radius|shade_in_3d|z_index|antialias\w*|thickness|buff|alignment|align"
    r"|justify|text_align"
)
"""Arguments that touch the looks alone: without them the same things are shown and move the same way."""
_CONFIG_LOOKS = frozenset({"exclude_zero_label", "tick_frequency", "leftmost_tick", "number_scale_val"})


def unknown_keyword(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """The argument that the exception names, mended in the call on its line; in a dictionary of settings there, too.

    Only where one callee alone is given it, so that it is the one that refused.
    """
    name = match["name"]
    found = failure.calls(lambda call: keyword(call, name) is not None and not _takes(failure, call, name))
    if not found:
        return _setting(failure, name)
    if len({text_of(call.func) for call in found}) > 1:
        return None
    if any(arg.star == "**" for arg in found[0].args):
        return None  # the dictionary may be what holds it
    mended = _mended(failure, found[0], name)
    if mended is None:
        return None
    makes: dict[cst.CSTNode, Make] = {call: _again(failure, call, name) for call in found}
    return failure.changed(makes)


def _again(failure: Failure, original: cst.Call, name: str) -> Make:
    def make(node: cst.CSTNode) -> cst.CSTNode:
        return _mended(failure, cst.ensure_type(node, cst.Call), name, original) or node

    return make


def _takes(failure: Failure, call: cst.Call, name: str) -> bool:
    """Whether a class of Manim surely takes this keyword."""
    if failure.is_own(called(call)):
        return False
    cls = known().manim_class(called(call))
    return cls is not None and name in cls.init.keywords


def _mended(failure: Failure, call: cst.Call, name: str, original: cst.Call | None = None) -> cst.BaseExpression | None:
    """The call in a form that is taken; `None` if none is known."""
    callee, arg = called(call), keyword(call, name)
    if arg is None:
        return None
    if name in _OF_ANIMATIONS and (moved := _to_animate(call, arg)) is not None:
        return moved
    if callee == "wait" and positional(call):
        return None
    named = None if failure.is_own(callee) else _under_another_name(call, arg, name)
    if named is not None:
        return named
    spelled = _spelled(failure, call, name)
    if spelled is not None:
        return _with(call, name, spelled)
    cls = makes_mobject(failure, original or call)
    if cls is not None and name in _SAID:
        return _said(call, arg, name, cls)
    if name.endswith("_config") and isinstance(arg.value, cst.Dict):
        return _spread(failure, call, arg.value, name)
    return with_args(call, without(call, name)) if _LOOKS.fullmatch(name) and _is_manims(failure, call) else None


def _under_another_name(call: cst.Call, arg: cst.Arg, name: str) -> cst.Call | None:
    """The call with what the argument is called today, or without it if it has no place any more."""
    callee = called(call)
    if callee in ("Text", "MarkupText") and name in _STYLES and text_of(arg.value) == "True":
        new, value = _STYLES[name]
        styled = keyword_arg(new, cst.Name(value)).with_changes(comma=arg.comma)
        return call.with_changes(args=[styled if item is arg else item for item in call.args])
    cls = known().manim_class(callee)
    named = _NAMED.get((callee, name))
    if cls is not None and cls.is_a("Animation"):
        named = named or _NAMED_OF_ANIMATIONS.get(name)
    if named is not None:
        return _with(call, name, named) if keyword(call, named) is None else None
    args = spans(callee, _started(callee, list(call.args)))
    if all(item is not arg for item in args):
        return with_args(call, args)
    today = todays(callee, arg)
    if today is None:
        return with_args(call, without(call, name))
    if today is arg or today.keyword is None or keyword(call, today.keyword.value) is not None:
        return None
    return call.with_changes(args=[today if item is arg else item for item in call.args])


def _with(call: cst.Call, old: str, new: str) -> cst.Call:
    args = [
        arg.with_changes(keyword=cst.Name(new)) if arg.keyword is not None and arg.keyword.value == old else arg
        for arg in call.args
    ]
    return call.with_changes(args=args)


def _to_animate(call: cst.Call, arg: cst.Arg) -> cst.BaseExpression | None:
    """`m.animate.shift(UP, run_time=2)` as `m.animate(run_time=2).shift(UP)`."""
    name = cst.ensure_type(arg.keyword, cst.Name).value
    func = call.func
    if not isinstance(func, cst.Attribute):
        return None
    owner = _configured(func.value, arg)
    if owner is None:
        return None
    return with_args(call.with_changes(func=func.with_changes(value=owner)), without(call, name))


def _configured(node: cst.BaseExpression, arg: cst.Arg) -> cst.BaseExpression | None:
    """A chain with an option put to its `.animate`; `None` if it has none, or one that is called already."""
    last = arg.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    match node:
        case cst.Attribute(attr=cst.Name(value="animate")):
            return cst.Call(node, [last])
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="animate"))):
            return None
        case cst.Call(func=cst.Attribute() as func):
            inner = _configured(func.value, arg)
            return None if inner is None else node.with_changes(func=func.with_changes(value=inner))
    return None


def _started(callee: str, args: list[cst.Arg]) -> list[cst.Arg]:
    """The arguments with the end of a range that old releases filled in: `t_min=0` for `t_max=TAU` alone."""
    if callee not in _STARTS:
        return args
    span, low, high, defaults = _STARTS[callee]
    given = {arg.keyword.value for arg in args if arg.keyword is not None}
    if span in given or len(given & {low, high}) != 1:
        return args
    missing, default = (low, defaults[0]) if high in given else (high, defaults[1])
    return [*args, keyword_arg(missing, cst.Integer(default))]


def _spelled(failure: Failure, call: cst.Call, name: str) -> str | None:
    """The one keyword of the class or method called that is spelt nearly like this one."""
    signature = _signature(failure, call)
    if signature is None:
        return None
    given = {arg.keyword.value for arg in call.args if arg.keyword is not None}
    british = name.replace("colour", "color")
    if british != name and british in signature.keywords:
        return None if british in given else british
    others = sorted(signature.keywords - given - {f"{name}s", name.removesuffix("s")})
    found = [other for other in others if len(name) > 4 and near(name, other)]
    return found[0] if len(found) == 1 else None


def _signature(failure: Failure, call: cst.Call) -> Signature | None:
    name = called(call)
    if failure.is_own(name):
        return None
    cls = known().manim_class(name)
    if cls is not None:
        return cls.init
    return known().function(name) if isinstance(call.func, cst.Name) else None


def _said(call: cst.Call, arg: cst.Arg, name: str, cls: ManimClass) -> cst.BaseExpression | None:
    """`Code(…, color=RED)` as `Code(…).set_color(RED)`."""
    method, parameter = _SAID[name]
    if cls.method(method) is None:
        return None
    plain = cst.Arg(arg.value)
    made = keyword_arg(parameter, arg.value) if parameter else plain
    return cst.Call(cst.Attribute(with_args(call, without(call, name)), cst.Name(method)), [made])


def _spread(failure: Failure, call: cst.Call, settings: cst.Dict, name: str) -> cst.Call | None:
    """`StreamLines(…, stream_line_config={"stroke_width": 3})` with `stroke_width=3`, if the class takes all of it."""
    signature = _signature(failure, call)
    given = {arg.keyword.value for arg in call.args if arg.keyword is not None}
    entries = {str(_key(entry)): entry.value for entry in settings.elements}
    if signature is None or not entries.keys() <= signature.keywords or entries.keys() & given:
        return None
    return with_args(call, [*without(call, name), *(keyword_arg(key, value) for key, value in entries.items())])


def _is_manims(failure: Failure, call: cst.Call) -> bool:
    """Whether what is called is Manim's: a class or a method of that name that the program does not define."""
    name = called(call)
    if failure.is_own(name):
        return False
    return name in known().star or bool(makers_of(name))


def _setting(failure: Failure, name: str) -> cst.Module | None:
    """A setting in `axis_config={…}` and its kin on the line, left out if it only touches the looks."""
    if not (_LOOKS.fullmatch(name) or name in _CONFIG_LOOKS):
        return None
    makes: dict[cst.CSTNode, Make] = {}
    for call in failure.calls():
        for arg in call.args:
            if arg.keyword is None or not arg.keyword.value.endswith("_config") or not isinstance(arg.value, cst.Dict):
                continue
            if any(_key(entry) == name for entry in arg.value.elements):
                makes[arg.value] = _lacking(name)
    return failure.changed(makes) if len(makes) == 1 else None


def _lacking(name: str) -> Make:
    def make(node: cst.CSTNode) -> cst.CSTNode:
        entries = cst.ensure_type(node, cst.Dict)
        kept = [entry for entry in entries.elements if _key(entry) != name]
        if kept:
            kept[-1] = kept[-1].with_changes(comma=entries.elements[-1].comma)
        return entries.with_changes(elements=kept)

    return make


def _key(entry: cst.BaseDictElement) -> object:
    if isinstance(entry, cst.DictElement) and isinstance(entry.key, cst.SimpleString):
        return entry.key.evaluated_value
    return None


STEPS = (
    FailedStep(
        "repair:render_keyword",
        frozenset({"TypeError"}),
        re.compile(r"got an unexpected keyword argument '(?P<name>[^\W\d]\w{0,60})'"),
        unknown_keyword,
    ),
)
"""For `from_error`."""
