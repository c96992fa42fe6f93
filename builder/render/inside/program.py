"""Runs one program as `manim render -a --dry_run -ql` would, and says what came of it, in the program's own process.

A program ends well if its import and the `render()` of each scene class that it defines raise nothing; whether
something was to be seen is for the worker to say. Every frame of Manim's low quality is computed, 480 pixels high, 15 a
second, also where a program asks for more; at the fast level, one frame for each animation, its last. Animations are
not hashed for Manim's cache.
"""

import contextlib
import importlib.util
import inspect
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .frames import Eye
from .watch import ENDED, REFUSED, hide_worker, speak_through, watch

MODULE = "program"
MESSAGE_CHARACTERS = 300
HEIGHT = 480
"""Pixels."""
FRAME_RATE = 15
"""Frames a second."""
_RENDERING = ("render", "play_internal", "play", "wait", "add_frame", "update_frame", "get_frame", "capture_mobjects")
"""Methods of Manim's scenes, renderers and cameras that no program may replace."""
_SCENES_OWN = ("render", "play_internal")
"""Those of them that its own scene classes may not have."""

Answer = dict[str, Any]


def run_program(path: Path, fast: bool, eye: Eye, report: int) -> None:
    """Run the program in a file, watched, and say what came of it, whatever it raises.

    Args:
        path: The file, in the program's scratch folder.
        fast: Whether one frame is enough of each animation.
        eye: Looks at frames.
        report: The pipe to the worker.
    """
    watch(path.parent, str(path), sys._getframe(), speak_through(report))
    answer = _outcome(path, fast, eye) | {"characters": "".join(sorted(eye.characters)), "facts": eye.facts.as_json()}
    sys.audit(ENDED, json.dumps(answer, ensure_ascii=False))  # from this frame alone, it is believed


def _outcome(path: Path, fast: bool, eye: Eye) -> Answer:
    try:
        hide_worker(__package__ or "")
        scenes = _render_all(path, fast, eye)
    except BaseException as error:  # also SystemExit and KeyboardInterrupt: whatever ends a program early fails it
        message, line = _describe(error, str(path))
        return {"outcome": "failed", "exception": type(error).__name__[:100], "message": message, "line": line}
    if not scenes:
        return {"outcome": "no_scene", "exception": "", "message": "no Scene subclass", "line": None}
    return {"outcome": "passed", "exception": "", "message": "", "line": None}


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
    check = _check_manim()
    spec.loader.exec_module(module)
    scenes = list(_scenes(module))
    for defined in scenes:
        with _restored(config):
            _limit(config)
            scene = defined()
            if fast:
                scene.renderer.skip_animations = scene.renderer._original_skipping_status = True
            check(scene)
            scene.render()
            check(scene)
            eye.finish(scene)
    return len(scenes)


def _check_manim() -> Callable[[Any], None]:
    """Notes what renders in Manim now; what is returned refuses a scene if any of it has been replaced since."""
    from manim import Camera, Scene
    from manim.renderer.cairo_renderer import CairoRenderer
    from manim.renderer.opengl_renderer import OpenGLRenderer

    renderers = CairoRenderer, OpenGLRenderer
    manims = set(_descendants(Scene, Camera, *renderers))

    def parts() -> dict[str, Any]:
        return {f"{kind.__name__}.{name}": vars(kind).get(name) for kind in manims for name in _RENDERING}

    before = parts()

    def check(scene: Any) -> None:
        replaced = [name for name, part in parts().items() if part is not before[name]]
        foreign = [vars(scene), *(vars(kind) for kind in type(scene).__mro__ if kind not in manims)]
        replaced += [f"Scene.{name}" for name in _SCENES_OWN if any(name in one for one in foreign)]
        if type(scene.renderer) not in renderers:
            replaced.append("Scene.renderer")
        for name in replaced[:1]:
            sys.audit(REFUSED, f"replace {name}, which renders")

    return check


def name_films() -> None:
    """Programs ask where their film goes: without one, Manim's writer of files has no name for it, and now it has."""
    from manim.scene.scene_file_writer import SceneFileWriter

    def named(planned: property, kind: str, ending: str) -> property:
        def path(writer: Any) -> Path:
            try:
                return Path(planned.__get__(writer))
            except AttributeError:
                stem = Path(writer.output_plan.output_stem or "scene").name
                return Path.cwd() / "media" / kind / MODULE / f"{stem}{ending}"

        return property(path)

    SceneFileWriter.movie_file_path = named(SceneFileWriter.movie_file_path, "videos", ".mp4")
    SceneFileWriter.image_file_path = named(SceneFileWriter.image_file_path, "images", ".png")


def _descendants(*kinds: type) -> Iterator[type]:
    for kind in kinds:
        yield kind
        yield from _descendants(*kind.__subclasses__())


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
