"""Flags, their help, and the names that people type."""

from pathlib import Path

import pytest

from builder.cli.commands import COMMANDS
from builder.cli.main import DONE, main
from builder.cli.parser import make_parser, parsed
from builder.cli.settings import FLAGS, GROUPS, settings_of
from builder.config import make_config, named, setting_names
from builder.core.errors import SettingError
from builder.sources.select import select_sources


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command prints and ends with."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == DONE
    return capsys.readouterr().out


def test_every_setting_stands_in_one_group_of_the_help() -> None:
    listed = [name for names in GROUPS.values() for part in names for name in part.split()]
    assert sorted(listed) == sorted(setting_names())


def test_help_shows_what_most_people_use_and_help_all_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    """In the same groups; what few need is taken all the same."""
    short, whole = (help_of(capsys, "export", flag) for flag in ("--help", "--help-all"))
    for title in GROUPS:
        assert f"\n{title}:\n" in short
    assert "--datasets" in short
    assert "--no-sandbox" not in short
    assert all(FLAGS.get(name, f"--{name.replace('_', '-')}") in whole for name in setting_names())
    assert parsed(COMMANDS, ["export", "--no-sandbox"])[1].no_sandbox


@pytest.mark.parametrize(
    ("command", "unused"),
    [
        ("sources", "seed"),
        ("sources", "output-dir"),
        ("build", "trainer"),
        ("explain", "output-dir"),
        ("verify", "format"),
    ],
)
def test_a_command_has_no_flag_for_what_it_does_not_use(
    capsys: pytest.CaptureFixture[str], command: str, unused: str
) -> None:
    assert f"--{unused} " not in help_of(capsys, command, "--help-all")
    with pytest.raises(SettingError, match=f"no flag is named '--{unused}'"):
        parsed(COMMANDS, [command, *(["x"] if command == "explain" else []), f"--{unused}", "1"])


def test_decisions_in_the_folder_that_is_written_are_taken(tmp_path: Path) -> None:
    """Also where the folder is the usual one, and none is named."""
    (tmp_path / "decisions.jsonl").write_text("")
    taken = {"decisions": [str(tmp_path / "decisions.jsonl")]}
    assert settings_of(parsed(COMMANDS, ["build"])[1], str(tmp_path))[1] == taken
    assert settings_of(parsed(COMMANDS, ["build", "--output-dir", str(tmp_path)])[1], "other")[1] == taken
    assert settings_of(parsed(COMMANDS, ["build"])[1], "other")[1] == {}


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_shell_completes_commands_and_flags(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert main(["completion", shell]) == DONE
    script = capsys.readouterr().out
    assert "manim-combined" in script and "decontaminate" in script
    assert all(command.name in script for command in COMMANDS)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert help_of(capsys, "--version").startswith("manim-combined 0.")


def test_several_configs_may_follow_one_flag_or_several() -> None:
    """Where a command takes several; where it takes one, what follows the name is not taken for a config."""
    for words in (["--config", "All", "curated"], ["--config", "all", "--config", "curated"]):
        assert settings_of(parsed(COMMANDS, ["build", *words])[1])[0] == ["all", "curated"]
    given = parsed(COMMANDS, ["explain", "--config", "all", "manimbench/000001"])[1]
    assert (given.config, given.id) == (["all"], "manimbench/000001")


def test_several_findings_may_stand_in_one_word_or_several() -> None:
    """`--drop-findings a,b --drop-findings c` names three."""
    words = ["--drop-findings", "still,off_frame", "--drop-findings", "tiny_text"]
    given = parsed(COMMANDS, ["build", "--verify", *words])[1]
    assert list(settings_of(given)[1]["drop_findings"]) == ["still", "off_frame", "tiny_text"]


def test_no_findings_are_dropped_if_none_is_said() -> None:
    """What a config drops by itself can be kept."""
    given = parsed(COMMANDS, ["build", "--config", "curated", "--drop-findings", "none"])[1]
    names, settings, _ = settings_of(given)
    assert make_config(names[0]).drop_findings == ("wrong_mathematics",)
    assert make_config(names[0], **settings).drop_findings == ()


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("Curated", ("curated", "all"), "curated"),
        ("no-augment", ("no_augment",), "no_augment"),
        ("A", ("a", "A"), "A"),
        ("aB", ("ab", "AB"), "aB"),  # both could be meant
        ("other", ("a",), "other"),
    ],
)
def test_a_name_is_known_whatever_its_case_where_that_is_clear(name: str, known: tuple[str, ...], meant: str) -> None:
    assert named(name, known) == meant


def test_configs_sources_and_choices_are_known_whatever_their_case(tmp_path: Path) -> None:
    config = make_config("No-Augment", format="ShareGPT", datasets=["ManimBench"], local={"MANIMBENCH": "x.csv"})
    assert (config.name, config.format) == ("no_augment", "sharegpt")
    assert [(spec.name, spec.location) for spec in select_sources(config)] == [("manimbench", "x.csv")]


def test_a_slip_in_the_name_of_a_local_source_is_an_error() -> None:
    """A new source may have such a name, if it is asked for twice."""
    with pytest.raises(SettingError, match="'manimbnch'; did you mean 'manimbench'"):
        select_sources(make_config(local={"manimbnch": "x.csv"}))
    config = make_config(local={"manimbench2": "x.csv"}, datasets=["manimbench2"])
    assert [spec.name for spec in select_sources(config)] == ["manimbench2"]
    assert "mine" in {spec.name for spec in select_sources(make_config(local={"mine": "x.csv"}))}


def test_a_slip_in_a_settings_file_names_the_right_key(tmp_path: Path) -> None:
    path = tmp_path / "build.toml"
    path.write_text("sed = 3\n", encoding="utf-8")
    with pytest.raises(SettingError, match="'sed'; did you mean 'seed'"):
        settings_of(parsed(COMMANDS, ["build", "--config-file", str(path)])[1])


def test_the_usage_of_a_command_is_one_line() -> None:
    """It names what must be given; flags are listed below."""
    choices = make_parser(COMMANDS)._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    assert choices["push"].format_usage() == "usage: python -m builder push --repo OWNER/NAME [flags]\n"
    assert choices["explain"].format_usage() == "usage: python -m builder explain ID [flags]\n"
