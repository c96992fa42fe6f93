"""Names of Manim that are misspelt by one letter, by case or by an underscore."""

import re
from collections import Counter
from collections.abc import Iterable

import libcst as cst

from builder.prepare.api.known import known
from builder.prepare.repairs.program import Program, rename

CLUE = re.compile(r"[A-Za-z]{5}")
_SHORTEST = 5
"""Letters; shorter names are one letter from too many others."""


def typos(program: Program) -> cst.Module | None:
    """`Sqaure` becomes `Square`: the one name of Manim that is that near; not where two are."""
    names = sorted(program.unbound("unknown_name"))
    found = {name: right for name in names if (right := _meant(name, known().star)) is not None}
    return rename(program, found) if found else None


def _meant(name: str, among: Iterable[str]) -> str | None:
    """The one name that differs by case and underscores alone, or else by one letter, a plural's aside.

    Only for names that begin with a capital: `circle` is not `Circle` misspelt, but a variable that was never set.
    """
    if len(name) < _SHORTEST or not name[0].isupper() or any(character.isdigit() for character in name):
        return None
    folded = _folded(name)
    alike = [other for other in among if other[:1] == name[:1] and other not in (f"{name}s", name.removesuffix("s"))]
    same = [other for other in alike if _folded(other) == folded]
    if same:
        return same[0] if len(same) == 1 else None
    close = [other for other in alike if other.isupper() == name.isupper() and near(name, other)]
    return close[0] if len(close) == 1 else None


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def near(one: str, other: str) -> bool:
    """Whether one letter is missing, too many, another one, or two neighbours are swapped; digits are no letters."""
    if abs(len(one) - len(other)) > 1 or (Counter(one) - Counter(other)).total() > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    if any(character.isdigit() or character == "_" for character in (a[:1], b[:1])):
        return False
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])
