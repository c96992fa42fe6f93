"""Literal texts that calls hand to LaTeX: which calls, and how a text is read and written again."""

from collections.abc import Callable

import libcst as cst

from builder.prepare.repairs.program import (
    Program,
    bound_names,
    called,
    change_calls,
    is_plain,
    keyword,
    manim_modules,
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


def change_texts(program: Program, names: frozenset[str], change: Callable[[str, Text], Text]) -> cst.Module:
    """The module with the literal texts that calls of these names take through `change`.

    Calls that bring a template or an environment of their own stay as they are, and so do names of the program's own.
    """
    modules = manim_modules(program.tree)
    ours = names - bound_names(program.tree)

    def call(node: cst.Call) -> cst.BaseExpression | None:
        name = called(node)
        if name not in ours or not is_plain(node, modules):
            return None
        if keyword(node, "tex_template") is not None or keyword(node, "tex_environment") is not None:
            return None
        args = [
            arg.with_changes(value=change(name, arg.value))
            if arg.keyword is None and not arg.star and isinstance(arg.value, Text)
            else arg
            for arg in node.args
        ]
        return node.with_changes(args=args)

    return change_calls(program, call)
