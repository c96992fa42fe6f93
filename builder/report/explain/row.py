"""Questions asked of one build about one row.

Nothing is decided here. Cleaning, checks, split and variants come from the functions that made them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
from rapidfuzz.fuzz import partial_ratio, ratio

from builder.config import BuildConfig
from builder.core.errors import SettingError
from builder.core.events import Events, Silent
from builder.core.ledger import REPAIR, close_ledger, id_column
from builder.core.row_store import columns_of, lazy
from builder.core.schema import Example
from builder.decide.split import split_reason
from builder.emit.augment import variant_of
from builder.emit.rows import emitted_rows
from builder.manim_lint.dialect import COMMUNITY
from builder.pipeline.build import ID, Build, Prepared, index_of, known_ids
from builder.pipeline.story import build, prepare
from builder.prepare.cache import EDITED
from builder.prepare.format_code import STEP as FORMATTED
from builder.prepare.keys import description_key
from builder.prepare.trace import TraceStep, trace_row
from builder.render.verdicts import open_verdicts
from builder.report.explain.explanation import LISTED, Explanation, Match, Matches, Neighbour, Neighbours, Variant
from builder.report.proof.folder import fate
from builder.similarity.compare import same_meaning
from builder.similarity.words import core

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


def explain(config: BuildConfig, wanted: str, events: Events | None = None) -> Explanation | Matches:
    """What became of a row and why.

    Args:
        config: what to build.
        wanted: an id (`SOURCE/ROW`), or a piece of a cleaned description; case and white space do not count.
        events: hears what takes long.

    Returns:
        The row's explanation, or what there is to choose from if the text stands in several descriptions. A text that
        is the whole of one description means that one.

    Raises:
        SettingError: no row has that id, or no description holds the text.
        SourceError: as `builder.pipeline.story.prepare`.
    """
    wanted = wanted.encode("utf-8", "replace").decode()
    prepared = prepare(config, events)
    index = index_of(prepared, wanted)
    if index is not None:
        return _explanation(_decided(prepared, config, events), index)
    found = found_rows(prepared, wanted)
    if found.height > 1:
        rows = found.head(LISTED).iter_rows(named=True)
        matches = tuple(Match(row["id"], row["description"], len(row["rows"])) for row in rows)
        return Matches(wanted, found.height, matches)
    first, *others = found["rows"][0].to_list()
    return _explanation(_decided(prepared, config, events), first, ids_of(prepared.rows, others[:LISTED]))


def _decided(prepared: Prepared, config: BuildConfig, events: Events | None) -> Build:
    """The config decided; of programs only those verdicts are known that were reached before."""
    if not config.renders:
        return build(prepared, config)
    with open_verdicts(config, events or Silent(), limit=0, look=True) as verdicts:
        return build(prepared, config, events, verdicts)


def edits(published: Example, edited: Example) -> list[TraceStep]:
    """The texts that a person replaced, as steps."""
    texts = [
        TraceStep(EDITED, "description", published.description, edited.description),
        TraceStep(EDITED, "code", published.code, edited.code),
    ]
    return [step for step in texts if step.before != step.after]


def _explanation(decided: Build, index: int, also: Sequence[str] = ()) -> Explanation:
    prepared, outcomes, config = decided.prepared, decided.outcomes, decided.config
    place = next(n for n, file in reversed(list(enumerate(prepared.files))) if file.first_index <= index)
    row = index - prepared.files[place].first_index
    read = pl.scan_parquet(prepared.sources[place].path).slice(row, 1).collect().row(0, named=True)
    own = outcomes.row(index, named=True)
    published = Example(read["description"] or "", read["code"] or "")
    decision = prepared.decisions.by_index.get(index)
    edited = decision.edited(published) if decision else published
    trace = trace_row(edited, own["official"], config.dialect == COMMUNITY)
    (text,) = columns_of(prepared.files, ("description",), pl.Series([index], dtype=pl.UInt32))["description"]
    code_index = index if own["code_index"] is None else own["code_index"]
    (code,) = columns_of(prepared.files, ("code",), pl.Series([code_index], dtype=pl.UInt32))["code"]
    laid_out = config.format_code and code_index == index and code != trace.cleaned.code
    line = close_ledger(outcomes, slice(index, index + 1)).row(0, named=True)
    against = _neighbours(decided, text, outcomes.filter(pl.col("index") == _key(own["kept_index"]))).rows
    return Explanation(
        config=config.name,
        id=line["id"],
        outcome=outcomes[index : index + 1].select(fate()).item(),
        fit=_fit(own),
        ledger=line,
        stood_against=next(iter(against), None),
        description=read["description"],
        code=read["code"],
        not_text=read["problem"] or "",
        reported_error=read["error"] or "",
        steps=(
            *edits(published, edited),
            *trace.steps,
            *([TraceStep(FORMATTED, "code", trace.cleaned.code, code)] if laid_out else []),
        ),
        checks=trace.checks(),
        api_found=trace.api_found,
        api_left=trace.api_left,
        equal_descriptions=_neighbours(decided, text, _equal(outcomes, own, "description_key")),
        equal_programs=_neighbours(decided, text, _equal(outcomes, own, "canonical_key")),
        near_descriptions=_neighbours(decided, text, _near(prepared.near, outcomes, own["description_key"])),
        near_duplicates=config.near_duplicates,
        near_test=config.near_test,
        split=split_reason(prepared.rows, index, config.test_size, config.seed, config.validation_size),
        code_used_by=tuple(_users_of(index, prepared.rows, outcomes)),
        final_description=text,
        final_code=code,
        variants=_variants(decided, index, text),
        also=tuple(also),
    )


def _key(key: int | None) -> pl.Expr:
    """A key to compare with; nothing equals one that is not there."""
    return pl.lit(key, pl.UInt64)


def _equal(outcomes: pl.DataFrame, own: dict[str, Any], key: str) -> pl.DataFrame:
    """The other rows with an equal key."""
    return outcomes.filter((pl.col(key) == _key(own[key])) & (pl.col("index") != own["index"]))


def _near(near: pl.DataFrame, outcomes: pl.DataFrame, key: int | None) -> pl.DataFrame:
    """Rows with a near description, nearest first, with `similarity` and `agrees` as found for all configs."""
    left, right, own = pl.col("left"), pl.col("right"), _key(key)
    found = near.filter((left == own) | (right == own)).select(
        pl.when(left == own).then(right).otherwise(left).alias("description_key"),
        pl.col("score").alias("similarity"),
        "agrees",
    )
    return outcomes.join(found, on="description_key").sort(-pl.col("similarity"), "index")


def _neighbours(decided: Build, text: str, rows: pl.DataFrame) -> Neighbours:
    """Rows of the ledger as neighbours of a description."""
    first = rows.head(LISTED)
    texts = dict(
        columns_of(decided.prepared.files, ("description",), first["index"]).select("index", "description").iter_rows()
    )
    listed = []
    for row in first.with_columns(id_column(), fate()).iter_rows(named=True):
        repairs = str(row["code_repairs"]).count(REPAIR)
        found = neighbour(text, texts[row["index"]], row["id"], outcome=row["fate"], repairs=repairs, fit=_fit(row))
        if "similarity" in row:
            found = replace(found, score=row["similarity"], agrees=row["agrees"])
        listed.append(found)
    return Neighbours(rows.height, tuple(listed))


def neighbour(text: str, other: str, row_id: str, *, outcome: str, repairs: int, fit: float | None = None) -> Neighbour:
    """A row with the description `other`, compared with `text` as near descriptions are."""
    verdict = same_meaning(core(text), core(other), 0)
    return Neighbour(
        id=row_id,
        score=verdict.score,
        agrees=verdict.agrees,
        only_here=verdict.only_left,
        only_there=verdict.only_right,
        fit=fit,
        repairs=repairs,
        outcome=outcome,
        description=other,
    )


def _fit(row: dict[str, Any]) -> float | None:
    """How well code and description of an open ledger's row fit, where the config judges that."""
    fit = row.get("fit")
    return None if fit is None else round(float(fit), 6)


def _variants(decided: Build, index: int, description: str) -> tuple[Variant, ...]:
    """The prompts of a row, as they are written."""
    plan = decided.plan.filter(pl.col("index") == index)
    rows = sorted(emitted_rows(decided.prepared.files, plan, decided.prepared.licences), key=lambda row: row.variant)
    return variants_of(description, ((row.variant, row.prompt) for row in rows))


def variants_of(description: str, prompts: Iterable[tuple[int, str]]) -> tuple[Variant, ...]:
    """Prompts of a description by their numbers, each with the template that made it."""
    found = []
    for number, prompt in prompts:
        template = variant_of(description, number)[0] if number else None
        opening, form = (template.opening, template.form) if template else ("", "text")
        found.append(Variant(number, opening, form, prompt))
    return tuple(found)


def _users_of(index: int, read: pl.DataFrame, outcomes: pl.DataFrame) -> list[str]:
    """Ids of the first rows that were given the code which the row with this index was read with."""
    same = read.filter(pl.col("program_key") == _key(read["program_key"][index]))["index"]
    users = outcomes.filter(pl.col("code_index").is_in(same.implode())).head(LISTED)
    return users.select(id_column())["id"].to_list()
