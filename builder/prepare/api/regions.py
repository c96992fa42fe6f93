"""Parts of a program that need not run, or whose errors it catches: what is found there counts for nothing."""

import ast
from collections.abc import Iterable

Place = tuple[int, int]
Region = tuple[Place, Place]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def uncertain_regions(body: Iterable[ast.stmt], mentioned: frozenset[str]) -> list[Region]:
    """Regions from first to behind last character: bodies of functions and classes that nobody mentions, of `try`, of
    `if __name__ == "__main__"` and its like, and what follows a `return` or `raise`.

    Args:
        body: The statements of the module.
        mentioned: Names and attributes that occur anywhere.
    """
    found: list[Region] = []
    waiting: list[tuple[Iterable[ast.stmt], bool]] = [(body, False)]
    while waiting:
        statements, _ = waiting.pop()
        ended = False
        for node in statements:
            if ended:
                found.append(_region([node]))
                continue
            if isinstance(node, _FUNCTIONS):
                if not _is_called(node, mentioned):
                    found.append(_region(node.body))
                else:
                    waiting.append((node.body, True))
            elif isinstance(node, ast.ClassDef):
                if node.bases or node.name in mentioned:
                    waiting.append((node.body, False))
                else:
                    found += [_region(item.body) for item in node.body if isinstance(item, _FUNCTIONS)]
            elif isinstance(node, ast.If):
                if _never(node.test):
                    found.append(_region(node.body))
                    waiting.append((node.orelse, False))
                else:
                    waiting += [(node.body, False), (node.orelse, False)]
            elif isinstance(node, ast.Try) and node.handlers:
                found.append(_region(node.body))
                found += [_region(handler.body) for handler in node.handlers]
                waiting += [(node.orelse, False), (node.finalbody, False)]
            elif isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break):
                ended = True
            else:
                inner = [getattr(node, field, None) for field in ("body", "orelse", "finalbody")]
                waiting += [(part, False) for part in inner if part]
    return sorted(found)


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
    """Whether a place lies outside all regions."""
    return not any(start <= place < end for start, end in regions)
