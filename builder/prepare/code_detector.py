"""What a text is: a Python program, a text that uses Manim, or neither. Reading finds the code column with it."""

import ast
import re
from dataclasses import dataclass

from builder.manim_lint.release.model import mobjects
from builder.manim_lint.scenes import Outline, outline
from builder.manim_lint.syntax import Parsed
from builder.prepare.clean_code import clean_code

MANIM_SIGNS = 2
"""Different signs of Manim that a text shows at least, so that a prompt which says `MathTex(...)` is no code."""

_SCENE_CLASS = re.compile(r"\bclass\s+\w+\s*\(\s*(?:\w+\.)?\w*Scene\b")
_SIGNS = (
    _SCENE_CLASS,
    re.compile(r"\bfrom\s+manim\w*\s+import\b|\bimport\s+manim"),
    re.compile(r"\bdef\s+construct\s*\(\s*self\b"),
    re.compile(r"\bself\.(?:play|wait|add)\s*\("),
)
_CALL = re.compile(r"\b([A-Z]\w*)\(")
_STATEMENTS = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.For,
    ast.While,
    ast.If,
    ast.With,
    ast.Try,
    ast.Assign,
    ast.AugAssign,
)


@dataclass(frozen=True, slots=True)
class CodeSigns:
    """What of a program a text shows, once it is cleaned as a code would be."""

    parses: bool
    """It is a Python program: statements, not a bare word, number, JSON or file name."""
    manim: bool
    """It uses Manim names as a program does, whether it parses or not."""
    scene: bool
    """It has a scene class."""

    @property
    def is_code(self) -> bool:
        """It is a program, or would be one if it parsed."""
        return self.parses or self.manim


def detect_code(text: str) -> CodeSigns:
    """What of a program one text shows. Never raises.

    `Title: Circle`, `return home` and `this is it` parse, but are no programs.
    """
    code, parsed, _ = clean_code(text)
    if parsed.tree is None:
        return CodeSigns(False, _signs(code) >= MANIM_SIGNS, _SCENE_CLASS.search(code) is not None)
    if not any(_is_statement_of_code(node) for node in parsed.tree.body):
        return CodeSigns(False, False, False)
    seen = _outline(parsed)
    if seen is None:
        return CodeSigns(True, _signs(code) >= MANIM_SIGNS, False)
    manim = seen.imports_manim or bool(seen.scenes) or _signs(code) >= MANIM_SIGNS
    return CodeSigns(True, manim, bool(seen.scenes))


def _is_statement_of_code(node: ast.stmt) -> bool:
    """Whether a statement is one that words, numbers, JSON and file names do not happen to make."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    return isinstance(node, _STATEMENTS) or (isinstance(node, ast.AnnAssign) and node.value is not None)


def _outline(parsed: Parsed) -> Outline | None:
    """The outline of a program; `None` where it is nested too deep to be walked."""
    try:
        return outline(parsed.tree) if parsed.tree is not None else None
    except RecursionError:
        return None


def _signs(code: str) -> int:
    """How many different signs of Manim a text shows."""
    makes_mobject = any(call.group(1) in mobjects() for call in _CALL.finditer(code))
    return sum(sign.search(code) is not None for sign in _SIGNS) + makes_mobject
