"""Where texts stood before a source took them, and under which licence: known by hashes that ship with the package.

Two public sets went into others whose repositories state no licence. `origins.parquet` has a key for each of their
descriptions and programs, no text; their places and licences stand in `catalogue.toml`.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import polars as pl

from builder.config import BY_UPSTREAM
from builder.sources.spec import catalogue, objections

ORIGINS = Path(__file__).with_name("origins.parquet")
_KEYS = {"description": "description_key", "code": "canonical_key"}
"""For each part of a row, the column of its key."""


@lru_cache(maxsize=1)
def known_origins() -> Mapping[str, tuple[str, str]]:
    """The place and the licence, as its own page states it, of each set of the list, by its name in the catalogue."""
    known = catalogue()
    names = pl.read_parquet(ORIGINS, columns=["origin"])["origin"].unique().cast(pl.String).sort()
    return {name: (known[name].spec.location, known[name].spec.licence) for name in names}


def find_origins(rows: pl.DataFrame, probe: int | None, path: Path = ORIGINS) -> pl.DataFrame:
    """For each row, `description_origin` and `code_origin`: the set in which its text stood first, null if not known.

    Args:
        rows: `description_key` and `canonical_key`, as they were read.
        probe: the key that a fixed program has now; programs of a list with another one would never be found.
        path: the list.

    Raises:
        ValueError: the list was made by other rules than these.
    """
    recorded = pl.read_parquet_metadata(path)
    if recorded["probe"] != str(probe):
        raise ValueError(f"{path.name} was made by other rules for programs: make it anew, with {recorded['made_by']}")
    known = pl.read_parquet(path)
    found = []
    for part, column in _KEYS.items():
        keys = known.filter(pl.col("part") == part).select(pl.col("key").alias(column), "origin")
        marks = rows.select(column).join(keys, on=column, how="left", maintain_order="left")
        found.append(marks["origin"].alias(f"{part}_origin").cast(pl.Categorical))
    return pl.DataFrame(found)


def write_origins(keys: Mapping[tuple[str, str], set[int]], probe: int | None, made_by: str, path: Path) -> None:
    """Write a list as `find_origins` takes it; `keys` by origin and part."""
    lines = sorted((origin, part, key) for (origin, part), found in keys.items() for key in found)
    table = pl.DataFrame(lines, {"origin": pl.String, "part": pl.String, "key": pl.UInt64}, orient="row")
    table.write_parquet(path, metadata={"probe": str(probe), "made_by": made_by})


def licence_problems(rows: pl.DataFrame, stated: Mapping[str, str], basis: str) -> pl.DataFrame:
    """What `--licences permissive` has against each row: `licence_problem` of its description, `code_licence_problem`.

    Both are empty where there is nothing. What counts is what a row's repository states, or with
    `licence_basis = "upstream"` what its origin states, where one is known.

    Args:
        rows: `source`, and the columns of `find_origins`.
        stated: the licence of each source.
        basis: one of `LICENCE_BASES`.
    """
    upstream = {name: of for name, (_, of) in known_origins().items()} if basis == BY_UPSTREAM else {}

    def problem(row: Mapping[str, str | None]) -> str:
        licence = upstream.get(row["origin"] or "", "") or stated[str(row["source"])]
        return f"{licence} ({', '.join(objections(licence))})" if objections(licence) else ""

    found = []
    for part, name in (("description", "licence_problem"), ("code", "code_licence_problem")):
        kinds = rows.select(pl.col("source", f"{part}_origin").cast(pl.String)).rename({f"{part}_origin": "origin"})
        objected = kinds.unique().with_columns(
            pl.struct("source", "origin").map_elements(problem, pl.String).alias(name)
        )
        marks = kinds.join(objected, on=["source", "origin"], how="left", nulls_equal=True, maintain_order="left")
        found.append(marks[name].cast(pl.Categorical))
    return pl.DataFrame(found)
