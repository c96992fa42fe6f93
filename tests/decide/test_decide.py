"""What a config keeps and drops, and the ledger that says so of every row."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.config import BUILT_BY_DEFAULT, PAIRS
from builder.core.ledger import SCHEMA, check_accounted, close_ledger, drop, kept, open_ledger
from builder.decide.decide import with_facts
from builder.decide.decontaminate import drop_leaks
from builder.decide.deduplicate import SCHEMA as NEAR
from tests.rows import circles, config_of, ledger_of, outcomes, scene

CIRCLE, SQUARE, DOT = scene("Circle()"), scene("Square()"), scene("Dot()")
BROKEN = "class Shown(Scene)\n    def construct(self):\n        pass"
BARE = "circle = Circle()\nself.play(Create(circle))"
"""A body without a class, which a repair wraps into a scene."""
ALL_TEST = 0.99
"""A test size by which every small group is test."""


def frame(*lines):
    """An open ledger of rows (split, description key, program key, official), numbered from 0, all of one source."""
    columns = {"split": pl.String, "description_key": pl.UInt64, "program_key": pl.UInt64, "official": pl.Boolean}
    rows = pl.DataFrame(lines, schema=columns, orient="row").with_row_index("index")
    keys = {"content": pl.lit(0, pl.UInt64), "group": pl.lit(0, pl.UInt64), "canonical_key": pl.col("program_key")}
    keys |= dict.fromkeys(("description_repairs", "code_repairs"), pl.lit(""))
    return open_ledger(rows.with_columns(source=pl.lit("made"), row=pl.col("index").cast(pl.Int64), **keys))


def without_leaks(ledger):
    """The ledger after the step for leaks, where no descriptions are near one another."""
    return drop_leaks(ledger, pl.DataFrame(schema=NEAR), 0.8, ())


def dropped(*lines):
    """Lines of (index, reason, kept index) as `drop` takes them."""
    columns = {"index": pl.UInt32, "reason": pl.String, "kept_index": pl.UInt32}
    return pl.DataFrame(lines, schema=columns, orient="row")


def test_of_equal_descriptions_the_best_source_stays_then_the_lower_row(tmp_path):
    """Priority decides first, the row number second, and each loser names the row that stays."""
    rows = {
        "manim_codegen": [("Draw a circle", CIRCLE), ("Draw a dot", DOT), ("draw a DOT.", CIRCLE)],
        "thanks_dataset": [("Draw a circle", SQUARE)],
        "bespoke_manim": [('"Draw  a circle"', DOT)],
    }
    ledger = ledger_of(config_of(tmp_path, rows))

    gone = ledger.filter(outcome="dropped")

    assert dict(gone.select("id", "kept_id").iter_rows()) == {
        "thanks_dataset/000000": "bespoke_manim/000000",
        "manim_codegen/000000": "bespoke_manim/000000",
        "manim_codegen/000002": "manim_codegen/000001",
    }
    assert set(gone.select("stage", "reason", "score").iter_rows()) == {("duplicate", "duplicate_description", 1.0)}


def test_equal_programs_under_two_descriptions_are_no_duplicates(tmp_path):
    """Deduplication asks for equal descriptions."""
    rows = {"bespoke_manim": [("Draw a circle", CIRCLE), ("Show a ring", CIRCLE)]}

    assert set(outcomes(config_of(tmp_path, rows)).values()) == {"kept"}


def test_without_deduplication_copies_stay(tmp_path):
    """The config `all` drops no duplicate."""
    rows = {"bespoke_manim": [("Draw a circle", CIRCLE), ("Draw a circle", CIRCLE)]}

    assert set(outcomes(config_of(tmp_path, rows, "all")).values()) == {"kept"}


def test_an_invalid_copy_never_displaces_a_valid_one(tmp_path):
    """A broken row of the best source leaves the description to the valid row of the worst."""
    rows = {"bespoke_manim": [("Draw a circle", BROKEN)], "manim_codegen": [("Draw a circle", CIRCLE)]}

    found = outcomes(config_of(tmp_path, rows))

    assert found == {"bespoke_manim/000000": "syntax_error", "manim_codegen/000000": "kept"}


def test_an_official_test_row_wins_every_duplicate_and_is_never_dropped_for_similarity(tmp_path):
    """An earlier row of the same source goes for an official one, and two alike official rows both stay."""
    rows = {
        "manimbench": [
            ("Draw a circle", CIRCLE, "train"),
            ("Draw a circle", SQUARE, "test"),
            ("Draw a circle", DOT, "test"),
        ],
        "bespoke_manim": [("Draw a circle", CIRCLE)],
    }
    ledger = ledger_of(config_of(tmp_path, rows))

    assert ledger.select("id", "kept_id", "official", "split").rows() == [
        ("manimbench/000000", "manimbench/000001", False, "test"),
        ("manimbench/000001", "", True, "test"),
        ("manimbench/000002", "", True, "test"),
        ("bespoke_manim/000000", "manimbench/000001", False, "test"),
    ]


def test_a_repaired_row_is_train_and_a_cleaned_one_may_be_test(tmp_path):
    """Models are measured on what authors wrote, and no row is dropped for its side."""
    rows = {"bespoke_manim": [("Draw a circle", BARE), ("Draw a square", f"```python\n{SQUARE}\n```")]}

    ledger = ledger_of(config_of(tmp_path, rows, test_size=ALL_TEST))

    assert ledger.select("split", "outcome").rows() == [("train", "kept"), ("test", "kept")]
    assert "repair:wrap_body" in ledger["repairs"][0]
    assert "clean:fences" in ledger["repairs"][1]


@pytest.mark.parametrize("name", ["deduplicated", "curated"])
def test_of_equal_test_rows_the_one_that_its_authors_made_stays(tmp_path, name):
    """The authors' own copy takes the place of a repaired one above it; on the train side the first row stays."""
    rows = {"manim_codegen": [("Draw a circle", BARE), ("Draw a circle", CIRCLE)]}
    settings = {"check_pairs": False, "validation_size": 0.0}

    in_test = outcomes(config_of(tmp_path, rows, name, test_size=ALL_TEST, **settings))
    in_train = outcomes(config_of(tmp_path, rows, name, test_size=0.01, **settings))

    assert in_test == {"manim_codegen/000000": "duplicate_description", "manim_codegen/000001": "kept"}
    assert in_train == {"manim_codegen/000000": "kept", "manim_codegen/000001": "duplicate_description"}


def test_what_leaks_into_validation_is_dropped_from_train_and_what_leaks_into_test_from_both():
    """Rows with the keys of descriptions: train, validation, and train, validation, test."""
    ledger = frame(
        ("train", 1, 11, False),
        ("validation", 1, 12, False),
        ("train", 2, 21, False),
        ("validation", 2, 22, False),
        ("test", 2, 23, False),
        ("train", 3, 31, False),
        ("validation", 4, 31, False),
    )

    found = close_ledger(without_leaks(ledger)).select("split", "reason", "kept_id").rows()

    assert found == [
        ("train", "near_validation", "made/000001"),
        ("validation", "", ""),
        ("train", "near_test", "made/000004"),
        ("validation", "near_test", "made/000004"),
        ("test", "", ""),
        ("train", "near_validation", "made/000006"),
        ("validation", "", ""),
    ]


@pytest.mark.parametrize(
    ("description", "code", "reason"),
    [
        ("", CIRCLE, "empty_description"),
        (None, CIRCLE, "empty_description"),
        ("circle.py", CIRCLE, "description_is_filename"),
        ("ring", CIRCLE, "short_description"),
        ("Draw a circle", "radius = 1", "short_code"),
        ("Draw a circle", None, "short_code"),
        ("Draw a circle", BROKEN, "syntax_error"),
        ("Draw a circle", "def area(width, height):\n    return width * height", "no_scene"),
        ("Draw a circle", "from manim import *\n\nclass Shown(Scene):\n    radius = 1", "no_construct"),
        (
            "Draw a circle",
            "from manim import *\n\nclass Shown(Scene):\n    def construct(self):\n        pass",
            "empty_construct",
        ),
    ],
)
def test_an_invalid_description_or_code_is_dropped_for_its_own_reason(tmp_path, description, code, reason):
    """Each check has a reason of its own, at the stage `check`."""
    ledger = ledger_of(config_of(tmp_path, {"bespoke_manim": [(description, code)]}))

    assert ledger.select("outcome", "stage", "reason").rows() == [("dropped", "check", reason)]


def test_where_both_parts_are_invalid_the_description_leads_and_the_detail_names_the_code(tmp_path):
    """One outcome a row: the code's reason is not lost."""
    ledger = ledger_of(config_of(tmp_path, {"bespoke_manim": [("", BROKEN)]}))

    assert ledger.select("reason", "detail").rows() == [("empty_description", "code: syntax_error")]


def test_a_value_that_is_no_text_is_dropped_where_it_was_read(tmp_path):
    """A list in place of a description is a row like any other, with an outcome."""
    ledger = ledger_of(config_of(tmp_path, {"bespoke_manim": [(["Draw", "a circle"], CIRCLE)]}))

    assert ledger.select("stage", "reason").rows() == [("read", "not_text")]
    assert "list" in ledger["detail"][0]


def test_a_train_row_that_equals_a_test_row_is_dropped_as_a_leak():
    """Equal descriptions and equal programs leak, against the first such test row; a test row never goes."""
    ledger = frame(
        ("train", 1, 10, False),
        ("train", 2, 20, False),
        ("train", 3, 30, False),
        ("test", 1, 11, False),
        ("test", 4, 20, True),
        ("test", 5, 20, False),
        ("train", 1, 20, False),
    )

    closed = close_ledger(without_leaks(ledger))

    assert closed.select("stage", "reason", "detail", "kept_id").rows() == [
        ("leak", "near_test", "equal description", "made/000003"),
        ("leak", "near_test", "equal program", "made/000004"),
        ("", "", "", ""),
        ("", "", "", ""),
        ("", "", "", ""),
        ("", "", "", ""),
        ("leak", "near_test", "equal description", "made/000003"),
    ]


def test_a_dropped_test_row_leaks_nothing():
    """Only what is emitted on the test side counts."""
    ledger = drop(frame(("test", 1, 10, False), ("train", 1, 10, False)), dropped((0, "syntax_error", None)), "check")

    assert kept(without_leaks(ledger))["index"].to_list() == [1]


def test_a_row_without_a_key_equals_no_other():
    """Two missing programs are not equal programs."""
    ledger = frame(("test", None, None, False), ("train", None, None, False))

    assert kept(without_leaks(ledger)).height == 2


def test_drop_never_overwrites_an_earlier_outcome():
    """The first reason stays, with its detail and partner; rows not named stay kept."""
    rows = frame(("train", 1, 1, False), ("train", 2, 2, False), ("train", 3, 3, False))

    first = drop(rows, dropped((0, "duplicate_description", 2)), "duplicate")
    both = close_ledger(drop(first, dropped((0, "near_test", 1), (1, "near_test", 2)), "leak"))

    assert both.select("outcome", "stage", "reason", "kept_id").rows() == [
        ("dropped", "duplicate", "duplicate_description", "made/000002"),
        ("dropped", "leak", "near_test", "made/000002"),
        ("kept", "", "", ""),
    ]


def test_drop_refuses_a_stage_that_the_ledger_does_not_know():
    """A typing error in a stage is a bug, not a new stage."""
    with pytest.raises(ValueError, match="tidy"):
        drop(frame(("train", 1, 1, False)), dropped((0, "untidy", None)), "tidy")


def test_a_closed_ledger_has_the_columns_of_the_contract_in_order(tmp_path):
    """One line a row, in the order of reading, with every column of `SCHEMA` and its type."""
    rows = {"manimbench": circles(1, 3), "manim_codegen": [*circles(3, 4), ("", "")]}

    ledger = ledger_of(config_of(tmp_path, rows))

    assert ledger.schema == pl.Schema(SCHEMA)
    assert " ".join(SCHEMA) == (
        "id content source outcome stage reason detail kept_id score margin code_from repairs group split official "
        "dialect verdict verdict_before findings"
    )
    assert ledger["id"].to_list() == [
        *(f"manimbench/00000{row}" for row in range(3)),
        *(f"manim_codegen/00000{row}" for row in range(3)),
    ]
    assert ledger["kept_id"].to_list() == ["", "", "", "manimbench/000002", "", ""]
    assert ledger["content"].str.contains("^[0-9a-f]{16}$").all()
    assert ledger["content"][2] == ledger["content"][3]
    assert ledger["group"].str.contains("^[0-9a-f]{16}$").all()


def two_rows():
    """A ledger of two rows, one of them dropped."""
    rows = frame(("train", 1, 1, False), ("train", 1, 2, False))
    return drop(rows, dropped((1, "duplicate_description", 0)), "duplicate")


def test_check_accounted_takes_a_ledger_that_adds_up():
    """A source without rows needs no line."""
    check_accounted(two_rows(), {"made": 2, "empty": 0})


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda ledger: ledger.head(1), id="a row is lost"),
        pytest.param(lambda ledger: pl.concat([ledger, ledger.tail(1)]), id="a row comes twice"),
        pytest.param(lambda ledger: pl.concat([ledger.head(1)] * 2), id="one is lost and one comes twice"),
        pytest.param(lambda ledger: ledger.with_columns(reason=pl.lit("")), id="a drop has no reason"),
        pytest.param(lambda ledger: ledger.with_columns(stage=pl.lit("")), id="a drop has no stage"),
        pytest.param(lambda ledger: ledger.with_columns(source=pl.lit("other")), id="the source is another"),
    ],
)
def test_check_accounted_raises_when_the_promise_is_broken(spoil):
    """Each way in which a row may vanish, double or go without a word is an error."""
    with pytest.raises(AssertionError):
        check_accounted(spoil(two_rows()), {"made": 2})


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["Draw a circle", "draw a circle.", "Draw a square", "Show a dot", "ring", "", "circle.py"]),
        st.sampled_from([CIRCLE, SQUARE, f"{SQUARE}  # blue", DOT, BROKEN, BARE, "", "from manim import *"]),
        st.sampled_from(["train", "test"]),
    ),
    min_size=1,
    max_size=6,
)


@given(
    rows=st.dictionaries(st.sampled_from(["manimbench", "bespoke_manim", "manim_codegen"]), ROWS, min_size=1),
    name=st.sampled_from(BUILT_BY_DEFAULT),
    changes=st.fixed_dictionaries(
        {
            "test_size": st.sampled_from([0.1, 0.5]),
            "validation_size": st.sampled_from([0.0, 0.3]),
            "pairs": st.sampled_from(PAIRS),
            "seed": st.integers(0, 3),
        }
    ),
)
@settings(deadline=None, max_examples=60)
def test_every_row_read_is_kept_or_dropped_with_a_reason(tmp_path_factory, rows, name, changes):
    """For any rows and settings, the rows of each source add up, and what displaced a row is kept."""
    folder = tmp_path_factory.mktemp("any")

    ledger = ledger_of(config_of(folder, rows, name, **changes))

    stay = ledger.filter(outcome="kept")
    gone = ledger.filter(outcome="dropped")
    for source, lines in rows.items():
        assert stay.filter(source=source).height + gone.filter(source=source).height == len(lines)
        assert ledger.filter(source=source)["id"].to_list() == [f"{source}/{row:06d}" for row in range(len(lines))]
    assert all(stage and reason for stage, reason in gone.select("stage", "reason").iter_rows())
    assert not any(stay["stage"].to_list() + stay["reason"].to_list() + stay["kept_id"].to_list())
    assert set(gone["kept_id"]) - {""} <= set(stay["id"])
    assert all(gone.filter(pl.col("stage").is_in(["duplicate", "leak"]))["kept_id"].to_list())


def test_the_origin_of_a_program_is_that_of_the_row_that_gave_it():
    """A re-paired row says of its program where that one stood first, not where the published one did."""
    numbers = pl.DataFrame({"index": [0, 1], "row": [0, 1]}, schema={"index": pl.UInt32, "row": pl.UInt64})
    texts = {"source": "a", "difficulty": "", "description_origin": "b", "api_reason": None, "api_detail": None}
    rows = numbers.with_columns(
        *(pl.lit(value, pl.String).alias(name) for name, value in texts.items()),
        program_key=pl.Series([5, 6], dtype=pl.UInt64),
        code_origin=pl.Series(["first", "second"]),
    )
    ledger = open_ledger(rows).with_columns(code_index=pl.Series([1, None], dtype=pl.UInt32))

    found = with_facts(ledger, rows)
    assert found["code_origin"].to_list() == ["second", "second"]
    assert found["code_from"].to_list() == ["a/000001", None]
