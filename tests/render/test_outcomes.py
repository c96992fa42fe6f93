"""What a verdict says of programs that mean no harm."""

import io
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from builder.core.errors import RenderError
from builder.render import setup as installed
from builder.render.pool import close_sandboxes, render_all, render_one
from builder.render.sandbox import Sandbox
from builder.render.setup import Setup, find_manim, formula_tools
from builder.render.verdict import Level, Outcome, program_hash
from tests.render.conftest import processes
from tests.render.programs import BAD, GOOD, scene

pytestmark = pytest.mark.render


def test_a_sound_program_passes_with_a_thumbnail(sandbox: Sandbox) -> None:
    """A verdict names its program and carries the last frame as a small WebP."""
    verdict = sandbox.render(GOOD)
    assert (verdict.program, verdict.outcome, verdict.exception) == (program_hash(GOOD), Outcome.PASSED, "")
    assert verdict.thumbnail is not None
    picture = Image.open(io.BytesIO(verdict.thumbnail))
    assert (picture.format, picture.size) == ("WEBP", (320, 180))
    assert len(verdict.thumbnail) < 20_000
    assert len(picture.convert("RGB").getcolors(100_000)) > 2


def test_a_failure_says_what_and_where(sandbox: Sandbox) -> None:
    """Type, message and the line of the program that it came from."""
    verdict = sandbox.render(BAD)
    assert (verdict.outcome, verdict.exception, verdict.line) == (Outcome.FAILED, "TypeError", 5)
    assert "radiu" in verdict.message


def test_text_that_does_not_parse_fails_with_its_line(sandbox: Sandbox) -> None:
    """A syntax error has the line that the parser names."""
    verdict = sandbox.render("from manim import *\nclass Broken(Scene:\n    pass\n")
    assert (verdict.outcome, verdict.exception, verdict.line) == (Outcome.FAILED, "SyntaxError", 2)


def test_wrong_tex_fails_with_the_complaint_of_latex(sandbox: Sandbox) -> None:
    """The message holds what LaTeX said."""
    verdict = sandbox.render(scene(r"self.add(MathTex(r'\nosuchcommand'))"))
    assert (verdict.outcome, verdict.exception) == (Outcome.FAILED, "ValueError")
    assert "Undefined control sequence" in verdict.message


def test_a_program_without_a_scene_is_no_scene(sandbox: Sandbox) -> None:
    """Imported scenes are not the program's own."""
    assert sandbox.render("from manim import *\nprint(Scene)").outcome is Outcome.NO_SCENE


@pytest.mark.parametrize(
    "body",
    [
        "self.wait()",
        "self.camera.background_color = WHITE\nself.wait()",
        "self.play(FadeIn(Square(color=BLACK)))",
        "self.add(Square().shift(100 * RIGHT))",
        "pass",
    ],
)
def test_nothing_but_background_is_blank(sandbox: Sandbox, body: str) -> None:
    """Whatever colour the background has, and whatever stands outside the picture."""
    verdict = sandbox.render(scene(body))
    assert (verdict.outcome, verdict.thumbnail) == (Outcome.BLANK, None)


def test_something_seen_for_a_moment_is_not_blank(sandbox: Sandbox) -> None:
    """A program that clears all away at its end has shown something, and its thumbnail shows it."""
    verdict = sandbox.render(
        scene("dot = Square(color=RED, fill_opacity=1)\nself.play(GrowFromCenter(dot))\nself.play(FadeOut(dot))")
    )
    assert verdict.outcome is Outcome.PASSED
    assert verdict.thumbnail is not None
    red, green, _ = Image.open(io.BytesIO(verdict.thumbnail)).convert("RGB").getpixel((160, 90))
    assert red > 150 > green


def test_every_scene_must_pass(sandbox: Sandbox) -> None:
    """One that fails fails the program; one that is blank does not."""
    first, second = "self.add(Square())", "class Other(Scene):\n    def construct(self):\n        {}\n"
    assert sandbox.render(scene(first) + second.format("self.wait()")).outcome is Outcome.PASSED
    assert sandbox.render(scene(first) + second.format("1 / 0")).exception == "ZeroDivisionError"


def test_the_thumbnail_is_of_the_last_scene_that_shows_something(sandbox: Sandbox) -> None:
    """Scenes are rendered in the order of their names, as Manim does."""
    scenes = "class {}(Scene):\n    def construct(self):\n        self.add(Square(4, color={}, fill_opacity=1))\n"
    code = "from manim import *\n" + scenes.format("A", "RED") + scenes.format("B", "GREEN")
    code += "class C(Scene):\n    def construct(self):\n        self.wait()\n"
    thumbnail = sandbox.render(code).thumbnail
    assert thumbnail is not None
    red, green, _ = Image.open(io.BytesIO(thumbnail)).convert("RGB").getpixel((160, 90))
    assert green > red


def test_a_frame_that_fails_between_is_seen_at_the_full_level_only(setup: Setup) -> None:
    """The fast level takes each animation to its end; the full one computes every frame."""
    code = scene("self.play(UpdateFromAlphaFunc(Square(), lambda one, alpha: 1 / (not 0.3 < alpha < 0.6)))")
    with Sandbox(replace(setup, level=Level.FAST)) as fast, Sandbox(setup) as full:
        assert fast.render(code).outcome is Outcome.PASSED
        assert full.render(code).exception == "ZeroDivisionError"
        assert fast.render(GOOD).outcome is Outcome.PASSED
        assert fast.render(scene("self.play(Square().animate.nothing())")).exception == "AttributeError"


def test_what_latex_lacks_is_the_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, setup: Setup) -> None:
    """Without LaTeX, a program with a formula is not held to have failed; one without is judged as ever."""
    monkeypatch.setattr("builder.render.command.PROGRAM_PATH", "/nowhere")
    with Sandbox(setup) as without:
        verdict = without.render(scene("self.add(MathTex('never seen before'))"))
        assert (verdict.outcome, verdict.message) == (Outcome.ENVIRONMENT, "latex is not installed")
        assert without.render(scene("self.add(Square())")).outcome is Outcome.PASSED
        assert without.render(BAD).outcome is Outcome.FAILED


def test_a_latex_package_that_is_missing_is_the_environment(sandbox: Sandbox) -> None:
    """Whatever its name: LaTeX itself says which file it did not find."""
    template = "TexTemplate(preamble=r'\\usepackage{nosuchpackage}')"
    verdict = sandbox.render(scene(f"self.add(Tex('x', tex_template={template}))"))
    assert (verdict.outcome, verdict.exception) == (Outcome.ENVIRONMENT, "LaTeX")
    assert verdict.message == "LaTeX's nosuchpackage.sty is not installed"


def test_a_picture_can_be_shown(sandbox: Sandbox) -> None:
    """With a Pillow that is too new for Manim, none can."""
    assert (
        sandbox.render(scene("self.add(ImageMobject(np.uint8([[0, 255], [255, 0]])).scale_to_fit_height(3))")).outcome
        is Outcome.PASSED
    )


def test_what_failing_programs_stored_goes(sandbox: Sandbox, setup: Setup) -> None:
    """A formula stays if its program passes, and goes if it fails afterwards."""
    before = set(setup.formulas().rglob("*.svg"))
    assert sandbox.render(scene("self.add(Tex('stored and lost'))\n1 / 0")).outcome is Outcome.FAILED
    assert set(setup.formulas().rglob("*.svg")) == before
    assert sandbox.render(scene("self.add(Tex('stored and kept'))")).outcome is Outcome.PASSED
    assert len(set(setup.formulas().rglob("*.svg")) - before) == 1


def test_the_same_program_has_the_same_verdict(sandbox: Sandbox) -> None:
    """Random numbers start from the same seed, and so thumbnails are the same bytes."""
    code = scene(
        "self.add(*[Dot(np.array([random.uniform(-5, 5), np.random.uniform(-3, 3), 0])) for _ in range(9)])",
        "import random",
    )
    one, other = sandbox.render(code), sandbox.render(code)
    assert one.outcome is Outcome.PASSED
    assert replace(one, seconds=0) == replace(other, seconds=0)


def test_many_programs_are_rendered_side_by_side(setup: Setup) -> None:
    """Each has one verdict, whoever rendered it, and no sandbox is left."""
    before = processes()
    programs = [GOOD, BAD, *(scene(f"self.add(Square({side}))") for side in range(1, 7))]
    verdicts = {verdict.program: verdict.outcome for verdict in render_all(setup, iter(programs), workers=2)}
    expected = [Outcome.PASSED, Outcome.FAILED, *[Outcome.PASSED] * 6]
    assert verdicts == dict(zip(map(program_hash, programs), expected, strict=True))
    assert processes() == before


def test_breaking_off_leaves_nothing_running(setup: Setup) -> None:
    """Whoever stops asking for verdicts, by Ctrl-C or otherwise, ends what is being rendered."""
    before = processes()
    verdicts = render_all(setup, [GOOD, *["import time\ntime.sleep(100)"] * 4], workers=2)
    assert next(verdicts).outcome is Outcome.PASSED
    assert processes() != before
    verdicts.close()  # type: ignore[attr-defined]
    assert processes() == before


def test_single_programs_share_a_warm_sandbox(setup: Setup) -> None:
    """A setup is a plain value that can be sent elsewhere; a sandbox is started once."""
    before = processes()
    sent = pickle.loads(pickle.dumps(setup))
    assert render_one(sent, GOOD).outcome is Outcome.PASSED
    started = processes() - before
    assert render_one(setup, BAD).outcome is Outcome.FAILED
    assert processes() - before == started
    close_sandboxes()
    assert processes() == before


def test_without_a_sandbox_verdicts_are_the_same(setup: Setup, tmp_path: Path) -> None:
    """Limits of time and memory hold there, too, and nothing that a program started lives on."""
    with Sandbox(replace(setup, sandboxed=False)) as bare:
        assert bare.render(GOOD).outcome is Outcome.PASSED
        assert bare.render(BAD).outcome is Outcome.FAILED
        before = processes()
        detach = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(100)"
        detach += "\n    os._exit(0)"
        assert bare.render(scene("self.add(Square())", detach)).outcome is Outcome.PASSED
        assert processes() == before
        swallowed = f"try:\n    open({str(tmp_path / 'new')!r}, 'w')\nexcept OSError: pass"
        assert bare.render(scene("self.add(Square())", swallowed)).outcome is Outcome.REFUSED
        assert not (tmp_path / "new").exists()
        assert bare.render("while True: pass").outcome is Outcome.TIMEOUT


def test_the_releases_are_named(setup: Setup) -> None:
    """Verdicts are addressed by the releases of Manim and LaTeX."""
    assert find_manim(setup.python).count(".") >= 2
    assert "TeX" in formula_tools()[0]


def test_without_bubblewrap_there_is_no_sandbox(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person is told what to install; a worker among many says so in its verdict."""
    monkeypatch.setattr(installed.shutil, "which", lambda *_, **__: None)
    with pytest.raises(RenderError, match="apt-get install bubblewrap"):
        next(iter(render_all(setup, [GOOD], 1)))
    verdict = render_one(replace(setup, timeout=5), GOOD)
    assert (verdict.outcome, verdict.exception) == (Outcome.ENVIRONMENT, "SandboxError")
    assert "bubblewrap" in verdict.message


def test_without_manim_there_is_no_sandbox(tmp_path: Path) -> None:
    """A person is told which Python has no Manim."""
    with pytest.raises(RenderError, match="cannot be run"):
        find_manim(tmp_path / "python")


PLAY = "square = Square()\nself.play(Create(square))\nself.play({})"


@pytest.mark.parametrize(
    ("before", "animation", "computed"),
    [
        ("", "square.animate.shift(RIGHT)", False),
        ("def ease(t):\n    moments.append(t)\n    return t", "square.animate(rate_func=ease).shift(RIGHT)", True),
        ("", "UpdateFromAlphaFunc(square, lambda one, alpha: moments.append(alpha))", True),
        (
            "class Own(Square):\n    def interpolate(self, *some, **named):\n"
            "        moments.append(1)\n        return super().interpolate(*some, **named)",
            "Transform(Own(), Circle())",
            True,
        ),
    ],
)
def test_a_moment_that_only_manim_computes_is_passed_over(
    sandbox: Sandbox, before: str, animation: str, computed: bool
) -> None:
    """A program that computes something of its own goes through all fifteen frames of a second."""
    count = "import manim.mobject.mobject\nmoments = []\n"
    code = scene(PLAY.format(animation) + "\nraise SystemExit(len(moments))", count + before)
    assert (int(sandbox.render(code).message) >= 15) is computed


def test_a_group_whose_parts_begin_later_is_sampled_too(sandbox: Sandbox) -> None:
    """They have no targets yet when it begins."""
    body = (
        "square = Square()\nself.add(square)\nself.play(Succession(FadeOut(square), FadeIn(Circle()), FadeOut(Dot())))"
    )
    assert sandbox.render(scene(body)).outcome is Outcome.PASSED


def test_time_goes_on_while_moments_are_passed_over(sandbox: Sandbox) -> None:
    """The clock of a scene is what it is in Manim."""
    code = scene("self.add(Square())\nself.play(Create(Circle()))\nraise SystemExit(round(self.renderer.time, 6))")
    assert sandbox.render(code).message == "1.0"


def test_text_that_no_font_has_is_a_finding(sandbox: Sandbox) -> None:
    """A form feed, as a forgotten raw string makes one, and a letter that is none, but nothing that fonts have."""
    verdict = sandbox.render(
        scene("self.add(Text('\frac{1}{2}'), Text('Grüße, ω → ∞'), MarkupText('<b>\U0010fffd</b>'))")
    )
    assert (verdict.outcome, verdict.message) == (Outcome.PASSED, r"undrawable_text: '\x0c\U0010fffd'")
    assert sandbox.render(scene("self.add(Text('Grüße, ω → ∞'), Text('a\\tb'))")).message == ""
