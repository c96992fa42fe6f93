"""Where comments end in a text whose line ends are lost.

A comment ended with its line, so that code follows its words. It is taken to end where the longest row of
complete, effective statements begins that goes on to the next comment; its first statement is always its own (a
commented-out line). Inside of brackets, it ends at the last stretch of words and signs without a gap. Not covered:
two commented-out statements in one comment, and prose that ends in what looks like a statement (`set x = 4`).
"""

import ast
import re
from itertools import islice

from builder.manim_lint.syntax import parse
from builder.manim_lint.unflatten.splitter import Splitter
from builder.manim_lint.unflatten.statements import (
    CLOSE,
    ENDS,
    OPEN,
    Statement,
    Token,
    does_something,
    ends_operand,
    open_brackets,
    snippet,
)

_JOINS = frozenset(", - + * / & = == -> < > %".split())
"""Signs that may end a comment, as keywords may, and would make one expression of its last word and the code."""
_MAX_COMMENTS = 1_000
"""A text of more comments is taken for no code."""
_MAX_TRIES = 16
"""Words of one stretch of prose after which code is looked for."""
_AFTER_PASS = frozenset("def class async elif else except finally @".split())
"""What may follow a lone `pass`."""


def split(text: str) -> list[Statement] | None:
    """The statements of a text in order, or `None` if it is no code, as far as tokens show."""
    splitter = Splitter(text)
    position = 0
    comments = 0
    while position < len(text) and splitter.sound and comments < _MAX_COMMENTS:
        position = splitter.run(position)
        if splitter.comment is not None:
            position = _comment_end(splitter, splitter.comment)
            splitter.take_comment(splitter.comment, position)
            comments += 1
    return splitter.finish() if splitter.sound and position >= len(text) else None


def _comment_end(outer: Splitter, mark: Token) -> int:
    """The offset at which the code after a comment begins, or its end, where the next comment begins."""
    inner = Splitter(outer.text, outer.end, prose=True, opened=tuple(outer.opened))
    end = inner.run(mark.end)
    if inner.closed_at is not None and inner.closed_at < end:
        end_of_arguments = inner.closed_at
        inner = Splitter(outer.text, end_of_arguments, prose=True, opened=tuple(outer.opened))
        inner.run(mark.end)
        return _arguments_begin(outer, inner, end_of_arguments)
    missing = "".join(reversed(inner.opened[inner.base :]))
    statements = inner.finish()
    if outer.opened:
        return _last_argument(outer, statements, end)
    first = len(statements)
    while first > 1 and _is_code(outer.text, statements, first - 1, missing):
        first -= 1
    if first and not _is_code(outer.text, statements, first - 1, missing):
        tail = _code_after_word(statements, first - 1, missing, outer)
        if tail is not None:
            return tail.start
    return statements[first].tokens[0].start if first < len(statements) else end


def _code_after_word(statements: list[Statement], number: int, missing: str, outer: Splitter) -> Token | None:
    """Where code begins in a stretch of prose that ends in a word which could join it to code (`fade in`)."""
    depth = tried = 0
    tokens = statements[number].tokens
    for count, token in enumerate(tokens[:-1], 1):
        depth += (token.text in OPEN) - (token.text in CLOSE)
        if depth == 0 and (token.kind == "keyword" or token.text in _JOINS) and tokens[count].blank:
            tried += 1
            if tried > _MAX_TRIES:
                return None
            rest = Statement(tokens[count:], is_header=statements[number].is_header)
            if _is_code(outer.text, [rest, *statements[number + 1 :]], 0, missing):
                return rest.tokens[0]
    return None


def _arguments_begin(outer: Splitter, inner: Splitter, closed_at: int) -> int:
    """Inside of brackets that are closed before the next comment: the code is the last stretch without a gap."""
    statements = inner.finish()
    blank = outer.text[closed_at - 1].isspace()
    if not statements:
        return closed_at
    last = statements[-1]
    if _is_complete(outer):  # an attribute, or the bracket's end, goes on
        after = (token for one in statements for token in one.tokens[1:])
        return next((token.start for token in after if token.text == "." and token.blank), closed_at)
    is_word = len(last.tokens) == 1 and last.tokens[0].kind == "name"
    if len(statements) == 1 or (is_word and blank) or not _is_argument(last):
        return closed_at
    return last.tokens[0].start


def _last_argument(outer: Splitter, statements: list[Statement], end: int) -> int:
    """Inside of brackets that are still open at the next comment: the last stretch, if it looks like code."""
    if len(statements) < 2 or _is_complete(outer):
        return end
    last = statements[-1]
    return last.tokens[0].start if last.tokens[-1].text in {",", *OPEN} and _is_argument(last) else end


def _is_complete(outer: Splitter) -> bool:
    """Whether an operand ended before the comment, so that an operator or the end of the bracket must follow."""
    code = (token for token in reversed(outer.now.tokens) if token.kind != "comment")
    return ends_operand(list(islice(code, 2))[::-1])


def _is_argument(statement: Statement) -> bool:
    """Whether a stretch can stand between brackets: arguments, elements or pairs."""
    code = statement.code.rstrip(" ,")
    opened = open_brackets(statement.tokens)
    closed = code + ("_" if opened and code[-1:] in OPEN else "") + opened
    return parse(f"_({closed})").ok or parse("{" + closed + "}").ok


def _is_code(text: str, statements: list[Statement], number: int, missing: str) -> bool:
    """Whether a stretch of text in a comment is a statement; `missing` closes brackets open at the very end."""
    statement = statements[number]
    is_last = number == len(statements) - 1
    if statement.first in ENDS:  # "the forward pass"
        return is_last or statements[number + 1].first in _AFTER_PASS
    forms: tuple[str, ...] = (snippet(statement),)
    if is_last and missing:
        code = statement.code.rstrip(" ,")
        forms = (f"{code}{missing}", f"{code} _{missing}", f"{code}{missing}: pass")
    tree = next((tree for form in forms if (tree := parse(form).tree)), None)
    if tree is None or not tree.body or not does_something(tree.body[0], statement):
        return False
    if isinstance(tree.body[0], ast.Assign) and _is_remark(tree.body[0], text[statement.tokens[-1].end :]):
        return False
    value = tree.body[0].value if isinstance(tree.body[0], ast.Expr) else None
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):  # "plot f(x)"
        several = bool(value.keywords) or len(value.args) > 1
        return several or value.func.id == "print" or f"def {value.func.id}(" in text
    return not isinstance(value, ast.Constant)


def _is_remark(node: ast.Assign, after: str) -> bool:
    """Whether it only says what a name is (`where x = 4`): it calls nothing, and the name never comes again."""
    target = node.targets[0]
    if not isinstance(target, ast.Name) or any(isinstance(one, ast.Call | ast.Lambda) for one in ast.walk(node.value)):
        return False
    return re.search(rf"\b{re.escape(target.id)}\b", after) is None
