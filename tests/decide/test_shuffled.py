"""Parts of sources whose descriptions and codes are paired at random."""

from collections.abc import Sequence

import polars as pl
import pytest

from builder.decide.pairing.shuffled import Part, find_parts
from tests.pairs import Pair, frame_of, mixed, wrapped, written_pairs


def parts_of(sources: dict[str, Sequence[Pair]]) -> tuple[list[bool], tuple[Part, ...]]:
    rows = frame_of(sources)
    marks, parts = find_parts(rows, rows.lazy())
    assert marks["index"].to_list() == rows["index"].to_list()
    return marks["shuffled"].to_list(), parts


def test_a_shuffled_source_is_found_and_a_right_one_is_left() -> None:
    pairs = written_pairs(160)
    shuffled, parts = parts_of({"right": pairs[:80], "wrong": mixed(pairs[80:])})
    assert [(part.source, part.label, part.verdict, part.rows) for part in parts] == [
        ("right", "all rows", "paired", 80),
        ("wrong", "all rows", "shuffled", 80),
    ]
    assert shuffled == [False] * 80 + [True] * 80
    assert parts[0].auc > 0.95 and abs(parts[1].auc - 0.5) < 0.1


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("size", [8, 20, 40, 90])
def test_a_right_source_is_never_called_shuffled(size: int, seed: int) -> None:
    shuffled, _ = parts_of({"one": written_pairs(size, seed)})
    assert not any(shuffled)


def test_a_shuffled_part_of_a_source_is_found_by_its_look() -> None:
    pairs = written_pairs(200)
    shuffled, parts = parts_of({"one": [*wrapped(mixed(pairs[:120])), *pairs[120:]]})
    assert shuffled == [True] * 120 + [False] * 80
    assert [(part.label, part.shuffled) for part in parts] == [
        ("wrapped descriptions", True),
        ("descriptions without a wrapper", False),
    ]


def test_names_numbers_and_order_play_no_part() -> None:
    pairs = written_pairs(120)
    rows = frame_of({"a": pairs[:60], "z": mixed(pairs[60:])})
    other = rows.reverse().with_columns(
        pl.int_range(1000, 1120, dtype=pl.UInt32).alias("index"),
        pl.col("source").replace({"a": "manim_codegen", "z": "manimbench"}),
    )
    _, one = find_parts(rows, rows)
    _, two = find_parts(other, other)
    assert sorted((part.auc, part.verdict) for part in one) == sorted((part.auc, part.verdict) for part in two)


def test_few_rows_prove_nothing() -> None:
    _, parts = parts_of({"one": mixed(written_pairs(15))})
    assert [(part.verdict, part.shuffled) for part in parts] == [("unknown", False)]


def test_words_that_no_code_knows_prove_nothing() -> None:
    foreign = str.maketrans("abcdefghijklmnopqrstuvwxyz0123456789", "рзсдефгхијклмнопљрстувњџцшааааааавав")
    _, parts = parts_of({"one": [(prompt.lower().translate(foreign), code) for prompt, code in written_pairs(80)]})
    assert [part.verdict for part in parts] == ["unknown"]


def test_repeats_of_a_pair_count_once() -> None:
    wrong = mixed(written_pairs(60))
    _, once = parts_of({"one": wrong})
    shuffled, often = parts_of({"one": [*wrong, *wrong[:50], *wrong[:20]]})
    assert (often[0].auc, often[0].verdict, often[0].rows) == (once[0].auc, "shuffled", 130)
    assert all(shuffled)


def test_one_description_for_all_codes_proves_nothing() -> None:
    _, parts = parts_of({"one": [("Write a Manim program.", code) for _, code in written_pairs(60)]})
    assert [part.verdict for part in parts] == ["unknown"]


def test_rows_without_keys_belong_to_a_part_too() -> None:
    rows = frame_of({"one": written_pairs(30)}).with_columns(
        pl.when(pl.col("index") > 2).then("program_key").alias("program_key")
    )
    marks, parts = find_parts(rows, rows)
    assert marks["shuffled"].to_list() == [False] * 30 and parts[0].rows == 30


def test_no_rows_have_no_parts() -> None:
    rows = frame_of({"one": []})
    marks, parts = find_parts(rows, rows)
    assert parts == () and marks.is_empty() and marks.columns == ["index", "part", "shuffled"]
