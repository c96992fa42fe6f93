"""What an export writes, that it adds up, and what it leaves alone."""

import ast
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from builder.config import DEFAULT_SYSTEM_PROMPT, make_config
from builder.core.errors import OutputError
from builder.core.events import Silent
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from tests.rows import SOURCES, circles, config_of, files_of, read_lines, said, scene

ALWAYS = {
    "train.json",
    "test.json",
    "dataset_stats.json",
    "ledger.parquet",
    "report/rows.parquet",
    "report.html",
    "manifest.json",
}
DEDUPLICATING = {"deduplication_report.json", "removed_duplicates.json"}


@pytest.fixture(scope="module", params=["the sources above", "the sample"])
def exported(request, tmp_path_factory):
    """A folder with an export that deduplicates, and its statistics."""
    folder = tmp_path_factory.mktemp("exported")
    if request.param == "the sample":
        config = make_config(sample=True, cache_dir=folder / "cache", workers=1)
    else:
        config = config_of(folder, SOURCES)
    return folder / "out", export(config, folder / "out")


def program(row):
    """The syntax tree of a row's program, which must stand in a fence."""
    found = re.fullmatch(r"```python\n(.*)\n```", said(row, "assistant"), re.DOTALL)
    assert found
    return ast.dump(ast.parse(found[1]))


def prompt(row):
    """A row's prompt as it is compared: case, white space, outer quotes and a final full stop aside."""
    return " ".join(said(row, "user").lower().split()).strip("\"'").removesuffix(".").strip("\"'")


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_an_export_writes_the_promised_files_and_no_other(exported):
    """Nothing is left of the staging."""
    folder, _ = exported

    written = ALWAYS | DEDUPLICATING | {"report/deduplicated.json"}
    assert set(files_of(folder)) == written
    assert {path.name for path in folder.iterdir()} == {name.partition("/")[0] for name in written}


def test_a_line_holds_a_conversation_and_its_source_and_nothing_else(exported):
    """System, user and assistant speak in this order; the answer is a program in a fence that parses."""
    folder, _ = exported
    for row in read_lines(folder / "train.json") + read_lines(folder / "test.json"):
        assert list(row) == ["conversations", "source"]
        assert [list(message) for message in row["conversations"]] == [["from", "value"]] * 3
        assert [message["from"] for message in row["conversations"]] == ["system", "user", "assistant"]
        assert said(row, "system") == DEFAULT_SYSTEM_PROMPT
        assert said(row, "user").strip()
        assert "ClassDef" in program(row)


def test_the_messages_format_and_the_system_prompt_can_be_asked_for(tmp_path):
    """`format` and `system_prompt` change the shape and the first message of each line."""
    config = config_of(tmp_path, {"bespoke_manim": circles(1, 1)}, "no_augment", format="messages", system_prompt="Hi")
    export(config, tmp_path / "out")

    assert read_lines(tmp_path / "out" / "train.json") == [
        {
            "messages": [
                {"role": "system", "content": "Hi"},
                {"role": "user", "content": "Draw a circle of radius 1"},
                {"role": "assistant", "content": f"```python\n{scene('Circle(radius=1)')}\n```"},
            ],
            "source": "bespoke_manim",
        }
    ]


def test_the_default_system_prompt_says_what_the_model_is():
    """Every conversation starts with these words unless others are set."""
    assert DEFAULT_SYSTEM_PROMPT.startswith("You are a Manim code generator")


def test_no_description_or_program_is_on_both_sides(exported):
    """Prompts are compared as written, programs by their syntax trees."""
    folder, stats = exported
    train, test = read_lines(folder / "train.json"), read_lines(folder / "test.json")

    assert train
    assert test
    assert not {prompt(row) for row in train} & {prompt(row) for row in test}
    assert not {program(row) for row in train} & {program(row) for row in test}
    assert stats["leakage"]["highest_equality_across_the_split"] == 0


def test_the_statistics_add_up_to_what_was_read_and_written(exported):
    """Each number of `dataset_stats.json` is counted again, from the ledger and from the lines."""
    folder, stats = exported
    ledger = pl.read_parquet(folder / "ledger.parquet")
    lines = {split: read_lines(folder / f"{split}.json") for split in ("train", "test")}

    assert load(folder / "dataset_stats.json") == stats
    assert stats["rows_read"] == ledger.height == stats["rows_kept"] + stats["rows_dropped"]
    assert stats["rows_kept"] == ledger.filter(outcome="kept").height
    for line in stats["funnel_by_source"]:
        own = ledger.filter(source=line["source"])
        gone = sum(count for reasons in line["dropped"].values() for count in reasons.values())
        assert line["read"] == own.height == line["kept"] + gone
        assert line["kept"] == line["train"] + line["test"] == own.filter(outcome="kept").height
    assert sum(line["read"] for line in stats["funnel_by_source"]) == stats["rows_read"]
    assert sum(reason["rows"] for reason in stats["reasons"]) == stats["rows_dropped"]
    for split, rows in lines.items():
        summary = stats["splits"][split]
        lengths = [len(said(row, "user")) for row in rows]
        assert summary["rows"] == len(rows) == sum(summary["by_variant"].values())
        assert summary["by_source"] == Counter(row["source"] for row in rows)
        assert summary["by_variant"]["0"] == ledger.filter(outcome="kept", split=split).height
        assert summary["prompt_characters"] == {"mean": round(sum(lengths) / len(rows), 1), "longest": max(lengths)}
    augmentation = stats["augmentation"]
    assert augmentation["train_rows_before"] == ledger.filter(outcome="kept", split="train").height
    assert augmentation["train_rows_after"] == len(lines["train"]) == int(2.5 * augmentation["train_rows_before"])
    assert stats["official_test_rows"] == {"read": 4, "kept": ledger.filter(official=True, outcome="kept").height}


def test_every_removed_duplicate_is_listed_with_the_row_that_stays(exported):
    """`removed_duplicates.json` has the rows that the ledger dropped as duplicates, in order of reading."""
    folder, _ = exported
    ledger = pl.read_parquet(folder / "ledger.parquet")
    removed = load(folder / "removed_duplicates.json")

    assert removed
    assert [row["id"] for row in removed] == ledger.filter(stage="duplicate")["id"].to_list()
    for row in removed:
        assert list(row) == ["id", "source", "description", "kept_id", "kept_source", "reason", "score"]
        assert row["id"].startswith(f"{row['source']}/")
        assert row["kept_id"].startswith(f"{row['kept_source']}/")
        assert row["reason"] == "duplicate_description"
        assert row["description"]
        assert ledger.filter(id=row["kept_id"])["outcome"].to_list() == ["kept"]


def test_the_deduplication_report_adds_up(exported):
    """Totals, shares and the counts by source are those of the removed rows."""
    folder, stats = exported
    report, removed = load(folder / "deduplication_report.json"), load(folder / "removed_duplicates.json")
    within = sum(row["source"] == row["kept_source"] for row in removed)

    assert report["removed"] == len(removed) == report["within_sources"] + report["across_sources"]
    assert report["remaining"] == stats["rows_kept"] == report["rows_that_competed"] - report["removed"]
    assert report["reduction_percent"] == round(100 * len(removed) / (len(removed) + stats["rows_kept"]), 2)
    assert report["within_sources"] == within
    assert {name: count for name, count in report["by_source"].items() if count} == Counter(
        row["source"] for row in removed
    )
    assert sorted(report["priorities"], key=report["priorities"].get, reverse=True) == [
        "manimbench",
        "bespoke_manim",
        "thanks_dataset",
        "manim_codegen",
    ]


def test_removed_duplicates_have_no_cap(tmp_path):
    """Of 300 rows of one description, 299 are listed."""
    rows = [("Draw a ring", scene(f"Circle(radius={n})")) for n in range(300)]
    export(config_of(tmp_path, {"bespoke_manim": rows}), tmp_path / "out")

    assert len(load(tmp_path / "out" / "removed_duplicates.json")) == 299
    assert load(tmp_path / "out" / "deduplication_report.json")["reduction_percent"] == 99.67


def test_without_deduplication_nothing_is_reported_as_removed(tmp_path):
    """The config `all` writes neither report."""
    export(config_of(tmp_path, SOURCES, "all"), tmp_path / "out")

    assert set(files_of(tmp_path / "out")) == ALWAYS | {"report/all.json"}


def test_a_split_without_rows_is_an_empty_file(tmp_path):
    """One row has no tenth to give to the test side."""
    export(config_of(tmp_path, {"bespoke_manim": circles(1, 1)}), tmp_path / "out")

    assert (tmp_path / "out" / "test.json").read_bytes() == b""


def test_the_manifest_names_every_file_with_its_hash(exported):
    """SHA-256 and size match the bytes on disk; the manifest itself is left out."""
    folder, _ = exported
    outputs = load(folder / "manifest.json")["outputs"]

    assert outputs == {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in files_of(folder).items()
        if name != "manifest.json"
    }


def test_the_manifest_names_settings_and_sources_and_nothing_of_this_machine(tmp_path):
    """A source is known by its hash; no path, clock or number of workers is written."""
    config = config_of(tmp_path, {"bespoke_manim": circles(1, 20)}, seed=7)
    export(config, tmp_path / "out")
    text = (tmp_path / "out" / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)

    source = (tmp_path / "sources" / "bespoke_manim.jsonl").read_bytes()
    assert manifest["configs"]["deduplicated"]["seed"] == 7
    assert manifest["sources"][0]["files"] == [
        {"sha256": hashlib.sha256(source).hexdigest(), "bytes": len(source)},
    ]
    assert str(tmp_path) not in text
    assert not re.search(r"workers|cache|\d\d:\d\d|\d{4}-\d\d-\d\d", text)


def test_a_skipped_source_leaves_no_path_in_the_manifest(tmp_path):
    """Why a source was skipped is written without saying where this machine looked for it."""
    config = config_of(tmp_path, {"bespoke_manim": circles(1, 5), "made": circles(6, 9)}, skip_unavailable=True)
    (tmp_path / "sources" / "made.jsonl").unlink()

    export(config, tmp_path / "out")

    text = (tmp_path / "out" / "manifest.json").read_text(encoding="utf-8")
    assert list(json.loads(text)["skipped_sources"]) == ["made"]
    assert str(tmp_path) not in text


@pytest.mark.parametrize("writes", [export, lambda config, folder: build_dataset([config], folder)])
def test_a_config_without_rows_is_refused_unless_it_may_be_empty(tmp_path: Path, writes: Callable[..., object]) -> None:
    """The error names the source that keeps none and what to do, and nothing is written."""
    config = config_of(tmp_path, {"made": [("Draw a ring", "x = 1"), ("TODO", scene("Dot()"))]}, allow_empty=False)
    with pytest.raises(OutputError, match=r"made: none of its 2 rows is kept.*train.*--allow-empty"):
        writes(config, tmp_path / "out")
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    writes(replace(config, allow_empty=True), tmp_path / "out")
    assert (tmp_path / "out" / "manifest.json").exists()


def test_a_source_of_which_no_row_is_kept_is_said(tmp_path: Path) -> None:
    """Others are written."""
    events = Silent()
    sources = {"made": circles(1, 40), "other": [("Draw a ring", "x = 1")]}
    export(config_of(tmp_path, sources, test_size=0.2, allow_empty=False), tmp_path / "out", events)
    assert any("other: none of its 1 rows is kept, most for short_code" in text for text in events.warnings)
