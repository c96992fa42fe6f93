"""Groups that took something else, and scenes that were given to play what is no animation."""

import re

import libcst as cst

from builder.prepare.api.known import known
from builder.prepare.repairs.failure import FailedStep, Failure, Make, as_called, text_of
from builder.prepare.repairs.program import called, keyword, renamed

_SHOWN = {
    "Create": "FadeIn",
    "Write": "FadeIn",
    "DrawBorderThenFill": "FadeIn",
    "Uncreate": "FadeOut",
    "Unwrite": "FadeOut",
}
_FADED = frozenset({"run_time", "rate_func"})


def not_drawable(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`Create(picture)` as `FadeIn(picture)`: what has no outline cannot be drawn, but comes into sight as well."""
    name = match["name"]
    found = failure.calls(lambda call: called(call) == name)
    if name not in _SHOWN or failure.is_own(name) or len(found) != 1:
        return None
    call = found[0]
    options = {arg.keyword.value for arg in call.args if arg.keyword is not None}
    if not options <= _FADED or len(call.args) != len(options) + 1 or call.args[0].star:
        return None
    return failure.changed({call: as_called(_SHOWN[name])})


def unplayable(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`self.play(m.set_label("a"))` as `self.play(m.animate.set_label("a"))`, `self.play(self.wait(2))` as the wait.

    For methods of objects that change them, and for the program's own that are named `set_…`, called on a name.
    """
    del match
    played = failure.calls(lambda call: called(call) in ("play", "AnimationGroup", "LaggedStart", "Succession"))
    makes: dict[cst.CSTNode, Make] = {}
    for call in played:
        if called(call) == "play" and len(call.args) == 1 and _is_wait(call.args[0].value):
            makes[call] = lambda node: cst.ensure_type(node, cst.Call).args[0].value
            continue
        for arg in call.args:
            if (
                arg.keyword is None
                and not arg.star
                and isinstance(arg.value, cst.Call)
                and _changes(failure, arg.value)
            ):
                makes[_innermost(arg.value)] = _animate
    return failure.changed(makes)


def _is_wait(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Call) and text_of(node.func) in ("self.wait", "self.play", "self.add")


def _innermost(call: cst.Call) -> cst.Attribute:
    """The first attribute of a chain of methods: `m.shift` in `m.shift(UP).scale(2)`."""
    func = cst.ensure_type(call.func, cst.Attribute)
    return _innermost(func.value) if isinstance(func.value, cst.Call) else func


def _animate(node: cst.CSTNode) -> cst.CSTNode:
    attribute = cst.ensure_type(node, cst.Attribute)
    return attribute.with_changes(value=cst.Attribute(attribute.value, cst.Name("animate")))


def _changes(failure: Failure, call: cst.Call) -> bool:
    """Whether a chain of methods that change an object is called on a name, an attribute or an item."""
    node: cst.BaseExpression = call
    while isinstance(node, cst.Call):
        if not isinstance(node.func, cst.Attribute):
            return False
        name = node.func.attr.value
        own = failure.is_own(name)
        if not (own and name.startswith("set_")) and not (not own and _returns_self(name)):
            return False
        node = node.func.value
    text = text_of(node)
    return re.fullmatch(r"(?:self\.)?[a-z_]\w*(?:\.[a-z_]\w*|\[\w+\])*", text) is not None and not re.search(
        r"^self$|\banimate\b|\bcamera$", text
    )


def _returns_self(name: str) -> bool:
    """Whether Manim's objects have a method of this name, and give themselves for it."""
    mobject = known().manim_class("VMobject")
    signature = mobject.method(name) if mobject is not None else None
    return signature is not None and signature.returns == "Self" and name not in ("copy", "add", "remove")


def nothing_played(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`self.play(run_time=2)` as `self.wait(2)`: the scene stands still as long."""
    del match
    found = failure.calls(lambda call: text_of(call.func) == "self.play")
    if len(found) != 1 or any(arg.keyword is None or arg.star for arg in found[0].args):
        return None

    def make(node: cst.CSTNode) -> cst.CSTNode:
        call = cst.ensure_type(node, cst.Call)
        time = keyword(call, "run_time")
        args = [cst.Arg(time.value)] if time is not None else []
        return call.with_changes(func=renamed(call.func, "wait"), args=args)

    return failure.changed({found[0]: make})


def nothing_faded(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`self.play(FadeOut(*self.mobjects))` of an empty scene as a wait of the same time: there is nothing to fade."""
    del match
    found = failure.calls(lambda call: text_of(call.func) == "FadeOut")
    plays = [
        call
        for call in failure.nodes(cst.Call)
        if text_of(call.func) == "self.play" and call.args and call.args[0].value in found
    ]
    if len(found) != 1 or len(plays) != 1 or not found[0].args:
        return None
    all_of_it = found[0].args[0]
    if all_of_it.star != "*" or text_of(all_of_it.value) != "self.mobjects":
        return None
    rest = [*found[0].args[1:], *plays[0].args[1:]]
    if any(arg.keyword is None or arg.keyword.value != "run_time" for arg in rest) or len(rest) > 1:
        return None
    args = [cst.Arg(rest[0].value)] if rest else []
    return failure.changed({plays[0]: lambda _: cst.Call(cst.parse_expression("self.wait"), args)})


_FRAME = "1 / config.frame_rate"


def no_time(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """A time of zero as one frame, the shortest that Manim shows: `self.wait(0)`, `run_time=0`.

    A time that is computed is given that as its least.
    """
    del match
    found = failure.calls(lambda call: text_of(call.func) in ("self.wait", "self.play", "self.pause"))
    makes: dict[cst.CSTNode, Make] = {}
    for call in found:
        for arg in call.args:
            name = arg.keyword.value if arg.keyword is not None else ""
            is_wait = called(call) != "play" and (name == "duration" or arg is call.args[0])
            if is_wait or name == "run_time":
                makes[arg] = _at_least_a_frame
    return failure.changed(makes)


def _at_least_a_frame(node: cst.CSTNode) -> cst.CSTNode:
    arg = cst.ensure_type(node, cst.Arg)
    zero = isinstance(arg.value, cst.Integer | cst.Float) and arg.value.evaluated_value == 0
    text = _FRAME if zero else f"max({text_of(arg.value)}, {_FRAME})"
    return arg.with_changes(value=cst.parse_expression(text))


def rate_text(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`rate_func="linear"` as `rate_func=linear`: Manim calls what it is given."""
    del match
    makes: dict[cst.CSTNode, Make] = {}
    for call in failure.nodes(cst.Call):
        rate = keyword(call, "rate_func")
        if rate is None or not isinstance(rate.value, cst.SimpleString):
            continue
        name = rate.value.evaluated_value
        if isinstance(name, str) and known().star.get(name) == "function" and not failure.is_own(name):
            makes[rate.value] = _named(name)
    return failure.changed(makes)


def _named(name: str) -> Make:
    return lambda _: cst.Name(name)


def redrawn(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`always_redraw(Line(a, b))` as `always_redraw(lambda: Line(a, b))`: it wants what makes the object anew."""
    del match
    found = failure.calls(lambda call: called(call) == "always_redraw")
    found = [call for call in found if len(call.args) == 1 and isinstance(call.args[0].value, cst.Call)]
    if len(found) != 1:
        return None

    def make(node: cst.CSTNode) -> cst.CSTNode:
        call = cst.ensure_type(node, cst.Call)
        return call.with_changes(
            args=[call.args[0].with_changes(value=cst.Lambda(cst.Parameters(), call.args[0].value))]
        )

    return failure.changed({found[0]: make})


STEPS = (
    FailedStep(
        "repair:render_fade",
        frozenset({"TypeError"}),
        re.compile(r"^(?P<name>[A-Z]\w{0,60}) only works for (?:VMobjects|vectorized Mobjects)"),
        not_drawable,
    ),
    FailedStep(
        "repair:render_animate",
        frozenset({"TypeError"}),
        re.compile(
            r"^Unexpected argument [\s\S]{0,2000} passed to Scene\.play"
            r"|^Object [\s\S]{0,2000} cannot be converted to an animation"
        ),
        unplayable,
    ),
    FailedStep(
        "repair:render_wait",
        frozenset({"ValueError"}),
        re.compile(r"^Called Scene\.play with no animations"),
        nothing_played,
    ),
    FailedStep(
        "repair:render_wait",
        frozenset({"ValueError"}),
        re.compile(r"^At least one mobject must be passed"),
        nothing_faded,
    ),
    FailedStep(
        "repair:render_frame",
        frozenset({"ValueError"}),
        re.compile(
            r" has a (?:total )?(?:run_time|duration) of -?[\d.e-]{1,20} <= 0 seconds which Manim cannot render"
        ),
        no_time,
    ),
    FailedStep("repair:render_rate", frozenset({"TypeError"}), re.compile(r"^'str' object is not callable"), rate_text),
    FailedStep(
        "repair:render_redraw",
        frozenset({"TypeError"}),
        re.compile(r"^'[A-Z]\w{0,60}' object is not callable"),
        redrawn,
    ),
)
"""For `from_error`."""
