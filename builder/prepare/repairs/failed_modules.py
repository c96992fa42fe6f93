"""Modules that lack a name, and modules that are not there at all."""

import ast
import re

import libcst as cst

from builder.prepare.api.check import check_api
from builder.prepare.repairs import dialect
from builder.prepare.repairs.failed_names import ATTRIBUTE, EASES, with_attribute
from builder.prepare.repairs.failure import FailedStep, Failure, text_of

_NUMPY = {
    "float": "float",
    "int": "int",
    "bool": "bool",
    "object": "object",
    "str": "str",
    "complex": "complex",
    "Inf": "np.inf",
    "Infinity": "np.inf",
    "infty": "np.inf",
    "PINF": "np.inf",
    "NINF": "(-np.inf)",
    "NaN": "np.nan",
    "NAN": "np.nan",
    "float_": "np.float64",
    "complex_": "np.complex128",
    "unicode_": "np.str_",
    "string_": "np.bytes_",
    "product": "np.prod",
    "cumproduct": "np.cumprod",
    "alltrue": "np.all",
    "sometrue": "np.any",
    "row_stack": "np.vstack",
    "trapz": "np.trapezoid",
    "in1d": "np.isin",
    "msort": "np.sort",
    "round_": "np.round",
}
"""What NumPy 2 lacks, by what NumPy's notes on moving to it say to write."""


def of_a_module(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """A name that a module lacks: `np.float` is `float`, `rate_functions.ease_in_out` is `rate_functions.smooth`."""
    module, name = match["module"], match["name"]
    found = failure.attributes(name)
    if module == "numpy":
        new = _NUMPY.get(name, "")
        roots = {"np", "numpy"}
        found = [node for node in found if text_of(node.value) in roots]
        value = cst.parse_expression(new) if new and failure.has_arrays() else None
        return failure.changed({node: lambda _: value for node in found}) if value is not None else None
    if module == "manim.utils.rate_functions":
        new = EASES.get(name, "")
    elif module == "manim":
        new = dialect.RENAMED.get(name, "")
    else:
        return None
    return failure.changed({node: with_attribute(new) for node in found}) if new.isidentifier() else None


def unused_import(failure: Failure, match: re.Match[str]) -> cst.Module | None:
    """An import of a module that is not there is left out, where the program uses nothing of it."""
    root = match["module"].partition(".")[0]
    lines = [node for node in failure.nodes(cst.SimpleStatementLine) if failure.starts(node) == failure.line]
    gone = [node for node in lines if len(node.body) == 1 and _imports(node.body[0], root)]
    if len(gone) != 1 or gone[0] not in failure.program.module.body:
        return None
    body = [node for node in failure.program.module.body if node is not gone[0]]
    changed = failure.program.module.with_changes(body=body)
    tree = ast.parse(changed.code)
    names = {name for item in ast.walk(failure.program.tree) for name in _imported(item, root)}
    if names & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}:
        return None
    return (
        None
        if any(item.reason in ("unknown_name", "unset_name", "manimgl_dialect") for item in check_api(tree))
        else changed
    )


def _imports(node: cst.BaseSmallStatement, root: str) -> bool:
    match node:
        case cst.Import(names=[alias]):
            return alias.evaluated_name.partition(".")[0] == root
        case cst.ImportFrom(module=cst.Name() | cst.Attribute() as module, relative=[]):
            return text_of(module).partition(".")[0] == root
    return False


def _imported(node: ast.AST, root: str) -> list[str]:
    match node:
        case ast.Import(names=aliases):
            return [(item.asname or item.name).partition(".")[0] for item in aliases if item.name.startswith(root)]
        case ast.ImportFrom(module=str(module), names=aliases) if module.partition(".")[0] == root:
            return [item.asname or item.name for item in aliases]
    return []


STEPS = (
    FailedStep(
        "repair:render_module_name",
        frozenset({"AttributeError"}),
        re.compile(rf"^module '(?P<module>[\w.]{{1,60}})' has no attribute '{ATTRIBUTE}"),
        of_a_module,
    ),
    FailedStep(
        "repair:render_unused_import",
        frozenset({"ModuleNotFoundError"}),
        re.compile(r"^No module named '(?P<module>[\w.]{1,80})'"),
        unused_import,
    ),
)
"""For `from_error`."""
