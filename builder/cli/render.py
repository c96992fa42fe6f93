"""Commands that render: `render` one program, `verify` those of a config."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from builder.cli.command import DONE, FAILED, Answer, visible
from builder.cli.programs import STANDARD_INPUT, read_text
from builder.cli.settings import one_config
from builder.config import DEFAULT_TIMEOUT
from builder.core.errors import SettingError

if TYPE_CHECKING:
    from rich.table import Table

    from builder.cli.console import Terminal
    from builder.pipeline.verify import SourceVerdicts, Verification
    from builder.render.verdict import Verdict


LOOP_RATE = 6.0
"""Frames a second of a loop, unless another number is asked for."""


def add_render_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `render` takes."""
    add = parser.add_argument
    add("file", metavar="FILE", help="a program; - is standard input")
    add("--output", metavar="FILE", type=Path, help="where to write the picture (default: FILE with .webp)")
    add("--loop", action="store_true", help="write the whole animation, small, instead of the last frame")
    add("--rate", metavar="N", type=float, help=f"frames a second of the loop, up to 15 (default {LOOP_RATE:g})")
    add("--again", action="store_true", help="render it, whatever the cache knows")
    add_renderer_arguments(parser)


def add_renderer_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the settings of rendering that go with no build."""
    add = parser.add_argument
    add("--timeout", metavar="SECONDS", type=float, help=f"processor time of one program (default {DEFAULT_TIMEOUT:g})")
    add("--manim-python", metavar="FILE", help="a Python that has Manim (default: the one that runs this)")
    add("--cache-dir", metavar="DIR", help="where verdicts are kept (default: as builds do)")
    add("--no-sandbox", action="store_true", help="run programs with all your rights; only for programs you trust")


def renderer_settings(given: argparse.Namespace) -> dict[str, object]:
    """The settings of rendering that were given, as `Renderer` takes them."""
    names = ("timeout", "manim_python", "cache_dir", "no_sandbox", "workers", "cluster", "verdicts")
    return {name: vars(given)[name] for name in names if name in given}


def render(given: argparse.Namespace, terminal: Terminal) -> Answer:
    """Render one program in a sandbox, show its verdict, and write a picture of what it shows.

    Raises:
        SettingError: the file is not there, or a setting has no meaning.
        BuilderError: the file cannot be read, the picture cannot be written, or rendering lacks something.
    """
    from builder.core.errors import OutputError
    from builder.render.renderer import Renderer
    from builder.render.verdict import Outcome

    loop = "loop" in given
    if "rate" in given and not loop:
        raise SettingError("--rate: it is for --loop")
    if given.file != STANDARD_INPUT and not Path(given.file).is_file():
        raise SettingError(f"{given.file}: there is no such file")
    code = read_text(given.file).removeprefix("\ufeff")
    rate = getattr(given, "rate", LOOP_RATE) if loop else 0.0
    retry = tuple(Outcome) if "again" in given else ()
    with terminal, Renderer(workers=1, frames=rate, retry=retry, **renderer_settings(given)) as renderer:  # type: ignore[arg-type]
        verdict = renderer.render_one(code)
        conditions, cached = renderer.conditions, not renderer.rendered
    picture = verdict.frames if loop else verdict.thumbnail
    written = ""
    if picture is not None:
        name = "standard_input" if given.file == STANDARD_INPUT else given.file
        path = getattr(given, "output", None) or Path(name).with_suffix(".webp")
        try:
            path.write_bytes(picture)
        except OSError as error:
            raise OutputError(f"--output {path}: cannot be written: {error.strerror or error}") from error
        written = str(path)
    document = {
        "verdict": replace(verdict, thumbnail=None, frames=None),
        "conditions": conditions,
        "cached": cached,
        "picture": written,
    }
    code_line = (
        code.splitlines()[verdict.line - 1].strip() if verdict.line and verdict.line <= code.count("\n") + 1 else ""
    )
    last = _in_words(verdict, given.file, code_line) + (f"\nwritten to {written}" if written else "")
    return Answer(document, last=last, code=DONE if verdict.outcome is Outcome.PASSED else FAILED)


def _raised(verdict: Verdict, otherwise: str = "") -> str:
    """The exception of a program with its message, and the line that raised it."""
    raised = f": {verdict.exception}: {verdict.message}".rstrip(": ") if verdict.exception else otherwise
    return raised + (f" (line {verdict.line})" if verdict.line else "")


def _in_words(verdict: Verdict, name: str, code_line: str) -> str:
    """`scene.py: passed: 2 scenes, 4 animations; rendered in 2.21 s`, and the line that raised, or what was found."""
    from builder.render.findings import findings

    raised = _raised(verdict, f" {verdict.message}".rstrip())
    parts = [
        f"{count:,} {noun}{'' if count == 1 else 's'}"
        for count, noun in ((verdict.scenes, "scene"), (verdict.animations, "animation"))
        if count
    ]
    parts += [f"{verdict.animated:.1f} s of animation"] if verdict.animated else []
    shown = f": {', '.join(parts)}" if parts else ""
    first = f"{name}: {verdict.outcome}{raised}{shown}; rendered in {verdict.seconds:.2f} s"
    lines = [code_line] if code_line else [f"{finding}: {told}" for finding, told in findings(verdict).items()]
    return "\n    ".join(map(visible, [first, *lines]))


_SHOWN_EXCEPTIONS = 12


def show_verification(found: Verification) -> None:
    """Verdicts by source, or one by one where rows were named."""
    from rich.text import Text

    from builder.cli.console import new_console

    console = new_console()
    conditions = found.conditions
    sandbox = "" if conditions.sandboxed else ", without a sandbox"
    console.print(
        Text(
            f"Manim {conditions.manim}; {conditions.latex or 'no LaTeX'}; level {conditions.level}, "
            f"{conditions.timeout:g} s a program{sandbox}"
        )
    )
    for row in found.rows:
        verdict = row.verdict
        if verdict is None:
            console.print(Text(f"{row.id}: not rendered"))
            continue
        console.print(Text(visible(f"{row.id}: {verdict.outcome}{_raised(verdict)}, {verdict.seconds:.2f} s")))
        if row.line:
            console.print(Text(visible(f"    {row.line}"), "dim"))
    if found.sources:
        console.print(_table(found.sources))


def _table(sources: tuple[SourceVerdicts, ...]) -> Table:
    from rich.table import Table

    from builder.core.schema import Outcome  # with Arrow, which `--help` does without

    table = Table(title="rows by what came of their programs", title_justify="left")
    table.show_edge = False
    table.add_column("")
    for source in sources:
        table.add_column(source.source, justify="right")
    totals: dict[str, int] = {}
    for source in sources:
        for name, rows in source.verdicts.items():
            totals[name] = totals.get(name, 0) + rows
    names = sorted(totals, key=lambda name: (name != Outcome.PASSED, -totals[name], name))
    for name in names[:_SHOWN_EXCEPTIONS]:
        table.add_row(name, *(f"{source.verdicts.get(name, 0):,}" for source in sources))
    if rest := names[_SHOWN_EXCEPTIONS:]:
        cells = (f"{sum(source.verdicts.get(name, 0) for name in rest):,}" for source in sources)
        table.add_row("other exceptions", *cells)
    if any(source.not_rendered for source in sources):
        table.add_row("not rendered", *(f"{source.not_rendered:,}" for source in sources))
    return table


DEFAULT = "verified"
SETTINGS_WITHOUT_USE = (
    "previews",
    "verdicts",
    "format",
    "trainer",
    "system_prompt",
    "augmentation_factor",
    "limit",
    "balance",
)
"""Settings that change nothing of what is rendered."""


def add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `verify` takes besides settings."""
    add = parser.add_argument
    # not `limit`: that is a setting, which draws a subset
    add(
        "--limit",
        metavar="N",
        type=int,
        dest="most",
        help="render at most so many programs; the next run goes on from there",
    )
    add("--only", metavar="ID", action="append", help="render the program of this row, and show what it raised")
    add("--save", metavar="FILE", help="also write the verdicts to a Parquet file, for --verdicts on another machine")


def verify(given: argparse.Namespace, terminal: Terminal) -> Answer:
    """Render what a config would keep, or single rows, and keep the verdicts in the cache.

    Raises:
        builder.core.errors.BuilderError: a setting is wrong, or something that rendering needs is missing.
    """
    from builder.pipeline.verify import verify as verify_config

    config, _ = one_config(given, DEFAULT, verify=True)
    flags = vars(given)
    if flags.get("most", 0) < 0:
        raise SettingError(f"--limit {given.most}: a whole number from 0 is wanted")
    save = Path(given.save) if "save" in flags else None
    with terminal:
        found = verify_config(config, terminal, limit=flags.get("most"), only=flags.get("only", ()), save=save)
    return Answer(
        {
            "conditions": found.conditions,
            "sources": found.sources,
            "rows": found.rows,
            "rendered": found.rendered,
            "kept": found.kept,
        },
        lambda: show_verification(found),
        _last(found),
    )


def _last(found: Verification) -> str:
    release = f"Manim {found.conditions.manim}"
    if found.rows:
        return f"{found.rendered:,} of {len(found.rows):,} programs rendered now, by {release}"
    silent = sum(source.not_rendered for source in found.sources)
    more = f"; {silent:,} rows have no verdict yet" if silent else ""
    return f"{found.rendered:,} programs rendered now, by {release}; {found.kept:,} rows would be kept{more}"
