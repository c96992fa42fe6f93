"""The command `explain`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.cli.command import Answer, visible
from builder.cli.settings import one_config, settings_of
from builder.config import BuildConfig, named

if TYPE_CHECKING:
    from rich.console import Console

    from builder.cli.console import Terminal
    from builder.prepare.trace import TraceStep
    from builder.report.explain.explanation import Explanation, Matches, Neighbour, Neighbours
    from builder.report.proof.folder import BuiltFolder


_SHOWN_LINES = 200
"""Lines of a text or a diff; `--json` has all."""
_STYLES = {"+": "green", "-": "red", "…": "dim"}


def show_explanation(row: Explanation) -> None:
    """One row's life, in the order in which it went."""
    from builder.cli.console import new_console

    console = new_console()
    _head(console, row)
    _read(console, row)
    _changes(console, row.steps)
    _checks(console, row)
    _cluster(console, row)
    _split(console, row)
    _pairing(console, row)
    _written(console, row)


def show_matches(found: Matches) -> None:
    """The descriptions among which a text does not decide."""
    from builder.cli.console import new_console

    console = new_console()
    _line(console, f"{found.total:,} descriptions hold {_first_words(found.text)!r}; name one by its id:")
    for match in found.matches:
        copies = f"  ({match.rows:,} rows)" if match.rows > 1 else ""
        _line(console, f"  {match.id}  {_first_words(match.description)}{copies}")
    if found.total > len(found.matches):
        _line(console, f"  and {found.total - len(found.matches):,} more")


def _head(console: Console, row: Explanation) -> None:
    from builder.report.explain.explanation import REASONS

    place = f" in {row.folder}" if row.folder else ""
    _line(console, f"{row.id}, config {row.config}{place}: {row.outcome}", "bold")
    line = row.ledger
    if line["code_from"]:
        _line(console, f"  re-paired: it has the code of {line['code_from']}, not the one that it was published with")
    if line["reason"] in REASONS:
        _line(console, f"  {REASONS[line['reason']]}")
    if line["detail"]:
        _line(console, f"  detail: {line['detail']}")
    if line["score"] is not None and not _is_of_pair(line):
        margin = f", margin {line['margin']:g}" if line["stage"] == "pair" and line["margin"] is not None else ""
        _line(console, f"  score: {line['score']:g}{margin}")
    if row.stood_against is not None:
        _line(console, "  stood against:")
        _neighbour(console, row.stood_against)
    if row.fit is not None:
        _line(console, f"  its code fits its description: {row.fit:.3f}")
    if row.reported_error:
        _line(console, f"  its authors report: {_first_words(row.reported_error)}")
    if row.also:
        _line(console, f"  the same description: {', '.join(row.also)}")


def _is_of_pair(line: dict[str, Any]) -> bool:
    """Whether the score in a line of the ledger is still that of its new pair, and not of what dropped the row."""
    scored = line["stage"] in ("pair", "duplicate", "conflict", "leak") or line["reason"] == "in_benchmark"
    return bool(line["code_from"]) and not scored


def _read(console: Console, row: Explanation) -> None:
    for title, text in (("description, as read", row.description), ("code, as read", row.code)):
        _title(console, title)
        if text is None:
            _line(console, f"(none: {row.not_text})" if row.not_text else "(none)")
        else:
            _text(console, text)


def _changes(console: Console, steps: Sequence[TraceStep]) -> None:
    for step in steps:
        _title(console, f"{step.part}, {step.name}")
        lines = list(islice(diff(step.before, step.after), _SHOWN_LINES + 1))
        for line in lines[:_SHOWN_LINES]:
            _line(console, line, _STYLES.get(line[:1]))
        if len(lines) > _SHOWN_LINES:
            _line(console, "… and more; --json has all")
    if not steps:
        _title(console, "cleaning and repair")
        _line(console, "nothing was changed")


def diff(before: str, after: str) -> Iterator[str]:
    """The lines of two texts that differ, with few around them; what cannot be seen is made visible."""
    from builder.report.differences import line_changes

    for mark, line in line_changes(before, after) if before != after else ():
        yield mark + visible(line, ends=mark in "+-")


def _checks(console: Console, row: Explanation) -> None:
    _title(console, "checks, of the code that it was read with" if row.ledger["code_from"] else "checks")
    words = {True: "ok", False: "FAILED", None: "not asked"}
    styles = {True: None, False: "red", None: "dim"}
    for check in row.checks:
        detail = f": {check.detail}" if check.detail else ""
        _line(console, f"  {check.part:<11}  {check.name:<23}  {words[check.passed]}{detail}", styles[check.passed])
    left = {(problem.reason, problem.name, problem.owner) for problem in row.api_left}
    fixed = [item for item in row.api_found if (item.reason, item.name, item.owner) not in left]
    if row.checks and not (row.api_left or fixed):
        _line(console, f"  {'code':<11}  {'names and arguments':<23}  ok")
    for problem in fixed:
        _line(console, f"  {'code':<11}  {problem.reason:<23}  fixed: {problem.detail}")
    for problem in row.api_left:
        _line(console, f"  {'code':<11}  {problem.reason:<23}  FAILED: {problem.detail}", "red")


def _cluster(console: Console, row: Explanation) -> None:
    _title(console, "similar rows")
    same = f"duplicates from {row.near_duplicates:g}" if row.near_duplicates else "none counts as a duplicate"
    for name, neighbours in (
        ("equal descriptions", row.equal_descriptions),
        ("equal programs, whatever their names and layout", row.equal_programs),
        (f"near descriptions ({same}; leaks into test or validation from {row.near_test:g})", row.near_descriptions),
    ):
        _line(console, f"{name}: {neighbours.total or 'none'}")
        _neighbours(console, neighbours)


def _neighbours(console: Console, neighbours: Neighbours) -> None:
    for neighbour in neighbours.rows:
        _neighbour(console, neighbour)
    if neighbours.total > len(neighbours.rows):
        _line(console, f"    and {neighbours.total - len(neighbours.rows):,} more")


def _neighbour(console: Console, row: Neighbour) -> None:
    fit = "" if row.fit is None else f", fit {row.fit:.3f}"
    repairs = f", {row.repairs} repair{'s' * (row.repairs > 1)}" if row.repairs else ""
    _line(console, f"    {row.id}  similarity {row.score:.3f}{_difference(row)}; {row.outcome}{fit}{repairs}")
    _line(console, f"      {_first_words(row.description)}", "dim")


def _difference(row: Neighbour) -> str:
    if row.agrees:
        return ""
    if not (row.only_here or row.only_there):
        return ", the same key terms in another order"
    sides = (("here", row.only_here), ("there", row.only_there))
    parts = [f"only {side} {_first_words(', '.join(tokens))}" for side, tokens in sides if tokens]
    return f", differ in key terms: {', '.join(parts)}"


def _split(console: Console, row: Explanation) -> None:
    from builder.report.explain.explanation import SPLIT_REASONS

    _title(console, "split")
    split = row.split
    _line(console, f"{split.side}: {SPLIT_REASONS[split.why].format(**asdict(split))}")
    rows = ", ".join(f"{count:,} {name}" for name, count in split.rows.items())
    _line(console, f"group {row.ledger['group']}: {rows} (rows with equal descriptions or programs, chained)")


def _pairing(console: Console, row: Explanation) -> None:
    line = row.ledger
    if not (line["code_from"] or row.code_used_by):
        return
    _title(console, "pairing")
    if line["code_from"]:
        score = f"score {line['score']:g}, " if _is_of_pair(line) else ""
        _line(
            console, f"its code is that of {line['code_from']}, which fits it best ({score}margin {line['margin']:g});"
        )
        _line(console, f"what was done to that code: explain {line['code_from']}")
    if row.code_used_by:
        _line(console, f"its own code was given to {', '.join(row.code_used_by)}")


def _written(console: Console, row: Explanation) -> None:
    _title(console, "written" if row.variants else "written: nothing; what was left of it:")
    if not row.variants:
        _text(console, row.final_description)
    for variant in row.variants:
        template = f"template {variant.opening!r}, description as {variant.form!r}" if variant.number else "as it is"
        _line(console, f"prompt {variant.number} ({template}):", "dim")
        _text(console, variant.prompt)
    _line(console, "code:", "dim")
    _text(console, row.final_code)


def _first_words(text: str) -> str:
    from builder.report.explain.row import first_words

    return visible(first_words(text))


def _text(console: Console, text: str) -> None:
    lines = text.split("\n")
    for line in lines[:_SHOWN_LINES]:
        _line(console, visible(line))
    if len(lines) > _SHOWN_LINES:
        _line(console, f"… {len(lines) - _SHOWN_LINES:,} more lines; --json has all")


def _title(console: Console, title: str) -> None:
    _line(console, "")
    _line(console, title, "bold")


def _line(console: Console, text: str, style: str | None = None) -> None:
    from rich.text import Text

    console.print(Text(text, style or ""))


FOLDERS = ("manim_combined", "data_formatted_deduplicated", "data_formatted_with_sources", ".")
"""Where a build is looked for: where `build` and `export` write, and the current folder."""
ROW_ID = re.compile(r".+/[0-9]{1,12}")


def add_explain_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `explain` takes besides settings."""
    parser.add_argument("id", metavar="ID", help="the row, as in the ledger: SOURCE/ROW; or a piece of its prompt")
    parser.add_argument(
        "--folder", metavar="DIR", type=Path, help=f"what `build` or `export` wrote (default: {', '.join(FOLDERS)})"
    )


def explain(given: argparse.Namespace, terminal: Terminal) -> Answer:
    """Show one row's life, or the rows among which a piece of a prompt does not decide.

    A built folder answers, if one is named or found and no setting asks for another build.

    Raises:
        builder.core.errors.BuilderError: a setting is wrong, or there is no such row.
    """
    from builder.report.explain import Matches, explain_in_folder
    from builder.report.explain import explain as explain_row

    config, _ = one_config(given)
    names = settings_of(given)[0]
    with terminal:
        folder = _folder(given)
        if folder is not None:
            found = explain_in_folder(folder, given.id, *names)
        else:
            found = explain_row(config, given.id, terminal)
    if isinstance(found, Matches):
        return Answer(asdict(found), lambda: show_matches(found), f"{found.total:,} descriptions hold it")
    return Answer(asdict(found), lambda: show_explanation(found), f"{found.id}: {found.outcome}")


def _folder(given: argparse.Namespace) -> BuiltFolder | None:
    """The folder that answers: the one named, or of those where builds go the first that holds what is asked for."""
    from builder.report.proof.folder import open_folder, read_manifest

    if "folder" in given:
        return open_folder(given.folder)
    names, settings, _ = settings_of(given)
    if any(not item.metadata["same_bytes"] for item in fields(BuildConfig) if item.name in settings):
        return None
    for place in map(Path, FOLDERS):
        manifest = read_manifest(place)
        source = given.id.rpartition("/")[0]
        sources = {item["name"] for item in manifest.get("sources", ())}
        holds = all(named(name, manifest.get("configs", {})) in manifest.get("configs", {}) for name in names)
        if manifest and holds and (source in sources or not ROW_ID.fullmatch(given.id)):
            return open_folder(place)
    return None
