"""Pushing a built folder with the real client to a Hub on loopback: what arrives, and what stays."""

import json
import re

import pyarrow.parquet as pq
import pytest

from builder.evaluate.predictions import read_references
from tests.pushing import ONE, REPO, TOKEN, build_sample, environment, push, run, written
from tests.servers.hub import file_answer
from tests.servers.hub_write import WritableHub

LOAD = """
import sys
from datasets import load_dataset
for split, rows in load_dataset("org/manim-sft", "deduplicated", cache_dir=sys.argv[1]).items():
    print(split, rows.num_rows, rows[0]["conversations"][2]["value"].startswith("```python"))
"""
CONFIGS = ("all", "curated", "deduplicated", "no_augment")
DATA = [f"data/{name}/{split}-00000-of-00001.parquet" for name in CONFIGS for split in ("test", "train")]
DATA.append("data/curated/validation-00000-of-00001.parquet")
LEDGERS = [f"ledger/{name}.parquet" for name in CONFIGS]
PICTURES = [f"funnel/{name}.svg" for name in CONFIGS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sample, all configs."""
    return build_sample(tmp_path_factory.mktemp("built") / "manim_combined")


@pytest.fixture
def hub():
    with WritableHub(TOKEN) as server:
        yield server


def test_dress_rehearsal(hub, tmp_path):
    """What `push` builds and uploads, a fresh process loads by the repository's name."""
    pushed = run(tmp_path, environment(hub.url, tmp_path), "-m", "builder", "push", "--repo", REPO, "--sample").ok()
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    loaded = run(fresh, environment(hub.url, fresh), "-c", LOAD, str(fresh / "cache")).ok()

    assert loaded.stdout.splitlines() == ["train 127 True", "test 8 True"]
    assert "read back deduplicated: 127 train, 8 test; equal to the local build" in pushed.stdout
    assert f"pushed: {hub.url}/datasets/{REPO}/commit/{hub.head(REPO).oid}" in pushed.stdout


def test_a_push_is_one_commit_to_a_private_repository(hub, tmp_path, folder):
    """Data, ledgers, card and manifest come together, and nobody else sees them."""
    push(hub, tmp_path, folder).ok()

    tree = hub.head(REPO).tree
    built = (*DATA, *LEDGERS, *PICTURES)
    assert sorted(tree) == sorted([".gitattributes", "README.md", *built, "manifest.json"])
    assert {path: tree[path] for path in built} == {path: (folder / path).read_bytes() for path in built}
    assert hub.head(REPO).parent in hub.repositories[REPO].commits
    assert len(hub.repositories[REPO].commits) == 2
    assert hub.repositories[REPO].private
    assert 'load_dataset("org/manim-sft", "curated")' in tree["README.md"].decode()
    assert TOKEN.encode() not in b"".join(tree.values())


def test_equal_content_makes_no_commit_and_sends_little(hub, tmp_path, folder):
    """The second push says so, and writes nothing."""
    push(hub, tmp_path, folder, *ONE).ok()
    hub.requests.clear()

    again = push(hub, tmp_path, folder, *ONE).ok()

    assert "no commit was made" in again.stdout
    assert written(hub) == []
    assert sum(len(request.body) for request in hub.requests) < 3000


def test_a_dry_run_lists_every_file_and_writes_nothing(hub, tmp_path, folder):
    """Each file with its size and what would become of it; the repository isn't even made."""
    outcome = push(hub, tmp_path, folder, "--dry-run").ok()

    listed = [line.split("│") for line in outcome.stdout.splitlines() if line.count("│") == 2]
    shown = {parts[2].strip(): (parts[0].strip(), parts[1].strip()) for parts in listed}
    assert {path: shown[path] for path in DATA} == {
        path: ("add", f"{(folder / path).stat().st_size:,}") for path in DATA
    }
    assert written(hub) == []
    assert hub.repositories == {}


def test_a_dry_run_without_a_token_asks_nobody(hub, tmp_path, folder):
    """It lists files, sizes and licences, what would stop a public push, and what a login adds."""
    outcome = push(hub, tmp_path, folder, *ONE, "--dry-run", HF_TOKEN="").ok()

    assert hub.requests == []
    for path in ("data/no_augment/train-00000-of-00001.parquet", "README.md", "manifest.json"):
        assert any(path in line and "push" in line for line in outcome.stdout.splitlines())
    assert re.search(r"  manimbench: cc-by-nc-sa-4\.0  \(stops a push with --public", outcome.stdout)
    assert "hf auth login" in outcome.stdout.splitlines()[-1]
    assert "holds the bundled sample of 87 rows" in outcome.stderr
    refused = push(hub, tmp_path, folder, *ONE, "--dry-run", "--public", HF_TOKEN="")
    refused.failed_with("--accept-licences", "manimbench")


def test_scores_are_shown_in_the_card_if_they_are_of_these_rows(hub, tmp_path, folder):
    """Others are wrong usage, and nothing is pushed."""
    estimate = {"value": 0.5, "low": 0.4, "high": 0.6, "count": 10}
    references = read_references(folder, "no_augment")
    scores = {
        "scored": {"predictions": {"file": "small-model.jsonl"}, "references": {"hash": references.hash}},
        "settings": {"config": "no_augment", "split": "test"},
        "counts": {"prompts": len(references.rows)},
        "metrics": {"render_success": estimate, "parse_rate": estimate},
    }
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    push(hub, tmp_path, folder, *ONE, "--scores", str(tmp_path)).ok()
    assert "| small-model.jsonl | `no_augment`: test |" in hub.head(REPO).tree["README.md"].decode()

    scores["scored"]["references"]["hash"] = "of other rows"
    (tmp_path / "other.json").write_text(json.dumps(scores))
    for name, says in (("other.json", "scored against other rows"), ("gone.json", "is no scores.json of `evaluate`")):
        refused = push(hub, tmp_path, folder, *ONE, "--scores", str(tmp_path / name))
        assert refused.exit_code == 2 and says in refused.stderr


def test_shards_of_an_earlier_push_go_and_other_files_stay(hub, tmp_path, folder):
    """One commit takes away what the earlier push left; a person's files are never touched."""
    push(hub, tmp_path, folder, "--no-read-back").ok()
    own = {"data/notes.txt": b"mine", "ledger/mine.parquet": b"PAR1", "paper.pdf": b"%PDF"}
    hub.edit(REPO, {**own, "data/no_augment/train-00001-of-00002.parquet": b"PAR1"})

    dry = push(hub, tmp_path, folder, *ONE, "--dry-run").ok()
    push(hub, tmp_path, folder, *ONE).ok()

    tree = hub.head(REPO).tree
    assert "14 to delete" in dry.stdout
    assert {path: tree.get(path) for path in own} == own
    assert sorted(path for path in tree if path not in own) == [
        ".gitattributes",
        "README.md",
        "data/no_augment/test-00000-of-00001.parquet",
        "data/no_augment/train-00000-of-00001.parquet",
        "funnel/no_augment.svg",
        "ledger/no_augment.parquet",
        "manifest.json",
    ]
    assert list(json.loads(tree["manifest.json"])["configs"]) == ["no_augment"]


def test_a_persons_edits_of_the_card_survive(hub, tmp_path, folder):
    """Text outside the generated part and keys of the head that the tool does not write stay; the rest is renewed."""
    push(hub, tmp_path, folder, *ONE).ok()
    card = hub.head(REPO).tree["README.md"].decode()
    edited = card.replace("language: en", "arxiv: 1234.5678  # ours\nlanguage: fr") + "\n## Thanks\n\nTo all.\n"
    hub.edit(REPO, {"README.md": edited.replace("# Manim Combined", "# Spoilt").encode()})

    push(hub, tmp_path, folder, *ONE).ok()
    renewed = hub.head(REPO).tree["README.md"].decode()
    again = push(hub, tmp_path, folder, *ONE).ok()

    assert renewed == card.replace("\n---\n", "\narxiv: 1234.5678  # ours\n---\n", 1) + "\n## Thanks\n\nTo all.\n"
    assert "no commit was made" in again.stdout


def test_public_stops_at_licences_and_names_them(hub, tmp_path, folder):
    """Nothing is written while a source is non-commercial or unknown."""
    outcome = push(hub, tmp_path, folder, *ONE, "--public")

    outcome.failed_with("--public", "manimbench (cc-by-nc-sa-4.0)", "thanks_dataset (unknown)", "--accept-licences")
    assert "  bespoke_manim: unknown" in outcome.stdout
    assert written(hub) == []


def test_public_with_accepted_licences_opens_the_repository(hub, tmp_path, folder):
    """It is made private and opened when all is there."""
    push(hub, tmp_path, folder, *ONE, "--public", "--accept-licences").ok()

    assert not hub.repositories[REPO].private
    assert written(hub)[-1] == f"PUT /api/datasets/{REPO}/settings"


def test_a_public_repository_counts_as_public(hub, tmp_path, folder):
    """Without any flag, licences are checked where everyone can read."""
    hub.make(REPO)

    push(hub, tmp_path, folder, *ONE).failed_with("the repository is public", "manimbench (cc-by-nc-sa-4.0)")

    assert written(hub) == []


def test_a_pull_request_leaves_main_alone(hub, tmp_path, folder):
    """It holds the files, and its address is shown."""
    hub.make(REPO, private=True)
    before = hub.head(REPO)

    outcome = push(hub, tmp_path, folder, "--config", "no_augment", "--create-pr").ok()

    repository = hub.repositories[REPO]
    assert hub.head(REPO) is before
    assert "ledger/no_augment.parquet" in repository.commits[repository.pull_requests["1"]].tree
    assert f"pushed: {hub.url}/datasets/{REPO}/discussions/1" in outcome.stdout


def test_a_branch_is_made_and_a_tag_set(hub, tmp_path, folder):
    """Both with slashes in their names; main stays; the commit has the message that was given."""
    hub.make(REPO, private=True)
    before = hub.head(REPO)

    flags = ("--revision", "wip/two", "--tag", "v1.2", "--commit-message", "Better rows")
    push(hub, tmp_path, folder, *ONE, *flags).ok()
    push(hub, tmp_path, folder, *ONE, *flags).ok()

    assert hub.head(REPO) is before
    assert hub.head(REPO, "wip/two").title == "Better rows"
    assert hub.repositories[REPO].tags == {"v1.2": hub.head(REPO, "wip/two").oid}
    assert len(hub.repositories[REPO].commits) == 2


def test_a_tag_of_another_commit_is_told_before_anything_is_written(hub, tmp_path, folder):
    """A tag is never moved."""
    hub.make(REPO, private=True).tags["v1.2"] = "0" * 40

    push(hub, tmp_path, folder, *ONE, "--tag", "v1.2").failed_with("has a tag 'v1.2' already")

    assert written(hub) == []


def test_what_is_read_back_must_be_the_local_build(hub, tmp_path, folder):
    """A file that the card's patterns take in, and no push wrote, makes other rows than those of the build."""
    source = folder / "data/no_augment/test-00000-of-00001.parquet"
    hub.make(REPO, {"data/no_augment/train-mine.parquet": source.read_bytes()}, private=True)

    push(hub, tmp_path, folder, "--config", "no_augment").failed_with("config 'no_augment'", "read back")


def test_other_content_in_as_many_rows_is_told(hub, tmp_path, folder):
    """Not the number of rows alone is compared."""
    name = "data/no_augment/train-00000-of-00001.parquet"
    rows = pq.read_table(folder / name)
    pq.write_table(rows.take(list(range(rows.num_rows))[::-1]), tmp_path / "reversed.parquet")

    class Swapping(WritableHub):
        def answer(self, request):
            if request.path.endswith(f"/{name}"):
                content = (tmp_path / "reversed.parquet").read_bytes()
                return file_answer(request, content, {"ETag": '"x"', "X-Repo-Commit": "0" * 40})
            return super().answer(request)

    with Swapping(TOKEN) as server:
        outcome = push(server, tmp_path, folder, "--config", "no_augment")
    outcome.failed_with("split 'train' of config 'no_augment' holds other content")


def test_a_file_changed_after_the_build_is_not_pushed(hub, tmp_path):
    """Its manifest would not be true."""
    built = build_sample(tmp_path / "built", "no_augment")
    with (built / "ledger/no_augment.parquet").open("ab") as ledger:
        ledger.write(b"!")

    push(hub, tmp_path, built, *ONE).failed_with("ledger/no_augment.parquet: was changed after it was built")


def test_missing_configs_are_built_from_the_same_sources(hub, tmp_path):
    """A folder with one config of a sample gets the others before it is pushed."""
    built = build_sample(tmp_path / "built", "no_augment", seed=3)

    push(hub, tmp_path, built, "--no-read-back").ok()

    manifest = json.loads(hub.head(REPO).tree["manifest.json"])
    assert {name: settings["seed"] for name, settings in manifest["configs"].items()} == {
        "all": 3,
        "curated": 3,
        "deduplicated": 3,
        "no_augment": 3,
    }


@pytest.mark.parametrize("repo", ["manim-sft", "a/b/c", "org/a b", "https://host/org/x"])
def test_a_name_that_is_none_is_wrong_usage(hub, tmp_path, folder, repo):
    """No request is made."""
    outcome = push(hub, tmp_path, folder, *ONE, repo=repo)

    assert outcome.exit_code == 2
    assert "OWNER/NAME" in outcome.stderr
    assert hub.requests == []


def test_help_has_an_example(tmp_path):
    """And needs no network."""
    outcome = run(tmp_path, environment("http://127.0.0.1:9", tmp_path), "-m", "builder", "push", "--help").ok()
    assert "example:\n  python -m builder push --repo org/manim-sft" in outcome.stdout
