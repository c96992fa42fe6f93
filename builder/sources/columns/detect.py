"""Finds the description and the code of a source: the columns that it names, or else by what columns hold.

Names lie, so values come first: the code is the column whose values are programs, the description the prose that
varies most. Likely names only decide between columns that are as likely by value, or where values say nothing.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from builder.core.errors import FieldsNotFoundError
from builder.sources.columns.content import CODE, CODE_SHARE, Column, look_into, sample_values
from builder.sources.columns.names import Fields, Role, likely_columns, named_column, not_found, with_others
from builder.sources.columns.nested import inner_value, outer_column
from builder.sources.file_formats import Table
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
        named = _named_in(self.spec, role)
        missing = f"column {named!r} is missing and " if named else ""
        text = not_found(self.spec, self.names, role, missing + what, evidence=self.evidence, likely=likely)
        return FieldsNotFoundError(text)


def choose_fields(
    spec: SourceSpec, table: Table, unread: Collection[str] = (), columns: Sequence[Column] | None = None
) -> Choice:
    """Choose the columns of a source.

    Args:
        spec: the source.
        table: its rows.
        unread: columns that hold bytes; they are not looked into.
        columns: what `look_into` found in the table, where that is known already.

    Raises:
        FieldsNotFoundError: no column, or more than one, is likely for the description or the code.
        SourceError: the table cannot be read.
    """
    description = _named(spec.description_field, table, unread)
    code = _named(spec.code_field, table, unread)
    if description and code:
        lines = tuple(f"`{column}`: named by the source" for column in dict.fromkeys((description, code)))
        return Choice(with_others(spec, table.columns, description, code), "named", 1.0, lines)
    columns = look_into(table, unread) if columns is None else columns
    search = _Search(spec, table.columns, columns, evidence_lines(table, columns, unread))
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


def evidence_lines(table: Table, columns: Sequence[Column], unread: Collection[str] = ()) -> tuple[str, ...]:
    """A line for each column, in the order of the table, those inside others after the column that holds them."""
    lines: list[str] = []
    for name in dict.fromkeys(table.columns):
        if name in unread:
            lines.append(f"`{name}`: bytes, not read")
        lines += [column.evidence for column in columns if name in (column.name, column.outer)]
    return tuple(lines)


def _named(name: str, table: Table, unread: Collection[str]) -> str:
    """The column that the source names, if the table has it; one inside another, if a row of the sample has it."""
    if exact := named_column(name, table.columns):
        return exact
    outer = outer_column(name, table.columns)
    if not outer or outer in unread:
        return ""
    path = name[len(outer) + 1 :]
    one = Table((outer,), table.batches)
    held = any(inner_value(value, path) is not None for value in sample_values(one)[outer])
    return name if held else ""


def _named_in(spec: SourceSpec, role: Role) -> str:
    return spec.description_field if role == "description" else spec.code_field


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
    able = [column for column in search.columns if column.name not in taken and column.may_be_description]
    outer = "" if code in search.names else outer_column(code, search.names)
    beside = [column for column in able if column.outer == outer]
    own = [column for column in able if not column.outer]
    return _pick(search, "description", beside or own or able, taken, lambda column: column.prose_score)


def _pick(
    search: _Search, role: Role, able: Sequence[Column], taken: Collection[str], score: Callable[[Column], float]
) -> _Pick:
    """The best of the columns that may have a role; the first of those that hold the same values."""
    likely = [name for name in likely_columns(role, search.names) if name not in taken]
    ranked = sorted((column for column in able if column.same_as not in _names(able)), key=lambda c: -score(c))
    trusted = search.rows < FEW_ROWS and not (role == CODE and _lies(likely, ranked))
    if len(likely) == 1 and (trusted or not ranked):
        return _Pick(likely[0], "named", BY_LIKELY_NAME)
    if not ranked:
        named = f"several columns have a likely name ({', '.join(likely)})" if likely else "no column has a likely name"
        raise search.refuse(role, f"no column's values look like it, and {named}", likely)
    best = ranked[0]
    rivals = [column for column in ranked if score(best) - score(column) < search.margin]
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
