"""The command `lint`: what it prints, what it writes, and its exit codes."""

import io
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from builder.cli.main import DONE, FAILED, WRONG_USAGE, main

RIGHT = "from manim import *\n\n\nclass A(Scene):\n    def construct(self):\n        self.play(Create(Circle()))\n"
WRONG = RIGHT.replace("Create", "ShowCreation")
HOPELESS = RIGHT.replace("Circle", "Frobnicator")


def lint(*arguments: object) -> int:
    return main(["lint", *map(str, arguments)])


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_a_problem_is_a_line_with_its_place(tmp_path, capsys):
    """`file:line:column: reason: text`, and exit code 1."""
    path = write(tmp_path / "a.py", WRONG)
    assert lint(path) == FAILED
    out = capsys.readouterr().out.splitlines()
    assert out == [f"{path}:6:19: unknown_name: ShowCreation; did you mean Create?", "1 problem in 1 program"]
    assert path.read_text() == WRONG


def test_a_clean_program_is_done(tmp_path, capsys):
    """Exit code 0."""
    assert lint(write(tmp_path / "a.py", RIGHT)) == DONE
    assert capsys.readouterr().out == "no problems in 1 program\n"


def test_columns_count_characters(tmp_path, capsys):
    """A sign of several bytes before the place counts once."""
    path = write(tmp_path / "a.py", WRONG.replace("self.play", '"é🙂"; self.play'))
    lint(path)
    assert f"{path}:6:25: unknown_name" in capsys.readouterr().out


def test_what_does_not_parse_is_a_syntax_error_with_its_place(tmp_path, capsys):
    """One problem, where the parser stopped."""
    path = write(tmp_path / "a.py", "x = 1\ny = (\n")
    assert lint(path) == FAILED
    assert capsys.readouterr().out.startswith(f"{path}:2:5: syntax_error: '(' was never closed\n")


def test_fix_writes_the_file_in_place(tmp_path, capsys):
    """Mode, line ends and byte order mark stay, and no file is left beside it."""
    path = write(tmp_path / "a.py", "\ufeff" + WRONG.replace("\n", "\r\n"))
    path.chmod(0o751)
    assert lint(path, "--fix") == DONE
    assert path.read_bytes().decode() == "\ufeff" + RIGHT.replace("\n", "\r\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o751
    assert [item.name for item in tmp_path.iterdir()] == ["a.py"]
    assert "1 file fixed" in capsys.readouterr().out


def test_what_is_left_after_fixes_is_printed(tmp_path, capsys):
    """What has no fix stays in the file, and the exit code is 1."""
    path = write(tmp_path / "a.py", WRONG + HOPELESS.partition("\n")[2].replace("class A", "class B"))
    assert lint(path, "--fix") == FAILED
    assert "ShowCreation" not in path.read_text()
    out = capsys.readouterr().out
    assert "unknown_name: Frobnicator" in out
    assert "1 problem left in 1 program; 1 file fixed" in out


def test_diff_shows_what_fix_would_change_and_writes_nothing(tmp_path, capsys):
    """A unified diff; what was not written counts as left."""
    path = write(tmp_path / "a.py", WRONG)
    assert lint(path, "--diff") == FAILED
    out = capsys.readouterr().out.splitlines()
    assert "-        self.play(ShowCreation(Circle()))" in out
    assert "+        self.play(Create(Circle()))" in out
    assert path.read_text() == WRONG
    assert lint(write(tmp_path / "b.py", RIGHT), "--diff") == DONE


def standard_input(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_standard_input_is_read_and_fixed_to_the_output(monkeypatch, capsys):
    """The output is the program alone, with `--quiet` too; the rest goes to the error stream."""
    standard_input(monkeypatch, WRONG)
    assert lint("-") == FAILED
    assert capsys.readouterr().out.startswith("-:6:19: unknown_name")
    for quiet in ((), ("--quiet",)):
        standard_input(monkeypatch, WRONG)
        assert lint("-", "--fix", *quiet) == DONE
        assert capsys.readouterr().out == RIGHT


def test_markdown_has_the_places_of_the_file(tmp_path, capsys):
    """Blocks that are no Python are not read; an indented block keeps its indent when it is fixed."""
    block = "".join(f"  {line}" if line.strip() else line for line in WRONG.splitlines(keepends=True))
    text = f"# Title\n\n```bash\nnot python(\n```\n\n- item\n\n  ```python\n{block}  ```\n\nafter\n"
    path = write(tmp_path / "page.md", text)
    assert lint(path) == FAILED
    assert capsys.readouterr().out.startswith(f"{path}:15:21: unknown_name")
    assert lint(path, "--fix") == DONE
    assert path.read_text() == text.replace("ShowCreation", "Create")


def test_a_program_is_found_in_each_row_of_json_lines(tmp_path, capsys):
    """In a column of code, in a chat's last answer, between fences; a fixed row is written anew, others stay."""
    rows = [
        json.dumps({"prompt": "Draw é", "answer": WRONG}, ensure_ascii=False),
        "",
        json.dumps({"messages": [{"content": "Why? " + HOPELESS}, {"content": f"So:\n```python\n{WRONG}```\n"}]}),
        '{ "n" :1, "code": "x = 1" }',
        '{"nothing": "here"}',
    ]
    path = write(tmp_path / "rows.jsonl", "\n".join(rows))
    assert lint(path) == FAILED
    text = "unknown_name: ShowCreation (line 6); did you mean Create?"
    assert capsys.readouterr().out.splitlines() == [
        f"{path}:1: {text}",
        f"{path}:3: {text}",
        "2 problems in 3 programs",
    ]
    assert lint(path, "--fix") == DONE
    assert path.read_text() == "\n".join(rows).replace("ShowCreation", "Create")


def test_as_overrides_the_ending(tmp_path, capsys):
    """A file is what `--as` says."""
    path = write(tmp_path / "rows.txt", json.dumps({"code": WRONG}))
    assert lint(path, "--as", "jsonl") == FAILED
    assert f"{path}:1: unknown_name" in capsys.readouterr().out


def test_folders_are_walked_for_programs(tmp_path, capsys):
    """Programs below, hidden folders aside, each once and in order."""
    for name in ("b.py", "sub/a.py", ".hidden/c.py", "note.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / name, WRONG)
    assert lint(tmp_path, tmp_path / "b.py") == FAILED
    places = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()[:-1]]
    assert places == [str(tmp_path / "b.py"), str(tmp_path / "sub" / "a.py")]


def test_json_is_one_document(tmp_path, capsys):
    """With all that is known of a problem."""
    path = write(tmp_path / "a.py", WRONG)
    assert lint(path, "--json") == FAILED
    document = json.loads(capsys.readouterr().out)
    assert (document["command"], document["files"], document["programs"]) == ("lint", 1, 1)
    assert document["problems"] == [
        {
            "file": str(path),
            "line": 6,
            "column": 19,
            "row": None,
            "reason": "unknown_name",
            "text": "ShowCreation; did you mean Create?",
            "name": "ShowCreation",
            "owner": "",
        }
    ]
    assert lint(path, "--fix", "--json") == DONE
    document = json.loads(capsys.readouterr().out)
    assert (document["problems"], document["changed"]) == ([], [str(path)])
    assert document["fixes"] == {"repair:renamed": 1}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["missing.py"], WRONG_USAGE, "missing.py: there is no such file or folder"),
        (["latin.py"], FAILED, "latin.py: is not UTF-8 (byte 6)"),
        (["bad.jsonl"], FAILED, "bad.jsonl:2: is not JSON"),
        (["right.py", "--fix", "--diff"], WRONG_USAGE, "--fix and --diff"),
        (["right.py", "--as", "pascal"], WRONG_USAGE, "pascal"),
    ],
)
def test_errors_name_the_file_and_nothing_is_written(tmp_path, monkeypatch, capsys, *, arguments, code, said):
    """In one line, before any file is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'")
    write(tmp_path / "bad.jsonl", '{"code": "x"}\nnot json\n')
    write(tmp_path / "right.py", RIGHT)
    wrong = write(tmp_path / "wrong.py", WRONG)
    assert lint("--fix", "wrong.py", *arguments) == code
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert wrong.read_text() == WRONG


def test_a_check_loads_little(tmp_path):
    """No library of tables, of trees with layout, or of networks."""
    path = write(tmp_path / "a.py", RIGHT)
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "builder", "lint", str(path)],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    for heavy in ("polars", "pyarrow", "datasets", "libcst", "huggingface_hub", "scipy"):
        assert f" {heavy}\n" not in loaded, heavy
