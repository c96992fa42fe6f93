"""What ManimGL writes otherwise than Manim Community: imports, formulas, fades. The table of fixes does the rest."""

import ast

import libcst as cst

from builder.manim_lint.dialect import MODULES
from builder.manim_lint.fixes.program import (
    Program,
    called,
    is_plain,
    keyword_arg,
    positional,
    with_args,
)
from builder.manim_lint.fixes.renamed import NameChanger

_NAMES = {"InteractiveScene": "Scene", "Tex": "MathTex", "TexText": "Tex"}
"""Names that the two have for different things: ManimGL's `Tex` is a formula."""
_FADES = {"FadeIn": ("shift", "scale"), "FadeOut": ("shift",)}
"""What ManimGL takes by position behind the mobject, and Manim Community by name."""


class _Changes(cst.CSTTransformer):
    """Imports, and arguments of fades."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self._modules, self._own = program.modules, program.bound
        self.whole = True
        """Whether all imports have a counterpart."""

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> cst.ImportFrom:  # noqa: N802
        """All modules of ManimGL are `manim`."""
        name = cst.helpers.get_full_name_for_node(original_node.module) if original_node.module else None
        if original_node.relative or (name or "").partition(".")[0] not in MODULES:
            return updated_node
        return updated_node.with_changes(module=cst.Name("manim"))

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> cst.Import:  # noqa: N802
        """`import manimlib as m` becomes `import manim as m`."""
        del original_node
        aliases = []
        for alias in updated_node.names:
            name = cst.helpers.get_full_name_for_node(alias.name) or ""
            if name.partition(".")[0] in MODULES:
                self.whole = self.whole and alias.asname is not None and "." not in name
                aliases.append(alias.with_changes(name=cst.Name("manim")))
            else:
                aliases.append(alias)
        return updated_node.with_changes(names=aliases)

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802
        """`FadeIn(m, UP)` becomes `FadeIn(m, shift=UP)`."""
        del original_node
        plain = positional(updated_node)
        names = _FADES.get(called(updated_node), ())
        if not names or called(updated_node) in self._own or not is_plain(updated_node, self._modules) or not plain:
            return updated_node
        if len(plain) - 1 > len(names):
            self.whole = False
            return updated_node
        named = [keyword_arg(name, arg.value) for name, arg in zip(names, plain[1:], strict=False)]
        return with_args(updated_node, [plain[0], *named, *updated_node.args[len(plain) :]])


def as_community(code: str, tree: ast.Module) -> cst.Module | None:
    """The program under `from manim import *`; `None` if an import, or a fade, has no counterpart."""
    program = Program(code, tree, ())
    changes = _Changes(program)
    names = {old: new for old, new in _NAMES.items() if old not in program.bound}
    module = cst.parse_module(code).visit(NameChanger(names, program.modules)).visit(changes)
    return module if changes.whole else None
