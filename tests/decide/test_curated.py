"""Right pairs in every config, and what `curated` drops besides; each through a whole build of rows that stand here."""

import json

import pytest

from builder.config import BUILT_BY_DEFAULT, PAIRS, make_config
from builder.core.schema import SPLITS
from builder.decide.summary import shuffled_parts
from builder.pipeline.story import build, prepare
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from builder.report.explain import explain
from tests.rows import circles, config_of, ledger_of, outcomes, read_lines, said, scene

SHAPES = {
    "circle": "Circle",
    "square": "Square",
    "triangle": "Triangle",
    "star": "Star",
    "dot": "Dot",
    "annulus": "Annulus",
}
COLOURS = ("red", "blue", "green", "yellow", "purple", "orange", "pink", "teal")
RIGHT = [
    (
        f'Draw a {colour} {shape} with the label "{colour[:3]}{shape[-3:]}"',
        scene(f'{name}(color={colour.upper()}), Text("{colour[:3]}{shape[-3:]}")'),
    )
    for shape, name in SHAPES.items()
    for colour in COLOURS
]
"""48 rows whose descriptions and codes belong together."""
SHUFFLED = [(RIGHT[number][0], RIGHT[(number + 17) % len(RIGHT)][1]) for number in range(len(RIGHT))]
"""The same descriptions, each with another one's code."""


def curated(tmp_path, sources, **settings):
    """A config that reads these sources."""
    return config_of(tmp_path, sources, "curated", **settings)


def pairs(tmp_path, config):
    """Prompts with the programs that were written for them."""
    export(config, tmp_path / "out")
    files = [tmp_path / "out" / f"{side}.json" for side in SPLITS]
    rows = [row for file in files if file.exists() for row in read_lines(file)]
    return {said(row, "user"): said(row, "assistant").split("\n", 1)[1].removesuffix("\n```") for row in rows}


class Heard:
    """Keeps what a build says."""

    def __init__(self):
        self.said = []

    def warn(self, message):
        self.said.append(message)

    def progress(self, *_):
        pass


@pytest.mark.parametrize("name", BUILT_BY_DEFAULT)
def test_no_row_of_a_shuffled_source_keeps_its_published_code_in_any_config(tmp_path, name):
    """It gets the code of its description, or is dropped as unpaired; a note says how many."""
    config = config_of(tmp_path, {"bespoke_manim": circles(1, 20), "thanks_dataset": SHUFFLED}, name)
    decided = build(prepare(config), config)
    ledger = decided.ledger.filter(source="thanks_dataset")
    kept, gone = ledger.filter(outcome="kept"), ledger.filter(outcome="dropped")
    (part,) = shuffled_parts(decided.outcomes, decided.prepared.parts, config.pairs)

    assert kept.height >= 40
    assert "" not in kept["code_from"].to_list()
    assert set(gone["reason"]) <= {"unpaired"}
    assert (part["repaired"], part["at_random"], part["unpaired"]) == (kept.height, 0, gone.height)
    assert part["message"].startswith("thanks_dataset, 48 rows: descriptions and code are paired at random (AUC 0.")
    assert f"{kept.height} are kept with the code of their description" in part["message"]


def test_pairs_that_stay_random_are_warned_of_with_their_share_and_what_to_type(tmp_path):
    """`--pairs as-published` is for comparison: who builds with it hears what the config then holds."""
    heard = Heard()
    sources = {"bespoke_manim": circles(1, 48), "thanks_dataset": SHUFFLED}
    config = config_of(tmp_path, sources, "no_augment", pairs="as-published")
    stats = export(config, tmp_path / "out", heard)
    (part,) = stats["pairing"]["shuffled"]

    assert f"no_augment: {part['message']}" in heard.said
    assert "they make 53 % of train and 0 % of test; type `--pairs repaired`" in part["message"]
    assert stats["pairing"]["pairs"] == {"as_published": 48, "at_random": 48, "repaired": 0, "unpaired": 0}


def test_a_sound_source_is_not_called_shuffled_and_loses_nothing(tmp_path):
    """Neither to re-pairing nor to the check of pairs."""
    config = curated(tmp_path, {"thanks_dataset": RIGHT})

    assert set(outcomes(config).values()) == {"kept"}
    assert not any(part.shuffled for part in prepare(config).parts)


def test_shuffled_pairs_are_put_together_again(tmp_path):
    """What is written is right; the few that are not clear are dropped as unpaired."""
    written = pairs(tmp_path, curated(tmp_path, {"thanks_dataset": SHUFFLED}))

    assert len(written) >= 40
    assert written.items() <= dict(RIGHT).items()


def test_the_ledger_names_the_row_whose_code_was_taken(tmp_path):
    """With the score and the margin; the row that gave the code is found by `explain` too."""
    config = curated(tmp_path, {"thanks_dataset": SHUFFLED})
    row = ledger_of(config).filter(outcome="kept").row(0, named=True)
    number = int(row["id"].partition("/")[2])
    giver = next(at for at, (_, code) in enumerate(SHUFFLED) if code == RIGHT[number][1])

    assert row["code_from"] == f"thanks_dataset/{giver:06d}"
    assert row["score"] > 0.5
    assert row["margin"] >= config.pair_margin
    assert explain(config, row["code_from"]).code_used_by == (row["id"],)
    assert explain(config, row["id"]).final_code == RIGHT[number][1]


def test_a_useless_code_costs_no_description(tmp_path):
    """A row whose own code is broken gets the one that belongs to it; who should have had the broken one goes."""
    broken = [(text, "class Broken(Scene" if number == 17 else code) for number, (text, code) in enumerate(SHUFFLED)]
    told = outcomes(curated(tmp_path, {"thanks_dataset": broken}))

    assert told["thanks_dataset/000017"] == "kept"
    assert told["thanks_dataset/000034"] == "unpaired"


def test_copies_of_shuffled_rows_in_another_source_are_pooled(tmp_path):
    """The better source keeps the row; the code is the same, and its licence that of the row's own source."""
    config = curated(tmp_path, {"bespoke_manim": SHUFFLED, "thanks_dataset": SHUFFLED})
    ledger = ledger_of(config)
    kept = ledger.filter(outcome="kept")
    decided = build(prepare(config), config)

    assert kept.height >= 40
    assert kept["source"].unique().to_list() == ["bespoke_manim"]
    assert {row.licence for split in SPLITS for row in decided.rows(split)} == {"unknown"}


def test_published_pairs_stay_as_they_were_read_if_asked(tmp_path):
    config = config_of(tmp_path, {"thanks_dataset": SHUFFLED}, augmentation_factor=1.0, pairs="as-published")

    assert pairs(tmp_path, config) == dict(SHUFFLED)


@pytest.mark.parametrize("kept_pairs", PAIRS)
def test_rows_of_a_shuffled_source_are_train_and_the_empty_test_side_is_warned_of(tmp_path, kept_pairs):
    """Models are measured on pairs that authors made; the files of the sides are there all the same."""
    heard = Heard()
    config = curated(tmp_path, {"thanks_dataset": SHUFFLED}, test_size=0.3, pairs=kept_pairs, check_pairs=False)
    stats = export(config, tmp_path / "out", heard)

    assert set(ledger_of(config)["split"]) == {"train"}
    assert (tmp_path / "out" / "test.json").read_bytes() == b""
    assert not (tmp_path / "out" / "validation.json").exists()
    assert any(said.startswith("thanks_dataset: none of its 48 rows has a pair and a program") for said in heard.said)
    assert any("the test side is empty" in said and "--test-size" in said for said in heard.said)
    assert any("the validation side is empty" in said for said in heard.said)
    assert len(stats["split"]["notices"]) == 3


def test_official_rows_are_never_paired_anew(tmp_path):
    """Even where their source is shuffled."""
    rows = [(*row, "test" if number < 5 else "train") for number, row in enumerate(SHUFFLED)]
    ledger = ledger_of(curated(tmp_path, {"manimbench": rows}))

    assert ledger.filter("official")["outcome"].to_list() == ["kept"] * 5
    assert ledger.filter("official")["code_from"].unique().to_list() == [""]


def test_a_single_row_that_does_not_fit_is_dropped_as_mismatched(tmp_path):
    """Far below what the other rows of its source reach."""
    wrong = ('Show the text "Pythagoras" above a right angle', scene('Dot(color=TEAL), Text("dotx")'))
    ledger = ledger_of(curated(tmp_path, {"thanks_dataset": [*RIGHT, wrong]}, mismatch_rate=0.03))
    (row,) = ledger.filter(reason="mismatched").to_dicts()

    assert row["id"] == "thanks_dataset/000048"
    assert row["score"] < 0.5


def test_a_row_whose_program_contradicts_its_description_is_dropped_unless_it_is_official(tmp_path):
    wrong = ("Show the square and rotate it by 45 degrees clockwise", scene("Square(color=TEAL).rotate(45 * DEGREES)"))
    official = ("Show the circle, rotated by 30 degrees clockwise", scene("Circle(color=TEAL).rotate(30 * DEGREES)"))
    rows = {"thanks_dataset": [*RIGHT, wrong], "manimbench": [(*official, "test"), *[(*row, "train") for row in RIGHT]]}
    ledger = ledger_of(curated(tmp_path, rows, mismatch_rate=0.0))
    (row,) = ledger.filter(reason="contradicts_prompt").to_dicts()

    assert row["id"] == "thanks_dataset/000048" and row["stage"] == "pair"
    assert row["detail"].startswith(
        '"rotate it by 45 degrees clockwise", but `Square(color=TEAL).rotate(45 * DEGREES)`'
    )
    assert ledger.filter("official")["outcome"].to_list() == ["kept"]


def test_of_one_program_under_two_descriptions_the_better_fitting_stays(tmp_path):
    """The other is in conflict with it; both scores are told."""
    other = ("Draw a shape for me, any colour", RIGHT[3][1].replace("Shown", "Other"))
    ledger = ledger_of(curated(tmp_path, {"thanks_dataset": [other, *RIGHT]}, check_pairs=True, mismatch_rate=0.0))
    row = ledger.row(0, named=True)

    assert (row["stage"], row["reason"], row["kept_id"]) == (
        "conflict",
        "conflicting_description",
        "thanks_dataset/000004",
    )
    assert row["detail"].startswith("fit 0.")


def test_of_one_program_under_two_wordings_one_stays_as_a_duplicate(tmp_path):
    """Layout, comments and names of variables do not count."""
    twin = (RIGHT[3][0] + " !", RIGHT[3][1].replace("Shown", "Other") + "  # the same")
    ledger = ledger_of(curated(tmp_path, {"thanks_dataset": [*RIGHT, twin]}))
    row = ledger.row(-1, named=True)

    assert (row["reason"], row["kept_id"]) == ("duplicate_program", "thanks_dataset/000003")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("Cirkle3D()", "unknown_name"),
        ("Circle(colr=RED)", "unknown_argument"),
        ('SVGMobject("box.svg")', "missing_asset"),
    ],
)
def test_a_program_that_manim_would_not_take_is_dropped(tmp_path, body, reason):
    """In `curated`; `deduplicated` keeps it."""
    rows = {"thanks_dataset": [*RIGHT, ("Show me a box, or a thing like it", scene(body))]}

    assert outcomes(curated(tmp_path, rows))["thanks_dataset/000048"] == reason
    assert outcomes(config_of(tmp_path, rows))["thanks_dataset/000048"] == "kept"


def test_a_row_whose_authors_report_an_error_is_dropped(tmp_path):
    """The report is the detail."""
    path = tmp_path / "rows.jsonl"
    lines = [{"question": text, "python_code": code, "error": ""} for text, code in RIGHT]
    lines[7]["error"] = "ValueError: no such thing"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    settings = {"local": {"bespoke_manim": str(path)}, "datasets": ["bespoke_manim"], "cache_dir": tmp_path / "cache"}
    ledger = ledger_of(make_config("curated", **settings, workers=1))

    (row,) = ledger.filter(outcome="dropped").to_dicts()
    assert (row["id"], row["reason"], row["detail"]) == (
        "bespoke_manim/000007",
        "reported_error",
        "ValueError: no such thing",
    )


def test_a_built_folder_tells_of_shuffled_parts_when_it_is_loaded(tmp_path, caplog):
    """And its card does."""
    from manim_combined import load

    config = config_of(tmp_path, {"thanks_dataset": SHUFFLED}, "deduplicated")
    build_dataset([config], tmp_path / "built")
    settings = {name: getattr(config, name) for name in ("local", "datasets", "cache_dir", "allow_empty")}
    load("deduplicated", folder=tmp_path / "built", **settings)

    assert "descriptions and code are paired at random" in caplog.text
    assert "descriptions and code are paired at random" in (tmp_path / "built" / "README.md").read_text()


def test_the_report_of_pairs_lists_the_borderline(tmp_path):
    """Pairs on either side of the margin, nearest first, by id."""
    config = curated(tmp_path, {"thanks_dataset": SHUFFLED})
    export(config, tmp_path / "out")
    report = json.loads((tmp_path / "out" / "pairing_report.json").read_bytes())
    told = report["put_together_again"]
    above = [pair["margin"] for pair in told["just_above"]]

    assert told["rows"] + told["unpaired"] == len(SHUFFLED)
    assert above == sorted(above)
    assert min(above) >= told["least_margin"] == config.pair_margin
    assert all(pair["margin"] < config.pair_margin for pair in told["just_below"])
    assert report["shuffled"][0]["rows"] == len(SHUFFLED)


def test_near_descriptions_are_one_unless_they_differ_in_what_counts(tmp_path):
    """A typo is no difference; a number is. The report tells the words in which the rows differ."""
    rows = [
        ("Draw a line from the left side of the screen to the right side, then rotate it", scene("Line().rotate(1)")),
        ("Draw a line from the left side of teh screen to the right side, then rotate it", scene("Line().rotate(2)")),
        ("Draw 3 lines from the left side of the screen to the right side, then rotate it", scene("Line().rotate(3)")),
        ("Draw 4 lines from the left side of the screen to the right side, then rotate it", scene("Line().rotate(4)")),
    ]
    config = curated(tmp_path, {"thanks_dataset": rows}, check_pairs=False, test_size=0.01)
    export(config, tmp_path / "out")
    removed = json.loads((tmp_path / "out" / "removed_duplicates.json").read_bytes())
    report = json.loads((tmp_path / "out" / "deduplication_report.json").read_bytes())

    assert [(row["id"], row["kept_id"], row["reason"]) for row in removed] == [
        ("thanks_dataset/000001", "thanks_dataset/000000", "near_duplicate")
    ]
    assert removed[0]["differs"] == {"only_here": ["teh"], "only_kept": ["the"]}
    assert report["near_descriptions"]["just_above"][0]["right_id"] == "thanks_dataset/000001"


def test_another_threshold_needs_no_new_comparison(tmp_path):
    """Near pairs are kept in the cache; a lower threshold removes more of them."""
    pair = (
        "Draw a line from the left to the right, slowly",
        "Draw the line from its left to its right, and then just slowly",
    )
    rows = [(text, scene(f"Line().rotate({number})")) for number, text in enumerate(pair)]
    strict, loose = (
        curated(tmp_path, {"thanks_dataset": rows}, check_pairs=False, test_size=0.01, near_duplicates=threshold)
        for threshold in (0.95, 0.7)
    )
    first = outcomes(strict)
    (kept_pairs,) = (tmp_path / "cache" / "near").iterdir()
    made = kept_pairs.stat().st_ino

    assert set(first.values()) == {"kept"}
    assert "near_duplicate" in outcomes(loose).values()
    assert kept_pairs.stat().st_ino == made
