"""What the published rows say beside the conversation, and how their Parquet is cut."""

import hashlib

import datasets
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builder.config import make_config
from builder.publish.build_folder import build_dataset
from builder.publish.write import write_shards
from tests.rows import circles, config_of, said, scene

GLOW = scene("Circle(radius=900).make_it_glow()")
ROWS = {
    "bespoke_manim": [*circles(1, 40), ("Draw a glowing circle", GLOW), ("Draw a ring", scene("Annulus()"))],
    "thanks_dataset": [("draw a RING.", scene("Annulus(0.5)")), ("Draw a circle of radius 5", scene("Dot()"))],
    "manim_codegen": [("Draw a ring", scene("Annulus(0.7)"))],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two configs of the rows above, built."""
    base = tmp_path_factory.mktemp("columns")
    configs = [config_of(base, ROWS, name) for name in ("deduplicated", "no_augment")]
    build_dataset(configs, base / "out")
    return base / "out"


def rows_of(folder, config):
    """All rows of a config, loaded as its users load them."""
    loaded = datasets.load_dataset(str(folder), config, cache_dir=str(folder.parent / "hf"))
    return [row for split in loaded.values() for row in split]


def test_texts_stand_beside_the_conversation_and_are_the_same(folder):
    """What the user says, the program without its fence, and whether the prompt is its author's."""
    rows = rows_of(folder, "deduplicated")
    for row in rows:
        assert row["prompt"] == said(row, "user")
        assert f"```python\n{row['code']}\n```" == said(row, "assistant")
        assert row["description_source"] == ("template" if row["variant"] else "published")
    assert {row["description_source"] for row in rows} == {"template", "published"}


def test_a_row_says_how_many_it_stands_for(folder):
    """Itself and its duplicates: three rows ask for a ring, two for the fifth circle."""
    counts = {row["id"]: row["duplicates"] for row in rows_of(folder, "deduplicated")}
    assert counts["bespoke_manim/000041"] == 3
    assert counts["bespoke_manim/000004"] == 2
    assert counts["bespoke_manim/000000"] == 1
    assert {row["duplicates"] for row in rows_of(folder, "no_augment")} == {1}


def test_a_finding_names_what_manim_lacks(folder):
    """Of a row that the config keeps all the same; others have none, and no verdict without rendering."""
    rows = {row["id"]: row for row in rows_of(folder, "no_augment")}
    assert rows["bespoke_manim/000040"]["findings"].startswith("unknown_")
    assert "make_it_glow" in rows["bespoke_manim/000040"]["findings"]
    assert rows["bespoke_manim/000000"]["findings"] is None
    assert {(row["verdict"], row["code_from"]) for row in rows.values()} == {(None, None)}


def test_the_ledger_is_a_config_of_its_own(folder):
    """One split for each config, one line for each row read."""
    ledger = datasets.load_dataset(str(folder), "ledger", cache_dir=str(folder.parent / "hf"))
    assert {name: split.num_rows for name, split in ledger.items()} == {"deduplicated": 45, "no_augment": 45}
    assert set(ledger["deduplicated"]["outcome"]) == {"kept", "dropped"}


def test_sizes_are_those_of_the_library(folder):
    """`dataset_size` is what the rows take as Arrow, `download_size` what their files take."""
    builder = datasets.load_dataset_builder(str(folder), "no_augment", cache_dir=str(folder.parent / "hf"))
    files = sorted((folder / "data" / "no_augment").glob("*.parquet"))
    assert builder.info.download_size == sum(file.stat().st_size for file in files)
    # a file is read with a bit for each value that may be missing, also where none is
    assert builder.info.dataset_size == pytest.approx(sum(pq.read_table(file).nbytes for file in files), rel=0.01)
    assert builder.info.features["findings"] == datasets.Value("string")


def test_repaired_rows_say_whose_program_they_have(tmp_path):
    """And a row of the sample with its difficulty says it."""
    config = make_config("no_augment", sample=True, workers=1, cache_dir=tmp_path / "cache")
    build_dataset([config], tmp_path / "out")
    rows = pl.read_parquet(tmp_path / "out" / "data" / "no_augment" / "*.parquet")
    ledger = pl.read_parquet(tmp_path / "out" / "ledger" / "no_augment.parquet").filter(pl.col("outcome") == "kept")

    repaired = ledger.filter(pl.col("code_from").is_not_null() & (pl.col("code_from") != ""))
    assert set(rows.drop_nulls("code_from")["id"]) == set(repaired["id"])
    assert set(rows.drop_nulls("code_from")["code_from"]) <= set(pl.read_parquet(tmp_path / "out" / "ledger")["id"])
    assert rows["difficulty"].drop_nulls().len() > 0


def test_a_change_in_the_middle_leaves_later_pages_as_they_were(tmp_path):
    """Pages are cut by content: a store of chunks, such as Xet, knows what stands behind a row that came."""

    def text(n):
        return "".join(hashlib.sha512(f"{n}/{part}".encode()).hexdigest() for part in range(8))

    rows = [{"text": text(n)} for n in range(4_000)]
    schema = pa.schema({"text": pa.string()})
    (before,), _ = write_shards(rows, schema, tmp_path / "before", "train")
    (after,), _ = write_shards([*rows[:900], {"text": text(-1)}, *rows[900:]], schema, tmp_path / "after", "train")

    column = pq.read_metadata(before).row_group(0).column(0)
    end = (column.dictionary_page_offset or column.data_page_offset) + column.total_compressed_size
    assert before.read_bytes()[end - 200_000 : end] in after.read_bytes()
    assert column.has_offset_index
    assert column.has_column_index
