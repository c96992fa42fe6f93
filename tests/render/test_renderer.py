"""The renderer that anyone can call; a stand-in takes the place of the sandbox, except where Manim is asked for."""

import io
import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from builder import Renderer
from builder.core.errors import RenderError, SettingError
from builder.render.setup import Setup
from builder.render.verdict import Outcome, Verdict, program_hash
from builder.render.verdict_file import write_verdicts
from tests.fake_rendering import RELEASES
from tests.render.conftest import MANIM, processes
from tests.render.programs import GOOD, scene


class StandIn:
    """A sandbox that takes the first word of a program for what comes of it, and remembers what it was given."""

    rendered: list[str]
    gate: threading.Event

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._stopped = threading.Event()

    def render(self, code: str) -> Verdict:
        self.rendered.append(code)
        word = code.split(maxsplit=1)[0]
        while word == "hang" and not self._stopped.is_set() and not self.gate.wait(0.01):
            pass
        if word == "broken":
            raise RenderError("the sandbox did not start")
        outcome = Outcome(word) if word in list(Outcome) else Outcome.PASSED
        frames = b"all" if self.setup.frames and outcome is Outcome.PASSED else None
        return Verdict(program_hash(code), outcome, thumbnail=b"last", frames=frames, rate=self.setup.frames)

    def stop(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self._stopped.set()


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """The programs that were rendered, in order; verdicts are kept in a folder of the test."""
    StandIn.rendered, StandIn.gate = [], threading.Event()
    monkeypatch.setattr("builder.render.pool.Sandbox", StandIn)
    monkeypatch.setattr("builder.render.renderer.releases_here", lambda python: RELEASES)
    monkeypatch.setenv("MANIM_DATASETS_CACHE", str(tmp_path / "cache"))
    yield StandIn.rendered
    StandIn.gate.set()


def test_verdicts_come_in_the_order_of_the_programs_or_as_they_are_reached(rendered: list[str]) -> None:
    """A slow first program holds up an ordered reader, and no other."""
    programs = ["hang 1", "passed 2", "failed 3"]
    with Renderer(workers=2) as renderer:
        reading = renderer.render(programs, ordered=False)
        assert {next(reading).program for _ in range(2)} == set(map(program_hash, programs[1:]))
        StandIn.gate.set()
        assert next(reading).program == program_hash("hang 1")
    with Renderer(workers=2) as renderer:
        assert [verdict.outcome for verdict in renderer.render(programs)] == ["passed", "passed", "failed"]


def test_equal_programs_are_rendered_once_whoever_asks(rendered: list[str]) -> None:
    """In one list, in another run, and by threads at the same moment: each gets its verdict."""
    with Renderer(workers=2) as renderer:
        assert len(list(renderer.render(["passed 1"] * 5))) == 5
        with ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(renderer.render_one, "hang 2") for _ in range(4)]
            time.sleep(0.05)
            StandIn.gate.set()
            assert {future.result().outcome for future in asked} == {Outcome.PASSED}
    with Renderer() as renderer:
        assert renderer.render_one("passed 1").thumbnail == b"last"
        assert renderer.rendered == 0
    assert rendered == ["passed 1", "hang 2"]


def test_programs_are_taken_as_they_are_needed(rendered: list[str]) -> None:
    """So an endless source can be rendered, and left."""
    with Renderer(workers=1) as renderer:
        reading = renderer.render(f"passed {n}" for n in itertools.count())
        assert next(reading).outcome is Outcome.PASSED
        reading.close()
    assert len(rendered) < 10


def test_a_renderer_may_be_closed_while_others_wait_for_it(rendered: list[str]) -> None:
    """They get an error, no verdict of a worker that was ended is kept, and nothing more is rendered."""
    renderer = Renderer(workers=1)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(list, renderer.render(["hang 1", "passed 2"]))
        while not rendered:
            time.sleep(0.01)
        renderer.close()
        with pytest.raises(RenderError, match="closed"):
            waiting.result(5)
    with pytest.raises(RenderError, match="closed"):
        renderer.render_one("passed 3")
    renderer.close()
    StandIn.gate.set()
    with Renderer() as renderer:
        assert renderer.render_one("hang 1").outcome is Outcome.PASSED
    assert rendered == ["hang 1", "hang 1"]


def test_a_sandbox_that_does_not_start_is_an_error(rendered: list[str]) -> None:
    """Not a verdict on the program."""
    with Renderer() as renderer, pytest.raises(RenderError, match="did not start"):
        list(renderer.render(["broken"]))


def test_what_the_machine_lacked_and_frames_that_were_not_sampled_are_rendered_again(rendered: list[str]) -> None:
    """What is known is enough for whoever asks for less."""
    with Renderer() as renderer:
        list(renderer.render(["environment 1", "passed 2", "failed 3"]))
        list(renderer.render(["environment 1", "passed 2", "failed 3"]))
    assert rendered.count("environment 1") == 2
    with Renderer(frames=1) as renderer:
        assert [verdict.frames for verdict in renderer.render(["passed 2", "failed 3"])] == [b"all", None]
    with Renderer(frames=1, previews=False) as renderer:
        verdict = renderer.render_one("passed 2")
        assert (verdict.frames, verdict.thumbnail) == (b"all", None)
    assert rendered[4:] == ["passed 2"]


def test_verdicts_of_a_file_need_no_manim(rendered: list[str], tmp_path: Path) -> None:
    """What it lacks has no verdict, and nothing is rendered."""
    with Renderer(frames=2) as renderer:
        found = list(renderer.render(["passed 1", "failed 2"]))
        pictures = {verdict.program: b"all" for verdict in found}
        write_verdicts(tmp_path / "v.parquet", found, renderer.conditions, lambda _: {}, lambda _: pictures)
    with Renderer(frames=2, verdicts=tmp_path / "v.parquet") as renderer:
        first, second, third = renderer.render(["passed 1", "failed 2", "passed 3"])
    assert (first.outcome, first.frames, first.rate) == (Outcome.PASSED, b"all", 2)
    assert (second.outcome, third.outcome, third.exception) == (Outcome.FAILED, Outcome.ENVIRONMENT, "NotRendered")
    assert len(rendered) == 2


@pytest.mark.parametrize("wrong", [{"level": "ful"}, {"frames": 99}, {"frames": 1, "level": "fast"}, {"timeout": 0}])
def test_a_setting_without_meaning_is_named(wrong: dict[str, object], rendered: list[str]) -> None:
    """Before anything is started."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        Renderer(**wrong)  # type: ignore[arg-type]


def frames_of(animation: bytes) -> list[tuple[int, float]]:
    """Milliseconds and mean brightness of each frame."""
    found = []
    with Image.open(io.BytesIO(animation)) as opened:
        for number in range(opened.n_frames):
            opened.seek(number)
            opened.load()
            picture = opened.convert("L")
            found.append((opened.info["duration"], sum(picture.tobytes()) / (picture.width * picture.height)))
    return found


@pytest.mark.render
def test_frames_are_sampled_at_an_even_rate(tmp_path: Path) -> None:
    """A square that grows for two seconds and stands for three: brighter in each sample, then one for three seconds."""
    grows = scene("self.play(GrowFromCenter(Square(fill_opacity=1)), run_time=2, rate_func=linear)\nself.wait(3)")
    with Renderer(workers=1, frames=2, manim_python=MANIM or "", cache_dir=tmp_path) as renderer:
        verdict = renderer.render_one(grows)
    assert (verdict.scenes, verdict.animations, verdict.animated) == (1, 2, 5)
    assert verdict.frames is not None
    found = frames_of(verdict.frames)
    assert [milliseconds for milliseconds, _ in found] == [500, 500, 500, 500, 3500]
    assert [shown for _, shown in found] == sorted(shown for _, shown in found)


@pytest.mark.render
def test_a_renderer_leaves_no_process(tmp_path: Path) -> None:
    """Closed at its end, in the middle of a program, or by whoever walks away."""
    before = processes()
    slow = scene("self.play(Create(Square()))\nwhile True: pass")
    with Renderer(workers=2, manim_python=MANIM or "", cache_dir=tmp_path) as renderer:
        assert renderer.render_one(GOOD).outcome is Outcome.PASSED
        reading = renderer.render([slow, slow + "\n"], ordered=False)
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(next, reading)
            time.sleep(1)
            renderer.close()
            with pytest.raises(RenderError, match="closed"):
                waiting.result(10)
    assert processes() == before
