"""Sources: a table of data, its columns, what a build reads, and how rows become text or a problem."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builder.config import CONFIG_NAMES, BuildConfig, make_config
from builder.core.errors import FieldsNotFoundError, SettingError, SourceError
from builder.core.events import Silent
from builder.sources.columns.detect import choose_fields
from builder.sources.columns.names import Fields
from builder.sources.file_formats import Table
from builder.sources.read_one import ReadSource, read_source
from builder.sources.select import select_sources
from builder.sources.spec import SourceSpec, known_sources, register_source

ROW = '{"description": "Draw a circle", "code": "x = 1"}'


def local(path: Path, **keys: object) -> SourceSpec:
    return SourceSpec(name="made", kind="file", location=str(path), **keys)  # type: ignore[arg-type]


def read(tmp_path: Path, name: str, content: str | bytes, **keys: object) -> list[dict[str, object]]:
    """The rows of a file with this content, without the columns that are null."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return rows_of(read_source(local(path, **keys), tmp_path / "cache", Silent()))


def rows_of(source: ReadSource) -> list[dict[str, object]]:
    found = [{k: v for k, v in row.items() if v is not None} for row in pq.read_table(source.path).to_pylist()]
    assert [row.pop("row") for row in found] == list(range(source.rows))
    return found


def test_the_table_names_the_four_sources() -> None:
    """Where they live, their columns, licence, priority and expected rows are as their hosts have them."""
    table = known_sources()
    assert [
        (
            spec.name,
            spec.kind,
            spec.location,
            spec.description_field,
            spec.code_field,
            spec.priority,
            spec.expected_rows,
        )
        for spec in table.values()
    ] == [
        ("manimbench", "kaggle", "ravidussilva/manim-sft", "Reviewed Description", "Code", 4, 417),
        ("bespoke_manim", "huggingface", "bespokelabs/bespoke-manim", "question", "python_code", 3, 1000),
        ("thanks_dataset", "huggingface", "thanhkt/manim_code", "input", "output", 2, 4400),
        ("manim_codegen", "huggingface", "generaleoley/manim-codegen", "query", "answer", 1, 1622),
    ]
    bench = table["manimbench"]
    assert (bench.file, bench.split_field, bench.difficulty_field) == ("manim_sft_dataset.parquet", "Split", "Type")
    assert (bench.licence, bench.mirrors) == ("cc-by-nc-sa-4.0", ("hf:SuienR/ManimBench-v1",))
    assert table["bespoke_manim"].error_field == "error"
    assert {table[name].licence for name in ("bespoke_manim", "thanks_dataset", "manim_codegen")} == {"unknown"}
    assert {table[name].split for name in ("bespoke_manim", "thanks_dataset", "manim_codegen")} == {"train"}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"name": "a/b", "kind": "file", "location": "x"}, "letters, digits"),
        ({"name": "", "kind": "file", "location": "x"}, "letters, digits"),
        ({"name": "a", "kind": "ftp", "location": "x"}, "huggingface, kaggle, file"),
        ({"name": "a", "kind": "file", "location": ""}, "location"),
    ],
)
def test_a_spec_that_means_nothing_is_refused(keys: dict[str, str], said: str) -> None:
    """The message says what to write."""
    with pytest.raises(SettingError, match=said):
        SourceSpec(**keys)  # type: ignore[arg-type]


def fields_of(spec: SourceSpec, columns: Sequence[str]) -> Fields:
    """The fields chosen in a table without rows, where nothing but names decides."""
    return choose_fields(spec, Table(tuple(columns), lambda _: iter(()))).fields


BENCH = ("Reviewed Description", "Code", "Split")


@pytest.mark.parametrize(
    ("columns", "named", "found"),
    [
        pytest.param(BENCH, BENCH[:2], BENCH[:2], id="to the letter"),
        pytest.param(("reviewed_description", "CODE"), BENCH[:2], ("reviewed_description", "CODE"), id="case aside"),
        pytest.param(("a b", "A_B", "code"), ("A_B", "code"), ("A_B", "code"), id="the letter before the case"),
        pytest.param(("id", "Prompt", "Completion"), ("", ""), ("Prompt", "Completion"), id="likely names"),
        pytest.param(("instruction", "response"), ("text", "body"), ("instruction", "response"), id="named missing"),
        pytest.param(("input", "prompt", "code"), ("prompt", ""), ("prompt", "code"), id="named, of several"),
    ],
)
def test_fields_are_the_named_columns_or_else_the_likely_ones(
    columns: tuple[str, ...], named: tuple[str, str], found: tuple[str, str]
) -> None:
    """Exact names first, then case and separators aside, then likely names."""
    spec = local(Path("x"), description_field=named[0], code_field=named[1])
    assert fields_of(spec, columns) == Fields(*found)


def test_the_other_fields_are_found_case_and_separators_aside() -> None:
    """Split, error and difficulty have no likely names: they are the source's, or none."""
    spec = local(Path("x"), split_field="Split", error_field="run error", difficulty_field="Type")
    assert fields_of(spec, ["prompt", "code", "split", "run_error"]) == Fields(
        "prompt", "code", split="split", error="run_error"
    )


@pytest.mark.parametrize(
    ("columns", "keys", "said"),
    [
        pytest.param(("title", "code"), {}, "no column has a likely name", id="none"),
        pytest.param(("input", "Prompt", "code"), {}, "have a likely name .input, Prompt", id="several"),
        pytest.param(("input", "prompt", "code"), {"description_field": "text"}, "'text' is missing", id="missing"),
    ],
)
def test_fields_that_cannot_be_told_are_an_error_that_says_what_to_type(
    columns: tuple[str, ...], keys: dict[str, str], said: str
) -> None:
    """The text names the source, its columns and the flag."""
    with pytest.raises(FieldsNotFoundError, match=said) as caught:
        fields_of(local(Path("x"), **keys), columns)
    assert f"Columns: {', '.join(columns)}." in str(caught.value)
    assert "--description-field made=COLUMN" in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "keys"),
    [
        ((), {}),
        (("prompt", "text"), {}),
        (("prompt", "output", "answer"), {}),
        (("prompt", "code"), {"description_field": "code", "code_field": "code"}),
    ],
)
def test_a_code_column_that_cannot_be_told_names_its_own_flag(columns: tuple[str, ...], keys: dict[str, str]) -> None:
    """None, several, or the description's own column."""
    with pytest.raises(FieldsNotFoundError, match=r"the code was not found.*--code-field made=COLUMN"):
        fields_of(local(Path("x"), **keys), columns)


GOOD = {"description": "Draw a circle", "code": "x = 1"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.csv", "description,code\nDraw a circle,x = 1\n", id="CSV"),
        pytest.param("a.csv", '\ufeffdescription,id,code\r\n"Draw a circle",7,"x = 1"\r\n', id="CSV of a spreadsheet"),
        pytest.param("a.json", f"[{ROW}]", id="JSON array"),
        pytest.param("a.json", f'{{"version": 1, "data": [{ROW}]}}', id="JSON object with one list"),
        pytest.param("a.json", f"\ufeff \n[{ROW}]", id="JSON with a byte order mark"),
        pytest.param("a.json", f"{ROW}\n", id="JSON Lines named .json"),
        pytest.param("a.jsonl", f"\ufeff{ROW}\r\n\r\n", id="JSON Lines with a byte order mark and blank lines"),
        pytest.param("a.ndjson", ROW, id="JSON Lines without a last line end"),
        pytest.param("A.JSONL", ROW, id="an ending in capitals"),
    ],
)
def test_a_local_file_is_read_whatever_its_kind(tmp_path: Path, name: str, content: str) -> None:
    """The same row comes out."""
    assert read(tmp_path, name, content) == [GOOD]


def test_a_parquet_file_is_read_with_the_fields_that_its_source_names(tmp_path: Path) -> None:
    """Official split, error and difficulty come along; other columns don't."""
    columns = {"Code": ["x"], "Query": ["Draw"], "Split": ["test"], "error": ["E"], "Type": [3], "video": [b"0"]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    spec = local(tmp_path / "a.parquet", split_field="Split", error_field="error", difficulty_field="Type")
    source = read_source(spec, tmp_path / "cache", Silent())
    assert rows_of(source) == [{"description": "Draw", "code": "x", "split": "test", "error": "E", "difficulty": "3"}]
    assert (source.rows, source.columns) == (1, tuple(columns))


def test_ragged_json_lines_are_read(tmp_path: Path) -> None:
    """Keys and kinds of values may differ from row to row, also far down the file."""
    lines = [ROW] * 1500 + ['{"code": "y", "tags": [1]}', '{"prompt2": {"a": 1}, "description": "Draw"}']
    assert read(tmp_path, "a.jsonl", "\n".join(lines)) == [GOOD] * 1500 + [{"code": "y"}, {"description": "Draw"}]


def test_csv_rows_of_other_lengths_are_read(tmp_path: Path) -> None:
    """Missing cells are null, and a cell may hold line ends and quotes."""
    content = 'description,code\nDraw\n"Draw, ""a""","x\ny"\na,b,c\n'
    assert read(tmp_path, "a.csv", content) == [
        {"description": "Draw"},
        {"description": 'Draw, "a"', "code": "x\ny"},
        {"description": "a", "code": "b"},
    ]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param("3", "description: int, not text", id="number"),
        pytest.param("true", "description: bool, not text", id="truth value"),
        pytest.param("NaN", "description: float, not text", id="not a number"),
        pytest.param('["Draw"]', "description: list, not text", id="list"),
        pytest.param('{"a": 1}', "description: dict, not text", id="object"),
        pytest.param('"Draw \\ud83d"', "description: not valid UTF-8", id="half a character"),
    ],
)
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_value_that_is_no_text_is_a_problem_of_its_row(tmp_path: Path, name: str, value: str, problem: str) -> None:
    """It becomes null; the row and its neighbours are read, in JSON as in JSON Lines."""
    bad = f'{{"description": {value}, "code": "y"}}'
    content = f"{ROW}\n{bad}\n{ROW}" if name == "a.jsonl" else f"[{ROW}, {bad}, {ROW}]"
    assert read(tmp_path, name, content) == [GOOD, {"code": "y", "problem": problem}, GOOD]


def test_a_null_is_no_problem(tmp_path: Path) -> None:
    """It is read as null, and judged later, as an empty text is."""
    assert read(tmp_path, "a.jsonl", f'{{"description": null, "code": null}}\n{ROW}') == [{}, GOOD]


def test_bytes_that_are_no_text_are_a_problem_of_their_row(tmp_path: Path) -> None:
    """Where other characters of the file are UTF-8."""
    rows = read(tmp_path, "a.csv", b"description,code\nDraw caf\xe9,\xc3\xa9\nDraw a circle,x = 1\n")
    assert rows == [{"code": "é", "problem": "description: not valid UTF-8"}, GOOD]


@pytest.mark.parametrize("line", ['{"description": "x"', "[1, 2]", '"text"', "}{", "[" * 5000, '{"a": "\\x"}'])
def test_a_broken_json_line_is_a_row_with_a_problem(tmp_path: Path, line: str) -> None:
    """It keeps its row number, says on which line it is, once, and costs its neighbours nothing."""
    first, broken, last = read(tmp_path, "a.jsonl", f"{ROW}\n{line}\n{ROW}")
    assert (first, last) == (GOOD, GOOD)
    assert list(broken) == ["problem"]
    assert str(broken["problem"]).startswith("line 2: ")
    assert str(broken["problem"]).count("line 2: ") == 1


def test_an_element_that_is_no_object_is_a_row_with_a_problem(tmp_path: Path) -> None:
    """In a JSON array as in JSON Lines."""
    assert read(tmp_path, "a.json", f"[{ROW}, 7]")[1] == {"problem": "element 1: not an object"}


def test_a_folder_is_read_in_order_of_its_file_names(tmp_path: Path) -> None:
    """Its files are one table, whatever columns each has; files of other kinds are let be."""
    folder = tmp_path / "rows"
    read(tmp_path, "rows/b.jsonl", '{"code": "b", "description": "B", "extra": 1}')
    read(tmp_path, "rows/a.jsonl", '{"description": "A", "code": "a"}')
    (folder / "README.md").write_text("read me")
    source = read_source(local(folder), tmp_path / "cache", Silent())
    assert rows_of(source) == [{"description": "A", "code": "a"}, {"description": "B", "code": "b"}]
    assert source.columns == ("description", "code", "extra")


def parquet_bytes() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"description": ["Draw a circle"] * 50, "code": [f"x = {n}" for n in range(50)]}), sink)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("a.parquet", parquet_bytes()[:200], "cannot be read", id="truncated Parquet"),
        pytest.param("a.parquet", b"", "cannot be read", id="empty Parquet"),
        pytest.param(
            "a.parquet", b"PAR1" + b"\0" * 60 + parquet_bytes()[64:], "cannot be read", id="Parquet overwritten"
        ),
        pytest.param("a.json", f"[{ROW}, {{", "no rows that can be read", id="truncated JSON"),
        pytest.param(
            "a.json",
            '{"a": [],\n "b": []}',
            r"no rows are found in it: an object with 'a' \(list\), 'b' \(list\)",
            id="JSON object with two empty lists",
        ),
        pytest.param("a.txt", "x", r"\.parquet, \.jsonl", id="unknown ending"),
        pytest.param("a.csv", "description,code\n", "no rows", id="CSV with a head alone"),
        pytest.param("a.json", f'{{"rows": [{ROW}, ', "no rows that can be read", id="truncated JSON object"),
        pytest.param("a.jsonl", "<html>\n<p>Sign in</p>", "a.jsonl", id="JSON Lines of which no line is JSON"),
        pytest.param("a.jsonl", "", "no rows", id="empty JSON Lines"),
        pytest.param("a.json", "", "a.json", id="empty JSON"),
        pytest.param("a.json", "[]", "no rows", id="JSON without rows"),
        pytest.param("a.csv", "", "no rows", id="empty CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_that_names_it(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    """The message holds the path and the reason, and nothing is left in the cache."""
    with pytest.raises(SourceError, match=said) as caught:
        read(tmp_path, name, content)
    assert str(tmp_path / name) in str(caught.value)
    assert not list((tmp_path / "cache").rglob(".*"))


@pytest.mark.parametrize(
    ("files", "said"),
    [([], "no data file"), (["a.csv", "b.json"], r"several kinds \(\.csv, \.json: a\.csv, b\.json\)")],
)
def test_a_folder_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path, files: list[str], said: str) -> None:
    """Empty, or of several kinds."""
    folder = tmp_path / "rows"
    folder.mkdir()
    for name in files:
        (folder / name).write_text("[]")
    with pytest.raises(SourceError, match=said) as caught:
        read_source(local(folder), tmp_path / "cache", Silent())
    assert str(caught.value).startswith(f"made: {folder}")


def test_a_missing_path_is_an_error_that_names_source_and_path(tmp_path: Path) -> None:
    """Nothing is there."""
    with pytest.raises(SourceError, match=r"made: .*nowhere\.jsonl: no such file or folder"):
        read_source(local(tmp_path / "nowhere.jsonl"), tmp_path / "cache", Silent())


@pytest.mark.parametrize(("rows", "warnings"), [(100, 0), (96, 0), (104, 0), (94, 1), (106, 1)])
def test_rows_five_percent_off_the_expected_number_give_a_warning(tmp_path: Path, rows: int, warnings: int) -> None:
    """100 rows are expected; the warning says both numbers."""
    (tmp_path / "a.jsonl").write_text(f"{ROW}\n" * rows)
    events = Silent()
    read_source(local(tmp_path / "a.jsonl", expected_rows=100), tmp_path / "cache", events)
    assert len(events.warnings) == warnings
    assert all(f"made: {rows} rows read, 100 expected (6% off)" == text for text in events.warnings)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    """The cache goes by what a file holds, not by its name; the same content is not read twice."""
    assert len(read(tmp_path, "a.jsonl", ROW)) == 1
    assert len(read(tmp_path, "a.jsonl", f"{ROW}\n{ROW}")) == 2
    assert len(read(tmp_path, "b.jsonl", ROW)) == 1
    assert len(list((tmp_path / "cache" / "read").glob("*.parquet"))) == 2


def chosen(**settings: object) -> dict[str, SourceSpec]:
    return {spec.name: spec for spec in select_sources(make_config(**settings))}  # type: ignore[arg-type]


def test_sources_come_best_first() -> None:
    """By priority, then by name."""
    assert list(chosen()) == ["manimbench", "bespoke_manim", "thanks_dataset", "manim_codegen"]
    assert list(chosen(local={"b": "b.csv", "a": "a.csv"}))[-2:] == ["a", "b"]


def test_a_local_path_takes_the_place_of_a_known_source() -> None:
    """Columns, priority and licence stay; nothing is fetched any more."""
    bench = chosen(local=["manimbench=here/x.parquet"])["manimbench"]
    assert (bench.kind, bench.location, bench.file, bench.mirrors) == ("file", "here/x.parquet", "", ())
    assert (bench.description_field, bench.split_field, bench.priority) == ("Reviewed Description", "Split", 4)


def test_a_local_path_under_a_new_name_is_a_new_source() -> None:
    """Its columns are looked for, or named by flags."""
    new = chosen(local=["mine=a.jsonl"], description_field=["mine=ask"], code_field=["mine=reply"])["mine"]
    assert new == SourceSpec("mine", "file", "a.jsonl", description_field="ask", code_field="reply")


def test_datasets_chooses_among_the_sources() -> None:
    """The order is that of priority, not of the list."""
    assert list(chosen(datasets=["manim_codegen", "manimbench"])) == ["manimbench", "manim_codegen"]
    assert list(chosen(datasets=["mine"], local={"mine": "a.csv"})) == ["mine"]


def test_the_sample_stands_for_all_four_sources() -> None:
    """Each is a file that ships with the package, with the source's own columns and no expected number."""
    sample = chosen(sample=True)
    assert list(sample) == ["manimbench", "bespoke_manim", "thanks_dataset", "manim_codegen"]
    assert all(spec.kind == "file" and Path(spec.location).is_file() for spec in sample.values())
    assert {spec.expected_rows for spec in sample.values()} == {None}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"datasets": ["manimbecnh"]}, "'manimbecnh'; did you mean 'manimbench'"),
        ({"datasets": ["zzz"]}, "there are: bespoke_manim, manim_codegen, manimbench, thanks_dataset"),
        ({"description_field": ["thanks=x"]}, "--description-field thanks=x: .*'thanks'"),
        ({"code_field": ["bespoke_manin=x"]}, "--code-field .*did you mean 'bespoke_manim'"),
    ],
)
def test_an_unknown_source_name_is_an_error_with_the_nearest_one(settings: dict[str, object], said: str) -> None:
    """Or with all names, where none is near."""
    with pytest.raises(SettingError, match=said):
        chosen(**settings)


def test_a_registered_source_is_read_by_later_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    """It joins the table, or replaces an entry of the same name."""
    monkeypatch.setattr("builder.sources.spec._registered", {})
    register_source(SourceSpec("mine", "huggingface", "me/mine", priority=9))
    register_source(SourceSpec("manim_codegen", "huggingface", "me/codegen"))
    assert next(iter(chosen())) == "mine"
    assert chosen()["manim_codegen"].location == "me/codegen"
    monkeypatch.undo()
    assert "mine" not in chosen()


def from_toml(tmp_path: Path, text: str) -> dict[str, SourceSpec]:
    (tmp_path / "my.toml").write_text(text)
    return chosen(sources_file=tmp_path / "my.toml")


def test_a_sources_file_adds_a_source_with_every_key(tmp_path: Path) -> None:
    """A table a source, keys as in `SourceSpec`."""
    text = """
[mine]
kind = "huggingface"
location = "me/mine"
revision = "v1"
file = "a.parquet"
description_field = "ask"
code_field = "reply"
split = "all"
split_field = "side"
error_field = "err"
difficulty_field = "level"
licence = "mit"
priority = 7
expected_rows = 12
mirrors = ["hf:you/mine"]
"""
    columns = ("ask", "reply", "all", "side", "err", "level")
    assert from_toml(tmp_path, text)["mine"] == SourceSpec(
        "mine", "huggingface", "me/mine", "v1", "a.parquet", *columns, "mit", 7, 12, ("hf:you/mine",)
    )


def test_a_sources_file_takes_the_older_key_names(tmp_path: Path) -> None:
    """`type`, `dataset_name`, `kaggle_dataset` and `expected_samples` mean what they meant."""
    found = from_toml(
        tmp_path,
        """
[hub]
type = "huggingface"
dataset_name = "me/mine"
description_field = "ask"
code_field = "reply"
split = "train"
expected_samples = 12
[bench]
type = "kaggle"
kaggle_dataset = "me/bench"
[other]
kaggle_dataset = "me/other"
[disk]
type = "local"
location = "rows.csv"
""",
    )
    assert found["hub"] == SourceSpec(
        "hub", "huggingface", "me/mine", description_field="ask", code_field="reply", expected_rows=12
    )
    assert (found["bench"].kind, found["bench"].location) == ("kaggle", "me/bench")
    assert (found["other"].kind, found["other"].location) == ("kaggle", "me/other")
    assert (found["disk"].kind, found["disk"].location) == ("file", str(tmp_path / "rows.csv"))


def test_a_sources_file_changes_single_keys_of_a_known_source(tmp_path: Path) -> None:
    """The other keys stay; tables may also stand below `[sources]`."""
    changed = from_toml(tmp_path, "[sources.manim_codegen]\nrevision = 'abc'\npriority = 9\n")
    assert next(iter(changed)) == "manim_codegen"
    assert changed["manim_codegen"].revision == "abc"
    assert changed["manim_codegen"].description_field == "query"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[m]\nkind = 'file'\nlocaton = 'x'", r"\[m\] has no key 'locaton'; did you mean 'location'"),
        ("[m]\nexpected_sample = 3", "did you mean 'expected_samples'"),
        ("[m]\nkind = 'file'", r"\[m\] lacks location"),
        ("[m]\nlocation = 'x'", r"\[m\] lacks kind"),
        ("[m]\nkind = 'kagle'\nlocation = 'x'", "did you mean 'kaggle'"),
        ("[m]\npriority = 'high'", "priority = 'high': a whole number"),
        ("[m]\nexpected_rows = true", "a whole number"),
        ("[m]\ncode_field = 3", "a text is wanted"),
        ("[m]\nmirrors = 'hf:a/b'", "a list of texts"),
        ("kind = 'file'", "outside a table"),
        ("[m", "not TOML"),
        ("['a b']\nkind = 'file'\nlocation = 'x'", "'a b': use letters"),
    ],
)
def test_a_sources_file_that_means_nothing_is_an_error(tmp_path: Path, text: str, said: str) -> None:
    """The message names the key, and the nearest right one."""
    with pytest.raises(SettingError, match=said):
        from_toml(tmp_path, text)


def test_a_missing_sources_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    """The flag and the path are in the message."""
    with pytest.raises(SettingError, match=r"--sources-file .*nowhere\.toml: No such file"):
        chosen(sources_file=tmp_path / "nowhere.toml")


def test_settings_may_come_as_toml_json_or_keyword_arguments_give_them() -> None:
    """Lists and tables become tuples, whole numbers numbers, paths texts."""
    config = make_config(
        "all", test_size=0.2, augmentation_factor=2, datasets=["a"], local={"b": "B", "a": "A"}, cache_dir=Path("c")
    )
    assert (config.name, config.deduplicate, config.test_size) == ("all", False, 0.2)
    assert (config.augmentation_factor, config.datasets, config.cache) == (2.0, ("a",), Path("c"))
    assert config.local == (("a", "A"), ("b", "B")) == make_config(local=["b=x", "a=A", "b=B"]).local
    assert isinstance(config.augmentation_factor, float)


def test_presets_differ_as_their_help_says() -> None:
    """All, deduplicated (the default), and all without augmentation."""
    presets = {name: make_config(name) for name in ("all", "deduplicated", "no_augment")}
    assert {name: (c.deduplicate, c.augmentation_factor) for name, c in presets.items()} == {
        "all": (False, 2.5),
        "deduplicated": (True, 2.5),
        "no_augment": (False, 1.0),
    }
    assert make_config() == presets["deduplicated"]
    assert set(presets) <= set(CONFIG_NAMES)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"name": "deduplicate"}, "'deduplicate'; did you mean 'deduplicated'"),
        ({"tset_size": 0.2}, "'tset_size'; did you mean 'test_size'"),
        ({"format": "sharegtp"}, "kto or repair; did you mean 'sharegpt'"),
        ({"test_size": 0}, "between 0 and 1"),
        ({"test_size": 1.0}, "between 0 and 1"),
        ({"test_size": float("nan")}, "between 0 and 1"),
        ({"test_size": "0.1"}, "a number is wanted"),
        ({"augmentation_factor": 0.5}, "from 1"),
        ({"augmentation_factor": 11}, "to 10"),
        ({"workers": -1}, "from 0"),
        ({"workers": True}, "a whole number"),
        ({"seed": 1.5}, "a whole number"),
        ({"deduplicate": "yes"}, "true or false"),
        ({"datasets": "manimbench"}, "a list of names"),
        ({"system_prompt": 3}, "a text"),
        ({"system_prompt": "caf\udce9"}, "UTF-8"),
        ({"local": "a=b"}, "a table of names and texts"),
        ({"local": ["a"]}, "write NAME=PATH"),
        ({"code_field": ["a="]}, "write NAME=COLUMN"),
    ],
)
def test_settings_that_mean_nothing_are_errors(settings: dict[str, object], said: str) -> None:
    """The message names the value, what is wanted, and the nearest right name."""
    with pytest.raises(SettingError, match=said):
        make_config(**settings)  # type: ignore[arg-type]


def test_the_cache_is_the_setting_then_the_environment_then_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """`cache_dir` wins over `$MANIM_DATASETS_CACHE`, which wins over `~/.cache/manim_datasets`."""
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.delenv("MANIM_DATASETS_CACHE", raising=False)
    assert BuildConfig().cache == Path("/home/someone/.cache/manim_datasets")
    monkeypatch.setenv("MANIM_DATASETS_CACHE", "~/elsewhere")
    assert BuildConfig().cache == Path("/home/someone/elsewhere")
    assert BuildConfig(cache_dir="here").cache == Path("here")
