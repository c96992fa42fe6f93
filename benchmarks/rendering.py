"""Which programs run: `python -m benchmarks.rendering --programs FILE --verdicts FILE --manim-python PYTHON`.

Renders programs with real Manim, every animation of every scene computed and nothing written, and says what came of
it. Programs are strangers' code. They run inside bubblewrap: without a network, without the environment, on a
read-only file system with nothing of the user's in it, with limits on memory, processes, files and time.

`--programs` is JSON Lines of `{"key": ..., "code": ...}`; a missing key is computed. Verdicts are appended to
`--verdicts` in the order in which they come; a key that stands there already is skipped, so a run can be broken off
and taken up again. `--summary FILE` writes them without anything of the programs' text, sorted by key, and counts them.

A program passes if its import and the `render()` of each scene class that it defines raise nothing, with Manim's low
quality, at a coarse resolution unless `--full` is given. Not covered: OpenGL, looks, sound as heard, a screen.
"""

import argparse
import json
import queue
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from pathlib import Path

from benchmarks.render_sandbox import Sandbox, Verdict
from builder.prepare.keys import program_key

SECONDS = 60.0
"""Processor time for one program."""


def key_of(code: str) -> str:
    """The key of exactly this code, 16 hex digits."""
    return f"{program_key(code) or 0:016x}"


def render(
    programs: Iterable[tuple[str, str]],
    *,
    python: str | Path,
    workers: int = 2,
    timeout: float = SECONDS,
    full: bool = False,
    tex_cache: str | Path | None = None,
) -> Iterator[Verdict]:
    """Render (key, code) pairs and yield verdicts as they come, not in order.

    Args:
        programs: Keys and codes; taken as fast as they are rendered.
        python: A Python that has Manim; its folder and its base are all the sandbox sees besides the system's.
        workers: Sandboxes side by side, one program at a time each.
        timeout: Seconds of processor time for one program; wall clock is four times that.
        full: As many pixels as `-ql` has, and Manim's hashing of animations; slower.
        tex_cache: Folder in which formulas are kept as SVG files between runs; by default one in the user's cache.
    """
    cache = Path(tex_cache) if tex_cache else Path.home() / ".cache" / "manim-combined-render" / "tex"
    cache.mkdir(parents=True, exist_ok=True)
    waiting = iter(programs)
    taking = threading.Lock()
    done: queue.Queue[Verdict | BaseException | None] = queue.Queue()
    stopped = threading.Event()

    def work() -> None:
        try:
            with Sandbox(Path(python), cache, timeout=timeout, full=full) as sandbox:
                while not stopped.is_set():
                    with taking:
                        program = next(waiting, None)
                    if program is None:
                        break
                    done.put(sandbox.render(*program))
            done.put(None)
        except BaseException as error:  # handed over: it belongs to whoever asked for the verdicts
            done.put(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        running = len(threads)
        while running:
            item = done.get()
            if isinstance(item, Verdict):
                yield item
            elif item is None:
                running -= 1
            else:
                raise item
    finally:
        stopped.set()


# Files


def read_programs(path: Path) -> Iterator[tuple[str, str]]:
    """Keys and codes of a file of programs."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            program = json.loads(line)
            yield program.get("key") or key_of(program["code"]), program["code"]


def read_verdicts(path: Path) -> dict[str, Verdict]:
    """The verdicts of a file by key, the last one of each; nothing if there is no file. Takes summaries, too."""
    if not path.exists():
        return {}
    known = {field.name for field in fields(Verdict)}
    verdicts = {}
    for line in path.read_text(encoding="utf-8").rstrip("\n").split("\n"):
        try:
            values = json.loads(line)
        except ValueError:
            continue  # an empty file, or a line that a broken run left unfinished
        verdicts[values["key"]] = Verdict(**{name: value for name, value in values.items() if name in known})
    return verdicts


def summary(verdicts: Iterable[Verdict]) -> list[dict[str, str | None]]:
    """Key, verdict and type of exception, sorted by key: no text of any program, fit to be kept."""
    rows = ({"key": one.key, "verdict": one.verdict, "exception": one.exception} for one in verdicts)
    return sorted(rows, key=lambda row: str(row["key"]))


def _render_file(arguments: argparse.Namespace) -> None:
    known = set(read_verdicts(arguments.verdicts))
    programs = {key: code for key, code in read_programs(arguments.programs) if key not in known}
    arguments.verdicts.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    count: Counter[str] = Counter()
    results = render(
        programs.items(),
        python=arguments.manim_python,
        workers=arguments.workers,
        timeout=arguments.timeout,
        full=arguments.full,
        tex_cache=arguments.tex_cache,
    )
    with arguments.verdicts.open("a", encoding="utf-8") as out:
        if out.tell() and not arguments.verdicts.read_bytes().endswith(b"\n"):
            out.write("\n")  # after a line that a broken run left unfinished
        for verdict in results:
            out.write(json.dumps(asdict(verdict), ensure_ascii=False) + "\n")
            out.flush()
            count[verdict.verdict] += 1
            if count.total() % 25 == 0 or count.total() == len(programs):
                pace = count.total() / (time.monotonic() - started) * 60
                print(f"{count.total()} of {len(programs)}, {pace:.0f} a minute: {dict(count)}", flush=True)


def _print_counts(verdicts: Iterable[Verdict]) -> None:
    count = Counter((one.verdict, one.exception or "") for one in verdicts)
    for (verdict, exception), number in sorted(count.items(), key=lambda item: (-item[1], item[0])):
        print(f"{number:6} {verdict} {exception}")


def main() -> None:
    """Read the arguments, render what has no verdict yet, and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, help="JSON Lines of key and code; left out, nothing is rendered")
    parser.add_argument("--verdicts", type=Path, required=True, help="JSON Lines to append to")
    parser.add_argument("--manim-python", type=Path, help="a Python that has Manim")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=SECONDS, help="seconds of processor time for one program")
    parser.add_argument("--full", action="store_true", help="as many pixels as -ql has; slower")
    parser.add_argument("--tex-cache", type=Path, help="folder for formulas as SVG files")
    parser.add_argument("--summary", type=Path, help="write keys, verdicts and exception types here, and count them")
    arguments = parser.parse_args()
    if arguments.programs:
        if arguments.manim_python is None:
            parser.error("--programs needs --manim-python")
        _render_file(arguments)
    if arguments.summary:
        rows = summary(read_verdicts(arguments.verdicts).values())
        arguments.summary.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    _print_counts(read_verdicts(arguments.verdicts).values())


if __name__ == "__main__":
    main()
