"""The formulas that a program will ask for, as far as its text says so, and which of them LaTeX may see together.

LaTeX and dvisvgm take longer to start than to make a formula, so those of one program are made in one run of each, a
page a formula. What stands in one run might see what an earlier page has left behind, and the picture is kept under the
hash of its own text alone. So only formulas of Manim's default template are taken that consist of signs, names of
symbols and constructions without any lasting effect: none defines, counts, writes or ends a page.
"""

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

MOST = 40
"""Formulas made together."""
_CLASSES = frozenset({"MathTex", "Tex"})
_NUMBERED = re.compile(r"Number|Integer|Decimal|Axes|numbers|coordinates|Matrix|Table|Variable|Chart")
_DIGITS = "0123456789-.,"
"""Of which Manim makes numbers, a formula each."""
_GIVEN = frozenset({"substrings_to_isolate", "arg_separator", "tex_environment"})
"""Keywords that change the text of a formula; of `tex_to_color_map`, the keys do."""
_COLOURED, _TEMPLATE = "tex_to_color_map", "tex_template"
_SAFE = frozenset(
    r"""
    frac dfrac tfrac sqrt binom over int iint iiint oint sum prod lim limits nolimits sup inf max min det log ln exp
    sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh gcd deg dim ker arg Re Im pmod bmod mod
    left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr quad qquad displaystyle textstyle
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho
    sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
    infty partial nabla hbar ell aleph forall exists nexists emptyset varnothing imath jmath wp prime angle triangle
    cdot cdots ldots dots vdots ddots times div pm mp ast star circ bullet oplus ominus otimes odot cup cap bigcup
    bigcap setminus wedge vee land lor neg lnot in notin ni subset supset subseteq supseteq perp parallel mid nmid
    leq geq le ge ll gg neq ne equiv approx sim simeq cong propto therefore because to gets mapsto implies iff
    rightarrow leftarrow leftrightarrow Rightarrow Leftarrow Leftrightarrow longrightarrow Longrightarrow uparrow
    downarrow xrightarrow xleftarrow langle rangle lceil rceil lfloor rfloor lvert rvert lVert rVert vert Vert
    hat widehat tilde widetilde bar overline underline vec dot ddot acute grave overbrace underbrace overset underset
    stackrel mathbb mathbf mathcal mathfrak mathit mathrm mathsf mathtt boldsymbol text textbf textit textrm textsf
    texttt emph operatorname substack boxed LaTeX TeX begin end
    """.split()
)
_ENVIRONMENTS = frozenset(
    "align* gather* center matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix cases aligned gathered".split()
)
_COMMAND = re.compile(r"\\([a-zA-Z]+|.)", re.DOTALL)
_SIGNS = frozenset(",;:!> {}|\\%&#$_'\"`^~.-")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{([^}]*)\}")
_EITHER = re.compile(r"\\(?:begin|end)(?![a-zA-Z])")
_GROUPS = re.compile(r"\\special\{dvisvgm:raw (?:<g id='unique\d+(?:ss)?'>|</g>)\}")
"""By which `MathTex` finds its parts again."""


def is_safe(body: str) -> bool:
    """Whether what stands in a document can leave nothing behind for the next page."""
    body = _GROUPS.sub("", body)
    if "^^" in body or "%" in body.replace("\\%", "") or "#" in body.replace("\\#", ""):
        return False
    commands = _COMMAND.findall(body)
    environments = _ENVIRONMENT.findall(body)
    return (
        all(command in _SAFE or command in _SIGNS for command in commands)
        and _ENVIRONMENTS.issuperset(environments)
        and len(environments) == len(_EITHER.findall(body))
    )


def formulas_in(code: str, make: Callable[[str, tuple[str, ...], dict[str, Any]], None]) -> None:
    """Call something for each formula that a program's text gives in full: class, texts and keywords.

    Args:
        code: The program.
        make: May raise whatever Manim raises, and is called on.
    """
    if _NUMBERED.search(code):
        for digit in _DIGITS:
            with suppress(Exception):
                make("MathTex", (digit,), {})
    if not any(name in code for name in _CLASSES):
        return
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CLASSES:
                with suppress(Exception):
                    make(node.func.id, tuple(_texts(node)), dict(_keywords(node)))


def _texts(call: ast.Call) -> Iterator[str]:
    for argument in call.args:
        text = ast.literal_eval(argument)
        if not isinstance(text, str):
            raise TypeError("not a text")
        yield text


def _keywords(call: ast.Call) -> Iterator[tuple[str, Any]]:
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg == _TEMPLATE:
            raise ValueError("not known")
        if keyword.arg in _GIVEN:
            yield keyword.arg, ast.literal_eval(keyword.value)
        elif keyword.arg == _COLOURED:
            if not isinstance(keyword.value, ast.Dict):
                raise ValueError("not known")
            yield keyword.arg, {ast.literal_eval(key): "#FFFFFF" for key in keyword.value.keys if key is not None}
