"""Questions asked of a built or exported folder about one row: no source is read, and nothing is decided anew."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from builder.config import LEAST_SIMILARITY, MAX_AUGMENTATION_FACTOR, named
from builder.core.errors import SettingError
from builder.core.ledger import REPAIR
from builder.core.schema import SPLITS, Example
from builder.decide.split import SplitReason
from builder.emit.augment import variant_of
from builder.emit.formats import FORMATS, unfenced
from builder.pipeline.build import ID
from builder.prepare.cache import EDITED
from builder.prepare.keys import canonical_key, description_key
from builder.prepare.trace import trace_row
from builder.report.explain.explanation import LISTED, Explanation, Match, Matches, Neighbour, Neighbours
from builder.report.explain.row import edits, neighbour, variants_of
from builder.report.facts import shown_config
from builder.report.proof.folder import BuiltFolder, fate
from builder.report.rows import TEXT_CHARACTERS, kept_texts
from builder.similarity.compare import similarity
from builder.similarity.words import core

_CUT = re.compile(r"\n\[… \d+ characters in all\]\Z")
"""How a text ends of which a folder keeps the start alone."""


def explain_in_folder(folder: BuiltFolder, wanted: str, config: str = "") -> Explanation | Matches:
    """What became of a row in a build, from its ledger and the texts that are kept for its report.

    Args:
        folder: what `build` or `export` wrote.
        wanted: an id (`SOURCE/ROW`), or a piece of a cleaned description; case and white space do not count.
        config: which of the folder's; by default the most thorough one that keeps the row.

    Raises:
        SettingError: the folder does not hold the config, or no row has that id or text.
    """
    rows = _Rows(folder, named(config, folder.configs) if config else "")
    wanted = wanted.strip()
    if ID.fullmatch(wanted):
        if wanted not in rows.texts and wanted not in rows.ledger("")["id"]:
            raise SettingError(f"{folder.path}: no row has the id {wanted!r}; there are {rows.known_ids}")
        return _explanation(rows, wanted)
    needle = " ".join(wanted.lower().split())
    found: dict[int | None, list[str]] = {}
    for row_id, texts in rows.texts.items():
        if needle and needle in " ".join(texts["description"].lower().split()):
            found.setdefault(description_key(texts["description"]), []).append(row_id)
    found.pop(None, None)
    if whole := found.get(description_key(wanted)):
        found = {None: whole}
    if not found:
        raise SettingError(f"{folder.path}: no description holds {wanted!r}")
    groups = list(found.values())
    if len(groups) > 1:
        first = (Match(ids[0], rows.texts[ids[0]]["description"], len(ids)) for ids in groups[:LISTED])
        return Matches(wanted, len(groups), tuple(first))
    return _explanation(rows, groups[0][0], tuple(groups[0][1 : LISTED + 1]))


@dataclass(frozen=True)
class _Rows:
    """The rows of a folder: ledgers and texts."""

    folder: BuiltFolder
    asked: str
    """The config that was named; empty if none was."""

    @cached_property
    def texts(self) -> dict[str, dict[str, Any]]:
        """By id, the texts that are kept: those of all rows, or of a large build those of a sample."""
        texts = kept_texts(self.folder.path).with_columns(pl.col("description", "code").fill_null(""))
        return {row["id"]: row for row in texts.iter_rows(named=True)}

    @property
    def known_ids(self) -> str:
        """The ids that there are, in a few words."""
        sources = self.folder.manifest["sources"]
        return ", ".join(f"{source['name']}/000000 to {source['rows'] - 1:06d}" for source in sources)

    def ledger(self, config: str) -> pl.DataFrame:
        """The ledger of a config, or of the one that was named or is the most thorough."""
        return self.folder.ledger(config or shown_config(self.folder, self.asked))

    def config_of(self, row_id: str) -> str:
        """The config to tell of a row: the one that was named, or the most thorough of those that keep it."""
        best: str = shown_config(self.folder, self.asked)
        others = () if self.asked else (name for name in self.folder.configs if name != best)
        for name in (best, *others):
            if not self.ledger(name).filter((pl.col("id") == row_id) & (pl.col("outcome") == "kept")).is_empty():
                return str(name)
        return best


def _explanation(rows: _Rows, row_id: str, also: tuple[str, ...] = ()) -> Explanation:
    config = rows.config_of(row_id)
    ledger = rows.ledger(config)
    own = ledger.filter(pl.col("id") == row_id)
    line = own.row(0, named=True)
    settings = rows.folder.manifest["configs"][config]
    empty: dict[str, Any] = {"description": "", "code": "", "description_read": None, "code_read": None}
    texts = rows.texts.get(row_id, empty)
    read = {
        name: texts[name] if texts[f"{name}_read"] is None else texts[f"{name}_read"]
        for name in ("description", "code")
    }
    note = ""
    if row_id not in rows.texts:
        note = "its texts are not kept in this folder, which holds those of a sample of its rows"
    elif any(_CUT.search(text) for text in read.values()):
        note = f"of texts longer than {TEXT_CHARACTERS:,} characters the folder keeps the start; changes are not shown"
    published = Example("", "") if note else Example(read["description"], read["code"])
    trace = trace_row(published, line["official"])
    edited = published
    if EDITED in line["repairs"]:  # a text that was edited is not what its published one would be cleaned to
        kept = {name: texts[name] != getattr(trace.cleaned, name) for name in read}
        edited = Example(**{name: texts[name] if kept[name] else read[name] for name in read})
        trace = trace_row(edited, line["official"])
    text = texts["description"]
    code = rows.texts.get(line["code_from"], empty)["code"] if line["code_from"] else texts["code"]
    against = ledger.filter(pl.col("id") == line["kept_id"])
    group = ledger.filter(pl.col("group") == line["group"])
    users = ledger.filter(pl.col("code_from") == row_id)["id"].head(LISTED) if row_id else ()
    return Explanation(
        config=config,
        id=row_id,
        outcome=own.select(fate()).item(),
        fit=None,
        ledger=line,
        stood_against=next(iter(_neighbours(rows, text, against).rows), None),
        description=read["description"] if row_id in rows.texts else None,
        code=read["code"] if row_id in rows.texts else None,
        not_text=note,
        reported_error="",
        steps=() if note else (*edits(published, edited), *trace.steps),
        checks=() if note else trace.checks(),
        api_found=() if note else trace.api_found,
        api_left=() if note else trace.api_left,
        equal_descriptions=_neighbours(rows, text, _with_text(rows, ledger, row_id, text)),
        equal_programs=_neighbours(rows, text, _with_program(rows, group, row_id, texts["code"])),
        near_descriptions=_neighbours(rows, text, _near(rows, ledger, text)),
        near_duplicates=settings["near_duplicates"],
        near_test=settings["near_test"],
        split=_split(line, group),
        code_used_by=tuple(users),
        final_description=text,
        final_code=code,
        variants=variants_of(text, _prompts(rows.folder, config, line, text, code)),
        also=also,
        folder=str(rows.folder.path),
    )


def _neighbours(rows: _Rows, text: str, found: pl.DataFrame) -> Neighbours:
    """Rows of the ledger as neighbours of a description; those whose texts are not kept count only."""
    listed: list[Neighbour] = []
    for line in found.head(LISTED).with_columns(fate()).iter_rows(named=True):
        if other := rows.texts.get(line["id"]):
            repairs = sum(name.startswith(REPAIR) for name in line["repairs"])
            listed.append(neighbour(text, other["description"], line["id"], outcome=line["fate"], repairs=repairs))
    return Neighbours(found.height, tuple(listed))


def _with_text(rows: _Rows, ledger: pl.DataFrame, row_id: str, text: str) -> pl.DataFrame:
    """The other rows whose description has the same normalised form."""
    key = description_key(text)
    equal = [other for other, texts in rows.texts.items() if description_key(texts["description"]) == key]
    return ledger.filter(pl.col("id").is_in(equal if key is not None else []) & (pl.col("id") != row_id))


def _with_program(rows: _Rows, group: pl.DataFrame, row_id: str, code: str) -> pl.DataFrame:
    """The other rows of the group with the same program, whatever its names and layout."""
    others = {other: rows.texts[other]["code"] for other in group["id"] if other != row_id and other in rows.texts}
    own = canonical_key(code) if code else None
    equal = [other for other, text in others.items() if text and own is not None and canonical_key(text) == own]
    return group.filter(pl.col("id").is_in(equal))


def _near(rows: _Rows, ledger: pl.DataFrame, text: str) -> pl.DataFrame:
    """Rows with a near description, nearest first; equal ones are not among them."""
    own, key = core(text), description_key(text)
    scores = {
        other: score
        for other, texts in rows.texts.items()
        if key is not None
        and (score := similarity(own, core(texts["description"]))) >= LEAST_SIMILARITY
        and description_key(texts["description"]) not in (key, None)
    }
    near = pl.DataFrame(
        {"id": list(scores), "similarity": list(scores.values())}, {"id": pl.String, "similarity": pl.Float64}
    )
    return ledger.join(near, on="id").sort(pl.col("similarity").neg(), "id")


def _split(line: Mapping[str, Any], group: pl.DataFrame) -> SplitReason:
    """The recorded side, without the ranks that decided it: these take all rows that were read."""
    sources = group.group_by("source", maintain_order=True).len()
    why = "official" if group["official"].any() else "recorded"
    return SplitReason(line["split"], why, dict(sources.iter_rows()), 0.0, 0.0, 0.0)


def _prompts(
    folder: BuiltFolder, config: str, line: Mapping[str, Any], text: str, code: str
) -> Iterator[tuple[int, str]]:
    """The variants of a row as written, with their numbers."""
    if line["stage"]:
        return
    if folder.manifest.get("kind") != "export":
        read = FORMATS[folder.manifest["configs"][config]["format"]].read
        for name in (file for split in SPLITS for file in folder.files(config, split)):
            found = pl.scan_parquet(folder.path / name).filter(pl.col("id") == line["id"]).collect()
            for row in found.sort("variant").iter_rows(named=True):
                yield row["variant"], dict(read(row))["user"]
        return
    written = {
        row.prompt
        for split in SPLITS
        for row in folder.rows(config, split)
        if unfenced(row.code).strip() == code.strip()
    }
    for number in range(int(MAX_AUGMENTATION_FACTOR) + 1):
        prompt = variant_of(text, number)[1] if number else text
        if prompt in written:
            yield number, prompt
