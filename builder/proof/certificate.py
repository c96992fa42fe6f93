"""The leakage certificate: how near any test row comes to any train row, found anew in what was written.

It reads the rows as emitted, templates and all, and knows nothing of how the split was made.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from builder.emit.formats import unfenced
from builder.likeness.candidates import near_pairs
from builder.likeness.core import core
from builder.likeness.normal import normal
from builder.likeness.telling import telling
from builder.prepare.canonical import canonical_key
from builder.prepare.keys import program_tokens
from builder.prepare.parse import parse
from builder.proof.folder import WrittenRow

ALL_PAIRS = 40_000_000
"""Pairs of texts up to which every test row is compared with every train row; beyond, candidates are."""
_BLOCK = 64
"""Test rows that are compared at a time."""
_FIRST_LETTER = 0xE000
"""Where the private letters start that stand for tokens."""
_LONG = 4_000
"""Letters or tokens of a text that are compared, at the most."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The pair of a test and a train row that comes nearest."""

    score: float
    """Likeness from 0 to 1."""
    test: str
    train: str
    """File and row."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was compared, and what was found."""

    limit: float
    """Likeness of descriptions from which a pair offends, if they also agree in what counts in full."""
    test_rows: int
    train_rows: int
    every_pair: bool
    """Whether every test row was compared with every train row; if not, with all that could be near."""
    description: Nearest | None
    """The nearest descriptions, whatever they differ in."""
    agreeing: Nearest | None
    """The nearest descriptions that agree in what counts in full: numbers, colours, shapes, directions, quotes."""
    program: Nearest | None
    """The nearest programs, by their tokens; equal ones offend, whatever their names of variables."""
    official: int
    official_near: int
    """Official test rows, and how many of them have an offending train row."""
    offending: tuple[tuple[str, str, str, float], ...]
    """What is alike (`description` or `program`), test row, train row, likeness; nearest first."""

    def told(self) -> dict[str, Any]:
        """As `dataset_stats.json` has it."""
        pairs = {name: getattr(self, name) for name in ("description", "agreeing", "program")}
        return {
            "limit": self.limit,
            "test_rows": self.test_rows,
            "train_rows": self.train_rows,
            "every_pair_compared": self.every_pair,
            **{
                f"nearest_{name}": {"score": pair.score, "test": pair.test, "train": pair.train} if pair else None
                for name, pair in pairs.items()
            },
            "official_test_rows": self.official,
            "official_test_rows_near_train": self.official_near,
            "offending_pairs": [list(pair) for pair in self.offending],
        }


def certify(train: Iterable[WrittenRow], test: Iterable[WrittenRow], limit: float) -> Certificate:
    """Compare the rows of both sides.

    Args:
        train, test: the rows as written.
        limit: likeness of descriptions from which a pair offends.
    """
    left, right = list(test), list(train)
    every = len(left) * len(right) <= ALL_PAIRS
    description, agreeing, near = _descriptions(left, right, limit, every)
    program, equal = _programs(left, right, every)
    found = {*near, *equal}
    officials = [number for number, row in enumerate(left) if row.official]
    touched = {test for _, test, _, _ in found}
    return Certificate(
        limit=limit,
        test_rows=len(left),
        train_rows=len(right),
        every_pair=every,
        description=description,
        agreeing=agreeing,
        program=program,
        official=len(officials),
        official_near=sum(number in touched for number in officials),
        offending=tuple(
            (what, left[one].where, right[other].where, score)
            for what, one, other, score in sorted(found, key=lambda pair: (-pair[3], pair))
        ),
    )


_Found = tuple[str, int, int, float]


def _descriptions(
    test: Sequence[WrittenRow], train: Sequence[WrittenRow], limit: float, every: bool
) -> tuple[Nearest | None, Nearest | None, list[_Found]]:
    ones, others = ([core(row.prompt) for row in rows] for rows in (test, train))
    if every:
        scored = _all_scores([normal(text)[:_LONG] for text in ones], [normal(text)[:_LONG] for text in others])
        keys = [np.array([telling(text).key for text in texts], dtype=np.uint64) for texts in (ones, others)]
        best = agreeing = None
        offending: list[_Found] = []
        for start, scores in scored:
            best = _nearer(best, scores, start, test, train)
            same = keys[0][start : start + len(scores), None] == keys[1][None, :]
            agreed = np.where(same, scores, 0.0)
            agreeing = _nearer(agreeing, agreed, start, test, train)
            offending += [
                ("description", start + int(one), int(other), round(float(agreed[one, other]), 6))
                for one, other in np.argwhere(agreed >= limit)
            ]
        return best, agreeing, offending
    pairs = near_pairs(ones, min(limit, 0.7), others).sort("score", "left", "right", descending=[True, False, False])
    near = [
        Nearest(score, test[one].where, train[other].where)
        for frame in (pairs.head(1), pairs.filter("agrees").head(1))
        for one, other, score in frame.select("left", "right", "score").iter_rows()
    ]
    offending = [
        ("description", one, other, score)
        for one, other, score, agrees in pairs.iter_rows()
        if agrees and score >= limit
    ]
    return (near[0] if near else None), (near[1] if len(near) > 1 else None), offending


def _programs(
    test: Sequence[WrittenRow], train: Sequence[WrittenRow], every: bool
) -> tuple[Nearest | None, list[_Found]]:
    """The nearest programs, and pairs of equal ones."""
    sides = [[unfenced(row.code) for row in rows] for rows in (test, train)]
    firsts: dict[int, int] = {}
    for number, code in enumerate(sides[1]):
        key = canonical_key(parse(code).tree, code)
        if key is not None:
            firsts.setdefault(key, number)
    equal: list[_Found] = []
    for number, code in enumerate(sides[0]):
        key = canonical_key(parse(code).tree, code)
        if key in firsts:
            equal.append(("program", number, firsts[key], 1.0))
    if not every:
        return (Nearest(1.0, test[equal[0][1]].where, train[equal[0][2]].where) if equal else None), equal
    letters: dict[str, str] = {}
    best: Nearest | None = None
    ones, others = ([_as_letters(code, letters) for code in codes] for codes in sides)
    distinct = list(dict.fromkeys(others))
    where = {text: number for number, text in reversed(list(enumerate(others)))}
    rows = [train[where[text]] for text in distinct]
    for start, scores in _all_scores(ones, distinct):
        best = _nearer(best, scores, start, test, rows)
    return best, equal


def _as_letters(code: str, letters: dict[str, str]) -> str:
    """A program's tokens, a letter each, so that its likeness is that of its tokens."""
    tokens = program_tokens(code)[:_LONG]
    return "".join(letters.setdefault(token, chr(_FIRST_LETTER + len(letters))) for token in tokens)


def _all_scores(ones: Sequence[str], others: Sequence[str]) -> Iterable[tuple[int, NDArray[np.float32]]]:
    """Likeness of all pairs, some rows at a time: the first row's number, and rows by columns."""
    for start in range(0, len(ones) if others else 0, _BLOCK):
        block = list(ones[start : start + _BLOCK])
        scores = cdist(block, others, scorer=Indel.normalized_similarity, dtype=np.float32, workers=-1)
        yield start, scores


def _nearer(
    best: Nearest | None,
    scores: NDArray[np.float32],
    start: int,
    test: Sequence[WrittenRow],
    train: Sequence[WrittenRow],
) -> Nearest | None:
    one, other = np.unravel_index(int(np.argmax(scores)), scores.shape)
    score = round(float(scores[one, other]), 6)
    if score <= (best.score if best else 0.0):
        return best
    return Nearest(score, test[start + int(one)].where, train[int(other)].where)
