"""Parsing that never raises: a syntax tree, or where and why the parser stopped."""

import ast
import re
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

Steps = list[tuple[str, str]]
"""By name, with the text after each; a step that was made twice stands there twice."""


def names(steps: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The names of steps, each once, in the order in which they were first made."""
    return tuple(dict.fromkeys(name for name, _ in steps))


_MAX_PATH = 200
"""Dots in the name of an imported module: the parser's memory grows with the square of their number."""
_BLANKS = r"(?:[ \t\f]|\\\r?\n)*+"
_LONG_PATH = re.compile(
    rf"(?:\b(?:import|from)|,)(?:[ \t\f.]|\\\r?\n)*+\w++(?:{_BLANKS}\.{_BLANKS}\w++){{{_MAX_PATH},}}+"
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the parser made of a text: `tree`, or `error` (the message) and `position` (characters read before it)."""

    tree: ast.Module | None
    error: str = ""
    position: int = 0
    line: int = 1
    """Where the parser stopped, from 1."""
    column: int = 1
    """The same, in characters."""

    @property
    def ok(self) -> bool:
        """Whether the text is a Python program."""
        return self.tree is not None

    @property
    def message(self) -> str:
        """The error without the line."""
        return self.error.removeprefix(f"line {self.line}: ")


_ALONE = threading.RLock()
"""Neither the filters of warnings nor the depth that Python 3.11 counts while it makes a tree are a thread's own."""


@contextmanager
def silent() -> Iterator[None]:
    """Parse without what Python would warn of in a program (an escape that is none), one thread at a time."""
    with _ALONE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


_TYPES = re.compile(r"^[ \t]*+(?:type[ \t]++\w|(?:async[ \t]++)?(?:def|class)[ \t]++\w++[ \t]*+\[)", re.MULTILINE)
"""Parameters of types, and names for types, as Python takes them from 3.12 on."""
_TEXT_WITH_FIELDS = re.compile(r"""\b(?:[fF][rR]?|[rR][fF])["']""")
_MAX_NEWEST = 100_000
"""Characters: of a longer program that this Python refuses, no newer grammar is tried, since that takes seconds."""
_OLD_TEXTS = sys.version_info < (3, 12)
"""Whether this Python refuses f-strings that newer ones take."""


@lru_cache(maxsize=2)  # steps that parse leave a text that is parsed again at once
def parse(code: str) -> Parsed:
    """Parse a program, without warnings; any failure, also of the parser itself, is an answer.

    A program in the newest grammar has the same tree on every Python.
    """
    if code.count(".") >= _MAX_PATH and _LONG_PATH.search(code):
        return Parsed(None, f"the parser was spared a module's name with more than {_MAX_PATH} dots")
    try:
        with silent():
            return Parsed(_tree(code))
    except SyntaxError as error:
        line, column = error.lineno or 1, max((error.offset or 1) - 1, 0)
        where = f"line {line}: {error.msg}"
        return Parsed(None, where, _offset(code, line) + column, line, column + 1)
    except (ValueError, RecursionError, MemoryError) as error:
        return Parsed(None, f"the parser gave up: {str(error) or type(error).__name__}")


def _tree(code: str) -> ast.Module:
    """The tree by `ast`, or, of what this Python refuses and a newer one takes, by `newest_grammar`."""
    if _TYPES.search(code) and (tree := _newest(code)) is not None:
        return tree
    try:
        return ast.parse(code)
    except SyntaxError as error:
        tree = _newest(code) if _OLD_TEXTS and _in_a_text(code, error) else None
        if tree is None:
            raise
        return tree


def _in_a_text(code: str, error: SyntaxError) -> bool:
    """Whether the parser stopped at an f-string, or on a line that has one."""
    if error.msg.startswith("f-string"):
        return True
    start = _offset(code, error.lineno or 1)
    end = code.find("\n", start)
    return _TEXT_WITH_FIELDS.search(code, start, end if end >= 0 else len(code)) is not None


def _newest(code: str) -> ast.Module | None:
    if len(code) > _MAX_NEWEST:
        return None
    from builder.manim_lint.newest_grammar import parse_newest

    try:
        return parse_newest(code, _tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def compiles(tree: ast.Module) -> bool:
    """Whether the compiler takes a program that parses: it finds an `import *` inside a function, say."""
    try:
        with silent():
            compile(tree, "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _offset(code: str, line: int) -> int:
    """Characters before the first character of a line, counted from 1."""
    return len(code) - len(code.split("\n", line - 1)[-1])


def above_all(tree: ast.Module) -> int:
    """How many statements must come first: the docstring and imports from `__future__`."""
    for number, node in enumerate(tree.body):
        docstring = number == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__")):
            return number
    return len(tree.body)


def same_program(before: ast.Module, after: ast.Module) -> bool:
    """Whether two trees are equal, positions aside; trees too deep to be compared are not."""
    if len(before.body) != len(after.body):
        return False
    try:
        return all(ast.dump(one) == ast.dump(other) for one, other in zip(before.body, after.body, strict=True))
    except RecursionError:
        return False
