"""Augmentation: prompts of the train side, each in other words around the same description.

The templates fit any description, since they put it after a colon or in quotes and never change it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from math import floor

import polars as pl
from xxhash import xxh3_64_intdigest

TEMPLATES: tuple[str, ...] = (
    "Create a Manim animation that matches this description: {}",
    "Write Manim code to produce the following animation: {}",
    "Generate a Manim scene that fulfils this request: {}",
    "Using Manim Community Edition, write a program for this request: {}",
    "I need a Manim scene for the following: {}",
    "Please write a complete Manim program for this: {}",
    "Here is what I want to see animated with Manim: {}",
    "Turn this description into Manim code: {}",
    "Build a Manim scene from this description: {}",
    "Write a Python script with Manim that answers this request: {}",
    "Animate the following with Manim: {}",
    "Produce a Manim Scene class for this prompt: {}",
    'Write the Manim code that belongs to this description: "{}"',
)
"""Variant k of a prompt is template k, counted from 1. Their number is prime, so that every stride reaches all."""


def variant_text(description: str, variant: int) -> str:
    """The prompt of a variant: 0 is the description itself."""
    return description if variant == 0 else TEMPLATES[variant - 1].replace("{}", description)


def plan_variants(
    train: pl.DataFrame, factor: float, seed: int, forbidden: frozenset[tuple[int, int]] = frozenset()
) -> pl.DataFrame:
    """Which variants of which rows are written: floor(rows x factor) of them in all, the originals included.

    Each row gets floor(factor - 1) variants, and as many rows as the rest asks for, drawn by hash, get one
    more. No two rows of one description share a template; what a description repeated in many rows cannot take
    goes to other rows, and only if no row can take more are there fewer.

    Args:
        train: `index`, `id`, `description_key` of the kept train rows.
        factor: written rows for each row, at least 1.
        seed: keys the hashes.
        forbidden: pairs of a description key and a variant that must not be written (`clashes`).

    Returns:
        `index` and `variant`, one line for each row to write, in no promised order.
    """
    wanted = floor(train.height * factor + 1e-9) - train.height
    drawn = sorted(
        (_hash(seed, row), index, key) for index, row, key in train.select("index", "id", "description_key").iter_rows()
    )
    used: Counter[int] = Counter()
    extra: list[tuple[int, int]] = []
    while len(extra) < wanted:
        before = len(extra)
        for _, index, key in drawn:
            if len(extra) == wanted:
                break
            variant = _next_variant(seed, key, used, forbidden)
            if variant:
                extra.append((index, variant))
        if len(extra) == before:
            break
    indices, variants = [index for index, _ in extra], [variant for _, variant in extra]
    originals = train.select("index", pl.lit(0, pl.UInt16).alias("variant"))
    more = pl.DataFrame({"index": indices, "variant": variants}, schema={"index": pl.UInt32, "variant": pl.UInt16})
    return pl.concat([originals, more])


def _next_variant(seed: int, key: int, used: Counter[int], forbidden: frozenset[tuple[int, int]]) -> int:
    """The next template of a description that no row of it has yet, from 1; 0 if there is none left."""
    count = len(TEMPLATES)
    mixed = _hash(seed, key)
    start, stride = mixed % count, 1 + mixed // count % (count - 1)
    while used[key] < count:
        variant = 1 + (start + used[key] * stride) % count
        used[key] += 1
        if (key, variant) not in forbidden:
            return variant
    return 0


def clashes(
    test_descriptions: Iterable[str], normalise: Callable[[str], str], key_of: Callable[[str], int | None]
) -> frozenset[tuple[int, int]]:
    """Pairs of a description key and a variant whose prompt would equal a test prompt, once both are normalised.

    A test description that reads like a template around another description is the only way to such a pair.
    """
    found = set()
    heads_and_tails = [tuple(part.strip() for part in template.lower().split("{}")) for template in TEMPLATES]
    for description in test_descriptions:
        text = normalise(description)
        for variant, (head, tail) in enumerate(heads_and_tails, start=1):
            if text.startswith(head):
                key = key_of(text.removeprefix(head).removesuffix(tail))
                if key is not None:
                    found.add((key, variant))
    return frozenset(found)


def _hash(seed: int, value: object) -> int:
    return xxh3_64_intdigest(f"{seed}/{value}".encode())
