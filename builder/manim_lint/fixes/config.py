"""`CONFIG` dictionaries of ManimGL and old Manim CE: their entries become attributes of the class."""

import ast
import keyword as words
import re
from collections.abc import Sequence

import libcst as cst

from builder.manim_lint.fixes.program import Program
from builder.manim_lint.release.names import SCENES

CLUE = re.compile(r"^[ \t]+CONFIG\s*=\s*\{", re.MULTILINE)


def config_attributes(program: Program) -> cst.Module | None:
    """`CONFIG = {"speed": 2}` of a scene becomes `speed = 2`: a scene found each entry as `self.speed`.

    Only in classes that inherit from scenes of Manim directly, since an object's `CONFIG` also set what its base
    classes were made with; only if all keys are plain texts that are names.
    """
    scenes = {
        node.name
        for node in program.tree.body
        if isinstance(node, ast.ClassDef) and node.bases and all(_is_scene(base) for base in node.bases)
    }

    class Attributes(cst.CSTTransformer):
        def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: N802
            if original_node.name.value not in scenes or not isinstance(updated_node.body, cst.IndentedBlock):
                return updated_node
            body: list[cst.BaseStatement] = []
            for item in updated_node.body.body:
                lines = _attributes(item)
                body += [item] if lines is None else lines
            body = body or [cst.SimpleStatementLine([cst.Pass()])]
            return updated_node.with_changes(body=updated_node.body.with_changes(body=body))

    return program.module.visit(Attributes()) if scenes else None


def _is_scene(base: ast.expr) -> bool:
    match base:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in SCENES
    return False


def _attributes(item: cst.BaseStatement) -> Sequence[cst.BaseStatement] | None:
    """The assignments for a `CONFIG = {…}`; `None` if a statement is not that, or one that cannot be taken apart."""
    match item:
        case cst.SimpleStatementLine(
            body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value="CONFIG"))], value=cst.Dict() as entries)]
        ):
            pass
        case _:
            return None
    lines = []
    for entry in entries.elements:
        if not isinstance(entry, cst.DictElement) or not isinstance(entry.key, cst.SimpleString):
            return None
        name = entry.key.evaluated_value
        if not isinstance(name, str) or not name.isidentifier() or words.iskeyword(name):
            return None
        lines.append(cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(cst.Name(name))], entry.value)]))
    if lines:
        lines[0] = lines[0].with_changes(leading_lines=item.leading_lines)
    return lines
