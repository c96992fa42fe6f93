"""Programs laid out in one style."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from builder.core.errors import SettingError
from builder.pipeline.story import build, prepare
from builder.prepare import format_code
from builder.prepare.format_code import STEP, format_programs
from builder.report.explain.explanation import Explanation
from builder.report.explain.row import explain
from tests.rows import config_of, scene

BEFORE = "from manim import *\nclass Shown(Scene):\n  def construct( self ):\n    self.add( Dot( ) ) #a dot"
AFTER = """from manim import *


class Shown(Scene):
    def construct(self):
        self.add(Dot())  # a dot"""
RING = scene("Annulus()")


def test_a_program_has_the_formatters_layout() -> None:
    assert format_programs([BEFORE, AFTER, BEFORE + "\n"]) == [AFTER, AFTER, AFTER + "\n"]


@pytest.mark.parametrize("code", ["def f(:", 'def f():\n  """Shown  \n\n      so."""', ""])
def test_what_is_no_program_or_would_change_stays(code: str) -> None:
    """A text that documents a function is part of its tree."""
    assert format_programs([code, BEFORE]) == [code, AFTER]


def test_a_lost_comment_or_a_changed_tree_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"a = 1  # one": "a = 1", "b =  2": "b = 3", "c =  4 #c": "c = 4  # c"}
    monkeypatch.setattr(format_code, "_run", lambda codes: [made[code] for code in codes])
    assert format_programs(list(made)) == ["a = 1  # one", "b =  2", "c = 4  # c"]


def test_a_program_that_ends_the_formatter_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = subprocess.run

    def dies(command, **given):  # type: ignore[no-untyped-def]
        if any("deadly" in file.read_text() for file in Path(command[-1]).iterdir()):
            return subprocess.CompletedProcess(command, -6)
        return run(command, **given)

    monkeypatch.setattr(subprocess, "run", dies)
    assert format_programs(["x =1", "deadly =1", "y =1"]) == ["x = 1", "deadly =1", "y = 1"]


def test_rows_are_laid_out_but_for_official_test_rows(tmp_path: Path) -> None:
    """The ledger names the step, `explain` shows it, and no row has another outcome."""
    test = BEFORE.replace("Dot", "Square")
    rows = {
        "manimbench": [
            ("Draw a dot", BEFORE, "train"),
            ("Draw a square", test, "test"),
            ("Draw a ring", RING),
        ]
    }
    config = config_of(tmp_path, rows, "all", augmentation_factor=1.0, test_size=0.01)
    plain, laid_out = (build(prepare(one), one) for one in (config, replace(config, format_code=True)))
    assert {row.code for row in laid_out.rows("train")} == {AFTER, RING}
    assert [row.code for row in laid_out.rows("test")] == [test]
    assert [STEP in names for names in laid_out.ledger["repairs"]] == [True, False, False]
    assert plain.ledger.drop("repairs").equals(laid_out.ledger.drop("repairs"))
    shown = explain(laid_out.config, "manimbench/000000")
    assert isinstance(shown, Explanation)
    assert (shown.steps[-1].name, shown.steps[-1].after) == (STEP, AFTER)


def test_without_the_formatter_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(format_code, "installed_version", lambda name: "")
    config = config_of(tmp_path, {"bespoke_manim": [("Draw a dot", BEFORE)]}, "all", format_code=True)
    with pytest.raises(SettingError, match=r"manim-combined\[format\]"):
        prepare(config)
