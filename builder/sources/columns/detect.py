"""Finds the description and the code of a source: the columns that it names, or else by what columns hold.

Names lie, so values come first: the code is a column whose values are programs, the description one of prose. Of
columns of prose, one with a likely name is taken, or else the one that varies most; of programs, the likely name only
decides between columns that are as likely by value. Names also decide where values say nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from builder.core.errors import FieldsNotFoundError
from builder.sources.columns.content import CODE, CODE_SHARE, PROSE, Column, look_into, sample_values
from builder.sources.columns.names import (
    JOIN,
    Fields,
    Role,
    inner_value,
    is_prompt,
    joined_names,
    likely_columns,
    named_column,
    not_found,
    outer_column,
    plain_name,
    refuse_missing,
    with_others,
)
from builder.sources.file_formats import Batch, Table
from builder.sources.formats.table import SPLIT_BY_FILE
from builder.sources.spec import SourceSpec

AS_LIKELY = 0.1
"""Two columns whose scores (0 to 1) are nearer than this are as likely; of fewer than ten rows, 1 / rows."""
FEW_ROWS = 5
"""In a table of fewer rows a likely name is trusted, unless it says code and another column alone holds Manim code."""
ROWS_FOR_HALF = 2
"""Confidence in a choice by value is multiplied by rows / (rows + this): 0.5 for two rows, above 0.99 for 400."""
BY_LIKELY_NAME = 0.3
"""Confidence in a column that is taken for its likely name alone."""
NAME_WEIGHT = 0.1
"""What a likely name adds to the confidence in a column that was chosen by value."""

_TEXTS = frozenset((PROSE, "other texts", "single words", "numbers"))
"""What Alpaca's input may hold, to be joined to its instruction."""

How = Literal["named", "by value"]


@dataclass(frozen=True, slots=True)
class Choice:
    """The fields of a source and what speaks for them."""

    fields: Fields
    how: How
    """`named`: by the source, or (confidence below 1) by likely names where the values say nothing."""
    confidence: float
    """From 0 to 1; that of the less certain of the two columns."""
    evidence: tuple[str, ...]
    """A line for each column."""

    def warning(self, spec: SourceSpec, columns: Sequence[str]) -> str:
        """What a person should know of a choice that is not the source's own; empty if there is nothing to say."""
        chosen = {"description": self.fields.description, "code": self.fields.code}
        named = {"description": spec.description_field, "code": spec.code_field}
        missing = [
            name for role, name in named.items() if name and chosen[role] not in (name, named_column(name, columns))
        ]
        if self.how != "by value" and not missing:
            return ""
        lacks = f"no column {' and no column '.join(map(repr, missing))}; " if missing else ""
        told = ", ".join(f"{role} from `{name}`" for role, name in chosen.items())
        flags = " ".join(f"--{role}-field {spec.name}=COLUMN" for role in chosen)
        how = "by value" if self.how == "by value" else "by a likely name"
        return f"{spec.name}: {lacks}{told}, chosen {how} (confidence {self.confidence:.2f}); to choose others: {flags}"


@dataclass(frozen=True, slots=True)
class _Pick:
    """The column of one role."""

    name: str
    how: How
    confidence: float


@dataclass(frozen=True, slots=True)
class _Search:
    """What is known of the table in which columns are looked for."""

    spec: SourceSpec
    names: tuple[str, ...]
    columns: Sequence[Column]
    evidence: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows that were looked at."""
        return max((len(column.keys) for column in self.columns), default=0)

    @property
    def margin(self) -> float:
        """Difference of scores from which on one column is likelier than another."""
        return max(AS_LIKELY, 1 / max(self.rows, 1))

    def refuse(self, role: Role, what: str, likely: Sequence[str] = ()) -> FieldsNotFoundError:
        """The error that says what was seen and what to type."""
        named = self.spec.description_field if role == "description" else self.spec.code_field
        missing = f"column {named!r} is missing and " if named else ""
        text = not_found(self.spec, self.names, role, missing + what, evidence=self.evidence, likely=likely)
        return FieldsNotFoundError(text)


def choose_fields(spec: SourceSpec, table: Table, columns: Sequence[Column] | None = None) -> Choice:
    """Choose the columns of a source.

    Args:
        spec: the source.
        table: its rows.
        columns: what `look_into` found in the table, where that is known already.

    Raises:
        FieldsNotFoundError: no column, or more than one, is likely for the description or the code.
        SourceError: the table cannot be read.
    """
    description = _named(spec.description_field, table)
    code = _named(spec.code_field, table)
    refuse_missing(spec, table.columns, {"description_field": description, "code_field": code})
    if description and code:
        lines = tuple(f"`{column}`: named by the source" for column in dict.fromkeys((description, code)))
        return Choice(with_others(spec, table.columns, description, code), "named", 1.0, lines)
    columns = look_into(table) if columns is None else columns
    search = _Search(spec, table.columns, columns, evidence_lines(table, columns))
    others = {named_column(name, table.columns) for name in (spec.split_field, spec.error_field, spec.difficulty_field)}
    code_pick = _Pick(code, "named", 1.0) if code else _pick_code(search, {*others, description})
    if description:
        pick = _Pick(description, "named", 1.0)
    else:
        pick = _pick_description(search, {*others, code_pick.name}, code_pick.name)
    picks = (pick, code_pick)
    how: How = "by value" if any(pick.how == "by value" for pick in picks) else "named"
    fields = with_others(spec, table.columns, pick.name, code_pick.name)
    return Choice(fields, how, min(pick.confidence for pick in picks), search.evidence)


def with_same_names(spec: SourceSpec, table: Table) -> Table:
    """A table of files that call description and code by other names, with those of the first file in all.

    A table whose files have two columns or more in common is left as it is, as is one of whose files one is not
    understood.
    """
    own = [set(part.columns) - {SPLIT_BY_FILE} for part in table.parts]
    if not own or len(set.intersection(*own)) > 1:
        return table
    try:
        found = [choose_fields(spec, part).fields for part in table.parts]
    except FieldsNotFoundError:
        return table
    wanted = (found[0].description, found[0].code)
    if any(name not in table.columns for fields in found for name in (fields.description, fields.code)):
        return table
    parts = tuple(
        _renamed(part, {fields.description: wanted[0], fields.code: wanted[1]})
        for part, fields in zip(table.parts, found, strict=True)
    )
    others = sorted({f"`{fields.description}` and `{fields.code}`" for fields in found[1:] if fields != found[0]})
    note = f"{', '.join(others)} of some files are read as `{wanted[0]}` and `{wanted[1]}`"
    columns = tuple(dict.fromkeys(name for part in parts for name in part.columns))
    return Table(
        columns,
        lambda names: (batch for part in parts for batch in part.batches(names)),
        (*table.notes, *([note] if others else [])),
        table.unread,
    )


def _renamed(table: Table, names: Mapping[str, str]) -> Table:
    """A table with other names for some columns; a column that had one of them is left out."""
    own = {names.get(name, name): name for name in table.columns if name in names or name not in names.values()}

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        asked = {name: own.get(name, "") for name in wanted}
        for batch in table.batches(list(dict.fromkeys(asked.values()))):
            yield {name: batch[column] for name, column in asked.items()}

    return Table(tuple(own), batches, table.notes, table.unread)


def evidence_lines(table: Table, columns: Sequence[Column]) -> tuple[str, ...]:
    """A line for each column, in the order of the table, those inside others after the column that holds them."""
    lines: list[str] = []
    for name in dict.fromkeys(table.columns):
        if name in table.unread:
            lines.append(f"`{name}`: bytes, not read")
        lines += [column.evidence for column in columns if name in (column.name, column.outer)]
    return tuple(lines)


def _named(name: str, table: Table) -> str:
    """The column that the source names, if the table has it; one inside another, if a row of the sample has it."""
    if exact := named_column(name, table.columns):
        return exact
    if joined_names(name, table.columns):
        return name
    outer = outer_column(name, table.columns)
    if not outer or outer in table.unread:
        return ""
    path = name[len(outer) + 1 :]
    one = Table((outer,), table.batches)
    held = any(inner_value(value, path) is not None for value in sample_values(one)[outer])
    return name if held else ""


def _pick_code(search: _Search, taken: Collection[str]) -> _Pick:
    able = [column for column in search.columns if column.name not in taken and column.may_be_code]
    own = [column for column in able if not column.outer]
    inner = [column for column in able if column.outer]
    # A chat or an object is a decoy beside a column of code, but not beside one of formulas.
    nested_only = not own or (not any(map(_uses_manim, own)) and any(map(_uses_manim, inner)))
    return _pick(search, "code", inner if nested_only else own, taken, lambda column: column.code_score)


def _uses_manim(column: Column) -> bool:
    return column.manim_share >= CODE_SHARE


def _pick_description(search: _Search, taken: Collection[str], code: str) -> _Pick:
    able = [
        column
        for column in search.columns
        if column.name not in taken and (column.may_be_description or (column.repeats and is_prompt(column.name)))
    ]
    outer = "" if code in search.names else outer_column(code, search.names)
    beside = [column for column in able if column.outer == outer]
    able = beside or [column for column in able if not column.outer] or able
    likely = [column for column in able if likely_columns("description", [column.name])]
    inputs = {whole.partition(JOIN)[2] for column in likely if (whole := _with_input(search, column.name, taken))}
    wanted = [column for column in likely if column.name not in inputs] or able
    free = [column for column in able if column.name not in inputs]
    taken_too = {*taken, *inputs}
    pick = _pick(search, "description", free, taken_too, lambda column: column.prose_score, preferred=_names(wanted))
    joined = _with_input(search, pick.name, taken)
    return replace(pick, name=joined) if joined else pick


def _with_input(search: _Search, name: str, taken: Collection[str]) -> str:
    """`instruction + input` for the instruction of a table that has both, unless the input is empty or no text."""
    if plain_name(name) != "instruction":
        return ""
    found = (column for column in search.columns if not column.outer and plain_name(column.name) == "input")
    column = next(found, None)
    if column is None or column.name in taken or not column.filled or column.kind not in _TEXTS:
        return ""
    return f"{name}{JOIN}{column.name}"


def _pick(
    search: _Search,
    role: Role,
    able: Sequence[Column],
    taken: Collection[str],
    score: Callable[[Column], float],
    *,
    preferred: Collection[str] = (),
) -> _Pick:
    """The best of the columns that may have a role, or of those preferred; the first of those of the same values."""
    likely = [name for name in likely_columns(role, search.names) if name not in taken]
    ranked = sorted((column for column in able if column.same_as not in _names(able)), key=lambda c: -score(c))
    trusted = search.rows < FEW_ROWS and not (role == CODE and _lies(likely, ranked))
    if len(likely) == 1 and (trusted or not ranked):
        return _Pick(likely[0], "named", BY_LIKELY_NAME)
    if not ranked:
        named = f"several columns have a likely name ({', '.join(likely)})" if likely else "no column has a likely name"
        raise search.refuse(role, f"no column's values look like it, and {named}", likely)
    first_ones = [column for column in ranked if column.name in preferred] or ranked
    best = first_ones[0]
    rivals = [column for column in first_ones if score(best) - score(column) < search.margin]
    if len(rivals) > 1:
        called = likely_columns(role, _names(rivals))
        if len(called) != 1:
            names = _names(rivals)
            raise search.refuse(role, f"several columns are as likely by value ({', '.join(names)})", names)
        best = next(column for column in rivals if column.name == called[0])
    runner_up = max((score(column) for column in ranked if column is not best), default=0.0)
    sure = score(best) - min(runner_up, score(best)) / 2 + NAME_WEIGHT * bool(likely_columns(role, [best.name]))
    first = best.same_as if best.same_as and best.same_as not in taken else best.name
    return _Pick(first, "by value", round(min(sure, 1.0) * search.rows / (search.rows + ROWS_FOR_HALF), 2))


def _lies(likely: Sequence[str], ranked: Sequence[Column]) -> bool:
    """Whether a column holds Manim code, and none of those with a likely name holds any code."""
    return any(map(_uses_manim, ranked)) and not set(likely) & set(_names(ranked))


def _names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]
