"""A folder proved anew: every file, every sum, every row; all problems are told, not the first."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import polars as pl

from builder.config import PAIR_FORMATS
from builder.core.errors import OutputError
from builder.core.events import Events, Silent
from builder.core.files import sha256_of
from builder.core.ledger import SCHEMA, STAGES
from builder.core.schema import SPLITS
from builder.emit.formats import ROLES, unfenced
from builder.emit.rows import row_order
from builder.manim_lint.syntax import parse
from builder.render.verdict import Outcome, program_hash
from builder.render.verdict_file import VERDICTS_FILE, VerdictTable
from builder.report.proof.certificate import certify_sides
from builder.report.proof.folder import BuiltFolder, WrittenRow, open_folder

NEAR_TEST = 0.8
"""The limit of folders whose manifest tells none."""
_PARQUET = "*.parquet"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it must be."""

    where: str
    """A file, a config, or a row."""
    what: str


def check_folder(path: Path, events: Events | None = None) -> list[Problem]:
    """All that is wrong with a folder that `build` or `export` wrote; empty if it is sound.

    Checked are: each file against the manifest (SHA-256 and size), files of data that the manifest does not name,
    each ledger (sums against what was read, ids, outcomes), each row (its line in the ledger, its roles, whether
    its program parses, whether it came twice, its place in the order), and the certificate, made anew from the rows:
    no train row is near a test row, and what the build said of this is what its files show.

    Raises:
        OutputError: the folder holds no manifest of this project.
    """
    events = events or Silent()
    folder = open_folder(path)
    problems = [*_reported(str(path), _files(folder, events))]
    for config in folder.configs:
        problems += _reported(config, _config(folder, config, events))
    return list(dict.fromkeys(problems))


def _reported(where: str, findings: Iterator[Problem]) -> Iterator[Problem]:
    """A check's findings; a file that cannot be read, or not to its end, is one of them."""
    try:
        yield from findings
    except OutputError as error:
        yield Problem(where, str(error))
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        yield Problem(where, f"cannot be read: {error}")


def _files(folder: BuiltFolder, events: Events) -> Iterator[Problem]:
    outputs = folder.manifest["outputs"]
    for done, (name, recorded) in enumerate(sorted(outputs.items()), start=1):
        file = folder.path / name
        if not file.is_file():
            yield Problem(name, "is missing")
        elif file.stat().st_size != recorded["bytes"]:
            yield Problem(name, f"has {file.stat().st_size:,} bytes instead of {recorded['bytes']:,}")
        elif sha256_of(file) != recorded["sha256"]:
            yield Problem(name, "was changed: its SHA-256 is not the one in the manifest")
        events.progress("check files", done, len(outputs), "files")
    for part in ("data", "ledger"):
        for file in sorted((folder.path / part).rglob(_PARQUET)):
            name = file.relative_to(folder.path).as_posix()
            if name not in outputs:
                yield Problem(name, "is not named in the manifest, and would be loaded as data")


def _config(folder: BuiltFolder, config: str, events: Events) -> Iterator[Problem]:
    ledger = folder.ledger(config)
    if dict(ledger.schema) != dict(pl.Schema(SCHEMA)):
        yield Problem(f"ledger of {config}", f"has other columns than {', '.join(SCHEMA)}")
        return
    yield from _ledger(folder, config, ledger)
    for split in SPLITS:
        yield from _reported(f"{config}/{split}", _split(folder, config, split, ledger, events))
    settings = folder.manifest["configs"][config]
    if settings.get("verify") or settings["format"] in PAIR_FORMATS:
        yield from _reported(config, _rendered(folder, config, SPLITS if settings.get("verify") else ("train",)))
    yield from _reported(config, _leaks(folder, config, ledger, events))


def _rendered(folder: BuiltFolder, config: str, splits: Iterable[str]) -> Iterator[Problem]:
    """Every program has passed, by the verdicts that stand beside it, and none of the wrong answers has."""
    verdicts = VerdictTable(folder.path / VERDICTS_FILE).verdicts
    for split in splits:
        for where, answer in folder.rejected(config, split):
            found = verdicts.get(program_hash(unfenced(answer)))
            if found is None or found.outcome is Outcome.PASSED:
                yield Problem(where, f"its wrong answer has no verdict that it fails, by {VERDICTS_FILE}")
        for row in folder.rows(config, split):
            found = verdicts.get(program_hash(unfenced(row.code)))
            if found is None or found.outcome is not Outcome.PASSED:
                state = "was not rendered" if found is None else f"has the verdict {found.outcome}"
                yield Problem(row.where, f"its program {state}, by {VERDICTS_FILE}")


def _ledger(folder: BuiltFolder, config: str, ledger: pl.DataFrame) -> Iterator[Problem]:
    """Rows read = rows kept + rows dropped, ids once, outcomes with their reasons."""
    where = f"ledger of {config}"
    read = {source["name"]: source["rows"] for source in folder.manifest["sources"]}
    found = dict(ledger.group_by("source").len().iter_rows())
    for source in sorted({*read, *found}):
        if read.get(source, 0) != found.get(source, 0):
            yield Problem(
                where, f"{source}: {found.get(source, 0):,} rows stand for {read.get(source, 0):,} that were read"
            )
    for row_id in ledger.filter(ledger["id"].is_duplicated())["id"].unique().sort():
        yield Problem(f"{where}, {row_id}", "stands there twice")
    kept = ledger["outcome"] == "kept"
    dropped = (ledger["outcome"] == "dropped") & ledger["stage"].is_in(STAGES) & (ledger["reason"] != "")
    sound = (kept & (ledger["stage"] == "") & (ledger["reason"] == "")) | dropped
    for row_id in ledger.filter(~sound)["id"]:
        yield Problem(f"{where}, {row_id}", "has no outcome, or one without a stage and a reason")
    ids = ledger["id"].implode()
    for name in ("kept_id", "code_from"):
        for row_id in ledger.filter((pl.col(name) != "") & pl.col(name).is_in(ids).not_())["id"]:
            yield Problem(f"{where}, {row_id}", f"{name} names a row that is not there")


def _split(folder: BuiltFolder, config: str, split: str, ledger: pl.DataFrame, events: Events) -> Iterator[Problem]:
    rows = ledger.filter((pl.col("outcome") == "kept") & (pl.col("split") == split))
    contents = dict(zip(rows["id"], rows["content"], strict=True))
    expected = Counter(rows["source"].to_list())
    seed = folder.manifest["configs"][config]["seed"]
    roles = ROLES if folder.manifest["configs"][config].get("system_prompt", "-") else ROLES[1:]
    seen: set[tuple[str, int]] = set()
    sources: Counter[str] = Counter()
    last, done = -1, 0
    for done, row in enumerate(folder.rows(config, split), start=1):
        yield from _row(row, roles)
        if row.id is None or row.variant is None:
            sources[row.source] += 1
        elif row.id not in contents:
            yield Problem(row.where, f"{row.id} is not among the kept {split} rows of the ledger")
        elif (row.id, row.variant) in seen:
            yield Problem(row.where, f"{row.id}, variant {row.variant}, is there twice")
        else:
            order = row_order(seed, contents[row.id], row.variant)
            if order < last:
                yield Problem(row.where, f"{row.id} is out of order")
            last = order
            seen.add((row.id, row.variant))
            sources[row.source] += row.variant == 0
        events.progress(f"check {config}/{split}", done, None)
    events.progress(f"check {config}/{split}", done, done)
    yield from _counts(folder, config, split, expected, sources)
    try:
        splits = folder.statistics(config)["splits"]
        recorded = splits[split]["rows"] if split in splits or split != "validation" else 0  # builds of old have none
    except (KeyError, TypeError):
        recorded = None
    if recorded != done:
        yield Problem(f"{config}/{split}", f"{done:,} rows are written, and the statistics say {_said(recorded)}")


def _counts(
    folder: BuiltFolder, config: str, split: str, expected: Counter[str], found: Counter[str]
) -> Iterator[Problem]:
    """Every kept row is written; JSON Lines have no ids, so there variants count as rows, and train may have more."""
    if set(found) == {""}:
        expected = Counter({"": expected.total()})
    plain = folder.manifest.get("kind") == "export" and split == "train"
    for source in sorted({*expected, *found}):
        wanted, there = expected[source], found[source]
        if there < wanted or (there > wanted and not plain):
            yield Problem(f"{config}/{split}", f"{source}: {there:,} rows are written, {wanted:,} are kept")


def _row(row: WrittenRow, roles: tuple[str, ...]) -> Iterable[Problem]:
    if row.roles != roles:
        yield Problem(row.where, f"its messages are by {', '.join(row.roles)} instead of {', '.join(roles)}")
    if not row.prompt.strip():
        yield Problem(row.where, "its prompt is empty")
    parsed = parse(unfenced(row.code))
    if not parsed.ok:
        yield Problem(row.where, f"its program does not parse: {parsed.error}")


def _leaks(folder: BuiltFolder, config: str, ledger: pl.DataFrame, events: Events) -> Iterator[Problem]:
    """The certificate, made anew, and what it differs in from the one that the build made."""
    events.progress(f"check leaks of {config}", 0, None)
    settings = folder.manifest["configs"][config]
    official = _official(ledger, settings["seed"])
    validation = bool(folder.files(config, "validation"))
    limit = settings.get("near_test", NEAR_TEST)
    certificates = certify_sides(lambda split: folder.rows(config, split), official, limit, validation=validation)
    events.progress(f"check leaks of {config}", ledger.height, ledger.height)
    statistics = folder.statistics(config)
    for title, made in certificates.items():
        measured_on = "validation" if title == "validation_certificate" else "test"
        for what, row, other, score in made.offending_pairs:
            yield Problem(other, f"its {what} is that of a {measured_on} row, or near it ({score:.3f}): {row}")
        recorded = statistics.get(title)
        if not isinstance(recorded, dict):
            yield Problem(config, f"has no {title.replace('_', ' ')} that nothing leaks")
            continue
        for name, value in orjson.loads(orjson.dumps(made)).items():
            if recorded.get(name) != value:
                said = f"says of {name}: {_said(recorded.get(name))}; the files say: {_said(value)}"
                yield Problem(config, f"its {title.replace('_', ' ')} {said}")


def _official(ledger: pl.DataFrame, seed: int) -> list[bool]:
    """Which test rows are official, in the order in which they are written."""
    test = ledger.filter((pl.col("outcome") == "kept") & (pl.col("split") == "test"))
    rows = sorted(
        (row_order(seed, content, 0), number, flag)
        for number, (content, flag) in enumerate(test.select("content", "official").iter_rows())
    )
    return [flag for _, _, flag in rows]


def _said(value: object) -> str:
    """A value of a certificate, for a person; of a long list its length."""
    if isinstance(value, list):
        return f"{len(value):,} pairs"
    if isinstance(value, dict):
        return f"{value.get('score')} ({value.get('test')}; {value.get('train')})"
    return "nothing" if value is None else str(value)
