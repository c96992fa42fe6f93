"""How deep each statement stood: which block it belongs to, where the flattened text no longer says it.

Some of it is certain: a head is followed by its body, a clause belongs to an open block, a class stands at the
left, a method in its class, nothing follows a `return` in its block. What is left (where does the body of a
loop end?) is decided by evidence, each piece with a weight. A beam search keeps the likeliest layouts.
"""

from dataclasses import dataclass, replace

from builder.manim_lint.unflatten.evidence import LOOPS, Block, Stack, costs
from builder.manim_lint.unflatten.lines import Line, Uses

BEAM = 24
"""Layouts that are kept from statement to statement."""
_MAX_WORK = 600_000
"""Open blocks and names that are looked at for one text, about: a second or two, where real ones take hundredths."""
MAX_DEPTH = 20
"""Blocks within blocks, at most."""
_AFTER = {
    "elif": ("if", "elif"),
    "else": ("if", "elif", "for", "while", "except"),
    "except": ("try", "except"),
    "finally": ("try", "except", "else"),
}
"""What may stand before a clause."""


@dataclass(frozen=True, slots=True)
class _Path:
    """A layout of the lines so far: what it costs, the depth of each line, and the blocks that are open."""

    cost: float
    depths: tuple[int, ...]
    stack: Stack


def layouts(lines: list[Line]) -> list[list[int]]:
    """Depths of the lines, likeliest layout first, a few of them; none if none is possible, or it costs too much."""
    uses = Uses.of(lines)
    work = 0
    paths = [_Path(0.0, (), ())]
    for number, line in enumerate(lines):
        after_head = number > 0 and bool(lines[number - 1].word)
        best: dict[tuple[int, ...], _Path] = {}
        for path in paths:
            work += len(path.stack) * (10 + len(path.stack[0].stored)) if path.stack else 1
            for cost, stack in choices(path.stack, lines, number, uses, after_head):
                depth = len(stack) - (1 if line.word else 0)
                total = round(path.cost + cost, 6)
                key = tuple(block.head for block in stack)
                known = best.get(key)
                if depth <= MAX_DEPTH and (known is None or total < known.cost):
                    best[key] = _Path(total, (*path.depths, depth), stack)
        if work > _MAX_WORK:
            return []
        paths = sorted(best.values(), key=lambda path: (path.cost, path.depths))[:BEAM]
    return [list(path.depths) for path in paths]


def choices(stack: Stack, lines: list[Line], number: int, uses: Uses, after_head: bool) -> list[tuple[float, Stack]]:
    """Where a line may stand, given the open blocks: costs, and the open blocks after it (its own among them)."""
    line = lines[number]
    found: list[tuple[float, Stack]] = []
    cost = 0.0
    for kept in range(len(stack), -1, -1):
        if after_head and kept < len(stack):
            break
        inner = stack[:kept]
        if not fits(inner, line, after_head, uses):
            continue
        stay, leave = (0.0, 0.0) if after_head or not inner else costs(inner[-1], inner, lines, number, uses)
        found.append((cost + stay, _entered(inner, line, number)))
        cost += leave
    return found


def _entered(stack: Stack, line: Line, number: int) -> Stack:
    """The open blocks after a line at the level of `stack`."""
    if line.word in _AFTER:
        before = stack[-1]
        clause = Block(number, line.word, line.binds, known=before.known | before.stored, before=before)
        return (*stack[:-1], clause)
    if stack:
        # What a block holds, the blocks around it hold too.
        held = [
            replace(
                block,
                stored=block.stored | line.stores,
                own=block.own | (line.stores - block.known),
                again=block.again | ((line.stores & block.known) - block.loaded - line.loads),
                loaded=block.loaded | line.loads,
                grown=block.grown | line.grows,
                targets=block.targets | {line.target},
                plays=block.plays or line.calls == "play",
            )
            for block in stack
        ]
        held[-1] = replace(held[-1], count=held[-1].count + 1, ended=line.ends_block)
        stack = tuple(held)
    if not line.word:
        return stack
    known = stack[-1].stored | stack[-1].known | stack[-1].binds if stack else frozenset()
    return (*stack, Block(number, line.word, line.binds, known=known))


def fits(stack: Stack, line: Line, after_head: bool, uses: Uses) -> bool:
    """Whether a line can stand in the innermost of the open blocks at all; a clause takes that block's place."""
    inner = stack[-1] if stack else None
    if line.word in _AFTER:
        return inner is not None and inner.word in _AFTER[line.word] and not after_head
    if inner is not None and inner.ended:
        return False
    if line.word == "class" or line.is_main:
        return inner is None or (line.word == "class" and inner.word == "class" and after_head)
    if line.is_method:
        return inner is None or inner.word == "class"
    first = line.statement.first
    if first in ("break", "continue"):
        return _in_loop(stack)
    if first == "return" or ("self" in line.loads and uses.has_class):
        return any(block.word == "def" for block in stack)
    return True


def _in_loop(stack: Stack) -> bool:
    for block in reversed(stack):
        if block.word in LOOPS:
            return True
        if block.word in ("def", "class"):
            return False
    return False
