"""Pushes that meet faults: each kind of fault at each kind of request, lost answers, races and refusals."""

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.pushing import ONE, REPO, TOKEN, build_sample, environment, push, written
from tests.servers.hub import LOST, RESET, TRUNCATED, Answer, json_answer
from tests.servers.hub_write import WritableHub

FAULTS = {
    "429": Answer(429, b"{}", {"Retry-After": "1"}),
    "503": Answer(503, b"{}"),
    "reset": RESET,
    "truncated": TRUNCATED,
    "lost answer": LOST,
}
REQUESTS = (
    ("GET", "/whoami-v2"),
    ("GET", f"/api/datasets/{REPO}"),
    ("POST", "/repos/create"),
    ("GET", "/refs"),
    ("GET", "/tree/"),
    ("POST", "/branch/"),
    ("POST", "/preupload/"),
    ("POST", "/objects/batch"),
    ("PUT", "/storage/"),
    ("POST", "/lfs/verify"),
    ("POST", "/validate-yaml"),
    ("POST", "/commit/"),
    ("HEAD", "/resolve/"),
    ("GET", "/resolve/"),
    ("POST", "/tag/"),
    ("PUT", "/settings"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sample, one config."""
    return build_sample(tmp_path_factory.mktemp("built") / "manim_combined", "no_augment", "deduplicated")


@pytest.fixture
def hub():
    with WritableHub(TOKEN) as server:
        yield server


@pytest.fixture(scope="module")
def patient(tmp_path_factory, folder):
    """Pushes that mostly wait, side by side, each with its server: for each kind of fault one that met it once at
    every kind of request, one to a host that stays broken, one to a host that is gone."""

    def one(name):
        home = tmp_path_factory.mktemp("home")
        flags = ("--config", "no_augment", "--revision", "next", "--tag", "v1", "--public", "--accept-licences")
        with WritableHub(TOKEN) as server:
            if name == "broken":
                server.faults["/commit/main"] = Answer(503)
                return server, push(server, home, folder, *ONE)
            for method, part in REQUESTS if name in FAULTS else ():
                server.fail(part, FAULTS[name], method=method)
            if name in FAULTS:
                return server, push(server, home, folder, *flags)
        return server, push(server, home, folder, *ONE)

    names = [*FAULTS, "broken", "gone"]
    with ThreadPoolExecutor(len(names)) as pool:
        return dict(zip(names, pool.map(one, names), strict=True))


@pytest.mark.parametrize("name", FAULTS)
def test_a_push_survives_a_fault_at_every_kind_of_request(patient, name, capsys):
    """It ends with one commit, read back, tagged and open to all."""
    server, outcome = patient[name]
    repository = server.repositories.get(REPO)

    assert outcome.exit_code == 0, outcome.stderr
    assert "equal to the local build" in outcome.stdout
    assert [commit.title for commit in repository.commits.values()] == ["x", "Push no_augment"]
    assert repository.tags == {"v1": repository.branches["next"]}
    assert not repository.private
    met = {request.split(" ")[0] for request in server.survived}
    assert (len(server.survived), met) == (len(REQUESTS), {"GET", "HEAD", "POST", "PUT"})
    with capsys.disabled():
        sys.stdout.write(f"\n  {name}: {len(server.survived)} faults survived in {len(server.requests)} requests ")


@pytest.mark.parametrize("fault", [LOST, TRUNCATED, Answer(503)], ids=["lost", "truncated", "done, then 503"])
def test_a_commit_whose_answer_was_lost_is_recognised(tmp_path, folder, fault):
    """No second commit is made, and the first one's address is shown."""

    class Doing(WritableHub):
        def answer(self, request):
            answer = super().answer(request)
            return fault if isinstance(fault, Answer) and "/commit/" in request.path else answer

    with Doing(TOKEN) as hub:
        if not isinstance(fault, Answer):
            hub.fail("/commit/", fault)
        outcome = push(hub, tmp_path, folder, *ONE).ok()

    assert len(hub.repositories[REPO].commits) == 2
    assert f"/commit/{hub.head(REPO).oid}" in outcome.stdout
    assert sum("/commit/main" in request.path for request in hub.requests) == 1


def test_a_pull_request_whose_answer_was_lost_is_recognised(hub, tmp_path, folder):
    """One pull request, not two."""
    hub.make(REPO, private=True)
    hub.fail("/commit/", LOST)

    outcome = push(hub, tmp_path, folder, *ONE, "--create-pr").ok()

    assert list(hub.repositories[REPO].pull_requests) == ["1"]
    assert f"{REPO}/discussions/1" in outcome.stdout


def test_a_commit_by_someone_else_is_not_taken_for_ours(tmp_path, folder):
    """If the branch moved while an answer was lost, the message says how to go on."""

    class Racing(WritableHub):
        def answer(self, request):
            if "/commit/main" in request.path:
                self.edit(REPO, {"README.md": b"# Another's\n"})
                return RESET
            return super().answer(request)

    with Racing(TOKEN) as hub:
        outcome = push(hub, tmp_path, folder, *ONE)

    outcome.failed_with("the branch 'main' moved", "run the same command again")
    assert hub.head(REPO).tree["README.md"] == b"# Another's\n"


def test_of_two_pushes_at_once_one_wins(tmp_path, folder):
    """The other changes nothing and says that the branch moved."""
    together = threading.Barrier(2)

    class Waiting(WritableHub):
        def answer(self, request):
            if "/commit/main" in request.path:
                together.wait(30)
            return super().answer(request)

    with Waiting(TOKEN) as hub, ThreadPoolExecutor(2) as pool:
        hub.make(REPO, private=True)
        names = ("no_augment", "deduplicated")
        flags = [("--config", name, "--no-read-back") for name in names]
        outcomes = list(pool.map(lambda given: push(hub, tmp_path, folder, *given), flags))

    won = next(name for name, outcome in zip(names, outcomes, strict=True) if outcome.exit_code == 0)
    lost = next(outcome for outcome in outcomes if outcome.exit_code)
    lost.failed_with("the branch 'main' moved", "run the same command again")
    assert [path for path in hub.head(REPO).tree if path.startswith("ledger/")] == [f"ledger/{won}.parquet"]


def test_a_push_that_dies_half_way_leaves_the_repository_as_it_was(tmp_path, folder):
    """Killed while it uploads; the next push makes the one commit."""
    uploading, go_on = threading.Event(), threading.Event()

    class Slow(WritableHub):
        def answer(self, request):
            if request.path.startswith("/storage/"):
                uploading.set()
                go_on.wait(30)
            return super().answer(request)

    with Slow(TOKEN) as hub:
        before = hub.make(REPO, {"README.md": b"# Mine\n"}, private=True).branches.copy()
        command = [sys.executable, "-m", "builder", "push", "--repo", REPO, "--folder", str(folder), *ONE]
        with subprocess.Popen(command, env=environment(hub.url, tmp_path), stdout=subprocess.DEVNULL) as child:
            assert uploading.wait(30)
            child.send_signal(signal.SIGKILL)
        go_on.set()
        assert hub.repositories[REPO].branches == before
        push(hub, tmp_path, folder, *ONE).ok()
        assert len(hub.repositories[REPO].commits) == 2
        assert hub.head(REPO).tree["README.md"].endswith(b"end -->\n\n# Mine\n")


def test_a_host_that_stays_broken_is_given_up(patient):
    """After growing pauses, with the repository as it was."""
    hub, outcome = patient["broken"]

    outcome.failed_with("answered HTTP 503", "run the same command again later")
    assert [line.split("again in")[1] for line in outcome.stderr.splitlines() if "HTTP 503; trying" in line]
    assert list(hub.head(REPO).tree) == [".gitattributes"]


def test_a_long_wait_is_not_waited_for(hub, tmp_path, folder):
    """The message says how long the host asks to wait."""
    hub.faults["/whoami-v2"] = Answer(429, b"{}", {"Retry-After": "3600"})

    push(hub, tmp_path, folder, *ONE).failed_with("too many requests", "asks to wait 3,600 s")

    assert len(hub.requests) == 1


@pytest.mark.parametrize("taken", [True, False], ids=["made by another", "name not free"])
def test_a_repository_that_is_in_the_way_while_it_is_made_is_looked_at(hub, tmp_path, folder, taken):
    """HTTP 409, whose body names no address: the push goes on where the repository is there by then."""
    hub.fail("/repos/create", Answer(409, b'{"error": "You already created this dataset repo"}'))
    hub.fail(f"/api/datasets/{REPO}", json_answer({}, 401, X_Error_Code="RepoNotFound"))
    if taken:
        hub.make(REPO, private=True)

    outcome = push(hub, tmp_path, folder, *ONE)

    if taken:
        assert outcome.ok().stdout.count("pushed:") == 1
    else:
        outcome.failed_with("HTTP 409", "shows no such repository", "another --repo")


@pytest.mark.parametrize("part", ["/whoami-v2", f"/api/datasets/{REPO}", "/refs", "/tree/"])
def test_a_corrupted_answer_to_a_push_is_one_message(hub, tmp_path, folder, part):
    """No UTF-8 from a proxy, or JSON of another kind."""
    hub.make(REPO, private=True)
    hub.faults[part] = Answer(200, b'[{"\xff": 1}]', {"Content-Type": "application/json"})

    push(hub, tmp_path, folder, *ONE).failed_with("does not answer as a Hub does", "check HF_ENDPOINT")


@pytest.mark.parametrize("token", ["", "hf_wrong", "hf_ö", "hf_a\x01b"])
def test_a_missing_or_refused_token_is_told_with_the_command_that_mends_it(hub, tmp_path, folder, token):
    """Before anything else is asked."""
    push(hub, tmp_path, folder, *ONE, HF_TOKEN=token).failed_with("`hf auth login`", "HF_TOKEN")

    assert len(hub.requests) <= 1


def test_a_token_is_said_nowhere_however_much_the_client_says(hub, tmp_path, folder):
    """Not with the client's own debugging on, nor in a traceback."""
    hub.fail("/commit/", RESET)

    outcome = push(hub, tmp_path, folder, *ONE, HF_DEBUG="1", HF_HUB_VERBOSITY="debug").ok()

    assert TOKEN not in outcome.stdout + outcome.stderr


def test_no_write_permission_is_told(hub, tmp_path, folder):
    """With the page where a token is made, and the way to offer the change instead."""
    hub.make("other/data", private=False)

    outcome = push(hub, tmp_path, folder, *ONE, "--accept-licences", repo="other/data")

    outcome.failed_with("other/data", "write permission", f"{hub.url}/settings/tokens", "--create-pr")


def test_an_unknown_organisation_is_told(hub, tmp_path, folder):
    """With those that the user is in, and a name that would do."""
    outcome = push(hub, tmp_path, folder, *ONE, repo="orgg/manim-sft")

    outcome.failed_with("no organisation 'orgg'", "organisations of someone: org", "--repo someone/manim-sft")
    assert hub.repositories == {}


def test_no_network_is_told(patient):
    """In the system's words."""
    patient["gone"][1].failed_with("no answer from", "Connection refused", "HF_ENDPOINT")


def test_a_card_whose_head_is_refused_is_told(hub, tmp_path, folder):
    """What to correct, and nothing changed."""
    hub.make(REPO, private=True)
    hub.faults["/validate-yaml"] = Answer(400, b'{"errors": [{"message": "bad"}], "warnings": []}')

    push(hub, tmp_path, folder, *ONE).failed_with("card's metadata", "README.md")

    assert not [line for line in written(hub) if "/commit/" in line]
