"""What was to be seen: whether any frame shows more than background, and one frame as a small picture.

Frames themselves are rasterised coarsely (see `program.py`); the thumbnail is drawn anew, larger, from what stands in
the scene at its end. If that is nothing, since programs like to fade all out, it is what stood there before things
were last removed by an animation.
"""

import io
from collections.abc import Callable
from contextlib import suppress
from typing import Any

THUMBNAIL_WIDTH = 320
THUMBNAIL_BYTES = 60_000
_QUALITIES = (80, 50, 20)
_METHOD = 4
"""Pillow's effort for WebP, of 0 to 6."""


class Eye:
    """Looks at frames as they are computed."""

    def __init__(self) -> None:
        self.seen = False
        """Whether any frame of any scene so far showed something."""
        self._scene: Any = None
        self._scene_seen = False
        self._before: Any = None
        self._picture: Any = None

    def install(self) -> None:
        """Put this between Manim's renderer and what it does with frames."""
        from manim import Scene
        from manim.renderer.cairo_renderer import CairoRenderer

        CairoRenderer.add_frame = self._looking(CairoRenderer.add_frame)
        Scene.begin_animations = self._keeping(Scene.begin_animations)

    def open(self, scene: Any) -> None:
        """A scene is about to be rendered."""
        self._scene, self._scene_seen, self._before = scene, False, None

    def close(self) -> None:
        """The scene has been rendered: look at what stands there, and keep a picture of it."""
        camera: Any = getattr(self._scene.renderer, "camera", None)
        with suppress(Exception):
            self._look(camera, camera.pixel_array)
        if self._scene_seen:
            with suppress(Exception):
                last = self._draw()
                self._picture = last if last is not None or self._before is None else self._before
        self._scene = None

    def thumbnail(self) -> bytes | None:
        """The picture of the last scene that showed something, as WebP."""
        with suppress(Exception):
            for quality in _QUALITIES if self._picture is not None else ():
                out = io.BytesIO()
                self._picture.save(out, "WEBP", quality=quality, method=_METHOD)
                if out.tell() <= THUMBNAIL_BYTES:
                    return out.getvalue()
        return None

    def _looking(self, original: Callable[..., None]) -> Callable[..., None]:
        def add_frame(renderer: Any, frame: Any, num_frames: int = 1) -> None:
            if not self._scene_seen:
                with suppress(Exception):
                    self._look(renderer.camera, frame)
            original(renderer, frame, num_frames)

        return add_frame

    def _keeping(self, original: Callable[..., None]) -> Callable[..., None]:
        def begin_animations(scene: Any) -> None:
            with suppress(Exception):
                if scene is self._scene and any(animation.is_remover() for animation in scene.animations):
                    picture = self._draw()
                    self._before = self._before if picture is None else picture
            original(scene)

        return begin_animations

    def _look(self, camera: Any, frame: Any) -> None:
        import numpy

        if frame.shape != camera.background.shape or not numpy.array_equal(frame, camera.background):
            self.seen = self._scene_seen = True

    def _draw(self) -> Any:
        """What stands in the scene now, as a picture; nothing if that is background alone."""
        import numpy
        from manim.utils.iterables import list_update
        from PIL import Image

        scene, camera = self._scene, self._scene.renderer.camera
        shape = camera.pixel_width, camera.pixel_height
        kept = camera.background, camera.pixel_array
        try:
            camera.pixel_width = THUMBNAIL_WIDTH
            camera.pixel_height = max(1, round(THUMBNAIL_WIDTH * shape[1] / shape[0]))
            camera.init_background()
            camera.pixel_array = camera.background.copy()
            camera.capture_mobjects(list_update(scene.mobjects, scene.foreground_mobjects))
            drawn = camera.pixel_array
            blank = numpy.array_equal(drawn, camera.background)
            return None if blank else Image.fromarray(drawn[..., :3].copy())
        finally:
            camera.pixel_width, camera.pixel_height = shape
            camera.background, camera.pixel_array = kept
