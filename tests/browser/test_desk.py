"""A curator's session in a real browser: filter, decide by keys, build again, and find just that."""

import threading
from contextlib import contextmanager
from types import SimpleNamespace

import polars as pl
import pytest

from builder.publish.build_folder import build_dataset
from builder.render.verdict import Outcome, Verdict
from builder.report.proof.diff import diff_folders
from builder.report.review import ReviewServer
from tests.report_folders import many_rows, webp
from tests.rows import circles, config_of, read_lines

pytestmark = pytest.mark.browser

SOURCES = {"bespoke_manim": circles(1, 30), "thanks_dataset": circles(101, 160)}
DECIDED = 20


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder of one config, and how it is built again with decisions."""
    place = tmp_path_factory.mktemp("desk")

    def build(name, **settings):
        config = config_of(place, SOURCES, "curated", **settings)
        build_dataset([config], place / name)
        return place / name

    build("first")
    return build


@contextmanager
def reviewing(folder, renderer=None):
    """A server of the folder's report."""
    with ReviewServer(folder, renderer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def decide_on_twenty(page):
    """Narrow the list to one source, and drop its first twenty rows by keys; gives their ids."""
    page.page.select_option("#f-source", label="thanks_dataset")
    page.status("of 60 rows")
    page.page.locator(".row summary").first.click()
    ids = []
    for n in range(DECIDED):
        page.page.wait_for_selector(".row[open] .tools")
        ids.append(page.text(".row[open] .id"))
        page.page.keyboard.press("w" if n % 2 else "d")
        page.page.wait_for_function("id => document.querySelector('.row[open] .id').textContent !== id", arg=ids[-1])
    assert page.text("#decided") == "20 of 60 rows here are decided, 20 in all"
    return ids


def only_these(older, newer, ids):
    """Whether two builds differ in these rows alone, dropped as decided."""
    ledger = pl.read_parquet(newer / "ledger" / "curated.parquet")
    assert ledger.filter(reason="decided")["id"].to_list() == ids
    assert ledger.filter(reason="decided")["detail"].unique().sort().to_list() == [
        "drop by ana",
        "drop by ana: wrong pair",
    ]
    (difference,) = diff_folders(older, newer)
    assert {line["after"] for line in difference.changes.iter_rows(named=True)} == {"dropped: decision, decided"}
    assert difference.changes["rows"].sum() == DECIDED


def test_twenty_rows_decided_by_keys_and_downloaded_are_what_the_next_build_drops(opened, built, tmp_path):
    """No other row changes; the page remembers them, and takes the file back where it does not."""
    first = built("first")
    page = opened(first / "report.html")
    page.page.fill("#by", "ana")
    ids = decide_on_twenty(page)

    with page.page.expect_download() as download:
        page.page.click("#download")
    file = tmp_path / "decisions.jsonl"
    download.value.save_as(file)
    page.page.reload()
    page.page.wait_for_selector("#browser:not([hidden])")
    assert page.text("#decided") == "20 of 60 rows here are decided, 20 in all"
    other = opened(first / "report.html")
    other.page.set_input_files("#load", file)
    other.status("20 decisions were read")

    only_these(first, built("again", decisions=[str(file)]), ids)


def test_twenty_rows_decided_in_a_review_are_what_the_next_build_drops(opened, built):
    """The file stands in the folder, after each decision."""
    first = built("first")
    with reviewing(first) as server:
        page = opened(server.url)
        page.page.fill("#by", "ana")
        ids = decide_on_twenty(page)
        page.page.wait_for_load_state("networkidle")
    lines = read_lines(first / "decisions.jsonl")
    (first / "decisions.jsonl").rename(first.parent / "reviewed.jsonl")

    assert [line["id"] for line in lines] == ids
    only_these(first, built("reviewed", decisions=[str(first.parent / "reviewed.jsonl")]), ids)


def test_a_review_that_can_render_shows_programs_as_loops(opened, tmp_path):
    """Of a row, of what was edited, and of a picture in the gallery while the mouse rests on it."""
    folder = many_rows(tmp_path / "out", 20, thumbnails=3)
    asked = []

    def render_one(code):
        asked.append(code)
        return Verdict("", Outcome.PASSED, frames=webp((9, 9, 9)))

    with reviewing(folder, SimpleNamespace(render_one=render_one)) as server:
        page = opened(server.url, at="#row=made%2F000001")
        page.page.click('.body button:text-is("Render")')
        page.page.wait_for_selector("output img")
        assert page.text("output").startswith("passed")
        page.page.keyboard.press("e")
        page.page.fill(".ask textarea >> nth=1", "x = 1")
        page.page.click('.ask button:text-is("Render")')
        page.page.wait_for_selector(".ask output img")
        page.page.goto(server.url + "#gallery=yes")
        page.status("of 3 rows")
        image = page.page.locator(".gallery img[src]").first
        still = image.get_attribute("src")
        page.page.hover(".gallery button")
        page.page.wait_for_function("(still) => document.querySelector('.gallery img').src !== still", arg=still)
        page.page.hover("#rows-title")
        page.page.wait_for_function("(still) => document.querySelector('.gallery img').src === still", arg=still)
    assert "radius=1)" in asked[0] and asked[1] == "x = 1" and "radius=0)" in asked[2]


def test_a_row_can_be_kept_edited_noted_and_undone(opened, built):
    """Each stands at the row; what was undone is gone."""
    page = opened(built("first") / "report.html", at="#row=bespoke_manim%2F000004")
    keys = page.page.keyboard
    said = ".row[open] .decided"
    page.page.wait_for_selector(".row[open] .tools")

    keys.press("n")
    page.page.fill(".ask input", "a good one")
    keys.press("Enter")
    assert page.text(said) == "note: a good one"
    keys.press("e")
    page.page.fill(".ask textarea >> nth=0", "Draw a large circle")
    page.page.click("text=Save the edit")
    assert page.text(said) == "edit: a good one"
    keys.press("k")
    page.page.wait_for_function("document.querySelector('.row[open] .id').textContent.endsWith('05')")
    keys.press("u")
    page.page.wait_for_function("document.querySelector('.row[open] .id').textContent.endsWith('04')")
    assert page.text(said) == "edit: a good one"
    for _ in range(2):
        keys.press("u")
    assert page.text(said) == ""
    with page.page.expect_download() as download:
        page.page.evaluate("document.getElementById('download').disabled = false")
        page.page.click("#download")
    assert download.value.path().read_bytes() == b""
