"""The leakage certificate: how near any test row comes to any train row, found anew in what was written.

It reads the rows as emitted, templates and all, and knows nothing of how the split was made.

A pair of a test and a train row offends if the descriptions have the same key terms and are as alike as the limit, or
have the same letters and digits; if the programs are equal under canonical names; or if descriptions and programs are
both near, and the descriptions differ in slips of the finger or in ordinary words at the most.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from rapidfuzz.distance import Indel
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

from builder.core.errors import OutputError
from builder.emit.formats import unfenced
from builder.prepare.keys import canonical_key, program_tokens
from builder.report.proof.folder import WrittenRow
from builder.similarity.compare import Difference, difference, similarity
from builder.similarity.key_terms import key_terms
from builder.similarity.near_pairs import near_pairs
from builder.similarity.words import core, normal

ALL_PAIRS = 40_000_000
"""Pairs of texts up to which every test row is compared with every train row; beyond, candidates are."""
BOTH = (0.75, 0.9)
"""Similarity of descriptions and of programs from which a pair offends if it reaches both. The step that drops leaks is
stricter (0.7), since a template may bring two descriptions a little nearer."""
_BLOCK = 64
"""Test rows that are compared at a time."""
_FIRST_LETTER = 0xE000
"""Where the private letters start that stand for tokens."""
_LETTERS = sys.maxunicode - _FIRST_LETTER
"""So many different tokens have a letter of their own."""
_LONG = 4_000
"""Letters or tokens of a text that are compared, at the most."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The pair of a test and a train row that comes nearest."""

    score: float
    """Similarity from 0 to 1."""
    test: str
    train: str
    """File and row."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was compared, and what was found, as `dataset_stats.json` has it."""

    limit: float
    """Similarity of descriptions from which a pair offends, if they also have the same key terms."""
    test_rows: int
    train_rows: int
    every_pair_compared: bool
    """Whether every test row was compared with every train row; if not, with all that could be near."""
    nearest_description: Nearest | None
    """The nearest descriptions, whatever they differ in."""
    nearest_agreeing: Nearest | None
    """The nearest descriptions with the same key terms: they differ in plain words and endings at the most."""
    nearest_program: Nearest | None
    """The nearest programs, by their tokens; equal ones offend, whatever their names of variables."""
    official_test_rows: int
    official_test_rows_near_train: int
    """Official test rows, and how many of them have an offending train row."""
    offending_pairs: tuple[tuple[str, str, str, float], ...]
    """What is alike (`description`, `program`, or `description and program` with the similarity of the descriptions),
    test row, train row, similarity; nearest first."""

    def check(self) -> None:
        """Do nothing if nothing offends.

        Raises:
            OutputError: a train row is near a test row.
        """
        if self.offending_pairs:
            what, test, train, score = self.offending_pairs[0]
            raise OutputError(
                f"{len(self.offending_pairs):,} pairs across the split are too near: the {what} of {train} is like "
                f"that of {test} by {score:.3f}, and {self.limit} is the limit. Nothing was published; please report "
                "this"
            )


def certify(train: Iterable[WrittenRow], test: Iterable[WrittenRow], limit: float) -> Certificate:
    """Compare the rows of both sides.

    Args:
        train, test: the rows as written.
        limit: similarity of descriptions from which a pair offends.
    """
    left, right = list(test), list(train)
    every = len(left) * len(right) <= ALL_PAIRS
    description, agreeing, pairs = _descriptions(left, right, min(limit, BOTH[0]), every)
    alone = {pair[:3] for pair in pairs if pair[3] <= Difference.SLIPS and pair[2] >= limit}
    alone |= set(_same_letters(left, right))
    program, equal = _programs(left, right, every)
    found: set[tuple[str, int, int, float]] = {("description", *pair) for pair in alone}
    found |= {("program", *pair) for pair in equal}
    for one, other, score in {pair[:3] for pair in pairs} - alone:
        codes = unfenced(left[one].code), unfenced(right[other].code)
        if score >= BOTH[0] and ratio(*codes, score_cutoff=100 * BOTH[1]) > 0:
            found.add(("description and program", one, other, score))
    officials = [number for number, row in enumerate(left) if row.official]
    touched = {test for _, test, _, _ in found}

    def nearest(pair: _Pair | None) -> Nearest | None:
        return pair and Nearest(pair[2], left[pair[0]].where, right[pair[1]].where)

    return Certificate(
        limit=limit,
        test_rows=len(left),
        train_rows=len(right),
        every_pair_compared=every,
        nearest_description=nearest(description),
        nearest_agreeing=nearest(agreeing),
        nearest_program=nearest(program),
        official_test_rows=len(officials),
        official_test_rows_near_train=sum(number in touched for number in officials),
        offending_pairs=tuple(
            (what, left[one].where, right[other].where, score)
            for what, one, other, score in sorted(found, key=lambda pair: (-pair[3], pair))
        ),
    )


def certify_sides(
    rows: Callable[[str], Iterable[WrittenRow]], official: Sequence[bool], limit: float, *, validation: bool
) -> dict[str, Certificate]:
    """All certificates of a config, by their names in its statistics.

    `certificate` is of train against test. With validation there are `validation_certificate`, of train against
    validation, and `validation_test_certificate`, of validation against test; the rows of the first side stand as the
    train rows, those of the second as the test rows.

    Args:
        rows: the rows of a split as written, as often as they are asked for.
        official: which test rows are official, in their order.
        limit: similarity of descriptions from which a pair offends.
        validation: whether the config has validation rows.
    """
    found = {"certificate": certify(rows("train"), with_official(rows("test"), official), limit)}
    if validation:
        found["validation_certificate"] = certify(rows("train"), rows("validation"), limit)
        found["validation_test_certificate"] = certify(rows("validation"), with_official(rows("test"), official), limit)
    return found


def with_official(test: Iterable[WrittenRow], official: Sequence[bool]) -> Iterator[WrittenRow]:
    """Test rows of JSON Lines, which do not tell which are official, told by the flags of all test rows in order.

    Rows that tell it themselves stay as they are.
    """
    for number, row in enumerate(test):
        known = row.id is not None or number >= len(official)
        yield row if known else replace(row, official=official[number])


_Pair = tuple[int, int, float]
"""Places of a test and a train row, and the similarity."""
_Compared = tuple[int, int, float, int]
"""The same, and a `Difference`."""


def _descriptions(
    test: Sequence[WrittenRow], train: Sequence[WrittenRow], limit: float, every: bool
) -> tuple[_Pair | None, _Pair | None, list[_Compared]]:
    """The nearest descriptions, the nearest with the same key terms, and the pairs that may offend."""
    ones, others = ([core(row.prompt) for row in rows] for rows in (test, train))
    near = near_pairs(ones, limit, others).filter(pl.col("difference") <= Difference.ORDINARY)
    pairs: list[_Compared] = near.select("left", "right", "score", "difference").rows()
    if every:
        pairs = sorted({*pairs, *_same_terms(ones, others)})
    equal = (pair[:3] for pair in pairs if pair[3] <= Difference.SLIPS)
    agreeing = max(equal, key=lambda pair: (pair[2], -pair[0], -pair[1]), default=None)
    if not every:
        return agreeing, agreeing, pairs
    return _best([normal(text)[:_LONG] for text in ones], [normal(text)[:_LONG] for text in others]), agreeing, pairs


def _same_terms(ones: Sequence[str], others: Sequence[str]) -> list[_Compared]:
    """All pairs of texts with the same decisive terms, with their similarity and what they differ in."""
    left, right = ([key_terms(text) for text in texts] for texts in (ones, others))
    by_key: dict[int, list[int]] = {}
    for number, terms in enumerate(right):
        by_key.setdefault(terms.decisive_key, []).append(number)
    return [
        (one, other, similarity(ones[one], others[other]), int(difference(terms, right[other])))
        for one, terms in enumerate(left)
        for other in by_key.get(terms.decisive_key, ())
    ]


def _same_letters(test: Sequence[WrittenRow], train: Sequence[WrittenRow]) -> list[_Pair]:
    """Pairs whose descriptions differ in case, white space and signs alone, formulas too."""
    firsts: dict[str, int] = {}
    for number, row in enumerate(train):
        if letters := normal(core(row.prompt)):
            firsts.setdefault(letters, number)
    asked = (normal(core(row.prompt)) for row in test)
    return [(number, firsts[letters], 1.0) for number, letters in enumerate(asked) if letters in firsts]


def _programs(test: Sequence[WrittenRow], train: Sequence[WrittenRow], every: bool) -> tuple[_Pair | None, list[_Pair]]:
    """The nearest programs, and pairs of equal ones."""
    sides = [[unfenced(row.code) for row in rows] for rows in (test, train)]
    keys = {code: canonical_key(code) for code in dict.fromkeys((*sides[0], *sides[1]))}
    firsts: dict[int | None, int] = {}
    for number, code in enumerate(sides[1]):
        firsts.setdefault(keys[code], number)
    firsts.pop(None, None)
    equal = [(number, firsts[keys[code]], 1.0) for number, code in enumerate(sides[0]) if keys[code] in firsts]
    if not every:
        return next(iter(equal), None), equal
    letters: dict[str, str] = {}
    spelt = {code: _as_letters(code, letters) for side in sides for code in dict.fromkeys(side)}
    ones, others = ([spelt[code] for code in codes] for codes in sides)
    return _best(ones, others), equal


def _as_letters(code: str, letters: dict[str, str]) -> str:
    """A program's tokens, a letter each, so that its similarity is that of its tokens."""
    tokens = program_tokens(code)[:_LONG]
    return "".join(letters.setdefault(token, chr(_FIRST_LETTER + len(letters) % _LETTERS)) for token in tokens)


def _best(ones: Sequence[str], others: Sequence[str]) -> _Pair | None:
    """The pair with the greatest similarity, the first of several."""
    first_one, first_other = (dict(reversed([(text, at) for at, text in enumerate(side)])) for side in (ones, others))
    left, right = sorted(first_one, key=first_one.__getitem__), sorted(first_other, key=first_other.__getitem__)
    best: _Pair | None = None
    for start in range(0, len(left) if right else 0, _BLOCK):
        block = left[start : start + _BLOCK]
        cutoff = best[2] if best else 0.0  # what cannot be nearer is not worked out
        scores = cdist(
            block, right, scorer=Indel.normalized_similarity, score_cutoff=cutoff, dtype=np.float64, workers=-1
        )
        one, other = np.unravel_index(int(np.argmax(scores)), scores.shape)
        score = round(float(scores[one, other]), 6)
        if best is None or score > best[2]:
            best = (first_one[block[int(one)]], first_other[right[int(other)]], score)
    return best
