"""Texts found by hashes of texts that are not at hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.similarity.fingerprints import (
    MOST,
    alike,
    near_signatures,
    signature,
)

HELD = ["Draw a red circle that moves to the left of the scene.", "Make a 3x3 grid of green dots.", "Hello"]
SIGNATURES = [signature(text) for text in HELD]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (HELD[0], 0),
        ("draw a red circle taht moves to the LEFT of the scene", 0),
        ("Draw a red circle which moves to the left of a scene", 0),
        ("make a 3×3 grid of green dots", 1),
    ],
)
def test_a_near_text_is_found(text: str, place: int) -> None:
    assert near_signatures([text], SIGNATURES, 0.8)["right"].to_list() == [place]


@pytest.mark.parametrize(
    "text",
    [
        "Draw a blue circle that moves to the left of the scene.",
        "Make a 4x4 grid of green dots.",
        "A red circle, and at the left another thing altogether",
        "",
    ],
)
def test_another_text_is_not(text: str) -> None:
    assert near_signatures([text], SIGNATURES, 0.8).is_empty()


def test_all_near_pairs_of_many_texts_are_told() -> None:
    found = near_signatures(["hello!", HELD[1], "nothing"], SIGNATURES, 0.8)
    assert found.rows() == [(0, 2, 1.0), (1, 1, 1.0)]


def test_a_long_text_keeps_a_bounded_number_of_hashes_and_is_still_found() -> None:
    text = " ".join(f"word{number * 7919 % 1000} and" for number in range(2_000))
    held = signature(text)
    assert len(held.grams) == MOST
    assert near_signatures([text.replace("word5 ", "word5  ")], [held], 0.9).rows() == [(0, 0, 1.0)]
    assert alike(held, signature(text[: len(text) // 2])) < 0.8


@given(st.text(), st.text())
@settings(deadline=None)
def test_any_texts_have_a_similarity_by_signature(one: str, other: str) -> None:
    first, second = signature(one), signature(other)
    assert 0 <= alike(first, second) <= 1
    assert alike(first, second) == alike(second, first)
    assert near_signatures([one], [first], 1.0).rows() == [(0, 0, 1.0)]
