"""The evaluation as one HTML page: numbers first, then each row with what was asked for and what was written."""

import base64
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import polars as pl
from markupsafe import Markup

from builder.core.files import written_aside
from builder.evaluate.score import Evaluation
from builder.render.renderer import Renderer
from builder.report.browser import is_webp
from builder.report.page import COLOURS, page_environment, page_script

PAGE = "evaluation.html"
_FILES = Path(__file__).parent / "page_files"
_MOST_ROWS = 2_000
"""That the page shows, those that failed first; `rows.parquet` has all."""
_MOST_BYTES = 24 << 20
"""Of pictures."""
_FRAMES_BYTES = 400_000
"""Of one loop; of a larger one the last frame is shown."""


def write_page(found: Evaluation, folder: Path, renderer: Renderer) -> None:
    """Write `evaluation.html` into the folder of an evaluation; it asks no other host for anything.

    Raises:
        OutputError: it cannot be written.
    """
    script, allowed = page_script(COLOURS, _FILES / "evaluation.js")
    rows = _shown(found.rows)
    html = _template().render(
        scores=found.scores,
        style=Markup((_FILES / "evaluation.css").read_text(encoding="utf-8")),
        script=script,
        script_source=allowed,
        rows=list(_with_pictures(rows, renderer)),
        left_out=found.rows.height - rows.height,
        outcomes=sorted(set(rows["outcome"])),
        sources=sorted(set(rows["source"])),
        exceptions=sorted(set(rows["exception"]) - {""}),
    )
    with written_aside(folder / PAGE, "--output-dir") as aside:
        aside.write_text(html, encoding="utf-8")


def _shown(rows: pl.DataFrame) -> pl.DataFrame:
    if rows.height <= _MOST_ROWS:
        return rows
    return (
        rows.with_row_index().sort(pl.col("outcome") == "passed", "index").head(_MOST_ROWS).sort("index").drop("index")
    )


def _with_pictures(rows: pl.DataFrame, renderer: Renderer) -> Iterator[Mapping[str, Any]]:
    room = _MOST_BYTES
    known: dict[str, str] = {}

    def picture_of(program: str) -> str:
        nonlocal room
        if program and program not in known:
            frames = renderer.pictures(program)
            small = (each for each in frames if each is not None and len(each) <= _FRAMES_BYTES)
            picture = next(small, b"")
            room -= len(picture)
            fits = room >= 0 and (is_webp(picture) or picture[:4] == b"RIFF")
            known[program] = f"data:image/webp;base64,{base64.b64encode(picture).decode()}" if fits and picture else ""
        return known.get(program, "")

    for row in rows.iter_rows(named=True):
        sides = {"left": picture_of(row["reference_program"]), "right": picture_of(row["program"])}
        yield {**row, **sides}


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    return page_environment(_FILES).get_template("evaluation.html.jinja")
