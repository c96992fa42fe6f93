"""The split: who is on which side, and what may and may not change it."""

import random
from collections.abc import Iterable

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from builder.config import BUILT_BY_DEFAULT, make_config
from builder.decide.split import eligible_rows, split_rows
from builder.pipeline.story import build, prepare
from builder.prepare.keys import content_key
from tests.rows import circles, config_of, ledger_of

Line = tuple[str, str, str] | tuple[str, str, str, str]
"""Source, description, program (either empty for none), and `official` or `repaired` for a row that is such."""


def keyed(lines: Iterable[Line]) -> pl.DataFrame:
    """Lines, best source first, as `split_rows` takes them."""
    rows = [
        (
            source,
            "official" in marks,
            "repaired" not in marks,
            int(content_key(description, program), 16),
            *(xxh3_64_intdigest(text.encode()) if text else None for text in (description, program)),
        )
        for source, description, program, *marks in lines
    ]
    texts = {"source": pl.String, "official": pl.Boolean, "eligible": pl.Boolean, "content": pl.UInt64}
    schema = {**texts, "description_key": pl.UInt64, "program_key": pl.UInt64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_row_index("index")


def sides(lines: list[Line], test_size: float = 0.1, seed: int = 42, validation_size: float = 0.0) -> list[str]:
    """The side of each line."""
    return split_rows(keyed(lines), test_size, seed, validation_size)["split"].to_list()


def groups(lines: list[Line]) -> list[str]:
    """The group of each line."""
    return split_rows(keyed(lines), 0.1, 42)["group"].to_list()


def singles(source: str, count: int, *marks: str, first: int = 0) -> list[Line]:
    """Rows that share nothing with one another or with another source."""
    return [(source, f"{source} draws {n}", f"{source} program {n}", *marks) for n in range(first, first + count)]


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
    official: list[Line] = [("a", f"official {n}", f"official program {n}", "official") for n in range(3)]
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

    drawn = [sides([*large, *singles("a", 20)], 0.5, seed, 0.4)[0] for seed in range(20)]

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

    found = sides([("a", "always the same", "official program", "official"), *large])

    assert set(found) == {"test"}


def test_the_share_is_of_all_descriptions_and_drawn_from_rows_that_pass_the_checks(tmp_path):
    """Of fifty valid and fifty invalid rows, a tenth is test, and all of these are valid."""
    broken = [(f"Draw a square of side {n}", f"class Broken(Scene)\n    no colon above {n}") for n in range(50)]
    ledger = ledger_of(config_of(tmp_path, {"manim_codegen": [*circles(1, 50), *broken]}))

    in_test = ledger.filter(split="test")

    assert in_test.height == 10
    assert set(in_test["outcome"]) == {"kept"}


def test_only_groups_with_a_row_as_its_authors_made_it_are_drawn():
    """Fifty rows as written, fifty repaired ones that share nothing with them."""
    lines = [*singles("a", 50), *singles("a", 50, "repaired", first=50)]

    for seed in range(10):
        found = sides(lines, seed=seed, validation_size=0.05)
        assert set(found[50:]) == {"train"}
        assert (found.count("test"), found.count("validation")) == (10, 5)


def test_a_repaired_row_goes_with_a_row_as_written_of_its_group():
    lines: list[Line] = [("a", "a circle", "Circle()"), ("a", "a circle", "Circle() # repaired", "repaired")]

    drawn = [sides([*lines, *singles("a", 20)], 0.5, seed)[:2] for seed in range(20)]

    assert {tuple(found) for found in drawn} == {("train", "train"), ("test", "test")}


def test_at_most_a_quarter_of_the_eligible_descriptions_is_drawn():
    """A hundred descriptions, of which twenty may be drawn: five are, and of the fifteen that are left three."""
    lines = [*singles("a", 20), *singles("a", 80, "repaired", first=20)]

    found = sides(lines, validation_size=0.05)

    assert (found.count("test"), found.count("validation")) == (5, 3)


def test_a_source_without_an_eligible_row_is_train():
    assert set(sides([*singles("a", 100, "repaired"), *singles("b", 10)])[:100]) == {"train"}


@given(LINES, st.integers(0, 5), st.floats(0.01, 0.4), st.floats(0.01, 0.4))
@settings(deadline=None, max_examples=60)
def test_validation_moves_no_test_row_and_a_larger_one_holds_every_smaller_one(
    lines: list[Line], seed: int, one: float, other: float
):
    lines = sorted_lines([*lines, *singles("b", 20), *singles("d", 10, "repaired")])
    without, less, more = (sides(lines, 0.3, seed, size) for size in (0.0, *sorted((one, other))))

    assert "validation" not in without
    assert [where == "test" for where in less] == [where == "test" for where in without]
    assert [where == "test" for where in more] == [where == "test" for where in without]
    assert all(b == "validation" for a, b in zip(less, more, strict=True) if a == "validation")


def test_a_source_with_official_rows_gives_validation_its_share_of_the_others():
    official: list[Line] = [("a", f"official {n}", f"official program {n}", "official") for n in range(20)]

    found = sides([*official, *singles("a", 80)], validation_size=0.05)

    assert (found[:20], found.count("test"), found[20:].count("validation")) == (["test"] * 20, 20, 5)


@given(st.integers(0, 10_000), st.sampled_from([30, 100, 400]))
@settings(deadline=None, max_examples=40)
def test_a_source_that_grows_by_a_fifth_moves_few_of_its_rows_and_all_in_one_direction(seed: int, count: int):
    """The cut moves with the sample. What moves lies between the old and the new cut: three standard deviations of
    it are the bound here, about 4 of 100 rows, 2 of 400."""
    before, after = singles("a", count), singles("a", count * 6 // 5)
    old, new = sides(before, seed=seed), sides(after, seed=seed)[:count]

    moved = {(was, now) for was, now in zip(old, new, strict=True) if was != now}
    share = sum(was != now for was, now in zip(old, new, strict=True)) / count

    assert len(moved) <= 1
    assert share <= 3 * (0.09 * (1 / count - 1 / (1.2 * count))) ** 0.5 + 1 / count


def test_a_source_that_grows_moves_no_row_of_another_source():
    others = singles("b", 100)

    old = sides([*singles("a", 100), *others], validation_size=0.05)[100:]
    new = sides([*singles("a", 120), *others], validation_size=0.05)[120:]

    assert new == old


REPAIRS = {
    "": True,
    "clean:fences,repair:one_line": True,
    "repair:manim_import": True,
    "repair:missing_imports": True,
    "repair:wrap_body": False,
    "repair:one_line,repair:colours": False,
    "repair:manim_names": False,
}


@pytest.mark.parametrize(("repairs", "eligible"), REPAIRS.items())
def test_rows_whose_tokens_a_repair_changed_are_not_eligible(repairs: str, *, eligible: bool):
    """Cleaning, putting on lines again and a missing import line change none."""
    row = {"code_repairs": repairs, "shuffled": False, "description_reason": None, "code_reason": None}

    assert pl.DataFrame([row]).select(eligible_rows()).item() is eligible


@pytest.mark.parametrize("what", ["shuffled", "description_reason", "code_reason"])
def test_rows_of_shuffled_parts_and_rows_that_fail_a_check_are_not_eligible(what: str):
    row = {"code_repairs": "", "shuffled": False, "description_reason": None, "code_reason": None}
    row[what] = True if what == "shuffled" else "too_short"

    assert pl.DataFrame([row]).select(eligible_rows()).item() is False


def test_a_row_is_on_the_same_side_in_every_config(tmp_path):
    """Where a config has no validation, its rows are train."""
    rows = {
        "manimbench": [(*circles(1, 1)[0], "test"), *circles(2, 20)],
        "thanks_dataset": [*circles(10, 60), ("short", ""), ("", "")],
    }
    prepared = prepare(config_of(tmp_path, rows))

    ledgers = {name: build(prepared, make_config(name)).ledger for name in BUILT_BY_DEFAULT}
    without = {
        name: ledger.select("id", pl.col("split").replace("validation", "train"), "group")
        for name, ledger in ledgers.items()
    }

    assert all(ledger.equals(without["all"]) for ledger in without.values())
    assert set(ledgers["all"]["split"]) == {"train", "test"}
    assert set(ledgers["curated"]["split"]) == {"train", "validation", "test"}
