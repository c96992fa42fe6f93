"""Cleaning of code: what wrappers, spreadsheets and web pages left around a program is taken off.

Each step is a small function from text to text. If the text parses as read, a step is kept only if the
syntax tree stays the same; otherwise it is kept if it helps: the text then parses, or the parser gets
further. So `&lt;` inside a string of a sound program stays, and LaTeX backslashes are never touched.
"""

import ast
import html
import json
import re
from collections.abc import Callable
from functools import partial

from builder.manim_lint.syntax import Parsed, Steps, parse, same_program
from builder.prepare.clean_description import unless_inside
from builder.prepare.fenced import after_drafts, fenced_program

_LITERAL_NEWLINE = re.compile(r"\A(\s*)(?:\\r)?\\n ?(?:\s*(?:\\r)?\\n ?)*")
_EXCEL_NEWLINE = re.compile(r"_x000[dD]_(?:[^\S\n]*+_x000[dD]_)*+(?P<end>(?=[^\S\n]*+(?:\n|\Z)))?")
"""A whole run at a time: taken one by one, the marks of a long run would cost the square of their number."""
_EXCEL_LINE = re.compile(r"^[ \t]*_x000[dD]_[ \t]*$", re.MULTILINE)
_AMPERSAND = r"(?:amp|#0{0,5}38|#[xX]0{0,4}26);"
_ENTITY = re.compile(rf"&(?:{_AMPERSAND})*+(?:(?:lt|gt|quot|apos|nbsp|#\d{{1,7}}|#[xX][0-9a-fA-F]{{1,6}});|(?<=;))")
_MIXED_TABS = re.compile(r"^(?: +\t|\t+ )", re.MULTILINE)
_LEADING = re.compile(r"^[ \t]+", re.MULTILINE)
_MAGIC = re.compile(r"^(?:%%?[a-zA-Z]|![a-zA-Z]).*\n?", re.MULTILINE)
"""A line that only a notebook understands: `%%manim -qm Demo`, `!pip install manim`."""
_LANGUAGE = re.compile(r"\A\s*python3?[ \t]*\n", re.IGNORECASE)
_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_PRE = re.compile(r"<pre\b[^<>]{0,200}>\s*(?:<code\b[^<>]{0,200}>)?|<code\b[^<>]{0,200}>(?=[ \t]*\n)", re.IGNORECASE)
_PRE_ENDS = re.compile(r"(?:</code>\s*)?</pre>|</code>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:span|a|b|i|em|strong|font|code|div)\b[^<>]{0,200}>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_PROMPT = re.compile(r"^[ \t]*(?:>>>|\.\.\.)(?: |$)(.*)$", re.MULTILINE)
_DIFF_HEAD = re.compile(r"(?:diff --git |index [0-9a-f]+\.\.|--- |\+\+\+ |@@ |new file mode |\\ No newline)")
_LEADING_BLANKS = re.compile(r"\A(?:[ \t\f]*\n)+")


def _bom(code: str) -> str:
    """Byte-order marks go."""
    return code.replace("\ufeff", "") if "\ufeff" in code else code


def _line_ends(code: str) -> str:
    """Line ends of Windows and of old Macs become plain ones."""
    return code.replace("\r\n", "\n").replace("\r", "\n") if "\r" in code else code


def _excel_line_ends(code: str) -> str:
    """A spreadsheet's `_x000D_` becomes the line end that it stands for."""
    return _EXCEL_NEWLINE.sub(unless_inside, code) if "_x000" in code else code


def _literal_newline(code: str) -> str:
    """A backslash and an n that stand before the program go."""
    return _LITERAL_NEWLINE.sub(r"\1", code, count=1) if "\\n" in code[:200] else code


def _literal_newlines(code: str) -> str:
    """A program on one line, all of whose line ends are a backslash and an n, as JSON or Python would write it."""
    text = code.strip()
    if "\n" in text or text.count("\\n") < 2:
        return code
    try:
        escaped = json.loads(f'"{text}"')
    except ValueError:
        escaped = ""
    tried = (escaped, text.replace("\\n", "\n").replace("\\t", "\t"))
    return next((changed for changed in tried if changed and parse(changed).ok), code)


def _notebook(code: str) -> str:
    """The code cells of a Jupyter notebook, one after the other."""
    if not code.lstrip().startswith("{") or '"cells"' not in code:
        return code
    try:
        cells = json.loads(code)["cells"]
        sources = [cell["source"] for cell in cells if cell.get("cell_type") == "code"]
        texts = [_MAGIC.sub("", source if isinstance(source, str) else "".join(source)) for source in sources]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return code
    return "\n\n".join(text for text in texts if text.strip()) or code


def _html(code: str) -> str:
    """Blocks of code of a web page (`<pre><code>`) as fenced blocks, without its tags and entities."""
    if "<pre" not in code.lower() and "<code" not in code.lower():
        return code
    parts, done = [], 0
    while start := _PRE.search(code, done):
        end = _PRE_ENDS.search(code, start.end())
        if end is None:
            break
        inside = html.unescape(_TAG.sub("", _BREAK.sub("\n", code[start.end() : end.start()])))
        parts += [code[done : start.start()], "\n```python\n", inside.strip("\n"), "\n```\n"]
        done = end.end()
    return "".join([*parts, code[done:]])


def _prompts(code: str) -> str:
    """What was typed at Python's prompt (`>>> `, `... `), without the prompts and what was printed."""
    if ">>>" not in code:
        return code
    lines = [line[1] for line in _PROMPT.finditer(code)]
    return "\n".join(lines) if len(lines) > 1 else code


def _diff(code: str) -> str:
    """The new side of a patch: every line is added (`+`), taken away (`-`), kept (a blank) or a head."""
    lines = [line for line in code.split("\n") if line]
    marked = [line for line in lines if not _DIFF_HEAD.match(line)]
    added = sum(line[0] == "+" for line in marked)
    if added < 2 or any(line[0] not in "+- " for line in marked):
        return code
    new = [line for line in code.split("\n") if not _DIFF_HEAD.match(line) and not line.startswith("-")]
    return "\n".join(line[1:] for line in new)


def _language(code: str) -> str:
    """The name of the language on a line before the program goes, as is left of a fence."""
    return _LANGUAGE.sub("", code, count=1)


def _magics(code: str) -> str:
    """A notebook's commands (`%%manim`, `!pip`) go."""
    return _MAGIC.sub("", code) if "%" in code or "!" in code else code


def _spaces(code: str) -> str:
    """Spaces of other kinds as plain ones: no-break spaces in indents are no Python."""
    return code if code.isascii() else _SPACES.sub(" ", code)


def _entities(code: str) -> str:
    """Entities as their characters, those that were escaped more than once too (`&amp;lt;`)."""
    return _ENTITY.sub(_character, code) if "&" in code else code


def _character(entity: re.Match[str]) -> str:
    last = entity.group().rstrip(";").rpartition(";")[2].removeprefix("&")
    return html.unescape(f"&{last};").replace("\xa0", " ")


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
    """Blank lines before the program and blanks behind it go."""
    stripped = _LEADING_BLANKS.sub("", code).rstrip()
    return code if stripped.endswith("\\") else stripped  # a joined line needs the line end that follows


STEPS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("clean:bom", _bom),
    ("clean:line_ends", _line_ends),
    ("clean:excel_line_ends", _excel_line_ends),
    ("clean:literal_newline", _literal_newline),
    ("clean:drafts", after_drafts),
    ("clean:notebook", _notebook),
    ("clean:html", _html),
    ("clean:fences", fenced_program),
    ("clean:prompts", _prompts),
    ("clean:diff", _diff),
    ("clean:language", _language),
    ("clean:magics", _magics),
    ("clean:spaces", _spaces),
    ("clean:literal_newlines", _literal_newlines),
    ("clean:entities", _entities),
    ("clean:tabs", _tabs),
    ("clean:indent", _indent),
    ("clean:outer_blanks", _outer_blanks),
)
"""Names and functions, in the order in which they are tried."""

_SAFE_WHEN_BROKEN = frozenset({"clean:bom", "clean:line_ends", "clean:literal_newline", "clean:outer_blanks"})
"""Steps that lose nothing of a program, so that they are kept in a text that does not parse before or after."""
_RISKY = "clean:entities"
"""The step that is tried only if the text does not parse without it."""
_MAX_ROUNDS = 64
"""A text that is still not clean after so many rounds was made to be hostile, and is left as it was read."""
_MAX_WORK = 8_000_000
"""Characters to parse for one text, about: seconds, where real ones take thousandths. Beyond, it is left as read."""
_PARSES = {"clean:fences": 3, "clean:tabs": 3}
"""How often steps parse the text, if more than once; comparing trees costs about as much as three parses."""


class _GaveUpError(Exception):
    """Cleaning a text costs more than any real one could be worth."""


class _Work:
    """What cleaning one text has cost so far, in characters parsed."""

    def __init__(self) -> None:
        self._done = 0

    def parse(self, step: str, text: str, times: int = 1) -> Parsed:
        """Parse what a step made, unless enough has been parsed."""
        self._done += len(text) * times * _PARSES.get(step, 1)
        if self._done > _MAX_WORK:
            raise _GaveUpError
        return parse(text)


def clean_code(code: str) -> tuple[str, Parsed, Steps]:
    """The cleaned program, what the parser makes of it, and the steps that were kept.

    Steps are tried again until none changes the text, so cleaning twice equals cleaning once.
    """
    as_read = parse(code)
    try:
        return _clean(code, as_read, _Work())
    except _GaveUpError:
        return code, as_read, []


def _clean(code: str, parsed: Parsed, work: _Work) -> tuple[str, Parsed, Steps]:
    taken: Steps = []
    for _ in range(_MAX_ROUNDS):
        before = code
        parsing = None if parsed.ok else _until_it_parses(code, work)
        code, parsed, more = parsing or _one_round(code, parsed, work)
        taken += more
        if code == before:
            return code, parsed, taken
    raise _GaveUpError


def _until_it_parses(code: str, work: _Work) -> tuple[str, Parsed, Steps] | None:
    """Steps one after the other until the text parses, the risky one only if it does not without it."""
    for steps in ([step for step in STEPS if step[0] != _RISKY], STEPS):
        text = code
        taken: Steps = []
        for _ in range(_MAX_ROUNDS):
            before = text
            for name, step in steps:
                changed = step(text)
                if changed == text:
                    continue
                text = changed
                taken.append((name, text))
                result = work.parse(name, text)
                if result.ok:
                    return text, result, taken
            if text == before:
                break
    return None


def _one_round(code: str, parsed: Parsed, work: _Work) -> tuple[str, Parsed, Steps]:
    """Steps that leave the syntax tree as it is; of a text that does not parse, those that help the parser on."""
    taken: Steps = []
    for name, step in STEPS:
        changed = step(code)
        if changed == code:
            continue
        if parsed.ok:
            # Blank ends cannot change a program that parses: no need to parse it again.
            result = parsed if name == "clean:outer_blanks" else work.parse(name, changed, times=2)
            kept = result is parsed or _same(name, code, parsed, result)
        else:
            result = work.parse(name, changed)
            kept = name in _SAFE_WHEN_BROKEN or result.position > parsed.position
        if kept:
            code, parsed = changed, result
            taken.append((name, code))
    return code, parsed, taken


def _same(name: str, code: str, before: Parsed, after: Parsed) -> bool:
    """Whether a step left the program as it was, but for lone `_x000D_` lines and the language's name before it."""
    if before.tree is None or after.tree is None:
        return False
    if name == "clean:notebook":
        return isinstance(before.tree.body[0], ast.Expr)  # JSON, which is Python too
    if name == "clean:language":
        return same_program(ast.Module(before.tree.body[1:], before.tree.type_ignores), after.tree)
    if name == "clean:excel_line_ends" and _EXCEL_LINE.search(code):
        before = parse(_EXCEL_LINE.sub("", code))
    return before.tree is not None and same_program(before.tree, after.tree)
