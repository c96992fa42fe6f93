"""Prompts of test that mean the same as one of train, by a model that stands here: a few words with their vectors."""

import json

import numpy as np
import pytest
from model2vec import StaticModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from builder.cli.main import main
from builder.core.errors import SettingError
from builder.publish.export import export
from builder.report.proof.folder import open_folder
from builder.report.proof.semantic import semantic_pairs
from tests.rows import config_of, scene

MEANINGS = {"[UNK]": 0, "draw": 1, "ball": 2, "sphere": 2, "red": 3, "cone": 4, "cube": 5, "prism": 6, "torus": 7}
"""Words by what they mean: a ball and a sphere are the same."""
NAMES = ("ball", "sphere", "cone", "cube", "prism", "torus")
ROWS = [
    *((f"draw {name}", scene(f"Text('{name}')"), "train") for name in NAMES[1:]),
    ("draw red cube", scene("Text('red')"), "test"),
    ("draw ball", scene("Text('ball')"), "test"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model of model2vec in which each meaning has a direction of its own."""
    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate(MEANINGS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = np.eye(8, dtype=np.float32)[list(MEANINGS.values())]
    folder = tmp_path_factory.mktemp("model")
    StaticModel(vectors, tokenizer, config={"model_type": "model2vec"}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The rows above, exported."""
    base = tmp_path_factory.mktemp("built")
    export(config_of(base, {"manimbench": ROWS}, "no_augment"), base / "out")
    return base / "out"


def test_another_word_for_the_same_is_found(folder, model):
    """The nearest of train, with its row; what means something else is not near."""
    (pair,) = semantic_pairs(open_folder(folder), model, 0.95)

    assert pair.prompts == ("draw ball", "draw sphere")
    assert pair.score == pytest.approx(1)
    assert (pair.measured_on.split(",")[0], pair.train.split(",")[0]) == ("test.json", "train.json")
    assert {near.prompts for near in semantic_pairs(open_folder(folder), model, 0.7)} == {
        ("draw ball", "draw sphere"),
        ("draw red cube", "draw cube"),
    }


def test_check_shows_them_and_the_folder_stays_sound(folder, model, capsys):
    """It is for a person to say whether they are leaks."""
    assert main(["check", str(folder), "--semantic-model", str(model), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sound"]
    assert [pair["prompts"] for pair in told["semantic_pairs"]] == [["draw ball", "draw sphere"]]


def test_a_folder_without_a_model_is_an_error(folder, tmp_path):
    """It names the flag."""
    with pytest.raises(SettingError, match=r"--semantic-model .*no folder of a model"):
        semantic_pairs(open_folder(folder), tmp_path)
