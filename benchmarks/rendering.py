"""Which programs run: `python -m benchmarks.rendering --programs FILE --verdicts FILE --manim-python PYTHON`.

Renders programs with real Manim in the sandbox of `builder.render`, every animation of every scene computed, and keeps
what came of it in a file, by `builder.prepare.keys.program_key`.

`--programs` is JSON Lines of `{"key": ..., "code": ...}`; a missing key is computed. Verdicts are appended to
`--verdicts` in the order in which they come; a key that stands there already is skipped, so a run can be broken off
and taken up again. `--summary FILE` writes them without anything of the programs' text, sorted by key, and counts them.

Not covered: OpenGL, looks, sound as heard, a screen.
"""

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from builder.prepare.keys import program_key
from builder.render.pool import render_all
from builder.render.setup import Setup, find_manim
from builder.render.verdict import DEFAULT_TIMEOUT, Level, program_hash


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one program, as a line of a file."""

    key: str
    """16 hex digits of `program_key`."""
    verdict: str
    """A word of `builder.render.verdict.Outcome`."""
    exception: str | None = None
    message: str | None = None
    line: int | None = None
    seconds: float = 0.0
    manim: str = ""
    """Release of Manim."""
    repaired: str | None = None
    """Key of what it became once it was repaired for what it raised, and passed."""


def key_of(code: str) -> str:
    """The key of exactly this code, 16 hex digits."""
    return f"{program_key(code) or 0:016x}"


def render(programs: Iterable[tuple[str, str]], setup: Setup, workers: int) -> Iterator[Verdict]:
    """Render (key, code) pairs and yield verdicts as they come, not in order."""
    keys = defaultdict(list)
    manim = find_manim(setup.python)

    def codes() -> Iterator[str]:
        for key, code in programs:
            keys[program_hash(code)].append(key)
            yield code

    for one in render_all(setup, codes(), workers):
        said = one.exception or None, one.message or None, one.line, one.seconds
        yield Verdict(keys[one.program].pop(0), str(one.outcome), *said, manim)


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
    setup = Setup(
        python=arguments.manim_python,
        level=Level(arguments.level),
        timeout=arguments.timeout,
        tex_cache=arguments.tex_cache,
    )
    results = render(programs.items(), setup, arguments.workers)
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
    parser.add_argument(
        "--timeout", type=float, default=DEFAULT_TIMEOUT, help="seconds of processor time for one program"
    )
    parser.add_argument("--level", choices=[*Level], default=Level.FULL, help="frames: all, or each animation's last")
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
