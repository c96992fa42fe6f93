"""LaTeX that cannot be set: formulas outside of mathematics, dollars inside of it, backslashes that Python takes.

These fail when LaTeX runs, or show garbage, and the API check does not see it; each step is sure by itself.
"""

import ast
import re

import libcst as cst

from builder.prepare.repairs.latex_texts import MATH, SENTENCES, TEX, Text, backslash, change_texts, rewritten, value_of
from builder.prepare.repairs.program import (
    Program,
    called,
    called_ast,
    change_calls,
    is_plain,
    literals,
    manim_modules,
    positional,
    renamed,
)

_EATEN = """
alpha approx angle arccos arcsin arctan ast asymp aleph beta binom begin bar big bigl bigr bigg Big because boxed bot
bullet bmod boldsymbol backslash frac forall flat nabla neq ne nu neg not notin ni nleq ngeq nmid rho right
rightarrow rangle rfloor rceil rvert rVert theta times text textbf textit texttt tan tanh tau tilde to top triangle
tfrac vec varepsilon varphi vartheta vdots vee vert varnothing
""".split()  # commands whose first letter makes an escape with the backslash: \f in "\frac" is a form feed
_EATEN_COMMAND = re.compile(rf"(?<!\\)((?:\\\\)*)\\(?=(?:{'|'.join(sorted(_EATEN, key=len, reverse=True))})(?![a-z]))")
RAW_CLUE = re.compile(r"\\(?:[abfnrtv])[a-z]")

_EATEN_VALUE = re.compile("[\a\b\f\v]|[\t\r][a-z]|\n(?:abla|eq|e |u[^a-z]|eg|ot|i )")


def lost_backslash(call: ast.Call) -> bool:
    """Whether a text for LaTeX holds what an escape makes of a command."""
    return called_ast(call) in TEX | MATH and any(map(_EATEN_VALUE.search, literals(call)))


def raw_latex(program: Program) -> cst.Module | None:
    r"""`MathTex("\frac{1}{2}")` becomes `MathTex(r"\frac{1}{2}")`: Python reads `\f` as a form feed."""
    return change_texts(program, TEX | MATH, lambda _name, text: _with_backslashes(text))


def _with_backslashes(text: Text) -> Text:
    if text.prefix or not _EATEN_COMMAND.search(text.raw_value):
        return text
    if re.search(r"\\(?:[\\'\"\n]|[abfnrtv](?![a-z]))", text.raw_value):  # other escapes are meant as such
        return rewritten(text, _EATEN_COMMAND.sub(r"\1\\\\", text.raw_value))
    return text.with_changes(value="r" + text.value)


_COMMANDS = """
frac dfrac tfrac sqrt int iint oint sum prod lim infty partial nabla cdot times div pm mp leq geq neq approx equiv sim
alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi varphi chi psi
omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega sin cos tan log ln exp det vec hat bar dot ddot overline
underbrace overbrace left right mathbb mathbf mathrm mathcal to rightarrow leftarrow Rightarrow leftrightarrow in notin
subset cup cap forall exists angle circ prime langle rangle quad
""".split()
_NEEDS_MATH = re.compile(rf"(?<!\\)[\^_]|\\(?:{'|'.join(_COMMANDS)})(?![A-Za-z])")
_HAS_MATH = re.compile(r"(?<!\\)\$|\\[(\[]|\\begin\b|\\ensuremath\b|\\verb\b|\\url\b|\\includegraphics\b")
TEX_CLUE = re.compile(r"\b(?:Tex|TextMobject|TexText|Title|BulletedList)\(")
_WORDS = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{2,}[,.:;]? +[A-Za-z]{2,}|(?<![\\A-Za-z{_^])[A-Za-z]{4,}(?![A-Za-z{(])")


def lacks_dollars(call: ast.Call) -> bool:
    """Whether a text holds a formula and no dollar."""
    if called_ast(call) not in TEX:
        return False
    return any(_NEEDS_MATH.search(text) and not _HAS_MATH.search(text) for text in literals(call))


def tex_math(program: Program) -> cst.Module | None:
    """`Tex("a^2 + b^2")` becomes `MathTex("a^2 + b^2")`; in a sentence, `x^2` becomes `$x^2$`.

    A power, an index or a command of mathematics outside of dollars stops LaTeX.
    """
    modules = manim_modules(program.tree)

    def change(call: cst.Call) -> cst.BaseExpression | None:
        name = called(call)
        plain = positional(call)
        if name not in TEX or not is_plain(call, modules) or not plain:
            return None
        if any(arg.keyword is not None and arg.keyword.value == "tex_environment" for arg in call.args):
            return None
        texts = [value_of(arg.value) for arg in plain]
        known = [text for text in texts if text is not None]
        if len(known) != len(texts) or any(_HAS_MATH.search(text) for text in known):
            return None
        if not any(_NEEDS_MATH.search(text) for text in known):
            return None
        if name not in SENTENCES and not any(_WORDS.search(_without_text(text)) for text in known):
            return call.with_changes(func=renamed(call.func, "MathTex"))
        if not all(isinstance(arg.value, Text) for arg in plain):
            return None
        args = [
            arg.with_changes(value=_dollars(cst.ensure_type(arg.value, Text))) if arg.keyword is None else arg
            for arg in call.args
        ]
        return call.with_changes(args=args)

    return change_calls(program, change)


def _without_text(formula: str) -> str:
    r"""A formula without its `\text{…}` and its commands."""
    return re.sub(r"\\(?:text\w*|mathrm|operatorname)\s*\{[^{}]*\}", " ", formula)


def _dollars(text: Text) -> Text:
    """Formulas of a sentence between dollars; an underscore inside a word is escaped."""
    parts = []
    for word in _split(text.raw_value):
        bare = word.strip()
        if re.fullmatch(r"[A-Za-z]{2,}(?:_[A-Za-z]{2,})+[.,;:!?]?", bare):
            parts.append(word.replace("_", f"{backslash(text)}_"))
        elif bare and _NEEDS_MATH.search(bare.replace("\\\\", "\\")):
            end = re.search(r"[.,;:!?]*$", bare)
            tail = end.group() if end else ""
            core = bare.removesuffix(tail)
            parts.append(word.replace(bare, f"${core}${tail}", 1))
        else:
            parts.append(word)
    return rewritten(text, "".join(parts))


def _split(text: str) -> list[str]:
    """Pieces of a text, each a run without blanks outside of braces, with the blanks before it."""
    pieces: list[str] = []
    depth, start, inside = 0, 0, False
    for at, character in enumerate(text):
        if character == "{":
            depth += 1
        elif character == "}":
            depth = max(depth - 1, 0)
        if character == " " and not depth:
            if inside:
                pieces.append(text[start:at])
                start, inside = at, False
        else:
            inside = True
    pieces.append(text[start:])
    return pieces


MATH_CLUE = re.compile(r"\b(?:MathTex|TexMobject)\(")
_DOLLAR = re.compile(r"(?<!\\)\$")


def has_dollars(call: ast.Call) -> bool:
    """Whether a formula holds a dollar."""
    return called_ast(call) == "MathTex" and any("$" in text for text in literals(call))


def math_dollars(program: Program) -> cst.Module | None:
    r"""`MathTex("$x^2$")` becomes `MathTex("x^2")`, and `MathTex(r"Area $x^2$")` becomes `Tex(…)`.

    Dollars inside of mathematics stop LaTeX, but for those in a `\text{…}`.
    """
    modules = manim_modules(program.tree)

    def change(call: cst.Call) -> cst.BaseExpression | None:
        plain = positional(call)
        if called(call) != "MathTex" or not is_plain(call, modules) or not plain:
            return None
        texts = [value_of(arg.value) for arg in plain]
        known = [text for text in texts if text is not None]
        if len(known) != len(texts) or not all(isinstance(arg.value, Text) for arg in plain):
            return None
        if not any(_DOLLAR.search(_without_text(text)) for text in known):
            return None
        whole = [re.fullmatch(r"\s*(\$\$?)[^$]+\1\s*", text) or not _DOLLAR.search(text) for text in known]
        if all(whole):
            args = [arg.with_changes(value=_bare(arg.value)) if arg.keyword is None else arg for arg in call.args]
            return call.with_changes(args=args)
        if any(len(_DOLLAR.findall(text)) % 2 or _NEEDS_MATH.search(_outside(text)) for text in known):
            return None
        return call.with_changes(func=renamed(call.func, "Tex"))

    return change_calls(program, change)


def _bare(node: cst.BaseExpression) -> cst.BaseExpression:
    text = cst.ensure_type(node, Text)
    return rewritten(text, _DOLLAR.sub("", text.raw_value))


def _outside(text: str) -> str:
    """What stands outside of dollars."""
    return re.sub(r"\$[^$]*\$", " ", text)


PARTS_CLUE = re.compile(r"\bText\(")


def has_parts(call: ast.Call) -> bool:
    """Whether a `Text` is given more than one text."""
    return called_ast(call) == "Text" and len(call.args) > 1 and isinstance(call.args[1], ast.Constant | ast.JoinedStr)


def text_of_parts(program: Program) -> cst.Module | None:
    r"""`Text("area ", r"\(x^2\)")` becomes `Tex(…)`: a `Text` takes one text, and what follows is its opacity."""
    modules = manim_modules(program.tree)

    def change(call: cst.Call) -> cst.BaseExpression | None:
        plain = positional(call)
        if called(call) != "Text" or not is_plain(call, modules) or not plain or len(plain) < 2:
            return None
        return call.with_changes(func=renamed(call.func, "Tex")) if all(map(_is_text, plain)) else None

    return change_calls(program, change)


def _is_text(arg: cst.Arg) -> bool:
    return isinstance(arg.value, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString)
