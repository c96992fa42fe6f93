"""Programs in the newest grammar, parsed by any Python: the same tree, whatever Python runs this.

Python 3.12 takes f-strings that 3.11 refuses (quotes of their own kind, backslashes, comments and line ends within
braces), and parameters of types (`def f[T](x: T)`, `type Pair = tuple[int, int]`). `libcst`'s own parser takes both on
any Python. What `ast` does not take is replaced by something of the same size that it takes, so that all else keeps its
place; f-strings are then put into the tree, and names of types are set at its start. The text is never changed.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import CodePosition, CodeRange, MetadataWrapper, WhitespaceInclusivePositionProvider

from builder.manim_lint.syntax import above_all

_LINE_END = re.compile(r"\r\n|\r|\n")
_CONVERSIONS = {None: -1, "s": 115, "r": 114, "a": 97}
_TEXTS = (cst.FormattedString, cst.ConcatenatedString)
_Parse = Callable[[str], ast.Module]
"""A parser that raises `SyntaxError`; of the expressions in f-strings, which may hold f-strings again."""


def parse_newest(code: str, parse: _Parse, *, texts: bool = sys.version_info < (3, 12)) -> ast.Module | None:
    """The tree of a program of which this Python may refuse a part; `None` if nothing in it is of that kind.

    Args:
        code: the program.
        parse: parses what is in braces.
        texts: whether f-strings that do not parse alone are looked for.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it is no program in the newest grammar either.
    """
    try:
        wrapper = MetadataWrapper(cst.parse_module(code), unsafe_skip_copy=True)
    except cst.ParserSyntaxError as error:
        raise SyntaxError(error.message) from error
    found = _Finder(texts)
    wrapper.module.visit(found)
    if not (found.texts or found.parameters or found.aliases):
        return None
    lines = (0, *(end.end() for end in _LINE_END.finditer(code)))
    source = _Source(code, wrapper.resolve(WhitespaceInclusivePositionProvider), parse, lines)
    edits = [(*source.span(node), "(0") for node in found.texts]
    edits += [(source.span(alias)[0], source.span(alias.value)[1], f"{alias.name.value}=(0") for alias in found.aliases]
    edits += [(*source.span(node), "") for node in found.parameters]
    tree = ast.parse(_edited(code, sorted(edits)))
    if found.texts:
        _Graft({source.place(node): node for node in found.texts}, source).visit(tree)
    _set_types(tree, sorted({param.param.name.value for node in found.parameters for param in node.params}))
    return tree


class _Finder(cst.CSTVisitor):
    """Finds what is to be replaced, the outermost nodes only."""

    def __init__(self, texts: bool) -> None:
        super().__init__()
        self._texts = texts
        self.texts: list[cst.FormattedString | cst.ConcatenatedString] = []
        self.aliases: list[cst.TypeAlias] = []
        self.parameters: list[cst.TypeParameters] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Note a node; what is inside a noted one is not looked at."""
        if isinstance(node, cst.TypeAlias):
            self.aliases.append(node)
        elif isinstance(node, cst.TypeParameters):
            self.parameters.append(node)
        elif self._texts and isinstance(node, _TEXTS):
            if not _parses(node):
                self.texts.append(node)
        else:
            return True
        return False


def _parses(node: cst.BaseExpression) -> bool:
    try:
        ast.parse(f"({cst.Module([]).code_for_node(node)}\n)")
    except SyntaxError:
        return False
    return True


def _edited(code: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """The text with the start of each span replaced; the rest of it becomes blanks, in brackets if the start has one.

    Lines stay, and so do columns in bytes of UTF-8.
    """
    parts: list[str] = []
    done = 0
    for start, end, new in edits:
        lines = _LINE_END.split(code[start:end])
        ends = [*_LINE_END.findall(code[start:end]), ""]
        widths = [len(line.encode("utf-8", "surrogatepass")) for line in lines]
        blank = [" " * width for width in widths]
        if new:
            blank[-1] = blank[-1][:-1] + ")"
            blank[0] = new + blank[0][len(new) :]
        else:  # parameters of a type: outside of brackets, lines must be joined
            blank[:-1] = [line[:-1] + "\\" for line in blank[:-1]]
        parts += [code[done:start], *(part for pair in zip(blank, ends, strict=True) for part in pair)]
        done = end
    return "".join([*parts, code[done:]])


@dataclass(frozen=True, slots=True)
class _Source:
    """A program's text, and where its nodes stand in it."""

    code: str
    ranges: Mapping[cst.CSTNode, CodeRange]
    parse: _Parse
    lines: tuple[int, ...]
    """Characters before each line."""

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Characters before the node, and before its end."""
        where = self.ranges[node]
        return self._offset(where.start), self._offset(where.end)

    def place(self, node: cst.CSTNode) -> tuple[int, int]:
        """Line, from 1, and column, from 0 in bytes of UTF-8, as `ast` has them."""
        return self._place(self.ranges[node].start)

    def end(self, node: cst.CSTNode) -> tuple[int, int]:
        """The same of the node's end."""
        return self._place(self.ranges[node].end)

    def _offset(self, where: CodePosition) -> int:
        return self.lines[where.line - 1] + where.column

    def _place(self, where: CodePosition) -> tuple[int, int]:
        before = self.code[self.lines[where.line - 1] : self._offset(where)]
        return where.line, len(before.encode("utf-8", "surrogatepass"))

    def text(self, node: cst.CSTNode) -> str:
        """The node as it is written."""
        start, end = self.span(node)
        return self.code[start:end]


class _Graft(ast.NodeTransformer):
    """Puts f-strings where the tree has zeros for them."""

    def __init__(self, nodes: Mapping[tuple[int, int], cst.CSTNode], source: _Source) -> None:
        self._nodes = nodes
        self._source = source

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """The f-string for a zero behind a bracket."""
        text = self._nodes.get((node.lineno, node.col_offset - 1))
        if text is None:
            return node
        node.col_offset -= 1
        node.end_lineno, node.end_col_offset = self._source.end(text)
        return _with_parts(list(_parts(self._source, text, node)), node)


def _with_parts(parts: Sequence[str | ast.expr], place: ast.expr) -> ast.JoinedStr:
    """An f-string, or texts in a row with one among them, as `ast` has it."""
    values: list[ast.expr] = []
    for part in parts:
        last = values[-1] if values else None
        if isinstance(part, ast.expr):
            values.append(part)
        elif part and isinstance(last, ast.Constant) and isinstance(last.value, str):
            last.value += part
        elif part:
            values.append(ast.copy_location(ast.Constant(part), place))
    return ast.copy_location(ast.JoinedStr(values), place)


def _parts(source: _Source, node: cst.CSTNode, place: ast.expr) -> Iterator[str | ast.expr]:
    if isinstance(node, cst.ConcatenatedString):
        yield from _parts(source, node.left, place)
        yield from _parts(source, node.right, place)
    elif isinstance(node, cst.SimpleString):
        value = ast.literal_eval(node.value)
        if not isinstance(value, str):
            raise SyntaxError("cannot mix bytes and nonbytes literals")
        yield value
    elif isinstance(node, cst.FormattedString):
        for part in node.parts:
            yield from _content(source, part, node, place)
    else:
        raise SyntaxError("not a text")


def _content(
    source: _Source, part: cst.BaseFormattedStringContent, whole: cst.FormattedString, place: ast.expr
) -> Iterator[str | ast.expr]:
    """What stands in braces, with the text before it that `{x=}` makes; or the text between braces."""
    if isinstance(part, cst.FormattedStringText):
        yield _decoded(part.value, whole)
        return
    assert isinstance(part, cst.FormattedStringExpression)
    conversion = _CONVERSIONS[part.conversion]
    if part.equal is not None:
        start = source.span(part)[0] + 1
        yield source.code[start : source.span(part.equal)[1]]
        if conversion < 0 and part.format_spec is None:
            conversion = _CONVERSIONS["r"]
    spec = None
    if part.format_spec is not None:
        inner = (piece for item in part.format_spec for piece in _content(source, item, whole, place))
        spec = _with_parts(list(inner), place)
    value = _expression(source, part.expression)
    yield ast.copy_location(ast.FormattedValue(value, conversion, spec), place)


def _decoded(text: str, whole: cst.FormattedString) -> str:
    """The text between braces, as Python reads it."""
    text = text.replace("{{", "{").replace("}}", "}")
    if "r" in whole.prefix.lower():
        return text
    if (len(text) - len(text.rstrip("\\"))) % 2:  # a backslash before a brace stands for itself
        text += "\\"
    return str(ast.literal_eval(f"{whole.quote}{text}{whole.quote}"))


def _expression(source: _Source, node: cst.CSTNode) -> ast.expr:
    """An expression in braces, at its place."""
    (statement,) = source.parse(f"({source.text(node)}\n)").body
    if not isinstance(statement, ast.Expr):
        raise SyntaxError("f-string: invalid syntax")
    line, column = source.place(node)
    for inner in ast.walk(statement.value):
        if isinstance(inner, ast.expr | ast.keyword | ast.arg):
            if inner.lineno == 1:
                inner.col_offset += column - 1
            if inner.end_lineno == 1 and inner.end_col_offset is not None:
                inner.end_col_offset += column - 1
            inner.lineno += line - 1
            inner.end_lineno = (inner.end_lineno or 1) + line - 1
    return statement.value


def _set_types(tree: ast.Module, names: Sequence[str]) -> None:
    """Names of types, as if they were set before all else: what they stand for is not known."""
    first = above_all(tree)
    made = [ast.Assign([ast.Name(name, ast.Store())], ast.Name("object", ast.Load())) for name in names]
    place = ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
    tree.body[first:first] = [ast.fix_missing_locations(ast.copy_location(node, place)) for node in made]
