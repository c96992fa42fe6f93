"""References from a repository on the Hub, in place of a folder; the Hub is a server on loopback."""

import json
from pathlib import Path

import pytest

from builder.publish.build_folder import build_dataset
from tests.evaluate.recorded import recorded, verdict
from tests.pushing import REPO, TOKEN, environment, run
from tests.rows import circles, config_of, files_of
from tests.servers.hub_write import WritableHub

PROGRAM = circles(1, 1)[0][1]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with an answer to the one test row, and the verdict on its program."""
    answer = {"prompt": "Draw a circle of radius 1", "completion": f"```python\n{PROGRAM}\n```"}
    (tmp_path / "answers.jsonl").write_text(json.dumps(answer) + "\n", encoding="utf-8")
    recorded(tmp_path / "verdicts.parquet", {"circle": verdict(PROGRAM)}).close()
    return tmp_path


def test_references_come_from_a_repository(home):
    """Of it the manifest, the ledgers and the wanted split are fetched, and no train row."""
    rows = {"manimbench": [(*circles(1, 1)[0], "test"), *((*row, "train") for row in circles(2, 9))]}
    build_dataset([config_of(home, rows, "no_augment")], home / "built")
    with WritableHub(TOKEN) as hub:
        hub.make(REPO, files_of(home / "built"), private=True)
        asked = ("-m", "builder", "evaluate", "answers.jsonl", "--against", REPO, "--no-similarity")
        run(home, environment(hub.url, home), *asked, "--verdicts", "verdicts.parquet", "--output-dir", "out").ok()
        fetched = {path.rpartition("/")[2] for path in hub.paths("GET") if "/resolve/" in path}
    scores = json.loads((home / "out" / "scores.json").read_bytes())
    assert scores["metrics"]["render_success"]["value"] == 1.0
    assert scores["missing"] == []
    assert fetched >= {"manifest.json", "no_augment.parquet", "test-00000-of-00001.parquet"}
    assert not any(name.startswith("train") for name in fetched)


def test_what_is_neither_a_folder_nor_a_repository_is_an_error(home):
    """The message names what was given, and what the Hub said."""
    with WritableHub(TOKEN) as hub:
        asked = ("-m", "builder", "evaluate", "answers.jsonl", "--against", "org/nothing")
        done = run(home, environment(hub.url, home), *asked)
    assert done.exit_code == 2
    assert "--against org/nothing: there is no such folder, and http" in done.stderr
