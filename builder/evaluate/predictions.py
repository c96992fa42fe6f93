"""What a model wrote: read from the files that harnesses write, matched to the rows that it was asked for.

Nothing is cleaned or repaired: the program of an answer is its last fenced block after any draft, or the whole answer.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import polars as pl
from markdown_it import MarkdownIt

from builder.core.errors import BuilderError, OutputError, SettingError
from builder.core.files import short_hash
from builder.core.schema import SPLITS
from builder.emit.formats import unfenced
from builder.report.facts import shown_config
from builder.report.proof.folder import open_folder
from builder.report.rows import ROWS
from builder.sources.columns.chats import ASSISTANT, USER, turns_of

IDS = ("id", "row_id", "custom_id", "task_id", "example_id")
"""Keys whose values may be the id of a row."""
PROMPTS = ("prompt", "question", "instruction", "description", "query", "input", "messages", "conversations")
ANSWERS = (
    "completion", "completions", "samples", "generations", "predictions", "prediction", "responses", "response",
    "outputs", "output", "answer", "generated_text", "text", "solution", "choices", "resps", "messages",
    "conversations",
)  # fmt: skip
"""Keys whose values may be the answer, or several of them, the likeliest first."""
_DRAFT = re.compile(r"</?(think|thinking|thought|reasoning|scratchpad)>", re.IGNORECASE)
_DEPTH = 6
"""Of lists and objects around an answer."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A row that a model is asked for."""

    id: str
    prompt: str
    code: str
    source: str
    difficulty: str = ""
    """Empty where the source has none."""


@dataclass(frozen=True, slots=True)
class References:
    """The rows of one side of a config."""

    config: str
    split: str
    rows: tuple[Reference, ...]

    @property
    def hash(self) -> str:
        """16 hex digits of all rows, in order."""
        return short_hash(part for row in self.rows for part in (row.id, row.prompt, row.code))


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A line of predictions that belongs to no row."""

    line: int
    name: str
    """Its id, or the start of its prompt; empty if it has neither."""


@dataclass(slots=True)
class Predictions:
    """The answers of a file, by the id of the row that they answer."""

    answers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unmatched: list[Unmatched] = field(default_factory=list)
    lines: int = 0


def read_references(folder: Path, config: str = "", split: str = "test") -> References:
    """The rows of a folder that `build` or `export` wrote, without variants of prompts.

    Rows of an export have no ids of their own: they have those of the ledger where the prompt names one row, and
    `<file>, row <number>` elsewhere.

    Raises:
        OutputError: it is no such folder, or a file cannot be read.
        SettingError: it has no such config or split, or no row in it.
    """
    if split not in SPLITS:
        raise SettingError(f"--split {split!r}: use {', '.join(SPLITS)}")
    opened = open_folder(folder)
    name = shown_config(opened, config)
    texts = folder / ROWS
    try:
        known = pl.read_parquet(texts, columns=["id", "description", "difficulty"]) if texts.is_file() else None
        kept = opened.ledger(name).filter((pl.col("outcome") == "kept") & (pl.col("split") == split))["id"]
    except (OSError, pl.exceptions.PolarsError) as error:
        raise OutputError(f"{folder}: a file cannot be read ({error}); run `build` or `export` again") from error
    difficulties = {} if known is None else dict(zip(known["id"], known["difficulty"], strict=True))
    ids: dict[str, list[str]] = defaultdict(list)
    if known is not None:
        for row_id, prompt in known.filter(pl.col("id").is_in(kept.to_list())).select("id", "description").iter_rows():
            ids[prompt].append(row_id)
    rows = []
    for row in opened.rows(name, split):
        if row.variant:
            continue
        same = ids.get(row.prompt, ())
        row_id = row.id or (same[0] if len(same) == 1 else row.where)
        rows.append(
            Reference(row_id, row.prompt, unfenced(row.code), row.source, difficulties.get(row_id) or row.difficulty)
        )
    if not rows:
        raise SettingError(
            f"--against {folder}: config {name} has no rows in {split}; name another --split or --config"
        )
    return References(name, split, tuple(rows))


def read_predictions(path: Path, references: Sequence[Reference]) -> Predictions:
    """The answers of a file of JSON Lines, matched by id, or else by prompt.

    A line holds one answer, a list of them, or is an object of OpenAI's batches. Several lines for a row are several
    samples of it. Where rows share a prompt, its answers count for each of them.

    Raises:
        BuilderError: the file cannot be read, or a line holds no JSON object, or nothing that could be an answer.
    """
    by_id = {row.id: [row.id] for row in references}
    by_prompt: dict[str, list[str]] = defaultdict(list)
    for row in references:
        by_prompt[_plain(row.prompt)].append(row.id)
    found = Predictions()
    for number, line in _lines(path):
        found.lines += 1
        answers = list(answers_of(line))
        if not answers:
            keys = ", ".join(map(str, line)) or "none"
            raise BuilderError(
                f"{path}, line {number}: holds no answer; it has the keys {keys}, and one of "
                f"{', '.join(ANSWERS[:4])}, messages, … is wanted"
            )
        names, prompt = names_of(line), prompt_of(line)
        ids = next((by_id[name] for name in names if name in by_id), None) or by_prompt.get(_plain(prompt), [])
        for row_id in ids:
            found.answers[row_id] += answers
        if not ids:
            found.unmatched.append(Unmatched(number, next(iter(names), prompt[:80])))
    if not found.lines:
        raise BuilderError(f"{path}: holds no line; one JSON object a line is wanted, with `id` or the prompt")
    return found


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                row = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
                if not isinstance(row, dict):
                    raise BuilderError(f"{path}, line {number}: one JSON object a line is wanted, this is {_kind(row)}")
                yield number, row
    except OSError as error:
        raise BuilderError(f"{path}: cannot be read: {error.strerror or error}") from error
    except orjson.JSONDecodeError as error:
        raise BuilderError(f"{path}, line {number}: is not JSON ({error}); one JSON object a line is wanted") from error


def _kind(value: object) -> str:
    return "a list" if isinstance(value, list) else "a text" if isinstance(value, str) else "neither"


def names_of(row: Mapping[str, Any]) -> list[str]:
    """What may be the id of a row, in a line or in the `doc` that a harness puts into it."""
    outer = [row, *(row[key] for key in ("doc", "metadata", "sample") if isinstance(row.get(key), dict))]
    return [each[key] for each in outer for key in IDS if isinstance(each.get(key), str) and each[key]]


def prompt_of(row: Mapping[str, Any]) -> str:
    """The prompt of a line: a text, or the last message of the user; empty if there is none."""
    outer = [row, *(row[key] for key in ("doc", "metadata", "sample", "body") if isinstance(row.get(key), dict))]
    for key in PROMPTS:
        for each in outer:
            value = each.get(key)
            turns = turns_of(value) if isinstance(value, list | dict) else None
            said = [text for role, text in turns or () if role == USER and isinstance(text, str)]
            if said or (isinstance(value, str) and value.strip()):
                return said[-1] if said else str(value)
    return ""


def answers_of(row: Mapping[str, Any]) -> Iterator[str]:
    """The answers in a line: those under the first key that holds any."""
    for key in ANSWERS:
        answers = list(_texts(row[key], _DEPTH)) if row.get(key) is not None else []
        if answers:
            yield from answers
            return
    if isinstance(row.get("error"), dict | str) or (isinstance(row.get("response"), dict) and row.get("custom_id")):
        yield ""  # a request that failed is an answer without a program


def _texts(value: Any, depth: int) -> Iterator[str]:
    """The answers in a value: a text, a chat whose last turn is the assistant's, an API's object, or a list of such."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth:
        turns = turns_of(value)
        if turns is not None and any(role in (ASSISTANT, USER, "system") for role, _ in turns):
            yield from _last_said(turns)
        else:
            for each in value:
                yield from _texts(each, depth - 1)
    elif isinstance(value, dict) and depth:
        turns = turns_of([value])
        if turns is not None and turns[0][0] == ASSISTANT:
            yield from _last_said(turns)
            return
        inner = ("body", "choices", "message", "output", *ANSWERS, "content")
        found: list[str] = []
        for key in inner:
            found = found or (list(_texts(value[key], depth - 1)) if value.get(key) is not None else [])
        yield from found


def _last_said(turns: Iterable[tuple[str, object]]) -> Iterator[str]:
    said = [text for role, text in turns if role == ASSISTANT]
    if said:
        yield said[-1] if isinstance(said[-1], str) else ""


def _plain(prompt: str) -> str:
    return " ".join(prompt.split())


# The program of an answer


@dataclass(frozen=True, slots=True)
class Extracted:
    """The program of an answer."""

    code: str
    """Empty if there is none."""
    how: str
    """`fence`, `text` (the whole answer, which has no fence) or `none`."""


def program_of(answer: str) -> Extracted:
    """The program of an answer: its last fenced block after any draft (`<think>…</think>`), else the whole answer.

    A draft at the start that is not closed goes on to the end. Nothing is cleaned: only the line end before the closing
    fence goes, which belongs to the fence.

    >>> program_of("<think>```python\\nx```</think>So:\\n```python\\nfrom manim import *\\n```")
    Extracted(code='from manim import *', how='fence')
    """
    text = _after_drafts(answer)
    blocks = [token.content for token in _markdown().parse(text) if token.type == "fence"]
    code = next((block for block in reversed(blocks) if block.strip()), "").removesuffix("\n") if blocks else text
    if not code.strip():
        return Extracted("", "none")
    return Extracted(code, "fence" if blocks else "text")


def _after_drafts(answer: str) -> str:
    marks = list(_DRAFT.finditer(answer)) if "<" in answer else []
    closed = [mark.end() for mark in marks if mark.group().startswith("</")]
    if closed:
        return answer[closed[-1] :]
    return "" if marks and not answer[: marks[0].start()].strip() else answer


@cache
def _markdown() -> MarkdownIt:
    """Knows fences and lists, in which fences are indented, and nothing else: tags around a fence do not hide it."""
    return MarkdownIt("zero").enable(["fence", "list"])
