"""Cells and names as hostile files hold them: texts that are no UTF-8, names that come twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """Stands for a row that its file holds but that cannot be read."""

    reason: str


def unlike_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names of columns, none of them twice: later ones of an equal name become `NAME (2)`, `NAME (3)`."""
    taken = set(names)
    seen: set[str] = set()
    unlike: list[str] = []
    for name in names:
        number, own = 2, name
        while own in seen or (own != name and own in taken):
            own, number = f"{name} ({number})", number + 1
        seen.add(own)
        unlike.append(own)
    return tuple(unlike)


def utf8_name(text: str) -> str:
    """A name with a replacement mark for whatever is no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def is_bytes(kind: pa.DataType) -> bool:
    """Whether values of a type are bytes."""
    tests: tuple[Callable[[pa.DataType], bool], ...] = (
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_fixed_size_binary,
        pa.types.is_binary_view,
    )
    return any(test(kind) for test in tests)


def plain_values(column: "pa.Array[Any]") -> list[object]:
    """Values of an Arrow column, bytes as text; no UTF-8 becomes lone surrogates, other bad values broken rows."""
    try:
        values: list[object] = column.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):  # one value spoils them all: take them one by one
        values = [_plain_value(value) for value in column]
    if is_bytes(column.type):
        return [value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value for value in values]
    return values


def _plain_value(value: "pa.Scalar[Any]") -> object:
    try:
        return value.as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        inner = value.value if isinstance(value, pa.DictionaryScalar) else value
        if isinstance(inner, pa.StringScalar | pa.LargeStringScalar):
            buffer = inner.as_buffer()
            return buffer.to_pybytes().decode("utf-8", "surrogateescape") if buffer else None
        return BrokenRow(f"a value of type {value.type} that cannot be read")
