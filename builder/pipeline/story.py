"""The story, top to bottom: read, prepare, decide, emit."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from builder.config import AS_PUBLISHED, PAIR_FORMATS, PERMISSIVE, BuildConfig
from builder.core.events import Events, Silent
from builder.core.ledger import EDIT, REPAIRS_SEPARATOR, SYNTHETIC, check_accounted, id_column
from builder.core.row_store import PreparedFile, batches_with
from builder.decide.decide import CODE_COLUMNS, PROBLEM_COLUMNS, decide, with_facts
from builder.decide.decisions import Decisions, match_decisions, overruled, read_decisions, read_descriptions
from builder.decide.decontaminate import near_variants
from builder.decide.split import eligible_rows
from builder.decide.subset import draw
from builder.decide.summary import empty_sides, shuffled_parts, without_eligible_rows, without_kept_rows
from builder.emit.augment import clashes, plan_variants
from builder.emit.rows import order_rows
from builder.emit.tokens import Tokens, count_tokens, long_variants, with_tokens
from builder.manim_lint.dialect import COMMUNITY
from builder.pipeline.build import (
    Build,
    Prepared,
    kept_in_benchmarks,
    kept_near,
    kept_pairs,
    kept_parts,
    kept_split,
    read_benchmarks,
)
from builder.pipeline.render_rounds import verified, with_failing
from builder.prepare.cache import formatted_programs, in_community_dialect, prepare_files, with_edits
from builder.prepare.prepare import probe_key
from builder.render.verdicts import Verdicts, open_verdicts
from builder.sources.origins import find_origins, licence_problems
from builder.sources.read_all import read_sources
from builder.sources.tokenizer import find_tokenizer

_TEXT_COLUMNS = ("description", "code")
_ERROR_LENGTH = 200
"""Characters of an error that authors report, as far as the ledger tells it."""
_WANTED = (
    "index code_index source code_source row content description_key official split difficulty verdict findings "
    "duplicates code_from dialect synthetic description_origin code_origin"
).split()


def prepare(config: BuildConfig, events: Events | None = None) -> Prepared:
    """Read the sources, prepare their rows in parallel, and split them.

    Raises:
        SourceError: a source cannot be had or read (unless it may be skipped), or none is left.
        SettingError: a setting has no meaning.
    """
    events = events or Silent()
    benchmark = read_benchmarks(config)
    given = [*read_descriptions(config.description_files), *read_decisions(config.decision_files)]
    tokenizer = find_tokenizer(config.tokenizer, config.cache, config.offline, events)
    sources, skipped = read_sources(config, events)
    files: list[PreparedFile] = []
    frames: list[pl.DataFrame] = []
    first = 0
    read = {source.spec.name: source.path for source in sources}
    prepared = prepare_files(read, config.cache, config.workers, config.cluster, events)
    enum = pl.Enum(list(prepared))
    decisions = match_decisions(given, _contents(prepared)) if given else Decisions({})
    for decision, why in decisions.not_applied:
        events.warn(f"{decision.where}: not applied to {decision.row}: {why}")
    for name, made in prepared.items():
        edits = decisions.edits(first, pq.read_metadata(made).num_rows)
        path = with_edits(made, read[name], edits, config.cache) if edits else made
        path = formatted_programs(path, events) if config.format_code else path
        frames.append(_keys(path).with_columns(source=pl.lit(name, enum)))
        files.append(PreparedFile(path, first, _text_bytes(path)))
        first += frames[-1].height
    rows = pl.concat(frames).with_row_index("index")
    rows = rows.hstack(find_origins(rows, probe_key()))
    if config.licences == PERMISSIVE:
        stated = {source.spec.name: source.spec.licence for source in sources}
        rows = rows.hstack(licence_problems(rows, stated, config.licence_basis))
    marks, parts = kept_parts(rows, files, config.cache)
    rows = rows.drop("style").hstack(marks.drop("index")).with_columns(eligible_rows())
    if decisions.by_index:
        rows = rows.hstack(decisions.marks(rows.height)).with_columns(
            pl.col("eligible") & pl.col("decision").is_in([EDIT, SYNTHETIC]).not_(),
            pl.col("shuffled") & pl.col("index").is_in(decisions.pairs).not_(),
        )
    rows = rows.hstack(kept_split(rows, files, decisions, config, 0.0))
    for message in without_eligible_rows(rows):
        events.warn(message)
    near = kept_near(rows, files, config.cache, events)
    listed = kept_in_benchmarks(rows, files, benchmark, config.cache)
    tokens = None
    if tokenizer is not None:
        tokens = count_tokens(
            tokenizer,
            files,
            lambda done: events.progress("count tokens", done, rows.height),
            fence=not config.no_fences,
        )
    return Prepared(
        tuple(sources),
        tuple(files),
        rows,
        parts,
        near,
        skipped,
        listed,
        config.decontaminate,
        tokens,
        decisions=decisions,
    )


def _contents(prepared: Mapping[str, Path]) -> pl.DataFrame:
    """What decisions are matched by: `index`, `source`, `row`, `content`, `official` of all rows read."""
    parts = [
        pl.scan_parquet(path).select(
            pl.lit(name).alias("source"),
            "row",
            "official",
            pl.col("content").str.to_integer(base=16, dtype=pl.UInt64),
        )
        for name, path in prepared.items()
    ]
    return pl.concat(parts).with_row_index("index").collect()


def _keys(path: Path) -> pl.DataFrame:
    """What decisions need of a source's prepared rows: keys as numbers, few words as categories, no text."""
    problems = [
        pl.col(name) if name.endswith("_detail") else pl.col(name).cast(pl.Categorical) for name in PROBLEM_COLUMNS
    ]
    return (
        pl.scan_parquet(path)
        .select(
            pl.col("row").cast(pl.UInt64),
            "official",
            pl.col("content").str.to_integer(base=16, dtype=pl.UInt64),
            "description_key",
            "program_key",
            "canonical_key",
            "legacy_key",
            "style",
            *problems,
            pl.col("difficulty").cast(pl.Categorical),
            pl.col("api_reason").cast(pl.Categorical),
            "api_detail",
            pl.col("wrong_mathematics").fill_null(""),
            pl.col("dialect").cast(pl.Categorical),
            pl.col("community_code").is_not_null().alias("convertible"),
            pl.col("error").str.strip_chars().replace("", None).str.slice(0, _ERROR_LENGTH).alias("reported_error"),
            *(
                pl.col(name).list.join(REPAIRS_SEPARATOR).cast(pl.Categorical)
                for name in ("description_repairs", "code_repairs")
            ),
        )
        .collect()
    )


def _text_bytes(path: Path) -> int:
    metadata = pq.read_metadata(path)
    return sum(
        metadata.row_group(group).column(column).total_uncompressed_size
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
        if metadata.schema.column(column).name in _TEXT_COLUMNS
    )


def build(
    prepared: Prepared, config: BuildConfig, events: Events | None = None, verdicts: Verdicts | None = None
) -> Build:
    """Decide one config. The ledger adds up, or this raises.

    Args:
        prepared: the sources as read.
        config: the settings; with `verify`, or a format that holds failing programs, programs are rendered.
        events: hears the progress of rendering, and what a person should know of the config.
        verdicts: who is asked for verdicts; by default one that lasts as long as this call.

    Raises:
        RenderError: programs are to be rendered, and something that this needs is missing.
    """
    if config.renders and verdicts is None:
        with open_verdicts(config, events or Silent()) as opened:
            return build(prepared, config, events, opened)
    events = events or Silent()
    prepared = _in_dialect(_with_validation(prepared, config), config, events)
    listed, tokens = _listed(prepared, config), prepared.tokens if config.tokenizer else None
    files, parts, near = prepared.files, prepared.parts, prepared.near
    pairs = _pairs(prepared, config)
    lengths = tokens.with_system(config.system_prompt) if tokens else None

    pairing = config.format in PAIR_FORMATS
    deciding = replace(config, limit=0, balance="") if pairing else config

    def decided(rows: pl.DataFrame) -> pl.DataFrame:
        return decide(rows, parts, deciding, near=near, listed=listed, files=files, pairs=pairs, lengths=lengths)

    ledger = verified(prepared, decided, verdicts, events) if config.verify and verdicts else decided(prepared.rows)
    failing = None
    if pairing and verdicts is not None:
        ledger, failing = with_failing(prepared, ledger, config, verdicts, events)
        if config.limit:
            ledger = draw(ledger, config.limit, config.balance, config.seed, files)
    check_accounted(ledger, {source.spec.name: source.rows for source in prepared.sources})
    random = [part["message"] for part in shuffled_parts(ledger, parts, config.pairs) if part["at_random"]]
    empty = [*without_kept_rows(ledger), *empty_sides(ledger, config.validation_size)]
    for message in (*random, *empty, *overruled(ledger)):
        events.warn(f"{config.name}: {message}")
    plan = _plan(prepared, config, ledger, tokens)
    return Build(config, prepared, ledger, plan if failing is None else _with_rejected(plan, failing, config), verdicts)


def _with_rejected(plan: pl.DataFrame, failing: pl.DataFrame, config: BuildConfig) -> pl.DataFrame:
    """The plan with the failing programs; rows say whether line breaks alone differ, if such rows are wanted."""
    train = pl.col("split") == "train"
    only_layout = pl.when(train).then(pl.col("only_layout").fill_null(False)) if config.layout_pairs else pl.lit(None)
    found = plan.join(failing, on="index", how="left", maintain_order="left")
    return found.with_columns(only_layout.cast(pl.Boolean).alias("only_layout"))


def _pairs(prepared: Prepared, config: BuildConfig) -> pl.DataFrame | None:
    """The code of each row of a shuffled part; `None` where the published pairs are kept."""
    if config.pairs == AS_PUBLISHED:
        return None
    if config.pair_margin not in prepared.pairs:
        of_people = prepared
        if config.descriptions:  # what a model wrote changes nobody else's pair
            people = replace(config, descriptions=(), tokenizer="")
            of_people = _in_dialect(prepare(people), people, Silent())
        prepared.pairs[config.pair_margin] = kept_pairs(of_people, config)
    return prepared.pairs[config.pair_margin]


def _with_validation(prepared: Prepared, config: BuildConfig) -> Prepared:
    """The rows with the validation side of this config, which moves no test row."""
    if not config.validation_size:
        return prepared
    split = kept_split(prepared.rows, prepared.files, prepared.decisions, config, config.validation_size)
    return replace(prepared, rows=prepared.rows.with_columns(split["split"]))


def _in_dialect(prepared: Prepared, config: BuildConfig, events: Events) -> Prepared:
    """The rows with ManimGL programs as they are in Manim Community, if the config wants that; sides stay."""
    if config.dialect != COMMUNITY or not prepared.rows["convertible"].any():
        return prepared
    files = tuple(replace(file, path=in_community_dialect(file.path, events)) for file in prepared.files)
    keys = pl.concat([_keys(file.path) for file in files])
    changed = [name for name in CODE_COLUMNS if name in keys.columns]
    rows = prepared.rows.with_columns(keys.select(changed))
    listed = kept_in_benchmarks(rows, files, read_benchmarks(config), config.cache)
    return replace(prepared, files=files, rows=rows, listed=listed, decontaminate=config.decontaminate, pairs={})


def _plan(prepared: Prepared, config: BuildConfig, ledger: pl.DataFrame, tokens: Tokens | None) -> pl.DataFrame:
    """The rows to write, with their variants, in order, as `emitted_rows` takes them."""
    stay = with_facts(ledger, prepared.rows).select(_WANTED)
    is_train = pl.col("split") == "train"
    train, measured_on = stay.filter(is_train), stay.filter(~is_train)
    augmented = config.augmentation_factor > 1
    forbidden = _forbidden_variants(prepared, config, train, measured_on, tokens) if augmented else frozenset()
    variants = plan_variants(train.with_columns(id_column()), config.augmentation_factor, config.seed, forbidden)
    originals = measured_on.select("index", pl.lit(0, pl.UInt16).alias("variant"))
    plan = pl.concat([variants, originals]).join(stay.drop("description_key"), on="index", how="inner")
    if tokens:
        plan = with_tokens(plan, tokens, prepared.files, config.system_prompt)
    return order_rows(plan, config.seed).drop("content").sort("order", "index", "variant")


def _forbidden_variants(
    prepared: Prepared, config: BuildConfig, train: pl.DataFrame, test: pl.DataFrame, tokens: Tokens | None
) -> frozenset[tuple[int, int]]:
    """Variants, by description key and number, that would repeat another prompt, come near test, or be too long."""
    in_test, in_train = (
        (text for part in batches_with(prepared.files, ("description",), side["index"]) for text in part["description"])
        for side in (test, train)
    )
    forbidden = clashes(in_test, in_train)
    stay = pl.concat([train, test])
    forbidden |= near_variants(stay, prepared.near, prepared.files, config.near_test)
    if tokens and config.drop_long:
        room = config.max_tokens - tokens.of(config.system_prompt)
        forbidden |= long_variants(train, tokens, prepared.files, room)
    return forbidden


def _listed(prepared: Prepared, config: BuildConfig) -> pl.DataFrame:
    """What is near a benchmark of this config, which may be another than that of the config it was prepared for."""
    if config.decontaminate == prepared.decontaminate:
        return prepared.listed
    return kept_in_benchmarks(prepared.rows, prepared.files, read_benchmarks(config), config.cache)
