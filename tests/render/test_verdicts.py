"""Where verdicts are kept: the database in the cache, and files of verdicts."""

import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.core.errors import OutputError, SettingError
from builder.core.events import Silent
from builder.render.verdict import Conditions, Level, Outcome, Verdict, program_hash
from builder.render.verdict_file import VerdictTable, write_verdicts
from builder.render.verdict_store import VerdictStore
from builder.render.verdicts import Verdicts, longest_first, open_verdicts
from tests.render.test_render_rounds import CONDITIONS, ROWS, StandIn, stand_in, verified_config
from tests.rows import circles

__all__ = ["stand_in"]
VERDICTS = st.builds(
    Verdict,
    program=st.text(st.characters(codec="utf-8"), max_size=40).map(program_hash),
    outcome=st.sampled_from(Outcome),
    exception=st.text(max_size=20),
    message=st.text(max_size=40),
    line=st.none() | st.integers(1, 10_000),
    seconds=st.floats(0, 1000).map(lambda number: round(number, 3)),
)


@settings(deadline=None)  # a database on the disk, beside other work
@given(verdict=VERDICTS)
def test_a_verdict_comes_back_as_it_was_kept(verdict: Verdict, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever a program's exception says, halves of surrogate pairs apart, which no file holds."""
    path = tmp_path_factory.mktemp("store") / "verdicts.sqlite"
    with VerdictStore(path, CONDITIONS) as store:
        store.keep(verdict)
        found = store.known(verdict.program)
    assert found is not None
    assert (found.outcome, found.line, found.seconds) == (verdict.outcome, verdict.line, verdict.seconds)
    assert found.message == verdict.message.encode("utf-8", "replace").decode()


def test_threads_and_builds_may_share_a_database(tmp_path: Path) -> None:
    """Eight writers through two connections lose nothing."""
    stores = [VerdictStore(tmp_path / "verdicts.sqlite", CONDITIONS) for _ in range(2)]

    def keep(number: int) -> None:
        for item in range(25):
            program = program_hash(f"{number}/{item}")
            stores[number % 2].keep(Verdict(program, Outcome.PASSED))

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(stores[0].known(program_hash(f"{number}/{item}")) for number in range(8) for item in range(25))
    for store in stores:
        store.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """The message says which file, and what to do; the file is left as it is."""
    path = tmp_path / "verdicts.sqlite"
    path.write_bytes(b"not a database, but a long text " * 100)
    with pytest.raises(OutputError, match=r"verdicts\.sqlite: verdicts cannot be kept there .* move the file away"):
        VerdictStore(path, CONDITIONS)
    assert path.read_bytes().startswith(b"not a database")


def test_a_killed_run_leaves_every_verdict_that_was_kept(tmp_path: Path) -> None:
    """Another process reads what was kept, while the first one still has the file open."""
    store = VerdictStore(tmp_path / "verdicts.sqlite", CONDITIONS)
    store.keep(Verdict(program_hash("a"), Outcome.PASSED))
    other = sqlite3.connect(tmp_path / "verdicts.sqlite")
    assert other.execute("select outcome from verdicts").fetchall() == [("passed",)]
    other.close()
    store.close()


def test_a_file_of_two_manim_releases_is_refused(tmp_path: Path) -> None:
    """Rows of `verified` are of one named release: a mixed file is an error that names both."""
    import polars as pl

    for release in ("0.21.0", "0.22.0"):
        conditions = Conditions(manim=release, latex="", level=Level.FAST)
        write_verdicts(tmp_path / release, [Verdict(program_hash(release), Outcome.PASSED)], conditions, lambda _: {})
    pl.concat([pl.read_parquet(tmp_path / name) for name in ("0.21.0", "0.22.0")]).write_parquet(tmp_path / "both")
    assert VerdictTable(tmp_path / "0.21.0").conditions == Conditions("0.21.0", "", Level.FAST)
    with pytest.raises(SettingError, match=r"0\.21\.0.*0\.22\.0"):
        VerdictTable(tmp_path / "both")


def test_the_same_verdicts_give_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the order in which they were reached."""
    verdicts = [Verdict(program_hash(str(number)), Outcome.PASSED, seconds=0.123456) for number in range(50)]
    for name, some in (("one", verdicts), ("two", verdicts[::-1])):
        write_verdicts(tmp_path / name, some, CONDITIONS, lambda programs: dict.fromkeys(programs, b"RIFF"))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_program_that_stands_twice_is_rendered_once(tmp_path: Path) -> None:
    """Equal texts share a verdict within a run."""
    render = StandIn()
    with VerdictStore(tmp_path / "verdicts.sqlite", CONDITIONS) as store:
        verdicts = Verdicts(CONDITIONS, store, render)
        verdicts.ask(["a = 1", "a = 1", "b = 2"], 3, Silent())
        verdicts.ask(["b = 2"], 1, Silent())
    assert render.rendered == ["a = 1", "b = 2"]


def test_rendering_on_its_own_tells_verdicts_by_source(tmp_path: Path, stand_in: StandIn) -> None:
    """`verify` counts what passed and what was raised, and writes the verdicts for another machine."""
    from builder.pipeline.verify import SourceVerdicts, verify

    config = verified_config(tmp_path, ROWS, test_size=0.01)
    found = verify(config, save=tmp_path / "verdicts.parquet")
    counts = {"passed": 1, "NameError": 1, "blank": 1}
    assert found.sources == (SourceVerdicts("bespoke_manim", counts, not_rendered=1),)
    assert (found.rendered, found.kept) == (4, 1)
    assert len(VerdictTable(tmp_path / "verdicts.parquet").verdicts) == 4


def test_single_rows_are_rendered_by_id(tmp_path: Path, stand_in: StandIn) -> None:
    """`--only` renders one row's program and shows the line that failed."""
    from builder.pipeline.verify import verify

    config = verified_config(tmp_path, [*ROWS, *circles(1, 9)], test_size=0.01)
    (row,) = verify(config, only=["bespoke_manim/000001"]).rows
    assert row.verdict is not None
    assert (row.verdict.exception, row.line) == ("NameError", "self.add(Line(BREAKS))")
    assert len(stand_in.rendered) == 1
    with pytest.raises(SettingError, match="--only red circle: the id of a row"):
        verify(config, only=["red circle"])


def test_a_limit_on_what_is_rendered_draws_no_subset(
    tmp_path: Path, stand_in: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """`verify --limit 2` renders two programs, and the other rows wait for theirs."""
    import json

    from builder.cli.main import main

    verified_config(tmp_path, circles(1, 9))
    made = tmp_path / "sources" / "bespoke_manim.jsonl"
    own = ["--local", f"bespoke_manim={made}", "--datasets", "bespoke_manim", "--cache-dir", str(tmp_path / "cache")]
    assert main(["verify", "--config", "deduplicated", "--limit", "2", "--workers", "1", "--json", *own]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rendered"], told["kept"], told["sources"][0]["not_rendered"]) == (2, 2, 7)


def test_the_fast_level_is_for_a_look(tmp_path: Path, stand_in: StandIn) -> None:
    """Some programs have another verdict there: it says so, keeps none in the cache, and no dataset has them."""
    events, config = Silent(), verified_config(tmp_path, ROWS, level="fast")
    for _ in range(2):
        with open_verdicts(config, events, look=True) as verdicts:
            verdicts.ask(["a = 1"], 1, Silent())
            assert verdicts.verdict_on("a = 1") is not None
    assert stand_in.rendered == ["a = 1", "a = 1"]
    assert not list(config.cache.glob("verdicts*"))
    assert any("--level fast is for a first look" in warning for warning in events.warnings)
    with pytest.raises(SettingError, match="--level fast is for a look"), open_verdicts(config, events):
        pass


def test_long_programs_are_rendered_first() -> None:
    """Among as many as are looked ahead at: what takes longest does not start last."""
    programs = ["a", "bbb", "cc", "dddd", "eeeee", "f"]
    assert list(longest_first(iter(programs))) == ["eeeee", "dddd", "bbb", "cc", "a", "f"]
    assert list(longest_first(iter(programs), 4)) == ["dddd", "bbb", "cc", "a", "eeeee", "f"]
