"""The same inputs, settings and seed give the same bytes."""

import subprocess
import sys
from itertools import pairwise

import pytest

import builder.core.executors
import builder.emit.rows
import builder.pipeline.story
from builder.pipeline.story import prepare
from builder.publish.export import export
from tests.rows import SOURCES, circles, config_of, files_of, read_lines, said, write_source


def test_two_exports_give_the_same_bytes(tmp_path):
    """Sources, caches and outputs in other places change nothing."""
    found = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        export(config_of(tmp_path / place, SOURCES), tmp_path / place / "out")
        found.append(files_of(tmp_path / place / "out"))

    assert found[0] == found[1]


def test_the_number_of_workers_changes_no_byte(tmp_path, monkeypatch):
    """Two processes, which really run, write what one writes."""
    started = []

    class Counted(builder.core.executors.ProcessPoolExecutor):
        def __init__(self, processes, **keywords):
            started.append(processes)
            super().__init__(processes, **keywords)

    monkeypatch.setattr(builder.core.executors, "ProcessPoolExecutor", Counted)
    rows = {"thanks_dataset": circles(1, 1600)}
    for workers in (1, 2):
        config = config_of(tmp_path, rows, workers=workers, cache_dir=tmp_path / f"cache{workers}")
        export(config, tmp_path / f"out{workers}")

    assert started == [2]
    assert files_of(tmp_path / "out1") == files_of(tmp_path / "out2")


def test_the_size_of_buckets_changes_no_byte(tmp_path, monkeypatch):
    """Rows that are spread over many buckets come in the same order as from one."""
    config = config_of(tmp_path, SOURCES, "all")
    export(config, tmp_path / "one")
    text_bytes = sum(file.text_bytes for file in prepare(config).files)

    for number, size in {"few": text_bytes // 2, "many": text_bytes // 40}.items():
        monkeypatch.setattr(builder.emit.rows, "BUCKET_BYTES", size)
        export(config, tmp_path / number)
        assert files_of(tmp_path / number) == files_of(tmp_path / "one")


def test_rows_are_shuffled_by_the_seed(tmp_path):
    """They stand neither in the order of reading, nor a row beside its variants, nor for two seeds alike."""
    prompts = []
    for seed in (1, 2):
        export(config_of(tmp_path, {"bespoke_manim": circles(1, 99)}, "all", seed=seed), tmp_path / "out")
        prompts.append([said(row, "user") for row in read_lines(tmp_path / "out" / "train.json")])

    read = list(dict(circles(1, 99)))
    originals = [[text for text in texts if text in read] for texts in prompts]
    common = set(originals[0]) & set(originals[1])
    orders = [[text for text in texts if text in common] for texts in originals]
    assert len(common) > 70
    assert orders[0] != orders[1]
    assert [text for text in read if text in common] not in orders
    radii = [text.rpartition(" ")[2] for text in prompts[0]]
    assert sum(one == other for one, other in pairwise(radii)) < 20


@pytest.mark.parametrize("config", ["all", "curated"])
def test_a_build_loads_no_library_that_it_does_not_use(tmp_path, config):
    """pyarrow would load pandas, which nothing here needs; nothing new to pair or to split, and SciPy stays out too."""
    files = {name: write_source(tmp_path, name, rows) for name, rows in SOURCES.items()}
    local = [part for name, path in files.items() for part in ("--local", f"{name}={path}")]
    folders = ["--output-dir", str(tmp_path / "out"), "--cache-dir", str(tmp_path / "cache")]
    options = ["--config", config, *folders, *local]
    program = (
        "import sys; from builder.cli.main import main; "
        "main(sys.argv[1:]); print({'pandas', 'scipy.sparse'} & set(sys.modules))"
    )
    said = [
        subprocess.run([sys.executable, "-c", program, "export", *options], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]

    assert [done.stdout.splitlines()[-1] for done in said] == ["{'scipy.sparse'}", "set()"]
