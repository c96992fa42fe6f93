"""`doctor` on machines that are made up: a PATH folder of small executables that each test writes."""

import json
import sys
from pathlib import Path

import pytest

from builder.cli.main import main
from builder.render import doctor
from builder.render.machine import (
    EXTRA_PACKAGES,
    PACKAGES,
    Finding,
    State,
    install_line,
    read_packages,
    why_refused,
)
from builder.render.verdict import Outcome, Verdict

RELEASE = "0.22.0"
FILES = "standalone.cls babel.sty amsmath.sty amssymb.sty ctex.sty frcursive.sty".split()
MACHINE = {
    "python": f"echo release {RELEASE}; echo template ctex usepackage=ctex; echo template cursive usepackage=frcursive",
    "latex": "echo 'pdfTeX 3.14 (TeX Live 2022/Debian)'",
    "xelatex": "echo 'XeTeX 3.14 (TeX Live 2022/Debian)'",
    "dvisvgm": 'case "$*" in --version) echo dvisvgm 3.0.3;; *) echo "<path d=\'M0 0\'/>" > formula.svg;; esac',
    "kpsewhich": "\n".join(f"echo /usr/share/texmf/{file}" for file in FILES),
    "fc-list": "echo /usr/share/fonts/DejaVuSans.ttf: DejaVu Sans:style=Book",
    "fc-match": 'echo \'DejaVuSans.ttf: "DejaVu Sans" "Book"\'',
    "bwrap": 'case "$*" in --version) echo bubblewrap 0.8.0;; *) exec /bin/true;; esac',
}
"""What each program of a machine that lacks nothing does."""


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch):
    """A machine with memory enough, where scenes render, whatever runs the tests."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(doctor, "_available_memory", lambda: 8 * 2**30)
    monkeypatch.setattr(doctor, "LEAST_DISK", 1)
    monkeypatch.setattr(doctor, "render_all", lambda *_: iter([Verdict("", Outcome.PASSED, seconds=0.7)]))


def examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **changed: str | None) -> dict[str, Finding]:
    """The findings by name on a machine that differs from a good one in some programs; `None` takes one away."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in (MACHINE | {name.replace("_", "-"): script for name, script in changed.items()}).items():
        if script is not None:
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return {finding.name: finding for finding in doctor.examine(tmp_path / "cache", RELEASE, folder / "python")}


def states(findings: dict[str, Finding]) -> dict[str, State]:
    """The findings that are not `ok`."""
    return {name: finding.state for name, finding in findings.items() if finding.state is not State.OK}


def test_a_machine_that_has_everything_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nothing is missing, nothing is advised, and nothing is left in the cache's place."""
    findings = examined(tmp_path, monkeypatch)

    assert states(findings) == {}
    assert not [finding for finding in findings.values() if finding.packages or finding.advice]
    assert not (tmp_path / "cache").exists()


def test_an_empty_machine_is_told_every_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The one install line holds nothing that is not in the project's list of packages."""
    findings = examined(tmp_path, monkeypatch, **dict.fromkeys(name.replace("-", "_") for name in MACHINE))

    assert [name for name, finding in findings.items() if finding.stops] == [
        *["Manim", "latex", "xelatex", "dvisvgm", "LaTeX packages", "fonts", "bubblewrap"]
    ]
    words = install_line(list(findings.values())).split()
    line = set(words[words.index("--no-install-recommends") + 1 :])
    assert {"bubblewrap", "dvisvgm", "gcc", "libpango1.0-dev", "texlive-science", "texlive-xetex"} < line
    assert line <= set(read_packages(PACKAGES))


@pytest.mark.parametrize(
    ("changed", "name", "state", "told"),
    [
        ({"python": "echo release 0.18.1"}, "Manim", State.TOO_OLD, "0.18.1"),
        ({"python": "echo release 0.23.0"}, "Manim", State.OTHER, "0.23.0"),
        ({"python": "echo \"ModuleNotFoundError: No module named 'manim'\"; exit 1"}, "Manim", State.MISSING, "not in"),
        ({"python": "echo ImportError: libpango-1.0.so.0; exit 1"}, "Manim", State.BROKEN, "libpango-1.0.so.0"),
        ({"xelatex": None}, "xelatex", State.MISSING, "not on the PATH"),
        ({"dvisvgm": "echo dvisvgm 2.3.5"}, "dvisvgm", State.TOO_OLD, "2.3.5"),
        ({"kpsewhich": "echo /usr/share/texmf/babel.sty"}, "LaTeX packages", State.MISSING, "standalone.cls"),
        (
            {"latex": 'case "$*" in --version) echo pdfTeX;; *) echo "! I can\'t find the format file"; exit 1;; esac'},
            "a formula",
            State.BROKEN,
            "latex: ! I can't find the format file",
        ),
        ({"fc_list": "exit 0"}, "fonts", State.MISSING, "no font"),
        ({"bwrap": "echo bubblewrap 0.4.1"}, "bubblewrap", State.TOO_OLD, "0.4.1"),
        (
            {"bwrap": 'case "$*" in --version) echo bubblewrap 0.8.0;; *) echo uid map: denied; exit 1;; esac'},
            "bubblewrap",
            State.BROKEN,
            "uid map: denied",
        ),
    ],
)
def test_each_fault_is_found_and_stops_unless_it_still_works(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    changed: dict[str, str | None],
    name: str,
    state: State,
    told: str,
):
    """A fault has one word, says what was found, and how to mend it."""
    finding = examined(tmp_path, monkeypatch, **changed)[name]

    assert finding.state is state
    assert told in finding.found
    assert finding.packages or finding.advice
    assert finding.stops is (state is not State.OTHER)


FEW = "\n".join(f"echo /usr/share/texmf/{file}" for file in FILES[:4])


def test_what_few_programs_use_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without what only some of Manim's templates load, and without fonts for them, a machine is ready."""
    fonts = 'case "$*" in :*) ;; *) echo DejaVuSans.ttf;; esac'
    findings = examined(tmp_path, monkeypatch, kpsewhich=FEW, fc_list=fonts)

    assert states(findings) == {"more LaTeX packages": State.MISSING, "more fonts": State.MISSING}
    assert findings["more LaTeX packages"].found == "without ctex.sty, frcursive.sty"
    assert findings["more LaTeX packages"].meaning.startswith("2 of the 2 templates")
    named = {*findings["more LaTeX packages"].packages, *findings["more fonts"].packages}
    assert named == set(read_packages(EXTRA_PACKAGES))
    assert install_line(list(findings.values())) == ""


def test_debians_own_table_names_the_package_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where it is kept; it is asked for the files that kpathsea does not find."""
    table = 'case "$*" in *"/(ctex.sty|frcursive.sty)$"*|*frcursive*) echo texlive-fonts-extra;; esac'
    finding = examined(tmp_path, monkeypatch, kpsewhich=FEW, apt_file=table)["more LaTeX packages"]
    assert finding.packages == ("texlive-fonts-extra",)


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("proc/sys/kernel/unprivileged_userns_clone", "0\n", "sysctl -w kernel.unprivileged_userns_clone=1"),
        ("proc/sys/user/max_user_namespaces", "0\n", "sysctl -w user.max_user_namespaces"),
        ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n", "/etc/apparmor.d/bwrap"),
        (".dockerenv", "", "--security-opt seccomp=unconfined"),
    ],
)
def test_a_kernel_that_refuses_namespaces_is_told_how_to_allow_them(tmp_path: Path, file: str, content: str, told: str):
    """The advice is for the setting that forbids them on this machine."""
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(content)

    assert told in why_refused(tmp_path)


def test_a_scene_that_does_not_render_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """All parts may be there, and yet not where the sandbox looks for them."""
    verdict = Verdict("", Outcome.ENVIRONMENT, "MissingLaTeX", "no latex")
    monkeypatch.setattr(doctor, "render_all", lambda *_: iter([verdict]))
    finding = examined(tmp_path, monkeypatch)["a scene"]

    assert (finding.state, finding.found) == (State.BROKEN, "environment: MissingLaTeX: no latex")
    assert finding.stops


def test_a_full_disk_and_little_memory_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Both say how much there is."""
    monkeypatch.setattr(doctor, "LEAST_DISK", 2**80)
    monkeypatch.setattr(doctor, "_available_memory", lambda: 2**30)
    findings = examined(tmp_path, monkeypatch)

    assert list(states(findings)) == ["disk for cache", "disk for temporary files", "memory"]
    assert findings["memory"].found.startswith("1.0 GiB")


def test_the_command_says_it_all_and_exits_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """A person reads what is missing, what it means and one install line; a machine reads the same as JSON."""
    examined(tmp_path, monkeypatch, bwrap=None)
    flags = ["--cache-dir", str(tmp_path), "--manim-python", str(tmp_path / "bin" / "python")]

    assert main(["doctor", *flags]) == 1
    told = capsys.readouterr().out
    assert "missing" in told
    assert "programs of strangers run in its sandbox" in told
    assert "apt-get install --no-install-recommends bubblewrap" in told

    assert main(["doctor", "--json", *flags]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["ready"] is False
    assert [finding["name"] for finding in answer["findings"] if finding["state"] != "ok"] == ["bubblewrap"]
    assert answer["install"].split()[-1] == "bubblewrap"


def test_the_command_exits_0_on_a_good_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """It says so."""
    examined(tmp_path, monkeypatch)
    flags = ["--cache-dir", str(tmp_path), "--manim-python", str(tmp_path / "bin" / "python")]

    assert main(["doctor", *flags]) == 0
    assert "ready to render" in capsys.readouterr().out


def test_the_lists_of_packages_are_plain_and_hold_what_doctor_names():
    """Each name once, none in both lists; what compiles is in one of them."""
    needed, extra = read_packages(PACKAGES), read_packages(EXTRA_PACKAGES)

    assert len({*needed, *extra}) == len(needed) + len(extra)
    assert set(doctor._TO_COMPILE) <= {*needed, *extra}
