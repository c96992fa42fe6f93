"""How right the API check is: `python -m benchmarks.api_check --programs FILE --verdicts FILE`.

Holds what the check condemns against what really renders. Programs and verdicts are files of `benchmarks.rendering`;
both flags may be given more than once. Nothing is rendered here.

A failing program counts as failing for the check's reasons by what was raised, as `kind_of_failure` says. That is the
first error of a program only, and some of these errors come from values, which the check does not claim to know
(`AttributeError` inside of Manim, say): they are counted all the same.
"""

import argparse
import ast
import json
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.rendering import Verdict, read_programs, read_verdicts
from builder.manim_lint.check.check import check_api

HALVES = ("development", "held-out")
"""Programs with an even key were looked at while the check was written, the others never."""
KINDS = ("name", "attribute", "argument", "module", "asset", "dialect")
"""The reasons that the check is there for; `flat_point` and `other` are counted beside them."""

_BY_EXCEPTION = {
    "NameError": "name",
    "UnboundLocalError": "name",
    "AttributeError": "attribute",
    "ModuleNotFoundError": "module",
    "ImportError": "module",
    "FileNotFoundError": "asset",
}


def kind_of_failure(verdict: Verdict) -> str:
    """What a program failed for: one of `KINDS`, `flat_point` or `other`.

    By the type of the exception. A `TypeError` is `argument` if it speaks of an argument that is unexpected, missing,
    too many or given twice, `dialect` if Manim refuses a method given to `play`, else `other`; an `OSError` is `asset`
    if a file was not found; a `ValueError` is `flat_point` if arrays of two and three did not fit. Without a message,
    as in a summary, a `TypeError` is `argument` and an `OSError` is `asset`.
    """
    exception, message = verdict.exception or "", verdict.message
    if exception in _BY_EXCEPTION:
        return _BY_EXCEPTION[exception]
    if exception == "TypeError":
        if message is not None and "Passing Mobject methods to Scene.play" in message:
            return "dialect"
        return "argument" if message is None or _speaks_of_arguments(message) else "other"
    if exception == "OSError":
        return "asset" if message is None or "could not find" in message else "other"
    if exception == "ValueError" and "broadcast" in (message or ""):
        return "flat_point"
    return "other"


def _speaks_of_arguments(message: str) -> bool:
    words = ("unexpected keyword", "positional argument", "keyword-only argument", "multiple values", "takes no arg")
    return any(part in message for part in words)


def measure(programs: Iterable[tuple[str, str]], verdicts: Mapping[str, Verdict]) -> dict[str, Any]:
    """Count what the check condemns and finds, in each half.

    Args:
        programs: Keys and codes; each key counts once.
        verdicts: By key. Programs without one, without a scene, or that took too long are left out, and counted.

    Returns:
        By half, `programs` counted and `left_out`; `condemned` and how many of them fail (`condemned_failing`);
        `failing`, and how many of them for the check's reasons (`failing_for_these`) and `found`; `kinds`: by kind of
        failure, `failing` and `found`; `reasons`: by reason of the check, `condemned` and `failing`. `milliseconds`:
        the check's processor time for 1,200 characters of a parsed program.
    """
    counts = {half: Counter[str]() for half in HALVES}
    seconds, characters = 0.0, 0
    for key, code in dict(programs).items():
        half = counts[HALVES[int(key, 16) % 2]]
        tree, verdict = _parsed(code), verdicts.get(key)
        if tree is None or verdict is None or verdict.verdict not in ("passed", "failed"):
            half["left_out"] += 1
            continue
        start = time.process_time()
        problems = check_api(tree)
        seconds += time.process_time() - start
        characters += len(code)
        failed = verdict.verdict == "failed"
        kind = kind_of_failure(verdict) if failed else ""
        half.update(programs=1, failing=failed, condemned=bool(problems), condemned_failing=bool(problems) and failed)
        if failed:
            half.update({f"kind {kind} failing": 1, f"kind {kind} found": bool(problems)})
            half.update(failing_for_these=kind in KINDS, found=kind in KINDS and bool(problems))
        for reason in sorted({problem.reason for problem in problems}):
            half.update({f"reason {reason} condemned": 1, f"reason {reason} failing": failed})
    return {
        "halves": {half: _table(counts[half]) for half in HALVES},
        "milliseconds": round(seconds / characters * 1_200_000, 3) if characters else 0.0,
    }


def _parsed(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _table(counts: Counter[str]) -> dict[str, Any]:
    names = ("programs", "left_out", "condemned", "condemned_failing", "failing", "failing_for_these", "found")
    table: dict[str, Any] = {name: counts[name] for name in names} | {"kinds": {}, "reasons": {}}
    for name in sorted(counts):
        group, _, rest = name.partition(" ")
        if rest:
            row, _, column = rest.rpartition(" ")
            table[f"{group}s"].setdefault(row, {})[column] = counts[name]
    return table


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({100 * part / whole:.1f} %)" if whole else "")


def show(measured: dict[str, Any]) -> str:
    """The figures as text."""
    lines = []
    for half, table in measured["halves"].items():
        lines += [
            f"{half}: {table['programs']} programs with a verdict, {table['left_out']} left out",
            f"  condemned that fail to render: {_share(table['condemned_failing'], table['condemned'])}",
            f"  failing for these reasons, found: {_share(table['found'], table['failing_for_these'])}"
            f"  (all failing: {table['failing']})",
        ]
        for kind, row in table["kinds"].items():
            lines.append(f"    failing, {kind}: {_share(row['found'], row['failing'])} condemned")
        for reason, row in table["reasons"].items():
            lines.append(f"    condemned, {reason}: {_share(row['failing'], row['condemned'])} fail")
    return "\n".join([*lines, f"{measured['milliseconds']} ms of processor time for 1,200 characters"])


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api_check", description=__doc__)
    parser.add_argument("--programs", type=Path, action="append", required=True, help="JSON Lines of key and code")
    parser.add_argument("--verdicts", type=Path, action="append", required=True, help="a file of benchmarks.rendering")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", SyntaxWarning)
    programs = (program for path in arguments.programs for program in read_programs(path))
    verdicts = {key: verdict for path in arguments.verdicts for key, verdict in read_verdicts(path).items()}
    measured = measure(programs, verdicts)
    if arguments.json:
        json.dump(measured, sys.stdout, indent=2)
        print()
    else:
        print(show(measured))


if __name__ == "__main__":
    main()
