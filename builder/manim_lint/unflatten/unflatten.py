"""Programs that were flattened to one line, their line ends and indents lost, are put on lines again.

`splitter.py` finds where statements begin, `comments.py` where comments end, `blocks.py` how deep each stood, and
`layout.py` writes them. What the flattened text no longer says is decided by evidence: where the body of a loop ends,
and where a comment does. Line ends inside of texts in triple quotes are not brought back.
"""

import ast

from builder.manim_lint.syntax import parse
from builder.manim_lint.unflatten.blocks import layouts
from builder.manim_lint.unflatten.comments import split
from builder.manim_lint.unflatten.layout import write
from builder.manim_lint.unflatten.lines import read_lines

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
