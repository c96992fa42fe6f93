"""What people decided of single rows: to keep one, to drop one, or to edit one.

A decision is a JSON object on a line of its own:

    {"id": "thanks_dataset/000012", "content": "9f2c…", "drop": true, "reason": "wrong pair", "by": "ana"}
    {"content": "03ab…", "keep": true, "reason": "read, and right"}
    {"id": "manim_codegen/000041", "edit": {"description": "Draw a blue circle."}, "reason": "a word was missing"}

A line with `note` in place of these is a remark, and decides nothing.

`content` is the ledger's column of this name: 16 hexadecimal digits of the row as it was published. A decision with
`content` holds for the rows with just these texts, wherever they stand; one with `id` alone, for the row of this
number.

What a model wrote for a program that has no description is a decision too, an answer to a request of `orphans`. Taken
is a line as a batch of any server that is compatible with OpenAI's answers it:

    {"custom_id": "thanks_dataset/000012 9f2c51d07a3be684", "response": {"body": {"choices": [...], "model": "…"}}}

or in plain words:

    {"id": "thanks_dataset/000012", "content": "9f2c51d07a3be684", "description": "Draw a blue circle.", "by": "…"}
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from builder.core.errors import SettingError
from builder.core.ledger import ACTIONS, DECISION_COLUMNS, EDIT, KEEP, SYNTHETIC, id_column, kept
from builder.core.schema import Example
from builder.prepare.cache import DESCRIBED, EDITED

_NOTE = "note"
_CONTENT = re.compile("[0-9a-fA-F]{16}")
_KNOWN = {"id", "content", "reason", "by", "at", _NOTE, *ACTIONS}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided of a row; or, as `SYNTHETIC`, what a model says that its program shows."""

    where: str
    """File and line."""
    action: str
    id: str = ""
    content: str = ""
    reason: str = ""
    by: str = ""
    description: str | None = None
    """Of an edit: the text that takes the place of the published one; `None` leaves it."""
    code: str | None = None
    paired: bool = False
    """Whether the row's own program belongs to its description, in any part of a source."""

    @property
    def row(self) -> str:
        """The row that is meant, as it was named."""
        return self.id or f"content {self.content}"

    def edited(self, published: Example) -> Example:
        """The row as it is after this decision."""
        description = published.description if self.description is None else self.description
        return Example(description, published.code if self.code is None else self.code)

    def __str__(self) -> str:
        if self.action == SYNTHETIC:
            return f"synthetic: described by {self.by or 'a model'}"
        return ": ".join(filter(None, (f"{self.action} by {self.by}" if self.by else self.action, self.reason)))


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions held against the rows that were read."""

    by_index: Mapping[int, Decision]
    not_applied: tuple[tuple[Decision, str], ...] = ()
    """Those that hold for no row, each with why."""

    def marks(self, rows: int) -> pl.DataFrame:
        """Columns of `DECISION_COLUMNS`, one line a row read."""
        return pl.DataFrame(
            [(found.action, str(found)) if (found := self.by_index.get(row)) else ("", "") for row in range(rows)],
            schema=DECISION_COLUMNS,
            orient="row",
        )

    @property
    def pairs(self) -> list[int]:
        """Rows whose program a person gave, or a model described: the two belong together, in any part of a source."""
        return sorted(index for index, found in self.by_index.items() if found.code is not None or found.paired)

    @property
    def key(self) -> str:
        """What of them counts where rows are split and paired; edited texts are in the prepared rows."""
        return repr(sorted((index, found.action) for index, found in self.by_index.items()) + self.pairs)

    def edits(self, first: int, rows: int) -> dict[int, tuple[str | None, str | None, str]]:
        """Of the edits among rows that follow one another: by number, new description, new code and the step's name."""
        here = {index - first: found for index, found in self.by_index.items() if first <= index < first + rows}
        steps = {EDIT: EDITED, SYNTHETIC: DESCRIBED}
        return {row: (one.description, one.code, steps[one.action]) for row, one in here.items() if one.action in steps}

    def summary(self) -> dict[str, Any]:
        """For the statistics: rows by action, and the decisions that hold for no row; empty if nothing was decided."""
        of_people = [found.action for found in self.by_index.values() if found.action != SYNTHETIC]
        if not of_people and not self.not_applied:
            return {}
        counts = {action: of_people.count(action) for action in ACTIONS}
        return {
            "rows": counts,
            "not_applied": [{"row": left.row, "decision": str(left), "why": why} for left, why in self.not_applied],
        }


def read_decisions(paths: Iterable[Path]) -> list[Decision]:
    """All decisions of some JSON Lines files, in order; empty lines count for nothing.

    Raises:
        SettingError: a file cannot be read, or a line is no decision; it names the file and the line.
    """
    given = (decision_of(line, where) for line, where in given_lines(paths, "--decisions"))
    return [decision for decision in given if decision is not None]


def given_lines(paths: Iterable[Path], flag: str) -> Iterator[tuple[bytes, str]]:
    """The lines of files that a flag named, without empty ones, each with its file and number.

    Raises:
        SettingError: a file cannot be read.
    """
    for path in paths:
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise SettingError(f"{flag} {path}: {error.strerror}") from error
        yield from ((line, f"{path.name}, line {number}") for number, line in enumerate(lines, 1) if line.strip())


def decision_of(line: bytes, where: str) -> Decision | None:
    """The decision on a line; `None` for a note, which decides nothing.

    Raises:
        SettingError: it is no decision.
    """
    try:
        given = orjson.loads(line)
    except ValueError as error:
        raise SettingError(f"--decisions {where}: not JSON: {error}") from error
    if not isinstance(given, dict) or (unknown := sorted(given.keys() - _KNOWN)):
        what = f"unknown: {', '.join(unknown)}" if isinstance(given, dict) else "an object is wanted"
        raise SettingError(f"--decisions {where}: {what}; a decision has {', '.join(sorted(_KNOWN))}")
    texts: dict[str, Any] = {name: given.get(name) or "" for name in ("id", "content", "reason", "by")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise SettingError(f"--decisions {where}: {', '.join(texts)} are texts")
    actions = [action for action in ACTIONS if given.get(action)]
    if len(actions) + bool(given.get(_NOTE)) != 1:
        raise SettingError(f"--decisions {where}: exactly one of keep, drop, edit and note is wanted")
    if not texts["id"] and not texts["content"]:
        raise SettingError(f"--decisions {where}: name the row by `id`, by `content`, or by both")
    if not actions:
        return None
    edit = given[EDIT] if actions == [EDIT] else {}
    known = isinstance(edit, dict) and edit.keys() <= {"description", "code"}
    if not known or not all(isinstance(text, str) for text in edit.values()):
        raise SettingError(f"--decisions {where}: an edit is an object with `description`, `code` or both, as texts")
    return Decision(where, actions[0], **texts, description=edit.get("description"), code=edit.get("code"))


def match_decisions(decisions: Sequence[Decision], rows: pl.DataFrame) -> Decisions:
    """Find the rows that decisions hold for. Of several for one row the last counts.

    Args:
        decisions: in order.
        rows: all rows read: `index`, `source`, `row`, `content` (64-bit hash), `official`.
    """
    if not decisions:
        return Decisions({})
    contents = {int(item.content, 16) for item in decisions if _CONTENT.fullmatch(item.content)}
    ids = {item.id for item in decisions if item.id}
    named = rows.with_columns(id_column()).filter(pl.col("content").is_in(list(contents)) | pl.col("id").is_in(ids))
    by_content: dict[str, list[int]] = {}
    by_id, official = {}, set()
    for index, content, name, is_official in named.select("index", "content", "id", "official").iter_rows():
        by_content.setdefault(f"{content:016x}", []).append(index)
        by_id[name] = index
        if is_official:
            official.add(index)
    found: dict[int, Decision] = {}
    left = []
    for given in decisions:
        decision = given
        same, own = by_content.get(decision.content.lower(), []), by_id.get(decision.id)
        if decision.content and not same:
            left.append((decision, "the row has changed since" if own is not None else "no such row was read"))
            continue
        meant = [own] if own is not None and (not decision.content or own in same) else same
        meant, published = [i for i in meant if i not in official], [i for i in meant if i in official]
        if decision.action == SYNTHETIC and decision.description is None:
            left.append((decision, "the model gave no answer"))
            continue
        if any(index in found and found[index].action == SYNTHETIC for index in meant):
            if decision.action == KEEP:
                left.append((decision, "a model described it; to make it yours, edit the description"))
                continue
            decision = replace(decision, paired=True)
        if published and decision.action != KEEP:
            left.append((decision, "an official test row stays as it was published"))
        elif not meant and not published:
            left.append((decision, "no such row was read"))
        found.update(dict.fromkeys(meant, decision))
    return Decisions(found, tuple(left))


def overruled(ledger: pl.DataFrame) -> list[str]:
    """A message for each reason for which rows that were to be kept are dropped all the same."""
    lost = ledger.filter((pl.col("decision") == KEEP) & (pl.col("stage") != ""))
    return [
        f"{ids[0]}{f' and {len(ids) - 1} more' if len(ids) > 1 else ''}: kept by decision, and dropped all the same as "
        f"{reason}, which no decision overrules"
        for reason, ids in lost.group_by(pl.col("reason").cast(pl.String), maintain_order=True)
        .agg(id_column())
        .iter_rows()
    ]


def with_notes(ledger: pl.DataFrame) -> pl.DataFrame:
    """Say in `detail` of kept rows what was decided of them."""
    noted = kept(ledger).filter(pl.col("decision") != "")["index"]
    return ledger.with_columns(
        detail=pl.when(pl.col("index").is_in(noted.implode())).then("decided").otherwise("detail")
    )


def read_descriptions(paths: Iterable[Path]) -> list[Decision]:
    """All answers of some JSON Lines files, in order; one without an answer has no description.

    Raises:
        SettingError: a file cannot be read, or a line is no answer; it names the file and the line.
    """
    return [_answer(line, where) for line, where in given_lines(paths, "--descriptions")]


def request_id(row: str, content: str) -> str:
    """The `custom_id` of a request: the row, and its content, so that an answer to another row is not taken for it."""
    return f"{row} {content}"


def _answer(line: bytes, where: str) -> Decision:
    try:
        given = orjson.loads(line)
        row, content = given["custom_id"].split(" ") if "custom_id" in given else (given["id"], given["content"])
        text, model = _said(given) if "custom_id" in given else (given["description"], given.get("by", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingError(
            f"--descriptions {where}: no answer to a request of `orphans`: `custom_id` and `response` are wanted, or "
            "`id`, `content` and `description`"
        ) from error
    if not all(isinstance(part, str) for part in (row, content, text, model)):
        raise SettingError(f"--descriptions {where}: ids, descriptions and names of models are texts")
    return Decision(where, SYNTHETIC, row, content, by=model, description=text.strip() or None, paired=True)


def _said(answer: Mapping[str, Any]) -> tuple[str, str]:
    """What the model said, empty if the request failed, and its name."""
    response = answer["response"]
    if answer.get("error") or not response or response.get("status_code", 200) != 200:
        return "", ""
    body = response["body"]
    return body["choices"][0]["message"]["content"] or "", body.get("model", "")
