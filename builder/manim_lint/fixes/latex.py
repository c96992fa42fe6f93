"""LaTeX that cannot be set: formulas outside of mathematics, dollars inside of it, backslashes that Python takes.

These fail when LaTeX runs, or show garbage, and the API check does not see it; each step is sure by itself.
"""

import ast
import re
from collections.abc import Iterator

import libcst as cst

from builder.manim_lint.fixes.program import (
    Program,
    TextChanger,
    called,
    change_calls,
    change_nodes,
    is_plain,
    named,
    positional,
    renamed,
)

Text = cst.SimpleString

TEX = frozenset({"Tex", "TextMobject", "TexText", "Title", "BulletedList"})
"""Classes of which each argument is a text, with formulas between dollars."""
SENTENCES = frozenset({"Title", "BulletedList"})
"""Those that have no counterpart for formulas."""
MATH = frozenset({"MathTex", "SingleStringMathTex", "TexMobject"})
"""Classes of which each argument is a formula."""


def backslash(text: Text) -> str:
    """A backslash, as the literal must spell it."""
    return "\\" if "r" in text.prefix.lower() else "\\\\"


def rewritten(text: Text, raw: str) -> Text:
    """The literal with another text between its quotes."""
    return text.with_changes(value=f"{text.prefix}{text.quote}{raw}{text.quote}")


def value_of(node: cst.BaseExpression) -> str | None:
    """The text of a literal; what an f-string puts in stands as `0`."""
    if isinstance(node, cst.FormattedString):
        parts = [part.value if isinstance(part, cst.FormattedStringText) else "0" for part in node.parts]
        text = "".join(parts).replace("{{", "{").replace("}}", "}")
        return text if "r" in node.prefix.lower() else text.replace("\\\\", "\\")
    if not isinstance(node, Text) or "b" in node.prefix.lower():
        return None
    value = node.evaluated_value
    return value if isinstance(value, str) else None


_EATEN = """
alpha approx angle arccos arcsin arctan ast asymp aleph beta binom begin bar big bigl bigr bigg Big because boxed bot
bullet bmod boldsymbol backslash frac forall flat nabla neq ne nu neg not notin ni nleq ngeq nmid rho right
rightarrow rangle rfloor rceil rvert rVert theta times text textbf textit texttt tan tanh tau tilde to top triangle
tfrac vec varepsilon varphi vartheta vdots vee vert varnothing
""".split()  # commands whose first letter makes an escape with the backslash: \f in "\frac" is a form feed
_EATEN_COMMAND = re.compile(rf"(?<!\\)((?:\\\\)*)\\(?=(?:{'|'.join(sorted(_EATEN, key=len, reverse=True))})(?![a-z]))")
ESCAPE = re.compile(r"\\(?:[abfnrtv])[a-z]")

_EATEN_VALUE = re.compile("[\a\b\f\v]|[\t\r][a-z]|\n(?:abla|eq|e |u[^a-z]|eg|ot|i )")


def lost_backslash(call: ast.Call) -> bool:
    """Whether a text for LaTeX holds what an escape makes of a command."""
    return called(call) in TEX | MATH and any(map(_EATEN_VALUE.search, literals(call)))


def raw_latex(program: Program) -> str | None:
    r"""`MathTex("\frac{1}{2}")` becomes `MathTex(r"\frac{1}{2}")`: Python reads `\f` as a form feed."""
    own_settings = {"tex_template", "tex_environment"}
    texts = [
        arg
        for call in program.calls
        if called(call) in (TEX | MATH) - program.bound and is_plain(call, program.modules)
        if own_settings.isdisjoint(item.arg for item in call.keywords)
        for arg in call.args
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    ]
    return change_nodes(program, texts, TextChanger(_with_backslashes))


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
subset cup cap forall exists angle circ prime langle rangle
""".split()
_NEEDS_MATH = re.compile(rf"(?<!\\)[\^_]|\\(?:{'|'.join(_COMMANDS)})(?![A-Za-z])")
_HAS_MATH = re.compile(r"(?<!\\)\$|\\[(\[]|\\begin\b|\\ensuremath\b|\\verb\b|\\url\b|\\includegraphics\b")
TEX_CALL = re.compile(r"\b(?:Tex|TextMobject|TexText|Title|BulletedList)\(")
_WORDS = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{2,}[,.:;]? +[A-Za-z]{2,}|(?<![\\A-Za-z{_^])[A-Za-z]{4,}(?![A-Za-z{(])")


def lacks_dollars(call: ast.Call) -> bool:
    """Whether a text holds a formula and no dollar."""
    if called(call) not in TEX:
        return False
    return any(_NEEDS_MATH.search(text) and not _HAS_MATH.search(text) for text in literals(call))


def tex_math(program: Program) -> str | None:
    """`Tex("a^2 + b^2")` becomes `MathTex("a^2 + b^2")`; in a sentence, `x^2` becomes `$x^2$`.

    A power, an index or a command of mathematics outside of dollars stops LaTeX.
    """
    modules = program.modules

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

    return change_calls(program, named(TEX), change)


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


TEXT_CALL = re.compile(r"\bText\(\s*[^\n]*(?:\\[A-Za-z(]|\$|[\^_]\{)")
_FORMULA = re.compile(r"(\\\(.+?\\\)|\$[^$]+\$)")
_PRINTED = re.compile(r"\\\(.+?\\\)|\$[^$]*[\\^_=<>{][^$]*\$|\\(?:" + "|".join(_COMMANDS) + r")(?![A-Za-z])|[\^_]\{")
_OTHER_SIGNS = re.compile(r"[^ -~]|[%&#~$]|\\(?![A-Za-z(){}])")
_SHARED_LOOKS = frozenset({"font_size", "color"})
"""Arguments that `Text` and `Tex` take alike."""


def prints_latex(call: ast.Call) -> bool:
    """Whether a `Text` holds LaTeX, which it shows letter by letter."""
    return called(call) == "Text" and any(_PRINTED.search(text) or _EATEN_VALUE.search(text) for text in literals(call))


def text_latex(program: Program) -> str | None:
    r"""`Text("All \(x\)")` becomes `Tex(r"All \(x\)")`: a `Text` sets no LaTeX.

    Where the letters of the text are asked for one by one, or it has looks that LaTeX lacks, it stays.
    """
    modules = program.modules
    if "Text" in program.bound or _asks_letters(program):
        return None

    def change(call: cst.Call) -> cst.BaseExpression | None:
        if called(call) != "Text" or not is_plain(call, modules) or not (plain := positional(call)):
            return None
        looks = {arg.keyword.value for arg in call.args if arg.keyword is not None}
        texts = [_as_latex(arg.value) for arg in plain]
        if not looks <= _SHARED_LOOKS or any(text is None for text in texts):
            return None
        made = iter(texts)
        args = [arg if arg.keyword is not None else arg.with_changes(value=next(made)) for arg in call.args]
        return call.with_changes(func=renamed(call.func, "Tex"), args=args)

    return change_calls(program, prints_latex, change)


def _asks_letters(program: Program) -> bool:
    """Whether a program takes single letters out of anything that it made as a `Text`."""
    texts = {
        node.targets[0].id
        for node in program.nodes
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and any(isinstance(one, ast.Call) and prints_latex(one) for one in ast.walk(node.value))
    }
    return (
        any(
            (isinstance(node, ast.Subscript | ast.Attribute | ast.Starred | ast.For))
            and isinstance(owner := node.iter if isinstance(node, ast.For) else node.value, ast.Name)
            and owner.id in texts
            and (not isinstance(node, ast.Attribute) or node.attr in ("text", "submobjects", "chars"))
            for node in program.nodes
        )
        or "LetterByLetter" in program.code
    )


def _as_latex(text: cst.BaseExpression) -> Text | None:
    """A literal as LaTeX, raw; `None` if it holds what would have to be escaped, or cannot be written so."""
    if not isinstance(text, Text) or text.prefix not in ("", "r"):
        return None
    value = cst.ensure_type(_with_backslashes(text), Text).evaluated_value
    if not isinstance(value, str) or "\n" in value or value.endswith("\\"):
        return None
    pieces = _FORMULA.split(value)
    if any(_OTHER_SIGNS.search(piece) for piece in pieces[::2]) or any("$" in piece[1:-1] for piece in pieces[1::2]):
        return None
    plain = cst.SimpleString(f"r{text.quote}{text.quote}")
    words = [
        _dollars(rewritten(plain, piece)).raw_value if number % 2 == 0 else piece for number, piece in enumerate(pieces)
    ]
    whole = "".join(words)
    return None if text.quote in whole else rewritten(plain, whole)


def literals(call: ast.Call) -> Iterator[str]:
    """The literal texts among a call's positional arguments; of an f-string, the parts that are text."""
    for arg in call.args:
        for part in arg.values if isinstance(arg, ast.JoinedStr) else (arg,):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value
