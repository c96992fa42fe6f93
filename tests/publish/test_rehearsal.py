"""The whole way: four repositories with the real schemas, a build, a push, and a fresh process that loads."""

import io
from pathlib import Path

import polars as pl

from builder.sources.select import SAMPLE_DIR
from builder.sources.spec import known_sources
from tests.pushing import REPO, TOKEN, environment, run
from tests.servers.hub_write import WritableHub
from tests.servers.kaggle import KaggleServer

LOAD = """
import sys, polars
from datasets import load_dataset
data = load_dataset("org/manim-sft", "deduplicated", cache_dir=sys.argv[1])
for split, rows in data.items():
    print(split, rows.num_rows, sorted(set(rows["source"])))
"""


def parquet_of(name: str) -> bytes:
    """A source's sample rows as the Parquet that its host has."""
    written = io.BytesIO()
    pl.read_ndjson(SAMPLE_DIR / f"{name}.jsonl", infer_schema_length=None).write_parquet(written)
    return written.getvalue()


def test_four_repositories_become_one_that_loads_by_its_name(tmp_path: Path):
    """Kaggle and the Hub are read, the dataset is built and pushed, and `load_dataset` gives the rows of the build."""
    specs = known_sources()
    bench = specs["manimbench"]
    with WritableHub(TOKEN) as hub, KaggleServer({bench.location: {bench.file: parquet_of("manimbench")}}) as kaggle:
        for name in ("bespoke_manim", "thanks_dataset", "manim_codegen"):
            hub.make(specs[name].location, {"data/train-00000-of-00001.parquet": parquet_of(name)})
        env = environment(hub.url, tmp_path) | {
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
            "KAGGLE_API_ENDPOINT": kaggle.url,
            "HTTP_PROXY": kaggle.url,
            "NO_PROXY": "127.0.0.1",
            "KAGGLEHUB_CACHE": str(tmp_path / "kaggle"),
        }
        built = run(tmp_path, env, "-m", "builder", "build").ok()
        pushed = run(tmp_path, env, "-m", "builder", "push", "--repo", REPO).ok()
        fresh = tmp_path / "fresh"
        fresh.mkdir()
        loaded = run(fresh, environment(hub.url, fresh), "-c", LOAD, str(fresh / "cache")).ok()

    ledger = pl.read_parquet(tmp_path / "manim_combined" / "ledger" / "deduplicated.parquet")
    kept = ledger.filter(outcome="kept")
    train, test = (kept.filter(split=split) for split in ("train", "test"))
    assert ledger.group_by("source").len().sort("source").rows() == [
        ("bespoke_manim", 15),
        ("manim_codegen", 23),
        ("manimbench", 20),
        ("thanks_dataset", 29),
    ]
    assert loaded.stdout.splitlines() == [
        f"train {int(train.height * 2.5)} {sorted(set(train['source']))}",
        f"test {test.height} {sorted(set(test['source']))}",
    ]
    assert "manimbench: 20 rows read, 417 expected" in built.stderr
    assert (tmp_path / "sources.lock").is_file()
    assert "equal to the local build" in pushed.stdout
