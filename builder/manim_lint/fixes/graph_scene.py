"""`GraphScene` of old Manim CE, a scene with axes of its own, as a scene that makes its axes."""

import ast
import re

import libcst as cst

from builder.manim_lint.fixes.keywords import spans
from builder.manim_lint.fixes.program import Program, called, keyword, keyword_arg, with_args

CLUE = re.compile(r"\bGraphScene\b")
_METHODS = {
    "get_graph": "plot",
    "get_graph_label": "get_graph_label",
    "coords_to_point": "coords_to_point",
    "point_to_coords": "point_to_coords",
    "input_to_graph_point": "input_to_graph_point",
    "get_area": "get_area",
    "get_riemann_rectangles": "get_riemann_rectangles",
    "slope_of_tangent": "slope_of_tangent",
    "angle_of_tangent": "angle_of_tangent",
    "get_derivative_graph": "plot_derivative_graph",
}
"""Methods that a graph scene had, by those that axes have."""
_OTHERS = frozenset(
    """
    get_vertical_line_to_graph get_vertical_lines_to_graph get_secant_slope_group add_treadmill animate_secant_slope
    get_riemann_rectangles_list transform_between_riemann_rects add_T_label get_animation_integral_bounds_change
    add_treadmill_animation graph_origin axes x_axis y_axis x_axis_label_mob y_axis_label_mob
    """.split()
)
"""What else it had, and nothing of today stands for."""
_RANGES = {"x_range": ("x_min", "x_max", "x_axis_step", -1, 10), "y_range": ("y_min", "y_max", "y_axis_step", -1, 10)}
"""By today's keyword: the settings for both ends and the step, and what the ends were without."""


def graph_scenes(program: Program) -> cst.Module | None:
    """A `GraphScene` becomes a `Scene` that makes `self.axes` where it called `self.setup_axes()`.

    Its ranges come from its class's settings if these are numbers; graphs are asked of the axes. A scene that uses
    what has no counterpart stays as it is.
    """
    scenes = [node for node in program.tree.body if isinstance(node, ast.ClassDef) and _is_graph_scene(node)]
    ranges = {node.name: found for node in scenes if (found := _ranges(node)) is not None and _is_known(node)}
    return program.module.visit(_GraphScenes(ranges)) if ranges else None


def _is_graph_scene(node: ast.ClassDef) -> bool:
    return [base.id for base in node.bases if isinstance(base, ast.Name)] == ["GraphScene"] and len(node.bases) == 1


def _is_known(node: ast.ClassDef) -> bool:
    """Whether the class sets up its axes once, by a statement, and uses nothing that has no counterpart."""
    used = [item.attr for item in ast.walk(node) if isinstance(item, ast.Attribute) and _is_self(item.value)]
    statements = [item.value for item in ast.walk(node) if isinstance(item, ast.Expr)]
    setups = [
        item for item in statements if isinstance(item, ast.Call) and getattr(item.func, "attr", "") == "setup_axes"
    ]
    own = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
    return len(setups) == used.count("setup_axes") == 1 and not _OTHERS & set(used) and not own & _METHODS.keys()


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _ranges(node: ast.ClassDef) -> dict[str, str] | None:
    """Code of the axes' ranges by keyword, from numbers in the class or its `__init__`; `None` if one is no number."""
    settings: dict[str, ast.expr] = {}
    for item in ast.walk(node):
        match item:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.keyword(arg=str(name), value=value):
                settings.setdefault(name, value)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        settings.setdefault(key.value, value)
            case _:
                pass
    found = {}
    for new, (low, high, step, least, most) in _RANGES.items():
        parts: list[str] = []
        for name, default in ((low, least), (high, most), (step, None)):
            given = settings.get(name)
            if given is None:
                parts += [] if default is None else [str(default)]
                continue
            code = ast.unparse(given)
            if not re.fullmatch(r"-?[\d.]+(?: \* (?:PI|TAU))?|-?(?:PI|TAU)(?: [*/] [\d.]+)?", code):
                return None
            parts.append(code)
        found[new] = f"[{', '.join(parts)}]"
    return found


class _GraphScenes(cst.CSTTransformer):
    def __init__(self, ranges: dict[str, dict[str, str]]) -> None:
        super().__init__()
        self._ranges = ranges
        self._open: list[str] = []

    def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802
        """Remember the class that is open."""
        self._open.append(node.name.value)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: N802
        """Change the base class."""
        if self._open.pop() not in self._ranges:
            return updated_node
        bases = [arg.with_changes(value=cst.Name("Scene")) for arg in original_node.bases]
        body = [item for item in updated_node.body.body if not _only_settings(item)]
        return updated_node.with_changes(bases=bases, body=updated_node.body.with_changes(body=body))

    def leave_SimpleStatementLine(  # noqa: N802
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]:
        """Make the axes, and show them."""
        del original_node
        match updated_node.body:
            case [cst.Expr(value=cst.Call() as call)] if called(call) == "setup_axes" and self._inside():
                pass
            case _:
                return updated_node
        ranges = ", ".join(f"{name}={code}" for name, code in self._ranges[self._open[-1]].items())
        animate = keyword(call, "animate")
        animated = animate is not None and isinstance(animate.value, cst.Name) and animate.value.value == "True"
        shown = "self.play(Create(self.axes))" if animated else "self.add(self.axes)"
        first, second = (
            cst.ensure_type(cst.parse_statement(line), cst.SimpleStatementLine)
            for line in (f"self.axes = Axes({ranges})", shown)
        )
        return cst.FlattenSentinel(
            [
                first.with_changes(leading_lines=updated_node.leading_lines),
                second.with_changes(trailing_whitespace=updated_node.trailing_whitespace),
            ]
        )

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802
        """Ask the axes."""
        del original_node
        match updated_node.func:
            case cst.Attribute(value=cst.Name(value="self"), attr=cst.Name(value=name)) if name in _METHODS:
                pass
            case _:
                return updated_node
        if not self._inside():
            return updated_node
        func = cst.Attribute(cst.parse_expression("self.axes"), cst.Name(_METHODS[name]))
        call = updated_node.with_changes(func=func)
        if name == "get_graph" and len(call.args) > 1 and call.args[1].keyword is None:  # the colour came second
            call = with_args(call, [call.args[0], keyword_arg("color", call.args[1].value), *call.args[2:]])
        return with_args(call, spans(called(call), list(call.args)))

    def _inside(self) -> bool:
        return bool(self._open) and self._open[-1] in self._ranges


def _only_settings(item: cst.CSTNode) -> bool:
    """Whether a method is an `__init__` that does no more than to hand settings to the base class."""
    if not isinstance(item, cst.FunctionDef) or item.name.value != "__init__" or len(item.body.body) != 1:
        return False
    match item.body.body[0]:
        case cst.SimpleStatementLine(
            body=[cst.Expr(value=cst.Call(func=cst.Attribute(attr=cst.Name(value="__init__"))))]
        ):
            return True
    return False
