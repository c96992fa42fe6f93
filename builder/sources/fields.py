"""Which columns hold the description and the code: those that the source names, or likely names."""

from collections.abc import Sequence
from dataclasses import dataclass

from builder.errors import FieldsNotFoundError
from builder.sources.spec import SourceSpec

DESCRIPTION_NAMES = ("description", "instruction", "prompt", "question", "query", "input")
CODE_NAMES = ("code", "output", "answer", "response", "completion")


@dataclass(frozen=True, slots=True)
class Fields:
    """The columns chosen; empty where the source has no such column."""

    description: str
    code: str
    split: str = ""
    error: str = ""
    difficulty: str = ""


def find_fields(spec: SourceSpec, columns: Sequence[str]) -> Fields:
    """Choose the columns of a source.

    Raises:
        FieldsNotFoundError: no column, or more than one, is likely for the description or the code.
    """
    description = _find(spec, columns, "description", spec.description_field, DESCRIPTION_NAMES)
    code = _find(spec, columns, "code", spec.code_field, CODE_NAMES)
    if description == code:
        raise FieldsNotFoundError(_message(spec, columns, "code", f"column {code!r} is taken for the description"))
    split = _exact(spec.split_field, columns)
    return Fields(description, code, split, _exact(spec.error_field, columns), _exact(spec.difficulty_field, columns))


def _find(spec: SourceSpec, columns: Sequence[str], role: str, named: str, likely: Sequence[str]) -> str:
    if exact := _exact(named, columns):
        return exact
    found = [column for column in columns if _plain(column) in likely]
    if len(found) == 1:
        return found[0]
    what = f"several columns may hold it ({', '.join(found)})" if found else "no column has a likely name"
    missing = f"column {named!r} is missing and " if named else ""
    raise FieldsNotFoundError(_message(spec, columns, role, missing + what))


def _exact(named: str, columns: Sequence[str]) -> str:
    """The column of that name, case and separators aside where no column has it to the letter."""
    if named in columns:
        return named
    alike = [column for column in columns if _plain(column) == _plain(named)]
    return alike[0] if len(alike) == 1 else ""


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _message(spec: SourceSpec, columns: Sequence[str], role: str, what: str) -> str:
    listed = ", ".join(columns) or "none"
    return (
        f"{spec.name}: the {role} was not found: {what}. Columns: {listed}. "
        f"Name it with --{role}-field {spec.name}=COLUMN"
    )
