"""The command `evaluate`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.cli.command import DONE, Answer, visible
from builder.cli.render import add_renderer_arguments, renderer_settings
from builder.core.errors import BuilderError, SettingError

if TYPE_CHECKING:
    from builder.cli.console import Terminal
    from builder.evaluate.metrics import Comparison
    from builder.evaluate.score import Evaluation

_FOLDER, _OUTPUT = "manim_combined", "evaluation"
_SHOWN = 8
"""Exceptions and conflicts."""
_RATE = 1.0
_REPO = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


def add_evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `evaluate` takes."""
    add = parser.add_argument
    add(
        "runs",
        metavar="PREDICTIONS",
        nargs="+",
        type=Path,
        help="what a model wrote, one JSON object a line; or two runs to compare: files, or folders of evaluations",
    )
    add(
        "--against",
        metavar="FOLDER|REPO",
        help=f"what `build` or `export` wrote (default {_FOLDER}); or a dataset repository that `push` filled, as "
        "OWNER/NAME or OWNER/NAME@REVISION",
    )
    add("--config", metavar="NAME", help="the config whose rows were asked for (default: the most thorough)")
    add("--split", metavar="NAME", help="the side whose rows were asked for (default test)")
    add("--output-dir", metavar="DIR", type=Path, help=f"where to write (default {_OUTPUT})")
    add("--rate", metavar="N", type=float, help=f"frames a second that renderings are compared by (default {_RATE:g})")
    add("--no-similarity", action="store_true", help="go without visual similarity, and so without scikit-image")
    add("--code-similarity", action="store_true", help="also compare programs as texts, by CodeBLEU (package codebleu)")
    add("--clip-model", metavar="FOLDER", type=Path, help="also compare renderings by a CLIP model in this folder")
    add("--verdicts", metavar="FILE", help="take the verdicts of an earlier evaluation: nothing is rendered")
    add("--workers", metavar="N", type=int, help="programs that are rendered side by side (default: all processors)")
    add("--cluster", metavar="ADDRESS", help="render on the workers of this Dask scheduler")
    add_renderer_arguments(parser)


def evaluate(given: argparse.Namespace, terminal: Terminal) -> Answer:
    """Score a model's answers, or compare two runs.

    Raises:
        SettingError: a setting has no meaning.
        BuilderError: a file cannot be read or written, or something that rendering needs is missing.
    """
    if len(given.runs) > 2:
        raise SettingError(f"{len(given.runs)} runs were named: one is scored, two are compared")
    output = getattr(given, "output_dir", Path(_OUTPUT))
    if len(given.runs) == 2:
        return _compare(given, terminal, output)
    found = _scored(given, terminal, given.runs[0], output)
    success = found.scores["metrics"]["render_success"]
    last = f"{success['value']:.1%} render ({success['low']:.1%} to {success['high']:.1%}); written to {output}"
    return Answer({"folder": str(output), **found.scores}, lambda: show_scores(found.scores), last, DONE)


def _scored(given: argparse.Namespace, terminal: Terminal, run: Path, output: Path) -> Evaluation:
    from builder.evaluate.page import write_page
    from builder.evaluate.predictions import read_predictions, read_references
    from builder.evaluate.score import score, write
    from builder.evaluate.similarity import clip_similarity, code_bleu, model_hash
    from builder.render.renderer import Renderer

    rate = 0.0 if "no_similarity" in given else getattr(given, "rate", _RATE)
    split = getattr(given, "split", "test")
    folder = _against(getattr(given, "against", _FOLDER), split, terminal)
    references = read_references(folder, getattr(given, "config", ""), split)
    predictions = read_predictions(run, references.rows)
    settings: dict[str, Any] = renderer_settings(given)
    compare = code_bleu() if "code_similarity" in given else None
    model = getattr(given, "clip_model", None)
    if model is not None and not rate:
        raise SettingError(f"--clip-model {model}: compares frames, which --no-similarity leaves out")
    clip = clip_similarity(model) if model is not None else None
    with terminal, Renderer(frames=rate, events=terminal, **settings) as renderer:
        found = score(
            *(references, predictions, renderer, terminal),
            rate=rate,
            code_similarity=compare,
            clip=clip,
            predictions_file=run,
        )
        if model is not None:
            found.scores["versions"]["clip_model"] = model_hash(model)
        write(found, output, renderer)
        write_page(found, output, renderer)
    if predictions.unmatched:
        first, count = predictions.unmatched[0], len(predictions.unmatched)
        more = ", …" if count > 1 else ""
        terminal.warn(
            f"lines that belong to no row of {references.split}, and count for nothing: {count:,} of "
            f"{predictions.lines:,} (line {first.line}: {first.name or 'without id or prompt'}{more})"
        )
    if missing := found.scores["missing"]:
        more = ", …" if len(missing) > 3 else ""
        terminal.warn(
            f"rows without an answer, which count as failed: {len(missing):,} ({', '.join(missing[:3])}{more})"
        )
    return found


def _against(named: str, split: str, terminal: Terminal) -> Path:
    """The folder that was named, or what a repository of that name holds of a split."""
    from builder.publish.hub.client import Hub
    from builder.report.proof.folder import MANIFEST
    from builder.report.rows import ROWS

    folder = Path(named).expanduser()
    repo, _, revision = named.partition("@")
    if folder.exists() or not _REPO.fullmatch(repo):
        return folder
    patterns = (MANIFEST, f"data/*/{split}-*.parquet", "ledger/*.parquet", ROWS)
    try:
        return Hub(repo, terminal).downloaded(patterns, revision)
    except BuilderError as error:
        raise SettingError(f"--against {named}: there is no such folder, and {error}") from None


def _compare(given: argparse.Namespace, terminal: Terminal, output: Path) -> Answer:
    from builder.core.files import write_json, written_aside
    from builder.evaluate.score import compare_rows, read_rows

    if len({run.resolve() for run in given.runs}) < 2:
        raise SettingError(f"{given.runs[0]}: is named twice; name two runs")
    rows = []
    for number, run in enumerate(given.runs, 1):
        folder = run if run.is_dir() else output / f"{number}-{run.stem}"
        if not run.is_dir():
            _scored(given, terminal, run, folder)
        rows.append(read_rows(folder))
    found = compare_rows(*rows)
    document = {
        "runs": [str(run) for run in given.runs],
        "comparison": {name: asdict(one) | {"could_be_chance": one.could_be_chance} for name, one in found.items()},
    }
    output.mkdir(parents=True, exist_ok=True)
    with written_aside(output / "comparison.json", "--output-dir") as aside:
        write_json(document, aside)
    return Answer(document, lambda: show_comparison(found), _in_words(found["render_success"]), DONE)


def _in_words(found: Comparison) -> str:
    between = f"{found.difference:+.1%} ({found.low:+.1%} to {found.high:+.1%})"
    verdict = "could be chance" if found.could_be_chance else "is hardly chance"
    return (
        f"render success {found.first:.1%} and {found.second:.1%}: {between}, which {verdict} (p {found.p_value:.3f})"
    )


def show_comparison(found: Mapping[str, Comparison]) -> None:
    """Each measure of two runs, with the difference and what it is worth."""
    from rich.table import Table

    from builder.cli.console import new_console

    table = Table("", "first", "second", "difference", "95 % interval", "p", "better", "test", show_edge=False)
    for name, one in found.items():
        table.add_row(
            name, f"{one.first:.3f}", f"{one.second:.3f}", f"{one.difference:+.3f}",
            f"{one.low:+.3f} to {one.high:+.3f}",
            f"{one.p_value:.3f}", f"{one.only_first:,} : {one.only_second:,} of {one.prompts:,}", one.method,
        )  # fmt: skip
    new_console().print(table)


def show_scores(scores: Mapping[str, Any]) -> None:
    """Metrics with their intervals, by source and difficulty, and what failed most often."""
    from rich.markup import escape
    from rich.table import Table

    from builder.cli.console import new_console

    console = new_console()
    counts = scores["counts"]
    words = ", ".join(f"{name} {count:,}" for name, count in counts["outcomes"].items())
    console.print(f"{counts['prompts']:,} prompts, {counts['samples']:,} samples: {words}")
    table = Table("", "value", "95 % interval", "by", show_edge=False)
    for name, one in scores["metrics"].items():
        table.add_row(name, f"{one['value']:.4f}", f"{one['low']:.4f} to {one['high']:.4f}", one["method"])
    console.print(table)
    for title in ("by_source", "by_difficulty"):
        groups = scores[title]
        if len(groups) > 1:
            table = Table(
                title.replace("_", " "), "prompts", "render success", "95 % interval", "similarity", show_edge=False
            )
            for name, group in groups.items():
                one, alike = group["render_success"], group.get("visual_similarity")
                shown = f"{alike['value']:.3f}" if alike else "-"
                interval = f"{one['low']:.3f} to {one['high']:.3f}"
                table.add_row(escape(visible(name)), f"{one['count']:,}", f"{one['value']:.3f}", interval, shown)
            console.print(table)
    for title, key in (("exceptions", "exception"), ("conflicts", "conflict")):
        for one in scores[title][:_SHOWN]:
            text = f"{one[key]}: {one['message']}" if key == "exception" else one[key]
            console.print(escape(visible(f"{one['samples']:>6,}  {text[:120]}  ({one['example']})")))
