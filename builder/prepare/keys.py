"""Keys by which rows are compared: equal keys mean equal descriptions, or equal programs.

A program's key is the hash of its tokens without comments and layout. The tokens come from one regular
expression that takes any text, also one that does not parse, and does not depend on the version of Python
(the `tokenize` module cuts f-strings differently from 3.12 on). On programs that parse, it finds two of them
equal exactly if `tokenize` does.
"""

import re

from xxhash import xxh3_64_hexdigest, xxh3_64_intdigest

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
