"""Values of settings: as TOML, JSON, flags or keyword arguments give them, and the files that they name."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from builder.errors import SettingError
from builder.files import sha256_of


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


def benchmark_file(told: str) -> tuple[Path, str]:
    """A file of `decontaminate` and the column in it; a name that is itself a file's holds no column."""
    path, column = Path(told).expanduser(), ""
    if not path.is_file() and ":" in told:
        name, _, column = told.rpartition(":")
        path = Path(name).expanduser()
    if not path.is_file():
        raise SettingError(f"--decontaminate {told}: no such file; name one of JSON Lines, JSON, Parquet or CSV")
    return path, column


def tokenizer_file(told: str) -> Path | None:
    """The file that `tokenizer` names, itself or in a folder; `None` if it names no path but a model of the Hub.

    Raises:
        SettingError: it is a folder without a tokenizer.json.
    """
    path = Path(told).expanduser()
    if path.is_dir() and told:
        path /= "tokenizer.json"
        if not path.is_file():
            raise SettingError(f"--tokenizer {told}: the folder holds no tokenizer.json")
    return path if told and path.is_file() else None


def hashed(flag: str, path: Path, column: str = "") -> str:
    """A file's SHA-256, with the column that was named, for the manifest, which holds no paths."""
    try:
        return sha256_of(path) + (f":{column}" if column else "")
    except OSError as error:
        raise SettingError(f"{flag} {path}: {error.strerror}") from error
