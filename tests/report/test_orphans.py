"""Programs without a description: the requests that ask a model for one, and what its answers become in a build."""

import json

import polars as pl
import pytest

from builder.cli.main import DONE, main
from builder.core.errors import SettingError
from builder.decide.decisions import read_descriptions
from builder.publish.build_folder import build_dataset
from builder.publish.card import card_text
from builder.report.orphans import orphans
from builder.report.proof.folder import open_folder
from tests.pairs import mixed, written_pairs
from tests.rows import circles, config_of, ledger_of, scene

BOX = scene('Text("a big box")')
ROWS = [
    *circles(1, 30),
    ("", BOX),  # 30: sound, and without a description
    ("box.py", BOX + "  # the same program again"),
    ("", scene("Circl()")),  # 32: uses what Manim does not have
    ("", "class Shown(Scene)\n    no colon"),
    ("", scene("Circle(radius=7)")),  # 34: row 6 has it
]
PLACE = "thanks_dataset/000030"


def built(tmp_path, rows=ROWS, **settings):
    """A folder of one config that reads these rows."""
    config = config_of(tmp_path, {"thanks_dataset": rows}, "curated", **settings)
    build_dataset([config], tmp_path / "out")
    return open_folder(tmp_path / "out")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The folder of a build without answers."""
    return built(tmp_path_factory.mktemp("plain"))


def answered(tmp_path, *lines):
    """A file of answers, and the settings that take it."""
    file = tmp_path / "answers.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return {"descriptions": [str(file)]}


def answer_to(request, text, **more):
    """What a server answers to a line of a batch."""
    body = {"model": "some-model", "choices": [{"message": {"role": "assistant", "content": text}}]}
    return {"custom_id": request["custom_id"], "response": {"status_code": 200, "body": body}, "error": None, **more}


def test_sound_programs_that_no_row_has_are_asked_for_once(tmp_path, plain, capsys):
    """With what is known of them; no broken one, no copy, none that a row has."""
    assert main(["orphans", str(plain.path), "--model", "some-model", "--output", str(tmp_path / "r.jsonl")]) == DONE

    (request,) = map(json.loads, (tmp_path / "r.jsonl").read_text().splitlines())
    assert request["custom_id"].split(" ")[0] == PLACE
    assert (request["method"], request["url"]) == ("POST", "/v1/chat/completions")
    assert request["body"]["model"] == "some-model"
    asked = request["body"]["messages"][1]["content"]
    assert "scenes: Shown\ntexts: a big box\n" in asked and BOX in asked
    assert "1 programs have no description (0 of them were rendered)" in capsys.readouterr().out


def test_an_answer_becomes_a_row_of_train_that_says_where_its_words_are_from(tmp_path, plain):
    """Counted in statistics and card; without the setting nothing of it is there."""
    (orphan,) = orphans(plain)
    taken = answered(tmp_path, answer_to(orphan.request("some-model"), '"Show a text that reads: a big box"'))
    again = built(tmp_path, **taken)

    (row,) = [row for row in again.rows("curated", "train") if row.id == PLACE]
    assert row.prompt == "Show a text that reads: a big box"
    line = again.ledger("curated").row(30, named=True)
    assert (line["outcome"], line["split"], line["detail"]) == ("kept", "train", "synthetic: described by some-model")
    assert line["repairs"][0] == "repair:described"
    assert again.statistics("curated")["synthetic_descriptions"] == {"rows": 1, "kept": 1}
    assert "A model described 1 programs" in card_text(again.manifest)
    assert "synthetic_descriptions" not in plain.statistics("curated")


def test_an_answer_that_does_not_fit_its_program_is_dropped_in_every_config(tmp_path, plain):
    """By alignment, where no pair is checked otherwise too."""
    (orphan,) = orphans(plain)
    taken = answered(tmp_path, answer_to(orphan.request("m"), "Plot the sine of x between zero and twenty"))

    for name in ("curated", "all"):
        line = ledger_of(config_of(tmp_path, {"thanks_dataset": ROWS}, name, **taken)).row(30, named=True)
        assert line["reason"] == "mismatched", name


def test_what_a_model_described_changes_no_other_rows_pair(tmp_path):
    """In a source that is paired at random, where every row's code is looked for; not even where all is wrong."""
    pairs = written_pairs(140)
    rows = [*mixed(pairs[:80]), *((pairs[n][0], code) for n, (_, code) in enumerate(pairs[80:]))]
    before = ledger_of(config_of(tmp_path, {"thanks_dataset": rows}, "curated"))
    wrong = [*pairs[81:], pairs[80]]
    lines = [
        {"id": row, "content": content, "description": prompt}
        for (row, content), (prompt, _) in zip(before.select("id", "content").rows()[80:], wrong, strict=True)
    ]
    after = ledger_of(config_of(tmp_path, {"thanks_dataset": rows}, "curated", **answered(tmp_path, *lines)))

    columns = ("outcome", "reason", "code_from", "margin")
    assert after.head(80).select(columns).equals(before.head(80).select(columns))
    assert before.head(80).filter(pl.col("code_from") != "").height > 60


def test_nothing_is_measured_on_what_a_model_described(tmp_path):
    """Nor where its program is one of a test row."""
    official = [("Draw a ring", scene("Annulus()"), "test"), *[(*pair, "train") for pair in circles(1, 30)]]
    sources = {"manimbench": official, "thanks_dataset": [("", scene("Annulus()"))]}
    plain = ledger_of(config_of(tmp_path, sources))
    taken = answered(
        tmp_path, {"id": "thanks_dataset/000000", "content": plain["content"][31], "description": "Show me an annulus"}
    )

    line = ledger_of(config_of(tmp_path, sources, **taken)).row(31, named=True)
    assert (line["split"], line["reason"]) == ("test", "synthetic")


def test_a_person_has_the_last_word_on_what_a_model_wrote(tmp_path, plain):
    """A drop and an edit count; to keep the model's words as they are is nothing to decide."""
    (orphan,) = orphans(plain)
    taken = answered(tmp_path, answer_to(orphan.request("m"), "Show a text that reads: a big box"))

    def decided(**decision):
        file = tmp_path / "decisions.jsonl"
        file.write_text(json.dumps({"id": PLACE, **decision}))
        config = config_of(tmp_path, {"thanks_dataset": ROWS}, "curated", decisions=[str(file)], **taken)
        return ledger_of(config).row(30, named=True)

    assert decided(drop=True)["reason"] == "decided"
    assert decided(edit={"description": "Write: a big box"})["detail"] == "edit"
    assert decided(keep=True)["detail"] == "synthetic: described by some-model"


def test_a_request_that_failed_is_said_and_leaves_the_row_as_it_was(tmp_path, plain):
    """And so is an answer for a row that has changed since."""
    (orphan,) = orphans(plain)
    failed = {"custom_id": orphan.request("m")["custom_id"], "response": None, "error": {"message": "too busy"}}
    changed = {"id": PLACE, "content": "00000000deadbeef", "description": "Show a box"}
    folder = built(tmp_path, **answered(tmp_path, failed, changed))

    assert [left["why"] for left in folder.statistics("curated")["decisions"]["not_applied"]] == [
        "the model gave no answer",
        "the row has changed since",
    ]
    assert folder.ledger("curated").row(30, named=True)["reason"] == "empty_description"


@pytest.mark.parametrize("line", ["{", "[]", '{"custom_id": "a"}', '{"id": "a/000001", "description": "x"}'])
def test_what_is_no_answer_is_an_error_that_names_the_line(tmp_path, line):
    """And says what is wanted."""
    file = tmp_path / "answers.jsonl"
    file.write_text(f"\n{line}\n")
    with pytest.raises(SettingError, match=r"--descriptions answers\.jsonl, line 2: no answer to a request"):
        read_descriptions([file])
