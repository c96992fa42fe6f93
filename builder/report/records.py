"""Rows as records of Argilla and Label Studio, and what was annotated there as decisions. Formats only, no server."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from builder.core.errors import SettingError
from builder.core.ledger import ACTIONS, EDIT
from builder.decide.decisions import decision_of
from builder.report.browser import queues
from builder.report.facts import Facts

_WRONG_PAIR = "wrong pair"
_TEXTS = {"description": "prompt", "code": "program"}
"""Of an edit, and what a record calls the same text."""


def _argilla(row: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: row[name] for name in ("content", "source", "outcome")}
    return {
        "id": row["id"],
        "fields": _shown(row),
        "metadata": known,
        "suggestions": {},
        "responses": {},
        "vectors": {},
    }


def _label_studio(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"data": {**{name: row[name] for name in ("id", "content", "source", "outcome")}, **_shown(row)}}


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    return {"prompt": row["description"], "program": row["code"]}


TOOLS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "argilla": _argilla,
    "label-studio": _label_studio,
}


def records_of(facts: Facts, tool: str, queue: str = "") -> list[dict[str, Any]]:
    """Rows whose texts are known, official test rows left out, as a tool reads them from JSON.

    Args:
        facts: of a config.
        tool: one of `TOOLS`.
        queue: of `queues`; empty for all rows.

    Raises:
        SettingError: there is no such queue.
    """
    found = queues(facts)
    if queue and queue not in found:
        raise SettingError(f"--queue {queue!r}: this folder has {', '.join(map(repr, found))}")
    rows = facts.shown.filter(pl.col("official").not_())
    if queue:
        rows = rows.filter(pl.col("id").is_in(found[queue]))
    return [TOOLS[tool](row) for row in rows.iter_rows(named=True)]


def decisions_in(path: Path) -> list[dict[str, Any]]:
    """What was decided in a file that one of the tools exported, as lines of `decisions.jsonl`, the last of each row.

    Raises:
        SettingError: it cannot be read, or is no such file.
    """
    try:
        records = orjson.loads(path.read_bytes())
        lines = [line for record in records for line in _lines(record)]
    except OSError as error:
        raise SettingError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingError(
            f"{path}: is no JSON export of Argilla (`records.to_json`) or Label Studio (JSON) with rows of `records`"
        ) from error
    for line in lines:
        decision_of(orjson.dumps(line), f"on {line['id']}")
    return list({line["id"]: line for line in lines}.values())


def _lines(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "annotations" in record:
        data = record["data"]
        for done in record["annotations"]:
            if not done.get("was_cancelled"):
                said = {part["from_name"]: _value(part["value"]) for part in done["result"]}
                by = done.get("completed_by", "")
                yield from _line(data, data, said, str(by.get("email", "") if isinstance(by, dict) else by))
        return
    known = {"id": record["id"], "content": record["metadata"]["content"]}
    by_user: dict[str, dict[str, str]] = {}
    for question, answers in record["responses"].items():
        for answer in answers:
            by_user.setdefault(answer["user_id"], {})[question] = answer["value"]
    for user, said in by_user.items():
        yield from _line(known, record["fields"], said, user)


def _value(value: Mapping[str, Any]) -> str:
    """What stands in a region of Label Studio: a choice, or the last text."""
    found = value.get("choices") or value.get("text") or [""]
    return str(found if isinstance(found, str) else found[-1])


def _line(
    row: Mapping[str, str], shown: Mapping[str, str], said: Mapping[str, str], by: str
) -> Iterator[dict[str, Any]]:
    """The decision of one person on a row, if there is one."""
    action, note = said.get("decision", ""), said.get("note", "")
    reason = {"reason": note} if note else {}
    if action == _WRONG_PAIR:
        action, reason = "drop", {"reason": ": ".join(filter(None, (_WRONG_PAIR, note)))}
    value: Any = True
    if action == EDIT:
        value = {name: said[name] for name, field in _TEXTS.items() if said.get(name) and said[name] != shown[field]}
    if action in ACTIONS and value:
        yield {"id": row["id"], "content": row["content"], action: value, **reason, "by": by}
