"""The prepare pass: each distinct text once, rows put together from them, all of it kept."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from builder.core.schema import READ_SCHEMA
from builder.prepare.cache import prepare_files
from tests.rows import scene

Row = tuple[str | None, str | None]
CIRCLE, DOT = scene("Circle()"), scene("Dot()")


class Heard:
    """How many texts of each kind were prepared, as a build says it, and its warnings."""

    def __init__(self) -> None:
        self.prepared: dict[str, int] = {}
        self.warnings: list[str] = []

    def progress(self, step: str, done: int, total: int | None, unit: str = "rows") -> None:
        """Keep the last count of a step."""
        self.prepared[step.removeprefix("prepare ")] = done

    def warn(self, message: str) -> None:
        """Keep it."""
        self.warnings.append(message)


def read_file(folder: Path, name: str, rows: list[Row], **columns: list[str | None]) -> Path:
    """Rows of a source as the reader leaves them."""
    table = {"row": list(range(len(rows)))}
    table |= {"description": [text for text, _ in rows], "code": [code for _, code in rows], **columns}
    path = folder / f"{name}.parquet"
    empty = dict.fromkeys(READ_SCHEMA.names, [None] * len(rows))
    pq.write_table(pa.Table.from_pydict({**empty, **table}, schema=READ_SCHEMA), path)
    return path


def prepared(folder: Path, **read: Path) -> tuple[dict[str, list[dict[str, object]]], Heard]:
    """The prepared rows by source, with a cache in this folder."""
    heard = Heard()
    files = prepare_files(read, folder / "cache", 1, "", heard)
    return {name: pq.read_table(path).to_pylist() for name, path in files.items()}, heard


def test_a_text_is_prepared_once_whatever_rows_and_sources_it_stands_in(tmp_path: Path):
    """Three rows of two sources with one code and two descriptions."""
    one = read_file(tmp_path, "one", [("Draw a circle", CIRCLE), ("A ring", CIRCLE)])
    two = read_file(tmp_path, "two", [("Draw a circle", CIRCLE)])

    rows, heard = prepared(tmp_path, one=one, two=two)

    assert heard.prepared == {"descriptions": 2, "codes": 1, "one": 2, "two": 1}
    assert rows["one"][0] == rows["two"][0]
    assert [row["description"] for row in rows["one"]] == ["Draw a circle", "A ring"]


def test_of_a_source_that_changed_only_new_texts_are_prepared(tmp_path: Path):
    """The rows are the same as without a cache."""
    old = read_file(tmp_path, "old", [("Draw a circle", CIRCLE), ("Draw a dot", DOT)])
    prepared(tmp_path, made=old)
    new = read_file(tmp_path, "new", [("A dot", DOT), ("Draw a circle", CIRCLE)])

    rows, heard = prepared(tmp_path, made=new)

    assert heard.prepared == {"descriptions": 1, "made": 2}
    (tmp_path / "other").mkdir()
    assert rows == prepared(tmp_path / "other", made=new)[0]


def test_a_code_of_an_official_test_row_is_not_repaired(tmp_path: Path):
    """The same code of another row is; each is prepared in its own way."""
    code = CIRCLE.removeprefix("from manim import *").lstrip()
    read = read_file(tmp_path, "made", [("Draw a circle", code)] * 3, split=["train", "Test ", None])

    rows = prepared(tmp_path, made=read)[0]["made"]

    assert [row["official"] for row in rows] == [False, True, False]
    assert [row["code_repairs"] for row in rows] == [["repair:manim_import"], [], ["repair:manim_import"]]


def test_a_row_that_is_no_text_says_why(tmp_path: Path):
    """Both of its sides have the reader's reason; the row beside it has none."""
    problem = "row 0: bytes that are no UTF-8"
    read = read_file(tmp_path, "made", [(None, None), ("Draw a circle", CIRCLE)], problem=[problem, None])

    first, second = prepared(tmp_path, made=read)[0]["made"]

    for side in ("description", "code"):
        assert [first[f"{side}_{part}"] for part in ("stage", "reason", "detail")] == ["read", "not_text", problem]
        assert [second[f"{side}_{part}"] for part in ("stage", "reason", "detail")] == [None, None, None]


def test_kept_texts_that_were_cut_short_are_prepared_anew(tmp_path: Path):
    """The build says so, and goes on."""
    prepared(tmp_path, made=read_file(tmp_path, "old", [("Draw a circle", CIRCLE)]))
    for file in (tmp_path / "cache" / "prepared").rglob("code-*.arrow"):
        file.write_bytes(file.read_bytes()[:100])

    _, heard = prepared(tmp_path, made=read_file(tmp_path, "new", [("A ring", CIRCLE)]))

    assert heard.prepared == {"descriptions": 1, "codes": 1, "made": 1}
    assert "was cut short or changed; it is made anew" in heard.warnings[0]
