"""Facts that are kept, findings that come of them, and rows that are dropped for them."""

import sqlite3
from pathlib import Path

import polars as pl
import pytest

from builder.config import BuildConfig
from builder.core.errors import SettingError
from builder.core.events import Silent
from builder.pipeline.story import build, prepare
from builder.render.findings import findings
from builder.render.verdict import Fact, Outcome, Verdict, program_hash, verdict_of
from builder.render.verdict_file import VerdictTable, write_verdicts
from builder.render.verdict_store import VerdictStore
from builder.render.verdicts import Verdicts
from tests.render.test_render_rounds import CONDITIONS, StandIn, judge_of, verified_config
from tests.rows import scene

FACTS = (
    Fact("text_cut", 0.4, "Shown", 2.5, ('Text "far"',)),
    Fact("text_overlap", 0.5, "Shown", 3.0, ('Text "a"', 'Text "b"')),
    Fact("contrast", 1.2, "Shown", 1.0, ('Text "dim"',)),
    Fact("moving", 0.0),
)
PASSED = Verdict(program_hash("a"), Outcome.PASSED, facts=FACTS)


def test_facts_come_back_as_they_were_kept(tmp_path: Path) -> None:
    """From the database, and from a file."""
    with VerdictStore(tmp_path / "verdicts.sqlite", CONDITIONS) as store:
        store.keep(PASSED)
        assert store.known(PASSED.program) == PASSED
    write_verdicts(tmp_path / "verdicts.parquet", [PASSED], CONDITIONS, lambda _: {})
    assert VerdictTable(tmp_path / "verdicts.parquet").known(PASSED.program) == PASSED


def test_text_that_no_font_has_is_a_finding() -> None:
    """It is said in the verdict's message, which any other program may use as it likes."""
    boxes = Verdict(program_hash("a"), Outcome.PASSED, message="undrawable_text: '\\x0c'")
    assert findings(boxes) == {"undrawable_text": "no font here has '\\x0c'"}
    assert findings(Verdict(program_hash("a"), Outcome.FAILED, "ValueError", "undrawable_text: no")) == {}


@pytest.mark.parametrize("change", ["delete from measured", "update measured set rules = 'of before'"])
def test_a_verdict_that_was_measured_by_other_rules_is_reached_again(tmp_path: Path, change: str) -> None:
    """Or of an earlier release, whose database says nothing of facts: thresholds are those of today's measures."""
    code = scene("Circle()")
    judge_of(tmp_path, StandIn()).ask([code], 1, Silent())
    with sqlite3.connect(tmp_path / "verdicts.sqlite") as database:
        database.execute(change)
    render = StandIn()
    for _ in range(2):
        judge_of(tmp_path, render).ask([code], 1, Silent())
    assert render.rendered == [code]


def test_what_a_worker_says_is_made_anew_of_what_makes_sense() -> None:
    """Known kinds, bounded numbers and texts; all else is left out."""
    said = [
        ["contrast", 1.5, "Shown\x00", 1, ["x" * 500, 7]],
        ["contrast", float("nan"), "Shown", 1, []],
        ["brilliance", 1.0, "Shown", 1, []],
        ["text_cut", "0.5", "Shown", 1, []],
        ["moving", 0.5],
        {"kind": "still"},
    ]
    verdict = verdict_of({"outcome": "passed", "facts": said}, "a", 1.0)
    assert verdict.facts == (Fact("contrast", 1.5, "Shown�", 1.0, ("x" * 80, "")),)
    assert verdict_of({"outcome": "passed", "facts": "all is well"}, "a", 1.0).facts == ()
    assert verdict_of({"outcome": "failed", "facts": said}, "a", 1.0).facts == ()


def test_findings_say_where_and_what() -> None:
    """A line each, in a fixed order; what is on the right side of a threshold is none."""
    assert findings(PASSED) == {
        "off_frame": 'Shown at 2.5 s: Text "far" is cut by the edge of the frame, 40%',
        "text_overlap": 'Shown at 3 s: Text "a" and Text "b" lie on one another, 50% of the letters',
        "low_contrast": 'Shown at 1 s: Text "dim" stands out by 1.20; black on white by 22',
        "still": "nothing moves",
    }
    assert findings(Verdict("a", Outcome.PASSED, facts=(Fact("contrast", 2.35), Fact("moving", 0.1)))) == {}


class Measuring(StandIn):
    """Finds what the code names."""

    def __call__(self, programs):  # type: ignore[no-untyped-def]
        for code in programs:
            facts = tuple(fact for fact in FACTS if fact.kind.upper() in code)
            yield Verdict(program_hash(code), Outcome.PASSED, facts=facts)


ROWS = [
    ("Draw a ring", scene("Annulus()")),
    ("Write a long line", scene('Text("TEXT_CUT")')),
    ("Write one line over another", scene('Text("TEXT_OVERLAP")')),
]


def ledger_with(tmp_path: Path, *names: str) -> pl.DataFrame:
    config = verified_config(tmp_path, ROWS, test_size=0.01, check_api=False, drop_findings=names)
    with VerdictStore(tmp_path / "verdicts.sqlite", CONDITIONS) as store:
        return build(prepare(config), config, Silent(), Verdicts(CONDITIONS, store, Measuring())).ledger


def test_a_finding_marks_its_row_and_drops_it_if_asked(tmp_path: Path) -> None:
    """The ledger says the finding in any case; other findings than those that are named drop nothing."""
    overlap = f"text_overlap: {findings(PASSED)['text_overlap']}"
    marked = ledger_with(tmp_path)
    assert marked["outcome"].to_list() == ["kept"] * 3
    assert marked["findings"].to_list() == [[], [f"off_frame: {findings(PASSED)['off_frame']}"], [overlap]]
    dropped = ledger_with(tmp_path, "text_overlap", "still").row(2, named=True)
    assert (dropped["stage"], dropped["reason"]) == ("render", "text_overlap")
    assert f"text_overlap: {dropped['detail']}" == overlap
    assert ledger_with(tmp_path, "still")["outcome"].to_list() == ["kept"] * 3


def test_a_word_that_is_no_finding_is_an_error(tmp_path: Path) -> None:
    """It names the nearest, and a config that renders nothing has none."""
    with pytest.raises(SettingError, match=r"'off_frme': use .*did you mean 'off_frame'"):
        verified_config(tmp_path, ROWS, drop_findings=("off_frme",))
    with pytest.raises(SettingError, match="add --verify"):
        BuildConfig(drop_findings=("still",))
