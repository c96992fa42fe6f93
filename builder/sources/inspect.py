"""What is known of each source without fetching anything."""

from typing import Any

import pyarrow.parquet as pq

from builder.config import BuildConfig
from builder.errors import FieldsNotFoundError
from builder.sources.fields import find_fields
from builder.sources.read import open_source
from builder.sources.select import select_sources
from builder.sources.spec import SourceSpec


def inspect_sources(config: BuildConfig) -> list[dict[str, Any]]:
    """For each source of a build: where it lives, columns, fields, rows, licence, priority and cache state.

    Local files are opened; of the others, what the cache holds is told.

    Raises:
        SourceError: a local file cannot be read.
    """
    return [_inspect(spec, config) for spec in select_sources(config)]


def _inspect(spec: SourceSpec, config: BuildConfig) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": spec.name,
        "where": f"{spec.kind} {spec.location}" + (f" ({spec.file})" if spec.file else ""),
        "licence": spec.licence,
        "priority": spec.priority,
    }
    expected = f"{spec.expected_rows:,} expected" if spec.expected_rows else "number not known"
    if spec.kind == "file":
        table = open_source(spec, config.cache).table
        told["columns"] = ", ".join(table.columns)
        try:
            fields = find_fields(spec, table.columns)
            told["fields"] = f"description: {fields.description}; code: {fields.code}"
            wanted = [fields.code]
        except FieldsNotFoundError as error:
            told["fields"] = str(error)
            wanted = list(table.columns[:1])
        rows = sum(len(next(iter(batch.values()))) for batch in table.batches(wanted)) if wanted else 0
        told["rows"] = f"{rows:,} ({expected})"
        told["cache"] = "local file"
        return told
    told["fields"] = f"description: {spec.description_field}; code: {spec.code_field}"
    kept = sorted((config.cache / "read").glob(f"{spec.name}-*.parquet"), key=lambda path: path.stat().st_mtime)
    if kept:
        metadata = pq.read_metadata(kept[-1])
        columns = (metadata.metadata or {}).get(b"columns", b"").decode()
        told |= {"columns": columns, "rows": f"{metadata.num_rows:,} ({expected})", "cache": f"read, in {kept[-1]}"}
    else:
        told |= {"columns": "told once it is downloaded", "rows": expected, "cache": "not downloaded"}
    return told
