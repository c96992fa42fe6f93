"""Small frames of a rendering at an even rate, as one animated WebP: what renderings are compared by and shown as.

A sample is the frame that stands at a multiple of 1 / rate seconds of a scene's own clock; the last frame of each scene
is one too. A sample that equals the one before it makes that one's duration longer.
"""

import io
import math
import mmap
from contextlib import suppress
from typing import Any

SIZE = (256, 144)
"""Pixels, across and down; frames of other proportions are centred on black."""
MOST = 240
"""Different samples that are kept; where there are more, every second one goes."""
FRAMES_BYTES = 1_000_000
_QUALITIES = (80, 50, 20)
_EARLY = 1e-6
"""Seconds by which a scene's clock may lag behind, since it is added up."""
_LONGEST = 10_000_000
"""Milliseconds that one sample may stand."""


class Samples:
    """Memory that the worker makes for a program, which writes samples to it. A rate of 0 takes none.

    What stands there is the word of the program's process. The worker reads it when the program has ended.
    """

    def __init__(self, rate: float) -> None:
        import numpy

        self._rate = rate
        numbers = numpy.frombuffer(mmap.mmap(-1, 8 * (1 + MOST)), numpy.int64)
        self._taken, self._counts = numbers[:1], numbers[1:]
        if rate:
            held = mmap.mmap(-1, MOST * SIZE[0] * SIZE[1] * 3)
            self._pictures = numpy.frombuffer(held, numpy.uint8).reshape(MOST, SIZE[1], SIZE[0], 3)

    # In the program's process

    def due(self, start: float, seconds: float) -> int:
        """How many samples fall on a frame that stands from `start` for so many seconds."""
        if not self._rate:
            return 0
        first, end = (math.ceil((at - _EARLY) * self._rate) for at in (start, start + seconds))
        return max(0, end - first)

    def take(self, start: float, seconds: float, frame: Any) -> None:
        """Look at a frame (height, width, 4 bytes of colour)."""
        if count := self.due(start, seconds):
            self._add(frame, count)

    def finish(self, frame: Any) -> None:
        """Look at the last frame of a scene."""
        if self._rate:
            self._add(frame, 1)

    def _add(self, frame: Any, count: int) -> None:
        picture, number = _small(frame), int(self._taken[0])
        if number and (self._pictures[number - 1] == picture).all():
            self._counts[number - 1] += count
            return
        if number == MOST:
            number = MOST // 2
            self._pictures[:number] = self._pictures[::2].copy()
            self._counts[:number] = self._counts.reshape(number, 2).sum(axis=1)
        self._pictures[number] = picture
        self._counts[number] = count
        self._taken[0] = number + 1

    # In the worker

    def encoded(self) -> bytes | None:
        """All samples; nothing if there are none, or they are too large."""
        from PIL import Image

        number = min(max(0, int(self._taken[0])), MOST) if self._rate else 0
        pictures = [Image.fromarray(picture) for picture in self._pictures[:number].copy()] if number else []
        stand = [min(max(1, round(1000 * int(count) / self._rate)), _LONGEST) for count in self._counts[:number]]
        with suppress(Exception):
            for quality in _QUALITIES if pictures else ():
                out = io.BytesIO()
                pictures[0].save(
                    out, "WEBP", save_all=True, append_images=pictures[1:], duration=stand, loop=0,
                    quality=quality, method=0,
                )  # fmt: skip
                if out.tell() <= FRAMES_BYTES:
                    return out.getvalue()
        return None


def _small(frame: Any) -> Any:
    import numpy
    from PIL import Image

    picture = Image.fromarray(numpy.ascontiguousarray(frame[..., :3]))
    if picture.width * SIZE[1] != picture.height * SIZE[0]:
        picture.thumbnail(SIZE, Image.Resampling.BOX)
        whole = Image.new("RGB", SIZE)
        whole.paste(picture, ((SIZE[0] - picture.width) // 2, (SIZE[1] - picture.height) // 2))
        return numpy.asarray(whole)
    return numpy.asarray(picture.resize(SIZE, Image.Resampling.BOX))
