"""Verdicts as Parquet: what a build publishes with its data, and what another one takes in place of rendering."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from builder.core.errors import SettingError
from builder.render.verdict import Conditions, Level, Outcome, Verdict, facts_of

VERDICTS_FILE = "verdicts.parquet"
_BATCH_ROWS = 1024
_CONDITIONS: dict[str, pa.DataType] = {
    "manim": pa.string(),
    "latex": pa.string(),
    "level": pa.string(),
    "timeout": pa.float64(),
    "sandboxed": pa.bool_(),
    "drawing": pa.string(),
}
_FACT = pa.struct(
    [
        pa.field("kind", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("scene", pa.string()),
        pa.field("second", pa.float64()),
        pa.field("objects", pa.list_(pa.string())),
    ]
)
_VERDICT: dict[str, pa.DataType] = {
    "program": pa.string(),
    "outcome": pa.string(),
    "exception": pa.string(),
    "message": pa.string(),
    "line": pa.int32(),
    "seconds": pa.float64(),
    "thumbnail": pa.binary(),
    "facts": pa.list_(_FACT),
}
_SAMPLES: dict[str, pa.DataType] = {
    "scenes": pa.int32(),
    "animations": pa.int32(),
    "animated": pa.float64(),
    "rate": pa.float64(),
    "frames": pa.binary(),
}
"""Columns of a file for an evaluation, beside the others; a build's file has none of them."""
_PICTURES = ("thumbnail", "frames")
SCHEMA = pa.schema({**_VERDICT, **_CONDITIONS})
"""Columns of the file: those of `Verdict`, then those of `Conditions`, which are the same in each row."""
SAMPLED_SCHEMA = pa.schema({**_VERDICT, **_CONDITIONS, **_SAMPLES})


Thumbnails = Callable[[Sequence[str]], Mapping[str, bytes]]
"""Gives pictures of programs, by hash."""


class VerdictTable:
    """The verdicts of a file, all reached under the same conditions."""

    def __init__(self, path: Path) -> None:
        """Read a file of verdicts; thumbnails stay on the disk.

        Raises:
            SettingError: the file is missing, no file of verdicts, or holds verdicts of several conditions.
        """
        self._path = path
        self.verdicts: dict[str, Verdict] = {}
        conditions: set[Conditions] = set()
        try:
            with pq.ParquetFile(path) as opened:
                columns = [name for name in opened.schema_arrow.names if name not in _PICTURES]
                self._has_frames = "frames" in opened.schema_arrow.names
                for row in opened.read(columns).to_pylist():
                    verdict = _verdict_of(row)
                    self.verdicts[verdict.program] = verdict
                    known = {name: row[name] for name in _CONDITIONS if name in row}
                    conditions.add(Conditions(**{**known, "level": Level(row["level"])}))
        except OSError as error:
            raise SettingError(f"--verdicts {path}: {error.strerror or error}") from error
        except (ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise SettingError(f"--verdicts {path}: not a file of verdicts that a build wrote ({error})") from error
        if len(conditions) != 1:
            values = "; ".join(sorted(map(str, conditions))) or "none"
            raise SettingError(
                f"--verdicts {path}: verdicts of one Manim and one setting are wanted, it holds: {values}"
            )
        self.conditions = conditions.pop()

    def known(self, program: str) -> Verdict | None:
        """The verdict on a program, by its hash, without its pictures."""
        return self.verdicts.get(program)

    def thumbnails(self, programs: Iterable[str]) -> dict[str, bytes]:
        """The last frames of programs, by hash; of those that have one."""
        return self._pictures("thumbnail", programs)

    def frames(self, programs: Iterable[str]) -> dict[str, bytes]:
        """The samples of all frames of programs, by hash; of those that have some."""
        return self._pictures("frames", programs) if self._has_frames else {}

    def _pictures(self, column: str, programs: Iterable[str]) -> dict[str, bytes]:
        wanted = set(programs)
        found: dict[str, bytes] = {}
        with pq.ParquetFile(self._path) as opened:
            for number in range(opened.num_row_groups):  # sorted by program: few of them hold what is wanted
                held: Any = opened.metadata.row_group(number).column(0).statistics
                if held is None or any(held.min <= program <= held.max for program in wanted):
                    group = opened.read_row_group(number, columns=["program", column])
                    pairs = zip(group["program"].to_pylist(), group[column].to_pylist(), strict=True)
                    found |= {name: image for name, image in pairs if name in wanted and image is not None}
        return found


def write_verdicts(
    path: Path,
    verdicts: Iterable[Verdict],
    conditions: Conditions,
    thumbnails: Thumbnails,
    frames: Thumbnails | None = None,
) -> None:
    """Write verdicts in the order of their programs' hashes; the same verdicts give the same bytes.

    Args:
        path: The file.
        verdicts: In any order.
        conditions: Of all of them.
        thumbnails: Gives their last frames.
        frames: Gives the samples of their frames; without, the file has no columns of samples.
    """
    schema = SCHEMA if frames is None else SAMPLED_SCHEMA
    plain = [name for name in (*_VERDICT, *(() if frames is None else _SAMPLES)) if name not in _PICTURES]
    values = {name: getattr(conditions, name) for name in _CONDITIONS}
    ordered = sorted(verdicts, key=lambda verdict: verdict.program)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, max(len(ordered), 1), _BATCH_ROWS):
            part = ordered[start : start + _BATCH_ROWS]
            programs = [verdict.program for verdict in part]
            images, samples = thumbnails(programs), frames(programs) if frames is not None else {}
            rows = [
                {name: getattr(verdict, name) for name in plain}
                | values
                | {"thumbnail": images.get(verdict.program), "seconds": round(verdict.seconds, 3)}
                | {"facts": [asdict(fact) for fact in verdict.facts or ()]}
                | ({} if frames is None else {"frames": samples.get(verdict.program)})
                for verdict in part
            ]
            writer.write_table(pa.Table.from_pylist(rows, schema))


def _verdict_of(row: Mapping[str, Any]) -> Verdict:
    values = {name: row[name] for name in _VERDICT if name not in ("thumbnail", "outcome", "facts")}
    values["facts"] = facts_of(row.get("facts") or ())
    values |= {name: row[name] for name in _SAMPLES if name in row}
    return Verdict(**values, outcome=Outcome(row["outcome"]))
