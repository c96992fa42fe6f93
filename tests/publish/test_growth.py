"""A source over three revisions: it grows by a fifth and is put into another order; then a column has another name, and
its one file is cut into shards. Rows keep their side, `diff` says what moved, and `push` sends what changed."""

import json
from pathlib import Path

import polars as pl
import pytest

from builder.config import make_config
from builder.publish.build_folder import build_dataset
from builder.report.proof.diff import diff_folders
from tests.pushing import TOKEN, push
from tests.rows import circles
from tests.servers.hub_write import WritableHub

FIRST = circles(1, 200)
GROWN = sorted(circles(1, 240), key=lambda row: str(row[0])[::-1])
"""Forty rows more, and none where it was."""


def revision(folder: Path, shards: int, column: str, rows: list) -> Path:
    """A revision of the source: rows as Parquet, in so many files, with this name for the description."""
    folder.mkdir()
    size = -(-len(rows) // shards)
    for number in range(shards):
        part = rows[number * size : (number + 1) * size]
        frame = pl.DataFrame({column: [row[0] for row in part], "code": [row[1] for row in part]})
        frame.write_parquet(folder / f"train-{number:05d}-of-{shards:05d}.parquet")
    return folder


@pytest.fixture(scope="module")
def revisions(tmp_path_factory):
    """The three revisions, each built into a folder."""
    base = tmp_path_factory.mktemp("revisions")
    made = (
        revision(base / "first", 1, "description", FIRST),
        revision(base / "grown", 1, "description", GROWN),
        revision(base / "cut", 3, "prompt", GROWN),
    )
    for source in made:
        settings = {"local": {"made": str(source)}, "datasets": ["made"], "workers": 1, "cache_dir": base / "cache"}
        build_dataset([make_config("no_augment", **settings)], base / f"{source.name} built")
    return [base / f"{source.name} built" for source in made]


def sides(folder: Path) -> dict[str, str]:
    """For each prompt, the side of its row."""
    data = {side: pl.read_parquet(folder / "data" / "no_augment" / f"{side}-*.parquet") for side in ("train", "test")}
    return {prompt: side for side, rows in data.items() for prompt in rows["prompt"]}


def test_rows_of_a_source_that_grew_keep_their_side(revisions):
    """All but those between the old cut and the new one, which move in one direction; whatever their new numbers."""
    before, after = sides(revisions[0]), sides(revisions[1])
    moved = {
        (before[prompt], after[prompt]) for prompt in before if prompt in after and before[prompt] != after[prompt]
    }
    count = sum(before[prompt] != after[prompt] for prompt in before if prompt in after)

    assert len(moved) <= 1
    assert count <= 4
    assert len(after) > len(before)


def test_diff_says_what_came_and_what_moved(revisions):
    """The forty rows that came, and each that changed its side; no row is said to be gone."""
    before, after = sides(revisions[0]), sides(revisions[1])
    (difference,) = diff_folders(revisions[0], revisions[1])
    told = {(line["before"], line["after"]): line["rows"] for line in difference.changes.iter_rows(named=True)}

    assert sum(rows for (was, _), rows in told.items() if was == "not read") == 40
    assert not [line for line in told if line[1] == "not read"]
    moved = sum(rows for (was, now), rows in told.items() if {was, now} == {"kept in train", "kept in test"})
    assert moved == sum(before[prompt] != after[prompt] for prompt in before if prompt in after)
    assert difference.counts["read"] == (200, 240)


def test_another_name_for_a_column_and_other_files_change_no_row(revisions):
    """`diff` finds no change, and the rows that are published are the same bytes."""
    (difference,) = diff_folders(revisions[1], revisions[2])
    assert difference.changes.is_empty()
    grown, cut = (
        {path.name: path.read_bytes() for path in (folder / "data" / "no_augment").iterdir()}
        for folder in revisions[1:]
    )
    assert grown == cut


def test_a_push_sends_what_changed(revisions, tmp_path):
    """Of the grown source all data; of the one that was cut into shards what says where the rows come from."""
    with WritableHub(TOKEN) as hub:
        push(hub, tmp_path, revisions[0], "--config", "no_augment", "--no-read-back").ok()
        push(hub, tmp_path, revisions[1], "--config", "no_augment", "--no-read-back").ok()
        sent = [request.path for request in hub.requests if request.method == "PUT" and "/storage/" in request.path]
        dry = push(hub, tmp_path, revisions[2], "--config", "no_augment", "--dry-run", "--json").ok()

    assert len(sent) == 2 * 3  # train, test and ledger of the first revision and of the second
    changes = {change["path"]: change["kind"] for change in json.loads(dry.stdout)["changes"]}
    same = {path for path, kind in changes.items() if kind == "same"}
    assert {path for path in changes if path.startswith(("data/", "ledger/", "funnel/"))} <= same
    assert changes["manifest.json"] == "change"
