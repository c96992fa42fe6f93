"""How well one-line code is put on lines again: `python -m benchmarks.one_line --data FOLDER`.

The layout that flattened rows once had is not known, so two things are measured. Of the real rows that are flattened:
how many parse afterwards, and, with verdicts of renders at hand, how many run. On programs whose layout is known, of
other sources, flattened in the same way: how many have the same syntax tree again.
"""

import argparse
import ast
import io
import json
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.pipeline import sources_in
from benchmarks.rendering import key_of, read_verdicts
from builder.manim_lint.check.check import check_api
from builder.manim_lint.fixes.engine import repair_api
from builder.manim_lint.syntax import parse
from builder.manim_lint.unflatten.unflatten import unflatten
from builder.prepare.clean_code import clean_code
from builder.prepare.keys import program_key
from builder.sources.spec import known_sources

SIZES = (10, 25, 50)
"""Statements: figures are given below each, and beyond the last."""


@dataclass(frozen=True, slots=True)
class Case:
    """A program on lines, the source that it came from, and whether it is of the half that one may look at."""

    source: str
    code: str
    development: bool


def codes(data: dict[str, Path]) -> Iterator[tuple[str, str]]:
    """Source and cleaned code of every row."""
    for name, path in data.items():
        field = known_sources()[name].code_field
        for code in pq.read_table(path, columns=[field])[field].to_pylist():
            if code:
                yield name, clean_code(code)[0]


def is_flattened(code: str) -> bool:
    """Whether a cleaned code stands on one line and does not parse."""
    return "\n" not in code and not parse(code).ok


def truth(rows: Iterable[tuple[str, str]]) -> list[Case]:
    """The distinct programs on several lines that parse."""
    found: dict[str, Case] = {}
    for source, code in rows:
        if code not in found and "\n" in code and parse(code).ok:
            found[code] = Case(source, code, (program_key(code) or 0) % 2 == 0)
    return list(found.values())


def flattened(code: str, comments: bool) -> str:
    """The lines stripped and joined by a blank, with or without their comments."""
    lines = code.split("\n")
    if not comments:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                lines[line - 1] = lines[line - 1][:column]
    return " ".join(line.strip() for line in lines if line.strip())


class _Blanks(ast.NodeTransformer):
    """Takes line ends and indents out of texts, which flattening lost."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """A text with its white space as single blanks."""
        return ast.Constant(" ".join(node.value.split())) if isinstance(node.value, str) else node


def comes_back(code: str, comments: bool) -> tuple[bool, bool]:
    """Whether a flattened program has its tree again: exactly, and but for line ends inside of texts."""
    flat = flattened(code, comments)
    again = unflatten(flat) or flat
    before, after = ast.parse(code), parse(again).tree
    if after is None:
        return False, False
    if ast.dump(before) == ast.dump(after):
        return True, True
    after = ast.parse(again)  # the parser's trees are shared
    return False, ast.dump(_Blanks().visit(before)) == ast.dump(_Blanks().visit(after))


def kinds(code: str) -> list[str]:
    """What makes a program ambiguous once it is flat: the kinds of blocks in it; its number of statements."""
    nodes = list(ast.walk(ast.parse(code)))
    found = {name for node in nodes for types, name in _KINDS if isinstance(node, types)}
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    if any(inner is not node and isinstance(inner, ast.FunctionDef) for node in functions for inner in ast.walk(node)):
        found.add("inner function")
    statements = sum(isinstance(node, ast.stmt) for node in nodes)
    size = next((f"below {size} statements" for size in SIZES if statements < size), f"{SIZES[-1]} statements or more")
    return [*(sorted(found) or ["no blocks"]), size]


_KINDS: tuple[tuple[tuple[type[ast.AST], ...], str], ...] = (
    ((ast.For, ast.While), "loop"),
    ((ast.If, ast.Try, ast.Match), "branch"),
    ((ast.With,), "with"),
)


def _shares(cases: list[Case], comments: bool) -> dict[str, Any]:
    """Exact programs: [exact, exact but for texts, all], by source and kind; with comments, of those that have one."""
    counts: dict[str, list[int]] = {}
    for case in cases:
        if comments and "#" not in case.code:
            continue
        exact, nearly = comes_back(case.code, comments)
        for name in ("all", case.source, *kinds(case.code)):
            count = counts.setdefault(name, [0, 0, 0])
            for number, one in enumerate((exact, nearly, True)):
                count[number] += one
    return dict(sorted(counts.items()))


def repaired(code: str) -> str:
    """The program after the repairs of what the API check finds."""
    tree = parse(code).tree
    return code if tree is None else repair_api(code, check_api(tree))[0]


def _renders(programs: list[str], verdicts: dict[str, str]) -> dict[str, int]:
    """How many programs have a verdict, and how many of these passed."""
    known = [verdicts[key] for key in map(key_of, programs) if key in verdicts]
    return {"with_verdict": len(known), "passed": known.count("passed")}


def measure(data: Path, *verdicts: Path) -> dict[str, Any]:
    """All figures.

    Args:
        data: the folder with the real files, `DATA/<source>/*.parquet`.
        verdicts: JSON Lines of `benchmarks.rendering` on the programs that were put on lines, before or after repair.

    Returns:
        `flattened`: for each source that has flattened rows, `rows`, `parsed` (put on lines and parsed), `distinct`,
        and of these, with verdicts, `rendered` and `rendered_after_repair`: `with_verdict` and `passed`.
        `truth`: for `development` and `held_out`, without and with comments, [exact, exact but for white space in
        texts, all] by source and kind.
    """
    rows = list(codes(sources_in(data)))
    told: dict[str, Any] = {"flattened": {}, "truth": {}}
    known = {key: found.verdict for path in verdicts for key, found in read_verdicts(path).items()}
    for source in sorted({source for source, _ in rows}):
        flat = [code for name, code in rows if name == source and is_flattened(code)]
        if flat:
            lines = [unflatten(code) for code in flat]
            distinct = sorted({code for code in lines if code})
            told["flattened"][source] = {
                "rows": len(flat),
                "parsed": sum(code is not None for code in lines),
                "distinct": len(set(flat)),
            }
            if known:
                told["flattened"][source]["rendered"] = _renders(distinct, known)
                told["flattened"][source]["rendered_after_repair"] = _renders([*map(repaired, distinct)], known)
    cases = truth(rows)
    for half, development in (("development", True), ("held_out", False)):
        some = [case for case in cases if case.development == development]
        told["truth"][half] = {"no comments": _shares(some, False), "comments": _shares(some, True)}
    return told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.one_line", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the real files")
    parser.add_argument(
        "--verdicts", type=Path, nargs="*", default=[], help="verdicts of renders, as benchmarks.rendering writes them"
    )
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print(json.dumps(measure(given.data, *given.verdicts), indent=1))


if __name__ == "__main__":
    main()
