"""Signs that LaTeX does not take where they stand: `%`, `#` and `&`, letters like `π`, and environments in formulas."""

import ast
import re
from functools import partial

import libcst as cst

from builder.prepare.repairs.latex_texts import MATH, TEX, Text, backslash, change_texts, rewritten, value_of
from builder.prepare.repairs.program import Program, called_ast, literals

_SIGNS = re.compile(r"(?<!\\)[%&#]")
_WORDS_INSIDE = re.compile(r"\\text\w*\{[^{}$]*\}")
_MATH_SIGNS = re.compile(r"(?<!\\)[%#]|\\begin\{(?:align|gather|equation)|\\\[|\\text\w*\{[^{}$]*[_&]")
SIGN_CLUE = re.compile(r"[%&#]|\\text|\\begin\{(?:align|equation|gather)\*?\}|\\\[")


def has_signs(call: ast.Call) -> bool:
    """Whether a text for LaTeX holds a sign that has a meaning of its own there, or an environment."""
    name = called_ast(call)
    if name not in TEX | MATH:
        return False
    signs = _SIGNS if name in TEX else _MATH_SIGNS
    return any(map(signs.search, literals(call)))


def latex_signs(program: Program) -> cst.Module | None:
    r"""`Tex("50%")` becomes `Tex("50\\%")`, and `#` and, outside of tables, `&` alike: a bare `%` begins a comment."""

    def escaped(name: str, text: Text) -> Text:
        value = value_of(text)
        if value is None or "\n" in value or "\\begin" in value or "\\verb" in value or "\\url" in value:
            return text
        escape = partial(_escaped, backslash(text))
        if name in TEX:
            return rewritten(text, escape("%#&", text.raw_value))
        inside = partial(escape, "_&")
        return rewritten(text, _WORDS_INSIDE.sub(lambda words: inside(words.group()), escape("%#", text.raw_value)))

    return change_texts(program, TEX | MATH, escaped)


def _escaped(slash: str, signs: str, text: str) -> str:
    return re.sub(rf"(?<!\\)[{signs}]", lambda sign: f"{slash}{sign.group()}", text)


_BRACKETS = re.compile(r"""([rR]?["']{1,3})\s*\\{1,2}\[\s*([^\[\]]*?)\s*\\{1,2}\]\s*(["']{1,3})""")


def nested_environments(program: Program) -> cst.Module | None:
    r"""`align*` inside `MathTex`, which is an `align*` itself, becomes `aligned`; so does `gather*`, as `gathered`.

    `equation*` and `\[ … \]` are taken off.
    """

    def inner(_name: str, text: Text) -> Text:
        value = re.sub(r"(\\(?:begin|end)\{)(align|gather)\*?\}", r"\1\2ed}", text.value)
        value = re.sub(r"\\{1,2}(?:begin|end)\{equation\*?\}\s*", "", value)
        if _BRACKETS.fullmatch(value):
            value = _BRACKETS.sub(r"\1\2\3", value)
        return text.with_changes(value=value)

    return change_texts(program, MATH, inner)


LETTERS = {
    **dict(zip("αβγδεζηθικλμνξπρστυφχψω", """
    alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon varphi chi psi
    omega""".split(), strict=True)),
    **dict(zip("ΓΔΘΛΞΠΣΦΨΩ", "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega".split(), strict=True)),
    **dict(zip("≤≥≠≈∞∑∫∂∈⇒∀∃∇∙⋅∘∠△⊥∥∪∩⊂∅∝", """
    leq geq neq approx infty sum int partial in Rightarrow forall exists nabla cdot cdot circ angle triangle perp
    parallel cup cap subset emptyset propto""".split(), strict=True)),
}  # fmt: skip
"""Signs that Manim's LaTeX does not know, by the commands for them."""
LETTER_CLUE = re.compile(f"[{''.join(LETTERS)}−′]")


def has_letters(call: ast.Call) -> bool:
    """Whether a text for LaTeX holds a sign that it does not know."""
    return called_ast(call) in TEX | MATH and any(map(LETTER_CLUE.search, literals(call)))


def latex_letters(program: Program) -> cst.Module | None:
    r"""`MathTex("π")` becomes `MathTex("\\pi ")`, and `Tex("π")` becomes `Tex("$\\pi$")`, outside of dollars."""

    if re.search(r"tex_template|TexTemplate", program.code):
        return None  # another LaTeX, which may know them

    def spelt(name: str, text: Text) -> Text:
        math = name in MATH
        out = []
        for number, piece in enumerate((_TEXT_PIECES if math else _MATH_PIECES).split(text.raw_value)):
            form = "{}{}" if math == (number % 2 == 0) else "${}{}$"
            out.append(LETTER_CLUE.sub(partial(_spelt, form, backslash(text)), piece))
        return rewritten(text, "".join(out))

    return change_texts(program, TEX | MATH, spelt)


_TEXT_PIECES = re.compile(r"(\\text\w*\{[^{}$]*\})")
_MATH_PIECES = re.compile(r"((?<!\\)\$[^$]*\$)")


def _spelt(form: str, slash: str, sign: re.Match[str]) -> str:
    plain = {"−": "-", "′": "'"}.get(sign.group())
    if plain is not None:
        return plain
    command = form.format(slash, LETTERS[sign.group()])
    runs_on = command[-1].isalpha() and sign.string[sign.end() : sign.end() + 1].isalpha()
    return f"{command} " if runs_on else command
