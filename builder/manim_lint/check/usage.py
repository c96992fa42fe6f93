"""Looks at each attribute of a known value: what it is, and whether it is there at all."""

import ast
from dataclasses import replace

from builder.manim_lint.check.names import module_names
from builder.manim_lint.check.reading import Finding, Reading
from builder.manim_lint.check.values import OwnClass, Value, instance, of_star
from builder.manim_lint.release.model import ManimClass, Signature, known

PLAIN_NAMES = {kind.__name__: frozenset(dir(kind)) for kind in (list, dict, tuple, str, set, int, float, type(None))}
_RENDERED = frozenset({"camera", "renderer", "camera_class"})
_BUILDER_NAMES = frozenset({"mobject", "methods", "anim_args", "build", "overridden_animation", "is_chaining"})
_DIALECT = frozenset("embed fix_in_frame unfix_from_frame set_backstroke checkpoint_paste is_fixed_in_frame".split())
"""Attributes that ManimGL has and Manim Community has not."""
_MAX_THROUGH = 20
"""Attributes of `self`, one had of the other, that are believed."""


def attribute_of(reading: Reading, value: Value, node: ast.Attribute) -> Value | None:
    """What `value.name` is; finds a name that is not there."""
    name = node.attr
    if name.startswith("__") and value.kind != "own_super":
        return None
    if value.kind in ("instance", "animate"):
        cls = known().manim_class(value.name)
        return None if cls is None else _of_instance(reading, cls, value, node)
    if value.kind == "module":
        return _of_module(reading, value, node)
    if value.kind in ("own_instance", "own_super"):
        return _of_own(reading, value, node)
    if value.kind == "own_class" and value.node is not None:
        found = reading.own_classes[value.node].names.get(name)
        return found if found is not None and found.kind != "own_function" else None
    if value.kind == "array" and name not in known().arrays:
        _lacks(reading, node, "an array", value, known().arrays)
    elif value.kind == "plain" and value.name in PLAIN_NAMES and name not in PLAIN_NAMES[value.name]:
        _lacks(reading, node, "None" if value.name == "NoneType" else value.name, value, PLAIN_NAMES[value.name])
    return None


def _of_instance(reading: Reading, cls: ManimClass, value: Value, node: ast.Attribute) -> Value | None:
    name = node.attr
    if value.kind == "animate" and name in _BUILDER_NAMES:
        return None
    if not value.exact and name in reading.own_names:
        return None
    mobject = cls.is_a("Mobject")
    if name == "animate" and mobject:
        return replace(value, kind="animate")
    signature = cls.method(name)
    if signature is not None:
        return Value("method", f"{cls.name}.{name}", value.exact, signature, value, through=value.through)
    if name in ("camera", "renderer") and cls.is_a("Scene"):
        return _camera(cls) if name == "camera" else instance("CairoRenderer", through=_RENDERED)
    names = cls.attributes if value.exact else cls.attributes_below
    if name in names or cls.open or name in known().loose:
        return None
    if mobject and name.startswith(("get_", "set_")):
        return Value("getter" if name[0] == "g" else "setter", name, value.exact, None, value, through=value.through)
    _lacks(reading, node, cls.name, value, names)
    return None


def _camera(cls: ManimClass) -> Value | None:
    name = next((found.camera for base in cls.bases if (found := known().manim_class(base)) and found.camera), "")
    return instance(name, through=_RENDERED)


def _of_module(reading: Reading, value: Value, node: ast.Attribute) -> Value | None:
    names = module_names(value.name)
    full = f"{value.name}.{node.attr}"
    if names is None or full in known().modules or full in known().unread:
        return Value("module", full) if full in known().modules else None
    if node.attr not in names:
        text = f"{value.name} has no {node.attr}"
        reading.find(Finding(node, "unknown_name", node.attr, text, value.name, names, unless_set=node.attr))
        return None
    if value.name == "numpy" and node.attr in ("array", "asarray"):
        return Value("function", "numpy.array")
    if value.name.partition(".")[0] != "manim":
        return None
    return of_star(node.attr) or (Value("class", node.attr) if known().manim_class(node.attr) else None)


def _of_own(reading: Reading, value: Value, node: ast.Attribute) -> Value | None:
    """An attribute of an instance of one of the program's classes, or of `super()` in one."""
    name = node.attr
    assert value.node is not None
    bases, complete = reading.lineage(value.node)
    above = bases[1:] if value.kind == "own_super" else bases
    for base in above:
        if isinstance(base, OwnClass):
            if name in base.names:
                return _own_member(reading, base, name, value)
            if name in base.attributes:
                found = base.attributes[name]
                if found is None or len(found.through) > _MAX_THROUGH:
                    return None
                return replace(found, through=found.through | {name})
    if name in reading.own_names and (reading.mixins if value.kind == "own_super" else not value.exact):
        return None  # a class below, or beside, may have it
    manim = [base for base in above if isinstance(base, ManimClass)]
    if not complete or (not manim and not all(isinstance(base, OwnClass) for base in bases)):
        return None
    if not manim:
        if value.kind == "own_instance" and name not in dir(object):
            _lacks(reading, node, value.name, value, frozenset())
        return None
    cls = manim[0]
    if len(manim) > 1 and (
        name == "__init__" or any(name in other.attributes or other.is_a("Mobject") for other in manim)
    ):
        return None  # Manim's classes side by side: anything that one of them has is there
    if name == "__init__":
        return Value("method", cls.name, False, cls.init, value) if value.kind == "own_super" else None
    found = _of_instance(reading, cls, Value("instance", cls.name, True, node=value.node), node)
    return _as_own(found, value)


def _as_own(found: Value | None, value: Value) -> Value | None:
    """What was found on the class of Manim, as belonging to the program's own."""
    if found is None or found.kind == "instance":
        return found
    if found.kind == "animate":
        return None
    if value.kind == "own_super":
        value = replace(value, kind="own_instance", exact=False)
    return replace(found, receiver=value, through=value.through, exact=found.exact)


def _own_member(reading: Reading, owner: OwnClass, name: str, value: Value) -> Value | None:
    member = owner.names[name]
    if member is None or member.kind != "own_function" or isinstance(member.node, ast.Lambda):
        return None
    node = member.node
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    kinds = {getattr(decorator, "id", "") for decorator in node.decorator_list}
    if node.decorator_list and not kinds <= {"staticmethod", "classmethod"}:
        return None
    if not value.exact and reading.own_names.get(name, 0) > 1:
        return None  # `self` may be of a class below, that has its own
    signature = own_signature(node, bound="staticmethod" not in kinds)
    return Value("own_method", f"{owner.node.name}.{name}", True, signature, value, node, through=value.through)


def _lacks(reading: Reading, node: ast.Attribute, owner: str, value: Value, names: frozenset[str]) -> None:
    name = node.attr
    text = f"{owner} has no {name}"
    reason = "manimgl_dialect" if name in _DIALECT or _is_configured(reading, value, name) else "unknown_name"
    reading.find(Finding(node, reason, name, text, owner, names, unless_set=name, through=value.through))


def _is_configured(reading: Reading, value: Value, name: str) -> bool:
    """Whether a class of the program has a name in its `CONFIG`, which Manim Community does not read."""
    if value.node is None:
        return False
    return any(isinstance(base, OwnClass) and name in base.config for base in reading.lineage(value.node)[0])


def own_signature(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, *, bound: bool) -> Signature:
    """The signature of a function of the program; `bound` takes `self` off."""
    arguments = node.args
    positional = [item.arg for item in (*arguments.posonlyargs, *arguments.args)]
    needed = len(positional) - len(arguments.defaults)
    skipped = int(bound and bool(positional))
    return Signature(
        positional=tuple(positional[skipped:]),
        needed=max(needed - skipped, 0),
        rest=arguments.vararg is not None or (bound and not positional),
        keywords=frozenset((*positional[skipped:], *(item.arg for item in arguments.kwonlyargs))),
        needed_keywords=tuple(
            item.arg
            for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if default is None
        ),
        open=arguments.kwarg is not None,
        returns="",
    )
