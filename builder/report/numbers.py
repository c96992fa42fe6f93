"""What a build keeps for the report of one config and the ledger does not tell: scores, and pairs at a threshold."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from builder.config import BuildConfig
from builder.core.files import kept_result
from builder.core.ledger import kept
from builder.core.row_store import WORDS, PreparedFile
from builder.decide.pairing.alignment import learn_alignment, sample_of, score_pairs
from builder.decide.pairing.mismatched import words_of
from builder.report.deduplication_report import near_report
from builder.report.pairing_report import pairing_report

SCORED_ROWS = 2_000
"""Kept rows whose scores are told at the most, the same share of each source."""
STEPS = 20
"""Of a histogram of scores from 0 to 1."""


def config_numbers(
    ledger: pl.DataFrame,
    config: BuildConfig,
    *,
    near: pl.DataFrame,
    files: Sequence[PreparedFile],
    shuffled: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The content of `report/<config>.json`.

    Args:
        ledger: open.
        config: its settings.
        near: of `near_descriptions`.
        files: the prepared rows.
        shuffled: the parts of sources that are paired at random, as in the statistics.

    Returns:
        `alignment`: by source, how many kept rows have which score, their description with their own code (`own`) and
        with another row's (`random`), in `STEPS` steps from 0 to 1; `near`: as `near_report`, where one of near rows
        goes; `pairing`: as `pairing_report`, where pairs are checked.
    """
    numbers: dict[str, Any] = {"alignment": _alignment(ledger, files, config.cache)}
    if config.near_duplicates:
        numbers["near"] = near_report(ledger, near, config.near_duplicates)
    if shuffled or config.check_pairs:
        numbers["pairing"] = pairing_report(ledger, shuffled, config.pair_margin)
    return numbers


def _alignment(ledger: pl.DataFrame, files: Sequence[PreparedFile], cache: Path) -> dict[str, Any]:
    rows = kept(ledger).select("index", "source", "code_index", "description_key", "program_key")
    sample = sample_of(rows, SCORED_ROWS)
    if sample.height < 2:
        return {}
    inputs = [*(file.path.name for file in files), sha256(sample.write_ipc(None).getbuffer()).hexdigest()]
    numbers: dict[str, Any] = orjson.loads(
        kept_result(cache / "alignment", inputs, lambda: orjson.dumps(_scores(sample, files)))
    )
    return numbers


def _scores(sample: pl.DataFrame, files: Sequence[PreparedFile]) -> dict[str, Any]:
    # By key, which is a hash: the next row's code is any code.
    words = words_of(sample, files).join(sample.select("index", "source", "description_key"), on="index")
    words = words.sort("description_key", "index")
    alignment = learn_alignment(words["description_words"], words["code_words"])
    own = score_pairs(words, alignment)
    codes = pl.concat([words["code_words"][1:], words["code_words"][:1]])
    random = score_pairs(words.with_columns(codes.alias(WORDS[1])), alignment)
    source = words["source"].cast(pl.String).to_numpy()
    return {
        name: {kind: _histogram(scores[source == name]) for kind, scores in (("own", own), ("random", random))}
        for name in sorted(set(source))
    }


def _histogram(scores: Any) -> list[int]:
    counts, _ = np.histogram(scores, bins=STEPS, range=(0.0, 1.0))
    return [int(count) for count in counts]
