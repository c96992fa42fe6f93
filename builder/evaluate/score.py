"""Scores what a model wrote: each answer is parsed, checked, rendered and compared with its row's own program."""

import platform
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl

from builder.core.errors import BuilderError, OutputError, SettingError
from builder.core.events import Events
from builder.core.files import sha256_of, write_json, written_aside
from builder.evaluate.metrics import Comparison, Estimate, compare, mean, pass_at, share, share_of
from builder.evaluate.predictions import Predictions, Reference, References, program_of
from builder.evaluate.similarity import release, visual_similarity
from builder.manim_lint import check
from builder.manim_lint.syntax import parse
from builder.render.renderer import Renderer
from builder.render.verdict import Outcome, Verdict, program_hash

SCORES, ROWS, VERDICTS = "scores.json", "rows.parquet", "verdicts.parquet"
"""Names of the files of an evaluation."""
MISSING, NO_PROGRAM = "missing", "no_program"
"""Outcomes of rows that nothing answers, and of answers that hold no program; others are those of verdicts."""
KS = (1, 2, 5, 10, 20, 50, 100)
"""Of pass@k, as far as every prompt has so many samples."""
_MOST_LISTED = 20
_SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "sample": pl.UInt32,  # from 0, in the order of the file
    "source": pl.String,
    "difficulty": pl.String,
    "outcome": pl.String,
    "exception": pl.String,
    "message": pl.String,
    "line": pl.UInt32,
    "parses": pl.Boolean,
    "conflicts": pl.List(pl.String),
    "similarity": pl.Float64,  # null if the reference has no frames, or it was not asked for
    "code_similarity": pl.Float64,
    "scenes": pl.UInt32,
    "animations": pl.UInt32,
    "animated": pl.Float64,
    "extracted": pl.String,
    "program": pl.String,  # hashes, as verdicts have them
    "reference_program": pl.String,
    "reference_outcome": pl.String,
    "prompt": pl.String,
    "code": pl.String,
    "reference": pl.String,
}
"""Columns of `rows.parquet`: one line a sample, or a row that nothing answers."""

CodeSimilarity = Callable[[str, str], float]
"""Of a program to its reference, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of scoring."""

    scores: dict[str, Any]
    """As `scores.json` holds them."""
    rows: pl.DataFrame
    """As `rows.parquet` holds them."""
    verdicts: dict[str, Verdict]
    """By hash, the verdicts on all programs, pictures left out."""


def score(
    references: References,
    predictions: Predictions,
    renderer: Renderer,
    events: Events,
    *,
    rate: float = 1.0,
    code_similarity: CodeSimilarity | None = None,
    predictions_file: Path | None = None,
) -> Evaluation:
    """Score predictions against the rows that they answer.

    Args:
        references: the rows.
        predictions: the answers; rows without any count as failed.
        renderer: gives the verdicts, with frames at `rate`.
        events: hears the progress.
        rate: frames a second that renderings are compared by; 0 for no visual similarity.
        code_similarity: compares programs as texts, if wanted.
        predictions_file: what was read, to be named in the scores.

    Raises:
        RenderError: something that rendering needs is missing.
        SettingError: verdicts of a file are taken, and it lacks some.
        BuilderError: scikit-image is not installed.
    """
    versions = _versions(renderer) | ({"scikit-image": release()} if rate else {})
    verdicts: dict[str, Verdict] = {}
    lines: list[dict[str, Any]] = []
    asked = [_asked(row, predictions.answers.get(row.id, ()), bool(rate)) for row in references.rows]
    programs = [code for codes in asked for code in codes.programs]
    found = renderer.render(programs)
    done = 0
    for row, codes in zip(references.rows, asked, strict=True):
        here = dict(zip(codes.programs, (next(found) for _ in codes.programs), strict=True))
        done += len(here)
        passed = sum(each.outcome is Outcome.PASSED for each in verdicts.values())
        events.progress("render", done, len(programs), "programs", f"{passed:,} passed")
        lines += _lines_of(row, codes, here, rate, code_similarity)
        verdicts |= {each.program: replace(each, thumbnail=None, frames=None) for each in here.values()}
    _refuse_unknown(verdicts)
    rows = pl.DataFrame(lines, schema=_SCHEMA, orient="row")
    faults = [each for each in verdicts.values() if each.outcome is Outcome.ENVIRONMENT]
    if faults:
        events.warn(
            f"{len(faults):,} programs have no verdict since the machine lacks something, and count as failed: "
            f"{faults[0].exception}: {faults[0].message}; see `python -m builder doctor`"
        )
    settings = {"config": references.config, "split": references.split, "rate": rate}
    scores = {
        "scored": _scored(references, predictions, predictions_file),
        "settings": settings | {"level": renderer.conditions.level, "timeout": renderer.conditions.timeout},
        "versions": versions,
        **summarise(rows),
        "unmatched": [asdict(each) for each in predictions.unmatched],
    }
    return Evaluation(scores, rows, verdicts)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The answers to a row, and what is to be rendered for it: distinct programs, the reference first."""

    answers: tuple[tuple[str, str], ...]
    """Program and how it was found."""
    programs: tuple[str, ...]


def _asked(row: Reference, answers: Sequence[str], with_reference: bool) -> _Asked:
    found = tuple((extracted.code, extracted.how) for extracted in map(program_of, answers))
    codes = [row.code] * with_reference + [code for code, _ in found if code]
    return _Asked(found, tuple(dict.fromkeys(codes)))


def _lines_of(
    row: Reference,
    asked: _Asked,
    verdicts: Mapping[str, Verdict],
    rate: float,
    code_similarity: CodeSimilarity | None,
) -> Iterator[dict[str, Any]]:
    reference = verdicts.get(row.code)
    shown = reference.frames if reference is not None else None
    common = {
        "id": row.id,
        "source": row.source,
        "difficulty": row.difficulty,
        "prompt": row.prompt,
        "reference": row.code,
        "reference_program": program_hash(row.code),
        "reference_outcome": reference.outcome.value if reference is not None else "",
    }
    empty = {"outcome": MISSING, "exception": "", "message": "", "parses": False, "conflicts": [], "code": ""}
    empty |= {"similarity": 0.0 if shown else None, "code_similarity": 0.0 if code_similarity else None}
    if not asked.answers:
        yield common | empty | {"sample": 0, "extracted": MISSING, "program": ""}
    for number, (code, how) in enumerate(asked.answers):
        line = common | empty | {"sample": number, "extracted": how, "program": "", "outcome": NO_PROGRAM}
        if code:
            verdict = verdicts[code]
            parses = parse(code).ok
            line |= {
                "program": verdict.program,
                "code": code,
                "parses": parses,
                "conflicts": [f"{each.reason}: {each.text}" for each in check(code)] if parses else [],
                **{name: getattr(verdict, name) for name in ("exception", "message", "line")},
                **{name: getattr(verdict, name) for name in ("scenes", "animations", "animated")},
                "outcome": verdict.outcome.value,
            }
            if shown and verdict.frames and verdict.outcome is Outcome.PASSED:
                line["similarity"] = visual_similarity(verdict.frames, shown, rate)
            if code_similarity is not None:
                line["code_similarity"] = round(code_similarity(code, row.code), 6)
        yield line


def _refuse_unknown(verdicts: Mapping[str, Verdict]) -> None:
    lacking = sum(each.exception == "NotRendered" for each in verdicts.values())
    if lacking:
        raise SettingError(
            f"--verdicts: has no verdict on {lacking:,} of {len(verdicts):,} programs; take the {VERDICTS} that an "
            "evaluation of these predictions wrote, or render them"
        )


def _scored(references: References, predictions: Predictions, file: Path | None) -> dict[str, Any]:
    known = {} if file is None else {"file": file.name, "sha256": sha256_of(file)}
    return {
        "predictions": {**known, "lines": predictions.lines},
        "references": {"rows": len(references.rows), "hash": references.hash},
    }


def _versions(renderer: Renderer) -> dict[str, str]:
    conditions = renderer.conditions
    try:
        own = version("manim-combined")
    except PackageNotFoundError:  # run from a folder that is not installed
        own = ""
    versions = {"manim-combined": own, "python": ".".join(platform.python_version_tuple()[:2])}
    return versions | {"manim": conditions.manim, "latex": conditions.latex, "drawing": conditions.drawing}


# From rows to scores


def summarise(rows: pl.DataFrame) -> dict[str, Any]:
    """Counts and metrics of rows, in all, by source and by difficulty, and what failed most often."""
    answered = rows.filter(pl.col("outcome") != MISSING)
    outcomes = Counter(rows["outcome"])
    return {
        "counts": {
            "prompts": rows["id"].n_unique(),
            "samples": answered.height,
            "missing": outcomes.get(MISSING, 0),
            "outcomes": dict(sorted(outcomes.items())),
        },
        "metrics": metrics(rows),
        "by_source": {name: metrics(part) for name, part in _groups(rows, "source")},
        "by_difficulty": {name or "unknown": metrics(part) for name, part in _groups(rows, "difficulty")},
        "exceptions": _exceptions(answered),
        "conflicts": _conflicts(answered),
        "missing": rows.filter(pl.col("outcome") == MISSING)["id"].to_list(),
        "references_not_rendered": rows.filter(~pl.col("reference_outcome").is_in(["passed", ""]))["id"]
        .unique(maintain_order=True)
        .to_list(),
    }


def _groups(rows: pl.DataFrame, column: str) -> list[tuple[str, pl.DataFrame]]:
    return [(name, rows.filter(pl.col(column) == name)) for name in sorted(rows[column].unique())]


def metrics(rows: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Each metric with its 95 % interval; rows that nothing answers count as failed."""
    prompts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in rows.select("id", "outcome", "parses", "conflicts", "similarity", "code_similarity").iter_rows(
        named=True
    ):
        prompts[line["id"]].append(line)
    groups = list(prompts.values())
    found: dict[str, Estimate] = {"parse_rate": share_of([[line["parses"] for line in each] for each in groups])}
    parsed = [[bool(line["conflicts"]) for line in each if line["parses"]] for each in groups]
    found["version_conflicts"] = share_of([each for each in parsed if each])
    for name, word in (
        ("render_success", "passed"),
        ("blank", "blank"),
        ("timeout", "timeout"),
        ("refused", "refused"),
    ):
        found[name] = share_of([[line["outcome"] == word for line in each] for each in groups])
    found |= _pass_at_k(groups)
    for name in ("similarity", "code_similarity"):
        values = [[line[name] for line in each if line[name] is not None] for each in groups]
        if any(values):
            key = "visual_similarity" if name == "similarity" else name
            found[key] = mean([sum(each) / len(each) for each in values if each])
            shown = [
                [line[name] for line in each if line[name] is not None and line["outcome"] == "passed"]
                for each in groups
            ]
            found[f"{key}_of_rendered"] = mean([sum(each) / len(each) for each in shown if each])
    return {name: asdict(estimate) for name, estimate in found.items()}


def _pass_at_k(groups: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Estimate]:
    """pass@k for each k that every answered prompt has samples for; a prompt without any counts 0."""
    counted = [
        (len(each), sum(line["outcome"] == "passed" for line in each))
        for each in groups
        if each[0]["outcome"] != MISSING
    ]
    missing = len(groups) - len(counted)
    fewest = min((samples for samples, _ in counted), default=1)
    found = {}
    for k in (k for k in KS if k <= fewest):
        values = [pass_at(k, samples, passed) for samples, passed in counted] + [0.0] * missing
        single = all(samples == 1 for samples, _ in counted)
        found[f"pass@{k}"] = share(int(sum(values)), len(values)) if single else mean(values)
    return found


def _exceptions(rows: pl.DataFrame) -> list[dict[str, Any]]:
    failed = rows.filter(pl.col("exception") != "")
    counted = (
        failed.group_by("exception", "message", maintain_order=True)
        .agg(samples=pl.len(), example=pl.first("id"))
        .sort("samples", "exception", "message", descending=[True, False, False])
    )
    return counted.head(_MOST_LISTED).to_dicts()


def _conflicts(rows: pl.DataFrame) -> list[dict[str, Any]]:
    each = rows.select("id", pl.col("conflicts").list.unique(maintain_order=True)).explode("conflicts").drop_nulls()
    counted = (
        each.group_by(conflict="conflicts", maintain_order=True)
        .agg(samples=pl.len(), example=pl.first("id"))
        .sort("samples", "conflict", descending=[True, False])
    )
    return counted.head(_MOST_LISTED).to_dicts()


# Files


def write(found: Evaluation, folder: Path, renderer: Renderer) -> None:
    """Write `scores.json`, `rows.parquet` and the verdicts, each aside and renamed, the scores last.

    Raises:
        OutputError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with written_aside(folder / ROWS, "--output-dir") as aside:
            found.rows.write_parquet(aside, compression="zstd")
        with written_aside(folder / VERDICTS, "--output-dir") as aside:
            renderer.save(aside, found.verdicts.values())
        with written_aside(folder / SCORES, "--output-dir") as aside:
            write_json(found.scores, aside)
    except OSError as error:
        raise OutputError(f"--output-dir {folder}: cannot be written: {error.strerror or error}") from error


def read_rows(folder: Path) -> pl.DataFrame:
    """The rows of an evaluation that was written.

    Raises:
        SettingError: the folder holds none.
    """
    try:
        return pl.read_parquet(folder / ROWS, columns=list(_SCHEMA))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SettingError(f"{folder}: holds no {ROWS} of an evaluation ({error}); run `evaluate` first") from error


def compare_rows(first: pl.DataFrame, second: pl.DataFrame) -> dict[str, Comparison]:
    """Two evaluations of the same rows, paired by prompt: render success, parse rate, and similarity if both have it.

    Raises:
        BuilderError: they are of different rows.
    """
    ids = first["id"].unique(maintain_order=True)
    references = [dict(zip(rows["id"], rows["reference_program"], strict=True)) for rows in (first, second)]
    if references[0] != references[1]:
        differ = sum(references[0].get(one) != references[1].get(one) for one in {**references[0], **references[1]})
        raise BuilderError(
            f"the two runs were scored against different rows ({differ:,} differ): score both with the same --against, "
            "--config and --split"
        )
    measures = {
        "render_success": (pl.col("outcome") == "passed").cast(pl.Float64),
        "parse_rate": pl.col("parses").cast(pl.Float64),
        "visual_similarity": pl.col("similarity"),
    }
    found = {}
    for name, measure in measures.items():
        sides = [
            dict(rows.group_by("id").agg(measure.mean().alias("value")).drop_nulls().iter_rows())
            for rows in (first, second)
        ]
        both = [one for one in ids if one in sides[0] and one in sides[1]]
        if both:
            found[name] = compare([sides[0][one] for one in both], [sides[1][one] for one in both])
    return found
