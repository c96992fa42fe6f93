"""What texts and programs state a value for."""

import pytest

from builder.prepare.features import Role, code_words, description_words
from builder.prepare.values import stated_in_code, stated_in_text


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("0 <= x <= 3", {("bounds of x", "0 3")}),
        (r"0 \leq \theta \leq 2\pi", {("bounds of theta", "0 2pi")}),
        ("y ranging from -1 to 2.5", {("bounds of y", "-1 2.5")}),
        ("from x=0 to x=2.", {("bounds of x", "0 2")}),
        ("0 to 1 in x, 0 to 2 in y", {("bounds of x", "0 1"), ("bounds of y", "0 2")}),
        (r"\sum_{n=1}^{\infty}", {("bounds of n", "1 infty")}),
        ("the sum from n=1 to infinity", {("bounds of n", "1 infty")}),
        ("x in [0, 4]", {("bounds of x", "0 4")}),
        ("with respect to the axis", set()),
    ],
)
def test_bounds_of_a_variable_are_read_however_they_are_written(text: str, statements: set[tuple[str, str]]) -> None:
    """Inequalities, words, equations, intervals and LaTeX say the same."""
    assert set(stated_in_text(text)) == statements


def test_the_inner_integral_belongs_to_the_first_differential() -> None:
    """Bounds of nested integrals are given to their variables from the inside out."""
    found = set(stated_in_text(r"\int_{0}^{1} \int_{0}^{2} \int_{0}^{3} xyz \,dx\,dy\,dz"))
    assert {("bounds of x", "0 3"), ("bounds of y", "0 2"), ("bounds of z", "0 1")} <= found
    assert ("bounds of each", "unlike") in found and ("order of 3", "x y z") in found


@pytest.mark.parametrize(
    "text",
    [
        "integrating with respect to z, then y, and finally x",
        "integrate over z from 0 to 1, then y from 0 to 2, and lastly x from 0 to 3",
        "integrals with respect to z, y, and x, in that order",
        r"\iiint_V f \,dz\,dy\,dx",
    ],
)
def test_the_order_of_integration_is_read_from_words_and_from_differentials(text: str) -> None:
    """An order is stated by words of order between variables, or by differentials in a row."""
    assert ("order of 3", "z y x") in set(stated_in_text(text))


def test_a_list_of_variables_without_a_word_of_order_states_no_order() -> None:
    """Variables that are only listed are in no order."""
    assert not [slot for slot, _ in stated_in_text("integrate over x, y, and z") if slot.startswith("order")]


def test_cardinals_count_things_and_ordinals_do_not() -> None:
    """ "two protons" is a number of protons, "the second proton" is none."""
    assert set(stated_in_text("two small protons and 1 electron")) == {
        ("number of small", "2"),
        ("number of proton", "2"),
        ("number of electron", "1"),
    }
    assert not list(stated_in_text("the second proton"))


def test_a_program_states_axis_ranges_and_repeated_things() -> None:
    """Ranges of axes, comprehensions and counting names state values."""
    code = "axes = Axes(x_range=[-5, 5, 1])\np = [self.make_proton() for _ in range(6)]\nnum_layers = 3\n"
    assert set(stated_in_code(code)) == {
        ("range of x", "-5 5"),
        ("number of mak", "6"),
        ("number of proton", "6"),
        ("number of lay", "3"),
    }


def test_a_description_that_gives_a_slot_two_values_states_neither() -> None:
    """With "two electrons" here and "four electrons" there, no single number contradicts."""
    roles = [word >> 28 for word in description_words("first two electrons, then four electrons")]
    assert Role.SLOT not in roles
    assert Role.SLOT in [word >> 28 for word in description_words("two electrons")]


def test_a_description_and_a_program_share_slots_and_values_by_their_lower_bits() -> None:
    """ "two protons" and a comprehension of two protons fill the same slot with the same value."""

    def stated(words: list[int], role: Role) -> set[int]:
        return {word & 0xFFFFFFF for word in words if word >> 28 == role}

    prompt = description_words("two protons")
    two, six = (code_words(f"p = [proton() for _ in range({count})]") for count in (2, 6))
    assert stated(prompt, Role.SLOT) == stated(two, Role.SLOT) == stated(six, Role.SLOT)
    assert stated(prompt, Role.VALUE) == stated(two, Role.VALUE) != stated(six, Role.VALUE)
