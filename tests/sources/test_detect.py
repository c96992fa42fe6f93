"""Detection: the description and code columns of a table are told by what they hold, not by what they are called."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builder.cli.main import main
from builder.config import make_config
from builder.core.errors import FieldsNotFoundError
from builder.core.events import Silent
from builder.emit.formats import FORMATS
from builder.prepare.code_detector import CodeSigns, detect_code
from builder.publish.export import export
from builder.sources.columns import content
from builder.sources.columns.content import SAMPLE_ROWS
from builder.sources.columns.detect import Choice, choose_fields
from builder.sources.file_formats import Table, open_table
from builder.sources.read_one import read_source
from builder.sources.spec import SourceSpec
from tests.rows import circles, config_of, read_lines, scene

ROWS = 30
Columns = Mapping[str, Sequence[object]]

PROMPTS = [f"Draw a blue circle of radius {n} and let it grow slowly on the screen" for n in range(ROWS)]
CODES = [scene(f"Circle(radius={n})") for n in range(ROWS)]
FLAT = [f"from manim import * class Shown(Scene): def construct(self): self.add(Circle({n}))" for n in range(ROWS)]
CHAT = [
    [{"role": "user", "content": prompt}, {"role": "assistant", "content": f"```python\n{code}\n```"}]
    for prompt, code in zip(PROMPTS, CODES, strict=True)
]
SHAREGPT = [
    [{"from": "system", "value": "You draw."}, {"from": "human", "value": prompt}, {"from": "gpt", "value": code}]
    for prompt, code in zip(PROMPTS, CODES, strict=True)
]
DECOYS: dict[str, list[object]] = {
    "numbers": list(range(ROWS)),
    "numbers as text": [f"{n}.5" for n in range(ROWS)],
    "ids": [f"row-{n:05d}" for n in range(ROWS)],
    "file names": [f"scenes/circle_{n}.py" for n in range(ROWS)],
    "file names with blanks": [f"My Blue Circle {n}.py" for n in range(ROWS)],
    "JSON": [json.dumps({"n": n, "code": "from manim import *"}) for n in range(ROWS)],
    "URLs": [f"https://example.com/videos/{n}" for n in range(ROWS)],
    "a constant prose": ["You are a helpful assistant that writes Manim programs."] * ROWS,
    "a constant program": [scene("Square()")] * ROWS,
    "words that parse": ["pass", "return", "Circle", "this is it", "Title: Circle"] * (ROWS // 5),
    "formulas that parse": [f"y = {n} * x + 1" for n in range(ROWS)],
    "labels": ["quite easy to draw", "very hard to draw"] * (ROWS // 2),
    "logs": [f"2024-05-01 12:00:{n:02d} INFO Rendering the scene of this row is done" for n in range(ROWS)],
    "lists": [["circle", "blue"] for _ in range(ROWS)],
    "objects": [{"prompt": "Draw it for me, please", "tag": f"t{n}"} for n in range(ROWS)],
    "a chat": list(CHAT),
    "nothing": [None] * ROWS,
    "blanks": [" "] * ROWS,
}


def table_of(columns: Columns) -> Table:
    """A table of these columns, in this order."""
    return Table(tuple(columns), lambda wanted: iter([{name: list(columns[name]) for name in wanted}]))


def chosen(columns: Columns, **named: str) -> Choice:
    return choose_fields(SourceSpec("made", "file", "x", **named), table_of(columns))  # type: ignore[arg-type]


def pair(columns: Columns, **named: str) -> tuple[str, str]:
    """The names of the description's and the code's column."""
    fields = chosen(columns, **named).fields
    return fields.description, fields.code


def renamed(columns: Columns) -> dict[str, Sequence[object]]:
    """The columns as `a`, `b`, `c` ..."""
    return {chr(ord("a") + number): values for number, values in enumerate(columns.values())}


@pytest.mark.parametrize("codes", [CODES, FLAT, [*CODES[:15], *FLAT[15:]]], ids=["parses", "flattened", "both"])
def test_columns_without_telling_names_are_found_by_value(codes: list[str]) -> None:
    """Code is what parses, or what uses Manim though it does not parse; the description is the prose."""
    choice = chosen({"a": range(ROWS), "b": codes, "c": PROMPTS})
    assert (choice.fields.description, choice.fields.code, choice.how) == ("c", "b", "by value")
    assert 0.8 < choice.confidence <= 1


@pytest.mark.parametrize("decoy", DECOYS)
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_a_decoy_is_not_taken(decoy: str, first: bool) -> None:
    """Neither before nor after the two columns, and whatever the decoy is called."""
    columns = {"real prompt": PROMPTS, "real code": CODES}
    columns = {"d": DECOYS[decoy], **columns} if first else {**columns, "d": DECOYS[decoy]}
    assert pair(renamed(columns)) == (("b", "c") if first else ("a", "b"))
    names = {"d": "code", "real prompt": "x", "real code": "y"}
    assert pair({names[name]: values for name, values in columns.items()}) == ("x", "y")


def test_all_decoys_together_are_not_taken() -> None:
    """The evidence has a line for each column, in their order, and for each text inside a column."""
    choice = chosen({**DECOYS, "x": PROMPTS, "y": CODES})
    assert (choice.fields.description, choice.fields.code) == ("x", "y")
    assert {line.partition(":")[0]: line.partition(": ")[2] for line in choice.evidence} == {
        "`numbers`": "numbers",
        "`numbers as text`": "numbers",
        "`ids`": "single words",
        "`file names`": "file names",
        "`file names with blanks`": "file names",
        "`JSON`": "JSON",
        "`URLs`": "URLs",
        "`a constant prose`": "prose, all the same",
        "`a constant program`": "100 % parse, 100 % use Manim, 100 % have a Scene, all the same",
        "`words that parse`": "60 % single words",
        "`formulas that parse`": "100 % parse, 0 % use Manim, 0 % have a Scene",
        "`labels`": "prose, 2 different",
        "`logs`": "logs",
        "`lists`": "lists, all the same",
        "`objects`": "objects",
        "`objects.prompt`": "prose, all the same",
        "`objects.tag`": "single words",
        "`a chat`": "lists",
        "`a chat.user`": "the same values as `x`",
        "`a chat.assistant`": "100 % parse, 100 % use Manim, 100 % have a Scene",
        "`nothing`": "empty",
        "`blanks`": "empty",
        "`x`": "prose, 100 % distinct",
        "`y`": "100 % parse, 100 % use Manim, 100 % have a Scene",
    }


def test_names_lie() -> None:
    """`output` holds logs and `description` file names; the program stands in `solution`, the prompt in `note`."""
    columns = {"output": DECOYS["logs"], "description": DECOYS["file names"], "solution": CODES, "note": PROMPTS}
    assert pair(columns) == ("note", "solution")


def test_a_name_that_lies_is_not_trusted_in_a_tiny_table_either() -> None:
    """Where another column alone holds Manim code; of prose and prose, the likely name is taken."""
    columns = {"output": DECOYS["logs"], "solution": CODES, "prompt": PROMPTS, "note": CODES[0].split("\n")}
    assert pair({name: values[:2] for name, values in columns.items()}) == ("prompt", "solution")


def test_named_columns_are_taken_without_a_look_at_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """The source knows best: case and separators aside, as ever."""
    monkeypatch.setattr(content, "detect_code", None)
    spec = SourceSpec("made", "file", "x", description_field="My Text", code_field="body")
    choice = choose_fields(spec, table_of({"my_text": CODES, "body": PROMPTS, "code": CODES}))
    assert (choice.fields.description, choice.fields.code) == ("my_text", "body")
    assert (choice.how, choice.confidence) == ("named", 1.0)
    assert choice.evidence == ("`my_text`: named by the source", "`body`: named by the source")


def test_one_named_column_is_kept_and_the_other_is_found() -> None:
    """Also where the values would have chosen another."""
    columns = {"a": PROMPTS, "b": CODES, "c": [f"{text}, please" for text in PROMPTS]}
    assert pair(columns, description_field="c") == ("c", "b")


def test_a_named_column_that_is_missing_is_found_by_value() -> None:
    """The choice warns of it, and of its confidence."""
    choice = chosen({"a": PROMPTS, "b": CODES}, description_field="question", code_field="b")
    assert (choice.fields.description, choice.fields.code) == ("a", "b")
    spec = SourceSpec("made", "file", "x", description_field="question", code_field="b")
    assert choice.warning(spec, ("a", "b")) == (
        "made: no column 'question'; description from `a`, code from `b`, chosen by value "
        f"(confidence {choice.confidence:.2f}); to choose others: --description-field made=COLUMN "
        "--code-field made=COLUMN"
    )


def test_two_codes_that_are_as_likely_are_refused() -> None:
    """The text lists columns, evidence and the flags to type."""
    columns = {"a": PROMPTS, "b": CODES, "c": [f"{code}\n" + "print(1)" for code in CODES]}
    with pytest.raises(FieldsNotFoundError) as caught:
        chosen(columns)
    assert str(caught.value) == (
        "made: the code was not found: several columns are as likely by value (b, c). Columns: a, b, c. "
        "What they hold: `a`: prose, 100 % distinct; `b`: 100 % parse, 100 % use Manim, 100 % have a Scene; "
        "`c`: 100 % parse, 100 % use Manim, 100 % have a Scene. Name it with --code-field made=COLUMN, "
        "such as --code-field made=b or --code-field made=c"
    )
    assert pair(columns, code_field="c") == ("a", "c")


def test_two_descriptions_that_are_as_likely_are_refused_unless_one_has_a_likely_name() -> None:
    """A name decides between columns that are as likely by value, with less confidence."""
    told = [f"In this video number {n} we see how a circle grows on the screen" for n in range(ROWS)]
    with pytest.raises(
        FieldsNotFoundError, match=r"the description was not found.*\(a, c\).*--description-field made=c"
    ):
        chosen({"a": PROMPTS, "b": CODES, "c": told})
    choice = chosen({"narration": told, "Question": PROMPTS, "b": CODES})
    assert choice.fields.description == "Question"
    assert choice.confidence < 0.7


def test_of_columns_with_the_same_values_the_first_is_taken() -> None:
    """The evidence says so."""
    choice = chosen({"a": CODES, "b": PROMPTS, "c": CODES, "d": PROMPTS})
    assert (choice.fields.description, choice.fields.code) == ("b", "a")
    assert choice.evidence[2:] == ("`c`: the same values as `a`", "`d`: the same values as `b`")


def test_the_description_is_the_prose_that_varies_most() -> None:
    """A title is shorter, and a template is repeated."""
    columns = {
        "a": [f"Circle of radius {n}" for n in range(ROWS)],
        "b": [f"Draw something like the picture of lesson {'one' if n % 2 else 'two'}" for n in range(ROWS)],
        "c": PROMPTS,
        "d": CODES,
    }
    assert pair(columns) == ("c", "d")


def test_a_column_that_is_mostly_empty_counts_less() -> None:
    """It loses to a full one, is taken if it stands alone, and its confidence says how full it is."""
    sparse = [text if n % 15 == 0 else None for n, text in enumerate(PROMPTS)]
    choice = chosen({"a": sparse, "b": PROMPTS, "c": CODES})
    assert choice.fields.description == "b"
    assert choice.evidence[0] == "`a`: prose, 100 % distinct, 93 % empty"
    alone = chosen({"a": sparse, "c": CODES})
    assert alone.fields.description == "a"
    assert alone.confidence < 0.1


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        pytest.param({"id": range(ROWS), "m": CHAT}, ("m.user", "m.assistant"), id="role and content"),
        pytest.param({"m": SHAREGPT, "id": range(ROWS)}, ("m.user", "m.assistant"), id="from and value"),
        pytest.param(
            {"e": [{"x": {"p": p}, "y": c, "n": 1} for p, c in zip(PROMPTS, CODES, strict=True)]},
            ("e.x.p", "e.y"),
            id="objects",
        ),
        pytest.param(
            {"rec": [{"turns": chat} for chat in CHAT]}, ("rec.turns.user", "rec.turns.assistant"), id="chat in objects"
        ),
        pytest.param(
            {"m": [{"role": ["user", "assistant"], "content": [p, c]} for p, c in zip(PROMPTS, CODES, strict=True)]},
            ("m.user", "m.assistant"),
            id="a chat as two lists",
        ),
        pytest.param(
            {"m": [[{**said, "content": [{"type": "text", "text": said["content"]}]} for said in c] for c in CHAT]},
            ("m.user", "m.assistant"),
            id="contents in parts",
        ),
        pytest.param({"p": PROMPTS, "m": CHAT}, ("p", "m.assistant"), id="the prompt has its own column too"),
        pytest.param({"m": CHAT, "f": DECOYS["formulas that parse"]}, ("m.user", "m.assistant"), id="beside formulas"),
    ],
)
def test_a_pair_that_stands_only_inside_a_column_is_found_there(columns: Columns, found: tuple[str, str]) -> None:
    """By the names `COLUMN.ROLE` and `COLUMN.KEY`; a column of its own comes first."""
    assert pair(columns) == found


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (("messages.user", "messages.assistant"), True),
        (("messages.human", "messages.gpt"), True),
        (("messages.user", "messages.tool"), False),
    ],
)
def test_a_column_inside_another_may_be_named(named: tuple[str, str], found: bool) -> None:
    """If any row has it; else it is looked for like any column that is missing."""
    choice = chosen({"messages": CHAT}, description_field=named[0], code_field=named[1])
    assert choice.how == ("named" if found else "by value")
    assert (choice.fields.description, choice.fields.code) == (
        named if found else ("messages.user", "messages.assistant")
    )


def test_a_table_that_is_too_odd_falls_back_to_likely_names() -> None:
    """Single words are no prose, and a bare name is no program, but a unique likely name is believed."""
    choice = chosen({"id": range(ROWS), "Prompt": ["circle"] * ROWS, "Completion": ["x"] * ROWS})
    assert (choice.fields.description, choice.fields.code) == ("Prompt", "Completion")
    assert (choice.how, choice.confidence) == ("named", 0.3)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_tiny_table_falls_back_to_likely_names(rows: int) -> None:
    """Too few values tell nothing; without likely names, they are all there is."""
    columns = {"title": PROMPTS[:rows], "question": CODES[:0] + ["Why"] * rows, "code": ["x = 1"] * rows}
    assert pair(columns) == ("question", "code")
    if rows:
        assert pair({"a": PROMPTS[:rows], "b": CODES[:rows]}) == ("a", "b")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"a": PROMPTS, "b": DECOYS["logs"]},
            r"code was not found: no column's values look like it.*--code-field made=",
        ),
        ({"a": DECOYS["ids"], "b": CODES}, "description was not found: no column's values look like it"),
        ({"code": CODES, "input": ["x"] * ROWS, "query": ["y"] * ROWS}, r"likely name \(input, query\)"),
    ],
)
def test_a_table_without_such_a_column_is_refused(columns: Columns, said: str) -> None:
    """The text says that values and names were looked at."""
    with pytest.raises(FieldsNotFoundError, match=said):
        chosen(columns)


def test_only_a_sample_of_the_values_is_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some hundred rows of a long table, spread evenly, and no text that is very long."""
    asked: list[str] = []

    def asking(text: str) -> CodeSigns:
        asked.append(text)
        return detect_code(text)

    monkeypatch.setattr(content, "detect_code", asking)

    prompts = [f"Draw a circle with the number {n} written inside it" for n in range(5000)]
    codes = [f"{scene('Circle()')}\n# {n}" + " " * 40_000 * (n % 2) for n in range(5000)]
    table = table_of({"a": prompts, "b": codes})
    assert choose_fields(SourceSpec("made", "file", "x"), table).fields.code == "b"
    assert len([text for text in asked if text in prompts]) == SAMPLE_ROWS
    assert max(map(len, asked)) < 1000


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        (CODES[0], (True, True, True)),
        (f"\\n {CODES[0]}", (True, True, True)),
        (f"Here it is:\n```python\n{CODES[0]}\n```", (True, True, True)),
        (FLAT[0], (False, True, True)),
        ("circle = Circle()\nself.play(Create(circle))", (True, True, False)),
        ("x = 1", (True, False, False)),
        ("print(1)", (True, False, False)),
        ("Use `MathTex(...)` and then call self.wait() for a second", (False, True, False)),
        ("Use MathTex(r'x') to show the formula in blue", (False, False, False)),
        ("circle", (False, False, False)),
        ("this is it", (False, False, False)),
        ("return home", (False, False, False)),
        ("Title: Circle", (False, False, False)),
        ("3.14", (False, False, False)),
        ('{"code": "from manim import *"}', (False, False, False)),
        ("scenes/circle.py", (False, False, False)),
        ('"Draw a circle"', (False, False, False)),
        ("", (False, False, False)),
        ("\0\ud800(", (False, False, False)),
    ],
)
def test_a_program_is_not_taken_for_words(text: str, signs: tuple[bool, bool, bool]) -> None:
    """Whether it parses as statements, uses Manim, and has a scene, once it is cleaned."""
    assert detect_code(text) == CodeSigns(*signs)


@pytest.mark.parametrize("unit", ["(", "elif x: pass\n", "```\n", "&amp;lt;", "\t \n", "lambda:", "-", "\\n "])
def test_a_hostile_text_is_looked_into_all_the_same(unit: str) -> None:
    """Whatever the parser makes of it, it uses no Manim."""
    assert not detect_code("if x: pass\n" + unit * 3000).manim


def test_prose_of_a_script_without_spaces_is_prose() -> None:
    """Each of its characters counts as a word."""
    assert pair({"a": [f"画一个半径为{n}的蓝色圆形并让它慢慢变大" for n in range(ROWS)], "b": CODES}) == ("a", "b")


def test_columns_of_bytes_are_never_read(tmp_path: Path) -> None:
    """Videos may be larger than all texts together, and they are neither a description nor a code."""
    path = tmp_path / "a.parquet"
    video = [{"bytes": b"\0" * 10, "path": "a.mp4"}] * ROWS
    pq.write_table(pa.table({"video": video, "raw": [b"\xff\xd8"] * ROWS, "a": PROMPTS, "b": CODES}), path)
    whole = open_table([path])
    asked: list[str] = []

    def batches(wanted: Sequence[str]) -> object:
        asked.extend(wanted)
        return whole.batches(wanted)

    table = Table(whole.columns, batches, unread=whole.unread)  # type: ignore[arg-type]
    choice = choose_fields(SourceSpec("made", "file", str(path)), table)
    assert (whole.unread, set(asked)) == ({"video", "raw"}, {"a", "b"})
    assert choice.evidence[:2] == ("`video`: bytes, not read", "`raw`: bytes, not read")


def write_rows(path: Path, columns: Columns) -> str:
    """Write columns as JSON Lines; gives the path as text."""
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    path.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_a_source_is_read_from_inside_a_column(tmp_path: Path) -> None:
    """Its texts come out as from columns of their own, and a warning says what was chosen."""
    path = write_rows(tmp_path / "a.jsonl", {"id": range(ROWS), "conversations": SHAREGPT})
    events = Silent()
    source = read_source(SourceSpec("made", "file", path), tmp_path / "cache", events)
    read = pq.read_table(source.path).to_pydict()
    assert (read["description"], read["code"]) == (PROMPTS, CODES)
    assert (source.fields.description, source.fields.code) == ("conversations.user", "conversations.assistant")
    assert source.columns == ("id", "conversations")
    assert "chosen by value (confidence 0.9" in events.warnings[0]


def test_rows_without_a_message_are_rows_without_a_text(tmp_path: Path) -> None:
    """A chat that lacks a role, or is something else, costs its neighbours nothing."""
    odd: list[object] = [None, [], "text", 3, [{"role": "user"}], [{"role": "tool", "content": "x"}], {"a": 1}, [[1]]]
    path = write_rows(tmp_path / "a.jsonl", {"m": [*odd, *CHAT]})
    spec = SourceSpec("made", "file", path, description_field="m.user", code_field="m.assistant")
    source = read_source(spec, tmp_path / "cache", Silent())
    read = pq.read_table(source.path).to_pydict()
    assert read["description"] == [None] * len(odd) + PROMPTS
    assert set(read["problem"]) == {None}


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_export_can_be_read_again(tmp_path: Path, format_name: str) -> None:
    """The rows of its `train.json` are found inside their conversations, without their fences."""
    rows = [(f"Draw a blue circle with the radius {n} on the screen", code) for n, code in enumerate(CODES)]
    first = config_of(tmp_path, {"made": rows}, "no_augment", format=format_name)
    export(first, tmp_path / "out")
    again = make_config(
        "no_augment",
        local={"again": str(tmp_path / "out" / "train.json")},
        datasets=["again"],
        cache_dir=tmp_path / "cache",
        workers=1,
    )
    stats = export(again, tmp_path / "out2")
    read = FORMATS[format_name].read
    known = {dict(read(row))["assistant"] for row in read_lines(tmp_path / "out" / "train.json")}
    found = read_lines(tmp_path / "out2" / "train.json") + read_lines(tmp_path / "out2" / "test.json")
    assert {row["conversations"][2]["value"] for row in found} == known
    assert stats["funnel_by_source"][0]["read"] == len(known)


def inspect(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["sources", *arguments])
    return code, capsys.readouterr().out


def test_inspect_shows_a_file_never_seen_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Columns, fields, confidence, evidence, rows, and the command that builds from it."""
    path = write_rows(tmp_path / "My rows.jsonl", {"a": range(ROWS), "b": CODES, "c d": PROMPTS})
    code, shown = inspect(capsys, "--inspect", path)
    assert code == 0
    lines = [line.strip() for line in shown.splitlines()]
    assert lines[1:3] == ["columns      a, b, c d", "fields       description: c d; code: b"]
    assert lines[3].startswith("chosen       by value, confidence 0.9")
    assert lines[4:8] == [
        "evidence     `a`: numbers",
        "`b`: 100 % parse, 100 % use Manim, 100 % have a Scene",
        "`c d`: prose, 100 % distinct",
        f"rows         {ROWS}",
    ]
    assert lines[8].endswith(
        f"export --local 'my_rows={path}' --description-field 'my_rows=c d' --code-field my_rows=b --datasets my_rows"
    )


def test_what_inspect_says_to_type_builds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its flags are taken as they are, for a pair inside a chat too."""
    path = write_rows(tmp_path / "chat.jsonl", {"messages": CHAT})
    typed = inspect(capsys, "--inspect", path)[1].split("python -m builder ")[1].splitlines()[0].split()
    own = ["--output-dir", str(tmp_path / "out"), "--cache-dir", str(tmp_path / "cache"), "--workers", "1"]
    assert main([*typed, *own]) == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["sources"][0]["fields"] == {"description": "messages.user", "code": "messages.assistant"}
    assert "chosen by value" not in capsys.readouterr().err


def test_inspect_shows_a_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is an answer, not a failure, and the command leaves the columns to fill in."""
    path = write_rows(tmp_path / "x.jsonl", {"a": PROMPTS, "b": CODES, "c": FLAT})
    code, shown = inspect(capsys, "--inspect", path)
    assert code == 0
    assert "several columns are as likely by value (b, c)" in shown
    assert "--code-field x=COLUMN --datasets x" in shown


@pytest.mark.parametrize("name", ["nowhere.jsonl", "broken.parquet"])
def test_inspect_fails_on_a_file_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """One line that names it."""
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    assert main(["sources", "--inspect", str(tmp_path / name)]) == 1
    assert name in capsys.readouterr().err


def test_sources_shows_the_choice_of_every_local_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those whose columns are named show what these hold, too."""
    config_of(tmp_path, {"made": circles(1, 20)})
    made = tmp_path / "sources" / "made.jsonl"
    code, shown = inspect(capsys, "--sample", "--local", f"made={made}")
    assert code == 0
    assert shown.count("chosen       named, confidence 1.00") == 4
    assert shown.count("chosen       by value, confidence 0.") == 1
    assert "`Reviewed Description`: prose, 100 % distinct" in shown
