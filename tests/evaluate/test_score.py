"""Scoring predictions, from recorded verdicts: nothing is rendered."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from builder.cli.main import main
from builder.core.errors import BuilderError, SettingError
from builder.core.events import Silent
from builder.evaluate.page import write_page
from builder.evaluate.predictions import Predictions, Reference, References, read_references
from builder.evaluate.score import Evaluation, compare_rows, read_rows, score, write
from builder.render.verdict import Verdict
from builder.render.verdict_file import write_verdicts
from tests.evaluate.recorded import CONDITIONS, animation, recorded, verdict
from tests.report_folders import exported
from tests.rows import circles, scene

pytest.importorskip("skimage", reason="the extra `evaluate`")
CIRCLE, SQUARE, RING, DOT = (scene(shown) for shown in ("Circle()", "Square()", "Annulus()", "Dot()"))
OLD = scene("ShowCreation(Circle())")
BROKEN = "class Shown(Scene)\n    no colon"
LEFT, RIGHT = animation((10, 40, 70, 100)), animation((180, 40, 240, 100))
VERDICTS = {
    CIRCLE: verdict(CIRCLE, frames=LEFT),
    SQUARE: verdict(SQUARE, frames=RIGHT),
    RING: verdict(RING, "timeout", "Timeout"),
    DOT: verdict(DOT, "blank"),
    OLD: verdict(OLD, "failed", "NameError"),
    BROKEN: verdict(BROKEN, "failed", "SyntaxError"),
}
ROWS = (
    Reference("made/000001", "Draw a circle", CIRCLE, "made", "Basic"),
    Reference("made/000002", "Draw a square", SQUARE, "made", "Advanced"),
    Reference("other/000001", "Draw a ring", RING, "other"),
)


def scored(tmp_path: Path, *answers: tuple[str, ...], verdicts: dict[str, Verdict] | None = None) -> Evaluation:
    """Score answers to the three rows, which are fenced here."""
    found = Predictions(lines=len(answers))
    for row, each in zip(ROWS, answers, strict=False):
        if each:
            found.answers[row.id] = [f"```python\n{code}\n```" for code in each]
    with recorded(tmp_path / "v.parquet", verdicts or VERDICTS) as renderer:
        return score(References("curated", "test", ROWS), found, renderer, Silent())


def value(found: Evaluation, name: str) -> float:
    return round(found.scores["metrics"][name]["value"], 4)


def test_references_score_as_they_render(tmp_path: Path) -> None:
    """One of three takes too long: it lacks success and similarity, and is named."""
    found = scored(tmp_path, (CIRCLE,), (SQUARE,), (RING,))
    assert [value(found, name) for name in ("parse_rate", "render_success", "pass@1", "timeout")] == [
        1,
        0.6667,
        0.6667,
        0.3333,
    ]
    assert value(found, "visual_similarity") == 1
    assert found.scores["references_not_rendered"] == ["other/000001"]
    assert found.scores["by_source"]["other"]["render_success"]["value"] == 0
    assert set(found.scores["by_difficulty"]) == {"Basic", "Advanced", "unknown"}


def test_what_fails_is_counted_by_how_it_fails(tmp_path: Path) -> None:
    """A name that Manim lost, a program that does not parse, and nothing to see."""
    found = scored(tmp_path, (OLD,), (BROKEN,), (DOT,))
    assert value(found, "render_success") == 0
    assert (value(found, "parse_rate"), value(found, "blank")) == (0.6667, 0.3333)
    assert (value(found, "version_conflicts"), value(found, "visual_similarity")) == (0.5, 0)
    assert [each["exception"] for each in found.scores["exceptions"]] == ["NameError", "SyntaxError"]
    assert "ShowCreation" in found.scores["conflicts"][0]["conflict"]


def test_a_row_without_an_answer_has_failed(tmp_path: Path) -> None:
    """It is named, never skipped; so is an answer without a program."""
    found = scored(tmp_path, (), ("",))
    assert found.scores["missing"] == ["made/000001", "other/000001"]
    assert found.scores["counts"] == {
        "prompts": 3,
        "samples": 1,
        "missing": 2,
        "outcomes": {"missing": 2, "no_program": 1},
    }
    assert value(found, "pass@1") == 0
    assert found.scores["metrics"]["pass@1"]["count"] == 3


def test_several_samples_of_a_prompt(tmp_path: Path) -> None:
    """pass@1 is the mean of shares, pass@2 asks for one of two; a row without an answer counts 0 in both."""
    found = scored(tmp_path, (CIRCLE, OLD), (SQUARE, SQUARE))
    assert (value(found, "pass@1"), value(found, "pass@2")) == (0.5, 0.6667)
    assert "pass@5" not in found.scores["metrics"]
    assert value(found, "visual_similarity") == 0.75
    assert value(found, "visual_similarity_of_rendered") == 1


def test_another_picture_is_less_alike(tmp_path: Path) -> None:
    """Swapped answers render, and look otherwise."""
    found = scored(tmp_path, (SQUARE,), (CIRCLE,), (RING,))
    assert value(found, "render_success") == 0.6667
    assert value(found, "visual_similarity") < 0.95


def test_verdicts_that_a_file_lacks_are_an_error(tmp_path: Path) -> None:
    """Nothing is guessed."""
    with pytest.raises(SettingError, match="no verdict on 1 of 3 programs"):
        scored(tmp_path, (CIRCLE,), verdicts={CIRCLE: VERDICTS[CIRCLE], SQUARE: VERDICTS[SQUARE]})


def test_what_is_written_can_be_compared(tmp_path: Path) -> None:
    """In pairs; runs on other rows are refused."""
    first, second = scored(tmp_path, (CIRCLE,), (OLD,)), scored(tmp_path, (CIRCLE,), (SQUARE,))
    with recorded(tmp_path / "v.parquet", VERDICTS) as renderer:
        write(first, tmp_path / "first", renderer)
    found = compare_rows(read_rows(tmp_path / "first"), second.rows)
    assert found["render_success"].only_second == 1
    assert found["render_success"].could_be_chance
    assert found["visual_similarity"].difference == 0.5
    with pytest.raises(BuilderError, match="different rows"):
        compare_rows(first.rows, second.rows.head(2))


def test_the_page_shows_texts_as_texts(tmp_path: Path) -> None:
    """What a model writes is no part of the page, and nothing is fetched."""
    attack = scene('Text("</script><img src=x onerror=alert(1)>")')
    found = scored(tmp_path, (CIRCLE,), (attack,), verdicts={**VERDICTS, attack: verdict(attack, "failed", "<b>Error")})
    with recorded(tmp_path / "v.parquet", VERDICTS) as renderer:
        write_page(found, tmp_path, renderer)
    page = (tmp_path / "evaluation.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "<b>Error" not in page
    assert page.count("data:image/webp;base64,") == 3  # reference and answer of the first row, reference of the second
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


TEST = circles(1, 4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with four test rows."""
    rows = [(*row, "test" if row in TEST else "train") for row in circles(1, 24)]
    return exported(tmp_path_factory.mktemp("built"), {"manimbench": rows}, "curated")


def test_rows_of_an_export_have_the_ids_of_the_ledger(folder: Path) -> None:
    """Where a prompt names one row; another split or config is an error that says what there is."""
    found = read_references(folder)
    assert (found.config, found.split) == ("curated", "test")
    assert sorted((row.id, row.prompt, row.code) for row in found.rows) == [
        (f"manimbench/{number:06d}", *row) for number, row in enumerate(TEST)
    ]
    with pytest.raises(SettingError, match="did you mean 'curated'"):
        read_references(folder, "curatd")
    with pytest.raises(SettingError, match="train, validation, test"):
        read_references(folder, split="dev")


def test_the_command_scores_a_folder_without_manim(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From recorded verdicts: the same scores each time, and two runs compared."""
    codes = [code for _, code in TEST]
    table = tmp_path / "known.parquet"
    known = {code: verdict(code, frames=LEFT) for code in codes} | {"x = 1": verdict("x = 1", "no_scene")}
    frames = {each.program: LEFT for each in known.values()}
    write_verdicts(table, known.values(), CONDITIONS, lambda _: {}, lambda _: frames)

    def run(name: str, answers: list[dict[str, Any]], *flags: str) -> dict[str, Any]:
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in answers))
        common = ["--against", str(folder), "--verdicts", str(table), "--output-dir", str(tmp_path / name)]
        assert main(["evaluate", str(path), *common, "--json", *flags]) == 0
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    good = [{"prompt": prompt, "completion": code} for prompt, code in TEST]
    first = run("good", good)
    assert first["metrics"]["render_success"]["value"] == 1
    assert first["by_difficulty"].keys() == {"unknown"}
    scores = (tmp_path / "good" / "scores.json").read_bytes()
    table = tmp_path / "good" / "verdicts.parquet"
    run("good", good)
    assert (tmp_path / "good" / "scores.json").read_bytes() == scores
    table = tmp_path / "known.parquet"
    bad = run("bad", [{"prompt": TEST[0][0], "completion": "x = 1"}, {"id": "no/000001", "completion": "y"}])
    unmatched, missing = bad["warnings"]
    assert "1 of 2 (line 2: no/000001)" in unmatched
    assert "failed: 3 (manimbench/" in missing
    assert pl.read_parquet(tmp_path / "bad" / "rows.parquet")["outcome"].to_list().count("missing") == 3
    common = ["--output-dir", str(tmp_path / "both")]
    assert main(["evaluate", str(tmp_path / "good"), str(tmp_path / "bad"), *common]) == 0
    assert "render success 100.0% and 0.0%: -100.0%" in capsys.readouterr().out
