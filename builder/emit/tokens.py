"""Tokens of rows: of the system message, the prompt and the answer, each alone and without special tokens, added up.

A chat template adds its own tokens around each message, some five a message with most models; they are not counted,
since they are the model's and not the row's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from builder.core.errors import SettingError
from builder.core.files import sha256_of
from builder.core.row_store import PreparedFile, batches_with
from builder.emit.augment import VARIANTS, variant_text
from builder.emit.formats import answer_of

COUNTED = "system message, prompt and answer, each alone, without special tokens and without a chat template"
"""What is counted, for a person."""
LENGTHS = pl.Schema({"index": pl.UInt32, "prompt_tokens": pl.UInt32, "answer_tokens": pl.UInt32})
"""Tokens of each row read: of its description, and of its own code as the assistant says it."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A tokenizer that counts, and what it counted in the rows read."""

    sha256: str
    """Of its file."""
    count: Callable[[Sequence[str]], list[int]]
    """Tokens of each text."""
    lengths: pl.DataFrame
    """One line a row read, as in `LENGTHS`."""

    def of(self, text: str) -> int:
        """Tokens of one text."""
        return self.count([text])[0]

    def with_system(self, text: str) -> pl.DataFrame:
        """The lengths, those of the system message added to each prompt's."""
        return self.lengths.with_columns(pl.col("prompt_tokens") + self.of(text))


def open_tokenizer(path: Path) -> Callable[[Sequence[str]], list[int]]:
    """A tokenizer's file as a function that counts the tokens of texts.

    Raises:
        SettingError: it holds no tokenizer.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no kind of its own
        raise SettingError(f"--tokenizer {path}: holds no tokenizer ({error})") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(texts: Sequence[str]) -> list[int]:
        return [len(one) for one in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    return count


def count_tokens(
    path: Path, files: Sequence[PreparedFile], progress: Callable[[int], None], *, fence: bool = True
) -> Tokens:
    """Count the tokens of all rows read, of programs in a fence or not; `told` hears how many are done.

    Raises:
        SettingError: the file holds no tokenizer.
    """
    count = open_tokenizer(path)
    parts = [pl.DataFrame(schema=LENGTHS)]
    done = 0
    for batch in batches_with(files, ("description", "code")):
        counted = {
            "prompt_tokens": count(batch["description"].fill_null("").to_list()),
            "answer_tokens": count([answer_of(code, fence=fence) for code in batch["code"].fill_null("")]),
        }
        parts.append(
            batch.select("index", **{name: pl.Series(values) for name, values in counted.items()}).cast(LENGTHS)
        )
        progress(done := done + batch.height)
    return Tokens(sha256_of(path), count, pl.concat(parts))


def long_variants(
    rows: pl.DataFrame, tokens: Tokens, files: Sequence[PreparedFile], room: int
) -> frozenset[tuple[int, int]]:
    """Pairs of a description key and a variant of which some row would have more tokens than there is room for.

    Args:
        rows: `index`, `code_index` and `description_key` of the kept train rows.
        tokens: what was counted.
        files: the prepared rows.
        room: tokens that prompt and answer may have together.
    """
    answers = _answers(rows, tokens)
    found = set()
    for batch in batches_with(files, ("description",), rows["index"]):
        lines = batch.join(answers, on="index", maintain_order="left").select(
            "description", "description_key", "answer_tokens"
        )
        for description, key, answer in lines.iter_rows():
            prompts = tokens.count([variant_text(description, variant) for variant in range(1, VARIANTS + 1)])
            found |= {(key, number) for number, prompt in enumerate(prompts, start=1) if prompt + answer > room}
    return frozenset(found)


def with_tokens(plan: pl.DataFrame, tokens: Tokens, files: Sequence[PreparedFile], system: str) -> pl.DataFrame:
    """A plan with the column `tokens`: those of each row as it is written, the system message included."""
    augmented = plan.filter(pl.col("variant") > 0).select("index", "variant")
    prompts = tokens.lengths.select("index", pl.lit(0, pl.UInt16).alias("variant"), "prompt_tokens")
    parts = [prompts.join(plan.select("index").unique(), on="index", how="semi")]
    for batch in batches_with(files, ("description",), augmented["index"].unique()):
        lines = batch.join(augmented, on="index", maintain_order="left")
        texts = [variant_text(text, variant) for text, variant in lines.select("description", "variant").iter_rows()]
        counted = pl.Series("prompt_tokens", tokens.count(texts), pl.UInt32)
        parts.append(lines.select("index", pl.col("variant").cast(pl.UInt16), counted))
    joined = plan.join(pl.concat(parts), on=["index", "variant"], how="left", maintain_order="left")
    answers = _answers(plan, tokens)["answer_tokens"]
    return joined.with_columns(tokens=(pl.col("prompt_tokens") + answers + tokens.of(system)).cast(pl.UInt32)).drop(
        "prompt_tokens"
    )


def _answers(rows: pl.DataFrame, tokens: Tokens) -> pl.DataFrame:
    """Rows with `answer_tokens`, of the code that each is written with."""
    codes = tokens.lengths.select(pl.col("index").alias("code_index"), "answer_tokens")
    return rows.join(codes, on="code_index", how="left", maintain_order="left")


def token_stats(tokens: Tokens, system: str, limit: int, lengths: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """How tokens were counted, and how many written rows of each split have more than `limit` (0 for none)."""
    over = {split: sum(length > limit for length in of_split) for split, of_split in lengths.items()}
    return {
        "tokenizer_sha256": tokens.sha256,
        "counted": COUNTED,
        "system_message": tokens.of(system),
        **({"max_tokens": limit, "rows_over": over} if limit else {}),
    }
