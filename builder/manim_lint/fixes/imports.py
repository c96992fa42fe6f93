"""Imports that a program lacks, of the standard library, NumPy and other packages that Manim itself needs."""

import re

import libcst as cst

from builder.manim_lint.fixes.program import Program, imports_all
from builder.manim_lint.release.names import PACKAGES

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

_CLUE_NAMES = "|".join(sorted({*MODULES, *MEMBERS, *FUNCTIONS}))
CLUE = re.compile(rf"\b(?:{_CLUE_NAMES})\b")


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


STAR_CLUE = re.compile(r"\b(?:from|import)[ \t]+manim\b")


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
