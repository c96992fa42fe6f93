"""Groups and lists: what a group takes, what takes one object alone, and lists where Manim wants objects."""

import ast
import re

import libcst as cst

from builder.prepare.api.known import known
from builder.prepare.repairs.failure import FailedStep, Failure, Make, as_called, text_of
from builder.prepare.repairs.program import called, positional, with_args

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
    return failure.changed({call: as_called("Group") for call in made})


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
    return failure.changed({made[0]: as_called("AnimationGroup")})


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
    return failure.changed(makes | dict.fromkeys(adds, as_called("append")))


_ONE_EACH = frozenset(
    """
    Create Uncreate Write Unwrite DrawBorderThenFill GrowFromCenter SpinInFromNothing ShrinkToCenter Indicate
    ShowPassingFlash Wiggle Circumscribe GrowArrow
    """.split()
)


def too_many(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`Create(a, b, c, d)` as `AnimationGroup(Create(a), Create(b), …)`: such an animation takes one object.

    The arguments must be names, items and calls, nothing that could be a number or a function.
    """
    name = match["name"]
    if name not in _ONE_EACH or failure.is_own(name) or failure.is_own("AnimationGroup"):
        return None
    makes: dict[cst.CSTNode, Make] = {}
    for call in failure.calls(lambda call: called(call) == name):
        plain = positional(call)
        if not isinstance(call.func, cst.Name) or not plain or not all(_is_object(arg.value) for arg in plain[1:]):
            return None
        makes[call] = _one_each
    return failure.changed(makes)


def _is_object(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Call):
        return isinstance(node.func, cst.Attribute) or called(node)[:1].isupper()
    return isinstance(node, cst.Name | cst.Attribute | cst.Subscript) and text_of(node) not in known().star


def _one_each(node: cst.CSTNode) -> cst.CSTNode:
    call = cst.ensure_type(node, cst.Call)
    options = [arg for arg in call.args if arg.keyword is not None]
    plain = [arg for arg in call.args if arg.keyword is None]
    each = [with_args(call, [arg, *options]) for arg in plain]
    return cst.Call(cst.Name("AnimationGroup"), [cst.Arg(item) for item in each])


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


_OF_LISTS = frozenset({"add", "remove", "insert", "copy", "sort", "update", "reverse"})
"""Methods of Manim's groups that mean another thing for a list, or would be lost on a group made for one call."""


def list_as_group(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`dots.shift(UP)` of a list as `VGroup(*dots).shift(UP)`: the objects in it are moved, wherever else they are."""
    name = match["name"]
    mobject = known().manim_class("VMobject")
    found = failure.attributes(name)
    if mobject is None or name not in mobject.attributes or name in _OF_LISTS or len(found) != 1:
        return None
    if failure.is_own("VGroup"):
        return None

    def make(node: cst.CSTNode) -> cst.CSTNode:
        attribute = cst.ensure_type(node, cst.Attribute)
        group = cst.Call(cst.Name("VGroup"), [cst.Arg(attribute.value, star="*")])
        return attribute.with_changes(value=group)

    return failure.changed({found[0]: make})


_FADES = frozenset({"FadeIn", "FadeOut"})


def list_given(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`FadeIn(dots)` of a list as `FadeIn(*dots)`, `Create(dots)` as `Create(VGroup(*dots))`; `self.add(dots)` too.

    Only of what is surely a list: a literal, or a name that is set to one once.
    """
    del match
    makes: dict[cst.CSTNode, Make] = {}
    for call in failure.calls():
        name = called(call)
        cls = failure.manim_class(name)
        adds = text_of(call.func) in ("self.add", "self.remove")
        if not adds and (cls is None or not cls.is_a("Animation") or failure.is_own(name)):
            continue
        for arg in call.args:
            if arg.keyword is None and not arg.star and _is_list(failure, arg.value):
                makes[arg] = _starred if adds or name in _FADES else _grouped
    return failure.changed(makes)


def _is_list(failure: Failure, node: cst.BaseExpression) -> bool:
    value = failure.value_of(text_of(node)) if isinstance(node, cst.Name | cst.Attribute) else node
    return isinstance(value, cst.List | cst.ListComp)


def _starred(node: cst.CSTNode) -> cst.CSTNode:
    return cst.ensure_type(node, cst.Arg).with_changes(star="*")


def _grouped(node: cst.CSTNode) -> cst.CSTNode:
    arg = cst.ensure_type(node, cst.Arg)
    return arg.with_changes(value=cst.Call(cst.Name("VGroup"), [cst.Arg(arg.value, star="*")]))


def two_of_one(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """`Create(a, b)` as `AnimationGroup(Create(a), Create(b))`, where `b` was taken for a number or a rate."""
    cls = failure.manim_class(match["type"])
    around = failure.statement()
    if cls is None or not cls.is_a("Mobject") or around is None or failure.is_own("AnimationGroup"):
        return None
    found = [
        call
        for call in failure.nodes(cst.Call)
        if called(call) in _ONE_EACH and isinstance(call.func, cst.Name) and failure.inside(around, call)
    ]
    found = [call for call in found if (plain := positional(call)) and len(plain) > 1]
    objects = [all(_is_object(arg.value) for arg in call.args if arg.keyword is None) for call in found]
    own = any(failure.is_own(called(call)) for call in found)
    return failure.changed(dict.fromkeys(found, _one_each)) if all(objects) and not own else None


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
        "repair:render_one_each",
        frozenset({"TypeError"}),
        re.compile(r"^(?P<name>[A-Z]\w{0,40})\.__init__\(\) takes (?:from \d+ to )?\d+ positional arguments? but"),
        too_many,
    ),
    FailedStep(
        "repair:render_grow_each",
        frozenset({"ValueError"}),
        re.compile(r"^Cannot call VGroup\.get_start because VGroup\((?:Arrow|Vector)\b"),
        grown_group,
    ),
    FailedStep(
        "repair:render_list_group",
        frozenset({"AttributeError"}),
        re.compile(r"^'(?:list|tuple)' object has no attribute '(?P<name>[^\W\d]\w{0,60})'"),
        list_as_group,
    ),
    FailedStep(
        "repair:render_unpacked",
        frozenset({"TypeError", "AttributeError"}),
        re.compile(
            r"^(?:\w{1,60} only works for VMobjects|Animation only works on Mobjects"
            r"|'list' object has no attribute '_iter_family')"
        ),
        list_given,
    ),
    FailedStep(
        "repair:render_one_each",
        frozenset({"TypeError"}),
        re.compile(r"^unsupported operand type\(s\) for \*: '(?:int|float)' and '(?P<type>[A-Z]\w{0,60})'"),
        two_of_one,
    ),
    FailedStep(
        "repair:render_one_each",
        frozenset({"TypeError"}),
        re.compile(r"^'(?P<type>[A-Z]\w{0,60})' object is not callable"),
        two_of_one,
    ),
)
"""For `from_error`."""
