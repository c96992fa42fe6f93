"""A task for inspect-ai: `inspect eval builder/evaluate/task.py --model … -T against=training_set -T split=test`.

Its scorer is this project's own: each sample has whether its program parses and passes, and its visual similarity to
the row's own program (0 if it does not pass). Where the machine is at fault, the sample is an error, not a score.
"""

import asyncio
from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState, generate, system_message

from builder.core.errors import RenderError
from builder.evaluate.predictions import program_of, read_references
from builder.evaluate.rewards import RenderReward
from builder.manim_lint.syntax import parse
from builder.render.verdict import Outcome

_MEASURES: Any = {name: [mean(), stderr()] for name in ("parses", "passed", "similarity")}


@task  # type: ignore[untyped-decorator,unused-ignore]
def manim(
    against: str = "manim_combined", config: str = "", split: str = "test", system: str = "", **settings: Any
) -> Task:
    """Programs for the prompts of a folder that `build` or `export` wrote.

    Args:
        against: the folder.
        config: one of its configs; by default the most thorough.
        split: train, validation or test.
        system: a system message, if one is wanted.
        settings: of the renderer, such as `workers`, `timeout` or `manim_python`.
    """
    references = read_references(Path(against), config, split)
    samples = [
        Sample(
            input=row.prompt,
            target=row.code,
            id=row.id,
            metadata={"source": row.source, "difficulty": row.difficulty or "unknown"},
        )
        for row in references.rows
    ]
    name = f"{references.config}-{references.split}"
    solver = [system_message(system), generate()] if system else [generate()]
    return Task(dataset=MemoryDataset(samples, name=name), solver=solver, scorer=rendering(**settings))


@scorer(metrics=_MEASURES)  # type: ignore[untyped-decorator,unused-ignore]
def rendering(**settings: Any) -> Scorer:
    """Renders what a model wrote, and compares it with the target."""
    reward = RenderReward(**settings)

    async def score(state: TaskState, target: Target) -> Score:
        answer = state.output.completion
        (found,) = await asyncio.to_thread(reward.judge, [answer], [target.text])
        if found is None:
            raise RenderError(f"{state.sample_id}: could not be rendered here; see `python -m builder doctor`")
        verdict, code = found.verdict, program_of(answer).code
        passed = verdict is not None and verdict.outcome is Outcome.PASSED
        raised = f"{verdict.outcome} {verdict.exception}: {verdict.message}".strip(": ") if verdict else "no program"
        similarity = 0.0 if not passed or found.similarity is None else found.similarity
        value = {"parses": float(bool(code) and parse(code).ok), "passed": float(passed), "similarity": similarity}
        return Score(value=value, answer=code, explanation=raised, metadata={"reward": found.value})

    return score
