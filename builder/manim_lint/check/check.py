"""The API check: what a program uses that Manim does not have, found without running it.

Static, against the recorded snapshot of one release. What is reported is sure to fail when the program is rendered, as
far as a reading can tell: it stands where it is run, in no `try`, and concerns a value whose class is known. What
depends on values (lengths of lists, LaTeX, arithmetic) is not looked at.
"""

import ast
import bisect
import re
import sys
from collections.abc import Iterable
from dataclasses import replace

from builder.manim_lint.check.arguments import LOOKED_FOR
from builder.manim_lint.check.interpreter import read_program
from builder.manim_lint.check.names import read_imports, unknown_names
from builder.manim_lint.check.reading import Finding, Problem, Reading
from builder.manim_lint.release.model import manim_release
from builder.manim_lint.release.renames import nearest
from builder.manim_lint.syntax import parse

_MAX_PROBLEMS = 500
"""Problems of one program that are reported."""
_LINE_END = re.compile(r"\r\n|\r|\n")
"""What ends a line for the parser."""
_SUGGESTIONS = 50
"""Problems of one program for which the right name is looked for: it costs more than to find them."""

__all__ = ["Problem", "check_api", "check_code", "manim_release"]


def check_api(tree: ast.Module) -> tuple[Problem, ...]:
    """What is wrong with a program, in file order; empty if nothing was found, or if it is nested too deep to be read.

    The tree is not changed. Columns are in bytes of UTF-8, as the tree has them. Each place is named once for each
    thing that is wrong there, the first 500 places at most.
    """
    try:
        return _problems(tree)
    except RecursionError:
        return ()


def _problems(tree: ast.Module) -> tuple[Problem, ...]:
    reading = read_program(tree)
    imports = read_imports(reading.imports)
    findings = [*imports.findings, *reading.findings, *unknown_names(tree, imports.star, imports.stars_open)]
    if not findings:
        return ()
    classes = frozenset(own.node.name for own in reading.own_classes.values())
    regions = uncertain_regions(tree.body, frozenset(reading.mentioned), classes)
    placed = {
        (_place(finding), finding.reason, finding.name): finding
        for finding in findings
        if _holds(finding, reading) and certain(_place(finding), regions)
    }
    ordered = sorted(placed.items(), key=lambda item: item[0])
    return tuple(
        _problem(finding, number < _SUGGESTIONS) for number, (_, finding) in enumerate(ordered[:_MAX_PROBLEMS])
    )


def _holds(finding: Finding, reading: Reading) -> bool:
    """Whether the whole program bears a finding out."""
    if finding.unless_set and (reading.any_attribute or finding.unless_set in reading.attributes_set):
        return False
    if finding.reason == "missing_asset" and LOOKED_FOR + finding.name in reading.attributes_set:
        return False
    return not finding.through & reading.mixed


def _place(finding: Finding) -> tuple[int, int]:
    return getattr(finding.node, "lineno", 1), getattr(finding.node, "col_offset", 0)


def _problem(finding: Finding, suggest: bool) -> Problem:
    line, column = _place(finding)
    said, _, rest = finding.text.partition("; ")
    meant = nearest(finding.name, finding.among) if suggest and finding.among is not None else ""
    rest = f"did you mean {meant}?" if meant else rest
    return Problem(finding.reason, f"{said}; {rest}" if rest else said, finding.name, line, column + 1, finding.owner)


def check_code(code: str) -> tuple[Problem, ...]:
    """As `check_api`, from the text; a text that does not parse has one problem, where the parser stopped."""
    parsed = parse(code)
    if parsed.tree is None:
        return (Problem("syntax_error", parsed.message, "", parsed.line, parsed.column),)
    return in_characters(code, check_api(parsed.tree))


def in_characters(code: str, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """What `check_api` finds in the tree of a text, with columns in characters."""
    if not problems or code.isascii():
        return problems
    lines = _LINE_END.split(code)
    return tuple(replace(problem, column=_characters(lines[problem.line - 1], problem.column)) for problem in problems)


def _characters(line: str, column: int) -> int:
    """A column in characters, of one in UTF-8 bytes; both from 1."""
    return len(line.encode("utf-8", "surrogatepass")[: column - 1].decode("utf-8", "replace")) + 1


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
    if isinstance(test, ast.Compare):
        return getattr(test.left, "id", "") == "__name__"
    return "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", ""))


def certain(place: Place, regions: list[Region]) -> bool:
    """Whether a place lies outside all regions, which are sorted and do not overlap."""
    before = bisect.bisect_right(regions, (place, (sys.maxsize, 0)))
    return not before or place >= regions[before - 1][1]
