"""Optional sources: none is read unless it is named; each is read from a stand-in in the shape its entry states."""

import json

import pytest

from builder.cli.main import main
from builder.config import make_config
from builder.core.errors import SettingError
from builder.sources.select import select_sources
from builder.sources.spec import catalogue, known_sources
from tests.reading import environment, read
from tests.rows import scene
from tests.servers.hub import HubServer

ROWS = [(f"Draw a circle of radius {n} and let it grow", scene(f"Circle(radius={n})")) for n in range(1, 41)]


def stand_in(shape: str) -> bytes:
    """Rows as JSON Lines: chats where an entry says so, else two columns whose names nobody stated."""
    if "messages" in shape:
        chats = [[{"role": "user", "content": p}, {"role": "assistant", "content": c}] for p, c in ROWS]
        lines = [{"messages": chat} for chat in chats]
    else:
        lines = [{"what_to_show": prompt, "manim_program": code} for prompt, code in ROWS]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def test_no_optional_source_is_read_unless_it_is_named():
    """`--with` adds to the sources that are read anyway, or to those of `--datasets`."""
    assert [spec.name for spec in select_sources(make_config())] == list(known_sources())
    added = select_sources(make_config(with_sources=["manimation", "nl2manim"]))
    assert [spec.name for spec in added] == [*known_sources(), "manimation", "nl2manim"]
    some = select_sources(make_config(datasets=["manimbench"], with_sources=["manimation"]))
    assert [spec.name for spec in some] == ["manimbench", "manimation"]
    with pytest.raises(
        SettingError, match="--with: no optional source is named 'manimaton'; did you mean 'manimation'"
    ):
        select_sources(make_config(with_sources=["manimaton"]))


def test_an_entry_is_changed_like_any_source(tmp_path):
    """By a file of sources, or by local rows under its name."""
    (tmp_path / "more.toml").write_text('[nl2manim]\nlicence = "mit"\n', encoding="utf-8")
    config = make_config(
        with_sources=["nl2manim", "manimation"],
        datasets=["manimbench"],
        sources_file=tmp_path / "more.toml",
        local={"manimation": "rows.jsonl"},
    )
    _, local, changed = select_sources(config)
    assert (changed.location, changed.licence) == ("Diwanshuydv/NL2MANIM_Dataset", "mit")
    assert (local.kind, local.location, local.licence) == ("file", "rows.jsonl", "mit")


def test_each_entry_is_read_from_its_stand_in(tmp_path):
    """By the real client; columns that nobody stated are found, and what was taken is said."""
    entries = catalogue()
    repos = {entry.spec.location: {"data/train.jsonl": stand_in(entry.shape)} for entry in entries.values()}
    repos["Edoh/manim_python"]["data/test.jsonl"] = stand_in("")
    with HubServer(repos) as server:
        done = read(tmp_path, [], environment(tmp_path, server.url), datasets=list(entries))

    assert done.exit_code == 0, done.error + done.stderr
    expected = {name: 80 if name == "manim_python" else 40 for name in entries}
    assert {name: len(source["rows"]) for name, source in done.sources.items()} == expected
    for name, source in done.sources.items():
        assert (source["rows"][0]["description"], source["rows"][0]["code"]) == ROWS[0], name
        assert any(warning.startswith(f"{name}: ") and "manim_program" in warning for warning in done.warnings) == (
            "messages" not in entries[name].shape
        ), name


def test_the_catalogue_is_listed(capsys):
    """With what is known of each entry, and that nobody has seen it."""
    assert main(["sources", "--catalogue", "--json"]) == 0
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["sources"]}

    assert set(listed) == set(catalogue())
    assert listed["manim_3blue1brown"]["dialect"] == "manimgl"
    assert listed["manim_3blue1brown"]["access"].startswith("gated")
    assert listed["manim_sft"]["rows"] == "38,491 expected"
    assert all(entry["seen"].startswith("not seen") for entry in listed.values())
