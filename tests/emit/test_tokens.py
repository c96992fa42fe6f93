"""Token counts: what is counted, which rows are too long, and where a tokenizer comes from."""

import json
import re
import subprocess
import sys

import datasets
import polars as pl
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from builder.cli.main import main
from builder.config import make_config
from builder.core.errors import SettingError
from builder.emit.augment import VARIANTS, variant_text
from builder.emit.tokens import open_tokenizer
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from builder.report.proof.check import check_folder
from tests.reading import environment
from tests.rows import SOURCES, config_of, files_of, outcomes, read_lines, said, scene
from tests.servers.hub import HubServer

SYSTEM = "You draw."
"""Two words, as the tokenizer of these tests counts."""


def word_tokenizer() -> Tokenizer:
    """A tokenizer whose tokens are the words between white space; alone a text would get a special token too."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0, "<s>": 1}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=900)
    return tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    """The file of a tokenizer that counts words."""
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    word_tokenizer().save(str(path))
    return path


def words(row):
    """Words of all that is said in a row."""
    return sum(len(said(row, who).split()) for who in ("system", "user", "assistant"))


def long(count):
    """A program with so many more words."""
    return scene("Circle()") + "\n        # " + "more " * count


def test_the_tokens_of_a_text_are_its_own(tokenizer):
    """Special tokens, truncation and padding, which a tokenizer's file may ask for, are left out."""
    assert open_tokenizer(tokenizer)(["a red circle", "", "one two three four five"]) == [3, 0, 5]


def test_lengths_are_those_of_the_conversations_as_written(tmp_path, tokenizer):
    """The statistics add up the system message, the prompt in its template, and the answer in its fence."""
    stats = export(config_of(tmp_path, SOURCES, "all", tokenizer=tokenizer, system_prompt=SYSTEM), tmp_path / "out")

    for split in ("train", "test"):
        lengths = sorted(words(row) for row in read_lines(tmp_path / "out" / f"{split}.json"))
        assert stats["splits"][split]["tokens"] == {
            "total": sum(lengths),
            "mean": round(sum(lengths) / len(lengths), 1),
            "median": lengths[len(lengths) // 2],
            "percentile_95": lengths[-int(-0.95 * (len(lengths) - 1) // 1) if lengths else 0],
            "longest": lengths[-1],
        }
    assert stats["tokens"]["system_message"] == 2
    assert "rows_over" not in stats["tokens"]
    assert check_folder(tmp_path / "out") == []


def test_json_lines_are_the_same_with_and_without_counts(tmp_path, tokenizer):
    """Counting adds no key to a row."""
    for name, settings in {"with": {"tokenizer": tokenizer}, "without": {}}.items():
        export(config_of(tmp_path, SOURCES, **settings), tmp_path / name)
    counted, plain = (files_of(tmp_path / name) for name in ("with", "without"))

    changed = {name for name in counted if counted[name] != plain[name]}
    assert changed == {"dataset_stats.json", "manifest.json", "report.html"}


def test_parquet_has_a_column_of_tokens(tmp_path, tokenizer, monkeypatch):
    """Each row of a build has the number of its own conversation, and only if tokens are counted."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "huggingface")
    build_dataset([config_of(tmp_path, SOURCES, "all", tokenizer=tokenizer)], tmp_path / "out")

    loaded = datasets.load_dataset(str(tmp_path / "out"), "all")

    for rows in loaded.values():
        assert rows["tokens"][:] == [words(row) for row in rows]
    assert check_folder(tmp_path / "out") == []


def test_a_repaired_pair_is_counted_with_the_code_that_it_was_given(tmp_path, tokenizer):
    """Lengths follow `code_from`, so that the sums are those of what is written."""
    config = make_config("curated", sample=True, cache_dir=tmp_path / "cache", workers=1, tokenizer=str(tokenizer))
    stats = export(config, tmp_path / "out")
    total = sum(words(row) for row in read_lines(tmp_path / "out" / "train.json"))
    assert stats["splits"]["train"]["tokens"]["total"] == total


def test_rows_over_the_limit_are_counted_and_stay(tmp_path, tokenizer):
    """`max_tokens` alone drops nothing."""
    rows = {"bespoke_manim": [("Draw a circle", long(100)), ("Draw a square", scene("Square()"))]}
    settings = {"tokenizer": tokenizer, "max_tokens": 60, "test_size": 0.01}
    stats = export(config_of(tmp_path, rows, "no_augment", **settings), tmp_path / "out")

    assert stats["tokens"]["max_tokens"] == 60
    assert stats["tokens"]["rows_over"] == {"train": 1, "test": 0}
    assert stats["rows_kept"] == 2


def test_long_rows_are_dropped_if_asked(tmp_path, tokenizer):
    """The ledger says how many tokens they have; a row of exactly the limit stays, and an official test row too."""
    code = scene("Circle()")
    size = len(f"Draw a circle ```python {code} ``` {SYSTEM}".split())
    rows = {
        "manimbench": [("Draw a large ring", long(100), "test")],
        "bespoke_manim": [("Draw a circle", code), ("Draw a big circle", scene("Circle(radius=2)")), ("Draw", "x = 1")],
    }
    settings = {"tokenizer": tokenizer, "max_tokens": size, "drop_long": True, "system_prompt": SYSTEM}
    config = config_of(tmp_path, rows, "no_augment", test_size=0.01, **settings)
    stats = export(config, tmp_path / "out")
    ledger = pl.read_parquet(tmp_path / "out" / "ledger.parquet")

    gone = ledger.filter(reason="too_long")
    assert gone.select("id", "stage", "detail").rows() == [
        ("bespoke_manim/000001", "filter", f"{size + 1} tokens, {size} are allowed")
    ]
    assert outcomes(config)["bespoke_manim/000000"] == "kept"
    assert outcomes(config)["manimbench/000000"] == "kept"
    assert stats["tokens"]["rows_over"] == {"train": 0, "test": 1}
    assert check_folder(tmp_path / "out") == []


def test_a_short_copy_takes_the_place_of_a_long_row(tmp_path, tokenizer):
    """Of equal descriptions the best source's row is too long: the next one is kept, as with invalid rows."""
    rows = {
        "bespoke_manim": [("Draw a circle", long(100))],
        "manim_codegen": [("draw a CIRCLE", scene("Circle()")), ("Draw a circle", scene("Circle(radius=2)"))],
    }
    settings = {"tokenizer": tokenizer, "max_tokens": 80, "drop_long": True}
    assert outcomes(config_of(tmp_path, rows, **settings)) == {
        "bespoke_manim/000000": "too_long",
        "manim_codegen/000000": "kept",
        "manim_codegen/000001": "duplicate_description",
    }


def test_no_variant_is_longer_than_allowed(tmp_path, tokenizer):
    """A template that would make a row too long is not drawn, though the row as it was read is short enough."""
    rows = {"bespoke_manim": [(f"Draw a circle of radius {n}", scene(f"Circle({n})")) for n in range(1, 31)]}
    size = len(f"Draw a circle of radius 1 ```python {scene('Circle(1)')} ``` {SYSTEM}".split())
    templates = [len(variant_text("Draw a circle of radius 1", number).split()) for number in range(1, VARIANTS + 1)]
    limit = size + sorted(templates)[VARIANTS // 2] - len("Draw a circle of radius 1".split())
    written = {}
    for name, drop_long in (("all rows", False), ("short rows", True)):
        settings = {"tokenizer": tokenizer, "max_tokens": limit, "drop_long": drop_long, "system_prompt": SYSTEM}
        stats = export(config_of(tmp_path, rows, "all", **settings), tmp_path / name)
        written[name] = [words(row) for row in read_lines(tmp_path / name / "train.json")]
        assert stats["tokens"]["rows_over"]["train"] == sum(length > limit for length in written[name])

    assert max(written["all rows"]) > limit >= max(written["short rows"]) > size
    assert len(written["short rows"]) == len(written["all rows"])


def test_a_folder_may_be_named_and_the_manifest_tells_the_file_by_its_hash(tmp_path, tokenizer):
    """No path is recorded, and a file elsewhere with the same content makes the same bytes."""
    for name, told in {"file": tokenizer, "folder": tokenizer.parent}.items():
        export(config_of(tmp_path, SOURCES, tokenizer=told), tmp_path / name)
    assert files_of(tmp_path / "file") == files_of(tmp_path / "folder")

    manifest = json.loads((tmp_path / "file" / "manifest.json").read_bytes())
    stats = json.loads((tmp_path / "file" / "dataset_stats.json").read_bytes())
    assert manifest["configs"]["deduplicated"]["tokenizer"] == stats["tokens"]["tokenizer_sha256"]


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"max_tokens": 100}, "with --tokenizer"),
        ({"drop_long": True}, "with --max-tokens"),
        ({"max_tokens": -1, "tokenizer": "x"}, "from 0"),
    ],
)
def test_settings_that_lack_another_are_errors(settings, what):
    """The message names the flag that is missing."""
    with pytest.raises(SettingError, match=what):
        make_config(**settings)


def test_a_file_that_is_no_tokenizer_is_an_error(tmp_path):
    """The message names it; so does that of a folder without a tokenizer."""
    (tmp_path / "other.json").write_text('{"a": 1}', encoding="utf-8")
    for told, what in {"other.json": "holds no tokenizer", ".": "no tokenizer.json"}.items():
        with pytest.raises(SettingError, match=what):
            export(config_of(tmp_path, SOURCES, tokenizer=tmp_path / told), tmp_path / "out")


def test_the_terminal_says_how_long_rows_are(tmp_path, tokenizer, capsys):
    """One line below the funnel, and one that says what to type to train."""
    told = ["--tokenizer", str(tokenizer), "--max-tokens", "30", "--trainer", "unsloth"]
    place = ["--cache-dir", str(tmp_path / "cache"), "--output-dir", str(tmp_path / "my out")]

    assert main(["export", "--sample", "--workers", "1", *told, *place]) == 0

    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if line.startswith("tokens a row: ")]
    assert re.fullmatch(
        r"tokens a row: train \d+ \(median\) to \d+, test \d+ .*; over 30: \d+ in train, \d+ in test", line
    )
    assert lines[-1] == f"train with: cd '{tmp_path / 'my out'}' && python train_unsloth.py --model MODEL"


FIND = """
import sys
from pathlib import Path

from builder.core.errors import BuilderError
from builder.core.events import Silent
from builder.sources.tokenizer import find_tokenizer

try:
    print(find_tokenizer(sys.argv[1], Path("cache"), "--offline" in sys.argv, Silent()))
except BuilderError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def find(tmp_path, url, *arguments):
    """The file of a tokenizer, found by a child process that sees one host."""
    command = [sys.executable, "-c", FIND, *arguments]
    env = environment(tmp_path, url)
    return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)


def test_the_tokenizer_of_a_model_is_fetched_once(tmp_path):
    """Its one file comes from HF_ENDPOINT, at a revision if one is named; `--offline` takes it from the cache."""
    content = word_tokenizer().to_str().encode()
    with HubServer({"org/model": {"tokenizer.json": content, "model.safetensors": b"large"}}) as server:
        first = find(tmp_path, server.url, "org/model")
        named = find(tmp_path, server.url, f"org/model@{server.commit('org/model')}")
        asked = [path for path in server.paths("GET") if "/resolve/" in path]
    offline = find(tmp_path, server.url, "org/model", "--offline")

    for done in (first, named, offline):
        assert done.returncode == 0, done.stderr
        assert (tmp_path / done.stdout.strip()).read_bytes() == content
    assert asked == ["/org/model/resolve/main/tokenizer.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["org/none"], "the Hub has no such model, or it is private"),
        (["org/plain"], "the model has no tokenizer.json"),
        (["org/gated"], "the model is gated"),
        (["org/plain@v9"], "no such revision"),
        (["org/plain", "--offline"], "without --offline"),
        (["./none.json"], "there is no such file"),
    ],
)
def test_a_model_without_a_tokenizer_is_a_wrong_setting(tmp_path, arguments, said):
    """One line names the setting, what is wrong and what to do."""
    repos = {"org/plain": {"config.json": b"{}"}, "org/gated": {"tokenizer.json": b"{}"}}
    with HubServer(repos, gated=["org/gated"]) as server:
        done = find(tmp_path, server.url, *arguments)

    assert done.returncode == 1
    assert done.stderr.startswith(f"SettingError: --tokenizer {arguments[0]}: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_host_that_does_not_answer_is_named(tmp_path):
    """The line says to check the network, or to name a file."""
    with HubServer({}) as server:
        url = server.url
    done = find(tmp_path, url, "org/model")

    assert done.returncode == 1
    assert "SourceError: --tokenizer org/model: no answer" in done.stderr.splitlines()[-1]
    assert "check the network and HF_ENDPOINT" in done.stderr
