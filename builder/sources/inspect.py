"""What is known of each source without fetching anything, and of a file never seen before."""

import re
import shlex
from pathlib import Path
from typing import Any

from builder.config import BuildConfig
from builder.core.errors import FieldsNotFoundError
from builder.core.events import Silent
from builder.sources.columns.content import look_into
from builder.sources.columns.detect import evidence_lines
from builder.sources.columns.names import Fields
from builder.sources.file_formats import Table
from builder.sources.open_source import open_local
from builder.sources.read_cache import find_kept
from builder.sources.read_one import choose, with_one_schema
from builder.sources.select import select_sources
from builder.sources.spec import SourceSpec, catalogue


def inspect_sources(config: BuildConfig) -> list[dict[str, Any]]:
    """For each source of a build: where it lives, columns, fields, rows, licence, priority and cache state.

    Local files are opened, and their columns looked into; of the others, what the cache holds is shown.

    Raises:
        SourceError: a local file cannot be read.
    """
    return [_inspect(spec, config) for spec in select_sources(config)]


def inspect_catalogue() -> list[dict[str, Any]]:
    """For each optional source: where it lives, rows, licence, shape, dialect, access, and what it overlaps."""
    unknown = "not known before it is read"
    return [
        {
            "name": name,
            "where": f"{entry.spec.kind} {entry.spec.location}",
            "rows": f"{entry.spec.expected_rows:,} expected" if entry.spec.expected_rows else unknown,
            "licence": entry.spec.licence,
            "shape": entry.shape or unknown,
            "dialect": entry.dialect or unknown,
            "access": "gated: ask for it on its page" if entry.gated else "open",
            "overlaps": entry.overlaps or unknown,
            "seen": "yes" if entry.seen else "not seen: this is what its page was reported to say",
        }
        for name, entry in catalogue().items()
    ]


def inspect_file(path: str) -> dict[str, Any]:
    """For any file or folder: columns, fields, evidence, rows, and what to type to build from it.

    Raises:
        SourceError: it cannot be read.
    """
    name = re.sub(r"[^a-z0-9]+", "_", Path(path).stem.lower()).strip("_") or "mine"
    spec = SourceSpec(name, "file", path)
    lines, fields = _look_at(spec)
    chosen = fields or Fields("COLUMN", "COLUMN")
    flags = {"local": path, "description-field": chosen.description, "code-field": chosen.code}
    typed = " ".join(f"--{flag} {shlex.quote(f'{name}={value}')}" for flag, value in flags.items())
    build = {"build with": f"python -m builder export {typed} --datasets {name}"}
    return {"name": path, **lines, **build}


def _inspect(spec: SourceSpec, config: BuildConfig) -> dict[str, Any]:
    lines: dict[str, Any] = {
        "name": spec.name,
        "where": f"{spec.kind} {spec.location}" + (f" ({spec.file})" if spec.file else ""),
        "licence": spec.licence,
        "priority": spec.priority,
    }
    expected = f"{spec.expected_rows:,} expected" if spec.expected_rows else "number not known"
    if spec.kind == "file":
        lines |= _look_at(spec)[0]
        lines["rows"] = f"{lines['rows']} ({expected})"
        lines["cache"] = "local file"
        return lines
    named = spec.description_field and spec.code_field
    lines["fields"] = (
        f"description: {spec.description_field}; code: {spec.code_field}" if named else "found when it is read"
    )
    files = sorted(
        (config.cache / "read").glob(f"{spec.name}-*.parquet"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    for path in files:
        kept = find_kept(path, spec.name, Silent())
        if kept and kept.revision:  # one of a local file, or of the sample, has none
            rows = f"{kept.rows:,} ({expected})"
            where = f"read at {kept.revision[:12]}, in {path}"
            return lines | {"columns": ", ".join(kept.columns), "rows": rows, "cache": where}
    return lines | {"columns": "known once it is downloaded", "rows": expected, "cache": "not downloaded"}


def _look_at(spec: SourceSpec) -> tuple[dict[str, Any], Fields | None]:
    """What a local source holds, as lines to show, and the fields chosen; `None` where the choice is refused."""
    opened = open_local(spec)
    opened = with_one_schema(opened)
    columns = look_into(opened.table, opened.unread)
    lines: dict[str, Any] = {"columns": ", ".join(opened.table.columns)}
    fields = None
    try:
        choice = choose(opened, columns)
        fields = choice.fields
        lines["fields"] = f"description: {fields.description}; code: {fields.code}"
        lines["chosen"] = f"{choice.how}, confidence {choice.confidence:.2f}"
    except FieldsNotFoundError as error:
        lines["fields"] = str(error)
        lines["chosen"] = "none"
    lines["evidence"] = evidence_lines(opened.table, columns, opened.unread)
    if opened.table.notes:
        lines["read as"] = opened.table.notes
    lines["rows"] = f"{_count(opened.table):,}"
    return lines, fields


def _count(table: Table) -> int:
    """Rows of a table; no column is read where the format knows their number."""
    return sum(len(batch[""]) for batch in table.batches(("",)))
