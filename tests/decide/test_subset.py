"""A drawn subset: how many rows of what, which ones, and what becomes of the others."""

import json
from itertools import pairwise

import polars as pl
import pytest

from builder.config import make_config
from builder.core.errors import SettingError
from builder.decide.subset import shares
from builder.publish.export import export
from builder.report.proof.check import check_folder
from tests.rows import circles, config_of, files_of, ledger_of, outcomes, read_lines, scene

SOURCES = {
    "bespoke_manim": circles(1, 60),
    "thanks_dataset": circles(101, 130),
    "manim_codegen": circles(201, 205),
}
"""Three sources of unequal size that share nothing."""


def train_of(config):
    """The kept train rows, as the ledger has them."""
    return ledger_of(config).filter(outcome="kept", split="train")


def drawn(tmp_path, **settings):
    """Ids of the kept train rows of the sources above."""
    return set(train_of(config_of(tmp_path, SOURCES, "no_augment", **settings))["id"])


def test_so_many_train_rows_stay_and_the_ledger_names_the_others(tmp_path):
    """The test side is as it was; each row left out says of how many it was one."""
    whole = ledger_of(config_of(tmp_path, SOURCES, "no_augment"))
    train = whole.filter(outcome="kept", split="train").height
    ledger = ledger_of(config_of(tmp_path, SOURCES, "no_augment", limit=20))

    left_out = ledger.filter(reason="not_drawn")
    assert ledger.filter(outcome="kept", split="train").height == 20
    assert left_out.height == train - 20
    assert left_out.select("stage", "detail", "split").unique().rows() == [
        ("filter", f"20 of {train} train rows were drawn", "train")
    ]
    kept_in_test = {"outcome": "kept", "split": "test"}
    assert ledger.filter(**kept_in_test).equals(whole.filter(**kept_in_test))


def test_a_limit_that_nothing_reaches_changes_nothing(tmp_path):
    """More rows than there are cannot be drawn."""
    assert drawn(tmp_path, limit=10_000, balance="source") == drawn(tmp_path)


def test_the_limit_is_of_rows_before_augmentation(tmp_path):
    """Ten rows are written as twenty-five, and the folder is sound."""
    stats = export(config_of(tmp_path, SOURCES, "all", limit=10), tmp_path / "out")

    assert stats["augmentation"] == {"factor": 2.5, "train_rows_before": 10, "train_rows_after": 25}
    assert len(read_lines(tmp_path / "out" / "train.json")) == 25
    assert check_folder(tmp_path / "out") == []


def test_sources_give_equally_many_rows_or_all_that_they_have(tmp_path):
    """The smallest source gives all of its rows, the others share the rest."""
    kept = train_of(config_of(tmp_path, SOURCES, "no_augment", limit=25, balance="source"))
    small = train_of(config_of(tmp_path, SOURCES, "no_augment")).filter(source="manim_codegen").height

    counts = dict(kept.group_by("source").len().iter_rows())
    assert counts["manim_codegen"] == small <= 5
    assert {counts["bespoke_manim"], counts["thanks_dataset"]} <= {(25 - small) // 2, (25 - small + 1) // 2}
    assert kept.height == 25


def test_difficulties_give_equally_many_rows(tmp_path):
    """The difficulty is that of the source's own column; rows without one are a part of their own."""
    levels = ["Basic"] * 40 + [" Advanced "] * 4
    lines = [
        {"Reviewed Description": f"Draw a circle of radius {n}", "Code": scene(f"Circle({n})"), "Type": level}
        for n, level in enumerate(levels)
    ]
    path = tmp_path / "bench.jsonl"
    path.write_text("".join(f"{json.dumps({**line, 'Split': 'train'})}\n" for line in lines), encoding="utf-8")
    other = config_of(tmp_path, {"bespoke_manim": circles(101, 130)}).local
    settings = {"local": {**dict(other), "manimbench": str(path)}, "datasets": ["manimbench", "bespoke_manim"]}
    settings |= {"cache_dir": tmp_path / "cache", "workers": 1, "test_size": 0.01}
    config = make_config("no_augment", limit=16, balance="difficulty", **settings)

    ledger = ledger_of(config)
    kept = ledger.filter(outcome="kept", split="train")

    rows = kept.filter(source="manimbench")["id"].str.split("/").list.last().cast(pl.Int64)
    advanced = rows.filter(rows >= 40).len()
    assert 3 <= advanced <= 4  # one may be a test row
    assert sorted([rows.len() - advanced, kept.filter(source="bespoke_manim").height]) == [6, 16 - 6 - advanced]
    details = set(ledger.filter(reason="not_drawn")["detail"].str.extract(r" (\w+) rows"))
    assert details == {"Basic", "unknown"}


def test_a_larger_subset_holds_the_smaller_ones(tmp_path):
    """Whatever it is balanced by."""
    for balance in ("", "source"):
        subsets = [drawn(tmp_path, limit=limit, balance=balance) for limit in (5, 12, 30, 50)]
        assert [len(subset) for subset in subsets] == [5, 12, 30, 50]
        for smaller, larger in pairwise(subsets):
            assert smaller < larger


def test_a_draw_is_the_same_again_and_recorded(tmp_path):
    """The bytes do not depend on the place, and the manifest holds limit and balance."""
    found = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        config = config_of(tmp_path / place, SOURCES, limit=12, balance="source")
        export(config, tmp_path / place / "out")
        found.append(files_of(tmp_path / place / "out"))
    settings = json.loads(found[0]["manifest.json"])["configs"]["deduplicated"]

    assert found[0] == found[1]
    assert (settings["limit"], settings["balance"]) == (12, "source")


def test_rows_are_drawn_after_all_else_is_decided(tmp_path):
    """Only rows that would be kept are drawn from, so a duplicate takes no place."""
    rows = {"bespoke_manim": [("Draw a ring", scene("Annulus()"))] * 30 + circles(1, 2)}
    found = outcomes(config_of(tmp_path, rows, limit=2, test_size=0.01))
    assert sorted(found.values()).count("kept") == 2
    assert sorted(found.values()).count("duplicate_description") == 29


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (0, {"a": 0, "b": 0, "c": 0}),
        (1, {"a": 0, "b": 0, "c": 1}),
        (7, {"a": 2, "b": 2, "c": 3}),
        (9, {"a": 2, "b": 3, "c": 4}),
        (60, {"a": 2, "b": 5, "c": 50}),
    ],
)
def test_shares(limit, expected):
    """Each part gives as many as the others or all that it has; what cannot be shared goes to the largest."""
    assert shares({"c": 50, "a": 2, "b": 5}, limit) == expected


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"limit": -1}, "from 0"),
        ({"balance": "source"}, "with --limit"),
        ({"limit": 3, "balance": "sources"}, "did you mean 'source'"),
    ],
)
def test_a_draw_that_means_nothing_is_an_error(settings, said):
    """The message names what is wanted."""
    with pytest.raises(SettingError, match=said):
        make_config(**settings)
