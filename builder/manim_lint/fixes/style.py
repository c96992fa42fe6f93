"""What a program should not be learned with, though it runs: invalid escapes, doubled indentation, `x = x = …`."""

import ast
import io
import re
import tokenize
from itertools import pairwise

import libcst as cst

from builder.manim_lint.fixes.program import Program, TextChanger, change_nodes
from builder.manim_lint.syntax import parse, same_program

_VALID = r"""\\'"abfnrtvxNuU0-7\r\n"""
_INVALID = re.compile(rf"(?<!\\)((?:\\\\)*)\\(?=[^{_VALID}])")
_ESCAPE = re.compile(r"\\[\s\S]")
INVALID_ESCAPE = re.compile(rf"""(?<![\w"'])["'](?:[^"'\\\n]|\\[{_VALID}])*\\[^{_VALID}]""")


def raw_strings(program: Program) -> str | None:
    r"""`"\pi r^2"` becomes `r"\pi r^2"`: Python warns of `\p`, and will refuse it. The value of the text stays.

    Where a valid escape stands beside it, the backslash is doubled.
    """
    found = [
        node
        for node in program.nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and "\\" in node.value
        and id(node) not in program.in_texts
        and (source := program.source(node))[0] in "\"'"
        and _INVALID.search(source)
    ]
    return change_nodes(program, found, TextChanger(_raw)) if found else None


def _raw(text: cst.SimpleString) -> cst.SimpleString:
    """The text that Python does not warn of."""
    raw = text.raw_value
    if text.prefix or not _INVALID.search(raw):
        return text
    valid = any(escape[0][1] in "\\'\"abfnrtvxNuU01234567\r\n" for escape in _ESCAPE.finditer(raw))
    return text.with_changes(value=_INVALID.sub(r"\1\\\\", text.value) if valid else f"r{text.value}")


TWO_TARGETS = re.compile(r"^[ \t]*(\w+)[ \t]*=[ \t]*\1[ \t]*=(?!=)", re.MULTILINE)


def repeated_targets(program: Program) -> str | None:
    """`area = area = …` becomes `area = …`."""
    edits: dict[tuple[int, int], str] = {}
    for node in program.nodes:
        if isinstance(node, ast.Assign):
            for one, other in pairwise(node.targets):
                if isinstance(one, ast.Name) and isinstance(other, ast.Name) and one.id == other.id:
                    edits[program.span(one)[0], program.span(other)[0]] = ""
    return program.edited(edits)


DOUBLED = re.compile(r"^( +)def \w+\([^\n]*:[ \t]*\n(?:[ \t]*(?:#[^\n]*)?\n)*\1 {8}(?! )", re.MULTILINE)


def indentation(program: Program) -> str | None:
    """The body of a method stands four blanks to the right of its `def`, not eight; texts of several lines stay."""
    lines = program.code.splitlines(keepends=True)
    inside = _lines_in_texts(program.code)
    for node in program.nodes:
        if isinstance(node, ast.FunctionDef) and node.body[0].col_offset == node.col_offset + 8:
            for number in range(node.body[0].lineno - 1, node.end_lineno or node.lineno):
                _dedent(lines, number, node.col_offset + 8, inside)
            number = node.body[0].lineno - 2
            while number >= node.lineno and not lines[number].partition("#")[0].strip():
                _dedent(lines, number, node.col_offset + 8, inside)
                number -= 1
    code = "".join(lines)
    tree = parse(code).tree
    return code if tree is not None and same_program(program.tree, tree) else None


def _dedent(lines: list[str], number: int, least: int, inside: set[int]) -> None:
    if number + 1 not in inside and lines[number].startswith(" " * least):
        lines[number] = lines[number][4:]


def _lines_in_texts(code: str) -> set[int]:
    """Numbers of the lines that begin inside of a text."""
    found: set[int] = set()
    starts: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        name = tokenize.tok_name[token.type]
        if name == "FSTRING_START":
            starts.append(token.start[0])
        elif name in ("STRING", "FSTRING_END"):
            first = starts.pop() if name == "FSTRING_END" else token.start[0]
            found.update(range(first + 1, token.end[0] + 1))
    return found
