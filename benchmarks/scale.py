"""How fast a Dask cluster on this machine renders: `python -m benchmarks.scale --data FOLDER --workers 1 2 4`.

Needs Manim in the Python that runs it (`make test-render` makes such a one). Starts a scheduler and workers of one
thread each over TCP, as on other machines, and renders the same programs of ManimBench with each number of workers,
each time from an empty cache of formulas. Prints the table of docs/scale.md: what was measured, and what more programs
would take at that rate.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from distributed import Client

from benchmarks.pipeline import sources_in
from benchmarks.prepare import read_rows
from builder.core.events import Silent
from builder.core.executors import processors
from builder.prepare.clean_code import clean_code
from builder.render.cluster import Cluster, releases_here, render_on_cluster, stream
from builder.render.setup import Setup
from builder.render.verdict import Level, Outcome, Verdict, program_hash

SOURCE = "manimbench"
PROJECTED = (10_000, 1_000_000)
START_SECONDS = 60
ANSWERED_AT_ONCE = 3_000
CHARACTERS = 1_200
"""Of a typical program."""
THUMBNAIL_BYTES = 10_000


def programs_in(data: Path, number: int) -> list[str]:
    """Cleaned programs of ManimBench, a sample that is the same each time."""
    rows = read_rows({SOURCE: sources_in(data)[SOURCE]})
    codes = {clean_code(row.code)[0] for row in rows} - {""}
    return sorted(codes, key=program_hash)[:number]


def start_cluster(stack: ExitStack, folder: Path, workers: int) -> str:
    """A scheduler and workers as child processes, ended with the stack; the scheduler's address."""
    file = folder / "scheduler.json"
    variables = os.environ | {"MANIM_DATASETS_CACHE": str(folder / "cache")}
    for part, *options in (
        ("scheduler", "--port", "0"),
        ("worker", "--nthreads", "1", "--nworkers", str(workers), "--local-directory", str(folder)),
    ):
        command = [sys.executable, "-m", f"distributed.cli.dask_{part}", "--host", "tcp://127.0.0.1", *options]
        child = subprocess.Popen(
            [*command, "--no-dashboard", "--scheduler-file", str(file)],
            env=variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(child.wait)
        stack.callback(child.terminate)
    until = time.monotonic() + START_SECONDS
    while not file.exists() or not file.read_text():
        if time.monotonic() > until:
            sys.exit("the scheduler did not start")
        time.sleep(0.1)
    return str(json.loads(file.read_text())["address"])


def measure(programs: list[str], workers: int, level: Level) -> tuple[float, Counter[str]]:
    """Seconds for all programs, sandboxes already started, and how many had which verdict."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = start_cluster(stack, folder, workers)
        with Client(address) as client:
            client.wait_for_workers(workers, timeout=START_SECONDS)
        setup, releases = Setup(level=level), releases_here()
        warm_up = [f"# {number}\nfrom manim import *" for number in range(2 * workers)]
        list(render_on_cluster(setup, releases, warm_up, address, Silent()))
        started = time.monotonic()
        verdicts = list(render_on_cluster(setup, releases, programs, address, Silent()))
        return time.monotonic() - started, Counter(verdict.outcome for verdict in verdicts)


def measure_ceiling(workers: int) -> float:
    """Programs a second, if workers answered at once: what the scheduler and this machine can pass on."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        client = stack.enter_context(Client(start_cluster(stack, folder, workers)))
        client.wait_for_workers(workers, timeout=START_SECONDS)
        programs = (f"# {number}{' ' * CHARACTERS}" for number in range(ANSWERED_AT_ONCE))
        started = time.monotonic()
        count = sum(1 for _ in stream(Cluster(client, ""), answer_at_once, programs, Silent()))
        return count / (time.monotonic() - started)


def answer_at_once(code: str) -> Verdict:
    """A verdict as large as real ones."""
    return Verdict(program_hash(code), Outcome.PASSED, thumbnail=os.urandom(THUMBNAIL_BYTES))


def in_words(seconds: float) -> str:
    """A time as a person says it."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} seconds"


def main() -> None:
    """Measure with each number of workers, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of FOLDER/manimbench/*.parquet")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--programs", type=int, default=100)
    parser.add_argument("--level", type=Level, choices=list(Level), default=Level.FULL)
    given = parser.parse_args()
    programs = programs_in(given.data, given.programs)
    print(f"{len(programs)} programs, level {given.level}, {processors()} processors\n")
    print("| workers | seconds | programs a minute |" + "".join(f" {number:,} programs |" for number in PROJECTED))
    print("|---:|---:|---:|" + "---:|" * len(PROJECTED))
    counts: Counter[str] = Counter()
    for workers in given.workers:
        seconds, counts = measure(programs, workers, given.level)
        projected = "".join(f" {in_words(number * seconds / len(programs))} |" for number in PROJECTED)
        print(f"| {workers} | {seconds:.1f} | {len(programs) / seconds * 60:.0f} |{projected}", flush=True)
    told = ", ".join(f"{outcome} {count}" for outcome, count in sorted(counts.items()))
    print(f"\nverdicts: {told}")
    rate = measure_ceiling(max(given.workers))
    print(f"programs a second through scheduler and client, if rendering took no time: {rate:.0f}")


if __name__ == "__main__":
    main()
