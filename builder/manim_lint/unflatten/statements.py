"""Tokens and statements of a text whose line ends are lost, of its code and of the prose of its comments."""

import ast
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""
    (?P<blank>(?:[ \t\f]+|\\(?=[ \t\f]|\Z))*+)      # a backslash before a blank joined two lines
    (?:
      (?P<string>
        (?:[fF][rR]?|[rR][fF])(?:     # from 3.12 on, an f-string may hold its own kind of quote (numbers bound cost)
          "(?:(?:[^"\\\n{]|\\.|\{\{)++|\{(?:[^{}"'\n]++|"[^"\n]*+"|'[^'\n]*+'|\{[^{}\n]*+\}){0,16}+\}){1,32}+"(?!")
        | '(?:(?:[^'\\\n{]|\\.|\{\{)++|\{(?:[^{}"'\n]++|"[^"\n]*+"|'[^'\n]*+'|\{[^{}\n]*+\}){0,16}+\}){1,32}+'(?!')
        )
      | [rRbBfFuU]{0,2}(?:
          \"\"\"(?:[^"\\]|\\.|"(?!""))*+\"\"\"
        | '''(?:[^'\\]|\\.|'(?!''))*+'''
        | "(?!"")(?:[^"\\\n]|\\.)*+"
        | '(?!'')(?:[^'\\\n]|\\.)*+'
        )
      )
    | (?P<name>[^\W\d]\w*+)
    | (?P<number>
        0[xX][\da-fA-F_]++ | 0[bB][01_]++ | 0[oO][0-7_]++
      | (?:\d[\d_]*+)?+\.\d[\d_]*+(?:[eE][+-]?\d[\d_]*+)?+[jJ]?+
      | \d[\d_]*+\.?+(?:[eE][+-]?\d[\d_]*+)?+[jJ]?+
      )
    | (?P<comment>\#)
    | (?P<op>\*\*=?|//=?|>>=?|<<=?|->|:=|[-+*/%&|^@=!<>]=|\.\.\.|[-+*/%&|^@=<>.,:;~()\[\]{}])
    | (?P<junk>.)
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_DRAWN_LINE = re.compile(r"([-=*~_+/|<>])\1\1+")
"""`-----`, which people draw in comments."""
_QUOTES = frozenset("\"'")
_MAX_UNCLOSED = 8
"""Quotes in prose that no other closes: each is looked for up to the end."""
_CONSTANTS = frozenset({"None", "True", "False"})
OPEN = {"(": ")", "[": "]", "{": "}"}
CLOSE = frozenset(OPEN.values())


@dataclass(frozen=True, slots=True)
class Token:
    """A token: `kind` is string, name, keyword, number, comment, op or junk; `blank` says that a blank is before it.

    `start` and `end` are offsets in the text; a comment's text is all of it, from its `#` on.
    """

    kind: str
    text: str
    blank: bool
    start: int
    end: int

    @property
    def is_operand(self) -> bool:
        """Whether it is an operand as a whole: a name, a number, a string or a constant."""
        return self.kind in ("name", "number", "string") or self.text in _CONSTANTS or self.text == "..."


def tokens_from(text: str, start: int, end: int, prose: bool = False) -> Iterator[Token]:
    """Tokens of `text[start:end]`; in prose an apostrophe opens no string.

    A quote that is never closed is junk: in code there is then no more to find, and in prose no string of its
    kind follows. So no character is read more than a few times.
    """
    position = start
    unclosed: list[str] = []
    while match := _TOKEN.match(text, position, end):
        kind = match.lastgroup or "junk"
        where = match.start(kind)
        if prose and (line := _DRAWN_LINE.match(text, where, end)):
            yield Token("junk", line.group(), bool(match["blank"]), where, line.end())
            position = line.end()
            continue
        if kind == "string" and prose and _is_apostrophe(text, where, unclosed):
            yield Token("junk", text[where], bool(match["blank"]), where, where + 1)
            position = where + 1
            continue
        position = match.end()
        found = match[kind]
        if kind == "junk" and found in _QUOTES:
            if not prose or len(unclosed) == _MAX_UNCLOSED:
                yield Token("junk", text[where:end], bool(match["blank"]), where, end)
                return
            unclosed.append(found)
        if kind == "name" and keyword.iskeyword(found):
            kind = "keyword"
        yield Token(kind, found, bool(match["blank"]), where, position)


def _is_apostrophe(text: str, where: int, unclosed: list[str]) -> bool:
    quote = text[where]
    return quote in unclosed or (quote == "'" and where > 0 and text[where - 1].isalnum())


def joined(tokens: list[Token]) -> str:
    """The tokens as code on one line, with a blank where there was one, but for those inside of brackets' ends."""
    parts: list[str] = []
    before = ""
    for token in tokens:
        if parts and token.blank and before not in OPEN and token.text not in CLOSE:
            parts.append(" ")
        parts.append(token.text)
        before = token.text
    return "".join(parts)


def open_brackets(tokens: list[Token]) -> str:
    """What would close the brackets that are open after the tokens."""
    opened: list[str] = []
    for token in tokens:
        if token.kind == "op" and token.text in OPEN:
            opened.append(OPEN[token.text])
        elif token.kind == "op" and token.text in CLOSE and opened:
            opened.pop()
    return "".join(reversed(opened))


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
        first, second, *_ = statement.tokens
        return not (first.kind == "name" and second.text == "(" and second.blank)  # no code has a gap there
    return isinstance(value, ast.Await | ast.Yield | ast.YieldFrom | ast.ListComp | ast.NamedExpr)
