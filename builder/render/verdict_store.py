"""Verdicts that were reached on this machine, in an SQLite database in the cache: nothing is rendered twice."""

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import orjson

from builder.core.errors import OutputError
from builder.core.files import code_hash
from builder.render.verdict import Conditions, Outcome, Verdict, facts_of

STORE = "verdicts.sqlite"
"""Name of the database in the cache."""
IN_MEMORY = Path(":memory:")
"""In its place: a database that goes when it is closed."""
_TABLE = """
create table if not exists verdicts (
    program text not null,      -- program_hash of the code
    conditions text not null,   -- Conditions, as JSON
    outcome text not null,
    exception text not null,
    message text not null,
    line integer,
    seconds real not null,
    thumbnail blob,
    primary key (program, conditions)
) without rowid
"""
_SAMPLES = """
create table if not exists samples (
    program text not null,
    conditions text not null,
    scenes integer,
    animations integer,
    animated real,
    rate real not null,
    frames blob,
    primary key (program, conditions)
)
"""
"""What else is known of a verdict; a table of its own, since earlier releases write the other one too."""
_FACTS = """
create table if not exists measured (
    program text not null,
    conditions text not null,
    rules text not null,        -- a hash of the code that measured
    facts text not null,        -- a list of `Fact`, as JSON
    primary key (program, conditions)
)
"""
_MEASURED_BY = tuple(Path(__file__).parent / "inside" / f"{name}.py" for name in ("contrast", "facts", "moment"))
_KNOWN = """
select program, outcome, exception, message, line, seconds, null, scenes, animations, animated, null, ifnull(rate, 0),
facts from verdicts left join samples using (program, conditions)
left join (select program, conditions, facts from measured where rules = ?) using (program, conditions)
where program = ? and conditions = ?
"""
"""The fields of `Verdict`, in order, without its pictures."""
_BUSY_SECONDS = 60.0
"""How long to wait for another build that writes."""


class VerdictStore:
    """The verdicts reached under some conditions. Threads may share it; so may builds.

    Each verdict is on the disk when `keep` returns, so a run that is interrupted goes on where it stopped.
    """

    def __init__(self, path: Path, conditions: Conditions) -> None:
        """Open or make the database.

        Raises:
            OutputError: it cannot be made or opened, or is no such database.
        """
        self._path = path
        self._conditions = orjson.dumps(asdict(conditions), option=orjson.OPT_SORT_KEYS).decode()
        self._rules = code_hash(*_MEASURED_BY)
        self._lock = threading.Lock()
        self._connected: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{path}: cannot be made ({error.strerror}); choose another --cache-dir") from error
        for table in (_TABLE, _SAMPLES, _FACTS):
            self._run(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        with self._lock:
            if self._connected is not None:
                self._connected.close()
                self._connected = None

    def known(self, program: str) -> Verdict | None:
        """The verdict on a program, by its hash, without its pictures; `None` if it was not rendered.

        Raises:
            OutputError: the database cannot be read.
        """
        row = self._run(_KNOWN, self._rules, program, self._conditions)
        if row is None:
            return None
        facts = None if row[-1] is None else facts_of(orjson.loads(row[-1]))  # none, or measured by other rules
        return Verdict(*(row[0], Outcome(row[1]), *row[2:-1], facts))

    def thumbnails(self, programs: Iterable[str]) -> dict[str, bytes]:
        """The last frames of programs, by hash; of those that have one."""
        return self._pictures("select thumbnail from verdicts where program = ? and conditions = ?", programs)

    def frames(self, programs: Iterable[str]) -> dict[str, bytes]:
        """The samples of all frames of programs, by hash; of those that have some."""
        return self._pictures("select frames from samples where program = ? and conditions = ?", programs)

    def _pictures(self, asked: str, programs: Iterable[str]) -> dict[str, bytes]:
        rows = ((program, self._run(asked, program, self._conditions)) for program in programs)
        return {program: row[0] for program, row in rows if row is not None and row[0] is not None}

    def keep(self, verdict: Verdict) -> None:
        """Write a verdict down; it takes the place of an earlier one.

        Raises:
            OutputError: the database cannot be written.
        """
        of_table = {
            "samples": (verdict.scenes, verdict.animations, verdict.animated, verdict.rate, verdict.frames),
            "measured": (self._rules, orjson.dumps(verdict.facts or ()).decode()),
            "verdicts": (
                verdict.outcome.value,
                _text(verdict.exception),
                _text(verdict.message),
                verdict.line,
                round(verdict.seconds, 3),
                verdict.thumbnail,
            ),
        }
        for table, values in of_table.items():
            places = ", ?" * len(values)
            self._run(
                f"insert or replace into {table} values (?, ?{places})", verdict.program, self._conditions, *values
            )

    def _run(self, statement: str, *values: object) -> Any:
        """The first row that a statement gives, or `None`."""
        with self._lock:
            try:
                if self._connected is None:
                    self._connected = sqlite3.connect(
                        self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
                    )
                    self._connected.execute("pragma journal_mode = wal")
                    self._connected.execute("pragma synchronous = normal")
                return self._connected.execute(statement, values).fetchone()
            except sqlite3.Error as error:
                raise self._refused(error) from error

    def _refused(self, error: sqlite3.Error) -> OutputError:
        return OutputError(
            f"{self._path}: verdicts cannot be kept there ({error}); free some space, make it writable, or move the "
            "file away to render everything anew"
        )


def _text(value: str) -> str:
    """A text that any file can hold: a program's message may hold half of a surrogate pair."""
    return value.encode("utf-8", "replace").decode()
