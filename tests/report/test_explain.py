"""`explain`: one row's life, shown by what made it."""

import json
import shutil
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.cli.explain import diff, show_explanation, visible
from builder.cli.main import DONE, WRONG_USAGE, main
from builder.core.errors import SettingError
from builder.core.schema import Example
from builder.prepare.prepare import prepare_code, prepare_description
from builder.prepare.trace import trace_row
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from builder.report.explain import Explanation, Matches, explain, explain_in_folder
from builder.report.proof.folder import open_folder
from tests.rows import circles, config_of, read_lines, said, scene

FENCED = f"```python\n{scene('Dot()')}\n```"
OLD = "class Old(Scene):\n    def construct(self):\n        self.play(ShowCreation(Circle()))"
FLAT = "from manim import * class A(Scene): def construct(self): self.add(Circle()) self.wait()"
MESSY = [
    ("  “Draw a dot”  ", FENCED),
    ("Draw  a ring", OLD),
    ("Draw a circle", FLAT),
    ("", ""),
    ("Draw a \udc80 thing", "x = '\udc80'"),
    ("Nothing\x00", "\x00"),
    ("Draw a box", "self.play(Create(Square()))"),
    ("Deep", "(" * 500 + ")" * 500),
    ("Draw", "\ufeff" + OLD.replace("    ", "\t").replace("\n", "\r\n") + "_x000D_"),
]


def agrees(description, code, official=False):
    """Assert that trace and prepared row tell the same; gives the trace."""
    original = Example(description, code)
    trace = trace_row(original, official)
    text, program = prepare_description(description), prepare_code(code, official)
    last = {"description": description, "code": code}
    for step in trace.steps:
        assert step.before == last[step.part]
        assert step.after != step.before
        last[step.part] = step.after
    assert last == {"description": text["description"], "code": program["code"]}
    for part, prepared in (("description", text), ("code", program)):
        made = tuple(dict.fromkeys(step.name for step in trace.steps if step.part == part))
        assert made == prepared[f"{part}_repairs"]
        failed = [(check.name, check.detail) for check in trace.checks() if check.part == part and not check.passed]
        assert [*failed, (None, None)][0] == (prepared[f"{part}_reason"], prepared[f"{part}_detail"])
    return trace


@pytest.mark.parametrize(("description", "code"), MESSY)
@pytest.mark.parametrize("official", [False, True])
def test_the_last_step_leaves_what_the_build_uses(description, code, official):
    """Each step starts where the one before it ended; names and problems are the row's."""
    agrees(description, code, official)


PIECES = st.sampled_from(
    ["\n", "    ", "\t", "```python\n", "```", "\\n", "&lt;", "_x000D_", '"', "self.play(", "X", ")"]
)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40), st.lists(PIECES | st.sampled_from([OLD, FLAT, scene("Dot()")]), max_size=8))
def test_steps_and_row_agree_on_any_text(description, pieces):
    """Whatever was read."""
    agrees(description, "".join(pieces))


def test_repairs_tell_the_text_after_each(tmp_path):
    """A program without an import and with an old name: two steps, and what the check found before."""
    trace = agrees("Draw a circle", OLD)

    assert [step.name for step in trace.steps] == ["repair:manim_import", "repair:renamed"]
    assert "ShowCreation" in trace.steps[0].after
    assert "Create(Circle())" in trace.steps[1].after
    assert [problem.name for problem in trace.api_found] == ["ShowCreation"]
    assert trace.api_left == ()


def told(tmp_path, sources, wanted, name="deduplicated", **changes) -> Explanation:
    """The explanation of a row of these sources."""
    found = explain(config_of(tmp_path, sources, name, **changes), wanted)
    assert isinstance(found, Explanation)
    return found


def test_a_duplicate_names_the_row_that_stayed_in_its_place(tmp_path):
    """With what became of that one, and its description."""
    rows = {"bespoke_manim": circles(1, 30), "thanks_dataset": [("draw a circle of RADIUS 7.", scene("Dot()"))]}
    row = told(tmp_path, rows, "thanks_dataset/000000")

    assert row.outcome == "dropped: duplicate, duplicate_description"
    assert row.stood_against is not None
    assert row.stood_against.id == "bespoke_manim/000006"
    assert row.stood_against.outcome.startswith("kept in ")
    assert row.stood_against.description == "Draw a circle of radius 7"
    assert [near.id for near in row.equal_descriptions.rows] == ["bespoke_manim/000006"]
    assert row.split.rows == {"bespoke_manim": 1, "thanks_dataset": 1}
    assert row.variants == ()


def test_rows_like_it_are_listed_by_what_they_share(tmp_path):
    """Equal programs whatever their names; near descriptions with what differs."""
    near = ("Please draw a large red circle in the middle of the screen", scene("Circle(radius=3, color=RED)"))
    blue = ("Please draw a large blue circle in the middle of the screen", scene("Circle(radius=3, color=BLUE)"))
    twin = ("A thing that is round", near[1].replace("Shown", "Other"))
    row = told(tmp_path, {"thanks_dataset": [near, blue, twin, *circles(1, 9)]}, "thanks_dataset/000000")

    assert [other.id for other in row.equal_programs.rows] == ["thanks_dataset/000002"]
    (other,) = row.near_descriptions.rows
    assert (other.id, other.agrees) == ("thanks_dataset/000001", False)
    assert 0.9 < other.score < 1
    assert "red" in " ".join(other.only_here)
    assert "blue" in " ".join(other.only_there)


def test_what_a_check_says_and_what_was_not_asked_after_it(tmp_path):
    """The first failure of each part counts."""
    row = told(tmp_path, {"thanks_dataset": [*circles(1, 9), ("ring.py", "class Shown(Scene)\n    no colon")]}, "ring")

    assert {check.name: check.passed for check in row.checks} == {
        "empty_description": True,
        "description_is_filename": False,
        "placeholder_description": None,
        "short_description": None,
        "short_code": True,
        "syntax_error": False,
        "no_scene": None,
        "no_construct": None,
        "empty_construct": None,
    }


def test_official_rows_and_rows_of_a_large_group_are_told_why_they_are_on_their_side(tmp_path):
    """As are those that were drawn, or not."""
    sources = {
        "manimbench": [("Draw a ring", scene("Annulus()"), "test"), ("Draw a dot", scene("Dot()"), "train")],
        "thanks_dataset": [*[("Draw a star", scene("Star()"))] * 21, *circles(1, 40)],
    }
    config = config_of(tmp_path, sources)
    reasons = {
        wanted: (row.split.side, row.split.why)
        for wanted in ("manimbench/000000", "manimbench/000001", "thanks_dataset/000003")
        if isinstance(row := explain(config, wanted), Explanation)
    }
    circle = [explain(config, f"thanks_dataset/{number:06d}") for number in range(21, 40)]

    assert reasons == {
        "manimbench/000000": ("test", "official"),
        "manimbench/000001": ("train", "official_source"),
        "thanks_dataset/000003": ("train", "large"),
    }
    assert {row.split.why: row.split.side for row in circle} == {"drawn": "test", "not_drawn": "train"}
    assert all((row.split.rank < row.split.cut) == (row.split.why == "drawn") for row in circle)
    assert all(row.ledger["split"] == row.split.side for row in circle)


def test_variants_are_those_that_are_written(tmp_path):
    """With the template that made each."""
    config = config_of(tmp_path, {"thanks_dataset": circles(1, 20)}, augmentation_factor=3.0)
    export(config, tmp_path / "out")
    number = next(n for n in range(20) if explain(config, f"thanks_dataset/{n:06d}").outcome == "kept in train")
    row = told(tmp_path, {"thanks_dataset": circles(1, 20)}, f"thanks_dataset/{number:06d}", augmentation_factor=3.0)
    program = f"radius={number + 1})"
    written = {
        said(line, "user") for line in read_lines(tmp_path / "out" / "train.json") if program in said(line, "assistant")
    }

    assert {variant.prompt for variant in row.variants} == written
    assert [variant.opening == "" for variant in row.variants if variant.number == 0] == [True]
    assert len(row.variants) == 3


def test_a_piece_of_a_prompt_finds_its_row_or_what_there_is_to_choose_from(tmp_path):
    """Case and white space do not count; a whole description means itself; copies are named."""
    config = config_of(
        tmp_path, {"thanks_dataset": [*circles(1, 30), ("Draw a  circle of radius 30.", scene("Dot()"))]}
    )
    found = explain(config, "of   RADIUS 30")
    several = explain(config, "radius 2")
    whole = explain(config, "draw a circle of radius 2")

    assert isinstance(found, Explanation)
    assert (found.id, found.also) == ("thanks_dataset/000029", ("thanks_dataset/000030",))
    assert isinstance(several, Matches)
    assert several.total == 11
    assert several.matches[0].id == "thanks_dataset/000001"
    assert isinstance(whole, Explanation)
    assert whole.id == "thanks_dataset/000001"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("draw a circel of radius 17", r"nearest is thanks_dataset/000016: Draw a circle of radius 17"),
        ("thanks_dataset/000099", "there are thanks_dataset/000000 to 000029"),
        ("thanks_dataset/²", "no description holds"),
        ("other/000001", "there are thanks_dataset"),
        ("  ", "a piece of a prompt, is wanted"),
        ("\udcff\x1b[31m(", "no description holds"),
    ],
)
def test_what_names_no_row_is_said_with_the_nearest(tmp_path, wanted, message):
    """Or with the ids that there are."""
    with pytest.raises(SettingError, match=message):
        explain(config_of(tmp_path, {"thanks_dataset": circles(1, 30)}), wanted)


def test_the_command_shows_diffs_and_reasons(tmp_path, capsys):
    """Plain where no one watches."""
    config = config_of(tmp_path, {"thanks_dataset": [*circles(1, 9), ('"Draw a dot"', FENCED), ("A ring", OLD)]})
    arguments = ["--local", f"thanks_dataset={dict(config.local)['thanks_dataset']}", "--datasets", "thanks_dataset"]
    arguments += ["--cache-dir", str(tmp_path / "cache"), "--workers", "1"]

    assert main(["explain", "thanks_dataset/000009", *arguments]) == DONE
    shown = capsys.readouterr().out.splitlines()
    assert "description, clean:stray_quotes" in shown
    assert '-"Draw a dot"' in shown
    assert "+Draw a dot" in shown
    assert "-```python" in shown
    assert any(line.split() == ["code", "no_scene", "ok"] for line in shown)
    assert not any("\x1b" in line for line in shown)

    assert main(["explain", "A ring", *arguments]) == DONE
    shown = capsys.readouterr().out
    assert "-        self.play(ShowCreation(Circle()))\n+        self.play(Create(Circle()))" in shown
    assert "fixed: " in shown

    assert main(["explain", "circle", *arguments]) == DONE
    assert "9 descriptions hold 'circle'; name one by its id:" in capsys.readouterr().out

    assert main(["explain", "A rang", *arguments]) == WRONG_USAGE
    assert "the nearest is thanks_dataset/000010: A ring" in capsys.readouterr().err


def test_json_has_the_same_for_machines(tmp_path, capsys):
    """Texts in full; what there is to choose from too."""
    config = config_of(tmp_path, {"thanks_dataset": [*circles(1, 9), ("Draw a dot", FENCED)]})
    arguments = ["--local", f"thanks_dataset={dict(config.local)['thanks_dataset']}", "--datasets", "thanks_dataset"]
    arguments += ["--cache-dir", str(tmp_path / "cache"), "--workers", "1", "--json"]

    assert main(["explain", "a dot", *arguments]) == DONE
    row = json.loads(capsys.readouterr().out)
    assert (row["id"], row["code"]) == ("thanks_dataset/000009", FENCED)
    assert row["steps"][0] == {"name": "clean:fences", "part": "code", "before": FENCED, "after": scene("Dot()") + "\n"}
    assert main(["explain", "circle", *arguments]) == DONE
    assert json.loads(capsys.readouterr().out)["total"] == 9


def test_every_row_can_be_explained(tmp_path, capsys):
    """Also those that hold no text, or what a terminal must not be given."""
    rows = [*circles(1, 5), *MESSY[:4], *MESSY[5:], ("\x1b[2J Draw \u202e a box", scene("Square()  # \x1b]0;"))]
    config = config_of(tmp_path, {"thanks_dataset": [*rows, (None, None)]}, "curated")
    for number in range(len(rows) + 1):
        row = explain(config, f"thanks_dataset/{number:06d}")
        assert isinstance(row, Explanation)
        show_explanation(row)
    shown = capsys.readouterr().out
    assert not set(shown) & {"\x1b", "\u202e", "\x00", "\r"}
    assert "␛[2J Draw <U+202E RIGHT-TO-LEFT OVERRIDE> a box" in shown


def test_a_diff_shows_what_cannot_be_seen():
    """Blanks at the end of changed lines, tabs, ends of lines."""
    assert list(diff("a  \n\tb\r", "a\n    b")) == ["-a␠␠", "-␉b␍", "+a", "+    b"]
    assert visible("a\u00a0b\ufeff") == "a<U+00A0 NO-BREAK SPACE>b<U+FEFF ZERO WIDTH NO-BREAK SPACE>"


def test_very_long_texts_are_compared_by_their_ends():
    """In time that grows with their length."""
    old = "\n".join(["same", *("ab" * (n % 7) for n in range(60_000)), "end"])
    new = "\n".join(["same", *("ba" * (n % 5) for n in range(60_000)), "end"])
    lines = list(diff(old, new))

    assert lines[0] == " same"
    assert not {"-same", "+same", "-end", "+end"} & set(lines)


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_equal_texts_have_no_diff_and_others_have_one(old, new):
    """The lines that stay and those that came make the new text, where all are shown."""
    lines = list(diff("\n".join(old), "\n".join(new)))

    assert bool(lines) == ("\n".join(old) != "\n".join(new))


def built(tmp_path, kind):
    """A folder with `all` and `deduplicated`, or an export of the latter, whose sources are gone; and its config."""
    rows = [*circles(1, 30), ('"Draw a circle of radius 3."', FENCED), ("A ring", OLD)]
    config = config_of(tmp_path, {"thanks_dataset": rows})
    live = {row_id: explain(config, row_id) for row_id in ("thanks_dataset/000002", "thanks_dataset/000030")}
    if kind == "build":
        build_dataset([config_of(tmp_path, {"thanks_dataset": rows}, "all"), config], tmp_path / "manim_combined")
        folder = open_folder(tmp_path / "manim_combined")
    else:
        export(config, tmp_path / "data_formatted_deduplicated")
        folder = open_folder(tmp_path / "data_formatted_deduplicated")
    shutil.rmtree(tmp_path / "sources")
    return folder, live


@pytest.mark.parametrize("kind", ["build", "export"])
def test_a_folder_says_what_the_sources_would(tmp_path, kind):
    """Texts, changes, checks, similar rows and prompts are equal; only the ranks of the split are not recorded."""
    folder, live = built(tmp_path, kind)
    for row_id, wanted in live.items():
        found = explain_in_folder(folder, row_id, "deduplicated")
        assert isinstance(found, Explanation)
        assert found.folder == str(folder.path)
        assert (found.split.side, found.split.rows) == (wanted.split.side, wanted.split.rows)
        same = {"folder": "", "fit": wanted.fit, "split": wanted.split, "reported_error": wanted.reported_error}
        assert replace(found, **same) == wanted


def test_a_folder_is_found_and_asked_without_a_source(tmp_path, monkeypatch, capsys):
    """By an id or a piece of a prompt; of its configs, one that keeps the row, unless another is named."""
    built(tmp_path, "build")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builder.report.explain.explain", lambda *_: pytest.fail("the sources were asked"))

    assert main(["explain", "thanks_dataset/000030", "--quiet"]) == DONE
    assert main(["explain", "a  RING", "--quiet"]) == DONE
    assert main(["explain", "thanks_dataset/000030", "--config", "deduplicated", "--quiet"]) == DONE
    assert main(["explain", "draw a circle of radius 2", "--quiet"]) == DONE
    assert main(["explain", "of radius 1", "--folder", "manim_combined", "--quiet"]) == DONE
    assert main(["explain", "thanks_dataset/000099", "--quiet"]) == WRONG_USAGE
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "thanks_dataset/000030: kept in train",
        "thanks_dataset/000031: kept in train",
        "thanks_dataset/000030: dropped: duplicate, duplicate_description",
        "thanks_dataset/000001: kept in train",
        "11 descriptions hold it",
    ]
    assert "there are thanks_dataset/000000 to 000031" in err


def test_a_setting_that_decides_rows_asks_the_sources(tmp_path, monkeypatch):
    """A folder built otherwise would answer another question."""
    built(tmp_path, "export")
    monkeypatch.chdir(tmp_path)
    asked = []
    monkeypatch.setattr(
        "builder.report.explain.explain", lambda config, *_: asked.append(config.seed) or Matches("", 0, ())
    )
    assert main(["explain", "thanks_dataset/000030", "--seed", "7"]) == DONE
    assert asked == [7]


def test_a_re_paired_row_says_whose_code_it_has(tmp_path, capsys):
    """In its first lines."""
    row = explain(config_of(tmp_path, {"thanks_dataset": circles(1, 9)}), "thanks_dataset/000004")
    show_explanation(
        replace(row, ledger={**row.ledger, "code_from": "thanks_dataset/000007", "score": 0.9, "margin": 3.0})
    )
    assert "re-paired: it has the code of thanks_dataset/000007" in capsys.readouterr().out.splitlines()[1]


def test_an_edited_row_is_explained_from_the_text_that_took_its_place(tmp_path):
    file = tmp_path / "decisions.jsonl"
    file.write_text('{"id": "thanks_dataset/000004", "edit": {"description": "Draw a huge circle"}, "by": "ana"}\n')
    config = config_of(tmp_path, {"thanks_dataset": circles(1, 20)}, decisions=[str(file)])
    found = explain(config, "thanks_dataset/000004")

    assert found.ledger["detail"] == "edit by ana"
    export(config, tmp_path / "out")
    again = explain_in_folder(open_folder(tmp_path / "out"), "thanks_dataset/000004")
    assert again.steps == found.steps
    (step,) = found.steps
    assert (step.name, step.before, step.after) == (
        "repair:edited",
        "Draw a circle of radius 5",
        "Draw a huge circle",
    )
