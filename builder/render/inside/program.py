"""Runs one program as `manim render -a --dry_run -ql` would, and says what came of it, in the program's own process.

A program passes if its import and the `render()` of each scene class that it defines raise nothing and something was
to be seen. Every frame of Manim's low quality is computed, 480 pixels high, 15 a second, also where a program asks for
more; at the fast level, one frame for each animation, its last. Animations are not hashed for Manim's cache.

Whatever is said here is the word of a process that the program has in its hands: it counts for this program alone.
"""

import contextlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .frames import Eye

MODULE = "program"
MESSAGE_CHARACTERS = 300
HEIGHT = 480
"""Pixels."""
FRAME_RATE = 15
"""Frames a second."""

Answer = dict[str, Any]


def run_program(path: Path, fast: bool, eye: Eye) -> Answer:
    """The outcome of the program in a file, whatever it raises."""
    try:
        rendered = _render_all(path, fast, eye)
    except BaseException as error:  # also SystemExit and KeyboardInterrupt: whatever ends a program early fails it
        message, line = _describe(error, str(path))
        return {"outcome": "failed", "exception": type(error).__name__, "message": message, "line": line}
    if not rendered:
        return {"outcome": "no_scene", "exception": "", "message": "no Scene subclass", "line": None}
    return {"outcome": "passed" if eye.seen else "blank", "exception": "", "message": "", "line": None}


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


def _render_all(path: Path, fast: bool, eye: Eye) -> int:
    """Load the program as Manim does and render every scene that it defines; how many there were."""
    import random

    import numpy as np
    from manim import config

    random.seed(0)
    np.random.seed(0)
    sys.argv = ["manim", "render", path.name]
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(MODULE, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    spec.loader.exec_module(module)
    scenes = list(_scenes(module))
    for defined in scenes:
        with _restored(config):
            _limit(config)
            scene = defined()
            if fast:
                scene.renderer.skip_animations = scene.renderer._original_skipping_status = True
            scene.render()
            eye.finish(scene)
    return len(scenes)


@contextlib.contextmanager
def _restored(config: Any) -> Iterator[None]:
    """As Manim's `tempconfig({})`, but what has not changed is not set again: setting the renderer takes 40 ms."""
    before = {name: config[name] for name in config}
    try:
        yield
    finally:
        for name, value in before.items():
            if config[name] is not value and config[name] != value:
                config[name] = value


def _scenes(module: Any) -> Iterator[Any]:
    """The scenes that a module defines, by Manim's own rule, each once, in the order of their names."""
    from manim import Scene

    seen = set()
    for _, member in inspect.getmembers(module, inspect.isclass):
        if issubclass(member, Scene) and member.__module__ == MODULE and member not in seen:
            seen.add(member)
            yield member


def _limit(config: Any) -> None:
    """No more pixels, in the program's own proportions, and no more frames a second than the preset has."""
    if config.pixel_height > HEIGHT:
        width = max(1, round(config.pixel_width * HEIGHT / config.pixel_height))
        config.pixel_width, config.pixel_height = width, HEIGHT
    config.frame_rate = min(config.frame_rate, FRAME_RATE)
    config.disable_caching = True
