"""Parquet files of a config: cut where they would grow too large, the same bytes however they came to be."""

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from datasets import Features

from builder.core.schema import SPLITS
from builder.emit.formats import FORMATS
from builder.publish import write
from builder.publish.build_folder import build_dataset
from builder.publish.write import write_shards
from manim_combined.dataset import ManimCombined
from tests.pushing import REPO, TOKEN, build_sample, push
from tests.rows import SOURCES, config_of, files_of
from tests.servers.hub_write import WritableHub


@pytest.fixture
def small(monkeypatch):
    """Ten rows a row group, four kilobytes a file."""
    monkeypatch.setattr(write, "ROW_GROUP_ROWS", 10)
    monkeypatch.setattr(write, "SHARD_BYTES", 4000)


SCHEMA = pa.schema({"n": pa.int64(), "text": pa.string()})


def rows(first, last):
    return ({"n": n, "text": f"row {n} " * 5} for n in range(first, last))


def test_files_are_cut_at_the_limit(tmp_path, small):
    """All rows are there, in order, and no file's rows take more than the limit."""
    files, _ = write_shards(rows(0, 1000), SCHEMA, tmp_path / "out", "train")

    count = len(files)
    assert count > 3
    assert [file.name for file in files] == [f"train-{n:05d}-of-{count:05d}.parquet" for n in range(count)]
    assert pl.concat([pl.read_parquet(file) for file in files])["n"].to_list() == list(range(1000))
    for file in files:
        metadata = pq.read_metadata(file)
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        assert sum(g.column(n).total_compressed_size for g in groups for n in (0, 1)) <= 4000


def test_a_file_of_one_row_group_may_be_larger(tmp_path, small):
    """Each row group that is larger than the limit has a file of its own."""
    long = ({"n": n, "text": f"{n}" * 9000} for n in range(25))

    assert len(write_shards(long, SCHEMA, tmp_path / "out", "test")[0]) == 3


def test_rows_without_any_make_no_file(tmp_path):
    """`datasets` cannot read a split without rows."""
    assert write_shards([], SCHEMA, tmp_path / "out", "train") == ([], 0)


@pytest.mark.parametrize("format_name", FORMATS)
def test_published_rows_are_those_of_the_dataset_builder(tmp_path, format_name):
    """What `ManimCombined` generates, and what a build writes, hold equal rows in equal columns, as the card says."""
    config = config_of(tmp_path, SOURCES, "deduplicated", format=format_name, validation_size=0.1)
    build_dataset([config], tmp_path / "built")
    dataset = ManimCombined(config_name="deduplicated", cache_dir=str(tmp_path / "cache"), settings=config.settings())
    dataset.download_and_prepare()
    for split in SPLITS:
        (file,) = (tmp_path / "built" / "data" / "deduplicated").glob(f"{split}-*.parquet")
        generated = dataset.as_dataset(split=split)
        assert pq.read_table(file).column_names == generated.column_names
        assert pq.read_table(file).to_pylist() == generated.to_list()
    (stated,) = yaml.safe_load((tmp_path / "built" / "README.md").read_text().split("---\n")[1])["dataset_info"]
    assert Features._from_yaml_list(stated["features"]) == dataset.info.features
    assert stated["dataset_size"] == pytest.approx(dataset.info.dataset_size, rel=0.02)
    assert stated["download_size"] == sum(path.stat().st_size for path in (tmp_path / "built").glob("data/*/*"))


def test_a_build_in_shards_is_the_same_with_any_number_of_workers(tmp_path, small):
    """Names and bytes of all data files."""
    one = build_sample(tmp_path / "one" / "built", "deduplicated", workers=1)
    two = build_sample(tmp_path / "two" / "built", "deduplicated", workers=2)

    data = [name for name in files_of(one) if name.startswith("data/")]
    assert len(data) > 3
    assert files_of(one) == files_of(two)


def test_shards_are_pushed_and_read_back_and_older_ones_go(tmp_path, monkeypatch):
    """A build in one file takes the place of one in several, in one commit."""
    with monkeypatch.context() as limits:
        limits.setattr(write, "ROW_GROUP_ROWS", 10)
        limits.setattr(write, "SHARD_BYTES", 4000)
        several = build_sample(tmp_path / "several" / "built", "no_augment")
    single = build_sample(tmp_path / "single" / "built", "no_augment")
    flags = ("--config", "no_augment")
    with WritableHub(TOKEN) as hub:
        push(hub, tmp_path, several, *flags).ok()
        before = set(hub.head(REPO).tree)
        outcome = push(hub, tmp_path, single, *flags).ok()

    assert len([path for path in before if "/train-" in path]) > 1
    assert [path for path in hub.head(REPO).tree if "/train-" in path] == [
        "data/no_augment/train-00000-of-00001.parquet"
    ]
    assert "equal to the local build" in outcome.stdout
    assert len(hub.repositories[REPO].commits) == 3
