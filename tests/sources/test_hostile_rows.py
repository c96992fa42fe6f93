"""Hostile rows and files: each row ends with a reason, none crashes, hangs, or takes others with it."""

import ast
import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.core.errors import SourceError
from builder.prepare.clean_code import clean_code
from builder.prepare.clean_description import clean_description
from builder.prepare.keys import program_tokens
from builder.prepare.prepare import TEXT_SCHEMA, prepare_code, prepare_codes, prepare_description, prepare_descriptions
from builder.publish.export import export
from builder.sources.file_formats import BrokenRow, open_table
from tests.rows import circles, config_of, outcomes, read_lines, said, scene

pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")

LONG = 400_000
"""Characters of the longest code and description that are carried on."""
SECONDS = 10
"""No row may take longer to prepare; the slowest here takes half of that on an idle processor."""
HEAD = "from manim import *\nclass A(Scene):\n    def construct(self):\n        x = "
WRAPPER = (
    "Generate accurate and correct ManimCE Python code for the animation requested by the user. "
    "Here is the user's request: "
)


def times(text: str, tail: str = "") -> str:
    """A text as often as it fits into the longest code."""
    return text * ((LONG - len(tail)) // len(text)) + tail


def reason_of(code: str) -> str:
    """What is wrong with a code, which must be told within the time that a row may take."""
    start = time.perf_counter()
    reason: str | None = prepare_code(code)["code_reason"]
    assert time.perf_counter() - start < SECONDS
    return reason or "kept"


def described(description: str) -> str:
    """What is wrong with a description, likewise."""
    start = time.perf_counter()
    reason: str | None = prepare_description(description)["description_reason"]
    assert time.perf_counter() - start < SECONDS
    return reason or "kept"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("(" * LONG, id="brackets"),
        pytest.param(HEAD + "[" * 100_000 + "]" * 100_000, id="nested lists"),
        pytest.param(HEAD + "-" * 100_000 + "1", id="signs"),
        pytest.param(HEAD + "not " * 90_000 + "1", id="not not"),
        pytest.param(HEAD + "a" + ".b" * 100_000, id="attributes"),
        pytest.param(HEAD + "f" + "()" * 100_000, id="calls"),
        pytest.param(HEAD + "1" + "+1" * 150_000, id="sums"),
        pytest.param(HEAD + "1**" * 100_000 + "1", id="powers"),
        pytest.param(HEAD + "lambda:" * 50_000 + "1", id="lambdas"),
        pytest.param(HEAD + "1 if 1 else " * 20_000 + "1", id="ternaries"),
        pytest.param(HEAD + '"\0"', id="null byte"),
        pytest.param(HEAD + '"\ud800"', id="lone surrogate"),
        pytest.param("import a" + ".b" * 150_000, id="module with many dots"),
        pytest.param("from a import b, a" + " . b" * 90_000, id="module with many dots and blanks"),
        pytest.param("if a: pass\n" + "elif b: pass\n" * 30_000, id="elif chain beyond the parser"),
        pytest.param(times("x('\\' "), id="escaped quotes in texts that never end"),
        pytest.param("0x(" + times('rf"\t};{'), id="f-strings that never end"),
        pytest.param(times("```\n(\n"), id="fences"),
        pytest.param("((" + times("_x000D_"), id="line ends of a spreadsheet"),
        pytest.param("((" + times("_x000D_ "), id="line ends of a spreadsheet, apart"),
        pytest.param(times("&amp;"), id="entities"),
        pytest.param("\\\n" * 200_000, id="joined lines"),
    ],
)
def test_code_that_breaks_parsers_is_a_syntax_error_within_seconds(code: str) -> None:
    """Whatever gives up, the parser, the stack or memory, the row has a reason."""
    assert reason_of(code) == "syntax_error"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param("if a: pass\n" + "elif b: pass\n" * 900, "no_scene", id="elif chain"),
        pytest.param("if a: pass\n" + "elif b: pass\n" * 1_500, "no_scene", id="elif chain deeper than Python's stack"),
        pytest.param(
            "".join(f"class A{n}(A{n + 1}): pass\n" for n in range(12_000)), "no_scene", id="chain of classes"
        ),
        pytest.param(
            "".join(f"class A{n}(A{n + 1}): pass\n" for n in range(12_000)) + "class A12000(Scene): pass\n",
            "no_construct",
            id="chain of scenes",
        ),
        pytest.param("x;" * 100_000, "no_scene", id="statements"),
        pytest.param("self.play(x)\n~~~" * 8_000, "kept", id="fences between statements, wrapped into a scene"),
        pytest.param(times("f \t*amp;"), "no_scene", id="tabs and entities"),
        pytest.param(" " * LONG, "short_code", id="blanks"),
        pytest.param("\n" * LONG, "short_code", id="line ends"),
        pytest.param(times("\\n "), "short_code", id="line ends spelt out"),
        pytest.param("#" + "\u202e\u200f" * 100_000, "no_scene", id="right-to-left marks"),
        pytest.param(HEAD + '"\u202e\u200f"', "kept", id="right-to-left marks in a program"),
        pytest.param(HEAD + "[" * 150 + "]" * 150, "kept", id="lists that nest as deep as Python takes"),
    ],
)
def test_wild_code_that_parses_is_judged_as_any_other(code: str, reason: str) -> None:
    """Also a program that is deeper or longer than functions that call themselves could follow."""
    assert reason_of(code) == reason


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        pytest.param("", "empty_description", id="nothing"),
        pytest.param(times(" \u200b\ufeff"), "empty_description", id="blanks"),
        pytest.param(times(WRAPPER), "empty_description", id="wrappers"),
        pytest.param(WRAPPER * 3_000 + "Draw\na circle", "kept", id="wrappers around a request"),
        pytest.param(times("_x000D_"), "empty_description", id="line ends of a spreadsheet"),
        pytest.param("a" + times("_x000D_", tail="b"), "kept", id="line ends of a spreadsheet inside a word"),
        pytest.param(times("'\""), "placeholder_description", id="quotes"),
        pytest.param(times("\u202e\u200f"), "placeholder_description", id="right-to-left marks"),
        pytest.param(times("a/", tail=".py"), "kept", id="long path"),
        pytest.param(times(" \n\t"), "empty_description", id="blank lines"),
        pytest.param(times("\0"), "placeholder_description", id="null bytes"),
        pytest.param(times("x" + "\u0301" * 50), "kept", id="stacked accents"),
    ],
)
def test_wild_descriptions_are_judged_within_seconds(description: str, reason: str) -> None:
    """No step takes a time that grows with the square of the length."""
    assert described(description) == reason


PIECES = (
    *("f", '"', "'", "\\", "\n", "{", "}", "#", "`", "```", "~~~", "&", "amp;", "&lt;", ";", "\t", " ", "a", "1", "."),
    *(
        "_x000D_",
        "\\n",
        "\r",
        "(",
        ")",
        '"""',
        "python",
        "\ufeff",
        "\u202e",
        "\x0c",
        "\0",
        "\xa0",
        "“",
        ":",
        "=",
        "\ud800",
    ),
    *("import a", "class A(Scene):", " def construct(self): x", "self.play(x)\n", WRAPPER, "_x000_", "elif b: x\n"),
)
wild_texts = st.text(st.characters(), max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@settings(max_examples=60, deadline=SECONDS * 1000)
@given(before=wild_texts, repeated=wild_texts, after=wild_texts)
def test_any_text_often_repeated_is_prepared_in_time(before: str, repeated: str, after: str) -> None:
    """A hundred-thousandfold nonsense has a reason or is kept, as a code and as a description."""
    text = before + repeated * (20_000 // max(len(repeated), 1)) + after
    prepare_description(text)
    prepare_code(text)


@given(wild_texts)
def test_wild_text_is_cleaned_once_and_for_all(text: str) -> None:
    """Cleaning what was cleaned changes nothing, in codes and descriptions."""
    code, description = clean_code(text)[0], clean_description(text)[0]
    assert clean_code(code)[0] == code
    assert clean_description(description)[0] == description


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_tokens_lose_nothing_but_layout(text: str) -> None:
    """Each character of any text stands in a token, unless it is a comment, a blank or the end of a line."""
    kept = "".join(token for token in program_tokens(text) if token not in "\x01\x02\x03")
    assert set(text) - set(kept) <= set(" \t\f\r\n\\\x01\x02\x03\x0b\x1c\x1d\x1e\x1f\x85\xa0") | set(
        text[text.find("#") :] if "#" in text else ""
    )


def test_a_batch_of_hostile_rows_keeps_its_rows() -> None:
    """As many rows come out as went in, in order."""
    texts = ["(" * 1000, "\0", "\u202e", "", scene("Dot()"), "[" * LONG]
    rows = [{"key": b"%16d" % row, "text": text, "official": False} for row, text in enumerate(texts)]
    batch = pa.RecordBatch.from_pylist(rows, schema=TEXT_SCHEMA)
    assert prepare_codes(batch)["key"] == prepare_descriptions(batch)["key"] == batch["key"]


GOOD = ("Draw a circle", scene("Circle()"))
GOOD_LINE = json.dumps({"description": GOOD[0], "code": GOOD[1]}).encode()


def outcomes_of(tmp_path: Path, name: str, content: bytes) -> list[str]:
    """Outcome or reason of each row of a file, in order, from the whole way through a build."""
    path = tmp_path / name
    path.write_bytes(content)
    config = config_of(tmp_path, {}, "no_augment", local={"made": str(path)}, datasets=["made"])
    return list(outcomes(config).values())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b'{"description": "Draw it", "code": "\\ud800"}', "not_text", id="lone surrogate"),
        pytest.param(b'{"description": "Draw \xc3\xa9 \xff", "code": "x = 1"}', "not_text", id="invalid UTF-8"),
        pytest.param(b'{"description": 3, "code": "x = 1"}', "not_text", id="number"),
        pytest.param(b'{"description": ["Draw it"], "code": "x"}', "not_text", id="list"),
        pytest.param(b'{"description": {"a": "b"}, "code": "x"}', "not_text", id="object"),
        pytest.param(b'{"description": true, "code": "x"}', "not_text", id="truth value"),
        pytest.param(b'{"description": null, "code": null}', "empty_description", id="null"),
        pytest.param(b'{"description": ' + b"9" * 400 + b', "code": "x"}', "not_text", id="long integer"),
        pytest.param(b'{"description": ' + b"9" * 9_999 + b', "code": "x"}', "not_text", id="longer integer"),
        pytest.param(b'{"description": ' + b"[" * 100_000, "not_text", id="deep JSON cut short"),
        pytest.param(b'{"description": ' + b"[" * 9_999 + b"]" * 9_999 + b"}", "not_text", id="deep JSON"),
        pytest.param(b"\0\0\0", "not_text", id="null bytes"),
        pytest.param(b'{"description": "Draw", "code": "' + b"x" * 30_000_000 + b'"}', "not_text", id="a long cell"),
        pytest.param(b'{"\\ud800": 1, "description": "Draw it"}', "short_code", id="lone surrogate in a name"),
        pytest.param(b"{}", "empty_description", id="no keys"),
    ],
)
def test_a_hostile_line_of_json_is_a_reason_and_its_neighbours_are_kept(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    """Blank lines are no rows."""
    other = json.dumps({"description": "Draw a dot", "code": scene("Dot()")}).encode()
    content = b"\n".join([GOOD_LINE, b"", line, b"   ", other, b""])
    assert outcomes_of(tmp_path, "a.jsonl", content) == ["kept", reason, "kept"]


def test_json_with_bytes_that_are_no_utf8_loses_only_that_value(tmp_path: Path) -> None:
    """In an array as in lines."""
    content = b"[" + GOOD_LINE + b', {"description": "Draw \xc3\xa9 \xff", "code": "x"}]'
    assert outcomes_of(tmp_path, "a.json", content) == ["kept", "not_text"]


def test_objects_with_wild_keys_are_read(tmp_path: Path) -> None:
    """Each of 12,000 rows has a name of its own; the first ten thousand names are columns."""
    lines = [json.dumps({"description": GOOD[0], "code": GOOD[1], f"key{n}": n}) for n in range(12_000)]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(lines))
    table = open_table([path])
    assert len(table.columns) == 10_000
    assert sum(len(batch["code"]) for batch in table.batches(["code"])) == 12_000


def csv_text(*rows: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        pytest.param(b"Draw it", ["empty_code"], id="too few cells"),
        pytest.param(b"Draw it,x = 1,3,4,5", ["short_code"], id="too many cells"),
        pytest.param(b'"Draw it,x = 1', ["not_text"], id="quote never closed"),
        pytest.param(b'Draw it,"x = 1\nDraw it,y = 2', ["not_text", "short_code"], id="quote never closed further on"),
        pytest.param(b"Draw \xc3\xa9 \xff,x = 1", ["not_text"], id="invalid UTF-8"),
        pytest.param(b"Draw it,\0", ["short_code"], id="null byte"),
        pytest.param(b",", ["empty_description"], id="empty cells"),
        pytest.param(b"\n\r\n", [], id="blank lines"),
        pytest.param(b"Draw it," + b"x" * 500_000, ["not_text"], id="long cell"),
        pytest.param(b"Draw it," + b"x" * 34_000_000, ["not_text"], id="a cell longer than any row"),
    ],
)
def test_a_hostile_line_of_csv_is_a_reason_and_its_neighbours_are_kept(
    tmp_path: Path, line: bytes, reasons: list[str]
) -> None:
    """A quote that is never closed does not swallow the rest of the file."""
    last = ("Draw a dot", "x = 2")
    found = outcomes_of(tmp_path, "a.csv", csv_text(("description", "code"), GOOD) + line + b"\n" + csv_text(last))
    wanted = ["kept", *("short_code" if reason == "empty_code" else reason for reason in reasons), "short_code"]
    assert found == wanted


def test_a_csv_of_many_open_quotes_is_an_error_that_says_where(tmp_path: Path) -> None:
    """Reading on after each would take a time that grows with the square of their number."""
    path = tmp_path / "a.csv"
    path.write_text("description,code\n" + '5","b\n' * 40)
    with pytest.raises(SourceError, match=r"a\.csv: cannot be read to its end: line \d+: a quote is never closed"):
        list(open_table([path]).batches(["code"]))


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """The first keeps its name, in CSV as in Parquet; a number that is taken is passed over."""
    (tmp_path / "a.csv").write_text("code,code,code (2),code\n1,2,3,4\n")
    columns = [pa.array([text]) for text in "1234"]
    pq.write_table(pa.Table.from_arrays(columns, ["code", "code", "code (2)", "code"]), tmp_path / "a.parquet")
    for name in ("a.csv", "a.parquet"):
        table = open_table([tmp_path / name])
        assert table.columns == ("code", "code (3)", "code (2)", "code (4)")
        assert list(table.batches(table.columns)) == [
            {"code": ["1"], "code (3)": ["2"], "code (2)": ["3"], "code (4)": ["4"]}
        ]
        assert list(table.batches(["code (4)", "other"])) == [{"code (4)": ["4"], "other": [None]}]


def bad_strings() -> pa.StringArray:
    """Strings of which the second is no UTF-8 and the third is null."""
    array = pa.array([b"ok", b"Draw \xff", None], pa.binary())
    return pa.StringArray.from_buffers(3, array.buffers()[1], array.buffers()[2], array.buffers()[0])


def test_a_string_of_parquet_that_is_no_utf8_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    """It is known by its lone surrogates; inside other values, the value is a broken row."""
    nested = pa.StructArray.from_arrays([bad_strings()], ["a"])
    pq.write_table(pa.table({"text": bad_strings(), "nested": nested}), tmp_path / "a.parquet")
    (batch,) = open_table([tmp_path / "a.parquet"]).batches(["text", "nested"])
    assert batch["text"] == ["ok", "Draw \udcff", None]
    assert (batch["nested"][0], batch["nested"][2]) == ({"a": "ok"}, {"a": None})
    assert isinstance(batch["nested"][1], BrokenRow)


def test_values_of_parquet_that_are_no_text_are_reasons(tmp_path: Path) -> None:
    """Bytes, invalid UTF-8, nulls; the good row is kept."""
    descriptions = pa.concat_arrays([bad_strings(), pa.array([GOOD[0]])])
    pq.write_table(pa.table({"description": descriptions, "code": [GOOD[1]] * 4}), tmp_path / "a.parquet")
    found = outcomes_of(tmp_path, "a.parquet", (tmp_path / "a.parquet").read_bytes())
    assert found == ["short_description", "not_text", "empty_description", "kept"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", b"\x1f\x8b\x08\x00", "a.jsonl: cannot be unpacked"),
        ("a.csv", b"PK\x03\x04....", "a.csv: cannot be unpacked"),
        ("a.json", b"PAR1....", "cannot be read as json"),
        ("a.arrow", b"ARROW1....", "cannot be read as arrow"),
        ("a.arrow", b"\xff\xff\xff\xff\xff\xff\xff\x7f", "cannot be read as arrow"),
        ("a.feather", b"", "cannot be read as feather"),
    ],
)
def test_a_file_that_is_not_what_its_first_bytes_say_is_an_error(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    """The error names the file."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=said) as caught:
        open_table([tmp_path / name])
    assert str(tmp_path / name) in str(caught.value)


def test_twenty_thousand_empty_rows_are_as_many_reasons(tmp_path: Path) -> None:
    """An export of nothing but empty rows and one good one writes the good one."""
    content = b'{"description": "", "code": ""}\n' * 20_000 + GOOD_LINE
    assert outcomes_of(tmp_path, "a.jsonl", content) == ["empty_description"] * 20_000 + ["kept"]


def write_jsonl(path: Path, rows: list[tuple[Any, Any]]) -> None:
    lines = (json.dumps({"description": description, "code": code}) for description, code in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_csv(path: Path, rows: list[tuple[Any, Any]]) -> None:
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as opened:
        csv.writer(opened).writerows([("description", "code"), *rows])


def write_parquet(path: Path, rows: list[tuple[Any, Any]]) -> None:
    texts = [[str(value).encode("utf-8", "surrogatepass") for value in column] for column in zip(*rows, strict=True)]
    arrays = [pa.array(column, pa.binary()) for column in texts]
    columns = [pa.StringArray.from_buffers(len(rows), *array.buffers()[1:]) for array in arrays]
    pq.write_table(pa.Table.from_arrays(columns, ["description", "code"]), path)


WRITERS = {"jsonl": write_jsonl, "csv": write_csv, "parquet": write_parquet}
good_rows = st.sampled_from(circles(1, 60) + [(text, code + "  # again") for text, code, *_ in circles(1, 20)])
cells = wild_texts | st.none() | st.integers() | st.lists(st.integers(), max_size=2) | st.booleans()
wild_rows = st.lists(good_rows | st.tuples(cells, cells) | st.tuples(wild_texts, wild_texts), min_size=1, max_size=40)


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=wild_rows)
def test_wild_rows_go_through_a_whole_export(tmp_path: Path, kind: str, rows: list[tuple[Any, Any]]) -> None:
    """Rows read = kept + dropped, every written program parses, and nothing stands on both sides."""
    path = tmp_path / f"rows.{kind}"
    WRITERS[kind](path, rows)
    fields = {"description_field": {"made": "description"}, "code_field": {"made": "code"}}
    config = config_of(tmp_path, {}, local={"made": str(path)}, datasets=["made"], **fields)
    stats = export(config, tmp_path / "out")
    ledger = pl.read_parquet(tmp_path / "out" / "ledger.parquet")
    assert len(rows) == ledger.height == stats["rows_kept"] + stats["rows_dropped"]
    sides = [read_lines(tmp_path / "out" / f"{split}.json") for split in ("train", "test")]
    prompts = [{" ".join(said(row, "user").lower().split()) for row in side} for side in sides]
    codes = [said(row, "assistant").removeprefix("```python\n").removesuffix("\n```") for side in sides for row in side]
    programs = [ast.dump(ast.parse(code)) for code in codes]
    assert not prompts[0] & prompts[1]
    assert not set(programs[: len(sides[0])]) & set(programs[len(sides[0]) :])
