"""What a text is: a Python program, a text that uses Manim, or neither. Reading finds the code column with it."""

import ast
import re
from dataclasses import dataclass

from builder.manim_lint.release.model import mobjects
from builder.manim_lint.scenes import outline
from builder.prepare.clean_code import clean_code
from builder.prepare.fenced import SCENE_CLASS

MANIM_SIGNS = 2
"""Different signs of Manim that a text shows at least, so that a prompt which says `MathTex(...)` is no code."""

_SIGNS = (
    SCENE_CLASS,
    re.compile(r"\bfrom\s+manim\w*\s+import\b|\bimport\s+manim"),
    re.compile(r"\bdef\s+construct\s*\(\s*self\b"),
    re.compile(r"\bself\.(?:play|wait|add)\s*\("),
)
_CALL = re.compile(r"\b([A-Z]\w*)\(")


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
        return CodeSigns(False, _signs(code) >= MANIM_SIGNS, SCENE_CLASS.search(code) is not None)
    if not any(_is_statement_of_code(node) for node in parsed.tree.body):
        return CodeSigns(False, False, False)
    seen = outline(parsed.tree)
    manim = seen.imports_manim or bool(seen.scenes) or _signs(code) >= MANIM_SIGNS
    return CodeSigns(True, manim, bool(seen.scenes))


def _is_statement_of_code(node: ast.stmt) -> bool:
    """Whether a statement is one that words, numbers, JSON and file names do not happen to make."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    if isinstance(node, ast.AnnAssign):
        return node.value is not None
    return hasattr(node, "body") or isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AugAssign)


def _signs(code: str) -> int:
    """How many different signs of Manim a text shows."""
    makes_mobject = any(call.group(1) in mobjects() for call in _CALL.finditer(code))
    return sum(sign.search(code) is not None for sign in _SIGNS) + makes_mobject
