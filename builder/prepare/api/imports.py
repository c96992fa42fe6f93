"""What a program imports: modules that are not there, names that a module lacks, and what each name stands for."""

import ast
from dataclasses import dataclass, field
from functools import lru_cache

from builder.prepare.api.known import known
from builder.prepare.api.problem import Finding

_DIALECT = frozenset({"manimlib", "manimgl", "manim_imports_ext", "big_ol_pile_of_manim_imports", "manimce", "custom"})
"""Modules of ManimGL, of the first Manim, and of its author's own programs."""


@dataclass(slots=True)
class Imports:
    """What the imports of a program bring and lack."""

    findings: list[Finding] = field(default_factory=list)
    star: frozenset[str] | None = None
    """Names that star imports bring; `None` without any from a module that is known."""
    stars_open: bool = False
    """Whether there are star imports from modules that nobody knows."""


def read_imports(nodes: list[ast.Import | ast.ImportFrom]) -> Imports:
    """Look at all import statements of a program, wherever they stand."""
    imports = Imports()
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                imports.findings += _missing(node, alias.name)
        elif node.level:
            name = "." * node.level + (node.module or "")
            imports.findings.append(
                Finding(node, "missing_module", name, f"{name} is a module of the program's own folder")
            )
            imports.stars_open = True
        else:
            _read_from(node, imports)
    return imports


def _read_from(node: ast.ImportFrom, imports: Imports) -> None:
    module = node.module or ""
    missing = _missing(node, module)
    imports.findings += missing
    names = module_names(module)
    for alias in node.names:
        if alias.name == "*":
            if missing or names is None:
                imports.stars_open = True
            else:
                imports.star = (imports.star or frozenset()) | names
        elif not missing and names is not None and not _is_in(alias.name, module, names):
            imports.findings.append(_lacking(node, module, alias.name, names))


def _is_in(name: str, module: str, names: frozenset[str]) -> bool:
    full = f"{module}.{name}"
    return name in names or name.startswith("__") or full in known().modules or full in known().unread


def _lacking(node: ast.AST, module: str, name: str, names: frozenset[str]) -> Finding:
    return Finding(node, "unknown_name", name, f"{name} is not in {module}", module, among=names)


def _missing(node: ast.AST, name: str) -> list[Finding]:
    root = name.partition(".")[0]
    if root in _DIALECT:
        return [Finding(node, "manimgl_dialect", name, f"{name} is not Manim Community; did you mean manim?")]
    if root == "manim":
        if name not in known().modules and name not in known().unread:
            return [Finding(node, "missing_module", name, f"{name} is no module of Manim")]
    elif root not in known().standard and root not in known().packages:
        return [Finding(node, "missing_module", name, f"{name} does not come with Manim")]
    return []


@lru_cache(maxsize=256)
def module_names(module: str) -> frozenset[str] | None:
    """The names in a module, `None` if they are not recorded."""
    if module == "manim":
        return frozenset(known().star) | known().modules["manim"]
    return known().modules.get(module)
