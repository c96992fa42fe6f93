"""Sources, and parts of them, whose descriptions and codes are paired at random.

Each own pair is ranked among random pairs of the same description, by its score. In a part that is paired at random
the ranks are even, and their mean, the area under the curve, is a half; where pairs are right it is close to one. A
source is cut by how its rows look (see `styles`) only where that separates a shuffled part from a sound one. Random
codes are taken from the same part, so that a look that descriptions and codes share proves nothing.

Names of sources, numbers of rows and their order play no part. Not covered: a part of which only some rows are
mispaired, without looking different; single rows are decided by their own scores.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from builder.decide.pairing.alignment import Alignment, learn_alignment, sample_of
from builder.decide.pairing.vectors import Floats, Ints, code_vectors, description_vectors, narrow, words_only
from builder.prepare.style import WHOLE, Style, label_of

SAMPLE_PAIRS = 800
"""Distinct pairs of a source that are looked at, at the most; besides them as many as this of each rarer look."""
RARE_PAIRS = 150
RANDOM_CODES = 100
"""Random codes that each own pair is compared with."""
LEARNED_PAIRS = 4_000
"""Distinct pairs of a source from which the rarity of words is learned."""
MIN_PAIRS = 30
"""Distinct pairs of a part below which it is never called shuffled."""
MIN_SOUND = 12
"""Distinct pairs of a part below which it is never cut off as sound."""
ERRORS = 3.0
"""Standard errors that a verdict wants."""
SOUND_AUC = 0.7
"""Below this even at the upper bound, pairs are no better than chance."""
MIN_KNOWN = 0.25
"""Share of a description's words (weighted) that the part's codes must know, for their absence to prove anything."""
MAX_CUTS = 3
ORIGINS = frozenset({0, 6, 7, 8})
"""Looks that come from where a row was taken, not from what it says: wrapper, line ends, fence."""
ORIGIN_GAIN = 5.0
"""By how much another look must separate better than such a one, as a logarithm."""
SOUND_SHAPE = 20.0
"""Ranks of right pairs are taken to be spread as a beta distribution of this shape and 1: mean 0.95."""
_EVEN_SD = 12**-0.5
"""Standard deviation of a rank that is even from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a source that look alike in one way, and whether their pairs are right."""

    source: str
    label: str
    """What the rows have in common, in plain words."""
    rows: int
    """Rows read, repeats included."""
    auc: float
    """Share of random pairs that own pairs score above: 0.5 at random, 1 at best; rounded to 0.0001."""
    shuffled: bool
    verdict: str
    """`paired`, `shuffled` or `unknown`: too few rows, or words too poor to know."""

    @property
    def message(self) -> str:
        """What a person reads about a shuffled part."""
        which = "" if self.label == WHOLE else f" ({self.label})"
        return (
            f"{self.source}, {self.rows:,} rows{which}: descriptions and code are paired at random (AUC {self.auc:.2f})"
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """Pairs of one source, with all that their ranks are made of."""

    left: scipy.sparse.csr_array
    """Descriptions, one a row, in those columns alone that some code has."""
    right: scipy.sparse.csr_array
    """Codes, one a row, in the same columns."""
    usual: Floats
    """What each code reaches with any description."""
    known: Floats
    """Share of each description's weight that lies on words that some code of the sample has."""
    description_keys: NDArray[np.uint64]
    program_keys: NDArray[np.uint64]
    looks: NDArray[np.bool_]
    """One row a pair, one column a style."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Some pairs of a source, and whether they are right."""

    verdict: str
    auc: float
    soundness: float
    """How much likelier the ranks are where pairs are right than where they are random: a logarithm."""
    path: tuple[tuple[int, bool], ...] = ()
    """The looks by which they were cut off."""


def find_parts(rows: pl.DataFrame, words: pl.LazyFrame | pl.DataFrame) -> tuple[pl.DataFrame, tuple[Part, ...]]:
    """Find the parts of all sources.

    Args:
        rows: one line a row read: `index`, `source`, `description_key`, `program_key`, `style` (a list of bits).
        words: `index`, `description_words`, `code_words` of the same rows; only those of a sample are collected.

    Returns:
        `index`, `part` (its number among the parts) and `shuffled`, in the order of `rows`; and the parts, by source
        as they come first in `rows`, shuffled parts first.
    """
    looks = rows.select("index", "source", "description_key", "program_key", look_bits().alias("look"))
    sampled = _sampled(looks)
    known = words.lazy().join(sampled.lazy().select("index"), on="index", how="semi").collect()
    described = sampled.join(known, on="index", how="left", maintain_order="left")
    parts: list[Part] = []
    numbered = []
    for (name,), own in looks.group_by("source", maintain_order=True):
        pairs = described.filter(pl.col("source") == name)
        # From its own pairs alone: the split rests on the verdict, and other sources must move no row.
        learned = sample_of(pairs, LEARNED_PAIRS)
        sample = _vectors(pairs, learn_alignment(learned["description_words"], learned["code_words"]))
        cut = _cut(sample, np.arange(pairs.height))
        for found in sorted(cut, key=lambda part: (part.verdict != "shuffled", part.path)):
            here = own.filter(_shows(found.path))
            if here.is_empty():
                continue
            shuffled = found.verdict == "shuffled"
            numbered.append(
                here.select("index", pl.lit(len(parts), pl.UInt32).alias("part"), pl.lit(shuffled).alias("shuffled"))
            )
            parts.append(Part(str(name), label_of(found.path), here.height, found.auc, shuffled, found.verdict))
    no_marks = rows.clear().select("index", pl.lit(0, pl.UInt32).alias("part"), pl.lit(False).alias("shuffled"))
    marks = pl.concat([no_marks, *numbered])
    return rows.select("index").join(marks, on="index", how="left", maintain_order="left"), tuple(parts)


def look_bits() -> pl.Expr:
    """The list of style bits as one number."""
    return pl.sum_horizontal(
        pl.when(pl.col("style").list.contains(bit)).then(pl.lit(1 << bit, pl.UInt32)).otherwise(pl.lit(0, pl.UInt32))
        for bit in range(len(Style))
    )


def _shows(path: tuple[tuple[int, bool], ...]) -> pl.Expr:
    conditions = [((pl.col("look") & (1 << bit)) != 0) == shown for bit, shown in path]
    return pl.all_horizontal(pl.lit(True), *conditions)


def _sampled(looks: pl.DataFrame) -> pl.DataFrame:
    """Distinct pairs of each source by the order of their keys, and more of those whose look is rare."""
    chosen = []
    for _, own in looks.group_by("source", maintain_order=True):
        pairs = sample_of(own, own.height)
        mixed = pairs.with_columns((pl.col("description_key") ^ pl.col("program_key")).alias("order")).sort(
            "order", "index"
        )
        some = [mixed.head(SAMPLE_PAIRS)]
        if mixed.height > SAMPLE_PAIRS:
            for bit in range(len(Style)):
                some += [mixed.filter(_shows(((bit, shown),))).head(RARE_PAIRS) for shown in (True, False)]
        chosen.append(pl.concat(some).unique("index", keep="first", maintain_order=True).drop("order"))
    return pl.concat(chosen).sort("index") if chosen else looks


def _vectors(sample: pl.DataFrame, alignment: Alignment) -> _Sample:
    """Vectors of a source's sample, in an order that depends on keys alone."""
    ordered = sample.sort("description_key", "program_key")
    look = ordered["look"].to_numpy()
    left = description_vectors(ordered["description_words"], alignment.rarity)
    right = code_vectors(ordered["code_words"], alignment.rarity)
    columns = np.unique(right.indices)
    shared = narrow(left, columns)
    whole, known = (
        _words_weight(matrix, among)
        for matrix, among in ((left, words_only(left.indices)), (shared, words_only(columns)[shared.indices]))
    )
    return _Sample(
        shared,
        narrow(right, columns),
        alignment.description.times(right),
        np.divide(known, whole, out=np.zeros_like(whole), where=whole > 0),
        ordered["description_key"].to_numpy(),
        ordered["program_key"].to_numpy(),
        np.stack([(look >> bit) & 1 == 1 for bit in range(len(Style))], axis=1),
    )


def _words_weight(matrix: scipy.sparse.csr_array, among: NDArray[np.bool_]) -> Floats:
    """For each row the sum of its values that are marked."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return np.asarray(np.bincount(rows, weights=matrix.data * among, minlength=matrix.shape[0]), dtype=np.float64)


def _cut(sample: _Sample, rows: Ints, path: tuple[tuple[int, bool], ...] = ()) -> list[_Found]:
    """The parts of some pairs: cut where one side is shuffled and the other sound, where the ranks show it best."""
    best: tuple[float, int] | None = None
    for bit in range(len(Style)) if len(path) < MAX_CUTS else ():
        shown = sample.looks[rows, bit]
        if min(shown.sum(), (~shown).sum()) < MIN_SOUND:
            continue
        sides = [_judged(sample, rows[side]) for side in (shown, ~shown)]
        if {side.verdict for side in sides} == {"shuffled", "paired"}:
            gain = sum(side.soundness for side in sides if side.verdict == "paired")
            gain = round(gain - (0.0 if bit in ORIGINS else ORIGIN_GAIN), 6)
            best = max(best, (gain, -bit)) if best else (gain, -bit)
    if best is None:
        return [replace(_judged(sample, rows), path=path)]
    bit = -best[1]
    shown = sample.looks[rows, bit]
    return [
        part
        for side, is_so in ((shown, True), (~shown, False))
        for part in _cut(sample, rows[side], (*path, (bit, is_so)))
    ]


def _judged(sample: _Sample, rows: Ints) -> _Found:
    """The verdict on some pairs."""
    ranks = _ranks(sample, rows)
    if not len(ranks):
        return _Found("unknown", 0.5, 0.0)
    auc = float(np.mean(ranks))
    error = ERRORS * _EVEN_SD / np.sqrt(len(ranks))
    if auc - error > 0.5:
        verdict = "paired"
    elif len(ranks) >= MIN_PAIRS and auc + error < SOUND_AUC and np.mean(sample.known[rows]) >= MIN_KNOWN:
        verdict = "shuffled"
    else:
        verdict = "unknown"
    sound = np.log(SOUND_SHAPE) + (SOUND_SHAPE - 1) * np.log(np.clip(ranks, 0.005, 0.995))
    return _Found(verdict, round(auc, 4), float(sound.sum()))


def _ranks(sample: _Sample, rows: Ints) -> Floats:
    """For each pair, the share of random codes of the part that its own scores above; ties count half.

    A description that stands with many codes counts once, as does a code with many descriptions.
    """
    rows = _distinct(rows, sample.description_keys, sample.program_keys)
    if len(rows) < 2:
        return np.empty(0)
    spread = np.unique(np.linspace(0, len(rows) - 1, min(RANDOM_CODES, len(rows))).astype(np.int64))
    codes = rows[np.argsort(sample.program_keys[rows], kind="stable")][spread]
    left, own, other = sample.left[rows], sample.right[rows], sample.right[codes]
    theirs = (left @ other.T).toarray() - sample.usual[codes][None, :]
    mine = np.asarray(left.multiply(own).sum(axis=1)).ravel() - sample.usual[rows]
    theirs, mine = np.round(theirs, 6), np.round(mine, 6)[:, None]
    random = sample.program_keys[codes][None, :] != sample.program_keys[rows][:, None]
    better = ((mine > theirs) + 0.5 * (mine == theirs)) * random
    counted = random.sum(axis=1)
    return np.asarray(better.sum(axis=1)[counted > 0] / counted[counted > 0])


def _distinct(rows: Ints, description_keys: NDArray[np.uint64], program_keys: NDArray[np.uint64]) -> Ints:
    """Rows of which each brings a new description and a new code."""
    _, first = np.unique(description_keys[rows], return_index=True)
    kept = rows[np.sort(first)]
    _, first = np.unique(program_keys[kept], return_index=True)
    return kept[np.sort(first)]
