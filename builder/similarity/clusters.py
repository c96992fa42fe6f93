"""Clusters of near descriptions: which of them stay, and for which each of the others goes."""

from collections.abc import Sequence

import polars as pl

SCHEMA = {"position": pl.UInt32, "stays": pl.UInt32, "score": pl.Float64, "cluster": pl.UInt32, "size": pl.UInt32}


def clusters(pairs: pl.DataFrame, order: Sequence[int]) -> pl.DataFrame:
    """For each position that goes, the one that stays for it.

    Complete linkage: the nearest pairs are joined first, and two clusters become one only if every member of one is
    near every member of the other. So a chain of small steps is cut, and no row goes for one that it is not near to.
    Two that stay may be near each other where joining them would have made a chain. Of each cluster one stays, the
    first in the order. Only pairs and order decide, not how the pairs are sorted.

    Args:
        pairs: `left`, `right`, `score` of positions that count as near (filtered by threshold and by `agrees`). Pairs
            of score 1 are copies: they need not be complete.
        order: positions, the first to stay first; must hold every position of the pairs.

    Returns:
        A row for each position that goes, sorted: `position`, `stays`, `score` (between the two), `cluster` (a number
        for each cluster, in the order of those that stay), `size` (members, the one that stays included).
    """
    place = {position: at for at, position in enumerate(order)}
    edges = [
        (score, *sorted((place[left], place[right])))
        for left, right, score in pairs.select("left", "right", "score").iter_rows()
    ]
    copies = _Sets()
    for score, one, other in edges:
        if score >= 1.0:
            copies.join(one, other)
    scores: dict[tuple[int, int], float] = {}
    for score, one, other in edges:
        first, second = sorted((copies.first(one), copies.first(other)))
        if first != second:
            scores[first, second] = max(score, scores.get((first, second), 0.0))
    groups = _joined(scores)
    return _told(copies, groups, scores, order)


class _Sets:
    """Disjoint sets of places, each named by its lowest."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def first(self, place: int) -> int:
        root = place
        while (above := self._above.get(root, root)) != root:
            root = above
        while (above := self._above.get(place, root)) != root:
            self._above[place], place = root, above
        return root

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.first(one), self.first(other)))
        self._above.setdefault(low, low)
        self._above[high] = low

    def members(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for place in sorted(self._above):
            found.setdefault(self.first(place), []).append(place)
        return found


def _joined(scores: dict[tuple[int, int], float]) -> dict[int, list[int]]:
    """Members of each cluster by its first, where every member is near every other."""
    home: dict[int, int] = {}
    groups: dict[int, list[int]] = {}
    for (one, other), _ in sorted(scores.items(), key=lambda entry: (-entry[1], entry[0])):
        low, high = sorted((home.setdefault(one, one), home.setdefault(other, other)))
        if low == high:
            continue
        here, there = groups.get(low, [low]), groups.get(high, [high])
        if all((min(a, b), max(a, b)) in scores for a in here for b in there):
            groups[low] = sorted(here + there)
            groups.pop(high, None)
            home |= dict.fromkeys(there, low)
    return groups


def _told(
    copies: _Sets, groups: dict[int, list[int]], scores: dict[tuple[int, int], float], order: Sequence[int]
) -> pl.DataFrame:
    copied = copies.members()
    joined = {member for members in groups.values() for member in members}
    whole = groups | {first: [first] for first in copied if first not in joined}
    rows = []
    for number, stays in enumerate(sorted(whole)):
        members = whole[stays]
        size = sum(len(copied.get(member, (member,))) for member in members)
        for member in members:
            score = scores[stays, member] if member != stays else 1.0
            rows += [
                (order[place], order[stays], score, number, size)
                for place in copied.get(member, (member,))
                if place != stays
            ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("position")
