"""What the API check finds: the public record of a problem, and a finding on its way to become one."""

import ast
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ApiProblem:
    """Something that a program uses and Manim does not have, or not like that."""

    reason: str
    """`unknown_name`, `unknown_argument`, `wrong_arity`, `missing_module`, `missing_asset`, `manimgl_dialect`,
    `unset_name` or `bad_value`."""
    detail: str
    """For a person: name, line, the nearest right one."""
    name: str
    """The offending identifier: class, function, attribute, keyword, module or file."""
    line: int
    """From 1."""
    owner: str = ""
    """For an argument or attribute: the class or function it was given to (`Axes`, `Axes.plot`)."""


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
