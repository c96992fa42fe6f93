"""How fast programs are rendered, beside Manim's own command: `python -m benchmarks.render_speed --data FOLDER`.

Side by side, `manim render --dry_run -ql -a` once a program and `builder.render`, with `--beside N` programs of
ManimBench and as many of Thanks Dataset that the API check passes, spread evenly; each with `--workers` processes,
ours with an empty cache of formulas and once more with a full one: the same pass or fail, and processor seconds.
Manim's command runs in bubblewrap, too, since the programs are strangers'; that costs it some milliseconds. Then what
the sandbox costs a program, and all of ManimBench at once.

Figures are of this machine and its load; `load` is the mean number of processes that wanted to run in the last minute.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.pipeline import sources_in
from benchmarks.verification import programs_of
from builder.manim_lint.check.check import check_api
from builder.manim_lint.syntax import parse
from builder.render.command import sandbox_command
from builder.render.inside.jail import family
from builder.render.sandbox import Sandbox
from builder.render.setup import Setup
from builder.render.verdict import Outcome, Verdict, program_hash

TRIVIAL = "number = 1"
"""Costs nothing to run, and so all that it takes is what is around it."""
_TIMES = 100
_SECONDS = 600
_MEASURED = """import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
sys.exit(code)
"""
"""Runs a command inside the sandbox and prints its processor seconds, which bubblewrap does not hand on."""


def by_command(setup: Setup, programs: Sequence[str], workers: int, dry: bool = True) -> tuple[list[bool], float]:
    """Whether each program passes by Manim's own command, started once for each; processor seconds of all."""
    with tempfile.TemporaryDirectory(prefix="render-speed-") as name:
        folder = Path(name)
        for index, code in enumerate(programs):
            (folder / f"program{index}.py").write_text(code, encoding="utf-8", errors="surrogatepass")
        shell = sandbox_command(setup, folder, None)
        python = shell[shell.index("-m") - 1]
        shell = [*shell[: shell.index("--chdir")], "--tmpfs", "/dev/shm", "--bind", str(folder), "/scratch"]
        shell += ["--chdir", "/scratch"]
        command = [*shell, python, "-c", _MEASURED, python, "-m", "manim", "render", "-ql", "-a"]
        command += ["--dry_run"] if dry else []

        def passes(index: int) -> tuple[bool, float]:
            media = f"media{threading.get_ident()}"  # two that write one formula at once would fail
            try:
                done = subprocess.run(
                    [*command, "--media_dir", media, f"program{index}.py"],
                    env={},
                    capture_output=True,
                    timeout=_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return False, _SECONDS
            return done.returncode == 0, float(done.stdout or 0)

        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(passes, range(len(programs))))
    return [passed for passed, _ in found], sum(seconds for _, seconds in found)


def honest(setup: Setup, workers: int) -> list[str]:
    """The honest programs of the tests of which Manim's own command says something else than those tests do."""
    from tests.render.programs import scene
    from tests.render.test_honest_programs import FAILING, HONEST

    expected = {**{name: (code, True) for name, code in HONEST.items()}}
    expected |= {name: (scene(body), False) for name, (body, _) in FAILING.items()}
    passed, _ = by_command(setup, [code for code, _ in expected.values()], workers, dry=False)
    return [name for (name, (_, passes)), found in zip(expected.items(), passed, strict=True) if found is not passes]


def by_library(setup: Setup, programs: Sequence[str], workers: int) -> tuple[list[Verdict], float]:
    """The verdict on each program, and the processor seconds of all sandboxes, their start included."""
    verdicts: dict[str, Verdict] = {}
    seconds: list[float] = []
    waiting, taking = iter(programs), threading.Lock()

    def work(_: int) -> None:
        with Sandbox(setup) as sandbox:
            sandbox.start()
            while True:
                with taking:
                    code = next(waiting, None)
                if code is None:
                    break
                verdicts[program_hash(code)] = sandbox.render(code)
            assert sandbox._process is not None
            seconds.append(sum(process.seconds for process in family(sandbox._process.pid)))

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    return [verdicts[program_hash(code)] for code in programs], sum(seconds)


def beside(setup: Setup, programs: Sequence[str], workers: int) -> dict[str, Any]:
    """Processor seconds of both, and where they differ: a blank program passes by Manim's command."""
    ours, cold = by_library(setup, programs, workers)
    again, warm = by_library(setup, programs, workers)
    theirs, command = by_command(setup, programs, workers)
    shown = (Outcome.PASSED, Outcome.BLANK)
    differing = [
        {"program": index, "command": "passed" if theirs[index] else "failed", "ours": f"{one.outcome} {one.message}"}
        for index, one in enumerate(ours)
        if (one.outcome in shown) != theirs[index] and one.outcome is not Outcome.NO_SCENE
    ]
    return {
        "programs": len(programs),
        "processor_seconds": {"command": round(command, 1), "cold": round(cold, 1), "warm": round(warm, 1)},
        "times": {"cold": round(command / cold, 1), "warm": round(command / warm, 1)},
        "differing": differing,
        "same_again": sum(one.outcome is other.outcome for one, other in zip(ours, again, strict=True)),
        "load": os.getloadavg()[0],
    }


def overhead(setup: Setup) -> dict[str, float]:
    """Milliseconds around a program, in the median: all, without the sandbox, and so by the sandbox."""
    milliseconds = {}
    for name, sandboxed in (("sandboxed", True), ("bare", False)):
        with Sandbox(replace(setup, sandboxed=sandboxed)) as sandbox:
            sandbox.render(TRIVIAL)
            taken = []
            for _ in range(_TIMES):
                started = time.perf_counter()
                sandbox.render(TRIVIAL)
                taken.append((time.perf_counter() - started) * 1000)
            milliseconds[name] = round(statistics.median(taken), 1)
    return {**milliseconds, "by_the_sandbox": round(milliseconds["sandboxed"] - milliseconds["bare"], 1)}


def whole(setup: Setup, programs: Sequence[str], workers: int) -> dict[str, Any]:
    """Seconds for all programs with an empty cache of formulas and again with a full one, and the verdicts."""
    started = time.monotonic()
    verdicts, _ = by_library(setup, programs, workers)
    between = time.monotonic()
    again, _ = by_library(setup, programs, workers)
    ended = time.monotonic()
    return {
        "programs": len(programs),
        "seconds": round(between - started, 1),
        "seconds_again": round(ended - between, 1),
        "verdicts": Counter(f"{one.outcome} {one.exception}".strip() for one in verdicts).most_common(),
        "same_again": sum(one.outcome is other.outcome for one, other in zip(verdicts, again, strict=True)),
        "load": os.getloadavg()[0],
    }


def _is_sound(code: str) -> bool:
    parsed = parse(code)
    return parsed.tree is not None and not check_api(parsed.tree)


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.render_speed", description=__doc__)
    parser.add_argument("--data", type=Path, help="the folder with the real files")
    parser.add_argument("--manim-python", type=Path, help="a Python that has Manim; else the one that runs this")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--beside", type=int, default=100, help="programs that both render; 0 leaves this out")
    parser.add_argument("--whole", action=argparse.BooleanOptionalAction, default=True, help="all of ManimBench, too")
    parser.add_argument("--honest", action="store_true", help="only the honest programs of the tests, by the command")
    given = parser.parse_args()
    if given.honest:
        with tempfile.TemporaryDirectory() as formulas:
            json.dump(
                {"differing": honest(Setup(given.manim_python, tex_cache=Path(formulas)), given.workers)}, sys.stdout
            )
        return
    if given.data is None:
        parser.error("--data is needed")
    warnings.simplefilter("ignore", SyntaxWarning)
    data = sources_in(given.data)
    programs = [code for code, _ in programs_of("manimbench", data["manimbench"]).texts.values()]
    thanks = [
        code for _, code in programs_of("thanks_dataset", data["thanks_dataset"]).texts.values() if _is_sound(code)
    ]
    with tempfile.TemporaryDirectory(prefix="render-speed-") as first, tempfile.TemporaryDirectory() as second:
        setup = Setup(python=given.manim_python, tex_cache=Path(first))
        found: dict[str, Any] = {"overhead": overhead(setup)}
        if given.beside:
            for name, codes in (("manimbench", programs), ("thanks_dataset", thanks)):
                spread = [codes[index * len(codes) // given.beside] for index in range(given.beside)]
                found[name] = beside(setup, spread, given.workers)
        if given.whole:
            found["whole"] = whole(replace(setup, tex_cache=Path(second)), programs, given.workers)
    json.dump(found, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
