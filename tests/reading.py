"""Readings in child processes: the real clients against servers on loopback, and Parquet to feed them."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
TOKEN = "hf_thisMustNeverBeShown"
CODE = (
    "from manim import *\n\nclass Scene{0}(Scene):\n"
    "    def construct(self):\n        self.play(Create(Circle(radius={0})))\n"
)
CHILD = """
import json, sys, time, polars
from pathlib import Path
sleep, slept = time.sleep, []
def short_sleep(seconds):
    slept.append(seconds)
    sleep(min(seconds, 0.02))
time.sleep = short_sleep
from builder.config import make_config
from builder.core.errors import BuilderError
from builder.core.events import Silent
from builder.sources.read_all import read_sources
from builder.sources.spec import SourceSpec, _TABLE, register_source
settings, specs = json.loads(sys.argv[1])
for spec in specs:
    _TABLE.clear()
for spec in specs:
    register_source(SourceSpec(**{**spec, "mirrors": tuple(spec.get("mirrors", ()))}))
class Heard(Silent):
    seen = {}
    def progress(self, step, done, total, unit="rows", note=""):
        self.seen[step] = [done, total, unit]
events = Heard()
try:
    sources, skipped = read_sources(make_config(**settings), events)
except BuilderError as error:
    print(json.dumps({"error": str(error), "warnings": events.warnings, "slept": slept}))
    sys.exit(1)
print(json.dumps({"warnings": events.warnings, "skipped": skipped, "progress": events.seen, "slept": slept, "sources": {
    source.spec.name: {"rows": polars.read_parquet(source.path).to_dicts(), "revision": source.revision,
        "licence": source.spec.licence,
        "path": str(source.path), "mirror_of": source.mirror_of,
        "files": [[f.name, f.bytes, f.sha256, f.verified, dict(f.columns)] for f in source.files]}
    for source in sources}}))
"""


@dataclass(frozen=True)
class Reading:
    """What a reading in a child process gave."""

    exit_code: int
    stderr: str
    error: str = ""
    warnings: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    sources: dict[str, Any] = field(default_factory=dict)
    progress: dict[str, Any] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)
    """Seconds of each pause; in the child they are cut to a blink."""


def environment(tmp_path: Path, hub: str = "", kaggle: str = "", token: str = "") -> dict[str, str]:
    """What a child sees: the servers, and nothing of this process's environment but the path."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    if hub:
        env |= {
            "HF_ENDPOINT": hub,
            "HF_TOKEN": token,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        }
        env |= {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HUB_DISABLE_XET": "1"}
    if kaggle:
        env |= {"KAGGLE_API_ENVIRONMENT": "LOCALHOST", "KAGGLE_API_ENDPOINT": kaggle, "HTTP_PROXY": kaggle}
        env |= {"NO_PROXY": "127.0.0.1", "KAGGLEHUB_CACHE": str(tmp_path / "kaggle")}
    return env


def start(
    tmp_path: Path, specs: Sequence[Mapping[str, Any]], env: Mapping[str, str], before: str = "", **settings: Any
) -> Any:
    """Start a reading in a child process whose current folder is `tmp_path`; it runs the code `before` first."""
    given = json.dumps([{"cache_dir": str(tmp_path / "cache"), **settings}, list(specs)])
    command = [sys.executable, "-c", before + CHILD, given]
    return subprocess.Popen(
        command, env=dict(env), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(child: Any) -> Reading:
    """Wait for a started reading."""
    stdout, stderr = child.communicate(timeout=120)
    assert TOKEN not in stdout + stderr
    return Reading(child.returncode, stderr, **(json.loads(stdout) if stdout else {}))


def read(tmp_path: Path, specs: Sequence[Mapping[str, Any]], env: Mapping[str, str], **settings: Any) -> Reading:
    """Read sources in a child process."""
    return finish(start(tmp_path, specs, env, **settings))


def parquet(rows: int, video_bytes: int = 0, group_rows: int = 100, **columns: Sequence[Any]) -> bytes:
    """Parquet with the columns `question`, `python_code` and others; `video` has random bytes, so many a row."""
    random = np.random.default_rng(0)
    table: dict[str, Any] = {
        "question": [f"Draw circle number {number} and make it grow slowly" for number in range(rows)],
        "python_code": [CODE.format(number) for number in range(rows)],
        **columns,
    }
    if video_bytes:
        table["video"] = [random.bytes(video_bytes) for _ in range(rows)]
    written = io.BytesIO()
    pq.write_table(pa.table(table), written, row_group_size=group_rows)
    return written.getvalue()


def hub_spec(location: str = "org/name", **more: Any) -> dict[str, Any]:
    """A source on the Hub with the columns that `parquet` writes."""
    fields = {"description_field": "question", "code_field": "python_code"}
    return {"name": "made", "kind": "huggingface", "location": location, **fields, **more}


def sent_bytes(server: Any, part: str = "") -> int:
    """Bytes of files that a Hub server sent for paths that hold `part`: of a range its span, else the file's size."""
    total = 0
    for request in server.requests:
        if request.method == "GET" and "/resolve/" in request.path and part in request.path:
            repo, _, path = request.path.removeprefix("/datasets/").partition("/resolve/")
            size = len(server.repos[repo][path.partition("/")[2]])
            first, _, last = request.headers.get("range", "").removeprefix("bytes=").partition("-")
            total += min(int(last), size - 1) - int(first) + 1 if first else size
    return total
