"""Similarity of descriptions: the terms in which they must agree, and the letters of all."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.similarity.compare import LONG, same_meaning, similarity
from builder.similarity.key_terms import differing, key_terms

SAME = [
    ("Draw a red circle.", "DRAW A RED CIRCLE!!"),
    ("Rotate the square by 90°, clockwise.", "Rotate the square by 90 degree clockwise"),
    ("Display a 2×2 table with row labels.", "Display a 2x2 table, with row labels"),
    ("Write “Hello World” at the top-left.", 'write "hello world" at the top left'),
    ("Show two circles that move to the left side", "Show 2 circles that move to teh left side"),
    ("Use FadeIn on the MathTex object", "use fadein on the mathtex object"),
    ("Move the segment upward by 2.0 units", "Move the segment upwards by 2 units"),
    ("Draw a red circle", "Draw a red cirlce"),
    ("Dibuja un círculo rojo que gira", "DIBUJA UN CÍRCULO ROJO, QUE GIRA"),
]
OTHER = [
    ("Draw a red circle", "Draw a blue circle"),
    ("Draw a red circle", "Draw a red coil"),
    ("Draw a circle of radius 1", "Draw a circle of radius 9"),
    ("Circle(radius=1)", "Circle(radius=9)"),
    ("Make a 3x3 grid of dots", "Make a 4x4 grid of dots"),
    ("Draw a circle in the scene", "Draw a square in the scene"),
    ("Move the dot to the left", "Move the dot to the right"),
    ("Fade in, then move the text up", "Fade out, then move the text up"),
    ("Plot from -2 to 2 on the axes", "Plot from 2 to 2 on the axes"),
    ("Simplify 3x - 2 on the screen", "Simplify 3x + 2 on the screen"),
    ("A red circle beside a blue square", "A blue circle beside a red square"),
    ('Write "Hello there" in the middle', 'Write "Hello three" in the middle'),
    ("Show \\(x^2\\) on the screen", "Show \\(x^3\\) on the screen"),
    ("Show $\\Delta x$ on the screen", "Show $\\delta x$ on the screen"),
    ("Call `self.play` on the object", "Call `self.wait` on the object"),
    ("Label the point A on the graph", "Label the point B on the graph"),
    ("Set the colour to #FF0000 please", "Set the colour to #00FF00 please"),
    ("setting_up_a_scene.py", "setting_up_b_scene.py"),
    ("Do not rotate the group of lines", "Do now rotate the group of lines"),
    ("Create a regular pentadecagon", "Create a regular tetradecagon"),
]
wild = (
    st.text()
    | st.text(alphabet="aA1.-'\"`$\\([ \n×“”²é_=#", max_size=60)
    | st.from_regex(r"(Draw|a|red|cirlce|3x3|  )*")
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_case_punctuation_and_slips_leave_the_meaning(one: str, other: str) -> None:
    verdict = same_meaning(one, other, 0.9)
    assert verdict.near, verdict


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_one_key_term_apart_is_another_meaning_however_alike_the_letters(one: str, other: str) -> None:
    verdict = same_meaning(one, other, 0.0)
    assert not verdict.agrees
    assert not verdict.near
    assert verdict.score > 0.7


def test_a_verdict_says_what_differs() -> None:
    verdict = same_meaning("Draw a red circle", "Draw 2 blue circles", 0.5)
    assert (verdict.only_left, verdict.only_right) == (("red",), ("2", "blue"))


def test_words_swapped_differ_in_order_alone() -> None:
    one, other = key_terms("red circle, blue square"), key_terms("blue circle, red square")
    assert one != other
    assert differing(one, other) == ((), ())


def test_plain_words_have_no_terms_and_all_others_do() -> None:
    assert key_terms("Please show me what you want").terms == ()
    assert key_terms("a lane with Nebulon").terms == ("~lane", "?nebulon")
    assert key_terms("radius 10").terms != key_terms("radius 100").terms


def test_two_prices_are_no_formula_and_an_apostrophe_opens_no_quote() -> None:
    assert key_terms("from $5 to $10").terms == ("5", "10")
    assert key_terms("the dog's tail isn't the cat's").terms == ("~dog", "~tail", "not", "~cat")


def test_equal_terms_are_one_key() -> None:
    one, other = key_terms("Draw a RED circle"), key_terms("a red circle.")
    assert one == other
    assert hash(one) == hash(other)
    assert one.key == other.key
    assert one.key == 3532037773822298377  # the same on every machine


@given(wild, wild)
def test_similarity_is_symmetric_and_a_share(one: str, other: str) -> None:
    score = similarity(one, other)
    assert 0 <= score <= 1
    assert score == similarity(other, one)
    assert similarity(one, one) == 1


@given(wild, wild)
@settings(deadline=None)
def test_any_texts_have_a_verdict(one: str, other: str) -> None:
    verdict = same_meaning(one, other, 0.9)
    assert same_meaning(other, one, 0.9).near == verdict.near
    assert same_meaning(one, one, 1.0).near


def test_long_texts_are_compared_in_bounded_time() -> None:
    text = "draw a red circle and then a square " * (LONG // 10)
    begun = time.perf_counter()
    assert similarity(text, text + "again") > 0.99
    assert similarity(text, text[::-1]) < 0.1
    assert time.perf_counter() - begun < 20


@pytest.mark.parametrize("piece", ["a1", "a.a", " 'a", '"', "\\(", "_a1", "1.", "x - ", "``` ", "$a ", "=(", "-(-"])
def test_no_text_takes_the_square_of_its_length(piece: str) -> None:
    begun = time.perf_counter()
    key_terms(piece * (300_000 // len(piece)))
    assert time.perf_counter() - begun < 20
