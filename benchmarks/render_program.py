"""Runs one program as Manim's command line would with `-a --dry_run -ql`, and says what came of it.

Imported inside the sandbox only, by `render_worker.py`. What passes: the import and the `render()` of each scene
class that the program defines raise nothing. Unless asked for in full, frames have few pixels and animations are not
hashed for Manim's cache: on 272 real programs, 95 of which fail, that changed no verdict, exception or line.
"""

import contextlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MODULE = "program"
MESSAGE_CHARACTERS = 300
TEX_COMPLAINT_CHARACTERS = 120
COARSE_HEIGHT = 96
"""Pixels. Frames a second stay those of Manim's low quality, so that animations are computed as often."""
PASSED, FAILED, TIMEOUT, NO_SCENE = "passed", "failed", "timeout", "no_scene"

Answer = dict[str, Any]


def run_program(path: Path, full: bool) -> Answer:
    """The verdict on the program in a file, whatever it raises."""
    try:
        rendered = _render_all(path, full)
    except BaseException as error:  # also SystemExit and KeyboardInterrupt: whatever ends a program early fails it
        message, line = _describe(error, str(path))
        if "latex error" in message:
            message += _tex_complaint(path.parent)
        return failure(type(error).__name__[:100], message, line)
    if not rendered:
        return failure("NoScene", "no Scene subclass", verdict=NO_SCENE)
    return {"verdict": PASSED, "exception": None, "message": None, "line": None}


def failure(exception: str, message: str, line: int | None = None, verdict: str = FAILED) -> Answer:
    """An answer that is not `passed`."""
    return {"verdict": verdict, "exception": exception, "message": message[:MESSAGE_CHARACTERS], "line": line}


def _describe(error: BaseException, path: str) -> tuple[str, int | None]:
    """An error's text, and the last line of the program that it went through."""
    try:
        message = str(error)[:MESSAGE_CHARACTERS].encode(errors="replace").decode()
    except Exception:
        message = ""
    if isinstance(error, SyntaxError) and error.filename == path:
        return message, error.lineno
    frames = traceback.walk_tb(error.__traceback__)
    lines = [number for frame, number in frames if frame.f_code.co_filename == path]
    return message, lines[-1] if lines else None


def _tex_complaint(folder: Path) -> str:
    """What LaTeX complained of in its newest log, in one line."""
    with contextlib.suppress(OSError, ValueError):
        log = max(folder.glob("media/**/Tex/*.log"), key=lambda path: path.stat().st_mtime)
        complaints = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("!")]
        return f" [{complaints[0][:TEX_COMPLAINT_CHARACTERS]}]" if complaints else ""
    return ""


def _render_all(path: Path, full: bool) -> int:
    """Load the program as Manim does and render every scene that it defines; how many there were."""
    import random

    import numpy as np
    from manim import config, tempconfig

    random.seed(0)
    np.random.seed(0)
    sys.argv = ["manim", "render", path.name]
    sys.path.insert(0, str(path.parent))
    config.disable_caching = not full
    spec = importlib.util.spec_from_file_location(MODULE, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    spec.loader.exec_module(module)
    scenes = list(_scenes(module))
    for scene in scenes:
        with tempconfig({}):
            if not full:
                _coarse(config)
            scene().render()
    return len(scenes)


def _scenes(module: Any) -> Iterator[type]:
    """The scenes that a module defines, by Manim's own rule, each once, in the order of their names."""
    from manim import Scene

    seen = set()
    for _, member in inspect.getmembers(module, inspect.isclass):
        if issubclass(member, Scene) and member.__module__ == MODULE and member not in seen:
            seen.add(member)
            yield member


def _coarse(config: Any) -> None:
    """Few pixels, in the program's own proportions, and no more frames a second than the preset has."""
    if config.pixel_height > COARSE_HEIGHT:
        width = max(1, round(config.pixel_width * COARSE_HEIGHT / config.pixel_height))
        config.pixel_width, config.pixel_height = width, COARSE_HEIGHT
    config.frame_rate = min(config.frame_rate, 15)
