"""The dataset: built into a folder, loaded by `datasets`, and its builder's class."""

import hashlib
import json

import datasets
import polars as pl
import pyarrow.parquet as pq
import pytest

import builder.publish.load
import manim_combined
from builder.config import CACHE_VARIABLE, make_config
from builder.core.errors import OutputError
from builder.core.events import Silent
from builder.emit.formats import ROW_COLUMNS
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from tests.rows import circles, config_of, files_of, read_lines, scene

OWN = {"__init__.py": b"import this\n", "dataset.py": b"# by hand\r\n", "notes/todo.txt": b"\x00\xff", ".hidden": b""}
"""Files of a person's own in the folder, some with the names of the package's."""
COLUMNS = {"conversations", *ROW_COLUMNS}


@pytest.fixture(autouse=True)
def caches(tmp_path, monkeypatch):
    """Every cache is in the test's own folder, and no host is asked."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "huggingface")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def sample(name="deduplicated", **settings):
    return make_config(name, **{"sample": True, "workers": 1, **settings})


def no_build(*_):
    raise AssertionError("built again")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with files of a person's own, into which one config of the sample was built, and the statistics."""
    folder = tmp_path_factory.mktemp("built") / "manim_combined"
    for name, content in OWN.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    config = sample(cache_dir=folder.parent / "cache")
    return folder, build_dataset([config], folder)["deduplicated"]


def load(folder, name="deduplicated", **keywords):
    return datasets.load_dataset(str(folder), name, **keywords)


def test_a_build_writes_its_files_and_leaves_every_other_byte_alone(built):
    """The package's own files survive a build into the package's folder."""
    folder, _ = built

    files = files_of(folder)

    assert {name: files.pop(name) for name in OWN} == OWN
    assert set(files) == {
        "data/deduplicated/train-00000-of-00001.parquet",
        "data/deduplicated/test-00000-of-00001.parquet",
        "funnel/deduplicated.svg",
        "ledger/deduplicated.parquet",
        "report/rows.parquet",
        "report/deduplicated.json",
        "report.html",
        "README.md",
        "manifest.json",
    }


def test_load_dataset_gives_every_row_that_was_written(built):
    """Numbers by split and source are those of the statistics."""
    folder, stats = built

    loaded = load(folder)

    assert set(loaded) == {"train", "test"}
    for split, rows in loaded.items():
        assert set(rows.column_names) == COLUMNS
        assert rows.num_rows == stats["splits"][split]["rows"] > 0
        by_source = stats["splits"][split]["by_source"]
        assert {name: rows["source"].count(name) for name in set(rows["source"])} == by_source


def test_streaming_gives_the_same_rows_in_the_same_order(built):
    """No row differs from the loaded ones."""
    folder, _ = built

    loaded, streamed = load(folder), load(folder, streaming=True)

    for split in ("train", "test"):
        assert list(streamed[split]) == list(loaded[split])


def test_the_dataset_holds_the_conversations_of_an_export_in_the_same_order(built, tmp_path):
    """Parquet and JSON Lines are two forms of one build."""
    folder, _ = built
    export(sample(), tmp_path / "out")

    for split, rows in load(folder).items():
        lines = [{"conversations": row["conversations"], "source": row["source"]} for row in rows]
        assert lines == read_lines(tmp_path / "out" / f"{split}.json")


def test_a_row_is_known_by_its_id_and_variant(built):
    """No pair comes twice, and each id is a row that the ledger keeps on this side."""
    folder, _ = built
    ledger = pl.read_parquet(folder / "ledger" / "deduplicated.parquet")

    for split, rows in load(folder).items():
        names = list(zip(rows["id"], rows["variant"], strict=True))
        assert len(set(names)) == len(names)
        assert set(rows["id"]) == set(ledger.filter(outcome="kept", split=split)["id"])
        assert all(row["id"].startswith(f"{row['source']}/") and row["license"] for row in rows)
        assert set(rows.filter(lambda row: row["official"])["id"]) == set(
            ledger.filter(outcome="kept", split=split, official=True)["id"]
        )


def test_parquet_files_hold_no_schema_metadata(built):
    """What ties a file to one release of `datasets` is off."""
    folder, _ = built
    for path in folder.glob("data/*/*.parquet"):
        assert pq.read_schema(path).metadata is None
        assert all(field.metadata is None for field in pq.read_schema(path))


def test_the_manifest_names_every_file_of_the_build_with_its_hash(built):
    """Files of a person's own are not in it."""
    folder, stats = built
    manifest = json.loads((folder / "manifest.json").read_bytes())

    assert {name: output["sha256"] for name, output in manifest["outputs"].items()} == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files_of(folder).items()
        if name not in OWN and name != "manifest.json"
    }
    assert manifest["statistics"] == {"deduplicated": stats}
    assert str(folder.parent) not in (folder / "manifest.json").read_text(encoding="utf-8")


def test_two_builds_give_the_same_bytes(built, tmp_path):
    """Another folder and another cache change nothing."""
    folder, _ = built
    build_dataset([sample()], tmp_path / "again")

    assert files_of(tmp_path / "again") == {
        name: content for name, content in files_of(folder).items() if name not in OWN
    }


def test_a_second_build_keeps_the_config_of_the_first(tmp_path):
    """Both configs load, each with its ledger, and the first one's files are the same bytes."""
    build_dataset([sample("deduplicated")], tmp_path / "out")
    before = files_of(tmp_path / "out")

    build_dataset([sample("no_augment")], tmp_path / "out")

    after = files_of(tmp_path / "out")
    kept = [name for name in before if name.startswith(("data/", "funnel/", "ledger/"))]
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert {"ledger/deduplicated.parquet", "ledger/no_augment.parquet"} <= set(after)
    assert set(json.loads(after["manifest.json"])["statistics"]) == {"deduplicated", "no_augment"}
    assert load(tmp_path / "out", "no_augment")["train"].num_rows < load(tmp_path / "out")["train"].num_rows


def test_configs_built_one_by_one_are_those_built_at_once(tmp_path):
    """What a folder holds does not depend on how it came to be."""
    build_dataset([sample("deduplicated"), sample("no_augment")], tmp_path / "at once")
    for name in ("deduplicated", "no_augment"):
        build_dataset([sample(name)], tmp_path / "one by one")

    assert files_of(tmp_path / "one by one") == files_of(tmp_path / "at once")


def test_a_config_of_other_sources_does_not_stay_beside_a_new_one(tmp_path):
    """Two configs in one folder come from the same rows."""
    build_dataset([config_of(tmp_path, {"bespoke_manim": circles(1, 20)}, "all")], tmp_path / "out")
    build_dataset([config_of(tmp_path, {"bespoke_manim": circles(1, 30)}, "no_augment")], tmp_path / "out")

    assert {name for name in files_of(tmp_path / "out") if "/" in name} == {
        "data/no_augment/train-00000-of-00001.parquet",
        "data/no_augment/test-00000-of-00001.parquet",
        "funnel/no_augment.svg",
        "ledger/no_augment.parquet",
        "report/rows.parquet",
        "report/no_augment.json",
    }


def test_a_config_of_another_split_does_not_stay_beside_a_new_one(tmp_path):
    """In one folder a row is on the same side in every config, so another seed leaves no old config behind."""
    rows = {"bespoke_manim": circles(1, 40)}
    build_dataset([config_of(tmp_path, rows, "all", seed=1)], tmp_path / "out")
    build_dataset([config_of(tmp_path, rows, "no_augment", seed=2)], tmp_path / "out")

    sides = [
        pl.read_parquet(path).select("id", "split").rows() for path in (tmp_path / "out" / "ledger").glob("*.parquet")
    ]
    assert all(side == sides[0] for side in sides)


def test_a_build_into_the_folder_of_an_export_is_refused_and_the_export_stays(tmp_path):
    """Neither kind of output clears the other away."""
    rows = {"bespoke_manim": circles(1, 20)}
    export(config_of(tmp_path, rows, "deduplicated"), tmp_path / "out")
    before = files_of(tmp_path / "out")

    with pytest.raises(OutputError, match="holds the outputs of `export`"):
        build_dataset([config_of(tmp_path, rows, "all")], tmp_path / "out")

    assert files_of(tmp_path / "out") == before


@pytest.mark.parametrize("name", ["README.md", "ledger", "data/all"])
def test_a_file_of_a_persons_own_in_the_way_is_an_error_and_stays(tmp_path, name):
    """Nothing is written beside it, and once it is moved away a build succeeds."""
    config, own = config_of(tmp_path, {"bespoke_manim": circles(1, 20)}, "all"), tmp_path / "out" / name
    own.parent.mkdir(parents=True)
    own.write_text("mine", encoding="utf-8")

    with pytest.raises(OutputError, match=name):
        build_dataset([config], tmp_path / "out")

    assert files_of(tmp_path / "out") == {name: b"mine"}
    own.unlink()
    build_dataset([config], tmp_path / "out")
    assert load(tmp_path / "out", "all")["train"].num_rows == 45


def test_a_config_with_an_empty_test_side_is_built_and_loads(tmp_path):
    """Three rows have no tenth to give to the test side."""
    build_dataset([config_of(tmp_path, {"bespoke_manim": circles(1, 3)}, "no_augment")], tmp_path / "out")

    loaded = load(tmp_path / "out", "no_augment")

    assert {split: rows.num_rows for split, rows in loaded.items() if rows.num_rows} == {"train": 3}


def test_validation_is_a_split_of_the_build_and_of_the_builder(tmp_path):
    """With the same rows; the card names its files."""
    config = sample(cache_dir=tmp_path / "cache", validation_size=0.1)
    stats = build_dataset([config], tmp_path / "built")["deduplicated"]
    loaded = load(tmp_path / "built")
    builder = manim_combined.ManimCombined(cache_dir=str(tmp_path / "own"), validation_size=0.1, sample=True, workers=1)
    builder.download_and_prepare()

    assert loaded["validation"].num_rows == stats["splits"]["validation"]["rows"] > 0
    assert builder.as_dataset(split="validation")[:] == loaded["validation"][:]
    assert set(loaded) == {"train", "validation", "test"}
    assert not set(loaded["validation"]["variant"]) - {0}


def test_an_empty_validation_side_breaks_neither_a_build_nor_the_builder(tmp_path):
    config = config_of(tmp_path, {"bespoke_manim": circles(1, 4)}, test_size=0.3, validation_size=0.01)
    build_dataset([config], tmp_path / "built")
    builder = manim_combined.ManimCombined(cache_dir=str(tmp_path / "own"), settings=config.settings())
    builder.download_and_prepare()

    assert set(load(tmp_path / "built")) == {"train", "test"}
    assert {split: info.num_examples for split, info in builder.info.splits.items() if info.num_examples} == {
        split: rows.num_rows for split, rows in load(tmp_path / "built").items()
    }


def test_manim_combined_takes_settings_as_keyword_arguments(tmp_path):
    """The builder's class prepares a config on its own, without the command line."""
    dataset = manim_combined.ManimCombined(
        config_name="no_augment", sample=True, seed=7, workers=1, cache_dir=str(tmp_path / "own")
    )
    dataset.download_and_prepare()
    rows = dataset.as_dataset(split="train")

    export(sample("no_augment", seed=7), tmp_path / "out")
    assert [row["conversations"] for row in rows] == [
        line["conversations"] for line in read_lines(tmp_path / "out" / "train.json")
    ]


def test_manim_combined_writes_messages_if_asked_to(tmp_path):
    """The features follow the setting `format`."""
    local = config_of(tmp_path, {"bespoke_manim": circles(1, 1)}).local
    dataset = manim_combined.ManimCombined(
        config_name="no_augment", local=dict(local), datasets=["bespoke_manim"], format="messages"
    )
    dataset.download_and_prepare()

    message = dataset.as_dataset(split="train")[0]["messages"][2]

    assert message == {"role": "assistant", "content": f"```python\n{scene('Circle(radius=1)')}\n```"}


def test_load_builds_first_if_need_be_and_not_again(tmp_path, monkeypatch, caplog):
    """The second call finds what the first one built, and each says that it is the sample."""
    first = manim_combined.load("no_augment", folder=tmp_path / "out", sample=True)
    monkeypatch.setattr(builder.publish.load, "build_dataset", no_build)

    second = manim_combined.load("no_augment", folder=tmp_path / "out", sample=True)
    streamed = manim_combined.load("no_augment", folder=tmp_path / "out", sample=True, streaming=True)

    assert second["train"].to_list() == first["train"].to_list() == list(streamed["train"])
    assert caplog.text.count("out holds the bundled sample of 87 rows, not the sources") == 3


def test_a_build_over_the_sample_and_the_sample_over_a_build_say_so(tmp_path):
    """Neither takes the other's place unnoticed; over its own kind, nothing is said."""
    rows = config_of(tmp_path, {"bespoke_manim": circles(1, 20)}, "all")
    said = []
    for config in (rows, rows, sample("all", datasets=["manimbench"]), rows):
        events = Silent()
        build_dataset([config], tmp_path / "out", events)
        said.append([text for text in events.warnings if "bundled sample" in text])

    assert said[:2] == [[], []]
    assert said[2] == [f"{tmp_path / 'out'} holds a build of the sources, which the bundled sample replaces"]
    assert said[3] == [f"{tmp_path / 'out'} holds the bundled sample, which this build replaces"]


def test_load_builds_again_for_other_settings(tmp_path):
    """A folder that holds the config with another factor is not what was asked for."""
    small = manim_combined.load("all", folder=tmp_path / "out", sample=True, augmentation_factor=1)
    large = manim_combined.load("all", folder=tmp_path / "out", sample=True, augmentation_factor=2)

    assert large["train"].num_rows == 2 * small["train"].num_rows
