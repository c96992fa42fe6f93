"""What an export writes, that it adds up, and what it leaves alone."""

import ast
import hashlib
import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

import builder.emit.rows
import builder.pipeline
import builder.prepare.workers
from builder.config import DEFAULT_SYSTEM_PROMPT, make_config
from builder.errors import OutputError, SourceError
from builder.pipeline import export, prepare
from tests.rows import circles, config_of, files_of, read_lines, said, scene

ALWAYS = {"train.json", "test.json", "dataset_stats.json", "ledger.parquet", "manifest.json"}
DEDUPLICATING = {"deduplication_report.json", "removed_duplicates.json"}

SOURCES = {
    "manimbench": [(*row, "test" if n < 4 else "train") for n, row in enumerate(circles(1, 30))],
    "bespoke_manim": [*circles(21, 60), ("Draw a ring", "x = 1"), ("Draw a ring", scene("Annulus()"))],
    "thanks_dataset": [*circles(41, 100), ("Draw a rectangle", "class Shown(Scene)\n    no colon"), ("", "")],
    "manim_codegen": [("draw a RING.", scene("Annulus()  # as above")), *circles(95, 120)],
}
"""Four sources that overlap, with official rows and invalid rows."""


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

    assert set(files_of(folder)) == ALWAYS | DEDUPLICATING
    assert {path.name for path in folder.iterdir()} == ALWAYS | DEDUPLICATING


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
        assert list(row) == ["id", "source", "description", "kept_id", "kept_source", "reason"]
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

    assert set(files_of(tmp_path / "out")) == ALWAYS


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


def test_two_exports_give_the_same_bytes(tmp_path):
    """Sources, caches and outputs in other places change nothing."""
    found = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        export(config_of(tmp_path / place, SOURCES), tmp_path / place / "out")
        found.append(files_of(tmp_path / place / "out"))

    assert found[0] == found[1]


def test_the_number_of_workers_changes_no_byte(tmp_path, monkeypatch):
    """Two processes, which really run, write what one writes."""
    started = []

    class Counted(builder.prepare.workers.ProcessPoolExecutor):
        def __init__(self, processes, **keywords):
            started.append(processes)
            super().__init__(processes, **keywords)

    monkeypatch.setattr(builder.prepare.workers, "ProcessPoolExecutor", Counted)
    rows = {"thanks_dataset": circles(1, 3100)}
    for workers in (1, 2):
        config = config_of(tmp_path, rows, workers=workers, cache_dir=tmp_path / f"cache{workers}")
        export(config, tmp_path / f"out{workers}")

    assert started == [2]
    assert files_of(tmp_path / "out1") == files_of(tmp_path / "out2")


def test_the_size_of_buckets_changes_no_byte(tmp_path, monkeypatch):
    """Rows that are spread over many buckets come in the same order as from one."""
    config = config_of(tmp_path, SOURCES, "all")
    export(config, tmp_path / "one")
    text_bytes = sum(file.text_bytes for file in prepare(config).files)

    for number, size in {"few": text_bytes // 2, "many": text_bytes // 40}.items():
        monkeypatch.setattr(builder.emit.rows, "BUCKET_BYTES", size)
        export(config, tmp_path / number)
        assert files_of(tmp_path / number) == files_of(tmp_path / "one")


def test_rows_are_shuffled_by_the_seed(tmp_path):
    """They stand neither in the order of reading, nor a row beside its variants, nor for two seeds alike."""
    prompts = []
    for seed in (1, 2):
        export(config_of(tmp_path, {"bespoke_manim": circles(1, 99)}, "all", seed=seed), tmp_path / "out")
        prompts.append([said(row, "user") for row in read_lines(tmp_path / "out" / "train.json")])

    read = list(dict(circles(1, 99)))
    originals = [[text for text in texts if text in read] for texts in prompts]
    common = set(originals[0]) & set(originals[1])
    orders = [[text for text in texts if text in common] for texts in originals]
    assert len(common) > 70
    assert orders[0] != orders[1]
    assert [text for text in read if text in common] not in orders
    radii = [text.rpartition(" ")[2] for text in prompts[0]]
    assert sum(one == other for one, other in pairwise(radii)) < 20


def export_circles(tmp_path, name="deduplicated", **settings):
    """Export forty circles to `<tmp_path>/out`; gives the folder."""
    export(config_of(tmp_path, {"bespoke_manim": circles(1, 40)}, name, **settings), tmp_path / "out")
    return tmp_path / "out"


def export_nothing(tmp_path):
    """An export to `<tmp_path>/out` that fails, for its source is gone."""
    config = config_of(tmp_path, {"bespoke_manim": circles(1, 40)})
    (tmp_path / "sources" / "bespoke_manim.jsonl").unlink()
    with pytest.raises(SourceError, match=r"bespoke_manim\.jsonl"):
        export(config, tmp_path / "out")


def test_a_build_whose_source_is_gone_leaves_the_earlier_output_whole(tmp_path):
    """Every file stays as it was, and nothing is added."""
    folder = export_circles(tmp_path)
    before = files_of(folder)

    export_nothing(tmp_path)

    assert files_of(folder) == before
    assert {path.name for path in folder.iterdir()} == set(before)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_build_that_fails_at_its_last_file_leaves_the_earlier_output_whole(tmp_path, monkeypatch, error):
    """New files that were written already do not show."""
    folder = export_circles(tmp_path)
    before = files_of(folder)

    def fail(*_):
        raise error

    monkeypatch.setattr(builder.pipeline, "manifest_of", fail)
    with pytest.raises(error):
        export_circles(tmp_path, seed=7)

    assert files_of(folder) == before
    assert {path.name for path in folder.iterdir()} == set(before)


@pytest.mark.parametrize("move", [1, 3, len(ALWAYS)])
def test_a_build_killed_while_it_moves_its_files_is_finished_by_the_next(tmp_path, monkeypatch, move):
    """The manifest is moved last; even if the next build fails, all files are then those of the killed one."""
    (tmp_path / "clean").mkdir()
    wanted = files_of(export_circles(tmp_path / "clean", "all", seed=7))
    folder = export_circles(tmp_path)
    manifest = (folder / "manifest.json").read_bytes()
    moved = []
    replace = Path.replace

    def killed(self, target):
        if Path(target).parent == folder:
            moved.append(target)
            if len(moved) == move:
                raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        export_circles(tmp_path, "all", seed=7)
    monkeypatch.undo()
    assert (folder / "manifest.json").read_bytes() == manifest

    export_nothing(tmp_path)

    assert files_of(folder) == wanted


def test_what_a_killed_build_had_not_completed_is_cleared_away(tmp_path):
    """A staging folder without its list of files never becomes output."""
    folder = export_circles(tmp_path)
    before = files_of(folder)
    (folder / ".manim-combined-staging-killed").mkdir()
    (folder / ".manim-combined-staging-killed" / "train.json").write_text("half a line", encoding="utf-8")

    export_nothing(tmp_path)

    assert files_of(folder) == before


@pytest.mark.parametrize("name", ["train.json", "manifest.json"])
def test_a_file_of_a_persons_own_is_never_replaced(tmp_path, name):
    """The error names the file, which stays as it was, alone in its folder."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text('{"mine": true}', encoding="utf-8")

    with pytest.raises(OutputError, match=name):
        export_circles(tmp_path)

    assert files_of(tmp_path / "out") == {name: b'{"mine": true}'}


def test_other_files_in_the_folder_stay_and_stale_files_of_an_earlier_build_go(tmp_path):
    """A build without deduplication takes its predecessor's reports away, and nothing of a person's."""
    folder = export_circles(tmp_path)
    (folder / "notes.md").write_text("mine", encoding="utf-8")
    (folder / "raw").mkdir()
    (folder / "raw" / "train.json").write_text("mine too", encoding="utf-8")

    after = files_of(export_circles(tmp_path, "all"))

    assert set(after) == ALWAYS | {"notes.md", "raw/train.json"}
    assert (after["notes.md"], after["raw/train.json"]) == (b"mine", b"mine too")


def test_a_stale_file_that_a_person_changed_stays(tmp_path):
    """Only what is still as a build wrote it is removed."""
    folder = export_circles(tmp_path)
    (folder / "removed_duplicates.json").write_text("checked by hand", encoding="utf-8")

    after = files_of(export_circles(tmp_path, "all"))

    assert after["removed_duplicates.json"] == b"checked by hand"
    assert "deduplication_report.json" not in after


def test_a_manifest_that_points_outside_the_folder_removes_nothing_there(tmp_path):
    """Names of an earlier manifest are followed only below its own folder."""
    outside = tmp_path / "mine.json"
    outside.write_text("mine", encoding="utf-8")
    folder = export_circles(tmp_path)
    manifest = load(folder / "manifest.json")
    recorded = {"sha256": hashlib.sha256(b"mine").hexdigest(), "bytes": 4}
    manifest["outputs"] |= {"../mine.json": recorded, str(outside): recorded}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    export_circles(tmp_path)

    assert outside.read_text(encoding="utf-8") == "mine"


def test_an_output_folder_that_is_a_file_is_an_error_that_names_it(tmp_path):
    """The file stays."""
    (tmp_path / "out").write_text("mine", encoding="utf-8")

    with pytest.raises(OutputError, match=r"out: is a file"):
        export_circles(tmp_path)

    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"
