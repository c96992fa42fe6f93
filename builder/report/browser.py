"""Section 6: all rows with their texts, packed for the page's script, in the page or in files beside it."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl
import pyarrow as pa

from builder.core.schema import SPLITS
from builder.report.examples import changes_of
from builder.report.explain.explanation import gloss
from builder.report.facts import Facts
from builder.report.flow import end_of
from builder.report.plots import SOURCE_COLOURS
from builder.report.proof.folder import holds_sample
from builder.report.rows import TEXT_CHARACTERS
from builder.report.shown import visible

INLINE_ROWS = 10_000
"""Rows up to which all is in the one file."""
INLINE_BYTES = 24 << 20
"""Of thumbnails, likewise."""
CHUNK_ROWS = 400
CHUNK_THUMBNAILS = 40
THUMBNAIL_BYTES = 64 << 10
"""Larger pictures are left out: they are claims of programs."""
_HEAD_CHARACTERS = 160
_RANDOM = 100
"""Rows of a random queue: those with the lowest hashes."""
_ENDS = ("left", "right")
_MISMATCHED = ("mismatched", "contradicts_prompt")
_COLUMNS = (
    *("id", "content", "source", "split", "reason", "verdict", "steps", "thumb", "score", "prompt", "program"),
    *("queues", "also", "official", "head"),
)
_ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class Browser:
    """What the page's script is given."""

    index: str
    """JSON that can stand in a page: what rows are found and listed by."""
    chunks: tuple[tuple[str, str], ...]
    """Name and content: texts of some rows (packed JSON, base64), or some thumbnails (base64, apart by spaces)."""
    beside: bool
    """Whether the chunks belong into files of their own."""


def browser_of(facts: Facts, folder: str, review: str = "") -> Browser:
    """Pack all rows whose texts are known, in the order of reading.

    Args:
        facts: what the report tells.
        folder: where files beside the page lie.
        review: as `page_of` takes it.
    """
    rows = facts.shown
    thumbnails, found = _thumbnails(facts, rows), queues(facts)
    reasons = rows.select("stage", "reason").unique().sort("reason").rows()
    steps = sorted({step for named in rows["repairs"] for step in named})
    index: dict[str, Any] = {
        "columns": _COLUMNS,
        "sources": facts.sources,
        "reasons": [[reason, end_of(stage, reason) if reason else "", gloss(reason)] for stage, reason in reasons],
        "verdicts": sorted(set(rows["verdict"])),
        "splits": [split for split in SPLITS if split in facts.splits],
        "steps": [[step, gloss(step)] for step in steps],
        "queues": list(found),
        "key": " ".join([*facts.sources, *(["sample"] if holds_sample(facts.manifest) else [])]),
        "review": review,
        "colours": SOURCE_COLOURS,
        "folder": folder,
        "size": CHUNK_ROWS,
        "thumbs": CHUNK_THUMBNAILS,
    }
    index["rows"] = list(_lines(facts, index, thumbnails, list(found.values())))
    chunks = [(f"rows-{n}", _packed(part, facts.variants)) for n, part in enumerate(rows.iter_slices(CHUNK_ROWS))]
    pictures = [base64.b64encode(picture).decode() for picture in thumbnails.values()]
    for n, start in enumerate(range(0, len(pictures), CHUNK_THUMBNAILS)):
        chunks.append((f"thumbs-{n}", " ".join(pictures[start : start + CHUNK_THUMBNAILS])))
    beside = rows.height > INLINE_ROWS or sum(map(len, pictures)) > INLINE_BYTES
    index["beside"] = beside
    return Browser(orjson.dumps(index).decode().translate(_ESCAPED), tuple(chunks), beside)


def _thumbnails(facts: Facts, rows: pl.DataFrame) -> dict[str, bytes]:
    """Pictures by program, in order of their first rows; only what says that it is WebP, and is small."""
    wanted = rows.select("program").unique(maintain_order=True)
    found = wanted.join(facts.verdicts.drop_nulls("thumbnail"), on="program", how="inner", maintain_order="left")
    return {program: picture for program, picture in found.iter_rows() if is_webp(picture)}


def is_webp(picture: bytes) -> bool:
    """Whether bytes start as WebP does, and are no more than a thumbnail needs."""
    return len(picture) <= THUMBNAIL_BYTES and picture[:4] == b"RIFF" and picture[8:12] == b"WEBP"


def queues(facts: Facts) -> dict[str, set[str]]:
    """Ids of rows that a curator may want to go through, by what they have in common."""
    rows, pairing = facts.shown, facts.numbers.get("pairing", {}).get("mismatched") or {}
    sides, near = ("just_above", "just_below"), facts.numbers.get("near") or {}
    fits = {line["id"] for side in sides for line in pairing.get(side, ())}
    failed = pl.col("verdict").is_in(["", "passed"]).not_()
    found = {
        "borderline pairs": {pair[f"{end}_id"] for side in sides for pair in near.get(side, ()) for end in _ENDS},
        "re-paired": set(rows.filter((pl.col("code_from") != "") & (pl.col("outcome") == "kept"))["id"]),
        "mismatched": fits | set(rows.filter(pl.col("reason").is_in(_MISMATCHED))["id"]),
        "findings of rendering": set(rows.filter(failed)["id"]),
        f"random {_RANDOM}": set(rows.sort("content", "id").head(_RANDOM)["id"]),
    }
    return {name: ids for name, ids in found.items() if ids}


def _lines(
    facts: Facts, index: Mapping[str, Any], thumbnails: Mapping[str, bytes], queued: Sequence[set[str]]
) -> Iterator[list[Any]]:
    """Of each row what it is listed, filtered and sorted by: `_COLUMNS`, in numbers of the index's lists."""
    places = {program: n for n, program in enumerate(thumbnails)}
    of = {name: {word: n for n, word in enumerate(index[name])} for name in ("sources", "verdicts", "splits")}
    of |= {name: {line[0]: n for n, line in enumerate(index[name])} for name in ("reasons", "steps")}
    also = {(group, source): others for group, source, _, others in facts.found_again.iter_rows()}
    for row in facts.shown.iter_rows(named=True):
        yield [
            row["id"],
            row["content"],
            of["sources"][row["source"]],
            of["splits"].get(row["split"], -1),
            of["reasons"][row["reason"]],
            of["verdicts"][row["verdict"]],
            [of["steps"][step] for step in row["repairs"]],
            places.get(row["program"], -1),
            row["score"],
            len(row["description"]),
            len(row["code"]),
            [n for n, ids in enumerate(queued) if row["id"] in ids],
            sorted(of["sources"][source] for source in also[row["group"], row["source"]]),
            int(row["official"]),
            visible(" ".join(row["description"][: 2 * _HEAD_CHARACTERS].split())[:_HEAD_CHARACTERS]),
        ]


def _packed(rows: pl.DataFrame, variants: Mapping[str, Sequence[str]]) -> str:
    texts = [_texts(row, variants.get(row["id"], ())) for row in rows.iter_rows(named=True)]
    packed = pa.Codec("gzip").compress(orjson.dumps(texts), asbytes=True)
    return base64.b64encode(packed).decode()


def _texts(row: Mapping[str, Any], variants: Sequence[str]) -> dict[str, Any]:
    """All that is shown of a row once it is opened; what is empty is left out."""
    texts = (row["description"], row["code"])
    told = {
        "variants": list(map(visible, variants)),
        "shortened": any(len(text) > TEXT_CHARACTERS or visible(text) != text for text in texts),
        "prompt": visible(row["description"]),
        "code": visible(row["code"]),
        "changes": [visible(part) for change in changes_of(row) for part in change],
        "detail": visible(row["detail"]),
        "kept": row["kept_id"],
        "from": row["code_from"],
        "difficulty": visible(row["difficulty"] or ""),
        "error": visible(": ".join(part for part in (row["exception"], row["message"]) if part)),
    }
    return {name: value for name, value in told.items() if value not in ("", None, [], False)}
