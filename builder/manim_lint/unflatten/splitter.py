"""Where statements begin in a text whose line ends are lost.

Two operands side by side, or a keyword that only opens a statement, mean that a line ended between them. Not
covered: a statement that begins with a sign or a star, and two texts one below the other.
"""

import ast
from collections.abc import Iterator

from builder.manim_lint.syntax import parse
from builder.manim_lint.unflatten.statements import (
    CLOSE,
    OPEN,
    Statement,
    Token,
    ends_operand,
    open_brackets,
    tokens_from,
)

HEADERS = frozenset("class def if elif else for while with try except finally async".split())
"""Words that open a block."""
_STARTS = frozenset(
    "class def elif for while with try except finally async import global nonlocal del assert raise return pass "
    "break continue".split()
)
"""Keywords that stand at the start of a statement only, exceptions aside (`async for` and the like)."""
_MAX_AHEAD = 200_000
"""Characters that are looked at ahead for one text, at most, to see what words and brackets are."""
_SILENT = frozenset({"play", "wait", "add", "remove", "clear"})
"""Methods of a scene whose value nobody returns."""


class Splitter:
    """Cuts tokens into statements; what it knows is the statement so far and the brackets that are open."""

    def __init__(self, text: str, end: int | None = None, prose: bool = False, opened: tuple[str, ...] = ()) -> None:
        self.text = text
        self.end = len(text) if end is None else end
        self.prose = prose
        self.sound = True
        self.done: list[Statement] = []
        self.now = Statement()
        self.opened = list(opened)
        self.base = len(opened)
        """Brackets within which statements are separated: more than none only in a comment inside of brackets."""
        self.lambdas = 0
        self.choices = 0
        """`if`s of conditional expressions whose `else` is still to come."""
        self.colon = False
        """Whether the last colon was neither a lambda's nor a head's."""
        self.comment: Token | None = None
        self.ahead = _MAX_AHEAD
        self.closed_at: int | None = None
        """In a comment inside of brackets: where the first of these is closed."""

    def run(self, start: int) -> int:
        """Take tokens up to the end, or to a comment (then `comment` is its mark); the offset that was reached."""
        self.comment = None
        for token in tokens_from(self.text, start, self.end, self.prose):
            if token.kind == "comment":
                self.comment = token
                return token.start
            if token.kind == "junk" and not self.prose:
                self.sound = False
                return self.end
            self._take(token)
        return self.end

    def take_comment(self, mark: Token, end: int) -> None:
        """Take a comment: inside of brackets it goes with the tokens, else it stands above the next statement."""
        text = self.text[mark.start : end].rstrip()
        if self.opened:
            self.now.tokens.append(Token("comment", text, mark.blank, mark.start, end))
        else:
            self._cut()
            self.now.comments.append(text)

    def finish(self) -> list[Statement]:
        """End the last statement; all statements."""
        self._cut()
        if self.now.comments:  # comments at the very end
            self.done.append(self.now)
            self.now = Statement()
        return self.done

    def _cut(self, is_header: bool = False) -> None:
        if self.now.tokens:
            self.now.is_header = is_header
            self.done.extend(_apart(self.now))
            self.now = Statement()
        self.lambdas = self.choices = 0

    def _take(self, token: Token) -> None:
        if len(self.opened) == self.base and self.now.tokens and self._begins(token):
            self._cut()
        if token.text == ";" and len(self.opened) == self.base:
            self._cut()
            return
        self.now.tokens.append(token)
        if token.text in OPEN and token.kind == "op":
            self.opened.append(OPEN[token.text])
        elif token.text in CLOSE and token.kind == "op":
            self._close(token)
        elif len(self.opened) == self.base:
            self._note(token)

    def _close(self, token: Token) -> None:
        if self.opened and self.opened[-1] == token.text:
            self.opened.pop()
            if len(self.opened) < self.base:
                self.base -= 1
                self.closed_at = token.start if self.closed_at is None else self.closed_at
        elif not self.prose:
            self.sound = False

    def _note(self, token: Token) -> None:
        """Keep account of what a colon may belong to; a header's own ends it."""
        if token.text == "lambda":
            self.lambdas += 1
        elif token.text == "if" and len(self.now.tokens) > 1:
            self.choices += 1
        elif token.text == "else" and self.choices:
            self.choices -= 1
        elif token.text == ":":
            self.colon = not self.lambdas
            if self.lambdas:
                self.lambdas -= 1
            elif self.now.first in HEADERS:
                self._cut(is_header=True)

    def _begins(self, token: Token) -> bool:
        """Whether a token begins a new statement after the tokens so far."""
        before = self.now.tokens[-1]
        ends = ends_operand(self.now.tokens)
        if self.prose and self._ends_prose(before, token):
            return True
        if token.kind == "keyword" and token.text not in ("None", "True", "False"):
            return self._keyword_begins(token, before, ends)
        if not ends:
            return False
        if token.kind == "string":
            return before.kind != "string" or len(self.now.tokens) == 1
        if token.is_operand or token.text in ("{", "~"):
            return True
        if token.text in ("(", "["):
            return token.blank and (self.prose or self._bracket_begins(token, before))
        if token.text == "@":
            return self._decorates(token)
        return token.kind == "junk"

    def _ends_prose(self, before: Token, token: Token) -> bool:
        """Whether a stretch of prose ends before a token: after a sentence's point, a colon, or a dash."""
        if before.kind == "junk" or token.kind == "junk":
            return True
        return token.blank and (before.text == "." or (before.text == ":" and self.colon))

    def _keyword_begins(self, token: Token, before: Token, ends: bool) -> bool:
        word, first = token.text, self.now.first
        if word == "if":
            return ends and not self._is_choice(token)
        if word == "else":
            return not self.choices
        if word == "import":
            return first != "from" or any(one.text == "import" for one in self.now.tokens)
        if word == "from":
            return ends and not (first in ("raise", "yield", "return") and not self._imports(token))
        if word in ("for", "with", "def"):
            return before.text != "async"
        if word in ("yield", "await", "lambda"):
            return ends
        return word in _STARTS

    def _is_choice(self, token: Token) -> bool:
        """Whether an `if` after an operand is that of a conditional expression: its `else` comes before a colon."""
        lambdas = 0
        for ahead in self._outside(token.end):
            if ahead.text == "lambda":
                lambdas += 1
            elif ahead.text == ":" and lambdas:
                lambdas -= 1
            elif ahead.text == "else":
                return True
            elif ahead.text == ":" or ahead.text in _STARTS or ahead.kind == "comment":
                return False
        return False

    def _outside(self, start: int) -> Iterator[Token]:
        """The tokens from an offset on that stand in no bracket opened there."""
        depth = 0
        for token in self._ahead(start):
            if token.text in OPEN:
                depth += 1
            elif token.text in CLOSE:
                depth -= 1
            elif depth <= 0:
                yield token

    def _ahead(self, start: int) -> Iterator[Token]:
        """The tokens from an offset on, as long as looking ahead has not cost too much."""
        for token in tokens_from(self.text, start, self.end, self.prose):
            self.ahead -= token.end - token.start
            if self.ahead < 0:
                return
            yield token

    def _imports(self, token: Token) -> bool:
        """Whether a `from` opens an import."""
        for ahead in self._ahead(token.end):
            if ahead.text == "import":
                return True
            if ahead.kind != "name" and ahead.text != ".":
                return False
        return False

    def _bracket_begins(self, token: Token, before: Token) -> bool:
        """Whether a bracket after a blank opens a statement: its value is set, or it holds a loop, or is called on."""
        depth = 0
        loop = False
        inside = self._ahead(token.start)
        for ahead in inside:
            if ahead.text in OPEN:
                depth += 1
            elif ahead.text in CLOSE:
                depth -= 1
            loop = loop or (ahead.text == "for" and depth == 1)
            if depth == 0:
                break
        after = next(inside, None)
        if after is not None and after.text == "=":
            return True
        called_on = after is not None and after.text == "."
        return (loop and token.text == "[") or (called_on and before.kind != "name")

    def _decorates(self, token: Token) -> bool:
        """Whether an `@` opens a decorator: after its expression comes another, or a definition."""
        for ahead in self._outside(token.end):
            if ahead.text in ("def", "class", "async", "@"):
                return True
            if ahead.text != "." and ahead.kind != "name":
                return False
        return False


def _apart(statement: Statement) -> Iterator[Statement]:
    """The statement, or a bare `return` and what follows it, if that is no value."""
    tokens = statement.tokens
    if tokens[0].text == "return" and len(tokens) > 1 and _is_no_value(statement):
        yield Statement(tokens[:1], statement.comments)
        yield Statement(tokens[1:])
        return
    yield statement


def _is_no_value(statement: Statement) -> bool:
    tree = parse(statement.code).tree
    if tree is None:
        rest = Statement(statement.tokens[1:])
        return not open_brackets(rest.tokens) and parse(rest.code).ok
    value = tree.body[0].value if isinstance(tree.body[0], ast.Return) else None
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return False
    function = value.func
    return isinstance(function.value, ast.Name) and function.value.id == "self" and function.attr in _SILENT
