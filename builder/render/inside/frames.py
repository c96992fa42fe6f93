"""What was to be seen: whether any frame shows more than background, and one frame as a small picture.

Until something is seen, every frame is looked at; from then on, the last one of each animation. The picture is the last
of these that shows something clearly: programs like to fade all out at their end.
"""

import io
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .samples import Samples
from .sampling import sample_frames

THUMBNAIL_WIDTH = 320
THUMBNAIL_BYTES = 60_000
FAINT = 40
"""Of 255: by how much a frame must differ from the background somewhere to show something clearly."""
_EVERY = 3
"""Of so many pixels, one is looked at for that, across and down."""
_QUALITIES = (80, 50, 20)
_METHOD = 4
"""Pillow's effort for WebP, of 0 to 6."""


class Eye:
    """Looks at frames as they are computed."""

    def __init__(self) -> None:
        self.seen = False
        """Whether any frame of any scene so far showed something."""
        self.samples = Samples(0)
        self._latest: Any = None
        self._shown: Any = None
        self._faint = True

    def install(self) -> None:
        """Put this between Manim's renderer and what it does with frames."""
        from manim.renderer.cairo_renderer import CairoRenderer
        from PIL import Image

        _encode(Image.new("RGB", (8, 8)), _QUALITIES[0])  # loads what Pillow loads late
        add_frame = CairoRenderer.add_frame
        CairoRenderer.add_frame = self._looking(add_frame)
        CairoRenderer.render = _render
        sample_frames(lambda: self.seen, add_frame, lambda start, seconds: self.samples.due(start, seconds) > 0)
        CairoRenderer.play = self._between(CairoRenderer.play)

    def finish(self, scene: Any) -> None:
        """A scene has been rendered: look at what stands there."""
        with suppress(Exception):
            camera = scene.renderer.camera
            self._look()
            self._latest = camera, camera.pixel_array
            self._look()
            self.samples.finish(camera.pixel_array, scene.renderer.num_plays, scene.renderer.time)

    def thumbnail(self) -> bytes | None:
        """The picture as WebP; nothing if nothing was seen."""
        from PIL import Image

        if self._shown is None:
            return None
        with suppress(Exception):
            picture = Image.fromarray(self._shown[..., :3].copy())
            picture.thumbnail((THUMBNAIL_WIDTH, THUMBNAIL_WIDTH))
            for quality in _QUALITIES:
                encoded = _encode(picture, quality)
                if len(encoded) <= THUMBNAIL_BYTES:
                    return encoded
        return None

    def _looking(self, original: Callable[..., None]) -> Callable[..., None]:
        def add_frame(renderer: Any, frame: Any, num_frames: int = 1) -> None:
            with suppress(Exception):
                self._latest = renderer.camera, frame
                if not self.seen:
                    self._look()
                if not renderer.skip_animations:
                    self.samples.take(renderer.time, num_frames / renderer.camera.frame_rate, frame)
            original(renderer, frame, num_frames)

        return add_frame

    def _between(self, original: Callable[..., None]) -> Callable[..., None]:
        def play(renderer: Any, *arguments: Any, **named: Any) -> None:
            original(renderer, *arguments, **named)
            with suppress(Exception):
                self._look()

        return play

    def _look(self) -> None:
        """Remember the latest frame if it shows anything."""
        import numpy

        if self._latest is None:
            return
        (camera, frame), self._latest = self._latest, None
        background, faint = camera.background, False
        if frame.shape == background.shape:
            pixels = frame.view(numpy.uint32), background.view(numpy.uint32)
            if not (pixels[0] != pixels[1]).any():
                return
            some = frame[::_EVERY, ::_EVERY].astype(numpy.int16), background[::_EVERY, ::_EVERY]
            faint = numpy.abs(some[0] - some[1]).max() < FAINT
        self.seen = True
        if self._faint or not faint:
            self._shown, self._faint = frame.copy(), faint


def _encode(picture: Any, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=_METHOD)
    return out.getvalue()


def _render(renderer: Any, scene: Any, time: float, moving_mobjects: Any = None) -> None:  # noqa: ARG001
    """As Manim's, but the frame is not copied: nobody keeps it."""
    renderer.update_frame(scene, moving_mobjects)
    renderer.add_frame(renderer.camera.pixel_array)
