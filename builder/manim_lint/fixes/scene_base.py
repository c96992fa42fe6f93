"""Scenes: the base class that a scene's calls want, and a `construct` that goes by another name or by none."""

import ast
import re
from collections.abc import Sequence

import libcst as cst

from builder.manim_lint.fixes.program import Program

_THREE_D = frozenset(
    """
    set_camera_orientation begin_ambient_camera_rotation stop_ambient_camera_rotation move_camera
    begin_3dillusion_camera_rotation stop_3dillusion_camera_rotation add_fixed_in_frame_mobjects
    add_fixed_orientation_mobjects remove_fixed_in_frame_mobjects remove_fixed_orientation_mobjects
    """.split()
)
_THREE_D_CLUE = "|".join(sorted(_THREE_D))
BASE_CLUE = re.compile(rf"self\.(?:{_THREE_D_CLUE}|camera\.frame\b|camera_frame\b|frame\b)")
_PLAIN = "Scene"
_HOOKS = frozenset({"construct", "setup", "tear_down", "render", "interactive_embed", "__init__"})
"""Methods that Manim calls by itself; none of them is a `construct` by another name."""
ENTRY_CLUE = re.compile(r"class\s+\w+\s*\(\s*\w*Scene\s*\)")


def scene_bases(program: Program) -> cst.Module | None:
    """`Scene` becomes `ThreeDScene` where its camera is turned, and `MovingCameraScene` where its frame is moved."""
    bases = {node.name: base for node in program.tree.body if isinstance(node, ast.ClassDef) if (base := _wanted(node))}
    if not bases:
        return None

    class Bases(cst.CSTTransformer):
        def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: N802
            new = bases.get(original_node.name.value)
            if new is None:
                return updated_node
            arg = updated_node.bases[0]
            value = arg.value
            if isinstance(value, cst.Attribute):
                value = value.with_changes(attr=cst.Name(new))
            elif isinstance(value, cst.Name):
                value = cst.Name(new)
            return updated_node.with_changes(bases=[arg.with_changes(value=value), *updated_node.bases[1:]])

        def leave_Attribute(  # noqa: N802
            self, original_node: cst.Attribute, updated_node: cst.Attribute
        ) -> cst.BaseExpression:
            del original_node
            match updated_node:
                case cst.Attribute(value=cst.Name(value="self"), attr=cst.Name(value="camera_frame")):
                    return cst.parse_expression("self.camera.frame")
            return updated_node

    return program.module.visit(Bases())


def _wanted(node: ast.ClassDef) -> str | None:
    """The base class that a plain scene should have had."""
    if len(node.bases) != 1 or not _is_scene(node.bases[0]):
        return None
    used = {item.attr for item in ast.walk(node) if isinstance(item, ast.Attribute) and _is_self(item.value)}
    own = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
    if (used & _THREE_D) - own:
        return "ThreeDScene"
    frames = [
        item
        for item in ast.walk(node)
        if isinstance(item, ast.Attribute)
        and (
            (item.attr == "frame" and isinstance(item.value, ast.Attribute) and item.value.attr == "camera")
            or (item.attr == "camera_frame" and _is_self(item.value))
        )
    ]
    return "MovingCameraScene" if frames else None


def _is_scene(base: ast.expr) -> bool:
    match base:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name == _PLAIN
    return False


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def lacks_construct(tree: ast.Module) -> bool:
    """Whether a class that inherits from a scene of Manim has no `construct`."""
    return any(
        isinstance(node, ast.ClassDef)
        and len(node.bases) == 1
        and _is_kind_of_scene(node.bases[0])
        and not any(isinstance(item, ast.FunctionDef) and item.name == "construct" for item in node.body)
        for node in tree.body
    )


def entry_named(program: Program) -> cst.Module | None:
    """A scene's one method becomes `construct`, if it animates, takes `self` alone, and nobody calls it."""
    found = {
        node.name: method for node in program.tree.body if isinstance(node, ast.ClassDef) if (method := _entry(node))
    }
    if not found:
        return None
    called_names = {node.attr for node in ast.walk(program.tree) if isinstance(node, ast.Attribute)}

    class Entries(cst.CSTTransformer):
        def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: N802
            method = found.get(original_node.name.value)
            if method is None or method in called_names:
                return updated_node
            body = [
                item.with_changes(name=cst.Name("construct"))
                if isinstance(item, cst.FunctionDef) and item.name.value == method
                else item
                for item in updated_node.body.body
            ]
            return updated_node.with_changes(body=updated_node.body.with_changes(body=body))

    return program.module.visit(Entries())


def _entry(node: ast.ClassDef) -> str | None:
    """The one method of a scene without a `construct`."""
    if len(node.bases) != 1 or not _is_kind_of_scene(node.bases[0]):
        return None
    methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
    if len(methods) != 1 or methods[0].name in _HOOKS:
        return None
    method = methods[0]
    alone = [arg.arg for arg in method.args.args] == ["self"] and not method.decorator_list
    return method.name if alone and _animates(method) else None


def _is_kind_of_scene(base: ast.expr) -> bool:
    match base:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in ("Scene", "ThreeDScene", "MovingCameraScene", "ZoomedScene")
    return False


def _animates(node: ast.AST) -> bool:
    """Whether code calls `self.play`, `self.add` or `self.wait`."""
    return any(
        isinstance(item, ast.Attribute) and _is_self(item.value) and item.attr in ("play", "add", "wait")
        for item in ast.walk(node)
    )


def body_in_class(program: Program) -> cst.Module | None:
    """Statements that stand directly in a scene's class, or at the file's level below it, become its `construct`."""
    scenes = [node for node in program.tree.body if isinstance(node, ast.ClassDef)]
    if len(scenes) != 1 or len(scenes[0].bases) != 1 or not _is_kind_of_scene(scenes[0].bases[0]):
        return None
    scene = scenes[0]
    if any(isinstance(item, ast.FunctionDef) and item.name == "construct" for item in scene.body):
        return None
    below = program.tree.body[program.tree.body.index(scene) + 1 :]
    if any(isinstance(item, ast.ClassDef | ast.FunctionDef | ast.Import | ast.ImportFrom) for item in below):
        return None
    inside = [item for item in scene.body if not isinstance(item, ast.FunctionDef)]
    if _animates(ast.Module(below, [])) and not any(map(_animates, inside)):
        return _construct_from_below(program.module, scene.name)
    if any(map(_animates, inside)) and not below:
        return _construct_from_inside(program.module, scene.name)
    return None


def _construct(body: Sequence[cst.BaseStatement]) -> cst.FunctionDef:
    params = cst.Parameters([cst.Param(cst.Name("self"))])
    return cst.FunctionDef(cst.Name("construct"), params, cst.IndentedBlock(body))


def _construct_from_below(module: cst.Module, name: str) -> cst.Module:
    at = next(at for at, item in enumerate(module.body) if isinstance(item, cst.ClassDef) and item.name.value == name)
    scene = cst.ensure_type(module.body[at], cst.ClassDef)
    inside = scene.body.body if isinstance(scene.body, cst.IndentedBlock) else ()
    kept = [item for item in inside if not _is_pass(item)]
    block = cst.IndentedBlock([*kept, _construct(module.body[at + 1 :])])
    return module.with_changes(body=[*module.body[:at], scene.with_changes(body=block)])


def _is_pass(item: cst.BaseStatement) -> bool:
    return isinstance(item, cst.SimpleStatementLine) and all(isinstance(small, cst.Pass) for small in item.body)


def _construct_from_inside(module: cst.Module, name: str) -> cst.Module:
    class Wrap(cst.CSTTransformer):
        def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: N802
            if original_node.name.value != name or not isinstance(updated_node.body, cst.IndentedBlock):
                return updated_node
            items = list(updated_node.body.body)
            methods = [item for item in items if isinstance(item, cst.FunctionDef)]
            loose = [item for item in items if not isinstance(item, cst.FunctionDef)]
            return updated_node.with_changes(body=updated_node.body.with_changes(body=[*methods, _construct(loose)]))

    return module.visit(Wrap())
