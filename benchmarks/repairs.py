"""How many programs run before and after repair: `python -m benchmarks.repairs --data FOLDER --verdicts FILE`.

`--write FILE` writes the repaired programs that changed, for `benchmarks.rendering`; its verdicts go to a file of
`--verdicts`, which may be given more than once. Programs are counted once in each source, after cleaning; one that
has no verdict yet, before or after, is counted as such and no more.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.pipeline import sources_in
from benchmarks.prepare import read_rows
from benchmarks.rendering import Verdict, key_of, read_verdicts
from builder.manim_lint.check.check import check_api
from builder.manim_lint.fixes.engine import repair_api
from builder.manim_lint.fixes.excerpts import repair_code
from builder.manim_lint.syntax import names, parse
from builder.manim_lint.unflatten.unflatten import unflatten
from builder.prepare.clean_code import clean_code

HALVES = ("development", "held-out")
"""Programs with an even key were looked at while the repairs were written, the others never."""


def repaired(code: str) -> tuple[str, tuple[str, ...]]:
    """A cleaned program after all repairs, and their names; as it is if it does not parse."""
    made: list[str] = []
    parsed = parse(code)
    if not parsed.ok and (lines := unflatten(code)) is not None:
        code, parsed = lines, parse(lines)
        made.append("repair:one_line")
    code, parsed, steps = repair_code(code, parsed)
    made += names(steps)
    if parsed.tree is not None:
        code, _, steps = repair_api(code, check_api(parsed.tree))
        made += names(steps)
    return code, tuple(made)


def measure(programs: Mapping[str, Iterable[str]], verdicts: Mapping[str, Verdict]) -> dict[str, Any]:
    """Count what runs before and after repair.

    Args:
        programs: Cleaned codes by source.
        verdicts: By `benchmarks.rendering.key_of` of exactly the code rendered, before and after repair.

    Returns:
        `sources`: by source, distinct `programs` with both verdicts, how many `before` and `after` repair passed,
        how many are `changed` and `broken` (passed before, not after), and how many are `without_verdict`.
        `repairs`: by name, in how many programs with both verdicts it was made, and how many of them passed after.
    """
    sources: dict[str, Counter[str]] = {}
    made: dict[str, Counter[str]] = {}
    counted: set[str] = set()
    for source, codes in programs.items():
        counts = sources.setdefault(source, Counter(dict.fromkeys(_COUNTS, 0)))
        for key, code in sorted({key_of(code): code for code in codes}.items()):
            text, names = repaired(code)
            before, after = _passed(code, verdicts), _passed(text, verdicts)
            if before is None or after is None:
                counts["without_verdict"] += 1
                continue
            counts.update(programs=1, before=before, after=after, changed=bool(names), broken=before and not after)
            for name in dict.fromkeys(names if key not in counted else ()):
                made.setdefault(name, Counter(programs=0, after=0)).update(programs=1, after=after)
            counted.add(key)
    return {
        "sources": {source: dict(counts) for source, counts in sources.items()},
        "repairs": {name: dict(made[name]) for name in sorted(made)},
    }


_COUNTS = ("programs", "before", "after", "changed", "broken", "without_verdict")


def _passed(code: str, verdicts: Mapping[str, Verdict]) -> bool | None:
    """Whether a program ran; what does not parse did not; `None` if nobody tried."""
    if not parse(code).ok:
        return False
    verdict = verdicts.get(key_of(code))
    return None if verdict is None else verdict.verdict == "passed"


def cleaned_codes(data: dict[str, Path], half: str | None = None) -> dict[str, list[str]]:
    """Cleaned codes by source; of one half only, if asked."""
    wanted = None if half is None else HALVES.index(half)
    found = {}
    for source, path in data.items():
        codes = [clean_code(row.code)[0] for row in read_rows({source: path}) if row.code]
        found[source] = [code for code in codes if wanted is None or int(key_of(code), 16) % 2 == wanted]
    return found


def main() -> None:
    """Write what is to be rendered, or count what was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.repairs", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the real files")
    parser.add_argument("--verdicts", type=Path, action="append", default=[], help="a file of benchmarks.rendering")
    parser.add_argument("--write", type=Path, help="JSON Lines to write the programs to that repair changed")
    parser.add_argument("--half", choices=HALVES, help="only programs of this half")
    arguments = parser.parse_args()
    programs = cleaned_codes(sources_in(arguments.data), arguments.half)
    if arguments.write:
        changed = {text for codes in programs.values() for code in codes if (text := repaired(code)[0]) != code}
        rows = ({"key": key_of(code), "code": code} for code in sorted(changed))
        arguments.write.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    verdicts = {key: verdict for path in arguments.verdicts for key, verdict in read_verdicts(path).items()}
    json.dump(measure(programs, verdicts), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
