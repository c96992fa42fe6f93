"""Reading sources by Xet, the transport that the Hub's client uses by itself, with the client as it is."""

import json
import shutil
import signal
import sys
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.core.test_patience import FAULTS
from tests.reading import TOKEN, environment, finish, hub_spec, parquet, read, start
from tests.servers.hub import RESET, Answer
from tests.servers.xet_read import XetSources

ROWS = [{"question": f"Draw circle {n}, then let it grow", "python_code": f"Circle({n})"} for n in range(2000)]
LINES = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)
CELLS = "".join(f'"{row["question"]}",{row["python_code"]}\n' for row in ROWS).encode()
LARGE = parquet(100, video_bytes=20_000)
WHOLE = {
    "train.jsonl": LINES,
    "train.json": json.dumps(ROWS).encode(),
    "train.csv": b"question,python_code\n" + CELLS,
    "train.parquet": parquet(2000, video_bytes=200),
}
KINDS = ("/resolve/", "/xet-read-token/", "/v2/reconstructions/", "/v1/reconstructions/", "/xorbs/")


def xet(tmp_path, server, attempts=5):
    """The environment of a child that reads by Xet, with short pauses between the client's attempts."""
    retries = {"HF_XET_CLIENT_RETRY_BASE_DELAY": "20ms", "HF_XET_CLIENT_RETRY_MAX_ATTEMPTS": str(attempts)}
    return {**environment(tmp_path, server.url, token=TOKEN), "HF_HUB_DISABLE_XET": "0", **retries}


def asked(server, *parts):
    """How many requests there were for paths that hold each of these."""
    return [sum(part in request.path for request in server.requests) for part in parts]


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files_are_put_together_from_chunks(tmp_path, name):
    """All rows come, the hash is verified, nothing comes by plain HTTP, and progress counts each byte once."""
    with XetSources({"org/name": {name: WHOLE[name]}}, tokens={TOKEN}) as server:
        done = read(tmp_path, [hub_spec()], xet(tmp_path, server))
    assert done.exit_code == 0, done.error + done.stderr
    source = done.sources["made"]
    assert len(source["rows"]) == 2000
    assert source["files"][0][3] is True
    tokens, plans, packs, plain = asked(server, "/xet-read-token/", "/v1/reconstructions/", "/xorbs/", "/bridge/")
    assert (tokens, plans, plain) == (1, 1, 0)
    assert packs > 1
    assert done.progress["fetch made"] == [len(WHOLE[name]), len(WHOLE[name]), "bytes"]
    assert done.warnings == []
    assert done.stderr == ""


def test_parts_of_parquet_come_by_ranges_over_http(tmp_path):
    """Storage on another host gives them, without Xet, and never sees the token."""
    with XetSources({"org/name": {"train.parquet": LARGE}}, tokens={TOKEN}) as server:
        done = read(tmp_path, [hub_spec()], xet(tmp_path, server))
    assert done.exit_code == 0, done.error + done.stderr
    assert len(done.sources["made"]["rows"]) == 100
    assert set(done.sources["made"]["files"][0][4]) == {"question", "python_code"}
    assert asked(server, "/cas/", "/xorbs/") == [0, 0]
    ranges = [request for request in server.requests if "/bridge/" in request.path and "range" in request.headers]
    assert ranges
    assert done.progress["fetch made"][0] < len(LARGE) / 10


def test_the_lock_the_cache_and_offline_hold_for_xet(tmp_path):
    """The first build locks; the next asks once, and offline not at all; a lost cache is filled with the same."""
    with XetSources({"org/name": {"train.jsonl": LINES}}, tokens={TOKEN}) as server:
        env = xet(tmp_path, server)
        first = read(tmp_path, [hub_spec()], env)
        locked = tomllib.loads((tmp_path / "sources.lock").read_text())["source"][0]
        server.requests.clear()
        second = read(tmp_path, [hub_spec()], env, locked=True)
        offline = read(tmp_path, [hub_spec()], env, offline=True)
        requests = len(server.requests)
        shutil.rmtree(tmp_path / "cache")
        again = read(tmp_path, [hub_spec()], env, locked=True)
        revision = server.commit("org/name")
    assert first.exit_code == 0, first.error + first.stderr
    assert (locked["revision"], locked["file"][0]["verified"], requests) == (revision, True, 1)
    assert first.sources == second.sources == offline.sources == again.sources
    assert asked(server, "/xorbs/")[0] > 1


def survive(tmp_path, name):
    """Read while each kind of request meets one fault; gives how many did."""
    tmp_path.mkdir()
    kinds = KINDS[1:] if name == "truncated" else KINDS  # what resolves a path has no body
    with XetSources({"org/name": {"train.jsonl": LINES}}, tokens={TOKEN}) as server:
        for kind in kinds:
            server.fail(kind, FAULTS[name])
        done = read(tmp_path, [hub_spec()], xet(tmp_path, server))
    assert done.exit_code == 0, f"{name}: {done.error}{done.stderr}"
    assert len(done.sources["made"]["rows"]) == 2000
    assert asked(server, "/bridge/") == [0]
    assert done.stderr == ""
    assert len(server.survived) == len(kinds)
    return len(server.survived)


def test_each_fault_at_each_kind_of_request_is_survived(tmp_path, capsys):
    """Every row arrives, and still by Xet."""
    with ThreadPoolExecutor(4) as pool:
        survived = dict(zip(FAULTS, pool.map(survive, (tmp_path / name for name in FAULTS), FAULTS), strict=True))
    with capsys.disabled():
        sys.stdout.write(f"\n  reading by Xet: {sum(survived.values())} faults survived: {survived} ")
    assert sum(survived.values()) == 29


def outlast(tmp_path, kind, fault):
    """Read while a kind of request fails for good."""
    tmp_path.mkdir()
    with XetSources({"org/a": {"a.jsonl": LINES}, "org/b": {"b.jsonl": LINES + b"\n"}}, tokens={TOKEN}) as server:
        server.faults = {kind: fault}
        done = read(tmp_path, [hub_spec("org/a"), hub_spec("org/b", name="b")], xet(tmp_path, server, attempts=2))
    assert done.exit_code == 0, f"{kind}: {done.error}{done.stderr}"
    assert [len(source["rows"]) for source in done.sources.values()] == [2000, 2000]
    assert TOKEN not in str(done)
    assert "signed" not in str(done)
    assert done.stderr == ""
    return done.warnings


def test_where_xet_is_out_of_reach_files_come_over_plain_http(tmp_path, capsys):
    """Faults that stay, a firewall's refusal, a mirror that knows no Xet: a warning says so, and how to skip Xet."""
    refusals = {"403": Answer(403), "404": Answer(404), "503": Answer(503), "reset": RESET}
    cases = [(kind, name) for kind in ("/xet-read-token/", "/cas/", "/xorbs/") for name in refusals]
    cases.remove(("/xet-read-token/", "reset"))  # then the Hub itself is out of reach
    with ThreadPoolExecutor(4) as pool:
        folders = [tmp_path / str(number) for number in range(len(cases))]
        kinds, faults = [kind for kind, _ in cases], [refusals[name] for _, name in cases]
        outcomes = dict(zip(cases, pool.map(outlast, folders, kinds, faults), strict=True))
    with capsys.disabled():
        sys.stdout.write(f"\n  reading without Xet: {len(cases)} lasting faults survived ")
    for (_, name), said in outcomes.items():
        warnings = [warning for warning in said if "its client asks again in" not in warning]  # waits are said too
        assert 1 <= len(warnings) <= 2
        assert all("HF_HUB_DISABLE_XET=1" in warning for warning in warnings)
        assert name == "reset" or f"(HTTP {name})" in warnings[0]


def test_a_full_disk_is_no_fault_of_xet(tmp_path):
    """No other transport is tried, and the source is not skipped: the message says what the disk refused."""
    small = (
        "import resource, signal, sys\nsys.dont_write_bytecode = True\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    )
    small += "resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))\n"
    with XetSources({"org/name": {"train.jsonl": LINES}}, tokens={TOKEN}) as server:
        env = xet(tmp_path, server)
        done = finish(start(tmp_path, [hub_spec()], env, before=small, skip_unavailable=True))
    assert "can't be stored (File too large)" in done.error
    assert done.warnings == []
    assert asked(server, "/bridge/") == [0]


def test_a_damaged_chunk_is_noticed(tmp_path):
    """The client passes on a wrong byte; the stated hash tells, and the file comes again."""
    with XetSources({"org/name": {"train.jsonl": LINES}}, tokens={TOKEN}) as server:
        server.damaged = 1
        once = read(tmp_path, [hub_spec()], xet(tmp_path, server))
        (tmp_path / "again").mkdir()
        server.damaged = 999
        always = read(tmp_path / "again", [hub_spec()], xet(tmp_path / "again", server))
    assert once.exit_code == 0, once.error + once.stderr
    assert len(once.sources["made"]["rows"]) == 2000
    assert always.exit_code == 1
    assert "arrived damaged" in always.error


def test_a_pack_that_is_no_pack_is_noticed(tmp_path):
    """The client gives up on it, and the file comes over plain HTTP."""

    class Torn(XetSources):
        def answer(self, request):
            answer = super().answer(request)
            torn = "/xorbs/" in request.path
            return Answer(answer.status, b"\xb1" * len(answer.body), answer.headers) if torn else answer

    with Torn({"org/name": {"train.jsonl": LINES}}, tokens={TOKEN}) as server:
        done = read(tmp_path, [hub_spec()], xet(tmp_path, server, attempts=2))
    assert done.exit_code == 0, done.error + done.stderr
    assert "HF_HUB_DISABLE_XET=1" in done.warnings[0]


def test_a_token_that_runs_out_is_renewed(tmp_path):
    """Tokens for storage last minutes, large files may take longer."""
    with XetSources({"org/name": {"train.jsonl": LINES}}, tokens={TOKEN}) as server:
        server.seconds = 1
        done = read(tmp_path, [hub_spec()], xet(tmp_path, server))
    assert done.exit_code == 0, done.error + done.stderr
    assert asked(server, "/xet-read-token/")[0] > 1
    assert done.warnings == []


def test_an_interrupt_ends_a_download_at_once(tmp_path):
    """Though a host sends nothing, and the wait is in another language's threads."""
    waits, go_on = threading.Event(), threading.Event()

    class Silent(XetSources):
        def answer(self, request):
            if "/xorbs/" in request.path:
                waits.set()
                go_on.wait(30)
            return super().answer(request)

    with Silent({"org/name": {"train.jsonl": LINES}}, tokens={TOKEN}) as server:
        child = start(tmp_path, [hub_spec()], xet(tmp_path, server))
        assert waits.wait(30)
        began = time.monotonic()
        child.send_signal(signal.SIGINT)
        done = finish(child)
        took = time.monotonic() - began
        go_on.set()
    assert done.exit_code != 0
    assert "KeyboardInterrupt" in done.stderr
    assert took < 5
