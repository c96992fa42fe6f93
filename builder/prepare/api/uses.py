"""Looks at each call and sum of known values. Finds what is sure to fail."""

import ast
from collections.abc import Callable

from builder.prepare.api.attributes import PLAIN_NAMES, Attributes
from builder.prepare.api.calls import misfit, own_signature
from builder.prepare.api.known import ManimClass, Signature, known
from builder.prepare.api.problem import Finding
from builder.prepare.api.scopes import OwnClass
from builder.prepare.api.special import WRITES, special_findings
from builder.prepare.api.values import Value, instance, returned

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
