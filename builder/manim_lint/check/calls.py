"""Looks at each call and sum of known values: what it gives, and whether the arguments fit."""

import ast
from collections.abc import Callable

from builder.manim_lint.check.arguments import LOOKED_FOR, WRITES, special_findings
from builder.manim_lint.check.reading import Finding, Reading
from builder.manim_lint.check.usage import PLAIN_NAMES, own_signature
from builder.manim_lint.check.values import OwnClass, Value, instance, returned
from builder.manim_lint.release.model import ManimClass, Signature, known

Misfit = tuple[str, str, str, ast.AST]
"""Why a call does not fit: `unknown_argument` or `wrong_arity`, the keyword or nothing, words for a person; where."""


def misfit(signature: Signature, call: ast.Call) -> Misfit | None:
    """The first thing in a call that surely raises `TypeError`; what `*` and `**` bring is trusted."""
    starred = any(isinstance(item, ast.Starred) for item in call.args)
    positional = len(call.args) - sum(isinstance(item, ast.Starred) for item in call.args)
    doubled = any(keyword.arg is None for keyword in call.keywords)
    given = [keyword for keyword in call.keywords if keyword.arg is not None]
    if positional > len(signature.positional) and not signature.rest:
        text = f"takes {_count(len(signature.positional))} by position, {positional} given"
        return ("wrong_arity", "", text, call)
    filled = set(signature.positional[:positional])
    for keyword in given:
        assert keyword.arg is not None
        if keyword.arg in filled:
            return ("wrong_arity", keyword.arg, f"is given {keyword.arg} twice", keyword.value)
        if not signature.open and keyword.arg not in signature.keywords:
            return ("unknown_argument", keyword.arg, f"has no argument {keyword.arg}", keyword.value)
    if doubled:
        return None
    names = {keyword.arg for keyword in given}
    missing = [name for name in signature.needed_keywords if name not in names]
    if not starred:
        missing = [name for name in signature.positional[positional : signature.needed] if name not in names] + missing
    if missing:
        return ("wrong_arity", missing[0], f"wants {', '.join(missing)}", call)
    return None


def _count(number: int) -> str:
    return "no argument" if number == 0 else "one argument" if number == 1 else f"{number} arguments"


_WRITERS = frozenset(
    "write_text write_bytes writelines save savefig urlretrieve mkstemp NamedTemporaryFile system run imwrite".split()
)
_GUARDS = frozenset("exists lexists isfile is_file isdir is_dir access glob iglob listdir iterdir".split())
"""What asks whether files are there: who asks goes on without them."""


def check_operation(reading: Reading, node: ast.BinOp, left: Value, right: Value) -> None:
    """Finds arithmetic that is sure to fail: a fraction of a list, a text and a number."""
    kinds = (left.name, right.name)
    if left.kind != "plain" or right.kind != "plain":
        return
    wrong = isinstance(node.op, ast.Mult) and "float" in kinds and bool({"list", "tuple", "str"} & set(kinds))
    if isinstance(node.op, ast.Add):
        wrong = kinds[0] != kinds[1] and kinds[0] in ("str", "list", "tuple") and kinds[1] in PLAIN_NAMES
    if wrong:
        reading.find(Finding(node, "bad_value", right.name, f"{left.name} and {right.name} do not go together"))


def value_of_call(
    reading: Reading,
    node: ast.Call,
    function: Value | None,
    arguments: list[Value | None],
    named: dict[str, Value | None],
) -> Value | None:
    """What a call gives; finds arguments that do not fit."""
    _attributes_by_name(reading, node, arguments)
    for finding in special_findings(node, function, arguments, named):
        reading.find(finding)
    if function is None:
        return None
    maker = _CALLED.get(function.kind)
    if function.name == "numpy.array":
        return Value("array", "ndarray", parts=arguments[0].parts if arguments and arguments[0] else None)
    return maker(reading, node, function) if maker is not None else None


def _make(reading: Reading, node: ast.Call, function: Value) -> Value | None:
    cls = known().manim_class(function.name)
    if cls is None:
        return None
    if function.name not in known().overridden:
        _check(reading, node, cls.init, cls.name, function)
    return instance(cls.name)


def _call_function(reading: Reading, node: ast.Call, function: Value) -> Value | None:
    signature = known().function(function.name)
    if signature is None:
        return None
    _check(reading, node, signature, function.name, function)
    return returned(signature, None)


def _call_constant(reading: Reading, node: ast.Call, function: Value) -> None:
    """A text, number, list, point or colour is no function, whatever its name: `NORMAL(0, 1)`."""
    if function.name not in _CONSTANTS:
        return
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    text = f"{name or 'what is called'} is {'a point' if function.name == 'ndarray' else function.name}, no function"
    reading.find(Finding(node, "bad_value", name or function.name, text, through=function.through))


_CONSTANTS = frozenset("str int float list tuple dict ndarray ManimColor".split())


def _call_own(reading: Reading, node: ast.Call, function: Value) -> Value | None:
    own = function.node
    if not isinstance(own, ast.FunctionDef | ast.Lambda) or getattr(own, "decorator_list", None):
        return None
    _check(reading, node, own_signature(own, bound=False), function.name, function)
    return reading.results.get(own)


def _call_own_method(reading: Reading, node: ast.Call, function: Value) -> Value | None:
    if function.signature is None or function.node is None:
        return None
    _check(reading, node, function.signature, function.name, function)
    return reading.results.get(function.node)


def _attributes_by_name(reading: Reading, node: ast.Call, arguments: list[Value | None]) -> None:
    """`setattr(x, "name", …)` and `hasattr(x, "name")`: the name may be there."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in _GUARDS:
        file = arguments[0].text if arguments and arguments[0] is not None else None
        reading.attributes_set.add(LOOKED_FOR + file if file else WRITES)
    elif called in _WRITERS:
        reading.attributes_set.add(WRITES)
    elif called == "open" and len(node.args) + len(node.keywords) > 1:
        mode = node.args[1] if len(node.args) > 1 else node.keywords[0].value
        if not (isinstance(mode, ast.Constant) and str(mode.value).startswith("r")):
            reading.attributes_set.add(WRITES)
    if isinstance(node.func, ast.Name) and node.func.id in ("setattr", "hasattr") and len(arguments) > 1:
        name = arguments[1].text if arguments[1] is not None else None
        if name is not None:
            reading.attributes_set.add(name)
        elif node.func.id == "setattr":
            reading.any_attribute = True


def _check(reading: Reading, node: ast.Call, signature: Signature, owner: str, function: Value) -> None:
    wrong = misfit(signature, node)
    if wrong is not None:
        reason, name, text, where = wrong
        among = signature.keywords if reason == "unknown_argument" else None
        name = name or owner.rpartition(".")[2]
        reading.find(Finding(where, reason, name, f"{owner} {text}", owner, among, through=function.through))


def _call_method(reading: Reading, node: ast.Call, function: Value) -> Value | None:
    signature, receiver = function.signature, function.receiver
    assert signature is not None
    owner, _, name = function.name.partition(".")
    if receiver is not None and not function.exact and name and receiver.kind != "own_instance":
        cls = known().manim_class(owner)
        below = cls.methods_below(name) if cls is not None else ()
        if any(misfit(other, node) is None for other in below):
            return returned(signature, receiver) if len(below) == 1 or signature.returns == "Self" else None
    _check(reading, node, signature, function.name, function)
    return returned(signature, receiver)


def _call_magic(reading: Reading, node: ast.Call, function: Value) -> Value | None:
    """`get_x` and `set_x` that are no methods: Manim takes them for `x`, asked for or set, and for nothing else."""
    receiver = function.receiver
    assert receiver is not None
    plain = len(node.args) + len(node.keywords)
    starred = any(isinstance(item, ast.Starred) for item in node.args) or any(k.arg is None for k in node.keywords)
    names = _names_of(reading, receiver)
    asks = function.kind == "getter"
    by_another_name = plain == 1 and not node.args and node.keywords[0].arg != "value"
    wrong = plain > 0 if asks else plain != 1 or by_another_name
    lacking = asks and not plain and function.name[4:] not in names
    owner = receiver.name
    if (wrong and not starred) or lacking:
        text = f"{owner} has no {function.name}"
        unless = function.name[4:] if lacking and not wrong else function.name
        reading.find(Finding(node.func, "unknown_name", function.name, text, owner, names, unless, function.through))
        return None
    return receiver if function.kind == "setter" else None


def _names_of(reading: Reading, receiver: Value) -> frozenset[str]:
    """All names that an instance of a class of Manim, or of one of the program's below it, may have."""
    if receiver.node is None:
        cls = known().manim_class(receiver.name)
        return frozenset() if cls is None else cls.attributes if receiver.exact else cls.attributes_below
    bases = reading.lineage(receiver.node)[0]
    above = (base.attributes for base in bases if isinstance(base, ManimClass))
    return frozenset(reading.own_names).union(*above)


def _make_own(reading: Reading, node: ast.Call, function: Value) -> Value | None:
    assert function.node is not None
    bases, complete = reading.lineage(function.node)
    for base in bases:
        if isinstance(base, OwnClass) and "__init__" in base.names:
            member = base.names["__init__"]
            if member is not None and isinstance(member.node, ast.FunctionDef) and not base.node.decorator_list:
                _check(reading, node, own_signature(member.node, bound=True), function.name, function)
            break
        if isinstance(base, OwnClass) and ("__new__" in base.names or base.node.decorator_list):
            break
        if isinstance(base, ManimClass):
            if complete and sum(isinstance(other, ManimClass) for other in bases) == 1:
                _check(reading, node, base.init, function.name, function)
            break
    return Value("own_instance", function.name, True, node=function.node)


_CALLED: dict[str, Callable[[Reading, ast.Call, Value], Value | None]] = {
    "class": _make,
    "plain": _call_constant,
    "array": _call_constant,
    "instance": _call_constant,
    "function": _call_function,
    "method": _call_method,
    "getter": _call_magic,
    "setter": _call_magic,
    "animate": lambda _reading, _node, function: function,
    "own_class": _make_own,
    "own_function": _call_own,
    "own_method": _call_own_method,
}
