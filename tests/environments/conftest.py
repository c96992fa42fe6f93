"""Virtual environments with releases of `datasets` and of Python, made once a session, each when a test first asks.

The worker processes of a session share them.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from uv import find_uv_bin

ROOT = Path(__file__).parents[2]
RELEASES = {"3.6": "datasets==3.6.*", "4.0": "datasets==4.0.*", "newest": "datasets"}
"""What is installed beside the wheel, by the name of an environment; all else is the newest that there is."""
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_CLASSIFIER = "Programming Language :: Python :: "
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SUPPORTED = [line.removeprefix(_CLASSIFIER) for line in _PROJECT["classifiers"] if line.startswith(_CLASSIFIER + "3.")]
"""The versions of Python that the project says it supports."""
_CHOOSE: Mapping[str, str] = {"PYENV_VERSION": ":".join(SUPPORTED)}
"""Where pyenv holds the Pythons, a command such as `python3.12` answers only if asked for by this variable."""
_NOT_INHERITED = ("PYTHON", "HF_", "MANIM_", "VIRTUAL_ENV", "MAKE", "MFLAGS")
"""The last two are of a `make` that runs the tests."""
_SECONDS = 600


def run(command: Sequence[str | Path], folder: Path, **variables: str) -> str:
    """Run a child process in a folder and return what it printed; if it fails, so does the test, showing all."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        shown = " ".join(str(part) for part in command)
        pytest.fail(f"exit code {done.returncode} of: {shown}\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done.stdout


@dataclass(frozen=True)
class Environment:
    """A virtual environment; what runs in it fetches nothing and keeps its caches in `home`."""

    python: Path
    home: Path

    def run(self, *arguments: str | Path, folder: Path, home: Path | None = None) -> str:
        """Run this environment's Python in a folder, with fresh caches if another `home` is given."""
        return run([self.python, *arguments], folder, **self.caches(home))

    def caches(self, home: Path | None = None) -> dict[str, str]:
        """The variables that keep caches in a folder, and forbid to fetch anything."""
        home = home or self.home
        caches = {"HOME": str(home), "HF_HOME": str(home / "hf"), "MANIM_DATASETS_CACHE": str(home / "manim")}
        return caches | {"HF_HUB_OFFLINE": "1"}

    def answer(self, code: str, *arguments: str | Path, folder: Path, home: Path | None = None) -> Any:
        """Run code that prints JSON as its last line, not seeing the folder's modules; returns the value."""
        return json.loads(self.run("-P", "-c", code, *arguments, folder=folder, home=home).splitlines()[-1])

    def install(self, *packages: str | Path) -> None:
        """Install packages, or with options of `uv pip install`."""
        run([find_uv_bin(), "pip", "install", "--quiet", "--python", self.python, *packages], self.home, **_index())

    def site_packages(self) -> Path:
        """Where its packages are."""
        code = "import json, sysconfig; print(json.dumps(sysconfig.get_path('purelib')))"
        return Path(self.answer(code, folder=self.home))


@dataclass(frozen=True)
class Environments:
    """Makes environments with the project installed, each at most once."""

    folder: Path

    def get(self, release: str, version: str = THIS_PYTHON) -> Environment:
        """The environment with a release of `datasets`, by its name in `RELEASES`, and a version of Python."""
        python, home = find_python(version), self.folder / f"{release}-{version}"
        with FileLock(f"{home}.lock"):
            if (home / "ready").exists():
                return _environment(home)
            environment = self.empty(home.name, python)
            environment.install(RELEASES[release], self.wheel())
            (home / "ready").touch()
            return environment

    def wheel(self) -> Path:
        """A wheel of the project as it is now."""
        with FileLock(self.folder / "wheel.lock"):
            if not list(self.folder.glob("*.whl")):
                run([find_uv_bin(), "build", "--wheel", "--quiet", "-o", self.folder, ROOT], self.folder, **_index())
            (wheel,) = self.folder.glob("*.whl")
            return wheel

    def empty(self, name: str, python: Path) -> Environment:
        """A new environment without packages, without pip too."""
        home = self.folder / name
        home.mkdir()
        run([find_uv_bin(), "venv", "--quiet", "--python", python, home / "venv"], home, **_CHOOSE)
        return _environment(home)


def _index() -> dict[str, str]:
    """Where packages are found, for uv as the variables of pip say."""
    names = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_EXTRA_INDEX_URL": "UV_INDEX", "PIP_FIND_LINKS": "UV_FIND_LINKS"}
    return {ours: os.environ[theirs] for theirs, ours in names.items() if theirs in os.environ}


def _environment(home: Path) -> Environment:
    scripts = "Scripts" if os.name == "nt" else "bin"
    return Environment(home / "venv" / scripts / "python", home)


def find_python(version: str) -> Path:
    """The command of a version of Python; skips the test where there is none."""
    if version == THIS_PYTHON:
        return Path(sys.executable)
    found = shutil.which(f"python{version}")
    asked = [found or "", "-c", "pass"]
    if not found or subprocess.run(asked, env={**os.environ, **_CHOOSE}, capture_output=True, check=False).returncode:
        pytest.skip(f"no python{version} on the path")
    return Path(found)


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Environments:
    """Environments that hold a wheel of the project as it is now."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "environments"
    folder.mkdir(exist_ok=True)
    return Environments(folder)
