"""The config `verified`: rows whose program was rendered; here by a stand-in for Manim that reads the program."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
import pytest

from builder.config import BuildConfig, make_config
from builder.core.errors import SettingError
from builder.core.events import Silent
from builder.pipeline.story import build, prepare
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from builder.render import verdicts as judging_module
from builder.render.cluster import Releases
from builder.render.pool import Pool
from builder.render.verdict import Conditions, Outcome, Verdict, program_hash
from builder.render.verdict_file import VerdictTable
from builder.render.verdict_store import VerdictStore
from builder.render.verdicts import Verdicts
from builder.report.proof.check import check_folder
from tests.rows import Row, circles, config_of, files_of, read_lines, said, scene

CONDITIONS = Conditions(manim="0.22.0", latex="pdfTeX")
WEBP = b"RIFF\x04\x00\x00\x00WEBP"


class StandIn:
    """Renders by reading: a program fails if it says BREAKS, and so on. Counts what it renders."""

    def __init__(self) -> None:
        self.rendered: list[str] = []

    def __call__(self, programs: Iterable[str]) -> Iterator[Verdict]:
        for code in programs:
            self.rendered.append(code)
            yield verdict_of(code)


def verdict_of(code: str) -> Verdict:
    program = program_hash(code)
    if "BREAKS" in code:
        return Verdict(program, Outcome.FAILED, "NameError", "name 'BREAKS' is not defined", 6)
    if "NO_LATEX" in code:
        return Verdict(program, Outcome.ENVIRONMENT, "FileNotFoundError", "latex")
    if "EMPTY" in code:
        return Verdict(program, Outcome.BLANK)
    return Verdict(program, Outcome.PASSED, seconds=0.5, thumbnail=WEBP)


def judge_of(tmp_path: Path, render: StandIn | None, **more: object) -> Verdicts:
    store = VerdictStore(tmp_path / "verdicts.sqlite", CONDITIONS)
    return Verdicts(CONDITIONS, store, render, **more)  # type: ignore[arg-type]


def verified_config(tmp_path: Path, rows: Iterable[Row], **settings: object) -> BuildConfig:
    return config_of(
        tmp_path, {"bespoke_manim": rows}, "deduplicated", verify=True, augmentation_factor=1.0, **settings
    )


def outcomes_of(config: BuildConfig, verdicts: Verdicts) -> dict[str, str]:
    ledger = build(prepare(config), config, Silent(), verdicts).ledger
    return {row["id"].split("/")[1]: row["reason"] or row["outcome"] for row in ledger.iter_rows(named=True)}


ROWS: list[Row] = [
    ("Draw a ring", scene("Annulus()")),
    ("Draw a line that breaks", scene("Line(BREAKS)")),
    ("Draw a formula", scene('MathTex("NO_LATEX")')),
    ("Draw nothing at all", scene('Text("EMPTY")')),
]
ALL_TRAIN = {"test_size": 0.01, "check_api": False}


def test_rows_whose_program_fails_are_dropped_with_what_it_raised(tmp_path: Path) -> None:
    """A failed program is dropped at stage `render` with its exception; one that the machine could not judge is not
    called failed."""
    config = verified_config(tmp_path, ROWS, **ALL_TRAIN)
    ledger = build(prepare(config), config, Silent(), judge_of(tmp_path, StandIn())).ledger
    told = ledger.select("stage", "reason", "detail", "verdict").rows()
    assert told == [
        ("", "", "", "passed"),
        ("render", "failed", "NameError: name 'BREAKS' is not defined (line 6)", "failed"),
        ("render", "not_rendered", "FileNotFoundError: latex", ""),
        ("render", "blank", "", "blank"),
    ]


def test_a_row_that_was_not_rendered_is_never_kept(tmp_path: Path) -> None:
    """With a limit on what is rendered, the rest is `not_rendered`."""
    config = verified_config(tmp_path, circles(1, 5), **ALL_TRAIN)
    render = StandIn()
    found = outcomes_of(config, judge_of(tmp_path, render, limit=2))
    assert len(render.rendered) == 2
    assert sorted(found.values()) == ["kept", "kept", "not_rendered", "not_rendered", "not_rendered"]


def test_nothing_is_rendered_twice(tmp_path: Path) -> None:
    """A second run takes every verdict from the database, and tries only what the machine could not judge."""
    config = verified_config(tmp_path, ROWS, **ALL_TRAIN)
    first, second = StandIn(), StandIn()
    before = outcomes_of(config, judge_of(tmp_path, first))
    assert len(first.rendered) == len(ROWS)
    assert outcomes_of(config, judge_of(tmp_path, second)) == before
    assert second.rendered == [scene('MathTex("NO_LATEX")')]


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Verdicts that were reached before Ctrl-C are not reached again."""
    config = verified_config(tmp_path, circles(1, 9), **ALL_TRAIN)

    class Interrupted(StandIn):
        def __call__(self, programs: Iterable[str]) -> Iterator[Verdict]:
            for number, verdict in enumerate(super().__call__(programs)):
                if number == 4:
                    raise KeyboardInterrupt
                yield verdict

    with pytest.raises(KeyboardInterrupt):
        outcomes_of(config, judge_of(tmp_path, Interrupted()))
    rest = StandIn()
    outcomes_of(config, judge_of(tmp_path, rest))
    assert len(rest.rendered) == 5


def test_failed_programs_are_rendered_again_if_asked(tmp_path: Path) -> None:
    """`--retry failed` renders those programs anew, and no others."""
    config = verified_config(tmp_path, ROWS[:2], **ALL_TRAIN)
    outcomes_of(config, judge_of(tmp_path, StandIn()))
    again = StandIn()
    outcomes_of(config, judge_of(tmp_path, again, retry=frozenset({Outcome.FAILED})))
    assert again.rendered == [scene("Line(BREAKS)")]


def test_the_next_of_a_cluster_takes_the_place_of_a_row_that_fails(tmp_path: Path) -> None:
    """Of two rows with one description the better source's fails, so the other one is rendered and stays."""
    rows = {
        "manimbench": [("Draw a star", scene("Star(BREAKS)"))],
        "bespoke_manim": [("draw a STAR.", scene("Star()")), *circles(1, 4)],
    }
    config = config_of(tmp_path, rows, verify=True, augmentation_factor=1.0, test_size=0.01)
    render = StandIn()
    ledger = build(prepare(config), config, Silent(), judge_of(tmp_path, render)).ledger
    assert ledger.filter(pl.col("source") == "manimbench")["reason"].to_list() == ["failed"]
    assert ledger.filter(pl.col("source") == "bespoke_manim")["outcome"].to_list() == ["kept"] * 5


def test_a_row_that_is_displaced_is_not_rendered(tmp_path: Path) -> None:
    """Only programs of rows that stay cost a rendering."""
    rows = {"manimbench": [("Draw a star", scene("Star()"))], "bespoke_manim": [("Draw a star", scene("Star(n=6)"))]}
    config = config_of(tmp_path, rows, verify=True, augmentation_factor=1.0, test_size=0.01)
    render = StandIn()
    build(prepare(config), config, Silent(), judge_of(tmp_path, render))
    assert render.rendered == [scene("Star()")]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Settings that ask for rendering get the stand-in."""
    render = StandIn()
    monkeypatch.setattr(Pool, "render_all", lambda _, programs: render(programs))
    monkeypatch.setattr(judging_module, "releases_here", lambda python: Releases("0.22.0", "pdfTeX", ""))
    return render


def test_sandboxes_stay_warm_from_round_to_round(
    tmp_path: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Importing Manim takes longer than most programs; they are closed with the last one."""
    seen: list[object] = []
    monkeypatch.setattr(Pool, "__enter__", lambda pool: seen.append("opened") or pool)
    monkeypatch.setattr(Pool, "__exit__", lambda *_: seen.append("closed"))
    monkeypatch.setattr(Pool, "render_all", lambda _, programs: seen.append("round") or stand_in(programs))
    config = verified_config(tmp_path, [("Draw a RING", scene("Annulus(BREAKS)")), *ROWS], test_size=0.01)
    build(prepare(config), config)
    assert seen == ["opened", *["round"] * (len(seen) - 2), "closed"]
    assert seen.count("round") > 1


def test_verdicts_of_a_build_make_the_same_bytes_without_rendering(tmp_path: Path, stand_in: StandIn) -> None:
    """`--verdicts` takes the file of an earlier build in place of a renderer, on a machine without Manim."""
    config = verified_config(tmp_path, [*ROWS, *circles(1, 20)], previews=True)
    build_dataset([config], tmp_path / "one")
    rendered = len(stand_in.rendered)
    again = make_config(
        config.name,
        **{
            **config.settings(),
            "verdicts": str(tmp_path / "one" / "verdicts.parquet"),
            "cache_dir": str(tmp_path / "other cache"),
        },
    )
    build_dataset([again], tmp_path / "two")
    assert len(stand_in.rendered) == rendered
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    assert check_folder(tmp_path / "two") == []


def test_an_export_has_the_verdicts_beside_its_rows(tmp_path: Path, stand_in: StandIn) -> None:
    """`verdicts.parquet` holds a verdict for each program that was asked for, and the manifest says by which Manim."""
    config = verified_config(tmp_path, ROWS, **ALL_TRAIN)
    stats = export(config, tmp_path / "out")
    table = VerdictTable(tmp_path / "out" / "verdicts.parquet")
    assert table.conditions == CONDITIONS
    assert sorted(verdict.outcome for verdict in table.verdicts.values()) == [
        "blank",
        "environment",
        "failed",
        "passed",
    ]
    assert table.thumbnails(table.verdicts) == {program_hash(scene("Annulus()")): WEBP}
    assert [said(row, "user") for row in read_lines(tmp_path / "out" / "train.json")] == ["Draw a ring"]
    assert stats["rendering"] == {"bespoke_manim": {"blank": 1, "failed": 1, "passed": 1}}


def test_a_program_that_no_verdict_covers_is_found_by_check(tmp_path: Path, stand_in: StandIn) -> None:
    """`check` tells rows of a folder whose program has no passing verdict there."""
    config = verified_config(tmp_path, circles(1, 3), **ALL_TRAIN)
    export(config, tmp_path / "out")
    file = tmp_path / "out" / "verdicts.parquet"
    frame = pl.read_parquet(file)
    frame.with_columns(outcome=pl.lit("failed")).write_parquet(file)
    found = [problem.what for problem in check_folder(tmp_path / "out") if "verdict failed" in problem.what]
    assert len(found) == 3


def test_a_file_that_holds_no_verdicts_is_named(tmp_path: Path) -> None:
    """A wrong file of verdicts is an error that names the flag and the file."""
    wrong = tmp_path / "rows.parquet"
    pl.DataFrame({"program": ["a"]}).write_parquet(wrong)
    for path in (wrong, tmp_path / "missing.parquet"):
        config = verified_config(tmp_path, ROWS, verdicts=str(path), **ALL_TRAIN)
        with pytest.raises(SettingError, match=f"--verdicts .*{path.name}"):
            build(prepare(config), config)


def test_verdicts_under_other_conditions_are_other_verdicts(tmp_path: Path) -> None:
    """A verdict of one Manim release says nothing about the next one."""
    old, new = (Conditions(manim=release, latex="pdfTeX") for release in ("0.21.0", "0.22.0"))
    passed = verdict_of(scene("Circle()"))
    with VerdictStore(tmp_path / "v.sqlite", old) as store:
        store.keep(passed)
    with VerdictStore(tmp_path / "v.sqlite", new) as store:
        assert store.known(passed.program) is None
    with VerdictStore(tmp_path / "v.sqlite", old) as store:
        assert store.known(passed.program) == Verdict(passed.program, Outcome.PASSED, seconds=0.5)
        assert store.thumbnails([passed.program]) == {passed.program: WEBP}


def test_the_last_frames_stand_in_a_column_if_asked(tmp_path: Path, stand_in: StandIn) -> None:
    """`--previews` adds an image column that `load_dataset` gives as images."""
    from datasets import load_dataset

    config = verified_config(tmp_path, circles(1, 20), previews=True)
    build_dataset([config], tmp_path / "manim_combined")
    loaded = load_dataset(str(tmp_path / "manim_combined"), "deduplicated", cache_dir=str(tmp_path / "hf"))
    assert type(loaded["train"].features["preview"]).__name__ == "Image"
    assert loaded["train"].cast_column("preview", _undecoded())[0]["preview"]["bytes"] == WEBP


def _undecoded() -> object:
    from datasets import Image

    return Image(decode=False)


def test_a_row_is_on_the_same_side_whether_its_program_is_rendered_or_not(tmp_path: Path) -> None:
    """Rendering drops rows, and moves none to the other side."""
    config = verified_config(tmp_path, [*ROWS, *circles(1, 40)])
    prepared = prepare(config)
    plain = make_config(config.name, **{**config.settings(), "verify": False})
    ledgers = [
        build(prepared, config, Silent(), judge_of(tmp_path, StandIn())).ledger,
        build(prepared, plain).ledger,
    ]
    assert ledgers[0].select("id", "split", "group").equals(ledgers[1].select("id", "split", "group"))
