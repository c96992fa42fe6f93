"""What commands print: tables with bars for people, one JSON document for machines, little or much if asked for."""

import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from builder.cli.build import funnel_tables, show_comparison
from builder.cli.commands import COMMANDS
from builder.cli.console import Terminal
from builder.cli.main import DONE, FAILED, WRONG_USAGE, main
from builder.cli.parser import parsed
from tests.pushing import REPO, TOKEN, build_sample, push
from tests.rows import circles
from tests.servers.hub_write import WritableHub

ROOT = Path(__file__).parents[2]
TALK = {"json", "quiet", "verbose"}


def sample(tmp_path, *more):
    """Flags for the sample, with nothing written outside of `tmp_path`."""
    return [*more, "--sample", "--workers", "1", "--cache-dir", str(tmp_path / "cache")]


def stats_of(*dropped, read=100, train=0, test=0, sources=("one",)):
    """Statistics as the funnel reads them; `dropped` are stage, reason and rows of the first source."""
    by_stage = {}
    for stage, reason, rows in dropped:
        by_stage.setdefault(stage, {})[reason] = rows
    first = {"source": sources[0], "read": read, "dropped": by_stage, "train": train, "validation": 0, "test": test}
    zero = {"train": 0, "validation": 0, "test": 0}
    others = [{"source": name, "read": 0, "dropped": {}, **zero} for name in sources[1:]]
    return {
        "rows_read": read,
        "rows_kept": train + test,
        "funnel_by_source": [first, *others],
        "reasons": [{"stage": stage, "reason": reason, "rows": rows} for stage, reason, rows in dropped],
        "augmentation": {"train_rows_before": train, "train_rows_after": train},
        "splits": {"train": {"by_source": {}}},
    }


def shown(stats, width=140, encoding="utf-8"):
    """The lines of a funnel, without blanks at their ends."""
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding=encoding), width=width)
    for table in funnel_tables("all", stats, console):
        console.print(table)
    console.file.flush()
    return [line.rstrip() for line in raw.getvalue().decode(encoding).splitlines()]


def test_bars_show_what_is_left_and_what_goes():
    """In the order in which a build drops rows, whatever the order of the statistics; a few rows are a thin line."""
    lines = shown(stats_of(("duplicate", "near", 25), ("check", "rare", 1), ("check", "often", 49), train=20, test=5))
    labels = ("read", "check: often", "check: rare", "duplicate: near", "kept in train", "kept in test")
    bars = [line[line.index("  ", len(label) + 2) :].split()[-1] for line, label in zip(lines[3:], labels, strict=True)]
    assert [line.strip().startswith(label) for line, label in zip(lines[3:], labels, strict=True)] == [True] * 6
    assert bars == ["█" * 32, "░" * 16 + "█" * 16, "░" * 16 + "▏", "░" * 8 + "█" * 8, "█" * 6, "█" * 2]
    assert lines[8].endswith(" " * 6 + "██")
    assert lines[0] == "all: 100 rows read, 25 kept"


def test_sources_have_tables_of_their_own_where_there_is_no_room():
    """A bar has ten signs at least, no line is longer than the window, and nothing is lost."""
    names = ("manimbench", "bespoke_manim", "thanks_dataset", "manim_codegen")
    stats = stats_of(("check", "description_is_filename", 50), train=50, sources=names)
    wide, narrow = shown(stats, 140), shown(stats, 80)
    assert all(name in wide[1] for name in names)
    assert not any(name in narrow[1] for name in names)
    assert max(map(len, narrow)) <= 80
    assert narrow[3].endswith("█" * 10)
    first, *below = (line.split() for line in narrow if "description_is_filename" in line)
    assert first[2] == "50"
    assert [count for line in below for count in line[2:]] == ["50", "-", "-", "-"]
    assert [name for line in narrow for name in line.split() if name in names] == list(names)


def test_a_terminal_without_blocks_gets_other_signs():
    """Nothing is written that its encoding lacks."""
    lines = shown(stats_of(("check", "often", 50), train=50), encoding="ascii")
    assert "#" * 32 in lines[3]
    assert "." * 16 + "#" * 16 in lines[4]


def test_several_configs_are_compared_in_80_columns(capsys, monkeypatch):
    """One line each, with whose pairs their rows have, and what is the same in all is said once."""
    part = {"source": "one", "label": "wrapped", "at_random": 0}
    configs = {}
    for name, kept in (("no_augment", 1_000_000), ("curated", 900_000)):
        counts = stats_of(train=kept, test=98, read=2_000_000)
        message = f"one: wrapped rows are paired at random: {kept:,} are kept"
        configs[name] = counts | {
            "splits": {"train": {"rows": kept}, "validation": {"rows": 0}, "test": {"rows": 98}},
            "pairing": {"shuffled": [{**part, "message": message}], "pairs": {"repaired": 800_000, "unpaired": 7}},
            "official_test_rows": {"read": 100, "kept": 98},
        }
    monkeypatch.setattr("builder.cli.console._PLAIN_WIDTH", 80)
    show_comparison(configs)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert max(map(len, lines)) <= 80
    assert lines[3].split() == ["no_augment", "1,000,098", "1,000,000", "-", "98", "800,000", "7", "98/100"]
    assert lines[4].split()[:2] == ["curated", "900,098"]
    assert lines[5:] == ["no_augment: one: wrapped rows are paired at random: 1,000,000 are kept"]


def on_terminal(*arguments, **environment):
    """What a command writes to a terminal of 100 columns."""
    leader, follower = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "100", **environment}
    for name in ("NO_COLOR", "FORCE_COLOR"):
        if name not in environment:
            env.pop(name, None)
    child = subprocess.Popen(
        [sys.executable, "-m", "builder", *arguments], stdout=follower, stderr=subprocess.DEVNULL, env=env
    )
    os.close(follower)
    parts = []
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(leader)
    assert child.wait(60) == 0
    return b"".join(parts).decode()


def test_colours_are_for_terminals_that_want_them(tmp_path, capsys):
    """Not where the output goes into a file, and not with `NO_COLOR`."""
    command = sample(tmp_path, "export", "--output-dir", str(tmp_path / "out"))
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    assert colour.search(on_terminal(*command))
    assert not colour.search(on_terminal(*command, NO_COLOR="1"))
    assert main(command) == DONE
    assert "\x1b" not in capsys.readouterr().out


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return build_sample(tmp_path_factory.mktemp("terminal") / "built", "all", "no_augment")


def document(capsys, *arguments, code=DONE):
    """The one document that a command prints with `--json`."""
    assert main([*map(str, arguments), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_every_command_that_reads_a_folder_or_the_sample_answers_in_json(tmp_path, folder, capsys):
    """One document with the command's name, what it found, and its warnings."""
    out = tmp_path / "out"
    told = document(capsys, *sample(tmp_path, "export", "--deduplicate", "--output-dir", out))
    assert (told["command"], told["folder"], told["warnings"]) == ("export", str(out), [])
    assert told["configs"]["deduplicated"] == json.loads((out / "dataset_stats.json").read_bytes())
    told = document(capsys, *sample(tmp_path, "build", "--config", "all", "--output-dir", tmp_path / "built"))
    assert list(told["configs"]) == ["all"]
    told = document(capsys, *sample(tmp_path, "build", "--dry-run"))
    assert told["sources"][0]["reached"] == "yes"
    told = document(capsys, *sample(tmp_path, "sources"))
    assert told["sources"][0]["name"] == "manimbench"
    told = document(capsys, *sample(tmp_path, "explain", "manimbench/000000"))
    assert (told["command"], told["id"]) == ("explain", "manimbench/000000")
    told = document(capsys, "check", folder)
    assert (told["sound"], told["problems"]) == (True, [])
    told = document(capsys, "diff", folder, folder)
    assert [item["changes"] for item in told["differences"]] == [[], []]
    assert told["differences"][0]["counts"]["read"] == [87, 87]


def test_commands_about_a_folder_or_a_machine_answer_in_json_too(tmp_path, folder, capsys):
    """The page that was written; what was found, whatever this machine has."""
    page = tmp_path / "page.html"
    assert document(capsys, "report", folder, "--output", page)["report"] == str(page)
    assert main(["doctor", "--json"]) in (DONE, FAILED)
    told = json.loads(capsys.readouterr().out)
    assert told["command"] == "doctor"
    assert {"name", "state", "install"} <= set(told["findings"][0])
    assert main(sample(tmp_path, "verify", "--manim-python", str(tmp_path / "none"), "--json")) == FAILED
    assert str(tmp_path / "none") in json.loads(capsys.readouterr().out)["error"]


def test_push_answers_in_json(tmp_path, folder):
    """What would change, and what was pushed."""
    flags = ("--config", "no_augment", "--json")
    with WritableHub(TOKEN) as hub:
        planned = json.loads(push(hub, tmp_path, folder, *flags, "--dry-run").ok().stdout)
        pushed = json.loads(push(hub, tmp_path, folder, *flags).ok().stdout)
    assert planned["pushed"] is None
    assert {change["kind"] for change in planned["changes"]} == {"add"}
    assert pushed["place"].endswith(REPO)
    assert pushed["pushed"]["made_commit"] is True
    assert pushed["pushed"]["rows"]["no_augment"] == {"train": 66, "test": 10}


def test_errors_are_documents_too(tmp_path, capsys):
    """With the same exit codes and the same line on the error stream, before and after arguments are understood."""
    for arguments, code, kind, text in (
        (["exprot"], WRONG_USAGE, "wrong setting", "did you mean 'export'?"),
        (["export", "--seed", "x"], WRONG_USAGE, "wrong setting", "invalid int value"),
        (["check", str(tmp_path / "none")], FAILED, "failed", "holds no manifest.json"),
        ([], WRONG_USAGE, "wrong setting", "no command was given"),
    ):
        assert main(["--json", *arguments]) == code
        out, err = capsys.readouterr()
        told = json.loads(out)
        assert (told["kind"], told["exit_code"]) == (kind, code)
        assert text in told["error"]
        assert err == f"{kind}: {told['error']}\n"


def test_problems_are_an_answer_and_no_error(folder, tmp_path, capsys):
    """A folder that is not sound is told in full, with exit code 1."""
    build_sample(tmp_path / "built", "no_augment")
    (tmp_path / "built" / "ledger" / "no_augment.parquet").unlink()
    told = document(capsys, "check", tmp_path / "built", code=FAILED)
    assert told["sound"] is False
    assert {"where": "ledger/no_augment.parquet", "what": "is missing"} in told["problems"]
    assert "error" not in told


def test_warnings_are_in_the_document_and_on_the_error_stream(tmp_path, capsys):
    """So that neither a program nor its log misses them."""
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps({"text": text, "program": code}) + "\n" for text, code in circles(1, 30)))
    flags = ["--cache-dir", tmp_path / "cache", "--workers", "1", "--local", f"mine={path}", "--datasets", "mine"]
    assert main([*map(str, ["export", *flags, "--output-dir", tmp_path / "out", "--json"])]) == DONE
    out, err = capsys.readouterr()
    told = json.loads(out)["warnings"]
    assert len(told) == 1
    assert "`text`" in told[0]
    assert err == f"warning: {told[0]}\n"


def test_a_text_from_outside_does_not_steer_a_terminal(capsys):
    """Its signs are shown, and it is no markup."""
    terminal = Terminal()
    terminal.warn("a [bold]strange\x1b[31m name")
    assert terminal.warnings == ["a [bold]strange\x1b[31m name"]
    assert capsys.readouterr().err == "warning: a [bold]strange␛[31m name\n"


def test_quiet_is_what_was_done_or_found_alone(tmp_path, folder, capsys):
    """Nothing on the error stream, a line or two on the output; an error is still told."""
    for arguments, last in (
        (sample(tmp_path, "export", "--output-dir", str(tmp_path / "out")), "written to"),
        (["check", str(folder)], "sound"),
        (["diff", str(folder), str(folder)], "all: 0 rows have another outcome; no_augment: 0 rows"),
        (sample(tmp_path, "explain", "manimbench/000000"), "manimbench/000000: kept in"),
        (sample(tmp_path, "sources"), "4 sources"),
    ):
        assert main([*arguments, "--quiet"]) == DONE
        out, err = capsys.readouterr()
        assert (out.count("\n"), err) == (1, "")
        assert last in out
    assert main([*sample(tmp_path, "build", "--output-dir", str(tmp_path / "b"), "--config", "all"), "--quiet"]) == DONE
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "what became of the rows",
        f"written to {tmp_path / 'b'}; load it with",
    ]
    assert main(["check", str(tmp_path), "--quiet"]) == FAILED
    assert capsys.readouterr().err.startswith("failed: ")


def test_verbose_tells_each_step_and_where_an_error_came_from(tmp_path, capsys):
    """Steps with their counts and seconds on the error stream; the output stays as it is."""
    command = sample(tmp_path, "export", "--deduplicate", "--output-dir", str(tmp_path / "out"))
    assert main(command) == DONE
    usual = capsys.readouterr().out
    assert main([*command, "--verbose"]) == DONE
    out, err = capsys.readouterr()
    assert out == usual
    assert re.search(r"(?m)^ +\d+\.\d s  write deduplicated/train: 127 rows$", err)
    assert main(["check", str(tmp_path / "none"), "--verbose"]) == FAILED
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.splitlines()[-1].startswith("failed: ")


def test_quiet_and_verbose_exclude_each_other(capsys):
    """Wrong usage, told in one line."""
    assert main(["sources", "--quiet", "--verbose"]) == WRONG_USAGE
    assert "use one of them" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_takes_the_flags_that_decide_what_is_printed(command, capsys):
    """Before and after its name; its help shows them, and an example that its parser takes."""
    with pytest.raises(SystemExit) as ended:
        main([command.name, "--help"])
    assert ended.value.code == DONE
    told = capsys.readouterr().out
    assert all(f"--{flag}" in told for flag in TALK)
    for example in command.examples:
        words = shlex.split(example)
        assert parsed(COMMANDS, ["--json", *words])[1].json
        found, given = parsed(COMMANDS, [*words, "--verbose"])
        assert (found, given.verbose, given.quiet) == (command, True, False)


def test_help_answers_at_once():
    """No heavy library is loaded for it."""
    code = (
        "import sys; from builder.cli.main import main\n"
        "try: main(['build', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'polars', 'pyarrow', 'numpy', 'datasets', 'rich', 'huggingface_hub'} & set(sys.modules)))"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
