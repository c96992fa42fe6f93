"""Of Parquet on the Hub only the footer and the wanted columns are read; the real client, a server on loopback."""

import io
from secrets import token_hex

import pyarrow.parquet as pq

from builder.sources.open_source import SMALL_BYTES
from tests.reading import environment, hub_spec, parquet, read, sent_bytes
from tests.servers.hub import HubServer

BUDGET_FACTOR, BUDGET_BYTES = 1.2, 1_000_000
NAME = "data/train-00000-of-00001.parquet"


def wanted_bytes(content, columns):
    metadata = pq.read_metadata(io.BytesIO(content))
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(at) for group in groups for at in range(group.num_columns)]
    return sum(chunk.total_compressed_size for chunk in chunks if chunk.path_in_schema.split(".")[0] in columns)


def test_only_the_wanted_columns_of_a_large_file_come(tmp_path):
    """Beside 20 MB of video, prompts and programs cost at most 1.2 times their own bytes and 1 MB."""
    content = parquet(1000, video_bytes=20_000)
    with HubServer({"org/name": {NAME: content}}) as server:
        done = read(tmp_path, [hub_spec()], environment(tmp_path, server.url))
    assert done.exit_code == 0, done.error + done.stderr
    rows = done.sources["made"]["rows"]
    assert [row["row"] for row in rows] == list(range(1000))
    assert rows[999]["description"].startswith("Draw circle number 999")
    wanted, sent = wanted_bytes(content, {"question", "python_code"}), sent_bytes(server)
    print(f"{len(content):,} bytes at the host, {wanted:,} wanted, {sent:,} sent, {len(server.requests)} requests")
    assert sent <= BUDGET_FACTOR * wanted + BUDGET_BYTES
    name, size, _, verified, columns = done.sources["made"]["files"][0]
    assert (name, size, verified, sorted(columns)) == (NAME, len(content), False, ["python_code", "question"])
    assert done.progress["fetch made"][2] == "bytes"
    assert done.progress["fetch made"][0] == done.progress["fetch made"][1]


def test_columns_without_the_named_ones_are_found_by_value_without_the_video(tmp_path):
    """A remote file whose named columns are missing is judged by its values; columns of bytes stay where they are."""
    content = parquet(1000, video_bytes=20_000, number=list(range(1000)))
    spec = hub_spec(description_field="prompt", code_field="program")
    with HubServer({"org/name": {NAME: content}}) as server:
        done = read(tmp_path, [spec], environment(tmp_path, server.url))
    assert done.exit_code == 0, done.error + done.stderr
    assert "description from `question`, code from `python_code`" in done.warnings[0]
    assert sent_bytes(server) < BUDGET_BYTES
    assert done.sources["made"]["rows"][3]["code"].startswith("from manim import *")


def test_nested_columns_and_several_files_are_read_in_part(tmp_path):
    """Shards make one table, in order of name, and a chat's messages are found inside the remote column."""
    chat = [
        [{"role": "user", "content": f"Draw square {n}"}, {"role": "assistant", "content": f"x = {n}"}]
        for n in range(60)
    ]
    shards = {f"train-{n}.parquet": parquet(60, video_bytes=30_000, messages=chat) for n in range(2)}
    spec = hub_spec(description_field="messages.user", code_field="messages.assistant")
    with HubServer({"org/name": shards}) as server:
        done = read(tmp_path, [spec], environment(tmp_path, server.url))
    assert done.exit_code == 0, done.error + done.stderr
    assert [row["description"] for row in done.sources["made"]["rows"]] == [f"Draw square {n}" for n in range(60)] * 2
    assert sent_bytes(server) < BUDGET_BYTES


def test_a_file_of_little_else_is_fetched_whole_and_checked(tmp_path):
    """Where the wanted columns are most of the file, all of it comes, and its hash is the verified one."""
    content = parquet(500, python_code=[f"x = '{token_hex(2000)}'" for _ in range(500)])
    with HubServer({"org/name": {NAME: content}}) as server:
        done = read(tmp_path, [hub_spec()], environment(tmp_path, server.url))
    assert len(content) > SMALL_BYTES
    assert done.exit_code == 0, done.error + done.stderr
    assert done.sources["made"]["files"][0][3] is True


class NoRanges(HubServer):
    def answer(self, request):
        headers = {name: value for name, value in request.headers.items() if name != "range"}
        return super().answer(type(request)(request.method, request.path, request.query, headers, request.body))


def test_a_host_without_ranges_gives_the_whole_file(tmp_path):
    """A host that ignores ranges is asked for the file once, whole."""
    content = parquet(100, video_bytes=20_000)
    with NoRanges({"org/name": {NAME: content}}) as server:
        done = read(tmp_path, [hub_spec()], environment(tmp_path, server.url))
    assert done.exit_code == 0, done.error + done.stderr
    assert len(done.sources["made"]["rows"]) == 100
    assert done.sources["made"]["files"][0][3] is True


def test_file_names_that_lead_elsewhere_are_not_read(tmp_path):
    """Repository files whose names leave the cache are no data files, named or not."""
    content = b'{"question": "a", "python_code": "b"}\n'
    names = ["../../x.jsonl", "/tmp/x.jsonl", "a/../../x.jsonl", "C:\\x.jsonl"]
    with HubServer({"org/name": dict.fromkeys(names, content)}) as server:
        env = environment(tmp_path, server.url)
        unnamed = read(tmp_path, [hub_spec()], env)
        named = read(tmp_path, [hub_spec(name=f"made{n}", file=name) for n, name in enumerate(names)], env)
    assert "holds no data file" in unnamed.error
    assert "has no file" in named.error
    assert not any("/resolve/" in request.path for request in server.requests)
