"""What repairs bring after a failed rendering: `python -m benchmarks.repairs_after_rendering`.

Takes the real programs as they are prepared, and those that failed through `repair_failed`, with what the exception
said, up to twice. Nothing is rendered here: `--write FILE` writes the changed programs that have no verdict yet, for
`benchmarks.rendering`, whose verdicts go to a file of `--verdicts` for the next run. The flag may be given more than
once, and later files count more; summaries will do for what passed, but what failed needs its message and line.
"""

import argparse
import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.pipeline import sources_in
from benchmarks.rendering import Verdict, key_of, read_verdicts
from benchmarks.repairs import HALVES, cleaned_codes, repaired
from builder.prepare.parse import parse
from builder.prepare.repairs.from_error import repair_failed

ROUNDS = 2
"""How often a program may fail and be repaired."""


def measure(programs: Iterable[str], verdicts: Mapping[str, Verdict]) -> tuple[dict[str, Any], dict[str, str]]:
    """Count what passes before and after repairs that exceptions call for.

    Args:
        programs: Prepared codes; each counts once, by its key.
        verdicts: By `benchmarks.rendering.key_of` of exactly the code rendered, in any round.

    Returns:
        The counts, and the changed programs that nobody rendered yet, by key. `halves`: by half, `programs` with a
        verdict, how many `before` and `after` passed, how many `failed` before, `changed` in the first round, and
        `without_verdict`. `repairs`: by name, in how many programs it was made, and how many of them passed `after`.
    """
    halves = {half: Counter(dict.fromkeys(_COUNTS, 0)) for half in HALVES}
    made: dict[str, Counter[str]] = {}
    missing: dict[str, str] = {}
    for key, code in sorted({key_of(code): code for code in programs if parse(code).ok}.items()):
        counts, verdict = halves[HALVES[int(key, 16) % 2]], verdicts.get(key)
        if verdict is None:
            counts["without_verdict"] += 1
            continue
        names: list[str] = []
        before = verdict.verdict == "passed"
        for _ in range(ROUNDS):
            if verdict is None or verdict.verdict != "failed":
                break
            found = repair_failed(code, verdict.exception or "", verdict.message or "", verdict.line)
            if found is None:
                break
            code, names = found[0], [*names, *found[1]]  # noqa: PLW2901
            verdict = verdicts.get(key_of(code))
            if verdict is None:
                missing[key_of(code)] = code
        after = before or (verdict is not None and verdict.verdict == "passed")
        counts.update(programs=1, before=before, failed=not before, after=after, changed=bool(names))
        for name in dict.fromkeys(names):
            made.setdefault(name, Counter(programs=0, after=0)).update(programs=1, after=after)
    table = {
        "halves": {half: dict(counts) for half, counts in halves.items()},
        "repairs": {name: dict(made[name]) for name in sorted(made)},
    }
    return table, missing


_COUNTS = ("programs", "before", "failed", "changed", "after", "without_verdict")


def main() -> None:
    """Count, and write what is to be rendered next."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.repairs_after_rendering", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the real files")
    parser.add_argument("--verdicts", type=Path, action="append", default=[], help="a file of benchmarks.rendering")
    parser.add_argument("--write", type=Path, help="JSON Lines to write changed programs without a verdict to")
    parser.add_argument("--half", choices=HALVES, help="only programs that are of this half before repair")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", SyntaxWarning)
    verdicts = {key: verdict for path in arguments.verdicts for key, verdict in read_verdicts(path).items()}
    codes = cleaned_codes(sources_in(arguments.data), arguments.half)
    table, missing = measure((repaired(code)[0] for group in codes.values() for code in group), verdicts)
    if arguments.write:
        rows = (json.dumps({"key": key, "code": code}) for key, code in sorted(missing.items()))
        arguments.write.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    json.dump(table, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
