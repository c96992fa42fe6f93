"""Looks at each use of a known value: an attribute asked for, a call made. Finds what is sure to fail."""

import ast
from dataclasses import replace

from builder.prepare.api.calls import misfit, own_signature
from builder.prepare.api.imports import module_names
from builder.prepare.api.known import ManimClass, Signature, known
from builder.prepare.api.problem import Finding
from builder.prepare.api.scopes import OwnClass
from builder.prepare.api.special import WRITES, special_findings
from builder.prepare.api.suggest import nearest
from builder.prepare.api.values import Value, instance, join, of_star, returned

_PLAIN_NAMES = {kind.__name__: frozenset(dir(kind)) for kind in (list, dict, tuple, str, set, int, float, type(None))}
_BUILDER_NAMES = frozenset({"mobject", "methods", "anim_args", "build", "overridden_animation", "is_chaining"})
_WRITERS = frozenset(
    "write_text write_bytes writelines save savefig urlretrieve mkstemp NamedTemporaryFile system run imwrite".split()
)
_MAX_CLASSES = 50
"""Classes of a program through which an attribute is looked for."""
_MAX_FINDINGS = 500


class Uses:
    """Findings at uses, and what they depend on."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.mentioned: set[str] = set()
        self.attributes_set: set[str] = set()
        self.any_attribute = False
        """Whether attributes are set by names that nobody knows."""
        self.mixed: set[str] = set()
        """Attributes of `self` that stand for different things."""
        self.own_classes: dict[ast.AST, OwnClass] = {}
        self.results: dict[ast.AST, Value | None] = {}

    def find(self, finding: Finding) -> None:
        """Note a finding; a program with hundreds needs no more."""
        if len(self.findings) < _MAX_FINDINGS:
            self.findings.append(finding)

    # attributes

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
        elif value.kind == "plain" and value.name in _PLAIN_NAMES and name not in _PLAIN_NAMES[value.name]:
            self._lacks(node, "None" if value.name == "NoneType" else value.name, value, _PLAIN_NAMES[value.name])
        return None

    def _of_instance(self, cls: ManimClass, value: Value, node: ast.Attribute) -> Value | None:
        name = node.attr
        if value.kind == "animate" and name in _BUILDER_NAMES:
            return None
        mobject = cls.is_a("Mobject")
        if name == "animate" and mobject:
            return replace(value, kind="animate")
        signature = cls.method(name)
        if signature is not None:
            return Value("method", f"{cls.name}.{name}", value.exact, signature, value, through=value.through)
        if name == "camera" and cls.is_a("Scene"):
            return self._camera(cls)
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
        return instance(name, through=frozenset({"camera", "renderer", "camera_class"}))

    def _of_module(self, value: Value, node: ast.Attribute) -> Value | None:
        names = module_names(value.name)
        full = f"{value.name}.{node.attr}"
        if names is None or full in known().modules:
            return Value("module", full) if full in known().modules else None
        if node.attr not in names:
            meant = nearest(node.attr, names)
            text = f"{value.name}.{node.attr}" + (f"; did you mean {meant}?" if meant else "")
            self.find(Finding(node, "unknown_name", node.attr, text, value.name, unless_set=node.attr))
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
        bases, complete = self._lineage(value.node)
        above = bases[1:] if value.kind == "own_super" else bases
        for base in above:
            if isinstance(base, OwnClass):
                if name in base.names:
                    return self._own_member(base, name, value)
                if name in base.attributes:
                    found = base.attributes[name]
                    return None if found is None else replace(found, through=found.through | {name})
        manim = [base for base in above if isinstance(base, ManimClass)]
        if not complete or (not manim and not all(isinstance(base, OwnClass) for base in bases)):
            return None
        if not manim:
            if value.kind == "own_instance" and name not in dir(object):
                self._lacks(node, value.name, value, frozenset())
            return None
        cls = manim[0]
        if len(manim) > 1:  # Manim's classes side by side: anything that one of them has is there
            if any(name in other.attributes or other.is_a("Mobject") for other in manim) or name == "__init__":
                return None
            cls = manim[0]
        if name == "__init__":
            return Value("method", cls.name, False, cls.init, value) if value.kind == "own_super" else None
        found = self._of_instance(cls, Value("instance", cls.name, True), node)
        return self._as_own(found, value, cls)

    def _as_own(self, found: Value | None, value: Value, cls: ManimClass) -> Value | None:
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
        signature = own_signature(node, bound="staticmethod" not in kinds)
        return Value("own_method", f"{owner.node.name}.{name}", True, signature, value, node, through=value.through)

    def _lineage(self, node: ast.AST) -> tuple[list[OwnClass | ManimClass], bool]:
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
        meant = nearest(name, names)
        text = f"{owner} has no {name}" + (f"; did you mean {meant}?" if meant else "")
        self.find(Finding(node, "unknown_name", name, text, owner, unless_set=name, through=value.through))

    # calls

    def call(
        self, node: ast.Call, function: Value | None, arguments: list[Value | None], named: dict[str, Value | None]
    ) -> Value | None:
        """What a call gives; finds arguments that do not fit."""
        self._attributes_by_name(node, arguments)
        for finding in special_findings(node, function, arguments, named):
            self.find(finding)
        if function is None:
            return None
        match function.kind:
            case "class":
                cls = known().manim_class(function.name)
                if cls is None:
                    return None
                if cls.is_a("Animation") and function.name in known().overridden:
                    return instance(cls.name)
                self._check(node, cls.init, cls.name, function)
                return instance(cls.name)
            case "function" if function.name == "numpy.array":
                return Value("array", "ndarray", parts=arguments[0].parts if arguments and arguments[0] else None)
            case "function":
                signature = known().function(function.name)
                if signature is None:
                    return None
                self._check(node, signature, function.name, function)
                return returned(signature, None)
            case "method":
                return self._call_method(node, function)
            case "getter" | "setter":
                return self._call_magic(node, function)
            case "animate":
                return function
            case "own_class":
                return self._make_own(node, function)
            case "own_function" if isinstance(function.node, ast.FunctionDef | ast.Lambda):
                if not getattr(function.node, "decorator_list", None):
                    self._check(node, own_signature(function.node, bound=False), function.name, function)
                    return self.results.get(function.node)
            case "own_method" if function.signature is not None and function.node is not None:
                self._check(node, function.signature, function.name, function)
                return self.results.get(function.node)
        return None

    def _attributes_by_name(self, node: ast.Call, arguments: list[Value | None]) -> None:
        """`setattr(x, "name", …)` and `hasattr(x, "name")`: the name may be there."""
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in _WRITERS:
            self.attributes_set.add(WRITES)
        elif called == "open" and len(node.args) + len(node.keywords) > 1:
            mode = node.args[1] if len(node.args) > 1 else node.keywords[0].value
            if not (isinstance(mode, ast.Constant) and str(mode.value).startswith("r")):
                self.attributes_set.add(WRITES)
        if isinstance(node.func, ast.Name) and node.func.id in ("setattr", "hasattr") and len(arguments) > 1:
            name = arguments[1].text if arguments[1] is not None else None
            if name is not None:
                self.attributes_set.add(name)
            elif node.func.id == "setattr":
                self.any_attribute = True

    def _check(self, node: ast.Call, signature: Signature, owner: str, function: Value) -> None:
        wrong = misfit(signature, node)
        if wrong is not None:
            text = f"{owner} {wrong.text}"
            if wrong.reason == "unknown_argument":
                meant = nearest(wrong.name, signature.keywords)
                text += f"; did you mean {meant}?" if meant else ""
            self.find(
                Finding(
                    wrong.node,
                    wrong.reason,
                    wrong.name or owner.rpartition(".")[2],
                    text,
                    owner,
                    through=function.through,
                )
            )

    def _call_method(self, node: ast.Call, function: Value) -> Value | None:
        signature, receiver = function.signature, function.receiver
        assert signature is not None
        owner, _, name = function.name.partition(".")
        if receiver is not None and not function.exact and name and receiver.kind != "own_instance":
            cls = known().manim_class(owner)
            below = cls.methods_below(name) if cls is not None else ()
            if any(misfit(other, node) is None for other in below):
                return returned(signature, receiver) if len(below) == 1 or signature.returns == "Self" else None
        self._check(node, signature, function.name, function)
        return returned(signature, receiver)

    def _call_magic(self, node: ast.Call, function: Value) -> Value | None:
        """`get_x` and `set_x` that are no methods: Manim takes them for `x`, asked for or set, and for nothing else."""
        receiver = function.receiver
        assert receiver is not None
        plain = len(node.args) + len(node.keywords)
        starred = any(isinstance(item, ast.Starred) for item in node.args) or any(k.arg is None for k in node.keywords)
        owner = receiver.name
        cls = known().manim_class(owner)
        names = cls.attributes if cls is not None else frozenset()
        wrong = (
            plain > 0
            if function.kind == "getter"
            else plain != 1 or (not node.args and node.keywords[0].arg != "value")
        )
        lacking = function.kind == "getter" and not plain and function.name[4:] not in names
        if cls is not None and lacking and not receiver.exact:
            lacking = function.name[4:] not in cls.attributes_below
        if receiver.kind == "own_instance" and lacking:
            lacking = False
        if (wrong and not starred) or lacking:
            meant = nearest(function.name, names)
            text = f"{owner} has no {function.name}" + (f"; did you mean {meant}?" if meant else "")
            unless = function.name[4:] if lacking and not wrong else function.name
            self.find(Finding(node.func, "unknown_name", function.name, text, owner, unless, function.through))
            return None
        return receiver if function.kind == "setter" else None

    def _make_own(self, node: ast.Call, function: Value) -> Value | None:
        assert function.node is not None
        bases, complete = self._lineage(function.node)
        for base in bases:
            if isinstance(base, OwnClass) and "__init__" in base.names:
                member = base.names["__init__"]
                if member is not None and isinstance(member.node, ast.FunctionDef) and not base.node.decorator_list:
                    self._check(node, own_signature(member.node, bound=True), function.name, function)
                break
            if isinstance(base, OwnClass) and ("__new__" in base.names or base.node.decorator_list):
                break
            if isinstance(base, ManimClass):
                if complete and sum(isinstance(other, ManimClass) for other in bases) == 1:
                    self._check(node, base.init, function.name, function)
                break
        return Value("own_instance", function.name, True, node=function.node)
