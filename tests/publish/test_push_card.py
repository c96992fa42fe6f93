"""The card of a pushed repository: what the tool writes and what a person added, brought together."""

import pytest

from builder.publish.card import END, START, merged_card

NEW = f"---\nlanguage: en\ntags:\n- manim\n---\n\n{START}\n\n# New\n\n{END}\n"


def test_without_an_earlier_card_the_new_one_stands():
    """Also where the earlier one is blank."""
    assert merged_card(NEW, "") == merged_card(NEW, "\n \n") == NEW


def test_the_generated_part_is_replaced_and_text_around_it_stays():
    """Above and below, to the letter."""
    old = f"---\nlanguage: fr\n---\nAbove.\n\n{START}\n# Old\n{END}\nBelow.  \n"

    assert merged_card(NEW, old) == (
        f"---\nlanguage: en\ntags:\n- manim\n---\nAbove.\n\n{START}\n\n# New\n\n{END}\nBelow.  \n"
    )


def test_keys_that_the_tool_does_not_write_stay_as_they_stand():
    """With their comments, lists and odd spacing; keys that it writes are replaced."""
    own = '# why\narxiv:   1234.5\nextra_gated_fields:\n  Name: text\n\n- odd\n"quoted": yes\n'
    old = f"---\n{own}tags:\n- mine\nlanguage: fr\n---\n\n{START}\n{END}\n"

    assert merged_card(NEW, old).startswith(f"---\nlanguage: en\ntags:\n- manim\n{own}---\n\n{START}")


@pytest.mark.parametrize(
    "old",
    [
        "# Mine\n\nText.\n",
        "---\nlicense: mit\n---\n# Mine\n\nText.\n",
        f"---\nlicense: mit\n---\n{START}\nold\n{END}\n\n# Mine\n\nText.\n",
        f"---\r\nlicense: mit\r\n---\r\n{START}\r\nold\r\n{END}\r\n\r\n# Mine\r\n\r\nText.\r\n",
        f"{START}\nnever closed\n\n# Mine\n\nText.\n",
        "---\n---\n# Mine\n\nText.\n",
        "--- a rule, no head\n# Mine\n\nText.\n",
    ],
)
def test_nothing_that_a_person_wrote_is_lost_and_a_second_merge_changes_nothing(old):
    """Whatever shape the earlier card has."""
    merged = merged_card(NEW, old)

    assert "# Mine\n\nText.\n" in merged
    assert "# New" in merged
    assert "\nold\n" not in merged
    assert ("license: mit" in merged) == ("license: mit" in old)
    assert merged_card(NEW, merged) == merged
