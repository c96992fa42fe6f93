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
    without those of blocks in it; `ended` says that nothing can follow. `before` is the branch before.
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
    before: "Block | None" = None


Stack = tuple[Block, ...]
"""The open blocks, outermost first."""


def kind_of(block: Block, outer: Stack, lines: list[Line]) -> str:
    """What sort of block it is, as far as its end is concerned."""
    if lines[block.head].is_main:
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
    found = {
        "any": True,
        **_evidence_of_names(block, line, number, uses),
        **_evidence_of_calls(block, line, lines[number - 1]),
        **_evidence_of_shape(block, line),
        **_evidence_of_surroundings(stack, line, lines[number - 1]),
    }
    if block.word in ("if", "elif", "while", "for"):
        found |= _evidence_of_head(lines[block.head], line)
    if block.before is not None:
        found |= _evidence_of_branch(block, block.before, line)
    if block.word in ("def", "class"):
        found |= _evidence_of_scope(block, stack[:-1], lines, number, uses)
    return [name for name, holds in found.items() if holds]


Evidence = dict[str, object]
"""Pieces of evidence by name, and whether (or by which names) they hold."""


def _evidence_of_names(block: Block, line: Line, number: int, uses: Uses) -> Evidence:
    """Names that the head sets, and those that the body has set, read or grown so far."""
    own, again, grown = line.loads & block.own, line.loads & block.again, line.loads & block.grown
    of_head = line.loads & block.binds
    of_head_later = not of_head and uses.later(block.binds, number)
    of_head_before = (next_number(uses.loads.get(name, []), block.head + 1, number) < number for name in block.binds)
    return {
        "uses the head's names": of_head,
        "head's names are used later": of_head_later,
        "head's names are not used yet": block.binds and not (of_head or of_head_later or any(of_head_before)),
        "head sets no names": not block.binds,
        "uses the body's names": own,
        "body's names are used later": not own and uses.later(block.own, number),
        "uses names set again": again,
        "names set again are used later": not again and uses.later(block.again, number),
        "grows what the body grows": grown and line.grows & block.grown,
        "uses what the body grows": grown and not line.grows & block.grown,
        "sets what the body reads": line.stores & block.loaded,
        "sets what the body sets": line.stores & block.stored,
    }


def _evidence_of_calls(block: Block, line: Line, before: Line) -> Evidence:
    """Calls of the scene's methods."""
    acts = line.calls in ("wait", "play", "add", "remove")
    return {
        f"calls {line.calls}": acts,
        "is quick": acts and line.is_quick,
        "is not quick": acts and not line.is_quick,
        f"{line.calls}s where {'the body' if block.plays else 'nothing'} plays": line.calls in ("wait", "play"),
        "uses self": not acts and "self" in line.loads,
        "repeats the call": line.calls and before.calls == line.calls,
        "after a wait": before.calls == "wait",
        "fades out": line.fades_out,
    }


def _evidence_of_shape(block: Block, line: Line) -> Evidence:
    """What kind of statement it is."""
    opens = line.word and line.word != "def"
    return {
        "sets a name": line.stores and not line.word,
        "adds to something": line.grows,
        "opens a like block": opens and line.word == block.word,
        "opens another block": opens and line.word != block.word,
        "imports": line.is_import,
        "comment above": line.has_comment,
        "second statement": block.count == 1,
        "returns": line.statement.first == "return",
    }


def _evidence_of_surroundings(stack: Stack, line: Line, before: Line) -> Evidence:
    """The statement before, and the blocks around."""
    loops = [block for block in stack if block.word == "for" and line.word == "for"]
    around = stack[-2] if len(stack) > 1 and stack[-2].word in LOOPS else None
    return {
        "goes on with an object": line.owner and line.owner == before.owner and line.owner != "self",
        "loops over the same name": any(line.binds & block.binds for block in loops),
        "uses names of the loop around": around and line.loads & (around.own | around.again | around.binds),
    }


def _evidence_of_head(head: Line, line: Line) -> Evidence:
    """What the line does to the names that the head reads."""
    sets = line.stores & head.loads
    return {
        "sets what the head reads": sets,
        "uses what the head reads": not sets and line.loads & (head.loads - _COMMON),
    }


def _evidence_of_branch(block: Block, before: Block, line: Line) -> Evidence:
    """How the line goes with the branch before."""
    return {
        "branch before is longer": block.count < before.count,
        "branch before is no longer": block.count >= before.count,
        "uses what both branches set": line.loads & before.stored & (block.own | block.again),
        "sets what the branch before sets": line.stores & before.stored,
        "calls what the branch before calls": line.target and line.target in before.targets,
    }


def _evidence_of_scope(block: Block, outer: Stack, lines: list[Line], number: int, uses: Uses) -> Evidence:
    """What ends a function or a class."""
    line, head = lines[number], lines[block.head]
    end = next_number(uses.defs, number, default=next_number(uses.ends, number, default=number))
    defines = line.word == "def"
    return {
        "uses the function": head.name in line.loads,
        "uses the class": any(lines[around.head].name in line.loads for around in outer if around.word == "class"),
        "returns later": next_number(uses.returns, number, default=end) < end,
        "defines a method": defines and line.is_method,
        "defines a function": defines and not line.is_method,
        "which is used later": defines and uses.later(frozenset({line.name}), number + 1),
        "which was used before": defines and next_number(uses.loads.get(line.name, []), 0, default=number) < number,
    }


def costs(block: Block, stack: Stack, lines: list[Line], number: int, uses: Uses) -> tuple[float, float]:
    """What it costs to have a line in the last block of `stack`, and to end that block before it.

    Both are minus the logarithm of a probability, as a logistic model of the evidence has it.
    """
    weights = WEIGHTS[kind_of(block, stack[:-1], lines)]
    score = sum(weights.get(name, 0.0) for name in evidence(block, stack, lines, number, uses))
    return _softplus(-score), _softplus(score)


def _softplus(value: float) -> float:
    """log(1 + e**value), without overflow."""
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))
