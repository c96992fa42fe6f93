"""What comes of the programs of the real rows, by source: `python -m benchmarks.verification --data FOLDER`.

Renders every distinct program of each source twice: cleaned as it was read, and repaired. Verdicts are kept in a
database
(`--cache-dir`), so a run can be broken off and taken up again. Prints the table of `docs/verification.md`; `--summary`
writes keys, verdicts and types of exceptions, no text, for `benchmarks.quality`.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.pipeline import sources_in
from benchmarks.prepare import read_rows
from benchmarks.rendering import key_of
from benchmarks.repairs import HALVES
from builder.cli.console import Terminal
from builder.config import make_config
from builder.core.events import Events
from builder.manim_lint.syntax import parse
from builder.prepare.clean_code import clean_code
from builder.prepare.prepare import prepare_code
from builder.render.verdict import Outcome, program_hash
from builder.render.verdicts import Verdicts, open_verdicts

STATES = ("read", "repaired")


@dataclass(slots=True)
class Programs:
    """The distinct programs of a source: for each of `STATES` its text, by the key of the cleaned one."""

    texts: dict[str, list[str]]


def programs_of(source: str, path: Path, half: str | None = None) -> Programs:
    """Cleaned and repaired programs, of one half only if asked; rows without code are left out."""
    texts: dict[str, list[str]] = {}
    for row in read_rows({source: path}):
        code = clean_code(row.code)[0] if row.code else ""
        wanted = half is None or int(key_of(code), 16) % 2 == HALVES.index(half)
        if code and wanted and key_of(code) not in texts:
            repaired = prepare_code(row.code)["code"]
            texts[key_of(code)] = [code, repaired]
    return Programs(texts)


def ask(verdicts: Verdicts, codes: Iterable[str], events: Events) -> None:
    """Have those rendered that parse."""
    wanted = [code for code in dict.fromkeys(codes) if parse(code).ok]
    verdicts.ask(wanted, len(wanted), events)


def said(verdicts: Verdicts, code: str) -> str:
    """What came of a program: a verdict, or for `failed` the type of what it raised."""
    if not parse(code).ok:
        return "SyntaxError"
    found = verdicts.verdict_on(code) or verdicts.machine_fault(code)
    if found is None:
        return "not rendered"
    return found.exception if found.outcome is Outcome.FAILED else found.outcome.value


def counted(programs: Mapping[str, Programs], told: Callable[[str], str]) -> dict[str, dict[str, dict[str, int]]]:
    """By source and state, programs by what came of them, the most frequent first; `told` says it of a text."""
    return {
        source: {
            state: dict(Counter(told(texts[place]) for texts in one.texts.values()).most_common())
            for place, state in enumerate(STATES)
        }
        for source, one in programs.items()
    }


def table(counts: Mapping[str, Mapping[str, Mapping[str, int]]]) -> str:
    """Markdown: by source and state, how many programs passed, and what became of the others."""
    lines = ["| source | programs | state | passed | share | others |", "|---|---:|---|---:|---:|---|"]
    for source, states in counts.items():
        for state, found in states.items():
            total, passed = sum(found.values()), found.get(Outcome.PASSED.value, 0)
            others = ", ".join(f"{name} {count}" for name, count in found.items() if name != Outcome.PASSED)
            lines.append(f"| `{source}` | {total:,} | {state} | {passed:,} | {passed / total:.1%} | {others or '-'} |")
    return "\n".join(lines)


def summary(verdicts: Verdicts, programs: Iterable[Programs]) -> str:
    """A line for each text that was rendered: its key, verdict and exception."""
    lines: dict[str, dict[str, str | None]] = {}
    for one in programs:
        for texts in one.texts.values():
            for code in texts:
                found = verdicts.used.get(program_hash(code))
                if found is None:
                    continue
                lines[key_of(code)] = {
                    "key": key_of(code),
                    "verdict": found.outcome.value,
                    "exception": found.exception or None,
                }
    return "".join(f"{json.dumps(line)}\n" for _, line in sorted(lines.items()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Render what has no verdict yet, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verification", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the real files")
    parser.add_argument("--manim-python", default="", help="a Python that has Manim (default: this one)")
    parser.add_argument("--cache-dir", default="", help="where verdicts are kept")
    parser.add_argument("--workers", type=int, default=0, help="sandboxes side by side; 0 for one a processor")
    parser.add_argument("--level", default="full", help="full or fast")
    parser.add_argument("--only", nargs="+", help="these sources")
    parser.add_argument("--half", choices=HALVES, help="only programs of this half")
    parser.add_argument("--summary", type=Path, help="write keys, verdicts and exceptions here")
    given = parser.parse_args(arguments)
    settings = {"manim_python": given.manim_python, "cache_dir": given.cache_dir, "workers": given.workers}
    config = make_config("verified", level=given.level, **settings)
    data = {name: path for name, path in sources_in(given.data).items() if not given.only or name in given.only}
    programs = {source: programs_of(source, path, given.half) for source, path in data.items()}
    started = time.monotonic()
    with Terminal(verbose=True) as terminal, open_verdicts(config, terminal) as verdicts:
        ask(verdicts, (code for one in programs.values() for texts in one.texts.values() for code in texts), terminal)
        seconds = time.monotonic() - started
        console = Console(soft_wrap=True, highlight=False)
        console.print(table(counted(programs, lambda code: said(verdicts, code))), markup=False)
        console.print(
            f"\n{verdicts.rendered:,} programs rendered in {seconds:.0f} s by Manim {verdicts.conditions.manim}"
        )
        if given.summary:
            given.summary.write_text(summary(verdicts, programs.values()), encoding="utf-8")


if __name__ == "__main__":
    main()
