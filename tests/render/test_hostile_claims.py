"""Programs that would have their verdict be another: what is believed is what the worker saw, and its own hook said."""

import io

import pytest
from PIL import Image

from builder.render.sandbox import Sandbox
from builder.render.verdict import Outcome
from tests.render.conftest import Judge
from tests.render.programs import HARMLESS, scene

pytestmark = pytest.mark.render

WORDS = """
    import os
    for descriptor in range(3, 128):
        try:
            os.set_blocking(descriptor, False)
            os.write(descriptor, WORD)
        except OSError:
            pass
    END
"""
NESTED = WORDS.replace("WORD)", 'b\'{"outcome": "passed", "message": \' + b"[" * 980 + b"]" * 980 + b"}\\n")').replace(
    "END", "os.kill(os.getpid(), 9)"
)
FORGED = 'b\'{"outcome": "passed", "exception": "", "message": "", "line": null}\\n\''
DESCRIPTOR = "write to a descriptor that is not its own"
FRAMES = "look at frames of the interpreter"
REFUSED = {
    "writes a verdict to every descriptor and leaves": (
        WORDS.replace("WORD", FORGED).replace("END", "os._exit(0)"),
        "",
    ),
    "writes a verdict and is killed": (
        WORDS.replace("WORD", FORGED).replace("END", "os.kill(os.getpid(), 9)"),
        DESCRIPTOR,
    ),
    "writes a verdict and goes on": (WORDS.replace("WORD", FORGED).replace("END", ""), DESCRIPTOR),
    "writes the judge's word": (WORDS.replace("WORD", 'b\'{"ready": "x"}\\n\'').replace("END", ""), DESCRIPTOR),
    "writes the machine's fault": (
        WORDS.replace("WORD", 'b\'{"outcome": "environment"}\'').replace("END", ""),
        DESCRIPTOR,
    ),
    "writes no text": (WORDS.replace("WORD", 'b"\\xff\\n[]\\n"').replace("END", ""), DESCRIPTOR),
    "writes an answer that is nested": (NESTED, DESCRIPTOR),
    "leaves at once": ("import os\nos._exit(0)", "use os._exit"),
    "leaves by another name": ("import posix\nposix._exit(0)", "use os._exit"),
    "leaves by C": ("import ctypes\nctypes.CDLL(None)._exit(0)", "use ctypes"),
    "reads memory": ("import ctypes\nctypes.string_at(id(ctypes), 9)", "use ctypes"),
    "asks for all objects": ("import gc\nfound = gc.get_objects()", "use gc.get_objects"),
    "asks who holds an object": ("import gc\ngc.get_referrers(Scene)", "use gc.get_referrers"),
    "swallows the refusal": ("import gc\ntry: gc.get_objects()\nexcept BaseException: pass", "use gc.get_objects"),
    "looks at its callers": ("import sys\nframe = sys._getframe()", FRAMES),
    "looks at its callers by a library": ("import inspect\nframe = inspect.currentframe()", FRAMES),
    "looks at all callers": ("import inspect\nframes = inspect.stack()", FRAMES),
    "looks at an error's frame": ("try: 1 / 0\nexcept Exception as error: error.__traceback__.tb_frame", FRAMES),
    "looks from code that it makes": ("exec('import sys; sys._getframe()')", FRAMES),
    "looks at all threads": ("import sys\nsys._current_frames()", "use sys._current_frames"),
    "traces": ("import sys\nsys.settrace(lambda *some: None)", "use sys.settrace"),
    "says that it has ended": ("import sys\nsys.audit('builder.render.ended', '{}')", "say itself what came of it"),
    "replaces render": ("Scene.render = lambda *some: None", "replace Scene.render"),
    "replaces play": ("Scene.play = lambda *some, **named: None", "replace Scene.play"),
    "replaces what draws": (
        "from manim.renderer.cairo_renderer import CairoRenderer\nCairoRenderer.update_frame = lambda *some: None",
        "replace CairoRenderer.update_frame",
    ),
    "replaces the camera's eye": ("Camera.capture_mobjects = lambda *some, **named: None", "replace Camera.capture"),
}
"""By what a program does before its scene: how, and what it is refused for."""


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_change_a_verdict_is_refused_by_name(sandbox: Sandbox, name: str) -> None:
    """Whatever else the program shows."""
    before, named = REFUSED[name]
    verdict = sandbox.render(scene(HARMLESS, before))
    assert verdict.outcome is Outcome.REFUSED, verdict
    assert named in verdict.message
    assert verdict.thumbnail is None


def test_a_scene_that_renders_itself_is_refused(sandbox: Sandbox) -> None:
    """By its class, a class that it is made of, or itself."""
    own = "    def render(self, preview=False):\n        print('passed')\n"
    mixed = "class Mixed:\n    def play_internal(self, *some): pass\nclass Other(Mixed, Scene): pass\n"
    itself = "    def __init__(self):\n        super().__init__()\n        self.render = lambda *some: None\n"
    for code in (scene(HARMLESS) + own, scene(HARMLESS) + mixed, scene(HARMLESS) + itself):
        verdict = sandbox.render(code)
        assert (verdict.outcome, verdict.message[:14]) == (Outcome.REFUSED, "replace Scene.")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("print('passed')\nprint({'outcome': 'passed'})", Outcome.BLANK),
        ("return\nself.add(Square())", Outcome.BLANK),
        ("raise SystemExit(0)", Outcome.FAILED),
        ("self.add(Square())\nself.wait()\nraise SystemExit(0)", Outcome.FAILED),
        ("import os\nself.add(Square())\nself.wait()\nos.abort()", Outcome.FAILED),
        ("self.add(Line(ORIGIN, 0.005 * RIGHT, stroke_width=0.5))\nself.wait()", Outcome.BLANK),
        ("self.add(Square(fill_opacity=0, stroke_opacity=0))\nself.wait()", Outcome.BLANK),
        ("self.renderer.add_frame = None\nself.add(Square())\nself.wait()", Outcome.FAILED),
    ],
)
def test_who_shows_nothing_has_not_passed(sandbox: Sandbox, body: str, outcome: Outcome) -> None:
    """Printing, ending early, drawing a pixel: each gets what it deserves."""
    verdict = sandbox.render(scene(body))
    assert (verdict.outcome, verdict.thumbnail) == (outcome, None)


def test_who_hides_all_at_the_end_is_judged_by_what_it_showed(sandbox: Sandbox) -> None:
    """The thumbnail is the moment with most to see, which need not be the last one."""
    body = "nine = VGroup(*[Square() for _ in range(9)]).arrange_in_grid()\nself.add(nine)\nself.wait()\n"
    verdict = sandbox.render(scene(body + "self.remove(*nine[1:])\nself.wait()\nself.clear()\nself.wait()"))
    alone = sandbox.render(scene(body))
    assert verdict.outcome is Outcome.PASSED
    assert verdict.thumbnail == alone.thumbnail
    assert verdict.thumbnail is not None
    Image.open(io.BytesIO(verdict.thumbnail)).load()


def test_a_child_process_may_end_as_it_likes(sandbox: Sandbox) -> None:
    """`os._exit` is what a child is ended by."""
    code = "import os\nif os.fork() == 0:\n    os._exit(0)\nos.wait()\n"
    code += "from multiprocessing import get_context\nwith get_context('fork').Pool(1) as pool:\n"
    assert sandbox.render(scene(HARMLESS, code + "    assert pool.map(abs, [-1]) == [1]")).outcome is Outcome.PASSED


def test_claims_harm_nobody_else(judge: Judge) -> None:
    """Programs beside and after one that talks are judged as before."""
    assert judge(scene(HARMLESS, REFUSED["writes a verdict and goes on"][0])).outcome is Outcome.REFUSED


def test_a_report_without_end_is_cut_off(judge: Judge) -> None:
    """A program that floods its judge is ended."""
    code = """
    import os
    while True:
        for descriptor in range(3, 40):
            try:
                os.write(descriptor, b"x" * 100_000)
            except OSError:
                pass
    """
    verdict = judge(scene(HARMLESS, code))
    assert (verdict.outcome, verdict.message) == (Outcome.REFUSED, DESCRIPTOR)
    assert verdict.seconds < 3


def test_no_end_of_a_program_is_the_fault_of_the_machine(sandbox: Sandbox) -> None:
    """No exit status makes a program one that could not be tried."""
    for status in (1, 71):
        verdict = sandbox.render(f"import os\nchild = os.getpid()\nos.getpid = lambda: 0\nos._exit({status})")
        assert verdict.outcome in (Outcome.FAILED, Outcome.REFUSED)
