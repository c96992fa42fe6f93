"""Rewards by rendering, for training: as TRL's GRPO takes them, as verl's `compute_score`, and for `verifiers`.

Stages add up to 1, and are settable. A completion earns those that it reaches, in order:

| stage | weight | reached if |
|---|---:|---|
| `program` | 0.05 | it holds a program |
| `parses` | 0.10 | that parses |
| `no_conflict` | 0.15 | has a scene, and names nothing that this Manim lacks; later stages do without this one |
| `renders` | 0.10 | and renders without an error |
| `visible` | 0.30 | and shows something: more than a few pixels of a sampled frame |
| `layout` | 0 | and no text is cut by the frame, lies on another or is hard to read: no such finding |
| `similar` | 0.30 | times the visual similarity to the reference, beyond what any two animations have in common |

So nothing that fails to render comes near what renders. Without a reference that renders, `visible` counts for
`similar` too. A program that was `refused` earns 0 in all. Where the machine is at fault there is no reward (`None`).
"""

import asyncio
import atexit
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from builder.core.errors import BuilderError, RenderError, SettingError
from builder.emit.formats import unfenced
from builder.evaluate.predictions import answers_of, program_of, read_references
from builder.evaluate.similarity import ink, visual_similarity
from builder.manim_lint import check
from builder.manim_lint.syntax import parse
from builder.render.findings import findings
from builder.render.renderer import Renderer
from builder.render.verdict import Outcome, Verdict, program_hash

_log = logging.getLogger(__name__)
_LAYOUT = ("off_frame", "text_overlap", "low_contrast")
_LEAST_INK = 3
"""Pixels of 128 by 72 that must clearly differ from the background; a `Dot` has some four."""
REFERENCES = ("reference", "ground_truth", "solution", "answer", "code")
"""Columns of a trainer's data that may hold the reference program, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What each stage is worth; 0 leaves it out."""

    program: float = 0.05
    parses: float = 0.10
    no_conflict: float = 0.15
    renders: float = 0.10
    visible: float = 0.30
    layout: float = 0.0
    similar: float = 0.30
    floor: float = 0.65
    """The visual similarity that earns nothing; what lies between it and 1 is spread over the stage.

    The renderings of ManimBench's test rows have 0.64 in the mean to that of another row.
    """

    def __post_init__(self) -> None:
        weights = [getattr(self, each.name) for each in fields(self)][:-1]
        if min(weights) < 0 or abs(sum(weights) - 1) > 1e-6:
            raise SettingError(f"the weights of a reward's stages are {weights}: use numbers from 0 that add up to 1")
        if not 0 <= self.floor < 1:
            raise SettingError(f"floor {self.floor:g}: use a similarity from 0, below 1")


@dataclass(frozen=True, slots=True)
class Reward:
    """The reward of one completion, and how it came about."""

    value: float
    reached: tuple[str, ...]
    """Names of the stages that it earned something in."""
    verdict: Verdict | None
    """`None` if nothing was rendered: there is no program, or it does not parse."""
    similarity: float | None
    """Visual similarity to the reference; `None` without one that renders, or if the program does not pass."""


class RenderReward:
    """A reward function with settings of its own, for any number of threads.

    >>> reward = RenderReward(Stages(visible=0.6, similar=0.0), timeout=30)  # doctest: +SKIP
    >>> trainer = GRPOTrainer(model, reward_funcs=reward, ...)  # doctest: +SKIP
    """

    __name__ = "render_reward"

    def __init__(
        self, stages: Stages | None = None, renderer: Renderer | None = None, rate: float = 1.0, **settings: Any
    ) -> None:
        """Set up; the renderer starts with the first call.

        Args:
            stages: what each stage is worth.
            renderer: one that samples frames at `rate`; without, one is made, and closed at exit.
            rate: frames a second that are looked at.
            settings: of that `Renderer`, such as `workers`, `timeout` or `manim_python`.
        """
        self.stages = stages or Stages()
        self._renderer, self._own = renderer, renderer is None
        self._rate, self._settings = rate, settings
        self._lock = threading.Lock()

    def __call__(
        self,
        prompts: Sequence[Any],  # noqa: ARG002 - TRL names it
        completions: Sequence[Any],
        **columns: Any,
    ) -> list[float | None]:
        """Rewards of completions, as TRL's GRPO asks for them.

        Args:
            prompts: not looked at.
            completions: texts, or lists of messages.
            columns: those of the data; the first of `REFERENCES` that is there holds the references, one a completion.

        Raises:
            RenderError: there is no Manim.
            BuilderError: scikit-image is missing, and there are references.
        """
        references = next((columns[name] for name in REFERENCES if columns.get(name) is not None), None)
        return [None if each is None else each.value for each in self.judge(completions, references)]

    def judge(self, completions: Sequence[Any], references: Sequence[Any] | None = None) -> list[Reward | None]:
        """The rewards with how they came about; `None` where the machine is at fault."""
        codes = [_program(each) for each in completions]
        models = [_program(each) if each else "" for each in references or [""] * len(codes)]
        if not self.stages.similar:
            models = [""] * len(codes)
        rendered = [code for code in codes if code and parse(code).ok]
        verdicts = self._verdicts([*rendered, *filter(None, models)])
        return [self._reward(code, model, verdicts) for code, model in zip(codes, models, strict=True)]

    def close(self) -> None:
        """Close the renderer, if it was made here; the next call makes another one."""
        with self._lock:
            if self._own and self._renderer is not None:
                self._renderer.close()
                self._renderer = None

    def _verdicts(self, codes: Sequence[str]) -> Mapping[str, Verdict]:
        """Verdicts by hash; none where the renderer broke down."""
        distinct = list(dict.fromkeys(codes))
        if not distinct:
            return {}
        with self._lock:
            if self._renderer is None:
                self._renderer = Renderer(frames=self._rate, previews=False, **self._settings)
                atexit.register(self.close)
            renderer = self._renderer
        found: dict[str, Verdict] = {}
        try:
            for verdict in renderer.render(distinct, ordered=False):
                found[verdict.program] = verdict
        except RenderError as error:
            _log.warning("%d programs have no reward: %s", len(distinct) - len(found), error)
        return found

    def _reward(self, code: str, model: str, verdicts: Mapping[str, Verdict]) -> Reward | None:
        stages, reached = self.stages, []
        if not code:
            return Reward(0.0, (), None, None)
        reached.append("program")
        if not parse(code).ok:
            return _sum(stages, reached)
        reached.append("parses")
        verdict = verdicts.get(program_hash(code))
        if verdict is None or verdict.outcome is Outcome.ENVIRONMENT:
            return None
        if verdict.outcome is Outcome.REFUSED:
            return Reward(0.0, (), verdict, None)
        if verdict.outcome is not Outcome.NO_SCENE and not check(code):
            reached.append("no_conflict")
        if verdict.outcome not in (Outcome.PASSED, Outcome.BLANK):
            return _sum(stages, reached, verdict)
        reached.append("renders")
        faint = verdict.frames is not None and ink(verdict.frames, verdict.rate) < _LEAST_INK
        if verdict.outcome is Outcome.BLANK or faint:
            return _sum(stages, reached, verdict)
        reached.append("visible")
        if stages.layout and findings(verdict).keys().isdisjoint(_LAYOUT):
            reached.append("layout")
        reference = verdicts.get(program_hash(model)) if model else None
        if reference is not None and reference.frames and verdict.frames:
            similarity = visual_similarity(verdict.frames, reference.frames, self._rate)
            part = max(0.0, (similarity - stages.floor) / (1 - stages.floor))
            return _sum(stages, [*reached, "similar"] if part else reached, verdict, similarity, part)
        return _sum(stages, [*reached, "similar"], verdict)


def _sum(
    stages: Stages,
    reached: Sequence[str],
    verdict: Verdict | None = None,
    similarity: float | None = None,
    part: float = 1.0,
) -> Reward:
    value = sum(getattr(stages, name) * (part if name == "similar" else 1.0) for name in reached)
    return Reward(round(value, 6), tuple(reached), verdict, similarity)


def _program(completion: Any) -> str:
    """The program of a completion: a text, a list of messages, or whatever else an answer may be."""
    text = completion if isinstance(completion, str) else next(answers_of({"completion": completion}), "")
    return program_of(unfenced(text)).code


render_reward = RenderReward()
"""The reward with the settings of `Stages`: `GRPOTrainer(..., reward_funcs=render_reward)`."""


async def async_render_reward(prompts: Sequence[Any], completions: Sequence[Any], **columns: Any) -> list[float | None]:
    """As `render_reward`, for trainers that await rewards: the renderer works in a thread."""
    return await asyncio.to_thread(render_reward, prompts, completions, **columns)


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str | None = None,
    extra_info: Mapping[str, Any] | None = None,
    **_: Any,
) -> float:
    """The reward of one completion, as verl asks for it (`custom_reward_function.path`).

    `ground_truth` is the reference.

    Raises:
        RenderError: the machine is at fault; verl knows no missing reward, and 0 would teach something that is not so.
    """
    del data_source, extra_info
    return _value_of(render_reward, solution_str, ground_truth)


def _value_of(reward: RenderReward, completion: Any, reference: str | None) -> float:
    (found,) = reward.judge([completion], [reference])
    if found is None:
        raise RenderError("a completion could not be rendered, and so has no reward; see `python -m builder doctor`")
    return found.value


def load_environment(
    against: str | Path = "manim_combined", config: str = "", split: str = "train", **settings: Any
) -> Any:
    """An environment of one turn for `verifiers` 0.1: the prompts of a folder, and this reward.

    Args:
        against: what `build` or `export` wrote.
        config: one of its configs; by default the most thorough.
        split: train, validation or test.
        settings: of `RenderReward`.

    Raises:
        BuilderError: `verifiers` is not installed, or a release with another interface is.
    """
    try:
        import verifiers as vf
    except ImportError as error:
        raise BuilderError("verifiers is not installed: pip install 'verifiers<0.2'") from error
    if not hasattr(vf, "SingleTurnEnv"):
        raise BuilderError(f"verifiers {vf.__version__} has another interface: pip install 'verifiers<0.2'")
    from datasets import Dataset

    rows = read_references(Path(against), config, split).rows
    data = Dataset.from_list([{"question": row.prompt, "answer": row.code, "info": {"id": row.id}} for row in rows])
    reward = RenderReward(**settings)

    async def rendered(completion: Any, answer: str) -> float:
        return await asyncio.to_thread(_value_of, reward, completion, answer)

    functions: list[Callable[..., Any]] = [rendered]
    return vf.SingleTurnEnv(dataset=data, rubric=vf.Rubric(funcs=functions))
