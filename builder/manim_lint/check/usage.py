"""Looks at each call and sum of known values. Finds what is sure to fail."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace

from builder.manim_lint.check.arguments import WRITES, special_findings
from builder.manim_lint.check.names import module_names
from builder.manim_lint.check.problem import Finding
from builder.manim_lint.check.values import OwnClass, Value, instance, join, of_star, returned
from builder.manim_lint.release.model import ManimClass, Signature, known


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a call does not fit: `unknown_argument` or `wrong_arity`, the keyword or nothing, words for a person."""

    reason: str
    name: str
    text: str
    node: ast.AST


def misfit(signature: Signature, call: ast.Call) -> Misfit | None:
    """The first thing in a call that surely raises `TypeError`; what `*` and `**` bring is trusted."""
    starred = any(isinstance(item, ast.Starred) for item in call.args)
    positional = len(call.args) - sum(isinstance(item, ast.Starred) for item in call.args)
    doubled = any(keyword.arg is None for keyword in call.keywords)
    given = [keyword for keyword in call.keywords if keyword.arg is not None]
    if positional > len(signature.positional) and not signature.rest:
        text = f"takes {_count(len(signature.positional))} by position, {positional} given"
        return Misfit("wrong_arity", "", text, call)
    filled = set(signature.positional[:positional])
    for keyword in given:
        assert keyword.arg is not None
        if keyword.arg in filled:
            return Misfit("wrong_arity", keyword.arg, f"is given {keyword.arg} twice", keyword.value)
        if not signature.open and keyword.arg not in signature.keywords:
            return Misfit("unknown_argument", keyword.arg, f"has no argument {keyword.arg}", keyword.value)
    if doubled:
        return None
    names = {keyword.arg for keyword in given}
    missing = [name for name in signature.needed_keywords if name not in names]
    if not starred:
        missing = [name for name in signature.positional[positional : signature.needed] if name not in names] + missing
    if missing:
        return Misfit("wrong_arity", missing[0], f"wants {', '.join(missing)}", call)
    return None


def _count(number: int) -> str:
    return "no argument" if number == 0 else "one argument" if number == 1 else f"{number} arguments"


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


_WRITERS = frozenset(
    "write_text write_bytes writelines save savefig urlretrieve mkstemp NamedTemporaryFile system run imwrite".split()
)


class Uses(Attributes):
    """Findings at calls."""

    def operation(self, node: ast.BinOp, left: Value, right: Value) -> None:
        """Finds arithmetic that is sure to fail: a fraction of a list, a text and a number."""
        kinds = (left.name, right.name)
        if left.kind != "plain" or right.kind != "plain":
            return
        wrong = isinstance(node.op, ast.Mult) and "float" in kinds and bool({"list", "tuple", "str"} & set(kinds))
        if isinstance(node.op, ast.Add):
            wrong = kinds[0] != kinds[1] and kinds[0] in ("str", "list", "tuple") and kinds[1] in PLAIN_NAMES
        if wrong:
            self.find(Finding(node, "bad_value", right.name, f"{left.name} and {right.name} do not go together"))

    def call(
        self, node: ast.Call, function: Value | None, arguments: list[Value | None], named: dict[str, Value | None]
    ) -> Value | None:
        """What a call gives; finds arguments that do not fit."""
        self._attributes_by_name(node, arguments)
        for finding in special_findings(node, function, arguments, named):
            self.find(finding)
        if function is None:
            return None
        maker = _CALLED.get(function.kind)
        if function.name == "numpy.array":
            return Value("array", "ndarray", parts=arguments[0].parts if arguments and arguments[0] else None)
        return maker(self, node, function) if maker is not None else None

    def _make(self, node: ast.Call, function: Value) -> Value | None:
        cls = known().manim_class(function.name)
        if cls is None:
            return None
        if function.name not in known().overridden:
            self._check(node, cls.init, cls.name, function)
        return instance(cls.name)

    def _call_function(self, node: ast.Call, function: Value) -> Value | None:
        signature = known().function(function.name)
        if signature is None:
            return None
        self._check(node, signature, function.name, function)
        return returned(signature, None)

    def _animate(self, _node: ast.Call, function: Value) -> Value:
        return function

    def _call_own(self, node: ast.Call, function: Value) -> Value | None:
        own = function.node
        if not isinstance(own, ast.FunctionDef | ast.Lambda) or getattr(own, "decorator_list", None):
            return None
        self._check(node, own_signature(own, bound=False), function.name, function)
        return self.results.get(own)

    def _call_own_method(self, node: ast.Call, function: Value) -> Value | None:
        if function.signature is None or function.node is None:
            return None
        self._check(node, function.signature, function.name, function)
        return self.results.get(function.node)

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
            among = signature.keywords if wrong.reason == "unknown_argument" else None
            name, text = wrong.name or owner.rpartition(".")[2], f"{owner} {wrong.text}"
            self.find(Finding(wrong.node, wrong.reason, name, text, owner, among, through=function.through))

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
        names = self._names_of(receiver)
        if function.kind == "getter":
            wrong = plain > 0
        else:
            wrong = plain != 1 or (not node.args and node.keywords[0].arg != "value")
        lacking = function.kind == "getter" and not plain and function.name[4:] not in names
        owner = receiver.name
        if (wrong and not starred) or lacking:
            text = f"{owner} has no {function.name}"
            unless = function.name[4:] if lacking and not wrong else function.name
            self.find(Finding(node.func, "unknown_name", function.name, text, owner, names, unless, function.through))
            return None
        return receiver if function.kind == "setter" else None

    def _names_of(self, receiver: Value) -> frozenset[str]:
        """All names that an instance of a class of Manim, or of one of the program's below it, may have."""
        if receiver.node is None:
            cls = known().manim_class(receiver.name)
            return frozenset() if cls is None else cls.attributes if receiver.exact else cls.attributes_below
        bases = self.lineage(receiver.node)[0]
        above = (base.attributes for base in bases if isinstance(base, ManimClass))
        return frozenset(self.own_names).union(*above)

    def _make_own(self, node: ast.Call, function: Value) -> Value | None:
        assert function.node is not None
        bases, complete = self.lineage(function.node)
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


_CALLED: dict[str, Callable[[Uses, ast.Call, Value], Value | None]] = {
    "class": Uses._make,
    "function": Uses._call_function,
    "method": Uses._call_method,
    "getter": Uses._call_magic,
    "setter": Uses._call_magic,
    "animate": Uses._animate,
    "own_class": Uses._make_own,
    "own_function": Uses._call_own,
    "own_method": Uses._call_own_method,
}
