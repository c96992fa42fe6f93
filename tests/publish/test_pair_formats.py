"""Exports of prompts alone, and of failing programs beside passing ones; Manim is a stand-in that reads the program."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from builder.config import EXPORT_FORMATS, PAIR_FORMATS, TRAINERS, BuildConfig, make_config
from builder.core.errors import OutputError, SettingError
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from builder.publish.trainers import train_command
from builder.render import verdicts as verdicts_module
from builder.render.cluster import Releases
from builder.render.pool import Pool
from builder.render.verdict import Outcome, Verdict, program_hash
from builder.report.proof.check import check_folder
from builder.report.proof.folder import open_folder
from tests.rows import circles, config_of, files_of, outcomes, read_lines

HEAD = "from manim import *\n\n\nclass Shown(Scene):\n    def construct(self):\n        "
OLD, NEW = f"{HEAD}self.play(ShowCreation(Circle()))", f"{HEAD}self.play(Create(Circle()))"
GOOD = f"{HEAD}self.play(Create(Dot()))"
FLAT = "from manim import * class Shown(Scene): def construct(self): square = Square() self.play(Create(square))"
ON_LINES = f"{HEAD}square = Square()\n        self.play(Create(square))"
ROWS = [
    ("Draw a ring", OLD),
    ("Draw a dot", GOOD),
    ("Draw a box from a line", FLAT),
    ("Draw a star by an old name that still works", f"{HEAD}self.play(ShowCreation(Star()))  # FINE"),
    ("Draw a line that breaks, whatever is done", f"{HEAD}self.play(ShowCreation(Line()))  # BREAKS"),
]
TEST_ROWS = [("Draw a triangle", f"{HEAD}self.play(Create(Triangle()))", "test")]
SYSTEM = {"role": "system", "content": "Hi"}
ASKED = {"role": "user", "content": "Draw a ring"}
FAILED = "NameError: name 'ShowCreation' is not defined (line 6)"


def verdict_of(code: str) -> Verdict:
    if "BREAKS" in code:
        return Verdict(program_hash(code), Outcome.FAILED, "ValueError", "broken")
    if ("ShowCreation" in code and "FINE" not in code) or "* class" in code:
        return Verdict(program_hash(code), Outcome.FAILED, "NameError", "name 'ShowCreation' is not defined", 6)
    return Verdict(program_hash(code), Outcome.PASSED)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was rendered, by a stand-in."""
    codes: list[str] = []

    def render(_: object, programs: Iterable[str]) -> Iterator[Verdict]:
        for code in programs:
            codes.append(code)
            yield verdict_of(code)

    monkeypatch.setattr(Pool, "render_all", render)
    monkeypatch.setattr(verdicts_module, "releases_here", lambda python: Releases("0.22.0", "pdfTeX", ""))
    return codes


def config(tmp_path: Path, **settings: Any) -> BuildConfig:
    own = {"system_prompt": "Hi", "test_size": 0.01, **settings}
    return config_of(tmp_path, {"manimbench": TEST_ROWS, "bespoke_manim": ROWS}, "deduplicated", **own)


def written(tmp_path: Path, split: str = "train", **settings: Any) -> list[Any]:
    export(config(tmp_path, **settings), tmp_path / "out")
    assert check_folder(tmp_path / "out") == []
    return read_lines(tmp_path / "out" / f"{split}.json")


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"


def answer(code: str) -> dict[str, str]:
    return {"role": "assistant", "content": fenced(code)}


def test_prompt_only_holds_prompts_with_references(tmp_path):
    """The reference is the program alone; nothing is rendered, and nobody asks for Manim."""
    rows = written(tmp_path, format="prompt-only")
    assert len(rows) == len(ROWS)
    assert {
        "prompt": [SYSTEM, ASKED],
        "reference": NEW,
        "difficulty": "",
        "source": "bespoke_manim",
    } in rows


def test_a_pair_has_the_program_before_repair_and_after(tmp_path, rendered):
    """Only where the one fails and the other passes; every other train row is in the ledger with its reason."""
    assert written(tmp_path, format="preference") == [
        {"prompt": [SYSTEM, ASKED], "chosen": [answer(NEW)], "rejected": [answer(OLD)], "source": "bespoke_manim"}
    ]
    ledger = pl.read_parquet(tmp_path / "out" / "ledger.parquet")
    reasons = {row["id"]: row["reason"] for row in ledger.iter_rows(named=True)}
    assert reasons == {
        "manimbench/000000": "",
        "bespoke_manim/000000": "",
        "bespoke_manim/000001": "not_repaired",
        "bespoke_manim/000002": "only_layout",
        "bespoke_manim/000003": "not_failing",
        "bespoke_manim/000004": "failed",
    }
    assert ledger.filter(id="bespoke_manim/000000")["verdict"].to_list() == ["passed"]
    assert GOOD not in rendered
    assert FLAT not in rendered


def test_a_program_on_one_line_is_put_on_lines_before_it_is_compared(tmp_path, rendered):
    """The two answers then differ in what was wrong, not in their line breaks."""
    flat = [("Draw a box", FLAT.replace("Create(", "ShowCreation("))]
    export(config_of(tmp_path, {"bespoke_manim": flat}, format="preference"), tmp_path / "out")
    (row,) = read_lines(tmp_path / "out" / "train.json")
    assert row["rejected"] == [answer(ON_LINES.replace("Create(", "ShowCreation("))]
    assert row["chosen"] == [answer(ON_LINES)]


def test_the_sides_that_models_are_measured_on_are_prompts_with_references(tmp_path, rendered):
    """They hold no pairs, whatever the format of train; the certificate covers them."""
    for name in PAIR_FORMATS:
        rows = written(tmp_path, "test", format=name)
        assert rows == [
            {
                "prompt": [SYSTEM, {"role": "user", "content": "Draw a triangle"}],
                "reference": TEST_ROWS[0][1],
                "difficulty": "",
                "source": "manimbench",
            }
        ]
        stats = open_folder(tmp_path / "out").statistics("deduplicated")
        assert stats["certificate"]["train_rows"] == (4 if name == "kto" else 1)


def test_kto_has_a_line_for_each_answer(tmp_path, rendered):
    """All train programs that pass are right answers, also those that were not repaired; what failed is a wrong one."""
    rows = written(tmp_path, format="kto")
    ring = [row for row in rows if row["prompt"] == [SYSTEM, ASKED]]
    assert ring == [
        {"prompt": [SYSTEM, ASKED], "completion": [answer(NEW)], "label": True, "source": "bespoke_manim"},
        {"prompt": [SYSTEM, ASKED], "completion": [answer(OLD)], "label": False, "source": "bespoke_manim"},
    ]
    others = [(row["completion"][0]["content"], row["label"]) for row in rows if row not in ring]
    star = f"{HEAD}self.play(Create(Star()))  # FINE"
    assert sorted(others) == sorted((fenced(code), True) for code in (GOOD, ON_LINES, star))


def test_a_repair_is_a_dialogue(tmp_path, rendered):
    """Request, failing program, what it raised; the passing program is what is to be learned."""
    (row,) = written(tmp_path, format="repair")
    said = {
        "role": "user",
        "content": f"This program fails:\n\n{FAILED}\n\nWrite the whole program again, corrected.",
    }
    assert row["prompt"] == [SYSTEM, ASKED, answer(OLD), said]
    assert row["completion"] == [answer(NEW)]


def test_pairs_that_differ_in_layout_alone_are_marked_if_they_are_asked_for(tmp_path, rendered):
    """The program on one line is the wrong answer."""
    rows = written(tmp_path, format="preference", layout_pairs=True)
    found = {row["prompt"][1]["content"]: (row["rejected"], row["only_layout"]) for row in rows}
    assert found == {
        "Draw a ring": ([answer(OLD)], False),
        "Draw a box from a line": ([answer(FLAT)], True),
    }


def test_a_limit_draws_among_pairs(tmp_path, rendered):
    """Rows without a pair take no place of the draw."""
    rows = written(tmp_path, format="preference", layout_pairs=True, limit=1)
    assert len(rows) == 1
    assert sorted(outcomes(config(tmp_path, format="preference", layout_pairs=True, limit=1)).values()) == [
        "failed",
        "kept",
        "kept",
        "not_drawn",
        "not_failing",
        "not_repaired",
    ]


def test_verdicts_from_a_file_make_the_same_bytes_without_rendering(tmp_path, rendered):
    """`--verdicts` holds what the failing programs said, too."""
    export(config(tmp_path, format="repair"), tmp_path / "first")
    before = len(rendered)
    verdicts = str(tmp_path / "first" / "verdicts.parquet")
    export(config(tmp_path, format="repair", verdicts=verdicts, cache_dir=tmp_path / "other"), tmp_path / "second")
    assert len(rendered) == before > 0
    assert files_of(tmp_path / "first") == files_of(tmp_path / "second")


def test_a_config_whose_programs_are_all_rendered_has_pairs_too(tmp_path, rendered):
    """`verified` asks for the programs that stay first, then for those before repair."""
    made = config_of(
        tmp_path,
        {"manimbench": TEST_ROWS, "bespoke_manim": ROWS},
        "verified",
        format="preference",
        test_size=0.01,
        validation_size=0.0,
        check_pairs=False,
    )
    export(made, tmp_path / "out")
    assert check_folder(tmp_path / "out") == []
    (row,) = read_lines(tmp_path / "out" / "train.json")
    assert row["chosen"] == [answer(NEW)]


def test_check_finds_a_wrong_answer_that_passes(tmp_path, rendered):
    """What the verdicts beside the rows say is held against both answers."""
    written(tmp_path, format="preference")
    path = tmp_path / "out" / "train.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("ShowCreation", "Create"), encoding="utf-8")
    assert any("wrong answer" in problem.what for problem in check_folder(tmp_path / "out"))


@pytest.mark.parametrize(
    ("trainer", "name", "line"),
    [
        (
            "llama-factory",
            "preference",
            {
                "conversations": [{"from": "system", "value": "Hi"}, {"from": "user", "value": "Draw a ring"}],
                "chosen": {"from": "assistant", "value": fenced(NEW)},
                "rejected": {"from": "assistant", "value": fenced(OLD)},
            },
        ),
        (
            "llama-factory",
            "kto",
            {
                "conversations": [
                    {"from": "system", "value": "Hi"},
                    {"from": "user", "value": "Draw a ring"},
                    {"from": "assistant", "value": fenced(OLD)},
                ],
                "label": False,
            },
        ),
        ("axolotl", "kto", {"completion": [SYSTEM, ASKED, answer(OLD)], "label": False}),
        ("axolotl", "preference", {"prompt": [SYSTEM, ASKED], "chosen": [answer(NEW)], "rejected": [answer(OLD)]}),
    ],
)
def test_a_trainer_has_pairs_in_its_own_shape(tmp_path, rendered, trainer, name, line):
    """Of the prompt that has both answers; the folder is proved sound as any other."""
    rows = written(tmp_path, format=name, trainer=trainer)
    assert {**line, "source": "bespoke_manim"} in rows


def test_every_trainer_has_its_files(tmp_path):
    """mlx-lm looks for `valid.jsonl`, OpenAI for JSON Lines that hold messages alone, verl for Parquet."""
    rows = {"manimbench": [(*row, "test" if n < 4 else "train") for n, row in enumerate(circles(1, 30))]}

    def files(trainer: str) -> set[str]:
        made = config_of(tmp_path, rows, "no_augment", trainer=trainer, validation_size=0.2, system_prompt="Hi")
        export(made, tmp_path / trainer)
        assert check_folder(tmp_path / trainer) == []
        return {name for name in files_of(tmp_path / trainer) if name.partition(".")[0] in ("train", "valid", "test")}

    assert files("mlx-lm") == {"train.jsonl", "valid.jsonl", "test.jsonl"}
    assert files("openai") == {"train.jsonl", "test.jsonl"}
    assert list(read_lines(tmp_path / "openai" / "train.jsonl")[0]) == ["messages"]
    assert files("verl") == {"train.parquet", "test.parquet"}
    (row, *_) = pq.read_table(tmp_path / "verl" / "test.parquet").to_pylist()
    assert row["prompt"][0] == SYSTEM
    assert row["reward_model"]["ground_truth"].startswith("from manim import *")


def test_openai_is_given_no_fewer_rows_than_it_takes(tmp_path):
    """Its documents ask for ten."""
    with pytest.raises(OutputError, match="no fewer than 10"):
        export(config_of(tmp_path, {"bespoke_manim": circles(1, 9)}, trainer="openai"), tmp_path / "out")


def test_fence_and_system_turn_can_be_left_out(tmp_path):
    """An empty system prompt is no message; the program stands alone in the answer."""
    made = config_of(
        tmp_path, {"bespoke_manim": circles(1, 1)}, "no_augment", format="messages", system_prompt="", no_fences=True
    )
    export(made, tmp_path / "out")
    assert check_folder(tmp_path / "out") == []
    (row,) = read_lines(tmp_path / "out" / "train.json")
    assert [message["role"] for message in row["messages"]] == ["user", "assistant"]
    assert row["messages"][1]["content"] == circles(1, 1)[0][1]


def test_exports_for_trainers_are_not_augmented_unless_asked():
    """A trainer repeats rows by its epochs."""
    assert make_config("all").augmentation_factor == 2.5
    assert make_config("all", trainer="trl").augmentation_factor == 1.0
    assert make_config("all", format="preference").augmentation_factor == 1.0
    assert make_config("all", trainer="trl", augmentation_factor=2.5).augmentation_factor == 2.5


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"trainer": "unsloth", "format": "preference"}, "unsloth is given 'sharegpt'"),
        ({"layout_pairs": True}, "layout_pairs: is for the formats preference, kto, repair"),
    ],
)
def test_formats_that_do_not_fit_are_errors(settings, said):
    """The message names what is wanted."""
    with pytest.raises(SettingError, match=said):
        make_config(**settings)


@pytest.mark.parametrize("name", [name for name in EXPORT_FORMATS if name in ("prompt-only", *PAIR_FORMATS)])
def test_a_build_holds_conversations_alone(tmp_path, name):
    """It says who writes the other formats."""
    with pytest.raises(SettingError, match="only `export` writes it"):
        build_dataset([config(tmp_path, format=name)], tmp_path / "out")


@pytest.mark.parametrize("trainer", TRAINERS)
def test_every_trainer_says_what_to_type(trainer):
    """For each of its formats, and with nothing left to fill in but model and names."""
    commands = {train_command(trainer, "FOLDER", name) for name in TRAINERS[trainer]}
    assert all("FOLDER" in command and "{" not in command for command in commands)
    if trainer == "llama-factory":
        assert {command.split("--stage ")[1].split()[0] for command in commands} == {"sft", "dpo", "kto"}
