"""Values of settings, as TOML, JSON, flags or keyword arguments give them, in the types of `BuildConfig`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from builder.errors import SettingError


def checked_value(key: str, value: Any, default: Any) -> Any:
    """A setting's value in the type of its default.

    Raises:
        SettingError: it is of another kind.
    """
    if isinstance(default, bool):
        good = isinstance(value, bool)
    elif isinstance(default, int):
        good = isinstance(value, int) and not isinstance(value, bool)
    elif isinstance(default, float):
        good = isinstance(value, int | float) and not isinstance(value, bool)
        value = float(value) if good else value
    elif isinstance(default, str):
        good = isinstance(value, str | Path)
        value = str(value) if good else value
    elif key in ("local", "description_field", "code_field"):
        return _pairs(key, value)
    else:
        good = not isinstance(value, str) and isinstance(value, Iterable)
        value = tuple(value) if good else value
    if not good:
        wanted = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
        raise SettingError(f"{key} = {value!r}: {wanted.get(type(default), 'a list of names')} is wanted")
    return value


def _pairs(key: str, value: Any) -> tuple[tuple[str, str], ...]:
    """Pairs of names and texts, from a table or a list of `NAME=TEXT`; sorted, the last of equal names wins."""
    if isinstance(value, Mapping):
        items = [(str(name), str(text)) for name, text in value.items()]
    elif isinstance(value, str) or not isinstance(value, Iterable):
        raise SettingError(f"{key} = {value!r}: a table of names and texts is wanted")
    else:
        items = []
        for item in value:
            name, separator, text = item.partition("=") if isinstance(item, str) else (item[0], "=", item[1])
            if not (name and separator and text):
                raise SettingError(f"{key} {item!r}: write NAME={'PATH' if key == 'local' else 'COLUMN'}")
            items.append((str(name), str(text)))
    return tuple(sorted(dict(items).items()))
