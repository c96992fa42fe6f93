"""A source that its own place does not give comes from its mirror, which is said."""

import json
import subprocess
import sys
import tomllib

import pytest

from tests.reading import CODE, environment, parquet, read
from tests.servers.hub import Answer, HubServer
from tests.servers.kaggle import KaggleServer

MIRROR = "SuienR/ManimBench-v1"
PLACE = "ravidussilva/manim-sft"
FILE = "manim_sft_dataset.parquet"
SPEC = {
    "name": "manimbench",
    "kind": "kaggle",
    "location": PLACE,
    "file": FILE,
    "description_field": "question",
    "code_field": "python_code",
    "split": "",
    "split_field": "Split",
    "mirrors": [f"hf:{MIRROR}"],
}
FILES = {
    "manim_sft_dataset_train_v2.parquet": parquet(316),
    "manim_sft_dataset_test_v2.parquet": parquet(
        100, question=[f"Show test {number} with a circle" for number in range(100)]
    ),
}
ORIGINAL = {FILE: parquet(417, Split=["train"] * 317 + ["test"] * 100)}


def both(tmp_path, hub, kaggle):
    return environment(tmp_path, hub.url, kaggle.url)


def test_the_mirror_is_read_and_its_second_file_is_official_test(tmp_path):
    """When Kaggle fails, all 416 rows come from the Hub, 100 of them official, with a warning."""
    with HubServer({MIRROR: FILES}) as hub, KaggleServer({}) as kaggle:
        done = read(tmp_path, [SPEC], both(tmp_path, hub, kaggle))
    assert done.exit_code == 0, done.error + done.stderr
    source = done.sources["manimbench"]
    tests = [row for row in source["rows"] if row["split"] == "test"]
    assert (len(source["rows"]), len(tests)) == (416, 100)
    assert all(row["description"].startswith("Show test") for row in tests)
    assert source["mirror_of"] == PLACE
    assert f"read from its mirror {MIRROR} instead" in done.warnings[-1]


def test_the_original_is_preferred(tmp_path):
    """When Kaggle answers, the mirror is not asked."""
    with HubServer({MIRROR: FILES}) as hub, KaggleServer({PLACE: ORIGINAL}) as kaggle:
        done = read(tmp_path, [SPEC], both(tmp_path, hub, kaggle))
    assert done.exit_code == 0, done.error + done.stderr
    assert not hub.requests
    assert len(done.sources["manimbench"]["rows"]) == 417
    assert done.sources["manimbench"]["mirror_of"] == ""


@pytest.mark.parametrize("fault", [Answer(503), Answer(403), Answer(401)])
def test_no_mirrors_forbids_it(tmp_path, fault):
    """With `--no-mirrors` Kaggle's failure stays one, and the Hub is not asked."""
    with HubServer({MIRROR: FILES}) as hub, KaggleServer({PLACE: ORIGINAL}) as kaggle:
        kaggle.faults = {"/api/": fault}
        done = read(tmp_path, [SPEC], both(tmp_path, hub, kaggle), no_mirrors=True)
        assert not hub.requests
    assert done.exit_code == 1
    assert "Kaggle" in done.error


def test_without_original_and_mirror_both_failures_are_told(tmp_path):
    """The message holds what happened at Kaggle and at the mirror."""
    with HubServer({}) as hub, KaggleServer({}) as kaggle:
        done = read(tmp_path, [SPEC], both(tmp_path, hub, kaggle))
    assert PLACE in done.error
    assert f"Its mirror cannot be had either: source 'manimbench': there is no dataset at {hub.url}" in done.error


def test_a_locked_mirror_is_kept_to_until_told(tmp_path):
    """What the first build took from the mirror, the next one does too; `--update-lock` goes back to Kaggle."""
    with HubServer({MIRROR: FILES}) as hub:
        with KaggleServer({}) as kaggle:
            first = read(tmp_path, [SPEC], both(tmp_path, hub, kaggle))
        with KaggleServer({PLACE: ORIGINAL}) as kaggle:
            env = both(tmp_path, hub, kaggle)
            second = read(tmp_path, [SPEC], env)
            offline = read(tmp_path, [SPEC], env, offline=True)
            assert not kaggle.requests
            moved = read(tmp_path, [SPEC], env, update_lock=["manimbench"])
            after = read(tmp_path, [SPEC], env)
    assert first.sources == second.sources == offline.sources
    assert [len(done.sources["manimbench"]["rows"]) for done in (moved, after)] == [417, 417]
    locked = tomllib.loads((tmp_path / "sources.lock").read_text())["source"]
    assert [pin["location"] for pin in locked] == [MIRROR, PLACE]


def test_funnel_manifest_and_card_say_so(tmp_path):
    """A build through the command line names the mirror and the place that it stands in for."""
    files = {
        name: parquet(
            rows,
            **{
                "Reviewed Description": [f"{name} shows circle {n} growing" for n in range(rows)],
                "Code": [CODE.format(n) for n in range(rows)],
            },
        )
        for name, rows in (("manim_sft_dataset_train_v2.parquet", 30), ("manim_sft_dataset_test_v2.parquet", 10))
    }
    command = [sys.executable, "-m", "builder", "build", "--datasets", "manimbench", "--output-dir", "out"]
    command += ["--config", "deduplicated", "--cache-dir", str(tmp_path / "cache"), "--workers", "1"]
    with HubServer({MIRROR: files}) as hub, KaggleServer({}) as kaggle:
        env = both(tmp_path, hub, kaggle)
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        check = [sys.executable, "-m", "builder", "sources", "--check", "--datasets", "manimbench"]
        checked = subprocess.run(
            [*check, "--cache-dir", str(tmp_path / "none")],
            env=env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert f"manimbench was read from its mirror {MIRROR}" in done.stdout
    source = json.loads((tmp_path / "out" / "manifest.json").read_text())["sources"][0]
    assert (source["location"], source["mirror_of"], source["rows"]) == (MIRROR, PLACE, 40)
    told = f"[{MIRROR}](https://huggingface.co/datasets/{MIRROR}) (mirror of [{PLACE}]("
    assert told in (tmp_path / "out" / "README.md").read_text()
    assert checked.returncode == 0, checked.stderr
    assert f"mirror {MIRROR}" in checked.stdout
