"""What is known of Manim: the recorded snapshot, read once per process, as classes and signatures.

The snapshot lies beside this file; `builder.manim_lint.release.snapshot` says what is in it and makes it.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

SNAPSHOT = Path(__file__).with_name("snapshot.json.gz")


@dataclass(frozen=True, slots=True)
class Signature:
    """How something is called; of a method, without `self`."""

    positional: tuple[str, ...]
    """Parameters that may be given by position or by name."""
    needed: int
    """How many of them must be given."""
    rest: bool
    """Whether any number of further positional arguments is taken."""
    keywords: frozenset[str]
    """All names that may be given by keyword."""
    needed_keywords: tuple[str, ...]
    """Names that must be given, by keyword alone."""
    open: bool
    """Whether any keyword is taken."""
    returns: str
    """A class of Manim, `ndarray`, a built-in type, `Self`, or nothing if it is not known."""


class ManimClass:
    """A class of Manim: what its instances have, and how it is called."""

    def __init__(self, name: str, record: dict[str, Any], known: "Known") -> None:
        self.name = name
        self.bases: tuple[str, ...] = tuple(record["bases"])
        """The classes it inherits from, itself first, in order of lookup."""
        self.camera: str = record.get("camera", "")
        self._record = record
        self._known = known

    @cached_property
    def init(self) -> Signature:
        """How the class is called."""
        return _signature(self._record["init"])

    @cached_property
    def open(self) -> bool:
        """Whether an instance may have attributes that nobody knows of."""
        return any("open" in record for record in self._records())

    @cached_property
    def methods(self) -> dict[str, Any]:
        """Recorded signatures of all its methods, inherited ones too."""
        found: dict[str, Any] = {}
        for record in reversed(list(self._records())):
            found |= record["methods"]
        return found

    @cached_property
    def attributes(self) -> frozenset[str]:
        """All names that an instance has, methods too."""
        names = {name for record in self._records() for name in record["attributes"]}
        return frozenset(names | self.methods.keys())

    @cached_property
    def attributes_below(self) -> frozenset[str]:
        """All names that an instance of this class or any below it has."""
        return frozenset().union(*(cls.attributes for cls in self._known.subclasses(self.name)))

    @cache  # noqa: B019 - there is one snapshot
    def method(self, name: str) -> Signature | None:
        """The signature of a method."""
        return _signature(self.methods[name]) if name in self.methods else None

    @cache  # noqa: B019 - there is one snapshot
    def methods_below(self, name: str) -> tuple[Signature, ...]:
        """The signatures that a method has in this class and in those below it that have one of their own."""
        classes = self._known.subclasses(self.name)
        own = [cls.method(name) for cls in classes if cls is self or name in cls.own_methods]
        return tuple(signature for signature in own if signature is not None)

    @property
    def own_methods(self) -> dict[str, Any]:
        """Recorded signatures of the methods that it defines itself."""
        methods: dict[str, Any] = self._record["methods"]
        return methods

    def is_a(self, base: str) -> bool:
        """Whether it is, or inherits from, a class of Manim."""
        return base in self.bases

    def _records(self) -> Iterator[dict[str, Any]]:
        for base in self.bases:
            yield self._known.record(base)


class Known:
    """The snapshot."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.release: str = data["manim"]
        self.star: dict[str, str] = data["star"]
        """What the star import gives: `class`, `function`, `module:NAME` or `value:TYPE` by name."""
        self.star_names = frozenset(self.star)
        self.modules: dict[str, frozenset[str]] = {name: frozenset(names) for name, names in data["modules"].items()}
        """The names in each module, where they are known."""
        self.unread: frozenset[str] = frozenset(data["unread"])
        """Modules of Manim whose names are not known."""
        self.loose: frozenset[str] = frozenset(data["loose"])
        self.arrays: frozenset[str] = frozenset(data["arrays"])
        self.packages: frozenset[str] = frozenset(data["packages"])
        self.standard: frozenset[str] = frozenset(data["standard"])
        self.builtins: frozenset[str] = frozenset(data["builtins"])
        self.colours: frozenset[str] = frozenset(data["colours"])
        """Names that stand for a colour where they are given as a string."""
        self.overridden: dict[str, list[str]] = data["overridden"]
        self._classes: dict[str, dict[str, Any]] = data["classes"]
        self._functions: dict[str, list[Any]] = data["functions"]

    @cache  # noqa: B019 - there is one snapshot
    def star_of(self, *kinds: str) -> frozenset[str]:
        """The names of the star import that are classes, or functions."""
        return frozenset(name for name, kind in self.star.items() if kind in kinds)

    def record(self, name: str) -> dict[str, Any]:
        """What is recorded of a class."""
        return self._classes[name]

    @cache  # noqa: B019 - there is one snapshot
    def manim_class(self, name: str) -> ManimClass | None:
        """A class by name."""
        return ManimClass(name, self._classes[name], self) if name in self._classes else None

    @cache  # noqa: B019 - there is one snapshot
    def function(self, name: str) -> Signature | None:
        """A function of the star import by name."""
        return _signature(self._functions[name]) if name in self._functions else None

    def subclasses(self, name: str) -> list[ManimClass]:
        """A class and all classes below it."""
        found = (self.manim_class(other) for other, record in self._classes.items() if name in record["bases"])
        return [cls for cls in found if cls is not None]


def _signature(record: list[Any]) -> Signature:
    positional, needed, rest, named, needed_named, extra, returns = record
    passed = extra if isinstance(extra, list) else ()
    return Signature(
        positional=tuple(positional),
        needed=needed,
        rest=rest,
        keywords=frozenset((*positional, *named, *passed)),
        needed_keywords=tuple(needed_named),
        open=extra is True,
        returns=returns,
    )


@cache
def known() -> Known:
    """The snapshot, read when first asked for."""
    return Known(json.loads(gzip.decompress(SNAPSHOT.read_bytes())))


def manim_release() -> str:
    """The release of Manim that programs are checked against, like `0.22.0`."""
    return known().release


_OLD_SCENES = frozenset(
    """
    ConfigurableScene FloorPlaneScene GraphScene InteractiveScene MovingCameraScene2 OpeningQuote PiCreatureScene
    ReconfigurableScene SampleSpaceScene TeacherStudentsScene ThreeDSlideScene
    """.split()
)
_OLD_MOBJECTS = frozenset({"ParametricCurve", "ParametricSurface", "TexMobject", "TexText", "TextMobject"})

PACKAGES = frozenset("manim manimlib manimce manimgl manim_imports_ext big_ol_pile_of_manim_imports".split())
"""Import names under which Manim itself is, or was, had."""


@cache
def scenes() -> frozenset[str]:
    """Names of scene classes, of today and of old."""
    return _OLD_SCENES | _below("Scene")


@cache
def mobjects() -> frozenset[str]:
    """Names of mobject classes, of today and of old."""
    return _OLD_MOBJECTS | _below("Mobject")


def _below(base: str) -> frozenset[str]:
    return frozenset(cls.name for cls in known().subclasses(base) if not cls.name.startswith("_"))
