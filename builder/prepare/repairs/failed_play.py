"""Groups that took something else, and scenes that were given to play what is no animation."""

import ast
import re

import libcst as cst

from builder.prepare.api.known import known
from builder.prepare.repairs.failure import FailedStep, Failure, Make, text_of
from builder.prepare.repairs.program import called, keyword, positional, renamed, with_args

_GROUP = "VGroup"


def not_a_vmobject(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`VGroup` as `Group` where a picture or a plain group goes in, and as `AnimationGroup` or a list for animations.

    The group is made on the line, or it is what the line adds to, if one name stands for it.
    """
    cls = known().manim_class(match["type"])
    if failure.is_own(match["type"]):
        cls = failure.manim_class(match["type"])
    if cls is None:
        return None
    if cls.is_a("Animation"):
        return _animation_groups(failure) or _list_of_animations(failure)
    if not cls.is_a("Mobject") or cls.is_a("VMobject"):
        return None
    made = failure.calls(lambda call: called(call) == _GROUP) or _made(failure, _added_to(failure))
    return failure.changed({call: _as("Group") for call in made})


def _as(name: str) -> Make:
    def make(node: cst.CSTNode) -> cst.CSTNode:
        call = cst.ensure_type(node, cst.Call)
        return call.with_changes(func=renamed(call.func, name))

    return make


def _added_to(failure: Failure) -> str:
    """What the one `.add(…)` on the line adds to: `self.squares` or `squares`; or nothing."""
    found = failure.calls(lambda call: called(call) == "add" and isinstance(call.func, cst.Attribute))
    owners = {text_of(cst.ensure_type(call.func, cst.Attribute).value) for call in found} - {"self"}
    owner = owners.pop() if len(owners) == 1 else ""
    return owner if re.fullmatch(r"(?:self\.)?[^\W\d]\w*", owner) else ""


def _made(failure: Failure, name: str) -> list[cst.Call]:
    """The calls of `VGroup` that begin what is assigned to a name; all that is assigned to it must begin so."""
    values = [node.value for node in failure.nodes(cst.Assign) if any(text_of(t.target) == name for t in node.targets)]
    roots = [_root(value) for value in values] if name else []
    groups = [root for root in roots if root is not None and called(root) == _GROUP]
    return groups if len(groups) == len(roots) else []


def _root(node: cst.BaseExpression) -> cst.Call | None:
    """The call at the root of a chain: `VGroup()` in `VGroup().shift(UP)`."""
    while isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value[:1].islower():
        node = node.func.value
    return node if isinstance(node, cst.Call) else None


def _animation_groups(failure: Failure) -> cst.Module | None:
    """`VGroup(Create(a), Create(b))`, if the line has no other and calls no method of it."""
    made = failure.calls(lambda call: called(call) == _GROUP)
    chained = {node.value for node in failure.nodes(cst.Attribute)}
    if len(made) != 1 or made[0] in chained or any(arg.keyword is not None for arg in made[0].args):
        return None
    return failure.changed({made[0]: _as("AnimationGroup")})


def _list_of_animations(failure: Failure) -> cst.Module | None:
    """`moves = VGroup()`, filled by `moves.add(…)` and used as `*moves` alone, as a list that is appended to."""
    name = _added_to(failure)
    made = _made(failure, name)
    if len(made) != 1 or made[0].args or not name.isidentifier():
        return None
    adds = [node for node in failure.nodes(cst.Call) if text_of(node.func) == f"{name}.add"]
    uses = [node for node in ast.walk(failure.program.tree) if isinstance(node, ast.Name) and node.id == name]
    stars = [node for node in failure.nodes(cst.Arg) if node.star == "*" and text_of(node.value) == name]
    single = all(len(call.args) == 1 and not call.args[0].star for call in adds)
    if not single or len(uses) != len(adds) + len(stars) + 1:
        return None
    makes: dict[cst.CSTNode, Make] = {made[0]: lambda _: cst.List([])}
    return failure.changed(makes | dict.fromkeys(adds, _as("append")))


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
    return failure.changed({call: _as(_SHOWN[name])})


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


def grown_group(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`GrowArrow(arrows)` as `AnimationGroup(*[GrowArrow(arrow) for arrow in arrows])`, of a group of arrows."""
    del match
    found = failure.calls(lambda call: called(call) == "GrowArrow")
    if len(found) != 1 or failure.is_own("GrowArrow") or re.search(r"\barrow\b", text_of(found[0])):
        return None
    plain = positional(found[0])
    if not plain or len(plain) != 1 or not isinstance(plain[0].value, cst.Name | cst.Attribute):
        return None

    def make(node: cst.CSTNode) -> cst.CSTNode:
        call = cst.ensure_type(node, cst.Call)
        each = text_of(with_args(call, [cst.Arg(cst.Name("arrow")), *call.args[1:]]))
        return cst.parse_expression(f"AnimationGroup(*[{each} for arrow in {text_of(call.args[0].value)}])")

    return failure.changed({found[0]: make})


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
        "repair:render_group",
        frozenset({"TypeError"}),
        re.compile(
            r"can be added as submobjects of VGroup, but the value [\s\S]{0,2000} is of type (?P<type>[A-Z]\w{0,60})\."
        ),
        not_a_vmobject,
    ),
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
        "repair:render_grow_each",
        frozenset({"ValueError"}),
        re.compile(r"^Cannot call VGroup\.get_start because VGroup\((?:Arrow|Vector)\b"),
        grown_group,
    ),
    FailedStep(
        "repair:render_frame",
        frozenset({"ValueError"}),
        re.compile(r" has a (?:run_time|duration) of -?[\d.e-]{1,20} <= 0 seconds which Manim cannot render"),
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
