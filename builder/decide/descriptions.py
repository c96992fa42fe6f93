"""What a model wrote for programs that have no description: the answers to the requests of `orphans`.

Taken is a line as a batch of any server that is compatible with OpenAI's answers it:

    {"custom_id": "thanks_dataset/000012 9f2c51d07a3be684", "response": {"body": {"choices": [...], "model": "…"}}}

or in plain words:

    {"id": "thanks_dataset/000012", "content": "9f2c51d07a3be684", "description": "Draw a blue circle.", "by": "…"}
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from builder.core.errors import SettingError
from builder.core.ledger import SYNTHETIC
from builder.decide.decisions import Decision, given_lines


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
