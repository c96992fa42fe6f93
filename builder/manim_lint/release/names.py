"""Names of Manim's classes by which a scene and a mobject are known.

Today's are those of the snapshot. Those that are written down here are of older releases and of ManimGL, whose programs
the sources hold: a name says what a program means to be, not that today's Manim still has it.
"""

from functools import lru_cache

from builder.manim_lint.release.model import known

_OLD_SCENES = frozenset(
    """
    ConfigurableScene FloorPlaneScene GraphScene InteractiveScene MovingCameraScene2 OpeningQuote PiCreatureScene
    ReconfigurableScene SampleSpaceScene TeacherStudentsScene ThreeDSlideScene
    """.split()
)
_OLD_MOBJECTS = frozenset({"ParametricCurve", "ParametricSurface", "TexMobject", "TexText", "TextMobject"})

PACKAGES = frozenset({"manim", "manimlib", "manimce", "manimgl", "big_ol_pile_of_manim_imports"})
"""Import names under which Manim itself is, or was, had."""


@lru_cache(maxsize=1)
def scenes() -> frozenset[str]:
    """Names of scene classes, of today and of old."""
    return _OLD_SCENES | _below("Scene")


@lru_cache(maxsize=1)
def mobjects() -> frozenset[str]:
    """Names of mobject classes, of today and of old."""
    return _OLD_MOBJECTS | _below("Mobject")


def _below(base: str) -> frozenset[str]:
    return frozenset(cls.name for cls in known().subclasses(base) if not cls.name.startswith("_"))
