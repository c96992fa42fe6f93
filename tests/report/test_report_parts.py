"""The parts of the report, each on its own."""

import re
import xml.etree.ElementTree as ET

import polars as pl
import pytest

from builder.manim_lint.check.reading import REASONS
from builder.manim_lint.fixes import engine, excerpts
from builder.pipeline.story import prepare
from builder.prepare import clean_code, clean_description
from builder.report.browser import is_webp
from builder.report.coverage import coverage_of
from builder.report.differences import line_changes, prose_changes, word_changes
from builder.report.explain.explanation import gloss
from builder.report.page import notices
from builder.report.plots import Ridge, bars, ridges
from builder.report.rows import write_rows
from builder.report.shown import visible
from tests.report_folders import webp
from tests.rows import circles, config_of, scene


def test_changes_of_a_program_are_its_lines_with_some_around_them():
    """Removed before added; equal lines far from both are counted."""
    before = "\n".join("abcdefgh")

    assert line_changes(before, before.replace("e", "E")) == [
        ("…", "2 equal lines"),
        (" ", "c"),
        (" ", "d"),
        ("-", "e"),
        ("+", "E"),
        (" ", "f"),
        (" ", "g"),
        ("…", "1 equal line"),
    ]


def test_changes_of_a_prompt_are_its_words():
    """A wrapper that was taken off, and not the whole prompt twice."""
    rest = "a red circle that rolls down a hill and then comes to rest in front of a small house"

    assert prose_changes(f"Write code: {rest}", rest) == [("-", "Write code: "), ("…", "19 equal words and signs")]


def test_blanks_at_the_ends_of_changed_lines_can_be_seen():
    """In programs and in prompts; those between words are plain."""
    assert line_changes("a  \nb\t", "a\nb") == [("-", "a␠␠"), ("-", "b⇥"), ("+", "a"), ("+", "b")]
    assert prose_changes("a red ring. ", "a blue ring.") == [
        (" ", "a "),
        ("-", "red "),
        ("+", "blue "),
        (" ", "ring"),
        ("-", ".␠"),
        ("+", "."),
    ]


def test_every_reason_and_every_step_has_a_gloss():
    """Those of the checks, of lint and of all tables of steps; a name of another release has none."""
    steps = [name for name, _ in (*clean_description.STEPS, *clean_code.STEPS, *excerpts.REPAIRS)]
    steps += [step.name for step in engine.STEPS]

    assert [name for name in (*REASONS, *steps) if not gloss(name)] == []
    assert gloss("no_such_step") == ""


def test_words_that_differ_are_marked_on_both_sides():
    """Each side is whole."""
    left, right = word_changes("a red circle", "a blue circle")

    assert left == [(False, "a "), (True, "red "), (False, "circle")]
    assert right == [(False, "a "), (True, "blue "), (False, "circle")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb\u2066c", "a⟨U+202E⟩b⟨U+2066⟩c"),
        ("a\x07\x00b", "a␇␀b"),
        ("a\ud800b", "a⟨U+D800⟩b"),
        ("a\u2028b\ufeff\u200b", "a⟨U+2028⟩b⟨U+FEFF⟩⟨U+200B⟩"),
        ("a\tb\nc\r\nd — é 字 🙂", "a\tb\nc\nd — é 字 🙂"),
    ],
)
def test_what_is_invisible_is_named(text, shown):
    """And all else stays as it is."""
    assert visible(text) == shown
    visible(text).encode("utf-8")


@pytest.mark.parametrize(
    ("picture", "good"),
    [
        (webp((1, 2, 3)), True),
        (b"<svg onload=alert(1)>", False),
        (b"", False),
        (b"RIFF\x00\x00\x00\x00WEBP" + bytes(1 << 20), False),
    ],
)
def test_a_thumbnail_is_a_small_webp_or_nothing(picture, good):
    """By its first bytes and its size."""
    assert is_webp(picture) is good


def prepared_rows(tmp_path, rows):
    """What `write_rows` wrote of one source's rows."""
    prepared = prepare(config_of(tmp_path, {"bespoke_manim": rows}))
    ledger = prepared.rows.with_columns(stage=pl.lit("check"), reason=pl.col("index").cast(pl.String))
    path = tmp_path / "kept" / "rows.parquet"
    write_rows(prepared.rows, [source.path for source in prepared.sources], prepared.files, [ledger], path)
    return pl.read_parquet(path)


def test_texts_as_read_are_kept_only_where_they_were_changed(tmp_path):
    """Cleaned and as read, by id."""
    code = scene("Dot()")
    rows = prepared_rows(tmp_path, [("Draw a dot", f"```python\n{code}\n```"), ("Draw a ring", scene("Annulus()"))])

    assert rows.select("id", "code", "code_read", "description_read").rows() == [
        ("bespoke_manim/000000", code, f"```python\n{code}\n```", None),
        ("bespoke_manim/000001", scene("Annulus()"), None, None),
    ]


def test_a_long_text_is_cut_and_says_so(tmp_path):
    """A megabyte is not kept for a page."""
    rows = prepared_rows(tmp_path, [("Draw " + "a dot " * 10_000, scene("Dot()"))])

    text = rows["description"][0]
    assert len(text) < 21_000
    assert re.search(r"\[… 6000\d characters in all\]$", text)


def test_of_many_rows_a_sample_is_kept_with_examples_of_each_reason(tmp_path, monkeypatch):
    """Three are kept for each reason, however rare, beside those with the lowest hashes."""
    monkeypatch.setattr("builder.report.rows.MOST_ROWS", 5)

    assert prepared_rows(tmp_path, circles(1, 12)).height == 12  # here each row has a reason of its own
    monkeypatch.setattr("builder.report.rows.EXAMPLES", 0)
    assert prepared_rows(tmp_path, circles(1, 12)).height == 5


def test_what_programs_use_is_counted_once_for_each_of_them():
    """Classes and methods of Manim, kinds of scene, features; not names in texts and comments."""
    one = scene("Circle().shift(UP), Circle().shift(LEFT)") + '\n        self.play(Write(Text("Star")))  # Square'
    other = "from manim import *\n\n\nclass Shown(ThreeDScene):\n    def construct(self):\n        self.add(Sphere())"
    taught = coverage_of([one, one, other, "no program ("])

    assert (taught.programs, taught.unread) == (2, 1)
    classes, methods = dict(taught.classes), dict(taught.methods)
    assert classes["Circle"] == classes["Sphere"] == classes["Text"] == 1
    assert "Square" not in classes and "Square" in taught.unused_classes
    assert methods["shift"] == 1 and methods["add"] == 2
    assert dict(taught.scenes) == {"Scene": 1, "ThreeDScene": 1}
    assert {name: count for name, count in taught.features if count} == {"2D only": 1, "3D": 1, "text": 1}
    assert any("get_part_by_tex" in names for _, names in taught.unused_methods)


def test_plots_are_svg_whose_text_is_text_and_whose_colours_are_the_pages():
    """The same numbers give the same bytes, and no id stands in two of them."""

    def drawn():
        return ridges([Ridge("one", [1, 5, 2], "median 7"), Ridge("<two>", [0, 1, 0], "")], [1, 2, 4, 8],
                      label="characters", log=True, words="Lengths")  # fmt: skip

    text = str(drawn())
    assert text == str(drawn())
    words = [item.text for item in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text")]
    assert {"one", "<two>", "median 7", "characters"} <= {word.strip() for word in words}
    assert "var(--s0)" in text and "var(--s1)" in text and "var(--ink)" in text
    assert "#" not in text
    assert 'aria-label="Lengths"' in text


def test_no_label_of_an_axis_is_cut():
    """Also one whose place is the end of the axis."""
    plot = ET.fromstring(str(ridges([Ridge("one", [1], "")], [500, 20_001], label="characters", log=True, words="")))
    labels = {item.text: float(item.get("x")) for item in plot.iter("{http://www.w3.org/2000/svg}text")}
    assert labels["20,000"] + 5.4 * len("20,000") / 2 <= float(plot.get("viewBox").split()[2])


def test_bars_tell_their_numbers():
    """And a plot of nothing is a plot."""
    text = str(bars([("Circle", 1200), ("Square", 7)], words="Classes"))

    words = {(item.text or "").strip() for item in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text")}
    assert {"Circle", "Square", "1,200", "7"} <= words
    ET.fromstring(str(bars([], words="none")))


def test_notices_name_sources_that_are_off_and_not_those_that_are_right():
    """Five in a hundred rows are not yet worth a word."""

    class Told:
        manifest = {  # noqa: RUF012
            "skipped_sources": {"gone": "no network"},
            "sources": [
                {"name": "right", "rows": 96, "rows_expected": 100},
                {"name": "off", "rows": 50, "rows_expected": 100},
                {"name": "unknown", "rows": 5, "rows_expected": None},
            ],
        }
        statistics = {"pairing": {"shuffled": [{"message": "mixed up"}]}}  # noqa: RUF012
        before = {}  # noqa: RUF012

    assert [text for _, text in notices(Told())] == [
        "gone was not read: no network",
        "off: 50 rows read, 100 expected",
        "mixed up",
    ]
