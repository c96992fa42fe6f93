"""What is written does not hang on the version of Python, nor on the number of workers."""

from pathlib import Path

import pytest

from builder.config import make_config
from builder.publish.export import export
from tests.environments.conftest import SUPPORTED, THIS_PYTHON, Environments
from tests.rows import files_of

pytestmark = pytest.mark.environments


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """An export by one worker of the Python that runs the tests."""
    folder = tmp_path_factory.mktemp("reference")
    export(make_config(sample=True, cache_dir=folder / "cache", workers=1), folder / "exported")
    return files_of(folder / "exported")


@pytest.mark.parametrize("version", SUPPORTED)
def test_every_python_and_two_workers_write_the_same_bytes(
    environments: Environments, reference: dict[str, bytes], tmp_path: Path, version: str
) -> None:
    """Rows, ids, sides, groups and figures are those that one worker wrote, byte for byte."""
    arguments = ["-m", "builder", "export", "--sample", "--deduplicate", "--workers", "2", "--output-dir", "out"]
    environments.get("newest", version).run(*arguments, folder=tmp_path, home=tmp_path / "home")

    written = files_of(tmp_path / "out")
    assert {"train.json", "test.json", "ledger.parquet", "manifest.json"} <= set(written)
    told = {"manifest.json"} if version != THIS_PYTHON else set()  # it tells by which Python
    assert {name for name in reference if written.get(name) != reference[name]} == told
