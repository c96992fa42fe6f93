"""What the check finds: the public record of a problem, and a finding on its way to become one."""

import ast
from dataclasses import dataclass, field

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
