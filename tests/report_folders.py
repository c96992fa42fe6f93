"""Built folders for tests of the report: exports of few readable rows, and a folder of any number of made rows."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from builder.core.files import write_json
from builder.core.ledger import SCHEMA
from builder.publish.atomic import outputs_of
from builder.publish.export import export
from builder.render.verdict import program_hash
from tests.rows import Row, config_of, scene


def exported(tmp_path: Path, sources: Mapping[str, Iterable[Row]], name: str = "curated", **settings: Any) -> Path:
    """Export sources to `<tmp_path>/out`; gives the folder."""
    export(config_of(tmp_path, sources, name, **settings), tmp_path / "out")
    return tmp_path / "out"


def with_verdicts(folder: Path, verdicts: Mapping[str, tuple[str, bytes | None]]) -> Path:
    """Put verdicts of programs (outcome, thumbnail) beside an exported folder's data."""
    lines = [
        {"program": program_hash(code), "outcome": outcome, "exception": "", "message": "", "thumbnail": picture}
        for code, (outcome, picture) in verdicts.items()
    ]
    pl.DataFrame(lines, schema_overrides={"thumbnail": pl.Binary}).write_parquet(folder / "verdicts.parquet")
    return folder


def webp(colour: tuple[int, int, int]) -> bytes:
    """A small picture of one colour."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (64, 36), colour).save(buffer, "WEBP")
    return buffer.getvalue()


def many_rows(folder: Path, count: int, *, thumbnails: int = 0) -> Path:
    """A built folder of any number of rows, made without a build: every tenth is dropped, every fifth was changed."""
    (folder / "report").mkdir(parents=True)
    ids = [f"made/{n:06d}" for n in range(count)]
    codes = [scene(f"Circle(radius={n})") + "\n        self.wait()" * (n % 40) for n in range(count)]
    dropped = [n % 10 == 9 for n in range(count)]
    ledger = pl.DataFrame(
        {
            "id": ids,
            "content": [f"{n * 2654435761 % 2**64:016x}" for n in range(count)],
            "source": "made",
            "outcome": ["dropped" if gone else "kept" for gone in dropped],
            "stage": ["check" if gone else "" for gone in dropped],
            "reason": ["no_scene" if gone else "" for gone in dropped],
            "detail": "",
            "kept_id": "",
            "score": None,
            "margin": None,
            "code_from": "",
            "repairs": [["clean:fence"] if n % 5 == 0 else [] for n in range(count)],
            "group": [f"{n:016x}" for n in range(count)],
            "split": ["test" if n % 8 == 0 else "train" for n in range(count)],
            "official": False,
            "dialect": "ce",
            "verdict": "",
            "verdict_before": "",
            "findings": [[] for _ in range(count)],
        },
        schema=SCHEMA,
    )
    ledger.write_parquet(folder / "ledger.parquet")
    pl.DataFrame(
        {
            "id": ids,
            "difficulty": None,
            "description": [f"Draw a circle of radius {n}, {'slowly, ' * (n % 30)}and wait." for n in range(count)],
            "description_read": None,
            "code": codes,
            "code_read": [f"```python\n{code}\n```" if n % 5 == 0 else None for n, code in enumerate(codes)],
        },
        schema_overrides=dict.fromkeys(("difficulty", "description_read"), pl.String),
    ).write_parquet(folder / "report" / "rows.parquet")
    if thumbnails:
        with_verdicts(folder, {codes[n]: ("passed", webp((n % 256, 90, 160))) for n in range(thumbnails)})
    kept = ledger.filter(pl.col("outcome") == "kept")
    write_json(_statistics(ledger, kept), folder / "dataset_stats.json")
    manifest = {
        "kind": "export",
        "configs": {"curated": {"format": "sharegpt"}},
        "sources": [],
        "skipped_sources": {},
        "manim": "0.22.0",
        "outputs": outputs_of(folder),
    }
    write_json(manifest, folder / "manifest.json")
    return folder


def _statistics(ledger: pl.DataFrame, kept: pl.DataFrame) -> dict[str, Any]:
    train, test = (kept.filter(pl.col("split") == split).height for split in ("train", "test"))
    gone = ledger.height - kept.height
    line = {"source": "made", "read": ledger.height, "dropped": {"check": {"no_scene": gone}}, "kept": kept.height}
    return {
        "rows_read": ledger.height,
        "rows_kept": kept.height,
        "rows_dropped": gone,
        "funnel_by_source": [{**line, "train": train, "test": test}],
        "reasons": [{"stage": "check", "reason": "no_scene", "rows": gone}],
        "pairing": {"shuffled": []},
        "augmentation": {"train_rows_before": train, "train_rows_after": train},
        "official_test_rows": {"read": 0, "kept": 0},
        "splits": {"train": {"rows": train}, "test": {"rows": test}},
        "leakage": {"equal_prompts_across_the_split": 0, "equal_programs_across_the_split": 0},
    }
