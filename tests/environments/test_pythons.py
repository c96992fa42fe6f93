"""What is written does not hang on the version of Python, nor on the number of workers."""

import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.environments.conftest import ROOT, SUPPORTED, Environment, Environments
from tests.rows import files_of

pytestmark = pytest.mark.environments

Export = Callable[[str, int], Path]


@pytest.fixture(scope="module")
def export(environments: Environments, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Exports the sample on a version of Python with a number of workers, once each, with caches of its own."""
    done: dict[tuple[str, int], Path] = {}

    def export(version: str, workers: int) -> Path:
        if (version, workers) not in done:
            environment = environments.get("newest", version)
            home = tmp_path_factory.mktemp(f"export-{version}-{workers}")
            done[version, workers] = _export(environment, home, "--workers", str(workers))
        return done[version, workers]

    return export


def _export(environment: Environment, home: Path, *options: str, folder: Path | None = None) -> Path:
    target = home / "exported"
    arguments = ["-m", "builder", "export", "--sample", "--output-dir", target, *options]
    environment.run(*arguments, folder=folder or home, home=home)
    return target


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """The rows of an export by the Python that runs the tests, from the project's own folder."""
    home = tmp_path_factory.mktemp("reference")
    return _rows(_export(Environment(Path(sys.executable), home), home, folder=ROOT))


def _rows(exported: Path) -> pl.DataFrame:
    return pl.read_parquet(exported / "ledger.parquet").select("id", "split", "group").sort("id")


@pytest.mark.parametrize("version", SUPPORTED)
def test_ids_splits_and_groups_are_the_same_on_every_python(
    export: Export, reference: pl.DataFrame, version: str
) -> None:
    """Every row has the same id, the same split and the same group on each supported version of Python."""
    rows = _rows(export(version, 1))
    assert rows.height > 0
    assert rows["id"].is_unique().all()
    assert rows.equals(reference)


@pytest.mark.parametrize("version", SUPPORTED)
def test_the_bytes_do_not_depend_on_workers(export: Export, version: str) -> None:
    """Two exports on one version of Python write the same bytes, be it with one worker or with two."""
    one, two = (export(version, workers) for workers in (1, 2))
    assert {"train.json", "test.json", "ledger.parquet", "manifest.json"} <= set(files_of(one))
    assert files_of(one) == files_of(two)
