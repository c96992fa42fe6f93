"""Rewards, from recorded verdicts; with Manim, what programs that try to cheat get."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from builder.core.errors import RenderError, SettingError
from builder.evaluate import rewards
from builder.evaluate.rewards import RenderReward, Stages
from builder.render.verdict import Fact, Verdict
from tests.evaluate.recorded import animation, recorded, verdict
from tests.render.programs import scene as program
from tests.rows import scene

pytest.importorskip("skimage", reason="the extra `evaluate`")
CIRCLE, SQUARE, DOT, OLD, FAULT, BAD, FAILS = (
    scene(shown)
    for shown in ("Circle()", "Square()", "Dot()", "ShowCreation(Circle())", "Tex('x')", "Image()", "Circle(1 / 0)")
)
LEFT, RIGHT = animation((10, 40, 70, 100)), animation((180, 40, 240, 100))
VERDICTS = {
    CIRCLE: verdict(CIRCLE, frames=LEFT),
    SQUARE: verdict(SQUARE, frames=RIGHT),
    DOT: verdict(DOT, frames=animation((5, 5, 5, 5))),
    OLD: verdict(OLD, "failed", "NameError"),
    "x = 1": verdict("x = 1", "no_scene"),
    "a_word": verdict("a_word", "no_scene"),
    FAILS: verdict(FAILS, "failed", "ZeroDivisionError"),
    FAULT: verdict(FAULT, "environment", "LaTeX"),
    BAD: verdict(BAD, "refused", "PermissionError"),
}


@pytest.fixture
def reward(tmp_path: Path) -> RenderReward:
    """With the usual stages."""
    return RenderReward(renderer=recorded(tmp_path / "v.parquet", VERDICTS))


def test_each_stage_earns_more(reward: RenderReward) -> None:
    """Nothing, text, a name that is gone, a failure, next to nothing to see, another picture, the reference."""
    completions = ["", "no program", OLD, FAILS, DOT, SQUARE, CIRCLE]
    assert reward(["", ""], ["x = 1", "a_word"]) == [0.15, 0.15]
    found = reward([""] * 7, completions, reference=[CIRCLE] * 7)
    assert found[:5] == [0.0, 0.05, 0.15, 0.30, 0.40]
    assert found[5] is not None
    assert 0.70 < found[5] < 1
    assert found[6] == 1


def test_without_a_reference_what_renders_is_at_the_top(reward: RenderReward) -> None:
    """Also where the reference does not render."""
    assert reward(["", ""], [SQUARE, SQUARE], reference=[None, OLD]) == [1, 1]
    assert reward([""], [[{"role": "assistant", "content": f"Here:\n```python\n{SQUARE}\n```"}]]) == [1]


def test_layout_is_a_stage_for_who_wants_it(tmp_path: Path) -> None:
    """A text that lies on another earns less, if the stage has a weight."""
    facts = (Fact("text_overlap", 0.5, "Shown", 1.0, ('Text "a"', 'Text "b"')),)
    verdicts = {CIRCLE: VERDICTS[CIRCLE], SQUARE: replace(VERDICTS[SQUARE], facts=facts)}
    renderer = recorded(tmp_path / "v.parquet", verdicts)
    wanted = RenderReward(Stages(visible=0.2, layout=0.1), renderer)
    assert wanted(["", ""], [CIRCLE, SQUARE]) == [1.0, 0.9]
    assert RenderReward(renderer=renderer)(["", ""], [CIRCLE, SQUARE]) == [1.0, 1.0]


def test_a_fault_of_the_machine_is_no_reward_and_a_refused_program_earns_nothing(reward: RenderReward) -> None:
    """None is left out by the trainer; 0 is learnt from."""
    assert reward(["", ""], [FAULT, BAD]) == [None, 0.0]


def test_a_renderer_that_breaks_down_is_no_reward(reward: RenderReward, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known without it stays."""

    def broken(*_: object, **__: object) -> None:
        raise RenderError("the sandbox did not start")

    monkeypatch.setattr(reward._renderer, "render", broken)
    assert reward(["", ""], [CIRCLE, "x ="]) == [None, 0.05]


def test_equal_programs_are_asked_for_once(reward: RenderReward, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group of completions is often the same program, and the reference may be it too."""
    asked: list[str] = []
    assert reward._renderer is not None
    render = reward._renderer.render

    def noted(programs: list[str], **how: bool) -> object:
        asked.extend(programs)
        return render(programs, **how)

    monkeypatch.setattr(reward._renderer, "render", noted)
    assert reward([""] * 4, [CIRCLE] * 4, reference=[CIRCLE] * 4) == [1] * 4
    assert asked == [CIRCLE]


def test_stages_are_settable(tmp_path: Path) -> None:
    """They add up to 1."""
    only = Stages(program=0, parses=0, no_conflict=0, renders=0, visible=1, similar=0)
    reward = RenderReward(only, recorded(tmp_path / "v.parquet", VERDICTS))
    assert reward([""] * 3, [OLD, DOT, SQUARE], reference=[CIRCLE] * 3) == [0, 0, 1]
    with pytest.raises(SettingError, match="add up to 1"):
        Stages(program=0.5)


def test_other_trainers_get_the_same(reward: RenderReward, monkeypatch: pytest.MonkeyPatch) -> None:
    """TRL's awaited form and verl's, which knows no missing reward."""
    monkeypatch.setattr(rewards, "render_reward", reward)
    assert asyncio.run(rewards.async_render_reward([""], [CIRCLE], solution=[CIRCLE])) == [1]
    assert rewards.compute_score("manim", f"```python\n{CIRCLE}\n```", CIRCLE) == 1
    with pytest.raises(RenderError, match="no reward"):
        rewards.compute_score("manim", FAULT, CIRCLE)


HONEST = program("self.play(Create(Square()))\nself.wait()")
CHEATS = {
    "prints success": "print('passed')\nprint({'outcome': 'passed'})\nraise ValueError",
    "ends early": "import sys\nsys.exit(0)",
    "ends at once": "import os\nos._exit(0)",
    "draws one pixel": "self.add(Dot(radius=0.01))\nself.wait()",
    "shows nothing": "self.wait()",
    "hides it at once": "square = Square()\nself.add(square)\nself.remove(square)\nself.wait()",
    "swallows all": "try:\n    Circle(radiu=2)\nexcept TypeError:\n    pass",
}
OVERRIDES = "from manim import *\nclass Shown(Scene):\n    def render(self, *a, **b):\n        return True\n"


@pytest.mark.render
def test_programs_that_cheat_earn_less_than_an_honest_one(tmp_path: Path) -> None:
    """Whatever they do, they stay below a program that renders and shows something."""
    python = os.environ.get("MANIM_PYTHON", "")
    reward = RenderReward(workers=1, timeout=20, manim_python=python, cache_dir=tmp_path)
    programs = {name: program(body) for name, body in CHEATS.items()} | {"overrides": OVERRIDES}
    found = dict(zip(programs, reward([""] * len(programs), list(programs.values())), strict=True))
    honest, fails = reward(["", ""], [HONEST, program("Circle(radiu=2)")])
    reward.close()
    assert honest == 1
    assert fails is not None
    assert all(each is not None and each <= 0.4 for each in found.values()), found
    for name in ("prints success", "ends early", "ends at once"):
        assert found[name] is not None
        assert found[name] <= 0.3, found  # type: ignore[operator]
    assert isinstance(reward.judge([""])[0].verdict, Verdict | None)  # type: ignore[union-attr]
