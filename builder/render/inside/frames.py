"""What was to be seen: the fullest frame of a program, in memory that is the worker's, and looked at by the worker.

Until something is seen, every frame is looked at; from then on, the last one of each animation. The picture is the
frame that shows most detail: programs like to fade all out at their end.
"""

import io
import mmap
import re
import subprocess
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy

from .facts import Facts
from .samples import Samples
from .sampling import sample_frames

THUMBNAIL_WIDTH = 320
THUMBNAIL_BYTES = 60_000
LEAST_PIXELS = 10
"""That must differ from the background: fewer are no picture. A `Dot` has 70."""
SHARP = 40
"""Of 255: by how much neighbouring pixels must differ to count as detail."""
_EVERY = 3
"""Of so many pixels, one is looked at for detail, across and down."""
_CHARACTERS = 300
_PLAIN = re.compile(r"[ -~\n]+")
_FORMATS = ("TrueType", "CFF")
"""Of fonts that Pango takes."""
_QUALITIES = (80, 50, 20)
_METHOD = 2
"""Pillow's effort for WebP, of 0 to 6; at 4 it takes 5 ms in place of 2, for pictures that are 5 % smaller."""
_PIXELS = 1920 * 480
"""That a screen holds; of larger frames, every second pixel is kept, or every third, and so on."""
_NUMBERS = 8
_HEIGHT, _WIDTH, _SCENES, _ANIMATIONS, _SECONDS = range(5)


class Screen:
    """Memory that the worker makes for a program, which writes to it: two pictures of a frame's size, and some numbers.

    What the program writes is its own word, except that pixels which are there are there. The worker looks at it when
    the program has ended.
    """

    def __init__(self) -> None:
        held = mmap.mmap(-1, _NUMBERS * 8 + 2 * 4 * _PIXELS)
        self.numbers = numpy.frombuffer(held, numpy.float64, _NUMBERS)
        self._pixels = numpy.frombuffer(held, numpy.uint8, offset=_NUMBERS * 8).reshape(2, _PIXELS, 4)

    def show(self, frame: Any, background: Any) -> None:
        """In the program's process: put a frame there, with what it would be if nothing was in it."""
        step = 1
        while -(-frame.shape[0] // step) * -(-frame.shape[1] // step) > _PIXELS:
            step += 1
        for place, picture in zip(self._pixels, (frame, background), strict=True):
            part = picture[::step, ::step]
            place[: part.shape[0] * part.shape[1]].reshape(part.shape)[:] = part
        self.numbers[[_HEIGHT, _WIDTH]] = part.shape[:2]

    def count(self, scenes: int = 0, animations: int = 0, seconds: float = 0) -> None:
        """Count what was shown."""
        self.numbers[[_SCENES, _ANIMATIONS, _SECONDS]] += scenes, animations, seconds

    def seconds(self) -> float:
        """Of animation, by the program's own count."""
        return float(self.numbers[_SECONDS])

    def counted(self) -> dict[str, int]:
        """Scenes that came to their end, what they played or waited, its milliseconds: the program's own count."""
        scenes, animations, seconds = numpy.nan_to_num(self.numbers[_SCENES : _SECONDS + 1]).clip(0, 2**20)
        return {"scenes": int(scenes), "animations": int(animations), "milliseconds": round(1000 * seconds)}

    def picture(self) -> bytes | None:
        """In the worker: the frame as WebP, empty if it is too large; nothing if none shows more than background."""
        from PIL import Image

        numbers = numpy.nan_to_num(self.numbers)
        height, width = (int(number) for number in numbers[[_HEIGHT, _WIDTH]])
        if not (0 < height <= _PIXELS and 0 < width <= _PIXELS and height * width <= _PIXELS):
            return None
        frame, background = (place[: height * width].reshape(height, width, 4) for place in self._pixels)
        if not is_seen(frame, background):
            return None
        picture = Image.fromarray(numpy.ascontiguousarray(frame[..., :3]))
        picture.thumbnail((THUMBNAIL_WIDTH, THUMBNAIL_WIDTH))
        for quality in _QUALITIES:
            encoded = _encode(picture, quality)
            if len(encoded) <= THUMBNAIL_BYTES:
                return encoded
        return b""


class Eye:
    """Looks at frames as they are computed, in the program's process."""

    screen: Screen
    facts: Facts

    def __init__(self) -> None:
        self.seen = False
        """Whether any frame of any scene so far showed something."""
        self.samples = Samples(0)
        self.characters: set[str] = set()
        """Of all texts, those that not every font has; the first few hundred."""
        self._latest: Any = None
        self._detail = -1

    def install(self) -> None:
        """Put this between Manim's renderer and what it does with frames."""
        from manim import MarkupText, Text
        from manim.renderer.cairo_renderer import CairoRenderer
        from PIL import Image

        _encode(Image.new("RGB", (8, 8)), _QUALITIES[0])  # loads what Pillow loads late
        self.facts = Facts()
        add_frame = CairoRenderer.add_frame
        CairoRenderer.add_frame = self._looking(add_frame)
        CairoRenderer.render = _render
        sample_frames(lambda: self.seen, add_frame, lambda start, seconds: self.samples.due(start, seconds) > 0)
        CairoRenderer.play = self._between(CairoRenderer.play)
        for kind in (Text, MarkupText):
            kind._text2svg = self._reading(kind._text2svg)

    def finish(self, scene: Any) -> None:
        """A scene has been rendered: look at what stands there."""
        with suppress(Exception):
            self.screen.count(scenes=1)
            self.facts.moment(scene)
            camera = scene.renderer.camera
            self._look()
            self._latest = camera, camera.pixel_array
            self._look()
            self.samples.finish(camera.pixel_array)

    def _reading(self, original: Callable[..., str]) -> Callable[..., str]:
        def text_to_svg(text: Any, *arguments: Any, **named: Any) -> str:
            with suppress(Exception):
                if len(self.characters) < _CHARACTERS and not _PLAIN.fullmatch(text.text):
                    self.characters.update(_PLAIN.sub("", text.text[:_CHARACTERS]))
            return original(text, *arguments, **named)

        return text_to_svg

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
        def play(renderer: Any, scene: Any, *arguments: Any, **named: Any) -> None:
            before = renderer.time
            original(renderer, scene, *arguments, **named)
            with suppress(Exception):
                self.screen.count(animations=1, seconds=renderer.time - before)
                self._look()
            with suppress(Exception):
                self.facts.played(scene, renderer.time - before)

        return play

    def _look(self) -> None:
        """Show the latest frame to the worker if none so far shows more."""
        if self._latest is None:
            return
        (camera, frame), self._latest = self._latest, None
        background = camera.background if camera.background.shape == frame.shape else 0 * frame
        if not is_seen(frame, background):
            return
        self.seen = True
        if (detail := _detail(frame)) >= self._detail:
            self._detail = detail
            self.screen.show(frame, background)


def is_seen(frame: Any, background: Any) -> bool:
    """Whether two pictures of red, green, blue and opacity, 0 to 255 each, differ in more than a few pixels."""
    return int(numpy.count_nonzero(frame.view(numpy.uint32) != background.view(numpy.uint32))) >= LEAST_PIXELS


def _detail(frame: Any) -> int:
    """How many pixels differ clearly from the next one."""
    some = frame[::_EVERY, ::_EVERY, :3].astype(numpy.int16)
    across, down = numpy.abs(some[:, 1:] - some[:, :-1]), numpy.abs(some[1:] - some[:-1])
    return sum(int(numpy.count_nonzero(steps.max(axis=2) >= SHARP)) for steps in (across, down))


class Fonts:
    """What the fonts of this machine have."""

    def __init__(self) -> None:
        """Ask fontconfig; without it, every character counts as had."""
        ranges: set[tuple[int, int]] = set()
        with suppress(OSError):
            done = subprocess.run(
                ["fc-list", "--format", "%{fontformat} %{charset}\n"], stdout=subprocess.PIPE, check=False
            )  # fmt: skip
            lines = {line for line in done.stdout.decode().splitlines() if line.startswith(_FORMATS)}
            parts = (one.split("-") for line in lines for one in line.split()[1:])
            ranges = {(int(one[0], 16), int(one[-1], 16)) for one in parts}
        self._first, self._last = numpy.array([*ranges]).reshape(-1, 2).T

    def undrawable(self, characters: Iterable[str]) -> str:
        """The characters that no font has, in their order; those that are never drawn left out."""
        return "".join(one for one in sorted(characters) if not (_is_invisible(one) or self._has(ord(one))))

    def _has(self, number: int) -> bool:
        return not len(self._first) or bool(((self._first <= number) & (number <= self._last)).any())


def _is_invisible(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind in ("Cf", "Zs", "Zl", "Zp", "Mn") or character in "\t\n\r\v"


def _encode(picture: Any, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=_METHOD)
    return out.getvalue()


def _render(renderer: Any, scene: Any, time: float, moving_mobjects: Any = None) -> None:  # noqa: ARG001
    """As Manim's, but the frame is not copied: nobody keeps it."""
    renderer.update_frame(scene, moving_mobjects)
    renderer.add_frame(renderer.camera.pixel_array)
