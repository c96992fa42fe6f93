"""What a build keeps for its report beyond ledgers and data."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from builder.emit.jsonl import write_json
from builder.report.numbers import config_numbers
from builder.report.rows import ROWS, write_rows
from builder.state import Build


def keep_for_report(builds: Sequence[Build], statistics: Mapping[str, Any], staging: Path) -> None:
    """Write what the report needs beyond ledgers and data: `report/rows.parquet` and `report/<config>.json`."""
    prepared = builds[0].prepared
    paths = [source.path for source in prepared.sources]
    write_rows(prepared.rows, paths, prepared.files, [decided.outcomes for decided in builds], staging / ROWS)
    for decided in builds:
        shuffled = statistics[decided.config.name]["pairing"]["shuffled"]
        numbers = config_numbers(
            decided.outcomes, decided.config, near=prepared.near, files=prepared.files, shuffled=shuffled
        )
        write_json(numbers, staging / "report" / f"{decided.config.name}.json")
