"""Downloads by the real clients, from servers on loopback; each in a child process, for clients read their
settings at import."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from builder.core.errors import SourceError
from builder.sources.hosts.files import choose_files
from builder.sources.spec import SourceSpec
from tests.servers.hub import Answer, HubServer
from tests.servers.kaggle import KaggleServer

ROOT = Path(__file__).parents[2]
TOKEN = "hf_thisMustNeverBeShown"
CHILD = """
import json, sys
from pathlib import Path
from builder.core import retry
retry.FIRST_PAUSE_SECONDS = 0.01
from builder.core.errors import BuilderError
from builder.sources.spec import SourceSpec
spec = SourceSpec(**json.loads(sys.argv[1]))
from builder.sources.hosts.hub import download_hub, resolve_hub
from builder.sources.hosts.kaggle import resolve_kaggle
cache = Path(sys.argv[2])
try:
    found = resolve_kaggle(spec) if spec.kind == "kaggle" else resolve_hub(spec, cache)
    files = [file.path or download_hub(spec, found.revision, file, cache) for file in found.files]
except BuilderError as error:
    sys.exit(str(error))
print(json.dumps({"revision": found.revision, "files": [str(path) for path in files]}))
"""


@dataclass(frozen=True)
class Outcome:
    """What a download in a child process gave; `files` and `revision` are empty if it failed."""

    exit_code: int
    stdout: str
    stderr: str
    files: list[Path]
    revision: str


def fetch(tmp_path: Path, env: Mapping[str, str], **spec: str) -> Outcome:
    """Fetch one source in a child whose environment is `env` and nothing of this one's but the path."""
    command = [sys.executable, "-c", CHILD, json.dumps({"name": "made", **spec}), str(tmp_path / "cache")]
    home = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    done = subprocess.run(
        command, env={**home, **env}, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    fetched = json.loads(done.stdout) if done.returncode == 0 else {"files": [], "revision": ""}
    files = [Path(path) for path in fetched["files"]]
    return Outcome(done.returncode, done.stdout, done.stderr, files, fetched["revision"])


def fetch_hub(tmp_path: Path, url: str, location: str, token: str = "", **spec: str) -> Outcome:
    env = {
        "HF_ENDPOINT": url,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_TOKEN": token,
    }
    return fetch(tmp_path, env, kind="huggingface", location=location, **spec)


def fetch_kaggle(tmp_path: Path, url: str, location: str, **more: str) -> Outcome:
    """Fetch from Kaggle; of `more`, names in capitals are for the environment, the others for the spec."""
    env = {
        "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
        "KAGGLE_API_ENDPOINT": url,  # what kagglehub read before 0.4
        "HTTP_PROXY": url,
        "NO_PROXY": "127.0.0.1",
        "KAGGLEHUB_CACHE": str(tmp_path / "kaggle"),
    }
    env |= {name: value for name, value in more.items() if name.isupper()}
    spec = {name: value for name, value in more.items() if not name.isupper()}
    return fetch(tmp_path, env, kind="kaggle", location=location, **spec)


def assert_one_message(outcome: Outcome, *parts: str) -> None:
    assert outcome.exit_code == 1, outcome.stderr
    assert outcome.stdout == ""
    assert outcome.stderr.count("\n") == 1, outcome.stderr
    assert outcome.stderr.startswith("source 'made'")
    for part in parts:
        assert part in outcome.stderr
    assert TOKEN not in outcome.stderr


JSON_LINES = b'{"query": "Draw a circle", "answer": "Circle()"}\n'


def test_a_hub_repository_gives_the_files_of_its_split_at_a_commit(tmp_path):
    """Of a repository with train and test files, the train files come, whole, from the commit of `main`."""
    train, test = b"PAR1 train PAR1" * 9_999, b"PAR1 test PAR1"
    files = {"data/train-00000-of-00001.parquet": train, "data/test-00000-of-00001.parquet": test}
    with HubServer({"org/name": {**files, "README.md": b"# Data\n", ".gitattributes": b""}}) as server:
        outcome = fetch_hub(tmp_path, server.url, "org/name")
        commit = server.commit("org/name")
    assert outcome.exit_code == 0, outcome.stderr
    assert [path.name for path in outcome.files] == ["train-00000-of-00001.parquet"]
    assert outcome.files[0].read_bytes() == train
    assert outcome.files[0].is_relative_to(tmp_path / "cache" / "hub")
    assert outcome.revision == commit
    resolved = [path for path in server.paths("GET") + server.paths("HEAD") if "/resolve/" in path]
    assert resolved
    assert all(f"/resolve/{commit}/" in path for path in resolved)


def test_a_hub_card_says_which_files_a_split_has(tmp_path):
    """The card's default config decides the files, whatever their names say."""
    card = b"---\nconfigs:\n- config_name: default\n  data_files:\n  - {split: train, path: pairs/*.jsonl}\n---\n"
    files = dict.fromkeys(["pairs/b.jsonl", "pairs/a.jsonl", "pairs/old/c.jsonl", "train.jsonl"], JSON_LINES)
    with HubServer({"org/name": {**files, "README.md": card}}) as server:
        outcome = fetch_hub(tmp_path, server.url, "org/name")
    assert outcome.exit_code == 0, outcome.stderr
    assert [path.name for path in outcome.files] == ["a.jsonl", "b.jsonl"]


def test_a_hub_repository_of_json_lines_needs_no_split_in_its_names(tmp_path):
    """If no path names a split, all data files come, and metadata in JSON is none."""
    files = {"pairs.jsonl": JSON_LINES, "dataset_infos.json": b"{}", "pairs_stats.json": b"{}"}
    with HubServer({"org/name": files}) as server:
        outcome = fetch_hub(tmp_path, server.url, "org/name")
    assert [path.read_bytes() for path in outcome.files] == [JSON_LINES]


def test_a_named_file_is_the_only_one_fetched(tmp_path):
    """With `file` set, nothing else is downloaded; a file that isn't there is answered by those that are."""
    with HubServer({"org/name": {"a.jsonl": JSON_LINES, "b.jsonl": b"{}\n"}}) as server:
        outcome = fetch_hub(tmp_path, server.url, "org/name", file="a.jsonl")
        missing = fetch_hub(tmp_path, server.url, "org/name", file="c.jsonl")
    assert [path.read_bytes() for path in outcome.files] == [JSON_LINES]
    assert not any("b.jsonl" in request.path for request in server.requests)
    assert_one_message(missing, "org/name", "'c.jsonl'", "a.jsonl, b.jsonl")


def test_a_second_fetch_downloads_nothing(tmp_path):
    """Files of a commit that is in the cache are not asked for again."""
    with HubServer({"org/name": {"a.jsonl": JSON_LINES}}) as server:
        first, second = (fetch_hub(tmp_path, server.url, "org/name") for _ in range(2))
    assert first.files == second.files
    assert len([path for path in server.paths("GET") if "/resolve/" in path]) == 1


def test_an_unknown_hub_repository_or_revision_is_one_message(tmp_path):
    """The message names the page to look at, and says that a private repository needs a log-in."""
    with HubServer({"org/name": {"a.jsonl": JSON_LINES}}) as server:
        unknown = fetch_hub(tmp_path, server.url, "org/other")
        revision = fetch_hub(tmp_path, server.url, "org/name", revision="v9")
        wrong = fetch_hub(tmp_path, server.url, "not a name")
    assert_one_message(unknown, f"{server.url}/datasets/org/other", "private", "hf auth login")
    assert_one_message(revision, f"{server.url}/datasets/org/name", "'v9'", "`revision`")
    assert_one_message(wrong, "'not a name'", "owner/name")


def test_a_gated_hub_repository_says_where_to_ask(tmp_path):
    """A repository that shows its file list but not its files sends the reader to its page."""
    with HubServer({"org/name": {"train.jsonl": JSON_LINES}}, gated={"org/name"}, tokens={TOKEN}) as server:
        outcome = fetch_hub(tmp_path, server.url, "org/name", token=TOKEN)
    assert_one_message(outcome, "gated", f"{server.url}/datasets/org/name")
    assert server.requests[-1].token == TOKEN


def test_a_hub_token_opens_a_private_repository_and_is_never_shown(tmp_path):
    """A good token reads a private repository, a bad one is reported as refused; neither is printed."""
    with HubServer({"org/name": {"a.jsonl": JSON_LINES}}, private={"org/name"}, tokens={"hf_good"}) as server:
        bad = fetch_hub(tmp_path, server.url, "org/name", token=TOKEN)
        not_ascii = fetch_hub(tmp_path, server.url, "org/name", token=f"{TOKEN}é")
        good = fetch_hub(tmp_path, server.url, "org/name", token="hf_good")
    assert good.exit_code == 0, good.stderr
    assert "hf_good" not in good.stdout + good.stderr
    assert_one_message(bad, "refused the credentials", "HF_TOKEN")
    assert_one_message(not_ascii, "HF_TOKEN")


def test_no_network_is_one_message_without_a_traceback(tmp_path):
    """A refused connection names the host and the system's reason, for the Hub and for Kaggle."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        hub = fetch_hub(tmp_path, url, "org/name", token=TOKEN)
        kaggle = fetch_kaggle(tmp_path, url, "owner/name", KAGGLE_USERNAME="someone", KAGGLE_KEY=TOKEN)
    assert_one_message(hub, f"no answer from {url}", "Connection refused", "HF_ENDPOINT")
    assert_one_message(kaggle, "no answer from Kaggle", "owner/name", "Connection refused")


def test_a_failing_or_foreign_host_is_one_message(tmp_path):
    """An error page, or a page where the Hub's answer should be, is said to be the host's doing."""
    with HubServer({"org/name": {"a.jsonl": JSON_LINES}}) as server:
        server.faults = {"/api/datasets/": Answer(500)}
        failing = fetch_hub(tmp_path, server.url, "org/name")
        server.faults = {"/api/datasets/": Answer(200, b"<html>Log in</html>", {"Content-Type": "text/html"})}
        foreign = fetch_hub(tmp_path, server.url, "org/name")
    with KaggleServer({"owner/name": {"a.csv": b"x\n"}}) as server:
        server.faults = {"/api/": Answer(200, b"<html>Log in</html>", {"Content-Type": "text/html"})}
        not_kaggle = fetch_kaggle(tmp_path, server.url, "owner/name")
        server.faults = {"/storage/": Answer(200, b"damaged", {"x-goog-hash": "md5=1B2M2Y8AsgTpgAmY7PhCfg=="})}
        damaged = fetch_kaggle(tmp_path, server.url, "owner/name", file="a.csv")
    assert_one_message(failing, "/datasets/org/name answered HTTP 500", "again later")
    assert_one_message(foreign, "HF_ENDPOINT")
    assert_one_message(not_kaggle, "owner/name is not Kaggle")
    assert_one_message(damaged, "owner/name arrived damaged")


def test_offline_mode_is_named_as_the_reason(tmp_path):
    """Who has switched the Hub off is told by which variable."""
    env = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    assert_one_message(fetch(tmp_path, env, kind="huggingface", location="org/name"), "unset HF_HUB_OFFLINE")


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    """A problem of the disk is not called one of the network: the message holds the path."""
    (tmp_path / "cache").touch()
    (tmp_path / "kaggle").touch()
    with HubServer({"org/name": {"a.jsonl": JSON_LINES}}) as server:
        hub = fetch_hub(tmp_path, server.url, "org/name")
    with KaggleServer({"owner/name": {"a.csv": b"x\n"}}) as server:
        kaggle = fetch_kaggle(tmp_path, server.url, "owner/name")
    assert_one_message(hub, "can't be stored", str(tmp_path / "cache"))
    assert_one_message(kaggle, "can't be stored", str(tmp_path / "kaggle"))


def test_a_public_kaggle_file_needs_no_credentials(tmp_path):
    """One file of a public dataset comes from its newest version, and nothing is printed on the way."""
    with KaggleServer({"owner/name": {"data/a.parquet": b"PAR1" * 1000, "b.csv": b"x\n"}}, version=3) as server:
        outcome = fetch_kaggle(tmp_path, server.url, "owner/name", file="data/a.parquet")
    assert outcome.exit_code == 0, outcome.stderr
    assert [path.read_bytes() for path in outcome.files] == [b"PAR1" * 1000]
    assert outcome.revision == "3"
    assert outcome.stdout.count("\n") == 1
    assert outcome.stderr == ""


def test_a_kaggle_version_is_kept_to(tmp_path):
    """A version that the source names is fetched and reported, with the split's files of it."""
    files = {"train.csv": b"a\n1\n", "test.csv": b"a\n2\n"}
    with KaggleServer({"owner/name": files}, version=3) as server:
        outcome = fetch_kaggle(tmp_path, server.url, "owner/name", revision="2")
        every = fetch_kaggle(tmp_path, server.url, "owner/name", revision="2", split="")
    assert (outcome.revision, [path.name for path in outcome.files]) == ("2", ["train.csv"])
    assert [path.name for path in every.files] == ["test.csv", "train.csv"]
    assert not any("GetDataset" in request.path or "/view/" in request.path for request in server.requests)


def test_an_unknown_kaggle_dataset_or_file_is_one_message(tmp_path):
    """The message names the dataset, or the file that it lacks, and says where a token is made."""
    with KaggleServer({"owner/name": {"a.csv": b"x\n"}}) as server:
        unknown = fetch_kaggle(tmp_path, server.url, "owner/other")
        file = fetch_kaggle(tmp_path, server.url, "owner/name", file="b.csv")
        wrong = fetch_kaggle(tmp_path, server.url, "owner")
    assert_one_message(unknown, "no Kaggle dataset owner/other", "private", "kaggle.com/settings")
    assert_one_message(file, "owner/name has no file 'b.csv'", "`file`")
    assert_one_message(wrong, "'owner'", "owner/name")


def test_refused_kaggle_credentials_are_never_shown(tmp_path):
    """A user's key that Kaggle refuses is reported without being printed; a good one downloads."""
    with KaggleServer({"owner/name": {"a.csv": b"x\n"}}, tokens={"good"}) as server:
        refused = fetch_kaggle(tmp_path, server.url, "owner/name", KAGGLE_USERNAME="someone", KAGGLE_KEY=TOKEN)
        good = fetch_kaggle(tmp_path, server.url, "owner/name", KAGGLE_USERNAME="someone", KAGGLE_KEY="good")
    assert_one_message(refused, "refused the credentials", "KAGGLE_API_TOKEN", "kaggle.com/settings")
    assert [path.name for path in good.files] == ["a.csv"]


@pytest.mark.skipif(not find_spec("kagglesdk"), reason="this kagglehub is older than Kaggle's API tokens")
def test_a_refused_kaggle_token_is_never_shown(tmp_path):
    """A token that Kaggle refuses, or that no request can carry, is reported without being printed."""
    with KaggleServer({"owner/name": {"a.csv": b"x\n"}}, tokens={"good"}) as server:
        refused = fetch_kaggle(tmp_path, server.url, "owner/name", KAGGLE_API_TOKEN=TOKEN)
        unsent = fetch_kaggle(tmp_path, server.url, "owner/name", KAGGLE_API_TOKEN=f"{TOKEN}\nmore")
    assert_one_message(refused, "refused the credentials", "KAGGLE_API_TOKEN")
    assert_one_message(unsent, "credentials", "KAGGLE_API_TOKEN")


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["train-00000-of-00002.parquet", "train-00001-of-00002.parquet", "test.parquet"], [0, 1]),
        (["data/Train.jsonl", "data/validation.jsonl"], [0]),
        (["constraint.jsonl", "README.md", "train.jsonl"], [2]),
        (["a.csv", "b.csv", "c.parquet"], [0, 1]),
        (["data.csv", "data.parquet"], [1]),
        (["training.json", "train_stats.json", "dataset_dict.json", ".cache/train.json"], [0]),
    ],
)
def test_the_files_of_a_split_are_told_by_their_names(names, chosen):
    """The split counts as a whole word, one ending is kept, metadata and hidden files are left."""
    assert choose_files(SourceSpec("made", "file", "x"), names, "here") == [names[index] for index in chosen]


@pytest.mark.parametrize(
    ("names", "part"),
    [(["README.md"], "README.md"), ([], "nothing"), (["test.csv", "dev.csv"], "test, validation")],
)
def test_no_file_to_read_is_an_error_that_lists_what_there_is(names, part):
    """Whoever meets it can set `file` or `split` from the message alone."""
    with pytest.raises(SourceError, match=part):
        choose_files(SourceSpec("made", "file", "x"), names, "here")
