"""Augmentation: prompts of the train side, each in other words around the same description.

What a description is (an instruction, a question, a request …) decides which templates suit it; see
`builder.emit.prompts`. Every description has the same number of variants, so that a plan needs no text.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import floor

import polars as pl
from xxhash import xxh3_64_intdigest

from builder.emit.prompts.forms import CREATION
from builder.emit.prompts.phrasing import Phrase, analyse
from builder.emit.prompts.templates import SLOTS, Template, all_templates, fill, ways
from builder.prepare.clean_description import normalise_description
from builder.prepare.keys import description_key

VARIANTS = SLOTS
"""Variants of a description besides the description itself, counted from 1."""
_KEPT_PHRASES = 512
"""The variants of a description are seldom asked for one after the other; a few phrases are kept for when they are."""


def variant_text(description: str, variant: int) -> str:
    """The prompt of a variant: 0 is the description itself, 1 to `VARIANTS` are all different, for any description."""
    return description if variant == 0 else variant_of(description, variant)[1]


def variant_of(description: str, variant: int) -> tuple[Template, str]:
    """The template of a variant, from 1, and the prompt that it makes."""
    phrase = _phrase(description)
    for template in ways(phrase, variant - 1):
        prompt = fill(template, phrase)
        if prompt is not None and not _same(prompt, description):
            return template, prompt
    raise AssertionError("the last way of a slot takes any description")  # pragma: no cover


def _same(prompt: str, description: str) -> bool:
    """Whether the words are the same: a request may read like the prompt that it is unwrapped and wrapped into."""
    if prompt[:3].casefold() != description.lstrip()[:3].casefold():
        return False  # nearly always, and without a look at the rest
    plain, other = (" ".join(text.casefold().split()).rstrip(".?! ") for text in (prompt, description))
    return plain == other


@lru_cache(maxsize=_KEPT_PHRASES)
def _phrase(description: str) -> Phrase:
    return analyse(description)


_OPENINGS = tuple({template.opening.partition("{")[0] for template in all_templates() if template.opening})


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
    count = VARIANTS
    mixed = _hash(seed, key)
    start, stride = mixed % count, 1 + mixed // count % (count - 1)
    while used[key] < count:
        variant = 1 + (start + used[key] * stride) % count
        used[key] += 1
        if (key, variant) not in forbidden:
            return variant
    return 0


def all_variants(description: str) -> Iterator[tuple[int, str]]:
    """Every prompt that augmentation makes of a description, by its number, from 1; the description is not one."""
    return ((variant, variant_text(description, variant)) for variant in range(1, VARIANTS + 1))


def clashes(test_descriptions: Iterable[str], train_descriptions: Iterable[str]) -> frozenset[tuple[int, int]]:
    """Pairs of a description key and a variant whose prompt would equal a test prompt, once both are normalised.

    Only a test description that starts like a template can be met, and only by a train description that ends in the
    same word, since no variant changes that. So few variants are written out here, and the train descriptions are
    not even read if no test description starts so.
    """
    suspects: dict[str, set[str]] = {}
    for description in test_descriptions:
        text = normalise_description(description)
        if text.startswith(_SUSPICIOUS):
            suspects.setdefault(_last_word(text), set()).add(text)
    found = set()
    for description in train_descriptions if suspects else ():
        texts = suspects.get(_last_word(normalise_description(description[-_TAIL:])))
        key = description_key(description) if texts else None
        if texts and key is not None:
            found |= {
                (key, variant)
                for variant, prompt in all_variants(description)
                if normalise_description(prompt) in texts
            }
    return frozenset(found)


_SUSPICIOUS = tuple({opening.strip().lower() for opening in _OPENINGS} | {f"{verb} a" for verb in CREATION})
_TAIL = 400
"""Characters at the end of a description among which its last word is looked for."""


def _last_word(text: str) -> str:
    """The letters and digits at the end of a normalised text, at most 40, whatever stands behind them."""
    end = next((place for place in range(len(text), 0, -1) if text[place - 1].isalnum()), 0)
    start = next((place for place in range(end, 0, -1) if not text[place - 1].isalnum()), 0)
    return text[max(start, end - 40) : end]


def _hash(seed: int, value: object) -> int:
    return xxh3_64_intdigest(f"{seed}/{value}".encode())
