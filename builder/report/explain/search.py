"""Finds the row that a person means: by its id, or by a piece of its description."""

from collections.abc import Sequence

import polars as pl
from rapidfuzz.fuzz import partial_ratio, ratio

from builder.core.errors import SettingError
from builder.core.ledger import id_column
from builder.core.row_store import lazy
from builder.pipeline.build import ID, Prepared, known_ids
from builder.prepare.keys import description_key

FIRST_CHARACTERS = 100
"""Of a description that is named and not shown."""
_NEEDLE = 500
_HAY = 2_000
"""Characters of the text that was asked for, and of a description, in which the nearest is looked for."""


def found_rows(prepared: Prepared, wanted: str) -> pl.DataFrame:
    """Descriptions that hold a text: `id` of the first row, `description`, `rows` (indices); in order of reading."""
    needle = " ".join(wanted.lower().split())
    if not needle:
        raise SettingError(f"explain {wanted!r}: an id, or a piece of a prompt, is wanted")
    texts = lazy(prepared.files, ("description", "description_key"))
    plain = pl.col("description").str.to_lowercase().str.replace_all(r"\s+", " ")
    found = (
        texts.filter(plain.str.contains(needle, literal=True) & pl.col("description_key").is_not_null())
        .group_by("description_key")
        .agg(pl.col("index").sort().alias("rows"), pl.col("description").sort_by("index").first())
        .sort(pl.col("rows").list.first())
        .collect()
    )
    whole = found.filter(pl.col("description_key") == description_key(wanted))
    found = found if whole.is_empty() else whole
    if found.is_empty():
        raise SettingError(_nothing_found(prepared, wanted))
    ids = ids_of(prepared.rows, found["rows"].list.first().to_list())
    return found.with_columns(pl.Series("id", ids, dtype=pl.String))


def _nothing_found(prepared: Prepared, wanted: str) -> str:
    """The message that names the description nearest to a text that none holds."""
    if ID.fullmatch(wanted.strip()):
        return f"no row has the id {wanted!r}; there are {known_ids(prepared)}"
    needle = " ".join(wanted.lower().split())[:_NEEDLE]
    best, nearest = 0.0, None
    for index, text in lazy(prepared.files, ("description",)).select("index", "description").collect().iter_rows():
        hay = " ".join((text or "")[:_HAY].lower().split())
        score = (ratio if len(hay) < len(needle) else partial_ratio)(needle, hay, score_cutoff=best)
        if score > best:
            best, nearest = score, (index, text)
    near = ""
    if nearest is not None:
        (row_id,) = ids_of(prepared.rows, [nearest[0]])
        near = f"; the nearest is {row_id}: {first_words(nearest[1])}"
    return f"no description holds {first_words(wanted)!r}{near}"


def first_words(text: str) -> str:
    """A description in one line, cut where it is long."""
    line = " ".join(text[: 4 * FIRST_CHARACTERS].split())
    return line if len(line) <= FIRST_CHARACTERS else f"{line[:FIRST_CHARACTERS]} …"


def ids_of(rows: pl.DataFrame, indices: Sequence[int]) -> list[str]:
    """Ids of rows, in this order."""
    named = dict(rows.filter(pl.col("index").is_in(indices)).select("index", id_column()).iter_rows())
    return [named[index] for index in indices]
