"""What a build holds between its steps."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path

import orjson
import polars as pl

from builder.config import BuildConfig
from builder.core.errors import SettingError
from builder.core.events import Events
from builder.core.files import kept_result
from builder.core.ledger import close_ledger, id_column
from builder.core.row_store import WORDS, PreparedFile, kept_frame, lazy, names_of
from builder.core.schema import TURN
from builder.decide.decide import pairs_of
from builder.decide.decisions import Decisions
from builder.decide.decontaminate import BenchmarkRow, find_in_benchmarks, read_official
from builder.decide.deduplicate import near_descriptions
from builder.decide.pairing.shuffled import Part, find_parts
from builder.decide.split import split_rows
from builder.emit.rows import EmittedRow, Licences, emitted_rows
from builder.emit.tokens import Tokens
from builder.prepare.prepare import plain_prompt, probe_key, program_keys
from builder.render.verdicts import Verdicts
from builder.sources.benchmarks import read_benchmark
from builder.sources.origins import known_origins
from builder.sources.read_one import ReadSource

ID = re.compile(r"(.+)/([0-9]{1,9})(?:\.([1-9][0-9]{0,5}))?")
"""The id of a row: source and number, and the number of a chat's task from its second on."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that holds for all configs: the sources as read and prepared, and the split."""

    sources: tuple[ReadSource, ...]
    files: tuple[PreparedFile, ...]
    rows: pl.DataFrame
    """One line a row read, as `decide` takes it."""
    parts: tuple[Part, ...]
    """Parts of the sources, told apart by how their rows look, and whether their pairs are right."""
    near: pl.DataFrame
    """Pairs of near descriptions, as `near_descriptions` gives them."""
    skipped: Mapping[str, str]
    """Sources that were not read, with the reason in a few words that hold no path."""
    listed: pl.DataFrame
    """What is near a benchmark, as `find_in_benchmarks` gives it."""
    decontaminate: tuple[str, ...]
    """The user's benchmarks among these."""
    tokens: Tokens | None = None
    """The tokenizer, and what it counted in the rows."""
    decisions: Decisions = field(default_factory=lambda: Decisions({}))
    """What people decided of rows."""
    pairs: dict[float, pl.DataFrame | None] = field(default_factory=dict)
    """What `pairs_of` gave so far, by margin: configs that follow one another need not find the pairs again."""

    @property
    def licences(self) -> Licences:
        """Of each source as its repository states it, and of the sets in which rows stood first."""
        return Licences({source.spec.name: source.spec.licence for source in self.sources}, known_origins())


@dataclass(frozen=True, slots=True)
class Build:
    """One config decided: its ledger, and the rows to write."""

    config: BuildConfig
    prepared: Prepared
    outcomes: pl.DataFrame
    """The ledger, open: one line for every row read."""
    plan: pl.DataFrame
    """One line for each row to write, as `emitted_rows` takes them, with `split`."""
    verdicts: Verdicts | None = None
    """Who was asked for verdicts on programs; `None` if the config renders none."""

    @property
    def ledger(self) -> pl.DataFrame:
        """The ledger as written."""
        return close_ledger(self.outcomes)

    def rows(self, split: str) -> Iterator[EmittedRow]:
        """The rows of a split, in their order."""
        return emitted_rows(self.prepared.files, self.plan.filter(pl.col("split") == split), self.prepared.licences)


def index_of(prepared: Prepared, wanted: str) -> int | None:
    """The index of the row with an id; `None` if it is none."""
    named = ID.fullmatch(wanted.strip())
    source = next((item for item in prepared.sources if named and item.spec.name == named[1]), None)
    if named is None or source is None:
        return None
    row = int(named[2]) + (int(named[3] or 1) - 1) * TURN
    found = prepared.rows.filter((pl.col("source") == source.spec.name) & (pl.col("row") == row))["index"]
    if found.is_empty():
        raise SettingError(f"no row has the id {wanted!r}; there are {known_ids(prepared)}")
    return int(found[0])


def known_ids(prepared: Prepared) -> str:
    """The ids that there are, in a few words."""
    ids = prepared.rows.group_by("source", maintain_order=True).agg(pl.col("row").first(), last=pl.col("row").last())
    lines = ids.select(id_column(), id_column(row="last").alias("last")).rows()
    return ", ".join(f"{first} to {last.rpartition('/')[2]}" for first, last in lines)


def kept_pairs(prepared: Prepared, config: BuildConfig) -> pl.DataFrame | None:
    """What `pairs_of` gives, or gave before for the same rows."""

    def make() -> bytes:
        found = pairs_of(prepared.rows, config.pair_margin, prepared.files)
        return b"" if found is None else found.write_ipc(None).getvalue()

    inputs = [*names_of(prepared.files), str(config.pair_margin), prepared.decisions.key]
    kept_pairs = kept_result(config.cache / "pairs", inputs, make)
    return pl.read_ipc(kept_pairs) if kept_pairs else None


def kept_parts(rows: pl.DataFrame, files: Sequence[PreparedFile], cache: Path) -> tuple[pl.DataFrame, tuple[Part, ...]]:
    """What `find_parts` gives, or gave before for the same rows."""

    def make() -> bytes:
        marks, parts = find_parts(rows, lazy(files, WORDS))
        return orjson.dumps([asdict(part) for part in parts]) + b"\n" + marks.write_ipc(None).getvalue()

    listed, _, marks = kept_result(cache / "parts", names_of(files), make).partition(b"\n")
    return pl.read_ipc(marks), tuple(Part(**part) for part in orjson.loads(listed))


def kept_split(
    rows: pl.DataFrame, files: Sequence[PreparedFile], decisions: Decisions, config: BuildConfig, validation_size: float
) -> pl.DataFrame:
    """What `split_rows` gives, or gave before for the same rows, decisions and sizes."""
    sizes = (config.test_size, config.seed, validation_size)
    inputs = [*names_of(files), decisions.key, repr(sizes)]
    return kept_frame(config.cache / "splits", inputs, lambda: split_rows(rows, *sizes))


def kept_near(rows: pl.DataFrame, files: Sequence[PreparedFile], cache: Path, events: Events) -> pl.DataFrame:
    """What `near_descriptions` gives, or gave before for the same rows."""
    return kept_frame(cache / "near", names_of(files), lambda: near_descriptions(rows, files, events))


def read_benchmarks(config: BuildConfig) -> list[BenchmarkRow]:
    """The rows of the user's benchmarks, cleaned and keyed; a text that stands twice is there once.

    Raises:
        SettingError: a file is missing, cannot be read, or holds no prompts and no programs.
    """
    found: dict[tuple[str | int, ...], BenchmarkRow] = {}
    for path, column in config.benchmarks:
        for row, texts in groupby(read_benchmark(path, column), key=lambda held: held.row):
            where, members = f"{path.name}, row {row}", list(texts)
            codes = tuple(held.text for held in members if held.is_code)
            for held in members:
                if held.is_code:
                    keys = program_keys(held.text)
                    found.setdefault(keys, BenchmarkRow(where, (), keys))
                elif prompt := plain_prompt(held.text):
                    found.setdefault((prompt, *codes), BenchmarkRow(where, (prompt,), (), codes))
    return list(found.values())


def kept_in_benchmarks(
    rows: pl.DataFrame, files: Sequence[PreparedFile], benchmark: Sequence[BenchmarkRow], cache: Path
) -> pl.DataFrame:
    """What `find_in_benchmarks` gives, or gave before for the same rows and benchmarks."""

    def make() -> pl.DataFrame:
        return find_in_benchmarks(rows, files, benchmark, read_official(probe_key()))

    return kept_frame(cache / "benchmarks", [*names_of(files), *map(repr, benchmark)], make)
