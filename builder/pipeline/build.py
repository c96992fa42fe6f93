"""What a build holds between its steps."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from builder.config import BuildConfig
from builder.core.errors import SettingError
from builder.core.ledger import close_ledger
from builder.core.row_store import PreparedFile
from builder.decide.decisions import Decisions
from builder.decide.pairing.shuffled import Part
from builder.emit.rows import EmittedRow, emitted_rows
from builder.emit.tokens import Tokens
from builder.render.verdicts import Verdicts
from builder.sources.read_one import ReadSource

ID = re.compile(r"(.+)/([0-9]{1,12})")
"""The id of a row: source and number."""


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
        licences = {source.spec.name: source.spec.licence for source in self.prepared.sources}
        return emitted_rows(self.prepared.files, self.plan.filter(pl.col("split") == split), licences)


def index_of(prepared: Prepared, wanted: str) -> int | None:
    """The index of the row with an id; `None` if it is none."""
    named = ID.fullmatch(wanted.strip())
    source = next((item for item in prepared.sources if named and item.spec.name == named[1]), None)
    if named is None or source is None:
        return None
    if int(named[2]) >= source.rows:
        raise SettingError(f"no row has the id {wanted!r}; there are {known_ids(prepared)}")
    return prepared.files[prepared.sources.index(source)].first_index + int(named[2])


def known_ids(prepared: Prepared) -> str:
    """The ids that there are, in a few words."""
    return ", ".join(f"{item.spec.name}/000000 to {item.rows - 1:06d}" for item in prepared.sources if item.rows)
