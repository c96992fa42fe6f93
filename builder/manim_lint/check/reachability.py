"""Parts of a program that need not run, or whose errors it catches: what is found there counts for nothing."""

import ast
import bisect
import sys
from collections.abc import Iterable

Place = tuple[int, int]
Region = tuple[Place, Place]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def uncertain_regions(body: Iterable[ast.stmt], mentioned: frozenset[str], classes: frozenset[str]) -> list[Region]:
    """Regions from first to behind last character: bodies of functions and classes that nobody mentions, of `try`, of
    `if __name__ == "__main__"` and its like, and what follows a `return` or `raise`.

    Args:
        body: The statements of the module.
        mentioned: Names and attributes that occur anywhere.
        classes: Names of the program's own classes.
    """
    found: list[Region] = []
    waiting: list[Iterable[ast.stmt]] = [body]
    while waiting:
        ended = False
        for node in waiting.pop():
            if ended:
                found.append(_region([node]))
            else:
                uncertain, open_blocks = _parts(node, mentioned, classes)
                found += [_region(part) for part in uncertain]
                waiting += open_blocks
                ended = isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break)
    return sorted(found)


def _parts(
    node: ast.stmt, mentioned: frozenset[str], classes: frozenset[str]
) -> tuple[list[list[ast.stmt]], list[list[ast.stmt]]]:
    """The blocks within a statement that are uncertain, and those to be looked into."""
    if isinstance(node, _FUNCTIONS):
        return ([], [node.body]) if _is_called(node, mentioned) else ([node.body], [])
    if isinstance(node, ast.ClassDef) and node.name not in mentioned and not _may_be_scene(node, classes):
        return [item.body for item in node.body if isinstance(item, _FUNCTIONS)], []
    if isinstance(node, ast.If) and _never(node.test):
        return [node.body], [node.orelse]
    if isinstance(node, ast.Try | ast.TryStar) and node.handlers:
        return [node.body, *(handler.body for handler in node.handlers)], [node.orelse, node.finalbody]
    if isinstance(node, ast.With) and any(_suppresses(item.context_expr) for item in node.items):
        return [node.body], []
    inner = (getattr(node, name, None) for name in ("body", "orelse", "finalbody"))
    return [], [part for part in inner if part]


def _region(body: list[ast.stmt]) -> Region:
    first, last = body[0], body[-1]
    return (first.lineno, first.col_offset), (last.end_lineno or last.lineno, last.end_col_offset or 0)


def _is_called(node: ast.FunctionDef | ast.AsyncFunctionDef, mentioned: frozenset[str]) -> bool:
    """Whether anything may call a function: its name occurs, or Manim and Python call such methods themselves."""
    return node.name in mentioned or node.name in _CALLED or node.name.startswith("__") or bool(node.decorator_list)


_CALLED = frozenset(
    "construct setup tear_down interpolate interpolate_mobject interpolate_submobject begin finish "
    "generate_points init_points clean_up_from_scene create_target update_mobjects".split()
)


def _may_be_scene(node: ast.ClassDef, classes: frozenset[str]) -> bool:
    """Whether a class may be rendered: a base is called a scene, or is a class of the program."""
    names = (getattr(base, "attr", "") or getattr(base, "id", "") for base in node.bases)
    return any(name.endswith(("Scene", "Slide")) or name in classes for name in names)


def _suppresses(context: ast.expr) -> bool:
    """Whether `with` goes on after errors: `contextlib.suppress(...)`."""
    called = context.func if isinstance(context, ast.Call) else context
    return (getattr(called, "attr", "") or getattr(called, "id", "")) == "suppress"


def _never(test: ast.expr) -> bool:
    """Whether a condition is false when a scene is rendered."""
    if isinstance(test, ast.Constant):
        return not test.value
    if isinstance(test, ast.Name):
        return test.id == "TYPE_CHECKING"
    if isinstance(test, ast.Attribute):
        return test.attr == "TYPE_CHECKING"
    if isinstance(test, ast.Compare):
        return isinstance(test.left, ast.Name) and test.left.id == "__name__"
    return False


def certain(place: Place, regions: list[Region]) -> bool:
    """Whether a place lies outside all regions, which are sorted and do not overlap."""
    before = bisect.bisect_right(regions, (place, (sys.maxsize, 0)))
    return not before or place >= regions[before - 1][1]
