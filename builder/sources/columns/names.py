"""Which columns hold the description and the code, by name: those that the source names, or likely names.

`builder.sources.columns.detect` finds them by value where no column has the source's name.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from builder.config import nearest
from builder.core.errors import FieldsNotFoundError, SettingError
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
            near = nearest(named, columns)
            more = "" if near.endswith(")") else f" Columns: {', '.join(columns)}"
            raise SettingError(f"{spec.name}: no column {named!r}, which {flag} names{near}{more}")


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
