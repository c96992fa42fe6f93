"""What reading the four sources costs, measured at servers that hold stand-ins with the real schemas and row counts.

The table that `pytest -s tests/sources/test_fetched.py` prints is the one in `docs/sources.md`.
"""

import io
import random
import subprocess
import sys
from dataclasses import asdict

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builder.sources.spec import known_sources
from tests.reading import CODE, environment, read, sent_bytes
from tests.servers.hub import HubServer
from tests.servers.kaggle import KaggleServer

SPECS = {name: asdict(known_sources()[name]) for name in known_sources()}
VIDEO_BYTES = 20_000


def texts(rows, words, seed):
    """Sentences of random words, which compress about as prose does."""
    drawn = random.Random(seed)
    vocabulary = ["".join(drawn.choices("etaoinshrdlu", k=drawn.randint(2, 9))) for _ in range(2000)]
    return ["Show " + " ".join(drawn.choices(vocabulary, k=words)) for _ in range(rows)]


def programs(rows, seed):
    return [CODE.format(number) + f"        # {text}\n" for number, text in enumerate(texts(rows, 100, seed))]


def stand_in(name, rows):
    """A source's Parquet with the columns that the real one has."""
    spec, drawn = SPECS[name], random.Random(7)
    table = {spec["description_field"]: texts(rows, 30, name), spec["code_field"]: programs(rows, name)}
    if name == "manimbench":
        table |= {"Type": ["Basic"] * rows, "Split": ["train"] * (rows - 100) + ["test"] * 100}
    if name == "bespoke_manim":
        table |= {
            "subject": texts(rows, 2, 1),
            "topic": texts(rows, 3, 2),
            "narration": texts(rows, 200, 3),
            "visual_elements": texts(rows, 200, 4),
            "error": [""] * rows,
            "video": [drawn.randbytes(VIDEO_BYTES) for _ in range(rows)],
        }
    written = io.BytesIO()
    pq.write_table(pa.table(table), written, row_group_size=100 if name == "bespoke_manim" else 1000)
    return written.getvalue()


@pytest.fixture(scope="module")
def originals():
    return {name: stand_in(name, spec["expected_rows"]) for name, spec in SPECS.items()}


def servers(originals):
    on_hub = {
        SPECS[name]["location"]: {"data/train-00000-of-00001.parquet": content}
        for name, content in originals.items()
        if name != "manimbench"
    }
    bench = SPECS["manimbench"]
    return HubServer(on_hub), KaggleServer({bench["location"]: {bench["file"]: originals["manimbench"]}})


def requests_for(name, hub, kaggle):
    server = kaggle if name == "manimbench" else hub
    return [request for request in server.requests if name == "manimbench" or SPECS[name]["location"] in request.path]


def test_a_build_fetches_a_small_part_of_the_originals(tmp_path, originals):
    """All rows of the four sources arrive; of Bespoke Manim little more than three columns; then one request each."""
    hub, kaggle = servers(originals)
    specs = [{**spec, "mirrors": list(spec["mirrors"])} for spec in SPECS.values()]
    with hub, kaggle:
        env = environment(tmp_path, hub.url, kaggle.url)
        first = read(tmp_path, specs, env)
        assert first.exit_code == 0, first.error + first.stderr
        fetched = {name: sent_bytes(hub, SPECS[name]["location"]) for name in SPECS}
        fetched["manimbench"] = len(originals["manimbench"])
        asked = {name: len(requests_for(name, hub, kaggle)) for name in SPECS}
        hub.requests.clear()
        kaggle.requests.clear()
        second = read(tmp_path, specs, env)
        again = {name: len(requests_for(name, hub, kaggle)) for name in SPECS}
    print("\n| source | original (bytes) | fetched (bytes) | requests | requests of the second build |")
    print("|---|---:|---:|---:|---:|")
    for name in SPECS:
        print(f"| `{name}` | {len(originals[name]):,} | {fetched[name]:,} | {asked[name]} | {again[name]} |")
    for name, spec in SPECS.items():
        assert len(first.sources[name]["rows"]) == spec["expected_rows"]
    assert fetched["bespoke_manim"] < 1_500_000
    assert set(again.values()) == {1}
    assert first.sources == second.sources


def test_check_tells_what_a_build_would_fetch(tmp_path, originals):
    """`sources --check` reaches each source, and is right about rows and bytes; after a build, about the cache."""
    hub, kaggle = servers(originals)
    command = [sys.executable, "-m", "builder", "sources", "--check", "--cache-dir", str(tmp_path / "cache")]
    specs = [{**spec, "mirrors": list(spec["mirrors"])} for spec in SPECS.values()]
    with hub, kaggle:
        env = environment(tmp_path, hub.url, kaggle.url)
        before = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        asked = sent_bytes(hub, "bespoke")
        hub.requests.clear()
        read(tmp_path, specs, env)
        built = sent_bytes(hub, "bespoke")
        after = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert before.returncode == after.returncode == 0, before.stderr + after.stderr
    bespoke = before.stdout[before.stdout.index("bespoke_manim") :]
    told = int(bespoke[bespoke.index("about ") :].split()[1].replace(",", ""))
    assert "1,000" in bespoke
    assert abs(told - built) < 0.1 * built
    assert asked < 100_000
    assert after.stdout.count("nothing, it is in the cache") == 4
    assert hub.commit(SPECS["bespoke_manim"]["location"]) in after.stdout


def test_check_fails_for_a_source_that_cannot_be_reached(tmp_path):
    """The command's exit code is 1, and the reason stands at the source."""
    with HubServer({}) as hub, KaggleServer({}) as kaggle:
        env = environment(tmp_path, hub.url, kaggle.url)
        command = [sys.executable, "-m", "builder", "sources", "--check", "--cache-dir", str(tmp_path / "cache")]
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.count("no: source") == 4
    assert "there is no dataset at" in done.stdout
