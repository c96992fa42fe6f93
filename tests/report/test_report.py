"""The report of a folder: what it says, from what, and that it says it in the same bytes."""

import json
import re
import shutil
from html import unescape
from html.parser import HTMLParser

import polars as pl
import pytest

from builder.cli.main import main
from builder.core.errors import OutputError, SettingError
from builder.core.events import Silent
from builder.core.files import sha256_of
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from builder.report.proof.check import check_folder
from builder.report.write import report_folder
from tests.report_folders import exported, many_rows
from tests.rows import SOURCES, circles, config_of, files_of, scene


class Seen(HTMLParser):
    """What a page holds: the text that people see by the id of its section, and every address that it names."""

    def __init__(self):
        super().__init__()
        self.section = ""
        self.texts = {}
        self.addresses = []
        self.hidden = 0

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "section" and given.get("id"):
            self.section = given["id"]
        self.hidden += tag in ("script", "style")
        self.addresses += [value for name, value in attributes if name in ("src", "href", "action", "data", "poster")]

    def handle_endtag(self, tag):
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data):
        if not self.hidden:
            self.texts[self.section] = self.texts.get(self.section, "") + data + " "


def seen(folder):
    """A folder's report, parsed."""
    page = Seen()
    page.feed((folder / "report.html").read_text(encoding="utf-8"))
    return page


def test_the_first_screen_tells_the_numbers_of_the_build(tmp_path):
    """Rows read, kept, in train and in test are those of the statistics; so is the certificate."""
    folder = exported(tmp_path, SOURCES)
    stats = json.loads((folder / "dataset_stats.json").read_bytes())

    text = " ".join(seen(folder).texts["overview"].split())
    assert f"read {stats['rows_read']} 4 sources" in text
    assert f"kept {stats['rows_kept']} " in text
    rows = {side: counts["rows"] for side, counts in stats["splits"].items()}
    sides = f"train {rows['train']} no augmentation validation {rows['validation']} never augmented test {rows['test']}"
    assert sides in text
    assert "No train row is near a test or validation row" in text
    assert "bespoke_manim: 42 rows read, 1,000 expected" in text


def test_every_reason_has_examples_of_each_source_and_no_more_than_three(tmp_path):
    """Ten programs that are too short: three of them are shown, and the number is told."""
    rows = [(f"Draw number {n}", f"x = {n}") for n in range(10)]
    folder = exported(tmp_path, {"bespoke_manim": [*circles(1, 20), *rows]})

    text = seen(folder).texts["reasons"]
    assert re.search(r"short_code\s*its code is too short to be a program\s*10", text)
    assert len(set(re.findall(r"Draw number \d", text))) == 3


def test_what_was_repaired_is_shown_before_and_after(tmp_path):
    """A fence that was taken off, with its mark."""
    rows = [*circles(1, 20), ("Draw a dot", f"```python\n{scene('Dot()')}\n```")]
    folder = exported(tmp_path, {"bespoke_manim": rows})

    assert '<span class="minus"><b>-</b>```python\n' in (folder / "report.html").read_text(encoding="utf-8")


def test_near_duplicates_stand_side_by_side_with_their_differences_marked(tmp_path):
    """Only the word that differs is marked, in both."""
    one, other = (f"Show a large round grey stone that {w} slowly over the hill" for w in ("rolls", "rlols"))
    rows = [*circles(1, 20), (one, scene("Circle()")), (other, scene("Square()"))]
    folder = exported(tmp_path, {"bespoke_manim": rows})

    marked = re.findall(r"<mark>([^<]*)</mark>", (folder / "report.html").read_text(encoding="utf-8"))
    assert {word.strip() for word in marked} == {"rolls", "rlols"}


def test_tokens_are_told_where_they_were_counted(tmp_path):
    """By split, as the statistics have them."""
    folder = many_rows(tmp_path / "many", 20)
    stats = json.loads((folder / "dataset_stats.json").read_bytes())
    stats["splits"]["train"]["tokens"] = {"mean": 412.5, "longest": 2048}
    (folder / "dataset_stats.json").write_text(json.dumps(stats))

    report_folder(folder)

    text = " ".join(seen(folder).texts["lengths"].split())
    assert "split mean longest train 412.5 2,048 test – –" in text


def test_the_page_names_no_address_but_its_own(tmp_path):
    """Links lead to places in the page, and pictures are in it; its policy forbids anything else."""
    folder = exported(tmp_path, SOURCES)

    addresses = seen(folder).addresses
    assert addresses and all(address.startswith(("#", "data:")) for address in addresses)
    page = unescape((folder / "report.html").read_text(encoding="utf-8"))
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-" in page
    assert not re.search(r"@import|url\((?!#)", page)


def test_a_report_made_anew_is_the_builds_own_byte_for_byte(tmp_path):
    """From the folder alone, wherever it lies; the folder stays sound."""
    folder = exported(tmp_path, SOURCES)
    before = files_of(folder)
    shutil.copytree(folder, tmp_path / "elsewhere" / "copy")

    report_folder(folder)
    report_folder(tmp_path / "elsewhere" / "copy")

    assert files_of(folder) == before
    assert files_of(tmp_path / "elsewhere" / "copy") == before


def test_a_build_of_several_configs_tells_the_most_thorough_one_and_compares_all(tmp_path):
    """`--config` tells another one, and the manifest is told of the new page."""
    rows = {"bespoke_manim": circles(1, 30)}
    folder = tmp_path / "out"
    build_dataset([config_of(tmp_path, rows, name) for name in ("all", "curated")], folder)
    assert "The config curated" in " ".join(seen(folder).texts["overview"].split())

    assert main(["report", str(folder), "--config", "all"]) == 0

    text = " ".join(seen(folder).texts["overview"].split())
    assert "The config all" in text and "augmented" in text and "curated" in text
    outputs = json.loads((folder / "manifest.json").read_bytes())["outputs"]
    assert outputs["report.html"]["sha256"] == sha256_of(folder / "report.html")
    assert check_folder(folder) == []


def test_a_config_kept_from_an_earlier_build_keeps_what_its_report_needs(tmp_path):
    """Its scores go with its data and its ledger."""
    rows = {"bespoke_manim": circles(1, 30)}
    for name in ("all", "curated"):
        build_dataset([config_of(tmp_path, rows, name)], tmp_path / "out")

    assert {"report/all.json", "report/curated.json"} <= set(files_of(tmp_path / "out"))


def test_reasons_that_grew_since_the_last_build_are_named(tmp_path):
    """Two more rows that are too short; the same build once more has nothing to tell."""
    rows = [*circles(1, 20), ("Draw a ring", "x = 1")]
    exported(tmp_path, {"bespoke_manim": rows})

    folder = exported(tmp_path, {"bespoke_manim": [*rows, ("Draw a box", "x = 2"), ("Draw a fox", "x = 3")]})
    grown = "check: short_code in bespoke_manim: 3 rows, 2 more than in the earlier build"
    assert grown in seen(folder).texts["overview"]

    folder = exported(tmp_path, {"bespoke_manim": [*rows, ("Draw a box", "x = 2"), ("Draw a fox", "x = 3")]})
    assert "earlier build" not in seen(folder).texts["overview"]


def test_a_build_with_other_settings_is_not_compared_with_the_earlier_one(tmp_path):
    """What it drops more says nothing of the sources: the same bytes as in an empty folder."""
    rows = {"bespoke_manim": [*circles(1, 20), ("Draw a ring", "x = 1")]}
    exported(tmp_path, {"bespoke_manim": circles(1, 20)}, seed=1)
    (tmp_path / "empty").mkdir()

    folder, fresh = exported(tmp_path, rows, seed=2), exported(tmp_path / "empty", rows, seed=2)
    assert (folder / "report.html").read_bytes() == (fresh / "report.html").read_bytes()


def test_before_names_another_folder_to_compare_with(tmp_path):
    """`--output` leaves the folder as it was."""
    (tmp_path / "older").mkdir()
    older = exported(tmp_path / "older", {"bespoke_manim": circles(1, 20)})
    folder = exported(tmp_path, {"bespoke_manim": [*circles(1, 20), ("Draw a ring", "x = 1")]})
    before = files_of(folder)

    assert main(["report", str(folder), "--before", str(older), "--output", str(tmp_path / "page.html")]) == 0

    assert files_of(folder) == before
    assert "1 more than in the earlier build" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_folder_without_texts_has_a_report_too(tmp_path):
    """Of the ledger and the data alone, as they are had from the Hub: kept rows have their texts, others have none."""
    folder = tmp_path / "out"
    rows = {"bespoke_manim": [*circles(1, 30), ("Draw a ring", "x = 1")]}
    build_dataset([config_of(tmp_path, rows, "curated")], folder)
    shutil.rmtree(folder / "report")

    report_folder(folder)

    texts = seen(folder).texts
    assert "30 of 31 rows: those whose texts this folder holds" in texts["rows"]
    assert "The folder holds no texts of these rows." in texts["reasons"]


def test_a_build_that_keeps_nothing_has_a_report_too(tmp_path):
    """Every section stands, without a plot."""
    folder = exported(tmp_path, {"bespoke_manim": [("Draw a ring", "x = 1"), ("", "")]})

    assert "No row was kept" in seen(folder).texts["lengths"]


@pytest.mark.parametrize(
    ("broken", "lost"),
    [
        ("builder.report.page.page_of", "report.html"),
        ("builder.report.write.write_rows", "report/rows.parquet"),
        ("builder.publish.build_folder.funnel_svg", "funnel/curated.svg"),
    ],
)
def test_what_goes_wrong_in_a_report_is_a_warning_and_the_build_stands(tmp_path, monkeypatch, broken, lost):
    """Whole but for what failed, and the report can be made again from what is there."""

    def fail(*_args, **_keywords):
        raise IndexError("no such row")

    config, events, out = config_of(tmp_path, {"bespoke_manim": circles(1, 20)}, "curated"), Silent(), tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(broken, fail)
        build_dataset([config], out, events)

    (warning,) = [text for text in events.warnings if "IndexError: no such row" in text]
    assert "could not be made" in warning and "the build stands" in warning
    assert lost not in files_of(out) and check_folder(out) == []
    assert seen(report_folder(out).parent).texts["overview"]


def test_reports_of_an_export_that_go_wrong_are_warnings(tmp_path, monkeypatch):
    """Those on duplicates too; the rows are there."""
    monkeypatch.setattr("builder.publish.export.duplication_report", lambda *_: 1 / 0)
    events = Silent()

    export(config_of(tmp_path, {"bespoke_manim": circles(1, 20)}, "curated"), tmp_path / "out", events)

    assert any(text.startswith("deduplication_report.json could not be made") for text in events.warnings)
    assert {"train.json", "removed_duplicates.json"} < set(files_of(tmp_path / "out"))


def test_a_repaired_row_outside_of_the_sample_of_texts_is_left_out(tmp_path):
    """Its program is known from the row that it came from; its description is not."""
    folder = many_rows(tmp_path / "out", 30)
    ledger = pl.read_parquet(folder / "ledger.parquet")
    last = pl.col("id") == "made/000029"
    ledger = ledger.with_columns(pl.when(last).then(pl.lit("made/000000")).otherwise("code_from").alias("code_from"))
    ledger.write_parquet(folder / "ledger.parquet")
    pl.read_parquet(folder / "report" / "rows.parquet").head(29).write_parquet(folder / "report" / "rows.parquet")

    report_folder(folder)

    assert "29 of 30 rows: those whose texts this folder holds" in seen(folder).texts["rows"]


def test_more_rows_than_fit_into_one_page_lie_beside_it(tmp_path, monkeypatch):
    """In a folder that the manifest names; a report that fits again takes it away."""
    monkeypatch.setattr("builder.report.browser.INLINE_ROWS", 500)
    folder = many_rows(tmp_path / "many", 501)

    report_folder(folder)
    beside = {"report_files/rows-0.js", "report_files/rows-1.js"}
    assert beside < set(files_of(folder)) and beside < set(
        json.loads((folder / "manifest.json").read_bytes())["outputs"]
    )

    monkeypatch.undo()
    report_folder(folder)
    assert not any(name.startswith("report_files/") for name in files_of(folder))
    assert not any(
        name.startswith("report_files/") for name in json.loads((folder / "manifest.json").read_bytes())["outputs"]
    )


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (["nowhere"], OutputError, "holds no manifest.json of this project"),
        (["out", "--config", "curatd"], SettingError, "did you mean 'curated'?"),
    ],
)
def test_a_folder_or_a_config_that_is_not_there_is_named(tmp_path, monkeypatch, arguments, error, says):
    """The error says what to do."""
    exported(tmp_path, {"bespoke_manim": circles(1, 20)})
    config = arguments[2] if len(arguments) > 2 else ""

    with pytest.raises(error, match=re.escape(says)):
        report_folder(tmp_path / arguments[0], config=config)


@pytest.mark.parametrize("lost", ["ledger.parquet", "report/rows.parquet"])
def test_a_damaged_file_is_an_error_that_says_to_build_again(tmp_path, lost):
    """Not a traceback."""
    folder = exported(tmp_path, {"bespoke_manim": circles(1, 20)})
    (folder / lost).write_bytes(b"no Parquet")

    with pytest.raises(OutputError, match="run `build` or `export` again"):
        report_folder(folder)


def test_a_push_leaves_the_report_at_home(tmp_path):
    """Data and ledgers go to the Hub, nothing that only this machine's build needs."""
    from builder.publish.hub.contents import read_contents

    build_dataset([config_of(tmp_path, {"bespoke_manim": circles(1, 30)}, "curated")], tmp_path / "out")

    contents = read_contents(tmp_path / "out", ["curated"], "org/name")
    assert not [file.path for file in contents.files if "report" in file.path]
    assert not [name for name in contents.manifest["outputs"] if "report" in name]


def test_two_workers_and_other_places_change_no_byte_of_the_report(tmp_path):
    """As of all that a build writes."""
    pages = []
    for place, workers in (("here", 1), ("there", 2)):
        (tmp_path / place).mkdir()
        export(config_of(tmp_path / place, SOURCES, "curated", workers=workers), tmp_path / place / "out")
        pages.append((tmp_path / place / "out" / "report.html").read_bytes())

    assert pages[0] == pages[1]
