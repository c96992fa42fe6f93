"""What the report is made from: a folder's manifest, the ledger of one config with texts beside it, and its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from builder.config import DEFAULT_CONFIG, nearest
from builder.core.errors import OutputError, SettingError
from builder.core.schema import SPLITS
from builder.emit.formats import unfenced
from builder.render.verdict import program_hash
from builder.render.verdict_file import VERDICTS_FILE
from builder.report.proof.folder import BuiltFolder
from builder.report.rows import kept_texts

_FIRST = ("verified", "curated", DEFAULT_CONFIG)
"""The config that is told where a folder holds several and none is asked for."""
_VERDICT = {"program": pl.String, "outcome": pl.String, "exception": pl.String, "message": pl.String}


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the report of one config tells."""

    config: str
    manifest: Mapping[str, Any]
    statistics: Mapping[str, Any]
    before: Mapping[str, Any]
    """Statistics of an earlier build of the config; empty if there are none to compare with."""
    others: Mapping[str, Mapping[str, Any]]
    """Statistics of all configs of the folder."""
    numbers: Mapping[str, Any]
    """As `config_numbers` gives them; empty if the folder holds none."""
    rows: pl.DataFrame
    """The ledger in the order of reading; `description`, `code`, `description_read`, `code_read`, `difficulty` where a
    text is known; `verdict`, `exception`, `message`, `program`, empty where nothing was rendered."""
    verdicts: pl.DataFrame
    """One line a rendered program: `program`, `thumbnail`."""
    variants: Mapping[str, Sequence[str]]
    """By id, the prompt in other words, where the data has ids."""

    @property
    def sources(self) -> list[str]:
        """Names of sources in the order of reading."""
        return [line["source"] for line in self.statistics["funnel_by_source"]]

    @property
    def splits(self) -> list[str]:
        """The sides: train, test, and validation if it has rows."""
        counts = self.statistics["splits"]
        return [split for split in SPLITS if split != "validation" or counts.get(split, {}).get("rows")]

    @property
    def kept(self) -> pl.DataFrame:
        """The rows that stayed."""
        return self.rows.filter(pl.col("outcome") == "kept")

    @property
    def found_again(self) -> pl.DataFrame:
        """By `group` and `source`: `rows`, and `others`, the sources that hold an equal row, its own too.

        Equality is chained, as in the split's groups: if A equals B in the prompt and B equals C in the program, then
        A counts as found in C.
        """
        counts = self.rows.group_by("group", "source").agg(rows=pl.len())
        both = counts.join(counts.select("group", other="source"), on="group")
        again = (pl.col("source") != pl.col("other")) | (pl.col("rows") > 1)
        return both.group_by("group", "source", "rows").agg(others=pl.col("other").filter(again).sort())

    @property
    def shown(self) -> pl.DataFrame:
        """The rows whose texts are known."""
        return self.rows.filter(pl.col("code").is_not_null())


def facts_of(folder: BuiltFolder, config: str = "", before: BuiltFolder | None = None) -> Facts:
    """Read what the report tells.

    Args:
        folder: what a build or an export wrote.
        config: the config to tell; empty for the most thorough one that the folder holds.
        before: an earlier state of the folder, or another folder, to compare reasons with.

    Raises:
        SettingError: the folder does not hold the config.
        OutputError: its ledger or its statistics are missing or cannot be read.
    """
    name = shown_config(folder, config)
    statistics = {other: folder.statistics(other) for other in folder.configs}
    if not statistics[name].get("funnel_by_source"):
        raise OutputError(f"{folder.path}: holds no statistics of {name}; run `build` or `export` again")
    try:
        written, variants = _written(folder, name)
        rows = _with_texts(folder.ledger(name), folder, written)
        verdicts = _verdicts(folder.path / VERDICTS_FILE)
        numbers = folder.path / "report" / f"{name}.json"
        read = orjson.loads(numbers.read_bytes()) if numbers.is_file() else {}
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise OutputError(f"{folder.path}: a file cannot be read ({error}); run `build` or `export` again") from error
    return Facts(
        config=name,
        manifest=folder.manifest,
        statistics=statistics[name],
        before=before.statistics(name) if before is not None and name in before.manifest.get("configs", {}) else {},
        others=statistics,
        numbers=read,
        rows=_with_verdicts(rows, verdicts),
        verdicts=verdicts.select("program", "thumbnail"),
        variants=variants,
    )


def shown_config(folder: BuiltFolder, wanted: str = "") -> str:
    """The config that a report tells: the one that is wanted, or else the most thorough one of the folder."""
    if wanted and wanted not in folder.configs:
        raise SettingError(f"{folder.path}: holds no config {wanted!r}{nearest(wanted, folder.configs)}")
    return wanted or next((name for name in _FIRST if name in folder.configs), folder.configs[0])


def _with_texts(ledger: pl.DataFrame, folder: BuiltFolder, written: pl.DataFrame) -> pl.DataFrame:
    """The ledger with the texts that the build kept for the report, those of the data itself first."""
    texts = kept_texts(folder.path)
    own = pl.col("code_from") == ""
    rows = ledger.with_columns(giver=pl.when(own).then("id").otherwise("code_from"))
    rows = rows.join(texts.drop("code", "code_read"), on="id", how="left", maintain_order="left")
    codes = texts.select("code", "code_read", giver="id")
    rows = rows.join(codes, on="giver", how="left", maintain_order="left").drop("giver")
    rows = rows.join(written, on="id", how="left", maintain_order="left")
    changed = pl.col("program").is_not_null() & pl.col("code").is_not_null() & (pl.col("program") != pl.col("code"))
    rows = rows.with_columns(
        pl.coalesce("prompt", "description").alias("description"),
        pl.coalesce("program", "code").alias("code"),
        pl.when(changed).then(pl.coalesce("code_read", "code")).otherwise("code_read").alias("code_read"),
    ).drop("prompt", "program")
    known = (
        pl.col("description").is_not_null() & pl.col("code").is_not_null()
    )  # of a sample, one may be the other row's
    return rows.with_columns(pl.when(known).then(name).alias(name) for name in ("description", "code"))


def _written(folder: BuiltFolder, config: str) -> tuple[pl.DataFrame, dict[str, list[str]]]:
    """Texts of the rows of the data, where it has ids, and the other words of prompts by id."""
    rows: dict[str, tuple[str, str, str]] = {}
    variants: dict[str, list[tuple[int, str]]] = {}
    for split in SPLITS:
        for row in folder.rows(config, split):
            if row.id is not None and row.variant == 0:
                rows.setdefault(row.id, (row.id, row.prompt, unfenced(row.code)))
            elif row.id is not None:
                variants.setdefault(row.id, []).append((row.variant or 0, row.prompt))
    schema = dict.fromkeys(("id", "prompt", "program"), pl.String)
    prompts = {row_id: [prompt for _, prompt in sorted(found)] for row_id, found in variants.items()}
    return pl.DataFrame(list(rows.values()), schema=schema, orient="row"), prompts


def _verdicts(path: Path) -> pl.DataFrame:
    empty = pl.DataFrame(schema={**_VERDICT, "thumbnail": pl.Binary})
    if not path.is_file():
        return empty
    found = pl.read_parquet(path)
    whole = pl.concat([empty, found], how="diagonal_relaxed").select(empty.columns)
    return whole.unique("program", keep="first", maintain_order=True)


def _with_verdicts(rows: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """Add `verdict`, `exception`, `message` and `program`; the ledger's own word on a verdict counts first."""
    programs = [program_hash(code) if code is not None and verdicts.height else "" for code in rows["code"]]
    rows = rows.with_columns(pl.Series("program", programs, dtype=pl.String))
    found = rows.join(verdicts.drop("thumbnail"), on="program", how="left", maintain_order="left")
    return found.with_columns(
        pl.coalesce(pl.col("verdict").replace("", None), "outcome_right", pl.lit("")).alias("verdict"),
        pl.col("exception", "message").fill_null(""),
    )
