"""What an expression stands for, as far as that is known."""

import ast
from dataclasses import dataclass, field, replace

from builder.manim_lint.release.model import Signature, known

_OTHER_ITEMS = ("VDict", "GenericGraph", "PMobject", "AbstractImageMobject")
"""Classes that may be asked for items of other kinds."""
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Value:
    """One thing that an expression may stand for.

    `kind` is `instance`, `class`, `function` or `module` of Manim; `animate`, what `.animate` of an instance gives;
    `method`, `getter`, `setter` of one; `own_class`, `own_instance`, `own_function`, `own_method` of the program;
    `own_super` of it; `array` of numpy; `plain`, an instance of a built-in type.
    """

    kind: str
    name: str
    """Of a class, function, module or type."""
    exact: bool = True
    """Whether an instance is of this very class, not of one below it."""
    signature: Signature | None = None
    """Of a method."""
    receiver: "Value | None" = None
    """Of a method."""
    node: ast.AST | None = None
    """Of something the program defines: where."""
    text: str | None = None
    """Of a string that is written out: the string."""
    parts: tuple["Value | None", ...] | None = field(default=None, compare=False)
    """Of a list or tuple that is written out: its items."""
    through: frozenset[str] = field(default=_NOTHING)
    """Attributes of `self` whose types were believed on the way."""


def instance(name: str, *, exact: bool = True, through: frozenset[str] = _NOTHING) -> Value | None:
    """An instance of a class of Manim, if it is one."""
    return Value("instance", name, exact, through=through) if known().manim_class(name) else None


def plain(kind: str) -> Value:
    """An instance of a built-in type."""
    return Value("plain", kind)


def item_of(group: Value) -> Value | None:
    """What an item of a mobject is, asked for by number or in a loop."""
    cls = known().manim_class(group.name)
    if cls is None or not cls.is_a("Mobject") or any(cls.is_a(name) for name in _OTHER_ITEMS):
        return None
    return instance("VMobject" if cls.is_a("VMobject") else "Mobject", exact=False, through=group.through)


def of_star(name: str) -> Value | None:
    """What a name of the star import stands for."""
    kind = known().star.get(name)
    if kind is None:
        return None
    if kind == "class":
        return Value("class", name) if known().manim_class(name) else None
    if kind == "function":
        return Value("function", name)
    root, _, rest = kind.partition(":")
    if root == "module":
        return Value("module", rest)
    if rest in ("str", "int", "float"):
        return plain(rest)
    return Value("array", "ndarray") if rest == "ndarray" else instance(rest)


def returned(signature: Signature, receiver: Value | None) -> Value | None:
    """What a call gives back."""
    if receiver is not None and receiver.kind == "animate":
        return receiver
    through = receiver.through if receiver is not None else _NOTHING
    if signature.returns == "Self":
        return receiver
    if signature.returns == "ndarray":
        return Value("array", "ndarray", through=through)
    if signature.returns in ("list", "dict", "tuple", "str"):
        return Value("plain", signature.returns, through=through)
    return instance(signature.returns, exact=False, through=through) if signature.returns else None


def join(left: Value | None, right: Value | None) -> Value | None:
    """What is known of something that is one or the other."""
    if left is None or right is None:
        return None
    if left is right or (left.kind == "method" and left == right):
        return left
    if (left.kind, left.name, left.node) == (right.kind, right.name, right.node) and left.kind != "method":
        both = left.through | right.through
        return replace(left, exact=left.exact and right.exact, text=None, parts=None, through=both)
    return None


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


def config_keys(node: ast.ClassDef) -> frozenset[str]:
    """The keys of a class's `CONFIG`."""
    found: set[str] = set()
    for item in node.body:
        if isinstance(item, ast.Assign) and getattr(item.targets[0], "id", "") == "CONFIG":
            keys = item.value.keys if isinstance(item.value, ast.Dict) else ()
            found.update(str(key.value) for key in keys if isinstance(key, ast.Constant))
    return frozenset(found)


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
