"""Long rows are read and written few at a time, so that memory does not grow with them."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import builder.core.row_store
from builder.core.row_store import BATCH_BYTES, batches_of, rows_of_a_group
from builder.pipeline.story import prepare
from builder.publish.export import export
from tests.rows import SOURCES, circles, config_of, files_of


def batches(tmp_path, texts, most_rows=1000, **writing):
    """Rows of each batch of a file, its bytes at most, and whether all rows came in their order."""
    table = pa.table({"text": texts, "video": [b"0" * 1000] * len(texts)})
    pq.write_table(table, tmp_path / "file.parquet", use_dictionary=False, **writing)
    with pq.ParquetFile(tmp_path / "file.parquet") as opened:
        found = list(batches_of(opened, most_rows, ["text"]))
    assert pa.Table.from_batches(found)["text"].to_pylist() == texts
    return [batch.num_rows for batch in found], max(batch.nbytes for batch in found)


def test_short_rows_come_as_many_at_a_time_as_are_asked_for(tmp_path):
    """Whatever the row groups, and whatever the columns that are not read hold."""
    assert batches(tmp_path, ["a"] * 2500, row_group_size=800)[0] == [1000, 1000, 500]


def test_long_rows_come_few_at_a_time(tmp_path):
    """A row group of 120 MB is never held whole; the short rows before it come together still."""
    counts, most = batches(tmp_path, ["a"] * 300 + ["b" * 400_000] * 300, row_group_size=300)
    assert counts[0] == 300
    assert most <= BATCH_BYTES


def test_a_batch_of_long_rows_is_written_in_groups():
    """So that it can be read back in parts; a usual batch stays one."""
    usual, long = (pa.RecordBatch.from_pydict({"text": ["b" * size] * 100}) for size in (4000, 400_000))
    assert rows_of_a_group(usual) == 100
    assert 30 < rows_of_a_group(long) < 50


@pytest.mark.parametrize("size", [1, 1500])
def test_the_size_of_batches_changes_no_byte_of_the_output(tmp_path, monkeypatch, size):
    """Rows that are read and prepared few at a time, or one by one, come out the same."""
    sources = {**SOURCES, "thanks_dataset": circles(1, 60)}
    export(config_of(tmp_path, sources, "all"), tmp_path / "whole")
    monkeypatch.setattr(builder.core.row_store, "BATCH_BYTES", size)
    config = config_of(tmp_path, sources, "all", cache_dir=tmp_path / "other")
    export(config, tmp_path / "parts")

    assert files_of(tmp_path / "parts") == files_of(tmp_path / "whole")
    assert pq.read_metadata(prepare(config).files[0].path).num_row_groups > 1
