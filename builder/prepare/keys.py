"""Keys by which rows are compared: equal keys mean equal descriptions, or equal programs.

A program's key is the hash of its tokens without comments and layout. The tokens come from one regular
expression that takes any text, also one that does not parse, and does not depend on the version of Python
(the `tokenize` module cuts f-strings differently from 3.12 on). On programs that parse, it finds two of them
equal exactly if `tokenize` does.

Two programs share a canonical key if they differ only in layout, comments and names of their own: local variables,
parameters, functions, classes (so the scene too), and methods and attributes of `self` that the program both sets and
uses. They are numbered in the order in which they appear. Literals, Manim's names, keyword arguments, imports and
operators count in full. A method that the program itself never calls is called by Manim, so its name counts. A
parameter whose name is also given as a keyword somewhere keeps its name. Not covered: the order of statements, imports
that are not used, and a name used again for something else, which makes two programs differ that are otherwise alike.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from xxhash import xxh3_64_hexdigest, xxh3_64_intdigest

from builder.manim_lint.syntax import parse
from builder.prepare.clean_description import normalise_description

_TOKEN = re.compile(
    r"""
    (?:[ \t\f\r]+|\\\r?\n|\#[^\n]*)*+   # blanks, joined lines and comments go before a token, and are lost
    (
      \n(?:[ \t\f\r]*(?:\#[^\n]*)?\n)*+[ \t\f]*   # the end of a line, blank lines, the next line's indent
    | (?:[fF][rR]?|[rR][fF])(?:         # from 3.12 on, an f-string may hold its own kind of quote (numbers bound cost)
        "(?:(?:[^"\\\n{]|\\.|\{\{)++|\{(?:[^{}"'\n]++|"[^"\n]*+"|'[^'\n]*+'|\{[^{}\n]*+\}){0,16}+\}){1,32}+"(?!")
      | '(?:(?:[^'\\\n{]|\\.|\{\{)++|\{(?:[^{}"'\n]++|"[^"\n]*+"|'[^'\n]*+'|\{[^{}\n]*+\}){0,16}+\}){1,32}+'(?!')
      )
    | [rRbBfFuU]{0,2}(?:
        \"\"\"(?:[^"\\]|\\.|"(?!""))*+(?:\"\"\")?    # one that is never closed goes on to the end: tried again
      | '''(?:[^'\\]|\\.|'(?!''))*+(?:''')?          # at each quote, it would cost the square of the length
      | "(?:[^"\\\n]|\\.)*+"?
      | '(?:[^'\\\n]|\\.)*+'?
      )
    | [^\W\d]\w*+                       # a name
    | 0[xX][\da-fA-F_]++ | 0[bB][01_]++ | 0[oO][0-7_]++
    | (?:\d[\d_]*+)?+\.\d[\d_]*+(?:[eE][+-]?\d[\d_]*+)?+[jJ]?+
    | \d[\d_]*+\.?+(?:[eE][+-]?\d[\d_]*+)?+[jJ]?+
    | \*\*=?|//=?|>>=?|<<=?|->|:=|[-+*/%&|^@=!<>]=|\.\.\.
    | .                                 # anything, so that blanks are never read twice
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPEN = frozenset("([{")
_CLOSE = frozenset(")]}")
_INDENT, _DEDENT, _LINE = "\x02", "\x03", "\x01"


def program_tokens(code: str) -> list[str]:
    """Tokens of a program, comments and layout left out; ends of lines and changes of indent are tokens too."""
    tokens: list[str] = []
    depth = 0
    indents = [0]
    for token in _TOKEN.findall(f"\n{code.rstrip()}\n\n"):  # framed by line ends: every comment and joined line ends
        if token[0] == "\n":
            if depth:
                continue
            width = _width(token)
            tokens.append(_LINE)
            if width > indents[-1]:
                indents.append(width)
                tokens.append(_INDENT)
            while width < indents[-1]:
                indents.pop()
                tokens.append(_DEDENT)
            continue
        if token in _OPEN:
            depth += 1
        elif token in _CLOSE and depth:
            depth -= 1
        tokens.append(token)
    while tokens and tokens[-1] in (_LINE, _DEDENT, _INDENT):
        tokens.pop()
    while tokens and tokens[0] in (_LINE, _INDENT):
        tokens.pop(0)
    return tokens


def _width(line_end: str) -> int:
    """Columns of the indent that ends a line-end token; a tab goes to the next multiple of eight, as in Python."""
    indent = line_end[line_end.rindex("\n") + 1 :].rpartition("\f")[2]
    return len(indent.expandtabs(8)) if "\t" in indent else len(indent)


def program_key(code: str) -> int | None:
    """64-bit hash of a program's tokens; `None` if there is none."""
    tokens = program_tokens(code)
    return xxh3_64_intdigest(_bytes("\x00".join(tokens))) if tokens else None


def description_key(text: str) -> int | None:
    """64-bit hash of a cleaned description in its normalised form; `None` if that is empty."""
    normalised = normalise_description(text)
    return xxh3_64_intdigest(_bytes(normalised)) if normalised else None


def content_key(description: str, code: str) -> str:
    """16 hex digits for the original description and code; what a row is recognised by in another revision."""
    return xxh3_64_hexdigest(_bytes(f"{len(description)}\x00{description}\x00{code}"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_SKIPPED = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
"""Fields that say nothing of what a program does."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def canonical_key(code: str) -> int | None:
    """64-bit hash of a program under canonical names; `None` if there is nothing to hash.

    Of one that does not parse the tokens are hashed, names that it assigns numbered: no such key equals one of a tree.
    """
    tree = parse(code).tree
    parts = _tree_parts(tree) if tree is not None else list(_token_parts(program_tokens(code)))
    if not parts:
        return None
    return xxh3_64_intdigest(("\x00" if tree is not None else "\x01").join(parts).encode("utf-8", "surrogatepass"))


def _tree_parts(tree: ast.Module) -> list[str]:
    """The tree in reading order, as text; not by recursion, which a deep one would break."""
    nodes = list(ast.walk(tree))
    methods = {id(item) for node in nodes if isinstance(node, ast.ClassDef) for item in node.body}
    names, attributes = _own_names(nodes, methods), _own_attributes(nodes)
    numbers: dict[tuple[str, str], str] = {}

    def canonical(node: ast.AST, name: str) -> str:
        """A name as it counts: a number if it is the program's own."""
        if isinstance(node, ast.Attribute):
            kind, own = "attribute", name in attributes and _of_own(node, names)
        elif id(node) in methods and not isinstance(node, ast.ClassDef):
            kind, own = "attribute", name in attributes
        else:
            kind, own = "name", name in names
        return numbers.setdefault((kind, name), f"\x02{len(numbers)}") if own else name

    parts: list[str] = []
    stack: list[object] = [tree]
    while stack:
        item = stack.pop()
        kind: type = type(item)
        if kind is _Mark:
            parts.append(item.text)  # type: ignore[attr-defined]
        elif kind is _Name:
            parts.append(canonical(item.node, item.name))  # type: ignore[attr-defined]
        elif isinstance(item, ast.AST):
            parts.append(kind.__name__)
            for field, mark, is_name in _fields(kind):
                value = getattr(item, field, None)
                if value is None and kind is not ast.Constant:
                    continue
                if value.__class__ is list:
                    if not value:
                        continue
                    if kind in (ast.Global, ast.Nonlocal):
                        value = [ast.Name(name) for name in value]
                    stack.extend(reversed(value))
                    stack.append(_length(len(value)))
                else:
                    stack.append(_Name(item, value) if is_name and value.__class__ is str else value)
                stack.append(mark)
        else:
            parts.append(_literal(item))
    return parts


@dataclass(frozen=True, slots=True)
class _Name:
    """A name that waits for its turn: numbers are given in reading order."""

    node: ast.AST
    name: str


@dataclass(frozen=True, slots=True)
class _Mark:
    """A field, or the length of a list: no literal of the program."""

    text: str


def _literal(value: object) -> str:
    """A literal with its kind, so that `1`, `1.0`, `True` and `"1"` differ; a huge number in hexadecimal."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"int {value:x}"
    return f"{type(value).__name__} {value!r}"


@lru_cache(maxsize=256)
def _fields(kind: type) -> list[tuple[str, _Mark, bool]]:
    """Fields of a kind of node that say something, the last one first, and whether its texts are names.

    Names that the program may have given; not keywords, imports and literals. Empty fields are left out, since versions
    of Python differ in them.
    """
    may_name = not issubclass(kind, ast.keyword | ast.alias)
    fields: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
    return [
        (field, _Mark(f"\x03{field}"), may_name and field in ("id", "attr", "name", "arg"))
        for field in reversed(fields)
        if field not in _SKIPPED
    ]


@lru_cache(maxsize=1024)
def _length(items: int) -> _Mark:
    return _Mark(f"\x04{items}")


def _of_own(node: object, names: set[str]) -> bool:
    """Whether an attribute is one of `self`, or of something that the program named."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names


def _own_names(nodes: Iterable[ast.AST], methods: set[int]) -> set[str]:
    """Names that the program sets, parameters among them, but for those also given as keywords."""
    names: set[str] = set()
    parameters: set[str] = set()
    keywords: set[str] = set()
    imported: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            parameters.add(node.arg)
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            if id(node) not in methods or isinstance(node, ast.ClassDef):
                names.add(node.name or "_")
        elif isinstance(node, ast.keyword) and node.arg:
            keywords.add(node.arg)
        elif isinstance(node, ast.alias):
            imported.add((node.asname or node.name).partition(".")[0])
    return (names | (parameters - keywords)) - (parameters & keywords) - imported


def _own_attributes(nodes: list[ast.AST]) -> set[str]:
    """Methods and attributes of `self` that the program both sets and uses; Python's own (`__init__`) are not."""
    methods: set[str] = set()
    stored: set[str] = set()
    used: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            methods.update(item.name for item in node.body if isinstance(item, _FUNCTIONS))
        elif isinstance(node, ast.Attribute):
            to_self = isinstance(node.value, ast.Name) and node.value.id == "self"
            (stored if to_self and isinstance(node.ctx, ast.Store) else used).add(node.attr)
    return {name for name in (methods | stored) & used if not name.startswith("__")} - {"construct"}


def _token_parts(tokens: list[str]) -> Iterator[str]:
    """Tokens of a program that does not parse, without ends of lines; names that it assigns are numbered."""
    tokens = [token for token in tokens if token > "\x03"]
    own: set[str] = set()
    depth = 0
    inside = []
    for place, token in enumerate(tokens):
        depth = max(0, depth + (token in "([{") - (token in ")]}"))
        inside.append(depth > 0)
        before, after = tokens[place - 1] if place else "", tokens[place + 1] if place + 1 < len(tokens) else ""
        named = before in ("class", "def", "for") or (after == "=" and not depth and before != ".")
        if named and token.isidentifier() and token != "construct":
            own.add(token)
    numbers: dict[str, str] = {}
    for place, token in enumerate(tokens):
        before, after = tokens[place - 1] if place else "", tokens[place + 1] if place + 1 < len(tokens) else ""
        keyword = inside[place] and after == "="
        if token in own and before != "." and not keyword:
            yield numbers.setdefault(token, f"\x02{len(numbers)}")
        else:
            yield token
