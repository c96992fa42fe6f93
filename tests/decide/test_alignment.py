"""The alignment score, on pairs made of everyday words."""

import numpy as np
import polars as pl

from builder.decide.pairing.alignment import advantages, learn_alignment, sample_of, score_pairs
from builder.decide.pairing.vectors import code_vectors, description_vectors
from builder.prepare.features import code_words, description_words
from tests.pairs import pairs_frame, written_pairs


def scores(rows: pl.DataFrame) -> list[float]:
    alignment = learn_alignment(rows["description_words"], rows["code_words"])
    return score_pairs(rows, alignment).tolist()


def test_own_pairs_score_above_mixed_ones() -> None:
    rows = pairs_frame(written_pairs(200))
    alignment = learn_alignment(rows["description_words"], rows["code_words"])
    mixed = rows.with_columns(
        pl.Series("code_words", [*rows["code_words"][1:], rows["code_words"][0]], dtype=pl.List(pl.UInt32))
    )
    own, other = score_pairs(rows, alignment), score_pairs(mixed, alignment)
    assert np.mean(own[:, None] > other[None, :]) > 0.98
    assert own.min() >= 0 and own.max() <= 1


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    rows = pairs_frame(written_pairs(100))
    alignment = learn_alignment(rows["description_words"], rows["code_words"])
    code = code_words("x = Dodecahedron()\ny = Circle()")
    prompts = [description_words("show a dodecahedron"), description_words("show a circle")]
    pair = pl.DataFrame({"description_words": prompts, "code_words": [code, code]}, schema_overrides=_LISTS)
    rare, common = score_pairs(pair, alignment)
    assert rare > common


def test_a_text_that_fits_everything_gains_nothing_by_it() -> None:
    """Over all codes, each description's advantages sum to nothing, and so do each code's over all descriptions."""
    rows = pairs_frame(written_pairs(20))
    alignment = learn_alignment(rows["description_words"], rows["code_words"])
    left = description_vectors(rows["description_words"], alignment.rarity)
    right = code_vectors(rows["code_words"], alignment.rarity)
    one, other = np.divmod(np.arange(400), 20)
    table = advantages(left[one], right[other], alignment).reshape(20, 20)
    assert np.allclose(table.sum(axis=0), 0) and np.allclose(table.sum(axis=1), 0)


def test_empty_and_missing_words_have_nothing_in_common() -> None:
    rows = pairs_frame(written_pairs(30))
    alignment = learn_alignment(rows["description_words"], rows["code_words"])
    nothing = pl.DataFrame({"description_words": [[], None], "code_words": [None, []]}, schema_overrides=_LISTS)
    assert max(score_pairs(nothing, alignment)) < 0.2
    assert score_pairs(nothing.clear(), alignment).tolist() == []


def test_scores_do_not_depend_on_the_batch() -> None:
    rows = pairs_frame(written_pairs(60))
    alignment = learn_alignment(rows["description_words"], rows["code_words"])
    whole = score_pairs(rows, alignment)
    assert whole.tolist() == [*score_pairs(rows.head(7), alignment), *score_pairs(rows.tail(-7), alignment)]


def test_a_sample_is_chosen_by_content_not_by_order() -> None:
    rows = pairs_frame(written_pairs(50))
    one = sample_of(rows, 10)["description_key"].to_list()
    other = sample_of(rows.reverse().with_columns(pl.int_range(50, dtype=pl.UInt32).alias("index")), 10)
    assert sorted(one) == sorted(other["description_key"].to_list())


_LISTS = {"description_words": pl.List(pl.UInt32), "code_words": pl.List(pl.UInt32)}


def test_a_contradiction_costs_and_silence_does_not() -> None:
    """With contradictions alone counted, another number of a thing is below zero, the same number and none are zero."""
    prompt = pl.Series([description_words("Show two protons")] * 3, dtype=pl.List(pl.UInt32))
    texts = [f"p = [proton() for _ in range({number})]" for number in (6, 2)] + ["p = proton()"]
    codes = pl.Series([code_words(text) for text in texts], dtype=pl.List(pl.UInt32))
    rarity = learn_alignment(prompt, codes).rarity
    left, right = description_vectors(prompt, rarity), code_vectors(codes, rarity, {"contradiction": 10.0})
    assert left.multiply(right).sum(axis=1).ravel().tolist() == [-1.0, 0.0, 0.0]
