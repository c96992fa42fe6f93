"""`decontaminate`: train rows near a benchmark are dropped, and the official test split is always one."""

import json
from importlib.resources import files

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import official_test
from builder.cli.main import WRONG_USAGE, main
from builder.core.errors import SettingError
from builder.core.ledger import open_ledger
from builder.decide.decontaminate import OFFICIAL, SCHEMA, drop_in_benchmarks, read_official
from builder.emit.augment import VARIANTS, variant_text
from builder.prepare.prepare import plain_prompt, probe_key, program_keys
from builder.publish.export import export
from builder.similarity.fingerprints import RULES, near_signatures
from tests.rows import SOURCES, config_of, ledger_of, scene

NEAR = [
    ("Rotate a yellow hexagon by 60 degrees around its left corner", scene("RegularPolygon(6, color=YELLOW)")),
    ("Show the graph of the cosine function between two vertical lines", scene("Axes(x_range=[0, 9])")),
]
"""Rows of a source; the others share nothing with them."""
ROWS = {"bespoke_manim": [*SOURCES["bespoke_manim"][:20], *NEAR]}
PROMPT, CODE = "rotate a YELLOW hexagon by 60 degrees arround its left corner!", NEAR[1][1].replace("Shown", "Other")
"""The first row's prompt retyped, and the second row's program renamed."""
LINES = [
    {"task": "t/0", "prompt": "Count the sheep in the meadow while it rains", "code": scene("Text('sheep')")},
    {"task": "t/1", "prompt": PROMPT, "code": scene("Text('none')")},
    {"task": "t/2", "prompt": "Fold a paper crane out of one sheet", "code": f"```python\n{CODE}\n```"},
]


def gone(config):
    """The rows that are in a benchmark: their number, what the ledger says, and the score."""
    rows = ledger_of(config).filter(reason="in_benchmark")
    assert set(rows["stage"]) <= {"filter"}
    return [(row["id"][-2:], row["detail"], row["score"]) for row in rows.iter_rows(named=True)]


def config(tmp_path, *benchmarks, sources=ROWS, **changes):
    """A config of `ROWS` whose split puts nearly all rows on the train side, with benchmarks."""
    own = {"test_size": 0.01, "decontaminate": [str(file) for file in benchmarks]}
    return config_of(tmp_path, sources, **{**own, **changes})


def written(path, lines=LINES):
    """A benchmark in the format that its name asks for."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    elif path.suffix == ".json":
        path.write_text(json.dumps({"version": 1, "data": lines}))
    elif path.suffix == ".csv":
        pl.DataFrame(lines).write_csv(path)
    else:
        pl.DataFrame(lines).write_parquet(path)
    return path


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "parquet"])
def test_rows_near_a_prompt_or_with_a_program_of_the_benchmark_are_dropped(tmp_path, ending):
    """The ledger names the benchmark's row, counted from 0, and what is alike."""
    name = f"mine.{ending}"
    found = gone(config(tmp_path, written(tmp_path / name)))

    assert [row[:2] for row in found] == [
        ("20", f"{name}, row 1: near description"),
        ("21", f"{name}, row 2: equal program"),
    ]
    assert 0.95 < found[0][2] < 1
    assert found[1][2] == 1


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        ([{"prompt": line["prompt"]} for line in LINES], "20"),
        ([{"x": line["code"]} for line in LINES], "21"),
        ([{"messages": [{"role": "user", "content": line["prompt"]}]} for line in LINES], "20"),
        ([{"t": {"answer": {"python": line["code"]}}} for line in LINES], "21"),
        ([{"number": 1, "a": "Draw the letter B in the air", "b": PROMPT}], "20"),
        ([{"prompt": f"Please write a Python program using Manim to: {PROMPT}"}], "20"),
    ],
)
def test_prompts_alone_codes_alone_chats_and_other_names_will_do(tmp_path, lines, row):
    """Columns are told by what they hold, all that hold prose or programs."""
    assert [found[0] for found in gone(config(tmp_path, written(tmp_path / "mine.jsonl", lines)))] == [row]


def test_one_column_may_be_named(tmp_path):
    """Then the others are not read."""
    file = written(tmp_path / "mine.jsonl")

    assert [found[0] for found in gone(config(tmp_path, f"{file}:code"))] == ["21"]
    assert [found[0] for found in gone(config(tmp_path, f"{file}:prompt", f"{file}:code"))] == ["20", "21"]


def test_a_name_with_a_colon_may_be_a_file(tmp_path):
    """The file goes first."""
    assert len(gone(config(tmp_path, written(tmp_path / "mine:code.jsonl")))) == 2


def test_what_differs_in_what_counts_stays(tmp_path):
    """Another number, another colour: another row."""
    lines = [{"prompt": PROMPT.replace("60", "30")}, {"prompt": PROMPT.replace("YELLOW", "blue")}]

    assert gone(config(tmp_path, written(tmp_path / "mine.jsonl", lines))) == []


def test_the_same_letters_are_near_whatever_case_and_signs(tmp_path):
    """As for leaks: a formula in capitals, points with other commas."""
    row = ("Mark the points (1, 2) and (3, 4) on \\( y = x^2 \\) now", scene("Dot()"))
    lines = [{"prompt": "MARK THE POINTS (1 - 2) and (3 - 4) on \\( Y = X^2 \\) now"}]
    sources = {"bespoke_manim": [*SOURCES["bespoke_manim"][:20], row]}

    found = gone(config(tmp_path, written(tmp_path / "mine.jsonl", lines), sources=sources))
    assert found == [("20", "mine.jsonl, row 0: equal description", 1.0)]


def test_rows_on_the_test_side_stay(tmp_path):
    """A benchmark says nothing against being tested."""
    sources = {
        "manimbench": [*((*row, "train") for row in ROWS["bespoke_manim"][:20]), *((*row, "test") for row in NEAR)]
    }

    assert gone(config(tmp_path, written(tmp_path / "mine.jsonl"), sources=sources)) == []


def test_how_near_is_a_setting(tmp_path):
    """`near_test`, as for leaks."""
    lines = [{"prompt": "Rotate a yellow hexagon by 60 degrees around the left corner, please, and just so"}]
    file = written(tmp_path / "mine.jsonl", lines)

    assert len(gone(config(tmp_path, file, near_test=0.7))) == 1
    assert len(gone(config(tmp_path, file, near_test=0.95))) == 0


def test_the_manifest_tells_benchmarks_by_content(tmp_path):
    """Not by their path; another content is another setting."""
    one = config(tmp_path, written(tmp_path / "one.jsonl"))
    (tmp_path / "elsewhere").mkdir()
    other = config(tmp_path, written(tmp_path / "elsewhere" / "two.jsonl"))
    export(one, tmp_path / "out")
    recorded = json.loads((tmp_path / "out" / "manifest.json").read_bytes())["configs"]["deduplicated"]

    assert recorded["decontaminate"] == one.recorded()["decontaminate"] == other.recorded()["decontaminate"]
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()
    written(tmp_path / "one.jsonl", LINES[:1])
    assert one.recorded() != other.recorded()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("none.jsonl", None, "no such file"),
        ("odd.xlsx", "x", "not a kind of file"),
        ("empty.jsonl", "", "no rows that can be read"),
        ("numbers.jsonl", '{"a": 1}\n{"a": 2}\n', "no column holds prompts or programs. Columns: a"),
        ("broken.parquet", "PAR1", "cannot be read as parquet"),
    ],
)
def test_a_benchmark_that_cannot_be_read_is_a_wrong_setting(tmp_path, capsys, name, content, told):
    """Named with its flag, before any source is read."""
    file = tmp_path / name
    if content is not None:
        file.write_text(content)

    with pytest.raises(SettingError, match="--decontaminate") as raised:
        ledger_of(config(tmp_path, file))
    assert told in str(raised.value)
    assert str(file) in str(raised.value)
    assert (
        main(["export", "--sample", "--decontaminate", str(file), "--output-dir", str(tmp_path / "out")]) == WRONG_USAGE
    )
    assert "--decontaminate" in capsys.readouterr().err


def test_a_column_that_is_not_there_is_a_wrong_setting(tmp_path):
    """The message lists those that are."""
    file = written(tmp_path / "mine.jsonl")

    with pytest.raises(SettingError, match=r"'nothing' holds no text\. Columns: task, prompt, code"):
        ledger_of(config(tmp_path, f"{file}:nothing"))


def test_hostile_rows_of_a_benchmark_do_no_harm(tmp_path):
    """Nulls, numbers, lone surrogates, deep nesting, long texts, a program that does not parse."""
    lines = [
        *LINES,
        {"prompt": None, "code": 5},
        {"prompt": "\x00 \x00", "code": "(" * 5000},
        {"prompt": "a" * 500_000},
    ]
    file = written(tmp_path / "mine.jsonl", lines)
    with file.open("a") as more:
        more.write('{"prompt": "\\ud800 alone"}\nnot json\n[1]\n{"prompt": ' + "[" * 3000 + "]" * 3000 + "}\n")

    assert [found[0] for found in gone(config(tmp_path, file))] == ["20", "21"]


@given(st.permutations(LINES))
@settings(max_examples=6, deadline=None)
def test_the_order_of_a_benchmark_changes_no_outcome(tmp_path_factory, lines):
    """Only the rows that are named."""
    place = tmp_path_factory.mktemp("order")

    assert [found[0] for found in gone(config(place, written(place / "mine.jsonl", lines)))] == ["20", "21"]


def test_a_program_is_found_in_train_once_it_is_repaired(tmp_path):
    """The benchmark has it without the import that train rows are given."""
    bare = NEAR[1][1].removeprefix("from manim import *\n\n\n")
    file = written(tmp_path / "mine.jsonl", [{"code": bare}])
    sources = {"bespoke_manim": [*SOURCES["bespoke_manim"][:20], (NEAR[1][0], bare)]}

    assert [row[0] for row in gone(config(tmp_path, file, sources=sources))] == ["20"]


MADE_UP = [
    ("Grow a purple octopus with 8 arms from the center of the screen", scene("Star(8, color=PURPLE)")),
    ("Write the formula \\( e^x \\) above a parabola", scene("Tex('e')")),
]


def listed(path):
    """A list of made-up official rows, as the one that ships is made."""
    rows = [
        official_test.line(f"manimbench/{number:06d}", plain_prompt(prompt), list(program_keys(code)))
        for number, (prompt, code) in enumerate(MADE_UP)
    ]
    path.write_bytes(official_test.content(rows, "a test"))
    return path


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """The made-up list in place of the one that ships."""
    path = listed(tmp_path / "listed.json")
    monkeypatch.setattr("builder.pipeline.build.read_official", lambda probe: read_official(probe, path))


OFFICIAL_PROMPT, OFFICIAL_CODE = MADE_UP[0]


@pytest.mark.parametrize(
    ("prompt", "code", "told"),
    [
        (OFFICIAL_PROMPT.upper(), scene("Dot()"), "manimbench/000000: equal description"),
        (OFFICIAL_PROMPT.replace("screen", "sceen"), scene("Dot()"), "manimbench/000000: near description"),
        (MADE_UP[1][0].upper(), scene("Dot()"), "manimbench/000001: equal description"),
        (
            "Something else entirely, with a cat",
            OFFICIAL_CODE.replace("Shown", "S"),
            "manimbench/000000: equal program",
        ),
        *(
            (variant_text(OFFICIAL_PROMPT, variant), scene("Dot()"), "manimbench/000000: ")
            for variant in range(1, VARIANTS + 1)
        ),
    ],
)
def test_official_rows_are_kept_out_of_train_where_manimbench_is_not_read(tmp_path, made_up, prompt, code, told):
    """In another case, with a slip, behind a template, renamed; by hashes alone."""
    sources = {"thanks_dataset": [*ROWS["bespoke_manim"], (prompt, code)]}
    ((row, detail, _),) = gone(config(tmp_path, sources=sources))

    assert row == "22"
    assert detail.startswith(told)


def test_where_manimbench_is_read_its_own_rows_stay_and_leaks_are_told_as_leaks(tmp_path, made_up):
    """The official row is on the test side; a train row near it names it."""
    sources = {
        "manimbench": [*((*row, "train") for row in ROWS["bespoke_manim"]), (*MADE_UP[0], "test")],
        "thanks_dataset": [(OFFICIAL_PROMPT.replace("screen", "sceen"), scene("Dot()"))],
    }
    made = config(tmp_path, sources=sources)
    leaks = ledger_of(made).filter(stage="leak")

    assert gone(made) == []
    assert leaks.select("id", "reason", "kept_id").rows() == [
        ("thanks_dataset/000000", "near_test", "manimbench/000022")
    ]


def test_official_rows_that_are_kept_here_are_left_to_the_step_for_leaks():
    """It knows their texts; hashes tell similarity roughly. Where the row was dropped, the list stands in for it."""
    keys = {"description_key": [1, 2, 3], "canonical_key": [11, 12, 13], "program_key": [11, 12, 13]}
    rows = pl.DataFrame(
        {"index": [0, 1, 2], "split": ["test", "train", "train"], "official": [True, False, False], **keys}
    )
    ledger = open_ledger(rows.with_columns(pl.col("index").cast(pl.UInt32), pl.col(r"^.*_key$").cast(pl.UInt64)))
    found = pl.DataFrame(
        [("description", 2, 0.9, "kept here", 1, []), ("description", 3, 0.9, "elsewhere", 9, [])],
        schema=SCHEMA,
        orient="row",
    )

    assert drop_in_benchmarks(ledger, found, 0.8, ())["detail"].to_list() == ["", "", "elsewhere: near description"]
    assert drop_in_benchmarks(ledger, found, 0.95, ())["stage"].to_list() == [""] * 3


def test_the_list_that_ships_is_whole_and_of_these_rules():
    """100 rows with hashes and no text."""
    held = json.loads((files("builder.decide") / OFFICIAL.name).read_bytes())
    rows = read_official(probe_key(), OFFICIAL)

    assert len(rows) == len({row.where for row in rows}) == len({row.description_key for row in rows}) == 100
    assert all(row.programs and row.signature.grams for row in rows)
    assert {type(value) for row in held["rows"] for name, value in row.items() if name != "where"} == {int, list, str}
    assert near_signatures(["Draw a circle"], [row.signature for row in rows], 0.8).is_empty()


@pytest.mark.parametrize(
    ("prompt", "where"),
    [
        ("fractal dimension", "MMMC, item 8"),
        ("Fractal dimensions!", "MMMC, item 8"),
        ("the Pythagorean theorem", "TheoremExplainBench, thb_easy/math item 0"),
    ],
)
def test_prompts_of_other_benchmarks_are_kept_out_of_train(tmp_path, prompt, where):
    """By their hashes, which ship: a topic, in another form too."""
    ((row, detail, _),) = gone(
        config(tmp_path, sources={"thanks_dataset": [*ROWS["bespoke_manim"], (prompt, scene("Dot()"))]})
    )

    assert row == "22"
    assert detail.startswith(f"{where}: ")


def test_a_list_of_other_rules_is_refused(tmp_path):
    """It would find nothing, and say nothing."""
    path = listed(tmp_path / "listed.json")
    assert len(read_official(probe_key(), path)) == len(MADE_UP)

    with pytest.raises(ValueError, match="make it anew, with a test"):
        read_official(7, path)
    path.write_bytes(path.read_bytes().replace(RULES.encode(), b"0123456789abcdef"))
    with pytest.raises(ValueError, match="make it anew"):
        read_official(probe_key(), path)


HELD_OUT = "Show how a compound pendulum swings between two walls, and label its angle"
SWINGING = scene("Line(UP, DOWN).rotate(0.5), Dot(DOWN), Line(LEFT, LEFT + UP), Line(RIGHT, RIGHT + UP), Tex('x')")
TWEAKED = SWINGING.replace("rotate(0.5)", "rotate(0.75)")


@pytest.mark.parametrize(
    ("prompt", "code", "fate"),
    [
        (HELD_OUT.upper(), scene("Dot()"), ("test", "", "")),  # equal when normalised: the split has them on one side
        ("Fold a paper crane", SWINGING, ("test", "", "")),  # an equal program, likewise
        ("Fold a paper crane", SWINGING.replace("Shown", "Other"), ("train", "near_test", "equal program")),
        (HELD_OUT.replace("Show how", "Demonstrate how"), scene("Dot()"), ("train", "near_test", "same key terms")),
        (HELD_OUT.replace("label", "lable"), scene("Dot()"), ("train", "near_test", "same key terms")),
        (
            HELD_OUT.replace("compound", "heavy"),
            TWEAKED,
            ("train", "near_test", "near description and near program"),
        ),
        (HELD_OUT.replace("compound", "heavy"), scene("Dot()"), ("train", "", "")),  # a near description alone
        (HELD_OUT.replace("two", "three"), TWEAKED, ("train", "", "")),  # another number is another task
        (HELD_OUT.replace("compound", "Foucault"), TWEAKED, ("train", "", "")),  # so is another name
        ("Fold a paper crane", TWEAKED, ("train", "", "")),  # a near program alone
    ],
)
def test_a_leak_is_equal_in_prompt_or_program_or_near_in_both(tmp_path, prompt, code, fate):
    """What became of a row beside an official test row: its side, the reason, and what is alike."""
    sources = {
        "manimbench": [*((*row, "train") for row in ROWS["bespoke_manim"][:20]), (HELD_OUT, SWINGING, "test")],
        "thanks_dataset": [(prompt, code)],
    }
    ledger = ledger_of(config(tmp_path, sources=sources, name="all"))

    assert ledger.filter(source="thanks_dataset").select("split", "reason", "detail").rows() == [fate]
