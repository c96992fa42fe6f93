"""Sources by licence: which may be passed on, and building from those alone."""

import json

import pytest

from builder.config import make_config
from builder.core.errors import SettingError
from builder.core.events import Silent
from builder.pipeline import story
from builder.pipeline.story import build, prepare
from builder.prepare.keys import description_key
from builder.prepare.prepare import probe_key, program_keys
from builder.publish.card_sources import licences_counted
from builder.publish.hub.contents import Contents
from builder.sources.hosts.files import card_licence
from builder.sources.origins import find_origins, write_origins
from builder.sources.read_one import read_source
from builder.sources.select import select_sources
from builder.sources.spec import SourceSpec, is_permissive, objections
from tests.pushing import REPO, TOKEN, environment, run
from tests.reading import environment as reading_environment
from tests.reading import read
from tests.rows import circles, config_of, scene, write_source
from tests.servers.hub import HubServer
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
        ("creativeml-openrail-m", ("some uses forbidden",)),
        ("mit AND cc-by-nc-4.0", ("non-commercial",)),
    ],
)
def test_any_other_licence_has_its_reasons(licence, why):
    """One that is not in the table is unknown, not permissive."""
    assert objections(licence) == why


def test_permissive_reads_no_source_whose_licence_is_known_not_to_be(tmp_path):
    """Nor local files of which none is known; that of a repository of the Hub is known once its page is read."""
    (tmp_path / "more.toml").write_text('[thanks_dataset]\nlicence = "mit"\n', encoding="utf-8")
    settings = {"sources_file": tmp_path / "more.toml", "local": {"mine": "rows.jsonl"}, "datasets": ["mine"]}
    chosen = [spec.name for spec in select_sources(make_config(licences="permissive", **{**settings, "datasets": ()}))]
    assert chosen == ["bespoke_manim", "thanks_dataset", "manim_codegen"]

    with pytest.raises(SettingError, match=r"leaves no source: mine \(unknown\).*--licence-basis upstream"):
        select_sources(make_config(licences="permissive", **settings))
    assert select_sources(make_config(licences="permissive", licence_basis="upstream", **settings))


def test_permissive_that_leaves_nothing_names_every_source():
    """With its licence, and where to correct one."""
    with pytest.raises(SettingError, match=r"manimbench \(cc-by-nc-sa-4.0\).*--sources-file"):
        select_sources(make_config(licences="permissive", datasets=["manimbench"]))


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


@pytest.mark.parametrize(
    ("head", "licence"),
    [
        ({"license": "Apache-2.0"}, "apache-2.0"),
        ({"license": ["mit", "cc-by-4.0"]}, "cc-by-4.0 AND mit"),
        ({"license": "other", "license_name": "Terms of ours"}, "terms of ours"),
        ({"license": "other"}, ""),
        ({"license": {"name": "mit"}}, ""),
        ({"license": "mit](http://elsewhere)"}, ""),
        ({}, ""),
    ],
)
def test_a_licence_is_read_from_a_card(head, licence):
    """In each form that the Hub takes; what is none is not taken for one."""
    assert card_licence(head) == licence


def test_what_a_card_states_decides_where_no_licence_is_known(tmp_path):
    """One without a permissive licence is skipped, one that cannot be read too, and both are said."""
    rows = "".join(json.dumps({"prompt": prompt, "code": code}) + "\n" for prompt, code in circles(1, 40)).encode()
    repos = {
        "their/open": {"train.jsonl": rows, "README.md": b"---\nlicense: apache-2.0\n---\n"},
        "their/closed": {"train.jsonl": rows, "README.md": b"---\nlicense: cc-by-nc-4.0\n---\n"},
    }
    specs = [
        {"name": name, "kind": "huggingface", "location": f"their/{name}"} for name in ("open", "closed", "missing")
    ]
    with HubServer(repos) as server:
        env = reading_environment(tmp_path, server.url)
        done = read(tmp_path, specs, env, licences="permissive", datasets=["open", "closed", "missing"])

    assert done.exit_code == 0, done.error
    assert {name: source["licence"] for name, source in done.sources.items()} == {"open": "apache-2.0"}
    assert done.skipped == {
        "closed": "its page states the licence cc-by-nc-4.0, which is not permissive",
        "missing": "its licence is not known, and its page could not be read",
    }


def test_a_copy_of_a_repository_has_the_licence_of_its_card(tmp_path):
    """A local folder beside whose files the card lies."""
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    rows = write_source(folder, "train", circles(1, 30))
    read_in = [
        read_source(SourceSpec("mine", "file", str(place)), tmp_path / "cache", Silent()) for place in (folder, rows)
    ]
    assert [source.spec.licence for source in read_in] == ["mit", "unknown"]

    local = {"copied": str(folder), "lines": str(rows)}
    config = make_config(licences="permissive", local=local, datasets=["copied", "lines"])
    assert [spec.name for spec in select_sources(config)] == ["copied"]


TAKEN, OTHERS, LIMITED = circles(1, 40), circles(41, 80), circles(81, 90)


@pytest.fixture
def known_origins(tmp_path, monkeypatch):
    """A list by which `TAKEN` stood in manimation, which is under the MIT licence, and `LIMITED` in manim_python."""
    keys = {}
    for origin, rows in (("manimation", TAKEN), ("manim_python", LIMITED)):
        keys[origin, "description"] = {description_key(prompt) for prompt, _ in rows}
        keys[origin, "code"] = {key for _, code in rows for key in program_keys(code)}
    write_origins(keys, probe_key(), "a test", tmp_path / "origins.parquet")
    monkeypatch.setattr(
        story, "find_origins", lambda rows, probe: find_origins(rows, probe, tmp_path / "origins.parquet")
    )


def test_a_row_says_what_its_origin_states_and_how_that_is_known(tmp_path, known_origins):
    """Prompt and program each for itself: a new program beside a prompt that was taken has no licence from there."""
    mixed = (TAKEN[0][0], scene("Square()"))
    config = config_of(tmp_path, {"mine": [*TAKEN[1:], *OTHERS, mixed]}, "no_augment")
    found = build(prepare(config), config)
    rows = {row.prompt: row for side in ("train", "test") for row in found.rows(side)}

    assert {row.licence for row in rows.values()} == {"unknown"}
    place = "mediciresearch/manimation"
    evidence = {prompt: (row.license_upstream, row.license_evidence) for prompt, row in rows.items()}
    assert evidence[TAKEN[1][0]] == ("mit", f"prompt in {place}; program in {place}")
    assert evidence[mixed[0]] == ("mit", f"prompt in {place}")
    assert evidence[OTHERS[0][0]] == (None, None)


def test_permissive_by_origin_keeps_the_rows_that_are(tmp_path, known_origins):
    """The others are dropped with what is against their prompt, their program, or both."""
    mixed = (TAKEN[0][0], scene("Square()"))
    source = {"mine": [*TAKEN[1:], *LIMITED[:1], *OTHERS[:1], mixed]}
    config = config_of(tmp_path, source, "no_augment", licences="permissive", licence_basis="upstream")
    gone = build(prepare(config), config).ledger.filter(outcome="dropped")

    limits = "creativeml-openrail-m (some uses forbidden)"
    assert gone.select("stage", "reason", "detail").rows() == [
        ("filter", "licence", f"description: {limits}; program: {limits}"),
        ("filter", "licence", "description: unknown (unknown); program: unknown (unknown)"),
        ("filter", "licence", "program: unknown (unknown)"),
    ]


def test_a_list_made_by_other_rules_is_refused(tmp_path):
    """Its programs would never be found."""
    write_origins({("manimation", "code"): {1}}, 1, "python -m made", tmp_path / "origins.parquet")
    rows = prepare(config_of(tmp_path, {"mine": circles(1, 3)})).rows
    with pytest.raises(ValueError, match=r"made by other rules.*python -m made"):
        find_origins(rows, probe_key(), tmp_path / "origins.parquet")
    assert find_origins(rows, probe_key()).null_count().row(0) == (3, 3)


@pytest.mark.parametrize(
    ("made", "licence", "said"),
    [
        ({}, "unknown", "any licence"),
        ({"licences": "permissive", "licence_basis": "stated"}, "unknown", "whose repository states"),
        ({"licences": "permissive", "licence_basis": "upstream"}, "mit", "the set in which a text stood first"),
    ],
)
def test_push_and_card_go_by_what_the_build_went_by(made, licence, said):
    """Rows that were kept for what their origin states are pushed under that."""
    manifest = {
        "configs": {"all": made},
        "sources": [{"name": "mine", "licence": "unknown"}],
        "statistics": {"all": {"licences": [{"source": "mine", "licence": "unknown", "upstream": "mit", "rows": 3}]}},
    }
    assert Contents(manifest, "", ()).licences == {"mine": licence}
    assert said in licences_counted(made)
