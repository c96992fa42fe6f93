"""The lock file and the cache: what was read stays, and is read again without a request or as it was."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from tests.reading import TOKEN, environment, finish, hub_spec, parquet, read, start
from tests.servers.hub import HubServer
from tests.servers.kaggle import KaggleServer

LINES = b'{"question": "Draw a circle", "python_code": "Circle()"}\n'
MORE = b'{"question": "Draw a square", "python_code": "Square()"}\n'
BIG = {"train.parquet": parquet(100, video_bytes=20_000)}
SMALL = {"train.jsonl": LINES}


def lock_of(tmp_path: Path) -> dict:
    return tomllib.loads((tmp_path / "sources.lock").read_text())["source"][0]


@pytest.mark.parametrize("files", [SMALL, BIG])
def test_the_first_build_locks_and_the_next_ones_keep_to_it(tmp_path, files):
    """The lock names commit and hashes; when the source moves on it is still read as locked, and that is said."""
    repos = {"org/name": dict(files)}
    with HubServer(repos, tokens={TOKEN}) as server:
        env = environment(tmp_path, server.url, token=TOKEN)
        first = read(tmp_path, [hub_spec()], env)
        assert first.exit_code == 0, first.error + first.stderr
        locked = lock_of(tmp_path)
        before = (tmp_path / "sources.lock").read_bytes()
        again = read(tmp_path, [hub_spec()], env, locked=True)
    assert TOKEN.encode() not in before
    assert locked["revision"] == first.sources["made"]["revision"]
    assert locked["rows"] == len(first.sources["made"]["rows"])
    assert again.sources == first.sources
    assert (tmp_path / "sources.lock").read_bytes() == before


def test_a_source_that_moved_on_is_read_as_locked_until_told(tmp_path):
    """A new commit gives a warning; `--update-lock` takes it, by name or for all sources."""
    with HubServer({"org/name": dict(SMALL)}) as server:
        env = environment(tmp_path, server.url)
        read(tmp_path, [hub_spec()], env)
        old = lock_of(tmp_path)["revision"]
        server.repos["org/name"]["train.jsonl"] = LINES + MORE
        kept = read(tmp_path, [hub_spec()], env)
        unknown = read(tmp_path, [hub_spec()], env, update_lock=["mad"])
        moved = read(tmp_path, [hub_spec()], env, update_lock=["made"])
    assert len(kept.sources["made"]["rows"]) == 1
    assert "--update-lock made" in kept.warnings[0]
    assert "did you mean 'made'" in unknown.error
    assert len(moved.sources["made"]["rows"]) == 2
    assert lock_of(tmp_path)["revision"] != old


@pytest.mark.parametrize("files", [SMALL, BIG])
def test_a_second_build_asks_once_and_offline_not_at_all(tmp_path, files):
    """With everything in the cache one request a source checks its revision; with `offline` there is none."""
    with HubServer({"org/name": files}) as server:
        env = environment(tmp_path, server.url)
        first = read(tmp_path, [hub_spec()], env)
        server.requests.clear()
        second = read(tmp_path, [hub_spec()], env)
        asked = len(server.requests)
        offline = read(tmp_path, [hub_spec()], env, offline=True)
        assert len(server.requests) == asked == 1
    assert first.sources == second.sources == offline.sources


def test_kaggle_is_locked_too_and_asked_once(tmp_path):
    """A Kaggle version stays the same when a newer one comes; its whole file's hash is verified."""
    spec = hub_spec("owner/name", kind="kaggle", file="a.jsonl")
    with KaggleServer({"owner/name": {"a.jsonl": LINES}}, version=3) as server:
        env = environment(tmp_path, kaggle=server.url)
        first = read(tmp_path, [spec], env)
        server.version = 4
        server.requests.clear()
        second = read(tmp_path, [spec], env)
        asked = len(server.requests)
        offline = read(tmp_path, [spec], env, offline=True)
        assert len(server.requests) == asked == 1
    assert first.exit_code == 0, first.error + first.stderr
    assert lock_of(tmp_path)["revision"] == "3"
    assert "is at 4 now" in second.warnings[0]
    assert first.sources == second.sources == offline.sources


@pytest.mark.parametrize("files", [SMALL, BIG])
def test_another_hash_in_the_lock_is_an_error_with_both(tmp_path, files):
    """Whether the rows are in the cache or not, a file that is not as locked stops the build."""
    with HubServer({"org/name": files}) as server:
        env = environment(tmp_path, server.url)
        read(tmp_path, [hub_spec()], env)
        digest = lock_of(tmp_path)["file"][0]["sha256"]
        lock = tmp_path / "sources.lock"
        lock.write_text(lock.read_text().replace(digest, "0" * 64))
        cached = read(tmp_path, [hub_spec()], env)
        shutil.rmtree(tmp_path / "cache")
        fetched = read(tmp_path, [hub_spec()], env)
    for done in (cached, fetched):
        assert done.exit_code == 1
        assert digest in done.error
        assert "0" * 64 in done.error
        assert "--update-lock made" in done.error


def test_columns_read_in_part_must_match_the_locked_ones(tmp_path):
    """A partial read cannot check the file's hash, so a later one is held to the hash of its columns."""
    with HubServer({"org/name": BIG}) as server:
        env = environment(tmp_path, server.url)
        read(tmp_path, [hub_spec()], env)
        file = lock_of(tmp_path)["file"][0]
        lock = tmp_path / "sources.lock"
        lock.write_text(lock.read_text().replace(file["columns"]["question"], "1" * 64))
        shutil.rmtree(tmp_path / "cache")
        done = read(tmp_path, [hub_spec()], env)
    assert file["verified"] is False
    assert done.exit_code == 1
    assert "column 'question'" in done.error
    assert file["columns"]["question"] in done.error


def test_locked_refuses_what_would_change_the_lock(tmp_path):
    """No lock, another wish, or more columns than were locked: `--locked` stops, and the file stays."""
    with HubServer({"org/name": {"train.parquet": parquet(100, 20_000, title=["A title of a scene"] * 100)}}) as server:
        env = environment(tmp_path, server.url)
        missing = read(tmp_path, [hub_spec()], env, locked=True)
        read(tmp_path, [hub_spec()], env)
        before = (tmp_path / "sources.lock").read_bytes()
        other = read(tmp_path, [hub_spec(file="train.parquet")], env, locked=True)
        more = read(tmp_path, [hub_spec(description_field="title")], env, locked=True)
    for done in (missing, other, more):
        assert done.exit_code == 1
        assert "--locked" in done.error
    assert (tmp_path / "sources.lock").read_bytes() == before


def test_offline_without_lock_or_cache_says_what_to_do(tmp_path):
    """`--offline` needs both, and makes no request to find out."""
    with HubServer({"org/name": SMALL}) as server:
        env = environment(tmp_path, server.url)
        unlocked = read(tmp_path, [hub_spec()], env, offline=True)
        assert not server.requests
        read(tmp_path, [hub_spec()], env)
        shutil.rmtree(tmp_path / "cache")
        uncached = read(tmp_path, [hub_spec()], env, offline=True)
    assert "build once without --offline" in unlocked.error
    assert "not in the cache" in uncached.error


@pytest.mark.parametrize("damage", ["cut", "changed", "record"])
def test_a_damaged_cache_is_said_and_made_anew(tmp_path, damage):
    """A kept file cut short or changed, or its record, is noticed; the rows are the same again."""
    with HubServer({"org/name": BIG}) as server:
        env = environment(tmp_path, server.url)
        first = read(tmp_path, [hub_spec()], env)
        path = Path(first.sources["made"]["path"])
        content = path.read_bytes()
        if damage == "record":
            path.with_suffix(".json").write_text("{")
        else:
            path.write_bytes(content[:-9] if damage == "cut" else content[:99] + b"\0" + content[100:])
        offline = read(tmp_path, [hub_spec()], env, offline=True)
        second = read(tmp_path, [hub_spec()], env)
    assert "cut short or changed" in second.warnings[0]
    assert "not in the cache" in offline.error
    assert first.sources == second.sources


def test_a_locked_commit_that_is_gone_says_how_to_move_on(tmp_path):
    """A repository whose history was rewritten lacks the locked commit; the message names it and the flag."""
    with HubServer({"org/name": dict(SMALL)}) as server:
        env = environment(tmp_path, server.url)
        read(tmp_path, [hub_spec()], env)
        server.repos["org/name"]["train.jsonl"] = LINES + MORE
        shutil.rmtree(tmp_path / "cache")
        done = read(tmp_path, [hub_spec()], env)
    assert lock_of(tmp_path)["revision"] in done.error
    assert "--update-lock made" in done.error


@pytest.mark.parametrize("skip", [False, True])
def test_a_cache_or_lock_that_cannot_be_written_is_named(tmp_path, skip):
    """A problem of the disk is one message with the path and its flag, and no reason to go on without a source."""
    (tmp_path / "file").touch()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "hub").touch()
    (tmp_path / "away").symlink_to(tmp_path / "nowhere")
    with HubServer({"org/name": SMALL}) as server:
        env = environment(tmp_path, server.url)
        cache = read(tmp_path, [hub_spec()], env, cache_dir=str(tmp_path / "file"), skip_unavailable=skip)
        fetched = read(tmp_path, [hub_spec()], env, cache_dir=str(tmp_path / "kept"), skip_unavailable=skip)
        lock = read(tmp_path, [hub_spec()], env, lock_file=str(tmp_path / "away" / "l"), skip_unavailable=skip)
    assert cache.error == (
        f"{tmp_path / 'file' / 'read'}: cannot be written: Not a directory; make it writable, or choose another place "
        "with --cache-dir"
    )
    assert "can't be stored (File exists" in fetched.error or "can't be stored (Not a directory" in fetched.error
    assert str(tmp_path / "kept" / "hub") in fetched.error
    assert f"{tmp_path / 'away' / 'l'}: cannot be written" in lock.error
    assert lock.error.endswith("choose another place with --lock-file")
    assert not [done.warnings for done in (cache, fetched, lock) if done.warnings]


def test_two_builds_at_once_share_a_cache(tmp_path):
    """The second waits for what the first fetches: each range is sent once."""
    with HubServer({"org/name": BIG}) as server:
        env = environment(tmp_path, server.url)
        children = [start(tmp_path, [hub_spec()], env) for _ in range(2)]
        one, two = (finish(child) for child in children)
    assert one.exit_code == two.exit_code == 0, one.error + two.error
    assert one.sources == two.sources
    ranges = [request.headers["range"] for request in server.requests if "range" in request.headers]
    assert len(ranges) == len(set(ranges)) > 0


@pytest.mark.parametrize("text", ["[[source", "version = 9\n", "version = 1\n[[source]]\nname = 1\n"])
def test_a_broken_lock_is_named(tmp_path, text):
    """What is no lock file is an error that names it, and is not written over."""
    (tmp_path / "sources.lock").write_text(text)
    with HubServer({"org/name": SMALL}) as server:
        done = read(tmp_path, [hub_spec()], environment(tmp_path, server.url))
    assert "sources.lock" in done.error
    assert (tmp_path / "sources.lock").read_text() == text


def test_local_files_are_not_locked(tmp_path):
    """A build of local files writes no lock and needs none, with `--locked` and `--offline` too."""
    (tmp_path / "a.jsonl").write_bytes(LINES)
    done = read(tmp_path, [hub_spec(str(tmp_path / "a.jsonl"), kind="file")], environment(tmp_path), locked=True)
    assert done.exit_code == 0, done.error
    assert not (tmp_path / "sources.lock").exists()
    assert json.dumps(done.sources)
