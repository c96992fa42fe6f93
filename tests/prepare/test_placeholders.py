"""A text that stands where a description was to be written is no description, in any configuration."""

import pytest

from builder.prepare.check import check_description

PLACEHOLDERS = r"""
??????
.........
-----
……
aaaaaaaa
[PENDING_DESCRIPTION]
[MISSING]
<user prompt here>
{prompt}
{{ user_prompt }}
${prompt}
%(prompt)s
<YOUR_PROMPT>
TODO: write a description
TODO
TBD later
FIXME
N/A
N/A for this one
none
None given yet
null
No description provided.
-- no prompt --
(no description)
description
Prompt 17
the prompt
Description not available
Insert prompt here
Enter your description here
Your prompt goes here
untitled animation
Untitled 3
See the code below
see attached file
Lorem ipsum dolor sit amet
coming soon
To be written
"""
DESCRIPTIONS = """
None of the circles overlap
Missing puzzle piece slides into place
Question: what is x?
[0, 1] is an interval
{x | x > 0} as a region
<x, y> is an inner product
Todo list animation
Placeholder text box fades in
∑ → ∞ and back
See the code of life unfold
Unknown vector x
Untitled goose walks
Description of a limit
Empty set symbol appears
No circle touches another one
Write the prompt of a shell
Pending tasks move to done
"""


@pytest.mark.parametrize("text", PLACEHOLDERS.strip().split("\n"))
def test_a_placeholder_is_no_description(text: str) -> None:
    """Only punctuation, one letter, an empty slot, or a note that something is missing."""
    problem = check_description(text)
    assert problem is not None
    assert problem[0] == "placeholder_description"


@pytest.mark.parametrize("text", DESCRIPTIONS.strip().split("\n"))
def test_words_of_placeholders_in_a_description_are_words(text: str) -> None:
    """A description may begin as one does."""
    assert check_description(text) is None
