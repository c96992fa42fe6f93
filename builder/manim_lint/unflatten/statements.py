"""A statement of a text whose line ends are lost, and what its form says of it."""

import ast
from dataclasses import dataclass, field

from builder.manim_lint.unflatten.tokens import CLOSE, Token, joined

ENDS = frozenset({"pass", "break", "continue"})
"""Statements of one word."""


@dataclass(slots=True)
class Statement:
    """A simple statement, a decorator, or the head of a block; `comments` stand on lines of their own above it."""

    tokens: list[Token] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    is_header: bool = False

    @property
    def code(self) -> str:
        """The statement on one line, without comments."""
        return joined([token for token in self.tokens if token.kind != "comment"])

    @property
    def first(self) -> str:
        """The text of its first token, empty if it has none."""
        return self.tokens[0].text if self.tokens else ""


def ends_operand(tokens: list[Token]) -> bool:
    """Whether the statement so far could end here, as far as its last token shows."""
    if not tokens:
        return False
    last = tokens[-1]
    if last.text == "*":
        return len(tokens) > 1 and tokens[-2].text == "import"
    return last.is_operand or last.text in CLOSE or last.text in ENDS


def snippet(statement: Statement) -> str:
    """The statement as a program of its own: a head has a body, a clause the block that it belongs to."""
    code = statement.code
    if not statement.is_header:
        return f"{code}\ndef _(): pass" if statement.first == "@" else code
    if statement.first in ("elif", "else"):
        return f"if _: pass\n{code} pass"
    if statement.first in ("except", "finally"):
        return f"try: pass\n{code} pass"
    if statement.first == "try":
        return f"{code} pass\nfinally: pass"
    if statement.first == "match":
        return f"{code}\n    case _: pass"
    if statement.first == "case":
        return f"match _:\n    {code} pass"
    return f"{code} pass"


def does_something(node: ast.stmt, statement: Statement, annotations: bool = False) -> bool:
    """Whether a statement is more than a name, a value or a comparison, which prose may be taken for.

    A name with a type and no value (`size: int`) counts only if `annotations` do.
    """
    if isinstance(node, ast.AnnAssign):
        return annotations or node.value is not None
    if not isinstance(node, ast.Expr):
        return True
    value = node.value
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str) or value.value is ...
    if isinstance(value, ast.Call):
        return not (statement.tokens[0].kind == "name" and len(statement.tokens) > 1 and _gap_before_call(statement))
    return isinstance(value, ast.Await | ast.Yield | ast.YieldFrom | ast.ListComp | ast.NamedExpr)


def _gap_before_call(statement: Statement) -> bool:
    second = statement.tokens[1]
    return second.text == "(" and second.blank
