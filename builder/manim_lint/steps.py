"""Steps that changed a text, in order."""

from collections.abc import Iterable

Steps = list[tuple[str, str]]
"""By name, with the text after each; a step that was made twice stands there twice."""


def names(steps: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The names of steps, each once, in the order in which they were first made."""
    return tuple(dict.fromkeys(name for name, _ in steps))
