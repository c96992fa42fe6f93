"""Where rows come from: one `SourceSpec` a source, in one table; optional ones in `catalogue.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from builder.core.errors import SettingError

_FREE = (
    "apache-2.0 mit isc 0bsd bsd-2-clause bsd-3-clause unlicense cc0-1.0 pddl odc-by odbl "
    "cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cdla-permissive-1.0 cdla-permissive-2.0 "
    "cdla-sharing-1.0 mpl-2.0 gpl-2.0 gpl-3.0 lgpl-3.0 agpl-3.0"
).split()
_FORBIDDEN = {
    "non-commercial": "cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 "
    "cc-by-nc-nd-3.0 cc-by-nc-nd-4.0",
    "no changed copies": "cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0",
    "some uses forbidden": "openrail openrail++ creativeml-openrail-m bigscience-openrail-m bigcode-openrail-m",
}
LICENCES: Mapping[str, tuple[str, ...]] = {
    name: tuple(word for word, names in _FORBIDDEN.items() if name in names.split())
    for name in (*_FREE, *" ".join(_FORBIDDEN.values()).split())
}
"""For each known licence, what it forbids among what publishing this data and training on it would do."""


UNKNOWN = "unknown"


def objections(licence: str) -> tuple[str, ...]:
    """Why rows under a licence should not simply be published: what it forbids, or that it is unknown.

    Of several, joined by ` AND `, all hold.
    """
    each = (LICENCES.get(one.strip().lower(), ("unknown",)) for one in licence.split(" AND "))
    return tuple(dict.fromkeys(why for found in each for why in found))


def is_permissive(licence: str) -> bool:
    """Whether a licence is known and lets anyone pass the rows on, changed, for any use."""
    return not objections(licence)


Kind = Literal["huggingface", "kaggle", "file"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source of prompt-and-code pairs: a table entry, not a class to inherit from.

    A field that is empty is not known; a description or code field that is not among a file's columns is
    looked for under likely names (`builder.sources.columns.names`).
    """

    name: str
    """Short name, used in ids and in the column `source`: lower case letters, digits, `_` and `-`."""
    kind: Kind
    """Which client fetches it."""
    location: str
    """Hub repository (`org/name`), Kaggle handle (`owner/name`), or a path of a file or folder."""
    revision: str = ""
    """Hub branch, tag or commit; Kaggle version number; empty for the newest."""
    file: str = ""
    """One file of the repository; empty for the data files of `split` as the host lays them out."""
    description_field: str = ""
    code_field: str = ""
    split: str = "train"
    """The split to read, as its host names it; empty for every file."""
    split_field: str = ""
    """A column that holds the official split; rows whose value is `test` are official test rows."""
    error_field: str = ""
    """A column in which the authors report that a row's code failed."""
    difficulty_field: str = ""
    licence: str = UNKNOWN
    """SPDX-like id in lower case. Of a Hub repository for which it is `unknown`, that of the card is taken."""
    priority: int = 0
    """The higher one wins a duplicate."""
    expected_rows: int | None = None
    """A source 5 % off this number gives a warning."""
    mirrors: tuple[str, ...] = ()
    """Other places that hold the same rows, as `hf:org/name`."""
    asked: tuple[str, ...] = field(default=(), compare=False)
    """Which of its fields the user named (`description_field`, ...): one that is not there is an error."""

    def __post_init__(self) -> None:
        if not self.name or not all(c.isalnum() or c in "_-" for c in self.name) or not self.name.isascii():
            raise SettingError(
                f"source name {self.name!r}: use letters, digits, '_' and '-' only, since ids are made from it"
            )
        if self.kind not in KINDS:
            raise SettingError(f"source {self.name!r}: kind {self.kind!r} is none of {', '.join(KINDS)}")
        if not self.location:
            raise SettingError(f"source {self.name!r}: say where it lives (`location`)")


_TABLE: dict[str, SourceSpec] = {
    spec.name: spec
    for spec in (
        SourceSpec(
            name="manimbench",
            kind="kaggle",
            location="ravidussilva/manim-sft",
            file="manim_sft_dataset.parquet",
            description_field="Reviewed Description",
            code_field="Code",
            split="",
            split_field="Split",
            difficulty_field="Type",
            licence="cc-by-nc-sa-4.0",
            priority=4,
            expected_rows=417,
            mirrors=("hf:SuienR/ManimBench-v1",),
        ),
        SourceSpec(
            name="bespoke_manim",
            kind="huggingface",
            location="bespokelabs/bespoke-manim",
            description_field="question",
            code_field="python_code",
            error_field="error",
            priority=3,
            expected_rows=1000,
        ),
        SourceSpec(
            name="thanks_dataset",
            kind="huggingface",
            location="thanhkt/manim_code",
            description_field="input",
            code_field="output",
            priority=2,
            expected_rows=4400,
        ),
        SourceSpec(
            name="manim_codegen",
            kind="huggingface",
            location="generaleoley/manim-codegen",
            description_field="query",
            code_field="answer",
            priority=1,
            expected_rows=1622,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """An optional source of `catalogue.toml`, with what is known of it before it is read."""

    spec: SourceSpec
    shape: str = ""
    """How its rows are laid out; empty where that is not known."""
    dialect: str = ""
    """`ce` or `manimgl`; empty where that is not known."""
    gated: bool = False
    """Its owners must be asked for access."""
    overlaps: str = ""
    seen: bool = False
    """Whether this project has read it; else the entry says what its page was reported to say."""


def catalogue() -> dict[str, CatalogueEntry]:
    """The optional sources by name."""
    tables = tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))
    about = ("shape", "dialect", "gated", "overlaps", "seen")
    return {
        name: CatalogueEntry(
            SourceSpec(name, "huggingface", **{key: value for key, value in table.items() if key not in about}),
            **{key: value for key, value in table.items() if key in about},
        )
        for name, table in tables.items()
    }


_registered: dict[str, SourceSpec] = {}


def register_source(spec: SourceSpec) -> None:
    """Add a source to those that every later build of this process reads, or replace one of the same name."""
    _registered[spec.name] = spec


def known_sources() -> Mapping[str, SourceSpec]:
    """All sources by name: the four of the table, then those registered, in the order they were added."""
    return {**_TABLE, **_registered}
