"""Scores what a model wrote: each answer is parsed, checked, rendered and compared with its row's own program."""

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from builder.core.errors import BuilderError, OutputError, SettingError
from builder.core.events import Events
from builder.core.files import installed_version, sha256_of, write_json, written_aside
from builder.evaluate.metrics import MISSING, NO_PROGRAM, Comparison, compare, summarise
from builder.evaluate.predictions import Extracted, Predictions, Reference, References, program_of
from builder.evaluate.similarity import ClipSimilarity, release, visual_similarity
from builder.manim_lint import check
from builder.manim_lint.syntax import parse
from builder.render.findings import findings
from builder.render.renderer import Renderer
from builder.render.verdict import Outcome, Verdict, program_hash

SCORES, ROWS, VERDICTS = "scores.json", "rows.parquet", "verdicts.parquet"
"""Names of the files of an evaluation."""
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
    "findings": pl.List(pl.String),  # of how it looks
    "similarity": pl.Float64,  # null if the reference has no frames, or it was not asked for
    "clip_similarity": pl.Float64,
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
    clip: ClipSimilarity | None = None,
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
        clip: compares frames by a CLIP model, if wanted.
        predictions_file: what was read, to be named in the scores.

    Raises:
        RenderError: something that rendering needs is missing.
        SettingError: verdicts of a file are taken, and it lacks some.
        BuilderError: scikit-image is not installed.
    """
    versions = _versions(renderer) | ({"scikit-image": release()} if rate else {})
    verdicts: dict[str, Verdict] = {}
    lines: list[dict[str, Any]] = []
    answered = [[program_of(answer) for answer in predictions.answers.get(row.id, ())] for row in references.rows]
    wanted = [
        list(dict.fromkeys([*[row.code] * bool(rate), *(each.code for each in answers if each.code)]))
        for row, answers in zip(references.rows, answered, strict=True)
    ]
    programs = [code for codes in wanted for code in codes]
    found = renderer.render(programs)
    done = 0
    for row, answers, codes in zip(references.rows, answered, wanted, strict=True):
        here = {code: next(found) for code in codes}
        done += len(here)
        passed = sum(each.outcome is Outcome.PASSED for each in verdicts.values())
        events.progress("render", done, len(programs), "programs", f"{passed:,} passed")
        lines += _lines_of(row, answers, here, rate=rate, code_similarity=code_similarity, clip=clip)
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
    file = {"file": predictions_file.name, "sha256": sha256_of(predictions_file)} if predictions_file else {}
    scores = {
        "scored": {
            "predictions": {**file, "lines": predictions.lines},
            "references": {"rows": len(references.rows), "hash": references.hash},
        },
        "settings": settings | {"level": renderer.conditions.level, "timeout": renderer.conditions.timeout},
        "versions": versions,
        **summarise(rows),
        "unmatched": [asdict(each) for each in predictions.unmatched],
    }
    return Evaluation(scores, rows, verdicts)


def _lines_of(
    row: Reference,
    answers: Sequence[Extracted],
    verdicts: Mapping[str, Verdict],
    *,
    rate: float,
    code_similarity: CodeSimilarity | None,
    clip: ClipSimilarity | None,
) -> Iterator[dict[str, Any]]:
    """The lines of a row's answers, or the one that says that there is none; verdicts by program."""
    reference = verdicts.get(row.code)
    shown = reference.frames if reference is not None else None
    empty = {
        **{"id": row.id, "source": row.source, "difficulty": row.difficulty, "prompt": row.prompt},
        "reference": row.code,
        "reference_program": program_hash(row.code),
        "reference_outcome": reference.outcome.value if reference is not None else "",
        **dict.fromkeys(("exception", "message", "program", "code"), ""),
        **{"parses": False, "conflicts": [], "findings": []},
        "similarity": 0.0 if shown else None,
        "clip_similarity": 0.0 if shown and clip else None,
        "code_similarity": 0.0 if code_similarity else None,
    }
    if not answers:
        yield empty | {"sample": 0, "extracted": MISSING, "outcome": MISSING}
    for number, (code, how) in enumerate((answer.code, answer.how) for answer in answers):
        line = empty | {"sample": number, "extracted": how, "outcome": NO_PROGRAM}
        if code:
            verdict = verdicts[code]
            parses = parse(code).ok
            told = ("program", "exception", "message", "line", "scenes", "animations", "animated")
            line |= {
                **{name: getattr(verdict, name) for name in told},
                "code": code,
                "parses": parses,
                "conflicts": [f"{each.reason}: {each.text}" for each in check(code)] if parses else [],
                "outcome": verdict.outcome.value,
                "findings": [f"{name}: {detail}" for name, detail in findings(verdict).items()],
            }
            if shown and verdict.frames and verdict.outcome is Outcome.PASSED:
                line["similarity"] = visual_similarity(verdict.frames, shown, rate)
                if clip is not None:
                    line["clip_similarity"] = clip(verdict.frames, shown, rate)
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


def _versions(renderer: Renderer) -> dict[str, str]:
    conditions = renderer.conditions
    versions = {
        "manim-combined": installed_version("manim-combined"),
        "python": ".".join(platform.python_version_tuple()[:2]),
    }
    return versions | {"manim": conditions.manim, "latex": conditions.latex, "drawing": conditions.drawing}


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
