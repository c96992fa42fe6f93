"""The command `lint`."""

import argparse
import difflib
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.cli.command import DONE, FAILED, Answer
from builder.cli.programs import KINDS, STANDARD_INPUT, Program, change_programs, kind_of, read_text
from builder.core.errors import OutputError, SettingError

if TYPE_CHECKING:
    from builder.cli.console import Terminal
    from builder.manim_lint import Problem


def add_lint_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `lint` takes."""
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="a program, or a folder of them (*.py); - is standard input"
    )
    parser.add_argument("--fix", action="store_true", help="write what can be fixed into the files")
    parser.add_argument("--diff", action="store_true", help="show what --fix would change, and write nothing")
    parser.add_argument(
        "--as",
        dest="kind",
        choices=tuple(KINDS),
        help="the kind of all files, whatever their names; of Markdown, the Python blocks are read",
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A problem with the place that is shown."""

    file: str
    line: int
    column: int
    row: int | None
    """In JSON Lines, the line of the row; `line` and `column` are then those of the program in it."""
    problem: "Problem"

    def shown(self) -> str:
        """`file:line:column: reason: text`, or `file:row: reason: text` for JSON Lines."""
        if self.row is not None:
            return f"{self.file}:{self.row}: {self.problem.reason}: {self.problem.detail}"
        return f"{self.file}:{self.line}:{self.column}: {self.problem.reason}: {self.problem.text}"

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {**asdict(self.problem), "file": self.file, "line": self.line, "column": self.column, "row": self.row}


@dataclass(slots=True)
class _Linted:
    """A file, and what came of it."""

    name: str
    kind: str
    text: str
    mark: str = ""
    """A byte order mark, which stays in front."""
    after: str = ""
    programs: int = 0
    problems: list[_Found] = field(default_factory=list)
    steps: Counter[str] = field(default_factory=Counter)

    def diff(self) -> list[str]:
        """Lines of a unified diff."""
        before, after = self.text.splitlines(), self.after.splitlines()
        return list(difflib.unified_diff(before, after, self.name, f"{self.name} (fixed)", lineterm=""))


def lint(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Check programs against Manim, and fix them if that is asked for. All files are read before one is written.

    Raises:
        SettingError: a file is not there, or both `--fix` and `--diff` are given.
        BuilderError: a file cannot be read, is not UTF-8 or, for JSON Lines, not JSON; or it cannot be written.
    """
    fixes, diffs = "fix" in given, "diff" in given
    if fixes and diffs:
        raise SettingError("--fix and --diff: use one of them")
    files = []
    for name in _names(given.files):
        text = read_text(name)
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        files.append(_Linted(name, getattr(given, "kind", "") or kind_of(name), text.removeprefix(mark), mark))
    for done, file in enumerate(files, 1):
        _lint(file, fixes or diffs)
        terminal.progress("checking", done, len(files), "files")
    changed = [file for file in files if file.after != file.text]
    if fixes:
        for file in changed:
            if file.name != STANDARD_INPUT:
                _write(file)
    printed = next((file for file in files if fixes and file.name == STANDARD_INPUT), None)
    if printed is not None and not given.json:
        sys.stdout.write(printed.mark + printed.after)
    return _answer(files, changed, printed, fixes, diffs)


def _names(given: list[str]) -> Iterator[str]:
    """The files, each once; for a folder its programs, hidden folders aside."""
    seen: set[str] = set()
    for name in given:
        path = Path(name)
        if name != STANDARD_INPUT and not path.exists():
            raise SettingError(f"{name}: there is no such file or folder")
        names = sorted(map(str, _programs(path))) if name != STANDARD_INPUT and path.is_dir() else [name]
        for each in names:
            if each not in seen:
                seen.add(each)
                yield each


def _programs(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*.py"):
        inside = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in inside.parts):
            yield path


def _lint(file: _Linted, fixes: bool) -> None:
    from builder.manim_lint import check, fix

    def looked_at(program: Program) -> str:
        file.programs += 1
        fixed = fix(program.code) if fixes else None
        problems = check(program.code) if fixed is None else fixed.problems
        shift = 0 if program.row else program.line - 1
        for problem in problems:
            line, column = problem.line + shift, problem.column + program.indent
            file.problems.append(_Found(file.name, line, column, program.row or None, problem))
        if fixed is None or not fixed.steps:
            return program.code
        file.steps.update(step.name for step in fixed.steps)
        return fixed.code

    file.after = change_programs(file.text, file.kind, looked_at, file.name)


def _write(file: _Linted) -> None:
    """Write a file aside and rename it; its mode stays, and a link stays a link."""
    path = Path(file.name).resolve()
    aside = None
    try:
        handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as opened:
            opened.write((file.mark + file.after).encode("utf-8", "surrogatepass"))
        shutil.copymode(path, aside)
        Path(aside).replace(path)
    except OSError as error:
        raise OutputError(
            f"{file.name}: cannot be written: {error.strerror or error}; --diff writes nothing"
        ) from error
    finally:
        if aside is not None:
            Path(aside).unlink(missing_ok=True)


def _answer(files: list[_Linted], changed: list[_Linted], printed: _Linted | None, fixes: bool, diffs: bool) -> Answer:
    problems = [found for file in files for found in file.problems]
    steps = sum((file.steps for file in files), Counter[str]())
    document: dict[str, Any] = {
        "files": len(files),
        "programs": sum(file.programs for file in files),
        "problems": [found.document() for found in problems],
    }
    if fixes or diffs:
        document |= {"fixes": dict(sorted(steps.items())), "changed": [file.name for file in changed]}
    if diffs:
        document["diff"] = "\n".join(line for file in changed for line in file.diff())
    if printed is not None:
        document["code"] = printed.after
    code = FAILED if problems or (diffs and changed) else DONE
    summary = _summary(files, changed, problems, fixes, diffs)
    return Answer(
        document, lambda: _show(files, problems, printed is not None, diffs, summary), "" if printed else summary, code
    )


def _summary(files: list[_Linted], changed: list[_Linted], problems: list[_Found], fixes: bool, diffs: bool) -> str:
    programs = sum(file.programs for file in files)
    left = _count(len(problems), "problem") + (" left" if fixes or diffs else "") if problems else "no problems"
    made = f"; {_count(len(changed), 'file')} {'fixed' if fixes else 'would change'}" if fixes or diffs else ""
    return f"{left} in {_count(programs, 'program')}{made}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _show(files: list[_Linted], problems: list[_Found], printed: bool, diffs: bool, summary: str) -> None:
    """The diff, then a line for each problem; on the error stream where the output is the fixed program."""
    from builder.cli.command import visible

    for file in files if diffs else ():
        for line in file.diff():
            print(visible(line))
    stream = sys.stderr if printed else sys.stdout
    for found in problems:
        print(visible(found.shown()), file=stream)
    if printed:
        print(summary, file=stream)
