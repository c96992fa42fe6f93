"""Phrasing: what kind of text a description is, and the forms in which it fits into another sentence."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.emit.augment import VARIANTS, variant_of, variant_text
from builder.emit.prompts.forms import INSTRUCTIONS, first_sentence, mask_literals, third_person
from builder.emit.prompts.phrasing import Flag, Kind, analyse
from builder.emit.prompts.templates import NEUTRAL, SLOTS, all_templates, ways


def variants(description: str) -> list[str]:
    """All prompts made of a description."""
    return [variant_text(description, variant) for variant in range(1, VARIANTS + 1)]


def is_neutral(description: str) -> bool:
    """Whether every variant has the description behind a colon, as it is."""
    return all(variant_of(description, variant)[0] in NEUTRAL for variant in range(1, VARIANTS + 1))


@pytest.mark.parametrize(
    ("description", "kind"),
    [
        ("Display three banners.", Kind.INSTRUCTION),
        ("Plot the curve of a sine.", Kind.INSTRUCTION),
        ("Could you draw a circle?", Kind.REQUEST),
        ("I'd like to create an animation of a ring.", Kind.REQUEST),
        ("I would like to see an animated video that explains rings.", Kind.REQUEST),
        ("Please rotate the square.", Kind.REQUEST),
        ("Write a script that draws a circle", Kind.CODE_REQUEST),
        ("How can I create an animation of a ring?", Kind.HOW_TO),
        ("Can you show me how to create an animation of a ring?", Kind.HOW_TO),
        ("How does a ring roll?", Kind.QUESTION),
        ("Of 40 students, 25 study Biology. How many do not?", Kind.QUESTION),
        ("The scene shows a ring.", Kind.REQUEST),
        ("This code defines a scene with a ring.", Kind.CODE_REQUEST),
        ("A ring that grows and fades", Kind.REQUEST),
    ],
)
def test_the_kind_of_a_description_is_told(description, kind):
    """By its first words, and never by a guess."""
    assert analyse(description).kind is kind


@pytest.mark.parametrize(
    "description",
    [
        pytest.param("Plot of the sine function", id="a noun that could be a verb"),
        pytest.param("Graph theory basics", id="a compound noun"),
        pytest.param("A blue circle moves to the right", id="a sentence without an instruction"),
        pytest.param("Can you create a ring, and can you also turn it?", id="two requests in one sentence"),
        pytest.param("I would like to see a ring roll down a hill", id="a small clause"),
        pytest.param("I want to draw a ring. How can I do that?", id="a question that only its author can ask"),
        pytest.param("How does it roll? Show it.", id="a question and an instruction"),
        pytest.param("DRAW A RING", id="capitals"),
        pytest.param("円を描く", id="another language"),
        pytest.param("Consider a ring.", id="an instruction to the reader"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_not_sure_stays_as_it_is_behind_a_colon(description):
    """No form is made of it but its own."""
    assert analyse(description).kind is Kind.OTHER
    assert is_neutral(description)
    assert all(prompt.endswith(f": {description}") for prompt in variants(description))


@pytest.mark.parametrize(
    ("description", "third"),
    [
        ("Draw a ring.", "draws a ring."),
        ("Draw a ring and fade it out, then show the label.", "draws a ring and fades it out, then shows the label."),
        ("Display a grid, then plot the curve.", "displays a grid, then plots the curve."),
        ("Fade in the axes", "fades in the axes."),
        ("Create a square and color it red.", "creates a square and colors it red."),
        ("Display a circle and square.", "displays a circle and square."),
        ("Display the words and fade labels.", None),
        ("Draw two dots that grow and change the color.", None),
        ("Use the arrows to connect A and show the flow.", None),
        ("Draw a ring. Then turn it.", None),
        ("Draw a ring. Then, slowly turn it.", None),
        ("Draw a ring. Pause for a second.", None),
        ("Draw a ring:\n- turn it\n- fade it out", None),
        ("Draw a ring. It turns and fades.", "draws a ring. It turns and fades."),
    ],
)
def test_every_verb_of_an_instruction_is_inflected_or_none(description, third):
    """A verb that may be a noun, or may belong to another verb, leaves the whole sentence as it is."""
    assert analyse(description).third == third


def test_literals_are_never_read_as_words():
    """Verbs in quotes, code and LaTeX stay, and so do the stops there."""
    description = 'Show the text "Draw a ring. And plot the curve", then fade out the `show` of $then plot the x$.'

    assert analyse(description).third == (
        'shows the text "Draw a ring. And plot the curve", then fades out the `show` of $then plot the x$.'
    )


@pytest.mark.parametrize(
    ("description", "bare"),
    [
        ("Could you please help me draw a ring?", "draw a ring."),
        ("I want to draw a ring", "draw a ring."),
        ("Can you draw a ring? It should turn.", "draw a ring. It should turn."),
        ("Using Manim, draw a ring", "draw a ring."),
        ("I would like an animation of a ring.", "create an animation of a ring."),
        ("I’d like to see a short video about rings.", "create a short video about rings."),
        ('Can you write "Why"?', 'write "Why".'),
        ("The scene shows a ring and turns it.", "create a scene that shows a ring and turns it."),
        ("A ring that grows", "show a ring that grows."),
        ("An animation of a ring", "create an animation of a ring."),
        ("Please draw a ring\n\nIt should turn", "draw a ring\n\nIt should turn"),
    ],
)
def test_a_request_is_unwrapped(description, bare):
    """Its question mark becomes a full stop; later sentences stay as they are."""
    assert analyse(description).bare == bare
    assert f"Write Manim code to {bare}" in variants(description)


def test_a_question_is_embedded_behind_a_colon():
    """Its words and its mark stay."""
    prompts = variants("How does a ring roll?")

    assert "Create a Manim animation that answers the question: How does a ring roll?" in prompts
    assert all(prompt.endswith(": How does a ring roll?") for prompt in prompts)


@pytest.mark.parametrize(
    "description",
    [
        "Create a Manim animation that displays a ring.",
        "Generate a Manim scene that displays a ring.",
        "Write Manim code to display a ring.",
        "Can you create an animation using ManimCE that displays a ring?",
        "I need a Python script that displays a ring using Manim",
    ],
)
def test_a_prompt_that_names_manim_is_not_wrapped_twice(description):
    """Outside the description itself, Manim is not named again, unless it stands unchanged behind a colon."""
    for prompt in variants(description):
        assert prompt.lower().count("manim") == 1 or prompt.endswith(f": {description}")
        assert "animation that creates" not in prompt
        assert "scene that generates" not in prompt


def test_an_instruction_to_create_takes_manim_into_its_own_words():
    """Instead of an animation that creates an animation."""
    prompt = variant_text("Can you create an educational animation that explains rings?", 1)

    assert prompt == "Create an educational Manim animation that explains rings."


def test_what_does_not_move_is_called_a_scene():
    """Not an animation without animation."""
    assert Flag.STATIC in analyse("Display a ring without animation.").flags
    assert variant_text("Display a ring without animation.", 1).startswith("Create a Manim scene that displays")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Draw y = 2.5x. Then stop.", "Draw y = 2.5x."),
        ("Draw a ring, e.g. a red one. Then stop.", "Draw a ring, e.g. a red one."),
        ('Write "Stop. Go." and stop. Then go.', 'Write "Stop. Go." and stop.'),
        ('Write the word "stop." The word is red.', 'Write the word "stop."'),
        ("Draw three rings:\n- red\n- green", "Draw three rings:"),
        ("Draw a ring", "Draw a ring"),
    ],
)
def test_the_first_sentence_ends_where_it_ends(text, first):
    """Not at the dot of a number, an abbreviation or a quotation."""
    assert text[: first_sentence(text).end] == first


@given(st.text(alphabet=st.sampled_from("ab. ?\n\"'`$\\(){}[]-0123¤“”")))
def test_masking_keeps_every_place(text):
    """The masked text is as long as the text, and its line breaks are a part of the text's."""
    masked = mask_literals(text)

    assert len(masked) == len(text)
    assert all(text[place] == "\n" for place, character in enumerate(masked) if character == "\n")


_WORDS = st.sampled_from(
    'Draw draw draws Create a an the ring rings and then , . ? : - \n \n\n "Stop." $x$ `f` show plot of that to it '
    "Can you I would like want please Please animation Manim scene How does code script The A using".split(" ")
)
DESCRIPTIONS = st.one_of(st.text(), st.lists(_WORDS, max_size=25).map(" ".join))


@pytest.mark.parametrize(
    "description",
    [
        "I would like you to create a ring using Manim.",
        "Please help me create a ring using Manim",
        "Write Manim code to x",
    ],
)
def test_a_description_in_the_words_of_a_template_has_no_variant_like_itself(description):
    """That variant is put behind a colon instead."""
    assert description.rstrip(".") not in [prompt.rstrip(".") for prompt in variants(description)]
    assert len(set(variants(description))) == VARIANTS


@given(DESCRIPTIONS)
def test_all_variants_of_any_description_differ(description):
    """From one another, and from the description in more than case, white space and the last stop."""
    prompts = variants(description)
    plain = {" ".join(prompt.lower().split()).rstrip(".?! ") for prompt in [description, *prompts]}

    assert len(set(prompts)) == VARIANTS
    assert len(plain) == VARIANTS + 1


@given(DESCRIPTIONS)
def test_what_follows_the_first_sentence_is_never_changed(description):
    """Every prompt ends in it, letter for letter; a lone last line may get a full stop."""
    rest = description[first_sentence(description).end :]

    assert all(prompt.endswith((rest, f"{rest}.")) for prompt in variants(description))


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 200_000,
        "\\(" * 100_000,
        '"' * 99_999,
        "a-" * 100_000,
        "and draw the " * 20_000,
        "a.b" * 90_000,
        "Draw " * 40_000,
    ],
    ids=["brackets", "latex", "quotes", "hyphens", "verbs", "dots", "words"],
)
def test_hostile_texts_take_no_longer_than_long_ones(hostile):
    """A fifth of a million characters, well below a second."""
    started = time.process_time()
    variant_text(f"Draw a ring {hostile}", 1)

    assert time.process_time() - started < 1


def test_no_opening_starts_another_of_the_same_kind():
    """So no two variants of a description can be equal, whatever follows."""
    seen = 0
    for description in ("Draw a ring", "Draw a ring using Manim", "Write a script", "How does a ring roll?", "x"):
        phrase = analyse(description)
        openings = [{way.opening for way in ways(phrase, slot) if way.opening} for slot in range(SLOTS)]
        for slot, some in enumerate(openings):
            others = {opening for other, more in enumerate(openings) if other != slot for opening in more}
            assert not [(one, two) for one in some for two in others if two.startswith(one)]
            seen += 1
    assert seen == 5 * SLOTS


def test_there_are_at_least_twelve_templates_for_each_kind_of_description():
    """Beside the neutral ones, which suit everything."""
    fluent = {
        description: {variant_of(description, variant)[0] for variant in range(1, VARIANTS + 1)} - set(NEUTRAL)
        for description in (
            "Display a ring.",
            "Could you create an animation of a ring? It should turn.",
            "Could you create an animation of a ring using ManimCE?",
            "Write a script that draws a ring.",
            "How can I create an animation of a ring?",
            "How does a ring roll?",
            "The scene shows a ring.",
            "This code defines a scene with a ring.",
            "A ring that rolls",
        )
    }

    assert {description: len(templates) for description, templates in fluent.items() if len(templates) < 12} == {}
    assert len(set(all_templates())) == len(all_templates()) > 90


def test_the_library_inflects_every_verb_of_the_list():
    """Regular and irregular ones; none comes back as it was."""
    assert [third_person(verb) for verb in ("draw", "have", "focus", "carry", "unwrite", "do")] == [
        "draws",
        "has",
        "focuses",
        "carries",
        "unwrites",
        "does",
    ]
    assert all(third_person(verb).endswith("s") and third_person(verb) != verb for verb in INSTRUCTIONS)
