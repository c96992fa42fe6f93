"""`build --dry-run`: what a build would read, and nothing written."""

from builder.cli.main import DONE, FAILED, main
from tests.rows import circles, write_source


def test_the_files_are_listed_with_their_bytes_and_nothing_is_written(tmp_path, capsys):
    """A local source: nothing is to be fetched."""
    path = write_source(tmp_path, "thanks_dataset", circles(1, 3))
    arguments = ["build", "--dry-run", "--local", f"thanks_dataset={path}", "--datasets", "thanks_dataset"]
    arguments += ["--output-dir", str(tmp_path / "out"), "--cache-dir", str(tmp_path / "cache")]

    assert main(arguments) == DONE
    shown = capsys.readouterr().out
    assert f"thanks_dataset.jsonl: {path.stat().st_size:,} bytes" in shown
    assert "nothing, it is local" in shown
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "cache").exists()


def test_offline_a_source_that_the_cache_lacks_is_told_and_fails(tmp_path, capsys, monkeypatch):
    """No request is made to find that out."""
    monkeypatch.chdir(tmp_path)
    arguments = ["build", "--dry-run", "--offline", "--datasets", "bespoke_manim", "--cache-dir", str(tmp_path)]

    assert main(arguments) == FAILED
    assert "the cache does not hold it, and --offline forbids to fetch it" in capsys.readouterr().out
