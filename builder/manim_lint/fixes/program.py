"""A program as the fixes see it, and what they share: names, calls, and edits of the text where `ast` says they stand.

`ast` answers questions and says where things stand. `libcst`, which keeps layout and comments, is given the one call
or statement that is changed: a tree of the whole program costs many times as much.
"""

import ast
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from builder.manim_lint.check.reading import Problem
from builder.manim_lint.release.model import PACKAGES

_LINE_END = re.compile(rb"\r\n|\r|\n")
"""What ends a line for the parser."""


@dataclass(frozen=True)
class Program:
    """A program that parses: text, tree, and what the API check finds; what is asked of the tree is found once."""

    code: str
    tree: ast.Module
    problems: tuple[Problem, ...]

    def found(self, *reasons: str) -> frozenset[str]:
        """Names with which the check finds fault, for these reasons (for any, without)."""
        return frozenset(item.name for item in self.problems if item.name and (not reasons or item.reason in reasons))

    def unbound(self, *reasons: str) -> frozenset[str]:
        """Such names that the program itself sets nowhere."""
        return self.found(*reasons) - self.bound

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree."""
        return list(ast.walk(self.tree))

    @cached_property
    def calls(self) -> list[ast.Call]:
        """All calls of the tree."""
        return [node for node in self.nodes if isinstance(node, ast.Call)]

    @cached_property
    def plain_calls(self) -> list[ast.Call]:
        """Those that stand in no f-string, where places are not reliable."""
        return [call for call in self.calls if id(call) not in self.in_texts]

    @cached_property
    def bound(self) -> frozenset[str]:
        """Names that are set anywhere."""
        return bound_names(self.nodes)

    @cached_property
    def modules(self) -> frozenset[str]:
        """Names that stand for the Manim package: `mn` of `import manim as mn`."""
        imports = (node for node in self.nodes if isinstance(node, ast.Import))
        return frozenset(
            alias.asname or alias.name for node in imports for alias in node.names if alias.name in PACKAGES
        )

    @cached_property
    def in_texts(self) -> dict[int, ast.JoinedStr]:
        """By the identity of a node inside an f-string, the outermost such f-string: places in it are not reliable."""
        found: dict[int, ast.JoinedStr] = {}
        for text in self.nodes:  # the outer ones come first
            if isinstance(text, ast.JoinedStr) and id(text) not in found:
                found.update((id(node), text) for node in ast.walk(text))
        return found

    @cached_property
    def encoded(self) -> bytes:
        """The text in UTF-8, in which the tree counts columns."""
        return self.code.encode("utf-8", "surrogatepass")

    @cached_property
    def line_starts(self) -> list[int]:
        """Where each line begins, in bytes, and where the text ends."""
        return [0, *(end.end() for end in _LINE_END.finditer(self.encoded)), len(self.encoded)]

    def span(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> tuple[int, int]:
        """Where a node stands in the encoded text; not inside an f-string."""
        last = node.end_lineno or node.lineno
        start = self.line_starts[node.lineno - 1] + node.col_offset
        return start, self.line_starts[last - 1] + (node.end_col_offset or 0)

    def last(self, node: ast.expr, name: str) -> tuple[int, int]:
        """Where the name stands with which a node ends."""
        end = self.span(node)[1]
        return end - len(name.encode()), end

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node; not inside an f-string."""
        start, end = self.span(node)
        return self.encoded[start:end].decode("utf-8", "surrogatepass")

    def edited(self, edits: Mapping[tuple[int, int], str]) -> str:
        """The text with other texts at places of the encoded one; what begins inside of a changed place is left out."""
        parts: list[bytes] = []
        done = 0
        for (start, end), text in sorted(edits.items()):
            if start >= done:
                parts += [self.encoded[done:start], text.encode("utf-8", "surrogatepass")]
                done = end
        return b"".join([*parts, self.encoded[done:]]).decode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Step:
    """One fix.

    `pattern` is looked for in the text first, then `sees` in the calls of its tree, so that most programs cost one
    search. An `unchecked` step is tried without a problem that calls for it too: what it fixes fails in a way that the
    API check does not see.
    """

    name: str
    pattern: re.Pattern[str]
    change: Callable[[Program], str | None]
    """Gives a changed text, or `None` where the step does not apply."""
    sees: Callable[[ast.Call], bool] | None = None
    unchecked: bool = False


def bound_names(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Names that these nodes set: assigned, defined, imported (but not from Manim), taken as an argument."""
    names: set[str] = set()
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.arg(arg=name):
                names.add(name)
            case ast.Import(names=aliases):
                names.update((alias.asname or alias.name).partition(".")[0] for alias in aliases)
            case ast.ImportFrom(module=module, names=aliases):
                if (module or "").partition(".")[0] not in PACKAGES:
                    names.update(alias.asname or alias.name for alias in aliases)
                else:
                    names.update(alias.asname for alias in aliases if alias.asname)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                names.add(name)
            case _:
                pass
    return frozenset(names)


def imports_all(tree: ast.Module) -> bool:
    """Whether the program has `from manim import *`."""
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "manim" and any(alias.name == "*" for alias in node.names)
        for node in tree.body
    )


def called(call: ast.Call | cst.Call) -> str:
    """The name that is called: `Create` in `Create(m)` and `mn.Create(m)`, `shift` in `m.shift(UP)`; or nothing."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name) | cst.Name(name) | cst.Attribute(attr=cst.Name(name)):
            return name
    return ""


def is_plain(call: ast.Call | cst.Call, modules: frozenset[str]) -> bool:
    """Whether a name is called as it stands, or as an attribute of the Manim package; not a method."""
    match call.func:
        case ast.Name() | cst.Name():
            return True
        case ast.Attribute(value=ast.Name(id=root)) | cst.Attribute(value=cst.Name(value=root)):
            return root in modules
    return False


def is_starred(call: ast.Call) -> bool:
    """Whether stars hide what is given."""
    return any(isinstance(arg, ast.Starred) for arg in call.args) or any(item.arg is None for item in call.keywords)


def positional(call: cst.Call) -> list[cst.Arg] | None:
    """The positional arguments of a call; `None` if a star hides how many they are."""
    plain = [arg for arg in call.args if arg.keyword is None]
    return None if any(arg.star for arg in plain) else plain


def keyword(call: cst.Call, name: str) -> cst.Arg | None:
    """The argument that is given by this name."""
    return next((arg for arg in call.args if arg.keyword is not None and arg.keyword.value == name), None)


def with_args(call: cst.Call, args: list[cst.Arg]) -> cst.Call:
    """The call with other arguments; the commas between them are kept where they were, and made where they lacked.

    The last argument keeps its comma only if the call's last one had one.
    """
    trailing = call.args[-1].comma if call.args else cst.MaybeSentinel.DEFAULT
    between = next((arg.comma for arg in call.args[:-1]), cst.MaybeSentinel.DEFAULT)
    out = []
    for number, arg in enumerate(args):
        last = number == len(args) - 1
        comma = arg.comma
        if last:
            comma = trailing
        elif isinstance(comma, cst.MaybeSentinel) or arg is call.args[-1]:
            comma = between if isinstance(between, cst.Comma) else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        out.append(arg.with_changes(comma=comma))
    return call.with_changes(args=out)


def keyword_arg(name: str, value: cst.BaseExpression) -> cst.Arg:
    """`name=value`, without blanks around the sign."""
    blank = cst.SimpleWhitespace("")
    return cst.Arg(value, keyword=cst.Name(name), equal=cst.AssignEqual(blank, blank))


def renamed(func: cst.BaseExpression, name: str) -> cst.BaseExpression:
    """The called expression under another name: `mn.ShowCreation` becomes `mn.Create`."""
    if isinstance(func, cst.Attribute):
        return func.with_changes(attr=cst.Name(name))
    return func.with_changes(value=name) if isinstance(func, cst.Name) else func


class CallChanger(cst.CSTTransformer):
    """Changes calls, innermost first; `change` gives a call's stand-in, or `None` to leave it."""

    def __init__(self, change: Callable[[cst.Call], cst.BaseExpression | None]) -> None:
        super().__init__()
        self._change = change

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802
        """Put the stand-in for a call."""
        del original_node
        return self._change(updated_node) or updated_node


class TextChanger(cst.CSTTransformer):
    """Changes literal texts, each piece of one by itself."""

    def __init__(self, change: Callable[[cst.SimpleString], cst.SimpleString]) -> None:
        super().__init__()
        self._change = change

    def leave_SimpleString(  # noqa: N802
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.SimpleString:
        """Put the changed text."""
        del original_node
        return self._change(updated_node)


def named(names: Collection[str]) -> Callable[[ast.Call], bool]:
    """Whether a call is one of these names."""
    return lambda call: called(call) in names


def change_calls(
    program: Program, wanted: Callable[[ast.Call], bool], change: Callable[[cst.Call], cst.BaseExpression | None]
) -> str:
    """The text with the wanted calls, and those within them, through `change`."""
    return change_nodes(program, [call for call in program.calls if wanted(call)], CallChanger(change))


def change_nodes(program: Program, nodes: Iterable[ast.expr | ast.stmt], transformer: cst.CSTTransformer) -> str:
    """The text with these nodes, and all within them, through a transformer."""
    places = {program.span(program.in_texts.get(id(node), node)): isinstance(node, ast.stmt) for node in nodes}
    edits: dict[tuple[int, int], str] = {}
    done = 0
    for (start, end), statement in sorted(places.items(), key=lambda item: (item[0][0], -item[0][1])):
        if start >= done:
            done = end
            text = program.encoded[start:end].decode("utf-8", "surrogatepass")
            edits[start, end] = (_statement if statement else _expression)(text, transformer)
    return program.edited(edits)


def _statement(text: str, transformer: cst.CSTTransformer) -> str:
    return _printed(text, cst.parse_statement(text).visit(transformer)).rstrip("\r\n")


def _expression(text: str, transformer: cst.CSTTransformer) -> str:
    """An expression through a transformer; one that goes on over lines may need brackets to be read alone."""
    try:
        return _printed(text, cst.parse_expression(text).visit(transformer))
    except cst.ParserSyntaxError:
        changed = cst.parse_expression(f"({text})").visit(transformer)
        assert isinstance(changed, cst.BaseExpression)
        return _printed(text, changed.with_changes(lpar=changed.lpar[1:], rpar=changed.rpar[:-1]))


def _printed(text: str, node: object) -> str:
    """The text of a node that was made of a text, with the line ends of that."""
    assert isinstance(node, cst.CSTNode)
    line_end = re.search("\r\n|\r|\n", text)
    return cst.Module([], default_newline=line_end.group() if line_end else "\n").code_for_node(node)
