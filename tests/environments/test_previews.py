"""The column of images loads as images in each release of `datasets`."""

import io
from pathlib import Path

import pytest
from PIL import Image

from builder.publish.build_folder import build_dataset
from builder.render.verdict import Conditions, Outcome, Verdict, program_hash
from builder.render.verdict_file import write_verdicts
from tests.environments.conftest import RELEASES, Environments
from tests.rows import circles, config_of

_LOAD = """
import json
from datasets import load_dataset
data = load_dataset("manim_combined", "curated")
train = data["train"]
print(json.dumps([type(train.features["preview"]).__name__, train[0]["preview"].size, len(train)]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build whose programs all passed, by verdicts that another machine reached, each with a picture."""
    folder = tmp_path_factory.mktemp("previews")
    rows = circles(1, 30)
    picture = io.BytesIO()
    Image.new("RGB", (32, 18), "red").save(picture, "WEBP")
    verdicts = [Verdict(program_hash(row[1] or ""), Outcome.PASSED) for row in rows]
    conditions = Conditions(manim="0.22.0", latex="")
    write_verdicts(
        folder / "verdicts.parquet", verdicts, conditions, lambda programs: dict.fromkeys(programs, picture.getvalue())
    )
    settings = {"verify": True, "previews": True, "verdicts": str(folder / "verdicts.parquet")}
    build_dataset([config_of(folder, {"bespoke_manim": rows}, "curated", **settings)], folder / "manim_combined")
    return folder


@pytest.mark.environments
@pytest.mark.parametrize("release", RELEASES)
def test_last_frames_load_as_images(environments: Environments, folder: Path, release: str) -> None:
    """Parquet does not tell images from other bytes: the card does."""
    environment = environments.get(release)
    kind, size, rows = environment.answer(_LOAD, folder=folder)
    assert (kind, size) == ("Image", [32, 18])
    assert rows > 20
