"""Which formulas LaTeX starts on from a format, with a LaTeX that only notes how it was called."""

import os
from pathlib import Path

import pytest

from builder.render.inside.tex import FORMAT, PREAMBLE, compile_quickly
from builder.render.setup import make_format

BODY = "\\begin{document}\n$x$\n\\end{document}"
COMMAND = ["latex", "-output-format=dvi", "formula.tex"]
SOURCE = Path("formula.tex")


@pytest.fixture
def formulas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with a format; the working folder is an empty one."""
    for folder in ("formulas", "work", "bin"):
        (tmp_path / folder).mkdir()
    (tmp_path / "formulas" / FORMAT).write_text("a format")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "formulas"


def fake_latex(formulas: Path, script: str) -> None:
    """Put a shell script in LaTeX's place."""
    path = formulas.parent / "bin" / "latex"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_the_usual_preamble_is_taken_from_the_format(formulas: Path) -> None:
    """LaTeX gets the format and the document alone, on the lines where it was."""
    fake_latex(formulas, 'echo "$1" > formula.dvi; cat formula.tex >> formula.dvi')
    assert compile_quickly(PREAMBLE + BODY, COMMAND, SOURCE, formulas)
    assert Path("formula.dvi").read_text() == f"-fmt={formulas / FORMAT}\n%\n%\n%\n%\n{BODY}"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (PREAMBLE + "\\def\\x{1}\n" + BODY, COMMAND),
        (PREAMBLE.replace("preview", "preview,border=1pt") + BODY, COMMAND),
        ("%" + PREAMBLE + BODY, COMMAND),
        (PREAMBLE + "\\begin {document}x\\end{document}", COMMAND),
        (PREAMBLE + BODY, ["xelatex", *COMMAND[1:]]),
        (PREAMBLE + BODY, ["latex", "-output-format=pdf", "formula.tex"]),
    ],
)
def test_any_other_is_compiled_as_usual(formulas: Path, text: str, command: list[str]) -> None:
    """One more letter before the document, another compiler or another kind of file."""
    fake_latex(formulas, "touch formula.dvi")
    assert not compile_quickly(text, command, SOURCE, formulas)
    assert not any(Path().iterdir())


def test_without_a_format_all_is_as_usual(formulas: Path) -> None:
    """Nothing is run."""
    fake_latex(formulas, "touch formula.dvi")
    (formulas / FORMAT).unlink()
    assert not compile_quickly(PREAMBLE + BODY, COMMAND, SOURCE, formulas)
    assert not any(Path().iterdir())


def test_a_failure_leaves_nothing_that_the_usual_way_would_see(formulas: Path) -> None:
    """No half-made file, such as one of references, stands beside the source."""
    fake_latex(formulas, "touch formula.dvi formula.aux; exit 1")
    assert not compile_quickly(PREAMBLE + BODY, COMMAND, SOURCE, formulas)
    assert not any(path.is_file() for path in Path().iterdir())


@pytest.mark.parametrize("script", ["exit 1", "exit 0", "printf '\\037\\213broken' > formula.fmt"])
def test_a_format_that_cannot_be_made_is_done_without(formulas: Path, script: str) -> None:
    """Whether LaTeX fails, makes nothing or makes a file that does not unzip; and nothing half-made is left."""
    fake_latex(formulas, script)
    (formulas / FORMAT).unlink()
    make_format(formulas, dict(os.environ))
    assert not any(formulas.iterdir())


def test_a_format_that_is_there_is_not_made_again(formulas: Path) -> None:
    """Each start of a sandbox finds the one of before."""
    fake_latex(formulas, "echo new > formula.fmt")
    make_format(formulas, dict(os.environ))
    assert (formulas / FORMAT).read_text() == "a format"


def test_a_format_is_made_of_the_preamble_alone(formulas: Path) -> None:
    """LaTeX gets Manim's own preamble and nothing else."""
    fake_latex(formulas, "ls > formula.fmt; cat formula.tex >> formula.fmt")
    (formulas / FORMAT).unlink()
    make_format(formulas, dict(os.environ))
    assert (formulas / FORMAT).read_text() == f"formula.fmt\nformula.tex\n{PREAMBLE}\\dump\n"
