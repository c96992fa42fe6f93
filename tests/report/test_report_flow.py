"""The funnel as a flow picture."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from builder.publish.card_facts import funnel_table
from builder.report.flow import funnel_svg

SVG = "{http://www.w3.org/2000/svg}"


def line(source, train, test, dropped=None):
    """One source of a funnel."""
    gone = sum(sum(reasons.values()) for reasons in (dropped or {}).values())
    read = train + test + gone
    return {
        "source": source,
        "read": read,
        "dropped": dropped or {},
        "kept": train + test,
        "train": train,
        "test": test,
    }


def drawn(*lines, narrow=False):
    """The picture of a funnel, parsed."""
    return ET.fromstring(funnel_svg({"funnel_by_source": list(lines)}, narrow=narrow))


@pytest.mark.parametrize("narrow", [False, True])
def test_each_flow_tells_its_rows_and_is_as_thick_as_they_are_many(narrow):
    """A flow of twice the rows is twice as thick, and names where it comes from and where it goes."""
    picture = drawn(line("one", 200, 100, {"check": {"no_scene": 60, "syntax_error": 40}}), narrow=narrow)

    flows = {path.find(f"{SVG}title").text: float(path.get("stroke-width")) for path in picture.iter(f"{SVG}path")}
    assert list(flows) == [
        "one, kept in train: 200 rows",
        "one, kept in test: 100 rows",
        "one, dropped as failed a check: 100 rows",
    ]
    thick = list(flows.values())
    assert thick[0] == pytest.approx(2 * thick[1]) and thick[1] == thick[2]


def test_stages_that_dropped_nothing_are_left_out_and_an_empty_split_is_not():
    """Train and test stand there always: an empty test side is something to see."""
    words = [text.text for text in drawn(line("one", 5, 0)).iter(f"{SVG}text")]

    assert {"train", "test"} <= set(words)
    assert "duplicate" not in words


def test_a_build_of_no_rows_has_a_picture_too():
    """Nothing is divided by nothing."""
    assert list(drawn(line("one", 0, 0)).iter(f"{SVG}path")) == []


def test_the_picture_is_told_in_words():
    """Those who cannot see it hear how many rows came from where and went where."""
    label = drawn(line("one", 1200, 30, {"leak": {"near_test": 7}})).get("aria-label")

    assert label == "Rows read: one 1,237. Where they ended: train 1,200, test 30, near test or validation 7."


def test_the_picture_and_the_cards_table_have_the_same_numbers():
    """Under the same names, stages that share one included."""
    dropped = {
        "clean": {"not_text": 1},
        "read": {"too_long": 2},
        "pair": {"unpaired": 500, "mismatched": 14},
        "conflict": {"conflicting_description": 16},
        "filter": {"in_benchmark": 3, "not_drawn": 4},
    }
    stats = {"funnel_by_source": [line("one", 200, 100, dropped)]}
    head, _, row = funnel_table(stats).splitlines()
    table = dict(zip(head.split(" | "), row.split(" | "), strict=True))
    label = ET.fromstring(funnel_svg(stats)).get("aria-label")

    assert (table["wrong pair"], table["without its code"]) == ("30", "500")
    for name in ("not readable", "without its code", "wrong pair", "in a benchmark", "left out"):
        assert f"{name} {table[name]}" in label


def test_labels_do_not_lie_upon_one_another():
    """However few rows a bar stands for, the next label is a line lower."""
    stages = {stage: {"some": 1} for stage in ("read", "clean", "check", "pair", "duplicate", "conflict", "leak")}
    picture = drawn(line("one", 100_000, 1, stages), line("two", 1, 1), line("three", 1, 0))

    for anchor in ("start", "end"):
        texts = [item for item in picture.iter(f"{SVG}text") if item.get("text-anchor") == anchor]
        places = [float(item.get("y")) for item in texts]
        assert all(after - before >= 14 for before, after in pairwise(places))


def test_the_picture_asks_for_nothing_and_holds_no_ids():
    """It is put into pages more than once, and into cards."""
    text = funnel_svg({"funnel_by_source": [line("one", 5, 1)]})

    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert " id=" not in text
