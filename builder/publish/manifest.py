"""The manifest of a build: what went in and what came out."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from builder.core.files import installed_version
from builder.manim_lint.check.check import manim_release
from builder.pipeline.build import Build
from builder.prepare.format_code import formatter
from builder.publish.atomic import outputs_of
from builder.sources.hosts.files import SourceFile

_LIBRARIES = (
    *("datasets", "huggingface_hub", "kagglehub", "numpy", "orjson", "polars", "pyarrow"),
    *("scipy", "xxhash"),
)


def manifest_of(kind: str, builds: list[Build], staging: Path) -> dict[str, Any]:
    """What went in and what came out: settings, sources with SHA-256, library versions, outputs. No clock, no path."""
    prepared = builds[0].prepared
    conditions = [asdict(decided.verdicts.conditions) for decided in builds if decided.verdicts is not None]
    return {
        "kind": kind,
        "configs": {decided.config.name: decided.config.recorded() for decided in builds},
        "sources": [
            {
                "name": source.spec.name,
                "kind": source.spec.kind,
                "location": source.spec.location if source.spec.kind != "file" else "",
                "revision": source.revision,
                "licence": source.spec.licence,
                "priority": source.spec.priority,
                "rows": source.rows,
                "rows_expected": source.spec.expected_rows,
                "fields": {"description": source.fields.description, "code": source.fields.code},
                **({"mirror_of": source.mirror_of} if source.mirror_of else {}),
                "files": [_file_record(file) for file in source.files],
            }
            for source in prepared.sources
        ],
        "skipped_sources": dict(prepared.skipped),
        "manim": manim_release(),
        **({"rendering": conditions[0]} if conditions else {}),
        **({"formatter": formatter()} if any(decided.config.format_code for decided in builds) else {}),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "libraries": {name: installed_version(name) or "not installed" for name in ("manim-combined", *_LIBRARIES)},
        "outputs": outputs_of(staging),
    }


def _file_record(file: SourceFile) -> dict[str, Any]:
    """A file's hash and size; of one that was read in part, also what was read, since its hash is only stated."""
    part = {} if file.verified else {"verified": False, "columns": dict(sorted(file.columns.items()))}
    return {"sha256": file.sha256, "bytes": file.bytes, **part}
