"""Descriptions of shuffled parts, put together again with their codes."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from builder.core.ledger import open_ledger
from builder.decide.pairing.assignment import Edges, match
from builder.decide.pairing.mismatched import drop_mismatched
from builder.decide.pairing.repair_pairs import repair_pairs
from builder.decide.pairing.shuffled import Part
from tests.pairs import Pair, frame_of, mixed, written_pairs


def repaired(
    wrong: dict[str, Sequence[Pair]], right: dict[str, Sequence[Pair]] | None = None, margin: float = 0.5
) -> tuple[pl.DataFrame, list[str | None]]:
    """What `repair_pairs` gives, and the code that it found for each row of a shuffled part."""
    sources = wrong | (right or {})
    rows = frame_of(sources).with_columns(pl.col("source").is_in(list(wrong)).alias("shuffled"))
    codes = [code for pairs in sources.values() for _, code in pairs]
    pairs_found = repair_pairs(rows, rows.lazy(), margin)
    return pairs_found, [None if index is None else codes[index] for index in pairs_found["code_index"]]


def test_a_shuffled_source_is_put_together_again() -> None:
    pairs = written_pairs(120)
    pairs_found, found = repaired({"one": mixed(pairs)})
    kept = [(own, code) for (_, own), code in zip(pairs, found, strict=True) if code is not None]
    assert len(kept) > 100
    assert all(own == code for own, code in kept)
    assert pairs_found["margin"].filter(pairs_found["code_index"].is_not_null()).min() >= 0.5
    assert pairs_found["score"].is_between(0, 1).all()


def test_rows_of_sound_parts_are_left_alone() -> None:
    pairs = written_pairs(80)
    pairs_found, _ = repaired({"one": mixed(pairs[:40])}, {"two": pairs[40:]})
    assert pairs_found["index"].to_list() == list(range(40))


def test_without_a_clear_difference_nothing_is_paired() -> None:
    pairs = written_pairs(60)
    prompt, code = pairs[0]
    twin = code.replace("self.play(Write(text))", "self.play(Write(text), run_time=1)")
    pairs_found, found = repaired({"one": [*mixed(pairs), (prompt.replace("Show", "Display"), twin)]})
    assert found[0] is None and found[-1] is None
    assert pairs_found["margin"][0] < 0.5


def test_copies_in_several_sources_count_once() -> None:
    pairs = written_pairs(80)
    once, _ = repaired({"one": mixed(pairs)})
    pairs_found, found = repaired({"one": mixed(pairs), "two": mixed(pairs)})
    assert found[:80] == found[80:]
    assert pairs_found["margin"].to_list()[:80] == once["margin"].to_list()


def test_a_description_of_a_sound_part_brings_its_code() -> None:
    pairs = written_pairs(60)
    pairs_found, found = repaired({"one": mixed(pairs)}, {"two": pairs[:5]})
    assert found[:5] == [code for _, code in pairs[:5]]
    assert pairs_found["margin"][:5].null_count() == 5


def test_a_code_of_a_sound_part_is_not_given_to_another_description() -> None:
    pairs = written_pairs(60)
    other = [("Something else altogether, about nothing", pairs[0][1])]
    _, found = repaired({"one": mixed(pairs)}, {"two": other}, margin=-1e9)
    assert pairs[0][1] not in found


def test_a_program_under_other_names_is_the_same_program() -> None:
    pairs = written_pairs(60)
    (prompt, code), rest = pairs[0], pairs[1:]
    renamed = code.replace("shape", "figure").replace("text", "words")
    pairs_found, found = repaired({"one": [*mixed(rest), (prompt, code), (f"{prompt} Thank you!", renamed)]})
    assert found[-1] == found[-2] == code
    assert pairs_found["margin"][-1] >= 0.5


def test_the_order_of_rows_makes_no_difference() -> None:
    pairs = mixed(written_pairs(60))
    one, _ = repaired({"one": pairs})
    other, _ = repaired({"one": pairs[::-1]})
    assert one["margin"].to_list() == other["margin"].to_list()[::-1]


def test_nothing_to_pair_gives_nothing() -> None:
    pairs_found, _ = repaired({"one": []}, {"two": written_pairs(3)})
    assert pairs_found.is_empty() and pairs_found.columns == ["index", "code_index", "score", "margin"]
    rows = frame_of({"one": written_pairs(2)}).with_columns(
        pl.lit(True).alias("shuffled"),
        pl.lit(None, pl.UInt64).alias("program_key"),
        pl.lit(None, pl.UInt64).alias("canonical_key"),
    )
    assert repair_pairs(rows, rows)["code_index"].to_list() == [None, None]


def edges(table: list[list[float]], room: list[int] | None = None) -> Edges:
    score = np.array(table)
    description, code = np.divmod(np.arange(score.size), score.shape[1])
    return Edges(description, code, score.ravel(), *score.shape, np.array(room or [1] * score.shape[1]))


def test_the_assignment_is_best_as_a_whole() -> None:
    """The second description likes the first code best, but the first description has no other."""
    found = match(edges([[9.0, 0.0], [9.5, 8.0]]))
    assert list(zip(found.description.tolist(), found.code.tolist(), strict=True)) == [(0, 0), (1, 1)]


def test_a_code_without_a_description_of_its_own_takes_none_that_fits_another_better() -> None:
    found = match(edges([[20.0, 12.0], [1.0, 1.0]]))
    assert found.code[0] == 0 and found.margin[0] > 2


def test_room_for_two_lets_two_in() -> None:
    table = [[12.0, 0.0], [12.0, 0.0], [0.0, 12.0]]
    assert match(edges(table)).margin.tolist()[0] <= 0
    found = match(edges(table, [2, 1]))
    assert found.code.tolist() == [0, 0, 1] and found.margin.min() > 3


def test_a_description_that_fits_a_code_better_that_another_one_has_is_less_sure_of_its_own() -> None:
    """The second description has the same score with its code in both tables, and would rather have the first's."""
    displaced = match(edges([[30.0, 0.0], [18.0, 12.0]]))
    content = match(edges([[30.0, 0.0], [11.0, 12.0]]))
    assert displaced.code.tolist() == content.code.tolist() == [0, 1]
    assert displaced.margin[1] <= content.margin[1] - 2


BOUNDED = "Compute the triple integral of xyz over the region given by 0 ≤ x ≤ 3, 0 ≤ y ≤ 2 and 0 ≤ z ≤ 1."
CUBE = r"""from manim import *

class TripleIntegral(Scene):
    def construct(self):
        problem = MathTex(r"(x, y, z): 0 \leq x \leq 1, 0 \leq y \leq 1, 0 \leq z \leq 1")
        self.play(Write(problem))
"""
BOX = r"""from manim import *

class TripleIntegral(Scene):
    def construct(self):
        problem = MathTex(r"\int_0^1 \int_0^2 \int_0^3 xyz \,dx\,dy\,dz")
        self.play(Write(problem))
"""


def test_a_code_whose_bounds_contradict_a_description_loses_to_one_that_agrees() -> None:
    """The cube has more words and signs of the description; the box has its bounds."""
    others = mixed(written_pairs(120))
    _, found = repaired({"one": [*others, (BOUNDED, CUBE), ("Show a moving picture of something.", BOX)]})
    assert found[-2] == BOX


def test_a_published_pair_goes_only_where_hardly_any_right_one_is_below() -> None:
    """Not for being among the few of its part that fit least: in a part whose pairs are right, they are right too."""
    fits = [0.01, 0.1, 0.2, *[0.9] * 97]
    rows = pl.DataFrame(
        {
            "index": pl.Series(range(100), dtype=pl.UInt32),
            "official": False,
            "part": 0,
            "fit": fits,
            "split": "train",
        }
    )
    part = Part("one", "all rows", rows=100, auc=0.99, shuffled=False, verdict="paired")
    dropped = drop_mismatched(open_ledger(rows), [part], 0.02).filter(pl.col("stage") == "pair")

    assert dropped["index"].to_list() == [0]
    assert dropped["detail"].to_list() == ["fit 0.01, usual is at least 0.05"]
