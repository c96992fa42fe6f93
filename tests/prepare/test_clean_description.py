"""Cleaning of descriptions, and the form in which they are compared."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.manim_lint.syntax import names
from builder.prepare.clean_description import clean_description, normalise_description
from builder.prepare.keys import description_key

WRAPPER = (
    "Generate accurate and correct ManimCE Python code for the animation requested by the user. "
    "Here is the user's request:"
)


def cleaned(text: str) -> str:
    return clean_description(text)[0]


def test_a_clean_description_is_left_alone() -> None:
    """No step is taken on plain words."""
    assert clean_description("Draw a red circle.") == ("Draw a red circle.", [])


@pytest.mark.parametrize(
    ("dirty", "steps"),
    [
        pytest.param(f"{WRAPPER} Draw a circle", ["wrapper"], id="wrapper"),
        pytest.param(f"{WRAPPER}\n\nDraw a circle", ["wrapper"], id="wrapper on a line of its own"),
        pytest.param(f"{WRAPPER.upper()} Draw a circle", ["wrapper"], id="wrapper in capitals"),
        pytest.param(f'"{WRAPPER} Draw a circle"', ["wrapper", "stray_quotes"], id="wrapper in quotes"),
        pytest.param(f'{WRAPPER} "Draw a circle"', ["wrapper", "stray_quotes"], id="quotes in the wrapper"),
        pytest.param(f"{WRAPPER} {WRAPPER} Draw a circle", ["wrapper"], id="wrapper twice"),
        pytest.param("Draw a circle_x000D_\n", ["description_excel", "white_space"], id="excel line end"),
        pytest.param("  Draw  a \t circle \n", ["white_space"], id="white space"),
        pytest.param("Draw\u00a0a\u2003circle", ["white_space"], id="white space of other kinds"),
        pytest.param("\ufeffDraw a\u200b circle", ["white_space"], id="invisible characters"),
        pytest.param('"Draw a circle"', ["stray_quotes"], id="double quotes"),
        pytest.param("'Draw a circle'", ["stray_quotes"], id="single quotes"),
        pytest.param("“Draw a circle”", ["stray_quotes"], id="curly quotes"),
        pytest.param("`Draw a circle`", ["stray_quotes"], id="backticks"),
        pytest.param("\"'Draw a circle'\"", ["stray_quotes"], id="quotes in quotes"),
        pytest.param('" Draw a circle', ["stray_quotes"], id="a quote that is never closed"),
        pytest.param('Draw a circle"', ["stray_quotes"], id="a quote that was never opened"),
        pytest.param("Draw a circle”", ["stray_quotes"], id="a curly quote that was never opened"),
    ],
)
def test_each_hazard_is_cleaned_by_its_step(dirty: str, steps: list[str]) -> None:
    """The words come back to the letter, with the exact steps in the order in which they were taken."""
    text, taken = clean_description(dirty)
    assert text == "Draw a circle"
    assert [step.removeprefix("clean:") for step in names(taken)] == steps


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('"sin" and then "cos"', id="quotes at both ends that are not a pair"),
        pytest.param("'a' plus 'b'", id="single quotes at both ends that are not a pair"),
        pytest.param('Write the word "circle"', id="a pair at the end"),
        pytest.param('"Hello" appears', id="a pair at the start"),
        pytest.param("'Tis a circle", id="an apostrophe at the start"),
        pytest.param("Rotate the squares'", id="an apostrophe at the end"),
        pytest.param("Generate accurate and correct ManimCE Python code", id="words like the wrapper's"),
        pytest.param('Write “A” and "', id="a quote and a pair of another kind"),
    ],
)
def test_quotes_and_words_that_belong_to_the_text_stay(text: str) -> None:
    """Only a pair around the whole text, or a quote without a partner, is taken off."""
    kept = {'Write “A” and "': "Write “A” and"}.get(text, text)
    assert cleaned(text) == kept


def test_list_items_keep_their_lines_and_indents() -> None:
    """Spaces before an item and single line ends mean something; spaces inside a line and blank lines do not."""
    dirty = "Draw:\r\n- a  circle\n    - in   red \n\n\n\n\t- a square\n"
    assert cleaned(dirty) == "Draw:\n- a circle\n    - in red\n\n - a square"


def test_a_wrapper_around_nothing_leaves_nothing() -> None:
    """A request that was never made is an empty description."""
    assert clean_description(f"{WRAPPER} ") == ("", [("clean:wrapper", "")])


PIECES = [
    *(WRAPPER, "Draw a circle", "red", ".", '"', "'", "“", "”", "`", "‘", "’", " ", "  ", "\n", "\r\n", "\t"),
    *("_x000D_", "\u00a0", "\u3000", "\ufeff", "\u200b", "- item", "e\u0301", "İ", "\x85", "\u2028", "\f"),
]
WILD = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=10).map("".join))


@settings(max_examples=500, deadline=None)
@given(WILD)
def test_cleaning_twice_equals_cleaning_once(text: str) -> None:
    """Any text is cleaned without an error, and a second cleaning finds nothing to do."""
    once, steps = clean_description(text)
    assert (once == text) == (not steps)
    assert clean_description(once) == (once, [])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES[1:]), max_size=10).map("".join))
def test_cleaning_never_changes_words(text: str) -> None:
    """What is left, white space and quotes aside, is what was there."""

    def words(of: str) -> str:
        return "".join(c for c in of.replace("_x000D_", "") if not c.isspace() and c not in "\"'“”‘’`\ufeff\u200b")

    assert words(cleaned(text)) == words(text)


@pytest.mark.parametrize(
    "same",
    [
        pytest.param("DRAW a Café Circle", id="case"),
        pytest.param("draw a cafe\u0301 circle", id="composed and decomposed letters"),
        pytest.param("  draw\ta\n\ncafé   circle ", id="white space"),
        pytest.param("draw a café circle.", id="a final full stop"),
        pytest.param('"draw a café circle"', id="outer quotes"),
        pytest.param("“Draw a café circle.”", id="a full stop in curly quotes"),
        pytest.param("'draw a café circle'.", id="a full stop after quotes"),
    ],
)
def test_descriptions_that_differ_in_form_alone_are_equal(same: str) -> None:
    """Case, NFC, white space, outer quotes and a final full stop do not count."""
    assert normalise_description(same) == "draw a café circle"
    assert description_key(same) == description_key("draw a café circle")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('Color it "#FF0000"', 'Color it "#00FF00"'),
        ("Draw x^2", "Draw x^3"),
        ("Is it red?", "Is it red"),
        ("Draw a circle, red", "Draw a circle red"),
        ("Write 'a' in red", "Write a in red"),
    ],
)
def test_descriptions_that_say_different_things_differ(one: str, other: str) -> None:
    """Every other character counts."""
    assert normalise_description(one) != normalise_description(other)
    assert description_key(one) != description_key(other)


@pytest.mark.parametrize("nothing", ["", " \n", ".", '"."', "''"])
def test_a_description_of_nothing_has_no_key(nothing: str) -> None:
    """Empty descriptions are not duplicates of one another."""
    assert description_key(nothing) is None


@settings(max_examples=500, deadline=None)
@given(WILD.filter(lambda text: sum(text.count(quote) for quote in "\"'“”‘’`") <= 4))
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    """For two pairs of quotes at the most: twice equals once, and composed and decomposed texts are equal."""
    once = normalise_description(text)
    assert normalise_description(once) == once
    assert normalise_description(unicodedata.normalize("NFD", text)) == once
