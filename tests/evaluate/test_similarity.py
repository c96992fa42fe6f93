"""How alike two renderings look."""

import pytest

from builder.evaluate.similarity import MOST_FRAMES, frames_of, ink, visual_similarity
from tests.evaluate.recorded import animation

pytest.importorskip("skimage", reason="the extra `evaluate`")
LEFT, MIDDLE, RIGHT = (10, 40, 70, 100), (90, 40, 150, 100), (180, 40, 240, 100)


def test_the_same_frames_are_alike_whatever_their_tempo() -> None:
    """One second or three a frame: time warping finds the partners."""
    slow, fast = animation(LEFT, MIDDLE, RIGHT, seconds=3), animation(LEFT, MIDDLE, RIGHT)
    assert visual_similarity(fast, fast, 1) == 1
    assert len(frames_of(slow, 1)) == 3 * len(frames_of(fast, 1)) == 9
    assert visual_similarity(slow, fast, 1) == 1


def test_another_order_place_or_colour_is_less_alike() -> None:
    """Frames are aligned in order, and compared in colour."""
    there = animation(LEFT, MIDDLE, RIGHT)
    back = animation(RIGHT, MIDDLE, LEFT)
    red = animation(LEFT, MIDDLE, RIGHT, colour="red")
    assert visual_similarity(there, back, 1) == visual_similarity(back, there, 1) < 0.9
    assert visual_similarity(there, red, 1) < 0.95
    assert visual_similarity(there, animation(LEFT), 1) < 0.95


def test_long_renderings_are_compared_by_some_of_their_frames() -> None:
    """Evenly spread: the work is bounded."""
    assert len(frames_of(animation(LEFT, RIGHT, seconds=500), 1)) == MOST_FRAMES


def test_a_pixel_is_no_picture() -> None:
    """A box of 60 by 60 fills some 900 of the pixels that are compared; one pixel of a sample is at most one."""
    assert 800 < ink(animation(LEFT), 1) < 1000
    assert ink(animation((5, 5, 5, 5)), 1) <= 1
