"""The task for inspect-ai, run by its mock model; skipped where inspect-ai is not installed (the extra `evaluate`)."""

from pathlib import Path

import pytest

from builder.render.verdict_file import write_verdicts
from tests.evaluate.recorded import CONDITIONS, animation, verdict
from tests.report_folders import exported
from tests.rows import circles

pytest.importorskip("skimage", reason="the extra `evaluate`")
inspect_ai = pytest.importorskip("inspect_ai", reason="the extra `evaluate`")


def test_a_mock_model_is_scored_inside_the_harness(tmp_path: Path) -> None:
    """A row's own program, one that shows nothing, and no program."""
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    from builder.evaluate.task import manim

    test = circles(1, 3)
    rows = [(*row, "test" if row in test else "train") for row in circles(1, 24)]
    folder = exported(tmp_path, {"manimbench": rows}, "curated")
    known = [verdict(code, frames=animation((10, 40, 70, 100))) for _, code in test] + [verdict("x = 1", "no_scene")]
    frames = {each.program: each.frames for each in known if each.frames}
    write_verdicts(tmp_path / "v.parquet", known, CONDITIONS, lambda _: {}, lambda _: frames)

    task = manim(str(folder), verdicts=str(tmp_path / "v.parquet"))
    codes = [str(task.dataset[0].target), "x = 1", ""]
    outputs = [ModelOutput.from_content("mockllm/model", f"```python\n{code}\n```") for code in codes]
    for output in outputs:
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # else it counts them, by a download
    model = get_model("mockllm/model", custom_outputs=outputs)
    (log,) = inspect_ai.eval(task, model=model, max_samples=1, log_dir=str(tmp_path / "logs"), display="none")

    assert log.status == "success"
    means = {score.name: score.metrics["mean"].value for score in log.results.scores}
    assert means == pytest.approx({"parses": 2 / 3, "passed": 1 / 3, "similarity": 1 / 3})
