"""Imports: those that a program lacks, and those of modules that are not there and of which it uses nothing."""

import ast
import re

import libcst as cst

from builder.manim_lint.fixes.program import Program, bound_names, imports_all
from builder.manim_lint.release.model import PACKAGES
from builder.manim_lint.syntax import parse

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


def missing_imports(program: Program) -> cst.Module | None:
    """`import numpy as np`, `from typing import List` and their kin go below the imports that there are."""
    wanted = sorted(program.unbound("unknown_name", "unset_name"))
    members: dict[str, list[str]] = {}
    for name in wanted:
        module = MEMBERS.get(name) or ("math" if name in FUNCTIONS else None)
        if module is not None:
            members.setdefault(module, []).append(name)
    lines = [MODULES[name] for name in wanted if name in MODULES]
    lines += [f"from {module} import {', '.join(names)}" for module, names in sorted(members.items())]
    return with_imports(program.module, lines) if lines else None


def with_imports(module: cst.Module, lines: list[str]) -> cst.Module:
    """The module with these lines below the last import of its head, or below its docstring."""
    new = [cst.parse_statement(line) for line in lines]
    at = 0
    for number, statement in enumerate(module.body):
        if not isinstance(statement, cst.SimpleStatementLine):
            break
        first = statement.body[0]
        docstring = number == 0 and isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString)
        if isinstance(first, cst.Import | cst.ImportFrom) or docstring:
            at = number + 1
    return module.with_changes(body=[*module.body[:at], *new, *module.body[at:]])


IMPORT = re.compile(r"\bimport\b")


def unused_imports(program: Program) -> cst.Module | None:
    """`from utils import *` goes where there is no `utils` and the program does without; so does `import utils`."""
    missing = program.found("missing_module")
    gone = [statement for statement in program.module.body if _imports_only(statement, missing)]
    if not gone:
        return None
    changed = program.module.with_changes(body=[item for item in program.module.body if item not in gone])
    imported = bound_names(_tree(cst.Module(gone)))
    used = {node.id for node in ast.walk(_tree(changed)) if isinstance(node, ast.Name)}
    return None if imported & used else changed


def _tree(module: cst.Module) -> ast.Module:
    return parse(module.code).tree or ast.Module([], [])


def _imports_only(statement: cst.CSTNode, modules: frozenset[str]) -> bool:
    """Whether a line is one import, of these modules alone."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return False
    match _tree(cst.Module([statement.with_changes(leading_lines=[])])).body:
        case [ast.Import(names=aliases)]:
            return all(alias.name in modules for alias in aliases)
        case [ast.ImportFrom(module=str(module), level=0)]:
            return module in modules
    return False


FROM_MANIM = re.compile(r"\b(?:from|import)[ \t]+manim\b")


def manim_names(program: Program) -> cst.Module | None:
    """`from manim import Scene` becomes `from manim import *` where other names of Manim are used without import.

    Where only a part of the package is imported, a line is added. Names that Manim lacks stay unknown, and the
    check then finds no less.
    """
    if imports_all(program.tree) or not program.unbound("unknown_name", "unset_name"):
        return None
    star = cst.ensure_type(cst.parse_statement("from manim import *"), cst.SimpleStatementLine)
    body = list(program.module.body)
    for number, statement in enumerate(body):
        if isinstance(statement, cst.SimpleStatementLine) and _takes_names(statement):
            line = statement.with_changes(body=star.body)
            return program.module.with_changes(body=[*body[:number], line, *body[number + 1 :]])
    return with_imports(program.module, ["from manim import *"])


def _takes_names(line: cst.SimpleStatementLine) -> bool:
    """Whether a line is `from manim import …`, without other names for what it imports."""
    first = line.body[0]
    if len(line.body) != 1 or not isinstance(first, cst.ImportFrom) or isinstance(first.names, cst.ImportStar):
        return False
    from_manim = isinstance(first.module, cst.Name) and first.module.value in PACKAGES
    return from_manim and all(alias.asname is None for alias in first.names)
