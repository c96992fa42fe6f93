"""Values inside lists and objects, as columns of their own: `messages.user`, `example.prompt`.

Of a chat (a list of messages with `role` and `content`, or `from` and `value`) the first message of each role is
read; later turns are not. `human` is called `user`, and `gpt`, `model` and `bot` are called `assistant`.
"""

from collections.abc import Iterable, Iterator, Sequence

from builder.sources.file_formats import Batch, BrokenRow, Table

MAX_DEPTH = 4
"""Levels below a column that are looked into."""
MAX_NAMES = 64
"""Nested names that one column offers at the most: objects may have wild keys."""

_ROLES = {"human": "user", "gpt": "assistant", "model": "assistant", "bot": "assistant", "chatgpt": "assistant"}
_MESSAGE_KEYS = (("role", "content"), ("from", "value"))


def with_nested(table: Table) -> Table:
    """The same table, whose batches also give the columns that stand inside others, asked for as `COLUMN.PART`."""

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        outer = {name: outer_column(name, table.columns) or name for name in wanted}
        for batch in table.batches(list(dict.fromkeys(outer.values()))):
            yield {
                name: batch[column]
                if name == column
                else [inner_value(value, name[len(column) + 1 :]) for value in batch[column]]
                for name, column in outer.items()
            }

    return Table(table.columns, batches)


def outer_column(name: str, columns: Iterable[str]) -> str:
    """The column that holds a name: the one so called, or else the longest that the name goes on from with a dot."""
    holding = [column for column in columns if name == column or name.startswith(f"{column}.")]
    return max(holding, key=len, default="")


def inner_value(value: object, path: str) -> object:
    """What stands under a path inside a value; `None` where nothing does. A broken row stays one."""
    if isinstance(value, BrokenRow):
        return value
    messages = _messages(value)
    if messages is None and isinstance(value, dict) and path in value:
        return value[path]
    part, _, rest = path.partition(".")
    if messages is not None:
        wanted = _ROLES.get(part, part)
        found = next((content for role, content in messages if role == wanted), None)
    else:
        found = value.get(part) if isinstance(value, dict) else None
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
    messages = _messages(value)
    if messages is not None:
        yield from (f"{name}.{role}" for role, content in messages if isinstance(content, str))
    elif isinstance(value, dict) and depth:
        for key, inner in value.items():
            if isinstance(key, str) and isinstance(inner, str):
                yield f"{name}.{key}"
            elif isinstance(key, str):
                yield from _names_within(f"{name}.{key}", inner, depth - 1)


def _messages(value: object) -> list[tuple[str, object]] | None:
    """Roles and contents of a chat, in order; `None` where a value is not one. Columns of messages count too."""
    for role, content in _MESSAGE_KEYS:
        if isinstance(value, list) and value and all(isinstance(item, dict) and role in item for item in value):
            pairs = [(item[role], item.get(content)) for item in value]
        elif isinstance(value, dict) and isinstance(value.get(role), list) and isinstance(value.get(content), list):
            pairs = list(zip(value[role], value[content], strict=False))
        else:
            continue
        return [(_ROLES.get(who, who), _text(said)) for who, said in pairs if isinstance(who, str)]
    return None


def _text(content: object) -> object:
    """The text of a message that comes in parts (`[{"type": "text", "text": ...}]`); other contents as they are."""
    if not isinstance(content, list):
        return content
    parts = [part.get("text") for part in content if isinstance(part, dict)]
    return "\n".join(part for part in parts if isinstance(part, str)) or None
