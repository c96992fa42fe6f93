"""What differs between two texts: by lines for programs, by words for descriptions."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Literal

from rapidfuzz.distance import Indel

from builder.report.shown import with_ends

Mark = Literal[" ", "-", "+", "…"]
"""In both texts, only in the first, only in the second; a stretch of equal lines that is left out."""
CONTEXT = 2
"""Equal lines that are shown around a change."""
FEW_WORDS = 12
"""Equal words and signs that are shown between two changes of a text in prose."""
_COMPARED = 2_000
"""Lines or words of a text beyond which nothing is aligned: a bound on time."""
_WORD = re.compile(r"(?:\w+|[^\w\s])\s*|\s+")


def line_changes(before: str, after: str) -> list[tuple[Mark, str]]:
    """The lines of two texts with their marks, long equal stretches left out."""
    changes: list[tuple[Mark, str]] = []
    stretches = _stretches(before.split("\n"), after.split("\n"))
    for n, (mark, lines) in enumerate(stretches):
        if mark != " ":
            changes += [(mark, with_ends(line)) for line in lines]
            continue
        head = [] if n == 0 else lines[:CONTEXT]
        tail = [] if n == len(stretches) - 1 else lines[len(head) :][-CONTEXT:]
        left_out = len(lines) - len(head) - len(tail)
        changes += [(" ", line) for line in head]
        if left_out:
            changes.append(("…", f"{left_out:,} equal line{'' if left_out == 1 else 's'}"))
        changes += [(" ", line) for line in tail]
    return changes


def prose_changes(before: str, after: str) -> list[tuple[Mark, str]]:
    """The words that only one of two texts in prose has, with their marks; many equal words between are left out."""
    changes: list[tuple[Mark, str]] = []
    stretches = list(_stretches(_WORD.findall(before), _WORD.findall(after)))
    for n, (mark, words) in enumerate(stretches):
        if mark == " " and len(words) > FEW_WORDS:
            changes.append(("…", f"{len(words):,} equal words and signs"))
        else:
            text = "".join(words)
            ends = mark != " " and (not text.strip() or all(other != " " for other, _ in stretches[n:]))
            changes.append((mark, with_ends(text) if ends else text))
    return changes


def word_changes(left: str, right: str) -> tuple[list[tuple[bool, str]], list[tuple[bool, str]]]:
    """Two texts in pieces, each with whether it is missing in the other one."""
    sides: tuple[list[tuple[bool, str]], list[tuple[bool, str]]] = ([], [])
    for mark, words in _stretches(_WORD.findall(left), _WORD.findall(right)):
        for side, only in enumerate(("-", "+")):
            if mark in (" ", only):
                sides[side].append((mark != " ", "".join(words)))
    return sides


def _stretches(before: Sequence[str], after: Sequence[str]) -> list[tuple[Literal[" ", "-", "+"], Sequence[str]]]:
    """Equal, removed and added items in order; where some are replaced, the removed ones first."""
    if max(len(before), len(after)) > _COMPARED:
        return _ends_apart(before, after)
    found: list[tuple[Literal[" ", "-", "+"], Sequence[str]]] = []
    for equal, run in groupby(Indel.opcodes(before, after), key=lambda change: change.tag == "equal"):
        changes = list(run)
        first, last = changes[0], changes[-1]
        old, new = before[first.src_start : last.src_end], after[first.dest_start : last.dest_end]
        found += [(" ", old)] if equal else [("-", old), ("+", new)]
    return [(mark, items) for mark, items in found if items]


def _ends_apart(before: Sequence[str], after: Sequence[str]) -> list[tuple[Literal[" ", "-", "+"], Sequence[str]]]:
    """As `_stretches`, in time that grows with the length: all between the equal ends counts as replaced."""
    least = min(len(before), len(after))
    head = next((n for n in range(least) if before[n] != after[n]), least)
    tail = next((n for n in range(least - head) if before[-1 - n] != after[-1 - n]), least - head)
    end, new_end = len(before) - tail, len(after) - tail
    parts: list[tuple[Literal[" ", "-", "+"], Sequence[str]]] = [
        (" ", before[:head]),
        ("-", before[head:end]),
        ("+", after[head:new_end]),
        (" ", before[end:]),
    ]
    return [(mark, items) for mark, items in parts if items]
