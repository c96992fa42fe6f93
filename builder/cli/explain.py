"""The command `explain`."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from builder.cli.command import Answer, visible
from builder.cli.settings import one_config

if TYPE_CHECKING:
    from rich.console import Console

    from builder.cli.console import Terminal
    from builder.prepare.trace import TraceStep
    from builder.report.explain.explanation import Explanation, Matches, Neighbour, Neighbours


_DIFF_LINES = 2_000
"""Lines of two texts that are compared line by line: beyond, the time may grow with the square of their number."""
_SHOWN_LINES = 200
"""Lines of a text or a diff; `--json` has all."""
_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_SPLIT = {
    "official": "its group holds an official test row",
    "official_source": "its group has rows of a source with official test rows, which draws no others for test",
    "not_eligible": "no row of its group has a pair and a program as their authors made them, so it may not be drawn",
    "large": "its group holds too many rows of one source to be drawn",
    "drawn": "its group was drawn: its rank {rank:.4f} is among the lowest, which go to test (up to {cut:.4f})",
    "drawn_for_validation": "its group was drawn: its rank {rank:.4f} is among the next, which go to validation (from "
    "{cut:.4f} up to {validation_cut:.4f})",
    "not_drawn": "its group was not drawn: its rank {rank:.4f} is above the lowest, which go to test or validation (up "
    "to {validation_cut:.4f})",
}

_REASONS = {
    "unpaired": "no code fits its description clearly better than any other",
    "mismatched": "its code does not fit its description",
    "contradicts_prompt": "its code does otherwise than its description says",
    "duplicate_description": "a row with the same description stayed",
    "duplicate_program": "a row with the same program, and a description that says the same, stayed",
    "conflicting_description": "a row with the same program, and a description that fits it better, stayed",
    "near_duplicate": "a row with a near description stayed",
    "near_test": "it stands too near to a row that is kept in test",
    "near_validation": "it stands too near to a row that is kept in validation",
    "in_benchmark": "it stands in a benchmark, or near it",
    "failed": "its program raised an error when it was rendered",
    "timeout": "its program took too long to render",
    "blank": "its program shows nothing but background",
    "refused": "its program tried to use the network, or to write where it may not",
    "not_rendered": "its program was not rendered",
    "reported_error": "its authors report that the program failed",
    "too_long": "it has more tokens than a row may have",
    "not_drawn": "the subset that was drawn leaves it out",
}
"""What a reason means, where a check below does not say it."""


def show_explanation(told: Explanation) -> None:
    """One row's life, in the order in which it went."""
    from builder.cli.console import new_console

    console = new_console()
    _head(console, told)
    _read(console, told)
    _changes(console, told.steps)
    _checks(console, told)
    _cluster(console, told)
    _split(console, told)
    _pairing(console, told)
    _written(console, told)


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


def _head(console: Console, told: Explanation) -> None:
    _line(console, f"{told.id}, config {told.config}: {told.outcome}", "bold")
    line = told.ledger
    if line["reason"] in _REASONS:
        _line(console, f"  {_REASONS[line['reason']]}")
    if line["detail"]:
        _line(console, f"  detail: {line['detail']}")
    if line["score"] is not None and not _is_of_pair(line):
        margin = f", margin {line['margin']:g}" if line["stage"] == "pair" and line["margin"] is not None else ""
        _line(console, f"  score: {line['score']:g}{margin}")
    if told.stood_against is not None:
        _line(console, "  stood against:")
        _neighbour(console, told.stood_against)
    if told.fit is not None:
        _line(console, f"  its code fits its description: {told.fit:.3f}")
    if told.reported_error:
        _line(console, f"  its authors report: {_first_words(told.reported_error)}")
    if told.also:
        _line(console, f"  the same description: {', '.join(told.also)}")


def _is_of_pair(line: dict[str, Any]) -> bool:
    """Whether the score in a line of the ledger is still that of its new pair, and not of what dropped the row."""
    scored = line["stage"] in ("pair", "duplicate", "conflict", "leak") or line["reason"] == "in_benchmark"
    return bool(line["code_from"]) and not scored


def _read(console: Console, told: Explanation) -> None:
    for title, text in (("description, as read", told.description), ("code, as read", told.code)):
        _title(console, title)
        if text is None:
            _line(console, f"(none: {told.not_text})" if told.not_text else "(none)")
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
    """A unified diff without the names of files. What cannot be seen is made visible.

    Texts of very many lines are not compared: all lines between the equal ends count as changed.
    """
    old, new = before.split("\n"), after.split("\n")
    if len(old) + len(new) <= _DIFF_LINES:
        lines: Iterator[str] = islice(difflib.unified_diff(old, new, lineterm=""), 2, None)
    else:
        lines = _ends_apart(old, new)
    for line in lines:
        yield line[:1] + visible(line[1:], ends=line[:1] in "+-")


def _ends_apart(old: list[str], new: list[str]) -> Iterator[str]:
    first = next(
        (n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    gone, come = old[first : len(old) - last], new[first : len(new) - last]
    yield f"@@ -{first + 1},{len(gone)} +{first + 1},{len(come)} @@"
    yield from (f"-{line}" for line in gone)
    yield from (f"+{line}" for line in come)


def _checks(console: Console, told: Explanation) -> None:
    _title(console, "checks, of the code that it was read with" if told.ledger["code_from"] else "checks")
    words = {True: "ok", False: "FAILED", None: "not asked"}
    styles = {True: None, False: "red", None: "dim"}
    for check in told.checks:
        detail = f": {check.detail}" if check.detail else ""
        _line(console, f"  {check.part:<11}  {check.name:<23}  {words[check.passed]}{detail}", styles[check.passed])
    left = {(problem.reason, problem.name, problem.owner) for problem in told.api_left}
    mended = [item for item in told.api_found if (item.reason, item.name, item.owner) not in left]
    if not (told.api_left or mended):
        _line(console, f"  {'code':<11}  {'names and arguments':<23}  ok")
    for problem in mended:
        _line(console, f"  {'code':<11}  {problem.reason:<23}  mended: {problem.detail}")
    for problem in told.api_left:
        _line(console, f"  {'code':<11}  {problem.reason:<23}  FAILED: {problem.detail}", "red")


def _cluster(console: Console, told: Explanation) -> None:
    _title(console, "rows like it")
    for name, neighbours in (
        ("equal descriptions", told.equal_descriptions),
        ("equal programs, whatever their names and layout", told.equal_programs),
        (f"near descriptions ({_thresholds(told)})", told.near_descriptions),
    ):
        _line(console, f"{name}: {neighbours.total or 'none'}")
        _neighbours(console, neighbours)


def _thresholds(told: Explanation) -> str:
    """From which similarity on nearness counts in this config."""
    same = f"one of two goes from {told.near_duplicates:g} on" if told.near_duplicates else "none goes as a duplicate"
    return f"{same}; near a test or validation row from {told.near_test:g} on"


def _neighbours(console: Console, neighbours: Neighbours) -> None:
    for neighbour in neighbours.rows:
        _neighbour(console, neighbour)
    if neighbours.total > len(neighbours.rows):
        _line(console, f"    and {neighbours.total - len(neighbours.rows):,} more")


def _neighbour(console: Console, row: Neighbour) -> None:
    fit = "" if row.fit is None else f", fit {row.fit:.3f}"
    repairs = f", {row.repairs} repair{'s' * (row.repairs > 1)}" if row.repairs else ""
    _line(console, f"    {row.id}  descriptions {row.score:.3f} alike{_difference(row)}; {row.outcome}{fit}{repairs}")
    _line(console, f"      {_first_words(row.description)}", "dim")


def _difference(row: Neighbour) -> str:
    if row.agrees:
        return ""
    if not (row.only_here or row.only_there):
        return ", what counts in full in another order"
    sides = (("here", row.only_here), ("there", row.only_there))
    parts = [f"only {side} {_first_words(', '.join(tokens))}" for side, tokens in sides if tokens]
    return f", differ in what counts in full: {', '.join(parts)}"


def _split(console: Console, told: Explanation) -> None:
    _title(console, "split")
    split = told.split
    _line(console, f"{split.side}: {_SPLIT[split.why].format(**asdict(split))}")
    rows = ", ".join(f"{count:,} {name}" for name, count in split.rows.items())
    _line(console, f"group {told.ledger['group']}: {rows} (rows with equal descriptions or programs, chained)")


def _pairing(console: Console, told: Explanation) -> None:
    line = told.ledger
    if not (line["code_from"] or told.code_used_by):
        return
    _title(console, "pairing")
    if line["code_from"]:
        score = f"score {line['score']:g}, " if _is_of_pair(line) else ""
        _line(
            console, f"its code is that of {line['code_from']}, which fits it best ({score}margin {line['margin']:g});"
        )
        _line(console, f"what was done to that code: explain {line['code_from']}")
    if told.code_used_by:
        _line(console, f"its own code was given to {', '.join(told.code_used_by)}")


def _written(console: Console, told: Explanation) -> None:
    _title(console, "written" if told.variants else "written: nothing; what was left of it:")
    if not told.variants:
        _text(console, told.final_description)
    for variant in told.variants:
        template = f"template {variant.opening!r}, description as {variant.form!r}" if variant.number else "as it is"
        _line(console, f"prompt {variant.number} ({template}):", "dim")
        _text(console, variant.prompt)
    _line(console, "code:", "dim")
    _text(console, told.final_code)


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


def add_explain_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `explain` takes besides settings."""
    parser.add_argument("id", metavar="ID", help="the row, as in the ledger: SOURCE/ROW; or a piece of its prompt")


def explain(given: argparse.Namespace, terminal: Terminal) -> Answer:
    """Tell one row's life, or the rows among which a piece of a prompt does not decide.

    Raises:
        builder.core.errors.BuilderError: a setting is wrong, or there is no such row.
    """
    from builder.report.explain import Matches
    from builder.report.explain import explain as explain_row

    config, _ = one_config(given)
    with terminal:
        told = explain_row(config, given.id, terminal)
    if isinstance(told, Matches):
        return Answer(asdict(told), lambda: show_matches(told), f"{told.total:,} descriptions hold it")
    return Answer(asdict(told), lambda: show_explanation(told), f"{told.id}: {told.outcome}")
