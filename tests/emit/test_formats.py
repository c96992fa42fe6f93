"""The shapes of a conversation: what a line holds in each, and that all that reads rows back reads it."""

import json
import re

import datasets
import pyarrow.parquet as pq
import pytest
import yaml

from builder.config import DEFAULT_SYSTEM_PROMPT, EXPORT_FORMATS, FORMATS, TRAINERS, make_config
from builder.core.errors import SettingError
from builder.core.schema import SPLITS
from builder.emit.formats import FORMATS as SHAPES
from builder.emit.formats import ROLES, row_columns, split_file
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from builder.publish.trainers import TRAINER_COMMANDS, TRAINER_FILES
from builder.report.proof.check import check_folder
from builder.report.proof.folder import rows_of
from tests.rows import SOURCES, circles, config_of, files_of, read_lines, scene

ANSWER = f"```python\n{scene('Circle(radius=1)')}\n```"
SYSTEM, USER = {"role": "system", "content": "Hi"}, {"role": "user", "content": "Draw a circle of radius 1"}
WITH_FILES = tuple(TRAINER_FILES)
LINES = {
    "sharegpt": {
        "conversations": [
            {"from": "system", "value": "Hi"},
            {"from": "user", "value": "Draw a circle of radius 1"},
            {"from": "assistant", "value": ANSWER},
        ]
    },
    "messages": {"messages": [SYSTEM, USER, {"role": "assistant", "content": ANSWER}]},
    "prompt-completion": {"prompt": [SYSTEM, USER], "completion": [{"role": "assistant", "content": ANSWER}]},
    "alpaca": {"instruction": "Draw a circle of radius 1", "input": "", "output": ANSWER, "system": "Hi"},
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_has_the_keys_of_its_format_and_its_source(tmp_path, name):
    """Each format says the same three things, and adds nothing but the source."""
    config = config_of(tmp_path, {"bespoke_manim": circles(1, 1)}, "no_augment", format=name, system_prompt="Hi")
    export(config, tmp_path / "out")

    assert read_lines(tmp_path / "out" / "train.json") == [{**LINES[name], "source": "bespoke_manim"}]
    assert SHAPES[name].read(LINES[name]) == list(zip(ROLES, ("Hi", USER["content"], ANSWER), strict=True))


def test_every_format_has_a_shape_and_every_trainer_a_command():
    """The names that settings take are those that something is written for."""
    assert list(FORMATS) == list(SHAPES) == list(LINES)
    assert list(TRAINERS) == list(TRAINER_COMMANDS)
    assert {name for names in TRAINERS.values() for name in names} <= set(EXPORT_FORMATS)


@pytest.mark.parametrize("name", LINES)
def test_an_export_in_each_format_is_proved_sound(tmp_path, name):
    """`check` reads the rows of each format back, and finds who wrote into one."""
    export(config_of(tmp_path, SOURCES, "all", format=name), tmp_path / "out")
    assert check_folder(tmp_path / "out") == []

    lines = (tmp_path / "out" / "train.json").read_text(encoding="utf-8")
    (tmp_path / "out" / "train.json").write_text(lines.replace("construct", "construct("), encoding="utf-8")

    assert any("does not parse" in problem.what for problem in check_folder(tmp_path / "out"))


@pytest.mark.parametrize("name", LINES)
def test_a_build_in_each_format_is_loaded_and_proved_sound(tmp_path, name, monkeypatch):
    """Parquet holds the format's columns first, and what stands in them is what JSON Lines would say."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "huggingface")
    config = config_of(tmp_path, SOURCES, "no_augment", format=name)
    build_dataset([config], tmp_path / "out")
    export(config, tmp_path / "lines")

    loaded = datasets.load_dataset(str(tmp_path / "out"), "no_augment", split="train")

    assert loaded.column_names == [*LINES[name], *row_columns(name)]
    assert loaded.select_columns([*LINES[name], "source"]).to_list() == read_lines(tmp_path / "lines" / "train.json")
    assert check_folder(tmp_path / "out") == []
    (file,) = (tmp_path / "out" / "data" / "no_augment").glob("train-*.parquet")
    assert pq.read_schema(file).metadata is None


def test_rows_of_alpaca_may_have_an_input(tmp_path):
    """Instruction and input are read as one prompt, an input that is empty aside."""
    rows = [{**LINES["alpaca"], "input": text, "source": "made"} for text in ("", "in red")]
    (tmp_path / "a.json").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")

    assert [row.prompt for row in rows_of(tmp_path, "a.json", SHAPES["alpaca"])] == [
        "Draw a circle of radius 1",
        "Draw a circle of radius 1\nin red",
    ]


@pytest.mark.parametrize("splits", [("train", "test"), SPLITS])
@pytest.mark.parametrize("trainer", WITH_FILES)
def test_an_export_for_a_trainer_has_its_format_and_its_file(tmp_path, trainer, splits, monkeypatch):
    """The file is in the manifest, and `load_dataset` takes the folder's splits for data, and nothing else."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "huggingface")
    size = 0.1 if "validation" in splits else 0.0
    export(config_of(tmp_path, SOURCES, trainer=trainer, validation_size=size), tmp_path / "out")
    name, content = TRAINER_FILES[trainer]

    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    rows = {split: read_lines(tmp_path / "out" / split_file(split, trainer)) for split in splits}
    loaded = datasets.load_dataset(str(tmp_path / "out"))

    counts = {split: len(lines) for split, lines in rows.items()}
    assert (tmp_path / "out" / name).read_bytes() == content(counts, TRAINERS[trainer][0])
    assert name in manifest["outputs"]
    settings = manifest["configs"]["deduplicated"]
    assert (settings["trainer"], settings["format"]) == (trainer, TRAINERS[trainer][0])
    assert list(rows["train"][0]) == [*LINES[TRAINERS[trainer][0]], "source"]
    assert {split: part.to_list() for split, part in loaded.items()} == rows
    assert check_folder(tmp_path / "out") == []


@pytest.mark.parametrize("splits", [("train",), ("train", "test"), SPLITS])
@pytest.mark.parametrize("trainer", WITH_FILES)
def test_the_file_of_a_trainer_names_validation_rows_where_there_are_any_and_evaluates_on_no_test_row(trainer, splits):
    """The scripts look for the file themselves; LLaMA-Factory's list names test rows, and its command does not."""
    text = TRAINER_FILES[trainer][1](dict.fromkeys(splits, 10), TRAINERS[trainer][0]).decode()
    named = set(re.findall(r"(train|validation|test)\.json", text))

    if trainer == "axolotl":
        assert named == {"train", "validation"} & set(splits)
        assert ("test_datasets" in yaml.safe_load(text)) == ("validation" in splits)
    elif trainer == "llama-factory":
        assert named == set(splits)
        assert "manim_test" not in TRAINER_COMMANDS[trainer]
    elif trainer == "mlx-lm":
        assert (
            yaml.safe_load(text)["data"] == "."
        )  # where it looks for valid.jsonl, and for test.jsonl only with --test
        assert "test" not in yaml.safe_load(text)
    else:
        assert 'for split in ("train", "validation")' in text
        assert "eval_dataset=" in text
        assert not re.search(r"""["']test["']""", text)


def test_another_trainer_takes_the_file_of_the_one_before_away(tmp_path):
    """Of two exports into one folder the last one's files are there, and the bytes are those of a fresh folder."""
    export(config_of(tmp_path, SOURCES, trainer="trl"), tmp_path / "out")
    for folder in ("out", "fresh"):
        export(config_of(tmp_path, SOURCES, trainer="llama-factory"), tmp_path / folder)

    assert "train_trl.py" not in files_of(tmp_path / "out")
    assert files_of(tmp_path / "out") == files_of(tmp_path / "fresh")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"trainer": "tlr"}, "'tlr': use .*did you mean 'trl'"),
        ({"trainer": "trl", "format": "sharegpt"}, "trl is given 'prompt-completion'"),
        ({"format": "alpacca"}, "did you mean 'alpaca'"),
    ],
)
def test_a_trainer_that_is_unknown_or_given_another_format_is_an_error(settings, said):
    """The message names what is wanted."""
    with pytest.raises(SettingError, match=said):
        make_config(**settings)


def test_a_build_takes_no_trainer(tmp_path):
    """It has no place for the trainer's file, and says what to ask for instead."""
    with pytest.raises(SettingError, match="use --format"):
        build_dataset([config_of(tmp_path, SOURCES, trainer="unsloth")], tmp_path / "out")


def test_the_system_prompt_is_kept_in_every_format(tmp_path):
    """No format loses it."""
    for name in FORMATS:
        export(config_of(tmp_path, {"bespoke_manim": circles(1, 1)}, "no_augment", format=name), tmp_path / name)
        assert [row for row in read_lines(tmp_path / name / "train.json") if DEFAULT_SYSTEM_PROMPT in json.dumps(row)]
