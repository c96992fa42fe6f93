"""Cleaning of code: what wrappers, spreadsheets and web pages left around a program is taken off.

Each step is a small function from text to text. If the text parses as read, a step is kept only if the
syntax tree stays the same; otherwise it is kept if it helps: the text then parses, or the parser gets
further. So `&lt;` inside a string of a sound program stays, and LaTeX backslashes are never touched.
"""

import ast
import html
import re
from collections.abc import Callable
from functools import partial

from builder.prepare.parse import Parsed, parse, same_program

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[ \t]*([\w+.-]*)[^\n`]*$", re.MULTILINE)
_LITERAL_NEWLINE = re.compile(r"\A\s*(?:\\r)?\\n ?(?:\s*(?:\\r)?\\n ?)*")
_EXCEL_NEWLINE = re.compile(r"_x000[dD]_(?=\n|\Z)")
_EXCEL_LINE = re.compile(r"^[ \t]*_x000[dD]_[ \t]*$", re.MULTILINE)
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_MIXED_TABS = re.compile(r"^(?: +\t|\t+ )", re.MULTILINE)
_LEADING = re.compile(r"^[ \t]+", re.MULTILINE)
_LEADING_BLANKS = re.compile(r"\A(?:[ \t\f]*\n)+")


def _bom(code: str) -> str:
    return code.replace("\ufeff", "") if "\ufeff" in code else code


def _line_ends(code: str) -> str:
    return code.replace("\r\n", "\n").replace("\r", "\n") if "\r" in code else code


def _excel_line_ends(code: str) -> str:
    return _EXCEL_NEWLINE.sub("", code) if "_x000" in code else code


def _literal_newline(code: str) -> str:
    return _LITERAL_NEWLINE.sub("", code, count=1) if "\\n" in code[:200] else code


def _fences(code: str) -> str:
    """The fenced Python block; of several, those that parse together, or else the longest."""
    if "```" not in code and "~~~" not in code:
        return code
    marks = list(_FENCE.finditer(code))
    if not marks:
        return code
    blocks: list[str] = []
    start: re.Match[str] | None = None
    for mark in marks:
        if start is None:
            start = mark
        elif not mark.group(1):
            blocks.append(code[start.end() + 1 : mark.start()])
            start = None
        else:  # an opening mark inside an open block: the first was never closed
            blocks.append(code[start.end() + 1 : mark.start()])
            start = mark
    if start is not None:
        # A lone mark: a block that was never opened, or one that was never closed.
        before = code[: start.start()]
        unopened = not blocks and not start.group(1) and parse(before).ok and before.strip()
        blocks.append(before if unopened else code[start.end() + 1 :])
    blocks = [block for block in blocks if block.strip()]
    if not blocks:
        return _FENCE.sub("", code)
    together = "\n".join(blocks)
    return together if parse(together).ok else max(blocks, key=len)


def _entities(code: str) -> str:
    while "&" in code:
        plain = _ENTITY.sub(lambda match: html.unescape(match.group()).replace("\xa0", " "), code)
        if plain == code:
            break
        code = plain
    return code


def _tabs(code: str) -> str:
    """Tabs to spaces in the indent of every line, where lines mix the two; the width is the one that parses."""
    if "\t" not in code or not (_MIXED_TABS.search(code) or ("\n " in code and "\n\t" in code)):
        return code
    widths = [_LEADING.sub(partial(_expand, width), code) for width in (4, 8)]
    return next((text for text in widths if parse(text).ok), widths[0])


def _expand(width: int, indent: re.Match[str]) -> str:
    return indent.group().expandtabs(width)


def _indent(code: str) -> str:
    """A uniform indent, or the first line's alone."""
    lines = code.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None or not lines[first][0].isspace():
        return code
    filled = [line for line in lines if line.strip()]
    margin = min(len(line) - len(line.lstrip(" \t")) for line in filled)
    if margin:
        return "\n".join(line[margin:] if line.strip() else "" for line in lines)
    lines[first] = lines[first].lstrip()
    return "\n".join(lines)


def _outer_blanks(code: str) -> str:
    return _LEADING_BLANKS.sub("", code).rstrip()


STEPS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("clean:bom", _bom),
    ("clean:line_ends", _line_ends),
    ("clean:excel_line_ends", _excel_line_ends),
    ("clean:literal_newline", _literal_newline),
    ("clean:fences", _fences),
    ("clean:entities", _entities),
    ("clean:tabs", _tabs),
    ("clean:indent", _indent),
    ("clean:outer_blanks", _outer_blanks),
)
"""Names and functions, in the order in which they are tried."""

_SAFE_WHEN_BROKEN = frozenset({"clean:bom", "clean:line_ends", "clean:literal_newline", "clean:outer_blanks"})
"""Steps that lose nothing of a program, so that they are kept in a text that does not parse before or after."""
_RISKY = "clean:entities"
"""The step that is left out of a chain of steps if the text parses without it."""
_MAX_ROUNDS = 8


def clean_code(code: str) -> tuple[str, Parsed, tuple[str, ...]]:
    """The cleaned program, what the parser makes of it, and the names of the steps that were kept, in order.

    Steps are tried again until none changes the text, so cleaning twice equals cleaning once. Where no step
    helps on its own, all of them together are tried.
    """
    parsed = parse(code)
    taken: list[str] = []
    for _ in range(_MAX_ROUNDS):
        before = code
        for name, step in STEPS:
            changed = step(code)
            if changed == code:
                continue
            # Blank ends cannot change a program that parses: no need to parse it again.
            result = parsed if parsed.ok and name == "clean:outer_blanks" else parse(changed)
            if result is parsed or _keep(name, code, parsed, result):
                code, parsed = changed, result
                taken.append(name)
        if not parsed.ok and code == before:
            chain = _chain(code)
            if chain is not None:
                code, parsed, names = chain
                taken += names
        if code == before:
            break
    return code, parsed, tuple(dict.fromkeys(taken))


def _chain(code: str) -> tuple[str, Parsed, list[str]] | None:
    """All steps one after the other, the risky one only if need be; `None` if the text then still doesn't parse."""
    for steps in ([step for step in STEPS if step[0] != _RISKY], STEPS):
        text, names = code, []
        for name, step in steps:
            changed = step(text)
            if changed != text:
                text = changed
                names.append(name)
        if len(names) > 1 and (result := parse(text)).ok:
            return text, result, names
    return None


def _keep(name: str, code: str, before: Parsed, after: Parsed) -> bool:
    if before.tree is None:
        return after.ok or name in _SAFE_WHEN_BROKEN or after.position > before.position
    if after.tree is None:
        return False
    if name == "clean:excel_line_ends" and _EXCEL_LINE.search(code):
        return same_program(_without_excel_lines(code), after.tree)
    return same_program(before.tree, after.tree)


def _without_excel_lines(code: str) -> ast.Module:
    """The tree without the expressions that lone `_x000D_` lines make."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if isinstance(body, list):
                setattr(node, field, [item for item in body if not _is_excel_line(item)])
    return tree


def _is_excel_line(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Name) and node.value.id.lower() == "_x000d_"
