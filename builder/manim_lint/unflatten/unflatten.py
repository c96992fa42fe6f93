"""Programs that were flattened to one line, their line ends and indents lost, are put on lines again.

`splitter.py` finds where statements begin, `comments.py` where comments end, `blocks.py` how deep each stood. What
the flattened text no longer says is decided by evidence: where the body of a loop ends, and where a comment does. Line
ends inside of texts in triple quotes are not brought back.

It is written near to how common formatters do: four spaces a level, blank lines around classes, functions and after
imports, lines of at most 88 characters where brackets allow it. Blanks around operators and the kind of quotes stay as
they were. A comment stands above what it came before, since the text does not say whether it ended a line.
"""

import ast
from dataclasses import replace

from builder.manim_lint.syntax import parse
from builder.manim_lint.unflatten.blocks import layouts
from builder.manim_lint.unflatten.comments import split
from builder.manim_lint.unflatten.lines import Line, read_lines
from builder.manim_lint.unflatten.statements import CLOSE, OPEN, Token, joined

__all__ = ["unflatten"]

_MAX_CHARS = 50_000
"""Longer texts are left as they are."""
_MAX_LINES = 1_000
"""Texts of more statements are left as they are."""
_TRIES = 4
"""Layouts that are given to the parser, likeliest first."""


def unflatten(code: str) -> str | None:
    """The program on lines again; `None` if the text has line ends, parses as it is, or is no program.

    Text that parses only because a comment swallows its scene (`# Imports from manim import * class …`) counts as
    flattened. Nothing is executed; the tokens stay as they are, but for commas at the end of opened brackets.
    """
    text = code.strip()
    if not text or len(text) > _MAX_CHARS or "\n" in text or "\r" in text:
        return None
    tree = parse(text).tree
    if tree is not None and _has_class(tree):
        return None
    found = _on_lines(text)
    if found is None or (tree is not None and not _has_class(found[1])):
        return None
    return found[0]


def _on_lines(text: str) -> tuple[str, ast.Module] | None:
    """The likeliest layout that parses, and its tree."""
    statements = split(text)
    if not statements or len(statements) > _MAX_LINES:
        return None
    lines = read_lines(statements)
    if lines is None or len(lines) < 2:
        return None
    end_comments = [] if statements[-1].tokens else statements[-1].comments
    for depths in layouts(lines)[:_TRIES]:
        written = write(lines, depths, end_comments)
        tree = parse(written).tree
        if tree is not None:
            return written, tree
    return None


def _has_class(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.ClassDef) for node in tree.body)


WIDTH = 88
"""Characters of a line, at most, where brackets allow it: the default of black and of ruff."""
_CLAUSES = ("elif", "else", "except", "finally")


def write(lines: list[Line], depths: list[int], end_comments: list[str]) -> str:
    """The text of the lines at their depths; comments after the last statement follow at its depth."""
    out: list[str] = []
    for number, (line, depth) in enumerate(zip(lines, depths, strict=True)):
        if number:
            out += [""] * _blank_lines(lines, depths, number)
        indent = "    " * depth
        for statement in (*line.decorators, line.statement):
            out += [indent + comment for comment in statement.comments]
            out += _wrapped(statement.tokens, len(indent))
    out += ["    " * depths[-1] + comment for comment in end_comments]
    return "\n".join(out)


def _blank_lines(lines: list[Line], depths: list[int], number: int) -> int:
    """Blank lines above a line."""
    line, depth, before = lines[number], depths[number], lines[number - 1]
    if line.word in _CLAUSES:
        return 0
    wanted = 2 if depth == 0 else 1
    if line.word in ("def", "class"):
        return 0 if before.word and depths[number - 1] < depth else wanted
    if depths[number - 1] > depth and _ends_definition(lines, depths, number):
        return wanted
    return 1 if before.is_import and not line.is_import and depth == 0 else 0


def _ends_definition(lines: list[Line], depths: list[int], number: int) -> bool:
    """Whether the block that ended above a line is that of a function or a class."""
    words = (lines[above].word for above in range(number - 1, -1, -1) if depths[above] <= depths[number])
    return next(words, "") in ("def", "class")


def _wrapped(tokens: list[Token], indent: int) -> list[str]:
    """A statement, or a part of one between brackets, as lines."""
    text = joined(tokens)
    must = _must_split(tokens)
    if not must and indent + len(text) <= WIDTH:
        return [" " * indent + text]
    start, end = _bracket_to_split(tokens)
    if start < 0:
        return [" " * indent + text]
    inside = tokens[start + 1 : end]
    lines = [" " * indent + joined(tokens[: start + 1])]
    elements = _elements(inside)
    short = indent + 4 + len(joined(inside)) <= WIDTH and (len(elements) == 1 or _is_trailer(tokens, start))
    if short and not _must_split(tokens[max(start - 1, 0) : end + 1]):
        lines.append(" " * (indent + 4) + joined(inside))
    else:
        for element in elements:
            lines += _element(element, indent + 4)
    return lines + _wrapped(tokens[end:], indent)


def _element(tokens: list[Token], indent: int) -> list[str]:
    """An element of an opened bracket: its comments above it."""
    depth = 0
    comments: list[str] = []
    rest: list[Token] = []
    for token in tokens:
        depth += (token.text in OPEN) - (token.text in CLOSE)
        if token.kind == "comment" and depth == 0:
            comments.append(" " * indent + token.text)
        else:
            rest.append(token)
    return comments + (_wrapped(rest, indent) if rest else [])


def _groups(tokens: list[Token]) -> list[tuple[int, int]]:
    """The outermost pairs of brackets; a bracket that is closed only is none."""
    found: list[tuple[int, int]] = []
    depth = start = 0
    for number, token in enumerate(tokens):
        if token.text in OPEN:
            start = number if depth == 0 else start
            depth += 1
        elif token.text in CLOSE and depth:
            depth -= 1
            if depth == 0:
                found.append((start, number))
    return found


def _bracket_to_split(tokens: list[Token]) -> tuple[int, int]:
    """The outermost pair of brackets to open: one that must be, or else the longest; -1 if there is none."""
    groups = [(start, end) for start, end in _groups(tokens) if end > start + 1]
    for start, end in groups:
        if _must_split(tokens[max(start - 1, 0) : end + 1]):
            return start, end
    return max(groups, key=lambda group: len(joined(tokens[group[0] : group[1]])), default=(-1, -1))


def _must_split(tokens: list[Token]) -> bool:
    """Whether there is a comment, or a comma before the end of a bracket, which formatters take as a wish."""
    opened: list[tuple[int, int]] = []  # where, and commas so far
    for number, token in enumerate(tokens):
        if token.kind == "comment":
            return True
        if token.text in OPEN:
            opened.append((number, 0))
        elif token.text == "," and opened:
            opened[-1] = (opened[-1][0], opened[-1][1] + 1)
        elif token.text in CLOSE and opened:
            start, commas = opened.pop()
            is_call = tokens[start].text == "(" and _is_trailer(tokens, start)
            if tokens[number - 1].text == "," and (commas > 1 or is_call):
                return True
    return False


def _is_trailer(tokens: list[Token], start: int) -> bool:
    """Whether a bracket holds the arguments of a call, or an index."""
    before = tokens[start - 1] if start else None
    return before is not None and (before.kind == "name" or before.text in CLOSE) and not tokens[start].blank


def _elements(tokens: list[Token]) -> list[list[Token]]:
    """What stands between commas, each with its comma; the last gets one where that changes nothing.

    The elements of a comprehension are its value and its clauses.
    """
    outer = _outer(tokens)
    comprehension = any(token.text == "for" and token.kind == "keyword" for token, _ in outer.values())
    elements: list[list[Token]] = [[]]
    for number, token in enumerate(tokens):
        plain = number in outer and not outer[number][1]
        clause = token.text == "for" or (token.text == "if" and len(elements) > 1)
        if comprehension and plain and clause and elements[-1]:
            elements.append([])
        elements[-1].append(token)
        if not comprehension and plain and token.text == ",":
            elements.append([])
    if not elements[-1]:
        elements.pop()
    elif len(elements) > 1 and not comprehension:
        _add_comma(elements[-1])
    return elements


def _outer(tokens: list[Token]) -> dict[int, tuple[Token, bool]]:
    """Tokens outside of further brackets, by number, and whether they are between `lambda` and its colon."""
    found: dict[int, tuple[Token, bool]] = {}
    depth = lambdas = 0
    for number, token in enumerate(tokens):
        depth += (token.text in OPEN) - (token.text in CLOSE)
        if depth:
            continue
        lambdas += token.text == "lambda"
        found[number] = (token, lambdas > 0)
        if token.text == ":" and lambdas:
            lambdas -= 1
    return found


def _add_comma(element: list[Token]) -> None:
    code = [number for number, token in enumerate(element) if token.kind != "comment"]
    if code:
        last = element[code[-1]]
        element.insert(code[-1] + 1, replace(last, kind="op", text=",", blank=False))
