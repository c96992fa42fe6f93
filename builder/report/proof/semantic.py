"""Prompts of two sides that mean the same, by a model of sentences: what words alone do not show."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.core.errors import OutputError, SettingError
from builder.core.schema import SPLITS
from builder.report.proof.folder import BuiltFolder, WrittenRow
from builder.similarity.words import core

LIMIT = 0.9
"""Cosine similarity from which two prompts are shown."""
_NEEDED = "install semhash: pip install 'manim-combined[semantic]'"


@dataclass(frozen=True, slots=True)
class SemanticPair:
    """A prompt of a side that is measured on, and the prompt of train that means most nearly the same."""

    config: str
    score: float
    measured_on: str
    """File and row."""
    train: str
    prompts: tuple[str, str]

    def __str__(self) -> str:
        quoted = "; ".join(json.dumps(prompt[:100], ensure_ascii=False) for prompt in self.prompts)
        return f"{self.config}: {self.measured_on} means nearly the same as {self.train} ({self.score:.3f}): {quoted}"


def semantic_pairs(folder: BuiltFolder, model: Path, limit: float = LIMIT) -> list[SemanticPair]:
    """For each prompt of test or validation that is near one of train in meaning, the nearest; nearest first.

    Prompts are compared as their authors wrote them, without templates. Nothing is dropped for it: two tasks that
    differ in one number mean nearly the same to such a model.

    Args:
        folder: what `build` or `export` wrote.
        model: the folder of a model: of model2vec, or of sentence-transformers, where that is installed.
        limit: the least cosine similarity.

    Raises:
        SettingError: the model cannot be loaded, or a library for it is not installed.
        OutputError: a file of the folder cannot be read.
    """
    try:
        from semhash import SemHash
    except ImportError as error:
        raise SettingError(f"--semantic-model {model}: {_NEEDED}") from error
    encoder = _encoder(model)
    found = []
    for config in folder.configs:
        sides = {side: _by_prompt(folder.rows(config, side)) for side in SPLITS}
        train = sides.pop("train")
        if not train:
            raise OutputError(f"{config}: no row of train to compare with")
        known = SemHash.from_records(list(train), model=encoder, ann_backend="basic")
        for rows in sides.values():
            for near in known.deduplicate(list(rows), threshold=limit).filtered if rows else ():
                other = str(near.duplicate_of)
                pair = (near.record, other)
                found.append(SemanticPair(config, round(near.score, 4), rows[near.record], train[other], pair))
    return sorted(found, key=lambda pair: (-pair.score, pair.config, pair.measured_on))


def _by_prompt(rows: Iterable[WrittenRow]) -> dict[str, str]:
    """Where each prompt stands first, without what templates and wrappers add."""
    found: dict[str, str] = {}
    for row in rows:
        if not row.variant:
            found.setdefault(core(row.prompt), row.where)
    return found


def _encoder(model: Path) -> Any:
    """The model in a folder, of either library."""
    try:
        kind = json.loads((model / "config.json").read_bytes()).get("model_type")
        if kind == "model2vec":
            from model2vec import StaticModel

            return StaticModel.from_pretrained(str(model))
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise SettingError(
            f"--semantic-model {model}: it is a model of sentence-transformers, which is not installed: install "
            "that too, or name a model of model2vec"
        ) from error
    except (OSError, ValueError, AttributeError) as error:
        raise SettingError(f"--semantic-model {model}: no folder of a model ({error})") from error
    return SentenceTransformer(str(model), device="cpu", local_files_only=True)
