"""Sources by licence: which may be passed on, and building from those alone."""

import json

import pytest

from builder.config import make_config
from builder.core.errors import SettingError
from builder.sources.select import select_sources
from builder.sources.spec import is_permissive, objections
from tests.pushing import REPO, TOKEN, environment, run
from tests.rows import circles, write_source
from tests.servers.hub_write import WritableHub


@pytest.mark.parametrize("licence", ["mit", "Apache-2.0", "cc-by-4.0", "cc0-1.0", "cc-by-sa-4.0", " MIT "])
def test_a_licence_that_lets_anyone_pass_rows_on_is_permissive(licence):
    """Whatever case it is written in."""
    assert is_permissive(licence)


@pytest.mark.parametrize(
    ("licence", "why"),
    [
        ("unknown", ("unknown",)),
        ("", ("unknown",)),
        ("all rights reserved", ("unknown",)),
        ("cc-by-nc-sa-4.0", ("non-commercial",)),
        ("cc-by-nc-nd-4.0", ("non-commercial", "no changed copies")),
    ],
)
def test_any_other_licence_has_its_reasons(licence, why):
    """One that is not in the table is unknown, not permissive."""
    assert objections(licence) == why


def test_permissive_keeps_sources_with_such_a_licence_alone(tmp_path):
    """The others are not read."""
    (tmp_path / "more.toml").write_text('[thanks_dataset]\nlicence = "mit"\n', encoding="utf-8")
    config = make_config(licences="permissive", sources_file=tmp_path / "more.toml")

    assert [spec.name for spec in select_sources(config)] == ["thanks_dataset"]


def test_permissive_that_leaves_nothing_names_every_source():
    """With its licence, and where to correct one."""
    with pytest.raises(SettingError, match=r"manimbench \(cc-by-nc-sa-4.0\).*--sources-file"):
        select_sources(make_config(licences="permissive"))


def test_another_word_is_a_wrong_setting():
    """The right ones are named."""
    with pytest.raises(SettingError, match="any or permissive"):
        make_config(licences="free")


def test_permissive_rows_are_published_without_a_question(tmp_path):
    """`--public --licences permissive` pushes the rows that may be, and every row says its licence."""
    write_source(tmp_path, "mine", circles(1, 40))
    write_source(tmp_path, "theirs", circles(41, 80))
    (tmp_path / "more.toml").write_text(
        '[mine]\nkind = "file"\nlocation = "mine.jsonl"\nlicence = "mit"\n'
        '[theirs]\nkind = "file"\nlocation = "theirs.jsonl"\nlicence = "cc-by-nc-4.0"\n',
        encoding="utf-8",
    )
    flags = ("--sources-file", "more.toml", "--public", "--licences", "permissive", "--config", "no_augment")
    with WritableHub(TOKEN) as hub:
        env = environment(hub.url, tmp_path)
        outcome = run(tmp_path, env, "-m", "builder", "push", "--repo", REPO, *flags).ok()

    assert "  mine: mit" in outcome.stdout
    assert "theirs" not in outcome.stdout
    assert not hub.repositories[REPO].private
    manifest = json.loads(hub.head(REPO).tree["manifest.json"])
    assert [source["licence"] for source in manifest["sources"]] == ["mit"]
