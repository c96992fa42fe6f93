"""What each statement of a flattened text does: to which names, with which calls, and where names are used."""

import ast
from bisect import bisect_left
from dataclasses import dataclass, field, replace

from builder.manim_lint.syntax import parse
from builder.manim_lint.unflatten.statements import Statement, does_something, snippet

_GROWS = frozenset({"add", "append", "extend", "insert", "update"})
"""Methods by which a collection grows."""
_LEAVES = ("FadeOut", "Uncreate", "Unwrite")
"""Animations that take away what is there."""


@dataclass(frozen=True, slots=True)
class Line:
    """A statement and what it does to names.

    `word` is its head's keyword, empty for a simple statement; `binds` are the names that a head sets for its body,
    `loads` and `stores` those that the statement reads and sets, `grows` a collection that it adds to. If it calls a
    method, `owner` is the name on which, `target` both with a point between them, and `calls` the method if it is of
    `self`; `is_quick` says that a pause or a play lasts less than a second.
    """

    statement: Statement
    word: str = ""
    name: str = ""
    binds: frozenset[str] = frozenset()
    loads: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    calls: str = ""
    ends_block: bool = False
    is_import: bool = False
    is_main: bool = False
    is_method: bool = False
    has_comment: bool = False
    grows: frozenset[str] = frozenset()
    owner: str = ""
    target: str = ""
    is_quick: bool = False
    fades_out: bool = False
    decorators: tuple[Statement, ...] = ()


def read_lines(statements: list[Statement]) -> list[Line] | None:
    """What each statement does; decorators go with their definition. `None` if one is no statement at all."""
    lines: list[Line] = []
    decorators: list[Statement] = []
    for statement in statements:
        if not statement.tokens:  # comments at the end
            continue
        if statement.first == "@":
            decorators.append(statement)
            continue
        tree = parse(snippet(statement)).tree
        if tree is None or not tree.body:
            return None
        line = _read(statement, tree)
        if line is None:
            return None
        if decorators and line.word not in ("def", "class"):
            return None
        if decorators:
            static = any(one.code == "@staticmethod" for one in decorators)
            line = replace(line, decorators=tuple(decorators), is_method=line.is_method or static)
        lines.append(line)
        decorators = []
    return None if decorators else lines


def _read(statement: Statement, tree: ast.Module) -> Line | None:
    node: ast.AST = tree.body[0]
    word = ""
    if statement.is_header:
        word = statement.first
        if word == "async":
            word = statement.tokens[1].text
        if word in ("elif", "else", "except", "finally"):
            node = _clause(tree.body[0])
    elif len(tree.body) != 1 or not does_something(tree.body[0], statement, annotations=True):
        return None
    loads, stores, binds = _names(node, word)
    call = node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    owner, method = _called(call)
    parameters = node.args.posonlyargs + node.args.args if isinstance(node, ast.FunctionDef) else []
    return Line(
        statement,
        word=word,
        name=getattr(node, "name", None) or "",
        binds=binds,
        loads=loads,
        stores=stores,
        calls=method if owner == "self" else "",
        owner=owner,
        target=f"{owner}.{method}" if owner else "",
        grows=frozenset({owner}) if method in _GROWS else frozenset(),
        is_quick=call is not None and _is_quick(call),
        fades_out=not loads.isdisjoint(_LEAVES),
        ends_block=isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue),
        is_import=isinstance(node, ast.Import | ast.ImportFrom),
        is_main=word == "if" and "__name__" in loads,
        is_method=bool(parameters) and parameters[0].arg in ("self", "cls"),
        has_comment=bool(statement.comments),
    )


def _called(call: ast.Call | None) -> tuple[str, str]:
    """The name on which a method is called, and the method; empty if it is no such call."""
    function = call.func if call is not None else None
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.value.id, function.attr
    return "", ""


def _is_quick(call: ast.Call) -> bool:
    """Whether a pause, or a play's `run_time`, is shorter than a second, or is worked out."""
    times = [word.value for word in call.keywords if word.arg in ("run_time", "duration")]
    if isinstance(call.func, ast.Attribute) and call.func.attr == "wait":
        times += call.args[:1]
    return any(
        not isinstance(time, ast.Constant) or (isinstance(time.value, float) and time.value < 1) for time in times
    )


def _clause(node: ast.stmt) -> ast.AST:
    if isinstance(node, ast.If):
        return node.orelse[0]
    if isinstance(node, ast.Try) and node.handlers:
        return node.handlers[0]
    return ast.Pass()


def _names(node: ast.AST, word: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Names that a statement reads and sets, and those that it sets for its body."""
    loads: set[str] = set()
    stores: set[str] = set()
    inner: set[str] = set()  # of lambdas and comprehensions: not seen outside
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            (loads if isinstance(one.ctx, ast.Load) else stores).add(one.id)
        elif isinstance(one, ast.Lambda):
            inner.update(_parameters(one.args))
        elif isinstance(one, ast.comprehension):
            inner.update(name.id for name in ast.walk(one.target) if isinstance(name, ast.Name))
        elif isinstance(one, ast.alias):
            stores.add(one.asname or one.name.partition(".")[0])
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        loads.add(node.target.id)
    loads -= inner
    stores -= inner
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return frozenset(loads), frozenset({node.name}), frozenset(_parameters(node.args))
    if isinstance(node, ast.ClassDef):
        return frozenset(loads), frozenset({node.name}), frozenset()
    if isinstance(node, ast.ExceptHandler) and node.name:
        stores.add(node.name)
    binds = frozenset(stores) if word in ("for", "with", "except") else frozenset()
    if word == "while":
        binds = frozenset(loads)
    return frozenset(loads), frozenset(stores), binds


def _parameters(arguments: ast.arguments) -> list[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return [one.arg for one in every if one is not None]


@dataclass(slots=True)
class Uses:
    """Where in the text names are read and set: sorted line numbers by name.

    `ends` are lines before which every function must end, `returns` and `defs` lines of that kind.
    """

    loads: dict[str, list[int]] = field(default_factory=dict)
    stores: dict[str, list[int]] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)
    returns: list[int] = field(default_factory=list)
    defs: list[int] = field(default_factory=list)
    has_class: bool = False

    @classmethod
    def of(cls, lines: list[Line]) -> "Uses":
        """The uses in all lines."""
        numbered = list(enumerate(lines))
        ends = [n for n, line in numbered if line.word == "class" or line.is_main or line.is_method]
        uses = cls(
            ends=[*ends, len(lines)],
            returns=[number for number, line in numbered if line.statement.first == "return"],
            defs=[number for number, line in numbered if line.word == "def"],
            has_class=any(line.word == "class" for line in lines),
        )
        for number, line in numbered:
            for name in line.loads:
                uses.loads.setdefault(name, []).append(number)
            for name in line.stores | (line.binds if line.word != "while" else frozenset()):
                uses.stores.setdefault(name, []).append(number)
        return uses

    def later(self, names: frozenset[str], start: int) -> bool:
        """Whether a line from `start` on, before the next method, reads one of the names as it stands there."""
        end = next_number(self.ends, start, default=start)
        for name in names:
            load = next_number(self.loads.get(name, []), start, default=end)
            store = next_number(self.stores.get(name, []), start, default=end)
            if load < end and load <= store:
                return True
        return False


def next_number(numbers: list[int], start: int, default: int) -> int:
    """The first of sorted numbers that is at least `start`."""
    index = bisect_left(numbers, start)
    return numbers[index] if index < len(numbers) else default
