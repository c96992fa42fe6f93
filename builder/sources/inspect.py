"""What is known of each source without fetching it, and of a file never seen before; what a build would meet there."""

import re
import shlex
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.config import BuildConfig
from builder.core.errors import FieldsNotFoundError, SourceError
from builder.core.events import Events, Silent
from builder.sources.columns.content import look_into
from builder.sources.columns.detect import choose_fields, evidence_lines
from builder.sources.columns.names import Fields, named_column, outer_column
from builder.sources.file_formats import Table
from builder.sources.hosts.files import RemoteFile, SourceFile
from builder.sources.hosts.hub import newest_hub, resolve_hub
from builder.sources.hosts.kaggle import ask_kaggle
from builder.sources.hosts.parquet_ranges import RemoteParquet, open_ranges
from builder.sources.lock import Lock, asked, place_of, read_lock
from builder.sources.open_source import MOST_OF_IT, SMALL_BYTES, open_local
from builder.sources.read_all import mirrors_of
from builder.sources.read_cache import find_kept
from builder.sources.read_one import kept_of
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
            "where": _where(entry.spec),
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
        "where": _where(spec),
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
    columns = look_into(opened.table)
    lines: dict[str, Any] = {"columns": ", ".join(opened.table.columns)}
    fields = None
    try:
        choice = choose_fields(spec, opened.table, columns)
        fields = choice.fields
        lines["fields"] = f"description: {fields.description}; code: {fields.code}"
        lines["chosen"] = f"{choice.how}, confidence {choice.confidence:.2f}"
    except FieldsNotFoundError as error:
        lines["fields"] = str(error)
        lines["chosen"] = "none"
    lines["evidence"] = evidence_lines(opened.table, columns)
    if opened.table.notes:
        lines["read as"] = opened.table.notes
    lines["rows"] = _rows_of(opened.table)
    return lines, fields


Lines = dict[str, str | tuple[str, ...]]
UNKNOWN = "not told before it is fetched"


@dataclass(frozen=True, slots=True)
class Checked:
    """A source, as lines to show."""

    name: str
    reached: bool
    lines: dict[str, str | tuple[str, ...]]


def check_sources(config: BuildConfig, events: Events) -> list[Checked]:
    """Ask each source of a build, side by side; nothing is kept and the lock file is not written.

    With `offline` no source is asked: what the lock file names is looked up in the cache.
    """
    specs = select_sources(config)
    lock = read_lock(Path(config.lock_file).expanduser())
    with ThreadPoolExecutor(max(len(specs), 1)) as pool:
        return list(pool.map(lambda spec: _check(spec, lock, config, events), specs))


def _check(spec: SourceSpec, lock: Lock, config: BuildConfig, events: Events) -> Checked:
    try:
        return Checked(spec.name, True, {"reached": "yes", **_ask(spec, lock, config, events)})
    except SourceError as error:
        lines: Lines = {"where": _where(spec), "reached": f"no: {error}"}
        for mirror in [] if config.no_mirrors else mirrors_of(spec):
            try:
                facts = {"reached": f"yes, at its mirror {mirror.location}", **_ask(mirror, lock, config, events)}
            except SourceError as also:
                lines["mirror"] = f"{mirror.location}: {also}"
            else:
                return Checked(spec.name, True, {**lines, "its own place": lines["reached"], **facts})
        return Checked(spec.name, False, lines)


def _ask(spec: SourceSpec, lock: Lock, config: BuildConfig, events: Events) -> Lines:
    if spec.kind == "file":
        opened = open_local(spec)
        return {
            "where": _where(spec),
            "rows": _rows_of(opened.table),
            "files": _listed(opened.files()),
            "to fetch": "nothing, it is local",
        }
    pin = lock.get(place_of(spec))
    total: int | None = None
    newest = ""
    if spec.kind == "huggingface" and not config.offline:
        newest = newest_hub(spec, events)
    elif not config.offline:
        newest, total = ask_kaggle(spec, events)
    locked = pin.revision if pin and pin.asked == asked(spec) else ""
    revision = locked or newest
    facts: Lines = {"where": _where(spec), "revision": revision + (" (locked)" if locked else "")}
    if locked and newest and newest != locked:
        facts["newer"] = f"{newest} (to move on: --update-lock {spec.name})"
    kept = kept_of(spec, config.cache, revision, events) if revision else None
    if kept:
        listed = _listed(kept.files)
        return {**facts, "rows": f"{kept.rows:,}", "files": listed, "to fetch": "nothing, it is in the cache"}
    if config.offline:
        raise SourceError(f"source {spec.name!r}: the cache does not hold it, and --offline forbids to fetch it")
    if spec.kind == "kaggle":
        size = f"at most {total:,} bytes" if total else UNKNOWN
        return {**facts, "rows": _expected(spec), "to fetch": size}
    files = resolve_hub(spec, config.cache, revision, events).files
    weights = [_weigh(spec, revision, file, events) for file in files]
    counted, count = _sum(weights)
    return {
        **facts,
        "files": tuple(
            f"{file.name}: {file.bytes:,} bytes, about {bytes_:,} to fetch"
            for file, (_, bytes_) in zip(files, weights, strict=True)
        ),
        "rows": f"{counted:,}" if counted is not None else _expected(spec),
        "to fetch": f"about {count:,} bytes of {sum(file.bytes for file in files):,}",
    }


def _weigh(spec: SourceSpec, revision: str, file: RemoteFile, events: Events) -> tuple[int | None, int]:
    """Rows of a file, if they can be told by its end, and the bytes of it that a build would fetch."""
    remote = open_ranges(spec, revision, file, events)
    if remote is None:
        return None, file.bytes
    wanted = remote.wanted_bytes(_wanted(spec, remote))
    small = file.bytes <= SMALL_BYTES or not file.sha256
    whole = small or wanted > MOST_OF_IT * file.bytes
    return remote.rows, file.bytes if whole else wanted + remote.footer_bytes


def _wanted(spec: SourceSpec, remote: RemoteParquet) -> list[str]:
    """The columns that a build reads; all that hold no bytes, where the named ones are missing."""
    named = (spec.description_field, spec.code_field, spec.split_field, spec.error_field, spec.difficulty_field)
    found = [named_column(name, remote.columns) or outer_column(name, remote.columns) for name in named]
    if found[0] and found[1]:
        return list(dict.fromkeys(filter(None, found)))
    return [name for name in remote.columns if name not in remote.unread]


def _sum(weights: Sequence[tuple[int | None, int]]) -> tuple[int | None, int]:
    known = [rows for rows, _ in weights if rows is not None]
    return sum(known) if len(known) == len(weights) else None, sum(count for _, count in weights)


def _listed(files: Sequence[SourceFile]) -> tuple[str, ...]:
    return tuple(f"{file.name}: {file.bytes:,} bytes" for file in files)


def _expected(spec: SourceSpec) -> str:
    return f"{UNKNOWN} ({spec.expected_rows:,} expected)" if spec.expected_rows else UNKNOWN


def _where(spec: SourceSpec) -> str:
    return f"{spec.kind} {spec.location}" + (f" ({spec.file})" if spec.file else "")


def _rows_of(table: Table) -> str:
    count = sum(len(batch[""]) for batch in table.batches(("",)))  # no column is read where their number is known
    return f"{count:,}"
