"""Names that nobody defines, or that are used before they are set.

Scopes, imports, aliases, comprehensions, annotations and `del` are `pyflakes`' to follow. It works on the tree that is
there already, and goes through a function's body after all of its surroundings, as Python does. The standard library's
`symtable` wants the text, and knows nothing of the order of use and setting. Some of what is used and overridden here
is pyflakes' own affair: its releases are bounded in `pyproject.toml`, and the tests notice.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pyflakes import checker, messages

from builder.manim_lint.check.reading import Finding
from builder.manim_lint.dialect import MODULES
from builder.manim_lint.release.model import known
from builder.manim_lint.release.renames import nearest

_DIALECT = MODULES | {"manimce", "custom"}
"""Modules of other Manims, and of ManimGL's author's own programs."""


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
    others = False
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
        elif (node.module or "").partition(".")[0] in MODULES:
            imports.findings += _missing(node, node.module or "")
            others = True
        else:
            _read_from(node, imports)
    # Beside Manim's own names, those of another Manim are no excuse: it is not there.
    imports.stars_open = imports.stars_open or (others and imports.star is None)
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
            text = f"{alias.name} is not in {module}"
            imports.findings.append(Finding(node, "unknown_name", alias.name, text, module, among=names))


def _is_in(name: str, module: str, names: frozenset[str]) -> bool:
    full = f"{module}.{name}"
    return name in names or name.startswith("__") or full in known().modules or full in known().unread


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


_MODULE_NAMES = frozenset(
    "__name__ __file__ __doc__ __builtins__ __spec__ __loader__ __package__ __path__ __annotations__ "
    "__debug__ WindowsError".split()
)
_SUGGESTIONS = 50
"""Names of one program that are held against Manim's: it costs more than to find them."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class _Names(checker.Checker):  # type: ignore[misc]
    """pyflakes' checker without what is not asked here: complaints of other kinds cost half of its time.

    Built-in names and those of star imports are left undefined, to be looked up once for each name.
    """

    builtIns = property(lambda _self: frozenset(), lambda _self, _names: None)  # noqa: N815

    def __init__(self, tree: ast.Module) -> None:
        self.found: list[tuple[bool, ast.AST, str, checker.FunctionScope | None]] = []
        super().__init__(tree)

    def IMPORTFROM(self, node: ast.ImportFrom) -> None:  # noqa: N802
        """`from module import *`: pyflakes would look for each name in all that was ever bound."""
        if not any(alias.name == "*" for alias in node.names):
            super().IMPORTFROM(node)

    def CALL(self, node: ast.Call) -> None:  # noqa: N802
        """Calls of `typing` are calls like others."""
        self.handleChildren(node)

    def differentForks(self, _one: ast.AST, _other: ast.AST) -> bool:  # noqa: N802
        """Names that are set twice are no problem here."""
        return True

    def checkDeadScopes(self) -> None:  # noqa: N802
        """Unused names are no problem here."""

    def report(self, kind: type, *args: Any, **_kwargs: Any) -> None:
        """Keep the names that are undefined, or local and used too early."""
        if kind in (messages.UndefinedName, messages.UndefinedLocal):
            node, name = args[0], args[1]
            if not isinstance(node, ast.AST) or self._not_evaluated(node):
                return
            scopes = self.scopeStack[::-1]
            inner = next((scope for scope in scopes if not isinstance(scope, checker.ComprehensionScope)), None)
            function = inner if isinstance(inner, checker.FunctionScope) else None
            self.found.append((kind is messages.UndefinedLocal, node, name, function))

    def _not_evaluated(self, node: ast.AST) -> bool:
        """Whether a name stands in an annotation that Python does not compute."""
        if self._in_annotation == checker.AnnotationState.NONE:
            return False
        if self._in_postponed_annotation:
            return True
        around = next((node for node in self.path(node) if isinstance(node, ast.stmt)), None)
        return isinstance(around, ast.AnnAssign) and isinstance(self.scope, checker.FunctionScope)

    def path(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, the innermost first."""
        while node in self._parents:
            node = self._parents[node]
            yield node


def unknown_names(tree: ast.Module, star: frozenset[str] | None, stars_open: bool) -> list[Finding]:
    """Names that are certainly not there when they are asked for.

    Args:
        tree: The program.
        star: Names that its star imports bring; `None` if none of them is Manim's.
        stars_open: Whether it has star imports whose names nobody knows.
    """
    names = _Names(tree)
    module = names.deadScopes[-1]
    given = known().builtins | _MODULE_NAMES | (star or frozenset())
    found: list[Finding] = []
    for early, node, name, scope in names.found:
        if early or (scope is not None and name in scope) or (scope is None and name in module and name not in given):
            if not _in_loop(names, node):
                found.append(Finding(node, "unset_name", name, f"{name} is used before it is set"))
        elif name not in given and not stars_open:
            found.append(_undefined(node, name, star, len(found) < _SUGGESTIONS, names))
    return found


def _undefined(node: ast.AST, name: str, star: frozenset[str] | None, suggest: bool, names: _Names) -> Finding:
    """A name that nothing defines: one of Manim's if it looks like one, else one that was never set or imported."""
    if star is None and name in known().star:
        return Finding(node, "unset_name", name, f"{name} is not imported")
    among = _of_its_kind(node, names)
    if name[:1].isupper() or (suggest and nearest(name, among)):
        return Finding(node, "unknown_name", name, name, among=among)
    return Finding(node, "unset_name", name, f"{name} is never set or imported")


def _of_its_kind(node: ast.AST, names: _Names) -> frozenset[str]:
    """What Manim has that may stand where a name stands: what is called is no constant, what is a base is a class."""
    around = next(names.path(node), None)
    if isinstance(around, ast.Call) and around.func is node:
        return known().star_of("class", "function")
    if isinstance(around, ast.ClassDef) and node in around.bases:
        return known().star_of("class")
    return known().star_names


def _in_loop(names: _Names, node: ast.AST) -> bool:
    """Whether a node stands in a loop, where a name may be set by an earlier round."""
    for around in names.path(node):
        if isinstance(around, ast.For | ast.AsyncFor | ast.While):
            return True
        if isinstance(around, _FUNCTIONS):
            return False
    return False
