"""The split: who is on which side, and what may and may not change it."""

import random
from collections.abc import Iterable

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from builder.config import BUILT_BY_DEFAULT, make_config
from builder.decide.split import split_rows
from builder.pipeline.story import build, prepare
from builder.prepare.keys import content_key
from tests.rows import circles, config_of, ledger_of

Line = tuple[str, str, str] | tuple[str, str, str, bool]
"""Source, description, program (either empty for none), and whether the row is an official test row."""


def keyed(lines: Iterable[Line]) -> pl.DataFrame:
    """Lines, best source first, as `split_rows` takes them."""
    rows = [
        (
            source,
            bool(official),
            int(content_key(description, program), 16),
            *(xxh3_64_intdigest(text.encode()) if text else None for text in (description, program)),
        )
        for source, description, program, *official in lines
    ]
    texts = {"source": pl.String, "official": pl.Boolean, "content": pl.UInt64}
    schema = {**texts, "description_key": pl.UInt64, "program_key": pl.UInt64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_row_index("index")


def sides(lines: list[Line], test_size: float = 0.1, seed: int = 42) -> list[str]:
    """The side of each line."""
    return split_rows(keyed(lines), test_size, seed)["split"].to_list()


def groups(lines: list[Line]) -> list[str]:
    """The group of each line."""
    return split_rows(keyed(lines), 0.1, 42)["group"].to_list()


def singles(source: str, count: int) -> list[Line]:
    """Rows that share nothing with one another or with another source."""
    return [(source, f"{source} draws {n}", f"{source} program {n}") for n in range(count)]


def descriptions_on(side: str, source: str, lines: list[Line], found: list[str]) -> set[str]:
    return {line[1] for line, where in zip(lines, found, strict=True) if where == side and line[0] == source}


@pytest.mark.parametrize("seed", [1, 2, 42])
@pytest.mark.parametrize("test_size", [0.1, 0.25])
@pytest.mark.parametrize(("rows_each", "descriptions_each"), [(1, 1), (3, 1), (5, 5)])
def test_each_source_gives_its_share_of_descriptions_within_half_a_point_or_one_group(
    seed: int, test_size: float, rows_each: int, descriptions_each: int
):
    lines: list[Line] = [
        (source, f"{source} draws {n} {copy % descriptions_each}", f"{source} program {n}")
        for source, count in (("a", 200), ("b", 37), ("c", 6))
        for n in range(count)
        for copy in range(rows_each)
    ]

    found = sides(lines, test_size, seed)

    for source in "abc":
        in_test = len(descriptions_on("test", source, lines, found))
        in_all = in_test + len(descriptions_on("train", source, lines, found))
        assert abs(in_test - test_size * in_all) <= max(0.005 * in_all, descriptions_each)


def test_a_hundred_single_descriptions_put_exactly_ten_on_the_test_side():
    assert sides(singles("a", 100)).count("test") == 10


def test_a_description_in_many_rows_counts_once():
    often: list[Line] = [("a", f"often {n % 10}", f"program {n}") for n in range(100)]
    once = [("a", f"once {n}", f"other program {n}") for n in range(90)]

    in_test = descriptions_on("test", "a", often + once, sides(often + once))

    assert len(in_test) == 10


def test_official_rows_are_test_and_nothing_else_of_their_source_is_drawn():
    official: list[Line] = [("a", f"official {n}", f"official program {n}", True) for n in range(3)]
    lines = [*singles("a", 200), *official, *singles("b", 100)]

    found = sides(lines)

    assert descriptions_on("test", "a", lines, found) == {"official 0", "official 1", "official 2"}
    assert len(descriptions_on("test", "b", lines, found)) == 10


def test_rows_chained_by_equal_descriptions_or_programs_share_group_and_side():
    chain: list[Line] = [
        ("a", "a circle", "Circle()"),
        ("b", "a circle", "Circle(radius=1)"),
        ("b", "a ring", "Circle(radius=1)"),
        ("c", "a ring", ""),
        ("c", "", "Circle()"),
    ]
    for seed in range(20):
        assert len(set(sides(chain, 0.4, seed))) == 1
    assert len(set(groups(chain))) == 1
    assert groups([*chain, ("c", "a square", "Square()")])[-1] != groups(chain)[0]


def test_rows_without_description_or_program_are_linked_by_neither():
    lines: list[Line] = [("a", "a circle", ""), ("a", "a square", ""), ("a", "", "Dot()"), ("a", "", "Arc()")]

    assert len(set(groups(lines))) == 4


WORDS = st.sampled_from(["", "1", "2", "3", "4", "5", "6"])
LINES = st.lists(st.tuples(st.sampled_from("bd"), WORDS, WORDS), min_size=1, max_size=12)


def sorted_lines(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: line[0])


def linked(lines: list[Line]) -> list[set[int]]:
    """Rows by what they are linked to, one link after the other: the plain way to say what a group is."""
    found: list[set[int]] = []
    for here, (_, description, program, *_) in enumerate(lines):
        one = {here}
        for other in [
            group
            for group in found
            if any(
                (description and lines[row][1] == description) or (program and lines[row][2] == program)
                for row in group
            )
        ]:
            found.remove(other)
            one |= other
        found.append(one)
    return found


@given(LINES)
@settings(deadline=None, max_examples=60)
def test_a_group_is_whatever_a_chain_of_equals_reaches(lines: list[Line]):
    lines = sorted_lines(lines)
    labels = groups(lines)

    for rows in linked(lines):
        assert len({labels[row] for row in rows}) == 1
    named = [{labels[row] for row in rows} for rows in linked(lines) if any(lines[row][1:] != ("", "") for row in rows)]
    assert len(set().union(*named)) == len(named)


@given(LINES, st.lists(st.tuples(WORDS, WORDS), max_size=8), st.sampled_from("ace"), st.integers(0, 5))
@settings(deadline=None, max_examples=100)
def test_another_source_moves_only_rows_that_join_a_group_with_it(
    lines: list[Line], added: list[tuple[str, str]], name: str, seed: int
):
    before = sorted_lines([*lines, *singles("b", 10), *singles("d", 10)])
    after = sorted_lines([*before, *((name, *line) for line in added)])
    joined = {row for rows in linked(after) if any(after[row][0] == name for row in rows) for row in rows}
    stay = [row for row, line in enumerate(after) if line[0] != name]

    old, new = sides(before, 0.3, seed), sides(after, 0.3, seed)

    assert [new[row] for row in stay if row not in joined] == [
        old[place] for place, row in enumerate(stay) if row not in joined
    ]


def test_a_worse_source_that_repeats_rows_moves_none_of_them():
    """A group belongs to its best source, whose rows alone rank it."""
    best: list[Line] = [("b", f"draws {n}", f"program {n}") for n in range(100)]
    worse: list[Line] = [("c", f"draws {n}", f"other program {n}") for n in range(100)]

    assert sides([*best, *worse]) == 2 * sides(best)


@given(st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=20)
def test_the_order_of_rows_within_a_source_changes_nothing(order: random.Random):
    own: list[Line] = [("a", f"draws {n % 60}", f"program {n // 2}") for n in range(80)]
    shuffled = order.sample(own, len(own))

    was = dict(zip(own, zip(sides(own), groups(own), strict=True), strict=True))
    now = dict(zip(shuffled, zip(sides(shuffled), groups(shuffled), strict=True), strict=True))

    assert now == was


def test_another_seed_draws_other_rows_and_the_same_seed_the_same():
    lines = singles("a", 200)

    assert sides(lines, seed=1) == sides(lines, seed=1)
    assert sides(lines, seed=1) != sides(lines, seed=2)


def test_a_group_of_more_than_twenty_rows_is_never_drawn_for_test():
    large: list[Line] = [("a", "always the same", f"program {n}") for n in range(21)]

    drawn = [sides([*large, *singles("a", 20)], 0.9, seed)[0] for seed in range(20)]

    assert set(drawn) == {"train"}


def test_a_group_of_twenty_rows_may_be_drawn_for_test():
    small: list[Line] = [("a", "always the same", f"program {n}") for n in range(20)]

    drawn = [sides([*small, *singles("a", 20)], 0.5, seed)[0] for seed in range(20)]

    assert set(drawn) == {"train", "test"}


def test_in_a_large_source_one_percent_of_its_rows_may_be_drawn_as_one_group():
    group: list[Line] = [("a", "always the same", f"program {n}") for n in range(25)]

    drawn = [sides([*group, *singles("a", 2600)], 0.5, seed)[0] for seed in range(20)]

    assert set(drawn) == {"train", "test"}


def test_a_large_group_with_an_official_row_is_test():
    large: list[Line] = [("a", "always the same", f"program {n}") for n in range(30)]

    found = sides([("a", "always the same", "official program", True), *large])

    assert set(found) == {"test"}


def test_invalid_rows_are_split_like_any_other(tmp_path):
    broken = [(f"Draw a square of side {n}", "class Broken(Scene)\n    no colon above") for n in range(50)]
    different = [(description, f"{code} {n}") for n, (description, code) in enumerate(broken)]
    ledger = ledger_of(config_of(tmp_path, {"manim_codegen": [*circles(1, 50), *different]}))

    in_test = ledger.filter(split="test")

    assert in_test.height == 10
    assert set(in_test["outcome"]) == {"kept", "dropped"}


def test_a_row_is_on_the_same_side_in_every_config(tmp_path):
    rows = {
        "manimbench": [(*circles(1, 1)[0], "test"), *circles(2, 20)],
        "thanks_dataset": [*circles(10, 60), ("short", ""), ("", "")],
    }
    prepared = prepare(config_of(tmp_path, rows))

    ledgers = [build(prepared, make_config(name)).ledger.select("id", "split", "group") for name in BUILT_BY_DEFAULT]

    assert all(ledger.equals(ledgers[0]) for ledger in ledgers)
    assert set(ledgers[0]["split"]) == {"train", "test"}
