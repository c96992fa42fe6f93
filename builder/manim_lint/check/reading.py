"""The state of one reading of a program: what was seen so far and is still to be read; what was found wrong."""

import ast
from dataclasses import dataclass, field

from builder.manim_lint.check.values import OwnClass, Scope, Value, join
from builder.manim_lint.release.model import ManimClass, known

REASONS = (
    "syntax_error",
    "unknown_name",
    "unset_name",
    "unknown_argument",
    "wrong_arity",
    "bad_value",
    "missing_module",
    "missing_asset",
    "manimgl_dialect",
)
"""All reasons of problems; `docs/lint.md` has an example of each."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something for which a program is sure to fail, and where."""

    reason: str
    """One of `REASONS`."""
    text: str
    """For a person: what is wrong, and the nearest right name after a semicolon."""
    name: str
    """The offending identifier: class, function, attribute, keyword, module or file; empty for a syntax error."""
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    owner: str = ""
    """For an argument or attribute: the class or function it was given to (`Axes`, `Axes.plot`)."""

    @property
    def detail(self) -> str:
        """The text with the line in it, as the ledger has it."""
        said, _, rest = self.text.partition("; ")
        return f"{said} (line {self.line})" + (f"; {rest}" if rest else "")


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at a place, which counts only if the whole program bears it out."""

    node: ast.AST
    reason: str
    name: str
    text: str
    owner: str = ""
    among: frozenset[str] | None = None
    """The names that would have been right, for a suggestion; `None` for none."""
    unless_set: str = ""
    """An attribute: if the program sets one of this name anywhere, the finding is void."""
    through: frozenset[str] = field(default_factory=frozenset)
    """Attributes of `self` whose types led here: if one has another type elsewhere, the finding is void."""


Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Waiting = tuple[Function, Scope, OwnClass | None, Value | None]
"""A function to be read later: where it stands, the class whose method it is, and its first argument."""

_MAX_CLASSES = 50
"""Classes of a program through which an attribute is looked for."""
_MAX_FINDINGS = 500


@dataclass(slots=True)
class Reading:
    """What the interpreter has seen of a program so far."""

    findings: list[Finding] = field(default_factory=list)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
    star: bool = False
    """Whether the names of Manim's star import are there."""
    waiting: list[Waiting] = field(default_factory=list)
    """Functions to be read after all that surrounds them."""
    last: list[Waiting] = field(default_factory=list)
    """Those to be read after all others."""
    mentioned: set[str] = field(default_factory=set)
    """Names and attributes that occur anywhere."""
    attributes_set: set[str] = field(default_factory=set)
    any_attribute: bool = False
    """Whether attributes are set by names that nobody knows."""
    mixed: set[str] = field(default_factory=set)
    """Attributes of `self` that stand for different things."""
    own_names: dict[str, int] = field(default_factory=dict)
    """Names in the bodies of the program's classes, in how many: what is not of an exact class may have them."""
    mixins: bool = False
    """Whether a class of the program has several bases, so that `super()` may be a class beside."""
    own_classes: dict[ast.AST, OwnClass] = field(default_factory=dict)
    results: dict[ast.AST, Value | None] = field(default_factory=dict)
    """What functions of the program return."""

    def find(self, finding: Finding) -> None:
        """Note a finding; a program with hundreds needs no more."""
        if len(self.findings) < _MAX_FINDINGS:
            self.findings.append(finding)

    def set_attribute(self, owner: Value | None, name: str, value: Value | None) -> None:
        """`owner.name = value` was read."""
        self.attributes_set.add(name)
        if owner is None or owner.kind != "own_instance" or owner.node is None:
            self.mixed.add(name)
            return
        attributes = self.own_classes[owner.node].attributes
        if name not in attributes:
            attributes[name] = value
        elif attributes[name] != value:
            joined = join(attributes[name], value)
            if joined is None:
                self.mixed.add(name)
            attributes[name] = joined

    def lineage(self, node: ast.AST) -> tuple[list[OwnClass | ManimClass], bool]:
        """A class of the program and all it inherits from, in order; whether all of them are known."""
        found: list[OwnClass | ManimClass] = []
        complete = True
        waiting = [self.own_classes[node]]
        while waiting and len(found) < _MAX_CLASSES:
            own = waiting.pop(0)
            if own in found:
                continue
            found.append(own)
            complete = complete and not own.node.keywords and "__getattr__" not in own.names
            for base in own.bases:
                if base is not None and base.kind == "own_class" and base.node is not None:
                    waiting.append(self.own_classes[base.node])
                elif base is not None and base.kind == "class" and (cls := known().manim_class(base.name)):
                    found.append(cls)
                else:
                    complete = False
        return found, complete and not waiting
