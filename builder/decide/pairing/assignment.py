"""The best one-to-one assignment of descriptions to codes, and how clear each pair of it is.

Scores of candidate pairs are logarithms of odds. They are first weighed against each other (Sinkhorn's iteration, as
in Sinkhorn and Knopp 1967, with room on both sides for staying alone): a code that fits many descriptions counts less
for each, and a code whose own description is plain no longer tempts others. What comes out is the logarithm of a
pair's probability. The assignment is the one with the greatest sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy
from numpy.typing import NDArray

from builder.decide.pairing.vectors import Floats, Ints, blocks, narrow

FULL_PAIRS = 4_000_000
"""With this many pairs or fewer, every pair is a candidate."""
NEAREST = 24
"""With more, the best of each description and of each code."""
MAX_TEXTS = 500
"""With more, candidates are looked for by words that this many descriptions, or codes, have at the most."""
ALONE = 0.0
"""Score of staying alone, on the scale of the pairs' scores."""
DISPLACED = 0.5
"""What a margin loses where the description fits another code better than its own, by its score: of the difference.

Such a pair is right only if the description that has the other code is; a wrong pair displaces others like that."""
_ROUNDS = 60
_TOLERANCE = 1e-7
_UNLIKELY = -18.0
"""Pairs with a lower logarithm of probability are left out of the assignment."""
_BLOCK = 1_000
"""Rows of a block of products."""
_CHUNK = 50_000
"""Pairs that are scored at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Candidate pairs, sorted by description, then code."""

    description: Ints
    code: Ints
    score: Floats
    descriptions: int
    codes: int
    room: Ints
    """For each code, how many descriptions it may belong to."""


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Pairs of the assignment, one a description at the most, sorted by description."""

    description: Ints
    code: Ints
    score: Floats
    margin: Floats
    """By how much the logarithm of the pair's probability exceeds the next best of each side, or staying alone."""


def candidates(
    left: scipy.sparse.csr_array, right: scipy.sparse.csr_array, usual_left: Floats, usual_right: Floats, room: Ints
) -> Edges:
    """Pairs worth a look, with scores: the product, less what each of the two usually reaches.

    Args:
        left, right: vectors of descriptions and of codes.
        usual_left, usual_right: what each of them reaches with anything.
        room: for each code, how many descriptions it may belong to.
    """
    count, codes = left.shape[0], right.shape[0]
    columns = np.unique(right.indices)
    left, right = narrow(left, columns), narrow(right, columns)
    if count * codes <= FULL_PAIRS:
        score = (left @ right.T).toarray() - usual_left[:, None] - usual_right[None, :]
        description, code = np.divmod(np.arange(count * codes, dtype=np.int64), max(codes, 1))
        return Edges(description, code, np.round(score.ravel(), 6), count, codes, room)
    rare = np.bincount(right.indices, minlength=len(columns)) <= MAX_TEXTS
    rare &= np.bincount(left.indices, minlength=len(columns)) <= MAX_TEXTS
    some_left, some_right = narrow(left, np.flatnonzero(rare)), narrow(right, np.flatnonzero(rare))
    forth = [one * codes + other for one, other in _nearest(some_left, some_right, usual_right)]
    back = [other * codes + one for one, other in _nearest(some_right, some_left, usual_left)]
    description, code = np.divmod(np.unique(np.concatenate([*forth, *back])), codes)
    score = np.empty(len(code))
    for here in blocks(len(code), _CHUNK):
        products = left[description[here]].multiply(right[code[here]])
        score[here] = np.asarray(products.sum(axis=1), dtype=np.float64).ravel()
    return Edges(
        description, code, np.round(score - usual_left[description] - usual_right[code], 6), count, codes, room
    )


def _nearest(left: scipy.sparse.csr_array, right: scipy.sparse.csr_array, usual: Floats) -> Iterator[tuple[Ints, Ints]]:
    """For each left row the `NEAREST` right ones of those that share a word with it, a block at a time."""
    turned = right.T.tocsr()
    for start in range(0, left.shape[0], _BLOCK):
        block = left[start : start + _BLOCK] @ turned
        score = np.round(block.data - usual[block.indices], 6)
        for row, (begin, end) in enumerate(pairwise(block.indptr.tolist()), start):
            near = block.indices[begin:end]
            if len(near) > NEAREST:
                near = near[np.argpartition(score[begin:end], -NEAREST)[-NEAREST:]]
            yield np.full(len(near), row, dtype=np.int64), near.astype(np.int64)


def match(edges: Edges) -> Matched:
    """The assignment, with its margins."""
    likely, alone_description, alone_code = weigh(edges)
    place = _assign(edges, likely)
    left_over = np.ones(len(likely), dtype=np.bool_)
    left_over[place] = False
    rivals = np.maximum(
        _best(edges.description, likely, left_over, alone_description)[edges.description[place]],
        _best(edges.code, likely, left_over, alone_code)[edges.code[place]],
    )
    nothing = np.full(edges.descriptions, -np.inf)
    preferred = _best(edges.description, edges.score, left_over, nothing)[edges.description[place]]
    displaced = DISPLACED * np.maximum(preferred - edges.score[place], 0.0)
    margin = np.round(likely[place] - rivals - displaced, 6)
    return Matched(edges.description[place], edges.code[place], edges.score[place], margin)


def weigh(edges: Edges) -> tuple[Floats, Floats, Floats]:
    """Logarithms of probabilities: of each pair, and of each description and each code to be alone."""
    best = np.full(edges.descriptions, ALONE)
    np.maximum.at(best, edges.description, edges.score)
    odds = np.exp(edges.score - best[edges.description])  # of each pair, beside its description's best one
    forth = scipy.sparse.csr_array((odds, (edges.description, edges.code)), shape=(edges.descriptions, edges.codes))
    back = forth.T
    seats, alone = edges.room.astype(np.float64), np.exp(ALONE - best)
    of_description, of_code = np.full(edges.descriptions, np.inf), np.ones(edges.codes)
    for _ in range(_ROUNDS):
        before = of_description
        of_description = 1.0 / (forth @ of_code + alone)
        of_code = seats / (back @ of_description + np.exp(ALONE))
        if np.abs(of_description / before - 1.0).max(initial=0.0) < _TOLERANCE:
            break
    description, code = np.log(of_description) - best, np.log(of_code)
    likely = edges.score + description[edges.description] + code[edges.code]
    return np.round(likely, 6), description + ALONE, code + ALONE


def _assign(edges: Edges, likely: Floats) -> Ints:
    """Places of the pairs of the best assignment, sorted; each description may also stay alone.

    A code with room for several descriptions takes part once for each.
    """
    kept = np.flatnonzero(likely > _UNLIKELY)
    seats = edges.room[edges.code[kept]]
    pair = np.repeat(kept, seats)
    seat = np.arange(len(pair)) - np.repeat(np.cumsum(seats) - seats, seats)
    first = np.cumsum(edges.room) - edges.room
    every = np.arange(edges.descriptions, dtype=np.int64)
    row = np.concatenate([edges.description[pair], every])
    column = np.concatenate([first[edges.code[pair]] + seat, int(edges.room.sum()) + every])
    cost = np.concatenate([1.0 - likely[pair], np.full(edges.descriptions, 1.0 - _UNLIKELY)])  # a cost of 0 is no pair
    graph = scipy.sparse.csr_array(
        (cost, (row, column)), shape=(edges.descriptions, int(edges.room.sum()) + edges.descriptions)
    )
    matched, partner = scipy.sparse.csgraph.min_weight_full_bipartite_matching(graph)
    real = partner < edges.room.sum()
    code = np.repeat(np.arange(edges.codes), edges.room)[partner[real]]
    wanted = np.sort(matched[real].astype(np.int64) * edges.codes + code)
    return np.searchsorted(edges.description * edges.codes + edges.code, wanted)


def _best(side: Ints, likely: Floats, among: NDArray[np.bool_], alone: Floats) -> Floats:
    """For each member of a side the best of some pairs, or staying alone."""
    best = alone.copy()
    np.maximum.at(best, side[among], likely[among])
    return best
