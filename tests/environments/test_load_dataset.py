"""What a build wrote, loaded by each release of `datasets` that the project promises to work with."""

import ast
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from builder.emit.formats import ROW_COLUMNS
from tests.environments.conftest import RELEASES, ROOT, Environment, Environments, run

pytestmark = pytest.mark.environments

FACTORS = {"all": 2.5, "deduplicated": 2.5, "no_augment": 1.0}
"""By config, the rows of train for each row kept."""
COLUMNS = ["conversations", *ROW_COLUMNS]
KEYS = "{split: [(row['id'], row['variant']) for row in rows] for split, rows in data.items()}"

LOAD_ALL = f"""
import json, sys
from datasets import load_dataset
told = {{}}
for config in sys.argv[1:]:
    data = load_dataset("manim_combined", config)
    streamed = load_dataset("manim_combined", config, streaming=True)
    told[config] = {{
        "columns": data.column_names,
        "conversations": [row["conversations"] for rows in data.values() for row in rows],
        "rows": {KEYS},
    }}
    data = streamed
    told[config]["streamed"] = {KEYS}
data = load_dataset("manim_combined")
told["default"] = {KEYS}
print(json.dumps(told))
"""
SCRIPT = f"""
import json, sys
from datasets import load_dataset, load_dataset_builder
given = dict(path="manim_combined/dataset.py", name="deduplicated", trust_remote_code=True, sample=True)
data = load_dataset(**given, **json.loads(sys.argv[1]))
print(json.dumps({{"module": type(load_dataset_builder(**given)).__module__, "rows": {KEYS}}}))
"""
BY_HAND = f"""
import json
from manim_combined import ManimCombined
dataset = ManimCombined(config_name="deduplicated", sample=True)
dataset.download_and_prepare("prepared")
data = dataset.as_dataset()
print(json.dumps({{"columns": data.column_names, "rows": {KEYS}}}))
"""
LOAD = f"""
import json, sys
from pathlib import Path
import manim_combined

def state(folder):
    return {{str(path): path.stat().st_mtime_ns for path in sorted(Path(folder).rglob("*")) if path.is_file()}}

def load(**settings):
    data = manim_combined.load("deduplicated", sample=True, folder="built", **settings)
    return {{"rows": {KEYS}, "files": state("built")}}

print(json.dumps([load(), load(), load(streaming=True), load(seed=4), load(seed=4)]))
"""


@dataclass(frozen=True)
class Built:
    """The package's folder in a clone of the project, after a build of the sample into it."""

    folder: Path
    own_files: Mapping[str, bytes]
    """The package's files before the build."""
    demo: str = ""
    """What `make demo` printed, if that built it."""

    def expected_rows(self, config: str) -> dict[str, int]:
        """How many rows each split must have, from the ledger alone."""
        ledger = pl.read_parquet(self.folder / "ledger" / f"{config}.parquet")
        kept = ledger.filter(pl.col("outcome") == "kept")["split"]
        return {"train": int((kept == "train").sum() * FACTORS[config]), "test": int((kept == "test").sum())}

    def keys(self, config: str) -> dict[str, list[list[Any]]]:
        """The id and variant of each row of a config, in the order of its files."""
        read = {
            split: pl.read_parquet(self.folder / "data" / config / f"{split}-*.parquet") for split in ("train", "test")
        }
        return {split: [list(row) for row in rows.select("id", "variant").rows()] for split, rows in read.items()}


@pytest.fixture(scope="session")
def built(environments: Environments, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """`make demo` at the root of a clone, in the environment with the newest release of `datasets`."""
    root = tmp_path_factory.mktemp("clone")
    for name in run(["git", "ls-files", "-z"], ROOT).split("\0"):
        if name and (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    folder = root / "manim_combined"
    own_files = {path.name: path.read_bytes() for path in folder.iterdir()}
    environment = environments.get("newest")
    venv = environment.python.parents[1]
    (venv / "ready-run").touch()  # what `make` would install is there
    return Built(folder, own_files, run(["make", "demo", f"VENV={venv}"], root, **environment.caches()))


@pytest.fixture(scope="module", params=RELEASES)
def loaded(request: pytest.FixtureRequest, environments: Environments, built: Built) -> dict[str, Any]:
    """What a release of `datasets` loads from the built folder, by config, and by `default` without a name."""
    environment = environments.get(request.param)
    loaded: dict[str, Any] = environment.answer(LOAD_ALL, *FACTORS, folder=built.folder.parent)
    return loaded


@pytest.fixture(params=RELEASES)
def environment(request: pytest.FixtureRequest, environments: Environments) -> Environment:
    """An environment for each release of `datasets`."""
    return environments.get(request.param)


def test_the_packages_own_files_survive_a_build(built: Built) -> None:
    """A build into the package's folder leaves every file of the package as it was, byte for byte."""
    assert {"__init__.py", "dataset.py"} <= set(built.own_files)
    assert {name: (built.folder / name).read_bytes() for name in built.own_files} == built.own_files
    assert {path.name for path in built.folder.iterdir() if path.name != "__pycache__"} == {
        *built.own_files,
        *("README.md", "data", "funnel", "ledger", "manifest.json", "report", "report.html"),
    }


def test_the_documented_line_works_at_the_root_of_a_clone(environment: Environment, built: Built) -> None:
    """After `make demo`, with each release, where Python sees the folder's modules."""
    line = 'load_dataset("manim_combined", "deduplicated")'
    assert line in built.demo
    code = (
        f"from datasets import load_dataset; data = {line}; print({{name: len(rows) for name, rows in data.items()}})"
    )
    printed = environment.run("-c", code, folder=built.folder.parent)
    assert ast.literal_eval(printed.splitlines()[-1]) == built.expected_rows("deduplicated")


def test_the_demo_is_short_and_leaves_the_package_whole(built: Built) -> None:
    """One table of configs, where the report is, the line to load it, and one conversation, as the page shows."""
    lines = built.demo.splitlines()
    assert len(lines) <= 30
    assert all(len(line) <= 80 for line in lines if not line.startswith(("/", "written to ")))  # these may be wrapped
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").split("````text\n")[1].split("\n````")[0]
    shown = [line.rstrip() for line in lines if "/bin/python " not in line]
    assert _without_numbers(shown) == _without_numbers(page.splitlines())


def _without_numbers(lines: list[str]) -> list[str]:
    """Lines in which every number, or the sign for none, is the same, and so is the width of blanks and rules."""
    return [re.sub(r"[ ─]+", " ", re.sub(r"[\d,]+|(?<= )-(?= )", "0", line)) for line in lines]


@pytest.mark.parametrize("config", FACTORS)
def test_every_row_of_a_config_loads(loaded: dict[str, Any], built: Built, config: str) -> None:
    """`load_dataset` by the folder and a config gives the rows of that config and no other, in their order."""
    rows = loaded[config]["rows"]
    assert {split: len(keys) for split, keys in rows.items()} == built.expected_rows(config)
    assert rows == built.keys(config)
    assert loaded[config]["columns"] == {"train": COLUMNS, "test": COLUMNS}


@pytest.mark.parametrize("config", FACTORS)
def test_every_conversation_holds_a_program(loaded: dict[str, Any], config: str) -> None:
    """Each row has a system, a user and an assistant message, and the assistant's is a fenced program that parses."""
    assert loaded[config]["conversations"]
    for messages in loaded[config]["conversations"]:
        assert [message["from"] for message in messages] == ["system", "user", "assistant"]
        answer = messages[-1]["value"]
        assert answer.startswith("```python\n")
        assert answer.endswith("\n```")
        ast.parse(answer.removeprefix("```python\n").removesuffix("```"))


@pytest.mark.parametrize("config", FACTORS)
def test_streaming_gives_the_same_rows(loaded: dict[str, Any], config: str) -> None:
    """Streaming a config gives the same rows in the same order as loading it."""
    assert loaded[config]["streamed"] == loaded[config]["rows"]


def test_a_folder_without_a_config_name_gives_the_default(loaded: dict[str, Any]) -> None:
    """`load_dataset` by the folder alone gives the config `deduplicated`."""
    assert loaded["default"] == loaded["deduplicated"]["rows"]


def test_the_dataset_file_is_a_loading_script_for_3x(environments: Environments, built: Built, tmp_path: Path) -> None:
    """In `datasets` 3.6, dataset.py runs from a copy elsewhere, and gives the rows of a build, no key twice."""
    told = environments.get("3.6").answer(SCRIPT, "{}", folder=built.folder.parent, home=tmp_path)
    assert told["module"].startswith("datasets_modules.")
    assert told["rows"] == built.keys("deduplicated")
    keys = [tuple(key) for rows in told["rows"].values() for key in rows]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("settings", ['{"streaming": true}', '{"seed": 4}'])
def test_the_loading_script_takes_settings(
    environments: Environments, built: Built, tmp_path: Path, settings: str
) -> None:
    """The script streams, and takes settings whose numbers of rows differ from those on the card beside it."""
    told = environments.get("3.6").answer(SCRIPT, settings, folder=built.folder.parent, home=tmp_path)
    assert (told["rows"] == built.keys("deduplicated")) == ("seed" not in settings)


def test_the_loading_script_says_how_to_install_the_project(
    environments: Environments, built: Built, tmp_path: Path
) -> None:
    """Where `datasets` 3.6 is installed and this project is not, the script fails with the command that installs it."""
    bare = environments.empty("bare", environments.get("3.6").python)
    for path in environments.get("3.6").site_packages().iterdir():
        if path.name != "builder" and not path.name.startswith("manim_combined"):
            (bare.site_packages() / path.name).symlink_to(path)
    with pytest.raises(pytest.fail.Exception) as failed:
        bare.answer(SCRIPT, "{}", folder=built.folder.parent, home=tmp_path)
    last = str(failed.value).strip().splitlines()[-1]
    assert "'builder' is not installed" in last
    assert "pip install" in last


def test_the_builder_class_prepares_by_hand(environment: Environment, built: Built, tmp_path: Path) -> None:
    """`ManimCombined` with settings as keyword arguments prepares the rows of a build, on every release."""
    told = environment.answer(BY_HAND, folder=tmp_path, home=tmp_path)
    assert told == {"columns": {"train": COLUMNS, "test": COLUMNS}, "rows": built.keys("deduplicated")}


def test_load_builds_once(environment: Environment, built: Built, tmp_path: Path) -> None:
    """`manim_combined.load` builds what is not there with the same settings, and leaves alone what is."""
    first, again, streamed, reseeded, reseeded_again = environment.answer(LOAD, folder=tmp_path, home=tmp_path)
    assert first["rows"] == again["rows"] == streamed["rows"] == built.keys("deduplicated")
    assert first["files"] == again["files"] == streamed["files"]
    assert reseeded["rows"] != first["rows"]
    assert reseeded == reseeded_again


def test_a_build_follows_one_with_other_settings(environment: Environment, built: Built, tmp_path: Path) -> None:
    """In a clone whose package folder holds a build, another with other numbers of rows takes its place."""
    folder = tmp_path / "manim_combined"
    shutil.copytree(built.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    environment.run("-m", "builder", "build", "--sample", "--seed", "4", folder=tmp_path, home=tmp_path)
    rebuilt = Built(folder, built.own_files)
    for config in FACTORS:
        assert rebuilt.keys(config) != built.keys(config)
        assert {split: len(keys) for split, keys in rebuilt.keys(config).items()} == rebuilt.expected_rows(config)
