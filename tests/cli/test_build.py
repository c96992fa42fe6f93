"""`build` and `export`: what they write where if little is said, and what they say of it."""

import json
from pathlib import Path

import pytest

from builder.cli.main import DONE, FAILED, main
from builder.config import BuildConfig, make_config
from builder.core.errors import SettingError
from builder.publish.build_folder import build_dataset
from tests.rows import Row, circles, read_lines, scene, write_source

TWICE: list[Row] = [*circles(1, 40), ("draw a circle of radius 3.", scene("Dot()"))]
"""Rows of which two have the same description, case and full stop aside."""


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Flags for these rows, which are prepared once."""
    place = tmp_path_factory.mktemp("rows")
    source = write_source(place, "thanks_dataset", TWICE)
    local = ["--local", f"thanks_dataset={source}", "--datasets", "thanks_dataset"]
    return [*local, "--cache-dir", str(place / "cache"), "--workers", "1", "--quiet"]


@pytest.fixture
def flags(read: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The same, in a folder of one's own."""
    monkeypatch.chdir(tmp_path)
    return read


@pytest.mark.parametrize(
    ("more", "folder", "config", "kept"),
    [
        ((), "data_formatted_with_sources", "all", 41),
        (("--config", "deduplicated", "--no-deduplicate"), "data_formatted_with_sources", "all", 41),
        (("--deduplicate",), "data_formatted_deduplicated", "deduplicated", 40),
        (("--config", "curated", "--output-dir", "mine"), "mine", "curated", 40),
    ],
)
def test_an_export_deduplicates_only_if_asked_to(
    flags: list[str], more: tuple[str, ...], folder: str, config: str, kept: int
) -> None:
    """The folder and the name of the config say which of both it is."""
    assert main(["export", *flags, *more]) == DONE
    assert [path.name for path in Path().glob("*/train.json")] == ["train.json"]
    assert list(json.loads(Path(folder, "manifest.json").read_bytes())["configs"]) == [config]
    assert json.loads(Path(folder, "dataset_stats.json").read_bytes())["rows_kept"] == kept


def test_an_export_without_augmentation_has_each_kept_row_once(flags: list[str]) -> None:
    assert main(["export", *flags, "--no-augmentation", "--output-dir", "out"]) == DONE
    assert sum(len(read_lines(Path("out", f"{side}.json"))) for side in ("train", "test")) == 41


def test_an_export_that_keeps_no_row_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason, and with nothing written."""
    source = write_source(tmp_path, "made", [("Draw a ring", "x = 1"), ("TODO", scene("Dot()"))])
    read = ["--local", f"made={source}", "--datasets", "made", "--cache-dir", str(tmp_path / "cache")]
    assert main(["export", *read, "--workers", "1", "--output-dir", str(tmp_path / "out")]) == FAILED
    assert "none of its 2 rows is kept" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("*.json"))


def test_an_error_says_itself_what_warnings_would(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--quiet` and `--json` show none to point at."""
    read = ["--local", f"made={tmp_path / 'none.csv'}", "--datasets", "made", "--skip-unavailable"]
    assert main(["export", *read, "--cache-dir", str(tmp_path / "cache"), "--json", "--quiet"]) == FAILED
    error = json.loads(capsys.readouterr().out)["error"]
    assert error.startswith("no source could be read; made: ")
    assert "none.csv" in error


def test_a_source_is_not_called_read_since_the_sample_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sample's rows are kept under the names of their sources, and are not the sources."""
    cache = ["--cache-dir", str(tmp_path / "cache"), "--workers", "1"]
    place = ["--output-dir", str(tmp_path / "out"), "--quiet"]
    assert main(["export", "--sample", "--datasets", "manimbench", *place, *cache]) == DONE
    capsys.readouterr()
    assert main(["sources", *cache[:2], "--json"]) == DONE
    found = {source["name"]: source["cache"] for source in json.loads(capsys.readouterr().out)["sources"]}
    assert found["manimbench"] == "not downloaded"


def test_a_config_is_called_deduplicated_only_if_it_is() -> None:
    """`make_config` finds the right name; a config made by hand under a wrong one is refused."""
    named = {
        (name, deduplicate): make_config(name, deduplicate=deduplicate).name
        for name in ("all", "no_augment", "deduplicated", "curated")
        for deduplicate in (True, False)
    }
    assert named == {
        ("all", True): "deduplicated",
        ("all", False): "all",
        ("no_augment", True): "deduplicated",
        ("no_augment", False): "no_augment",
        ("deduplicated", True): "deduplicated",
        ("deduplicated", False): "all",
        ("curated", True): "curated",
        ("curated", False): "curated",
    }
    with pytest.raises(SettingError, match=r"called 'deduplicated'; make_config\('all'\)"):
        BuildConfig(name="all")


def test_two_configs_of_one_name_are_refused(tmp_path: Path) -> None:
    """Deduplicated, `all` and `no_augment` have the same name and other factors."""
    configs = [make_config(name, deduplicate=True, sample=True) for name in ("all", "no_augment")]
    with pytest.raises(SettingError, match="two of the configs are called 'deduplicated'"):
        build_dataset(configs, tmp_path / "out")
