"""Which columns hold the description and the code, by name: those that the source names, or likely names.

`builder.sources.columns.detect` finds them by value where no column has the source's name. Values inside lists and
objects are columns of their own: `messages.user`, `example.prompt`, `instruction + input`. Of a chat, `user` is the
last request that stands on its own and `assistant` the last complete program that answers it
(`builder.sources.columns.chats`); of other roles the first message is read.
"""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from builder.config import did_you_mean
from builder.core.errors import FieldsNotFoundError, SettingError
from builder.sources.columns.chats import ASSISTANT, USER, Exchange, exchanges, last_task, role_name, turns_of
from builder.sources.file_formats import Batch, BrokenRow, Table
from builder.sources.formats.table import SPLIT_BY_FILE
from builder.sources.spec import SourceSpec

DESCRIPTION_NAMES = ("description", "instruction", "prompt", "question", "query", "input")
CODE_NAMES = ("code", "output", "answer", "response", "completion")
Role = Literal["description", "code"]
LIKELY_NAMES: dict[Role, frozenset[str]] = {
    "description": frozenset(DESCRIPTION_NAMES),
    "code": frozenset(CODE_NAMES),
}
"""Names that a column of each role often has, in lower case, letters and digits alone."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The columns chosen; empty where the source has no such column."""

    description: str
    code: str
    split: str = ""
    error: str = ""
    difficulty: str = ""


def with_others(spec: SourceSpec, columns: Sequence[str], description: str, code: str) -> Fields:
    """These two fields, and those that the source names for other ends, where it has them.

    Raises:
        FieldsNotFoundError: description and code are the same column.
    """
    if description == code:
        raise FieldsNotFoundError(not_found(spec, columns, "code", f"column {code!r} is taken for the description"))
    split, error = named_column(spec.split_field, columns), named_column(spec.error_field, columns)
    split = split or (SPLIT_BY_FILE if SPLIT_BY_FILE in columns else "")
    return Fields(description, code, split, error, named_column(spec.difficulty_field, columns))


def named_column(named: str, columns: Sequence[str]) -> str:
    """The column of that name, case and separators aside where no column has it to the letter; empty if none has."""
    if not named or named in columns:
        return named
    alike = [column for column in columns if plain_name(column) == plain_name(named)]
    return alike[0] if len(alike) == 1 else ""


def plain_name(name: str) -> str:
    """A name in lower case, letters and digits alone."""
    return "".join(character for character in name.lower() if character.isalnum())


def is_prompt(name: str) -> bool:
    """Whether a name says prompt, and not, as `instruction` and `input` do, a template or what is put into it."""
    return plain_name(name.rpartition(".")[2]) in ("prompt", "description", "question", "query")


def refuse_missing(spec: SourceSpec, columns: Sequence[str], found: Mapping[str, str]) -> None:
    """Refuse a column that the user named and that is not there, rather than read another one.

    Args:
        spec: the source.
        columns: those that there are.
        found: what was found of the fields, by the spec's name for each; others are looked up.

    Raises:
        SettingError: a field that the user named is not among the columns.
    """
    for key in spec.asked:
        named = getattr(spec, key)
        if named and not found.get(key, "" if key in found else named_column(named, columns)):
            flag = f"--{key.replace('_', '-')}" if key in ("description_field", "code_field") else f"`{key}`"
            there_are = f"(there are: {', '.join(columns)})"
            raise SettingError(
                f"{spec.name}: no column {named!r}, which {flag} names {there_are}{did_you_mean(named, columns)}"
            )


def likely_columns(role: Role, columns: Iterable[str]) -> list[str]:
    """The columns with a likely name for a role; of a nested one, its last part counts."""
    return [
        column for column in columns if {plain_name(column), plain_name(column.rpartition(".")[2])} & LIKELY_NAMES[role]
    ]


def not_found(
    spec: SourceSpec,
    columns: Sequence[str],
    role: Role,
    what: str,
    *,
    evidence: Sequence[str] = (),
    likely: Sequence[str] = (),
) -> str:
    """What to tell of a field that was not found: why, the columns, what they hold, and the flag to type."""
    seen = f" What they hold: {'; '.join(evidence)}." if evidence else ""
    flags = " or ".join(f"--{role}-field {shlex.quote(f'{spec.name}={column}')}" for column in likely)
    return (
        f"{spec.name}: the {role} was not found: {what}. Columns: {', '.join(columns) or 'none'}.{seen} "
        f"Name it with --{role}-field {spec.name}=COLUMN" + (f", such as {flags}" if flags else "")
    )


MAX_DEPTH = 4
"""Levels below a column that are looked into."""
MAX_NAMES = 64
"""Nested names that one column offers at the most: objects may have wild keys."""
JOIN = " + "
"""Between the names of columns whose texts are joined, with a blank line between them."""
TASKS = " tasks"
"""In batches of which one row may be several: the number of each among those of its row, from 0, and the exchange."""


def with_nested(table: Table, tally: Counter[str] | None = None) -> Table:
    """The same table, whose batches also give columns inside others (`COLUMN.PART`) and joined ones (`A + B`).

    Where both the requests and the answers of one chat are asked for, each of its exchanges is a row, and batches have
    the column `TASKS`; `tally` counts the `rows`, the `tasks` beyond one a row, and the exchanges `left out`.
    """
    tally = Counter() if tally is None else tally

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        parts = {name: joined_names(name, table.columns) or (name,) for name in wanted}
        outer = {part: outer_column(part, table.columns) or part for found in parts.values() for part in found}
        chat = _chat_of(outer)
        for batch in table.batches(list(dict.fromkeys(outer.values()))):
            count = len(next(iter(batch.values())))
            tasks = [_exchanges_in(value, chat[1]) for value in batch[chat[0]]] if chat else [(None,)] * count
            columns: dict[str, list[object]] = {name: [] for name in wanted}
            for number, found in enumerate(tasks):
                for task in found:
                    for name, of_name in parts.items():
                        values = [_part(batch[outer[part]][number], part, outer[part], chat, task) for part in of_name]
                        columns[name].append(_joined(values) if len(values) > 1 else values[0])
            left_out = sum(bool(task and task.left_out) for found in tasks for task in found)
            tally["rows"] += count
            tally["left out"] += left_out
            tally["tasks"] += sum(map(len, tasks)) - count - left_out
            if chat:
                columns[TASKS] = [numbered for found in tasks for numbered in enumerate(found)]
            yield {**columns}

    return Table(table.columns, batches, table.notes, table.unread)


def outer_column(name: str, columns: Iterable[str]) -> str:
    """The column that holds a name: the one so called, or else the longest that the name goes on from with a dot."""
    holding = [column for column in columns if name == column or name.startswith(f"{column}.")]
    return max(holding, key=len, default="")


def joined_names(name: str, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that a joined one is made of; nothing if it is not one."""
    parts = tuple(name.split(JOIN))
    return parts if name not in columns and len(parts) > 1 and set(parts) <= set(columns) else ()


def inner_value(value: object, path: str) -> object:
    """What stands under a path inside a value; `None` where nothing does. A broken row stays one."""
    if isinstance(value, BrokenRow):
        return value
    turns = turns_of(value)
    value = _as_object(value)
    if turns is None and isinstance(value, dict) and path in value:
        return value[path]
    part, _, rest = path.partition(".")
    if turns is None:
        found = value.get(part) if isinstance(value, dict) else None
    elif (role := role_name(part)) in (USER, ASSISTANT):
        last = last_task(turns)
        found = last.request if role == USER else last.answer
    else:
        found = next((content for who, content in turns if who == role), None)
    return inner_value(found, rest) if rest else found


def nested_names(column: str, values: Iterable[object]) -> tuple[str, ...]:
    """The names under which texts stand inside a column's values, in the order in which they are met."""
    names: dict[str, None] = {}
    for value in values:
        for name in _names_within(column, value, MAX_DEPTH):
            names[name] = None
            if len(names) == MAX_NAMES:
                return tuple(names)
    return tuple(names)


def _names_within(name: str, value: object, depth: int) -> Iterator[str]:
    turns = turns_of(value)
    value = _as_object(value)
    if turns is not None:
        yield from (f"{name}.{role}" for role, content in turns if isinstance(content, str))
    elif isinstance(value, dict) and depth:
        for key, inner in value.items():
            if isinstance(key, str) and isinstance(inner, str) and turns_of(inner) is None:
                yield f"{name}.{key}"
            elif isinstance(key, str):
                yield from _names_within(f"{name}.{key}", inner, depth - 1)


def _as_object(value: object) -> object:
    """A map, which Arrow gives as pairs, as an object; other values as they are."""
    if isinstance(value, list) and value and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
        return dict(value)
    return value


def _joined(values: Sequence[object]) -> object:
    """Texts with a blank line between them; what is broken or no text stands for all."""
    odd = [value for value in values if value is not None and not isinstance(value, str)]
    texts = [value.strip() for value in values if isinstance(value, str) and value.strip()]
    return odd[0] if odd else "\n\n".join(texts) or None


def _chat_of(outer: Mapping[str, str]) -> tuple[str, str] | None:
    """The column and the path of a chat of which both requests and answers are asked for."""
    roles: dict[tuple[str, str], set[str]] = {}
    for name, column in outer.items():
        path, _, role = name[len(column) :].rpartition(".")
        if role:
            roles.setdefault((column, path[1:]), set()).add(role_name(role))
    return next((chat for chat, found in roles.items() if {USER, ASSISTANT} <= found), None)


def _exchanges_in(value: object, path: str) -> Sequence[Exchange | None]:
    turns = turns_of(inner_value(value, path) if path else value)
    return exchanges(turns) if turns is not None else (None,)


def _part(value: object, name: str, column: str, chat: tuple[str, str] | None, task: Exchange | None) -> object:
    if name == column:
        return value
    path = name[len(column) + 1 :]
    before, _, role = path.rpartition(".")
    if task is not None and chat == (column, before) and role_name(role) in (USER, ASSISTANT):
        return task.request if role_name(role) == USER else task.answer
    return inner_value(value, path)
