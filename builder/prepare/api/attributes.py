"""Looks at each attribute that a known value is asked for: what it is, or that it is not there."""

import ast
from dataclasses import replace

from builder.prepare.api.calls import own_signature
from builder.prepare.api.imports import module_names
from builder.prepare.api.known import ManimClass, known
from builder.prepare.api.problem import Finding
from builder.prepare.api.scopes import OwnClass
from builder.prepare.api.values import Value, instance, join, of_star

PLAIN_NAMES = {kind.__name__: frozenset(dir(kind)) for kind in (list, dict, tuple, str, set, int, float, type(None))}
_RENDERED = frozenset({"camera", "renderer", "camera_class"})
_BUILDER_NAMES = frozenset({"mobject", "methods", "anim_args", "build", "overridden_animation", "is_chaining"})
_DIALECT = frozenset("embed fix_in_frame unfix_from_frame set_backstroke checkpoint_paste is_fixed_in_frame".split())
"""Attributes that ManimGL has and Manim Community has not."""
_MAX_CLASSES = 50
"""Classes of a program through which an attribute is looked for."""
_MAX_THROUGH = 20
"""Attributes of `self`, one had of the other, that are believed."""
_MAX_FINDINGS = 500


class Attributes:
    """Findings at attributes, and what they depend on."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.mentioned: set[str] = set()
        self.attributes_set: set[str] = set()
        self.any_attribute = False
        """Whether attributes are set by names that nobody knows."""
        self.mixed: set[str] = set()
        """Attributes of `self` that stand for different things."""
        self.own_names: dict[str, int] = {}
        """Names in the bodies of the program's classes, in how many: what is not of an exact class may have them."""
        self.mixins = False
        """Whether a class of the program has several bases, so that `super()` may be a class beside."""
        self.own_classes: dict[ast.AST, OwnClass] = {}
        self.results: dict[ast.AST, Value | None] = {}

    def find(self, finding: Finding) -> None:
        """Note a finding; a program with hundreds needs no more."""
        if len(self.findings) < _MAX_FINDINGS:
            self.findings.append(finding)

    def set_attribute(self, owner: Value | None, name: str, value: Value | None) -> None:
        """`owner.name = value` was read."""
        self.attributes_set.add(name)
        if owner is None or owner.kind != "own_instance" or owner.node is None:
            self.mixed.add(name)
            return
        attributes = self.own_classes[owner.node].attributes
        if name not in attributes:
            attributes[name] = value
        elif attributes[name] != value:
            joined = join(attributes[name], value)
            if joined is None:
                self.mixed.add(name)
            attributes[name] = joined

    def attribute(self, value: Value, node: ast.Attribute) -> Value | None:
        """What `value.name` is; finds a name that is not there."""
        name = node.attr
        if name.startswith("__") and value.kind != "own_super":
            return None
        if value.kind in ("instance", "animate"):
            cls = known().manim_class(value.name)
            return None if cls is None else self._of_instance(cls, value, node)
        if value.kind == "module":
            return self._of_module(value, node)
        if value.kind in ("own_instance", "own_super"):
            return self._of_own(value, node)
        if value.kind == "own_class" and value.node is not None:
            found = self.own_classes[value.node].names.get(name)
            return found if found is not None and found.kind != "own_function" else None
        if value.kind == "array" and name not in known().arrays:
            self._lacks(node, "an array", value, known().arrays)
        elif value.kind == "plain" and value.name in PLAIN_NAMES and name not in PLAIN_NAMES[value.name]:
            self._lacks(node, "None" if value.name == "NoneType" else value.name, value, PLAIN_NAMES[value.name])
        return None

    def _of_instance(self, cls: ManimClass, value: Value, node: ast.Attribute) -> Value | None:
        name = node.attr
        if value.kind == "animate" and name in _BUILDER_NAMES:
            return None
        if not value.exact and name in self.own_names:
            return None
        mobject = cls.is_a("Mobject")
        if name == "animate" and mobject:
            return replace(value, kind="animate")
        signature = cls.method(name)
        if signature is not None:
            return Value("method", f"{cls.name}.{name}", value.exact, signature, value, through=value.through)
        if name in ("camera", "renderer") and cls.is_a("Scene"):
            return self._camera(cls) if name == "camera" else instance("CairoRenderer", through=_RENDERED)
        names = cls.attributes if value.exact else cls.attributes_below
        if name in names or cls.open or name in known().loose:
            return None
        if mobject and name.startswith(("get_", "set_")):
            return Value(
                "getter" if name[0] == "g" else "setter", name, value.exact, None, value, through=value.through
            )
        self._lacks(node, cls.name, value, names)
        return None

    def _camera(self, cls: ManimClass) -> Value | None:
        name = next((found.camera for base in cls.bases if (found := known().manim_class(base)) and found.camera), "")
        return instance(name, through=_RENDERED)

    def _of_module(self, value: Value, node: ast.Attribute) -> Value | None:
        names = module_names(value.name)
        full = f"{value.name}.{node.attr}"
        if names is None or full in known().modules or full in known().unread:
            return Value("module", full) if full in known().modules else None
        if node.attr not in names:
            text = f"{value.name} has no {node.attr}"
            self.find(Finding(node, "unknown_name", node.attr, text, value.name, names, unless_set=node.attr))
            return None
        if value.name == "numpy" and node.attr in ("array", "asarray"):
            return Value("function", "numpy.array")
        if value.name.partition(".")[0] != "manim":
            return None
        return of_star(node.attr) or (Value("class", node.attr) if known().manim_class(node.attr) else None)

    def _of_own(self, value: Value, node: ast.Attribute) -> Value | None:
        """An attribute of an instance of one of the program's classes, or of `super()` in one."""
        name = node.attr
        assert value.node is not None
        bases, complete = self.lineage(value.node)
        above = bases[1:] if value.kind == "own_super" else bases
        for base in above:
            if isinstance(base, OwnClass):
                if name in base.names:
                    return self._own_member(base, name, value)
                if name in base.attributes:
                    found = base.attributes[name]
                    if found is None or len(found.through) > _MAX_THROUGH:
                        return None
                    return replace(found, through=found.through | {name})
        if name in self.own_names and (self.mixins if value.kind == "own_super" else not value.exact):
            return None  # a class below, or beside, may have it
        manim = [base for base in above if isinstance(base, ManimClass)]
        if not complete or (not manim and not all(isinstance(base, OwnClass) for base in bases)):
            return None
        if not manim:
            if value.kind == "own_instance" and name not in dir(object):
                self._lacks(node, value.name, value, frozenset())
            return None
        cls = manim[0]
        if len(manim) > 1 and (name == "__init__" or any(_may_have(other, name) for other in manim)):
            return None  # Manim's classes side by side: anything that one of them has is there
        if name == "__init__":
            return Value("method", cls.name, False, cls.init, value) if value.kind == "own_super" else None
        found = self._of_instance(cls, Value("instance", cls.name, True, node=value.node), node)
        return self._as_own(found, value)

    def _as_own(self, found: Value | None, value: Value) -> Value | None:
        """What was found on the class of Manim, as belonging to the program's own."""
        if found is None or found.kind == "instance":
            return found
        if found.kind == "animate":
            return None
        if value.kind == "own_super":
            value = replace(value, kind="own_instance", exact=False)
        return replace(found, receiver=value, through=value.through, exact=found.exact)

    def _own_member(self, owner: OwnClass, name: str, value: Value) -> Value | None:
        member = owner.names[name]
        if member is None or member.kind != "own_function" or isinstance(member.node, ast.Lambda):
            return None
        node = member.node
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        kinds = {getattr(decorator, "id", "") for decorator in node.decorator_list}
        if node.decorator_list and not kinds <= {"staticmethod", "classmethod"}:
            return None
        if not value.exact and self.own_names.get(name, 0) > 1:
            return None  # `self` may be of a class below, that has its own
        signature = own_signature(node, bound="staticmethod" not in kinds)
        return Value("own_method", f"{owner.node.name}.{name}", True, signature, value, node, through=value.through)

    def lineage(self, node: ast.AST) -> tuple[list[OwnClass | ManimClass], bool]:
        """A class of the program and all it inherits from, in order; whether nothing is left in the dark."""
        found: list[OwnClass | ManimClass] = []
        complete = True
        waiting = [self.own_classes[node]]
        while waiting and len(found) < _MAX_CLASSES:
            own = waiting.pop(0)
            if own in found:
                continue
            found.append(own)
            complete = complete and not own.node.keywords and "__getattr__" not in own.names
            for base in own.bases:
                if base is not None and base.kind == "own_class" and base.node is not None:
                    waiting.append(self.own_classes[base.node])
                elif base is not None and base.kind == "class" and (cls := known().manim_class(base.name)):
                    found.append(cls)
                else:
                    complete = False
        return found, complete and not waiting

    def _lacks(self, node: ast.Attribute, owner: str, value: Value, names: frozenset[str]) -> None:
        name = node.attr
        text = f"{owner} has no {name}"
        reason = "manimgl_dialect" if name in _DIALECT or self._is_configured(value, name) else "unknown_name"
        self.find(Finding(node, reason, name, text, owner, names, unless_set=name, through=value.through))

    def _is_configured(self, value: Value, name: str) -> bool:
        """Whether a class of the program has a name in its `CONFIG`, which Manim Community does not read."""
        if value.node is None:
            return False
        return any(isinstance(base, OwnClass) and name in base.config for base in self.lineage(value.node)[0])


def _may_have(cls: ManimClass, name: str) -> bool:
    return name in cls.attributes or cls.is_a("Mobject")
