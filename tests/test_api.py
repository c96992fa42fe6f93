"""What the library exports, and the examples of its page."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import builder

PAGE = Path(__file__).parents[1] / "docs" / "api.md"


def test_every_example_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, in one session, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MANIM_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "huggingface"))
    monkeypatch.setattr("builder.sources.spec._registered", {})
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 5
    names: dict[str, object] = {}
    for example in examples:
        exec(compile(example, str(PAGE), "exec"), names)  # our own page
    assert (tmp_path / "training_set" / "train.json").is_file()


def test_every_exported_name_is_there_and_on_the_page() -> None:
    """A name that is exported can be had, and is described; no other name can."""
    page = PAGE.read_text(encoding="utf-8")
    for name in builder.__all__:
        assert getattr(builder, name) is not None
        assert f"| `{name}" in page
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        builder.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_library_is_quick() -> None:
    """Nothing heavy is imported before a name is used."""
    code = "import sys, builder; print({'polars', 'pyarrow', 'datasets', 'numpy'} & set(sys.modules) or 'nothing')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "nothing"
