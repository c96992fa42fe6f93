"""Evidence of whether a statement stands in an open block, and what it weighs together.

Does it use the loop's variable, or a name that was set in the body? Does a later one? Does it use the list that
the body fills? Each piece of evidence has a name and, for each kind of block, a weight.
"""

import math
from dataclasses import dataclass

from builder.manim_lint.unflatten.lines import Line, Uses, next_number

LOOPS = ("for", "while")
_BRANCHES = ("if", "elif", "else", "try", "except", "finally")
_COMMON = frozenset({"self", "range", "len", "enumerate", "zip"})
"""Names in heads of loops that say nothing."""


_KINDS = ("loop", "branch", "with", "inner function", "function", "method", "class", "main")
_TABLE = """
any                                 -2.1  -0.2  -0.5  -0.6   0.7   3.2   1.6   5.0
adds to something                    1.3   0.3     -   0.2     -   0.1     -     -
after a wait                        -0.6   0.2     -     -     -  -0.1  -0.4     -
body's names are used later          3.5   1.6   0.6   1.6   2.6   1.9     -     -
branch before is longer                -   0.3     -     -     -     -     -     -
branch before is no longer             -  -0.3     -     -     -     -     -     -
calls add                              -  -0.4     -     -     -   0.1     -     -
calls play                           0.3  -0.5  -0.3     -     -   0.5     -     -
calls remove                           -   1.2     -     -     -     -     -     -
calls wait                           0.5  -0.3  -0.2     -     -   0.5     -     -
calls what the branch before calls     -   1.4     -     -     -     -     -     -
comment above                       -1.1  -0.1     -     -   0.1   0.1  -0.3     -
defines a function                     -     -     -  -0.7  -3.0  -1.5  -2.9     -
defines a method                       -     -     -     -     -     -   3.0     -
fades out                           -0.2  -0.1     -     -     -     -     -     -
goes on with an object               0.6   0.3   0.1   0.2   0.3   0.1     -     -
grows what the body grows           -0.1   0.7     -     -     -     -     -     -
head sets no names                   1.6   0.6   0.7  -0.2   1.1     -   1.6     -
head's names are not used yet        1.1     -     -  -0.1  -0.9  -0.6     -     -
head's names are used later          3.0   0.2   0.7   2.2   1.9   3.5     -     -
imports                              0.2   1.2  -0.3     -     -     -     -     -
is not quick                        -1.4     -  -0.3     -     -   1.0     -     -
is quick                             2.2   0.1  -0.2     -     -   0.1     -     -
loops over the same name            -0.9  -2.5     -     -     -     -     -     -
names set again are used later       1.4  -0.6     -     -     -   0.1     -     -
opens a like block                  -0.2  -0.5  -0.5     -     -     -     -     -
opens another block                  0.5   1.6  -0.2  -0.3   1.0   0.4     -     -
plays where nothing plays            1.0  -0.5     -     -     -   0.1     -     -
plays where the body plays          -0.7   0.1  -0.3     -     -   0.3     -     -
repeats the call                    -0.3   0.1  -0.3     -     -     -     -     -
returns                             -2.0  -1.1  -0.4   0.2   0.6   0.6     -     -
returns later                          -     -     -   1.1   2.1   1.4     -     -
second statement                     0.1  -0.3  -1.1   0.2  -0.3  -0.9  -0.4     -
sets a name                          0.1  -0.1   0.6  -0.1   0.3  -0.1  -0.2     -
sets what the body reads             1.1   0.5  -0.3  -0.3  -0.1  -0.5  -0.7     -
sets what the body sets                -  -0.2     -     -   0.1   0.1   0.2     -
sets what the branch before sets       -   2.4     -     -     -     -     -     -
sets what the head reads               -   0.6     -     -     -     -     -     -
uses names of the loop around       -0.2   0.5   0.4     -     -     -     -     -
uses names set again                 3.1  -0.4   0.7   0.7     -   0.5     -     -
uses self                           -0.1  -0.7  -0.5     -     -   1.1     -     -
uses the body's names                5.5   4.0   0.9   2.4   2.3   2.0     -     -
uses the class                         -     -     -     -  -5.0  -5.0  -5.0     -
uses the function                      -     -     -  -2.2  -0.5     -  -3.1     -
uses the head's names                4.7   1.1   1.1   2.3   1.9   2.9     -     -
uses what both branches set            -  -1.8     -     -     -     -     -     -
uses what the body grows            -1.7  -1.3     -   0.2   0.1   0.3     -     -
uses what the head reads            -1.3     -     -     -     -     -     -     -
waits where nothing plays           -0.2     -     -     -     -     -     -     -
waits where the body plays           0.7  -0.3  -0.2     -     -   0.5     -     -
which is used later                    -     -     -  -0.7   0.5  -0.7  -0.9     -
which was used before                  -     -     -     -  -0.2  -0.5  -0.7     -
"""
_ROWS = [line.rsplit(maxsplit=8) for line in _TABLE.strip().splitlines()]
WEIGHTS = {
    kind: {row[0]: float(row[column]) for row in _ROWS if row[column] != "-"} for column, kind in enumerate(_KINDS, 1)
}
"""How much each piece of evidence says for a statement's standing in an open block (log-odds), by the kind of block.

Fitted by logistic regression to the statements of real programs whose layout is known (a half of them: the
other half is for measuring) and of Manim's own source. Rounded; what has no weight is left out. Two are set
by hand, for want of examples: what names its class stands outside of it, and nothing follows `__main__`'s part.
"""


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
