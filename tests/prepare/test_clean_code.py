"""Cleaning of code: what wrappers, spreadsheets and web pages left around a program is taken off, nothing else."""

import ast
import html
import json
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from builder.manim_lint.syntax import names
from builder.prepare.clean_code import clean_code
from builder.prepare.keys import program_tokens

pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")

PROGRAM = """\
from manim import *

class A(Scene):
    def construct(self):
        if 1 < 2:
            self.play(Create(Circle()))"""
IMPORT, REST = PROGRAM.split("\n\n")


def steps_of(code: str) -> list[str]:
    return [step.removeprefix("clean:") for step in names(clean_code(code)[2])]


def each_line(code: str, change: Callable[[str], str]) -> str:
    return "\n".join(change(line) if line else line for line in code.split("\n"))


def test_a_clean_program_is_left_alone() -> None:
    """No step is taken on a program that has nothing around it."""
    code, parsed, steps = clean_code(PROGRAM)
    assert (code, parsed.ok, steps) == (PROGRAM, True, [])


@pytest.mark.parametrize(
    ("dirty", "steps"),
    [
        pytest.param("\ufeff" + PROGRAM, ["bom"], id="byte order mark"),
        pytest.param(PROGRAM.replace("\n", "\r\n"), ["line_ends"], id="CRLF"),
        pytest.param(PROGRAM.replace("\n", "\r"), ["line_ends"], id="CR"),
        pytest.param(PROGRAM.replace("\n", "_x000D_\n"), ["excel_line_ends"], id="excel at line ends"),
        pytest.param(PROGRAM.replace("\n", "_x000d_\n") + "_x000d_", ["excel_line_ends"], id="excel in lower case"),
        pytest.param("\\n" + PROGRAM, ["literal_newline"], id="backslash-n"),
        pytest.param("\\n " + PROGRAM, ["literal_newline"], id="backslash-n and a space"),
        pytest.param("\\r\\n\\r\\n " + PROGRAM, ["literal_newline"], id="backslash-r-backslash-n, twice"),
        pytest.param(f"```python\n{PROGRAM}\n```", ["fences", "outer_blanks"], id="fence"),
        pytest.param(f"```\n{PROGRAM}\n```\n", ["fences", "outer_blanks"], id="fence without a language"),
        pytest.param(f"~~~python\n{PROGRAM}\n~~~", ["fences", "outer_blanks"], id="tilde fence"),
        pytest.param(f"```python\n{PROGRAM}", ["fences"], id="fence never closed"),
        pytest.param(f"{PROGRAM}\n```", ["fences", "outer_blanks"], id="fence never opened"),
        pytest.param(f"Sure, isn't it:\n```python\n{PROGRAM}\n```", ["fences", "outer_blanks"], id="text before"),
        pytest.param(f"```python\n{PROGRAM}\n```\nIt's a circle.", ["fences", "outer_blanks"], id="text after"),
        pytest.param(
            f"First:\n```python\n{IMPORT}\n```\nthen:\n```python\n{REST}\n```\nDone!",
            ["fences", "outer_blanks"],
            id="two fences that make one program",
        ),
        pytest.param(
            f"```bash\npip install manim\n```\n\n```python\n{PROGRAM}\n```",
            ["fences", "outer_blanks"],
            id="two fences of which one is no Python",
        ),
        pytest.param(PROGRAM.replace("<", "&lt;"), ["entities"], id="entity"),
        pytest.param(PROGRAM.replace("<", "&amp;lt;"), ["entities"], id="entity, escaped twice"),
        pytest.param(PROGRAM.replace("<", "&#60;"), ["entities"], id="entity by number"),
        pytest.param(PROGRAM.replace(" " * 12, "        \t"), ["tabs"], id="tabs after spaces"),
        pytest.param(each_line(PROGRAM, lambda line: f"    {line}"), ["indent"], id="uniform indent"),
        pytest.param(each_line(PROGRAM, lambda line: f"\t{line}"), ["tabs", "indent"], id="uniform indent, a tab"),
        pytest.param(f"   {PROGRAM}", ["indent"], id="indent of the first line alone"),
        pytest.param(f"\n\n{PROGRAM}\n\n  \n", ["outer_blanks"], id="blank lines at both ends"),
    ],
)
def test_each_hazard_is_cleaned_by_its_step(dirty: str, steps: list[str]) -> None:
    """The program comes back to the letter, with the exact steps in the order in which they were taken."""
    code, parsed, taken = clean_code(dirty)
    assert parsed.ok
    assert program_tokens(code) == program_tokens(PROGRAM)
    assert code.replace("\n\n", "\n") == PROGRAM.replace("\n\n", "\n")
    assert [step.removeprefix("clean:") for step in names(taken)] == steps


@pytest.mark.parametrize(
    ("dirty", "steps"),
    [
        pytest.param("\\n ```python\n" + PROGRAM + "\n```\n ", ["literal_newline", "fences", "outer_blanks"], id="two"),
        pytest.param(
            "\\n```python_x000D_\n" + PROGRAM.replace("\n", "_x000D_\n") + "_x000D_\n```",
            ["excel_line_ends", "literal_newline", "fences", "outer_blanks"],
            id="backslash-n, fence and excel",
        ),
        pytest.param(
            "\ufeff```python\r\n" + PROGRAM.replace("\n", "\r\n") + "\r\n```\r\n",
            ["bom", "line_ends", "fences", "outer_blanks"],
            id="byte order mark, CRLF and fence",
        ),
        pytest.param(
            "    ```python\n" + each_line(PROGRAM, lambda line: f"    {line}") + "\n    ```",
            ["fences", "indent", "outer_blanks"],
            id="an indented fence",
        ),
    ],
)
def test_hazards_inside_one_another_are_all_cleaned(dirty: str, steps: list[str]) -> None:
    """Steps are tried again until the program is bare."""
    assert clean_code(dirty)[0] == PROGRAM
    assert steps_of(dirty) == steps


@pytest.mark.parametrize(
    "dirty",
    [
        pytest.param(f"```python\n{PROGRAM}```", id="closed on the last line of code"),
        pytest.param(f"Here it is: ```python\n{PROGRAM}\n```", id="opened after words on the same line"),
        pytest.param(f"````python\n{PROGRAM}\n````", id="four backticks"),
        pytest.param(f"```python {PROGRAM}\n```", id="code on the line that opens"),
        pytest.param(f"\\n ```python\\n{PROGRAM}\n```", id="literal backslash-n after the mark that opens"),
    ],
)
def test_a_fence_that_shares_a_line_is_taken_off_without_loss(dirty: str) -> None:
    """A fence may stand anywhere; no code on its line goes with it."""
    assert clean_code(dirty)[0] == PROGRAM


@pytest.mark.parametrize("mark", ["```", "~~~"])
def test_a_fence_in_a_docstring_stays_when_the_program_is_sound(mark: str) -> None:
    """Marks in a text of a sound program are the author's."""
    code = f'{PROGRAM}\n        """Like this:\n{mark}\nx = 1\n{mark}\n"""'
    assert clean_code(code)[::2] == (code, [])


def test_a_fence_in_a_docstring_of_a_fenced_program_stays() -> None:
    """Only the outer marks are taken off, so nothing of the docstring is lost."""
    program = f'{PROGRAM}\n        """Like this:\n\n        ```\n        x = 1\n        ```\n        """'
    assert clean_code(f"```python\n{program}\n```")[0] == program


def as_cell(source: str | list[str], kind: str = "code") -> dict[str, object]:
    return {"cell_type": kind, "source": source, "outputs": [], "execution_count": None}


NOTEBOOK = json.dumps(
    {
        "cells": [
            as_cell(["# A circle"], "markdown"),
            as_cell(["!pip install manim\n", "from manim import *"]),
            as_cell(f"%%manim -qm A\n\n{REST}"),
        ],
        "nbformat": 4,
    }
)
PATCH = "diff --git a/a.py b/a.py\nnew file mode 100644\n--- /dev/null\n+++ b/a.py\n@@ -0,0 +1,6 @@\n"


@pytest.mark.parametrize(
    ("dirty", "steps"),
    [
        pytest.param(
            f"<p>Like so:</p><pre><code class='python'>{html.escape(PROGRAM)}</code></pre>", "html", id="html"
        ),
        pytest.param(f"<pre>{html.escape(PROGRAM).replace(chr(10), '<br>')}</pre><p>Done.</p>", "html", id="line ends"),
        pytest.param(
            f"<pre>{html.escape(PROGRAM).replace('class', '<span>class</span>')}</pre>", "html", id="coloured"
        ),
        pytest.param(NOTEBOOK, "notebook", id="notebook"),
        pytest.param(
            each_line(PROGRAM, lambda line: ("... " if line[0] == " " else ">>> ") + line) + "\n... \n<A object>",
            "prompts",
            id="prompts",
        ),
        pytest.param(each_line(PROGRAM, lambda line: f"+{line}"), "diff", id="added lines"),
        pytest.param(PATCH + PROGRAM.replace("\n", "\n+").replace("from", "+from", 1), "diff", id="patch"),
        pytest.param(
            "@@ -1,5 +1,6 @@\n"
            + each_line(PROGRAM, lambda line: f" {line}").replace("         if", "-  if 2:\n+        if")
            + "\n+            self.wait()\n",
            "diff",
            id="changed lines",
        ),
    ],
)
def test_programs_of_other_papers_are_read(dirty: str, steps: str) -> None:
    """A web page, a notebook, a session at Python's prompt and a patch hold the program that they show."""
    code, parsed, taken = clean_code(dirty)
    assert parsed.ok
    assert program_tokens(code.removesuffix("\n            self.wait()")) == program_tokens(PROGRAM)
    assert f"clean:{steps}" in names(taken)


@pytest.mark.parametrize(
    "line",
    ['x = {"cells": []}', 'y = "<pre><code>a</code></pre>"', 'z = """\n>>> 1\n>>> 2\n"""', 'w = """\n+a\n+b\n"""'],
)
def test_what_a_sound_program_holds_is_its_own(line: str) -> None:
    """Texts that look like other papers stay in it."""
    assert clean_code(f"{PROGRAM}\n{line}")[0] == f"{PROGRAM}\n{line}"


def test_lone_excel_lines_go_from_a_program_that_parses_as_read() -> None:
    """`_x000D_` alone on a line is a name to the parser; it goes, and what is left is the same program."""
    dirty = PROGRAM.replace("\n", "\n_x000D_\n", 1).replace("(self):\n", "(self):\n        _x000D_\n")
    ast.parse(dirty)
    code, parsed, steps = clean_code(dirty)
    assert parsed.ok
    assert names(steps) == ("clean:excel_line_ends",)
    assert program_tokens(code) == program_tokens(PROGRAM)


def test_an_excel_mark_inside_a_text_of_a_sound_program_stays() -> None:
    """A text over several lines keeps its `_x000D_`, which may be what the program is about."""
    code = f'{PROGRAM}\n        """ends in _x000D_\n"""'
    assert clean_code(code)[::2] == (code, [])


def test_an_entity_inside_a_string_of_a_sound_program_stays() -> None:
    """`&lt;` in Pango markup is on purpose."""
    code = f"{PROGRAM}\n        MarkupText('a &lt; b &amp; c')"
    assert clean_code(code)[::2] == (code, [])


@pytest.mark.parametrize("wrap", ["```python\n{}\n```", "\\n {}", "   {}", "\ufeff{}"])
def test_an_entity_inside_a_string_stays_when_another_step_is_enough(wrap: str) -> None:
    """A wrapper around a sound program is no reason to unescape its texts."""
    code = f"{PROGRAM}\n        MarkupText('a &lt; b &amp; c')"
    assert clean_code(wrap.format(code))[0] == code


@pytest.mark.parametrize("wrap", ["{}", "```python\n{}\n```", "\\n {}", "   {}"])
@pytest.mark.parametrize(
    "latex", [r'MathTex("\\frac{a}{b} \\neq 0")', r'MathTex(r"\nu \to \text{new}")', r'Tex("\nu")']
)
def test_latex_backslashes_are_never_touched(latex: str, wrap: str) -> None:
    """Raw or not, `\\nu` and `\\to` are no line ends and no tabs."""
    code = f"{PROGRAM}\n        {latex}"
    assert clean_code(wrap.format(code))[0] == code


def test_text_that_is_no_program_keeps_its_words() -> None:
    """Where nothing helps the parser, nothing is taken off but blank ends."""
    code, parsed, steps = clean_code("Draw a circle &lt; please ```\n\n")
    assert (code, names(steps)) == ("Draw a circle &lt; please ```", ("clean:outer_blanks",))
    assert not parsed.ok


@pytest.mark.parametrize("wrapper", ["\\n```\n", "```\n\\n", "```\n", "\\n"])
def test_cleaning_reaches_its_end_however_deep_the_wrappers(wrapper: str) -> None:
    """Thirty wrappers inside one another leave nothing for a second cleaning."""
    once = clean_code(wrapper * 30 + PROGRAM)[0]
    assert clean_code(once)[0] == once


@pytest.mark.parametrize(
    "code", ["x = " + "+".join("1" * 1500), "x = " + "-" * 5000 + "1", "(" * 5000, "a\0b", "\ud800"]
)
def test_what_the_parser_cannot_take_is_an_answer(code: str) -> None:
    """Very deep expressions, null characters and lone surrogates do not raise, with or without a wrapper."""
    for dirty in (code, f"{code}\r\n", f"```python\n{code}\n```", f"   {code}"):
        clean_code(dirty)


PIECES = [
    *(
        "\ufeff",
        "\r\n",
        "\r",
        "_x000D_",
        "\n_x000D_\n",
        "\\n",
        "\\n ",
        "\\r\\n",
        "```python\n",
        "\n```\n",
        "~~~\n",
        "```",
    ),
    *("&lt;", "&amp;", "&nbsp;", "&#39;", "\t", "    ", "  ", "\n", "\f", '"""', "'", "#", "\\"),
    *("x = 1\n", "if x < 2:\n", "\tself.wait()\n", "    pass\n", "class A(Scene):\n", "def f(): ...\n", "Sure:\n"),
    *('r"\\frac"', '"&lt;"', '"""a\n```\nb"""\n', "(\n", ")\n"),
]
WILD = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=14).map("".join))


@settings(max_examples=400, deadline=None)
@given(WILD)
def test_cleaning_twice_equals_cleaning_once(text: str) -> None:
    """Any text is cleaned without an error, and a second cleaning finds nothing to do."""
    code, parsed, steps = clean_code(text)
    assert (code == text) == (not steps)
    again, parsed_again, more = clean_code(code)
    assert (again, parsed_again.ok, more) == (code, parsed.ok, [])


LINES = [
    *("x = 1", "if x < 2:\n\ty = 'a\tb'", "s = '&lt; &amp; &nbsp;'", "s = '\\\\n'", "t = 'A_x000D_'", "# ```python"),
    *("m = r'\\frac \\nu'", '"""\n```python\nx\n```\n"""', "'''\n  ~~~\n\tb _x000D_\n'''", "x = a &lt; b", "# \ufeff"),
    *("def f():\n        return '''\n    a'''", "s = 'b\\\n  c'", "x = [1,\n\t    2]", "\f", ""),
]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(LINES), max_size=8), st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["", "\n\n"])
)
def test_a_program_that_parses_as_read_keeps_its_syntax_tree(lines: list[str], line_end: str, ends: str) -> None:
    """Whatever steps are taken, the parser makes the same of the program before and after."""
    text = (ends + "\n".join(lines) + ends).replace("\n", line_end)
    code, parsed, _ = clean_code(text)
    assert parsed.tree is not None
    assert ast.dump(parsed.tree) == ast.dump(ast.parse(text)) == ast.dump(ast.parse(code))


HAZARDS: dict[str, Callable[[str], str]] = {
    "byte order mark": lambda code: "\ufeff" + code,
    "CRLF": lambda code: code.replace("\n", "\r\n"),
    "excel line ends": lambda code: code.replace("\r", "").replace("\n", "_x000D_\n"),
    "backslash-n": lambda code: "\\n " + code,
    "fence": lambda code: f"```python\n{code}\n```",
    "fence in text": lambda code: f"Sure, here's one:\n\n~~~py\n{code}\n~~~\nIt isn't long.",
    "fence not closed": lambda code: f"```python\n{code}",
    "entities": lambda code: html.escape(code, quote=False),
    "uniform indent": lambda code: each_line(code, lambda line: f"    {line}"),
    "first-line indent": lambda code: "  " + code,
    "blank ends": lambda code: f"\n\n{code}\n\n",
}
BODIES = [
    "self.add(Circle(color='#FF0000'))  # red",
    "if 1 < 2:\n            self.wait(2)",
    "for i in range(3):\n            # three\n            x = [i,\n                 2]",
    "eq = MathTex(r'\\frac{a}{b} \\neq \\nu')",
    "t = Text('''one\n        two''')",
    'self.play(Write(Tex("\\\\nabla")), run_time=2 if 3 > 2 else 1)',
]


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(BODIES), min_size=1, max_size=4),
    st.lists(st.sampled_from(sorted(HAZARDS)), unique=True, max_size=5),
)
@example(BODIES, ["backslash-n", "fence", "excel line ends"])
@example(BODIES[:2], ["backslash-n", "fence in text"])
@example(BODIES[:2], ["uniform indent", "excel line ends"])
def test_a_sound_program_is_got_back_from_any_hazards(bodies: list[str], hazards: list[str]) -> None:
    """Each hazard at most once, in any order, around a program: its tokens come back equal."""
    program = "\n        ".join(["from manim import *\n\nclass A(Scene):\n    def construct(self) -> None:", *bodies])
    dirty = program
    for hazard in hazards:
        dirty = HAZARDS[hazard](dirty)
    code, parsed, _ = clean_code(dirty)
    assert parsed.ok
    assert program_tokens(code) == program_tokens(program)
