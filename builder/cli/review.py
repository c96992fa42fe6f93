"""The command `review`."""

import argparse
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from builder.cli.command import Answer
from builder.cli.render import add_renderer_arguments, renderer_settings

if TYPE_CHECKING:
    from builder.cli.console import Terminal

_LOOP_RATE = 6.0
"""Frames a second of the loops of rendered programs."""


def add_review_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `review` takes."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="what `build` or `export` wrote")
    parser.add_argument("--port", metavar="N", type=int, default=0, help="a port of this machine (default: a free one)")
    add_renderer_arguments(parser)


def review(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Serve the report of a folder on this machine until Ctrl-C; decisions go into `FOLDER/decisions.jsonl`.

    Raises:
        builder.core.errors.BuilderError: the folder is not one of this project, or the port is taken.
    """
    from builder.core.errors import RenderError
    from builder.render.renderer import Renderer
    from builder.report.review import ReviewServer

    with ExitStack() as stack:
        renderer = None
        try:
            renderer = stack.enter_context(Renderer(workers=1, frames=_LOOP_RATE, **renderer_settings(given)))  # type: ignore[arg-type]
        except RenderError as error:
            terminal.warn(f"programs cannot be rendered here: {error}")
        server = stack.enter_context(ReviewServer(given.folder, renderer, given.port))
        print(f"open {server.url}\nCtrl-C ends it", file=sys.stderr if given.json else sys.stdout, flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
        file = server.decisions
    lines = len(file.read_bytes().splitlines()) if file.exists() else 0
    last = f"{lines:,} decisions in {file}; the next build into this folder takes them"
    return Answer({"decisions": str(file), "lines": lines}, last=last)
