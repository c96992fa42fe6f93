"""Any file: whatever it is packed, encoded or shaped like, the same two rows come out, or an error says why not."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, DatasetDict
from pyarrow import feather

from builder.core.errors import SourceError
from builder.core.events import Silent
from builder.sources.inspect import inspect_file
from builder.sources.read_one import read_source
from builder.sources.spec import SourceSpec
from tests.rows import scene

PROMPTS = ["Draw a blue circle; then let it grow", "Show a red square, and turn it | slowly"]
CODES = [scene("Circle()"), scene("Text('a, b; c')")]
PAIRS = list(zip(PROMPTS, CODES, strict=True))
ROWS = [{"prompt": prompt, "code": code} for prompt, code in PAIRS]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def delimited(delimiter: str = ",", quote: str = '"', head: str = "prompt,code", after: str = "") -> str:
    """The rows as cells, quotes in cells doubled."""
    rows = [head.replace(",", delimiter)] if head else []
    cells = [[quote + cell.replace(quote, 2 * quote) + quote for cell in pair] for pair in PAIRS]
    rows += [f"{delimiter}{after}".join(pair) for pair in cells]
    return "\n".join(rows) + "\n"


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.jsonl", content)
    return packed.getvalue()


def zst(content: bytes) -> bytes:
    return pa.Codec("zstd").compress(content).to_pybytes()


def read(tmp_path: Path, path: Path) -> tuple[list[tuple[str, str]], list[str], list[str | None]]:
    """Pairs, warnings and splits of a path, its columns found by value."""
    events = Silent()
    source = read_source(SourceSpec("made", "file", str(path)), tmp_path / "cache", events)
    rows = pq.read_table(source.path).to_pydict()
    return list(zip(rows["description"], rows["code"], strict=True)), events.warnings, rows["split"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("a.csv", delimited(";"), "cells are divided by semicolons", id="semicolons"),
        pytest.param("a.csv", delimited("\t"), "cells are divided by tabs", id="tabs"),
        pytest.param("a.csv", delimited("|"), "cells are divided by bars", id="bars"),
        pytest.param("a.tsv", delimited("\t"), "", id="tabs in .tsv"),
        pytest.param("a.tsv", delimited(), "", id="commas in .tsv"),
        pytest.param("a.csv", delimited(quote="'"), "quotes are single", id="single quotes"),
        pytest.param("a.csv", delimited(after=" "), "a space follows", id="a space after each comma"),
        pytest.param("a.csv", delimited(head=""), "called column 1, column 2", id="no head"),
        pytest.param("a.csv", "sep=;\n" + delimited(";"), "semicolons", id="a line that says what divides cells"),
    ],
)
def test_cells_are_read_whatever_divides_them(tmp_path: Path, name: str, content: str, said: str) -> None:
    """What was found is said, unless it is what the name promises."""
    (tmp_path / name).write_text(content)
    pairs, warnings, _ = read(tmp_path, tmp_path / name)
    assert pairs == PAIRS
    assert any(said in warning for warning in warnings) if said else not any("cells" in each for each in warnings)


def test_quotes_behind_backslashes_are_read(tmp_path: Path) -> None:
    """As `DataFrame.to_csv(escapechar="\\\\", doublequote=False)` writes them."""
    cells = [["prompt", "code"], *([cell.replace("'", '"') for cell in pair] for pair in PAIRS)]
    written = [['"' + cell.replace("\\", "\\\\").replace('"', '\\"') + '"' for cell in row] for row in cells]
    (tmp_path / "a.csv").write_text("\n".join(map(",".join, written)))
    assert read(tmp_path, tmp_path / "a.csv")[0] == [tuple(row) for row in cells[1:]]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Café – un círculo rojo, mañana, más ñandú"),
        ("cp1251", "Нарисуй синий круг и медленно поверни его"),
        ("cp932", "円を描いて、赤く塗ってください。そして左へ動かす"),
        ("gb18030", "画一个红色的圆，然后让它移动到左边，再变成正方形"),
        ("utf-16", "Café, drawn slowly"),
        ("utf-16-le", "Cafe, drawn slowly"),
        ("utf-32", "Café, drawn slowly"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_text_in_another_encoding_is_read_and_said(tmp_path: Path, encoding: str, text: str, kind: str) -> None:
    """In cells as in JSON; `sources --inspect` says the same."""
    line = f'{{"prompt": "{text}", "code": {json.dumps(CODES[0])}}}\n'
    path = tmp_path / f"a.{kind}"
    path.write_bytes((line if kind == "jsonl" else f'prompt,code\n"{text}","{CODES[0]}"\n').encode(encoding))
    pairs, warnings, _ = read(tmp_path, path)
    assert pairs == [(text, CODES[0])]
    assert f"the text is read as {encoding}" in warnings[0]
    assert f"read as {encoding}" in inspect_file(str(path))["read as"][0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl.gz", gzip.compress(LINES)),
        ("a.jsonl.bz2", bz2.compress(LINES)),
        ("a.jsonl.xz", lzma.compress(LINES)),
        ("a.jsonl.zst", zst(LINES)),
        ("a.jsonl", gzip.compress(LINES)),
        ("a.json.gz", gzip.compress(gzip.compress(json.dumps(ROWS).encode()))),
        ("a.zip", zipped(a=LINES)),
        ("a.jsonl", zipped(a=LINES)),
    ],
)
def test_a_packed_file_is_unpacked_by_what_it_holds(tmp_path: Path, name: str, content: bytes) -> None:
    """Whatever its name says; nothing of it stays in the cache."""
    (tmp_path / name).write_bytes(content)
    assert read(tmp_path, tmp_path / name)[0] == PAIRS
    assert not list((tmp_path / "cache").glob("unpacked-*"))


FRAME = {"prompt": dict(enumerate(PROMPTS)), "code": dict(enumerate(CODES))}


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(json.dumps(ROWS), id="array"),
        pytest.param(json.dumps(ROWS, indent=2), id="array over several lines"),
        pytest.param("\n".join(json.dumps(row, indent=2) for row in ROWS), id="objects over several lines"),
        pytest.param("[\n" + ",\n".join(map(json.dumps, ROWS)) + ",\n", id="array cut short after whole lines"),
        pytest.param(json.dumps({"prompt": PROMPTS, "code": CODES}), id="columns"),
        pytest.param(json.dumps(FRAME), id="pandas, by columns"),
        pytest.param(json.dumps(dict(enumerate(ROWS))), id="pandas, by index"),
        pytest.param(json.dumps({"columns": ["prompt", "code"], "index": [0, 1], "data": PAIRS}), id="pandas, split"),
        pytest.param(json.dumps({"schema": {"fields": []}, "data": ROWS}), id="pandas, table"),
        pytest.param(json.dumps({"circle-a": ROWS[0], "square-b": ROWS[1]}, indent=1), id="objects by id"),
        pytest.param(json.dumps({"n": 2, "data": {"a": ROWS[0], "b": ROWS[1]}}), id="objects by id, further in"),
        pytest.param(json.dumps({"geometry": [ROWS[0]], "algebra": [ROWS[1]]}), id="lists by topic"),
        pytest.param(json.dumps([["prompt", "code"], *PAIRS]), id="lists with a head"),
        pytest.param("\n".join(map(json.dumps, [["prompt", "code"], *PAIRS])), id="a list a line"),
        pytest.param(json.dumps(dict(PAIRS)), id="programs by prompts"),
    ],
)
def test_json_of_any_shape_gives_its_rows(tmp_path: Path, name: str, content: str) -> None:
    """Called JSON or JSON Lines."""
    (tmp_path / name).write_text(content)
    assert [pair for pair in read(tmp_path, tmp_path / name)[0] if pair != (None, None)] == PAIRS


def test_lists_named_after_splits_are_an_official_split(tmp_path: Path) -> None:
    """Whether each holds rows or columns."""
    columns = {"prompt": PROMPTS[1:], "code": CODES[1:]}
    (tmp_path / "a.json").write_text(json.dumps({"train": ROWS[:1], "test": columns}))
    pairs, _, splits = read(tmp_path, tmp_path / "a.json")
    assert (pairs, splits) == (PAIRS, ["train", "test"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}", "no rows"),
        ('{"a": [],\n "b": []}', "no rows are found in it: an object with 'a' (list), 'b' (list)"),
        ("7", "no rows are found in it: one value of type int"),
        ('"text"', "no rows are found in it: one value of type str"),
    ],
)
def test_json_without_rows_is_never_called_no_json(tmp_path: Path, content: str, said: str) -> None:
    """The error says what it holds."""
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(SourceError) as caught:
        read(tmp_path, tmp_path / "a.json")
    assert said in str(caught.value)
    assert "not JSON" not in str(caught.value)


def test_a_chat_alone_in_its_file_is_one_row(tmp_path: Path) -> None:
    """Its messages are no rows."""
    chat = [{"role": "user", "content": PROMPTS[0]}, {"role": "assistant", "content": CODES[0]}]
    (tmp_path / "a.jsonl").write_text(json.dumps({"messages": chat}))
    assert read(tmp_path, tmp_path / "a.jsonl")[0] == PAIRS[:1]


@pytest.mark.parametrize("kind", ["arrow file", "arrow stream", "feather", "feather named parquet"])
def test_arrow_and_feather_are_read(tmp_path: Path, kind: str) -> None:
    """By their first bytes, and streams by their ending."""
    table = pa.Table.from_pylist(ROWS)
    path = tmp_path / ("a.parquet" if kind.endswith("parquet") else f"a.{kind.split(maxsplit=1)[0]}")
    if kind == "arrow stream":
        with pa.ipc.new_stream(path, table.schema) as writer:
            writer.write_table(table)
    elif kind == "arrow file":
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    else:
        feather.write_feather(table, path)
    assert read(tmp_path, path)[0] == PAIRS


TYPES = {
    "bytes": (pa.array([text.encode() for text in PROMPTS]), pa.array([text.encode() for text in CODES])),
    "long": (pa.array(PROMPTS, pa.large_string()), pa.array(CODES, pa.large_binary())),
    "views": (pa.array(PROMPTS, pa.string_view()), pa.array(CODES, pa.string_view())),
    "dictionary": (pa.array(PROMPTS).dictionary_encode(), pa.array(CODES)),
    "lines": (pa.array(PROMPTS), pa.array([code.split("\n") for code in CODES])),
    "lines with their ends": (pa.array(PROMPTS), pa.array([code.splitlines(keepends=True) for code in CODES])),
    "a list of one": (pa.array(PROMPTS), pa.array([[code] for code in CODES])),
}


@pytest.mark.parametrize("kind", TYPES)
def test_texts_of_any_type_are_read(tmp_path: Path, kind: str) -> None:
    """Bytes that are text, and programs as lists of their lines."""
    prompts, codes = TYPES[kind]
    pq.write_table(pa.table({"prompt": prompts, "code": codes}), tmp_path / "a.parquet")
    assert read(tmp_path, tmp_path / "a.parquet")[0] == PAIRS


def test_a_map_is_read_as_an_object(tmp_path: Path) -> None:
    """By the names of its keys."""
    maps = pa.array([list(row.items()) for row in ROWS], pa.map_(pa.string(), pa.string()))
    pq.write_table(pa.table({"row": maps}), tmp_path / "a.parquet")
    assert read(tmp_path, tmp_path / "a.parquet")[0] == PAIRS


def test_a_folder_of_save_to_disk_is_read(tmp_path: Path) -> None:
    """With its splits as the official ones."""
    rows = DatasetDict({"train": Dataset.from_list(ROWS[:1]), "test": Dataset.from_list(ROWS[1:])})
    rows.save_to_disk(tmp_path / "saved")
    pairs, _, splits = read(tmp_path, tmp_path / "saved")
    assert dict(zip(splits, pairs, strict=True)) == {"train": PAIRS[0], "test": PAIRS[1]}
    assert read(tmp_path, tmp_path / "saved" / "train")[0] == PAIRS[:1]


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


FIRST, SECOND = LINES.splitlines(keepends=True)
CARD = b"""---
configs:
- {config_name: a, data_files: a/*}
- {config_name: b, data_files: b/*, default: true}
---
"""


@pytest.mark.parametrize(
    ("files", "splits", "said"),
    [
        pytest.param({"data/train-0.jsonl": FIRST, "data/train-1.jsonl": SECOND}, None, "", id="shards"),
        pytest.param({"test/a.jsonl": SECOND, "train/a.jsonl": FIRST}, ["test", "train"], "", id="folders of splits"),
        pytest.param({"a.jsonl": LINES, "dataset_info.json": b"{}", ".cache/x.jsonl": FIRST}, None, "", id="metadata"),
        pytest.param(
            {"train.json": FIRST, "test.json": SECOND, "report.json": b"{}"},
            ["test", "train"],
            "report.json",
            id="both",
        ),
        pytest.param({"README.md": CARD, "a/x.jsonl": FIRST, "b/x.jsonl": LINES}, None, "a/x.jsonl", id="a card"),
        pytest.param({"a.zip": zipped(train=FIRST, test=SECOND)}, ["test", "train"], "", id="an archive of splits"),
    ],
)
def test_a_folder_is_read_as_its_names_and_card_say(
    tmp_path: Path, files: dict[str, bytes], splits: list[str] | None, said: str
) -> None:
    """Its splits are official ones, and data files that are left out are said."""
    pairs, warnings, found = read(tmp_path, write(tmp_path / "in", files))
    assert sorted(pairs) == sorted(PAIRS)
    assert found == (splits or [None, None])
    assert ("not read" in warnings[0] and said in warnings[0]) if said else "not read" not in "".join(warnings)


def test_files_with_other_names_for_the_same_two_columns_are_read_together(tmp_path: Path) -> None:
    """The first file's names stand for all, and this is said."""
    other = json.dumps({"instruction": PROMPTS[1], "output": CODES[1]}).encode()
    pairs, warnings, _ = read(tmp_path, write(tmp_path / "in", {"a.jsonl": FIRST, "b.jsonl": other}))
    assert pairs == PAIRS
    assert "`instruction` and `output` of some files are read as `prompt` and `code`" in warnings[0]
