"""Glyph outlines are shared between copies of a mobject: Manim copies them with each, and never changes one.

An outline, a `Path` of `svgelements`, has no copy hook that `copy.deepcopy` knows, and so takes longer to copy than all
the rest of a formula; a glyph's curves are read off it once, when the mobject is made.
"""

from typing import Any

_NAMES = ("svgelements", "path_obj")


def share_paths(code: str) -> None:
    """Let copies share outlines from now on, unless a program names them, and so might change one."""
    from svgelements import Path

    if not any(name in code for name in _NAMES):
        Path.__deepcopy__ = _itself


def _itself(path: Any, _: dict[int, Any]) -> Any:
    return path
