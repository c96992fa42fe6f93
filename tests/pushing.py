"""Pushes in child processes, for clients read their settings at import; and the folder that they push."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from builder.config import BUILT_BY_DEFAULT, make_config
from builder.publish.build_folder import build_dataset
from tests.servers.hub_write import WritableHub

ROOT = Path(__file__).parents[1]
TOKEN = "hf_thisMustNeverBeShown"
REPO = "org/manim-sft"
ONE = ("--config", "no_augment", "--no-read-back")
"""The quickest push."""


@dataclass(frozen=True)
class Outcome:
    """What a command in a child process gave."""

    exit_code: int
    stdout: str
    stderr: str

    def ok(self) -> "Outcome":
        """Itself, if it ended well."""
        assert self.exit_code == 0, self.stderr
        return self

    def failed_with(self, *parts: str) -> None:
        """It ended with one message, warnings aside, that holds these parts."""
        lines = [line for line in self.stderr.splitlines() if not line.startswith("warning: ")]
        assert (self.exit_code, len(lines)) == (1, 1), self.stderr
        assert lines[0].startswith("failed: ")
        for part in parts:
            assert part in lines[0]


def environment(url: str, home: Path, token: str = TOKEN) -> dict[str, str]:
    """Nothing of this process's but the path."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "HF_ENDPOINT": url,
        "HF_HOME": str(home / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_TOKEN": token,
        "MANIM_DATASETS_CACHE": str(home / "cache"),
    }


def run(home: Path, env: dict[str, str], *arguments: str) -> Outcome:
    """Run Python with these arguments, in `home`; whatever is said, the token is not."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False, cwd=home)
    assert TOKEN not in done.stdout + done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr)


def push(hub: WritableHub, home: Path, folder: Path, *flags: str, repo: str = REPO, **env: str) -> Outcome:
    """Push a built folder."""
    command = ("-m", "builder", "push", "--repo", repo, "--folder", str(folder), *flags)
    return run(home, {**environment(hub.url, home), **env}, *command)


def build_sample(folder: Path, *names: str, **settings: object) -> Path:
    """Configs of the sample, all if none is named, built into a folder."""
    changes = {"sample": True, "workers": 1, "cache_dir": folder.parent / "cache", **settings}
    build_dataset([make_config(name, **changes) for name in names or BUILT_BY_DEFAULT], folder)
    return folder


def written(hub: WritableHub) -> list[str]:
    """Requests that change something."""
    reads = ("/paths-info/", "/validate-yaml", "/preupload/")
    return [
        f"{request.method} {request.path}"
        for request in hub.requests
        if request.method not in ("GET", "HEAD") and not any(part in request.path for part in reads)
    ]
