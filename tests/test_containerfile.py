"""The container image's recipe, read as text, for no container engine builds it here; and what installs packages."""

import fnmatch
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
LISTS = ("debian-packages.txt", "debian-packages-extra.txt")


def steps() -> list[tuple[str, str]]:
    """The recipe's instructions with their arguments, continued lines joined."""
    text = re.sub(r"\\\n", " ", (ROOT / "Containerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def arguments_of(instruction: str) -> list[str]:
    return [arguments for word, arguments in steps() if word == instruction]


def test_the_image_has_a_python_that_the_project_supports():
    """The minor version of the base image is one of the project's classifiers."""
    (image,) = arguments_of("FROM")
    told = re.fullmatch(r"docker\.io/library/python:(\d+\.\d+)-slim-\w+", image)
    assert told is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"Programming Language :: Python :: {told[1]}" in project["classifiers"]


def test_debian_packages_come_from_the_lists_alone():
    """Both lists are copied, stripped of comments and handed to the one `apt-get install`, which names no package."""
    copied = " ".join(arguments_of("COPY"))
    installing = [command for command in arguments_of("RUN") if "apt-get" in command]

    assert all(f"builder/render/{name}" in copied and (ROOT / "builder" / "render" / name).is_file() for name in LISTS)
    assert len(installing) == 1
    assert all(f"/tmp/{name}" in installing[0] for name in LISTS)
    install = installing[0].partition("xargs")[2].partition("&&")[0]
    assert shlex.split(install) == ["apt-get", "install", "--yes", "--no-install-recommends"]


def test_the_project_is_installed_with_what_rendering_and_clusters_need():
    """The extras that the recipe names exist."""
    (command,) = (command for command in arguments_of("RUN") if "pip install" in command)
    told = re.search(r"'\.\[([\w,]+)\]'", command)
    assert told is not None
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(told[1].split(",")) == {"cluster", "render"} <= set(extras)


def test_everything_copied_is_there_and_is_not_ignored():
    """What a package is built from, the card's template included, reaches the builder of the image."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    sources = [name for arguments in arguments_of("COPY") for name in arguments.split()[:-1]]

    assert {"pyproject.toml", "dataset_card.md", "README.md", "LICENSE", "builder", "manim_combined"} <= set(sources)
    for name in sources:
        assert (ROOT / name).exists()
        assert f"!{name.partition('/')[0]}" in ignored
        assert not any(fnmatch.fnmatch(name, pattern) for pattern in ignored if pattern not in ("*",))


def test_nothing_runs_as_root():
    """The user is set after all that root installs, and before the command."""
    words = [word for word, _ in steps()]
    assert arguments_of("USER") == ["renderer"]
    assert max(place for place, word in enumerate(words) if word == "RUN") < words.index("USER") < words.index("CMD")


def install_packages(tmp_path: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run the script behind `make test-render` where there are few programs but those given."""
    for name in ("bash", "dirname", "sed"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    for name, script in programs.items():
        (tmp_path / name.replace("_", "-")).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name.replace("_", "-")).chmod(0o755)
    command = [str(ROOT / ".ci" / "debian-packages")]
    return subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)


def test_what_is_installed_is_not_installed_again(tmp_path: Path):
    """Where every package is there, nothing is asked of apt-get or sudo."""
    assert install_packages(tmp_path, dpkg_query="printf installed").returncode == 0


def test_only_missing_packages_are_installed(tmp_path: Path):
    """An ordinary user goes through sudo."""
    ended = install_packages(
        tmp_path,
        dpkg_query='case "$*" in *bubblewrap|*dvisvgm) exit 1;; *) printf installed;; esac',
        apt_get="true",
        sudo='echo "as root: $*"',
        id="echo 1000",
    )

    assert ended.returncode == 0
    assert ended.stdout.splitlines()[-1].endswith(
        "apt-get -o DPkg::Lock::Timeout=600 install --quiet --yes --no-install-recommends bubblewrap dvisvgm"
    )
    assert all(line.startswith("as root: ") for line in ended.stdout.splitlines())


def test_a_system_without_apt_get_is_told_what_it_needs(tmp_path: Path):
    """The names are Debian's; the container is the way out."""
    ended = install_packages(tmp_path, dpkg_query="exit 1")

    assert ended.returncode == 1
    assert "there is no apt-get: bubblewrap" in ended.stderr
    assert "Containerfile" in ended.stderr
