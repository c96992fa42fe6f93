"""Faults of a network on the way to the Hub and Kaggle: each at each kind of request is survived, or told."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.reading import TOKEN, environment, hub_spec, parquet, read
from tests.servers.hub import RESET, TRUNCATED, Answer, HubServer
from tests.servers.kaggle import KaggleServer

LINES = b'{"question": "Draw a circle", "python_code": "Circle()"}\n' * 50
LARGE = parquet(100, video_bytes=20_000)
FAULTS = {
    "429": Answer(429, headers={"Retry-After": "7"}),
    "500": Answer(500),
    "502": Answer(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"}),
    "503": Answer(503),
    "reset": RESET,
    "truncated": TRUNCATED,
}
KAGGLE_REQUESTS = ("GetDataset", "DownloadDataset", "/storage/")


def hub_server():
    return HubServer({"org/large": {"train.parquet": LARGE}, "org/small": {"train.jsonl": LINES}}, tokens={TOKEN})


def specs():
    return [hub_spec("org/large"), hub_spec("org/small", name="other")]


def survive_hub(tmp_path, name):
    """Read a large and a small source while each kind of request meets one fault; gives the faults sent."""
    with hub_server() as server:
        for kind in ("large", "small"):
            server.fail(f"/api/datasets/org/{kind}", FAULTS[name])  # the commit
            server.fail(f"/api/datasets/org/{kind}/tree/", FAULTS[name])
            server.fail(f"/datasets/org/{kind}/resolve/", FAULTS[name], method="GET")
            server.fail(f"/datasets/org/{kind}/resolve/", FAULTS[name], method="HEAD")
        done = read(tmp_path, specs(), environment(tmp_path, server.url, token=TOKEN))
    assert done.exit_code == 0, f"{name}: {done.error}{done.stderr}"
    assert [len(done.sources[source]["rows"]) for source in ("made", "other")] == [100, 50]
    assert done.stderr == ""
    return server.survived, done


def survive_kaggle(tmp_path, name):
    with KaggleServer({"owner/name": {"a.jsonl": LINES}}) as server:
        for kind in KAGGLE_REQUESTS:
            server.fail(kind, FAULTS[name])
        spec = hub_spec("owner/name", kind="kaggle", file="a.jsonl")
        done = read(tmp_path, [spec], environment(tmp_path, kaggle=server.url))
    assert done.exit_code == 0, f"{name}: {done.error}{done.stderr}"
    assert len(done.sources["made"]["rows"]) == 50
    assert done.stderr == ""
    return server.survived, done


@pytest.mark.parametrize("survive", [survive_hub, survive_kaggle])
def test_each_fault_at_each_kind_of_request_is_survived(tmp_path, survive):
    """Every row arrives, a pause that the server asks for is kept, and the clients write nothing."""
    with ThreadPoolExecutor(4) as pool:
        folders = [tmp_path / name for name in FAULTS]
        for folder in folders:
            folder.mkdir()
        outcomes = dict(zip(FAULTS, pool.map(survive, folders, FAULTS), strict=True))
    survived = {name: len(faults) for name, (faults, _) in outcomes.items()}
    print(f"{survive.__name__}: {sum(survived.values())} faults survived: {survived}")
    assert min(survived.values()) >= (6 if survive is survive_hub else 3)
    assert sum(pause >= 7 for pause in outcomes["429"][1].slept) >= 3


def test_a_slow_answer_is_asked_for_again(tmp_path):
    """A request that gets no answer in the client's time is made anew."""

    class Slow(HubServer):
        waits = 2

        def answer(self, request):
            if self.waits and "range" in request.headers:
                self.waits -= 1
                time.sleep(2.5)
            return super().answer(request)

    with Slow({"org/name": {"train.parquet": LARGE}}) as server:
        env = {**environment(tmp_path, server.url), "HF_HUB_DOWNLOAD_TIMEOUT": "1"}
        done = read(tmp_path, [hub_spec()], env)
    assert done.exit_code == 0, done.error + done.stderr
    assert server.waits == 0
    assert any("trying again" in warning for warning in done.warnings)


@pytest.mark.parametrize("part", ["/api/datasets/org/large", "/tree/", "/resolve/"])
def test_a_fault_that_stays_is_one_message_after_a_limit(tmp_path, part):
    """A host that never recovers is given up on, with growing pauses before that."""
    with hub_server() as server:
        server.faults = {part: Answer(503)}
        done = read(tmp_path, specs()[:1], environment(tmp_path, server.url, token=TOKEN))
    assert done.exit_code == 1
    assert done.error.startswith("source 'made': ")
    assert "answered HTTP 503: try again later" in done.error
    assert done.stderr == ""
    grown = [pause for pause in done.slept if pause >= 0.4]
    assert 3 <= len(grown) <= 60


@pytest.mark.parametrize("part", ["/api/datasets/org/small", "/tree/", "/resolve/"])
def test_a_wait_too_long_is_not_waited_for_and_said(tmp_path, part):
    """Whether our own call or the client's own retrying meets it."""
    with hub_server() as server:
        server.faults = {part: Answer(429, headers={"Retry-After": "3600"})}
        done = read(tmp_path, specs()[1:], environment(tmp_path, server.url, token=TOKEN))
    assert done.exit_code == 1
    assert "asks to wait 3,600 s: try again later" in done.error
    assert max(done.slept, default=0) < 60


def test_a_fault_that_lasts_is_shown_while_the_client_waits(tmp_path):
    """The Hub's client asks again on its own, with growing pauses: each that may be noticed is a warning."""
    with hub_server() as server:
        server.faults = {"/tree/": Answer(503)}
        done = read(tmp_path, specs()[1:], environment(tmp_path, server.url, token=TOKEN))
    assert [warning for warning in done.warnings if "its client asks again in" in warning][:2] == [
        "other: the Hub gives no good answer; its client asks again in 2 s",
        "other: the Hub gives no good answer; its client asks again in 4 s",
    ]


CORRUPTED = (b"\xff\xfe{}", b"[1, 2", b'{"id": 7}', b"[]", b'"text"', b'[{"type": "file"}]', b"null")


@pytest.mark.parametrize("part", ["", "/tree/"], ids=["the repository", "its files"])
def test_a_corrupted_answer_is_one_message(tmp_path, part):
    """No UTF-8, no JSON, or JSON that lacks what the Hub's has; not a traceback of the client."""
    names = [f"org/corrupted{number}" for number in range(len(CORRUPTED))]
    with HubServer({"org/name": {"train.jsonl": LINES}, **{name: {"train.jsonl": LINES} for name in names}}) as server:
        server.faults = {
            f"/api/datasets/{name}{part}": Answer(200, body, {"Content-Type": "application/json"})
            for name, body in zip(names, CORRUPTED, strict=True)
        }
        broken = [hub_spec(name, name=f"bad{number}") for number, name in enumerate(names)]
        done = read(tmp_path, [hub_spec(), *broken], environment(tmp_path, server.url), skip_unavailable=True)
    assert done.exit_code == 0, done.error + done.stderr
    assert done.stderr == ""
    assert len(done.sources["made"]["rows"]) == 50
    assert sorted(done.skipped) == sorted(spec["name"] for spec in broken)
    assert all(sum(f"'{name}'" in warning for warning in done.warnings) == 1 for name in done.skipped), done.warnings


def test_a_flipped_byte_in_a_whole_file_is_noticed(tmp_path):
    """The client checks a download's size only; a file with another hash than the stated one comes again."""
    content = parquet(20)

    class Flipping(HubServer):
        flips = 1

        def answer(self, request):
            answer = super().answer(request)
            if self.flips and request.method == "GET" and "/resolve/" in request.path:
                self.flips -= 1
                body = answer.body[:100] + bytes([answer.body[100] ^ 1]) + answer.body[101:]
                return type(answer)(answer.status, body, answer.headers)
            return answer

    with Flipping({"org/name": {"train.parquet": content}}) as server:
        env = environment(tmp_path, server.url)
        once = read(tmp_path, [hub_spec()], env)
        (tmp_path / "again").mkdir()
        server.flips = 99
        always = read(tmp_path / "again", [hub_spec()], environment(tmp_path / "again", server.url))
    assert once.exit_code == 0, once.error + once.stderr
    assert len(once.sources["made"]["rows"]) == 20
    assert "arrived damaged" in always.error


def test_sources_are_fetched_side_by_side(tmp_path):
    """While one source waits for its host, the other is read."""
    seen = []

    class Ordered(HubServer):
        def answer(self, request):
            if "large/resolve" in request.path:
                time.sleep(0.3)
            seen.append(request.path)
            return super().answer(request)

    repos = {"org/large": {"train.parquet": LARGE}, "org/small": {"train.jsonl": LINES}}
    with Ordered(repos) as server:
        done = read(tmp_path, specs(), environment(tmp_path, server.url))
    assert done.exit_code == 0, done.error + done.stderr
    last_of = {kind: max(n for n, path in enumerate(seen) if f"org/{kind}" in path) for kind in ("large", "small")}
    assert last_of["small"] < last_of["large"]
    assert {"fetch made", "fetch other"} <= set(done.progress)
