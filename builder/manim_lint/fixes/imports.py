"""Imports: those that a program lacks, and those of modules that are not there and of which it uses nothing."""

import ast
import re

from builder.manim_lint.fixes.program import Program, bound_names, imports_all
from builder.manim_lint.release.model import PACKAGES

MODULES = {
    "np": "import numpy as np",
    "numpy": "import numpy",
    "nx": "import networkx as nx",
    "networkx": "import networkx as networkx",
    "scipy": "import scipy",
    "it": "import itertools as it",
} | {
    name: f"import {name}"
    for name in """
    math random os sys time copy itertools functools collections string json colorsys datetime operator statistics
    fractions decimal cmath typing dataclasses enum logging bisect heapq textwrap warnings inspect
    """.split()
}
"""Imports of modules, by the name under which programs use them."""

_MEMBERS = {
    "typing": """
        Any Callable ClassVar DefaultDict Dict Final FrozenSet Generic Iterable Iterator List Literal Mapping
        NamedTuple Optional Sequence Set Tuple Type TypeVar Union
        """,
    "math": "sqrt factorial gcd comb",
    "itertools": "accumulate combinations permutations product zip_longest",
    "functools": "lru_cache partial reduce wraps",
    "collections": "Counter OrderedDict defaultdict deque namedtuple",
    "copy": "deepcopy",
    "dataclasses": "dataclass",
    "enum": "Enum IntEnum auto",
    "abc": "ABC abstractmethod",
    "fractions": "Fraction",
    "decimal": "Decimal",
    "pathlib": "Path",
    "manim.utils.unit": "Degrees Munits Percent Pixels",
}
MEMBERS = {name: module for module, names in _MEMBERS.items() for name in names.split()}
"""Modules of single names; only such as mean nothing else in programs of this kind."""

FUNCTIONS = frozenset("sin cos tan asin acos atan atan2 exp log log2 log10 sinh cosh tanh floor ceil".split())
"""Functions that NumPy and `math` have under one name, or under names of the same meaning."""

_USED_NAMES = "|".join(sorted({*MODULES, *MEMBERS, *FUNCTIONS}))
USED = re.compile(rf"\b(?:{_USED_NAMES})\b")


def missing_imports(program: Program) -> str | None:
    """`import numpy as np`, `from typing import List` and their kin go below the imports that there are."""
    wanted = sorted(program.unbound("unknown_name", "unset_name"))
    members: dict[str, list[str]] = {}
    for name in wanted:
        module = MEMBERS.get(name) or ("math" if name in FUNCTIONS else None)
        if module is not None:
            members.setdefault(module, []).append(name)
    lines = [MODULES[name] for name in wanted if name in MODULES]
    lines += [f"from {module} import {', '.join(names)}" for module, names in sorted(members.items())]
    return with_imports(program, lines) if lines else None


def with_imports(program: Program, lines: list[str]) -> str:
    """The program with these lines below the last import of its head, or below its docstring."""
    place = program.line_starts[_first_line(program.tree.body[0]) - 1]
    for number, line in enumerate(_lines(program.tree)):
        if hasattr(line[0], "body") or isinstance(line[0], ast.Match):
            break
        docstring = number == 0 and isinstance(line[0], ast.Expr) and isinstance(line[0].value, ast.Constant)
        if docstring or isinstance(line[0], ast.Import | ast.ImportFrom):
            place = program.line_starts[line[-1].end_lineno or 0]
    line_end = "\r\n" if "\r\n" in program.code else "\n"
    text = line_end.join(lines)
    above = program.encoded[:place]
    text = f"{text}{line_end}" if not above or above.endswith((b"\n", b"\r")) else f"{line_end}{text}"
    return program.edited({(place, place): text})


def _first_line(node: ast.stmt) -> int:
    """The line on which a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)])


def _lines(tree: ast.Module) -> list[list[ast.stmt]]:
    """The statements of the module, those of one line together."""
    groups: list[list[ast.stmt]] = []
    for node in tree.body:
        if groups and groups[-1][-1].end_lineno == node.lineno:
            groups[-1].append(node)
        else:
            groups.append([node])
    return groups


IMPORT = re.compile(r"\bimport\b")


def unused_imports(program: Program) -> str | None:
    """`from utils import *` goes where there is no `utils` and the program does without; so does `import utils`.

    Comments right above such a line go with it, but for those at the head of the file.
    """
    missing = program.found("missing_module")
    lines = _lines(program.tree)
    gone = [number for number, line in enumerate(lines) if len(line) == 1 and _imports_only(line[0], missing)]
    if not gone:
        return None
    imported = bound_names(lines[number][0] for number in gone)
    if imported & {node.id for node in program.nodes if isinstance(node, ast.Name)}:
        return None
    edits = {}
    for number in gone:
        node = lines[number][0]
        first = (lines[number - 1][-1].end_lineno or 0) if number else node.lineno - 1
        edits[program.line_starts[first], program.line_starts[node.end_lineno or 0]] = ""
    changed = program.edited(edits)
    return changed if program.code.endswith(("\n", "\r")) else changed.rstrip("\r\n")


def _imports_only(node: ast.stmt, modules: frozenset[str]) -> bool:
    """Whether a statement imports of these modules alone."""
    match node:
        case ast.Import(names=aliases):
            return all(alias.name in modules for alias in aliases)
        case ast.ImportFrom(module=str(module), level=0):
            return module in modules
    return False


FROM_MANIM = re.compile(r"\b(?:from|import)[ \t]+manim\b")


def manim_names(program: Program) -> str | None:
    """`from manim import Scene` becomes `from manim import *` where other names of Manim are used without import.

    Where only a part of the package is imported, a line is added. Names that Manim lacks stay unknown, and the
    check then finds no less.
    """
    if imports_all(program.tree) or not program.unbound("unknown_name", "unset_name"):
        return None
    for line in _lines(program.tree):
        if len(line) == 1 and _takes_names(line[0]):
            return program.edited({program.span(line[0]): "from manim import *"})
    return with_imports(program, ["from manim import *"])


def _takes_names(node: ast.stmt) -> bool:
    """Whether a statement is `from manim import …`, without other names for what it imports."""
    if not isinstance(node, ast.ImportFrom) or node.level or node.module not in PACKAGES:
        return False
    return all(alias.asname is None and alias.name != "*" for alias in node.names)
