"""The API check: what a program uses that Manim does not have, found without running it.

Static, against the recorded snapshot of one release. What is reported is sure to fail when the program is rendered, as
far as a reading can tell: it stands where it is run, in no `try`, and concerns a value whose class is known. What
depends on values (lengths of lists, LaTeX, arithmetic) is not looked at.
"""

import ast

from builder.manim_lint.check.interpreter import read_program
from builder.manim_lint.check.names import read_imports, unknown_names
from builder.manim_lint.check.problem import ApiProblem, Finding
from builder.manim_lint.check.reachability import certain, uncertain_regions
from builder.manim_lint.check.reading import Reading
from builder.manim_lint.release.model import manim_release
from builder.manim_lint.release.renames import nearest

_MAX_PROBLEMS = 500
"""Problems of one program that are reported."""
_SUGGESTIONS = 50
"""Problems of one program for which the right name is looked for: it costs more than to find them."""

__all__ = ["ApiProblem", "check_api", "manim_release"]


def check_api(tree: ast.Module) -> tuple[ApiProblem, ...]:
    """What is wrong with a program, in file order; empty if nothing was found, or if it is nested too deep to be read.

    The tree is not changed. Each place is named once for each thing that is wrong there, the first 500 places at most.
    """
    try:
        return _problems(tree)
    except RecursionError:
        return ()


def _problems(tree: ast.Module) -> tuple[ApiProblem, ...]:
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
    return not finding.through & reading.mixed


def _place(finding: Finding) -> tuple[int, int]:
    return getattr(finding.node, "lineno", 1), getattr(finding.node, "col_offset", 0)


def _problem(finding: Finding, suggest: bool) -> ApiProblem:
    line = _place(finding)[0]
    said, _, rest = finding.text.partition("; ")
    meant = nearest(finding.name, finding.among) if suggest and finding.among is not None else ""
    rest = f"did you mean {meant}?" if meant else rest
    detail = f"{said} (line {line})" + (f"; {rest}" if rest else "")
    return ApiProblem(finding.reason, detail, finding.name, line, finding.owner)
