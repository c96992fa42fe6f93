"""Verdicts as a rendering left them, so that scores need no Manim: what came of each program, and what it showed."""

import io
from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw

from builder.render.inside.samples import SIZE
from builder.render.renderer import Renderer
from builder.render.verdict import Conditions, Outcome, Verdict, program_hash
from builder.render.verdict_file import write_verdicts

CONDITIONS = Conditions("0.22.0", "pdfTeX", drawing="Pillow 12")


def animation(*boxes: tuple[int, int, int, int], colour: str = "white", seconds: int = 1) -> bytes:
    """A box on black in each frame, which stands for some seconds."""
    pictures = []
    for box in boxes:
        picture = Image.new("RGB", SIZE)
        ImageDraw.Draw(picture).rectangle(box, colour)
        pictures.append(picture)
    out = io.BytesIO()
    pictures[0].save(out, "WEBP", save_all=True, append_images=pictures[1:], duration=1000 * seconds, lossless=True)
    return out.getvalue()


def verdict(code: str, outcome: str = "passed", exception: str = "", frames: bytes | None = None) -> Verdict:
    """What came of a program, rendered with one frame a second."""
    shown = frames if outcome == "passed" else None
    return Verdict(program_hash(code), Outcome(outcome), exception, exception and "it broke", frames=shown, rate=1.0)


def recorded(path: Path, verdicts: Mapping[str, Verdict]) -> Renderer:
    """A renderer that knows these programs and renders nothing."""
    frames = {each.program: each.frames for each in verdicts.values() if each.frames}
    write_verdicts(path, verdicts.values(), CONDITIONS, lambda _: {}, lambda _: frames)
    return Renderer(verdicts=path, frames=1.0)
