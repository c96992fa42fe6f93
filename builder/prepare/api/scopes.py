"""Names of a program and what they stand for, scope by scope; and its own classes."""

import ast
from dataclasses import dataclass, field

from builder.prepare.api.values import Value, join

_MAX_NAMES = 500
"""Names of one scope: far beyond real programs, since every branch copies them."""


@dataclass(slots=True)
class OwnClass:
    """A class of the program."""

    node: ast.ClassDef
    bases: list[Value | None]
    names: dict[str, Value | None] = field(default_factory=dict)
    """What its body sets."""
    attributes: dict[str, Value | None] = field(default_factory=dict)
    """What its methods set on `self`."""
    config: frozenset[str] = frozenset()
    """Keys of its `CONFIG`, which ManimGL makes attributes of `self` and Manim Community does not."""


@dataclass(slots=True)
class Scope:
    """Names of the module, of a class body, of a comprehension or of a function."""

    outer: "Scope | None" = None
    now: dict[str, Value | None] = field(default_factory=dict)
    """What each name stands for at this point."""
    ever: dict[str, Value | None] = field(default_factory=dict)
    """What each name stands for whenever it is set."""
    owner: OwnClass | None = None
    """Of a class body: the class."""
    method_of: OwnClass | None = None
    """Of a method: the class."""
    eager: bool = False
    """Whether it is run where it stands: a class body, a list comprehension."""
    comprehension: bool = False
    results: list[Value | None] = field(default_factory=list)
    """Of a function: what it returns."""
    yields: bool = False

    crowded: bool = False
    """Whether it has so many names that what they stand for is not followed any more."""

    def set(self, name: str, value: Value | None) -> None:
        """A name is set."""
        if self.crowded:
            value = None
        self.now[name] = value
        self.ever[name] = join(self.ever[name], value) if name in self.ever else value

    def look_up(self, name: str) -> tuple[bool, Value | None]:
        """Whether the program sets a name, and what it stands for."""
        scope: Scope | None = self
        later = False
        inside = True
        while scope is not None:
            if inside or scope.owner is None:  # a method does not see the names of the class body
                names = scope.ever if later else scope.now
                if name in names:
                    return True, names[name]
            later = later or not scope.eager
            inside = inside and scope.comprehension
            scope = scope.outer
        return False, None

    def branch(self) -> dict[str, Value | None]:
        """What names stand for now, for one of two ways; not copied in a crowded scope, where nothing is known."""
        self.crowded = self.crowded or len(self.now) > _MAX_NAMES
        return self.now if self.crowded else dict(self.now)

    def merge(self, other: dict[str, Value | None]) -> None:
        """The ways through two branches meet: a name that both set is what both set it to."""
        now = self.now
        if other is now:
            return
        for name, value in other.items():
            if name not in now:
                now[name] = value
            elif now[name] is not value:
                now[name] = join(now[name], value)

    def enclosing_class(self) -> OwnClass | None:
        """The class whose method this is, or is within."""
        scope: Scope | None = self
        while scope is not None:
            if scope.method_of is not None:
                return scope.method_of
            scope = scope.outer
        return None
