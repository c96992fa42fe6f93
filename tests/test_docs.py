"""The documentation: what it names exists, and its links lead somewhere."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from markdown_it import MarkdownIt

from builder.cli.commands import COMMANDS
from builder.cli.parser import make_parser
from builder.config import CONFIG_NAMES, make_config, setting_names
from builder.core.errors import SettingError
from builder.publish.card_facts import WHEN

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "dataset_card.md"])
PARSER = make_parser(COMMANDS)
PARSERS = PARSER._subparsers._group_actions[0].choices
OF_OTHERS = {"--build-arg", "--security-opt", "--template"}
"""Flags of podman, docker and LLaMA-Factory."""
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def commands_of(text):
    """What the page tells to type after `python -m builder`, a line each; comments and what follows a pipe cut off."""
    joined = re.sub(r"\\\n\s*", "", text)
    found = re.findall(r"python -m builder((?: +[^\n`|]+)?)", re.sub(r"(?m) +#.*$", "", joined))
    return [words.strip() for words in found if words.strip() and not words.strip().startswith(("COMMAND", ".", "{"))]


def anchors_of(page):
    """Names of its titles, as MkDocs and GitHub make them."""
    titles = re.findall(r"(?m)^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL))
    plain = (re.sub(r"[^\w\s-]", "", title).strip().lower() for title in titles)
    return {re.sub(r"[-\s]+", "-", title) for title in plain}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_and_flag_that_is_shown_exists(page):
    """The parser of the command knows each flag."""
    for line in commands_of(page.read_text()):
        words = shlex.split(line.replace("…", ""))
        name = next((word for word in words if not word.startswith("-")), None)
        if words == ["--help"]:
            continue
        assert name in PARSERS, f"{page.name}: no command is named {name!r} ({line})"
        flags = [word.partition("=")[0] for word in words if word.startswith("--")]
        unknown = [flag for flag in flags if flag not in PARSERS[name]._option_string_actions]
        assert not unknown, f"{page.name}: {name} knows no {unknown}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_flags_in_the_text_exist_too(page):
    """Every `--flag` in a code span is one of some command, of a script of ours, or of another program."""
    every = {flag for parser in (PARSER, *PARSERS.values()) for flag in parser._option_string_actions}
    ours = [*ROOT.glob("benchmarks/*.py"), *ROOT.glob("builder/publish/trainers/*.py")]
    every |= {flag for path in ours for flag in re.findall(r'"(--[a-z-]+)"', path.read_text())}
    spans = re.findall(r"(?<!`)`(--[a-z][a-z-]+)", page.read_text())
    assert {flag for flag in spans if not flag.endswith("-")} - every - OF_OTHERS == set()


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_no_page_tells_to_move_the_package_away(page):
    """In a clone, the folder of a build holds the package."""
    assert not re.search(r"(?m)^\s*(mv|rm|git clean)\b.* manim_combined/?(\s|$)", page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_to_files_and_titles(page):
    """Links within the project; the site's own pages link to nothing outside of `docs`."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:|\{\{", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.is_file(), f"{page.name}: {target} leads nowhere"
        if page.is_relative_to(ROOT / "docs"):
            assert file.is_relative_to(ROOT / "docs")
        if anchor:
            assert anchor in anchors_of(file), f"{page.name}: {file.name} has no title {anchor!r}"


def test_the_page_of_the_command_line_has_every_command_and_every_key(capsys):
    """The tables are those of the parser."""
    text = (ROOT / "docs" / "cli.md").read_text()
    table = text.split("## What is printed")[0]
    assert re.findall(r"(?m)^\| `([a-z]+)` \|", table) == [command.name for command in COMMANDS]
    shown = json.loads(text.split("```json\n")[1].split("```")[0])
    from builder.cli.main import main

    assert main(["export", "--config", "curatd", "--json"]) == shown["exit_code"]
    assert json.loads(capsys.readouterr().out) == shown


def test_readme_and_card_tell_of_the_same_configs():
    """In one table each."""
    readme = (ROOT / "README.md").read_text().split("## Configs")[1].split("##")[0]
    assert sorted(re.findall(r"(?m)^\| `(\w+)`", readme)) == sorted(CONFIG_NAMES) == sorted(WHEN)


def test_settings_shown_as_toml_are_settings():
    """A file as on the page makes configs."""
    block = (ROOT / "docs" / "settings.md").read_text().split("```toml\n")[1].split("```")[0]
    told = tomllib.loads(block)
    for name in told.pop("config"):
        assert make_config(name, **told).name == name
    assert set(told) <= set(setting_names())
    with pytest.raises(SettingError):
        make_config("curated", sed=7)


def test_the_readme_is_short_and_its_lines_to_train_are_python():
    """It fits on two screens, and what it shows can be compiled."""
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 110
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert any("SFTTrainer" in block for block in blocks)
    for block in blocks:
        compile(block, "README.md", "exec")


def test_every_page_is_in_the_sites_contents():
    """And nothing else is."""
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]

    def listed(items):
        for item in items:
            for value in item.values():
                yield from listed(value) if isinstance(value, list) else [value]

    pages = [page.relative_to(ROOT / "docs").as_posix() for page in ROOT.glob("docs/**/*.md")]
    assert sorted(listed(nav)) == sorted(pages)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_tables_are_tables(page):
    """No line with cells is left as text."""
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(page.read_text())
    assert not re.search(r"(?m)^(<p>)?\|.*\|", html) or page.name == "dataset_card.md"


def test_the_site_builds_without_a_warning_and_asks_no_other_host(tmp_path):
    """Styles, scripts and pictures are its own."""
    pytest.importorskip("mkdocs", reason="`make docs` installs it")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        asked = re.findall(r"<(?:link|script|img|iframe)[^>]+(?:href|src)=\"(https?:)?//", page.read_text())
        assert asked == []
