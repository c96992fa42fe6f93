"""How fast, and in how much memory, a whole export runs: `python -m benchmarks.pipeline --data FOLDER --times 100`.

The rows of the real files are copied TIMES times; every copy differs in a literal of its code and in a word of its
prompt, so that nothing can be remembered. With `--short N`, N short rows of random words of the real prompts take their
place. The export runs in a child process whose memory, with that of all its workers, is sampled. Each size is exported
twice, the second time with nothing changed. Beside it, in the same run, stands one plain loop of `ast.parse` over the
same codes: on a busy machine the two are slowed alike.
"""

import argparse
import ast
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from builder.sources.spec import known_sources

BATCH_ROWS = 1000
SHORT = "manim_codegen"
"""The source whose place short rows take."""
_SCENE = """from manim import *


class {0}(Scene):
    def construct(self):
        self.play(Write(Text("{1}")))
        self.wait()
"""


@dataclass
class Run:
    """What one export took."""

    rows: int
    seconds: float
    processor: float
    """Processor seconds of all processes together."""
    peak_mb: float
    """Of all processes together: proportional set size, in MB of 10^6 bytes."""
    largest_mb: float
    """Of the largest process."""
    passes: dict[str, float] = field(default_factory=dict)
    parse_seconds: float = 0.0
    again: "Run | None" = None
    """The same export once more, with nothing changed."""


def sources_in(folder: Path) -> dict[str, Path]:
    """The sources' files below a folder: `FOLDER/<source>/*`."""
    return {name: path for name in known_sources() for path in sorted((folder / name).glob("*.parquet"))[:1]}


def copies(name: str, path: Path, times: int) -> Iterator[pa.Table]:
    """The wanted columns of a source's file, TIMES times, each copy a little different."""
    spec = known_sources()[name]
    columns = [column for column in (spec.description_field, spec.code_field, spec.split_field) if column]
    rows = pq.read_table(path, columns=columns).to_pylist()
    for copy in range(times):
        for start in range(0, len(rows), BATCH_ROWS):
            some = rows[start : start + BATCH_ROWS]
            table = {column: [row[column] for row in some] for column in columns}
            if copy:
                table[spec.description_field] = [f"{text} Take number{copy}." for text in table[spec.description_field]]
                table[spec.code_field] = [_marked(code, copy) for code in table[spec.code_field]]
            yield pa.table(table)


def _marked(code: str, copy: int) -> str:
    """The code with one more literal, after its last line, at that line's indent."""
    body = code.rstrip()
    last = body.rsplit("\n", 1)[-1]
    indent = last[: len(last) - len(last.lstrip())] if "\n" in body else ""
    return f"{body}\n{indent}number = {copy}"


def write_copies(data: dict[str, Path], times: int, folder: Path) -> dict[str, Path]:
    """Write the copies as Parquet; returns the files."""
    files = {}
    for name, path in data.items():
        target = folder / f"{name}.parquet"
        writer = None
        for table in copies(name, path, times):
            writer = writer or pq.ParquetWriter(target, table.schema)
            writer.write_table(table)
        if writer:
            writer.close()
        files[name] = target
    return files


def write_short(data: dict[str, Path], rows: int, folder: Path) -> dict[str, Path]:
    """Write so many rows of one source as Parquet: ten words of the real prompts, and a scene that shows some."""
    spec = known_sources()[SHORT]
    texts = pq.read_table(data[SHORT], columns=[spec.description_field]).column(0).to_pylist()
    words = sorted({word for text in texts for word in re.findall("[a-z]{4,}", text)})
    draw = random.Random(1)
    target = folder / f"{SHORT}.parquet"
    schema = pa.schema({spec.description_field: pa.string(), spec.code_field: pa.string()})
    with pq.ParquetWriter(target, schema) as writer:
        for start in range(0, rows, BATCH_ROWS):
            chosen = [draw.choices(words, k=10) for _ in range(min(BATCH_ROWS, rows - start))]
            codes = [_SCENE.format("".join(map(str.title, some[:3])), " ".join(some[3:6])) for some in chosen]
            writer.write_table(pa.table([[f"Show {' '.join(some)}." for some in chosen], codes], schema))
    return {SHORT: target}


def run_export(files: dict[str, Path], folder: Path, workers: int) -> Run:
    """Export in a child process, watching memory."""
    command = [sys.executable, "-m", "benchmarks.pipeline", "--child", str(folder), "--workers", str(workers)]
    command += [f"{name}={path}" for name, path in files.items()]
    started, used = time.perf_counter(), _processor()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = _Peak(child.pid)
    peak.start()
    printed, _ = child.communicate()
    seconds = time.perf_counter() - started
    peak.stop()
    if child.returncode:
        raise SystemExit(f"the export failed with exit code {child.returncode}")
    told = json.loads(printed.splitlines()[-1])
    return Run(told["rows"], seconds, _processor() - used, peak.bytes / 1e6, peak.largest / 1e6, told["passes"])


def _processor() -> float:
    """Processor seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Peak(threading.Thread):
    """Samples the memory of a process and its children."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self._done = threading.Event()
        self.bytes = self.largest = 0

    def run(self) -> None:
        while not self._done.wait(0.1):
            try:
                processes = [self._process, *self._process.children(recursive=True)]
                held = [process.memory_full_info().pss for process in processes]
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
            self.bytes, self.largest = max(self.bytes, sum(held)), max(self.largest, *held)

    def stop(self) -> None:
        self._done.set()
        self.join()


class _Passes:
    """Listens to an export and adds up the time between its messages, by the first word of the step."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def progress(self, step: str, *_: object) -> None:
        now = time.perf_counter()
        name = step.split(maxsplit=1)[0]
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now

    def warn(self, message: str) -> None:
        """Not of interest here."""


def _child(folder: Path, pairs: list[str], workers: int) -> None:
    from builder.config import make_config
    from builder.publish.export import export

    passes = _Passes()
    config = make_config(
        local=pairs,
        datasets=[pair.partition("=")[0] for pair in pairs],
        cache_dir=str(folder / "cache"),
        workers=workers,
    )
    stats = export(config, folder / "out", passes)
    print(json.dumps({"rows": stats["rows_read"], "passes": passes.seconds}))


def parse_loop(files: dict[str, Path]) -> float:
    """Seconds of one plain loop of `ast.parse` over the codes, in one process."""
    seconds = 0.0
    warnings.simplefilter("ignore", SyntaxWarning)
    for name, path in files.items():
        with pq.ParquetFile(path) as opened:
            for batch in opened.iter_batches(BATCH_ROWS, columns=[known_sources()[name].code_field]):
                codes = [code.removeprefix("\\n").lstrip(" ") for code in batch.column(0).to_pylist()]
                started = time.perf_counter()
                for code in codes:
                    with suppress(SyntaxError):
                        ast.parse(code)
                seconds += time.perf_counter() - started
    return seconds


def measure(write: Callable[[Path], dict[str, Path]], workers: int, scratch: Path) -> Run:
    """One size: write the rows, export them, parse them."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=scratch) as name:
        folder = Path(name)
        files = write(folder)
        run = run_export(files, folder, workers)
        run.again = run_export(files, folder, workers)
        run.parse_seconds = parse_loop(files)
        shutil.rmtree(folder / "cache")
        return run


def main() -> None:
    """Measure the sizes asked for and print one line each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=__doc__)
    parser.add_argument("pairs", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help="the folder with the real files: FOLDER/<source>/*.parquet")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10, 100], help="copies of every row")
    parser.add_argument("--short", type=int, nargs="+", default=[], help="in place of copies, so many short rows")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--scratch", type=Path, help="where copies and outputs go (default: the temporary folder)")
    given = parser.parse_args()
    if given.child:
        _child(given.child, given.pairs, given.workers)
        return
    data = sources_in(given.data) if given.data else {}
    if not data:
        raise SystemExit("--data FOLDER: the folder with the real files is wanted")
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}")
    print("    rows  seconds  processor  again  processor  peak MB  largest  ast.parse alone  share of each pass")
    copied = [partial(write_copies, data, times) for times in given.times]
    short = [partial(write_short, data, rows) for rows in given.short]
    for write in short or copied:
        run = measure(write, given.workers, given.scratch)
        whole = sum(run.passes.values())
        shares = ", ".join(f"{name} {seconds / whole:.0%}" for name, seconds in run.passes.items())
        print(
            f"{run.rows:8,} {run.seconds:8.1f} {run.processor:10.1f} {run.again.seconds if run.again else 0:6.1f} "
            f"{run.again.processor if run.again else 0:10.1f} {run.peak_mb:8,.0f} {run.largest_mb:8,.0f} "
            f"{run.parse_seconds:16.1f}  {shares}",
            flush=True,
        )


if __name__ == "__main__":
    main()
