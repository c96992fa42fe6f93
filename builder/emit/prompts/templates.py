"""The templates, by kind of description: thirteen slots a kind, each with its ways of saying it, best first.

The last way of a slot takes any description, unchanged and behind a colon. Two slots never give the same prompt: no
opening of a kind starts another one of a different slot, and the one way without an opening adds fewer letters to a
description than any opening.
"""

from dataclasses import dataclass

from builder.emit.prompts.phrasing import Flag, Kind, Phrase

SLOTS = 13
"""Variants that every description has. A prime, so that every stride through them reaches all."""


@dataclass(frozen=True, slots=True)
class Template:
    """An opening and the form of a description that follows it."""

    opening: str
    """Ends in a colon, or in a word or comma that a space follows; empty if the form is a sentence by itself. `{noun}`
    stands for "request", "question" and the like."""
    form: str
    """A form of `Phrase`: "text", "bare", "third" or "manim"."""
    unless: frozenset[Flag] = frozenset()
    """Flags of descriptions that it does not suit."""


_CREATES, _CONTINUES = frozenset({Flag.CREATES}), frozenset({Flag.CONTINUES})
_ANIMATION = frozenset({Flag.ANIMATES, Flag.STATIC})
_NO_FLAGS: frozenset[Flag] = frozenset()


def _bare(opening: str, unless: frozenset[Flag] = _NO_FLAGS) -> Template:
    return Template(opening, "bare", unless)


def _third(opening: str, unless: frozenset[Flag] = _NO_FLAGS) -> Template:
    return Template(opening, "third", unless)


def _text(opening: str) -> Template:
    return Template(opening, "text")


NEUTRAL = (
    _text("Create a Manim scene for this {noun}:"),
    _text("Write Manim code for this {noun}:"),
    _text("Generate a Manim scene for the following {noun}:"),
    _text("Using Manim Community Edition, write a program for this {noun}:"),
    _text("I need Manim code for this {noun}:"),
    _text("Please write a complete Manim program for this {noun}:"),
    _text("Here is a {noun} for a Manim scene:"),
    _text("Write a Manim script for the following {noun}:"),
    _text("Write a Python script with Manim for this {noun}:"),
    _text("Turn this {noun} into Manim code:"),
    _text("Build a Manim scene from this {noun}:"),
    _text("Write a Manim Scene class for this {noun}:"),
    _text("I would like a Manim program for this {noun}:"),
)
"""What each slot falls back on."""

_INSTRUCTION = (
    (
        _third("Create a Manim animation that", _CREATES | _ANIMATION),
        Template("", "manim"),
        _third("Create a Manim scene that", _CREATES),
        _bare("Create a Manim scene to", _CREATES),
        _bare("Use the Manim library to"),
    ),
    (_bare("Write Manim code to"),),
    (
        _third("Generate a Manim scene that", _CREATES),
        _bare("Generate a Manim scene to", _CREATES),
        _bare("Write a Manim program to"),
    ),
    (_bare("Using Manim Community Edition,"),),
    (_bare("I need Manim code to", _CONTINUES),),
    (_bare("Please write a complete Manim program to"),),
    (_bare("Use Manim to"),),
    (_third("Write Manim code that"), _bare("Write a Manim script to")),
    (_bare("Write a Python script that uses Manim to"),),
    (_bare("With Manim,"),),
    (_third("Build a Manim scene that", _CREATES), _bare("Please use Manim to")),
    (_third("Write a Manim Scene class that"), _bare("Write a Manim Scene class to")),
    (_bare("I would like you to use Manim to"),),
)

_WITH_TOOL = (
    (_bare("Please help me"),),
    (_bare("Write code to"),),
    (_bare("Write a program to"),),
    (_bare("Write a complete script to"),),
    (_bare("Give me code to"),),
    (_bare("I would like you to"),),
    (_bare("I need code to", _CONTINUES),),
    (_bare("I need a program to", _CONTINUES),),
    (_bare("I want you to"),),
    (_bare("Please write the code to"),),
    (_bare("Implement a program to"),),
    (_bare("Develop a program to"),),
    (_bare("Write the source code to"),),
)

_CODE = tuple(
    (_bare(opening),)
    for opening in (
        "Please help me",
        "Your task is to",
        "I would like you to",
        "I want you to",
        "I need you to",
        "The task is to",
        "Your job is to",
        "My request is that you",
        "Your assignment is to",
        "You are asked to",
        "What I need is for you to",
        "I am asking you to",
        "It is your task to",
    )
)

_HOW_TO = (
    (_bare("Write Manim code that shows how to"),),
    (_bare("Show me how to use Manim to"),),
    (_bare("Explain with Manim code how to"),),
    (_bare("Using Manim Community Edition, show me how to"),),
    (_bare("I need Manim code that shows how to"),),
    (_bare("Please show me how to use Manim to"),),
    (_bare("I want to know how to use Manim to"),),
    (_bare("Give me Manim code that shows how to"),),
    (_bare("Write a Python script with Manim that shows how to"),),
    (_bare("With a Manim program, show me how to"),),
    (_bare("Write a Manim example that shows how to"),),
    (_text("Answer this question with a Manim program:"),),
    (_text("Write Manim code that answers this question:"),),
)

_HOW_TO_WITH_TOOL = (
    (_bare("Write code that shows how to"),),
    (_bare("Show me how to"),),
    (_bare("Explain how to"),),
    (_bare("Write an example that shows how to"),),
    (_bare("I need code that shows how to"),),
    (_bare("Please show me how to"),),
    (_bare("I want to know how to"),),
    (_bare("Give me code that shows how to"),),
    (_bare("Write a program that shows how to"),),
    (_bare("Teach me how to"),),
    (_bare("I would like to learn how to"),),
    (_text("Answer this question with a program:"),),
    (_text("Write code that answers this question:"),),
)

_QUESTION = tuple(
    (_text(opening),)
    for opening in (
        "Create a Manim animation that answers the question:",
        "Write Manim code for an animation that answers this question:",
        "Generate a Manim scene that answers this question:",
        "Using Manim Community Edition, animate an answer to this question:",
        "I need a Manim animation that answers the following question:",
        "Please write a complete Manim program that answers this question visually:",
        "Use Manim to answer this question with an animation:",
        "Write a Manim script that illustrates the answer to this question:",
        "Write a Python script that uses Manim to answer this question:",
        "With Manim, animate the answer to this question:",
        "Build a Manim scene that explains the answer to this question:",
        "Write a Manim Scene class that visualizes the answer to this question:",
        "I would like a Manim animation that explores this question:",
    )
)

_WAYS = {
    Kind.INSTRUCTION: _INSTRUCTION,
    Kind.REQUEST: _INSTRUCTION,
    Kind.CODE_REQUEST: _CODE,
    Kind.HOW_TO: _HOW_TO,
    Kind.QUESTION: _QUESTION,
}
_NOUNS = {
    Kind.HOW_TO: "question",
    Kind.QUESTION: "question",
}
"""What neutral templates call a description; the others are requests."""


def ways(phrase: Phrase, slot: int) -> tuple[Template, ...]:
    """The ways of a slot (from 0) for descriptions of this kind, best first, the neutral one last."""
    tool = Flag.TOOL in phrase.flags
    slots: tuple[tuple[Template, ...], ...] = _WAYS.get(phrase.kind, ((),) * SLOTS)
    if tool and phrase.kind is Kind.HOW_TO:
        slots = _HOW_TO_WITH_TOOL
    elif tool and slots is not _CODE and slots is not _QUESTION:
        slots = _WITH_TOOL
    return (*slots[slot], NEUTRAL[slot])


def fill(template: Template, phrase: Phrase) -> str | None:
    """The prompt that a template makes of a description; `None` if it does not suit."""
    form: str | None = getattr(phrase, template.form)
    if form is None or template.unless & phrase.flags:
        return None
    opening = template.opening.replace("{noun}", _NOUNS.get(phrase.kind, "request"))
    if template.form == "text" and "\n" in form:
        return f"{opening}\n\n{form}"
    return f"{opening} {form}" if opening else form


def all_templates() -> tuple[Template, ...]:
    """Every template once, in a fixed order: the numbers that `benchmarks.augmentation` prints count these from 1."""
    sets = (_INSTRUCTION, _WITH_TOOL, _CODE, _HOW_TO, _HOW_TO_WITH_TOOL, _QUESTION)
    found = dict.fromkeys(way for slots in sets for slot in slots for way in slot)
    return (*found, *NEUTRAL)
