"""Augmentation: how many variants are written, of which rows, in which words."""

from collections import Counter
from math import floor

import polars as pl
import pytest

from builder.emit.augment import VARIANTS, clashes, plan_variants, variant_text
from builder.prepare.keys import description_key
from builder.publish.export import export
from tests.rows import Row, circles, config_of, read_lines, said, scene


def train_rows(*descriptions: str) -> pl.DataFrame:
    """Kept train rows with these descriptions, numbered from 0."""
    columns = {
        "index": range(len(descriptions)),
        "id": [f"made/{row:06d}" for row in range(len(descriptions))],
        "description_key": [description_key(text) for text in descriptions],
    }
    return pl.DataFrame(columns, schema={"index": pl.UInt32, "id": pl.String, "description_key": pl.UInt64})


def different(count: int) -> list[str]:
    return [f"Draw circle number {n}" for n in range(count)]


def plan(descriptions: list[str], factor: float, seed: int = 42) -> list[tuple[int, int]]:
    """The rows to write, as (row, variant), sorted."""
    return sorted(plan_variants(train_rows(*descriptions), factor, seed).iter_rows())


@pytest.mark.parametrize("factor", [1, 1.5, 2.5, 3])
@pytest.mark.parametrize("count", [0, 1, 7, 40, 101])
def test_the_total_is_the_rows_times_the_factor_rounded_down(count, factor):
    """Originals included, and no row is written twice."""
    planned = plan(different(count), factor)

    assert len(planned) == len(set(planned)) == floor(count * factor)


@pytest.mark.parametrize(("factor", "numbers"), [(1, {1}), (1.5, {1, 2}), (2.5, {2, 3}), (3, {3})])
def test_each_row_gets_the_whole_part_and_a_share_of_rows_one_more(factor, numbers):
    """The variants are spread evenly: no row has two more than another."""
    written = Counter(row for row, _ in plan(different(40), factor))

    assert set(written.values()) == numbers


def test_rows_with_one_more_variant_are_drawn_by_the_seed():
    """They are neither the first nor the last, and other ones for another seed."""
    drawn = [{row for row, variant in plan(different(40), 1.5, seed) if variant} for seed in (1, 1, 2)]

    assert drawn[0] == drawn[1] != drawn[2]
    for rows in drawn:
        assert len(rows) == 20
        assert rows not in (set(range(20)), set(range(20, 40)))


@pytest.mark.parametrize("factor", [1, 2.5, 10])
def test_the_original_prompt_of_every_row_is_written_as_variant_0(factor):
    """Variants come on top of the original and never take its place."""
    assert [row for row, variant in plan(different(30), factor) if variant == 0] == list(range(30))


def test_no_two_rows_of_one_description_share_a_template():
    """Five rows of one description, in any case and with or without a full stop, take ten templates."""
    same = ["Draw a ring", "draw a ring", "Draw a ring.", "DRAW A RING", "Draw  a ring"]

    templates = [variant for _, variant in plan(same, 3) if variant]

    assert len(templates) == len(set(templates)) == 10


def test_every_template_is_reached_and_none_stands_out():
    """Over many rows each template is used, none more than twice its share."""
    used = Counter(variant for _, variant in plan(different(600), 2.5) if variant)

    assert set(used) == set(range(1, VARIANTS + 1))
    assert max(used.values()) < 2 * 900 / VARIANTS


def test_one_row_takes_as_many_templates_as_the_factor_asks_for():
    """The largest factor gives nine different templates."""
    assert len({variant for _, variant in plan(["Draw a ring"], 10)}) == 10


def test_the_promised_openings_are_among_the_prompts_of_an_instruction():
    """An instruction is inflected where it has to be, and its LaTeX and braces stay."""
    prompts = [variant_text("Draw the braces {} and $\\frac{1}{2}$.", variant) for variant in range(1, VARIANTS + 1)]

    for opening in (
        "Create a Manim animation that draws",
        "Write Manim code to draw",
        "Generate a Manim scene that draws",
    ):
        assert f"{opening} the braces {{}} and $\\frac{{1}}{{2}}$." in prompts


def prompts_of(description: str) -> list[str]:
    """The description itself and all its variants."""
    return [variant_text(description, variant) for variant in range(VARIANTS + 1)]


def test_variants_are_other_words_around_the_same_description(tmp_path):
    """In what is written, a variant's prompt is made of the description and its answer is the same program."""
    config = config_of(tmp_path, {"bespoke_manim": circles(1, 20)}, "all", augmentation_factor=3)
    export(config, tmp_path / "out")
    code_of = dict(circles(1, 20))

    rows = read_lines(tmp_path / "out" / "train.json")

    assert len(rows) == 3 * len({said(row, "assistant") for row in rows})
    assert len({said(row, "user") for row in rows}) == len(rows)
    for row in rows:
        made = [text for text in code_of if said(row, "user") in prompts_of(text)]
        assert [f"```python\n{code_of[text]}\n```" for text in made] == [said(row, "assistant")]


def test_test_prompts_are_never_augmented(tmp_path):
    """The test side has each prompt once, in its authors' words."""
    config = config_of(tmp_path, {"bespoke_manim": circles(1, 40)}, "all", augmentation_factor=3)
    export(config, tmp_path / "out")

    prompts = [said(row, "user") for row in read_lines(tmp_path / "out" / "test.json")]

    assert len(set(prompts)) == len(prompts) == 4
    assert set(prompts) <= set(dict(circles(1, 40)))


def plain(text: str) -> str:
    """A prompt as it is compared: case, white space, outer quotes and a final full stop aside."""
    return " ".join(text.lower().split()).strip('".')


@pytest.mark.parametrize(
    "disguise",
    [
        pytest.param(lambda text: text, id="as it is"),
        pytest.param(str.upper, id="in upper case"),
        pytest.param(lambda text: f"{text}.", id="with a full stop"),
        pytest.param(lambda text: text.replace(" ", "\n", 1), id="over two lines"),
        pytest.param(lambda text: f'"{text}"', id="in quotes"),
    ],
)
def test_a_variant_that_would_equal_a_test_prompt_is_never_written(tmp_path, disguise):
    """Where the test side holds a description in every template, only the description itself is written."""
    inner = 'Draw "A" in a ring'
    official: list[Row] = [
        (disguise(variant_text(inner, variant)), scene(f"Star({variant})"), "test")
        for variant in range(1, VARIANTS + 1)
    ]
    config = config_of(
        tmp_path,
        {"manimbench": official, "bespoke_manim": [(inner, scene("Annulus()"))]},
        augmentation_factor=10,
    )
    export(config, tmp_path / "out")

    train = [said(row, "user") for row in read_lines(tmp_path / "out" / "train.json")]
    test = [said(row, "user") for row in read_lines(tmp_path / "out" / "test.json")]

    assert not {plain(text) for text in train} & {plain(text) for text in test}


def clashing(test: list[str], train: list[str]) -> frozenset[tuple[int, int]]:
    return clashes(test, train)


def test_a_clash_forbids_one_variant_of_one_description():
    """A test prompt that equals a variant takes that variant from that description, and no other."""
    prompt = variant_text("Draw a ring.", 3)

    assert clashing([prompt, "Draw a square"], ["Draw a ring.", "Draw a square", "Draw the same ring"]) == {
        (description_key("draw a ring"), 3)
    }


@pytest.mark.parametrize(
    "train", ["Draw a ring", "Can you draw a ring?", "I would like to draw a ring.", "Please draw a ring"]
)
def test_a_clash_is_found_however_the_train_description_is_put(train):
    """One prompt can be a variant of an instruction and of several requests."""
    assert clashing(["Write Manim code to draw a ring."], [train]) == {(description_key(train), 2)}


@pytest.mark.parametrize(
    "description",
    [
        "Draw a ring and fade it out",
        "How does a ring roll?",
        "An animation of a ring",
        "The scene shows a ring",
        "$x$ and ☃",
    ],
)
def test_no_variant_equals_a_test_prompt_once_both_are_normalised(description):
    """Each of them is forbidden if it stands on the test side, in another case and without its stop."""
    for variant in range(1, VARIANTS + 1):
        said_in_test = variant_text(description, variant).upper().rstrip(".")

        assert (description_key(description), variant) in clashing([said_in_test], [description])


def test_train_descriptions_are_not_read_if_no_test_prompt_can_clash():
    """The usual case: no test prompt starts like a template."""

    def unread():
        raise AssertionError("read")
        yield ""

    assert clashes(["Draw a square"], unread()) == frozenset()


def test_a_forbidden_variant_is_replaced_by_another():
    """The total stays: the row takes its next template."""
    ring = description_key("Draw a ring")
    free = [variant for _, variant in plan(["Draw a ring"], 3) if variant]

    rows = plan_variants(train_rows("Draw a ring"), 3, 42, frozenset({(ring, free[0])}))

    assert rows.height == 3
    assert free[0] not in rows["variant"]


def test_what_one_description_in_many_rows_cannot_take_goes_to_other_rows():
    """Twenty rows of one description have thirteen variants between them; the total stays."""
    planned = plan([*["Draw a ring"] * 20, *different(20)], 2)

    assert len(planned) == 80
    assert len([row for row, variant in planned if variant and row < 20]) == VARIANTS


def test_if_no_row_can_take_more_fewer_are_written():
    """All templates of the one description are used, and no more is made up."""
    planned = plan(["Draw a ring"] * 20, 3)

    assert len(planned) == 20 + VARIANTS


def test_the_plan_depends_on_seed_and_rows_not_on_their_order():
    """The same rows in another order give the same plan, another seed another."""
    rows = train_rows(*different(50))
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=1)

    again = sorted(plan_variants(shuffled, 2.5, 42).iter_rows())

    assert again == plan(different(50), 2.5)
    assert plan(different(50), 2.5, seed=7) != again
