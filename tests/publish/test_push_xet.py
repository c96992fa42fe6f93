"""Pushing by Xet, the transport that the Hub's client uses by itself."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.pushing import REPO, TOKEN, build_sample, push
from tests.rows import files_of
from tests.servers.hub import LOST, RESET, Answer
from tests.servers.xet import XetHub

FAULTS = {"503": Answer(503), "reset": RESET, "lost": LOST}
XET = {"HF_HUB_DISABLE_XET": "0"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sample, one config."""
    return build_sample(tmp_path_factory.mktemp("built") / "manim_combined", "no_augment")


def test_a_push_by_xet_brings_the_same_bytes(tmp_path, folder):
    """Data and ledgers are those of the folder, one commit, read back; nothing goes by LFS."""
    with XetHub(TOKEN) as hub:
        outcome = push(hub, tmp_path, folder, "--config", "no_augment", **XET).ok()

    local = {name: content for name, content in files_of(folder).items() if name.startswith(("data/", "ledger/"))}
    assert {name: hub.head(REPO).tree[name] for name in local} == local
    assert len(hub.repositories[REPO].commits) == 2
    assert "equal to the local build" in outcome.stdout
    assert not [request.path for request in hub.requests if "/lfs/" in request.path]


def test_a_push_by_xet_survives_faults(tmp_path, folder, capsys):
    """Each kind of fault, at each of the kinds of request that it makes; side by side, for they mostly wait."""
    parts = ("/xet-write-token/", "/v1/chunks/", "/v1/xorbs/", "/v1/shards", "/commit/")

    def one(name):
        home = tmp_path / name
        home.mkdir()
        with XetHub(TOKEN) as hub:
            for part in parts:
                hub.fail(part, FAULTS[name])
            push(hub, home, folder, "--config", "no_augment", "--no-read-back", **XET).ok()
        return len(hub.survived), len(hub.repositories[REPO].commits)

    with ThreadPoolExecutor(len(FAULTS)) as pool:
        assert list(pool.map(one, FAULTS)) == [(len(parts), 2)] * len(FAULTS)
    with capsys.disabled():
        sys.stdout.write(f"\n  Xet: {len(parts) * len(FAULTS)} faults survived in {len(FAULTS)} pushes ")


def test_a_pull_request_by_xet(tmp_path, folder):
    """The client has no branch to ask a token for, and the files arrive all the same."""
    with XetHub(TOKEN) as hub:
        hub.make(REPO, private=True)
        push(hub, tmp_path, folder, "--config", "no_augment", "--no-read-back", "--create-pr", **XET).ok()

    repository = hub.repositories[REPO]
    assert "ledger/no_augment.parquet" in repository.commits[repository.pull_requests["1"]].tree
