"""Words of descriptions and codes as numbers."""

import time

from hypothesis import given
from hypothesis import strategies as st

from builder.prepare.features import HASH_BITS, MAX_FEATURES, Role, code_words, description_words
from builder.prepare.style import WORDS, Style, style_of_code, style_of_description

MASK = (1 << HASH_BITS) - 1


def shared(description: str, code: str, *roles: Role) -> int:
    """How many things a description and a code have in common, in these roles of the code."""
    told = {feature & MASK for feature in description_words(description)}
    return sum(1 for feature in code_words(code) if feature & MASK in told and feature >> HASH_BITS in roles)


def test_identifiers_are_split_at_case_and_underscores() -> None:
    assert shared("riemann sums", "class RiemannSums(Scene): pass", Role.NAME) == 2
    assert shared("riemann sums", "riemann_sums = 1", Role.NAME) == 2


def test_names_of_manim_are_known_by_everyday_words() -> None:
    assert shared("draw it", "self.play(Create(c))", Role.EVERYDAY) == 1
    assert shared("coordinate system", "ax = Axes()", Role.EVERYDAY) == 2
    assert shared("draw it", "self.play(Wait())", Role.EVERYDAY) == 0


def test_forms_of_a_word_are_alike() -> None:
    assert shared("rotating squares", "# rotate the square", Role.COMMENT) == 2


def test_a_quoted_text_meets_the_string_that_holds_it() -> None:
    assert shared('Write "Hello, World!" in the middle', 'Text("Hello, World!")', Role.WHOLE) == 1
    assert shared('Write "Hello, World!" in the middle', 'Text("Hello, Moon!")', Role.WHOLE) == 0


def test_numbers_are_alike_however_they_are_written() -> None:
    assert shared("three of them", "n = 3.0", Role.NUMBER) == 1
    assert shared("turn by 90 degrees", "rotate(PI / 2)", Role.NUMBER) == 1
    assert shared("from 2 to 5", "range(2, 5)", Role.SEQUENCE) == 1
    assert shared("from 5 to 2", "range(2, 5)", Role.SEQUENCE) == 0


def test_formulas_meet_in_latex_in_python_and_read_out() -> None:
    assert shared(r"plot \( y = x^2 \)", "MathTex('y = x^2')", Role.MATH) > 0
    assert shared("plot x squared", "lambda x: x**2", Role.MATH) > 0
    assert shared("integrate sin(x)", r"MathTex(r'\int \sin(x)')", Role.EVERYDAY) > 0


def test_colours_are_told_by_name_shade_and_hexadecimal_number() -> None:
    for colour in ("RED", "RED_C", '"#FF0000"'):
        assert shared("a red circle", f"Dot(color={colour})", Role.NAME, Role.EVERYDAY) == 1
    assert shared("a red circle", 'Dot(color="#00FF00")', Role.NAME, Role.EVERYDAY) == 0


def test_so_many_things_are_counted_in_calls() -> None:
    assert shared("two circles", "a = Circle()\nb = Circle()", Role.COUNT) == 1
    assert shared("two circles", "a = Circle()", Role.COUNT) == 0


def test_code_that_does_not_parse_has_words_too() -> None:
    assert shared("a circle", "def construct(self: circle = Circle(", Role.NAME) == 1


@given(st.text(max_size=300))
def test_any_text_gives_bounded_sorted_distinct_numbers(text: str) -> None:
    for words in (description_words(text), code_words(text)):
        assert words == sorted(set(words))
        assert len(words) <= MAX_FEATURES
        assert all(0 <= word < 1 << 32 for word in words)


def test_hostile_texts_take_no_longer_than_their_length_is_worth() -> None:
    for piece in (
        '"',
        "'",
        "\\",
        "a" * 50 + "_",
        "1_",
        "#",
        '"""',
        "(",
        "A",
        "“",
        "‘a",
        "9",
        "\x00",
        "\ud800",
        "PI/9",
        "from 1 to ",
        "=1 to x",
        "\\int_{",
        "(1,",
    ):
        started = time.perf_counter()
        description_words(piece * 100_000)
        code_words(piece * 100_000)
        assert time.perf_counter() - started < 2, repr(piece)


def test_each_style_has_its_bit_and_its_words() -> None:
    assert [style.value for style in Style] == list(range(len(Style)))
    assert set(WORDS) == set(Style)


def test_a_row_shows_its_looks() -> None:
    wrapped = "Generate accurate and correct ManimCE Python code, and so on, for this request: draw a circle"
    assert {Style.WRAPPED, Style.SHORT} <= set(style_of_description(wrapped, "draw a circle"))
    assert {Style.ONE_LINE, Style.ESCAPED} <= set(style_of_code(r"\n from manim import *", "from manim import *"))
    german = "Ein Kreis\nund noch einer?"
    assert style_of_description(german, german) == [Style.LINES, Style.SHORT, Style.QUESTION]
    assert style_of_code("import a\nb", "import a\nb") == [Style.SHORT_CODE]
