"""The certificate: a leak is found whatever its disguise, and a build that has one publishes nothing."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from builder.core.errors import OutputError
from builder.core.files import sha256_of
from builder.emit.augment import VARIANTS, variant_text
from builder.emit.formats import fenced
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from builder.report.proof.certificate import certify
from builder.report.proof.check import check_folder
from builder.report.proof.folder import WrittenRow
from builder.similarity.near_pairs import near_pairs
from builder.similarity.words import is_known
from tests.rows import SOURCES, config_of, outcomes, read_lines, said, scene

LIMIT = 0.8
PROGRAM = """from manim import *


class Orbit(Scene):
    def construct(self):
        sun = Circle(radius=2, color="#FF0000")
        for step in range(3):
            self.play(Rotate(sun, angle=step * PI), run_time=1.5)
"""
RENAMED = PROGRAM.replace("Orbit", "MyScene").replace("sun", "c").replace("step", "i")
LAID_OUT = """from manim import *
class Orbit(Scene):
  # a sun, turned
  def construct(self):
    sun = Circle(
        radius = 2,
        color = '#FF0000',  # red
    )

    for step in range( 3 ): self.play(Rotate(sun, angle=(step*PI)), run_time=1.5)
"""
PROMPT = "Draw a red circle with a radius of 2, then rotate it slowly about the center of the screen three times."


def row(where, prompt, code, official=False):
    """A written row."""
    roles = ("system", "user", "assistant")
    return WrittenRow(where, prompt, fenced(code), "made", where, 0, roles, official)


def others(count=4):
    """Rows that share nothing with `PROMPT` and `PROGRAM`."""
    return [
        row(f"other {n}", f"Plot the parabola y = {n}x^2 in blue on a grid", scene(f"Square(side_length={n})"))
        for n in range(1, count + 1)
    ]


def offending(prompt, code, prompt_there=PROMPT, code_there=PROGRAM):
    """What is alike in a test row and a train row, among others."""
    test = [
        *others(2)[:0],
        row("test", prompt_there, code_there, True),
        row("test 2", "Show a green arrow", scene("Arrow()")),
    ]
    made = certify([*others(), row("planted", prompt, code)], test, LIMIT)
    assert all(pair[1:3] == ("test", "planted") for pair in made.offending_pairs)
    assert made.official_test_rows_near_train == bool(made.offending_pairs)
    return {pair[0] for pair in made.offending_pairs}


def test_a_copied_row_is_found_by_both():
    """Prompt and program."""
    assert offending(PROMPT, PROGRAM) == {"description", "program"}


@pytest.mark.parametrize("code", [RENAMED, LAID_OUT, f"# by me\n\n{PROGRAM}\n# end"])
def test_a_program_in_disguise_is_found_under_any_prompt(code):
    """Names of its own, layout and comments do not count."""
    assert offending("Show how planets move", code) == {"program"}


@pytest.mark.parametrize(
    "changed",
    [
        ("radius=2", "radius=9"),
        ("#FF0000", "#00FF00"),
        ("Circle(radius=2", "Square(side_length=2"),
        ("range(3)", "range(4)"),
        ("Rotate", "Wiggle"),
    ],
)
def test_a_program_that_differs_in_what_counts_is_no_leak(changed):
    """Literals and Manim's names count in full."""
    assert offending("Show how planets move", PROGRAM.replace(*changed)) == set()


def test_near_descriptions_with_near_programs_are_found():
    """Each of them alone would pass."""
    prompt = "Draw a red circle whose radius is 2 and rotate it slowly around the screen center a total of three times"
    tweaked = PROGRAM.replace("run_time=1.5", "run_time=1.25")

    assert offending(prompt, scene("Dot()")) == set()
    assert offending(prompt, tweaked) == {"description and program"}


POINTS = "Show a dot at (1, 2), another one at (3, 4), and the curve \\( y = x^2 \\) between them"
RETYPED = ("Show a dot at (1 - 2); another one at (3 - 4) and the curve \\( y = x^2 \\) between them", POINTS.upper())


@pytest.mark.parametrize("retyped", RETYPED)
def test_the_same_letters_are_found_whatever_case_and_signs(retyped):
    """Though signs and formulas count in full otherwise."""
    assert offending(retyped, scene("Dot()"), POINTS) == {"description"}


SHAPES, COLOURS = ("circle", "square", "triangle", "hexagon"), ("red", "blue", "green", "yellow")
WAYS = ("slowly", "smoothly", "gradually", "quickly")
prompts = st.builds(
    "{} a {} {} with a size of {}, move it {} to the {} while the camera zooms out, and pause for {} seconds".format,
    st.sampled_from(("Draw", "Show", "Create", "Animate", "Display")),
    st.sampled_from(COLOURS),
    st.sampled_from(SHAPES),
    st.integers(1, 99),
    st.sampled_from(WAYS),
    st.sampled_from(("left", "right", "top", "bottom")),
    st.integers(2, 9),
)


@given(prompts, st.data())
@settings(max_examples=60, deadline=None)
def test_a_retyped_prompt_is_found(prompt, data):
    """Other case, other punctuation, a slip that makes no other English word."""
    words = prompt.split()
    long = [at for at, word in enumerate(words) if word in {"while", "zooms", "pause", "camera"}]
    at = data.draw(st.sampled_from(long))
    place = data.draw(st.integers(1, len(words[at]) - 2))
    word = words[at]
    slips = {
        "none": word,
        "left out": word[:place] + word[place + 1 :],
        "twice": word[:place] + word[place] + word[place:],
        "swapped": word[:place] + word[place + 1] + word[place] + word[place + 2 :],
    }
    words[at] = slips[data.draw(st.sampled_from(sorted(slips)))]
    assume(words[at] == word or not is_known(words[at]))
    retyped = data.draw(st.sampled_from(("{}", "{}!!", '"{}."', "  {} …"))).format(" ".join(words).replace(", ", " , "))
    retyped = data.draw(st.sampled_from((str, str.lower, str.upper, str.title)))(retyped)

    assert offending(retyped, scene("Dot()"), prompt) == {"description"}


REAL_KINDS = (
    PROMPT,
    "A red circle moves along a sine curve from left to right",
    "How do I rotate a hexagon by 60 degrees in Manim?",
    "Can you please show me the graph of y = x^2 + 1 with a dot on it?",
    "Why is the area of a circle pi times the radius squared?",
    "Two blue squares and a green triangle in a row",
    "Write Manim code that draws a cube and turns it around the z-axis",
    "Plot the function\n\n\\[ f(x) = \\sin(x) \\]\n\nfrom 0 to 10.",
    "Using `NumberPlane`, show the vector (2, 1) and its image under a shear",
)


@pytest.mark.parametrize("description", REAL_KINDS)
def test_a_prompt_behind_any_template_is_found(description):
    """All variants that augmentation may write, of each kind of description."""
    for variant in range(VARIANTS + 1):
        assert offending(variant_text(description, variant), scene("Dot()"), description) == {"description"}, variant


@given(prompts, st.integers(1, VARIANTS))
@settings(max_examples=60, deadline=None)
def test_a_made_prompt_behind_a_template_is_found(prompt, variant):
    """Also where the certificate sees the template on the test side."""
    assert offending(variant_text(prompt, variant), RENAMED, prompt) == {"description", "program"}
    assert offending(prompt, scene("Dot()"), variant_text(prompt, variant)) == {"description"}


@given(st.lists(st.tuples(st.sampled_from(COLOURS), st.sampled_from(SHAPES), st.integers(1, 9)), unique=True))
@settings(max_examples=40, deadline=None)
def test_rows_that_differ_in_a_colour_a_shape_or_a_number_do_not_offend(drawn):
    """However like their letters are."""
    rows = [
        row(
            f"{n}", f"Draw a {colour} {shape} of size {size} in the middle", scene(f"{shape.title()}({size}, {colour})")
        )
        for n, (colour, shape, size) in enumerate(drawn)
    ]
    made = certify(rows[::2], rows[1::2], LIMIT)

    assert made.offending_pairs == ()
    assert made.check() is None
    assert made.nearest_agreeing is None


@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_texts_are_certified(texts):
    """Nothing crashes, and a row on both sides always offends unless it is empty."""
    rows = [row(f"{n}", prompt, code) for n, (prompt, code) in enumerate(texts)]
    made = certify(rows, [row(f"test {one.where}", one.prompt, one.code[10:-4]) for one in rows], LIMIT)

    assert {pair[1] for pair in made.offending_pairs} >= {f"test {one.where}" for one in rows if one.prompt.strip()}


def test_the_figures_are_those_of_the_nearest_pairs():
    """Twice the letters that both have, over the letters of both; of programs, the tokens."""
    test = [row("a", "red circles moved", "x = 1\ny = 2"), row("b", "blue kites over", "z = [1, 2, 3]", True)]
    train = [
        # 15 letters of 17 and of 16, and the key terms agree; 6 of 7 tokens
        row("c", "red circle moves", "x = 1\ny = 'of another kind'"),
        row("d", "nothing of the kind", "print('far from all of them')"),
    ]
    told = asdict(certify(train, test, 0.95))

    assert told["nearest_agreeing"] == {"score": round(30 / 33, 6), "test": "a", "train": "c"}
    assert told["nearest_description"] == told["nearest_agreeing"]
    assert told["nearest_program"] == {"score": round(6 / 7, 6), "test": "a", "train": "c"}
    assert (told["test_rows"], told["train_rows"], told["every_pair_compared"]) == (2, 2, True)
    assert (told["official_test_rows"], told["official_test_rows_near_train"]) == (1, 0)
    assert told["offending_pairs"] == ()


def test_beyond_so_many_pairs_leaks_are_still_found(monkeypatch):
    """Candidates are compared then; the certificate says so."""
    monkeypatch.setattr("builder.report.proof.certificate.ALL_PAIRS", 3)
    made = certify([*others(), row("p", PROMPT.upper(), RENAMED)], [row("t", PROMPT, PROGRAM)], LIMIT)

    assert not made.every_pair_compared
    assert {pair[0] for pair in made.offending_pairs} == {"description", "program"}


def test_an_empty_side_is_certified():
    """There is no nearest pair."""
    told = asdict(certify([], others(), LIMIT))

    assert (told["nearest_description"], told["nearest_program"], told["offending_pairs"]) == (None, None, ())


LEAKING = {
    "manimbench": [*((*row, "train") for row in SOURCES["bespoke_manim"][:20]), (PROMPT, PROGRAM, "test")],
    "thanks_dataset": [(PROMPT.replace("about", "abuot"), scene("Dot()"))],
}
"""A train row with a prompt near an official one; the split does not know, since they are not equal."""


def test_the_step_for_leaks_finds_what_would_offend(tmp_path):
    """So the build goes through, and its figures say that no official row has a neighbour."""
    stats = export(config_of(tmp_path, LEAKING), tmp_path / "out")

    assert stats["leakage"]["train_rows_dropped_as_leaks"] == 1
    assert stats["certificate"]["official_test_rows"] == 1
    assert stats["certificate"]["official_test_rows_near_train"] == 0


def of_official_rows(texts, threshold, against=None):
    """Near pairs where official rows are what texts are compared with; the search for all others finds none."""
    return near_pairs(texts if against else [], threshold, against)


def test_official_rows_are_compared_with_every_row(tmp_path, monkeypatch):
    """Also were the search for candidates to find none."""
    monkeypatch.setattr("builder.decide.deduplicate.near_pairs", of_official_rows)

    assert outcomes(config_of(tmp_path, LEAKING))["thanks_dataset/000000"] == "near_test"


@pytest.mark.parametrize("found", ["as a candidate", "as an official row"])
def test_the_step_for_leaks_finds_the_same_letters_too(tmp_path, monkeypatch, found):
    """So a build never fails for them."""
    if found == "as an official row":
        monkeypatch.setattr("builder.decide.deduplicate.near_pairs", of_official_rows)
    sources = {"manimbench": [(POINTS, PROGRAM, "test")], "thanks_dataset": [(RETYPED[0], scene("Dot()"))]}

    assert outcomes(config_of(tmp_path, sources))["thanks_dataset/000000"] == "near_test"


@pytest.mark.parametrize("how", [export, lambda config, folder: build_dataset([config], folder)])
def test_a_build_that_leaks_fails_and_publishes_nothing(tmp_path, monkeypatch, how):
    """Were the step for leaks to miss a row, the certificate would not."""
    monkeypatch.setattr("builder.decide.decide.drop_leaks", lambda ledger, *_: ledger)

    with pytest.raises(OutputError, match="too near"):
        how(config_of(tmp_path, LEAKING), tmp_path / "out")
    assert not list((tmp_path / "out").glob("**/*.*"))


def test_a_variant_that_a_template_brings_nearer_is_not_written(tmp_path):
    """Rows are compared as emitted: "... that spins the wheel" is nearer (0.881) than "Spin the wheel" is (0.862)."""
    sources = {
        "manimbench": [
            *((*row, "train") for row in SOURCES["bespoke_manim"][:20]),
            ("Spins the wheel, just for us, please", PROGRAM, "test"),
        ],
        "thanks_dataset": [("Spin the wheel, just for us", scene("Dot()"))],
    }
    export(config_of(tmp_path, sources, augmentation_factor=10.0, near_test=0.87), tmp_path / "out")
    said_of_wheels = {said(row, "user") for row in read_lines(tmp_path / "out" / "train.json")}
    wheels = {prompt for prompt in said_of_wheels if "wheel" in prompt}

    assert len(wheels) == 1 + 8
    assert not any("spins" in prompt for prompt in wheels)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with one built config, and an exported one."""
    place = tmp_path_factory.mktemp("certified")
    config = config_of(place, SOURCES, "all")
    build_dataset([config], place / "built")
    export(config, place / "exported")
    return place


def signed(folder, name):
    """Put a changed file's hash and size into the manifest, as who hides a leak would."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["outputs"][name] = {"sha256": sha256_of(folder / name), "bytes": (folder / name).stat().st_size}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def problems(folder):
    """What `check` says, a text a problem."""
    return [f"{problem.where}: {problem.what}" for problem in check_folder(folder)]


def test_the_certificate_counts_the_official_rows_of_both_kinds_of_folder(built):
    """JSON Lines do not tell which rows are official; the ledger does."""
    manifest = json.loads((built / "built" / "manifest.json").read_bytes())
    exported = json.loads((built / "exported" / "dataset_stats.json").read_bytes())

    assert manifest["statistics"]["all"]["certificate"]["official_test_rows"] == 4
    assert exported["certificate"]["official_test_rows"] == 4
    assert problems(built / "exported") == problems(built / "built") == []


@pytest.mark.parametrize("new_id", [True, False])
def test_a_test_row_hidden_in_train_is_found_by_check(built, tmp_path, new_id):
    """Under a fresh id, or in the place of a row; the manifest was signed anew."""
    folder = Path(shutil.copytree(built / "built", tmp_path / "built"))
    train, test = (f"data/all/{split}-00000-of-00001.parquet" for split in ("train", "test"))
    hidden = pl.read_parquet(folder / test)[:1]
    rows = pl.read_parquet(folder / train)
    if new_id:
        changed = pl.concat([rows, hidden.with_columns(id=pl.lit("thanks_dataset/999999"))])
    else:
        messages = [*rows["conversations"].to_list()[:-1], hidden["conversations"][0].to_list()]
        changed = rows.with_columns(conversations=pl.Series(messages, dtype=rows.schema["conversations"]))
    changed.write_parquet(folder / train)
    signed(folder, train)
    told = problems(folder)

    where = f"{train}, row {changed.height - 1}"
    assert f"{where}: its description is that of a test row, or near it (1.000): {test}, row 0" in told
    assert f"{where}: its program is that of a test row, or near it (1.000): {test}, row 0" in told
    assert any(line.startswith("all: its certificate says of offending_pairs: 0 pairs") for line in told)


def test_a_test_row_hidden_in_json_lines_is_found_by_check(built, tmp_path):
    """These have no ids, so nothing else could find it."""
    folder = Path(shutil.copytree(built / "exported", tmp_path / "exported"))
    lines = (folder / "train.json").read_bytes().splitlines(keepends=True)
    lines[5] = (folder / "test.json").read_bytes().splitlines(keepends=True)[0]
    (folder / "train.json").write_bytes(b"".join(lines))
    signed(folder, "train.json")

    assert said(read_lines(folder / "train.json")[5], "user") == said(read_lines(folder / "test.json")[0], "user")
    assert any(line.startswith("train.json, row 5: its description is that of a test row") for line in problems(folder))


def test_a_certificate_that_was_polished_is_found(built, tmp_path):
    """What it says is compared with what the rows show."""
    folder = Path(shutil.copytree(built / "exported", tmp_path / "exported"))
    stats = json.loads((folder / "dataset_stats.json").read_bytes())
    stats["certificate"]["nearest_program"]["score"] = 0.1
    (folder / "dataset_stats.json").write_text(json.dumps(stats))
    signed(folder, "dataset_stats.json")

    stats["splits"]["test"]["rows"] += 1
    polished = problems(folder)
    (folder / "dataset_stats.json").write_text(json.dumps(stats))
    signed(folder, "dataset_stats.json")

    assert [line.partition(" (")[0] for line in polished] == ["all: its certificate says of nearest_program: 0.1"]
    assert [line.partition(":")[0] for line in problems(folder)] == ["all/test", "all"]
