"""Evidence of whether a statement stands in an open block, and what it weighs together.

Does it use the loop's variable, or a name that was set in the body? Does a later one? Does it use the list that
the body fills? Each piece of evidence has a name and, for each kind of block, a weight (`weights.py`).
"""

import math
from dataclasses import dataclass

from builder.manim_lint.unflatten.lines import Line, Uses, next_number
from builder.manim_lint.unflatten.weights import WEIGHTS

LOOPS = ("for", "while")
_BRANCHES = ("if", "elif", "else", "try", "except", "finally", "match", "case")
_COMMON = frozenset({"self", "range", "len", "enumerate", "zip"})
"""Names in heads of loops that say nothing."""


@dataclass(frozen=True, slots=True)
class Block:
    """An open block.

    `head` is its head's line and `word` that line's keyword; `binds` are the names that the head sets, `known` those
    set in the blocks around it before. `stored`, `loaded` and `grown` are names that the body has set, read and added
    to so far, `own` those that it set first, `again` those that it set without having read them, though they were
    known; `targets` are its method calls (`group.add`). `count` are its statements,
    without those of blocks in it; `ended` says that nothing can follow. `before_...` is what the branch before had.
    """

    head: int
    word: str
    binds: frozenset[str]
    known: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    again: frozenset[str] = frozenset()
    loaded: frozenset[str] = frozenset()
    count: int = 0
    ended: bool = False
    plays: bool = False
    grown: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    before_count: int = 0
    before_stored: frozenset[str] = frozenset()
    before_targets: frozenset[str] = frozenset()


Stack = tuple[Block, ...]
"""The open blocks, outermost first."""


def kind_of(block: Block, outer: Stack, uses: Uses) -> str:
    """What sort of block it is, as far as its end is concerned."""
    if block.head in uses.mains:
        return "main"
    if block.word == "def":
        if any(around.word == "def" for around in outer):
            return "inner function"
        return "method" if any(around.word == "class" for around in outer) else "function"
    if block.word in LOOPS:
        return "loop"
    return "branch" if block.word in _BRANCHES else block.word


def evidence(block: Block, stack: Stack, lines: list[Line], number: int, uses: Uses) -> list[str]:
    """What speaks for or against a line's standing in the last block of `stack`."""
    line = lines[number]
    found = ["any"]
    found += _evidence_of_names(block, line, number, uses)
    found += _evidence_of_calls(block, line, lines[number - 1])
    found += _evidence_of_shape(block, line)
    found += _evidence_of_surroundings(stack, line, lines[number - 1])
    if block.word in ("if", "elif", "while", "for"):
        found += _evidence_of_head(lines[block.head], line)
    if block.word in ("elif", "else", "except", "finally"):
        found += _evidence_of_branch(block, line)
    if block.word in ("def", "class"):
        found += _evidence_of_scope(block, stack[:-1], lines, number, uses)
    return found


def _evidence_of_names(block: Block, line: Line, number: int, uses: Uses) -> list[str]:
    """Names that the head sets, and those that the body has set, read or grown so far."""
    found = []
    own = block.own
    if line.loads & block.binds:
        found.append("uses the head's names")
    elif uses.later(block.binds, number):
        found.append("head's names are used later")
    elif not any(
        next_number(uses.loads.get(name, []), block.head + 1, default=number) < number for name in block.binds
    ):
        found.append("head's names are not used yet" if block.binds else "head sets no names")
    if line.loads & own:
        found.append("uses the body's names")
    elif own and uses.later(own, number):
        found.append("body's names are used later")
    if line.loads & block.again:
        found.append("uses names set again")
    elif uses.later(block.again, number):
        found.append("names set again are used later")
    if line.loads & block.grown:
        found.append("grows what the body grows" if line.grows & block.grown else "uses what the body grows")
    if line.stores & block.loaded:
        found.append("sets what the body reads")
    if line.stores & block.stored:
        found.append("sets what the body sets")
    return found


def _evidence_of_calls(block: Block, line: Line, before: Line) -> list[str]:
    """Calls of the scene's methods."""
    found = []
    if line.calls in ("wait", "play", "add", "remove"):
        found.append(f"calls {line.calls}")
        found.append("is quick" if line.is_quick else "is not quick")
        if line.calls == "wait":
            found.append("waits where the body plays" if block.plays else "waits where nothing plays")
        if line.calls == "play":
            found.append("plays where the body plays" if block.plays else "plays where nothing plays")
    elif "self" in line.loads:
        found.append("uses self")
    if before.calls == line.calls and line.calls:
        found.append("repeats the call")
    if before.calls == "wait":
        found.append("after a wait")
    if line.fades_out:
        found.append("fades out")
    return found


def _evidence_of_shape(block: Block, line: Line) -> list[str]:
    """What kind of statement it is."""
    found = []
    if line.stores and not line.word:
        found.append("sets a name")
    if line.grows:
        found.append("adds to something")
    if line.word and line.word != "def":
        found.append(f"opens {'a like block' if line.word == block.word else 'another block'}")
    if line.is_import:
        found.append("imports")
    if line.has_comment:
        found.append("comment above")
    if block.count == 1:
        found.append("second statement")
    if line.statement.first == "return":
        found.append("returns")
    return found


def _evidence_of_surroundings(stack: Stack, line: Line, before: Line) -> list[str]:
    """The statement before, and the blocks around."""
    found = []
    if line.owner and line.owner == before.owner and line.owner != "self":
        found.append("goes on with an object")
    if any(line.binds & block.binds for block in stack if block.word == "for" and line.word == "for"):
        found.append("loops over the same name")
    around = stack[-2] if len(stack) > 1 else None
    if around is not None and around.word in LOOPS and line.loads & (around.own | around.again | around.binds):
        found.append("uses names of the loop around")
    return found


def _evidence_of_head(head: Line, line: Line) -> list[str]:
    """What the line does to the names that the head reads."""
    if line.stores & head.loads:
        return ["sets what the head reads"]
    return ["uses what the head reads"] if line.loads & (head.loads - _COMMON) else []


def _evidence_of_branch(block: Block, line: Line) -> list[str]:
    """How the line goes with the branch before."""
    found = ["branch before is longer" if block.count < block.before_count else "branch before is no longer"]
    if line.loads & block.before_stored & (block.own | block.again):
        found.append("uses what both branches set")
    if line.stores & block.before_stored:
        found.append("sets what the branch before sets")
    if line.target and line.target in block.before_targets:
        found.append("calls what the branch before calls")
    return found


def _evidence_of_scope(block: Block, outer: Stack, lines: list[Line], number: int, uses: Uses) -> list[str]:
    """What ends a function or a class."""
    line, head = lines[number], lines[block.head]
    found = []
    if head.name in line.loads:
        found.append("uses the function")
    if any(lines[around.head].name in line.loads for around in outer if around.word == "class"):
        found.append("uses the class")
    end = next_number(uses.defs, number, default=next_number(uses.ends, number, default=number))
    if next_number(uses.returns, number, default=end) < end:
        found.append("returns later")
    if line.word == "def":
        found.append("defines a method" if line.is_method else "defines a function")
        if uses.later(frozenset({line.name}), number + 1):
            found.append("which is used later")
        if next_number(uses.loads.get(line.name, []), 0, default=number) < number:
            found.append("which was used before")
    return found


def costs(block: Block, stack: Stack, lines: list[Line], number: int, uses: Uses) -> tuple[float, float]:
    """What it costs to have a line in the last block of `stack`, and to end that block before it.

    Both are minus the logarithm of a probability, as a logistic model of the evidence has it.
    """
    weights = WEIGHTS[kind_of(block, stack[:-1], uses)]
    score = sum(weights.get(name, 0.0) for name in evidence(block, stack, lines, number, uses))
    return _softplus(-score), _softplus(score)


def _softplus(value: float) -> float:
    """log(1 + e**value), without overflow."""
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))
